//! Noticing that nothing comes any more.

use std::time::{Duration, Instant};

/// Reports a silence once. Whoever is not supervised, or held, may be silent.
#[derive(Debug, Default)]
pub(crate) struct Supervision {
    /// When supervision began, or was resumed after a hold.
    since: Option<Instant>,
    heard: Option<Instant>,
    reported: bool,
}

impl Supervision {
    /// Something came. `true` the first time ever.
    pub(crate) fn hear(&mut self, now: Instant) -> bool {
        self.reported = false;
        self.heard.replace(now).is_none()
    }

    /// Silence counts from now on.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.since = Some(now);
        self.reported = false;
    }

    /// Starts the count afresh after a hold, if there is one.
    pub(crate) fn resume(&mut self, now: Instant) {
        if self.since.is_some() {
            self.begin(now);
        }
    }

    /// When silence becomes worth reporting.
    #[must_use]
    pub(crate) fn deadline(&self, patience: Duration) -> Option<Instant> {
        let since = self.since.filter(|_| !self.reported)?;
        let last = self.heard.map_or(since, |heard| heard.max(since));
        Some(last + patience)
    }

    /// Whether to report it now.
    pub(crate) fn expire(&mut self, now: Instant, patience: Duration) -> bool {
        let due = self.deadline(patience).is_some_and(|due| due <= now);
        self.reported |= due;
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn who_is_not_supervised_may_be_silent() {
        let mut supervision = Supervision::default();
        let now = crate::simulated::origin();
        assert!(supervision.hear(now));
        assert!(!supervision.expire(now + PATIENCE * 10, PATIENCE));
    }

    #[test]
    fn media_that_never_comes_is_reported_once() {
        let mut supervision = Supervision::default();
        let now = crate::simulated::origin();
        supervision.begin(now);
        assert!(!supervision.expire(now + PATIENCE - Duration::from_millis(1), PATIENCE));
        assert!(supervision.expire(now + PATIENCE, PATIENCE));
        assert!(!supervision.expire(now + PATIENCE * 2, PATIENCE));
        assert_eq!(supervision.deadline(PATIENCE), None);
    }

    #[test]
    fn every_packet_begins_the_count_again() {
        let mut supervision = Supervision::default();
        let now = crate::simulated::origin();
        supervision.begin(now);
        supervision.hear(now + PATIENCE / 2);
        assert!(!supervision.expire(now + PATIENCE, PATIENCE));
        assert!(supervision.expire(now + PATIENCE * 3 / 2, PATIENCE));
        assert!(!supervision.hear(now + PATIENCE * 2));
        assert!(supervision.expire(now + PATIENCE * 3, PATIENCE));
    }

    #[test]
    fn after_a_hold_the_count_begins_again() {
        let mut supervision = Supervision::default();
        let now = crate::simulated::origin();
        supervision.begin(now);
        supervision.resume(now + PATIENCE * 3);
        assert!(!supervision.expire(now + PATIENCE * 3, PATIENCE));
        assert_eq!(supervision.deadline(PATIENCE), Some(now + PATIENCE * 4));
    }
}
