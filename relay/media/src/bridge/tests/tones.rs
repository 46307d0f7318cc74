//! Keys in the sound itself, and keys whose clock changes.

use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};

use super::*;
use crate::in_band::{FRAME_LEN, Listener, Sender, Step};

const TONE: Duration = Duration::from_millis(100);

fn pcmu() -> PayloadFormat {
    audio(Codec::Pcmu, 0)
}

/// A telephone in G.711 without keys at B, whose sound is listened to, and one at A.
fn listening(other: &[PayloadFormat]) -> World {
    let mut world = World::new();
    world.phone(A, other);
    world.phone(B, &[pcmu()]);
    world.join(A, B);
    world.command(Command::ListenForKeys { leg: B, listen: true });
    world
}

/// Frames of G.711 in which these keys are pressed.
fn sound(keys: &str, encode: fn(i16) -> u8) -> Vec<[u8; FRAME_LEN]> {
    let mut sender = Sender::new(origin());
    assert!(sender.order(&keys.parse().unwrap(), TONE, TONE, true));
    let steps = std::iter::from_fn(|| sender.step(sender.deadline()).filter(|step| *step != Step::Idle));
    let frames = steps.filter_map(|step| {
        if let Step::Send(frame) = step { Some(frame.samples::<FRAME_LEN>().map(encode)) } else { None }
    });
    frames.collect()
}

/// What somebody hears who listens to these packets for keys.
fn keys_in(packets: &[(Header, Vec<u8>)], codec: Codec) -> String {
    let mut listener = Listener::new();
    let mut sound: Vec<u8> = packets.iter().flat_map(|(_, payload)| payload.clone()).collect();
    sound.extend([0xff; 800]);
    let mut sound = &sound[..];
    std::iter::from_fn(|| listener.hear(codec, &mut sound)).map(|press| press.digit.as_char()).collect()
}

impl World {
    /// B's telephone says these frames, 20 ms apart.
    fn sing(&mut self, timestamp: u32, frames: &[[u8; FRAME_LEN]]) -> u32 {
        for (frame, at) in frames.iter().zip(0..) {
            self.say(B, 0, timestamp + at * 160, frame);
            self.pass(FRAME);
        }
        timestamp + frames.len() as u32 * 160
    }

    fn told(&mut self) -> String {
        self.events()
            .iter()
            .filter_map(
                |event| if let Event::Dtmf { leg: B, digit, .. } = event { Some(digit.as_char()) } else { None },
            )
            .collect()
    }
}

#[test]
fn keys_are_played_where_events_were_not_agreed() {
    for (codec, payload_type) in [(Codec::Pcmu, 0), (Codec::Pcma, 8), (Codec::G722, 9)] {
        let mut world = World::new();
        world.phone(A, &[audio(codec, payload_type), keys(8000, 101)]);
        world.phone(B, &[audio(codec, payload_type)]);
        world.join(A, B);
        world.say(A, payload_type, 0, &[0xff; 160]);
        world.pass(FRAME / 4);
        world.command(Command::SendDtmf { leg: B, digits: "1#".parse().unwrap(), tone: TONE, gap: TONE });
        for turn in 1..=25u32 {
            world.pass(FRAME);
            world.say(A, payload_type, turn * 160, &[0x55; 160]);
        }
        let heard = world.heard(B);
        assert_eq!(keys_in(&heard, codec), "1#");
        for pair in heard.windows(2) {
            assert_eq!(pair[1].0.sequence, pair[0].0.sequence.wrapping_add(1));
            let step = pair[1].0.timestamp - pair[0].0.timestamp;
            assert!((1..=320).contains(&step), "{step}");
        }
        assert!(heard.iter().all(|(header, _)| header.payload_type == payload_type));
        let between: Vec<_> = heard[1..=20].iter().map(|(header, _)| header.timestamp).collect();
        assert!(between.windows(2).all(|pair| pair[1] - pair[0] == 160), "frames are 20 ms apart");
        assert!(heard[1..=20].iter().all(|(_, payload)| payload[..] != [0x55; 160]), "nothing else is heard meanwhile");
        assert!(heard[21..].iter().all(|(_, payload)| payload[..] == [0x55; 160]) && heard.len() > 23, "sound goes on");
        let spurts: Vec<_> =
            heard.iter().enumerate().filter(|(_, (header, _))| header.marker).map(|(at, _)| at).collect();
        assert_eq!(spurts, [0, 1, 21]);
        assert_eq!(world.events().iter().filter(|event| **event == Event::DtmfSent { leg: B }).count(), 1);
    }
}

