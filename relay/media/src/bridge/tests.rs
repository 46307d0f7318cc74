//! Calls on simulated time, without sockets: what the bridge gives out for what it is given.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::event::{Event, Inactivity};
use crate::format::{Codec, Direction, Format, MediumKind, PayloadFormat, SoundWishes};
use crate::outlet::Door;
use crate::params::{IceCredentials, WebRtcRemote};
use crate::rtp::Header;
use crate::simulated::origin;

mod encrypted;
mod pictures;
mod quality;
mod tones;
mod transcoding;

const FRAME: Duration = Duration::from_millis(20);
const TIMING: Timing = Timing {
    rtp_inactivity: Duration::from_secs(30),
    consent: Duration::from_secs(10),
    connect: Duration::from_secs(15),
    learning_window: Duration::from_secs(2),
    rtcp_interval: Duration::from_secs(5),
    quality: crate::quality::Thresholds::DEFAULT,
};
const A: LegId = LegId(1);
const B: LegId = LegId(2);
const C: LegId = LegId(3);

fn audio(codec: Codec, payload_type: u8) -> PayloadFormat {
    PayloadFormat { format: Format::Audio(codec), receive_pt: payload_type, send_pt: payload_type }
}

fn keys(clock: u32, payload_type: u8) -> PayloadFormat {
    PayloadFormat { format: Format::TelephoneEvent { clock }, receive_pt: payload_type, send_pt: payload_type }
}

/// Keeps what comes out.
#[derive(Default)]
struct Out {
    sent: VecDeque<(Door, SocketAddr, Vec<u8>)>,
    events: VecDeque<Event>,
    closed: Vec<LegKey>,
    video_closed: Vec<LegKey>,
}

impl Outlet for Out {
    fn send(&mut self, door: Door, to: SocketAddr, datagram: &[u8]) {
        self.sent.push_back((door, to, datagram.to_vec()));
    }

    fn event(&mut self, event: Event) {
        self.events.push_back(event);
    }

    fn video_closed(&mut self, key: LegKey) {
        self.video_closed.push(key);
    }

    fn closed(&mut self, key: LegKey) {
        self.closed.push(key);
    }
}

/// A bridge, its clock, and a telephone at every leg.
struct World {
    bridge: Bridge,
    out: Out,
    now: Instant,
    sequence: u16,
    /// The sequence number of each telephone's last packet, where they count for themselves.
    numbers: HashMap<LegId, u16>,
}

impl World {
    fn new() -> Self {
        let now = origin();
        let bridge = Bridge::new(Identity::generate().unwrap(), NtpClock::new(now, UNIX_EPOCH), TIMING);
        Self { bridge, out: Out::default(), now, sequence: 0, numbers: HashMap::new() }
    }

    fn new_leg(id: LegId) -> NewLeg {
        let seed = Seed { ssrc: 0x1000 + id.0 as u32, sequence: 0, timestamp: 0 };
        NewLeg { id, seed, video: Seed { ssrc: seed.ssrc + 0x1000, ..seed }, cname: "relay".into() }
    }

    fn address(id: LegId) -> SocketAddr {
        format!("192.0.2.{}:4000", id.0).parse().unwrap()
    }

    fn phone(&mut self, id: LegId, formats: &[PayloadFormat]) -> LegKey {
        let key = self.bridge.open_rtp(Self::new_leg(id)).unwrap();
        self.describe(id, formats);
        key
    }

    fn describe(&mut self, leg: LegId, formats: &[PayloadFormat]) {
        self.wish(leg, formats, SoundWishes::default());
    }

    fn wish(&mut self, leg: LegId, formats: &[PayloadFormat], sound: SoundWishes) {
        let remote = RtpRemote {
            rtp: Self::address(leg),
            rtcp: None,
            rtcp_mux: false,
            srtp: None,
            formats: formats.to_vec(),
            sound,
        };
        self.command(Command::RtpRemote { leg, remote });
    }

    fn command(&mut self, command: Command) {
        self.bridge.command(self.now, command, &mut self.out);
    }

