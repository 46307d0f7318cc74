//! A call's media: how it is opened, described and kept.

use super::negotiation::{Step, Task};
use super::phase::Phase;
use super::recovery::Due;
use super::{Call, MediaAction, MediaEvent, Output, Repair, Report, Side, Status};
use crate::Millis;
use crate::dial::Media;
use crate::failure::{Code, Failure};
use crate::sdp;
use offhook_protocol::request::{AnswerCall, CallAnswerSdp, CallOfferSdp, StartCall};
use offhook_protocol::{CallStatus, RequestBody};

impl Call {
    pub(super) fn open_media(&mut self, now: Millis) {
        if matches!(&self.side, Side::Incoming { offer, .. } if !sdp::has_video(offer)) {
            self.media.send_video = false;
            self.media.receive_video = false;
        }
        self.status = Status::Pending;
        self.media_open = true;
        self.enter(Phase::Opening, now);
        self.act(MediaAction::Open(self.media.clone()));
    }

    /// Gives a call that was taken back media of its own. What the relay offered to the page before means nothing to
    /// the new connection.
    pub(super) fn attach(&mut self, media: Media, now: Millis) {
        self.media = media;
        self.media_open = true;
        self.negotiation.stop();
        self.negotiation.begin(Step::Opening, now);
        self.act(MediaAction::Open(self.media.clone()));
    }

    /// The far end has answered: from here on there has to be sound.
    pub(super) fn connect(&mut self, now: Millis) {
        self.enter(Phase::Connected, now);
        if self.media_connected || !self.media_open {
            self.deadline = None;
        }
        let interrupted = self.media_connected && !self.recovery.is_connected();
        let repair = if interrupted { self.recovery.begin(false, now) } else { None };
        self.repair(repair, now);
    }

    pub(super) fn on_media(&mut self, event: MediaEvent, now: Millis) {
        match event {
            MediaEvent::Opened if self.phase == Phase::Opening => self.describe(now),
            MediaEvent::Opened if self.negotiation.done() == Some(Step::Opening) => {
                self.negotiation.begin(Step::Offering, now);
                self.act(MediaAction::Offer(self.media.clone()));
            }
            MediaEvent::Described { sdp } if self.phase == Phase::Describing => self.ask(sdp, now),
            MediaEvent::Described { sdp } => self.on_description(sdp, now),
            MediaEvent::Applied => {
                self.negotiation.done();
                if self.negotiation.agreed().is_some_and(|ours| ours.restart_ice) {
                    let repair = self.recovery.answered();
                    self.repair(repair, now);
                }
                self.negotiate(now);
            }
            MediaEvent::Changed => {
                self.negotiation.want(false);
                self.negotiate(now);
            }
            MediaEvent::Failed(failure) => self.fail(failure),
            MediaEvent::Connected => self.on_connection(now),
            MediaEvent::Broken if !self.media_connected => self.enter(Phase::Breaking, now),
            news if self.media_connected => self.on_trouble(&news, now),
            _ => {}
        }
    }

    fn on_connection(&mut self, now: Millis) {
        if !std::mem::replace(&mut self.media_connected, true) && self.phase == Phase::Connected {
            self.deadline = None;
        }
        let repair = self.recovery.connected();
        self.repair(repair, now);
    }

    /// A call on hold may well be silent.
    fn on_trouble(&mut self, news: &MediaEvent, now: Millis) {
        let repair = match news {
            MediaEvent::Disconnected | MediaEvent::Broken if self.phase != Phase::Connected => {
                self.recovery.interrupted();
                None
            }
            MediaEvent::Disconnected => {
                self.recovery.disconnected(now);
                None
            }
            MediaEvent::Broken => self.recovery.broken(now),
            MediaEvent::Silent if self.status == Status::Reached(CallStatus::Established) => self.recovery.silent(now),
            MediaEvent::Flowing => self.recovery.flowing(),
            _ => None,
        };
        self.repair(repair, now);
    }

    pub(super) fn on_network_change(&mut self, now: Millis) {
        if self.phase == Phase::Connected && self.media_connected {
            let repair = self.recovery.network_changed(now);
            self.repair(repair, now);
        }
    }

