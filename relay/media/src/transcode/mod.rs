//! Sound from one leg to another that has no codec in common with it: decoded, and encoded again.
//!
//! Sans-I/O. Packets go in as they come ([`Transcoder::insert`]) and wait in a jitter buffer, for what is decoded has to be
//! whole and in time. Frames come out at the pace of the listener's packets ([`Transcoder::step`]), whatever that of the
//! speaker's is. One of these is made when the first packet has to be decoded, and dropped when one need not be any more.

mod incoming;
mod outgoing;

use std::time::{Duration, Instant};

use incoming::{Heard, Incoming};
pub(crate) use outgoing::{Frame, Outgoing, Plan};

use crate::format::{Codec, Format};
use crate::jitter::Counts;
use crate::quality::Playout;
use crate::rtp::Header;

/// A speaker of whom nothing came for so long, and who did not say that there would be a pause, has ended: so does what the
/// listener is sent.
const ENDED: Duration = Duration::from_secs(1);
/// A late loop catches up to here and gives up on what is older: a burst helps nobody.
const MAX_LATE: Duration = Duration::from_millis(100);

/// Decodes what one leg says, for another.
pub(crate) struct Transcoder {
    incoming: Incoming,
    outgoing: Outgoing,
    /// What was decoded and not encoded yet.
    sound: Vec<i16>,
    due: Option<Instant>,
    /// Since when nothing was heard.
    silent: Option<Instant>,
    begun: bool,
    /// What became of packets that others decoded before this.
    before: Playout,
}

/// What has become of a frame's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The packet of [`Transcoder::packet`] is to be sent.
    Send(Frame),
    /// Nothing is.
    Rest,
}

impl Transcoder {
    /// From `source` to what `plan` says, after what was decoded `before`. `None` where either cannot be had here.
    #[must_use]
    pub(crate) fn new(source: Format, plan: Plan, before: Playout) -> Option<Self> {
        let outgoing = Outgoing::new(plan, source_rate(source))?;
        let incoming = Incoming::new();
        Some(Self { incoming, outgoing, sound: Vec::new(), due: None, silent: None, begun: false, before })
    }

    /// A packet came, as whose `format` the speaker's description names its payload type. `plan` is what the listener is
    /// to be sent now. `false` where that cannot be had.
    pub(crate) fn insert(&mut self, now: Instant, header: &Header, format: Format, payload: &[u8], plan: Plan) -> bool {
        let rate = match format {
            Format::Audio(_) => source_rate(format),
            _ => self.outgoing.rate(),
        };
        if !self.outgoing.follow(plan, rate) {
            return false;
        }
        self.incoming.insert(now, header, format, payload);
        if self.due.is_none() {
            (self.due, self.silent) = (Some(now), Some(now));
        }
        true
    }

    /// A packet came that is no sound, such as a key.
    pub(crate) fn pass_by(&mut self, header: &Header) {
        self.incoming.pass_by(header);
    }

    /// What part of its packets the listener says it loses, of one.
    pub(crate) fn set_loss(&mut self, loss: f32) {
        self.outgoing.set_loss(loss);
    }

    /// When [`Transcoder::step`] is due.
    #[must_use]
    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// The packet to be sent: room for a header, and the payload.
    pub(crate) fn packet(&mut self) -> &mut [u8] {
        self.outgoing.packet()
    }

    /// What became of the speaker's packets, those of earlier times included.
    #[must_use]
    pub(crate) fn playout(&self) -> Playout {
        let (Counts { concealed, late, .. }, delay) = self.incoming.counts();
        Playout { concealed: self.before.concealed + concealed, late: self.before.late + late, delay: Some(delay) }
    }

    /// The next frame, if it is due. Call until `None`.
    pub(crate) fn step(&mut self, now: Instant) -> Option<Step> {
        let due = self.due.filter(|&due| due <= now)?;
        let frame = self.outgoing.frame();
        let next = due + frame;
        let late = now.saturating_duration_since(next);
        let skipped = if late > MAX_LATE { late.as_micros() / frame.as_micros().max(1) } else { 0 };
        let skipped = u32::try_from(skipped).unwrap_or(u32::MAX);
        self.due = Some(next + frame.saturating_mul(skipped));

        let (rate, length) = (self.outgoing.rate(), self.outgoing.samples());
        let heard = self.incoming.hear(now, rate, length, &mut self.sound);
        let step = self.say(now, heard, length);
        self.sound.drain(..length.min(self.sound.len()));
        self.outgoing.skip(skipped);
        Some(step)
    }

    fn say(&mut self, now: Instant, heard: Heard, length: usize) -> Step {
        if heard != Heard::Silence {
            (self.begun, self.silent) = (true, None);
        } else if now.saturating_duration_since(*self.silent.get_or_insert(now)) >= ENDED {
            (self.begun, self.due) = (false, None);
        }
        let sound = self.sound.get(..length).unwrap_or_default();
        let frame = match heard {
            _ if !self.begun => self.outgoing.rest(),
            Heard::Noise => self.outgoing.pause(sound, self.incoming.described()),
            Heard::Sound | Heard::Silence => self.outgoing.speak(sound),
        };
        frame.map_or(Step::Rest, Step::Send)
    }
}

/// The samples a second in which nothing of a source is lost.
const fn source_rate(source: Format) -> u32 {
    match source {
        Format::Audio(codec) => crate::codec::rate(codec, Codec::Opus.clock()),
        Format::ComfortNoise { clock } | Format::TelephoneEvent { clock } => clock,
        Format::Video(_) => 8_000,
    }
}
