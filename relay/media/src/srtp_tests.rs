//! Packets across a pair of sessions that hold each other's keys.

use proptest::prelude::*;

use super::*;

const PROFILES: [ProtectionProfile; 3] =
    [ProtectionProfile::AeadAes128Gcm, ProtectionProfile::AeadAes256Gcm, ProtectionProfile::Aes128CmHmacSha1_80];

/// Relay and browser.
fn pair(profile: ProtectionProfile) -> (Session, Session) {
    let crypto = rtc_crypto::default_provider().unwrap();
    let material: Vec<u8> = (0..Keys::material_len(profile)).map(|i| i as u8).collect();
    let relay = Keys::from_material(profile, &material).unwrap();
    let mut config = Keys::empty(profile);
    config.set_session_keys_from_keying_material(&material, true).unwrap();
    let session = |keys| Session::new(keys, &crypto).unwrap();
    (session(relay), session(Keys { config }))
}

fn packet(ssrc: u32, sequence: u16) -> (Vec<u8>, Header) {
    let header = Header { marker: false, payload_type: 111, sequence, timestamp: 5, ssrc };
    ([&header.to_bytes()[..], b"sound"].concat(), header)
}

fn sealed(session: &mut Session, ssrc: u32, sequence: u16) -> BytesMut {
    let (packet, header) = packet(ssrc, sequence);
    session.seal(&packet, &header).unwrap()
}

#[test]
fn what_one_side_seals_the_other_opens() {
    for profile in PROFILES {
        let (mut relay, mut browser) = pair(profile);
        let there = sealed(&mut relay, 1, 65_535);
        assert_eq!(browser.open(&there).unwrap(), packet(1, 65_535).0);
        let back = sealed(&mut browser, 2, 7);
        assert_eq!(relay.open(&back).unwrap(), packet(2, 7).0);
    }
}

#[test]
fn reports_are_protected_too() {
    for profile in PROFILES {
        let (mut relay, mut browser) = pair(profile);
        let report = [0x80, 201, 0, 1, 0, 0, 0, 9];
        let mut protected = browser.seal_rtcp(&report).unwrap();
        assert_eq!(relay.open_rtcp(&protected).unwrap(), report[..]);
        assert!(relay.open_rtcp(&protected).is_none(), "a replay");
        let last = protected.len() - 1;
        protected[last] ^= 1;
        assert!(relay.open_rtcp(&protected).is_none());
    }
}

#[test]
fn a_report_that_claims_not_to_be_encrypted_is_dropped() {
    for profile in PROFILES {
        let (mut relay, _) = pair(profile);
        let mut report = vec![0x80, 201, 0, 1, 0, 0, 0, 9];
        report.extend([0; 30]);
        assert!(relay.open_rtcp(&report).is_none());
    }
}

#[test]
fn a_replay_is_dropped() {
    let (mut relay, mut browser) = pair(PROFILES[0]);
    let protected = sealed(&mut browser, 1, 10);
    assert!(relay.open(&protected).is_some());
    assert!(relay.open(&protected).is_none());
}

#[test]
fn a_forgery_is_dropped_wherever_it_differs() {
    for profile in PROFILES {
        let (mut relay, mut browser) = pair(profile);
        let protected = sealed(&mut browser, 1, 10);
        for position in 1..protected.len() {
            let mut forged = protected.clone();
            forged[position] ^= 1;
            assert!(relay.open(&forged).is_none(), "byte {position}");
        }
        assert!(relay.open(&protected).is_some());
    }
}

#[test]
fn a_spray_of_forged_sources_leaves_no_trace_and_keeps_nobody_out() {
    let (mut relay, mut browser) = pair(PROFILES[0]);
    for ssrc in 0..10_000u32 {
        let (mut packet, _) = packet(ssrc, 1);
        packet.extend([0; 16]);
        assert!(relay.open(&packet).is_none());
    }
    assert!(relay.sources.is_empty() && relay.failures < MAX_FAILURES);
    assert!(relay.open(&sealed(&mut browser, 77, 1)).is_some());
}

#[test]
fn even_an_authentic_browser_has_only_so_many_sources() {
    let (mut relay, mut browser) = pair(PROFILES[0]);
    let opened = (0..100)
        .filter(|&ssrc| {
            let protected = sealed(&mut browser, ssrc, 1);
            relay.open(&protected).is_some()
        })
        .count();
    assert_eq!(opened, MAX_SOURCES);
}

#[test]
fn fragments_of_packets_are_dropped_without_a_panic() {
    for profile in PROFILES {
        let (mut relay, mut browser) = pair(profile);
        let protected = sealed(&mut browser, 1, 10);
        for length in 0..protected.len() {
            assert!(relay.open(&protected[..length]).is_none());
            assert!(relay.open_rtcp(&protected[..length]).is_none());
        }
    }
}

#[test]
fn a_long_call_goes_on_when_the_sequence_numbers_begin_anew() {
    let (mut relay, mut browser) = pair(PROFILES[0]);
    for number in 0..150_000u32 {
        let protected = sealed(&mut browser, 1, number as u16);
        // One in a thousand is lost on the way.
        if number % 1000 == 7 {
            continue;
        }
        assert!(relay.open(&protected).is_some(), "packet {number}");
    }
}

proptest! {
    /// Headers are read before anything is authenticated.
    #[test]
    fn any_bytes_are_read_without_a_panic(
        first in 0x80u8..=0xbf,
        rest in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let packet = [&[first][..], &rest].concat();
        for profile in PROFILES {
            let (mut relay, _) = pair(profile);
            prop_assert!(relay.open(&packet).is_none());
            prop_assert!(relay.open_rtcp(&packet).is_none());
        }
    }
}
