//! From samples to payloads.

use audio_codec::Encoder as _;
use audio_codec::g722::G722Encoder;
use audio_codec_algorithms::{encode_alaw, encode_ulaw};

use super::{g729, opus, rate, speex};
use crate::format::{Codec, SoundWishes};

/// The sound of a packet where the peer has no wish, in milliseconds: RFC 3551 section 4.5.
const USUAL_PTIME: u32 = 20;
/// Lengths of packets that are made, in milliseconds. Every codec here can have each of them, save Speex the first.
const PTIMES: [u32; 4] = [10, 20, 40, 60];

/// Encodes what one peer is sent in one codec.
pub(crate) struct Encoder {
    rate: u32,
    kind: Kind,
}

enum Kind {
    Pcmu,
    Pcma,
    G722(Box<G722Encoder>),
    Opus(opus::Encoder),
    Speex(speex::Encoder),
    G729(Box<offhook_g729::Encoder>),
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coded {
    /// A payload that is to be sent.
    Speech,
    /// Nothing that would have to be sent: nobody speaks, and the peer knows what that sounds like.
    Nothing,
}

impl Encoder {
    /// An encoder from `wanted` samples a second where the codec has a choice. `None` for what is not
    /// [transcodable](super::is_transcodable).
    #[must_use]
    pub(crate) fn new(codec: Codec, wanted: u32, wishes: &SoundWishes) -> Option<Self> {
        let rate = rate(codec, wanted);
        let kind = match codec {
            Codec::Pcmu => Kind::Pcmu,
            Codec::Pcma => Kind::Pcma,
            Codec::G722 => Kind::G722(Box::new(G722Encoder::new())),
            Codec::Opus => Kind::Opus(opus::Encoder::new(rate, wishes)?),
            Codec::Speex8 | Codec::Speex16 => Kind::Speex(speex::Encoder::new(rate)?),
            Codec::G729 => Kind::G729(g729::encoder(wishes.g729_annex_b)),
        };
        Some(Self { rate, kind })
    }

    /// Samples a second.
    #[must_use]
    pub(crate) const fn rate(&self) -> u32 {
        self.rate
    }

    /// What part of its packets the peer says it loses, in per cent.
    pub(crate) fn set_loss(&mut self, percent: u8) {
        match &mut self.kind {
            Kind::Opus(encoder) => encoder.set_loss(percent),
            Kind::Pcmu | Kind::Pcma | Kind::G722(_) | Kind::Speex(_) | Kind::G729(_) => {}
        }
    }

    /// Appends the payload of a frame, which is [`ptime`] long.
    pub(crate) fn encode(&mut self, frame: &[i16], out: &mut Vec<u8>) -> Coded {
        match &mut self.kind {
            Kind::Pcmu => out.extend(frame.iter().map(|&sample| encode_ulaw(sample))),
            Kind::Pcma => out.extend(frame.iter().map(|&sample| encode_alaw(sample))),
            Kind::G722(encoder) => {
                let begin = out.len();
                out.resize(begin + frame.len() / 2, 0);
                // Two samples are one byte, for which there is room.
                _ = encoder.encode_into(frame, out.get_mut(begin..).unwrap_or_default());
            }
            Kind::Opus(encoder) => return encoder.encode(frame, out),
            Kind::Speex(encoder) => encoder.encode(frame, out),
            Kind::G729(encoder) => {
                let begin = out.len();
                g729::encode(encoder, frame, out);
                if out.len() == begin {
                    return Coded::Nothing;
                }
            }
        }
        Coded::Speech
    }
}

/// How much sound the packets for a peer hold, in milliseconds: what it wants, as near as can be, and no more than it takes.
#[must_use]
pub(crate) fn ptime(codec: Codec, wishes: &SoundWishes) -> u32 {
    let least = if matches!(codec, Codec::Speex8 | Codec::Speex16) { speex::FRAME } else { PTIMES[0] };
    let wanted = wishes.ptime.map_or(USUAL_PTIME, u32::from);
    let most = wishes.maxptime.map_or(u32::MAX, u32::from);
    let fitting = PTIMES.into_iter().rev().find(|&ptime| ptime <= wanted.min(most));
    fitting.unwrap_or(PTIMES[0]).max(least)
}