#[test]
fn keys_are_played_in_g711_in_the_middle_of_a_call_in_opus() {
    let mut world = World::new();
    let formats = [audio(Codec::Opus, 111), audio(Codec::Pcma, 8)];
    for leg in [A, B] {
        world.phone(leg, &formats);
    }
    world.join(A, B);
    world.say(A, 111, 0, b"opus");
    world.command(Command::SendDtmf { leg: B, digits: "7".parse().unwrap(), tone: TONE, gap: TONE });
    world.pass(FRAME * 12);
    world.say(A, 111, 12 * 960, b"opus");
    let heard = world.heard(B);
    let (tones, opus): (Vec<_>, Vec<_>) = heard.into_iter().partition(|(header, _)| header.payload_type == 8);
    assert_eq!((keys_in(&tones, Codec::Pcma).as_str(), opus.len()), ("7", 2));
    // 220 ms from the first frame of tones on, ten of them and one to spare, on the clock of what follows.
    let first = tones[0].0.timestamp;
    assert_eq!(first - opus[0].0.timestamp, 160);
    let passed = opus[1].0.timestamp - tones.last().unwrap().0.timestamp;
    assert!((960..=2 * 960).contains(&passed), "{passed}");
}

#[test]
fn keys_are_played_in_opus_to_who_knows_nothing_else() {
    let mut world = World::new();
    for leg in [A, B] {
        world.phone(leg, &[audio(Codec::Opus, 111)]);
    }
    world.join(A, B);
    world.command(Command::SendDtmf { leg: B, digits: "59#".parse().unwrap(), tone: TONE, gap: TONE });
    world.pass(FRAME * 35);
    assert!(world.events().contains(&Event::DtmfSent { leg: B }));
    let heard = world.heard(B);
    assert_eq!(heard.len(), 30);
    assert!(heard.windows(2).all(|pair| pair[1].0.timestamp.wrapping_sub(pair[0].0.timestamp) == 960));
    let mut decoder = crate::codec::Decoder::new(Codec::Opus, 8000).unwrap();
    let mut sound = Vec::new();
    assert!(heard.iter().all(|(_, payload)| decoder.decode(payload, &mut sound)));
    let coded: Vec<u8> = sound.into_iter().map(encode_ulaw).collect();
    assert_eq!(keys_in(&[(heard[0].0, coded)], Codec::Pcmu), "59#");
}

#[test]
fn a_leg_that_is_held_in_the_middle_of_a_tone_hears_no_more_of_it() {
    let mut world = listening(&[pcmu()]);
    world.command(Command::SendDtmf { leg: B, digits: "12".parse().unwrap(), tone: TONE, gap: TONE });
    world.pass(FRAME);
    assert!(!world.heard(B).is_empty());
    world.direct(B, Direction::RecvOnly);
    world.pass(Duration::from_secs(1));
    assert!(world.heard(B).is_empty());
    assert_eq!(world.events(), [Event::DtmfRefused { leg: B }]);
}

#[test]
fn keys_in_the_sound_are_told_where_they_are_listened_for() {
    for (codec, payload_type, encode) in [(Codec::Pcmu, 0, encode_ulaw as fn(i16) -> u8), (Codec::Pcma, 8, encode_alaw)]
    {
        let mut world = World::new();
        world.phone(B, &[audio(codec, payload_type)]);
        for (listen, keys) in [(false, ""), (true, "42*")] {
            world.command(Command::ListenForKeys { leg: B, listen });
            for (frame, at) in sound("42*", encode).iter().zip(0..) {
                world.say(B, payload_type, at * 160, frame);
            }
            assert_eq!(world.told(), keys, "{codec:?}");
        }
    }
}

