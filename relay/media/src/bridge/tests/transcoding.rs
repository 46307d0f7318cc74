//! Legs that have no codec in common: what one says is heard by the other in a codec of its own.

use std::f32::consts::TAU;

use super::*;
use crate::codec::{Coded, Decoder, Encoder, Noise, is_transcodable, rate, samples};
use crate::dtmf::Digit;

const CN: u8 = 13;

/// Every codec that can be decoded and encoded, with a payload type.
fn codecs() -> impl Iterator<Item = PayloadFormat> {
    Codec::ALL.into_iter().filter(|codec| is_transcodable(*codec)).zip(96..).map(|(codec, pt)| audio(codec, pt))
}

fn format_of(codec: Codec) -> PayloadFormat {
    codecs().find(|format| format.format == Format::Audio(codec)).unwrap()
}

fn comfort_noise() -> PayloadFormat {
    PayloadFormat { format: Format::ComfortNoise { clock: 8000 }, receive_pt: CN, send_pt: CN }
}

/// Somebody who sings a tone in packets of one length.
struct Singer {
    leg: LegId,
    codec: Codec,
    encoder: Encoder,
    ptime: u32,
    header: Header,
    loudness: f32,
    /// Samples sung so far.
    sung: usize,
}

impl Singer {
    fn new(leg: LegId, codec: Codec) -> Self {
        let wishes = SoundWishes { opus_fec: true, ..SoundWishes::default() };
        let mut encoder = Encoder::new(codec, rate(codec, 16_000), &wishes).unwrap();
        encoder.set_loss(20);
        let payload_type = format_of(codec).receive_pt;
        let header =
            Header { marker: true, payload_type, sequence: 60_000, timestamp: 0xffff_0000, ssrc: leg.0 as u32 };
        Self { leg, codec, encoder, ptime: 20, header, loudness: 8000.0, sung: 0 }
    }

    fn packet(&mut self, frequency: f32) -> (Header, Vec<u8>) {
        let rate = self.encoder.rate();
        let count = samples(rate, self.ptime);
        let sound: Vec<i16> = (self.sung..self.sung + count)
            .map(|at| ((TAU * frequency * at as f32 / rate as f32).sin() * self.loudness) as i16)
            .collect();
        self.sung += count;
        let mut payload = Vec::new();
        assert_eq!(self.encoder.encode(&sound, &mut payload), Coded::Speech);
        (self.next(), payload)
    }

    /// The header of the next packet.
    fn next(&mut self) -> Header {
        let header = self.header;
        let ticks = self.codec.clock() / 1000 * self.ptime;
        self.header = Header {
            marker: false,
            sequence: header.sequence.wrapping_add(1),
            timestamp: header.timestamp.wrapping_add(ticks),
            ..header
        };
        header
    }

    fn time(&self) -> Duration {
        Duration::from_millis(self.ptime.into())
    }
}

impl World {
    fn transcoding(a: &[PayloadFormat], b: &[PayloadFormat]) -> Self {
        let mut world = Self::new();
        world.phone(A, a);
        world.phone(B, b);
        world.join(A, B);
        world
    }

    fn arrive(&mut self, leg: LegId, header: Header, payload: &[u8]) {
        let mut packet = [&header.to_bytes()[..], payload].concat();
        let key = self.bridge.keys[&leg];
        self.bridge.receive_rtp(self.now, (key, MediumKind::Audio), Self::address(leg), &mut packet, &mut self.out);
    }

    /// Sings for so many packets, of which those are lost that `is_lost` says.
    fn hear_sing(&mut self, singer: &mut Singer, frequency: f32, packets: usize, is_lost: impl Fn(usize) -> bool) {
        for at in 0..packets {
            let (header, payload) = singer.packet(frequency);
            if !is_lost(at) {
                self.arrive(singer.leg, header, &payload);
            }
            self.pass(singer.time());
        }
    }

    /// A leg's telephone reports that it lost so many of 256 packets.
    fn report_loss(&mut self, leg: LegId, lost: u8) {
        let key = self.bridge.keys[&leg];
        let ssrc = (0x1000 + leg.0 as u32).to_be_bytes();
        let mut body = [&[0x81, 201, 0, 7, 0, 0, 0, 2][..], &ssrc, &[lost, 0, 0, 1], &[0; 16]].concat();
        let from = SocketAddr::new(Self::address(leg).ip(), 4001);
        self.bridge.receive_rtcp(self.now, (key, MediumKind::Audio), from, &mut body, &mut self.out);
        assert!(self.stats(leg).remote_loss.is_some());
    }

