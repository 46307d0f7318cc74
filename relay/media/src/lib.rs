//! Media for telephone calls between browsers and SIP phones.
//!
//! A call has two **legs**. A leg is a browser (ICE, DTLS-SRTP), an RTP endpoint (plain RTP on a
//! port pair) or a service that makes its own sound. [`Command::Join`] puts two legs of one worker
//! together; from then on every packet of one goes to the other, rewritten so that the receiver
//! sees one unbroken stream whatever happens at the far end.
//!
//! The crate knows neither SDP nor SIP: it takes and gives typed parameters, and signalling turns
//! them into session descriptions. Everything a description needs is returned at once by
//! [`Media::webrtc_leg`] and [`Media::rtp_leg`]; commands are sent and forgotten; what happens
//! later arrives as an [`Event`].
//!
//! Inside, each protocol is sans-I/O: bytes and an instant in, bytes and events out. The worker
//! thread is the only place with sockets and a clock.

mod command;
mod config;
mod dtmf;
mod error;
mod event;
mod format;
mod media;
mod params;

pub use command::Command;
pub use config::MediaConfig;
pub use dtmf::{Digit, Digits, InvalidDigit};
pub use error::{InvalidFingerprint, MediaError};
pub use event::{Event, Inactivity, LegStats, MediaFailure};
pub use format::{Codec, Direction, Format, PayloadFormat};
pub use media::{Counts, Media, WorkerId};
pub use params::{
    Fingerprint, IceCredentials, IcePassword, LegId, RtpLocal, RtpRemote, Service, WebRtcLocal, WebRtcRemote,
};
mod dtls;
mod ice;
mod identity;
mod learning;
mod ports;
mod rewrite;
mod rtcp;
mod rtp;
mod srtp;
mod telephone_event;
