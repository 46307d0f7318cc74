//! From the speaker's packets to sound without gaps.

use std::time::{Duration, Instant};

use crate::codec::{Decoder, LONGEST_PACKET, Noise, Resampler, pauses_after, rate, samples};
use crate::format::{Codec, Format};
use crate::jitter::{Counts, JitterBuffer, Pace, Playout, stretch};
use crate::rtp::Header;

/// Packets wait so long at most.
const MAX_DELAY: Duration = Duration::from_millis(200);
/// What is taken for the length of a packet that makes no sense, in milliseconds.
const UNKNOWN: u32 = 20;
/// Turns for the sound of a frame: more than packets, lost ones and pauses can be in one.
const MAX_TURNS: usize = 64;

/// One speaker, as heard.
pub(super) struct Incoming {
    buffer: JitterBuffer,
    /// What the payload types are that came so far; at most one entry for each.
    known: Vec<(u8, Format)>,
    decoder: Option<Decoder>,
    noise: Noise,
    /// The noise as the speaker described it last.
    described: Vec<u8>,
    now: Phase,
    /// Sound as it was decoded.
    raw: Vec<i16>,
    resampler: Option<Resampler>,
}

/// What there is between packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing that would be known of.
    Talking,
    /// Noise that was described, on a clock of so many Hz.
    Described(u32),
    /// Noise that the decoder knows.
    Decoded,
}

/// What a frame of sound is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// Something was said, or was lost.
    Sound,
    /// The speaker pauses, and this is what that sounds like.
    Noise,
    /// Nothing came.
    Silence,
}

impl Incoming {
    /// Nobody has been heard.
    pub(super) fn new() -> Self {
        Self {
            buffer: JitterBuffer::new(MAX_DELAY),
            known: Vec::new(),
            decoder: None,
            noise: Noise::new(),
            described: Vec::new(),
            now: Phase::Talking,
            raw: Vec::new(),
            resampler: None,
        }
    }

    /// Takes a packet.
    pub(super) fn insert(&mut self, now: Instant, header: &Header, format: Format, payload: &[u8]) {
        match self.known.iter_mut().find(|(payload_type, _)| *payload_type == header.payload_type) {
            Some((_, known)) => *known = format,
            None => self.known.push((header.payload_type, format)),
        }
        self.buffer.set_redundant(format == Format::Audio(Codec::Opus));
        self.buffer.insert(now, format.clock(), header, payload);
    }

    /// A packet came that is no sound.
    pub(super) fn pass_by(&mut self, header: &Header) {
        self.buffer.pass_by(header);
    }

    /// What became of its packets, and how long they wait.
    pub(super) fn counts(&self) -> (Counts, Duration) {
        (self.buffer.counts(), self.buffer.delay())
    }

    /// The speaker's own description of the noise that is heard, where it gave one.
    pub(super) fn described(&self) -> Option<&[u8]> {
        matches!(self.now, Phase::Described(_)).then_some(&self.described[..])
    }

    /// Appends to `out` until it holds `count` samples at least, of which there are `wanted` a second.
    pub(super) fn hear(&mut self, now: Instant, wanted: u32, count: usize, out: &mut Vec<i16>) -> Heard {
        let mut heard = if out.is_empty() { Heard::Silence } else { Heard::Sound };
        for _ in 0..MAX_TURNS {
            if out.len() >= count {
                return heard;
            }
            self.raw.clear();
            let (rate, turn) = self.turn(now, wanted, count - out.len());
            if turn != Heard::Silence && heard != Heard::Sound {
                heard = turn;
            }
            self.resample(rate, wanted, out);
        }
        out.resize(count.max(out.len()), 0);
        heard
    }

