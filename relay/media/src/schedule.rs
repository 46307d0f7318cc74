//! Which leg has something to do when.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::outlet::LegKey;

/// One deadline per leg, in order of time.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    entries: BTreeSet<(Instant, LegKey)>,
}

impl Schedule {
    /// Replaces a leg's deadline `from` by `to`; either may be none.
    pub(crate) fn replace(&mut self, key: LegKey, from: Option<Instant>, to: Option<Instant>) {
        if from == to {
            return;
        }
        if let Some(from) = from {
            self.entries.remove(&(from, key));
        }
        if let Some(to) = to {
            self.entries.insert((to, key));
        }
    }

    /// The earliest deadline.
    #[must_use]
    pub(crate) fn next(&self) -> Option<Instant> {
        self.entries.first().map(|&(due, _)| due)
    }

    /// Takes out a leg whose deadline has come, earliest first.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<LegKey> {
        let &(due, key) = self.entries.first()?;
        if due > now {
            return None;
        }
        self.entries.pop_first();
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn legs_come_out_in_order_of_time_and_not_before() {
        let mut schedule = Schedule::default();
        let now = crate::simulated::origin();
        let later = now + Duration::from_secs(1);
        schedule.replace(1, None, Some(later));
        schedule.replace(2, None, Some(now));
        assert_eq!(schedule.next(), Some(now));
        assert_eq!(schedule.pop(now), Some(2));
        assert_eq!(schedule.pop(now), None);
        assert_eq!(schedule.pop(later), Some(1));
        assert_eq!(schedule.next(), None);
    }

    #[test]
    fn a_leg_has_one_deadline() {
        let mut schedule = Schedule::default();
        let now = crate::simulated::origin();
        let later = now + Duration::from_secs(1);
        schedule.replace(1, None, Some(now));
        schedule.replace(1, Some(now), Some(later));
        assert_eq!(schedule.pop(now), None);
        schedule.replace(1, Some(later), None);
        assert_eq!(schedule.next(), None);
    }
}
