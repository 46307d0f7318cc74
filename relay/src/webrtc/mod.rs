//! A browser's session descriptions (JSEP, RFC 9429), read and written, whichever way they come: in a message of
//! offhook.v1, or in one of SIP from a client that runs in a page.
//!
//! The relay is always ICE-lite, `a=setup:passive` and bundled with multiplexed RTCP; it takes one audio section and one
//! of pictures beside it, and refuses every other. Codecs of pictures are passed through, so they are offered as the far
//! end offers them; retransmission streams, error correction and header extensions end here and are not offered.
//! Without header extensions a browser tells sound and pictures apart by `a=ssrc`, and the relay by payload types, which
//! are of one space within a bundle.

mod payload;
mod read;
mod write;

#[cfg(test)]
mod tests;

pub use payload::Payload;
pub use read::{BrowserDescription, Transport};
pub use write::{agreed, answer, offer};
