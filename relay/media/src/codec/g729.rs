//! G.729 in packets: any number of frames of ten milliseconds, and a silence descriptor behind them or not (RFC 3551 §4.5.6).

use offhook_g729::{Decoder as Frames, Encoder, FRAME, Frame, frames};

use super::LONGEST_PACKET;

/// Frames of a packet that are taken at most: ten milliseconds each.
const MOST: usize = LONGEST_PACKET as usize / 10;
/// Octets of a silence descriptor.
const DESCRIPTOR: usize = 2;
/// Octets of a speech frame.
const SPEECH: usize = 10;

/// Decodes packets.
pub(super) struct Decoder(Box<Frames>);

impl Decoder {
    /// Nothing has been heard.
    pub(super) fn new() -> Self {
        Self(Box::new(Frames::new()))
    }

    /// Appends the sound of a payload; nothing where it is none of this codec.
    pub(super) fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) {
        for frame in frames(payload).into_iter().flatten().take(MOST) {
            out.extend(self.0.decode(&frame));
        }
    }

    /// Appends that many samples: what was said goes on, or the noise of a pause.
    pub(super) fn conceal(&mut self, count: usize, out: &mut Vec<i16>) {
        let whole = out.len().saturating_add(count);
        while out.len() < whole {
            out.extend(self.0.conceal().into_iter().take(whole - out.len()));
        }
    }
}

/// Whether nothing comes for a while after this payload: it ends with a silence descriptor.
pub(super) const fn pauses_after(payload: &[u8]) -> bool {
    payload.len() % SPEECH == DESCRIPTOR
}

/// An encoder for a peer that takes silence descriptors, or does not.
pub(super) fn encoder(annex_b: bool) -> Box<Encoder> {
    Box::new(if annex_b { Encoder::with_silence_compression() } else { Encoder::new() })
}

/// Appends the payload of a packet; nothing where nobody speaks and the peer knows what that sounds like.
pub(super) fn encode(encoder: &mut Encoder, sound: &[i16], out: &mut Vec<u8>) {
    let (sound, _) = sound.as_chunks::<FRAME>();
    encoder.encode_packet(sound, |frame: Frame| out.extend_from_slice(frame.octets()));
}
