//! The edge of time: a clock to go by, and the one the kernel stamps packets with.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Now.
#[expect(clippy::disallowed_methods, reason = "the edge: the loop reads it")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Nanoseconds since 1970, as in the kernel's timestamps.
#[expect(clippy::disallowed_methods, reason = "the edge: packets are stamped with it")]
pub(crate) fn stamp() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}
