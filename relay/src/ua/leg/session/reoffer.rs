//! Our re-INVITE: hold, resume, other codecs (RFC 3261 section 14.1).

use std::time::{Duration, Instant};

use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::message::{Method, Request, Response, StatusCode};

use super::{Sending, Session, acknowledge, refused_change};
use crate::call::{Audio, Cause, LegEvent, failure_for_status};
use crate::ua::hop::Hop;
use crate::ua::leg::invite::unsendable;
use crate::ua::leg::{Common, LegOutput};
use crate::ua::outbox::{NextHop, RequestId};

/// A re-INVITE of ours under way.
#[derive(Debug)]
pub(super) struct Reoffer {
    pub(super) id: Option<RequestId>,
    request: Request,
    /// When to try again after both sides began a change at once (491).
    pub(super) retry: Option<Instant>,
}

impl Session {
    /// Offers a change.
    pub(super) fn reoffer(&mut self, audio: &Audio, common: &mut Common, hop: &mut Hop) {
        if self.reoffer.is_some() || self.offered.is_some() || self.answer.is_some() {
            let sentence = "The call is being changed already. Try again in a moment.";
            return common.event(refused_change(Failure::new(ErrorCode::InvalidCallState, sentence)));
        }
        match self.reinvite(audio, common, hop) {
            Ok(request) => self.send_reoffer(request, common),
            Err(failure) => {
                common.media.withdraw();
                common.event(refused_change(failure));
            }
        }
    }

    /// Takes a response to it.
    pub(super) fn reoffer_response(&mut self, response: &Response, common: &mut Common, hop: &mut Hop, now: Instant) {
        let Some(mut reoffer) = self.reoffer.take() else { return };
        match response.status().code() {
            100..=199 => self.reoffer = Some(reoffer),
            200..=299 => self.reoffer_accepted(&reoffer.request, response, common, hop),
            401 | 407 => match common.answer_challenge(&reoffer.request, response, hop) {
                Ok(again) => self.send_reoffer(again, common),
                Err(failure) => self.reoffer_refused(failure, common),
            },
            491 => {
                reoffer.id = None;
                reoffer.retry = Some(now + self.glare_wait(hop));
                self.reoffer = Some(reoffer);
            }
            // RFC 3261 section 12.2.1.2: the peer has no such dialog any more, or is out of reach.
            code @ (408 | 481) => {
                common.tell_end(Cause::Failure(failure_for_status(code, &response.reason())));
                self.hang_up(common, hop);
            }
            code => self.reoffer_refused(failure_for_status(code, &response.reason()), common),
        }
    }

    /// Sends a re-INVITE again whose wait after a 491 is over.
    pub(super) fn retry_reoffer(&mut self, common: &mut Common, hop: &mut Hop, now: Instant) {
        let due = self.reoffer.as_ref().and_then(|reoffer| reoffer.retry).is_some_and(|retry| retry <= now);
        if !due {
            return;
        }
        let Some(reoffer) = self.reoffer.take() else { return };
        match self.again(&reoffer.request, common, hop) {
            Ok(request) => self.send_reoffer(request, common),
            Err(failure) => self.reoffer_refused(failure, common),
        }
    }

    fn reinvite(&mut self, audio: &Audio, common: &mut Common, hop: &mut Hop) -> Result<Request, Failure> {
        let offer = common.media.offer(audio)?;
        let via = hop.via(common.protocol()).map_err(|error| unsendable(&error))?;
        let request = self.dialog.request(Method::Invite, &via);
        let mut request = common.invite(request, offer).build().map_err(|error| unsendable(&error))?;
        common.authorize(&mut request, hop)?;
        Ok(request)
    }

    /// The same offer as the dialog's next request: numbers used meanwhile must not come again.
    fn again(&mut self, request: &Request, common: &mut Common, hop: &mut Hop) -> Result<Request, Failure> {
        let via = hop.via(common.protocol()).map_err(|error| unsendable(&error))?;
        let again = self.dialog.request(Method::Invite, &via);
        let mut again = common.invite(again, request.body().clone()).build().map_err(|error| unsendable(&error))?;
        common.authorize(&mut again, hop)?;
        Ok(again)
    }

    fn send_reoffer(&mut self, request: Request, common: &mut Common) {
        let Some(next_hop) = NextHop::of_uri(self.dialog.next_hop(), common.protocol()) else {
            let sentence = "The far end's address cannot be used.";
            return self.reoffer_refused(Failure::new(ErrorCode::Unreachable, sentence), common);
        };
        common.outputs.push(LegOutput::Send(Box::new(request.clone()), next_hop));
        self.reoffer = Some(Reoffer { id: None, request, retry: None });
        self.sending = Sending::Reoffer;
    }

    fn reoffer_accepted(&mut self, request: &Request, response: &Response, common: &mut Common, hop: &mut Hop) {
        if let Err(error) = self.dialog.receive_response(response) {
            tracing::debug!(%error, "an answer that does not renew the dialog");
        }
        acknowledge(&mut self.dialog, request, response, common, hop);
        match common.media.final_answer(response.body()) {
            Ok((audio, commands)) => {
                common.outputs.extend(commands.into_iter().map(LegOutput::Media));
                common.event(LegEvent::ReofferResult(Ok(audio)));
            }
            Err(failure) => common.event(refused_change(failure)),
        }
    }

    fn reoffer_refused(&mut self, failure: Failure, common: &mut Common) {
        common.media.withdraw();
        common.event(refused_change(failure));
    }

    /// RFC 3261 section 14.1: the side that chose the Call-ID waits longer, so that the two do not meet again.
    fn glare_wait(&self, hop: &mut Hop) -> Duration {
        let random = hop.number();
        let tens = match self.sent {
            Some(_) => 210 + random % 190,
            None => random % 200,
        };
        Duration::from_millis(tens.saturating_mul(10))
    }
}

impl Session {
    /// The status of a peer's re-INVITE that meets one of ours or an unanswered one of its own, if it has to wait.
    pub(super) fn must_wait(&self) -> Option<StatusCode> {
        if self.reoffer.is_some() {
            return Some(StatusCode::REQUEST_PENDING);
        }
        (self.offered.is_some() || self.answer.is_some()).then_some(StatusCode::SERVER_INTERNAL_ERROR)
    }
}