    fn is_transcoding(&self, leg: LegId) -> bool {
        self.bridge.legs[self.bridge.keys[&leg]].transcoding.is_some()
    }
}

/// What is heard in these packets, which have to be one unbroken stream.
fn decoded(packets: &[(Header, Vec<u8>)], codec: Codec, ptime: u32) -> (Vec<i16>, u32) {
    let mut decoder = Decoder::new(codec, 16_000).unwrap();
    let mut sound = Vec::new();
    for pair in packets.windows(2) {
        let (one, next) = (pair[0].0, pair[1].0);
        assert_eq!(next.sequence, one.sequence.wrapping_add(1));
        assert_eq!(next.timestamp.wrapping_sub(one.timestamp), codec.clock() / 1000 * ptime);
        assert_eq!(next.ssrc, one.ssrc);
    }
    for (header, payload) in packets {
        assert_eq!(header.payload_type, format_of(codec).send_pt);
        assert!(decoder.decode(payload, &mut sound));
    }
    assert_eq!(sound.len(), packets.len() * samples(decoder.rate(), ptime));
    (sound, decoder.rate())
}

/// The part of the power that is at a frequency, in pieces of 100 ms: what was lost shifts a tone.
fn share(sound: &[i16], rate: u32, frequency: f32) -> f32 {
    let pieces = sound.chunks_exact(rate as usize / 10);
    let count = pieces.len();
    let shares = pieces.map(|piece| {
        let sum = |function: fn(f32) -> f32| -> f32 {
            let turn = |at: usize| function(TAU * frequency * at as f32 / rate as f32);
            piece.iter().enumerate().map(|(at, &sample)| f32::from(sample) * turn(at)).sum()
        };
        let whole: f32 = piece.iter().map(|&sample| f32::from(sample).powi(2)).sum();
        (sum(f32::sin).powi(2) + sum(f32::cos).powi(2)) * 2.0 / piece.len() as f32 / whole.max(1.0)
    });
    shares.sum::<f32>() / count as f32
}

fn level(sound: &[i16]) -> f32 {
    (sound.iter().map(|&sample| f32::from(sample).powi(2)).sum::<f32>() / sound.len().max(1) as f32).sqrt()
}

#[test]
fn every_codec_is_heard_in_every_other_both_ways() {
    for one in codecs() {
        for other in codecs().filter(|other| other.format != one.format) {
            let (Format::Audio(said), Format::Audio(wanted)) = (one.format, other.format) else { unreachable!() };
            let mut world = World::transcoding(&[one], &[other]);
            let mut singer = Singer::new(A, said);
            world.hear_sing(&mut singer, 440.0, 100, |_| false);
            let heard = world.heard(B);
            assert!(heard.len() >= 95, "{said:?} to {wanted:?}: {}", heard.len());
            let (sound, rate) = decoded(&heard, wanted, 20);
            let settled = &sound[rate as usize / 2..];
            let share = share(settled, rate, 440.0);
            assert!(share > 0.95, "{said:?} to {wanted:?}: {share}");
            let level = level(settled);
            assert!((4500.0..6800.0).contains(&level), "{said:?} to {wanted:?}: {level}");
            let stats = world.stats(A);
            assert_eq!((stats.untranslatable, stats.gated), (0, 0));
        }
    }
}

#[test]
fn a_service_is_heard_in_every_codec() {
    for format in codecs() {
        let Format::Audio(codec) = format.format else { continue };
        let mut world = World::new();
        world.bridge.open_service(World::new_leg(C), Service::Tone);
        world.phone(A, &[format]);
        world.join(A, C);
        world.pass(Duration::from_secs(2));
        let (sound, rate) = decoded(&world.heard(A), codec, 20);
        let middle = &sound[sound.len() / 4..];
        assert!(share(middle, rate, 440.0) > 0.8, "{codec:?}: {}", share(middle, rate, 440.0));
    }
}

