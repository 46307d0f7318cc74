//! The SIP core of the relay: messages, transactions, dialogs, digest, offer/answer.
//!
//! Everything here is sans-I/O: bytes and the time come in, bytes and events go out. No socket, no
//! clock and no randomness of its own. Nothing a peer sends can make it panic or hold more than
//! its limits say.

#![forbid(unsafe_code)]

pub mod dialog;
pub mod digest;
pub mod info;
pub mod locate;
pub mod message;
pub mod offer_answer;
pub mod sdp;
pub mod transaction;
