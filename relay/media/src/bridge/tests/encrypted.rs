//! Telephones whose packets are encrypted with keys that their descriptions name.

use super::*;
use crate::params::{SrtpKey, SrtpKeys, SrtpSuite};
use crate::srtp::{Keys, Session};

const SUITES: [(SrtpSuite, usize); 4] = [
    (SrtpSuite::AesCm128HmacSha1_80, 30),
    (SrtpSuite::AesCm128HmacSha1_32, 30),
    (SrtpSuite::AeadAes128Gcm, 28),
    (SrtpSuite::AeadAes256Gcm, 44),
];

fn keys_of(suite: SrtpSuite, length: usize, send: u8, receive: u8) -> SrtpKeys {
    let key = |seed: u8| SrtpKey::new((0..length).map(|at| at as u8 ^ seed).collect());
    SrtpKeys { suite, send: key(send), receive: key(receive) }
}

/// The telephone's end of it.
fn telephone(keys: &SrtpKeys) -> Session {
    let theirs = SrtpKeys { suite: keys.suite, send: keys.receive.clone(), receive: keys.send.clone() };
    Session::new(&Keys::described(&theirs).unwrap()).unwrap()
}

/// A call between a telephone that encrypts and one that does not.
fn call_with(srtp: &SrtpKeys) -> World {
    let mut world = call();
    encrypt(&mut world, srtp, A, World::address(A));
    world
}

fn encrypt(world: &mut World, srtp: &SrtpKeys, leg: LegId, rtp: SocketAddr) {
    let formats = vec![audio(Codec::Pcmu, 0)];
    let remote = RtpRemote {
        rtp,
        rtcp: None,
        rtcp_mux: false,
        srtp: Some(srtp.clone()),
        formats,
        sound: SoundWishes::default(),
    };
    world.command(Command::RtpRemote { leg, remote });
}

fn packet(sequence: u16) -> Vec<u8> {
    let header = Header { marker: false, payload_type: 0, sequence, timestamp: u32::from(sequence) * 160, ssrc: 77 };
    [&header.to_bytes()[..], b"sound"].concat()
}

fn say_sealed(world: &mut World, phone: &mut Session, sequence: u16, from: SocketAddr) {
    let mut sealed = phone.seal(&packet(sequence)).unwrap().to_vec();
    let key = world.bridge.keys[&A];
    world.bridge.receive_rtp(world.now, (key, MediumKind::Audio), from, &mut sealed, &mut world.out);
}

#[test]
fn sound_passes_between_one_who_encrypts_and_one_who_does_not() {
    for (suite, length) in SUITES {
        let keys = keys_of(suite, length, 1, 2);
        let (mut world, mut phone) = (call_with(&keys), telephone(&keys));
        say_sealed(&mut world, &mut phone, 1, World::address(A));
        assert_eq!(world.heard(B)[0].1, b"sound", "{suite:?}");
        world.say(B, 0, 0, b"answer");
        let key = world.bridge.keys[&A];
        let (door, _, mut sealed) = world.out.sent.pop_front().unwrap();
        assert_eq!(door, Door::Rtp(key, MediumKind::Audio));
        let opened = phone.open(&mut sealed).unwrap();
        assert_eq!(&opened[crate::rtp::HEADER_LEN..], b"answer");
    }
}

#[test]
fn what_is_not_encrypted_is_not_heard_and_makes_nobody_known() {
    let keys = keys_of(SrtpSuite::AesCm128HmacSha1_80, 30, 1, 2);
    let (mut world, mut phone) = (call_with(&keys), telephone(&keys));
    let elsewhere: SocketAddr = "192.0.2.200:5000".parse().unwrap();
    let mut clear = packet(1);
    let key = world.bridge.keys[&A];
    world.bridge.receive_rtp(world.now, (key, MediumKind::Audio), elsewhere, &mut clear, &mut world.out);
    let mut stranger = telephone(&keys_of(SrtpSuite::AesCm128HmacSha1_80, 30, 8, 9));
    say_sealed(&mut world, &mut stranger, 2, elsewhere);
    assert!(world.heard(B).is_empty());
    assert_eq!(world.stats(A).invalid, 2);
    world.say(B, 0, 0, b"to whom?");
    assert_eq!(world.out.sent.pop_front().map(|(_, to, _)| to), Some(World::address(A)));
    say_sealed(&mut world, &mut phone, 3, World::address(A));
    assert_eq!(world.heard(B).len(), 1);
}

