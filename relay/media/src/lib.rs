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
//! Inside, each protocol is sans-I/O: bytes and an instant in, bytes and events out. [`Bridge`]
//! holds all legs of a worker that way, and can be driven without sockets or threads; the worker
//! thread is the only place that has them, and a clock.

mod bridge;
mod codec;
mod command;
mod config;
mod dtls;
mod dtmf;
mod error;
mod event;
mod format;
mod framing;
mod history;
mod ice;
mod identity;
mod in_band;
mod inbox;
mod jitter;
mod learning;
mod leg;
mod media;
mod once;
mod orders;
mod outbox;
mod outlet;
mod pace;
mod params;
mod ports;
pub mod quality;
mod repair;
mod rewrite;
mod rtcp;
mod rtp;
mod schedule;
mod service;
mod shared;
#[cfg(test)]
mod simulated;
mod socket_pair;
mod sockets;
mod srtp;
mod streams;
mod supervision;
mod telephone_event;
mod totals;
mod transcode;
mod video_codec;
mod worker;

pub use bridge::{Bridge, NewLeg, Timing};
pub use codec::is_transcodable;
pub use command::Command;
pub use config::MediaConfig;
pub use dtmf::{Digit, Digits, InvalidDigit};
pub use error::{InvalidFingerprint, MediaError};
pub use event::{Event, Inactivity, LegStats, MediaFailure, StreamStats};
pub use format::{COMFORT_NOISE_PT, Codec, Direction, Format, MediumKind, PayloadFormat, SoundWishes};
pub use identity::Identity;
pub use leg::Seed;
pub use media::{Counts, Media, WorkerId};
pub use outlet::{Door, LegKey, Outlet, Path};
pub use params::{
    Fingerprint, IceCredentials, IcePassword, LegId, RtpLocal, RtpRemote, Rtx, Service, SrtpKey, SrtpKeys, SrtpSuite,
    VideoFeedback, VideoLocal, VideoRemote, VideoRepair, WebRtcLocal, WebRtcRemote,
};
pub use quality::{Causes, QualityReport, Sound, Thresholds, Way};
pub use rtcp::NtpClock;
pub use totals::Totals;
pub use video_codec::{H264Profile, VideoCodec};
