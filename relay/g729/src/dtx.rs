//! What is sent of a pause, and when: discontinuous transmission, §B.4.1 and §B.4.2.

use crate::ORDER;
use crate::analysis::{Correlations, LAGS, Prediction, levinson};
use crate::bits::{Index, Silence};
use crate::excitation::Excitation;
use crate::filter::{Predictor, dot};
use crate::frame::Frame;
use crate::lsf::{Frequencies, History, cosines, flat, share};
use crate::lsf_search::{importance, square};
use crate::lsp::Pairs;
use crate::noise::ComfortNoise;
use crate::vad::Vad;
use crate::{SUBFRAME, roots, silence};

/// Frames between two descriptors, at least.
const APART: u32 = 3;
/// How much worse the spectrum that was meant may predict the noise before it is told anew.
const STALE: f32 = 1.148_162_8;
/// How near the average of the pause has to be to the present for it to be told instead.
const AVERAGE: f32 = 1.096_646_6;
/// Frames whose spectra are averaged.
const AVERAGED: usize = 6;
/// Frames that a spectrum and a level are of.
const PRESENT: usize = 2;

/// Decides about pauses, and knows what was told of them.
#[derive(Debug, Clone)]
pub(crate) struct Dtx {
    vad: Vad,
    /// Of the last frames, newest first, whatever they were.
    correlations: [Correlations; AVERAGED],
    told: Told,
    noise: ComfortNoise,
    /// Frames of this pause; none while somebody speaks.
    frames: usize,
    since_told: u32,
    /// Of what prediction left of the last frame of the pause.
    variance: f32,
    /// Whether the noise has changed since it was told.
    changed: bool,
}

/// What the last descriptor told.
#[derive(Debug, Clone)]
struct Told {
    pairs: Pairs,
    /// The correlations of its filter's coefficients, as they were before they were told.
    filter: [f32; ORDER + 1],
    level: Index<5>,
}

/// A frame of a pause.
pub(crate) struct Pause {
    pub(crate) frame: Frame,
    pub(crate) pairs: Pairs,
}