#[test]
fn the_first_codec_that_the_listener_named_is_the_one() {
    let mut world = World::transcoding(&[format_of(Codec::Opus)], &[format_of(Codec::Pcma), format_of(Codec::Pcmu)]);
    let mut singer = Singer::new(A, Codec::Opus);
    world.hear_sing(&mut singer, 440.0, 10, |_| false);
    let heard = world.heard(B);
    assert!(!heard.is_empty());
    assert!(heard.iter().all(|(header, _)| header.payload_type == format_of(Codec::Pcma).send_pt));
}

#[test]
fn packets_of_any_length_become_packets_of_the_length_that_is_wanted() {
    for (said, wanted) in [(10, 20), (30, 20), (60, 20), (20, 10), (20, 60), (60, 10), (30, 40)] {
        let mut world = World::transcoding(&[format_of(Codec::Pcmu)], &[format_of(Codec::Opus)]);
        world.wish(B, &[format_of(Codec::Opus)], SoundWishes { ptime: Some(wanted), ..SoundWishes::default() });
        let mut singer = Singer { ptime: said, ..Singer::new(A, Codec::Pcmu) };
        world.hear_sing(&mut singer, 440.0, 2400 / said as usize, |_| false);
        let (sound, rate) = decoded(&world.heard(B), Codec::Opus, wanted.into());
        assert!(sound.len() > rate as usize * 2, "{said} to {wanted} ms: {}", sound.len());
        let share = share(&sound[rate as usize / 2..rate as usize * 2], rate, 440.0);
        assert!(share > 0.95, "{said} to {wanted} ms: {share}");
    }
}

#[test]
fn a_change_of_the_packets_length_mid_call_is_not_heard() {
    let mut world = World::transcoding(&[format_of(Codec::Pcmu)], &[format_of(Codec::G722)]);
    let mut singer = Singer::new(A, Codec::Pcmu);
    for ptime in [20, 60, 10, 30, 20] {
        singer.ptime = ptime;
        world.hear_sing(&mut singer, 440.0, 1200 / ptime as usize, |_| false);
    }
    let (sound, rate) = decoded(&world.heard(B), Codec::G722, 20);
    let share = share(&sound[rate as usize / 2..], rate, 440.0);
    assert!(share > 0.9, "{share}");
}

#[test]
fn what_is_lost_is_made_up_for() {
    for one in codecs() {
        let Format::Audio(said) = one.format else { unreachable!() };
        let wanted = if said == Codec::Pcma { Codec::Pcmu } else { Codec::Pcma };
        let mut world = World::transcoding(&[one], &[format_of(wanted)]);
        let mut singer = Singer::new(A, said);
        world.hear_sing(&mut singer, 440.0, 200, |at| at % 20 == 19);
        let (sound, rate) = decoded(&world.heard(B), wanted, 20);
        let settled = &sound[rate as usize / 2..];
        let share = share(settled, rate, 440.0);
        assert!(share > 0.8, "{said:?}: {share}");
        let quietest = settled.chunks_exact(rate as usize / 50).map(level).fold(f32::MAX, f32::min);
        // In G.729 a tone, unlike a voice, is out of step with itself after a loss.
        let least = if said == Codec::G729 { 400.0 } else { 1000.0 };
        assert!(quietest > least, "{said:?}: there is a hole of level {quietest}");
    }
}

#[test]
fn what_comes_in_another_order_or_twice_is_heard_as_it_was_said() {
    let mut world = World::transcoding(&[format_of(Codec::G722)], &[format_of(Codec::Pcmu)]);
    let mut singer = Singer::new(A, Codec::G722);
    world.hear_sing(&mut singer, 440.0, 20, |_| false);
    for _ in 0..50 {
        let (first, second) = (singer.packet(440.0), singer.packet(440.0));
        world.pass(FRAME);
        for (header, payload) in [&second, &first, &first] {
            world.arrive(A, *header, payload);
        }
        world.pass(FRAME);
    }
    let (sound, rate) = decoded(&world.heard(B), Codec::Pcmu, 20);
    let share = share(&sound[rate as usize..], rate, 440.0);
    assert!(share > 0.9, "{share}");
}

