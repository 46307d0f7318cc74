//! A packet's way from one leg to the other.

use std::ops::Range;
use std::time::Instant;

use super::Bridge;
use crate::event::Event;
use crate::format::{Format, MediumKind};
use crate::leg::Transport;
use crate::outlet::{LegKey, Outlet};
use crate::rewrite::{Part, Source};
use crate::rtp::Header;

/// A packet in the clear, and what is known of it.
struct Packet<'a> {
    header: Header,
    format: Format,
    bytes: &'a mut [u8],
    payload: Range<usize>,
    /// The sound before it was decoded.
    transcoded: bool,
}

impl Bridge {
    /// A packet that is the leg's own, in the clear.
    /// `medium` is whose socket it came to, where each has its own.
    pub(super) fn receive_packet(
        &mut self,
        now: Instant,
        key: LegKey,
        medium: Option<MediumKind>,
        bytes: &mut [u8],
        outlet: &mut impl Outlet,
    ) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        let Some((header, payload)) = Header::parse(bytes) else {
            leg.counters.invalid += 1;
            return;
        };
        let Some(format) = leg.received_format(medium, header.payload_type) else {
            leg.counters.unknown_format += 1;
            return;
        };
        let Some(medium) = leg.medium_mut(format.medium()) else {
            return;
        };
        medium.received.0 += 1;
        medium.received.1 += payload.len() as u64;
        medium.reception.receive(now, format.clock(), &header);
        if let Format::Audio(codec) = format {
            medium.codec = Some(codec);
        }
        if leg.supervision.hear(now) && matches!(leg.transport, Transport::Rtp(_)) {
            outlet.event(Event::Connected { leg: leg.id });
        }
        if !leg.speaks(format.medium()) {
            leg.counters.gated += 1;
            return;
        }
        let (joined, listens, transcoded) = (leg.joined, leg.tones_in.is_some(), leg.transcoding.is_some());
        if listens && let Format::Audio(codec) = format {
            let sound = bytes.get(payload.clone()).unwrap_or_default();
            if self.hear_keys(now, key, &header, codec, sound, outlet) {
                self.pass_by(key, &header);
                return self.count_gated(key);
            }
        }
        if let Format::TelephoneEvent { clock } = format {
            let event = bytes.get(payload.clone()).unwrap_or_default();
            self.receive_key(now, key, &header, clock, event, outlet);
        }
        let Some(joined) = joined else {
            self.count_gated(key);
            return;
        };
        if let Some(ear) = self.ear_of(joined, key) {
            self.forward(now, key, ear, Packet { header, format, bytes, payload, transcoded }, outlet);
        }
    }

    /// Which leg hears what goes to `target`: itself, the speaker where it echoes, nobody where it
    /// only speaks.
    pub(super) fn ear_of(&self, target: LegKey, speaker: LegKey) -> Option<LegKey> {
        match &self.legs.get(target)?.transport {
            Transport::Service(player) => player.echoes().then_some(speaker),
            Transport::WebRtc(_) | Transport::Rtp(_) => Some(target),
        }
    }

    /// Sends a packet on, with the target's numbers in its header. The payload is not touched, unless the two have no
    /// format in common: then it is decoded and sent on later.
    fn forward(&mut self, now: Instant, from: LegKey, to: LegKey, packet: Packet<'_>, outlet: &mut impl Outlet) {
        let Packet { header, format, bytes, payload, transcoded } = packet;
        let Some(target) = self.legs.get_mut(to) else {
            return;
        };
        let event = matches!(format, Format::TelephoneEvent { .. });
        let decoded = match format {
            Format::Audio(_) => target.payload_type(format).is_none(),
            // It goes with the sound around it.
            Format::ComfortNoise { .. } => transcoded || target.payload_type(format).is_none(),
            Format::TelephoneEvent { .. } | Format::Video(_) => false,
        };
        if decoded {
            let sound = bytes.get(payload).unwrap_or_default();
            if !target.hears(MediumKind::Audio) {
                self.count_gated(from);
            } else if !self.transcode(now, from, to, &header, format, sound) {
                self.count_untranslatable(from);
            }
            return;
        }
        if transcoded && event {
            // It is pressed again: its numbers are not those of the sound that is sent.
            return self.pass_by(from, &header);
        }
        let Some(payload_type) = target.payload_type(format) else {
            // Keys are pressed again where the target knows them on another clock, or can be played them.
            if !event || (target.telephone_event().is_none() && target.tone_format().is_none()) {
                self.count_untranslatable(from);
            }
            return;
        };
        if transcoded && matches!(format, Format::Audio(_)) {
            self.end_transcoding(from);
            return self.forward(now, from, to, Packet { header, format, bytes, payload, transcoded: false }, outlet);
        }
        // Keys pressed by the relay stand in the place of sound.
        let pressing = format.medium() == MediumKind::Audio && target.is_pressing();
        let kind = format.medium();
        if pressing || !target.hears(kind) {
            self.count_gated(from);
            return;
        }
        let source = Source { leg: from, ssrc: header.ssrc };
        let part = match format {
            Format::Audio(_) | Format::ComfortNoise { .. } => Part::Audio,
            Format::Video(_) => Part::Video,
            Format::TelephoneEvent { .. } => Part::Event,
        };
        let rewritten = target
            .medium_mut(kind)
            .and_then(|medium| medium.stream.rewrite(now, source, format.clock(), part, header, payload_type));
        if let Some(header) = rewritten
            && let Some(packet) = header.replace_in(bytes, payload)
        {
            target.send(to, kind, packet, &header, outlet);
        } else {
            self.count_gated(from);
        }
    }

    pub(super) fn count_untranslatable(&mut self, key: LegKey) {
        if let Some(leg) = self.legs.get_mut(key) {
            leg.counters.untranslatable += 1;
        }
    }

    fn count_gated(&mut self, key: LegKey) {
        if let Some(leg) = self.legs.get_mut(key) {
            leg.counters.gated += 1;
        }
    }
}
