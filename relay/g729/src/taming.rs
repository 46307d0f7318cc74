//! Keeps an error in the decoder's past from growing for ever: where gains above one follow one another, the encoder
//! has to stop (end of §3.7, "taming").

use crate::SUBFRAME;
use crate::lag::Lag;

/// How much an error may grow before gains are kept below one.
const LIMIT: f32 = 60_000.0;
/// How far beside the lag the interpolation filter looks.
const REACH: usize = 10;

/// By how much an error may have grown, for each of the last four subframes' lengths of the excitation, newest first.
#[derive(Debug, Clone)]
pub(crate) struct Taming {
    growth: [f32; 4],
}

impl Taming {
    /// Nothing has grown.
    pub(crate) const fn new() -> Self {
        Self { growth: [1.0; 4] }
    }

    /// The gain that the adaptive codebook may have with this lag.
    pub(crate) fn limit(&self, lag: Lag) -> f32 {
        let (nearest, farthest) = (lag.whole().saturating_sub(SUBFRAME + REACH), lag.whole() + REACH - 1);
        if self.worst(nearest, farthest) > LIMIT { 0.9999 } else { f32::INFINITY }
    }

    /// A subframe had that lag and gain.
    pub(crate) fn push(&mut self, lag: Lag, gain: f32) {
        let grown = |growth: f32| 1.0 + gain * growth;
        let worst = if lag.whole() < SUBFRAME {
            let once = grown(self.growth[0]);
            once.max(grown(once))
        } else {
            grown(self.worst(lag.whole() - SUBFRAME, lag.whole() - 1))
        };
        self.growth.rotate_right(1);
        self.growth[0] = worst;
    }

    /// A frame of a pause: nothing of the past is in it for long.
    pub(crate) fn forget(&mut self) {
        *self = Self::new();
    }

    fn worst(&self, nearest: usize, farthest: usize) -> f32 {
        let zones = self.growth.iter().take(farthest / SUBFRAME + 1).skip(nearest / SUBFRAME);
        zones.copied().fold(0.0, f32::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_above_one_are_not_allowed_for_ever() {
        let (mut taming, lag) = (Taming::new(), Lag::whole_samples(60));
        let allowed = (0..200).take_while(|_| {
            taming.push(lag, 1.2);
            taming.limit(lag) > 1.0
        });
        assert!((20..120).contains(&allowed.count()));
    }

    #[test]
    fn gains_below_one_are_always_allowed() {
        let (mut taming, lag) = (Taming::new(), Lag::whole_samples(30));
        for _ in 0..1000 {
            taming.push(lag, 0.95);
        }
        assert!(taming.limit(lag) > 1.0);
    }
}
