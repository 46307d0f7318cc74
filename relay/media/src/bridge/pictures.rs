//! Pictures of legs that speak RTP come and go within a call, and whole ones are asked for.

use std::time::{Duration, Instant};

use super::Bridge;
use crate::event::Event;
use crate::format::MediumKind;
use crate::leg::{Leg, Medium, Pictures, Request, Seed, Transport};
use crate::outlet::{LegKey, Outlet};
use crate::params::{LegId, VideoRemote};
use crate::rtcp::Feedback;

/// Between two requests for whole pictures over RTCP. An encoder has to send the one before the next makes sense.
const OVER_RTCP: Duration = Duration::from_millis(300);
/// The same by signalling, where each is an exchange of its own.
const BY_SIGNALLING: Duration = Duration::from_secs(1);

impl Bridge {
    /// Opens the pictures of a leg to an RTP endpoint, in the place of those it had. `None` when there is no such leg.
    pub fn open_video(&mut self, id: LegId, seed: Seed, outlet: &mut impl Outlet) -> Option<LegKey> {
        let (window, interval) = (self.timing.learning_window, self.timing.rtcp_interval);
        let key = *self.keys.get(&id)?;
        let leg = self.legs.get_mut(key).filter(|leg| matches!(leg.transport, Transport::Rtp(_)))?;
        if leg.pictures.is_some() {
            outlet.video_closed(key);
        }
        let cname = leg.audio.rtcp.cname().to_owned();
        leg.pictures = Some(Box::new(Pictures::new(window)));
        leg.replace_video(Some(Box::new(Medium::new(seed, cname, interval))));
        Some(key)
    }

    /// What the description of an RTP endpoint says of its pictures.
    pub(super) fn video_remote(
        &mut self,
        now: Instant,
        id: LegId,
        remote: Option<VideoRemote>,
        outlet: &mut impl Outlet,
    ) {
        let Some(&key) = self.keys.get(&id) else {
            return;
        };
        let Some(remote) = remote else {
            return self.close_video(now, key, outlet);
        };
        let began = self.with(id, |leg| {
            let Some(pictures) = &mut leg.pictures else {
                return false;
            };
            let before = pictures.direction;
            pictures.set_remote(now, &remote);
            if let Some(video) = &mut leg.video {
                // It may be sealed with other keys than now, or with none.
                video.history.clear();
            }
            let begins = remote.direction.sends() && !before.sends();
            let shows = remote.direction.receives() && !before.receives();
            leg.set_formats_of(MediumKind::Video, &remote.rtp.formats);
            leg.start_reports(now);
            begins || shows
        });
        if began == Some(true) {
            self.refresh(now, key, outlet);
        }
    }

    /// Asks whom a leg sees for a whole picture.
    pub(super) fn refresh_for(&mut self, now: Instant, id: LegId, outlet: &mut impl Outlet) {
        let Some((_, leg)) = self.leg(id).filter(|(_, leg)| leg.has_video()) else {
            return;
        };
        let ssrc = leg.video.as_ref().map_or(0, |video| video.stream.ssrc());
        if let Some(&key) = self.keys.get(&id) {
            self.pass_on(now, key, Feedback::Keyframe { ssrc }, outlet);
        }
    }

    /// Pictures may have been lost, or begin somewhere else: asks for whole ones, of a leg and of
    /// the one it is joined with. An encoder sends them on its own only when it begins.
    pub(super) fn refresh(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        let other = self.legs.get(key).and_then(|leg| leg.joined);
        for key in [Some(key), other].into_iter().flatten() {
            if self.legs.get(key).is_some_and(|leg| leg.joined.is_some()) {
                self.ask_for_picture(now, key, outlet);
            }
        }
    }

    /// Asks for the whole picture that had to wait.
    pub(super) fn refresh_due(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        if self.legs.get_mut(key).is_some_and(|leg| leg.refreshing.expire(now)) {
            self.ask_for_picture(now, key, outlet);
        }
    }

    /// Asks a leg for something of the pictures it sends.
    pub(super) fn ask(&mut self, now: Instant, key: LegKey, feedback: Feedback, outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        let is_keyframe = matches!(feedback, Feedback::Keyframe { .. });
        let request = match &mut leg.pictures {
            Some(pictures) => pictures.request(feedback),
            None => Request::Rtcp(feedback),
        };
        let interval = if request == Request::Signalling { BY_SIGNALLING } else { OVER_RTCP };
        if is_keyframe && !leg.refreshing.ask(now, interval) {
            return self.reschedule(key);
        }
        match request {
            Request::Rtcp(feedback) => self.ask_over_rtcp(now, key, &feedback, outlet),
            Request::Signalling => outlet.event(Event::PictureWanted { leg: leg.id }),
            Request::Unheard => {}
        }
    }

    fn ask_for_picture(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        let leg = self.legs.get(key).filter(|leg| leg.has_video());
        if let Some(ssrc) = leg.and_then(|leg| leg.video.as_ref()?.reception.ssrc()) {
            self.ask(now, key, Feedback::Keyframe { ssrc }, outlet);
        }
    }

    fn ask_over_rtcp(&mut self, now: Instant, key: LegKey, feedback: &Feedback, outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        if let Some(video) = &mut leg.video {
            let ssrc = video.stream.ssrc();
            video.rtcp.ask(now, ssrc, &mut video.reception, feedback, &mut self.report);
            leg.send_rtcp(key, MediumKind::Video, &self.report, outlet);
        }
    }

    /// Ends the pictures of a leg to an RTP endpoint and frees their ports.
    fn close_video(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        if self.legs.get(key).is_none_or(|leg| leg.pictures.is_none()) {
            return;
        }
        self.say_goodbye(now, key, &[MediumKind::Video], outlet);
        if let Some(leg) = self.legs.get_mut(key) {
            leg.set_formats_of(MediumKind::Video, &[]);
            leg.pictures = None;
            leg.replace_video(None);
        }
        outlet.video_closed(key);
        self.reschedule(key);
    }
}

impl Leg {
    /// Whether packets of a medium are taken from the leg at the moment.
    pub(super) fn speaks(&self, kind: MediumKind) -> bool {
        self.direction.receives() && self.pictures_of(kind).is_none_or(|pictures| pictures.direction.receives())
    }

    /// Whether packets of a medium are sent to the leg at the moment.
    pub(super) fn hears(&self, kind: MediumKind) -> bool {
        let shown = |pictures: &Pictures| pictures.direction.sends() && pictures.transport.destination().is_some();
        self.direction.sends() && self.is_ready() && self.pictures_of(kind).is_none_or(shown)
    }

    fn pictures_of(&self, kind: MediumKind) -> Option<&Pictures> {
        self.pictures.as_deref().filter(|_| kind == MediumKind::Video)
    }
}
