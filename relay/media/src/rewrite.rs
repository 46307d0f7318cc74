//! One unbroken outgoing stream out of whatever comes in.
//!
//! A receiver locks onto a source's SSRC, sequence numbers and timestamps. When the far end
//! changes (early media, transfer, a re-INVITE, keys pressed by the relay itself) they would jump,
//! and decoders, jitter buffers and SRTP contexts break on that. So every leg sends one stream of
//! its own, and each source is shifted to continue where the last one stopped.

use std::time::{Duration, Instant};

use crate::once::Once;
use crate::rtp::Header;

/// A jump in a source's sequence numbers beyond this is a new start, not loss. It is RFC 3550
/// A.1's `MAX_DROPOUT` with room for a long burst.
const MAX_JUMP: u16 = 3000;

/// How far behind the newest packet a straggler may be, at most.
const MAX_TRAIL: u16 = 0x4000;

/// Where incoming packets come from: another source, another shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source {
    /// Which leg, by any number that is its alone.
    pub leg: usize,
    /// The synchronisation source within it.
    pub ssrc: u32,
}

/// What a packet is to the stream it becomes part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Coded sound. Where a source begins, its packet is marked as a talk spurt's first.
    Audio,
    /// A telephone-event: its clock may be another and its timestamp stands still, so it never
    /// starts a new time base.
    Event,
    /// A coded picture. Its marker says where it ends, and is nobody else's to set.
    Video,
}

/// How the numbers of the source that flows become the stream's: by adding these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// The source.
    pub source: Source,
    /// Between sequence numbers.
    pub sequence: u16,
    /// Between timestamps.
    pub timestamp: u32,
}

/// The stream a leg sends.
#[derive(Debug)]
pub(crate) struct Rewriter {
    ssrc: u32,
    /// The newest sequence number sent; the next new packet gets the one after.
    sequence: u16,
    /// The newest timestamp sent, when it was the time, and on which clock.
    timestamp: u32,
    sent: Option<(Instant, u32)>,
    shift: Option<Shift>,
    once: Once,
    packets: u64,
    octets: u64,
    /// How far the sequence numbers have gone.
    advanced: u64,
    /// The payload type of the sound or picture that was let through last.
    payload_type: Option<u8>,
}

/// How one source's numbers map onto the stream's.
#[derive(Debug, Clone, Copy)]
struct Shift {
    source: Source,
    clock: u32,
    sequence: u16,
    timestamp: u32,
    /// The source's newest sequence number.
    newest: u16,
    /// The stream's sequence number at which the source began, or later: nothing is sent before it.
    begin: u16,
}

impl Rewriter {
    /// A stream with this SSRC that begins after `sequence` and at `timestamp`, which should be
    /// random (RFC 3550 §5.1).
    #[must_use]
    pub(crate) fn new(ssrc: u32, sequence: u16, timestamp: u32) -> Self {
        Self {
            ssrc,
            sequence,
            timestamp,
            sent: None,
            shift: None,
            once: Once::after(sequence),
            packets: 0,
            octets: 0,
            advanced: 0,
            payload_type: None,
        }
    }

    /// Maps a packet of `source`, whose payload counts time in `clock` Hz, onto the stream.
    /// `None` for a packet so late that it belongs before the source took over, and for one whose
    /// number has been used.
    pub(crate) fn rewrite(
        &mut self,
        now: Instant,
        source: Source,
        clock: u32,
        part: Part,
        header: Header,
        payload_type: u8,
    ) -> Option<Header> {
        let continues = part == Part::Event;
        let current = self.shift.filter(|shift| shift.carries_on(source, clock, continues, header.sequence));
        let started = current.is_none();
        let mut shift = current.unwrap_or_else(|| self.begin(now, source, clock, header));

        let sequence = header.sequence.wrapping_add(shift.sequence);
        if is_before(sequence, shift.begin) || !self.once.take(sequence) {
            return None;
        }
        let timestamp = header.timestamp.wrapping_add(shift.timestamp);
        if !is_before(header.sequence, shift.newest) {
            shift.newest = header.sequence;
            shift.trail(sequence);
            self.advanced += u64::from(sequence.wrapping_sub(self.sequence));
            self.sequence = sequence;
            if !continues || started {
                self.timestamp = timestamp;
                self.sent = Some((now, clock));
                self.payload_type = Some(payload_type);
            }
        }
        self.shift = Some(shift);
        let marker = header.marker || (started && part != Part::Video);
        Some(Header { marker, payload_type, sequence, timestamp, ssrc: self.ssrc })
    }

    /// The timestamp of this instant on a clock of that many Hz, never behind what was sent.
    #[must_use]
    pub(crate) fn timestamp_at(&self, now: Instant, clock: u32) -> u32 {
        let Some((sent, _)) = self.sent else {
            return self.timestamp;
        };
        self.timestamp.wrapping_add(ticks(now.saturating_duration_since(sent), clock))
    }

