//! A browser's session descriptions (JSEP, RFC 9429), read and written.
//!
//! The relay is always ICE-lite, `a=setup:passive` and bundled with multiplexed RTCP; it takes one audio section and
//! refuses every other.

mod read;
mod write;

pub use read::{BrowserDescription, Payload};
pub use write::{agreed, answer, offer};
