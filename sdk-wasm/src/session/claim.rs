//! Getting the session from the relay on a new socket: opening it, or taking it back.

use super::link::Stage;
use super::{Asked, Opened, Output, Report, Session, Status};
use crate::Millis;
use crate::call;
use crate::failure::{Code, Failure};
use offhook_protocol::reply::SessionOpened;
use offhook_protocol::request::Resume;
use offhook_protocol::{ErrorCode, RequestBody};

/// How long the SIP server may take to accept or refuse the registration.
const REGISTER: Millis = 40_000;

impl Session {
    /// The relay has greeted: a session that was open is taken back, then one whose token the app has, and only then
    /// is one opened.
    pub(super) fn claim(&mut self, now: Millis) {
        self.link.greeted();
        let mine = self.token.clone().map(|token| Resume { token, last_seq: self.seen, fresh: false });
        let given = self.account.auth_token.clone().map(|token| Resume { token, last_seq: 0, fresh: true });
        match mine.or(given) {
            Some(resume) => self.request(RequestBody::Resume(resume), now),
            None => self.open_anew(no_credentials(), now),
        }
    }

    /// The relay has a session for a page that has nothing of it yet.
    pub(super) fn on_open(&mut self, opened: SessionOpened, now: Millis) {
        self.reopened |= self.link.is_lost();
        self.registered_by = opened.registers.then(|| now.saturating_add(REGISTER));
        self.seen = opened.last_seq;
        for call in &opened.calls {
            self.outputs.push(Output::Resumed(call.clone()));
        }
        let (login, token, keep_alive_ms) = (opened.login.clone(), opened.token.clone(), opened.keep_alive_ms);
        self.keep(opened);
        self.reach(Status::Established, Some(Opened { login, token, keep_alive_ms }));
        self.come_up(None, now);
    }

    /// The session is the one it was. The events that were missed follow.
    pub(super) fn on_resume(&mut self, opened: SessionOpened, now: Millis) {
        let done = opened.last_request;
        if self.registered_by.is_some() {
            self.registered_by = Some(now.saturating_add(REGISTER));
        }
        self.keep(opened);
        self.come_up(done, now);
    }

    pub(super) fn refuse_claim(&mut self, asked: &Asked, failure: Failure, now: Millis) {
        let rejected = failure.code == Code::Relay(ErrorCode::ResumeRejected);
        match asked {
            Asked::Resume if rejected => self.on_rejection(failure, now),
            _ if self.link.is_lost() && is_passing(failure.code) => self.lose(failure, now),
            _ if self.link.is_lost() => self.end(Status::Disconnected, Some(failure)),
            _ => self.end(Status::Failed, Some(failure)),
        }
    }

    /// The relay does not have the session any more, or never had it: with credentials it is opened anew.
    fn on_rejection(&mut self, failure: Failure, now: Millis) {
        self.account.auth_token = None;
        if self.token.take().is_some() {
            let lost = Failure::new(Code::Relay(ErrorCode::PeerLost), "The relay lost the call.");
            self.outputs.push(Output::Calls(call::Notice::Forgotten(lost)));
            self.abandon_requests();
            self.link.mourned();
        }
        self.open_anew(failure, now);
    }

    fn open_anew(&mut self, otherwise: Failure, now: Millis) {
        match self.account.request() {
            Some(open) => self.request(open, now),
            None if self.link.is_lost() => self.end(Status::Disconnected, Some(otherwise)),
            None => self.end(Status::Failed, Some(otherwise)),
        }
    }

    fn keep(&mut self, opened: SessionOpened) {
        self.grace = Millis::from(opened.grace_ms);
        self.token = Some(opened.token);
    }

    /// What waited for the connection is sent, in its order, before anything new.
    fn come_up(&mut self, done: Option<u32>, now: Millis) {
        let restored = self.link.up(now);
        debug_assert_eq!(self.link.stage(), Stage::Up);
        while let Some(held) = self.requests.again(done, now) {
            match held {
                Ok(asked) => self.settle(asked, Ok(())),
                Err(request) => self.outputs.push(Output::Send(request)),
            }
        }
        while let Some((asked, body)) = self.requests.queued() {
            self.ask(asked, body, now);
        }
        if restored {
            self.outputs.push(Output::Emit(Report::ConnectionRestored));
            self.outputs.push(Output::Calls(call::Notice::RelayBack));
        }
    }
}

/// Whether another attempt may fare better.
fn is_passing(code: Code) -> bool {
    let Code::Relay(code) = code else { return true };
    matches!(code, ErrorCode::LimitReached | ErrorCode::ShuttingDown | ErrorCode::Internal | ErrorCode::Timeout)
}

fn no_credentials() -> Failure {
    Failure::field("sipOptions", "sipOptions must name at least a login.")
}
