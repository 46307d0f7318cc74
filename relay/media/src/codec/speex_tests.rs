//! What libspeex is given and gives.

use proptest::prelude::*;

use super::*;

const RATES: [u32; 2] = [8_000, 16_000];

/// A vowel: harmonics of a voice that rises, with a formant.
fn vowel(rate: u32, milliseconds: u32) -> Vec<i16> {
    let count = samples(rate, milliseconds);
    let sample = |index: usize| {
        let time = index as f64 / f64::from(rate);
        let phase = std::f64::consts::TAU * (120.0 * time + 10.0 * time * time);
        let harmonic = |n: u32| (phase * f64::from(n)).sin() / (1.0 + (f64::from(n) - 5.0).abs());
        ((1..20).map(harmonic).sum::<f64>() * 4000.0) as i16
    };
    (0..count).map(sample).collect()
}

fn encoded(encoder: &mut Encoder, sound: &[i16]) -> Vec<u8> {
    let mut payload = Vec::new();
    encoder.encode(sound, &mut payload);
    payload
}

/// How alike two sounds are at the shift at which they are most, from -1 to 1.
fn likeness(one: &[i16], other: &[i16], most: usize) -> f64 {
    let at = |shift: usize| {
        let pairs = one.iter().zip(other.iter().skip(shift)).map(|(a, b)| (f64::from(*a), f64::from(*b)));
        let (mut product, mut first, mut second) = (0.0, 0.0, 0.0);
        for (a, b) in pairs {
            product += a * b;
            first += a * a;
            second += b * b;
        }
        product / (first * second).sqrt()
    };
    (0..most).map(at).fold(-1.0, f64::max)
}

#[test]
fn a_vowel_comes_back_as_it_was() {
    for rate in RATES {
        let (mut encoder, mut decoder) = (Encoder::new(rate).unwrap(), Decoder::new(rate).unwrap());
        let sound = vowel(rate, 1000);
        let mut heard = Vec::new();
        for frame in sound.chunks(samples(rate, FRAME)) {
            let payload = encoded(&mut encoder, frame);
            assert_eq!(payload.len(), if rate == 8_000 { 38 } else { 70 });
            assert!(decoder.decode(&payload, &mut heard));
        }
        assert_eq!(heard.len(), sound.len());
        let settled = samples(rate, 200);
        let likeness = likeness(&sound[settled..], &heard[settled..], samples(rate, 40));
        assert!(likeness > 0.9, "{rate}: {likeness}");
    }
}

#[test]
fn a_packet_holds_as_many_frames_as_are_put_in() {
    for rate in RATES {
        for frames in 1..=6 {
            let (mut encoder, mut decoder) = (Encoder::new(rate).unwrap(), Decoder::new(rate).unwrap());
            let sound = vowel(rate, FRAME * frames);
            let payload = encoded(&mut encoder, &sound);
            let mut heard = Vec::new();
            assert!(decoder.decode(&payload, &mut heard));
            assert_eq!(heard.len(), sound.len(), "{frames} frames at {rate}");
        }
    }
}

#[test]
fn the_rest_of_the_last_byte_is_a_zero_and_ones() {
    // 300 bits of a frame at 8 kHz: four are left of the last byte.
    let payload = encoded(&mut Encoder::new(8_000).unwrap(), &vowel(8_000, 20));
    assert_eq!(payload.last().unwrap() & 0x0f, 0b0111);
}

#[test]
fn what_is_no_speex_is_no_sound() {
    let mut decoder = Decoder::new(8_000).unwrap();
    let mut heard = Vec::new();
    for payload in [&[][..], &[0x7f], &[0xff; 40], &[0; 1501]] {
        assert!(!decoder.decode(payload, &mut heard), "{payload:?}");
    }
    assert!(heard.is_empty());
    // It is none the worse for it.
    let payload = encoded(&mut Encoder::new(8_000).unwrap(), &vowel(8_000, 20));
    assert!(decoder.decode(&payload, &mut heard));
}

#[test]
fn there_is_no_speex_at_other_rates() {
    assert!(Decoder::new(48_000).is_none() && Encoder::new(32_000).is_none());
}

#[test]
fn states_are_let_go_with_their_keys_and_are_of_no_use_to_other_threads() {
    let count = || (DECODERS.with_borrow(Slab::len), ENCODERS.with_borrow(Slab::len));
    let before = count();
    let (encoder, mut decoder) = (Encoder::new(8_000).unwrap(), Decoder::new(8_000).unwrap());
    assert_eq!(count(), (before.0 + 1, before.1 + 1));
    drop(encoder);
    let payload = encoded(&mut Encoder::new(8_000).unwrap(), &vowel(8_000, 20));
    let elsewhere = move || {
        let other = Decoder::new(8_000).unwrap();
        assert!(!decoder.decode(&payload, &mut Vec::new()));
        drop((other, decoder));
    };
    thread::spawn(elsewhere).join().unwrap();
    assert_eq!(count().1, before.1);
}

proptest! {
    #[test]
    fn any_payload_is_survived(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..20),
        wide in any::<bool>(),
    ) {
        let rate = if wide { 16_000 } else { 8_000 };
        let mut decoder = Decoder::new(rate).unwrap();
        for payload in payloads {
            let mut heard = Vec::new();
            let any = decoder.decode(&payload, &mut heard);
            prop_assert_eq!(any, !heard.is_empty());
            prop_assert!(heard.len() <= samples(rate, LONGEST_PACKET));
            prop_assert_eq!(heard.len() % samples(rate, FRAME), 0);
        }
    }

    #[test]
    fn a_payload_with_flipped_bits_is_survived(flips in proptest::collection::vec(0usize..560, 1..40)) {
        let mut encoder = Encoder::new(16_000).unwrap();
        let mut decoder = Decoder::new(16_000).unwrap();
        for frame in vowel(16_000, 100).chunks(320) {
            let mut payload = encoded(&mut encoder, frame);
            for flip in &flips {
                payload[flip / 8] ^= 1 << (flip % 8);
            }
            decoder.decode(&payload, &mut Vec::new());
        }
    }
}