    /// A header for a packet the relay makes itself, next in sequence. Whatever source flowed
    /// before begins anew after it. Packets of one event have one timestamp, that of its beginning,
    /// and time is reckoned from there, on the stream's clock; on `clock` if nothing was sent yet.
    pub(crate) fn inject(
        &mut self,
        now: Instant,
        clock: u32,
        timestamp: u32,
        marker: bool,
        payload_type: u8,
    ) -> Header {
        self.shift = None;
        self.sequence = self.sequence.wrapping_add(1);
        self.advanced += 1;
        self.once.take(self.sequence);
        self.sent = match self.sent {
            Some(sent) if timestamp == self.timestamp => Some(sent),
            sent => Some((now, sent.map_or(clock, |(_, ticking)| ticking))),
        };
        self.timestamp = timestamp;
        Header { marker, payload_type, sequence: self.sequence, timestamp, ssrc: self.ssrc }
    }

    /// From the last packet on the stream's time goes by another clock.
    pub(crate) fn tick(&mut self, clock: u32) {
        self.sent = self.sent.map(|(sent, _)| (sent, clock));
    }

    /// When the last packet was sent.
    #[must_use]
    pub(crate) fn sent_at(&self) -> Option<Instant> {
        self.sent.map(|(sent, _)| sent)
    }

    /// Whatever source flowed begins anew, even if it goes by the same name.
    pub(crate) fn interrupt(&mut self) {
        self.shift = None;
    }

    /// Counts a packet that went out.
    pub(crate) fn count(&mut self, payload: usize) {
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(payload as u64);
    }

    /// How the source that flows is mapped; `None` when none does.
    #[must_use]
    pub(crate) fn mapping(&self) -> Option<Mapping> {
        self.shift.map(|Shift { source, sequence, timestamp, .. }| Mapping { source, sequence, timestamp })
    }

    /// The stream's SSRC.
    #[must_use]
    pub(crate) const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Packets sent.
    #[must_use]
    pub(crate) const fn packets(&self) -> u64 {
        self.packets
    }

    /// Sequence numbers under which nothing was sent, as what they stood for never came here.
    #[must_use]
    pub(crate) const fn skipped(&self) -> u64 {
        self.advanced.saturating_sub(self.packets)
    }

    /// Payload bytes sent.
    #[must_use]
    pub(crate) const fn octets(&self) -> u64 {
        self.octets
    }

    /// The payload type of what came from a source last, keys aside.
    #[must_use]
    pub(crate) const fn payload_type(&self) -> Option<u8> {
        self.payload_type
    }

    /// The clock of what was sent last.
    #[must_use]
    pub(crate) fn clock(&self) -> Option<u32> {
        self.sent.map(|(_, clock)| clock)
    }

    /// The shift that makes `header` the next packet of the stream, at this instant's timestamp.
    fn begin(&self, now: Instant, source: Source, clock: u32, header: Header) -> Shift {
        let begin = self.sequence.wrapping_add(1);
        let mut timestamp = self.timestamp_at(now, clock);
        if self.sent.is_some() && timestamp == self.timestamp {
            timestamp = timestamp.wrapping_add(1);
        }
        Shift {
            source,
            clock,
            sequence: begin.wrapping_sub(header.sequence),
            timestamp: timestamp.wrapping_sub(header.timestamp),
            newest: header.sequence,
            begin,
        }
    }
}

impl Shift {
    /// Keeps the beginning near enough behind `sequence` to be compared with: sequence numbers
    /// tell before from after within half their range only.
    fn trail(&mut self, sequence: u16) {
        if sequence.wrapping_sub(self.begin) > MAX_TRAIL {
            self.begin = sequence.wrapping_sub(MAX_TRAIL);
        }
    }

    fn carries_on(&self, source: Source, clock: u32, continues: bool, sequence: u16) -> bool {
        let ahead = sequence.wrapping_sub(self.newest);
        let jump = ahead.min(ahead.wrapping_neg());
        self.source == source && (self.clock == clock || continues) && jump <= MAX_JUMP
    }
}

/// Whether `a` is older than `b` in sequence number arithmetic (RFC 1982).
fn is_before(a: u16, b: u16) -> bool {
    a != b && b.wrapping_sub(a) < 0x8000
}

/// A duration in ticks of `clock` Hz, wrapping as timestamps do.
pub(crate) fn ticks(duration: Duration, clock: u32) -> u32 {
    let ticks = duration.as_micros().wrapping_mul(u128::from(clock)) / 1_000_000;
    (ticks & u128::from(u32::MAX)) as u32
}

#[cfg(test)]
#[path = "rewrite_tests.rs"]
mod tests;