    fn join(&mut self, a: LegId, b: LegId) {
        self.command(Command::Join { a, b });
    }

    fn direct(&mut self, leg: LegId, direction: Direction) {
        self.command(Command::Direction { leg, direction });
    }

    /// A packet from a leg's telephone, 20 ms after the last.
    fn say(&mut self, id: LegId, payload_type: u8, timestamp: u32, payload: &[u8]) {
        self.sequence += 1;
        let ssrc = id.0 as u32;
        let header = Header { marker: false, payload_type, sequence: self.sequence, timestamp, ssrc };
        let mut packet = [&header.to_bytes()[..], payload].concat();
        let key = self.bridge.keys[&id];
        self.bridge.receive_rtp(self.now, (key, MediumKind::Audio), Self::address(id), &mut packet, &mut self.out);
    }

    /// A whole key press from a leg's telephone, whose event began at that timestamp.
    fn press(&mut self, id: LegId, payload_type: u8, event: u8, timestamp: u32) {
        for (end, duration) in [(0x0a, 160u16), (0x0a, 320), (0x8a, 480), (0x8a, 480), (0x8a, 480)] {
            let [high, low] = duration.to_be_bytes();
            self.say(id, payload_type, timestamp, &[event, end, high, low]);
        }
    }

    /// Lets time pass, doing what is due when it is due.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.bridge.deadline().filter(|&due| due <= end) {
            self.now = self.now.max(due);
            self.bridge.timeout(self.now, &mut self.out);
        }
        self.now = end;
    }

    /// The RTP sent to a leg since last asked.
    fn heard(&mut self, id: LegId) -> Vec<(Header, Vec<u8>)> {
        let key = self.bridge.keys[&id];
        let (mine, others) =
            std::mem::take(&mut self.out.sent).into_iter().partition::<VecDeque<_>, _>(|(door, to, _)| {
                (*door, *to) == (Door::Rtp(key, MediumKind::Audio), Self::address(id))
            });
        self.out.sent = others;
        mine.iter()
            .map(|(_, _, packet)| {
                let (header, payload) = Header::parse(packet).unwrap();
                (header, packet[payload].to_vec())
            })
            .collect()
    }

    fn events(&mut self) -> Vec<Event> {
        self.out.events.drain(..).collect()
    }

    fn stats(&mut self, leg: LegId) -> crate::event::LegStats {
        self.command(Command::Snapshot { leg });
        match self.out.events.pop_back() {
            Some(Event::Stats { stats, .. }) => *stats,
            other => panic!("{other:?}"),
        }
    }
}

/// Two telephones that are joined and speak µ-law and keys.
fn call() -> World {
    let mut world = World::new();
    for leg in [A, B] {
        world.phone(leg, &[audio(Codec::Pcmu, 0), keys(8000, 101)]);
    }
    world.join(A, B);
    world
}

#[test]
fn every_format_both_know_passes_under_the_name_each_has_for_it() {
    let all = |shift: u8| {
        let audio = Codec::ALL.into_iter().zip(0..).map(|(codec, n)| audio(codec, 96 + n + shift));
        audio.chain([keys(8000, 110 + shift), keys(48_000, 111 + shift)]).collect::<Vec<_>>()
    };
    let mut world = World::new();
    world.phone(A, &all(0));
    world.phone(B, &all(10));
    world.join(A, B);
    for format in all(0) {
        world.say(A, format.receive_pt, 0, &[1, 2, 3, 4]);
        let heard = world.heard(B);
        assert_eq!(heard.len(), 1, "{format:?}");
        assert_eq!(heard[0].0.payload_type, format.send_pt + 10);
        assert_eq!(heard[0].1, [1, 2, 3, 4]);
    }
}

