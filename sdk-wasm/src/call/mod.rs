//! One call, from NEW to its end, without a browser.
//!
//! [`Call::command`] takes what the app asks, [`Call::handle`] what happens; [`Call::poll`] then gives the outputs one
//! by one. Every state that waits for somebody has a deadline, so a call with a moving clock always reaches ESTABLISHED
//! or an end. The end comes once, with the media released before the app hears of it.

mod media;
mod negotiation;
mod phase;
mod port;
mod recovery;
mod relay;
mod status;
#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;

pub use port::{Ask, Command, Input, MediaAction, MediaEvent, Notice, Output, Repair, Report, StatusReport, Target};
pub use status::Status;

use crate::Millis;
use crate::clock::earlier;
use crate::dial::{Answer, Dial, Media};
use crate::failure::{Code, Failure};
use crate::queue::Queue;
use negotiation::Negotiation;
use offhook_protocol::event::IncomingCall;
use offhook_protocol::reply::LiveCall;
use offhook_protocol::request::{CallRef, HoldCall, SendDtmf, TransferCall};
use offhook_protocol::{CallStatus, RequestBody};
use phase::Phase;
use recovery::Recovery;

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
    /// The sound was connected once; since then [`Recovery`] watches over it.
    media_connected: bool,
    /// The relay can be reached at the moment.
    relay: bool,
    negotiation: Negotiation,
    recovery: Recovery,
    outputs: Queue<Output>,
}

/// Who calls whom.
enum Side {
    /// We call; `offered` once the relay knows of it.
    Outgoing { dial: Dial, offered: bool },
    /// We are called.
    Incoming { offer: String, answer: Answer },
}

impl Call {
    /// A call to be made. Nothing happens before [`Command::Call`].
    pub fn outgoing(id: String, dial: Dial) -> Self {
        let media = dial.media.clone();
        Self::new(id, Side::Outgoing { dial, offered: false }, media)
    }

    /// A call that came in. The relay is told that it rings here.
    pub fn incoming(invitation: IncomingCall, now: Millis) -> Self {
        let side = Side::Incoming { offer: invitation.sdp, answer: Answer::default() };
        let mut call = Self::new(invitation.call_id, side, Media::default());
        call.enter(Phase::Idle, now);
        call.send(RequestBody::Ring);
        call
    }

    /// A call that goes on at the relay while its page was reloaded. Its media waits for [`Command::Attach`].
    pub fn resumed(live: &LiveCall, now: Millis) -> Self {
        let side = if live.incoming {
            Side::Incoming { offer: String::new(), answer: Answer::default() }
        } else {
            Side::Outgoing { dial: Dial::default(), offered: true }
        };
        let mut call = Self::new(live.call_id.clone(), side, Media::default());
        call.status = Status::Reached(live.status);
        if call.status.is_connected() {
            call.phase = Phase::Connected;
        } else {
            call.enter(Phase::Ringing, now);
        }
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
            relay: true,
            negotiation: Negotiation::default(),
            recovery: Recovery::default(),
            outputs: Queue::default(),
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
        let recovery = self.recovery.due(self.relay).map(|(at, _)| at);
        earlier(self.deadline, earlier(self.negotiation.deadline(), recovery))
    }

