//! Browser legs: what the core says to a leg, said to a browser.
//!
//! [`BrowserLeg`] turns the core's [`crate::call::LegCommand`]s into `offhook.v1` events and media commands, and the
//! browser's requests into [`crate::call::LegEvent`]s. [`crate::webrtc`] reads and writes the browser's session
//! descriptions. A browser sees exactly one terminal status per call, and SDP only as a JSEP answer to its own offer or
//! as an offer of the relay's.
//!
//! No sockets and no clock here; nothing is known of sessions either.

mod leg;
mod policy;

#[cfg(test)]
mod tests;

pub use leg::{BrowserLeg, BrowserOutput, ended};
pub use policy::BrowserPolicy;
