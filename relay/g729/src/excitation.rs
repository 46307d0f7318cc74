//! The excitation: what the synthesis filter is fed with, and the adaptive codebook, which is its past (§3.7.1).

use crate::SUBFRAME;
use crate::filter::dot;
use crate::lag::Lag;
use crate::tables::interpolation::THIRDS;

/// Samples to either side that the filter between samples looks at.
const REACH: usize = 10;
/// How far back the longest lag looks.
const PAST: usize = 144 + REACH + 1;

/// The past of the excitation, and the subframe in the making.
#[derive(Debug, Clone)]
pub(crate) struct Excitation {
    samples: [f32; PAST + SUBFRAME],
}

impl Excitation {
    /// Nothing yet.
    pub(crate) const fn silent() -> Self {
        Self { samples: [0.0; PAST + SUBFRAME] }
    }

    /// Ends the subframe with what its excitation came to be. It stays within the range of samples, where that of
    /// the Recommendation's own arithmetic ends; a stream that amplifies for ever comes to no harm.
    pub(crate) fn push(&mut self, subframe: &[f32; SUBFRAME]) {
        self.samples.copy_within(SUBFRAME..PAST, 0);
        for (sample, &new) in self.samples[PAST - SUBFRAME..PAST].iter_mut().zip(subframe) {
            *sample = new.clamp(-32768.0, 32767.0);
        }
    }

    /// Puts something in the place of the subframe that is to be made, for lags shorter than it to be looked for in:
    /// what prediction leaves of the speech (§3.7).
    pub(crate) fn foresee(&mut self, subframe: &[f32; SUBFRAME]) {
        self.samples[PAST..].copy_from_slice(subframe);
    }

    /// What was excited so many whole samples ago.
    pub(crate) fn back(&self, lag: usize) -> &[f32] {
        &self.samples[PAST - lag..PAST - lag + SUBFRAME]
    }

    /// What was excited a lag ago, also between samples.
    pub(crate) fn between(&self, lag: Lag) -> [f32; SUBFRAME] {
        std::array::from_fn(|n| self.at(n, lag))
    }

    /// The subframe that was ended last.
    pub(crate) fn last(&self) -> &[f32; SUBFRAME] {
        self.samples[..PAST].last_chunk().unwrap_or(&[0.0; SUBFRAME])
    }

    /// How loud that was: its root mean square.
    pub(crate) fn level(&self) -> f32 {
        (dot(self.last(), self.last()) / SUBFRAME as f32).sqrt()
    }

    /// The adaptive codebook's vector: the past, a lag ago. Where the lag is shorter than the subframe, the vector
    /// goes on from itself.
    pub(crate) fn adaptive(&mut self, lag: Lag) -> [f32; SUBFRAME] {
        for n in 0..SUBFRAME {
            self.samples[PAST + n] = self.at(n, lag);
        }
        std::array::from_fn(|n| self.samples[PAST + n])
    }

    /// The sample a lag before sample `n` of the subframe.
    fn at(&self, n: usize, lag: Lag) -> f32 {
        // With 1/3 more the sample asked for lies before a whole one, with 1/3 less behind it.
        let (whole, behind) = match lag.thirds() {
            0 => (lag.whole(), 0),
            1.. => (lag.whole() + 1, 2),
            _ => (lag.whole(), 1),
        };
        let centre = PAST + n - whole;
        let before = self.samples[centre + 1 - REACH..=centre].iter().rev();
        let after = self.samples[centre + 1..=centre + REACH].iter();
        let near = THIRDS[behind..].iter().step_by(3);
        let far = THIRDS[3 - behind..].iter().step_by(3);
        let dot = before.zip(near).map(|(s, &b)| s * f32::from(b)).sum::<f32>()
            + after.zip(far).map(|(s, &b)| s * f32::from(b)).sum::<f32>();
        dot / 32768.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::Index;

    /// A slow wave, whose value between samples is known.
    fn wave(n: f32) -> f32 {
        1000.0 * (n * 0.3).sin()
    }

    fn filled() -> Excitation {
        let mut excitation = Excitation::silent();
        for subframe in 0..5u8 {
            excitation.push(&std::array::from_fn(|n| wave(f32::from(subframe) * 40.0 + n as f32)));
        }
        excitation
    }

    #[test]
    fn reads_the_past_a_lag_ago_also_between_samples() {
        for index in 0..=255 {
            let lag = Lag::first(Index::new(index));
            let read = filled().adaptive(lag);
            let thirds = lag.whole() as f32 + lag.thirds() as f32 / 3.0;
            let known = lag.whole().saturating_sub(REACH + 1).min(SUBFRAME);
            for (n, sample) in read.iter().enumerate().take(known) {
                let true_value = wave(200.0 + n as f32 - thirds);
                assert!((sample - true_value).abs() < 60.0, "{index} {n}: {sample} {true_value}");
            }
        }
    }
}
