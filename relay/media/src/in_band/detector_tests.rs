//! What Q.24 asks of a receiver, and what a receiver in the path of speech must not do.

use audio_codec_algorithms::{decode_ulaw, encode_ulaw};

use super::*;
use crate::in_band::{KEYPAD, RATE};
use crate::service::spoken;

/// A call that a key is pressed in.
#[derive(Clone, Copy)]
struct Press {
    /// How long, in milliseconds.
    time: usize,
    /// Levels of the lower and the higher tone, in dBm0.
    levels: [f32; 2],
    /// How far off both are.
    off: f32,
    /// The level of the noise beside them, in dBm0.
    noise: f32,
}

const PLAIN: Press = Press { time: 50, levels: [-9.0, -9.0], off: 0.0, noise: -60.0 };

fn amplitude(level: f32) -> f32 {
    REFERENCE * 10f32.powf(level / 20.0)
}

impl Press {
    /// The sound of a key from that sample on, after coding in G.711.
    fn sound(self, row: usize, column: usize, from: usize) -> Vec<i16> {
        let pair = [(FREQUENCIES[row], self.levels[0]), (FREQUENCIES[ROWS + column], self.levels[1])];
        let length = self.time * RATE as usize / 1000;
        let mut random = 0x2545_f491_u32;
        // Evenly distributed, it has a third of the power that its peak would have.
        let noise = amplitude(self.noise) * (3.0f32 / 2.0).sqrt();
        (0..from + length + 1000)
            .map(|at| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let mut sample = noise * (random as f32 / (u32::MAX / 2) as f32 - 1.0);
                if (from..from + length).contains(&at) {
                    let turn = TAU * at as f32 / RATE as f32 * (1.0 + self.off);
                    sample += pair.iter().map(|&(hz, level)| amplitude(level) * (turn * hz + hz).sin()).sum::<f32>();
                }
                decode_ulaw(encode_ulaw(sample as i16))
            })
            .collect()
    }

    /// How many of all keys, wherever in a window they begin, are heard as themselves, once, in percent.
    fn heard(self) -> usize {
        let keys = (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| (row, column)));
        let tries: Vec<_> = keys.flat_map(|key| (200..302).step_by(17).map(move |from| (key, from))).collect();
        let right = |&&((row, column), from): &&((usize, usize), usize)| {
            heard(self.sound(row, column, from)) == KEYPAD[row][column].to_string()
        };
        tries.iter().filter(right).count() * 100 / tries.len()
    }
}

fn tones(sound: impl IntoIterator<Item = i16>) -> Vec<Tone> {
    let mut detector = Detector::new();
    let mut tones: Vec<_> = sound.into_iter().filter_map(|sample| detector.hear(sample)).collect();
    tones.extend(detector.finish());
    tones
}

fn heard(sound: impl IntoIterator<Item = i16>) -> String {
    tones(sound).iter().map(|tone| tone.digit.as_char()).collect()
}

#[test]
fn a_key_of_40_ms_is_taken_and_one_of_23_is_not() {
    for (time, percent) in [(20, 0), (23, 0), (40, 100), (50, 100), (1000, 100)] {
        assert_eq!(Press { time, ..PLAIN }.heard(), percent, "{time} ms");
    }
}

#[test]
fn frequencies_may_be_off_by_1_5_percent_and_not_by_3_5() {
    for (off, percent) in [(-0.04, 0), (-0.035, 0), (-0.015, 100), (0.015, 100), (0.035, 0), (0.04, 0)] {
        for time in [40, 100] {
            assert_eq!(Press { time, off, ..PLAIN }.heard(), percent, "off by {off}, {time} ms");
        }
    }
}

#[test]
fn the_higher_tone_may_be_4_db_louder_or_8_db_softer() {
    for (levels, percent) in
        [([-13.0, -9.0], 100), ([-9.0, -17.0], 100), ([-25.0, -21.0], 100), ([-17.0, -9.0], 0), ([-9.0, -21.0], 0)]
    {
        assert_eq!(Press { levels, ..PLAIN }.heard(), percent, "{levels:?} dBm0");
    }
}

#[test]
fn tones_of_0_to_minus_25_dbm0_are_taken_and_a_whisper_is_not() {
    for (level, percent) in [(0.0, 100), (-3.0, 100), (-25.0, 100), (-40.0, 0)] {
        assert_eq!(Press { levels: [level; 2], ..PLAIN }.heard(), percent, "{level} dBm0");
    }
}

#[test]
fn noise_15_db_below_does_not_matter() {
    assert_eq!(Press { levels: [-15.0; 2], noise: -30.0, ..PLAIN }.heard(), 100);
}

#[test]
fn a_break_of_10_ms_is_bridged_and_a_pause_of_40_parts() {
    for (pause, keys) in [(5, "5"), (10, "5"), (40, "55"), (100, "55")] {
        for from in (200..302).step_by(5) {
            let press = Press { time: 60, ..PLAIN };
            let end = from + 60 * 8 + pause * 8;
            let first = press.sound(1, 1, from).into_iter().take(end);
            let second = press.sound(1, 1, 0);
            assert_eq!(heard(first.chain(second)), keys, "{pause} ms after sample {from}");
        }
    }
}

#[test]
fn how_long_it_was_pressed_is_told() {
    for time in [60, 100, 500, 2000] {
        let heard = tones(Press { time, ..PLAIN }.sound(2, 1, 333));
        let told = heard[0].samples as usize / 8;
        assert!(told.abs_diff(time) < 15, "{time} ms, told {told}");
    }
}

#[test]
fn one_tone_alone_and_three_are_no_key() {
    let sine = |frequencies: &[f32]| -> Vec<i16> {
        let turn = |at: usize| TAU * at as f32 / RATE as f32;
        (0..8000)
            .map(|at| frequencies.iter().map(|hz| amplitude(-9.0) * (turn(at) * hz).sin()).sum::<f32>() as i16)
            .collect()
    };
    for frequencies in [
        &[770.0][..],
        &[1336.0],
        &[770.0, 852.0],
        &[770.0, 1336.0, 1477.0],
        &[770.0, 941.0, 1336.0],
        &[350.0, 440.0],
        &[770.0, 1336.0, 2672.0],
    ] {
        assert_eq!(heard(sine(frequencies)), "", "{frequencies:?} Hz");
    }
}

#[test]
fn speech_is_no_key() {
    // Spoken faster and slower it is another voice.
    for rate in [70, 80, 90, 100, 110, 120, 130, 140] {
        let words = spoken().flat_map(|spoken| (0..spoken.len() * 100 / rate).map(move |at| spoken[at * rate / 100]));
        assert_eq!(heard(words.map(decode_ulaw)), "", "at {rate} %");
    }
}

#[test]
fn a_key_is_heard_through_a_voice() {
    let voice = include_bytes!("../../assets/sentence.ulaw").map(|code| decode_ulaw(code) / 16);
    let mut sound = voice;
    for (sample, tone) in sound[8000..].iter_mut().zip(Press { time: 100, ..PLAIN }.sound(3, 2, 0)) {
        *sample += tone;
    }
    assert_eq!(heard(sound), "#");
}

#[test]
fn a_steady_tone_that_is_off_is_not_expected_to_become_a_key_for_ever() {
    let mut detector = Detector::new();
    let off = Press { time: 1000, off: 0.035, ..PLAIN }.sound(0, 0, 0);
    let kept = off.iter().take(8000).filter(|sample| detector.hear(**sample).is_some() || detector.expects()).count();
    assert!(kept < 2 * usize::from(2 * HITS * HOP), "{kept} samples");
}