#[test]
fn a_source_that_changes_is_heard_on() {
    let mut world = World::transcoding(&[format_of(Codec::Opus), format_of(Codec::G722)], &[format_of(Codec::Pcmu)]);
    let mut first = Singer::new(A, Codec::Opus);
    world.hear_sing(&mut first, 440.0, 50, |_| false);
    // Another codec of the same source: the next sequence number, whatever the clock.
    let mut second = Singer::new(A, Codec::G722);
    second.header.sequence = first.header.sequence;
    world.hear_sing(&mut second, 550.0, 50, |_| false);
    let mut third = Singer::new(A, Codec::Opus);
    third.header.ssrc = 77;
    world.hear_sing(&mut third, 660.0, 50, |_| false);
    let (sound, rate) = decoded(&world.heard(B), Codec::Pcmu, 20);
    for (frequency, second) in [(440.0, 0), (550.0, 1), (660.0, 2)] {
        let begin = rate as usize * second + rate as usize / 2;
        let share = share(&sound[begin..begin + rate as usize * 2 / 5], rate, frequency);
        assert!(share > 0.9, "{frequency} Hz: {share}");
    }
}

#[test]
fn a_listener_that_wants_another_codec_gets_it_in_the_same_stream() {
    let mut world = World::transcoding(&[format_of(Codec::Opus)], &[format_of(Codec::Pcmu)]);
    let mut singer = Singer::new(A, Codec::Opus);
    world.hear_sing(&mut singer, 440.0, 25, |_| false);
    let before = world.heard(B);
    world.describe(B, &[format_of(Codec::G722)]);
    world.hear_sing(&mut singer, 440.0, 50, |_| false);
    let after = world.heard(B);
    assert_eq!(after[0].0.sequence, before.last().unwrap().0.sequence.wrapping_add(1));
    assert_eq!(after[0].0.ssrc, before[0].0.ssrc);
    let (sound, rate) = decoded(&after, Codec::G722, 20);
    assert!(share(&sound[rate as usize / 4..], rate, 440.0) > 0.95);
}

#[test]
fn with_a_codec_in_common_packets_pass_and_nothing_is_kept() {
    let mut world = World::transcoding(&[format_of(Codec::Opus)], &[format_of(Codec::Pcmu)]);
    let mut singer = Singer::new(A, Codec::Opus);
    world.hear_sing(&mut singer, 440.0, 25, |_| false);
    assert!(world.is_transcoding(A) && !world.is_transcoding(B));
    let before = world.heard(B);
    world.describe(B, &[format_of(Codec::Opus)]);
    world.hear_sing(&mut singer, 440.0, 5, |_| false);
    assert!(!world.is_transcoding(A));
    let heard = world.heard(B);
    let passed: Vec<_> =
        heard.iter().filter(|(header, _)| header.payload_type == format_of(Codec::Opus).send_pt).collect();
    assert_eq!(passed.len(), 5);
    let all: Vec<_> = before.iter().chain(&heard).collect();
    assert!(all.windows(2).all(|pair| pair[1].0.sequence == pair[0].0.sequence.wrapping_add(1)));
    world.pass(Duration::from_secs(5));
    assert!(world.heard(B).is_empty());
}

#[test]
fn legs_that_part_keep_nothing() {
    let mut world = World::transcoding(&[format_of(Codec::Opus)], &[format_of(Codec::Pcmu)]);
    let mut singer = Singer::new(A, Codec::Opus);
    world.hear_sing(&mut singer, 440.0, 5, |_| false);
    world.command(Command::Unjoin { leg: B });
    assert!(!world.is_transcoding(A));
    world.heard(B);
    world.pass(Duration::from_secs(5));
    assert!(world.heard(B).is_empty());
}

#[test]
fn a_speaker_that_stops_is_not_sent_for_ever() {
    let mut world = World::transcoding(&[format_of(Codec::Pcmu)], &[format_of(Codec::Pcma)]);
    let mut singer = Singer::new(A, Codec::Pcmu);
    world.hear_sing(&mut singer, 440.0, 50, |_| false);
    world.heard(B);
    world.pass(Duration::from_secs(20));
    let after = world.heard(B).len();
    assert!(after < 70, "{after} packets for nothing");
    world.pass(Duration::from_secs(20));
    assert!(world.heard(B).is_empty());
    // It speaks again.
    singer.header.timestamp = singer.header.timestamp.wrapping_add(40 * 8000);
    world.hear_sing(&mut singer, 440.0, 50, |_| false);
    let heard = world.heard(B);
    assert!(heard.len() > 40 && heard[0].0.marker, "{}", heard.len());
    let (sound, rate) = decoded(&heard, Codec::Pcma, 20);
    assert!(share(&sound[rate as usize / 4..], rate, 440.0) > 0.95);
}

