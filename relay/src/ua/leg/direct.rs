//! The descriptions of a leg whose peer sends its media straight to the far end's: they pass through untouched, but for
//! ICE where that is to stay on one side, and there is no media here.

use std::fmt;

use bytes::Bytes;
use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::message::Request;

use super::Offer;
use super::ice::without_ice;
use crate::call::{Description, Untouched};
use crate::ua::media_policy::IcePolicy;

/// What has passed through a leg. Who may offer when is the dialog's to say (RFC 3261 section 14).
#[derive(Default, Clone)]
pub(super) struct Direct {
    ice: IcePolicy,
    /// The description the peer was sent last.
    sent: Option<Bytes>,
    /// The answer of a provisional response, which holds when the final one has none.
    early: Option<Bytes>,
    /// The answer that arrived for certain before the 2xx, which only repeats it, or says nothing of it.
    settled: Option<Bytes>,
}

impl Direct {
    pub(super) fn new(ice: IcePolicy) -> Self {
        Self { ice, ..Self::default() }
    }

    /// Takes the offer of an INVITE or re-INVITE.
    pub(super) fn take_offer(&self, request: &Request) -> Offer {
        described(&self.let_through(request.body())).map_or(Offer::None, Offer::Audio)
    }

    /// What of a description is to pass. Either way: who has said nothing of ICE must hear nothing of it.
    fn let_through(&self, body: &Bytes) -> Bytes {
        match self.ice {
            IcePolicy::Keep => body.clone(),
            IcePolicy::Strip => without_ice(body),
        }
    }

    /// The far end's description, for this peer.
    ///
    /// # Errors
    /// It has none to be passed on.
    pub(super) fn pass(&mut self, description: &Description) -> Result<Bytes, Failure> {
        let body = self.let_through(description.untouched.as_ref().ok_or_else(nothing_to_pass)?.body());
        self.sent = Some(body.clone());
        Ok(body)
    }

    /// What the peer was sent last, when it asks for an offer.
    ///
    /// # Errors
    /// It was sent none.
    pub(super) fn pass_again(&self) -> Result<Bytes, Failure> {
        self.sent.clone().ok_or_else(nothing_to_pass)
    }

    /// Takes the answer of a provisional response.
    pub(super) fn early_answer(&mut self, body: &Bytes) -> Option<Description> {
        let body = self.let_through(body);
        let description = described(&body)?;
        self.early = Some(body);
        Some(description)
    }

    /// Takes the answer of a final response or an ACK, or lets the early one stand when there is no body.
    ///
    /// # Errors
    /// There is no answer.
    pub(super) fn final_answer(&mut self, body: &Bytes) -> Result<Description, Failure> {
        let early = self.early.take();
        self.settled = Some(self.let_through(body)).filter(|body| !body.is_empty()).or(early);
        self.settled_answer()
    }

    /// The answer that was taken last.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn settled_answer(&self) -> Result<Description, Failure> {
        let settled = self.settled.as_ref().and_then(described);
        settled.ok_or_else(|| Failure::new(ErrorCode::Rejected, "The far end answered without a session description."))
    }
}

/// Descriptions stay out of logs.
impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Direct").field("has_sent", &self.sent.is_some()).finish_non_exhaustive()
    }
}

fn described(body: &Bytes) -> Option<Description> {
    (!body.is_empty()).then(|| Description::of_untouched(Untouched::new(body.clone())))
}

fn nothing_to_pass() -> Failure {
    Failure::new(ErrorCode::Internal, "There is no session description to pass on. This is a fault of the relay.")
}
