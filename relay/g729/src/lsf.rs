//! Line spectral frequencies: how they are told, §3.2.4, and what becomes of a told vector.

use crate::ORDER;
use crate::bits::LsfIndices;
use crate::tables::lsf::{FIRST, PREDICTORS, SECOND};
use std::f32::consts::PI;

/// Ten frequencies in radians per sample, rising.
pub(crate) type Frequencies = [f32; ORDER];

/// The frequencies of a spectrum without any shape.
pub(crate) fn flat() -> Frequencies {
    std::array::from_fn(|i| (i + 1) as f32 * PI / 11.0)
}

/// Line spectral pairs: the cosines of the frequencies.
pub(crate) fn cosines(frequencies: &Frequencies) -> [f32; ORDER] {
    frequencies.map(f32::cos)
}

/// Which of the two predictors: the two of speech, and the one that Annex B mixes of them.
pub(crate) type Weights = [[f32; ORDER]; 4];

/// The predictor of speech with that number.
pub(crate) fn weights(predictor: &[[i16; ORDER]; 4]) -> Weights {
    predictor.map(|row| row.map(|weight| f32::from(weight) / 32768.0))
}

/// A vector of a codebook, in radians.
pub(crate) fn radians(vector: &[i16; ORDER]) -> Frequencies {
    vector.map(|number| f32::from(number) / 8192.0)
}

/// The last four vectors that were told, which the next is predicted from.
#[derive(Debug, Clone)]
pub(crate) struct History {
    /// Newest first.
    told: [Frequencies; 4],
}

impl History {
    /// As both ends begin.
    pub(crate) fn new() -> Self {
        Self { told: [flat(); 4] }
    }

    /// What the past adds to each frequency.
    pub(crate) fn predicted(&self, weights: &Weights) -> Frequencies {
        std::array::from_fn(|i| self.told.iter().zip(weights).map(|(told, weight)| told[i] * weight[i]).sum())
    }

    /// The frequencies that a told vector stands for, equation (20); it becomes part of the past.
    pub(crate) fn compose(&mut self, told: Frequencies, weights: &Weights) -> Frequencies {
        let (past, share) = (self.predicted(weights), share(weights));
        let mut frequencies = std::array::from_fn(|i| share[i] * told[i] + past[i]);
        self.push(told);
        stabilise(&mut frequencies);
        frequencies
    }

    /// Makes the past what it would be, had these frequencies been told: equation (94), for a frame that did not
    /// arrive.
    pub(crate) fn pretend(&mut self, frequencies: &Frequencies, weights: &Weights) {
        let (past, share) = (self.predicted(weights), share(weights));
        self.push(std::array::from_fn(|i| (frequencies[i] - past[i]) / share[i]));
    }

    fn push(&mut self, told: Frequencies) {
        self.told.rotate_right(1);
        self.told[0] = told;
    }
}

/// What part of each frequency the told vector makes: one less what the past makes.
pub(crate) fn share(weights: &Weights) -> Frequencies {
    std::array::from_fn(|i| 1.0 - weights.iter().map(|weight| weight[i]).sum::<f32>())
}

/// Moves neighbours apart that are closer than `gap`: the rearrangement of §3.2.4.
pub(crate) fn spread(told: &mut Frequencies, gap: f32) {
    for i in 1..ORDER {
        let overlap = (told[i - 1] - told[i] + gap) / 2.0;
        if overlap > 0.0 {
            told[i - 1] -= overlap;
            told[i] += overlap;
        }
    }
}

/// The two gaps of the rearrangement, one after the other.
pub(crate) const GAPS: [f32; 2] = [0.0012, 0.0006];

/// Sees to it that the synthesis filter is stable, end of §3.2.4.
fn stabilise(frequencies: &mut Frequencies) {
    frequencies.sort_by(f32::total_cmp);
    let mut least = 0.005;
    for frequency in frequencies.iter_mut() {
        *frequency = frequency.max(least);
        least = *frequency + 0.0391;
    }
    frequencies[ORDER - 1] = frequencies[ORDER - 1].min(3.135);
}

/// What L0 to L3 of a frame say.
pub(crate) fn decode(indices: &LsfIndices, history: &mut History) -> Frequencies {
    let first = radians(indices.first.of(&FIRST));
    let (low, high) = (radians(indices.low.of(&SECOND)), radians(indices.high.of(&SECOND)));
    let mut told = std::array::from_fn(|i| first[i] + if i < ORDER / 2 { low[i] } else { high[i] });
    for gap in GAPS {
        spread(&mut told, gap);
    }
    history.compose(told, &weights(indices.predictor.of(&PREDICTORS)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::Index;

    #[test]
    fn whatever_is_told_the_frequencies_rise_and_keep_their_distance() {
        let mut history = History::new();
        for i in 0..20_000usize {
            let n = i.wrapping_mul(2_654_435_761) >> 7;
            let indices = LsfIndices {
                predictor: Index::new(n),
                first: Index::new(n >> 1),
                low: Index::new(n >> 8),
                high: Index::new(n >> 13),
            };
            let told = decode(&indices, &mut history);
            assert!(told[0] >= 0.005 && told[9] <= 3.135 + 1e-6);
            assert!(told.windows(2).all(|pair| pair[1] - pair[0] > 0.0), "{told:?}");
        }
    }

    #[test]
    fn a_lost_frame_leaves_the_past_as_if_its_frequencies_had_been_told() {
        let weights = weights(&PREDICTORS[0]);
        let mut history = History::new();
        let frequencies = flat().map(|frequency| frequency * 0.98 + 0.03);
        history.pretend(&frequencies, &weights);
        let mut before = History::new();
        let again = before.compose(history.told[0], &weights);
        for (one, other) in again.iter().zip(frequencies) {
            assert!((one - other).abs() < 1e-4);
        }
    }
}
