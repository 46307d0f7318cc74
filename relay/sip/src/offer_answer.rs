//! Offer and answer (RFC 3264) for one leg with one audio stream, and perhaps one of pictures beside it.
//!
//! [`OfferAnswer`] is sans-I/O: descriptions go in, descriptions and what was agreed come out. It keeps
//! what must hold over a whole session: one exchange at a time, media sections that never change their
//! place, payload types that never change their meaning, and a version in `o=` that grows exactly when
//! something changed. Which codecs and which address to offer is told with each exchange
//! ([`LocalMedia`]), because in a relay the other leg decides it.
//!
//! The first usable audio section counts, and the first of pictures where our side has any; every other section is refused
//! with port 0. The profiles are
//! `RTP/AVP`, `RTP/AVPF` and, as [`SrtpPolicy`] says, `RTP/SAVP` and `RTP/SAVPF` with keys in `a=crypto` (RFC 4568).

mod codec;
mod error;
mod local;
mod machine;
mod negotiated;
mod payload_types;
mod remote;
mod srtp;
mod video;

#[cfg(test)]
mod answer_tests;
#[cfg(test)]
mod exchange_tests;
#[cfg(test)]
mod offer_tests;
#[cfg(test)]
mod robustness_tests;
#[cfg(test)]
mod srtp_tests;
#[cfg(test)]
mod video_tests;

pub use codec::Codec;
pub use error::OfferAnswerError;
pub use local::LocalMedia;
pub use machine::{Answer, OfferAnswer, State};
pub use negotiated::{Negotiated, NegotiatedCodec};
pub use remote::RemoteMedia;
pub use srtp::{NegotiatedSrtp, SrtpPolicy};
pub use video::{LocalVideo, NegotiatedVideo, RemoteVideo};
