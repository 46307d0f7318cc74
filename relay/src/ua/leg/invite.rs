//! What every INVITE and BYE of a leg has in common, whichever state sends it.

use bytes::Bytes;
use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::message::{
    BuildError, CSeq, HeaderName, Request, RequestBuilder, Response, ResponseBuilder, StatusCode,
};

use super::Common;
use super::media::SDP;
use crate::ua::account::Protocol;
use crate::ua::dispatch::ALLOW;
use crate::ua::hop::Hop;
use crate::ua::outbox::Unanswered;
use crate::ua::registration::refused;

impl Common {
    /// How requests go out that name no transport.
    pub(super) fn protocol(&self) -> Protocol {
        self.account.as_ref().map_or(Protocol::Udp, |account| account.protocol)
    }

    /// The headers and the body of an INVITE.
    pub(super) fn invite(&self, request: RequestBuilder, offer: Bytes) -> RequestBuilder {
        request.header(HeaderName::Allow, ALLOW).header(HeaderName::UserAgent, &self.user_agent).body(SDP, offer)
    }

    /// Puts the answers to challenges met before into a request.
    pub(super) fn authorize(&mut self, request: &mut Request, hop: &mut Hop) -> Result<(), Failure> {
        let Some(digest) = self.digest.as_mut() else { return Ok(()) };
        digest.authorize(request, &hop.token()).map_err(|error| unsendable(&error))
    }

    /// Makes a challenged request anew: the next number, a fresh branch, and the answer.
    ///
    /// # Errors
    /// The challenge cannot be answered, or was answered before and refused.
    pub(super) fn answer_challenge(
        &mut self,
        request: &Request,
        response: &Response,
        hop: &mut Hop,
    ) -> Result<Request, Failure> {
        let Some(digest) = self.digest.as_mut() else {
            return Err(crate::call::failure_for_status(response.status().code(), &response.reason()));
        };
        digest.challenged(response).map_err(|error| refused(&error, response))?;
        let mut again = self.anew(request, hop).map_err(|error| unsendable(&error))?;
        self.authorize(&mut again, hop)?;
        Ok(again)
    }

    /// The same request as a new transaction.
    ///
    /// # Errors
    /// Its CSeq cannot be read, which ours always can.
    pub(super) fn anew(&self, request: &Request, hop: &mut Hop) -> Result<Request, BuildError> {
        let mut again = request.clone();
        let via = hop.via(self.protocol())?;
        let number = request.headers().cseq().map_or(1, |cseq| cseq.number.saturating_add(1));
        let method = request.method().clone();
        let headers = again.headers_mut();
        headers.set(HeaderName::Via, &via)?;
        headers.set(HeaderName::CSeq, CSeq::new(number, method))?;
        Ok(again)
    }

    /// Begins a response that makes or belongs to a dialog.
    pub(super) fn reply(&self, request: &Request, status: StatusCode, tag: &str) -> ResponseBuilder {
        Response::reply(request, status)
            .to_tag(tag)
            .contact(&self.contact)
            .header(HeaderName::Allow, ALLOW)
            .header(HeaderName::Server, &self.user_agent)
    }
}

/// The failure behind a request that got no response.
pub(super) fn of_silence(why: Unanswered) -> Failure {
    match why {
        Unanswered::Timeout => Failure::new(ErrorCode::Timeout, "The SIP server did not answer in time."),
        Unanswered::Unreachable => {
            Failure::new(ErrorCode::Unreachable, "The SIP server cannot be reached. Check domain, proxy and port.")
        }
    }
}

/// The failure behind a message that cannot be written.
pub(super) fn unsendable(error: &impl std::fmt::Display) -> Failure {
    Failure::new(ErrorCode::InvalidField, format!("The call cannot be written as a SIP message: {error}."))
}
