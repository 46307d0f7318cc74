//! Sound that has to be decoded on its way from one leg to the other.

use std::time::Instant;

use super::Bridge;
use crate::format::{Format, MediumKind};
use crate::leg::Leg;
use crate::outlet::{LegKey, Outlet};
use crate::rewrite::{Part, Source};
use crate::rtp::{HEADER_LEN, Header};
use crate::transcode::{Frame, Step, Transcoder};

impl Bridge {
    /// Takes a packet of a leg whose listener does not know its format. `false` where it can be of no use.
    pub(super) fn transcode(
        &mut self,
        now: Instant,
        from: LegKey,
        to: LegKey,
        header: &Header,
        format: Format,
        payload: &[u8],
    ) -> bool {
        let Some(plan) = self.legs.get(to).and_then(Leg::plan) else {
            self.end_transcoding(from);
            return false;
        };
        let Some(leg) = self.legs.get_mut(from) else { return false };
        let begins = leg.transcoding.is_none();
        if begins {
            leg.transcoding = Transcoder::new(format, plan, leg.audio.playout).map(Box::new);
        }
        let Some(transcoder) = &mut leg.transcoding else { return false };
        let taken = transcoder.insert(now, header, format, payload, plan);
        if leg.scheduled.is_none_or(|scheduled| transcoder.deadline().is_some_and(|due| due < scheduled)) {
            self.reschedule(from);
        }
        if begins && let Some(target) = self.legs.get_mut(to) {
            // Its numbers are others than those of what passed.
            target.audio.stream.interrupt();
        }
        taken
    }

    /// Sends what is due of a leg's decoded sound to the leg that hears it.
    pub(super) fn play_transcoded(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else { return };
        let is_due = |transcoder: &&mut Box<Transcoder>| transcoder.deadline().is_some_and(|due| due <= now);
        if leg.transcoding.as_mut().filter(is_due).is_none() {
            return;
        }
        let joined = leg.joined;
        let Some(mut transcoder) = leg.transcoding.take() else { return };
        leg.audio.playout.delay = None;
        let Some(to) = joined.and_then(|joined| self.ear_of(joined, key)) else { return };
        let Some(target) = self.legs.get_mut(to) else { return };
        transcoder.set_loss(target.audio.rtcp.remote_loss().unwrap_or_default());
        while let Some(step) = transcoder.step(now) {
            let Step::Send(Frame { format, sequence, timestamp, marker }) = step else { continue };
            let Some(payload_type) = target.payload_type(format) else {
                // A new description took the codec away. What comes next says what is to be done.
                return;
            };
            if target.is_pressing() || !target.hears(MediumKind::Audio) {
                continue;
            }
            let header = Header { marker, payload_type, sequence, timestamp, ssrc: 0 };
            let source = Source { leg: key, ssrc: 0 };
            let stream = &mut target.audio.stream;
            let Some(header) = stream.rewrite(now, source, format.clock(), Part::Audio, header, payload_type) else {
                continue;
            };
            let packet = transcoder.packet();
            if let Some(head) = packet.first_chunk_mut::<HEADER_LEN>() {
                *head = header.to_bytes();
            }
            target.send(to, MediumKind::Audio, packet, &header, outlet);
        }
        if let Some(leg) = self.legs.get_mut(key) {
            leg.audio.playout = transcoder.playout();
            leg.transcoding = Some(transcoder);
        }
    }

    /// A packet of a leg came that is no sound, such as a key.
    pub(super) fn pass_by(&mut self, key: LegKey, header: &Header) {
        if let Some(transcoder) = self.legs.get_mut(key).and_then(|leg| leg.transcoding.as_mut()) {
            transcoder.pass_by(header);
        }
    }

    /// Sound of a leg passes as it is: what was decoded so far was all.
    pub(super) fn end_transcoding(&mut self, key: LegKey) {
        if let Some(leg) = self.legs.get_mut(key) {
            leg.stop_transcoding();
            self.reschedule(key);
        }
    }
}
