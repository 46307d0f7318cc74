//! The agent as a browser meets it.

use crate::outlet::Door;
use std::net::SocketAddr;
use std::sync::Arc;

use proptest::prelude::*;
use rtc_crypto::RTCCryptoProvider;
use rtc_stun::attributes::{ATTR_ICE_CONTROLLING, ATTR_PRIORITY, AttrType};
use rtc_stun::message::{Getter, TransactionId};
use rtc_stun::textattrs::Username;

use super::*;

fn crypto() -> Arc<dyn RTCCryptoProvider> {
    rtc_crypto::default_provider().unwrap()
}

fn credentials() -> IceCredentials {
    IceCredentials::from_random(std::array::from_fn(|i| i as u8 * 5))
}

fn agent() -> Agent {
    let mut agent = Agent::new(credentials());
    agent.set_remote("browser");
    agent
}

fn at(address: &str) -> Path {
    Path { door: Door::Shared(0), remote: address.parse().unwrap() }
}

/// A check as a browser builds it.
fn check(username: &str, password: &str, attributes: &[AttrType]) -> Vec<u8> {
    let provider = crypto();
    let key = password.as_bytes().to_vec();
    let mut message = Message::new();
    message
        .build(&[
            Box::new(TransactionId([7; 12])),
            Box::new(BINDING_REQUEST),
            Box::new(Username::new(ATTR_USERNAME, username.to_owned())),
        ])
        .unwrap();
    message.add(ATTR_PRIORITY, &[0, 0, 1, 0]);
    for &kind in attributes {
        message.add(kind, &[]);
    }
    MessageIntegrity::new_raw_integrity_with_provider(key, provider.crypto()).add_to(&mut message).unwrap();
    FINGERPRINT.add_to(&mut message).unwrap();
    message.raw
}

fn good(attributes: &[AttrType]) -> Vec<u8> {
    by("browser", &credentials(), attributes)
}

/// A check by the browser of this user name fragment, for the agent with these credentials.
fn by(browser: &str, local: &IceCredentials, attributes: &[AttrType]) -> Vec<u8> {
    let username = format!("{}:{browser}", local.ufrag);
    check(&username, local.password.expose(), attributes)
}

fn answer(agent: &mut Agent, source: &str, datagram: &[u8]) -> Option<Answer> {
    let check = Check::parse(datagram)?;
    agent.answer(crate::simulated::origin(), at(source), check, crypto().crypto())
}

#[test]
fn credentials_are_long_enough_and_of_ice_chars() {
    let ice = credentials();
    assert_eq!((ice.ufrag.len(), ice.password.expose().len()), (8, 24));
    assert!(ice.ufrag.bytes().all(|byte| ICE_CHARS.contains(&byte)));
}

#[test]
fn a_check_is_answered_with_the_address_it_came_from_and_is_authentic() {
    let mut agent = agent();
    let datagram = good(&[ATTR_ICE_CONTROLLING]);
    assert_eq!(Check::parse(&datagram).unwrap().local_ufrag(), agent.local_ufrags().next().unwrap());
    let answer = answer(&mut agent, "192.0.2.9:1234", &datagram).unwrap();

    let mut response = Message::new();
    response.unmarshal_binary(&answer.response).unwrap();
    assert_eq!(response.typ, BINDING_SUCCESS);
    assert_eq!(response.transaction_id, TransactionId([7; 12]));
    let mut mapped = XorMappedAddress::default();
    mapped.get_from(&response).unwrap();
    assert_eq!(SocketAddr::new(mapped.ip, mapped.port), at("192.0.2.9:1234").remote);
    FINGERPRINT.check(&response).unwrap();
    let key = credentials().password.expose().as_bytes().to_vec();
    MessageIntegrity::check(&mut response, &key, crypto().crypto()).unwrap();
}

#[test]
fn a_wrong_password_gets_no_answer_and_moves_nothing() {
    let mut agent = agent();
    let username = format!("{}:browser", agent.local_ufrags().next().unwrap());
    let forged = check(&username, "guess", &[ATTR_USE_CANDIDATE]);
    assert!(answer(&mut agent, "192.0.2.9:1234", &forged).is_none());
    assert_eq!(agent.selected(), None);
}

#[test]
fn a_check_for_another_browser_gets_no_answer() {
    let mut agent = agent();
    let username = format!("{}:other", agent.local_ufrags().next().unwrap());
    let other = check(&username, credentials().password.expose(), &[]);
    assert!(answer(&mut agent, "192.0.2.9:1234", &other).is_none());
}

