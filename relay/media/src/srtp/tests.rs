//! Packets across a pair of sessions that hold each other's keys.

use proptest::prelude::*;

use super::sources::MAX_SOURCES;
use super::*;
use crate::params::{SrtpKey, SrtpKeys, SrtpSuite};
use crate::rtp::Header;

const SUITES: [(SrtpSuite, usize); 4] = [
    (SrtpSuite::AesCm128HmacSha1_80, 30),
    (SrtpSuite::AesCm128HmacSha1_32, 30),
    (SrtpSuite::AeadAes128Gcm, 28),
    (SrtpSuite::AeadAes256Gcm, 44),
];

/// The suite that browsers and the relay agree.
const USUAL: (SrtpSuite, usize) = SUITES[2];

fn keys((suite, length): (SrtpSuite, usize)) -> Keys {
    let key = |seed: u8| SrtpKey::new((0..length).map(|at| at as u8 ^ seed).collect());
    Keys::described(&SrtpKeys { suite, send: key(1), receive: key(2) }).unwrap()
}

/// Relay and browser.
fn pair(suite: (SrtpSuite, usize)) -> (Session, Session) {
    (Session::new(&keys(suite)).unwrap(), Session::new(&keys(suite).reversed()).unwrap())
}

fn packet(ssrc: u32, sequence: u16) -> Vec<u8> {
    let header = Header { marker: false, payload_type: 111, sequence, timestamp: 5, ssrc };
    [&header.to_bytes()[..], b"sound"].concat()
}

fn sealed(session: &mut Session, ssrc: u32, sequence: u16) -> Vec<u8> {
    session.seal(&packet(ssrc, sequence)).unwrap().to_vec()
}

fn open(session: &mut Session, packet: &[u8]) -> Option<Vec<u8>> {
    session.open(&mut packet.to_vec()).map(|packet| packet.to_vec())
}

fn open_rtcp(session: &mut Session, packet: &[u8]) -> Option<Vec<u8>> {
    session.open_rtcp(&mut packet.to_vec()).map(|packet| packet.to_vec())
}

#[test]
fn what_one_side_seals_the_other_opens() {
    for suite in SUITES {
        let (mut relay, mut browser) = pair(suite);
        let there = sealed(&mut relay, 1, 65_535);
        assert_eq!(open(&mut browser, &there).unwrap(), packet(1, 65_535));
        let back = sealed(&mut browser, 2, 7);
        assert_eq!(open(&mut relay, &back).unwrap(), packet(2, 7));
    }
}

#[test]
fn what_dtls_exports_is_split_as_client_and_server_have_it() {
    let profile = keys(USUAL).profile;
    let material: Vec<u8> = (0..profile.material_len() as u8).collect();
    let keys = Keys::from_material(profile, &material).unwrap();
    assert_eq!((keys.receive.key(), keys.receive.salt()), (&material[..16], &material[32..44]));
    assert_eq!((keys.send.key(), keys.send.salt()), (&material[16..32], &material[44..]));
    assert!(Keys::from_material(profile, &material[1..]).is_none());
}

#[test]
fn keys_of_another_length_are_refused_and_none_shows() {
    for (suite, length) in SUITES {
        let key = |length: usize| SrtpKey::new(vec![0xab; length]);
        for wrong in [0, length - 1, length + 1] {
            let keys = SrtpKeys { suite, send: key(length), receive: key(wrong) };
            assert!(Keys::described(&keys).is_none());
        }
    }
    let shown = format!("{:?}", keys(USUAL));
    assert_eq!(shown, "Keys { profile: Profile(AeadAes128Gcm), .. }");
}

#[test]
fn reports_are_protected_too() {
    for suite in SUITES {
        let (mut relay, mut browser) = pair(suite);
        let report = [0x80, 201, 0, 1, 0, 0, 0, 9];
        let mut protected = browser.seal_rtcp(&report).unwrap().to_vec();
        assert_eq!(open_rtcp(&mut relay, &protected).unwrap(), report[..]);
        assert!(open_rtcp(&mut relay, &protected).is_none(), "a replay");
        let last = protected.len() - 1;
        protected[last] ^= 1;
        assert!(open_rtcp(&mut relay, &protected).is_none());
    }
}

#[test]
fn a_report_that_claims_not_to_be_encrypted_is_dropped() {
    for suite in SUITES {
        let (mut relay, _) = pair(suite);
        let mut report = vec![0x80, 201, 0, 1, 0, 0, 0, 9];
        report.extend([0; 30]);
        assert!(open_rtcp(&mut relay, &report).is_none());
    }
}

#[test]
fn a_replay_is_dropped() {
    for suite in SUITES {
        let (mut relay, mut browser) = pair(suite);
        let protected = sealed(&mut browser, 1, 10);
        assert!(open(&mut relay, &protected).is_some());
        assert!(open(&mut relay, &protected).is_none());
    }
}

