//! G.729: telephone speech at 8 kbit/s, frames of ten milliseconds in ten octets.
//!
//! Written from Recommendation ITU-T G.729 (06/2012) with Annex A, whose encoder costs half as much and whose
//! postfilter is simpler, and Annex B, which sends next to nothing in pauses. No code of another implementation went
//! in. The arithmetic is floating-point, as in Annex C: the streams are understood by every decoder and the sound is
//! that of other decoders but for rounding; they are not the same bit for bit. References in the modules are to
//! clauses and equations of the Recommendation.
//!
//! Nothing allocates, nothing fails: each bit pattern of a frame has a meaning, and a frame that is missing is
//! concealed.

#![expect(
    clippy::indexing_slicing,
    reason = "loops over frames of fixed size; whatever a stream says becomes a `bits::Index`, which tables cover wholly"
)]

mod analysis;
mod bits;
mod decoder;
mod dtx;
mod encoder;
mod excitation;
mod filter;
mod frame;
mod gain;
mod gain_search;
mod lag;
mod lag_search;
mod lsf;
mod lsf_search;
mod lsp;
mod noise;
mod open_loop;
mod postfilter;
mod pulse_search;
mod pulses;
mod random;
mod roots;
mod silence;
mod tables;
mod taming;
mod vad;

pub use decoder::Decoder;
pub use encoder::Encoder;
pub use frame::{Frame, frames};

/// Samples of a frame: ten milliseconds at 8 kHz.
pub const FRAME: usize = 80;
/// Samples of a subframe.
const SUBFRAME: usize = 40;
/// Order of the linear prediction.
const ORDER: usize = 10;
