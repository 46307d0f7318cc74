//! The pool of RTP port pairs, and the rest each pair takes after use.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// An even port for RTP; RTCP is the odd one above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PortPair(u16);

impl PortPair {
    /// The RTP port.
    #[must_use]
    pub(crate) const fn rtp(self) -> u16 {
        self.0
    }

    /// The RTCP port.
    #[must_use]
    pub(crate) const fn rtcp(self) -> u16 {
        self.0 | 1
    }
}

/// Hands out each pair to one leg at a time, the longest unused first.
#[derive(Debug)]
pub(crate) struct Ports {
    free: VecDeque<PortPair>,
    resting: VecDeque<(Instant, PortPair)>,
    quarantine: Duration,
    used: usize,
}

impl Ports {
    /// All whole pairs of `range`. `start` rotates them, so that a restarted process does not
    /// begin with the ports its predecessor used last.
    #[must_use]
    pub(crate) fn new(range: &RangeInclusive<u16>, quarantine: Duration, start: usize) -> Self {
        let first = range.start().saturating_add(range.start() & 1);
        let mut free: VecDeque<_> = (first..=*range.end())
            .step_by(2)
            .filter(|rtp| rtp % 2 == 0 && rtp | 1 <= *range.end())
            .map(PortPair)
            .collect();
        let turn = start.checked_rem(free.len()).unwrap_or(0);
        free.rotate_left(turn);
        Self { free, resting: VecDeque::new(), quarantine, used: 0 }
    }

    /// Takes a pair. `None` when all are used or resting.
    pub(crate) fn take(&mut self, now: Instant) -> Option<PortPair> {
        self.wake(now);
        let pair = self.free.pop_front()?;
        self.used += 1;
        Some(pair)
    }

    /// Gives a pair back; it rests first, and the others are taken before it.
    pub(crate) fn give_back(&mut self, now: Instant, pair: PortPair) {
        self.used = self.used.saturating_sub(1);
        self.resting.push_back((now + self.quarantine, pair));
    }

    /// Pairs with a leg.
    #[must_use]
    pub(crate) const fn used(&self) -> usize {
        self.used
    }

    /// Pairs resting at this instant.
    pub(crate) fn resting(&mut self, now: Instant) -> usize {
        self.wake(now);
        self.resting.len()
    }

    fn wake(&mut self, now: Instant) {
        while let Some(&(until, pair)) = self.resting.front() {
            if until > now {
                return;
            }
            self.resting.pop_front();
            self.free.push_back(pair);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(10);

    fn ports(range: RangeInclusive<u16>) -> (Ports, Instant) {
        (Ports::new(&range, REST, 0), crate::simulated::origin())
    }

    #[test]
    fn pairs_begin_even_and_lie_within_the_range() {
        let (mut ports, now) = ports(4001..=4006);
        let pairs: Vec<_> = std::iter::from_fn(|| ports.take(now)).collect();
        let numbers: Vec<_> = pairs.iter().map(|pair| (pair.rtp(), pair.rtcp())).collect();
        assert_eq!(numbers, [(4002, 4003), (4004, 4005)]);
        assert_eq!(ports.used(), 2);
    }

    #[test]
    fn a_pair_given_back_rests_before_it_is_used_again() {
        let (mut ports, now) = ports(4000..=4001);
        let pair = ports.take(now).unwrap();
        ports.give_back(now, pair);
        assert_eq!((ports.used(), ports.resting(now)), (0, 1));
        assert_eq!(ports.take(now + REST - Duration::from_millis(1)), None);
        assert_eq!(ports.take(now + REST), Some(pair));
        assert_eq!(ports.resting(now + REST), 0);
    }

    #[test]
    fn the_longest_unused_pair_comes_first() {
        let (mut ports, now) = ports(4000..=4005);
        let first = ports.take(now).unwrap();
        ports.give_back(now, first);
        let later = now + REST;
        let order: Vec<_> = std::iter::from_fn(|| ports.take(later)).collect();
        assert_eq!(order.last(), Some(&first));
    }

    #[test]
    fn the_top_of_all_ports_is_no_overflow() {
        let (mut ports, now) = ports(65_533..=65_535);
        assert_eq!(ports.take(now).map(PortPair::rtp), Some(65_534));
        assert_eq!(ports.take(now), None);
    }

    #[test]
    fn a_range_without_a_pair_has_none() {
        let (mut ports, now) = ports(4001..=4002);
        assert_eq!(ports.take(now), None);
    }
}
