//! One call, from NEW to its end, without a browser.
//!
//! [`Call::command`] takes what the app asks, [`Call::handle`] what happens; [`Call::poll`] then gives the outputs one
//! by one. Every state that waits for somebody has a deadline, so a call with a moving clock always reaches ESTABLISHED
//! or an end. The end comes once, with the media released before the app hears of it.

mod negotiation;
mod phase;
mod port;
mod status;
#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;

pub use port::{Ask, Command, Input, MediaAction, MediaEvent, Output, Repair, Report, StatusReport, Target};
pub use status::Status;

use crate::Millis;
use crate::dial::{Dial, Media};
use crate::failure::{Code, Failure};
use crate::sdp;
use negotiation::Negotiation;
use offhook_protocol::event::{CallSdp, CallStatusChanged, IncomingCall, SdpKind};
use offhook_protocol::reply::LiveCall;
use offhook_protocol::request::{AnswerCall, CallRef, HoldCall, SendDtmf, StartCall, TransferCall};
use offhook_protocol::{CallStatus, RequestBody};
use phase::Phase;
use std::collections::VecDeque;

/// A call's state machine.
#[derive(Debug)]
pub struct Call {
    id: String,
    side: Side,
    status: Status,
    phase: Phase,
    deadline: Option<Millis>,
    media: Media,
    media_open: bool,
    media_connected: bool,
    negotiation: Negotiation,
    outputs: VecDeque<Output>,
}

/// Who calls whom.
enum Side {
    /// We call; `offered` once the relay knows of it.
    Outgoing { dial: Dial, offered: bool },
    /// We are called.
    Incoming { offer: String },
}

impl Call {
    /// A call to be made. Nothing happens before [`Command::Call`].
    pub fn outgoing(id: String, dial: Dial) -> Self {
        let media = dial.media.clone();
        Self::new(id, Side::Outgoing { dial, offered: false }, media)
    }

    /// A call that came in. The relay is told that it rings here.
    pub fn incoming(invitation: IncomingCall, now: Millis) -> Self {
        let mut call = Self::new(invitation.call_id, Side::Incoming { offer: invitation.sdp }, Media::default());
        call.enter(Phase::Idle, now);
        call.send(RequestBody::Ring);
        call
    }

    /// A call that goes on at the relay while its page was reloaded. Its media waits for [`Command::Attach`].
    pub fn resumed(live: &LiveCall, now: Millis) -> Self {
        let side = if live.incoming {
            Side::Incoming { offer: String::new() }
        } else {
            Side::Outgoing { dial: Dial::default(), offered: true }
        };
        let mut call = Self::new(live.call_id.clone(), side, Media::default());
        call.status = Status::Reached(live.status);
        call.enter(if call.status.is_connected() { Phase::Connected } else { Phase::Ringing }, now);
        call
    }

    fn new(id: String, side: Side, media: Media) -> Self {
        Self {
            id,
            side,
            status: Status::New,
            phase: Phase::Idle,
            deadline: None,
            media,
            media_open: false,
            media_connected: false,
            negotiation: Negotiation::default(),
            outputs: VecDeque::new(),
        }
    }

    /// The call's id, the same on the wire and in the app.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The status the app sees.
    pub fn status(&self) -> Status {
        self.status
    }

    /// When [`Input::Tick`] is due.
    pub fn deadline(&self) -> Option<Millis> {
        [self.deadline, self.negotiation.deadline()].into_iter().flatten().min()
    }