#[test]
fn a_line_that_sends_back_what_it_is_played_presses_no_keys() {
    let mut world = listening(&[pcmu(), keys(8000, 101)]);
    world.command(Command::SendDtmf { leg: B, digits: "12".parse().unwrap(), tone: TONE, gap: TONE });
    // 120 ms later, 12 dB softer.
    let softer = |sample: i16| encode_ulaw(sample / 4);
    let silence = vec![[0xff; FRAME_LEN]; 6];
    let mut timestamp = world.sing(0, &silence);
    timestamp = world.sing(timestamp, &sound("12", softer));
    assert_eq!(world.told(), "");
    timestamp = world.sing(timestamp, &vec![[0xff; FRAME_LEN]; 20]);
    world.sing(timestamp, &sound("7", encode_ulaw));
    world.pass(Duration::from_millis(300));
    assert_eq!(world.told(), "7");
}

#[test]
fn how_long_a_key_sounded_is_told_with_it() {
    let mut world = listening(&[pcmu()]);
    world.sing(0, &sound("5", encode_ulaw));
    let events = world.events();
    let [Event::Connected { .. }, Event::Dtmf { duration, .. }] = events[..] else { panic!("{events:?}") };
    assert!(duration.abs_diff(TONE) < Duration::from_millis(15), "{duration:?}");
}

#[test]
fn a_key_is_one_key_though_packets_of_it_are_lost_late_or_twice() {
    let mut world = listening(&[pcmu()]);
    let frames = sound("5", encode_ulaw);
    for (frame, at) in frames.iter().zip(0u32..) {
        world.sequence += 1;
        if at == 2 {
            continue;
        }
        let header = Header { marker: false, payload_type: 0, sequence: world.sequence, timestamp: at * 160, ssrc: 2 };
        for _ in 0..2 {
            let mut packet = [&header.to_bytes()[..], frame].concat();
            let key = world.bridge.keys[&B];
            world.bridge.receive_rtp(
                world.now,
                (key, MediumKind::Audio),
                World::address(B),
                &mut packet,
                &mut world.out,
            );
        }
    }
    assert_eq!(world.told(), "5");
}

#[test]
fn the_same_key_twice_is_two_keys_though_the_peer_leaves_silence_out() {
    let mut world = listening(&[pcmu()]);
    let tone = &sound("5", encode_ulaw)[..5];
    world.sing(0, tone);
    world.pass(TONE);
    world.sing(1600, tone);
    assert_eq!(world.told(), "5");
    world.pass(Duration::from_millis(250));
    assert_eq!(world.told(), "5", "the peer fell silent");
}

#[test]
fn a_key_that_is_down_when_listening_ends_is_told() {
    let mut world = listening(&[pcmu()]);
    world.sing(0, &sound("5", encode_ulaw)[..5]);
    world.command(Command::ListenForKeys { leg: B, listen: false });
    assert_eq!(world.told(), "5");
    world.command(Command::ListenForKeys { leg: B, listen: false });
    world.pass(Duration::from_secs(1));
    assert_eq!(world.told(), "");
}

#[test]
fn a_service_hears_keys_in_the_sound() {
    let mut world = World::new();
    world.bridge.open_service(World::new_leg(C), Service::DtmfReadback);
    world.phone(B, &[pcmu()]);
    world.join(B, C);
    world.command(Command::ListenForKeys { leg: B, listen: true });
    world.sing(0, &sound("3", encode_ulaw));
    world.pass(Duration::from_secs(3));
    assert!(world.heard(B).iter().any(|(_, payload)| payload.iter().any(|&code| code != 0xff)));
}

#[test]
fn keys_in_the_sound_become_events_for_a_leg_that_knows_them_and_go_out_of_the_sound() {
    let mut world = listening(&[pcmu(), keys(8000, 101)]);
    let mut frames = vec![[0x55; FRAME_LEN]; 5];
    frames.extend(sound("9", encode_ulaw));
    let next = world.sing(0, &frames);
    world.sing(next, &[[0x55; FRAME_LEN]; 20]);
    let heard = world.heard(A);
    for pair in heard.windows(2) {
        assert_eq!(pair[1].0.sequence, pair[0].0.sequence.wrapping_add(1));
    }
    let (events, sound): (Vec<_>, Vec<_>) = heard.into_iter().partition(|(header, _)| header.payload_type == 101);
    assert_eq!(events.iter().filter(|(_, payload)| payload[0] == 9 && payload[1] & 0x80 != 0).count(), 3);
    assert_eq!(keys_in(&sound, Codec::Pcmu), "");
    assert_eq!(world.told(), "9");
}

