//! What is due: each leg has one deadline, the earliest of all its timers.

use std::time::Instant;

use super::Bridge;
use crate::event::{Event, Inactivity};
use crate::format::MediumKind;
use crate::leg::{Leg, Medium, Transport};
use crate::outlet::{LegKey, Outlet};

/// Seconds a sender's report may be off from when its packets came.
const BELIEVABLE: u32 = 5;

impl Bridge {
    /// Does everything that is due at `now`.
    pub fn timeout(&mut self, now: Instant, outlet: &mut impl Outlet) {
        // Each leg has one turn: whatever is due again at once waits for the next call, so that
        // this one always ends.
        let mut due = std::mem::take(&mut self.due);
        self.schedule.take_due(now, &mut due);
        for key in due.drain(..) {
            if let Some(leg) = self.legs.get_mut(key) {
                leg.scheduled = None;
            }
            self.leg_timeout(now, key, outlet);
            self.reschedule(key);
        }
        self.due = due;
    }

    /// Brings the schedule up to date after a leg changed.
    pub(super) fn reschedule(&mut self, key: LegKey) {
        let Some(leg) = self.legs.get(key) else {
            return;
        };
        let deadline = self.leg_deadline(leg);
        let scheduled = leg.scheduled;
        self.schedule.replace(key, scheduled, deadline);
        if let Some(leg) = self.legs.get_mut(key) {
            leg.scheduled = deadline;
        }
    }

    fn leg_deadline(&self, leg: &Leg) -> Option<Instant> {
        let transport = match &leg.transport {
            Transport::WebRtc(browser) => browser.deadline(self.timing.consent),
            Transport::Service(player) => player.deadline(),
            Transport::Rtp(_) => None,
        };
        let silence = leg.supervision.deadline(self.timing.rtp_inactivity).filter(|_| !leg.direction.is_held());
        let video = leg.video.as_ref().and_then(|video| video.rtcp.deadline());
        let tones_in = leg.tones_in.as_ref().and_then(|listener| listener.deadline());
        let tones_out = leg.tones_out.as_ref().map(|sender| sender.deadline());
        let transcoding = leg.transcoding.as_ref().and_then(|transcoder| transcoder.deadline());
        let watch = leg.watch.deadline();
        let keys = [leg.keys_in.deadline(), leg.keys_out.deadline(), tones_in, tones_out];
        let refreshing = leg.refreshing.deadline();
        [transport, silence, watch, transcoding, leg.audio.rtcp.deadline(), video, refreshing]
            .into_iter()
            .chain(keys)
            .flatten()
            .min()
    }

    fn leg_timeout(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        self.transport_timeout(now, key, outlet);
        self.notice_silence(now, key, outlet);
        self.judge(now, key, outlet);
        for kind in MediumKind::ALL {
            self.report(now, key, kind, outlet);
        }
        self.refresh_due(now, key, outlet);
        self.expire_key(now, key, outlet);
        self.press_keys(now, key, outlet);
        self.expire_tone(now, key, outlet);
        self.play_keys(now, key, outlet);
        self.play_transcoded(now, key, outlet);
    }

    fn transport_timeout(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        match &mut leg.transport {
            Transport::WebRtc(browser) => {
                let change = browser.timeout(now, self.timing.consent, outlet);
                self.note(now, key, change, outlet);
            }
            Transport::Service(_) => self.play(now, key, outlet),
            Transport::Rtp(_) => {}
        }
    }

    fn notice_silence(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        if !leg.direction.is_held() && leg.supervision.expire(now, self.timing.rtp_inactivity) {
            outlet.event(Event::Inactive { leg: leg.id, cause: Inactivity::Rtp });
        }
    }

    /// Says what the leg's sound has been like, where that has changed.
    fn judge(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        if leg.watch.deadline().is_none_or(|due| due > now) {
            return;
        }
        let (id, window) = (leg.id, leg.window());
        leg.watch.expire(now, window, &self.timing.quality, |report| {
            outlet.event(Event::Quality { leg: id, report });
        });
    }

    fn report(&mut self, now: Instant, key: LegKey, kind: MediumKind, outlet: &mut impl Outlet) {
        let medium = self.legs.get(key).and_then(|leg| leg.medium(kind));
        if medium.is_none_or(|medium| medium.rtcp.deadline().is_none_or(|due| due > now)) {
            return;
        }
        let timestamp = self.timestamp_at_source(now, key, kind);
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        let Some(Medium { stream, reception, rtcp, .. }) = leg.medium_mut(kind) else {
            return;
        };
        if rtcp.report(now, &self.clock, stream, reception, timestamp, &mut self.report) {
            leg.send_rtcp(key, kind, &self.report, outlet);
        }
    }

    /// This instant's timestamp in the stream a leg is sent, as the source's own reports have it.
    /// When its packets arrive says less: sound and pictures take different times on their way, and
    /// would be shown as far apart.
    fn timestamp_at_source(&self, now: Instant, key: LegKey, kind: MediumKind) -> Option<u32> {
        let stream = &self.legs.get(key)?.medium(kind)?.stream;
        let mapping = stream.mapping()?;
        let speaker = self.legs.get(mapping.source.leg)?;
        let reception = &speaker.medium(kind)?.reception;
        if reception.ssrc() != Some(mapping.source.ssrc) {
            return None;
        }
        let theirs = speaker.sender_clock.at(self.clock.timestamp(now))?;
        let timestamp = reception.timestamp_at(theirs)?.wrapping_add(mapping.timestamp);
        let clock = stream.clock()?;
        let off = timestamp.wrapping_sub(stream.timestamp_at(now, clock)) as i32;
        // A report that has nothing to do with the packets is not believed.
        (off.unsigned_abs() < clock.saturating_mul(BELIEVABLE)).then_some(timestamp)
    }
}