    /// The next thing to be done.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Does what the app asks.
    ///
    /// # Errors
    /// [`offhook_protocol::ErrorCode::InvalidCallState`] when the status does not allow it; nothing has changed then.
    pub fn command(&mut self, command: Command, now: Millis) -> Result<(), Failure> {
        let outgoing = matches!(self.side, Side::Outgoing { .. });
        match (command, self.phase) {
            (Command::Call, Phase::Idle) if outgoing => self.open_media(now),
            (Command::Answer(answer), Phase::Idle) if !outgoing => {
                self.media = answer.media;
                self.open_media(now);
            }
            (Command::Hangup, phase) => self.hang_up(phase, now),
            (Command::Hold { for_transfer }, Phase::Connected) => {
                let hold = HoldCall { call_id: self.id.clone(), for_transfer };
                self.outputs.push_back(Output::Send(RequestBody::Hold(hold)));
            }
            (Command::Unhold, Phase::Connected) => self.send(RequestBody::Unhold),
            (Command::Transfer(target), Phase::Connected) => {
                let mut transfer = TransferCall { call_id: self.id.clone(), ..TransferCall::default() };
                match target {
                    Target::User(user) => transfer.target = Some(user),
                    Target::Call(call) => transfer.with_call = Some(call),
                }
                self.outputs.push_back(Output::Send(RequestBody::Transfer(transfer)));
            }
            (Command::Dtmf(keys), Phase::Connected) => {
                let (call_id, digits) = (self.id.clone(), keys.digits.reveal().to_owned());
                let dtmf = SendDtmf { call_id, digits, method: keys.method };
                self.outputs.push_back(Output::Send(RequestBody::Dtmf(dtmf)));
            }
            _ => return Err(Failure::call_state()),
        }
        Ok(())
    }

    /// Takes in what happened. After the end nothing changes any more.
    pub fn handle(&mut self, input: Input, now: Millis) {
        if self.phase == Phase::Over {
            return;
        }
        match input {
            Input::Status(changed) => self.on_status(changed, now),
            Input::Sdp(sdp) => self.on_sdp(sdp, now),
            Input::Dtmf(digit) => self.outputs.push_back(Output::Emit(Report::Dtmf(digit))),
            Input::Replied(ask, outcome) => self.on_reply(ask, outcome, now),
            Input::Media(event) if self.phase != Phase::Leaving => self.on_media(event, now),
            Input::Media(_) => {}
            Input::Transfer(transfer) => self.outputs.push_back(Output::Emit(Report::Transfer(transfer))),
            Input::Party(party) => self.outputs.push_back(Output::Emit(Report::Party(party))),
            Input::RelayLost | Input::RelayBack | Input::NetworkChanged => {}
            Input::Abandoned(failure) => self.fail(failure),
            Input::SessionEnded(failure) => self.on_session_end(failure),
            Input::Tick => self.on_tick(now),
        }
    }

    fn open_media(&mut self, now: Millis) {
        if matches!(&self.side, Side::Incoming { offer } if !sdp::has_video(offer)) {
            self.media.send_video = false;
            self.media.receive_video = false;
        }
        self.status = Status::Pending;
        self.media_open = true;
        self.enter(Phase::Opening, now);
        self.act(MediaAction::Open(self.media.clone()));
    }

    /// Before the relay has reported anything the call just fails here; afterwards the relay's word ends it.
    fn hang_up(&mut self, phase: Phase, now: Millis) {
        match phase {
            Phase::Leaving | Phase::Over => {}
            Phase::Ringing | Phase::Connected => self.leave(now),
            Phase::Idle if self.status != Status::New => self.leave(now),
            Phase::Idle | Phase::Opening | Phase::Describing | Phase::Asked => {
                self.tell_relay();
                self.end(StatusReport::cleared(CallStatus::Failed));
            }
        }
    }

    fn leave(&mut self, now: Millis) {
        self.send(RequestBody::Hangup);
        self.release();
        self.negotiation.stop();
        self.enter(Phase::Leaving, now);
    }