#[test]
fn what_the_other_leg_does_not_know_is_dropped_and_counted() {
    let mut world = World::new();
    world.phone(A, &[keys(8000, 111)]);
    world.phone(B, &[]);
    world.join(A, B);
    world.say(A, 111, 0, b"keys");
    world.say(A, 55, 0, b"not agreed at all");
    assert!(world.heard(B).is_empty());
    let stats = world.stats(A);
    assert_eq!((stats.untranslatable, stats.unknown_format, stats.audio.received_packets), (1, 1, 1));
}

#[test]
fn a_leg_that_stands_alone_is_heard_by_nobody() {
    let mut world = call();
    world.command(Command::Unjoin { leg: B });
    world.say(A, 0, 0, b"hello?");
    assert!(world.heard(B).is_empty());
    assert_eq!(world.stats(A).gated, 1);
}

#[test]
fn joining_with_a_third_leaves_the_second_alone() {
    let mut world = call();
    world.phone(C, &[audio(Codec::Pcmu, 0)]);
    world.join(A, C);
    world.say(A, 0, 0, b"to the third");
    world.say(B, 0, 0, b"to nobody");
    assert!(world.heard(B).is_empty());
    assert_eq!(world.heard(C).len(), 1);
    assert!(world.heard(A).is_empty());
}

#[test]
fn the_listener_hears_one_unbroken_stream_across_a_transfer() {
    let mut world = call();
    world.phone(C, &[audio(Codec::Pcmu, 0)]);
    for turn in 0..3u32 {
        world.say(B, 0, turn * 160, b"second");
        world.pass(FRAME);
    }
    world.join(A, C);
    world.sequence = 50_000;
    for turn in 0..3u32 {
        world.say(C, 0, 0xffff_ff00 + turn * 160 % 256, b"third");
        world.pass(FRAME);
    }
    let heard = world.heard(A);
    assert_eq!(heard.len(), 6);
    for pair in heard.windows(2) {
        assert_eq!(pair[1].0.sequence, pair[0].0.sequence.wrapping_add(1));
        assert_eq!(pair[1].0.ssrc, pair[0].0.ssrc);
    }
    assert_eq!(heard[3].0.timestamp, heard[2].0.timestamp + 160);
    assert!(heard[3].0.marker);
}

#[test]
fn a_held_leg_is_sent_nothing_or_heard_by_nobody_as_the_hold_says() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    for (direction, hears, speaks) in
        [(SendRecv, true, true), (SendOnly, true, false), (RecvOnly, false, true), (Inactive, false, false)]
    {
        let mut world = call();
        world.direct(B, direction);
        world.say(A, 0, 0, b"to the held");
        world.say(B, 0, 0, b"from the held");
        assert_eq!(!world.heard(B).is_empty(), hears, "{direction:?}");
        assert_eq!(!world.heard(A).is_empty(), speaks, "{direction:?}");
    }
}

#[test]
fn what_was_not_agreed_makes_no_source_known() {
    let mut world = call();
    world.say(A, 77, 0, b"of no agreed format");
    assert_eq!(world.stats(A).strangers, 1);
    world.say(A, 0, 0, b"sound");
    world.say(A, 77, 0, b"of no agreed format");
    assert_eq!((world.stats(A).strangers, world.stats(A).unknown_format), (1, 1));
}

/// What is said of a leg's silence; that its sound is bad is another matter.
fn supervision(world: &mut World) -> Vec<Event> {
    world.events().into_iter().filter(|event| !matches!(event, Event::Quality { .. })).collect()
}

#[test]
fn silence_is_reported_once_supervised_and_not_during_a_hold() {
    let mut world = call();
    world.pass(Duration::from_secs(100));
    assert_eq!(supervision(&mut world), []);
    world.command(Command::Supervise { leg: A });
    world.direct(A, Direction::SendOnly);
    world.pass(Duration::from_secs(100));
    assert_eq!(supervision(&mut world), []);
    world.direct(A, Direction::SendRecv);
    world.pass(Duration::from_secs(29));
    assert_eq!(supervision(&mut world), []);
    world.pass(Duration::from_secs(1));
    let inactive = Event::Inactive { leg: A, cause: Inactivity::Rtp };
    assert_eq!(supervision(&mut world), std::slice::from_ref(&inactive));
    world.say(A, 0, 0, b"back");
    world.pass(Duration::from_secs(30));
    assert_eq!(supervision(&mut world), [Event::Connected { leg: A }, inactive]);
}

