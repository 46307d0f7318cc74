//! RTCP, RFC 3550 §6: reports to a leg's peer about what it sent and what it was sent.

mod compose;
mod parse;
mod reception;
mod session;
mod time;

pub(crate) use reception::Reception;
pub(crate) use session::Session;
pub use time::NtpClock;

/// Sender report.
const SR: u8 = 200;
/// Receiver report.
const RR: u8 = 201;
/// Source description.
const SDES: u8 = 202;
/// Goodbye.
const BYE: u8 = 203;
