//! An adaptive jitter buffer, for where packets are decoded and nowhere else: what passes through
//! undecoded is the far end's to smooth.
//!
//! Packets go in as they come ([`JitterBuffer::insert`]). Whoever decodes asks for the next one
//! whenever the sound of the last has been played ([`JitterBuffer::next`]), and is given a packet
//! or told what to do without one. Sans-I/O: the time is an argument.
//!
//! How long packets wait follows from how late they come ([`delay`]), between one packet and the
//! most that is allowed. The delay is changed where nobody hears it: at the end of a silence, or in
//! sound by a period of its pitch more or less ([`stretch`]). When a packet is missing and none is
//! there after it, it may still come; sound is made up for it and the delay grows. When one after
//! it is there, it is lost.
//!
//! Nothing a sender does makes it hold more than [`slots::SLOTS`] packets, play them out of order
//! or stop playing for good: numbers and timestamps that fit nothing before them are taken for a
//! new stream as soon as a second packet goes with the first.

mod delay;
mod numbers;
mod playout;
mod slots;
pub(crate) mod stretch;

use std::time::{Duration, Instant};

use crate::rewrite::ticks;
use crate::rtp::Header;
use delay::Delays;
use numbers::{Numbers, Place};
use playout::{Desk, Phase, Step};
use slots::{MAX_PAYLOAD, SLOTS, Slots, Waiting};

/// Length of a packet until its stream has shown another.
const FIRST_FRAME: Duration = Duration::from_millis(20);
/// A distance of timestamps beyond this is a pause, not the length of a packet.
const MAX_FRAME: Duration = Duration::from_millis(120);

/// The buffer of one incoming stream of sound.
#[derive(Debug)]
pub(crate) struct JitterBuffer {
    max: Duration,
    redundant: bool,
    /// `None` before the first packet.
    numbers: Option<Numbers>,
    /// A packet that fits nothing before it.
    stray: Option<Stray>,
    stray_payload: Vec<u8>,
    slots: Slots,
    delays: Option<Delays>,
    play: playout::State,
    counts: Counts,
}

#[derive(Debug, Clone, Copy)]
struct Stray {
    arrived: Instant,
    clock: u32,
    header: Header,
}

/// What to play next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Playout<'a> {
    /// Decode this, then say how long it was ([`JitterBuffer::decoded`]).
    Packet {
        /// The coded sound.
        payload: &'a [u8],
        /// What it is coded in.
        payload_type: u8,
        /// Its RTP timestamp.
        timestamp: u32,
        /// Whether to make it shorter or longer once it is decoded.
        pace: Pace,
    },
    /// A packet is missing: make up what it may have been.
    Lost {
        /// How much, in ticks of the RTP clock.
        ticks: u32,
        /// The packet right after it, where it is the last that is missing and the next is there:
        /// a codec with redundancy has the lost sound in it (RFC 6716 §2.1.7). That packet is
        /// given out itself next time.
        next: Option<&'a [u8]>,
    },
    /// There is nothing to be played, for as long as a packet is or until asked again: the stream
    /// has not begun, pauses, or has ended. Comfort noise goes here.
    Nothing,
}

/// Whether a packet's sound is played as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As it is.
    Even,
    /// Shorter by a period of its pitch, where it has one ([`stretch::shorten`]): the delay falls.
    Shorter,
    /// Longer by a period of its pitch ([`stretch::lengthen`]): the delay grows.
    Longer,
}

/// What became of a stream's packets so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Given out.
    pub played: u64,
    /// Not there when their time came, and others were: lost on the way, or late.
    pub lost: u64,
    /// Came when they had been given up.
    pub late: u64,
    /// Came more than once.
    pub duplicates: u64,
    /// Thrown away because more was waiting than may.
    pub skipped: u64,
    /// Times a packet was to be played shorter.
    pub shortened: u64,
    /// Times a packet was to be played longer.
    pub lengthened: u64,
    /// Streams that took the place of the one before: another source, or a jump.
    pub restarts: u64,
    /// Sound made up in place of packets.
    pub concealed: Duration,
}

impl JitterBuffer {
    /// A buffer whose packets wait `max` at most.
    pub(crate) fn new(max: Duration) -> Self {
        Self {
            max,
            redundant: false,
            numbers: None,
            stray: None,
            stray_payload: Vec::new(),
            slots: Slots::default(),
            delays: None,
            play: playout::State::default(),
            counts: Counts::default(),
        }
    }

    /// Whether packets carry the sound of those before them. While any are lost they then wait for
    /// one another, so that the one after the lost is there in time.
    pub(crate) fn set_redundant(&mut self, redundant: bool) {
        self.redundant = redundant;
    }

    /// Takes a packet of sound, or of comfort noise, that came `now`. `clock` is that of its
    /// payload type.
    pub(crate) fn insert(&mut self, now: Instant, clock: u32, header: &Header, payload: &[u8]) {
        if clock == 0 || payload.len() > MAX_PAYLOAD {
            return;
        }
        match self.place(header) {
            Place::At(number) => self.keep(now, clock, number, header, payload),
            Place::Past { played } => {
                if let Some(delays) = self.delays.as_mut().filter(|_| !played) {
                    delays.measure(now, clock, header.timestamp);
                }
                let count = if played { &mut self.counts.duplicates } else { &mut self.counts.late };
                *count += 1;
            }
            Place::Nowhere => self.consider(now, clock, header, payload),
        }
    }

