//! How much one connection may ask of the relay, how many passwords one address may guess, and how often the relay says
//! the same thing in its log.

mod guesses;
mod sources;

use std::time::{Duration, Instant};

pub(crate) use guesses::source_of;
pub use guesses::{Guesses, WRONG_AT_ONCE};
pub(crate) use sources::Sources;

/// A token bucket: a mean rate with room for bursts.
#[derive(Clone, Copy, Debug)]
pub struct RateLimit {
    /// What one request costs.
    interval: Duration,
    /// How far ahead of the mean rate a burst may run.
    burst: Duration,
    /// Up to when the rate is used up.
    used_until: Instant,
}

impl RateLimit {
    /// At most `per_second` requests in the mean and four times as many at once.
    #[must_use]
    pub fn new(per_second: u32, now: Instant) -> Self {
        Self::every(Duration::from_secs(1) / per_second.max(1), per_second.max(1).saturating_mul(4), now)
    }

    /// One request per `interval` in the mean and `burst` of them at once.
    #[must_use]
    pub fn every(interval: Duration, burst: u32, now: Instant) -> Self {
        Self { interval, burst: interval.saturating_mul(burst), used_until: now }
    }

    /// Whether one more would be taken now.
    #[must_use]
    pub fn has_room(&self, now: Instant) -> bool {
        self.used_until.max(now) + self.interval <= now + self.burst
    }

    /// Whether nothing has been taken that still counts.
    #[must_use]
    pub fn is_unused(&self, now: Instant) -> bool {
        self.used_until <= now
    }

    /// Takes one request; `false` when it is one too many.
    pub fn take(&mut self, now: Instant) -> bool {
        self.take_all(1, now)
    }

    /// Takes so many at once, all or none; `false` when they are too many.
    pub fn take_all(&mut self, count: u32, now: Instant) -> bool {
        let start = self.used_until.max(now);
        let cost = self.interval.saturating_mul(count);
        if cost > self.burst || start + cost > now + self.burst {
            return false;
        }
        self.used_until = start + cost;
        true
    }
}

/// Keys a leg may press per second in the mean, as [`RateLimit`] counts; nobody's fingers are faster. The far end hears
/// of each, so that without a bound one end could drown the other.
pub const KEYS_PER_SECOND: u32 = 50;

/// Changes of its session, such as a hold, an end of a call may ask for at once, and how often one more: the other end is
/// told of each.
pub const CHANGES_AT_ONCE: u32 = 20;

/// See [`CHANGES_AT_ONCE`].
pub const CHANGE_INTERVAL: Duration = Duration::from_secs(1);

/// Kilobytes of app data a connection may send per second in the mean, as [`RateLimit`] counts.
pub const DATA_KB_PER_SECOND: u32 = 64;

/// Something wrong that others can cause as often as they like: the log hears of it once a minute.
#[derive(Clone, Copy, Debug, Default)]
pub struct Complaint {
    quiet_until: Option<Instant>,
    unsaid: u64,
}

impl Complaint {
    const QUIET: Duration = Duration::from_secs(60);

    /// Whether to say it now, and then how often it was not said before; `None` when it was said just now.
    pub fn due(&mut self, now: Instant) -> Option<u64> {
        if self.quiet_until.is_some_and(|until| now < until) {
            self.unsaid += 1;
            return None;
        }
        self.quiet_until = Some(now + Self::QUIET);
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        clippy::disallowed_methods,
        reason = "an instant can be had from the clock only; time is simulated from it"
    )]
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_burst_is_taken_and_the_flood_after_it_is_not() {
        let now = start();
        let mut limit = RateLimit::new(10, now);
        let taken = (0..1000).filter(|_| limit.take(now)).count();
        assert_eq!(taken, 40);
    }

    #[test]
    fn what_is_taken_together_is_taken_whole_or_not_at_all() {
        let now = start();
        let mut limit = RateLimit::new(10, now);
        assert!(limit.take_all(30, now));
        assert!(!limit.take_all(11, now) && !limit.take_all(u32::MAX, now));
        assert!(limit.take_all(10, now) && !limit.take(now));
    }

    #[test]
    fn room_comes_back_with_time() {
        let now = start();
        let mut limit = RateLimit::new(10, now);
        while limit.take(now) {}
        assert!(!limit.take(now + Duration::from_millis(99)));
        assert!(limit.take(now + Duration::from_millis(101)));
    }

    #[test]
    fn a_complaint_is_made_once_a_minute_and_counts_what_it_left_out() {
        let now = start();
        let mut complaint = Complaint::default();
        let later = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(complaint.due(now), Some(0));
        assert_eq!([complaint.due(now), complaint.due(later(59))], [None, None]);
        assert_eq!(complaint.due(later(60)), Some(2));
        assert_eq!(complaint.due(later(61)), None);
    }
}
