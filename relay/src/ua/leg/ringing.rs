//! The peer's INVITE until our final response (RFC 3261 section 13.3).

use std::time::Instant;

use bytes::Bytes;
use offhook_protocol::Failure;
use offhook_sip::dialog::{Dialog, DialogId};
use offhook_sip::message::{Method, NameAddr, Request, StatusCode};
use offhook_sip::transaction::ServerId;

use super::invite::unsendable;
use super::media::SDP;
use super::session::{Awaits, Session};
use super::{Common, LegOutput, State};
use crate::call::{Cause, Description, Extras, LegCommand};
use crate::ua::extras;

/// An INVITE that waits for our answer.
#[derive(Debug)]
pub(super) struct Ringing {
    id: ServerId,
    request: Request,
    tag: String,
    dialog: Dialog,
    /// The INVITE brought an offer.
    offered: bool,
    /// The offer was answered already, in a provisional response.
    answered: bool,
}

impl Ringing {
    /// Takes the INVITE.
    ///
    /// # Errors
    /// The status to refuse it with.
    pub(super) fn new(
        id: ServerId,
        request: Request,
        tag: String,
        contact: NameAddr,
        offered: bool,
    ) -> Result<Self, StatusCode> {
        let dialog = Dialog::from_request(&request, &tag, contact).map_err(|error| error.status())?;
        Ok(Self { id, request, tag, dialog, offered, answered: false })
    }

    pub(super) fn id(&self) -> ServerId {
        self.id
    }

    /// The INVITE itself.
    pub(super) fn invite(&self) -> &Request {
        &self.request
    }

    pub(super) fn dialog(&self) -> &DialogId {
        self.dialog.id()
    }

    /// Takes what the core says.
    pub(super) fn command(mut self: Box<Self>, command: LegCommand, common: &mut Common, now: Instant) -> State {
        let done = match command {
            LegCommand::Ringing(early, extras) => self.provisional(StatusCode::RINGING, early, &extras, common),
            LegCommand::Progress(early, extras) => {
                self.provisional(StatusCode::SESSION_PROGRESS, early, &extras, common)
            }
            LegCommand::Answer(audio, extras) => return self.answer(&audio, &extras, common, now),
            LegCommand::End(cause, _) => return self.refuse(cause, common),
            _ => Ok(()),
        };
        match done {
            Ok(()) => State::Ringing(self),
            Err(failure) => self.refuse(Cause::Failure(failure), common),
        }
    }

    /// Takes a request within the early dialog: a caller may end it with BYE (RFC 3261 section 15), but not change
    /// what has no answer yet (section 14.2).
    pub(super) fn request(mut self: Box<Self>, id: ServerId, request: &Request, common: &mut Common) -> State {
        if let Err(error) = self.dialog.receive_request(request) {
            common.respond(id, request, error.status());
            return State::Ringing(self);
        }
        if *request.method() != Method::Bye {
            common.ask_to_wait(id, request, StatusCode::SERVER_INTERNAL_ERROR);
            return State::Ringing(self);
        }
        common.respond(id, request, StatusCode::OK);
        self.refuse(Cause::Cancelled, common)
    }

    fn provisional(
        &mut self,
        status: StatusCode,
        early: Option<Description>,
        extras: &Extras,
        common: &mut Common,
    ) -> Result<(), Failure> {
        let mut reply = extras::into_response(common.reply(&self.request, status, &self.tag), extras);
        // Without an offer there is nothing to answer before the 200.
        if let Some(audio) = early.filter(|_| self.offered) {
            reply = reply.body(SDP, self.description(&audio, common)?);
        }
        let response = reply.build().map_err(|error| unsendable(&error))?;
        common.outputs.push(LegOutput::Respond(self.id, Box::new(response)));
        Ok(())
    }

    fn answer(mut self: Box<Self>, audio: &Description, extras: &Extras, common: &mut Common, now: Instant) -> State {
        if !self.answered {
            common.exchange.add_lines(&extras.sdp_lines);
        }
        let response = self.description(audio, common).and_then(|description| {
            let reply = common.reply(&self.request, StatusCode::OK, &self.tag).body(SDP, description);
            extras::into_response(reply, extras).build().map_err(|error| unsendable(&error))
        });
        let response = match response {
            Ok(response) => response,
            Err(failure) => return self.refuse(Cause::Failure(failure), common),
        };
        if self.offered {
            let supervise = common.exchange.supervise();
            common.media(supervise);
        }
        common.outputs.push(LegOutput::Respond(self.id, Box::new(response.clone())));
        self.dialog.confirm();
        let number = self.request.headers().cseq().map_or(0, |cseq| cseq.number);
        let mut session = Session::of_callee(self.dialog);
        let awaits = if self.offered { Awaits::Ack } else { Awaits::FirstAnswer };
        session.await_ack(self.id, response, number, awaits, common, now);
        State::Session(Box::new(session))
    }

    /// The answer to the offer, made once and then repeated; or our offer.
    fn description(&mut self, audio: &Description, common: &mut Common) -> Result<Bytes, Failure> {
        if !self.offered {
            return common.exchange.offer(audio);
        }
        if let Some(repeated) = self.answered.then(|| common.exchange.repeated()).flatten() {
            return Ok(repeated);
        }
        let (description, commands) = common.exchange.answer(audio)?;
        common.media(commands);
        self.answered = true;
        Ok(description)
    }

    fn refuse(self: Box<Self>, cause: Cause, common: &mut Common) -> State {
        let status = StatusCode::new(cause.refusal()).unwrap_or(StatusCode::SERVER_INTERNAL_ERROR);
        match common.reply(&self.request, status, &self.tag).build() {
            Ok(response) => common.outputs.push(LegOutput::Respond(self.id, Box::new(response))),
            Err(error) => tracing::debug!(%error, "an INVITE has headers that cannot be answered"),
        }
        common.over(cause)
    }
}
