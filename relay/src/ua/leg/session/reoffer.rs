//! Our re-INVITE: hold, resume, other codecs (RFC 3261 section 14.1).

use std::time::{Duration, Instant};

use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::message::{Method, Request, Response, StatusCode};

use super::{Awaits, Bye, Session, acknowledge, refused_change};
use crate::call::{Cause, Description, LegEvent, failure_for_status};
use crate::ua::hop::Hop;
use crate::ua::leg::invite::unsendable;
use crate::ua::leg::{Common, LegOutput, Sending};
use crate::ua::outbox::{NextHop, RequestId};

/// How often both sides may begin a change at once (491) before ours is given up.
const MAX_GLARES: u8 = 4;

/// A re-INVITE of ours under way.
#[derive(Debug)]
pub(super) struct Reoffer {
    pub(super) id: Option<RequestId>,
    /// What the core wants; nothing for one that only refreshes the session, of which the core does not know.
    audio: Option<Description>,
    wait: Wait,
    glares: u8,
}

#[derive(Debug)]
enum Wait {
    /// It is sent; a peer that does not say anything final until then has it cancelled.
    Response { request: Box<Request>, until: Instant },
    /// It is cancelled; the transaction ends by itself.
    Cancelled { request: Box<Request> },
    /// Both sides began a change at once; ours is tried again then.
    Retry(Instant),
}

impl Reoffer {
    /// When [`Session::reoffer_timeout`] is due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self.wait {
            Wait::Response { until, .. } => Some(until),
            Wait::Retry(at) => Some(at),
            Wait::Cancelled { .. } => None,
        }
    }

    /// Whether it only refreshes the session.
    fn is_refresh(&self) -> bool {
        self.audio.is_none()
    }

    /// Whether it is on its way, so that the peer's has to wait.
    fn is_sent(&self) -> bool {
        matches!(self.wait, Wait::Response { .. } | Wait::Cancelled { .. })
    }
}

impl Session {
    /// Offers a change, in its turn: after a refresh of ours, after a change of the peer's, and after the ACK for a 2xx of
    /// ours, before which no request may go (RFC 3261 section 13.3.1.4).
    pub(super) fn reoffer(&mut self, audio: Description, common: &mut Common, hop: &mut Hop, now: Instant) {
        if self.waiting.is_some() || self.reoffer.as_ref().is_some_and(|reoffer| !reoffer.is_refresh()) {
            let sentence = "The call is being changed already. Try again in a moment.";
            return common.event(refused_change(Failure::new(ErrorCode::InvalidCallState, sentence)));
        }
        self.waiting = Some(audio);
        // A refresh that is yet to go is one with it.
        self.reoffer.take_if(|reoffer| !reoffer.is_sent());
        self.reoffer_in_turn(common, hop, now);
    }

    /// Offers a change when it is its turn.
    pub(in crate::ua::leg) fn reoffer_later(&mut self, audio: Option<Description>) {
        self.waiting = audio;
    }

    /// Offers what holds already, which refreshes the session (RFC 4028 section 7.4).
    pub(super) fn reoffer_unchanged(&mut self, common: &mut Common, hop: &mut Hop, now: Instant) {
        self.offer(None, 0, common, hop, now);
    }

    /// Offers the change that has waited, if it is its turn.
    pub(super) fn reoffer_in_turn(&mut self, common: &mut Common, hop: &mut Hop, now: Instant) {
        let is_free = matches!(self.bye, Bye::None) && self.reoffer.is_none() && !self.is_changing();
        if let Some(audio) = self.waiting.take_if(|_| is_free) {
            self.offer(Some(audio), 0, common, hop, now);
        }
    }

