//! Keys out of packets.

use std::time::{Duration, Instant};

use super::RATE;
use super::coding::Decoder;
use super::detector::{Detector, Tone};
use crate::format::Codec;
use crate::rtp::Header;
use crate::telephone_event::Press;

/// A key whose peer falls silent has ended after this long.
const SILENCE: Duration = Duration::from_millis(250);
/// So many packets in a row may be lost without a key taken for two.
const MAX_LOST: u16 = 3;
/// A packet so many numbers behind is late (RFC 3550 A.1); one further behind is a new start.
const MAX_LATE: u16 = 100;
/// Time that a peer leaves out without loss is silence, and so long it is a pause between two keys.
const PAUSE: u32 = RATE * 40 / 1000;

/// Listens to one leg.
pub(crate) struct Listener {
    decoder: Option<Decoder>,
    detector: Detector,
    next: Option<Expected>,
    heard: Option<Instant>,
}

/// How a packet's header continues the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Expected {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
}

/// What a packet is to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// It comes next, or nearly so.
    Next,
    /// Something else came to its end, and with it this key, if one was down.
    Anew(Option<Press>),
    /// It comes too late, or again.
    Late,
}

impl Listener {
    /// A listener that has heard nothing.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self { decoder: None, detector: Detector::new(), next: None, heard: None }
    }

    /// Takes a packet's header and how many samples it has. Unless it is late, its sound is for [`Listener::hear`].
    pub(crate) fn receive(&mut self, now: Instant, header: &Header, samples: usize) -> Order {
        let &Header { ssrc, sequence, timestamp, .. } = header;
        let known = self.next.filter(|next| next.ssrc == ssrc);
        let lost = known.map(|next| sequence.wrapping_sub(next.sequence));
        if lost.is_some_and(|lost| (1..=MAX_LATE).contains(&lost.wrapping_neg())) {
            return Order::Late;
        }
        let passed = known.map_or(0, |next| timestamp.wrapping_sub(next.timestamp));
        // Silence that a peer leaves out is no loss.
        let continues = match lost {
            Some(0) => passed < PAUSE,
            Some(lost) => lost <= MAX_LOST && passed < RATE,
            None => false,
        };
        self.heard = Some(now);
        let timestamp = timestamp.wrapping_add(u32::try_from(samples).unwrap_or_default());
        self.next = Some(Expected { ssrc, sequence: sequence.wrapping_add(1), timestamp });
        if continues { Order::Next } else { Order::Anew(self.finish()) }
    }

    /// Listens to sound until a key ends in it; there is none in Opus. `sound` is what was not listened to yet. Call until `None`.
    pub(crate) fn hear(&mut self, codec: Codec, sound: &mut &[u8]) -> Option<Press> {
        if self.decoder.as_ref().is_none_or(|decoder| decoder.codec() != codec) {
            self.decoder = Decoder::new(codec);
        }
        let decoder = self.decoder.as_mut()?;
        while let Some((&code, rest)) = sound.split_first() {
            *sound = rest;
            if let Some(ended) = self.detector.hear(decoder.decode(code)) {
                return Some(press(ended));
            }
        }
        None
    }

    /// Whether a key is down, or seems to be.
    #[must_use]
    pub(crate) fn hears_a_key(&self) -> bool {
        self.detector.is_held() || self.detector.expects()
    }

    /// Nothing more will be listened to: a key that is down ends here.
    pub(crate) fn finish(&mut self) -> Option<Press> {
        self.detector.finish().map(press)
    }

    /// When [`Listener::timeout`] is due.
    #[must_use]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.heard.filter(|_| self.detector.is_held()).map(|heard| heard + SILENCE)
    }

    /// Ends a key whose peer fell silent.
    pub(crate) fn timeout(&mut self, now: Instant) -> Option<Press> {
        if self.deadline()? > now {
            return None;
        }
        self.finish()
    }
}

fn press(tone: Tone) -> Press {
    let duration = Duration::from_millis(u64::from(tone.samples) * 1000 / u64::from(RATE));
    Press { digit: tone.digit, duration, clock: None }
}
