//! The peer's INVITE until our final response (RFC 3261 section 13.3).

use std::time::Instant;

use bytes::Bytes;
use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::dialog::{Dialog, DialogId};
use offhook_sip::message::{Method, NameAddr, Request, StatusCode};
use offhook_sip::transaction::ServerId;

use super::early_update::EarlyUpdate;
use super::invite::unsendable;
use super::media::SDP;
use super::reliable::EarlyAnswers;
use super::session::{Awaits, Session};
use super::{Common, Identity, LegOutput, Offer, State};
use crate::call::{Cause, Description, Extras, LegCommand, LegEvent};
use crate::ua::extras;
use crate::ua::hop::Hop;

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
    early: EarlyAnswers,
    /// A change of the caller's that the core has not answered: an UPDATE, or a PRACK with an offer.
    change: Option<(ServerId, Request)>,
    /// Our answer waits for the PRACK of one that was sent before (RFC 3262 section 3), or for that of a change.
    held: Option<(Description, Extras)>,
    /// What our side wants changed since.
    wanted: Option<Description>,
    /// A change of ours before the answer.
    pub(super) update: EarlyUpdate,
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
        (identity, hop): (&Identity, &mut Hop),
    ) -> Result<Self, StatusCode> {
        let dialog = Dialog::from_request(&request, &tag, contact).map_err(|error| error.status())?;
        let early = EarlyAnswers::new(&request, identity, hop);
        let update = EarlyUpdate::default();
        let (answered, change, held, wanted) = (false, None, None, None);
        Ok(Self { id, request, tag, dialog, offered, answered, early, change, held, wanted, update })
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

    pub(super) fn dialog_state(&mut self) -> &mut Dialog {
        &mut self.dialog
    }

    /// Whether our side may offer a change: the caller has our answer for certain, and nobody has begun another.
    pub(super) fn may_change(&self) -> bool {
        self.offered && self.early.has_description && !self.early.holds_answer() && self.change.is_none()
    }

    /// Takes what the core says.
    pub(super) fn command(
        mut self: Box<Self>,
        command: LegCommand,
        common: &mut Common,
        hop: &mut Hop,
        now: Instant,
    ) -> State {
        if let LegCommand::Ringing(Some(heard), _) | LegCommand::Progress(Some(heard), _) = &command {
            self.move_to(heard, common, hop);
        }
        let done = match command {
            LegCommand::Ringing(early, extras) => self.provisional(StatusCode::RINGING, early, &extras, common, now),
            LegCommand::Progress(early, extras) => {
                self.provisional(StatusCode::SESSION_PROGRESS, early, &extras, common, now)
            }
            LegCommand::Answer(audio, extras) => return self.answer(audio, extras, common, now),
            LegCommand::ReofferAnswer(result) => {
                self.answer_change(result, common);
                return self.answer_held(common, now);
            }
            // The core takes a call for answered whose answer is held.
            LegCommand::Reoffer(audio) => {
                self.wanted = Some(audio);
                Ok(())
            }
            LegCommand::End(cause, _) => return self.refuse(cause, common),
            _ => Ok(()),
        };
        match done {
            Ok(()) => State::Ringing(self),
            Err(failure) => self.refuse(Cause::Failure(failure), common),
        }
    }

    /// Takes a request within the early dialog. A caller may end it with BYE (RFC 3261 section 15), confirm provisional
    /// responses with PRACK (RFC 3262) and change the session with UPDATE (RFC 3311), but not with another INVITE (RFC 3261
    /// section 14.2).
    pub(super) fn request(
        mut self: Box<Self>,
        id: ServerId,
        request: &Request,
        common: &mut Common,
        now: Instant,
    ) -> State {
        if let Err(error) = self.dialog.receive_request(request) {
            common.respond(id, request, error.status());
            return State::Ringing(self);
        }
        match request.method() {
            Method::Bye => {
                common.respond(id, request, StatusCode::OK);
                self.refuse(Cause::Cancelled, common)
            }
            Method::Prack => self.acknowledged(id, request, common, now),
            Method::Update => {
                self.take_change(id, request, common);
                State::Ringing(self)
            }
            _ => {
                common.ask_to_wait(id, request, StatusCode::SERVER_INTERNAL_ERROR);
                State::Ringing(self)
            }
        }
    }

    /// The caller gave up; its INVITE has been answered.
    pub(super) fn abandon(mut self: Box<Self>, common: &mut Common) {
        if let Some((id, request)) = self.change.take() {
            common.respond(id, &request, StatusCode::REQUEST_TERMINATED);
        }
    }

    /// When [`Ringing::handle_timeout`] is due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.early.poll_timeout()
    }

    /// Repeats a provisional response, or gives up waiting for its PRACK.
    pub(super) fn handle_timeout(mut self: Box<Self>, common: &mut Common, now: Instant) -> State {
        if self.early.repeat(self.id, common, now) {
            return State::Ringing(self);
        }
        let sentence = "The caller did not confirm that it heard of the ringing. It may have lost its network.";
        let failure = Failure { sip_status: Some(504), ..Failure::new(ErrorCode::Timeout, sentence) };
        self.refuse(Cause::Failure(failure), common)
    }

    fn provisional(
        &mut self,
        status: StatusCode,
        early: Option<Description>,
        extras: &Extras,
        common: &mut Common,
        now: Instant,
    ) -> Result<(), Failure> {
        let is_reliable = self.early.is_reliable(early.is_some());
        if let Some(early) = early.as_ref().filter(|_| is_reliable && self.offered) {
            self.update.gave(early);
        }
        let body = match (self.offered, early) {
            // What has arrived for certain is not said again.
            (true, Some(_)) if is_reliable && self.early.has_description => None,
            (true, Some(audio)) => Some(self.description(&audio, common)?),
            (true, None) => None,
            // Without an offer there is nothing to answer before the 200, unless our own offer arrives for certain: it has
            // to be in the first such response (RFC 3261 section 13.2.1).
            (false, _) if !is_reliable || self.early.has_description => None,
            (false, Some(audio)) => Some(common.exchange.offer(&audio)?),
            (false, None) => Some(common.exchange.offer_again()?),
        };
        let reply = extras::into_response(common.reply(&self.request, status, &self.tag), extras);
        let reply = match &body {
            Some(body) => reply.body(SDP, body.clone()),
            None => reply,
        };
        let response = reply.build().map_err(|error| unsendable(&error))?;
        if is_reliable {
            return self.early.send(self.id, response, common, now);
        }
        common.outputs.push(LegOutput::Respond(self.id, Box::new(response)));
        Ok(())
    }

    /// Takes a PRACK.
    fn acknowledged(mut self: Box<Self>, id: ServerId, request: &Request, common: &mut Common, now: Instant) -> State {
        if let Err(status) = self.early.acknowledged(self.id, request, common, now) {
            common.respond(id, request, status);
            return State::Ringing(self);
        }
        // It came to where the response went, as an ACK does.
        let confirmed = common.exchange.confirmed();
        common.media(confirmed);
        match (request.body().is_empty(), self.early.awaits_answer(self.offered)) {
            (true, false) => common.respond(id, request, StatusCode::OK),
            (_, true) => {
                common.respond(id, request, StatusCode::OK);
                match common.exchange.final_answer(request.body()) {
                    Ok((audio, commands)) => {
                        common.media(commands);
                        self.early.answer = Some(audio);
                    }
                    Err(failure) => return self.refuse(Cause::Failure(failure), common),
                }
            }
            (false, false) => self.take_change(id, request, common),
        }
        self.answer_held(common, now)
    }

    /// Sends the answer that was held, if nothing holds it any more.
    pub(super) fn answer_held(mut self: Box<Self>, common: &mut Common, now: Instant) -> State {
        match self.held.take() {
            Some((audio, extras)) => self.answer(audio, extras, common, now),
            None => State::Ringing(self),
        }
    }

    /// Takes what an UPDATE or a PRACK offers; the core answers.
    fn take_change(&mut self, id: ServerId, request: &Request, common: &mut Common) {
        if self.change.is_some() {
            return common.ask_to_wait(id, request, StatusCode::SERVER_INTERNAL_ERROR);
        }
        match common.exchange.take_offer(request) {
            // An UPDATE without an offer only says where the caller is now.
            Ok(Offer::None) => common.accept_change(id, request, &self.tag, None),
            Ok(Offer::Audio(audio)) => {
                self.change = Some((id, request.clone()));
                common.event(LegEvent::Reoffer(audio));
            }
            // Its INVITE's own offer has no answer yet (RFC 3311 section 5.2).
            Err(status @ StatusCode::SERVER_INTERNAL_ERROR) => common.ask_to_wait(id, request, status),
            Err(status) => common.respond(id, request, status),
        }
    }

    fn answer_change(&mut self, result: Result<Description, Cause>, common: &mut Common) {
        let Some((id, request)) = self.change.take() else { return };
        let answered = match result {
            Ok(audio) => common.exchange.answer(&audio).map_err(Cause::Failure),
            Err(cause) => Err(cause),
        };
        match answered {
            Ok((body, commands)) => {
                common.media(commands);
                common.accept_change(id, &request, &self.tag, Some(body));
            }
            Err(cause) => {
                common.exchange.refuse();
                let status = StatusCode::new(cause.refusal()).unwrap_or(StatusCode::NOT_ACCEPTABLE_HERE);
                common.respond(id, &request, status);
            }
        }
    }

    fn answer(mut self: Box<Self>, audio: Description, extras: Extras, common: &mut Common, now: Instant) -> State {
        if self.early.holds_answer() || self.change.is_some() || self.update.is_under_way() {
            self.held = Some((audio, extras));
            return State::Ringing(self);
        }
        if !self.answered {
            common.exchange.add_lines(&extras.sdp_lines);
        }
        let description = match self.early.has_description {
            true => Ok(None),
            false => self.description(&audio, common).map(Some),
        };
        let response = description.and_then(|description| {
            let timer = common.timer.answer(self.request.headers(), now);
            let reply = common.reply(&self.request, StatusCode::OK, &self.tag);
            let reply = timer.into_iter().fold(reply, |reply, (name, value)| reply.header(name, value));
            let reply = match description {
                Some(description) => reply.body(SDP, description),
                None => reply,
            };
            extras::into_response(reply, &extras).build().map_err(|error| unsendable(&error))
        });
        let response = match response {
            Ok(response) => response,
            Err(failure) => return self.refuse(Cause::Failure(failure), common),
        };
        if self.offered || self.early.answer.is_some() {
            let supervise = common.exchange.supervise();
            common.media(supervise);
        }
        common.outputs.push(LegOutput::Respond(self.id, Box::new(response.clone())));
        self.dialog.confirm();
        let number = self.request.headers().cseq().map_or(0, |cseq| cseq.number);
        let (reliable, early_answer) = self.early.into_parts();
        let mut session = Session::of_callee(self.dialog, &self.request, reliable);
        let awaits = if self.offered || early_answer.is_some() { Awaits::Ack } else { Awaits::FirstAnswer };
        session.await_ack(self.id, response, number, awaits, common, now);
        session.reoffer_later(self.wanted);
        // What the caller took of our early offer is news for the core.
        if let Some(answer) = early_answer {
            common.event(LegEvent::Answered(answer, Extras::default()));
        }
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
        self.abandon(common);
        common.over(cause)
    }
}
