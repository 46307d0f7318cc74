//! Pictures between legs that speak RTP.

use super::*;
use crate::params::{VideoFeedback, VideoRemote};
use crate::rtcp::{self, Feedback, Packet};
use crate::video_codec::VideoCodec;

/// The number that a sender of sound has given to keys, and one of pictures to them.
const SHARED: u8 = 97;
const ALL: VideoFeedback = VideoFeedback { nack: true, pli: true, fir: true };
const NONE: VideoFeedback = VideoFeedback { nack: false, pli: false, fir: false };

fn vp8(payload_type: u8) -> PayloadFormat {
    let format = Format::Video(VideoCodec::Vp8);
    PayloadFormat { format, receive_pt: payload_type, send_pt: payload_type }
}

fn camera(id: LegId) -> SocketAddr {
    format!("192.0.2.{}:6000", id.0).parse().unwrap()
}

fn picture_source(id: LegId) -> u32 {
    0x0f00 + id.0 as u32
}

impl World {
    /// A telephone with a camera.
    fn video_phone(&mut self, id: LegId, payload_type: u8, feedback: VideoFeedback) -> LegKey {
        let key = self.phone(id, &[audio(Codec::Pcma, 8), keys(8000, SHARED)]);
        self.open_video(id);
        self.show(id, payload_type, feedback, Direction::SendRecv);
        key
    }

    fn open_video(&mut self, id: LegId) {
        let seed = Seed { ssrc: 0x3000 + id.0 as u32, sequence: 0, timestamp: 0 };
        self.bridge.open_video(id, seed, &mut self.out).unwrap();
    }

    fn show(&mut self, leg: LegId, payload_type: u8, feedback: VideoFeedback, direction: Direction) {
        let formats = vec![vp8(payload_type)];
        let rtp = RtpRemote {
            rtp: camera(leg),
            rtcp: None,
            rtcp_mux: false,
            srtp: None,
            formats,
            sound: SoundWishes::default(),
        };
        self.command(Command::VideoRemote { leg, remote: Some(VideoRemote { rtp, direction, feedback }) });
    }

    fn film(&mut self, id: LegId, payload_type: u8, sequence: u16, payload: &[u8]) {
        let header = Header {
            marker: true,
            payload_type,
            sequence,
            timestamp: 3000 * u32::from(sequence),
            ssrc: picture_source(id),
        };
        let mut packet = [&header.to_bytes()[..], payload].concat();
        let key = self.bridge.keys[&id];
        self.bridge.receive_rtp(self.now, (key, MediumKind::Video), camera(id), &mut packet, &mut self.out);
    }

    /// The pictures sent to a leg since last asked.
    fn seen(&mut self, id: LegId) -> Vec<(Header, Vec<u8>)> {
        let door = Door::Rtp(self.bridge.keys[&id], MediumKind::Video);
        let packets = self.taken(door, camera(id));
        let read = |packet: &Vec<u8>| {
            let (header, payload) = Header::parse(packet).unwrap();
            (header, packet[payload].to_vec())
        };
        packets.iter().map(read).collect()
    }

    /// What the sender of a leg's pictures is asked since last asked.
    fn asked(&mut self, id: LegId) -> Vec<Feedback> {
        let door = Door::Rtcp(self.bridge.keys[&id], MediumKind::Video);
        let compounds = self.taken(door, SocketAddr::new(camera(id).ip(), 6001));
        let packets = compounds.iter().flat_map(|compound| rtcp::parse(compound).unwrap());
        packets
            .filter_map(|packet| match packet {
                Packet::Feedback(feedback) => Some(feedback),
                _ => None,
            })
            .collect()
    }

    fn taken(&mut self, door: Door, to: SocketAddr) -> Vec<Vec<u8>> {
        let (mine, others): (VecDeque<_>, _) =
            std::mem::take(&mut self.out.sent).into_iter().partition(|sent| (sent.0, sent.1) == (door, to));
        self.out.sent = others;
        mine.into_iter().map(|(_, _, packet)| packet).collect()
    }

    /// Feedback from a leg's peer about the pictures it is sent.
    fn complain(&mut self, id: LegId, feedback: &[u8]) {
        let key = self.bridge.keys[&id];
        let from = SocketAddr::new(camera(id).ip(), 6001);
        self.bridge.receive_rtcp(self.now, (key, MediumKind::Video), from, &mut feedback.to_vec(), &mut self.out);
    }
}

/// A picture loss indication about the pictures that a leg is sent.
fn pli(id: LegId) -> Vec<u8> {
    let ssrc = (0x3000 + id.0 as u32).to_be_bytes();
    [&[0x81, 206, 0, 2, 0, 0, 0, 1][..], &ssrc].concat()
}

#[test]
fn pictures_pass_on_ports_of_their_own_beside_the_sound() {
    let mut world = World::new();
    world.video_phone(A, SHARED, ALL);
    world.video_phone(B, 100, ALL);
    world.join(A, B);
    world.film(A, SHARED, 5, b"picture");
    world.say(A, 8, 160, b"sound");
    let seen = world.seen(B);
    assert_eq!(seen.len(), 1);
    let (header, payload) = &seen[0];
    assert_eq!((header.payload_type, header.ssrc, header.marker), (100, 0x3002, true));
    assert_eq!(payload, b"picture");
    let heard = world.heard(B);
    assert_eq!((heard.len(), heard[0].0.payload_type), (1, 8));
    assert_eq!(heard[0].1, b"sound");
}