#[test]
fn what_overtook_others_does_not_keep_them_out_and_what_is_very_late_does_not_come_in() {
    let (mut relay, mut browser) = pair(USUAL);
    let protected: Vec<_> = (0..2000).map(|sequence| sealed(&mut browser, 1, sequence)).collect();
    assert!(open(&mut relay, &protected[1999]).is_some());
    let opened: Vec<_> = (0..2000).filter(|&at| open(&mut relay, &protected[at]).is_some()).collect();
    assert_eq!(opened, (976..1999).collect::<Vec<_>>());
}

#[test]
fn a_forgery_is_dropped_wherever_it_differs() {
    for suite in SUITES {
        let (mut relay, mut browser) = pair(suite);
        let protected = sealed(&mut browser, 1, 10);
        for position in 0..protected.len() {
            let mut forged = protected.clone();
            forged[position] ^= 1;
            assert!(open(&mut relay, &forged).is_none(), "byte {position}");
        }
        assert!(open(&mut relay, &protected).is_some());
    }
}

#[test]
fn a_forged_report_is_dropped_wherever_it_differs() {
    for suite in SUITES {
        let (mut relay, mut browser) = pair(suite);
        let protected = browser.seal_rtcp(&[0x80, 201, 0, 2, 0, 0, 0, 9, 1, 2, 3, 4]).unwrap().to_vec();
        for position in 0..protected.len() {
            let mut forged = protected.clone();
            forged[position] ^= 1;
            assert!(open_rtcp(&mut relay, &forged).is_none(), "byte {position}");
        }
        assert!(open_rtcp(&mut relay, &protected).is_some());
    }
}

#[test]
fn a_spray_of_forged_sources_leaves_no_trace_and_keeps_nobody_out() {
    let (mut relay, mut browser) = pair(USUAL);
    for ssrc in 0..10_000u32 {
        let forged = [packet(ssrc, 1), vec![0; 16]].concat();
        assert!(open(&mut relay, &forged).is_none());
        let report = [&[0x80, 201, 0, 1][..], &ssrc.to_be_bytes(), &[0x80; 20]].concat();
        assert!(open_rtcp(&mut relay, &report).is_none());
    }
    assert_eq!(relay.sources(), 0);
    let protected = sealed(&mut browser, 77, 1);
    assert!(open(&mut relay, &protected).is_some());
}

#[test]
fn even_an_authentic_browser_has_only_so_many_sources() {
    let (mut relay, _) = pair(USUAL);
    let opened = (0..100)
        .filter(|&ssrc| {
            // A page that has sent from so many has had as many sessions.
            let (_, mut browser) = pair(USUAL);
            let protected = sealed(&mut browser, ssrc, 1);
            open(&mut relay, &protected).is_some()
        })
        .count();
    assert_eq!((opened, relay.sources()), (MAX_SOURCES, MAX_SOURCES));
}

#[test]
fn fragments_of_packets_are_dropped_without_a_panic() {
    for suite in SUITES {
        let (mut relay, mut browser) = pair(suite);
        let protected = sealed(&mut browser, 1, 10);
        let report = browser.seal_rtcp(&[0x80, 201, 0, 1, 0, 0, 0, 9]).unwrap().to_vec();
        for length in 0..protected.len() {
            assert!(open(&mut relay, &protected[..length]).is_none());
            assert!(open_rtcp(&mut relay, &protected[..length]).is_none());
        }
        for length in 0..report.len() {
            assert!(open_rtcp(&mut relay, &report[..length]).is_none());
        }
    }
}

#[test]
fn a_long_call_goes_on_when_the_sequence_numbers_begin_anew() {
    for suite in SUITES {
        let (mut relay, mut browser) = pair(suite);
        for number in 0..66_000u32 {
            let protected = sealed(&mut browser, 1, number as u16);
            // One in a thousand is lost on the way.
            if number % 1000 == 7 {
                continue;
            }
            assert!(open(&mut relay, &protected).is_some(), "packet {number}");
        }
    }
}

#[test]
fn a_side_whose_key_stays_goes_on_where_it_was() {
    for suite in SUITES {
        let (mut relay, mut browser) = pair(suite);
        let first = relay.seal_rtcp(&[0x80, 201, 0, 1, 0, 0, 0, 9]).unwrap().to_vec();
        let early = sealed(&mut browser, 1, 10);
        assert!(open(&mut relay, &early).is_some());
        relay.rekey(&keys(suite), Rekeyed { send: false, receive: false }).unwrap();
        assert_ne!(relay.seal_rtcp(&[0x80, 201, 0, 1, 0, 0, 0, 9]).unwrap(), first);
        assert!(open(&mut relay, &early).is_none(), "still a replay");
        relay.rekey(&keys(suite).reversed(), Rekeyed { send: true, receive: true }).unwrap();
        let own = sealed(&mut pair(suite).0, 1, 10);
        assert!(open(&mut relay, &own).is_some(), "under the other key");
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
        for suite in SUITES {
            let (mut relay, _) = pair(suite);
            prop_assert!(open(&mut relay, &packet).is_none());
            prop_assert!(open_rtcp(&mut relay, &packet).is_none());
        }
    }
}