    /// Takes a response to a re-INVITE of ours.
    pub(super) fn reoffer_response(&mut self, response: &Response, common: &mut Common, hop: &mut Hop, now: Instant) {
        let Some(reoffer) = self.reoffer.take() else { return };
        match (response.status().code(), reoffer.wait) {
            (100..=199, wait) => self.reoffer = Some(Reoffer { wait, ..reoffer }),
            (200..=299, Wait::Response { request, .. } | Wait::Cancelled { request }) => {
                self.reoffer_accepted(reoffer.audio.is_none(), (&request, response), common, hop, now);
            }
            (401 | 407, Wait::Response { request, .. }) => match self.again(&request, response, common, hop) {
                Ok(again) => self.send_reoffer(again, reoffer.audio, reoffer.glares, common, now),
                Err(failure) => self.reoffer_refused(reoffer.audio.is_none(), failure, common, now),
            },
            // RFC 4028 section 7.3: the same with a longer interval.
            (422, Wait::Response { request, .. }) if common.timer.too_small(response.headers()) => {
                match self.reinvite(request.body().clone(), common, hop) {
                    Ok(again) => self.send_reoffer(again, reoffer.audio, reoffer.glares, common, now),
                    Err(failure) => self.reoffer_refused(reoffer.audio.is_none(), failure, common, now),
                }
            }
            (491, Wait::Response { .. }) if reoffer.glares < MAX_GLARES => {
                // The peer's own change comes first, and wants an answer.
                common.exchange.withdraw();
                let wait = Wait::Retry(now + self.glare_wait(hop));
                self.reoffer = Some(Reoffer { id: None, wait, glares: reoffer.glares.saturating_add(1), ..reoffer });
            }
            // RFC 3261 section 12.2.1.2: the peer has no such dialog any more, or is out of reach.
            (code @ (408 | 481), _) => {
                common.tell_end(Cause::Failure(failure_for_status(code, &response.reason())));
                self.hang_up(common, hop);
            }
            (code, _) => {
                let failure = failure_for_status(code, &response.reason());
                self.reoffer_refused(reoffer.audio.is_none(), failure, common, now);
            }
        }
    }

    /// Cancels a re-INVITE that waits too long, or sends one again whose wait after a 491 is over.
    pub(super) fn reoffer_timeout(&mut self, common: &mut Common, hop: &mut Hop, now: Instant) {
        let due = self.reoffer.as_ref().and_then(Reoffer::poll_timeout).is_some_and(|at| at <= now);
        if !due {
            return;
        }
        let Some(mut reoffer) = self.reoffer.take() else { return };
        match reoffer.wait {
            wait @ Wait::Response { .. } => {
                self.reoffer = Some(Reoffer { wait, ..reoffer });
                self.cancel_reoffer(common);
            }
            Wait::Retry(_) if self.is_changing() => {
                reoffer.wait = Wait::Retry(now + self.glare_wait(hop));
                self.reoffer = Some(reoffer);
            }
            Wait::Retry(_) => self.offer(reoffer.audio, reoffer.glares, common, hop, now),
            wait @ Wait::Cancelled { .. } => self.reoffer = Some(Reoffer { wait, ..reoffer }),
        }
    }

    /// Cancels a re-INVITE that is on its way: without that, one that was answered with 100 would wait for ever. One that
    /// was yet to go never does.
    pub(super) fn cancel_reoffer(&mut self, common: &mut Common) {
        let Some(reoffer) = self.reoffer.take() else { return };
        self.reoffer = match reoffer.wait {
            Wait::Response { request, .. } => {
                common.outputs.extend(reoffer.id.map(|id| LegOutput::Cancel(id, None)));
                Some(Reoffer { wait: Wait::Cancelled { request }, ..reoffer })
            }
            wait @ Wait::Cancelled { .. } => Some(Reoffer { wait, ..reoffer }),
            Wait::Retry(_) => None,
        };
    }

