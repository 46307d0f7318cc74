use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// Deadlines in order of time. A deadline that has moved stays in the heap; whoever it belongs to is asked too early,
/// finds nothing due and is put in again.
#[derive(Debug)]
pub(super) struct Schedule<K> {
    heap: BinaryHeap<Reverse<(Instant, K)>>,
}

impl<K: Ord> Default for Schedule<K> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new() }
    }
}

impl<K: Ord + Copy> Schedule<K> {
    pub(super) fn put(&mut self, at: Instant, key: K) {
        self.heap.push(Reverse((at, key)));
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    pub(super) fn due(&mut self, now: Instant) -> Option<K> {
        if self.next().is_none_or(|at| at > now) {
            return None;
        }
        self.heap.pop().map(|Reverse((_, key))| key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "an instant can be had from the clock only; time is simulated from it"
    )]
    fn deadlines_come_in_order_and_not_before_their_time() {
        let now = Instant::now();
        let mut schedule = Schedule::default();
        schedule.put(now + Duration::from_secs(2), 'b');
        schedule.put(now + Duration::from_secs(1), 'a');
        assert_eq!(schedule.due(now), None);
        assert_eq!(schedule.next(), Some(now + Duration::from_secs(1)));
        let late = now + Duration::from_secs(3);
        assert_eq!([schedule.due(late), schedule.due(late), schedule.due(late)], [Some('a'), Some('b'), None]);
    }
}
