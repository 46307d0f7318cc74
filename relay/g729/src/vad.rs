//! Whether somebody speaks: the voice activity detection of Annex B, §B.3. What a frame is like is compared with the
//! running averages of what the background is like.

use crate::ORDER;
use crate::analysis::{Correlations, LAGS, Prediction};
use crate::lsf::Frequencies;
use crate::lsf_search::square;
use std::f32::consts::PI;

/// Below this nobody speaks, in dB.
const SILENT: f32 = 15.0;
/// Frames that the averages begin with; they count as speech.
const BEGINNING: u32 = 32;
/// Frames after which the lowest energy is known.
const KNOWN: u32 = 128;
/// Spectra nearer to each other than this are alike.
const ALIKE: f32 = 0.002_532_959;

/// The filter that leaves what is below 1 kHz: its impulse response's correlations, × 2^15, of §B.3.1.2.
const LOW_BAND: [f32; LAGS + 1] =
    [7869.0, 7011.0, 4838.0, 2299.0, 321.0, -660.0, -782.0, -484.0, -164.0, 3.0, 39.0, 21.0, 4.0];

/// What a frame is like, §B.3.1.
#[derive(Debug, Clone, Copy)]
struct Features {
    /// Of the whole band, in dB.
    energy: f32,
    /// Below 1 kHz, in dB.
    low_energy: f32,
    /// The part of neighbouring samples with different signs.
    crossings: f32,
    /// Line spectral frequencies, in sampling rates.
    spectrum: Frequencies,
}

impl Features {
    fn of(correlations: &Correlations, frequencies: &Frequencies, frame: &[f32]) -> Self {
        let decibels = |energy: f32| 10.0 * (energy / 240.0).max(1e-3).log10();
        let both_sides: f32 = LOW_BAND[1..].iter().zip(&correlations[1..]).map(|(one, other)| one * other).sum();
        let low = (LOW_BAND[0] * correlations[0] + 2.0 * both_sides) / 32768.0;
        let changes = frame.windows(2).filter(|pair| (pair[0] < 0.0) != (pair[1] < 0.0)).count();
        Self {
            energy: decibels(correlations[0]),
            low_energy: decibels(low),
            crossings: changes as f32 / frame.len() as f32,
            spectrum: frequencies.map(|frequency| frequency / (2.0 * PI)),
        }
    }

    /// How far this spectrum is from another.
    fn distance(&self, other: &Frequencies) -> f32 {
        (0..ORDER).map(|i| square(self.spectrum[i] - other[i])).sum()
    }
}

/// How much of the old averages an update keeps, by how many there have been: energies, crossings, spectrum.
fn keep(updates: u32) -> [f32; 3] {
    match updates {
        0..20 => [0.75, 0.8, 0.6],
        20..30 => [0.95, 0.92, 0.65],
        30..40 => [0.97, 0.94, 0.7],
        40..50 => [0.99, 0.96, 0.75],
        50..60 => [0.995, 0.99, 0.75],
        _ => [0.995, 0.998, 0.75],
    }
}

/// Listens for voices.
#[derive(Debug, Clone)]
pub(crate) struct Vad {
    /// Frames so far that were not silent.
    frames: u32,
    background: Features,
    updates: u32,
    lowest: Lowest,
    /// The decisions on the last two frames, newest first.
    voices: [bool; 2],
    last_energy: f32,
    /// Whether voices may be prolonged, and by how many frames they are.
    prolongs: bool,
    prolonged: u32,
    /// Frames without a voice in a row.
    silence: u32,
}

impl Vad {
    /// Before the first frame.
    pub(crate) fn new() -> Self {
        Self {
            frames: 0,
            background: Features { energy: 0.0, low_energy: 0.0, crossings: 0.0, spectrum: [0.0; ORDER] },
            updates: 0,
            lowest: Lowest::new(),
            voices: [true; 2],
            last_energy: 0.0,
            prolongs: true,
            prolonged: 0,
            silence: 0,
        }
    }

    /// Whether there is a voice in a frame.
    pub(crate) fn hears_voice(
        &mut self,
        correlations: &Correlations,
        prediction: &Prediction,
        frequencies: &Frequencies,
        frame: &[f32],
    ) -> bool {
        let features = Features::of(correlations, frequencies, frame);
        let voice = if self.frames < BEGINNING {
            self.begin(&features)
        } else {
            self.lowest.push(features.energy);
            self.frames = self.frames.saturating_add(1);
            self.decide(&features, prediction.second_reflection)
        };
        self.last_energy = features.energy;
        self.voices = [voice, self.voices[0]];
        voice
    }

    /// A frame of the beginning (§B.3.3). Silent ones say nothing about the background; unlike in the Recommendation they do not
    /// count at all, so that a line that is dead at first has a background as soon as it has sound.
    fn begin(&mut self, features: &Features) -> bool {
        if features.energy < SILENT {
            return false;
        }
        self.lowest.push(features.energy);
        let share = 1.0 / (self.frames + 1) as f32;
        let mix = |old: f32, new: f32| old + share * (new - old);
        let background = &mut self.background;
        background.energy = mix(background.energy, features.energy);
        background.crossings = mix(background.crossings, features.crossings);
        background.spectrum = std::array::from_fn(|i| mix(background.spectrum[i], features.spectrum[i]));
        self.frames += 1;
        if self.frames == BEGINNING {
            // Some of that was speech, or all of it: the background is taken to be lower.
            background.low_energy = background.energy - 12.0;
            background.energy -= 10.0;
        }
        true
    }

