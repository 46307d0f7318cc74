//! Which leg has something to do when: a hashed timing wheel (Varghese and Lauck 1987, scheme 6).
//!
//! Time is divided into ticks, and each tick has a slot on a wheel; where the wheel comes around, several ticks share one.
//! To set a deadline, to move it and to forget it is to put a leg into a list and to take it out of one, however many legs
//! there are. The lists go through the legs' own places, so nothing is allocated once a leg has one.

use std::time::{Duration, Instant};

use crate::outlet::LegKey;

/// Slots of the wheel.
const SLOTS: usize = 8192;
/// Of a slot. Once around takes eight seconds, in which nearly all deadlines lie.
const TICK: Duration = Duration::from_millis(1);
const WORD: usize = u64::BITS as usize;

/// One deadline per leg.
#[derive(Debug)]
pub(crate) struct Schedule {
    /// When tick 0 was: at the first deadline. Earlier ones count as if they were then.
    origin: Option<Instant>,
    /// Ticks before this one hold nothing any more.
    reached: u64,
    /// The first leg of each slot.
    first: Vec<Option<LegKey>>,
    /// A bit for each slot that holds any.
    occupied: [u64; SLOTS / WORD],
    /// By leg.
    entries: Vec<Option<Entry>>,
    count: usize,
}

/// A leg's deadline, and its neighbours in the list of its slot.
#[derive(Debug, Clone, Copy)]
struct Entry {
    due: Instant,
    tick: u64,
    before: Option<LegKey>,
    after: Option<LegKey>,
}

impl Default for Schedule {
    fn default() -> Self {
        let (first, occupied) = (vec![None; SLOTS], [0; SLOTS / WORD]);
        Self { origin: None, reached: 0, first, occupied, entries: Vec::new(), count: 0 }
    }
}

impl Schedule {
    /// Replaces a leg's deadline `from` by `to`; either may be none.
    pub(crate) fn replace(&mut self, key: LegKey, from: Option<Instant>, to: Option<Instant>) {
        if from == to {
            return;
        }
        self.take_out(key);
        if let Some(due) = to {
            self.put_in(key, due);
        }
    }

    /// The earliest deadline.
    #[must_use]
    pub(crate) fn next(&self) -> Option<Instant> {
        if self.count == 0 {
            return None;
        }
        let coming = self
            .coming()
            .find_map(|tick| self.slot(tick).filter(|entry| entry.tick == tick).map(|entry| entry.due).min());
        // All are further away than once around.
        coming.or_else(|| self.entries.iter().flatten().map(|entry| entry.due).min())
    }

    /// Takes out the legs whose deadline has come, about in the order of time.
    pub(crate) fn take_due(&mut self, now: Instant, due: &mut Vec<LegKey>) {
        let until = self.tick(now);
        // The slots of all ticks so far, each once.
        let last = until.min(self.reached.saturating_add(SLOTS as u64 - 1));
        for tick in self.reached..=last {
            let mut next = self.first.get(slot(tick)).copied().flatten();
            while let Some((key, entry)) = next.and_then(|key| Some((key, self.entry(key)?))) {
                next = entry.after;
                if entry.due <= now {
                    self.take_out(key);
                    due.push(key);
                }
            }
        }
        self.reached = self.reached.max(until);
    }

    fn put_in(&mut self, key: LegKey, due: Instant) {
        self.origin.get_or_insert(due);
        let tick = self.tick(due).max(self.reached);
        let slot = slot(tick);
        let Some(first) = self.first.get_mut(slot) else { return };
        let after = first.replace(key);
        if let Some(after) = after.and_then(|after| self.entries.get_mut(after)?.as_mut()) {
            after.before = Some(key);
        }
        if let Some(word) = self.occupied.get_mut(slot / WORD) {
            *word |= 1 << (slot % WORD);
        }
        if self.entries.len() <= key {
            self.entries.resize(key + 1, None);
        }
        if let Some(place) = self.entries.get_mut(key) {
            *place = Some(Entry { due, tick, before: None, after });
            self.count += 1;
        }
    }

    fn take_out(&mut self, key: LegKey) {
        let Some(Entry { tick, before, after, .. }) = self.entries.get_mut(key).and_then(Option::take) else {
            return;
        };
        self.count -= 1;
        if let Some(after) = after.and_then(|after| self.entries.get_mut(after)?.as_mut()) {
            after.before = before;
        }
        match before {
            Some(before) => {
                if let Some(before) = self.entries.get_mut(before).and_then(Option::as_mut) {
                    before.after = after;
                }
            }
            None => {
                let slot = slot(tick);
                if let Some(first) = self.first.get_mut(slot) {
                    *first = after;
                }
                if after.is_none()
                    && let Some(word) = self.occupied.get_mut(slot / WORD)
                {
                    *word &= !(1 << (slot % WORD));
                }
            }
        }
    }

    fn entry(&self, key: LegKey) -> Option<Entry> {
        self.entries.get(key).copied().flatten()
    }