    /// The next thing to be done.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop()
    }

    /// Does what the app asks.
    ///
    /// # Errors
    /// [`offhook_protocol::ErrorCode::InvalidCallState`] when the status does not allow it; nothing has changed then.
    pub fn command(&mut self, command: Command, now: Millis) -> Result<(), Failure> {
        match (command, self.phase, &mut self.side) {
            (Command::Call, Phase::Idle, Side::Outgoing { .. }) => self.open_media(now),
            (Command::Answer(given), Phase::Idle, Side::Incoming { answer, .. }) => {
                self.media = given.media.clone();
                *answer = given;
                self.open_media(now);
            }
            (Command::Attach(media), Phase::Connected | Phase::Ringing, _) if !self.media_open => {
                self.attach(media, now);
            }
            (Command::Hangup, phase, _) => self.hang_up(phase, now),
            (command, Phase::Connected, _) => return self.request(command),
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
            Input::Dtmf(digit) => self.tell(Report::Dtmf(digit)),
            Input::Transfer(transfer) => self.tell(Report::Transfer(transfer)),
            Input::Party(party) => self.tell(Report::Party(party)),
            Input::Quality(quality) => self.tell(Report::Quality(quality)),
            Input::Replied(ask, outcome) => self.on_reply(ask, outcome, now),
            Input::Media(event) if self.phase != Phase::Leaving => self.on_media(event, now),
            Input::Media(_) => {}
            Input::Session(notice) => self.on_notice(notice, now),
            Input::Tick => self.on_tick(now),
        }
    }

    fn on_notice(&mut self, notice: Notice, now: Millis) {
        match notice {
            Notice::RelayLost => self.relay = false,
            Notice::RelayBack => {
                self.relay = true;
                self.recovery.relay_back(now);
                self.recover(now);
                self.negotiate(now);
            }
            Notice::NetworkChanged => self.on_network_change(now),
            Notice::Ended(failure) => self.on_session_end(failure),
            Notice::Abandoned(failure) if self.is_known() => self.fail(failure),
            Notice::Forgotten(failure) if self.is_known() => self.end_failed(failure),
            Notice::Abandoned(_) | Notice::Forgotten(_) => {}
        }
    }

    /// What a connected call can ask of the relay.
    fn request(&mut self, command: Command) -> Result<(), Failure> {
        let call_id = self.id.clone();
        let request = match command {
            Command::Hold { for_transfer } => RequestBody::Hold(HoldCall { call_id, for_transfer }),
            Command::Unhold => RequestBody::Unhold(CallRef { call_id }),
            Command::Transfer(Target::User(user)) => {
                RequestBody::Transfer(TransferCall { call_id, target: Some(user), with_call: None })
            }
            Command::Transfer(Target::Call(call)) => {
                RequestBody::Transfer(TransferCall { call_id, target: None, with_call: Some(call) })
            }
            Command::Dtmf(keys) => {
                let digits = keys.digits.reveal().to_owned();
                RequestBody::Dtmf(SendDtmf { call_id, digits, method: keys.method })
            }
            Command::Call | Command::Answer(_) | Command::Attach(_) | Command::Hangup => {
                return Err(Failure::call_state());
            }
        };
        self.outputs.push(Output::Send(request));
        Ok(())
    }

    /// Before the relay has reported anything the call just fails here, and without the relay in reach it ends here at
    /// once; otherwise the relay's word ends it.
    fn hang_up(&mut self, phase: Phase, now: Millis) {
        match phase {
            Phase::Leaving | Phase::Over => {}
            Phase::Ringing | Phase::Connected | Phase::Breaking => self.leave(now),
            Phase::Idle if self.status != Status::New => self.leave(now),
            Phase::Idle | Phase::Opening | Phase::Describing | Phase::Asked => {
                self.tell_relay();
                self.end(StatusReport::cleared(CallStatus::Failed));
            }
        }
    }

    fn leave(&mut self, now: Millis) {
        self.send(RequestBody::Hangup);
        if !self.relay {
            return self.end(StatusReport::cleared(CallStatus::Finish));
        }
        self.release();
        self.enter(Phase::Leaving, now);
    }

    fn on_session_end(&mut self, failure: Option<Failure>) {
        match failure {
            Some(failure) => self.end_failed(failure),
            None if matches!(self.status, Status::New | Status::Pending) => {
                self.end(StatusReport::cleared(CallStatus::Failed));
            }
            None => self.end(StatusReport::cleared(CallStatus::Finish)),
        }
    }

    fn on_tick(&mut self, now: Millis) {
        if self.negotiation.is_late(now) {
            return self.fail(Failure::new(Code::MediaFailed, "The browser did not finish connecting the sound."));
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            return match self.phase.lateness() {
                Some(failure) => self.fail(failure),
                None => self.end(StatusReport::cleared(CallStatus::Finish)),
            };
        }
        if self.negotiation.is_unanswered(now) {
            let failure = Failure::new(Code::Timeout, "The relay did not answer the new media description in time.");
            self.on_refused_offer(failure);
        }
        self.recover(now);
        self.negotiate(now);
    }

    /// Ends the call for a reason found here, and has the relay end it too.
    fn fail(&mut self, failure: Failure) {
        self.tell_relay();
        self.end_failed(failure);
    }

    fn tell_relay(&mut self) {
        if self.is_known() {
            self.send(RequestBody::Hangup);
        }
    }

    /// Whether the relay knows of the call, or will when it gets what was sent.
    fn is_known(&self) -> bool {
        !matches!(self.side, Side::Outgoing { offered: false, .. })
    }

    fn end_failed(&mut self, failure: Failure) {
        self.end(StatusReport::failed(info(&failure), failure));
    }

    fn end(&mut self, report: StatusReport) {
        self.phase = Phase::Over;
        self.deadline = None;
        self.release();
        self.status = report.reached();
        self.tell(Report::Status(report));
    }

    fn release(&mut self) {
        self.negotiation.stop();
        self.recovery = Recovery::default();
        if std::mem::take(&mut self.media_open) {
            self.act(MediaAction::Release);
        }
    }

    fn enter(&mut self, phase: Phase, now: Millis) {
        self.phase = phase;
        self.deadline = Some(now.saturating_add(phase.wait()));
    }

    fn tell(&mut self, report: Report) {
        self.outputs.push(Output::Emit(report));
    }

    fn act(&mut self, action: MediaAction) {
        self.outputs.push(Output::Media(action));
    }

    fn send(&mut self, request: fn(CallRef) -> RequestBody) {
        let call = CallRef { call_id: self.id.clone() };
        self.outputs.push(Output::Send(request(call)));
    }
}

/// The text that goes with a failure found in the browser: one of `CALL_STATUS_INFO`, or the one for media that did
/// not open.
fn info(failure: &Failure) -> &'static str {
    match failure.code {
        Code::Timeout => "Failed by request timeout",
        Code::MediaFailed => "Failed by ICE error",
        Code::RelayUnreachable => "Failed by session creation",
        Code::MicrophoneDenied | Code::MicrophoneMissing | Code::MicrophoneBusy | Code::InsecureContext => {
            "Local error"
        }
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
