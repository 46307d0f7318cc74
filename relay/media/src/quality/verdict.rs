//! When sound is called bad, and when good again.

use std::time::Duration;

/// From which estimates on, and how often they are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// Sound below this mean opinion score is bad.
    pub bad: f32,
    /// Sound that was bad is good again from this one on. Above `bad`, so that nothing flutters between the two.
    pub good: f32,
    /// Between estimates.
    pub interval: Duration,
}

impl Thresholds {
    /// Bad is what many users are dissatisfied with, good what no more than some are (G.107 Annex B).
    pub const DEFAULT: Self = Self { bad: 3.1, good: 3.6, interval: Duration::from_secs(5) };
}

impl Default for Thresholds {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Estimates in a row that have to be good before sound is called so.
const RECOVERED: u8 = 2;
/// Estimates in a row without any packet before that is called silence: a peer may be slow to begin, and may say nothing
/// while nobody speaks (RFC 3389).
const SILENT: u8 = 2;

/// What one direction is called at the moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Verdict {
    bad: bool,
    /// Good estimates in a row while it is called bad.
    recovering: u8,
    /// Estimates in a row without a packet.
    silent: u8,
}

impl Verdict {
    /// Takes in an estimate, `None` where nothing came. Whether the direction is bad now, if that has changed.
    pub(super) fn judge(&mut self, mos: Option<f32>, thresholds: &Thresholds) -> Option<bool> {
        self.silent = if mos.is_none() { self.silent.saturating_add(1) } else { 0 };
        if self.bad {
            let good = mos.is_some_and(|mos| mos >= thresholds.good);
            self.recovering = if good { self.recovering + 1 } else { 0 };
            (self.recovering >= RECOVERED).then(|| self.turn(false))
        } else {
            let bad = mos.is_some_and(|mos| mos < thresholds.bad) || self.silent >= SILENT;
            bad.then(|| self.turn(true))
        }
    }

    /// Nothing is expected for the time being: silence counts from the beginning again.
    pub(super) fn rest(&mut self) {
        self.silent = 0;
    }

    fn turn(&mut self, bad: bool) -> bool {
        (self.bad, self.recovering) = (bad, 0);
        bad
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(estimates: &[Option<f32>]) -> Vec<Option<bool>> {
        let mut verdict = Verdict::default();
        estimates.iter().map(|mos| verdict.judge(*mos, &Thresholds::default())).collect()
    }

    #[test]
    fn bad_is_said_once_and_good_only_after_two_good_estimates() {
        let judged = judged(&[Some(4.4), Some(2.6), Some(2.0), Some(4.2), Some(3.0), Some(4.2), Some(4.3), Some(4.4)]);
        assert_eq!(judged, [None, Some(true), None, None, None, None, Some(false), None]);
    }

    #[test]
    fn what_lies_between_the_thresholds_changes_nothing() {
        assert_eq!(judged(&[Some(3.3); 5]), [None; 5]);
        assert_eq!(judged(&[Some(3.0), Some(3.3), Some(3.3), Some(3.3)]), [Some(true), None, None, None]);
    }

    #[test]
    fn silence_is_bad_from_the_second_time_on() {
        assert_eq!(judged(&[None, Some(4.4), None, None, None]), [None, None, None, Some(true), None]);
    }
}
