//! What every INVITE and BYE of a leg has in common, whichever state sends it.

use bytes::Bytes;
use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::dialog::Dialog;
use offhook_sip::message::{
    BuildError, CSeq, HeaderName, Host, Request, RequestBuilder, Response, ResponseBuilder, StatusCode,
};
use offhook_sip::transaction::ServerId;

use super::media::SDP;
use super::{Common, LegOutput};
use crate::ua::account::Protocol;
use crate::ua::dispatch::ALLOW;
use crate::ua::hop::Hop;
use crate::ua::outbox::{NextHop, Unanswered};
use crate::ua::registration::refused;

/// What a peer is asked to wait before it tries again, in seconds (RFC 3261 section 14.2: 0 to 10).
const RETRY_AFTER: u32 = 1;

impl Common {
    /// The headers and the body of an INVITE.
    pub(super) fn invite(&self, request: RequestBuilder, offer: Bytes) -> RequestBuilder {
        self.describe_self(request).header(HeaderName::UserAgent, &self.user_agent).body(SDP, offer)
    }

    /// What an INVITE or UPDATE says of us: what we take, what we know, and how long the session is to live.
    pub(super) fn describe_self(&self, request: RequestBuilder) -> RequestBuilder {
        let request = request.header(HeaderName::Allow, ALLOW).header(HeaderName::Supported, self.policy.supported());
        let timer = self.timer.request_headers();
        timer.into_iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// Whether this is the account's own server, which challenges may be answered to: by its name, or by the address that
    /// the INVITE was answered from.
    pub(super) fn is_home(&self, host: &Host) -> bool {
        let named = self.account.as_ref().is_some_and(|account| account.is_home(host));
        named || host.ip().is_some_and(|ip| self.home == Some(ip))
    }

    /// Puts the answers to challenges met before into a request that goes to the account's own server. Others, which a
    /// Contact or a redirect leads to, get nothing that a password could be guessed from.
    pub(super) fn authorize(
        &mut self,
        request: &mut Request,
        next_hop: &NextHop,
        hop: &mut Hop,
    ) -> Result<(), Failure> {
        let is_home = self.is_home(&next_hop.host_port.host);
        let Some(digest) = self.digest.as_mut().filter(|_| is_home) else { return Ok(()) };
        digest.authorize(request, &hop.token()).map_err(|error| unsendable(&error))
    }

    /// Takes a challenge to a request in a dialog, for [`Common::authorize`] to answer.
    ///
    /// # Errors
    /// As [`Common::challenged`], or the request did not go to the account's own server.
    pub(super) fn challenged_in(&mut self, dialog: &Dialog, response: &Response) -> Result<(), Failure> {
        match dialog.next_hop().sip() {
            Some(next_hop) if self.is_home(next_hop.host()) => self.challenged(response),
            _ if self.digest.is_some() => Err(super::redirect::challenged(response)),
            _ => Err(crate::call::failure_for_status(response.status().code(), &response.reason())),
        }
    }

    /// Takes a challenge, for [`Common::authorize`] to answer.
    ///
    /// # Errors
    /// It cannot be answered, or was answered before and refused.
    pub(super) fn challenged(&mut self, response: &Response) -> Result<(), Failure> {
        let Some(digest) = self.digest.as_mut() else {
            return Err(crate::call::failure_for_status(response.status().code(), &response.reason()));
        };
        digest.challenged(response).map_err(|error| refused(&error, response))
    }

    /// The same INVITE as a new transaction, before there is a dialog to number it.
    ///
    /// # Errors
    /// Its CSeq cannot be read, which ours always can.
    pub(super) fn anew(request: &Request, protocol: Protocol, hop: &mut Hop) -> Result<Request, BuildError> {
        let mut again = request.clone();
        let via = hop.via(protocol)?;
        let number = request.headers().cseq().map_or(1, |cseq| cseq.number.saturating_add(1));
        let method = request.method().clone();
        let headers = again.headers_mut();
        headers.set(HeaderName::Via, &via)?;
        headers.set(HeaderName::CSeq, CSeq::new(number, method))?;
        Ok(again)
    }

    /// Asks the peer to try again a little later (RFC 3261 section 14.2).
    pub(super) fn ask_to_wait(&mut self, id: ServerId, request: &Request, status: StatusCode) {
        match Response::reply(request, status).header(HeaderName::RetryAfter, RETRY_AFTER).build() {
            Ok(reply) => self.outputs.push(LegOutput::Respond(id, Box::new(reply))),
            Err(error) => tracing::debug!(%error, "a SIP request has headers that cannot be answered"),
        }
    }

    /// Begins a response that makes or belongs to a dialog.
    pub(super) fn reply(&self, request: &Request, status: StatusCode, tag: &str) -> ResponseBuilder {
        Response::reply(request, status)
            .to_tag(tag)
            .contact(&self.contact)
            .header(HeaderName::Allow, ALLOW)
            .header(HeaderName::Supported, self.policy.supported())
            .header(HeaderName::Server, &self.user_agent)
    }

    /// Answers an UPDATE, or a PRACK with an offer, with 200.
    pub(super) fn accept_change(&mut self, id: ServerId, request: &Request, tag: &str, answer: Option<Bytes>) {
        let reply = self.reply(request, StatusCode::OK, tag);
        let reply = match answer {
            Some(answer) => reply.body(SDP, answer),
            None => reply,
        };
        match reply.build() {
            Ok(reply) => self.outputs.push(LegOutput::Respond(id, Box::new(reply))),
            Err(error) => tracing::debug!(%error, "a SIP request has headers that cannot be answered"),
        }
    }

    /// Refuses a request that asks for too short a session (RFC 4028 section 9).
    pub(super) fn refuse_interval(&mut self, id: ServerId, request: &Request, min_se: u32) {
        let reply = Response::reply(request, StatusCode::SESSION_INTERVAL_TOO_SMALL);
        match reply.header(HeaderName::MinSe, min_se).build() {
            Ok(reply) => self.outputs.push(LegOutput::Respond(id, Box::new(reply))),
            Err(error) => tracing::debug!(%error, "a SIP request has headers that cannot be answered"),
        }
    }
}

/// The failure behind a request that got no response.
pub(in crate::ua) fn of_silence(why: Unanswered) -> Failure {
    match why {
        Unanswered::Timeout => Failure::new(ErrorCode::Timeout, "The SIP server did not answer in time."),
        Unanswered::Unreachable(fault) => Failure::new(ErrorCode::Unreachable, fault.sentence()),
    }
}

/// The failure behind a message that cannot be written.
pub(in crate::ua) fn unsendable(error: &impl std::fmt::Display) -> Failure {
    Failure::new(ErrorCode::InvalidField, format!("The call cannot be written as a SIP message: {error}."))
}
