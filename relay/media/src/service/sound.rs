//! The sounds of the service numbers, as G.711 µ-law at 8 kHz.

use std::f64::consts::TAU;

use audio_codec_algorithms::encode_ulaw;

use crate::dtmf::Digit;

/// Samples per second.
pub(super) const RATE: usize = 8000;
/// The µ-law code of no sound at all.
pub(super) const SILENCE: u8 = 0xff;
/// The pitch of the test tone.
const PITCH: usize = 440;
/// Samples after which the tone repeats: 11 whole waves.
const PERIOD: usize = 200;
/// About −10 dBFS: loud enough to measure, soft enough not to hurt.
const AMPLITUDE: f64 = 10_000.0;

/// What a person is told after the tone. How it was made stands in `assets/make.sh`.
pub(super) const SENTENCE: &[u8] = include_bytes!("../../assets/sentence.ulaw");

const KEYS: [&[u8]; 16] = [
    include_bytes!("../../assets/key-0.ulaw"),
    include_bytes!("../../assets/key-1.ulaw"),
    include_bytes!("../../assets/key-2.ulaw"),
    include_bytes!("../../assets/key-3.ulaw"),
    include_bytes!("../../assets/key-4.ulaw"),
    include_bytes!("../../assets/key-5.ulaw"),
    include_bytes!("../../assets/key-6.ulaw"),
    include_bytes!("../../assets/key-7.ulaw"),
    include_bytes!("../../assets/key-8.ulaw"),
    include_bytes!("../../assets/key-9.ulaw"),
    include_bytes!("../../assets/key-10.ulaw"),
    include_bytes!("../../assets/key-11.ulaw"),
    include_bytes!("../../assets/key-12.ulaw"),
    include_bytes!("../../assets/key-13.ulaw"),
    include_bytes!("../../assets/key-14.ulaw"),
    include_bytes!("../../assets/key-15.ulaw"),
];

/// The spoken name of a key.
pub(super) fn key(digit: Digit) -> &'static [u8] {
    KEYS.get(usize::from(digit.event())).copied().unwrap_or_default()
}

/// Everything that is spoken, for whoever must not take it for something else.
#[cfg(test)]
pub(crate) fn spoken() -> impl Iterator<Item = &'static [u8]> {
    std::iter::once(SENTENCE).chain(KEYS)
}

/// One period of the 440 Hz tone; played in a loop it has no seam.
pub(super) fn tone() -> [u8; PERIOD] {
    std::array::from_fn(|sample| {
        let phase = TAU * (sample * PITCH) as f64 / RATE as f64;
        encode_ulaw((phase.sin() * AMPLITUDE) as i16)
    })
}

#[cfg(test)]
mod tests {
    use audio_codec_algorithms::decode_ulaw;

    use super::*;

    #[test]
    fn the_tone_is_whole_waves_of_440_hz() {
        let tone: Vec<f64> = tone().iter().map(|&code| f64::from(decode_ulaw(code))).collect();
        // Its energy at 440 Hz, by correlation, is nearly all of it.
        let at = |function: fn(f64) -> f64| -> f64 {
            tone.iter().enumerate().map(|(n, sample)| sample * function(TAU * (n * PITCH) as f64 / RATE as f64)).sum()
        };
        let (sine, cosine) = (at(f64::sin), at(f64::cos));
        let found = (sine * sine + cosine * cosine) * 2.0 / PERIOD as f64;
        let whole: f64 = tone.iter().map(|sample| sample * sample).sum();
        assert!(found / whole > 0.99, "{}", found / whole);
        assert_eq!(PERIOD * PITCH % RATE, 0);
    }

    #[test]
    fn every_key_has_a_name_of_sensible_length() {
        for event in 0..16 {
            let sound = key(Digit::from_event(event).unwrap());
            assert!((RATE / 5..RATE).contains(&sound.len()), "key {event}");
        }
    }
}