    /// The status of a peer's offer that meets one of ours or an unanswered one of its own, if it has to wait. A PRACK may
    /// bring one before the ACK for our 2xx, unless the answer is what that is to bring.
    pub(super) fn must_wait(&self, request: &Request) -> Option<StatusCode> {
        if self.reoffer.as_ref().is_some_and(Reoffer::is_sent) {
            return Some(StatusCode::REQUEST_PENDING);
        }
        let is_busy = match request.method() {
            Method::Prack => {
                self.offered.is_some() || self.answer.as_ref().is_some_and(|answer| answer.awaits != Awaits::Ack)
            }
            _ => self.is_changing(),
        };
        is_busy.then_some(StatusCode::SERVER_INTERNAL_ERROR)
    }

    /// Whether a change of the peer's is under way.
    pub(super) fn is_changing(&self) -> bool {
        self.offered.is_some() || self.answer.is_some()
    }

    fn offer(&mut self, audio: Option<Description>, glares: u8, common: &mut Common, hop: &mut Hop, now: Instant) {
        let offer = match &audio {
            Some(audio) => common.exchange.offer(audio),
            None => common.exchange.offer_again(),
        };
        match offer.and_then(|offer| self.reinvite(offer, common, hop)) {
            Ok(request) => self.send_reoffer(request, audio, glares, common, now),
            Err(failure) => self.reoffer_refused(audio.is_none(), failure, common, now),
        }
    }

    /// The same offer again, with the answer to a challenge.
    fn again(
        &mut self,
        request: &Request,
        response: &Response,
        common: &mut Common,
        hop: &mut Hop,
    ) -> Result<(Request, NextHop), Failure> {
        common.challenged_in(&self.dialog, response)?;
        self.reinvite(request.body().clone(), common, hop)
    }

    /// The dialog's next INVITE.
    fn reinvite(
        &mut self,
        offer: bytes::Bytes,
        common: &mut Common,
        hop: &mut Hop,
    ) -> Result<(Request, NextHop), Failure> {
        let next_hop = NextHop::of_uri(self.dialog.next_hop(), common.protocol)
            .ok_or_else(|| Failure::new(ErrorCode::Unreachable, "The far end's address cannot be used."))?;
        let via = hop.via(next_hop.protocol).map_err(|error| unsendable(&error))?;
        let request = self.dialog.request(Method::Invite, &via);
        let mut request = common.invite(request, offer).build().map_err(|error| unsendable(&error))?;
        common.authorize(&mut request, &next_hop, hop)?;
        Ok((request, next_hop))
    }

    fn send_reoffer(
        &mut self,
        (request, next_hop): (Request, NextHop),
        audio: Option<Description>,
        glares: u8,
        common: &mut Common,
        now: Instant,
    ) {
        common.send(Some(self.dialog.id()), Sending::Reoffer, request.clone(), next_hop);
        let wait = Wait::Response { request: Box::new(request), until: now + common.timing.patience() };
        self.reoffer = Some(Reoffer { id: None, audio, wait, glares });
    }

    fn reoffer_accepted(
        &mut self,
        is_refresh: bool,
        (request, response): (&Request, &Response),
        common: &mut Common,
        hop: &mut Hop,
        now: Instant,
    ) {
        common.authorized();
        common.timer.accepted(response.headers(), now);
        common.peer.learn(response.headers());
        if let Err(error) = self.dialog.receive_response(response) {
            tracing::debug!(%error, "an answer that does not renew the dialog");
        }
        acknowledge(&mut self.dialog, request, response, common, hop);
        let event = match common.exchange.final_answer(response.body()) {
            Ok((audio, commands)) => {
                common.media(commands);
                LegEvent::ReofferResult(Ok(audio))
            }
            Err(failure) => refused_change(failure),
        };
        if !is_refresh {
            common.event(event);
        }
    }

    fn reoffer_refused(&mut self, is_refresh: bool, failure: Failure, common: &mut Common, now: Instant) {
        common.exchange.withdraw();
        match is_refresh {
            true => common.timer.try_again(now),
            false => common.event(refused_change(failure)),
        }
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
