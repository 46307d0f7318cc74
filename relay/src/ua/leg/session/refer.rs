//! A REFER of ours and the NOTIFYs it brings (RFC 3515, RFC 5589): the far end calls somebody else by itself.

use std::time::{Duration, Instant};

use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::message::{
    BuildError, HeaderName, Method, NameAddr, REFER_EVENT, ReferTo, Replaces, Request, Response, SIPFRAG, SipUri,
    StatusCode, Uri, fragment_status,
};
use offhook_sip::transaction::ServerId;

use super::{Bye, Session};
use crate::call::{Cause, LegEvent, Referral, ReferralProgress, failure_for_status};
use crate::ua::account::SipAccount;
use crate::ua::hop::Hop;
use crate::ua::leg::invite::{of_silence, unsendable};
use crate::ua::leg::{Common, Sending};
use crate::ua::outbox::{RequestId, Unanswered};

/// How long a far end may say nothing at all after it was asked.
const SILENCE: Duration = Duration::from_secs(60);

/// How long one may take that has said something: as long as a call may ring.
const PATIENCE: Duration = Duration::from_secs(180);

/// A REFER whose outcome is not known.
#[derive(Debug)]
pub(super) struct Refer {
    id: Option<RequestId>,
    referral: Referral,
    /// Its CSeq number, by which NOTIFYs may name it.
    number: u32,
    is_repeated: bool,
    /// Something was said of it already.
    is_followed: bool,
    asked: Instant,
}

impl Refer {
    pub(super) fn is_about(&self, id: RequestId) -> bool {
        self.id == Some(id)
    }

    pub(super) fn name(&mut self, id: RequestId) {
        self.id = Some(id);
    }

    /// When the far end's silence is an answer.
    pub(super) fn poll_timeout(&self) -> Instant {
        self.asked + if self.is_followed { PATIENCE } else { SILENCE }
    }
}

impl Session {
    /// Asks the peer to call somebody else.
    pub(in crate::ua::leg) fn refer(&mut self, referral: Referral, common: &mut Common, hop: &mut Hop, now: Instant) {
        let can = common.peer.refers && matches!(self.bye, Bye::None) && self.answer.is_none() && self.refer.is_none();
        if !can {
            return tell(ReferralProgress::Unsupported, common);
        }
        self.send_refer(referral, false, common, hop, now);
    }

    /// Takes the response to it.
    pub(super) fn refer_response(&mut self, response: &Response, common: &mut Common, hop: &mut Hop, now: Instant) {
        if response.status().is_provisional() {
            return;
        }
        let Some(refer) = self.refer.as_mut() else { return };
        match response.status().code() {
            200..=299 => {
                // One without a subscription (RFC 4488) leaves nothing to follow but the end of the call.
                refer.id = None;
                common.authorized();
                tell(ReferralProgress::Accepted, common);
            }
            401 | 407 if !refer.is_repeated && common.challenged_in(&self.dialog, response).is_ok() => {
                let referral = refer.referral.clone();
                self.send_refer(referral, true, common, hop, now);
            }
            // RFC 3261 section 12.2.1.2: the peer has no such dialog any more.
            code @ (408 | 481) => {
                common.tell_end(Cause::Failure(failure_for_status(code, &response.reason())));
                self.refer = None;
                self.hang_up(common, hop);
            }
            code if means_never(code) => {
                self.refer = None;
                common.peer.refers = false;
                tell(ReferralProgress::Unsupported, common);
            }
            code => self.refer_failed(failure_for_status(code, &response.reason()), common),
        }
    }

    /// It got no response.
    pub(super) fn refer_unanswered(&mut self, why: Unanswered, common: &mut Common) {
        self.refer_failed(of_silence(why), common);
    }

