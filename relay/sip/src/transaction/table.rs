use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Instant;

use super::destination::Destination;

/// A state machine with timers.
pub(super) trait Machine {
    /// When it wants to be woken.
    fn next_timeout(&self) -> Option<Instant>;
    /// Whether it has ended.
    fn is_terminated(&self) -> bool;
}

/// Transactions of one side: found by key or by number, woken in the order of their timers.
pub(super) struct Table<K, M> {
    entries: HashMap<u64, Entry<K, M>>,
    numbers: HashMap<K, u64>,
    alarms: BTreeSet<(Instant, u64)>,
    next: u64,
}

pub(super) struct Entry<K, M> {
    pub(super) machine: M,
    /// Where its messages go.
    pub(super) destination: Destination,
    /// Whether the user knows of it.
    pub(super) visible: bool,
    key: K,
    alarm: Option<Instant>,
}

impl<K: Clone + Eq + Hash, M: Machine> Table<K, M> {
    pub(super) fn new() -> Self {
        Self { entries: HashMap::new(), numbers: HashMap::new(), alarms: BTreeSet::new(), next: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn find(&self, key: &K) -> Option<u64> {
        self.numbers.get(key).copied()
    }

    pub(super) fn entry_mut(&mut self, number: u64) -> Option<&mut Entry<K, M>> {
        self.entries.get_mut(&number)
    }

    /// Adds a transaction; its key must be new. [`Table::settle`] has to follow.
    pub(super) fn insert(&mut self, key: K, machine: M, destination: Destination, visible: bool) -> u64 {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.numbers.insert(key.clone(), number);
        self.entries.insert(number, Entry { machine, destination, visible, key, alarm: None });
        number
    }

    /// Notes the timers of a machine after it was touched, and drops it if it has ended. Tells whether
    /// it has.
    pub(super) fn settle(&mut self, number: u64) -> bool {
        let Some(entry) = self.entries.get_mut(&number) else {
            return false;
        };
        let ended = entry.machine.is_terminated();
        let alarm = entry.machine.next_timeout().filter(|_| !ended);
        if entry.alarm != alarm {
            if let Some(old) = entry.alarm {
                self.alarms.remove(&(old, number));
            }
            self.alarms.extend(alarm.map(|at| (at, number)));
            entry.alarm = alarm;
        }
        if ended && let Some(entry) = self.entries.remove(&number) {
            self.numbers.remove(&entry.key);
        }
        ended
    }

    pub(super) fn next_alarm(&self) -> Option<Instant> {
        self.alarms.first().map(|(at, _)| *at)
    }

    /// The transactions to wake.
    pub(super) fn due(&self, now: Instant) -> Vec<u64> {
        self.alarms.iter().take_while(|(at, _)| *at <= now).map(|(_, number)| *number).collect()
    }
}
