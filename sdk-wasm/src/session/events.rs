//! The relay's events: each one once, in order.

use super::{Output, Report, Session, Status};
use crate::Millis;
use crate::call;
use crate::failure::{Code, Failure};
use offhook_protocol::event::{EventBody, Registration};
use offhook_protocol::{ErrorCode, RegistrationState};

impl Session {
    /// An event that was seen already is dropped. One that comes too early means that others are missing: taking the
    /// session back brings them. Those of a later version have no body that could be read.
    pub(super) fn on_event(&mut self, seq: u64, body: Option<EventBody>, now: Millis) {
        if seq <= self.seen && self.status.is_open() {
            return;
        }
        if seq > self.seen.saturating_add(1) && self.is_usable() && self.link.is_up() {
            return self.lose(Failure::new(Code::RelayLost, "Events of the relay are missing."), now);
        }
        self.seen = seq;
        let Some(body) = body else { return };
        if let EventBody::SessionClosed(closed) = body {
            return self.on_session_closed(closed.error.into(), now);
        }
        if self.is_usable() {
            self.pass_on(body, now);
        }
    }

    fn pass_on(&mut self, body: EventBody, now: Millis) {
        match body {
            EventBody::Registration(registration) => self.on_registration(registration, now),
            EventBody::IncomingCall(invitation) => self.outputs.push(Output::Incoming(invitation)),
            EventBody::CallStatus(changed) => self.inform_call(changed.call_id.clone(), call::Input::Status(changed)),
            EventBody::CallSdp(sdp) => self.inform_call(sdp.call_id.clone(), call::Input::Sdp(sdp)),
            EventBody::Dtmf(digit) => self.inform_call(digit.call_id.clone(), call::Input::Dtmf(digit)),
            EventBody::Transfer(news) => self.inform_call(news.call_id.clone(), call::Input::Transfer(news)),
            EventBody::Party(party) => self.inform_call(party.call_id.clone(), call::Input::Party(party)),
            EventBody::Quality(news) => self.inform_call(news.call_id.clone(), call::Input::Quality(news.quality)),
            EventBody::AppData(data) => self.outputs.push(Output::Emit(Report::AppData(data))),
            EventBody::Message(message) => self.outputs.push(Output::Emit(Report::Message(message))),
            EventBody::MessageStatus(status) => self.outputs.push(Output::Emit(Report::MessageStatus(status))),
            EventBody::MessageWaiting(waiting) => self.outputs.push(Output::Emit(Report::MessageWaiting(waiting))),
            EventBody::Debug(debug) => self.outputs.push(Output::Emit(Report::Debug(debug.enabled))),
            _ => {}
        }
    }

    /// A relay that stops may be there again soon; any other reason is final.
    fn on_session_closed(&mut self, failure: Failure, now: Millis) {
        if self.closing {
            return self.end(Status::Disconnected, None);
        }
        let stops = failure.code == Code::Relay(ErrorCode::ShuttingDown);
        if stops && self.status.is_open() && self.link.may_retry() {
            self.outputs.push(Output::Calls(call::Notice::Ended(Some(failure.clone()))));
            return self.lose(failure, now);
        }
        let status = if self.status.is_open() { Status::Disconnected } else { Status::Failed };
        self.end(status, Some(failure));
    }

    /// The first failure ends the session of an account that has to register. A binding lost later does not: calls go
    /// on, and the relay tries again.
    fn on_registration(&mut self, registration: Registration, now: Millis) {
        self.registered_by = None;
        let failure = registration.error.map(Failure::from);
        match registration.state {
            RegistrationState::Registered if self.status == Status::Registered => {}
            RegistrationState::Registered => self.reach(Status::Registered, None),
            RegistrationState::Unregistered => self.reach(Status::Unregistered, None),
            RegistrationState::Failed => {
                let failure = failure.unwrap_or_else(registration_refused);
                self.outputs.push(Output::Emit(Report::Warning(failure.clone())));
                self.unregistered(failure, now);
            }
        }
    }

    /// There is no registration, for this reason. A session that was registered before waits for the relay, which tries
    /// again whatever may pass.
    pub(super) fn unregistered(&mut self, failure: Failure, now: Millis) {
        match self.status {
            Status::Established if self.account.must_register() => {
                if self.reopened && may_pass(failure.code) {
                    self.reach(Status::Unregistered, None);
                } else {
                    self.give_up(failure, now);
                }
            }
            Status::Registered => self.reach(Status::Unregistered, None),
            _ => {}
        }
    }
}

/// Whether the SIP server may yet take the registration.
fn may_pass(code: Code) -> bool {
    use ErrorCode::{NoAnswer, Rejected, Timeout, Unreachable};
    matches!(code, Code::Timeout | Code::Relay(NoAnswer | Rejected | Timeout | Unreachable))
}

fn registration_refused() -> Failure {
    Failure::new(Code::Relay(ErrorCode::Rejected), "The SIP server refused the registration.")
}