#[test]
fn a_key_press_is_told_once_and_passed_on_with_one_timestamp() {
    let mut world = call();
    world.say(A, 0, 1000, b"sound");
    world.press(A, 101, 5, 1160);
    let heard = world.heard(B);
    assert_eq!(heard.len(), 6);
    assert!(heard[1..].iter().all(|(header, _)| header.payload_type == 101));
    assert!(heard[1..].iter().all(|(header, _)| header.timestamp == heard[0].0.timestamp + 160));
    let pressed: Vec<_> = world.events().into_iter().filter(|event| matches!(event, Event::Dtmf { .. })).collect();
    let digit = crate::dtmf::Digit::from_char('5').unwrap();
    assert_eq!(pressed, [Event::Dtmf { leg: A, digit, duration: Duration::from_millis(60) }]);
}

#[test]
fn a_key_is_told_even_when_the_leg_stands_alone() {
    let mut world = call();
    world.command(Command::Unjoin { leg: A });
    world.press(A, 101, 5, 1160);
    assert!(world.events().iter().any(|event| matches!(event, Event::Dtmf { leg: A, .. })));
}

#[test]
fn a_key_whose_end_is_lost_is_told_all_the_same() {
    let mut world = call();
    world.say(A, 101, 1000, &[7, 0x0a, 0, 160]);
    world.events();
    world.pass(Duration::from_secs(1));
    assert!(matches!(world.events()[..], [Event::Dtmf { leg: A, .. }]));
}

#[test]
fn a_leg_that_knows_keys_on_another_clock_gets_them_pressed_again() {
    let mut world = World::new();
    world.phone(A, &[audio(Codec::Opus, 111), keys(48_000, 110)]);
    world.phone(B, &[audio(Codec::Opus, 96), keys(8000, 101)]);
    world.join(A, B);
    world.press(A, 110, 9, 5000);
    world.events();
    world.pass(Duration::from_secs(1));
    let heard = world.heard(B);
    assert!(heard.iter().all(|(header, payload)| header.payload_type == 101 && payload[0] == 9));
    assert_eq!(heard.iter().filter(|(_, payload)| payload[1] & 0x80 != 0).count(), 3);
    assert_eq!(world.events(), [], "nobody ordered it, so nobody is told");
}

#[test]
fn while_a_key_is_pressed_nothing_else_is_sent_and_then_sound_goes_on() {
    let mut world = call();
    world.say(A, 0, 0, b"before");
    let digits = "1".parse().unwrap();
    let tone = Duration::from_millis(100);
    world.command(Command::SendDtmf { leg: B, digits, tone, gap: tone });
    for turn in 1..=15u32 {
        world.pass(FRAME);
        world.say(A, 0, turn * 160, b"sound");
    }
    let heard = world.heard(B);
    for pair in heard.windows(2) {
        assert_eq!(pair[1].0.sequence, pair[0].0.sequence.wrapping_add(1));
        assert!(pair[1].0.timestamp >= pair[0].0.timestamp);
    }
    let kinds: Vec<_> = heard.iter().map(|(header, _)| header.payload_type).collect();
    let first_key = kinds.iter().position(|&kind| kind == 101).unwrap();
    let last_key = kinds.iter().rposition(|&kind| kind == 101).unwrap();
    assert!(kinds[first_key..=last_key].iter().all(|&kind| kind == 101));
    assert!(kinds[last_key + 1..].len() > 5);
    assert!(world.events().contains(&Event::DtmfSent { leg: B }));
}