#[test]
fn before_the_description_is_known_any_browser_with_the_password_is_answered() {
    let mut agent = Agent::new(credentials());
    let username = format!("{}:whoever", agent.local_ufrags().next().unwrap());
    let early = check(&username, credentials().password.expose(), &[]);
    assert!(answer(&mut agent, "192.0.2.9:1234", &early).is_some());
}

#[test]
fn nomination_moves_media_and_a_plain_check_does_not() {
    let mut agent = agent();
    answer(&mut agent, "192.0.2.9:1", &good(&[])).unwrap();
    answer(&mut agent, "192.0.2.9:2", &good(&[])).unwrap();
    assert_eq!(agent.selected(), Some(at("192.0.2.9:1")));
    answer(&mut agent, "192.0.2.9:2", &good(&[ATTR_USE_CANDIDATE])).unwrap();
    assert_eq!(agent.selected(), Some(at("192.0.2.9:2")));
}

#[test]
fn an_address_that_is_no_longer_checked_from_is_left() {
    let mut agent = agent();
    let now = crate::simulated::origin();
    let mut check = |after: Duration, source: &str| {
        let check = Check::parse(&good(&[])).unwrap();
        agent.answer(now + after, at(source), check, crypto().crypto()).unwrap();
        agent.selected().unwrap()
    };
    let second = Duration::from_secs(1);
    assert_eq!(check(second, "192.0.2.9:1"), at("192.0.2.9:1"));
    assert_eq!(check(second * 4, "192.0.2.9:2"), at("192.0.2.9:1"));
    assert_eq!(check(second * 8, "192.0.2.9:2"), at("192.0.2.9:2"));
}

#[test]
fn a_role_conflict_is_an_error_and_moves_nothing() {
    let mut agent = agent();
    let datagram = good(&[ATTR_ICE_CONTROLLED]);
    let answer = answer(&mut agent, "192.0.2.9:1", &datagram).unwrap();
    let mut response = Message::new();
    response.unmarshal_binary(&answer.response).unwrap();
    assert_eq!(response.typ, BINDING_ERROR);
    assert_eq!(agent.selected(), None);
}

#[test]
fn attributes_after_the_integrity_are_not_believed() {
    let mut agent = agent();
    answer(&mut agent, "192.0.2.9:1", &good(&[])).unwrap();
    let mut message = Message::new();
    message.unmarshal_binary(&good(&[])).unwrap();
    message.attributes.0.pop();
    message.encode();
    message.add(ATTR_USE_CANDIDATE, &[]);
    FINGERPRINT.add_to(&mut message).unwrap();
    assert!(answer(&mut agent, "192.0.2.9:2", &message.raw).is_some());
    assert_eq!(agent.selected(), Some(at("192.0.2.9:1")));
}

#[test]
fn only_so_many_paths_are_remembered_and_never_the_selected_one_forgotten() {
    let mut agent = agent();
    let mut forgotten = Vec::new();
    for port in 1..=20 {
        let source = format!("192.0.2.9:{port}");
        forgotten.extend(answer(&mut agent, &source, &good(&[])).unwrap().forgotten);
    }
    assert_eq!(agent.paths().count(), MAX_PATHS);
    assert_eq!(forgotten.len(), 20 - MAX_PATHS);
    assert!(agent.paths().any(|known| Some(known) == agent.selected()));
}

#[test]
fn consent_ends_a_while_after_the_last_check() {
    let mut agent = agent();
    let timeout = Duration::from_secs(10);
    assert_eq!(agent.consent_until(timeout), None);
    let now = crate::simulated::origin();
    let check = Check::parse(&good(&[])).unwrap();
    agent.answer(now, at("192.0.2.9:1"), check, crypto().crypto());
    assert_eq!(agent.consent_until(timeout), Some(now + timeout));
}

#[test]
fn the_same_address_at_another_socket_is_another_path() {
    let mut agent = agent();
    answer(&mut agent, "192.0.2.9:1", &good(&[])).unwrap();
    let other = Path { door: Door::Shared(1), ..at("192.0.2.9:1") };
    let check = Check::parse(&good(&[ATTR_USE_CANDIDATE])).unwrap();
    agent.answer(crate::simulated::origin(), other, check, crypto().crypto()).unwrap();
    assert_eq!(agent.selected(), Some(other));
    assert_eq!(agent.paths().count(), 2);
}