#[test]
fn a_leg_on_hold_hears_nothing() {
    let mut world = World::transcoding(&[format_of(Codec::Pcmu)], &[format_of(Codec::Pcma)]);
    let mut singer = Singer::new(A, Codec::Pcmu);
    world.hear_sing(&mut singer, 440.0, 10, |_| false);
    world.direct(B, Direction::RecvOnly);
    world.heard(B);
    world.hear_sing(&mut singer, 440.0, 100, |_| false);
    assert!(world.heard(B).is_empty());
    world.direct(B, Direction::SendRecv);
    world.hear_sing(&mut singer, 440.0, 50, |_| false);
    assert!(world.heard(B).len() > 40);
}

#[test]
fn a_pause_that_is_described_is_heard_as_noise_by_who_takes_no_description() {
    let mut world = World::transcoding(&[format_of(Codec::Pcmu), comfort_noise()], &[format_of(Codec::Opus)]);
    let mut singer = Singer::new(A, Codec::Pcmu);
    world.hear_sing(&mut singer, 440.0, 50, |_| false);
    world.heard(B);
    let header = singer.next();
    world.arrive(A, Header { payload_type: CN, ..header }, &[40]);
    world.pass(Duration::from_secs(3));
    let (sound, rate) = decoded(&world.heard(B), Codec::Opus, 20);
    let noise = level(&sound[rate as usize..]);
    assert!(sound.len() > rate as usize * 14 / 5 && (100.0..600.0).contains(&noise), "{noise}");
    // And on goes the song.
    singer.header.timestamp = singer.header.timestamp.wrapping_add(3 * 8000 - 160);
    world.hear_sing(&mut singer, 440.0, 100, |_| false);
    let (sound, rate) = decoded(&world.heard(B), Codec::Opus, 20);
    assert!(share(&sound[rate as usize / 2..], rate, 440.0) > 0.95);
}

#[test]
fn a_pause_between_packets_that_pass_is_noise_to_who_takes_no_description() {
    let pcmu = format_of(Codec::Pcmu);
    let mut world = World::transcoding(&[pcmu, comfort_noise()], &[pcmu]);
    let mut singer = Singer::new(A, Codec::Pcmu);
    world.hear_sing(&mut singer, 440.0, 50, |_| false);
    assert_eq!(world.heard(B).len(), 50);
    assert!(!world.is_transcoding(A));
    for _ in 0..10 {
        let header = singer.next();
        world.arrive(A, Header { payload_type: CN, ..header }, &[45]);
        world.pass(FRAME * 10);
        singer.header.timestamp = singer.header.timestamp.wrapping_add(9 * 160);
    }
    let noise = world.heard(B);
    let (sound, rate) = decoded(&noise, Codec::Pcmu, 20);
    let level = level(&sound[rate as usize / 2..]);
    assert!(noise.len() > 90 && (100.0..300.0).contains(&level), "{} at {level}", noise.len());
    world.hear_sing(&mut singer, 440.0, 50, |_| false);
    let heard = world.heard(B);
    assert!(!world.is_transcoding(A));
    assert!((50..=51).contains(&heard.len()));
    assert_eq!(heard[0].0.sequence, noise.last().unwrap().0.sequence.wrapping_add(1));
    assert_eq!(world.stats(A).untranslatable, 0);
}

#[test]
fn a_pause_that_is_described_is_described_to_who_takes_that() {
    let mut world =
        World::transcoding(&[format_of(Codec::Pcmu), comfort_noise()], &[format_of(Codec::G722), comfort_noise()]);
    let mut singer = Singer::new(A, Codec::Pcmu);
    world.hear_sing(&mut singer, 440.0, 50, |_| false);
    world.heard(B);
    let header = singer.next();
    world.arrive(A, Header { payload_type: CN, ..header }, &[45, 100, 120]);
    world.pass(Duration::from_secs(5));
    let heard = world.heard(B);
    let noise: Vec<_> = heard.iter().filter(|(header, _)| header.payload_type == CN).collect();
    assert!((4..=6).contains(&noise.len()) && heard.len() < 12, "{} of {}", noise.len(), heard.len());
    assert!(noise.iter().all(|(_, payload)| payload[..] == [45, 100, 120]));
    // Time has gone on where nothing was sent.
    singer.header.timestamp = singer.header.timestamp.wrapping_add(5 * 8000 - 160);
    world.hear_sing(&mut singer, 440.0, 20, |_| false);
    let again = world.heard(B);
    let first = again.iter().find(|(header, _)| header.payload_type != CN).unwrap().0;
    assert!(first.marker);
    let passed = first.timestamp.wrapping_sub(noise[0].0.timestamp);
    assert!((5 * 8000 - 800..5 * 8000 + 800).contains(&passed), "{passed}");
}