    fn decide(&mut self, features: &Features, second_reflection: f32) -> bool {
        let distance = features.distance(&self.background.spectrum);
        let first = features.energy >= SILENT && self.stands_out(features, distance);
        let voice = self.smooth(first, features, second_reflection);
        self.learn(features, distance, second_reflection);
        voice
    }

    /// Whether a frame lies outside what the background may be like: the bounds of Table B.1 (§B.3.5).
    fn stands_out(&self, features: &Features, distance: f32) -> bool {
        let energy = self.background.energy - features.energy;
        let low = self.background.low_energy - features.low_energy;
        let crossings = self.background.crossings - features.crossings;
        distance > 0.00175 * crossings + 0.00085
            || distance > -0.004_545_455 * crossings + 0.001_159_091
            || energy < -25.0 * crossings - 5.0
            || energy < 20.0 * crossings - 6.0
            || energy < -4.7
            || energy < 8800.0 * distance - 12.2
            || distance > 0.0009
            || energy < 25.0 * crossings - 7.0
            || energy < -29.090_91 * crossings - 4.8182
            || energy < -5.3
            || low < 14_000.0 * distance - 15.5
            || low > 0.928_571 * energy + 1.142_85
            || low < -1.5 * energy - 9.0
            || low < 0.714_285 * energy - 2.142_857
    }

    /// Voices end a little later than they seem to, and do not begin for a moment only (§B.3.6).
    fn smooth(&mut self, first: bool, features: &Features, second_reflection: f32) -> bool {
        let [last, before_last] = self.voices;
        let above = features.energy - self.background.energy;
        let rise = features.energy - self.last_energy;
        let (mut voice, mut held) = (first, false);
        if last && !voice && above > 2.0 && features.energy > SILENT {
            (voice, held) = (true, true);
        }
        if !self.prolongs {
            self.prolongs = true;
        } else if before_last && last && !voice && rise.abs() <= 3.0 {
            (voice, held) = (true, true);
            self.prolonged += 1;
            if self.prolonged > 4 {
                (self.prolongs, self.prolonged) = (false, 0);
            }
        }
        if !voice {
            self.silence = self.silence.saturating_add(1);
        } else {
            if self.silence > 10 && rise <= 3.0 {
                voice = false;
            }
            self.silence = 0;
        }
        if above < 3.0 && self.frames > KNOWN && !held && second_reflection < 0.6 {
            voice = false;
        }
        voice
    }

    /// The averages follow frames that are like the background (§B.3.7).
    fn learn(&mut self, features: &Features, distance: f32, second_reflection: f32) {
        let background = &mut self.background;
        if features.energy < background.energy + 3.0 && second_reflection < 0.75 && distance < ALIKE {
            self.updates = self.updates.saturating_add(1);
            let [energy, crossings, spectrum] = keep(self.updates);
            let mix = |keep: f32, old: f32, new: f32| keep * old + (1.0 - keep) * new;
            background.energy = mix(energy, background.energy, features.energy);
            background.low_energy = mix(energy, background.low_energy, features.low_energy);
            background.crossings = mix(crossings, background.crossings, features.crossings);
            background.spectrum = std::array::from_fn(|i| mix(spectrum, background.spectrum[i], features.spectrum[i]));
        }
        let lowest = self.lowest.get();
        let lower = background.energy < lowest && distance < ALIKE;
        if self.frames > KNOWN && (lower || background.energy > lowest + 10.0) {
            background.energy = lowest;
            self.updates = 0;
        }
    }
}

/// The lowest energy of the last 128 frames, kept by eights (§B.3.2).
#[derive(Debug, Clone)]
struct Lowest {
    /// The lowest of each eight, the eight in the making first.
    eights: [f32; 17],
    frames: u32,
}

impl Lowest {
    fn new() -> Self {
        Self { eights: [f32::INFINITY; 17], frames: 0 }
    }

    fn push(&mut self, energy: f32) {
        if self.frames == 8 {
            self.eights.rotate_right(1);
            (self.eights[0], self.frames) = (f32::INFINITY, 0);
        }
        self.eights[0] = self.eights[0].min(energy);
        self.frames += 1;
    }

    fn get(&self) -> f32 {
        self.eights.iter().copied().fold(f32::INFINITY, f32::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_energy_is_forgotten_after_128_frames() {
        let mut lowest = Lowest::new();
        lowest.push(10.0);
        (0..100).for_each(|_| lowest.push(30.0));
        assert_eq!(lowest.get(), 10.0);
        (0..100).for_each(|_| lowest.push(30.0));
        assert_eq!(lowest.get(), 30.0);
    }
}
