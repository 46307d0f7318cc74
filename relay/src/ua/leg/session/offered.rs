//! The peer's re-INVITE or UPDATE: hold, resume, moved media (RFC 3261 section 14.2, RFC 3311).

use std::time::Instant;

use offhook_sip::message::{Method, Request, StatusCode};
use offhook_sip::transaction::ServerId;

use super::{Awaits, Bye, Session};
use crate::call::{Cause, Description, LegEvent};
use crate::ua::extras;
use crate::ua::hop::Hop;
use crate::ua::leg::invite::unsendable;
use crate::ua::leg::media::SDP;
use crate::ua::leg::{Common, LegOutput, Offer};

impl Session {
    /// Takes the peer's re-INVITE, or an UPDATE or a PRACK with an offer.
    pub(super) fn take_offer(&mut self, id: ServerId, request: &Request, common: &mut Common, now: Instant) {
        if !matches!(self.bye, Bye::None) {
            return common.respond(id, request, StatusCode::CALL_DOES_NOT_EXIST);
        }
        if let Err(min_se) = common.timer.check(request.headers()) {
            return common.refuse_interval(id, request, min_se);
        }
        if let Some(status) = self.must_wait(request) {
            return common.ask_to_wait(id, request, status);
        }
        common.peer.learn(request.headers());
        match common.exchange.take_offer(request) {
            Ok(Offer::Audio(audio)) => {
                self.offered = Some((id, request.clone()));
                common.outputs.extend(common.exchange.reconnects().map(LegOutput::Reconnect));
                common.event(LegEvent::Reoffer(audio));
            }
            Ok(Offer::None) => match common.exchange.offer_again() {
                Ok(offer) => self.accept(id, request, offer, Awaits::Answer, common, now),
                Err(_) => common.respond(id, request, StatusCode::SERVER_INTERNAL_ERROR),
            },
            Err(status) => common.respond(id, request, status),
        }
    }

    /// Takes the core's answer to it.
    pub(super) fn answer_offered(&mut self, result: Result<Description, Cause>, common: &mut Common, now: Instant) {
        // None is waited for when the change came with an ACK, which cannot be refused any more.
        let Some((id, request)) = self.offered.take() else { return };
        let answered = match result {
            Ok(audio) => common.exchange.answer(&audio).map_err(Cause::Failure),
            Err(cause) => Err(cause),
        };
        match answered {
            Ok((answer, commands)) => {
                common.media(commands);
                self.accept(id, &request, answer, Awaits::Ack, common, now);
            }
            Err(cause) => {
                common.exchange.refuse();
                let status = StatusCode::new(cause.refusal()).unwrap_or(StatusCode::NOT_ACCEPTABLE_HERE);
                common.respond(id, &request, status);
            }
        }
    }

    /// Takes the answer that an ACK brought to the offer in our 2xx.
    pub(super) fn late_answer(&mut self, awaits: Awaits, ack: &Request, common: &mut Common, hop: &mut Hop) {
        match common.exchange.final_answer(ack.body()) {
            Ok((audio, commands)) => {
                common.media(commands);
                let supervise = common.exchange.supervise();
                common.media(supervise);
                // The other end was told of everything we offered; now it is told what is left.
                common.event(match awaits {
                    Awaits::FirstAnswer => LegEvent::Answered(audio, extras::of_request(ack)),
                    Awaits::Answer | Awaits::Ack => LegEvent::Reoffer(audio),
                });
            }
            Err(failure) => {
                common.tell_end(Cause::Failure(failure));
                self.hang_up(common, hop);
            }
        }
    }

    fn accept(
        &mut self,
        id: ServerId,
        request: &Request,
        description: bytes::Bytes,
        awaits: Awaits,
        common: &mut Common,
        now: Instant,
    ) {
        let is_prack = *request.method() == Method::Prack;
        let timer = if is_prack { Vec::new() } else { common.timer.answer(request.headers(), now) };
        let reply = common.reply(request, StatusCode::OK, &self.dialog.id().local_tag).body(SDP, description);
        let reply = timer.into_iter().fold(reply, |reply, (name, value)| reply.header(name, value));
        match reply.build() {
            // These are done with their answer.
            Ok(response) if matches!(request.method(), Method::Update | Method::Prack) => {
                common.outputs.push(LegOutput::Respond(id, Box::new(response)));
            }
            Ok(response) => {
                let number = request.headers().cseq().map_or(0, |cseq| cseq.number);
                common.outputs.push(LegOutput::Respond(id, Box::new(response.clone())));
                self.await_ack(id, response, number, awaits, common, now);
            }
            Err(error) => {
                tracing::warn!(error = %unsendable(&error).message, "a re-INVITE was not answered");
                common.respond(id, request, StatusCode::SERVER_INTERNAL_ERROR);
            }
        }
    }
}
