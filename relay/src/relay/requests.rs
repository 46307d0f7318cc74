use std::time::Instant;

use offhook_media::Digits;
use offhook_protocol::reply::{Done, ReplyBody};
use offhook_protocol::{ErrorCode, Failure, Request, RequestBody};

use super::connections::{Stage, close};
use super::{MediaPlane, Relay};
use crate::browser::BrowserLeg;
use crate::call::Extras;
use crate::session::{ConnectionId, SessionId};

const DONE: ReplyBody = ReplyBody::Done(Done {});

impl<M: MediaPlane> Relay<M> {
    /// Handles a request. Its reply goes out before any event it gives rise to.
    pub(super) fn request(&mut self, connection: ConnectionId, request: Request, now: Instant) {
        let first = self.outputs.len();
        let id = request.id;
        self.heard(connection, id, &request.body);
        if let (Some(Stage::Open(session)), RequestBody::Stats(call)) = (self.stage(connection), &request.body) {
            // The reply comes with the figures.
            match self.ask_stats((connection, id), session, &call.call_id, now) {
                Ok(()) => return,
                Err(failure) => return self.reply(connection, Some(id), Err(failure)),
            }
        }
        let result = self.handle(connection, request.body, now);
        match &result {
            Err(Failure { code: ErrorCode::Unauthorized, .. }) => self.wrong_password(connection, now),
            Err(Failure { code: ErrorCode::ResumeRejected, .. }) => self.guessed_wrong(connection),
            _ => {}
        }
        let rest = self.outputs.split_off(first);
        self.reply(connection, Some(id), result);
        self.outputs.extend(rest);
    }

    fn handle(&mut self, connection: ConnectionId, body: RequestBody, now: Instant) -> Result<ReplyBody, Failure> {
        let stage = self.stage(connection).unwrap_or(Stage::Closing);
        match (stage, body) {
            (Stage::Silent, RequestBody::Hello(hello)) => self.hello(connection, &hello),
            (Stage::Silent, _) => Err(Failure::new(ErrorCode::HelloRequired, "The first request must be hello.")),
            (_, RequestBody::Hello(_)) => Err(wrong_state("hello was said already.")),
            (_, RequestBody::Ping(_)) => Ok(DONE),
            (Stage::Greeted, RequestBody::OpenLocal(open)) => self.open_local(connection, open, now),
            (Stage::Greeted, RequestBody::OpenSip(open)) => self.open_sip(connection, &open, now),
            (Stage::Greeted, RequestBody::Resume(resume)) => self.resume(connection, &resume, now),
            (Stage::Open(_), RequestBody::OpenLocal(_) | RequestBody::OpenSip(_) | RequestBody::Resume(_)) => {
                Err(wrong_state("A session is open on this connection already."))
            }
            (Stage::Open(session), body) => self.in_session(connection, session, body, now),
            (Stage::Greeted | Stage::Closing, _) => Err(wrong_state("No session is open on this connection.")),
        }
    }

    fn in_session(
        &mut self,
        connection: ConnectionId,
        session: SessionId,
        body: RequestBody,
        now: Instant,
    ) -> Result<ReplyBody, Failure> {
        match body {
            RequestBody::Close(end) => {
                self.close_session(session, end.keep, now);
                self.close(connection, close::NORMAL, "the session was closed");
            }
            RequestBody::SendData(data) => self.send_data(connection, session, &data, now)?,
            RequestBody::Message(message) => self.send_message(connection, session, &message, now)?,
            RequestBody::Report(report) => self.report(connection, session, &report, now)?,
            RequestBody::Debug(debug) => self.follow(session, debug.enabled),
            RequestBody::Dtmf(dtmf) => {
                let digits: Digits = dtmf.digits.parse().map_err(|error: offhook_media::InvalidDigit| {
                    let failure = Failure::new(ErrorCode::InvalidField, format!("The keys cannot be sent: {error}."));
                    Failure { field: Some("digits".to_owned()), ..failure }
                })?;
                self.take_keys(connection, &digits, now)?;
                self.at_leg(session, &dtmf.call_id, |leg| leg.dtmf(&digits, dtmf.method))?;
            }
            RequestBody::Call(call) => self.start_call(session, call, now)?,
            body => self.in_call(session, body, now)?,
        }
        Ok(DONE)
    }

    fn in_call(&mut self, session: SessionId, body: RequestBody, now: Instant) -> Result<(), Failure> {
        match body {
            RequestBody::Ring(call) => self.at_leg(session, &call.call_id, BrowserLeg::ring),
            RequestBody::Answer(answer) => {
                let extras = Extras::of_app(answer.headers, answer.sip_sdp, None)?;
                self.at_leg(session, &answer.call_id, |leg| leg.answer(&answer.sdp, extras))
            }
            RequestBody::Hangup(call) => {
                let busy = self.is_on_another_call(session, &call.call_id);
                self.at_leg(session, &call.call_id, |leg| leg.hangup(busy))
            }
            RequestBody::Hold(call) => self.at_leg(session, &call.call_id, |leg| leg.hold(true)),
            RequestBody::Unhold(call) => self.at_leg(session, &call.call_id, |leg| leg.hold(false)),
            RequestBody::Sdp(answer) => self.at_leg(session, &answer.call_id, |leg| leg.sdp(&answer.sdp)),
            RequestBody::Offer(offer) => self.browser_offer(session, &offer, now),
            RequestBody::Transfer(transfer) => self.transfer(session, &transfer, now),
            _ => Err(Failure::new(ErrorCode::UnknownRequest, "This relay does not know the request.")),
        }
    }

    fn heard(&mut self, connection: ConnectionId, request: u32, body: &RequestBody) {
        let Some(Stage::Open(id)) = self.stage(connection) else { return };
        self.log_request(id, body);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.heard(request);
        }
    }
}

pub(super) fn wrong_state(sentence: &str) -> Failure {
    Failure::new(ErrorCode::InvalidSessionState, sentence)
}
