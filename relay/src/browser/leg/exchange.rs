//! Offers and answers between relay and browser (RFC 3264).
//!
//! The relay offers when the far end speaks another codec; the browser when its network, its media or its page changed.
//! One at a time: who offers while the other's offer is unanswered is refused and tries again (glare).

use std::time::{Duration, Instant};

use offhook_media::{Command, Direction, WebRtcLocal};
use offhook_protocol::event::{CallSdp, SdpKind};
use offhook_protocol::{ErrorCode, EventBody, Failure};

use super::{BrowserLeg, State, narrowed};
use crate::call::{Cause, Description, Extras, LegEvent, failure_for_status};
use crate::webrtc::{self, BrowserDescription, Transport};

/// How long the browser may take to answer. The core waits a little longer for what comes of a change.
const PATIENCE: Duration = Duration::from_secs(30);

/// An offer of the relay's that the browser has not answered.
#[derive(Debug)]
pub(super) struct Awaited {
    pub(super) until: Instant,
    /// What was agreed before.
    before: Option<Description>,
}

/// What the browser has asked of the far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Hold,
    Media,
}

impl BrowserLeg {
    /// What an offer of the browser's would do to its connection.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCallState`] when the call is not in a state in which the browser may offer.
    pub fn transport_for(&self, offer: &BrowserDescription) -> Result<Transport, Failure> {
        let again = self.still_agreed(&offer.audio());
        if self.awaited.is_some() || (self.asked == Some(Change::Hold) && again.is_none()) {
            let sentence = "Another change of the call is under way; try again when it is done.";
            return Err(Failure::new(ErrorCode::InvalidCallState, sentence));
        }
        self.require(matches!(self.state, State::Calling | State::Early | State::Connected))?;
        if self.state == State::Early {
            // What the far end has not agreed to yet cannot be changed.
            self.require(again.is_some())?;
        }
        let Some(known) = self.remote.as_ref().filter(|_| self.state != State::Calling) else {
            return Ok(Transport::Kept);
        };
        Ok(offer.transport_after(known))
    }

    /// The browser offers within the call. `local` is the relay's side of a connection that is not kept.
    pub fn offer(&mut self, offer: BrowserDescription, transport: Transport, local: Option<WebRtcLocal>, now: Instant) {
        let wanted = offer.audio();
        let kept = self.still_agreed(&wanted);
        self.remote = Some(offer);
        self.unattached = false;
        if let Some(local) = local {
            self.local = local;
        }
        if transport == Transport::Replaced {
            self.reconnecting(now);
        }
        match (self.state, kept) {
            // Answered when the far end answers.
            (State::Calling, _) => {}
            _ if self.asked == Some(Change::Media) => {}
            (_, Some(agreed)) => self.write_answer(&agreed),
            (_, None) => {
                self.asked = Some(Change::Media);
                let direction = if self.holds { Direction::RecvOnly } else { Direction::SendRecv };
                let direction = narrowed(direction, wanted.direction);
                self.leg(LegEvent::Reoffer(Description { direction, ..wanted }));
            }
        }
    }

    /// What the far end says to what the browser offered.
    pub(super) fn media_answered(&mut self, result: Result<Description, Cause>) {
        let wanted = self.remote.as_ref().map(BrowserDescription::audio).unwrap_or_else(Description::everything);
        let agreed = match result {
            Ok(audio) => {
                self.direction = audio.direction;
                self.gate();
                Some(audio)
            }
            Err(cause) => {
                self.warn(cause.failure());
                self.agreed.clone()
            }
        };
        let agreed = agreed.map(|agreed| common(&agreed, &wanted)).filter(|agreed| !agreed.codecs.is_empty());
        match agreed {
            Some(agreed) => self.write_answer(&agreed),
            None => {
                let cause = Cause::Failure(failure_for_status(488, "Not Acceptable Here"));
                self.end(&cause, Extras::default(), cause.clone());
            }
        }
    }

    /// The far end changed something. A hold is a matter of this side's media gate; only other codecs need the browser.
    pub(super) fn reoffered(&mut self, audio: Description, now: Instant) {
        if self.speaks_other_than(&audio) && (self.unattached || self.awaited.is_some()) {
            let failure = failure_for_status(491, "Request Pending");
            return self.leg(LegEvent::ReofferResult(Err(Cause::Failure(failure))));
        }
        if self.policy.offer(&audio).codecs.is_empty() {
            let failure = failure_for_status(488, "Not Acceptable Here");
            return self.leg(LegEvent::ReofferResult(Err(Cause::Failure(failure))));
        }
        self.direction = audio.direction;
        self.gate();
        if self.speaks_other_than(&audio) {
            return self.send_offer(&audio, now);
        }
        let codecs = self.agreed.as_ref().map_or(audio.codecs.clone(), |agreed| agreed.codecs.clone());
        self.leg(LegEvent::ReofferResult(Ok(Description { codecs, ..audio })));
        self.show_hold();
    }

