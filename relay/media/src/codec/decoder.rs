//! From payloads to samples.

use audio_codec::g722::{Bitrate, G722Decoder};
use audio_codec_algorithms::{decode_alaw, decode_ulaw};

use super::concealment::Concealment;
use super::{LONGEST_PACKET, g729, opus, rate, samples, speex};
use crate::format::Codec;

/// Decodes what one source sends in one codec.
pub(crate) struct Decoder {
    codec: Codec,
    rate: u32,
    kind: Kind,
}

enum Kind {
    Pcmu(Concealment),
    Pcma(Concealment),
    G722(Box<G722Decoder>, Concealment),
    Opus(opus::Decoder),
    Speex(speex::Decoder, Concealment),
    G729(g729::Decoder),
}

impl Decoder {
    /// A decoder to `wanted` samples a second where the codec has a choice. `None` for what is not
    /// [transcodable](super::is_transcodable).
    #[must_use]
    pub(crate) fn new(codec: Codec, wanted: u32) -> Option<Self> {
        let rate = rate(codec, wanted);
        let concealment = || Concealment::new(rate);
        let kind = match codec {
            Codec::Pcmu => Kind::Pcmu(concealment()),
            Codec::Pcma => Kind::Pcma(concealment()),
            Codec::G722 => {
                Kind::G722(Box::new(G722Decoder::with_options(Bitrate::Mode1_64000, false, false)), concealment())
            }
            Codec::Opus => Kind::Opus(opus::Decoder::new(rate)?),
            Codec::Speex8 | Codec::Speex16 => Kind::Speex(speex::Decoder::new(rate)?, concealment()),
            Codec::G729 => Kind::G729(g729::Decoder::new()),
        };
        Some(Self { codec, rate, kind })
    }

    /// The codec it is of.
    #[must_use]
    pub(crate) const fn codec(&self) -> Codec {
        self.codec
    }

    /// Samples a second.
    #[must_use]
    pub(crate) const fn rate(&self) -> u32 {
        self.rate
    }

    /// Appends the samples of a payload. `false` when it holds none, or is not of this codec at all.
    pub(crate) fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) -> bool {
        let begin = out.len();
        let most = samples(self.rate, LONGEST_PACKET);
        match &mut self.kind {
            Kind::Pcmu(concealment) => {
                out.extend(payload.iter().take(most).map(|&code| decode_ulaw(code)));
                concealment.heard(out.get_mut(begin..).unwrap_or_default());
            }
            Kind::Pcma(concealment) => {
                out.extend(payload.iter().take(most).map(|&code| decode_alaw(code)));
                concealment.heard(out.get_mut(begin..).unwrap_or_default());
            }
            Kind::G722(decoder, concealment) => {
                let payload = payload.get(..most / 2).unwrap_or(payload);
                out.resize(begin + payload.len() * 2, 0);
                let room = out.get_mut(begin..).unwrap_or_default();
                // One byte is two samples, for which there is room.
                _ = decoder.decode_frame_into(payload, room);
                concealment.heard(room);
            }
            Kind::Opus(decoder) => return decoder.decode(payload, out),
            Kind::G729(decoder) => decoder.decode(payload, out),
            Kind::Speex(decoder, concealment) => {
                decoder.decode(payload, out);
                concealment.heard(out.get_mut(begin..).unwrap_or_default());
            }
        }
        out.len() > begin
    }

    /// Appends that many samples in the place of something that was lost.
    pub(crate) fn conceal(&mut self, count: usize, out: &mut Vec<i16>) {
        match &mut self.kind {
            Kind::Pcmu(concealment)
            | Kind::Pcma(concealment)
            | Kind::G722(_, concealment)
            | Kind::Speex(_, concealment) => concealment.conceal(count, out),
            Kind::Opus(decoder) => decoder.conceal(count, out),
            Kind::G729(decoder) => decoder.conceal(count, out),
        }
    }

    /// Appends the last packet before `next`, which was lost and had that many samples, if `next` tells of it. It is for the
    /// caller to decode `next` after it.
    pub(crate) fn recover(&mut self, next: &[u8], count: usize, out: &mut Vec<i16>) -> bool {
        match &mut self.kind {
            Kind::Opus(decoder) => decoder.recover(next, count, out),
            Kind::Pcmu(_) | Kind::Pcma(_) | Kind::G722(..) | Kind::Speex(..) | Kind::G729(_) => false,
        }
    }
}
