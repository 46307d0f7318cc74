//! libspeex, with the settings of a telephone call, and packets as RFC 5574 wants them.
//!
//! A packet holds one frame of 20 ms after the other; what is left of the last byte is a zero and
//! ones (section 3.3), as a frame cannot begin. How many frames there are is not said, but can be
//! seen (`speex_frames`).
//!
//! libspeex's state is behind pointers, so that it cannot go from thread to thread. The legs of a
//! call can, until their worker has them, so they have keys, and the states are kept by the thread
//! that made them, which is the worker.

use std::cell::RefCell;
use std::thread::{self, ThreadId};

use slab::Slab;
use speex_safe::{DynamicDecoder, DynamicEncoder, ModeId, SpeexBits};

use super::{LONGEST_PACKET, samples, speex_frames};

/// Whether it can be had on this machine.
pub(super) const IS_KNOWN: bool = true;
/// A frame, in milliseconds.
pub(super) const FRAME: u32 = 20;
/// Bits spent, of 10: 15 kbit/s at 8 kHz, 27.8 kbit/s at 16 kHz. What libspeex itself does by default.
const QUALITY: i32 = 8;
/// How hard the encoder tries, of 10. Beyond, speech gains less than is heard.
const COMPLEXITY: i32 = 3;
/// The longest payload: six frames of the most bits there are.
const LONGEST: usize = 1500;

thread_local! {
    static DECODERS: RefCell<Slab<Coder<DynamicDecoder>>> = const { RefCell::new(Slab::new()) };
    static ENCODERS: RefCell<Slab<Coder<DynamicEncoder>>> = const { RefCell::new(Slab::new()) };
}

/// libspeex's state, and the bits it reads or writes.
struct Coder<T> {
    speex: T,
    bits: SpeexBits<'static>,
}

/// Where a state is.
#[derive(Debug)]
struct Key {
    thread: ThreadId,
    place: usize,
}

impl Key {
    /// `None` in another thread than the state's.
    fn place(&self) -> Option<usize> {
        (thread::current().id() == self.thread).then_some(self.place)
    }
}

/// Decodes Speex at the rate it has.
pub(super) struct Decoder {
    key: Key,
    rate: u32,
    /// What is being read: libspeex wants to be allowed to write there.
    payload: Vec<u8>,
}

impl Decoder {
    /// `None` for a rate that Speex does not have.
    pub(super) fn new(rate: u32) -> Option<Self> {
        let coder = Coder { speex: DynamicDecoder::new(mode(rate)?), bits: SpeexBits::new() };
        let place = DECODERS.with_borrow_mut(|decoders| decoders.insert(coder));
        let key = Key { thread: thread::current().id(), place };
        Some(Self { key, rate, payload: Vec::with_capacity(LONGEST) })
    }

    /// Appends the samples of all frames of a payload. `false` when it holds none.
    pub(super) fn decode(&mut self, payload: &[u8], out: &mut Vec<i16>) -> bool {
        let (begin, frame) = (out.len(), samples(self.rate, FRAME));
        let frames = speex_frames::count(payload, self.rate == 16_000).min((LONGEST_PACKET / FRAME) as usize);
        if frames == 0 || payload.len() > LONGEST {
            return false;
        }
        self.payload.clear();
        self.payload.extend_from_slice(payload);
        let Some(place) = self.key.place() else { return false };
        DECODERS.with_borrow_mut(|decoders| {
            let Some(Coder { speex, bits }) = decoders.get_mut(place) else { return };
            bits.read_from(&mut self.payload);
            for _ in 0..frames {
                let end = out.len();
                out.resize(end + frame, 0);
                let room = out.get_mut(end..).unwrap_or_default();
                if speex.decode_int(bits, room).is_err() {
                    out.truncate(end);
                    break;
                }
            }
        });
        out.len() > begin
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        let Some(place) = self.key.place() else { return };
        // At the end of a thread its states may be gone before.
        _ = DECODERS.try_with(|decoders| decoders.borrow_mut().try_remove(place));
    }
}

/// Encodes Speex at the rate it has.
pub(super) struct Encoder {
    key: Key,
    frame: Vec<i16>,
    samples: usize,
}

impl Encoder {
    /// `None` for a rate that Speex does not have.
    pub(super) fn new(rate: u32) -> Option<Self> {
        let mut speex = DynamicEncoder::new(mode(rate)?);
        speex.set_quality(QUALITY);
        speex.set_complexity(COMPLEXITY);
        let place = ENCODERS.with_borrow_mut(|encoders| encoders.insert(Coder { speex, bits: SpeexBits::new() }));
        let samples = samples(rate, FRAME);
        Some(Self { key: Key { thread: thread::current().id(), place }, frame: Vec::with_capacity(samples), samples })
    }

    /// Appends a payload of all whole frames in `sound`.
    pub(super) fn encode(&mut self, sound: &[i16], out: &mut Vec<u8>) {
        let Some(place) = self.key.place() else { return };
        ENCODERS.with_borrow_mut(|encoders| {
            let Some(Coder { speex, bits }) = encoders.get_mut(place) else { return };
            bits.reset();
            for frame in sound.chunks_exact(self.samples) {
                self.frame.clear();
                self.frame.extend_from_slice(frame);
                speex.encode_int(&mut self.frame, bits);
            }
            bits.insert_terminator();
            let begin = out.len();
            let bytes = usize::try_from(bits.num_bytes()).unwrap_or_default().min(LONGEST);
            out.resize(begin + bytes, 0);
            let written = bits.write(out.get_mut(begin..).unwrap_or_default());
            out.truncate(begin + usize::try_from(written).unwrap_or_default());
        });
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        let Some(place) = self.key.place() else { return };
        _ = ENCODERS.try_with(|encoders| encoders.borrow_mut().try_remove(place));
    }
}

fn mode(rate: u32) -> Option<ModeId> {
    match rate {
        8_000 => Some(ModeId::NarrowBand),
        16_000 => Some(ModeId::WideBand),
        _ => None,
    }
}

#[cfg(test)]
#[path = "speex_tests.rs"]
mod tests;