fn restarted() -> (Agent, IceCredentials) {
    let mut agent = agent();
    answer(&mut agent, "192.0.2.9:1", &good(&[ATTR_USE_CANDIDATE])).unwrap();
    let fresh = IceCredentials::from_random([9; 32]);
    assert_eq!(agent.restart(fresh.clone()), None);
    agent.set_remote("renewed");
    (agent, fresh)
}

#[test]
fn after_a_restart_the_old_credentials_hold_until_the_new_ones_are_used() {
    let (mut agent, fresh) = restarted();
    let old = answer(&mut agent, "192.0.2.9:1", &good(&[])).unwrap();
    assert_eq!(old.retired, None);
    let first = answer(&mut agent, "192.0.2.9:2", &by("renewed", &fresh, &[])).unwrap();
    assert_eq!(first.retired, Some(credentials().ufrag));
    assert!(answer(&mut agent, "192.0.2.9:1", &good(&[])).is_none());
    assert_eq!(agent.local_ufrags().collect::<Vec<_>>(), [fresh.ufrag]);
}

#[test]
fn after_a_restart_media_stays_where_it_was_until_the_browser_nominates() {
    let (mut agent, fresh) = restarted();
    answer(&mut agent, "192.0.2.9:2", &by("renewed", &fresh, &[])).unwrap();
    assert_eq!(agent.selected(), Some(at("192.0.2.9:1")));
    answer(&mut agent, "192.0.2.9:2", &by("renewed", &fresh, &[ATTR_USE_CANDIDATE])).unwrap();
    assert_eq!(agent.selected(), Some(at("192.0.2.9:2")));
}

#[test]
fn a_forged_check_retires_nothing() {
    let (mut agent, fresh) = restarted();
    let guessed = IceCredentials { password: IcePassword::new("guess".into()), ..fresh.clone() };
    for forged in [by("renewed", &guessed, &[]), by("browser", &fresh, &[])] {
        assert!(answer(&mut agent, "192.0.2.9:3", &forged).is_none());
    }
    assert!(answer(&mut agent, "192.0.2.9:1", &good(&[])).is_some());
}

#[test]
fn a_description_from_before_the_restart_changes_nothing() {
    let (mut agent, fresh) = restarted();
    agent.set_remote("browser");
    assert!(answer(&mut agent, "192.0.2.9:2", &by("renewed", &fresh, &[])).is_some());
}

#[test]
fn of_two_restarts_the_second_counts() {
    let (mut agent, fresh) = restarted();
    let second = IceCredentials::from_random([11; 32]);
    assert_eq!(agent.restart(second.clone()), Some(fresh.ufrag.clone()));
    agent.set_remote("again");
    assert!(answer(&mut agent, "192.0.2.9:2", &by("renewed", &fresh, &[])).is_none());
    assert!(answer(&mut agent, "192.0.2.9:2", &by("again", &second, &[])).is_some());
}

#[test]
fn a_flipped_bit_anywhere_gets_no_answer() {
    let datagram = good(&[ATTR_ICE_CONTROLLING]);
    for position in 0..datagram.len() {
        let mut flipped = datagram.clone();
        flipped[position] ^= 1;
        assert!(answer(&mut agent(), "192.0.2.9:1", &flipped).is_none(), "byte {position}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(
        length in 0u16..120, body in proptest::collection::vec(any::<u8>(), 0..120)
    ) {
        let [high, low] = length.to_be_bytes();
        let header = [0, 1, high, low, 0x21, 0x12, 0xa4, 0x42];
        let _ = Check::parse(&[&header[..], &[7; 12], &body].concat());
        let _ = Check::parse(&body);
    }

    /// Well-formed attributes in any order, with a fingerprint that holds.
    #[test]
    fn any_attributes_are_read_without_a_panic(
        attributes in proptest::collection::vec(
            (prop_oneof![Just(6u16), Just(8), Just(0x25), Just(0x8028), any::<u16>()],
             proptest::collection::vec(any::<u8>(), 0..24)), 0..8)
    ) {
        let mut message = Message::new();
        message.build(&[Box::new(TransactionId([1; 12])), Box::new(BINDING_REQUEST)]).unwrap();
        for (kind, value) in attributes {
            message.add(AttrType(kind), &value);
        }
        FINGERPRINT.add_to(&mut message).unwrap();
        prop_assert!(answer(&mut agent(), "192.0.2.9:1", &message.raw).is_none());
    }
}