#[test]
fn where_opus_falls_silent_g711_is_sent_noise_or_told_of_it() {
    for described in [false, true] {
        let mut formats = vec![format_of(Codec::Pcmu)];
        formats.extend(described.then(comfort_noise));
        let mut world = World::transcoding(&[format_of(Codec::Opus)], &formats);
        let wishes = SoundWishes { opus_dtx: true, ..SoundWishes::default() };
        let mut encoder = Encoder::new(Codec::Opus, 16_000, &wishes).unwrap();
        let mut singer = Singer::new(A, Codec::Opus);
        // A quiet room.
        let mut room = Noise::new();
        room.set(&[70]);
        let mut sent = 0;
        for _ in 0..250 {
            let mut sound = Vec::new();
            room.make(320, &mut sound);
            let mut payload = Vec::new();
            let header = singer.next();
            if encoder.encode(&sound, &mut payload) == Coded::Speech {
                world.arrive(A, header, &payload);
                sent += 1;
            } else {
                // What browsers send of it: the table of contents alone, once.
                singer.header.sequence = header.sequence;
                if sent > 0 && world.is_transcoding(A) && sent % 7 == 0 {
                    singer.header.sequence = header.sequence.wrapping_add(1);
                    world.arrive(A, header, &[0x48]);
                    sent += 1;
                }
            }
            world.pass(FRAME);
        }
        assert!(sent < 150, "{sent}");
        let heard = world.heard(B);
        let noise = heard.iter().filter(|(header, _)| header.payload_type == CN).count();
        if described {
            assert!(noise >= 1 && heard.len() < 220, "{noise} of {}", heard.len());
        } else {
            assert!(noise == 0 && heard.len() >= 240, "{}", heard.len());
        }
    }
}

#[test]
fn opus_is_left_without_packets_in_a_pause_if_it_wants_that() {
    let mut world = World::transcoding(&[format_of(Codec::Pcmu)], &[format_of(Codec::Opus)]);
    world.wish(B, &[format_of(Codec::Opus)], SoundWishes { opus_dtx: true, ..SoundWishes::default() });
    let mut singer = Singer::new(A, Codec::Pcmu);
    world.hear_sing(&mut singer, 440.0, 25, |_| false);
    world.heard(B);
    for _ in 0..200 {
        let header = singer.next();
        world.arrive(A, header, &[0xff; 160]);
        world.pass(FRAME);
    }
    let quiet = world.heard(B);
    assert!(quiet.len() < 60, "{}", quiet.len());
    assert!(quiet.windows(2).all(|pair| pair[1].0.sequence == pair[0].0.sequence.wrapping_add(1)));
    let last = quiet.last().unwrap().0;
    world.hear_sing(&mut singer, 440.0, 25, |_| false);
    let again = world.heard(B);
    assert!(again.iter().any(|(header, _)| header.marker), "the first after a pause is marked");
    assert!(again.last().unwrap().0.timestamp.wrapping_sub(last.timestamp) >= 24 * 960);
}

#[test]
fn what_the_listener_loses_is_sent_twice_in_opus() {
    let mut world = World::transcoding(&[format_of(Codec::Pcmu)], &[format_of(Codec::Opus)]);
    world.wish(B, &[format_of(Codec::Opus)], SoundWishes { opus_fec: true, ..SoundWishes::default() });
    let mut singer = Singer::new(A, Codec::Pcmu);
    let doubled = |heard: &[(Header, Vec<u8>)]| {
        let mut decoder = Decoder::new(Codec::Opus, 8_000).unwrap();
        heard.iter().filter(|(_, payload)| decoder.recover(payload, 160, &mut Vec::new())).count()
    };
    // What does not change is taken for noise, and noise is not worth a second time.
    let speak = |world: &mut World, singer: &mut Singer| {
        for turn in 0..10u8 {
            singer.loudness = if turn % 2 == 0 { 12_000.0 } else { 500.0 };
            world.hear_sing(singer, 200.0 + 30.0 * f32::from(turn), 5, |_| false);
        }
    };
    speak(&mut world, &mut singer);
    assert_eq!(doubled(&world.heard(B)), 0);
    world.report_loss(B, 51);
    speak(&mut world, &mut singer);
    let heard = world.heard(B);
    assert!(doubled(&heard) > 10, "{}", doubled(&heard));
}