    /// Takes note of a packet of the stream that is no sound, such as a key: its number is not
    /// missing.
    pub(crate) fn pass_by(&mut self, header: &Header) {
        if let Place::At(number) = self.place(header) {
            self.reach(number);
            self.slots.put_other(number);
        }
    }

    /// What to play now that the sound of the last packet has been. Called again at once after
    /// [`Playout::Lost`] and [`Playout::Packet`] only if they were shorter than what is needed.
    pub(crate) fn next(&mut self, now: Instant) -> Playout<'_> {
        match self.step(now) {
            Step::Nothing => Playout::Nothing,
            Step::Lost { ticks, next } => Playout::Lost { ticks, next: next.map(|number| self.slots.payload(number)) },
            Step::Play { packet: Waiting { number, payload_type, timestamp, .. }, pace } => {
                Playout::Packet { payload: self.slots.payload(number), payload_type, timestamp, pace }
            }
        }
    }

    /// How long the packet given out last was, in ticks of its clock, as the codec made it. Without
    /// this it is guessed from timestamps.
    pub(crate) fn decoded(&mut self, ticks: u32) {
        self.play.set_frame(ticks);
    }

    /// The packet given out last described silence: until the next there is nothing to be missed
    /// (comfort noise, RFC 3389; the silence descriptors of G.729 Annex B and Opus).
    pub(crate) fn pause(&mut self) {
        self.play.phase = Phase::Paused { stalled: false };
    }

    /// What became of the packets so far.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// How long after the earliest possible moment the latest packet was played.
    pub(crate) fn delay(&self) -> Duration {
        self.play.delay
    }

    /// How long packets are to wait.
    pub(crate) fn target(&self) -> Duration {
        let measured = self.delays.as_ref().map_or(FIRST_FRAME, Delays::target);
        let least = match self.redundant && self.play.is_losing() {
            true => 2 * self.play.frame(),
            false => self.play.frame(),
        };
        measured.max(least).min(self.max)
    }

    fn place(&mut self, header: &Header) -> Place {
        match &mut self.numbers {
            Some(numbers) => numbers.place(header),
            None => Place::Nowhere,
        }
    }

    fn keep(&mut self, now: Instant, clock: u32, number: u64, header: &Header, payload: &[u8]) {
        let was_empty = self.numbers.as_ref().is_none_or(|numbers| numbers.highest() < numbers.next());
        self.reach(number);
        let delays = self.delays.get_or_insert_with(|| Delays::new(now));
        if was_empty && self.play.phase == (Phase::Paused { stalled: true }) {
            delays.forget_base();
        }
        let run = delays.measure(now, clock, header.timestamp);
        if !self.slots.put(number, header, clock, run, payload) {
            self.counts.duplicates += 1;
        } else if let Some(before) = number.checked_sub(1).and_then(|before| self.slots.get(before)) {
            self.play.learn_frame(&before, header.timestamp, clock);
        }
    }

    /// A packet of that number came.
    fn reach(&mut self, number: u64) {
        let Some(numbers) = &mut self.numbers else { return };
        numbers.reach(number);
        // Where there is no room for it, the oldest give way.
        while number.saturating_sub(numbers.next()) >= SLOTS {
            let waited = self.slots.get(numbers.next()).is_some();
            let count = if waited { &mut self.counts.skipped } else { &mut self.counts.lost };
            *count += 1;
            self.slots.remove(numbers.next());
            numbers.pass(false);
        }
    }

    /// A packet that fits nothing: the first of another stream, if the next goes with it.
    fn consider(&mut self, now: Instant, clock: u32, header: &Header, payload: &[u8]) {
        let first = self.stray.filter(|stray| numbers::follows(&stray.header, header));
        if self.numbers.is_some() && first.is_none() {
            self.stray = Some(Stray { arrived: now, clock, header: *header });
            self.stray_payload.clear();
            self.stray_payload.extend_from_slice(payload);
            return;
        }
        if let (Some(numbers), Some(first)) = (&self.numbers, &first) {
            match numbers.missing_before(&first.header) {
                Some(missing) => self.counts.lost += missing,
                None => self.counts.restarts += 1,
            }
        }
        self.slots.clear();
        self.stray = None;
        self.numbers = Some(Numbers::new(first.as_ref().map_or(header, |first| &first.header)));
        self.play.restart();
        if let Some(delays) = &mut self.delays {
            delays.forget_base();
        }
        if let Some(Stray { arrived, clock, header }) = first {
            let payload = std::mem::take(&mut self.stray_payload);
            self.insert(arrived, clock, &header, &payload);
            self.stray_payload = payload;
        }
        self.insert(now, clock, header, payload);
    }

    fn step(&mut self, now: Instant) -> Step {
        let target = self.target();
        let (Some(numbers), Some(delays)) = (&mut self.numbers, &self.delays) else { return Step::Nothing };
        let (max, slots, counts) = (self.max, &mut self.slots, &mut self.counts);
        self.play.step(&mut Desk { now, target, max, numbers, slots, delays, counts })
    }
}

/// Of a packet's clock.
fn duration(ticks: u32, clock: u32) -> Duration {
    Duration::from_micros(u64::from(ticks) * 1_000_000 / u64::from(clock.max(1)))
}

/// As a signed number of ticks.
fn signed_ticks(duration: Duration, clock: u32) -> i32 {
    i32::try_from(ticks(duration, clock)).unwrap_or(i32::MAX)
}

#[cfg(test)]
#[path = "tests/mod.rs"]
mod tests;
