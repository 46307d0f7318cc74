//! The wall clock of RTCP (RFC 3550 §4), derived from one reading at the edge.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds from the NTP epoch, 1900, to the Unix epoch.
const UNIX_IN_NTP: u64 = 2_208_988_800;

/// Turns instants into NTP timestamps.
#[derive(Debug, Clone, Copy)]
pub struct NtpClock {
    base: Instant,
    at_base: Duration,
}

impl NtpClock {
    /// A clock that runs with `now` from `wall` on. Later changes of the wall clock do not reach
    /// it, so reports of one stream agree with each other.
    #[must_use]
    pub fn new(now: Instant, wall: SystemTime) -> Self {
        let unix = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { base: now, at_base: unix + Duration::from_secs(UNIX_IN_NTP) }
    }

    /// The NTP timestamp: 32 bits of seconds, 32 of fraction.
    #[must_use]
    pub(crate) fn timestamp(&self, now: Instant) -> u64 {
        let time = self.at_base + now.saturating_duration_since(self.base);
        let fraction = (u64::from(time.subsec_nanos()) << 32) / 1_000_000_000;
        (time.as_secs() << 32) | fraction
    }

    /// The middle 32 bits, as in LSR: 16 of seconds, 16 of fraction.
    #[must_use]
    pub(crate) fn middle(&self, now: Instant) -> u32 {
        middle(self.timestamp(now))
    }
}

/// How a sender's wall clock relates to this one: as far as its first report says, which is one way
/// through the network off. It is the same for all its streams, so that what belongs together in
/// its time belongs together in ours.
#[derive(Debug, Default)]
pub(crate) struct SenderClock {
    /// Ours minus theirs, NTP.
    ahead: Option<u64>,
}

/// Half a second, NTP. Whoever is off by more has set his clock.
const STEP: u64 = 1 << 31;

impl SenderClock {
    /// A report made at `theirs` arrived at `ours`.
    pub(crate) fn hear(&mut self, ours: u64, theirs: u64) {
        let ahead = ours.wrapping_sub(theirs);
        let distance = |known: u64| known.wrapping_sub(ahead).min(ahead.wrapping_sub(known));
        if self.ahead.is_none_or(|known| distance(known) > STEP) {
            self.ahead = Some(ahead);
        }
    }

    /// The sender's time at our `ours`, once it has reported.
    #[must_use]
    pub(crate) fn at(&self, ours: u64) -> Option<u64> {
        self.ahead.map(|ahead| ours.wrapping_sub(ahead))
    }
}

/// The middle 32 bits of an NTP timestamp.
pub(super) const fn middle(timestamp: u64) -> u32 {
    (timestamp >> 16) as u32
}

/// A duration in units of 1/65536 s, as in DLSR.
pub(super) fn to_short(duration: Duration) -> u32 {
    let units = (duration.as_nanos() << 16) / 1_000_000_000;
    u32::try_from(units).unwrap_or(u32::MAX)
}

/// Units of 1/65536 s as a duration.
pub(super) fn from_short(units: u32) -> Duration {
    Duration::from_nanos((u64::from(units) * 1_000_000_000) >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unix_epoch_is_2208988800_seconds_into_ntp_time() {
        let now = crate::simulated::origin();
        let clock = NtpClock::new(now, UNIX_EPOCH);
        let later = now + Duration::from_millis(500);
        assert_eq!(clock.timestamp(now), UNIX_IN_NTP << 32);
        assert_eq!(clock.timestamp(later), (UNIX_IN_NTP << 32) | 0x8000_0000);
    }

    #[test]
    fn a_senders_clock_is_known_from_its_first_report_until_it_is_set() {
        let mut clock = SenderClock::default();
        assert_eq!(clock.at(1 << 40), None);
        clock.hear(1 << 40, 5);
        // A report that was longer on its way changes nothing, for the streams would part.
        clock.hear((1 << 40) + STEP, 6);
        assert_eq!(clock.at((1 << 40) + 10), Some(15));
        clock.hear((1 << 40) + 20, 7 << 40);
        assert_eq!(clock.at((1 << 40) + 30), Some((7 << 40) + 10));
    }

    #[test]
    fn short_durations_survive_being_written_and_read() {
        let duration = Duration::from_millis(1250);
        assert_eq!(to_short(duration), 0x0001_4000);
        assert_eq!(from_short(to_short(duration)), duration);
    }
}