    fn repair(&mut self, repair: Option<Repair>, now: Millis) {
        if let Some(repair) = repair {
            self.tell(Report::Media(repair));
        }
        self.recover(now);
        self.negotiate(now);
    }

    /// Does what the repair of the connection asks for by now.
    pub(super) fn recover(&mut self, now: Millis) {
        while let Some((_, due)) = self.recovery.due(self.relay).filter(|(at, _)| now >= *at) {
            match due {
                Due::Begin => {
                    if let Some(repair) = self.recovery.begin(false, now) {
                        self.tell(Report::Media(repair));
                    }
                }
                Due::Restart => {
                    self.recovery.tried(now);
                    self.negotiation.want(true);
                }
                Due::GiveUp => match self.recovery.give_up() {
                    Some(repair) => self.tell(Report::Media(repair)),
                    None => {
                        let sentence = "The sound connection broke and could not be made again within 30 seconds.";
                        return self.fail(Failure::new(Code::MediaFailed, sentence));
                    }
                },
            }
        }
    }

    /// Has the browser do what the state of the negotiation asks for. A call that was taken back has nothing to
    /// negotiate with before it is attached.
    pub(super) fn negotiate(&mut self, now: Millis) {
        if !self.media_open || !matches!(self.phase, Phase::Asked | Phase::Ringing | Phase::Connected) {
            return;
        }
        let may_offer = self.relay && self.phase == Phase::Connected;
        let Some(task) = self.negotiation.next(may_offer, now) else { return };
        let media = self.media.clone();
        self.act(match task {
            Task::Apply(answer) => MediaAction::Apply { answer },
            Task::Answer(offer) => MediaAction::Answer { offer, media },
            Task::Offer { restart_ice } => MediaAction::OfferAgain { media, restart_ice },
        });
    }

    fn describe(&mut self, now: Millis) {
        self.enter(Phase::Describing, now);
        let media = self.media.clone();
        self.act(match &self.side {
            Side::Outgoing { .. } => MediaAction::Offer(media),
            Side::Incoming { offer, .. } => MediaAction::Answer { offer: offer.clone(), media },
        });
    }

    fn ask(&mut self, sdp: String, now: Millis) {
        self.enter(Phase::Asked, now);
        let call_id = self.id.clone();
        let has_video = sdp::has_video(&sdp);
        let request = match &mut self.side {
            Side::Outgoing { dial, offered } => {
                *offered = true;
                self.negotiation.offered();
                let (callee, visible_name, anonymous) =
                    (dial.callee.clone(), dial.visible_name.clone(), dial.anonymous);
                let (headers, sip_sdp, custom) = (dial.headers.clone(), dial.sip_sdp.clone(), dial.custom.clone());
                RequestBody::Call(StartCall {
                    call_id,
                    callee,
                    sdp,
                    visible_name,
                    anonymous,
                    has_video,
                    headers,
                    sip_sdp,
                    custom,
                })
            }
            Side::Incoming { answer, .. } => {
                let (headers, sip_sdp) = (answer.headers.clone(), answer.sip_sdp.clone());
                RequestBody::Answer(AnswerCall { call_id, sdp, has_video, headers, sip_sdp })
            }
        };
        self.outputs.push(Output::Send(request));
        self.negotiate(now);
    }

    /// A description within the call: our offer, or our answer.
    fn on_description(&mut self, sdp: String, now: Millis) {
        let call_id = self.id.clone();
        let request = if self.negotiation.done() == Some(Step::Offering) {
            self.negotiation.offered_again(now);
            // A call that was taken back has its sound to wait for once more.
            if self.phase == Phase::Connected && !self.media_connected {
                self.enter(Phase::Connected, now);
            }
            RequestBody::Offer(CallOfferSdp { call_id, sdp })
        } else {
            RequestBody::Sdp(CallAnswerSdp { call_id, sdp })
        };
        self.outputs.push(Output::Send(request));
        self.negotiate(now);
    }
}