#[test]
fn one_number_means_another_format_in_each_section() {
    let mut world = World::new();
    world.video_phone(A, SHARED, ALL);
    world.video_phone(B, SHARED, ALL);
    world.join(A, B);
    world.press(A, SHARED, 5, 0);
    assert!(world.seen(B).is_empty());
    assert_eq!(world.heard(B).len(), 5);
    world.film(A, SHARED, 1, b"picture");
    assert_eq!(world.seen(B).len(), 1);
}

#[test]
fn pictures_flow_only_where_and_while_their_section_says_so() {
    let mut world = World::new();
    world.video_phone(A, 100, ALL);
    world.video_phone(B, 100, ALL);
    world.join(A, B);
    world.show(B, 100, ALL, Direction::RecvOnly);
    world.film(A, 100, 1, b"unseen");
    assert!(world.seen(B).is_empty());
    world.film(B, 100, 1, b"seen");
    assert_eq!(world.seen(A).len(), 1);
    world.show(B, 100, ALL, Direction::SendRecv);
    world.film(A, 100, 2, b"seen");
    assert_eq!(world.seen(B).len(), 1);
    world.direct(B, Direction::Inactive);
    world.film(A, 100, 3, b"held");
    assert!(world.seen(B).is_empty());
}

#[test]
fn pictures_that_go_give_their_ports_back_and_the_sound_stays() {
    let mut world = World::new();
    world.video_phone(A, 100, ALL);
    let key = world.video_phone(B, 100, ALL);
    world.join(A, B);
    world.command(Command::VideoRemote { leg: B, remote: None });
    assert_eq!(world.out.video_closed, [key]);
    world.film(A, 100, 1, b"picture");
    assert!(world.seen(B).is_empty());
    world.say(A, 8, 160, b"sound");
    assert_eq!(world.heard(B).len(), 1);
    world.command(Command::VideoRemote { leg: B, remote: None });
    assert_eq!(world.out.video_closed, [key]);
    world.open_video(B);
    world.show(B, 101, ALL, Direction::SendRecv);
    world.film(A, 100, 2, b"picture");
    assert_eq!(world.seen(B)[0].0.payload_type, 101);
}

#[test]
fn a_stranger_shows_nothing() {
    let mut world = World::new();
    world.video_phone(A, 100, ALL);
    let key = world.video_phone(B, 100, ALL);
    world.join(A, B);
    let header = Header { marker: true, payload_type: 100, sequence: 1, timestamp: 0, ssrc: 1 };
    let mut packet = [&header.to_bytes()[..], b"bleed"].concat();
    let stranger = "203.0.113.9:6000".parse().unwrap();
    world.bridge.receive_rtp(world.now, (key, MediumKind::Video), stranger, &mut packet, &mut world.out);
    assert!(world.seen(A).is_empty());
    assert_eq!(world.bridge.legs[key].counters.strangers, 1);
}

#[test]
fn a_request_for_a_whole_picture_reaches_the_sender_in_the_way_it_takes() {
    for (feedback, expected) in [
        (ALL, Some(Feedback::Keyframe { ssrc: picture_source(B) })),
        (VideoFeedback { fir: true, ..NONE }, Some(Feedback::Keyframe { ssrc: picture_source(B) })),
        (NONE, None),
    ] {
        let mut world = World::new();
        world.video_phone(A, 100, ALL);
        world.video_phone(B, 100, feedback);
        world.join(A, B);
        world.film(B, 100, 1, b"picture");
        world.out.events.clear();
        world.complain(A, &pli(A));
        assert_eq!(world.asked(B).first().cloned(), expected);
        let signalled = world.out.events.contains(&Event::PictureWanted { leg: B });
        assert_eq!(signalled, expected.is_none());
    }
}

#[test]
fn many_requests_for_whole_pictures_become_few() {
    let mut world = World::new();
    world.video_phone(A, 100, ALL);
    world.video_phone(B, 100, ALL);
    world.join(A, B);
    world.film(B, 100, 1, b"picture");
    for _ in 0..100 {
        world.complain(A, &pli(A));
        world.pass(Duration::from_millis(10));
    }
    let asked = world.asked(B).len();
    assert!((3..=5).contains(&asked), "{asked} requests in a second");
}

#[test]
fn a_request_made_by_signalling_reaches_whoever_sends_the_pictures() {
    let mut world = World::new();
    world.video_phone(A, 100, NONE);
    world.video_phone(B, 100, ALL);
    world.join(A, B);
    world.film(B, 100, 1, b"picture");
    world.command(Command::Refresh { leg: A });
    assert_eq!(world.asked(B), [Feedback::Keyframe { ssrc: picture_source(B) }]);
}

#[test]
fn lost_packets_are_sent_again_only_to_who_may_ask_for_them() {
    for (feedback, again) in [(ALL, 1), (NONE, 0)] {
        let mut world = World::new();
        world.video_phone(A, 100, feedback);
        world.video_phone(B, 100, NONE);
        world.join(A, B);
        world.film(B, 100, 9, b"picture");
        let sent = world.seen(A)[0].0.sequence;
        let nack = [&[0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0x30, 1][..], &sent.to_be_bytes(), &[0, 0]].concat();
        world.complain(A, &nack);
        assert_eq!(world.seen(A).len(), again);
        assert!(world.asked(B).iter().all(|asked| !matches!(asked, Feedback::Nack { .. })));
    }
}

#[test]
fn a_leg_that_is_closed_gives_up_its_pictures_with_the_rest() {
    let mut world = World::new();
    let key = world.video_phone(A, 100, ALL);
    world.command(Command::Close { leg: A });
    assert_eq!(world.out.closed, [key]);
    let seed = Seed { ssrc: 1, sequence: 0, timestamp: 0 };
    assert_eq!(world.bridge.open_video(A, seed, &mut world.out), None);
}
