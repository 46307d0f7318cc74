//! The lag of the whole frame, roughly: the open-loop search of Annex A (§A.3.4).

use crate::filter::{self, Memory, Predictor, awake, synthesis, tail, widened};
use crate::lag::LONGEST;
use crate::{FRAME, ORDER, SUBFRAME};

/// γ: how broad the resonances of the weighted speech are (§A.3.3).
pub(crate) const WEIGHTING: f32 = 0.75;
/// How much the weighted speech is low-passed.
const LOW_PASS: f32 = 0.7;

/// The weighted speech, which lags are looked for in.
#[derive(Debug, Clone)]
pub(crate) struct OpenLoop {
    weighted: [f32; LONGEST + FRAME],
    memory: Memory,
}

impl OpenLoop {
    /// Nothing yet.
    pub(crate) const fn new() -> Self {
        Self { weighted: [0.0; LONGEST + FRAME], memory: [0.0; ORDER] }
    }

    /// Takes a frame: what prediction left of each subframe, and its filter.
    pub(crate) fn push(&mut self, left: &[[f32; SUBFRAME]; 2], filters: &[Predictor; 2]) {
        self.weighted.copy_within(FRAME.., 0);
        let mut at = LONGEST;
        for (left, a) in left.iter().zip(filters) {
            let sharp = synthesis(&widened(a, WEIGHTING), &self.memory, left);
            self.memory = tail(&sharp);
            for sample in sharp {
                self.weighted[at] = awake(sample + LOW_PASS * self.weighted[at - 1]);
                at += 1;
            }
        }
    }

    /// The lag of the frame. Of lags that are multiples of another, the shortest is preferred.
    pub(crate) fn lag(&self) -> usize {
        let (short, mut short_score) = self.best(20..40, 1);
        let (middle, mut middle_score) = self.best(40..80, 1);
        let (long, long_score) = self.longest();
        let near = |lag: usize, other: usize, room: usize| lag.abs_diff(other) < room;
        if near(2 * middle, long, 5) || near(3 * middle, long, 7) {
            middle_score += 0.25 * long_score;
        }
        if near(2 * short, middle, 5) || near(3 * short, middle, 7) {
            short_score += 0.2 * middle_score;
        }
        let (mut lag, mut score) = (short, short_score);
        for (other, other_score) in [(middle, middle_score), (long, long_score)] {
            if other_score > score {
                (lag, score) = (other, other_score);
            }
        }
        lag
    }

    /// The best of the long lags: every second one is tried, then the neighbours of the best.
    fn longest(&self) -> (usize, f32) {
        let (even, score) = self.best(80..LONGEST + 1, 2);
        let around = self.best(even.saturating_sub(1).max(80)..(even + 2).min(LONGEST + 1), 1);
        if around.1 > score { around } else { (even, score) }
    }

    /// The lag of a range with the greatest correlation, and that correlation, normalised.
    fn best(&self, range: std::ops::Range<usize>, step: usize) -> (usize, f32) {
        let first = range.start;
        let lag = range
            .step_by(step)
            .map(|lag| (lag, self.correlation(lag)))
            .max_by(|one, other| one.1.total_cmp(&other.1))
            .map_or(first, |(lag, _)| lag);
        let past = self.every_second(lag);
        let energy = filter::dot(&past, &past);
        (lag, self.correlation(lag) / energy.max(1e-3).sqrt())
    }

    fn correlation(&self, lag: usize) -> f32 {
        let (now, past) = (&self.weighted[LONGEST..], &self.weighted[LONGEST - lag..]);
        now.iter().step_by(2).zip(past.iter().step_by(2)).map(|(now, past)| now * past).sum()
    }

    fn every_second(&self, lag: usize) -> [f32; FRAME / 2] {
        std::array::from_fn(|n| self.weighted[LONGEST - lag + 2 * n])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u32) -> f32 {
        (n.wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0
    }

    #[test]
    fn finds_the_period_of_what_repeats_itself_and_no_multiple() {
        for period in [25, 35, 50, 70, 90, 130u32] {
            let mut search = OpenLoop::new();
            let mut at = 0u32;
            for _ in 0..6 {
                let left = std::array::from_fn(|_| {
                    std::array::from_fn(|_| {
                        at += 1;
                        1000.0 * hash(at % period)
                    })
                });
                search.push(&left, &[[0.0; ORDER]; 2]);
            }
            assert!(search.lag().abs_diff(period as usize) <= 1, "{} for {period}", search.lag());
        }
    }
}
