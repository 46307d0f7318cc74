use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::{RateLimit, source_of};

/// How often the table is cleared of those that have fallen silent, at most: looking at all of them for each that is new
/// would let a crowd make the relay do more than it does itself.
const CLEAR_EVERY: Duration = Duration::from_secs(1);

/// A limit for each address (a /64 with IPv6). Where there is no room for more of them, all others share one.
#[derive(Debug)]
pub(crate) struct Sources {
    interval: Duration,
    burst: u32,
    most: usize,
    limits: HashMap<IpAddr, RateLimit>,
    others: Option<RateLimit>,
    cleared: Option<Instant>,
}

impl Sources {
    /// Limits as [`RateLimit::every`] makes them, for so many sources.
    pub(crate) fn new(interval: Duration, burst: u32, most: usize) -> Self {
        Self { interval, burst, most, limits: HashMap::new(), others: None, cleared: None }
    }

    /// Limits as [`RateLimit::new`] makes them, for so many sources.
    pub(crate) fn per_second(per_second: u32, most: usize) -> Self {
        let per_second = per_second.max(1);
        Self::new(Duration::from_secs(1) / per_second, per_second.saturating_mul(4), most)
    }

    /// The limit that a source has used of, alone or with others.
    pub(crate) fn find(&self, source: IpAddr) -> Option<&RateLimit> {
        let known = self.limits.get(&source_of(source));
        known.or_else(|| self.others.as_ref().filter(|_| self.is_full()))
    }

    /// The limit of a source, to be used.
    pub(crate) fn of(&mut self, source: IpAddr, now: Instant) -> &mut RateLimit {
        let source = source_of(source);
        if self.is_full() && self.cleared.is_none_or(|at| at + CLEAR_EVERY <= now) {
            self.limits.retain(|_, limit| !limit.is_unused(now));
            self.cleared = Some(now);
        }
        let fresh = RateLimit::every(self.interval, self.burst, now);
        match self.is_full() && !self.limits.contains_key(&source) {
            true => self.others.get_or_insert(fresh),
            false => self.limits.entry(source).or_insert(fresh),
        }
    }

    /// How many are told apart.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.limits.len()
    }

    fn is_full(&self) -> bool {
        self.limits.len() >= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "an instant to begin simulated time at")]
    fn start() -> Instant {
        Instant::now()
    }

    fn ip(number: u32) -> IpAddr {
        IpAddr::V4(number.into())
    }

    #[test]
    fn a_full_table_is_looked_through_once_a_second() {
        let now = start();
        let later = |millis| now + Duration::from_millis(millis);
        let mut sources = Sources::new(Duration::from_millis(100), 1, 2);
        assert!(sources.of(ip(1), now).take(now) && sources.of(ip(2), now).take(now));
        assert!(sources.of(ip(3), now).take(now), "the first of those that share");
        assert!(!sources.of(ip(4), now).take(now), "the second");
        // All is forgiven, but it was looked through just now.
        assert!(sources.of(ip(3), later(200)).take(later(200)));
        assert!(!sources.of(ip(4), later(200)).take(later(200)));
        assert!(sources.of(ip(3), later(1000)).take(later(1000)) && sources.of(ip(4), later(1000)).take(later(1000)));
        assert_eq!(sources.len(), 2);
    }
}
