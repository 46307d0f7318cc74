//! Deadlines in order of time, one for each key.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Instant;

/// Who is to be woken when.
#[derive(Debug)]
pub(super) struct Alarms<K> {
    order: BTreeSet<(Instant, K)>,
    set: HashMap<K, Instant>,
}

impl<K> Default for Alarms<K> {
    fn default() -> Self {
        Self { order: BTreeSet::new(), set: HashMap::new() }
    }
}

impl<K: Copy + Ord + Hash> Alarms<K> {
    /// Moves the alarm of a key, or clears it.
    pub(super) fn set(&mut self, key: K, at: Option<Instant>) {
        let former = match at {
            Some(at) => self.set.insert(key, at),
            None => self.set.remove(&key),
        };
        if former == at {
            return;
        }
        if let Some(former) = former {
            self.order.remove(&(former, key));
        }
        self.order.extend(at.map(|at| (at, key)));
    }

    /// The first of all.
    pub(super) fn next(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// The keys to wake, first due first. Their alarms stay until they are moved.
    pub(super) fn due(&self, now: Instant) -> Vec<K> {
        self.order.iter().take_while(|(at, _)| *at <= now).map(|(_, key)| *key).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "an instant to begin simulated time at")]
    fn a_moved_alarm_rings_at_its_new_time_only() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut alarms = Alarms::default();
        alarms.set('a', Some(at(1)));
        alarms.set('b', Some(at(2)));
        alarms.set('a', Some(at(3)));
        assert_eq!((alarms.next(), alarms.due(at(2))), (Some(at(2)), vec!['b']));
        alarms.set('b', None);
        assert_eq!((alarms.next(), alarms.due(at(3))), (Some(at(3)), vec!['a']));
    }
}
