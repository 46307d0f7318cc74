//! What the relay attaches to a SIP leg, so that it has sound.

use offhook_media::{RtpLocal, VideoLocal, WebRtcLocal};

use super::account::Protocol;

/// What carries a leg's media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// RTP on a port of the leg's own, as telephones and gateways have it.
    Rtp,
    /// ICE and DTLS-SRTP, as clients in web pages have it (RFC 8827).
    WebRtc,
}

impl MediaKind {
    /// What a peer can do whom requests reach in this way: a client that speaks SIP over a WebSocket is one in a page.
    #[must_use]
    pub const fn of_protocol(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Udp | Protocol::Tcp | Protocol::Tls => Self::Rtp,
            Protocol::Ws | Protocol::Wss => Self::WebRtc,
        }
    }
}

/// The relay's side of a leg's media.
#[derive(Clone, Debug)]
pub enum MediaLocal {
    /// Of [`MediaKind::Rtp`].
    Rtp(RtpLocal),
    /// The ports of pictures beside it.
    Video(VideoLocal),
    /// Of [`MediaKind::WebRtc`].
    WebRtc(WebRtcLocal),
}

impl MediaLocal {
    /// What it is for.
    #[must_use]
    pub const fn kind(&self) -> MediaKind {
        match self {
            Self::Rtp(_) | Self::Video(_) => MediaKind::Rtp,
            Self::WebRtc(_) => MediaKind::WebRtc,
        }
    }
}

impl From<RtpLocal> for MediaLocal {
    fn from(local: RtpLocal) -> Self {
        Self::Rtp(local)
    }
}

impl From<WebRtcLocal> for MediaLocal {
    fn from(local: WebRtcLocal) -> Self {
        Self::WebRtc(local)
    }
}