    pub(super) fn write_answer(&mut self, audio: &Description) {
        self.agreed = Some(audio.clone());
        // What the former page offered is nothing to this one, which offers itself.
        let Some(offer) = self.remote.as_ref().filter(|_| !self.unattached) else { return };
        self.version += 1;
        let own = Description { direction: offer.audio().direction, ..self.policy.asked(audio) };
        let (sdp, formats) = webrtc::answer(offer, &self.local, &own, self.version);
        let remote = offer.remote(formats);
        self.media(Command::WebRtcRemote { leg: self.leg, remote });
        self.event(EventBody::CallSdp(CallSdp {
            call_id: self.call_id.clone(),
            kind: SdpKind::Answer,
            sdp: sdp.to_text(),
        }));
    }

    pub(super) fn send_offer(&mut self, audio: &Description, now: Instant) {
        let sdp = self.write_offer(audio);
        let before = self.agreed.replace(audio.clone());
        self.awaited = Some(Awaited { until: now + PATIENCE, before });
        self.event(EventBody::CallSdp(CallSdp { call_id: self.call_id.clone(), kind: SdpKind::Offer, sdp }));
    }

    /// A hold never shows in the browser's description: its peer connection stays as it is.
    pub(super) fn write_offer(&mut self, audio: &Description) -> String {
        self.version += 1;
        let both_ways = Description { direction: Direction::SendRecv, ..self.policy.offer(audio) };
        let before = self.remote.as_ref().zip(self.agreed.as_ref());
        let (sdp, payloads) = webrtc::offer(before, &self.local, &both_ways, self.version);
        self.offered = payloads;
        sdp.to_text()
    }

    /// Reads the browser's answer to the relay's latest offer and tells the media worker.
    pub(super) fn take_answer(&mut self, sdp: &str) -> Result<Description, Failure> {
        let description = BrowserDescription::parse(sdp)?.within(&self.policy.spoken)?;
        let formats = webrtc::agreed(&self.offered, &description);
        let audio = description.taken_of(&self.offered);
        if audio.codecs.is_empty() {
            return Err(Failure::new(ErrorCode::NoCommonCodecs, "The answer has none of the codecs offered."));
        }
        self.media(Command::WebRtcRemote { leg: self.leg, remote: description.remote(formats) });
        self.remote = Some(description);
        self.awaited = None;
        self.agreed = Some(audio.clone());
        Ok(audio)
    }

    /// Takes an unanswered offer of the relay's back: an answer that still comes counts no more.
    pub(super) fn withdraw(&mut self) {
        let Some(awaited) = self.awaited.take() else { return };
        self.agreed = awaited.before;
        let failure = failure_for_status(408, "Request Timeout");
        self.leg(LegEvent::ReofferResult(Err(Cause::Failure(failure))));
    }

    pub(super) fn speaks_other_than(&self, audio: &Description) -> bool {
        let spoken = self.agreed.as_ref().and_then(|agreed| agreed.codecs.first());
        let shown = |description: &Description| {
            description.video.as_ref().map(|video| (video.codecs.first().cloned(), video.direction))
        };
        spoken != audio.codecs.first() || self.agreed.as_ref().and_then(shown) != shown(audio)
    }

    /// What stays agreed when the browser offers this; `None` when the far end has a say in it.
    fn still_agreed(&self, wanted: &Description) -> Option<Description> {
        let agreed = self.agreed.as_ref()?;
        let before = self.remote.as_ref()?.audio();
        let kept = common(agreed, wanted);
        let same_codec = kept.codecs.first() == agreed.codecs.first();
        (same_codec && before.direction == wanted.direction && same_picture(&before, wanted)).then_some(kept)
    }
}

/// Of what was agreed, what an offer still has.
fn common(agreed: &Description, wanted: &Description) -> Description {
    Description {
        codecs: agreed.codecs.iter().copied().filter(|codec| wanted.codecs.contains(codec)).collect(),
        telephone_event: agreed.telephone_event && wanted.telephone_event,
        video: agreed.video.clone().filter(|_| wanted.video.is_some()),
        untouched: None,
        ..*agreed
    }
}

fn same_picture(before: &Description, wanted: &Description) -> bool {
    match (&before.video, &wanted.video) {
        (Some(before), Some(wanted)) => before.direction == wanted.direction,
        (before, wanted) => before.is_none() && wanted.is_none(),
    }
}