#[test]
fn each_key_pressed_has_the_timestamp_of_its_beginning() {
    for (codec, clock) in [(Codec::Pcmu, 8000), (Codec::Opus, 48_000), (Codec::Opus, 8000)] {
        let mut world = World::new();
        world.phone(A, &[audio(codec, 0), keys(clock, 101)]);
        world.phone(B, &[audio(codec, 0), keys(clock, 101)]);
        world.join(A, B);
        world.say(A, 0, 0, b"before");
        world.pass(FRAME);
        let (tone, gap) = (Duration::from_millis(100), Duration::from_millis(60));
        world.command(Command::SendDtmf { leg: B, digits: "12".parse().unwrap(), tone, gap });
        world.pass(FRAME * 20);
        world.say(A, 0, 0, b"after");
        let heard = world.heard(B);
        // A key lasts for its tone and two more updates, in which its end is told again.
        let starts: Vec<_> = heard.chunk_by(|a, b| a.0.timestamp == b.0.timestamp).map(|key| &key[0].0).collect();
        let times: Vec<_> = starts.iter().map(|header| header.timestamp * 1000 / codec.clock()).collect();
        assert_eq!(times, [0, 20, 220, 420], "{codec:?}, keys at {clock} Hz");
        assert!(starts.iter().all(|header| header.marker));
        let last = heard.iter().rfind(|(header, _)| header.payload_type == 101).unwrap();
        assert_eq!(last.1[2..], (clock as u16 / 10).to_be_bytes());
    }
}

#[test]
fn a_leg_that_is_held_in_the_middle_of_a_key_is_sent_no_more_of_it() {
    let mut world = call();
    let tone = Duration::from_millis(100);
    world.command(Command::SendDtmf { leg: B, digits: "12".parse().unwrap(), tone, gap: tone });
    world.pass(FRAME);
    assert!(!world.heard(B).is_empty());
    world.direct(B, Direction::RecvOnly);
    world.pass(Duration::from_secs(1));
    assert!(world.heard(B).is_empty());
    assert_eq!(world.events(), [Event::DtmfRefused { leg: B }]);
}

#[test]
fn keys_that_cannot_be_sent_are_refused() {
    let order = |world: &mut World| {
        let tone = Duration::from_millis(100);
        world.command(Command::SendDtmf { leg: B, digits: "1".parse().unwrap(), tone, gap: tone });
        world.events()
    };
    let refused = [Event::DtmfRefused { leg: B }];

    let mut world = World::new();
    world.bridge.open_rtp(World::new_leg(B));
    assert_eq!(order(&mut world), refused, "no description yet");
    world.describe(B, &[PayloadFormat { format: Format::ComfortNoise { clock: 8000 }, receive_pt: 13, send_pt: 13 }]);
    assert_eq!(order(&mut world), refused, "neither telephone-event nor a codec agreed");
    world.describe(B, &[audio(Codec::Opus, 111), keys(8000, 101)]);
    world.direct(B, Direction::Inactive);
    assert_eq!(order(&mut world), refused, "held");
    world.direct(B, Direction::SendRecv);
    assert_eq!(order(&mut world), []);
    world.describe(B, &[audio(Codec::Opus, 111)]);
    world.pass(FRAME * 2);
    assert_eq!(world.events(), refused, "taken away by a new description");
}

#[test]
fn the_echo_goes_back_to_the_speaker_and_nowhere_else() {
    let mut world = call();
    world.bridge.open_service(World::new_leg(C), Service::Echo);
    world.join(A, C);
    world.say(A, 0, 0, b"hello");
    assert_eq!(world.heard(A).len(), 1);
    assert!(world.heard(B).is_empty());
}

#[test]
fn the_tone_starts_when_the_listener_can_hear_and_ends_when_it_leaves() {
    let mut world = World::new();
    world.bridge.open_service(World::new_leg(C), Service::Tone);
    world.bridge.open_rtp(World::new_leg(A));
    world.join(A, C);
    world.pass(Duration::from_secs(5));
    world.describe(A, &[audio(Codec::Pcma, 8)]);
    world.pass(Duration::from_secs(1) - FRAME / 2);
    let heard = world.heard(A);
    assert_eq!(heard.len(), 50);
    assert!(heard.iter().all(|(header, payload)| header.payload_type == 8 && payload.len() == 160));
    // 440 Hz in A-law: 11 whole waves every 200 samples, from the very beginning.
    let samples: Vec<u8> = heard.into_iter().flat_map(|(_, payload)| payload).collect();
    assert_eq!(samples[..200], samples[200..400]);
    assert!(samples[..200].iter().any(|&code| code != 0xd5));
    world.command(Command::Unjoin { leg: A });
    world.pass(Duration::from_secs(1));
    assert!(world.heard(A).is_empty());
}

