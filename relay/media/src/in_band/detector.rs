//! Keys out of sound (ITU-T Q.24).
//!
//! Sound is looked at through windows of 12.75 ms, one every 6.4 ms. Each window is correlated with the eight frequencies
//! (Goertzel's filter), which tells how loud they are; how far their phases have moved from window to window tells how
//! exactly they are hit, much finer than a window so short could tell otherwise. Speech may have the right two
//! frequencies at the right loudness for a moment; it does not keep both of them for 32 ms.

use std::f32::consts::TAU;

use super::{COLUMNS, FREQUENCIES, RATE, REFERENCE, ROWS, digit_at};
use crate::dtmf::Digit;

/// Samples from window to window.
const HOP: u16 = 51;
/// Samples of a window.
const WINDOW: f32 = 2.0 * HOP as f32;
/// The softest tone that counts, in dBm0. Q.24 has telephones speak at −25 or more; a tone that is a little off is heard
/// a little softer.
const SOFTEST: f32 = -32.0;
/// How much louder the higher tone may be, as a ratio of powers: 4 dB (Q.24), and a margin.
const TWIST: f32 = 3.6;
/// How much louder the lower tone may be: 8 dB, and a margin: it spills over into the filters of the other.
const REVERSE_TWIST: f32 = 12.6;
/// How much louder a tone is than the others of its group: 6 dB.
const PEAK: f32 = 4.0;
/// How much of all the sound the two tones are, at least.
const PURITY: f32 = 0.7;
/// How far off a tone may be on the average of the windows that make a key. 1.5 % must be taken, 3.5 % must not.
const TOLERANCE: f32 = 0.027;
/// The same of each window; noise and the other tone move it a little.
const LOOSE_TOLERANCE: f32 = 0.05;
/// Windows that agree make a key: 32 ms.
const HITS: u16 = 4;
/// Windows without it end it: a break of 10 ms does not, a pause of 40 ms does.
const MISSES: u16 = 5;

/// A key that was heard to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tone {
    /// The key.
    pub(super) digit: Digit,
    /// For how many samples.
    pub(super) samples: u32,
}

/// Hears keys in sound of 8000 samples a second. It has no `Debug`: keys may be a PIN.
pub(super) struct Detector {
    filters: [Filter; 8],
    /// Energy and samples of the hop that is under way.
    energy: f32,
    samples: u16,
    last: Hop,
    /// The last window's values, where the phases have moved from.
    window: [Complex; 8],
    candidate: Option<Candidate>,
    held: Option<Held>,
}

/// Half a window.
#[derive(Debug, Clone, Copy, Default)]
struct Hop {
    values: [Complex; 8],
    energy: f32,
}

/// A key that may be one.
#[derive(Clone, Copy)]
struct Candidate {
    row: usize,
    column: usize,
    hits: u16,
    /// How far off, summed over the windows after the first.
    off: [f32; 2],
}

/// A key that is down.
#[derive(Clone, Copy)]
struct Held {
    digit: Digit,
    /// Windows from the first that had it to the last.
    windows: u32,
    misses: u16,
}

impl Detector {
    /// A detector that has heard nothing.
    #[must_use]
    pub(super) fn new() -> Self {
        Self {
            filters: FREQUENCIES.map(Filter::new),
            energy: 0.0,
            samples: 0,
            last: Hop::default(),
            window: [Complex::default(); 8],
            candidate: None,
            held: None,
        }
    }

    /// Whether a key is down.
    #[must_use]
    pub(super) const fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Whether there may be a key that is not certain yet. What is none after twice the time of a key is a tone that is
    /// off.
    #[must_use]
    pub(super) fn expects(&self) -> bool {
        self.candidate.is_some_and(|candidate| (2..=2 * HITS).contains(&candidate.hits))
    }

    /// Takes a sample. Returns the key that ended with it.
    pub(super) fn hear(&mut self, sample: i16) -> Option<Tone> {
        let sample = f32::from(sample);
        self.filters.iter_mut().for_each(|filter| filter.hear(sample));
        self.energy += sample * sample;
        self.samples += 1;
        if self.samples < HOP {
            return None;
        }
        self.samples = 0;
        let hop = Hop { values: self.filters.each_mut().map(Filter::take), energy: std::mem::take(&mut self.energy) };
        let before = std::mem::replace(&mut self.last, hop);
        self.look(before, hop)
    }

    /// Nothing more will come: the key that is down ends here.
    pub(super) fn finish(&mut self) -> Option<Tone> {
        let ended = self.held.take().map(Held::tone);
        *self = Self::new();
        ended
    }

    /// Looks at the window of two hops.
    fn look(&mut self, first: Hop, second: Hop) -> Option<Tone> {
        let mut window = [Complex::default(); 8];
        let parts = first.values.iter().zip(&second.values).zip(&self.filters);
        for (whole, ((first, second), filter)) in window.iter_mut().zip(parts) {
            *whole = first.times(filter.hop).plus(*second);
        }
        let hit = strongest(&window, first.energy + second.energy);
        let before = std::mem::replace(&mut self.window, window);
        match hit {
            Some((row, column)) => self.hit(row, column, &before),
            None => {
                self.candidate = None;
                self.miss()
            }
        }
    }

