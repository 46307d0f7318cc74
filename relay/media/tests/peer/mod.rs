//! What a call needs at its ends: a browser, which is a whole WebRTC client we did not write, and
//! a telephone, which is two plain sockets.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    dead_code,
    unused_imports,
    reason = "for tests and benchmarks, each of which uses a part"
)]

mod browser;
mod connection;
mod phone;
mod relay;
mod reports;

pub(crate) use browser::Browser;
pub(crate) use connection::{Connection, VIDEO_SSRC};
pub(crate) use phone::Phone;
pub(crate) use relay::{Relay, config};

use std::time::{Duration, Instant};

use offhook_media::{Codec, Format, PayloadFormat, VideoCodec};

/// What anything may take at most before a test gives up on it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const OPUS: PayloadFormat = format(Format::Audio(Codec::Opus), 111);
pub(crate) const PCMU: PayloadFormat = format(Format::Audio(Codec::Pcmu), 0);
pub(crate) const VP8: PayloadFormat = format(Format::Video(VideoCodec::Vp8), 96);
pub(crate) const KEYS: PayloadFormat = format(Format::TelephoneEvent { clock: 8000 }, 101);

const fn format(format: Format, payload_type: u8) -> PayloadFormat {
    PayloadFormat { format, receive_pt: payload_type, send_pt: payload_type }
}

/// The same format under other payload types.
pub(crate) fn renumbered(format: PayloadFormat, receive_pt: u8, send_pt: u8) -> PayloadFormat {
    PayloadFormat { receive_pt, send_pt, ..format }
}

#[expect(clippy::disallowed_methods, reason = "these tests run real sockets in real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Lets something go on until it has a result.
pub(crate) fn until<T>(what: &str, mut step: impl FnMut() -> Option<T>) -> T {
    let deadline = now() + PATIENCE;
    loop {
        if let Some(result) = step() {
            return result;
        }
        assert!(now() < deadline, "{what}: did not happen in time");
    }
}