    fn on_status(&mut self, changed: CallStatusChanged, now: Millis) {
        let status = changed.status;
        let expected = status.is_terminal() || self.expects(status);
        if !expected || !self.status.may_become(status) {
            return;
        }
        let report = StatusReport {
            status,
            sip_status: changed.sip_status,
            sip_reason: changed.sip_reason,
            info: changed.info,
            error: changed.error.map(Failure::from),
            headers: changed.headers,
        };
        if status.is_terminal() {
            return self.end(report);
        }
        self.status = report.reached();
        self.outputs.push_back(Output::Emit(Report::Status(report)));
        match (status, self.phase) {
            (CallStatus::Established, Phase::Asked | Phase::Ringing) => {
                self.enter(Phase::Connected, now);
                if self.media_connected {
                    self.deadline = None;
                }
            }
            (_, Phase::Asked) => self.enter(Phase::Ringing, now),
            _ => {}
        }
    }

    /// Whether the relay can mean that status now: before it was asked for anything a call can only ring here.
    fn expects(&self, status: CallStatus) -> bool {
        let answered = matches!(status, CallStatus::Established | CallStatus::Hold);
        match (&self.side, self.phase) {
            (Side::Incoming { .. }, Phase::Idle) => status == CallStatus::Ring,
            (Side::Incoming { .. }, Phase::Asked | Phase::Connected) => answered,
            (Side::Outgoing { .. }, Phase::Asked | Phase::Ringing | Phase::Connected) => true,
            _ => false,
        }
    }

    fn on_sdp(&mut self, sdp: CallSdp, now: Millis) {
        match (&mut self.side, self.phase) {
            (_, Phase::Leaving) => return,
            (Side::Incoming { offer }, Phase::Idle | Phase::Opening) if sdp.kind == SdpKind::Offer => {
                *offer = sdp.sdp;
                return;
            }
            _ => self.negotiation.receive(sdp),
        }
        self.negotiate(now);
    }

    fn negotiate(&mut self, now: Millis) {
        if !matches!(self.phase, Phase::Asked | Phase::Ringing | Phase::Connected) {
            return;
        }
        let Some(CallSdp { kind, sdp, .. }) = self.negotiation.next(now) else { return };
        self.act(match kind {
            SdpKind::Answer => MediaAction::Apply { answer: sdp },
            SdpKind::Offer => MediaAction::Answer { offer: sdp, media: self.media.clone() },
        });
    }

    fn on_reply(&mut self, ask: Ask, outcome: Result<(), Failure>, now: Millis) {
        match (ask, outcome) {
            (Ask::Ring, Ok(())) => {
                self.on_status(CallStatusChanged::new(&self.id, CallStatus::Ring), now);
            }
            (_, Ok(())) => {}
            (Ask::Hangup, Err(_)) => self.end(StatusReport::cleared(CallStatus::Finish)),
            (_, Err(_)) if self.phase == Phase::Leaving => {}
            (Ask::Ring | Ask::Feature | Ask::Offer, Err(failure)) => {
                self.outputs.push_back(Output::Emit(Report::Warning(failure)))
            }
            // A call the relay itself refused is unknown to it: there is nothing to hang up.
            (Ask::Call, Err(failure)) if matches!(failure.code, Code::Relay(_)) => {
                self.end(StatusReport::failed(info(&failure), failure));
            }
            (Ask::Call | Ask::Answer | Ask::Sdp, Err(failure)) => self.fail(failure),
        }
    }

    fn on_media(&mut self, event: MediaEvent, now: Millis) {
        match (event, self.phase) {
            (MediaEvent::Opened, Phase::Opening) => self.describe(now),
            (MediaEvent::Described { sdp }, Phase::Describing) => self.ask(sdp, now),
            (MediaEvent::Described { sdp }, _) => {
                self.negotiation.done();
                let call_id = self.id.clone();
                let answer = offhook_protocol::request::CallAnswerSdp { call_id, sdp };
                self.outputs.push_back(Output::Send(RequestBody::Sdp(answer)));
                self.negotiate(now);
            }
            (MediaEvent::Applied, _) => {
                self.negotiation.done();
                self.negotiate(now);
            }
            (MediaEvent::Connected, phase) => {
                self.media_connected = true;
                if phase == Phase::Connected {
                    self.deadline = None;
                }
            }
            (MediaEvent::Failed(failure), _) => self.fail(failure),
            (MediaEvent::Broken, _) => {
                let sentence =
                    "The sound connection to the relay broke or could not be made. A firewall may block UDP.";
                self.fail(Failure::new(Code::MediaFailed, sentence));
            }
            _ => {}
        }
    }

