//! The core: joins two legs and decides everything a call can do.
//!
//! [`Call`] is a state machine without sockets, tasks or clock. What happens at either leg goes in with
//! [`Call::leg_event`], the passing of time with [`Call::handle_timeout`], and what is to be done comes out of
//! [`Call::poll_output`], which must be asked until it returns `None` after every input. Whatever the order of events, a
//! call ends: every state has a deadline, each leg is told to end at most once, and [`CallOutput::Over`] comes once,
//! after both legs are gone.
//!
//! It knows legs as [`leg`] describes them, and nothing of browsers, SIP or packets.

mod cause;
mod change;
mod early;
pub mod extras;
pub mod leg;
mod machine;
mod referral;
mod replace;
mod side;
mod transcoding;
mod transfer;
mod untouched;

#[cfg(test)]
mod order_tests;
#[cfg(test)]
mod referral_tests;
#[cfg(test)]
mod replace_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod transcoding_tests;
#[cfg(test)]
mod transfer_tests;
#[cfg(test)]
mod untouched_tests;

pub use cause::failure_for_status;
pub use leg::{
    Cause, Description, Extras, Identity, LegCommand, LegEvent, Referral, ReferralProgress, Sound, Transfer,
    TransferProgress, Video, VideoCodec,
};
pub use machine::{Call, CallOutput, Deadlines};
pub use referral::ReferralEnd;
pub use side::{LegKind, Party};
pub use transcoding::{Capacity, CodecPolicy, Transcoding};
pub use transfer::{not_joinable, transfer_refused};
pub use untouched::Untouched;
