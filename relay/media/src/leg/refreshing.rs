//! How often the sender of pictures is asked for a whole one. Each costs many times what the others do, and a decoder
//! that waits for one asks again and again.

use std::time::{Duration, Instant};

/// Requests so far, as far as they bear on the next.
#[derive(Debug, Default)]
pub(crate) struct Refreshing {
    /// From when on there may be another.
    free: Option<Instant>,
    /// One has to wait until then.
    waiting: bool,
}

impl Refreshing {
    /// Whether to ask now. If not, it is done when the time has come.
    pub(crate) fn ask(&mut self, now: Instant, interval: Duration) -> bool {
        let may = self.free.is_none_or(|free| free <= now);
        self.waiting = !may;
        if may {
            self.free = Some(now + interval);
        }
        may
    }

    /// When a request that waits is due.
    #[must_use]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.free.filter(|_| self.waiting)
    }

    /// Whether a request that waits is due; it waits no more then.
    pub(crate) fn expire(&mut self, now: Instant) -> bool {
        let due = self.deadline().is_some_and(|due| due <= now);
        if due {
            self.waiting = false;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(300);

    #[test]
    fn the_first_request_goes_at_once_and_many_after_it_become_one_later() {
        let mut refreshing = Refreshing::default();
        let now = crate::simulated::origin();
        assert!(refreshing.ask(now, INTERVAL));
        assert_eq!(refreshing.deadline(), None);
        for later in [1, 100, 299] {
            assert!(!refreshing.ask(now + Duration::from_millis(later), INTERVAL));
        }
        assert_eq!(refreshing.deadline(), Some(now + INTERVAL));
        assert!(!refreshing.expire(now + INTERVAL / 2));
        assert!(refreshing.expire(now + INTERVAL));
        assert!(!refreshing.expire(now + INTERVAL));
        assert!(refreshing.ask(now + INTERVAL, INTERVAL));
    }
}
