//! RTCP, RFC 3550 §6: reports to a leg's peer about what it sent and what it was sent.

mod compose;
mod feedback;
mod parse;
mod reception;
mod session;
mod time;
mod transport_cc;

pub(crate) use feedback::{Feedback, Lost};
pub(crate) use parse::{Packet, parse};
pub(crate) use reception::{Gaps, Reception};
pub(crate) use session::{Heard, Session};
pub use time::NtpClock;
pub(crate) use time::SenderClock;
pub(crate) use transport_cc::Arrivals;

/// Sender report.
const SR: u8 = 200;
/// Receiver report.
const RR: u8 = 201;
/// Source description.
const SDES: u8 = 202;
/// Goodbye.
const BYE: u8 = 203;
/// Transport layer feedback (RFC 4585 §6.2).
const RTPFB: u8 = 205;
/// Payload-specific feedback (RFC 4585 §6.3).
const PSFB: u8 = 206;