#[test]
fn digits_ordered_towards_a_service_are_spoken_back_too() {
    let mut world = World::new();
    world.bridge.open_service(World::new_leg(C), Service::DtmfReadback);
    world.phone(A, &[audio(Codec::Pcmu, 0)]);
    world.join(A, C);
    let tone = Duration::from_millis(100);
    world.command(Command::SendDtmf { leg: C, digits: "3".parse().unwrap(), tone, gap: tone });
    world.pass(Duration::from_secs(4));
    assert!(world.heard(A).iter().any(|(_, payload)| payload.iter().any(|&code| code != 0xff)));
}

#[test]
fn keyed_digits_are_spoken_back() {
    let mut world = World::new();
    world.bridge.open_service(World::new_leg(C), Service::DtmfReadback);
    world.phone(A, &[audio(Codec::Pcmu, 0), keys(8000, 101)]);
    world.join(A, C);
    world.press(A, 101, 3, 1000);
    let loud = |world: &mut World| {
        let heard = world.heard(A);
        heard.iter().filter(|(_, payload)| payload.iter().any(|&code| code != 0xff)).count()
    };
    world.pass(Duration::from_millis(1400));
    assert_eq!(loud(&mut world), 0);
    world.pass(Duration::from_secs(2));
    assert!(loud(&mut world) > 10);
}

#[test]
fn reports_are_sent_one_port_above_and_answered() {
    let mut world = call();
    world.say(A, 0, 0, b"sound");
    world.pass(Duration::from_secs(10));
    let key = world.bridge.keys[&B];
    let (_, to, report) =
        world.out.sent.iter().find(|(door, ..)| *door == Door::Rtcp(key, MediumKind::Audio)).unwrap().clone();
    assert_eq!(to.to_string(), "192.0.2.2:4001");
    // The telephone at B reports that half was lost, and got our report a second ago.
    let last_sr: [u8; 4] = report[10..14].try_into().unwrap();
    let head = [0x81, 201, 0, 7, 0, 0, 0, 2];
    let ssrc = (0x1000u32 + 2).to_be_bytes();
    let body = [&head[..], &ssrc, &[128, 0, 0, 1], &[0; 8], &last_sr, &[0, 1, 0, 0]].concat();
    let from = "192.0.2.2:4001".parse().unwrap();
    world.bridge.receive_rtcp(world.now, (key, MediumKind::Audio), from, &mut body.clone(), &mut world.out);
    let stats = world.stats(B);
    assert_eq!(stats.remote_loss, Some(0.5));
    assert!(stats.round_trip.is_some());
    world.bridge.receive_rtcp(
        world.now,
        (key, MediumKind::Audio),
        "203.0.113.9:4001".parse().unwrap(),
        &mut body.clone(),
        &mut world.out,
    );
    assert_eq!(world.stats(B).strangers, 1);
}

#[test]
fn closing_says_goodbye_frees_the_leg_and_leaves_the_other_alone() {
    let mut world = call();
    world.say(A, 0, 0, b"sound");
    world.say(B, 0, 0, b"sound");
    world.out.sent.clear();
    let key = world.bridge.keys[&A];
    world.command(Command::Close { leg: A });
    let (door, _, goodbye) = world.out.sent.pop_back().unwrap();
    assert_eq!(door, Door::Rtcp(key, MediumKind::Audio));
    assert_eq!(goodbye[goodbye.len() - 8..][..2], [0x81, 203]);
    assert_eq!((world.out.closed.clone(), world.bridge.legs()), (vec![key], 1));
    world.say(B, 0, 0, b"anybody?");
    assert_eq!(world.stats(B).gated, 1);
    world.command(Command::Close { leg: A });
    world.command(Command::Close { leg: B });
    assert_eq!((world.bridge.legs(), world.bridge.deadline()), (0, None));
}

