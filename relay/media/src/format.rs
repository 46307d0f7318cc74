//! What a payload type stands for, and which way media flows.

use crate::video_codec::VideoCodec;

/// An audio codec the relay knows.
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
    /// G.729, RFC 3551 §4.5.6.
    G729,
    /// Speex at 8 kHz, RFC 5574.
    Speex8,
    /// Speex at 16 kHz, RFC 5574.
    Speex16,
}

impl Codec {
    /// Every codec, best sounding first.
    pub const ALL: [Self; 7] =
        [Self::Opus, Self::G722, Self::Speex16, Self::Pcmu, Self::Pcma, Self::G729, Self::Speex8];
    /// Those that browsers know, best sounding first.
    pub const BROWSER: [Self; 4] = [Self::Opus, Self::G722, Self::Pcmu, Self::Pcma];

    /// The encoding name used in session descriptions. Both kinds of Speex have the same; their clocks tell them apart.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::G722 => "G722",
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G729 => "G729",
            Self::Speex8 | Self::Speex16 => "speex",
        }
    }

    /// A name that is this codec's alone: that of session descriptions, for Speex with its clock.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Speex8 => "speex/8000",
            Self::Speex16 => "speex/16000",
            Self::Opus | Self::G722 | Self::Pcmu | Self::Pcma | Self::G729 => self.name(),
        }
    }

    /// The codec of that label, upper and lower case alike.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.label().eq_ignore_ascii_case(label))
    }

    /// The codec of an `a=rtpmap`: its encoding name, upper and lower case alike, and its clock.
    #[must_use]
    pub fn from_rtpmap(name: &str, clock: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.name().eq_ignore_ascii_case(name) && codec.clock() == clock)
    }

    /// Whether the media worker can decode and encode it, rather than only pass its packets on.
    #[must_use]
    pub const fn is_transcodable(self) -> bool {
        crate::codec::is_transcodable(self)
    }

    /// RTP clock in Hz. G.722 says 8000 though it samples at 16 kHz (RFC 3551 §4.5.2).
    #[must_use]
    pub const fn clock(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::Speex16 => 16_000,
            Self::G722 | Self::Pcmu | Self::Pcma | Self::G729 | Self::Speex8 => 8_000,
        }
    }

    /// Channels as written in `a=rtpmap`; Opus always says 2 (RFC 7587 §7).
    #[must_use]
    pub const fn channels(self) -> u8 {
        match self {
            Self::Opus => 2,
            Self::G722 | Self::Pcmu | Self::Pcma | Self::G729 | Self::Speex8 | Self::Speex16 => 1,
        }
    }

    /// The payload type RFC 3551 §6 assigns, where it assigns one.
    #[must_use]
    pub const fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::Opus | Self::Speex8 | Self::Speex16 => None,
            Self::G722 => Some(9),
            Self::Pcmu => Some(0),
            Self::Pcma => Some(8),
            Self::G729 => Some(18),
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
    /// The level and colour of the noise while nobody speaks, RFC 3389.
    ComfortNoise {
        /// RTP clock in Hz; RFC 3389 §4 wants that of the audio beside it.
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
            Self::TelephoneEvent { clock } | Self::ComfortNoise { clock } => clock,
        }
    }

    /// Which of a leg's media its packets belong to.
    #[must_use]
    pub(crate) const fn medium(self) -> MediumKind {
        match self {
            Self::Video(_) => MediumKind::Video,
            Self::Audio(_) | Self::TelephoneEvent { .. } | Self::ComfortNoise { .. } => MediumKind::Audio,
        }
    }
}

/// The payload type RFC 3551 §6 assigns comfort noise on a clock of 8 kHz.
pub const COMFORT_NOISE_PT: u8 = 13;

/// The media of a leg. Each is a stream of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// How a peer wants the sound that is made for it, as its description says. What passes as it came is not changed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SoundWishes {
    /// `a=ptime`: milliseconds of sound in a packet, where the peer has a wish.
    pub ptime: Option<u16>,
    /// `a=maxptime`: the most it takes.
    pub maxptime: Option<u16>,
    /// Whether it wants to be left without packets while nobody speaks: `usedtx=1` of Opus (RFC 7587 §6.1). In other
    /// codecs that is agreed by a [`Format::ComfortNoise`] or by the codec's own parameters.
    pub opus_dtx: bool,
    /// Whether it can make up for lost packets of Opus out of those after them: `useinbandfec=1`.
    pub opus_fec: bool,
    /// `maxaveragebitrate` of Opus, in bits a second.
    pub opus_bitrate: Option<u32>,
    /// Whether G.729 may fall silent as its Annex B has it (RFC 4856 §2.1.9: `annexb`, which is `yes` where nothing is said).
    pub g729_annex_b: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_codec_is_found_by_its_label_and_by_its_rtpmap() {
        for codec in Codec::ALL {
            assert_eq!(Codec::from_label(&codec.label().to_lowercase()), Some(codec));
            assert_eq!(Codec::from_rtpmap(&codec.name().to_uppercase(), codec.clock()), Some(codec));
        }
        assert_eq!(Codec::from_rtpmap("speex", 32_000), None);
        assert_eq!(Codec::from_label("speex"), None);
    }

    #[test]
    fn browsers_know_some_of_all() {
        assert!(Codec::BROWSER.iter().all(|codec| Codec::ALL.contains(codec)));
    }
}