#[test]
fn events_become_tones_for_a_leg_that_knows_no_events() {
    let mut world = World::new();
    world.phone(A, &[pcmu(), keys(8000, 101)]);
    world.phone(B, &[pcmu()]);
    world.join(A, B);
    world.press(A, 101, 5, 1000);
    world.pass(Duration::from_secs(1));
    assert_eq!(keys_in(&world.heard(B), Codec::Pcmu), "5");
    assert!(!world.events().contains(&Event::DtmfSent { leg: B }), "nobody ordered it, so nobody is told");
    assert_eq!(world.stats(A).untranslatable, 0);
}

#[test]
fn keys_in_the_sound_stay_there_where_the_other_leg_knows_nothing_else() {
    let mut world = listening(&[pcmu()]);
    world.sing(0, &sound("9", encode_ulaw));
    world.pass(Duration::from_secs(1));
    let heard = world.heard(A);
    assert_eq!((heard.len(), keys_in(&heard, Codec::Pcmu).as_str()), (10, "9"));
}

#[test]
fn a_key_is_told_on_the_clock_that_holds_when_the_codec_changes_while_it_is_down() {
    let mut world = World::new();
    world.phone(A, &[audio(Codec::Opus, 111)]);
    world.phone(B, &[audio(Codec::Opus, 111), keys(48_000, 110)]);
    world.join(A, B);
    world.say(A, 111, 0, b"opus");
    world.command(Command::SendDtmf { leg: B, digits: "12".parse().unwrap(), tone: TONE * 2, gap: TONE });
    world.pass(TONE);
    world.describe(A, &[pcmu()]);
    world.describe(B, &[pcmu(), keys(8000, 101)]);
    world.pass(TONE * 6);
    world.say(A, 0, 0, b"pcmu");
    let heard = world.heard(B);
    let (first, second): (Vec<_>, Vec<_>) = heard[1..heard.len() - 1].iter().partition(|(_, payload)| payload[0] == 1);
    // One event is one timestamp, whatever happens meanwhile; its length is in ticks of the packet's own clock.
    assert!(first.iter().all(|(header, _)| header.timestamp == first[0].0.timestamp));
    assert!(first.iter().map(|(header, _)| header.payload_type).is_sorted_by(|a, b| a >= b), "110, then 101");
    let last = first.last().unwrap();
    assert_eq!((last.0.payload_type, &last.1[1..]), (101, &[0x8a, 6, 64][..]), "200 ms at 8000 Hz");
    // The next begins so much later as time has passed since, by the clock that holds.
    assert!(second.iter().all(|(header, payload)| header.payload_type == 101 && payload[0] == 2));
    assert_eq!(second[0].0.timestamp - first[0].0.timestamp, 340 * 8);
    let sound = &heard.last().unwrap().0;
    assert_eq!((sound.payload_type, sound.timestamp - second[0].0.timestamp), (0, 360 * 8));
}

#[test]
fn a_listener_decodes_what_was_coded() {
    for (encode, decode) in [(encode_ulaw as fn(i16) -> u8, decode_ulaw as fn(u8) -> i16), (encode_alaw, decode_alaw)] {
        let loudest = sound("D", encode).iter().flatten().map(|&code| decode(code).unsigned_abs()).max().unwrap();
        assert!((14_000..17_000).contains(&loudest), "{loudest}");
    }
}

proptest::proptest! {
    /// Whatever is said in whatever order, nothing panics and every timer comes to rest.
    #[test]
    fn any_sound_is_survived(
        packets in proptest::collection::vec(
            (proptest::prelude::any::<(u16, u32, bool)>(), proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)), 0..30)
    ) {
        let mut world = listening(&[pcmu(), keys(8000, 101)]);
        for ((sequence, timestamp, near), payload) in packets {
            world.sequence = if near { world.sequence.wrapping_add(sequence % 6) } else { sequence % 0xff00 };
            world.say(B, 0, timestamp % 2000, &payload);
            world.pass(FRAME);
        }
        world.command(Command::Close { leg: B });
        world.command(Command::Close { leg: A });
        proptest::prop_assert_eq!(world.bridge.deadline(), None);
    }
}
