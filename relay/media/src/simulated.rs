//! Where simulated time begins, for tests.

use std::time::Instant;

/// An instant to count from. The standard library makes one only by looking at the clock.
#[expect(clippy::disallowed_methods, reason = "tests add to it, and never look again")]
pub(crate) fn origin() -> Instant {
    Instant::now()
}
