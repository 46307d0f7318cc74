//! When each stream sends: every 20 ms, all of them spread over the milliseconds between.

use std::time::{Duration, Instant};

/// Milliseconds between two packets of a stream.
const SLOTS: usize = 20;
const TICK: Duration = Duration::from_millis(1);

/// Streams by the millisecond in which they send.
pub(crate) struct Schedule {
    slots: [Vec<usize>; SLOTS],
    slot: usize,
    next: Instant,
}

impl Schedule {
    pub(crate) fn new(now: Instant) -> Self {
        Self { slots: Default::default(), slot: 0, next: now }
    }

    /// A further stream, in the millisecond with the fewest.
    pub(crate) fn add(&mut self, stream: usize) {
        if let Some(slot) = self.slots.iter_mut().min_by_key(|slot| slot.len()) {
            slot.push(stream);
        }
    }

    pub(crate) fn remove(&mut self, stream: usize) {
        for slot in &mut self.slots {
            slot.retain(|&other| other != stream);
        }
    }

    /// When the next millisecond begins.
    pub(crate) const fn next(&self) -> Instant {
        self.next
    }

    /// The streams of one millisecond that has begun, and how late it is. Asked again until there is none.
    pub(crate) fn due(&mut self, now: Instant) -> Option<(&[usize], Duration)> {
        let late = now.checked_duration_since(self.next)?;
        self.next += TICK;
        let slot = self.slot;
        self.slot = (slot + 1) % SLOTS;
        self.slots.get(slot).map(|streams| (streams.as_slice(), late))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stream_sends_once_in_twenty_milliseconds_and_none_is_forgotten_when_it_is_late() {
        let start = crate::clock::now();
        let mut schedule = Schedule::new(start);
        for stream in 0..45 {
            schedule.add(stream);
        }
        schedule.remove(3);
        let mut sent = Vec::new();
        let end = start + Duration::from_millis(19);
        while let Some((streams, _)) = schedule.due(end) {
            assert!(streams.len() <= 3);
            sent.extend_from_slice(streams);
        }
        sent.sort_unstable();
        assert_eq!(sent, (0..45).filter(|&stream| stream != 3).collect::<Vec<_>>());
        assert_eq!(schedule.next(), start + Duration::from_millis(20));
    }
}
