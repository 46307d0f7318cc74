//! What a worker tells signalling.

use std::time::Duration;

use crate::dtmf::Digit;
use crate::params::LegId;
use crate::quality::{QualityReport, Sound};

/// Something that happened to a leg.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// Media can flow: DTLS is done and the fingerprint matches, or the first RTP packet was
    /// accepted. Once per leg; for a browser again whenever media can flow again: it checks anew
    /// after [`Inactivity::Consent`], it uses the credentials of [`crate::Media::webrtc_restart`],
    /// or [`crate::Media::webrtc_replace`] has come to its end.
    Connected {
        /// The leg.
        leg: LegId,
    },
    /// The leg cannot work any more; close it.
    Failed {
        /// The leg.
        leg: LegId,
        /// Why.
        cause: MediaFailure,
    },
    /// The browser closed its connection in an orderly way (DTLS `close_notify`). Signalling may
    /// be saying the same at this moment.
    PeerClosed {
        /// The leg.
        leg: LegId,
    },
    /// A key was pressed at the leg's far end: once per press, when it ends.
    Dtmf {
        /// The leg.
        leg: LegId,
        /// The key.
        digit: Digit,
        /// How long it was pressed.
        duration: Duration,
    },
    /// Everything of one [`crate::Command::SendDtmf`] has been sent.
    DtmfSent {
        /// The leg.
        leg: LegId,
    },
    /// Keys could not be sent: neither telephone-event nor a codec was agreed that tones can be made in, the leg is held or has no address yet,
    /// or too many keys are waiting.
    DtmfRefused {
        /// The leg.
        leg: LegId,
    },
    /// The peer of a leg is to send a whole picture, and takes no request for one over RTCP.
    PictureWanted {
        /// The leg whose peer sends them.
        leg: LegId,
    },
    /// No RTP came from a supervised leg, or no STUN check from a connected browser, for the
    /// configured time. Once per silence.
    Inactive {
        /// The leg.
        leg: LegId,
        /// What stayed away.
        cause: Inactivity,
    },
    /// The leg's sound has turned bad, or is good again; supervised legs only.
    Quality {
        /// The leg.
        leg: LegId,
        /// What it is like.
        report: QualityReport,
    },
    /// The answer to [`crate::Command::Snapshot`], and the last word about a leg that was closed.
    Stats {
        /// The leg.
        leg: LegId,
        /// Its counters.
        stats: Box<LegStats>,
    },
}

/// Why a leg failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MediaFailure {
    /// No ICE check and DTLS handshake succeeded in time: a firewall, or a browser that is gone.
    #[error("the browser's media did not connect in time")]
    ConnectTimeout,
    /// The DTLS handshake broke.
    #[error("the DTLS handshake failed")]
    Dtls,
    /// The certificate is not the one the session description named: somebody in between, or a
    /// description of another connection.
    #[error("the DTLS certificate does not match the session description")]
    FingerprintMismatch,
}

/// What stayed away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Inactivity {
    /// RTP packets.
    #[error("no RTP arrived")]
    Rtp,
    /// STUN checks of a browser (RFC 7675): its page or its network is gone.
    #[error("the browser stopped answering")]
    Consent,
}

/// Counters of one leg since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct LegStats {
    /// Its sound.
    pub audio: StreamStats,
    /// Its pictures.
    pub video: StreamStats,
    /// What the sound is like that comes from it.
    pub received: Sound,
    /// What the sound is like that it is sent.
    pub sent: Sound,
    /// Interarrival jitter of the sound (RFC 3550 A.8).
    pub jitter: Duration,
    /// Round-trip time by the sound's RTCP, once known.
    pub round_trip: Option<Duration>,
    /// Fraction of our packets of sound the peer reports lost, 0.0 to 1.0, once known.
    pub remote_loss: Option<f32>,
    /// Datagrams from sources that are not this leg's peer.
    pub strangers: u64,
    /// Packets that were malformed or failed authentication.
    pub invalid: u64,
    /// Packets of a payload type that was not agreed.
    pub unknown_format: u64,
    /// Good packets for which the other leg has no such format.
    pub untranslatable: u64,
    /// Packets dropped because a leg was held, alone, or sending keys.
    pub gated: u64,
}

/// Counters of one medium of a leg since the leg was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct StreamStats {
    /// RTP packets accepted.
    pub received_packets: u64,
    /// Bytes of their payload.
    pub received_bytes: u64,
    /// RTP packets sent.
    pub sent_packets: u64,
    /// Bytes of their payload.
    pub sent_bytes: u64,
    /// Packets that never arrived, as far as sequence numbers tell (RFC 3550 A.3). Negative when
    /// duplicates outnumber losses.
    pub lost: i64,
}

impl StreamStats {
    /// The sum of both.
    #[must_use]
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            received_packets: self.received_packets + other.received_packets,
            received_bytes: self.received_bytes + other.received_bytes,
            sent_packets: self.sent_packets + other.sent_packets,
            sent_bytes: self.sent_bytes + other.sent_bytes,
            lost: self.lost + other.lost,
        }
    }
}
