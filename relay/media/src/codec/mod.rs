//! Between coded sound and samples, for legs that have no codec in common.
//!
//! Whose code does the work, and why:
//!
//! | Codec | Code | Why |
//! |---|---|---|
//! | Opus | libopus, through the `opus` crate | The reference; BSD. It works at 8 and 16 kHz by itself, so that nothing has to be resampled beside it. |
//! | G.722 | `audio-codec` | Ten times as fast as what else there was; MIT. Its encoder is right at 16 kHz only, so nothing else is asked of it. |
//! | Speex | libspeex, through the `speex-safe` crate | The reference; BSD, and MPL for the wrapper. What there is in Rust alone encodes no faster than one speaks, and scores one MOS less. Where C's `char` has no sign the wrapper does not compile: there Speex passes, and is not decoded. |
//! | G.729 A/B | `offhook-g729`, beside this crate | What is published comes from ITU's or GPL code whatever its label says, so it is written from the Recommendation. 260 times as fast as one speaks, and PESQ has 0.07 more for it than for linphone's encoder. |
//! | G.711 | `audio-codec-algorithms` | The fastest that was measured; permissive. |
//! | Between 8 and 16 kHz | `speexdsp-resampler` | No image or alias is left of a tone, unlike with faster ones; BSD, in Rust. |
//!
//! Samples are mono, 16 bits, at a rate that the codec can have without resampling: see [`rate`].

mod concealment;
mod decoder;
mod encoder;
mod g729;
mod noise;
mod opus;
mod resampler;
#[cfg_attr(not(target_arch = "x86_64"), path = "without_speex.rs")]
mod speex;
#[cfg(target_arch = "x86_64")]
mod speex_frames;

pub(crate) use decoder::Decoder;
pub(crate) use encoder::{Coded, Encoder, ptime};
pub(crate) use noise::{Noise, describe};
pub(crate) use resampler::Resampler;

use crate::format::Codec;

/// Sound in a packet, in milliseconds, that is taken at most; what is after it is cut off. It is what Opus can hold (RFC 6716
/// section 2.1.4), and more than other packets do.
pub(crate) const LONGEST_PACKET: u32 = 120;

/// Whether sound can be decoded from and encoded to this codec here.
#[must_use]
pub const fn is_transcodable(codec: Codec) -> bool {
    match codec {
        Codec::Opus | Codec::G722 | Codec::Pcmu | Codec::Pcma | Codec::G729 => true,
        Codec::Speex8 | Codec::Speex16 => speex::IS_KNOWN,
    }
}

/// Whether the speaker pauses after this payload, and the decoder knows what that sounds like: libopus sends no more than two
/// bytes then, G.729 a silence descriptor.
#[must_use]
pub(crate) const fn pauses_after(codec: Codec, payload: &[u8]) -> bool {
    match codec {
        Codec::Opus => payload.len() <= 2,
        Codec::G729 => g729::pauses_after(payload),
        Codec::G722 | Codec::Pcmu | Codec::Pcma | Codec::Speex8 | Codec::Speex16 => false,
    }
}

/// The samples per second that a codec works with; Opus does with what is `wanted` where it can.
#[must_use]
pub(crate) const fn rate(codec: Codec, wanted: u32) -> u32 {
    match codec {
        Codec::Opus => match wanted {
            8_000 | 16_000 => wanted,
            _ => 48_000,
        },
        Codec::G722 | Codec::Speex16 => 16_000,
        Codec::Pcmu | Codec::Pcma | Codec::G729 | Codec::Speex8 => 8_000,
    }
}

/// How many samples last so many milliseconds.
#[must_use]
pub(crate) const fn samples(rate: u32, milliseconds: u32) -> usize {
    (rate / 1000).saturating_mul(milliseconds) as usize
}

#[cfg(test)]
mod tests;