    /// Decodes one packet, or what stands in its place; where there is none, what fills `missing` samples. The samples a second.
    fn turn(&mut self, now: Instant, wanted: u32, missing: usize) -> (u32, Heard) {
        match self.buffer.next(now) {
            Playout::Packet { payload, payload_type, pace, .. } => {
                let known = self.known.iter().find(|(known, _)| *known == payload_type).map(|&(_, format)| format);
                match known {
                    Some(Format::Audio(codec)) => {
                        let Some(decoder) = decoder(&mut self.decoder, codec, wanted) else {
                            return (wanted, Heard::Sound);
                        };
                        let (pauses, rate) = (pauses_after(codec, payload), decoder.rate());
                        if !decoder.decode(payload, &mut self.raw) {
                            decoder.conceal(samples(rate, UNKNOWN), &mut self.raw);
                        }
                        self.buffer.decoded(ticks(self.raw.len(), rate, codec.clock()));
                        match pace {
                            Pace::Even => {}
                            Pace::Shorter => _ = stretch::shorten(&mut self.raw, rate),
                            Pace::Longer => _ = stretch::lengthen(&mut self.raw, rate),
                        }
                        self.now = if pauses { Phase::Decoded } else { Phase::Talking };
                        if pauses {
                            self.buffer.pause();
                            return (rate, Heard::Noise);
                        }
                        (rate, Heard::Sound)
                    }
                    Some(Format::ComfortNoise { clock }) => {
                        self.noise.set(payload);
                        self.described.clear();
                        self.described.extend_from_slice(payload);
                        self.now = Phase::Described(clock);
                        self.buffer.pause();
                        (wanted, Heard::Noise)
                    }
                    Some(Format::Video(_) | Format::TelephoneEvent { .. }) | None => (wanted, Heard::Silence),
                }
            }
            Playout::Lost { ticks, next } => {
                let Some(decoder) = &mut self.decoder else { return (wanted, Heard::Sound) };
                let (rate, clock) = (decoder.rate(), decoder.codec().clock());
                let count = samples_of(ticks, clock, rate);
                if !next.is_some_and(|next| decoder.recover(next, count, &mut self.raw)) {
                    decoder.conceal(count, &mut self.raw);
                }
                (rate, Heard::Sound)
            }
            Playout::Nothing => self.fill(wanted, missing),
        }
    }

    /// What is heard while nothing comes.
    fn fill(&mut self, wanted: u32, missing: usize) -> (u32, Heard) {
        let count = |rate: u32| (missing as u64 * u64::from(rate)).div_ceil(u64::from(wanted.max(1))) as usize;
        match (self.now, &mut self.decoder) {
            (Phase::Described(clock), _) if clock > 0 => {
                self.noise.make(count(clock), &mut self.raw);
                (clock, Heard::Noise)
            }
            (Phase::Decoded, Some(decoder)) => {
                let rate = decoder.rate();
                decoder.conceal(count(rate), &mut self.raw);
                (rate, Heard::Noise)
            }
            _ => {
                self.raw.resize(missing, 0);
                (wanted, Heard::Silence)
            }
        }
    }

    /// Appends what was decoded, at the rate that is wanted.
    fn resample(&mut self, from: u32, wanted: u32, out: &mut Vec<i16>) {
        if from == wanted {
            return out.extend_from_slice(&self.raw);
        }
        if self.resampler.as_ref().is_none_or(|resampler| resampler.rates() != (from, wanted)) {
            self.resampler = Resampler::new(from, wanted);
        }
        if let Some(resampler) = &mut self.resampler {
            resampler.resample(&self.raw, out);
        }
    }
}

/// The decoder of that codec, at that rate: the one there is, if it is such a one.
fn decoder(decoder: &mut Option<Decoder>, codec: Codec, wanted: u32) -> Option<&mut Decoder> {
    let fits = |known: &Decoder| known.codec() == codec && known.rate() == rate(codec, wanted);
    if !decoder.as_ref().is_some_and(fits) {
        *decoder = Decoder::new(codec, wanted);
    }
    decoder.as_mut()
}

/// Samples in ticks of an RTP clock.
fn ticks(count: usize, rate: u32, clock: u32) -> u32 {
    u32::try_from(count as u64 * u64::from(clock) / u64::from(rate.max(1))).unwrap_or(u32::MAX)
}

/// Ticks of an RTP clock in samples, no more than a packet can have.
fn samples_of(ticks: u32, clock: u32, rate: u32) -> usize {
    let count = u64::from(ticks) * u64::from(rate) / u64::from(clock.max(1));
    usize::try_from(count).unwrap_or(usize::MAX).min(samples(rate, LONGEST_PACKET))
}
