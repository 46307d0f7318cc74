use std::time::{Duration, Instant};

/// The base times of RFC 3261 §17; every timer derives from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Estimated round trip: first retransmission interval. 500 ms.
    pub t1: Duration,
    /// Longest retransmission interval except an INVITE's. 4 s.
    pub t2: Duration,
    /// How long a message may stay in the network. 5 s.
    pub t4: Duration,
    /// Timer D: how long a client absorbs retransmitted final responses to INVITE over an unreliable
    /// transport. 32 s, the least allowed.
    pub timer_d: Duration,
    /// How long the user may take for its first response to an INVITE before a 100 is sent (§17.2.1).
    /// 200 ms.
    pub trying: Duration,
    /// How long a server may be silent before a request goes to the next one, where there is one; RFC 3263 section 4.3
    /// leaves it open. 8 × T1: 4 s.
    pub alternative: Duration,
    /// Most transactions at once, clients and servers each.
    pub max_transactions: usize,
}

impl Timing {
    /// 64 × T1: how long every transaction tries (timers B, F, H, J, L and M).
    pub fn patience(&self) -> Duration {
        self.t1.saturating_mul(64)
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            timer_d: Duration::from_secs(32),
            trying: Duration::from_millis(200),
            alternative: Duration::from_secs(4),
            max_transactions: 10_000,
        }
    }
}

/// A message that is sent again and again at growing intervals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retransmission {
    at: Instant,
    interval: Duration,
    /// The interval doubles up to here.
    longest: Duration,
}

impl Retransmission {
    pub(crate) fn new(now: Instant, interval: Duration, longest: Duration) -> Self {
        // An interval of zero would never let time pass.
        let interval = interval.max(Duration::from_millis(1));
        Self { at: now + interval, interval, longest }
    }

    pub(crate) fn at(&self) -> Instant {
        self.at
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.at <= now
    }

    /// The one after this. It counts from now, so that a late caller does not cause a burst.
    pub(crate) fn next(&self, now: Instant) -> Self {
        Self::new(now, self.interval.saturating_mul(2).min(self.longest), self.longest)
    }
}
