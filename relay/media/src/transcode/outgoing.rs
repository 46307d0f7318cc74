//! From sound to the listener's packets.

use std::time::Duration;

use crate::codec::{Coded, Encoder, describe, ptime, rate, samples};
use crate::format::{Codec, Format, SoundWishes};
use crate::rtp::HEADER_LEN;

/// The noise of a pause is described again after so long: a listener may have come later, or lost the first.
const DESCRIBED_AGAIN: Duration = Duration::from_secs(1);

/// What a listener is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// In which codec.
    pub codec: Codec,
    /// Whether it takes descriptions of noise on that codec's clock.
    pub comfort_noise: bool,
    /// What else it said.
    pub wishes: SoundWishes,
}

/// A packet, numbered as in a stream of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    /// What it carries.
    pub format: Format,
    /// Its number.
    pub sequence: u16,
    /// The time of its first sample, on the clock of its format.
    pub timestamp: u32,
    /// Whether it is the first after a pause (RFC 3551 section 4.1).
    pub marker: bool,
}

/// Encodes sound for one listener.
pub(crate) struct Outgoing {
    plan: Plan,
    encoder: Encoder,
    /// Milliseconds of a packet.
    ptime: u32,
    packet: Vec<u8>,
    sequence: u16,
    timestamp: u32,
    /// Nothing was sent before what comes next.
    after_pause: bool,
    /// Frames since the noise was described, in a pause.
    undescribed: Option<u32>,
    loss: u8,
}

impl Outgoing {
    /// As `plan` says, from sound of which nothing is lost at `source` samples a second. `None` where the codec cannot be had.
    #[must_use]
    pub(crate) fn new(plan: Plan, source: u32) -> Option<Self> {
        Some(Self {
            plan,
            encoder: Encoder::new(plan.codec, source, &plan.wishes)?,
            ptime: ptime(plan.codec, &plan.wishes),
            packet: Vec::new(),
            sequence: 0,
            timestamp: 0,
            after_pause: true,
            undescribed: None,
            loss: 0,
        })
    }

    /// Goes on as `plan` says, from sound of that rate. `false` where it cannot.
    pub(crate) fn follow(&mut self, plan: Plan, source: u32) -> bool {
        if self.plan == plan && self.encoder.rate() == rate(plan.codec, source) {
            return true;
        }
        let Some(mut encoder) = Encoder::new(plan.codec, source, &plan.wishes) else { return false };
        encoder.set_loss(self.loss);
        (self.encoder, self.ptime, self.plan) = (encoder, ptime(plan.codec, &plan.wishes), plan);
        true
    }

    /// What part of its packets the listener says it loses, of one.
    pub(crate) fn set_loss(&mut self, loss: f32) {
        let percent = (loss.clamp(0.0, 1.0) * 100.0).round() as u8;
        if percent != self.loss {
            self.loss = percent;
            self.encoder.set_loss(percent);
        }
    }

    /// Samples a second it takes.
    #[must_use]
    pub(crate) const fn rate(&self) -> u32 {
        self.encoder.rate()
    }

    /// Samples of a frame.
    #[must_use]
    pub(crate) const fn samples(&self) -> usize {
        samples(self.encoder.rate(), self.ptime)
    }

    /// How long that is.
    #[must_use]
    pub(crate) const fn frame(&self) -> Duration {
        Duration::from_millis(self.ptime as u64)
    }

    /// The packet of the last [`Frame`]: room for a header, and the payload.
    pub(crate) fn packet(&mut self) -> &mut [u8] {
        &mut self.packet
    }

    /// A frame of sound. `None` where none need be sent.
    pub(crate) fn speak(&mut self, sound: &[i16]) -> Option<Frame> {
        self.undescribed = None;
        self.packet.clear();
        self.packet.resize(HEADER_LEN, 0);
        match self.encoder.encode(sound, &mut self.packet) {
            Coded::Speech => Some(self.send(Format::Audio(self.plan.codec))),
            Coded::Nothing => self.rest(),
        }
    }

    /// A frame of a pause that sounds like this, and as the speaker `described` it, if so. It is sent as sound to those who
    /// do not take a description.
    pub(crate) fn pause(&mut self, sound: &[i16], described: Option<&[u8]>) -> Option<Frame> {
        if !self.plan.comfort_noise {
            return self.speak(sound);
        }
        let again = u32::try_from(DESCRIBED_AGAIN.as_millis()).unwrap_or(u32::MAX) / self.ptime.max(1);
        if let Some(frames) = self.undescribed.map(|frames| frames + 1).filter(|&frames| frames < again) {
            self.undescribed = Some(frames);
            return self.rest();
        }
        self.undescribed = Some(0);
        self.packet.clear();
        self.packet.resize(HEADER_LEN, 0);
        match described {
            Some(described) => self.packet.extend_from_slice(described),
            None => describe(sound, &mut self.packet),
        }
        let frame = self.send(Format::ComfortNoise { clock: self.plan.codec.clock() });
        // Sound after it is the first again.
        self.after_pause = true;
        Some(Frame { marker: false, ..frame })
    }

    /// A frame's time in which nothing is sent.
    pub(crate) fn rest(&mut self) -> Option<Frame> {
        self.skip(1);
        self.after_pause = true;
        None
    }

    /// Lets the time of so many frames pass.
    pub(crate) fn skip(&mut self, frames: u32) {
        self.timestamp = self.timestamp.wrapping_add(self.ticks().wrapping_mul(frames));
    }

    fn send(&mut self, format: Format) -> Frame {
        let (sequence, timestamp) = (self.sequence, self.timestamp);
        let marker = std::mem::replace(&mut self.after_pause, false);
        self.sequence = sequence.wrapping_add(1);
        self.skip(1);
        Frame { format, sequence, timestamp, marker }
    }

    /// A frame on the codec's clock.
    const fn ticks(&self) -> u32 {
        (self.plan.codec.clock() / 1000).wrapping_mul(self.ptime)
    }
}