    fn hit(&mut self, row: usize, column: usize, before: &[Complex; 8]) -> Option<Tone> {
        let digit = digit_at(row, column)?;
        if let Some(held) = self.held.as_mut().filter(|held| held.digit == digit) {
            held.windows += u32::from(held.misses) + 1;
            held.misses = 0;
            self.candidate = None;
            return None;
        }
        let off = [row, ROWS + column].map(|at| self.off(at, before));
        let known = self.candidate.filter(|known| {
            known.row == row && known.column == column && off.iter().all(|off| off.abs() <= LOOSE_TOLERANCE)
        });
        let candidate = known.map_or(Candidate { row, column, hits: 1, off: [0.0; 2] }, |known| Candidate {
            hits: known.hits.saturating_add(1),
            off: [known.off[0] + off[0], known.off[1] + off[1]],
            ..known
        });
        self.candidate = Some(candidate);
        if !candidate.is_key() {
            return self.miss();
        }
        self.candidate = None;
        let ended = self.held.replace(Held { digit, windows: u32::from(candidate.hits), misses: 0 });
        ended.map(Held::tone)
    }

    /// The window had not the key that is down.
    fn miss(&mut self) -> Option<Tone> {
        let held = self.held.as_mut()?;
        held.misses += 1;
        if held.misses < MISSES {
            return None;
        }
        self.held.take().map(Held::tone)
    }

    /// How far off a frequency is, as a part of it.
    fn off(&self, at: usize, before: &[Complex; 8]) -> f32 {
        let (Some(filter), Some(now), Some(before)) = (self.filters.get(at), self.window.get(at), before.get(at))
        else {
            return f32::INFINITY;
        };
        let moved = now.times(before.times(filter.hop).conjugate()).phase();
        moved / (filter.frequency * f32::from(HOP))
    }
}

impl Candidate {
    fn is_key(&self) -> bool {
        let steps = f32::from(self.hits.saturating_sub(1).max(1));
        self.hits >= HITS && self.off.iter().all(|off| (off / steps).abs() <= TOLERANCE)
    }
}

impl Held {
    fn tone(self) -> Tone {
        Tone { digit: self.digit, samples: (self.windows + 1) * u32::from(HOP) }
    }
}

/// The row and the column that a window has, if it has nothing else.
fn strongest(window: &[Complex; 8], energy: f32) -> Option<(usize, usize)> {
    let (rows, columns) = window.split_at(ROWS);
    let (row, low) = peak(rows)?;
    let (column, high) = peak(columns.first_chunk::<COLUMNS>()?)?;
    let amplitude = REFERENCE * 10f32.powf(SOFTEST / 20.0) * WINDOW / 2.0;
    let is_loud = low.min(high) >= amplitude * amplitude;
    let is_pure = low + high >= PURITY * energy * WINDOW / 2.0;
    let is_even = high <= low * TWIST && low <= high * REVERSE_TWIST;
    (is_loud && is_pure && is_even).then_some((row, column))
}

/// The one value of a group that is well above the others.
fn peak(group: &[Complex]) -> Option<(usize, f32)> {
    let powers = || group.iter().map(|value| value.power()).enumerate();
    let (at, most) = powers().max_by(|one, other| one.1.total_cmp(&other.1))?;
    powers().all(|(other, power)| other == at || power * PEAK <= most).then_some((at, most))
}

/// Goertzel's filter of one frequency.
#[derive(Debug, Clone, Copy)]
struct Filter {
    /// In radians per sample.
    frequency: f32,
    /// One sample's turn.
    turn: Complex,
    /// A hop's turn.
    hop: Complex,
    state: [f32; 2],
}

impl Filter {
    fn new(frequency: f32) -> Self {
        let frequency = TAU * frequency / RATE as f32;
        Self { frequency, turn: Complex::at(frequency), hop: Complex::at(frequency * f32::from(HOP)), state: [0.0; 2] }
    }

    fn hear(&mut self, sample: f32) {
        let [last, before] = self.state;
        self.state = [sample + 2.0 * self.turn.re * last - before, last];
    }

    /// What was heard since last asked, with the phase of its end.
    fn take(&mut self) -> Complex {
        let [last, before] = std::mem::take(&mut self.state);
        Complex { re: last - before * self.turn.re, im: before * self.turn.im }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Complex {
    re: f32,
    im: f32,
}

impl Complex {
    fn at(phase: f32) -> Self {
        Self { re: phase.cos(), im: phase.sin() }
    }

    fn plus(self, other: Self) -> Self {
        Self { re: self.re + other.re, im: self.im + other.im }
    }

    fn times(self, other: Self) -> Self {
        Self { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }

    const fn conjugate(self) -> Self {
        Self { im: -self.im, ..self }
    }

    fn power(self) -> f32 {
        self.re * self.re + self.im * self.im
    }

    fn phase(self) -> f32 {
        self.im.atan2(self.re)
    }
}

#[cfg(test)]
#[path = "detector_tests.rs"]
mod tests;