    /// The ticks of the next time around whose slots hold any leg, that of `reached` first.
    fn coming(&self) -> impl Iterator<Item = u64> {
        let begin = slot(self.reached);
        let words = SLOTS / WORD;
        // The word in which it begins comes twice: what is behind the beginning first, what is before it last.
        (0..=words).flat_map(move |step| {
            let number = (begin / WORD + step) % words;
            let all = self.occupied.get(number).copied().unwrap_or_default();
            let behind = u64::MAX << (begin % WORD);
            let mut word = match step {
                0 => all & behind,
                _ if step == words => all & !behind,
                _ => all,
            };
            std::iter::from_fn(move || {
                let bit = word.checked_ilog2().map(|_| word.trailing_zeros() as usize)?;
                word &= word - 1;
                let slot = number * WORD + bit;
                Some(self.reached + ((slot + SLOTS - begin) % SLOTS) as u64)
            })
        })
    }

    /// The legs of a tick's slot.
    fn slot(&self, tick: u64) -> Slot<'_> {
        Slot { schedule: self, next: self.first.get(slot(tick)).copied().flatten() }
    }

    fn tick(&self, at: Instant) -> u64 {
        let since = self.origin.map_or(Duration::ZERO, |origin| at.saturating_duration_since(origin));
        u64::try_from(since.as_nanos() / TICK.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// A walk along a slot's list.
struct Slot<'a> {
    schedule: &'a Schedule,
    next: Option<LegKey>,
}

impl Iterator for Slot<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let entry = self.schedule.entry(self.next?)?;
        self.next = entry.after;
        Some(entry)
    }
}

const fn slot(tick: u64) -> usize {
    (tick % SLOTS as u64) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::simulated::origin;

    fn due(schedule: &mut Schedule, now: Instant) -> Vec<LegKey> {
        let mut due = Vec::new();
        schedule.take_due(now, &mut due);
        due
    }

    #[test]
    fn legs_come_out_in_order_of_time_and_not_before() {
        let mut schedule = Schedule::default();
        let now = origin();
        let later = now + Duration::from_secs(1);
        schedule.replace(1, None, Some(later));
        schedule.replace(2, None, Some(now));
        assert_eq!(schedule.next(), Some(now));
        assert_eq!(due(&mut schedule, now), [2]);
        assert!(due(&mut schedule, now).is_empty());
        assert_eq!(due(&mut schedule, later), [1]);
        assert_eq!(schedule.next(), None);
    }

    #[test]
    fn a_leg_has_one_deadline() {
        let mut schedule = Schedule::default();
        let now = origin();
        let later = now + Duration::from_secs(1);
        schedule.replace(1, None, Some(now));
        schedule.replace(1, Some(now), Some(later));
        assert!(due(&mut schedule, now).is_empty());
        schedule.replace(1, Some(later), None);
        assert_eq!(schedule.next(), None);
    }

    #[test]
    fn a_deadline_that_is_over_when_it_is_set_is_due_at_once() {
        let mut schedule = Schedule::default();
        let now = origin() + Duration::from_secs(100);
        schedule.replace(1, None, Some(now));
        assert_eq!(due(&mut schedule, now), [1]);
        schedule.replace(2, None, Some(now - Duration::from_secs(50)));
        assert_eq!(schedule.next(), Some(now - Duration::from_secs(50)));
        assert_eq!(due(&mut schedule, now), [2]);
    }

    #[test]
    fn nothing_is_allocated_for_a_leg_that_has_had_a_deadline() {
        let mut schedule = Schedule::default();
        let (now, mut taken) = (origin(), Vec::with_capacity(100));
        (0..100).for_each(|key| schedule.replace(key, None, Some(now)));
        let allocations = allocation_counter::measure(|| {
            for second in 1..100 {
                schedule.take_due(now + Duration::from_secs(second), &mut taken);
                for key in taken.drain(..) {
                    schedule.replace(key, None, Some(now + Duration::from_millis(1000 * second + 13 * key as u64)));
                }
            }
        });
        assert_eq!(allocations.count_total, 0);
    }

    proptest! {
        /// Against a sorted set: whatever is set, moved and forgotten, the same legs are due at the same times.
        #[test]
        fn a_wheel_keeps_the_time_as_a_sorted_set_does(
            steps in proptest::collection::vec((0usize..12, proptest::option::of(0u64..40_000), 0u64..3000), 1..120)
        ) {
            let (mut schedule, mut sorted) = (Schedule::default(), BTreeSet::new());
            let mut deadlines = [None; 12];
            let mut now = origin();
            for (key, deadline, passed) in steps {
                let to = deadline.map(|micros| now + Duration::from_micros(micros * 977) - Duration::from_millis(3));
                schedule.replace(key, deadlines[key], to);
                if let Some(from) = deadlines[key] {
                    sorted.remove(&(from, key));
                }
                sorted.extend(to.map(|to| (to, key)));
                deadlines[key] = to;
                prop_assert_eq!(schedule.next(), sorted.first().map(|&(due, _)| due));
                now += Duration::from_micros(passed * 1009);
                let expected: BTreeSet<_> = sorted.iter().filter(|(due, _)| *due <= now).map(|&(_, key)| key).collect();
                sorted.retain(|(due, _)| *due > now);
                for &key in &expected {
                    deadlines[key] = None;
                }
                let due = due(&mut schedule, now);
                prop_assert_eq!(due.len(), expected.len());
                prop_assert_eq!(due.into_iter().collect::<BTreeSet<_>>(), expected);
                prop_assert_eq!(schedule.next(), sorted.first().map(|&(due, _)| due));
            }
        }
    }
}