#[test]
fn an_id_that_is_in_use_opens_no_second_leg() {
    let mut world = call();
    assert_eq!(world.bridge.open_rtp(World::new_leg(A)), None);
    assert_eq!(world.bridge.open_service(World::new_leg(B), Service::Echo), None);
    assert_eq!(world.bridge.legs(), 2);
}

#[test]
fn orders_for_legs_that_are_gone_change_nothing() {
    let mut world = call();
    world.command(Command::Close { leg: B });
    assert!(matches!(world.events()[..], [Event::Stats { leg: B, .. }]), "what the leg was like is said when it ends");
    for command in [
        Command::Join { a: A, b: B },
        Command::Join { a: A, b: A },
        Command::Unjoin { leg: B },
        Command::Supervise { leg: B },
        Command::Snapshot { leg: B },
        Command::Direction { leg: B, direction: Direction::Inactive },
    ] {
        world.command(command);
    }
    assert_eq!(world.events(), []);
    assert_eq!(world.bridge.legs(), 1);
}

#[test]
fn a_browser_that_never_comes_fails_once_and_then_is_quiet() {
    let mut world = World::new();
    let ice = IceCredentials::from_random([3; 32]);
    world.bridge.open_webrtc(World::new_leg(A), ice.clone());
    let remote = WebRtcRemote {
        ice,
        fingerprints: vec![],
        formats: vec![audio(Codec::Opus, 111)],
        sound: SoundWishes::default(),
        repair: crate::params::VideoRepair::default(),
    };
    world.command(Command::WebRtcRemote { leg: A, remote: remote.clone() });
    world.pass(Duration::from_secs(14));
    world.command(Command::WebRtcRemote { leg: A, remote });
    assert_eq!(world.events(), []);
    world.pass(Duration::from_secs(100));
    let cause = crate::event::MediaFailure::ConnectTimeout;
    assert_eq!(world.events(), [Event::Failed { leg: A, cause }]);
    world.command(Command::Close { leg: A });
    assert_eq!((world.bridge.ufrags.len(), world.bridge.deadline()), (0, None));
}

#[test]
fn nobody_reaches_a_browsers_leg_without_having_passed_a_check() {
    let mut world = World::new();
    world.bridge.open_webrtc(World::new_leg(A), IceCredentials::from_random([3; 32]));
    for first in 0..=255u8 {
        let mut datagram = [&[first, 0, 0, 8][..], &[0x21, 0x12, 0xa4, 0x42], &[first; 60]].concat();
        let from = Path { door: Door::Shared(0), remote: "198.51.100.7:9".parse().unwrap() };
        world.bridge.receive_shared(world.now, from, &mut datagram, &mut world.out);
    }
    assert!(world.out.sent.is_empty() && world.bridge.paths.is_empty());
    assert_eq!(world.bridge.unclaimed(), 256);
    assert_eq!(world.stats(A).audio.received_packets, 0);
}

proptest::proptest! {
    /// Whatever arrives in whatever order, nothing panics and every timer comes to rest.
    #[test]
    fn any_datagram_at_any_door_is_survived(
        datagrams in proptest::collection::vec(
            (0u8..4, proptest::prelude::any::<u8>(), proptest::collection::vec(proptest::prelude::any::<u8>(), 0..60)), 0..40)
    ) {
        let mut world = call();
        let source = World::address(A);
        let key = world.bridge.keys[&A];
        for (door, second, mut body) in datagrams {
            let (now, out) = (world.now, &mut world.out);
            // Half of them begin as RTP or RTCP do.
            if door % 2 == 0 {
                body.splice(0..0, [0x80 | (second & 0x3f), second]);
            }
            match door {
                0 | 1 => world.bridge.receive_rtp(now, (key, MediumKind::Audio), source, &mut body, out),
                2 => world.bridge.receive_rtcp(now, (key, MediumKind::Audio), source, &mut body, out),
                _ => world.bridge.receive_shared(now, Path { door: Door::Shared(0), remote: source }, &mut body, out),
            }
            world.pass(FRAME);
        }
        world.command(Command::Close { leg: A });
        world.command(Command::Close { leg: B });
        proptest::prop_assert_eq!(world.bridge.deadline(), None);
    }
}