#[test]
fn keys_beside_decoded_sound_are_pressed_on_the_listeners_clock() {
    let mut world =
        World::transcoding(&[format_of(Codec::Opus), keys(48_000, 110)], &[format_of(Codec::Pcmu), keys(8_000, 101)]);
    let mut singer = Singer::new(A, Codec::Opus);
    world.hear_sing(&mut singer, 440.0, 25, |_| false);
    world.heard(B);
    let begin = singer.header.timestamp;
    for (end, duration) in [(0x0au8, 960u16), (0x0a, 1920), (0x8a, 4800), (0x8a, 4800), (0x8a, 4800)] {
        let [high, low] = duration.to_be_bytes();
        let header = Header { payload_type: 110, timestamp: begin, ..singer.next() };
        world.arrive(A, header, &[5, end, high, low]);
        world.pass(FRAME);
    }
    world.hear_sing(&mut singer, 440.0, 25, |_| false);
    let heard = world.heard(B);
    let events: Vec<_> = heard.iter().filter(|(header, _)| header.payload_type == 101).collect();
    assert!(events.len() >= 5);
    assert!(events.iter().all(|(header, payload)| payload[0] == 5 && header.timestamp == events[0].0.timestamp));
    assert!(heard.windows(2).all(|pair| pair[1].0.sequence == pair[0].0.sequence.wrapping_add(1)));
    let told = world.events();
    assert!(
        told.iter()
            .any(|event| matches!(event, Event::Dtmf { leg: A, digit, .. } if *digit == Digit::from_event(5).unwrap()))
    );
}

#[test]
fn keys_of_the_same_clock_beside_decoded_sound_are_one_event() {
    let mut world =
        World::transcoding(&[format_of(Codec::G722), keys(8_000, 101)], &[format_of(Codec::Pcmu), keys(8_000, 102)]);
    let mut singer = Singer::new(A, Codec::G722);
    world.hear_sing(&mut singer, 440.0, 25, |_| false);
    world.heard(B);
    let begin = singer.header.timestamp;
    // Sound goes on between the packets of the key.
    for (end, duration) in [(0x0au8, 160u16), (0x0a, 320), (0x8a, 800), (0x8a, 800), (0x8a, 800)] {
        let [high, low] = duration.to_be_bytes();
        let header = Header { payload_type: 101, timestamp: begin, ..singer.next() };
        world.arrive(A, header, &[5, end, high, low]);
        let (header, payload) = singer.packet(440.0);
        world.arrive(A, header, &payload);
        world.pass(FRAME);
    }
    world.hear_sing(&mut singer, 440.0, 25, |_| false);
    let heard = world.heard(B);
    let events: Vec<_> = heard.iter().filter(|(header, _)| header.payload_type == 102).collect();
    assert!(events.len() >= 5);
    assert!(events.iter().all(|(header, _)| header.timestamp == events[0].0.timestamp));
}

#[test]
fn what_makes_no_sense_is_heard_as_something_and_harms_nothing() {
    for one in codecs() {
        let wanted = if one.format == Format::Audio(Codec::Pcma) { Codec::Pcmu } else { Codec::Pcma };
        let mut world = World::transcoding(&[one], &[format_of(wanted)]);
        let Format::Audio(said) = one.format else { unreachable!() };
        let mut singer = Singer::new(A, said);
        for at in 0..200u32 {
            let header = singer.next();
            let length = (at * 7919 % 1400) as usize;
            let payload: Vec<u8> = (0..length as u32).map(|byte| (byte * 31 + at * 17) as u8).collect();
            world.arrive(A, header, &payload);
            world.pass(FRAME);
        }
        let heard = world.heard(B);
        assert!(heard.len() <= 201, "{}", heard.len());
        world.hear_sing(&mut singer, 440.0, 100, |_| false);
        let (sound, rate) = decoded(&world.heard(B), wanted, 20);
        let share = share(&sound[rate as usize * 3 / 2..], rate, 440.0);
        assert!(share > 0.9, "{said:?}: {share}");
    }
}