impl Dtx {
    /// Before the first frame.
    pub(crate) fn new() -> Self {
        Self {
            vad: Vad::new(),
            correlations: [[0.0; LAGS + 1]; AVERAGED],
            told: Told { pairs: cosines(&flat()), filter: [0.0; ORDER + 1], level: Index::new(0) },
            noise: ComfortNoise::new(),
            frames: 0,
            since_told: 0,
            variance: 0.0,
            changed: false,
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
        self.correlations.rotate_right(1);
        self.correlations[0] = *correlations;
        self.vad.hears_voice(correlations, prediction, frequencies, frame)
    }

    /// A speech frame ends a pause.
    pub(crate) fn speech(&mut self) {
        self.frames = 0;
        self.noise.restart();
    }

    /// A frame without a voice. `window` is the energy that noise with a variance of one has under the window; within a
    /// pause, a descriptor is made only where it `may_tell`.
    pub(crate) fn pause(&mut self, window: f32, may_tell: bool, history: &mut History) -> Pause {
        let after_speech = self.frames == 0;
        self.frames += 1;
        let of = if after_speech { 1 } else { PRESENT };
        let present = sum(&self.correlations[..of]);
        let prediction = levinson(&present);
        let variance = prediction.left / (of as f32 * window);
        let level = level_index(if after_speech { variance } else { 0.5 * (variance + self.variance) });
        self.variance = variance;

        let stale = likeness(&self.told.filter, &present) > STALE * prediction.left;
        let louder = level.get().abs_diff(self.told.level.get()) > 1;
        self.changed |= stale || louder;
        self.since_told = self.since_told.saturating_add(1);
        let tells = after_speech || (self.changed && may_tell && self.since_told >= APART);
        let frame = if tells { self.tell(&present, &prediction, level, history) } else { Frame::Untransmitted };
        self.noise.begin_frame(after_speech);
        Pause { frame, pairs: self.told.pairs }
    }

    /// The noise of a subframe, as the decoder will make it.
    pub(crate) fn excitation(&mut self, past: &mut Excitation) -> [f32; SUBFRAME] {
        self.noise.excitation(past)
    }

    /// A descriptor of the present, or of the whole pause where the present is no different.
    fn tell(&mut self, present: &Correlations, now: &Prediction, level: Index<5>, history: &mut History) -> Frame {
        let average = levinson(&sum(&self.correlations[..self.frames.min(AVERAGED)]));
        let near = likeness(&of_filter(&average.a), present) < AVERAGE * now.left;
        let a = if near { average.a } else { now.a };
        let pairs = roots::pairs(&a).unwrap_or(self.told.pairs);
        let descriptor = search(&pairs.map(f32::acos), level, history);

        let pairs = cosines(&silence::frequencies(&descriptor, history));
        self.told = Told { pairs, filter: of_filter(&a), level };
        self.noise.tell(silence::level(level));
        (self.since_told, self.changed) = (0, false);
        Frame::Sid(descriptor.pack())
    }
}

/// The correlations of several frames together.
fn sum(frames: &[Correlations]) -> Correlations {
    std::array::from_fn(|lag| frames.iter().map(|frame| frame[lag]).sum())
}

/// The correlations of 1, a1, ..., a10; all but the first twice, since they stand for both sides.
fn of_filter(a: &Predictor) -> [f32; ORDER + 1] {
    let mut whole = [1.0; ORDER + 1];
    whole[1..].copy_from_slice(a);
    std::array::from_fn(|lag| {
        let side = dot(&whole[lag..], &whole[..=ORDER - lag]);
        if lag == 0 { side } else { 2.0 * side }
    })
}

/// The energy that a filter leaves of a frame: the numerator of Itakura's distance, equation (B.13).
fn likeness(filter: &[f32; ORDER + 1], correlations: &Correlations) -> f32 {
    dot(filter, &correlations[..=ORDER])
}

/// The number of the level nearest to that of noise with this variance, in dB.
fn level_index(variance: f32) -> Index<5> {
    let wanted = 10.0 * variance.max(1e-6).log10();
    let distance = |index: &usize| (20.0 * silence::level(Index::new(*index)).log10() - wanted).abs();
    let nearest = (0..32).min_by(|one, other| distance(one).total_cmp(&distance(other)));
    Index::new(nearest.unwrap_or(0))
}

/// The descriptor nearest to these frequencies.
fn search(frequencies: &Frequencies, gain: Index<5>, history: &History) -> Silence {
    let importance = importance(frequencies);
    let mut best = Silence { predictor: Index::new(0), first: Index::new(0), second: Index::new(0), gain };
    let mut least = f32::INFINITY;
    for predictor in [0, 1].map(Index::new) {
        let weights = silence::predictor(predictor);
        let (past, share) = (history.predicted(&weights), share(&weights));
        for first in (0..32).map(Index::new) {
            for second in (0..16).map(Index::new) {
                let told = silence::told(first, second);
                let error = |i: usize| importance[i] * square(frequencies[i] - past[i] - share[i] * told[i]);
                let error: f32 = (0..ORDER).map(error).sum();
                if error < least {
                    (best, least) = (Silence { predictor, first, second, gain }, error);
                }
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_told_by_the_nearest() {
        for index in 0..32 {
            let level = silence::level(Index::new(index));
            assert_eq!(level_index(level * level * 1.1).get(), index);
        }
    }

    #[test]
    fn a_spectrum_that_can_be_told_is_told() {
        for number in 0..200usize {
            let descriptor = Silence {
                predictor: Index::new(number),
                first: Index::new(number * 7),
                second: Index::new(number * 11),
                gain: Index::new(3),
            };
            let history = History::new();
            let frequencies = silence::frequencies(&descriptor, &mut history.clone());
            let found = silence::frequencies(&search(&frequencies, descriptor.gain, &history), &mut history.clone());
            for (found, wanted) in found.iter().zip(frequencies) {
                assert!((found - wanted).abs() < 0.01, "{number}");
            }
        }
    }
}