    fn describe(&mut self, now: Millis) {
        self.enter(Phase::Describing, now);
        let media = self.media.clone();
        self.act(match &self.side {
            Side::Outgoing { .. } => MediaAction::Offer(media),
            Side::Incoming { offer } => MediaAction::Answer { offer: offer.clone(), media },
        });
    }

    fn ask(&mut self, sdp: String, now: Millis) {
        self.enter(Phase::Asked, now);
        let call_id = self.id.clone();
        let request = match &mut self.side {
            Side::Outgoing { dial, offered } => {
                *offered = true;
                self.negotiation.offered();
                let has_video = self.media.video();
                let (callee, visible_name) = (dial.callee.clone(), dial.visible_name.clone());
                RequestBody::Call(StartCall { call_id, callee, sdp, visible_name, has_video, ..StartCall::default() })
            }
            Side::Incoming { .. } => RequestBody::Answer(AnswerCall { call_id, sdp, ..AnswerCall::default() }),
        };
        self.outputs.push_back(Output::Send(request));
        self.negotiate(now);
    }

    fn on_session_end(&mut self, failure: Option<Failure>) {
        match failure {
            Some(failure) => self.end(StatusReport::failed(info(&failure), failure)),
            None if matches!(self.status, Status::New | Status::Pending) => {
                self.end(StatusReport::cleared(CallStatus::Failed));
            }
            None => self.end(StatusReport::cleared(CallStatus::Finish)),
        }
    }

    fn on_tick(&mut self, now: Millis) {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        if self.negotiation.is_late(now) {
            return self.fail(Failure::new(Code::MediaFailed, "The browser did not finish connecting the sound."));
        }
        match self.phase.lateness() {
            Some(failure) => self.fail(failure),
            None => self.end(StatusReport::cleared(CallStatus::Finish)),
        }
    }

    /// Ends the call for a reason found here, and has the relay end it too.
    fn fail(&mut self, failure: Failure) {
        self.tell_relay();
        self.end(StatusReport::failed(info(&failure), failure));
    }

    fn tell_relay(&mut self) {
        if !matches!(self.side, Side::Outgoing { offered: false, .. }) {
            self.send(RequestBody::Hangup);
        }
    }

    fn end(&mut self, report: StatusReport) {
        self.phase = Phase::Over;
        self.deadline = None;
        self.negotiation.stop();
        self.release();
        self.status = report.reached();
        self.outputs.push_back(Output::Emit(Report::Status(report)));
    }

    fn release(&mut self) {
        if std::mem::take(&mut self.media_open) {
            self.act(MediaAction::Release);
        }
    }

    fn enter(&mut self, phase: Phase, now: Millis) {
        self.phase = phase;
        self.deadline = Some(now.saturating_add(phase.wait()));
    }

    fn act(&mut self, action: MediaAction) {
        self.outputs.push_back(Output::Media(action));
    }

    fn send(&mut self, request: fn(CallRef) -> RequestBody) {
        let call = CallRef { call_id: self.id.clone() };
        self.outputs.push_back(Output::Send(request(call)));
    }
}

/// The `CALL_STATUS_INFO` text that goes with a failure found in the browser.
fn info(failure: &Failure) -> &'static str {
    match failure.code {
        Code::Timeout => "Failed by request timeout",
        Code::MediaFailed => "Failed by ICE error",
        Code::RelayUnreachable => "Failed by session creation",
        _ => "Failed by error",
    }
}

// The offer stays out of logs.
impl core::fmt::Debug for Side {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Outgoing { .. } => "Outgoing",
            Self::Incoming { .. } => "Incoming",
        })
    }
}