/// A sender report of a leg's telephone: what its clock says, NTP seconds and 1/2^32 of one, and the timestamp then.
fn sender_report(ssrc: u32, ntp: u64, timestamp: u32) -> Vec<u8> {
    let mut report = vec![0x80, 200, 0, 6];
    report.extend(ssrc.to_be_bytes());
    report.extend(ntp.to_be_bytes());
    report.extend(timestamp.to_be_bytes());
    report.extend([0; 8]);
    report
}

/// The NTP time and the timestamp of the last sender report to a leg.
fn reported(world: &mut World, leg: LegId) -> (u64, u32) {
    let key = world.bridge.keys[&leg];
    let is_report = |(door, _, packet): &&(Door, SocketAddr, Vec<u8>)| {
        *door == Door::Rtcp(key, MediumKind::Audio) && packet[1] == 200
    };
    let (_, _, report) = world.out.sent.iter().rev().find(is_report).expect("no sender report");
    let word = |at: usize| u32::from_be_bytes(report[at..at + 4].try_into().unwrap());
    ((u64::from(word(8)) << 32) | u64::from(word(12)), word(16))
}

#[test]
fn a_streams_reports_say_what_its_source_says_of_its_time_however_late_its_packets_come() {
    let mut world = World::new();
    world.phone(A, &[audio(Codec::Pcmu, 0)]);
    world.phone(B, &[audio(Codec::Pcmu, 0)]);
    world.join(A, B);
    world.pass(Duration::from_secs(100));
    // Its report is on the way for no time, and its packets for 400 ms.
    let (key, theirs) = (world.bridge.keys[&A], 7u64 << 32);
    world.say(A, 0, 8000, b"first");
    let first = world.heard(B)[0].0.timestamp;
    let report = sender_report(A.0 as u32, theirs, 8000 + 3200);
    let from = SocketAddr::new(World::address(A).ip(), 4001);
    world.bridge.receive_rtcp(world.now, (key, MediumKind::Audio), from, &mut report.clone(), &mut world.out);
    let heard_at = world.bridge.clock.timestamp(world.now);
    for number in 1..500u32 {
        world.pass(FRAME);
        world.say(A, 0, 8000 + number * 160, b"sound");
    }
    let (at, timestamp) = reported(&mut world, B);
    let elapsed = ((u128::from(at - heard_at) * 8000) >> 32) as u32;
    assert_eq!(timestamp, first.wrapping_add(3200 + elapsed));
}

#[test]
fn a_report_that_has_nothing_to_do_with_the_packets_is_not_believed() {
    let mut world = World::new();
    world.phone(A, &[audio(Codec::Pcmu, 0)]);
    world.phone(B, &[audio(Codec::Pcmu, 0)]);
    world.join(A, B);
    world.say(A, 0, 8000, b"first");
    let first = world.heard(B)[0].0.timestamp;
    let (key, from) = (world.bridge.keys[&A], SocketAddr::new(World::address(A).ip(), 4001));
    let report = sender_report(A.0 as u32, 7 << 32, 0x7000_0000);
    world.bridge.receive_rtcp(world.now, (key, MediumKind::Audio), from, &mut report.clone(), &mut world.out);
    for number in 1..500u32 {
        world.pass(FRAME);
        world.say(A, 0, 8000 + number * 160, b"sound");
    }
    let (_, timestamp) = reported(&mut world, B);
    assert!(timestamp.wrapping_sub(first) <= 500 * 160, "{timestamp} {first}");
}
