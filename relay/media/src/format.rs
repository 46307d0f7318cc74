//! What a payload type stands for, and which way media flows.

use crate::video_codec::VideoCodec;

/// An audio codec the relay passes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Codec {
    /// Opus, RFC 7587.
    Opus,
    /// G.722, RFC 3551 §4.5.2.
    G722,
    /// G.711 µ-law, RFC 3551 §4.5.14.
    Pcmu,
    /// G.711 A-law, RFC 3551 §4.5.14.
    Pcma,
}

impl Codec {
    /// Every codec, best sounding first.
    pub const ALL: [Self; 4] = [Self::Opus, Self::G722, Self::Pcmu, Self::Pcma];

    /// The encoding name used in session descriptions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::G722 => "G722",
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }

    /// The codec of that encoding name, upper and lower case alike.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(name))
    }

    /// RTP clock in Hz. G.722 says 8000 though it samples at 16 kHz (RFC 3551 §4.5.2).
    #[must_use]
    pub const fn clock(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::G722 | Self::Pcmu | Self::Pcma => 8_000,
        }
    }

    /// Channels as written in `a=rtpmap`; Opus always says 2 (RFC 7587 §7).
    #[must_use]
    pub const fn channels(self) -> u8 {
        match self {
            Self::Opus => 2,
            Self::G722 | Self::Pcmu | Self::Pcma => 1,
        }
    }

    /// The payload type RFC 3551 §6 assigns, where it assigns one.
    #[must_use]
    pub const fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::Opus => None,
            Self::G722 => Some(9),
            Self::Pcmu => Some(0),
            Self::Pcma => Some(8),
        }
    }
}

/// What the packets of one payload type carry. Packets pass between two legs where both have the
/// same format, whatever payload type each calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Coded audio.
    Audio(Codec),
    /// Coded pictures.
    Video(VideoCodec),
    /// Keys pressed, RFC 4733.
    TelephoneEvent {
        /// RTP clock in Hz; RFC 4733 §2.1 wants that of the audio beside it.
        clock: u32,
    },
}

impl Format {
    /// RTP clock in Hz.
    #[must_use]
    pub const fn clock(self) -> u32 {
        match self {
            Self::Audio(codec) => codec.clock(),
            Self::Video(_) => VideoCodec::CLOCK,
            Self::TelephoneEvent { clock } => clock,
        }
    }
}

impl Format {
    /// Which of a leg's media its packets belong to.
    #[must_use]
    pub(crate) const fn medium(self) -> MediumKind {
        match self {
            Self::Video(_) => MediumKind::Video,
            Self::Audio(_) | Self::TelephoneEvent { .. } => MediumKind::Audio,
        }
    }
}

/// The media of a leg. Each is a stream of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediumKind {
    /// Sound, and the keys among it.
    Audio,
    /// Pictures.
    Video,
}

impl MediumKind {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::Audio, Self::Video];
}

/// A format and the payload types agreed for it with one peer. They differ by direction when the
/// two descriptions chose different numbers (RFC 3264 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadFormat {
    /// What is carried.
    pub format: Format,
    /// The payload type the relay's own description gave: what the peer sends.
    pub receive_pt: u8,
    /// The payload type the peer's description gave: what the relay sends.
    pub send_pt: u8,
}

/// Which way media flows on a leg, seen from the relay towards that leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// The relay sends to the leg and takes nothing from it.
    SendOnly,
    /// The relay takes from the leg and sends nothing to it.
    RecvOnly,
    /// Neither way.
    Inactive,
}

impl Direction {
    /// Whether the relay sends media to the leg.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the relay accepts media from the leg.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// Whether the leg is held, and so may be silent for as long as it likes.
    #[must_use]
    pub const fn is_held(self) -> bool {
        !matches!(self, Self::SendRecv)
    }
}
