//! Our provisional responses to an INVITE that arrive for certain (RFC 3262 section 3).

use std::time::Instant;

use offhook_protocol::Failure;
use offhook_sip::dialog::{Acknowledged, RELIABLE, ReliableResponses, ReliableTimeout};
use offhook_sip::message::{HeaderName, Request, Response, StatusCode};
use offhook_sip::transaction::ServerId;

use super::invite::unsendable;
use super::{Common, Identity, LegOutput};
use crate::call::Description;
use crate::ua::Reliable;
use crate::ua::hop::Hop;

/// What was said before the answer, and has to arrive.
#[derive(Debug)]
pub(super) struct EarlyAnswers {
    /// Those under way, where the caller takes any.
    responses: Option<ReliableResponses>,
    /// The caller requires every provisional response to be one.
    is_required: bool,
    /// A description of ours went with one of them.
    pub(super) has_description: bool,
    /// The caller's answer to it, where it was an offer.
    pub(super) answer: Option<Description>,
}

impl EarlyAnswers {
    /// For this INVITE.
    pub(super) fn new(request: &Request, identity: &Identity, hop: &mut Hop) -> Self {
        let headers = request.headers();
        let is_required = headers.has_option(&HeaderName::Require, RELIABLE);
        let is_wanted =
            identity.calls.reliable != Reliable::Off && headers.has_option(&HeaderName::Supported, RELIABLE);
        let cseq = headers.cseq().ok().filter(|_| is_required || is_wanted);
        let responses = cseq.map(|cseq| ReliableResponses::new(cseq, hop.number(), &identity.timing));
        Self { responses, is_required, has_description: false, answer: None }
    }

    /// Whether a response is to be one of them.
    pub(super) fn is_reliable(&self, has_media: bool) -> bool {
        self.responses.is_some() && (self.is_required || has_media)
    }

    /// Sends a response, or has it wait for the PRACK of the one before.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn send(
        &mut self,
        invite: ServerId,
        response: Response,
        common: &mut Common,
        now: Instant,
    ) -> Result<(), Failure> {
        self.has_description |= !response.body().is_empty();
        let Some(responses) = self.responses.as_mut() else { return Ok(()) };
        let response = responses.send(response, now).map_err(|error| unsendable(&error))?;
        common.outputs.extend(response.map(|response| LegOutput::Respond(invite, Box::new(response))));
        Ok(())
    }

    /// Takes a PRACK, and sends the next response.
    ///
    /// # Errors
    /// The status to refuse it with.
    pub(super) fn acknowledged(
        &mut self,
        invite: ServerId,
        request: &Request,
        common: &mut Common,
        now: Instant,
    ) -> Result<(), StatusCode> {
        let next = take(self.responses.as_mut(), request, now)?;
        common.outputs.extend(next.map(|next| LegOutput::Respond(invite, Box::new(next))));
        Ok(())
    }

    /// Whether the caller's answer to our early offer is due.
    pub(super) fn awaits_answer(&self, offered: bool) -> bool {
        !offered && self.has_description && self.answer.is_none()
    }

    /// Whether the answer to the INVITE has to wait.
    pub(super) fn holds_answer(&self) -> bool {
        self.responses.as_ref().is_some_and(ReliableResponses::holds_answer)
    }

    /// When [`EarlyAnswers::repeat`] is due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.responses.as_ref()?.poll_timeout()
    }

    /// Repeats a response that has no PRACK. `false` when none is waited for any longer.
    pub(super) fn repeat(&mut self, invite: ServerId, common: &mut Common, now: Instant) -> bool {
        let Some(responses) = self.responses.as_mut() else { return true };
        match responses.handle_timeout(now) {
            ReliableTimeout::Wait => true,
            ReliableTimeout::Resend(response) => {
                common.outputs.push(LegOutput::Respond(invite, Box::new(response.clone())));
                true
            }
            ReliableTimeout::GiveUp => false,
        }
    }

    /// What outlives the answer: a PRACK may still come, and what it brought.
    pub(super) fn into_parts(self) -> (Option<ReliableResponses>, Option<Description>) {
        (self.responses, self.answer)
    }
}

/// Takes a PRACK: the response to be sent next.
///
/// # Errors
/// The status to refuse it with.
pub(super) fn take(
    responses: Option<&mut ReliableResponses>,
    request: &Request,
    now: Instant,
) -> Result<Option<Response>, StatusCode> {
    let rack = request.headers().rack().map_err(|_| StatusCode::BAD_REQUEST)?;
    match responses.map(|responses| responses.acknowledge(&rack, now)) {
        Some(Acknowledged::Here(next)) => Ok(next),
        Some(Acknowledged::Unknown) | None => Err(StatusCode::CALL_DOES_NOT_EXIST),
    }
}
