//! Session descriptions (RFC 8866), as SIP and WebRTC (JSEP) use them.
//!
//! A description is parsed once, at the door, within fixed bounds, and is then plain data: session and
//! media sections with their attributes in the order they came, unknown ones included. Typed accessors
//! read the attributes that matter to a call; whatever else was there survives a round trip.
//!
//! This module knows the text format only. What an offer means and how it is answered is
//! [`offer_answer`](crate::offer_answer).
//!
//! Descriptions carry keys and addresses, so no `Debug` of this module prints attribute values, and no
//! error quotes the input: errors say which line is wrong and what was expected there.

mod attribute;
pub mod bandwidth;
mod connection;
mod crypto;
mod direction;
mod error;
mod events;
mod feedback;
mod fingerprint;
mod format;
pub mod h264;
mod media;
mod opus;
mod parse;
mod session;
mod speex;
mod write;

#[cfg(test)]
mod robustness_tests;

pub use attribute::{Attribute, Attributes};
pub use connection::{Address, Connection, Origin};
pub use crypto::{Crypto, CryptoSuite, MasterKey};
pub use direction::Direction;
pub use error::SdpError;
pub use events::TelephoneEvents;
pub use feedback::RtcpFeedback;
pub use fingerprint::Fingerprint;
pub use format::{Format, Rtcp, RtpMap};
pub use media::MediaDescription;
pub use opus::OpusParameters;
pub use parse::{MAX_FORMATS, MAX_LINES, MAX_MEDIA, MAX_SIZE};
pub use session::{OtherLine, SessionDescription};
pub use speex::{SpeexParameters, SpeexRate};