    /// Takes a NOTIFY. One that nobody has subscribed to belongs to nothing (RFC 6665 section 4.1.3).
    pub(super) fn take_notify(&mut self, id: ServerId, request: &Request, common: &mut Common) {
        let event = match request.headers().event() {
            Ok(Some(event)) if event.is(REFER_EVENT) => event,
            Ok(Some(_)) => return common.respond(id, request, StatusCode::BAD_EVENT),
            Ok(None) | Err(_) => return common.respond(id, request, StatusCode::BAD_REQUEST),
        };
        let is_of = |refer: &Refer| event.id.as_ref().is_none_or(|id| *id == refer.number.to_string());
        let Some(refer) = self.refer.as_mut().filter(|refer| is_of(refer)) else {
            return common.respond(id, request, StatusCode::CALL_DOES_NOT_EXIST);
        };
        refer.is_followed = true;
        common.respond(id, request, StatusCode::OK);
        let told = request.headers().content_type().is_ok_and(|kind| kind.is_some_and(|kind| kind.is(SIPFRAG)));
        let status = if told { fragment_status(request.body()) } else { None };
        let is_over =
            request.headers().subscription_state().is_ok_and(|state| state.is_some_and(|state| state.is_over()));
        match status.map(|(status, reason)| (status.code(), reason)) {
            Some((180..=189, _)) if !is_over => tell(ReferralProgress::Ringing, common),
            Some((100..=199, _)) | None if !is_over => tell(ReferralProgress::Accepted, common),
            Some((200..=299, _)) => {
                self.refer = None;
                tell(ReferralProgress::Completed, common);
            }
            Some((code @ 300.., reason)) => self.refer_failed(failure_for_status(code, &reason), common),
            Some(_) | None => self.refer_failed(silent(), common),
        }
    }

    /// Waits no longer for a peer that says nothing.
    pub(super) fn refer_timeout(&mut self, common: &mut Common, now: Instant) {
        if self.refer.as_ref().is_some_and(|refer| refer.poll_timeout() <= now) {
            self.refer_failed(silent(), common);
        }
    }

    fn refer_failed(&mut self, failure: Failure, common: &mut Common) {
        if self.refer.take().is_some() {
            tell(ReferralProgress::Failed(Cause::Failure(failure)), common);
        }
    }

    fn send_refer(&mut self, referral: Referral, is_repeated: bool, common: &mut Common, hop: &mut Hop, now: Instant) {
        let built = refer_to(&referral, common).and_then(|refer_to| {
            // Who asks (RFC 3892): our side of the dialog.
            let (contact, by) = (self.dialog.contact().clone(), NameAddr::new(self.dialog.local().uri.clone()));
            let finish = |request: offhook_sip::message::RequestBuilder| {
                request.contact(&contact).refer_to(&refer_to).address(HeaderName::ReferredBy, &by)
            };
            self.ask(Method::Refer, finish, common, hop)
        });
        let (request, next_hop) = match built {
            Ok(built) => built,
            Err(failure) => {
                self.refer = None;
                return tell(ReferralProgress::Failed(Cause::Failure(failure)), common);
            }
        };
        let number = request.headers().cseq().map_or(0, |cseq| cseq.number);
        let asked = self.refer.as_ref().map_or(now, |refer| refer.asked);
        self.refer = Some(Refer { id: None, referral, number, is_repeated, is_followed: false, asked });
        common.send(Some(self.dialog.id()), Sending::Refer, request, next_hop);
    }
}

/// The address that a referral means: as the account would dial it.
fn refer_to(referral: &Referral, common: &Common) -> Result<ReferTo, Failure> {
    let uri = match &common.account {
        Some(account) => at_home(account.target(&referral.to)?, account).into(),
        None => Uri::parse(referral.to.as_bytes()).map_err(|error| unsendable(&BuildError::from(error)))?,
    };
    let replaces = referral.replaces.as_ref().map(|dialog| Replaces::parse(dialog.as_bytes())).transpose();
    let replaces = replaces.map_err(|error| unsendable(&BuildError::from(error)))?;
    Ok(ReferTo::new(NameAddr::new(uri), replaces))
}

/// The far end does not know by which port we reach our server: where that is the target's too, it stands in the address.
fn at_home(target: SipUri, account: &SipAccount) -> SipUri {
    let home = &account.next_hop;
    let is_home = target.port().is_none() && !target.is_secure() && target.host().matches(&home.host);
    match target.user_decoded() {
        Some(user) if is_home && home.port.is_some() => {
            SipUri::new(home.clone()).with_user(&String::from_utf8_lossy(&user))
        }
        _ => target,
    }
}

/// Whether a refusal says that the peer does no such thing, rather than that it will not do this one.
fn means_never(status: u16) -> bool {
    matches!(status, 403 | 405 | 406 | 415 | 416 | 420 | 421 | 489 | 501 | 505)
}

fn silent() -> Failure {
    let sentence = "The far end did not say what became of the transfer.";
    Failure { sip_status: Some(408), ..Failure::new(ErrorCode::Timeout, sentence) }
}

fn tell(progress: ReferralProgress, common: &mut Common) {
    common.event(LegEvent::Referral(progress));
}