#[test]
fn a_replay_is_not_heard() {
    let keys = keys_of(SrtpSuite::AeadAes128Gcm, 28, 1, 2);
    let (mut world, mut phone) = (call_with(&keys), telephone(&keys));
    let sealed = phone.seal(&packet(1)).unwrap().to_vec();
    let key = world.bridge.keys[&A];
    for _ in 0..2 {
        world.bridge.receive_rtp(
            world.now,
            (key, MediumKind::Audio),
            World::address(A),
            &mut sealed.clone(),
            &mut world.out,
        );
    }
    assert_eq!(world.heard(B).len(), 1);
}

#[test]
fn another_key_of_the_peers_leaves_ours_where_it_is() {
    let (suite, length) = SUITES[0];
    let (before, after) = (keys_of(suite, length, 1, 2), keys_of(suite, length, 1, 3));
    let (mut world, mut phone) = (call_with(&before), telephone(&before));
    say_sealed(&mut world, &mut phone, 1, World::address(A));
    world.say(B, 0, 0, b"one");
    encrypt(&mut world, &after, A, World::address(A));
    world.say(B, 0, 160, b"two");
    let sent: Vec<_> = world.out.sent.drain(..).filter(|(_, to, _)| *to == World::address(A)).collect();
    for (_, _, mut sealed) in sent {
        assert!(phone.open(&mut sealed).is_some(), "the stream goes on under the key it had");
    }
    say_sealed(&mut world, &mut phone, 2, World::address(A));
    assert!(world.heard(B).is_empty(), "the key it had is no longer the peer's");
    say_sealed(&mut world, &mut telephone(&after), 3, World::address(A));
    assert_eq!(world.heard(B).len(), 1);
}

#[test]
fn the_same_keys_again_change_nothing() {
    let keys = keys_of(SrtpSuite::AesCm128HmacSha1_32, 30, 1, 2);
    let (mut world, mut phone) = (call_with(&keys), telephone(&keys));
    for sequence in 1..4 {
        encrypt(&mut world, &keys, A, World::address(A));
        say_sealed(&mut world, &mut phone, sequence, World::address(A));
    }
    assert_eq!(world.heard(B).len(), 3);
}

#[test]
fn keys_of_the_wrong_length_leave_nothing_in_the_clear() {
    let mut world = call_with(&keys_of(SrtpSuite::AeadAes256Gcm, 30, 1, 2));
    world.say(B, 0, 0, b"secret");
    assert!(world.out.sent.is_empty());
}

#[test]
fn reports_are_encrypted_and_share_the_port_where_that_was_agreed() {
    let keys = keys_of(SrtpSuite::AesCm128HmacSha1_80, 30, 1, 2);
    let (mut world, mut phone) = (call(), telephone(&keys));
    let formats = vec![audio(Codec::Pcmu, 0)];
    let remote = RtpRemote {
        rtp: World::address(A),
        rtcp: None,
        rtcp_mux: true,
        srtp: Some(keys),
        formats,
        sound: SoundWishes::default(),
    };
    world.command(Command::RtpRemote { leg: A, remote });
    world.pass(Duration::from_secs(6));
    let key = world.bridge.keys[&A];
    let reports: Vec<_> = world.out.sent.drain(..).filter(|(_, to, _)| *to == World::address(A)).collect();
    assert!(!reports.is_empty());
    for (door, _, mut report) in reports {
        assert_eq!(door, Door::Rtp(key, MediumKind::Audio));
        assert!(crate::rtcp::parse(phone.open_rtcp(&mut report).unwrap()).is_some());
    }
}
