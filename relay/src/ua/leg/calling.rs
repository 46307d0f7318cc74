//! Our INVITE until its final response (RFC 3261 section 13.2): challenges, redirects, early media, CANCEL.

use std::time::Instant;

use bytes::Bytes;
use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::dialog::{Dialog, DialogId, Fork, Forks, RELIABLE};
use offhook_sip::message::{CallId, HeaderName, Method, NameAddr, Request, Response, SipUri, StatusCode, Uri};
use offhook_sip::transaction::ServerId;

use super::early::{EarlyDialogs, Heard};
use super::invite::{of_silence, unsendable};
use super::redirect;
use super::session::{Sent, Session};
use super::{Common, LegOutput, Sending, State};
use crate::call::{Cause, Description, Extras, Identity, LegEvent};
use crate::ua::Reliable;
use crate::ua::hop::Hop;
use crate::ua::outbox::{NextHop, RequestId, Unanswered};
use crate::ua::{extras, identity, reason};

/// Redirects followed before a call is given up: enough for any plan, too few for a loop.
const MAX_REDIRECTS: u8 = 5;

/// An INVITE under way.
#[derive(Debug)]
pub(super) struct Calling {
    invite: Request,
    next_hop: NextHop,
    id: Option<RequestId>,
    forks: Forks,
    early: EarlyDialogs,
    redirects: u8,
    /// The call is over for the core; a 2xx is still to be acknowledged and ended.
    given_up: bool,
}

impl Calling {
    /// Sends the INVITE.
    pub(super) fn begin(
        target: SipUri,
        from: &Identity,
        (offer, extras): (Option<Description>, &Extras),
        common: &mut Common,
        hop: &mut Hop,
    ) -> State {
        match Self::first(target, from, (offer, extras), common, hop) {
            Ok(calling) => {
                common.send(None, Sending::Invite, calling.invite.clone(), calling.next_hop.clone());
                State::Calling(Box::new(calling))
            }
            Err(failure) => common.fail(failure),
        }
    }

    fn first(
        target: SipUri,
        from: &Identity,
        (offer, extras): (Option<Description>, &Extras),
        common: &mut Common,
        hop: &mut Hop,
    ) -> Result<Self, Failure> {
        let account = common.account.clone().ok_or_else(no_account)?;
        common.exchange.add_lines(&extras.sdp_lines);
        if extras.hidden.is_some() && common.contact.uri.sip().is_some_and(|uri| uri.has_param("gr")) {
            // A public GRUU is the address of record (RFC 5627 section 3.3); requests in the dialog find it without.
            let user = hop.token();
            common.contact = hop.contact(&user, account.protocol);
        }
        let offer = match offer {
            Some(audio) => common.exchange.offer(&audio)?,
            None => common.exchange.offer_again()?,
        };
        let built = || {
            let via = hop.via(account.protocol)?;
            let named = account.caller(extras.hidden.as_ref().unwrap_or(from));
            let from = if extras.hidden.is_some() { identity::anonymous() } else { named.clone() };
            let from = from.with_tag(&hop.token())?;
            let mut request = Request::builder(Method::Invite, target.clone().into())
                .via(&via)
                .from(&from)
                .to(&NameAddr::new(target))
                .call_id(&CallId::new(&hop.token())?)
                .cseq(1)
                .contact(&common.contact);
            for route in account.routes() {
                request = request.route(&route);
            }
            if common.policy.reliable == Reliable::Required {
                request = request.header(HeaderName::Require, RELIABLE);
            }
            request = common.carried(request);
            if extras.hidden.is_some() {
                request = request.header(HeaderName::Privacy, "id");
            }
            let is_known = extras.hidden.as_ref().is_none_or(|caller| *caller != Identity::anonymous());
            if account.asserts_callers && is_known {
                request = request.address(HeaderName::PAssertedIdentity, &named);
            }
            extras::into_request(common.invite(request, offer), extras).build()
        };
        let mut invite = built().map_err(|error| unsendable(&error))?;
        let next_hop = NextHop::of_account(&account);
        common.authorize(&mut invite, &next_hop, hop)?;
        Ok(Self {
            invite,
            next_hop,
            id: None,
            forks: Forks::new(),
            early: EarlyDialogs::default(),
            redirects: 0,
            given_up: false,
        })
    }

    /// The name of the INVITE, or of a request in one of its dialogs, that was sent.
    pub(super) fn sent(&mut self, id: RequestId, dialog: Option<&DialogId>) {
        match dialog {
            Some(dialog) => self.early.sent(id, dialog),
            None => self.id = Some(id),
        }
    }

    /// The INVITE, as it was sent last.
    pub(super) fn id(&self) -> Option<RequestId> {
        self.id
    }

    /// The early dialogs.
    pub(super) fn dialogs(&self) -> impl Iterator<Item = &DialogId> {
        self.early.ids()
    }

    /// Takes a request in one of them.
    pub(super) fn request(&mut self, id: ServerId, request: &Request, common: &mut Common) {
        self.early.request(id, request, common);
    }

    /// The core wants the call to end.
    pub(super) fn give_up(mut self: Box<Self>, cause: Cause, extras: &Extras, common: &mut Common) -> State {
        let reason = reason::of_cancel(&cause, extras);
        common.tell_end(cause);
        self.given_up = true;
        match self.id {
            Some(id) => {
                common.outputs.push(LegOutput::Cancel(id, reason));
                State::Calling(self)
            }
            None => State::Over,
        }
    }

    /// Takes a response to the INVITE.
    pub(super) fn response(
        mut self: Box<Self>,
        id: RequestId,
        response: &Response,
        common: &mut Common,
        hop: &mut Hop,
        now: Instant,
    ) -> State {
        if self.id != Some(id) {
            self.early.prack_response(id, response, common, hop);
            return State::Calling(self);
        }
        let status = response.status();
        match status.code() {
            100 => common.event(LegEvent::Trying),
            101..=199 => self.provisional(response, common, hop),
            200..=299 => return self.answered(id, response, common, hop, now),
            300..=399 => return self.redirected(response, common, hop),
            401 | 407 if !self.given_up && self.is_at_home(common) => {
                return match self.answer_challenge(response, common, hop) {
                    Ok(invite) => self.again(invite, common),
                    Err(failure) => common.fail(failure),
                };
            }
            401 | 407 if !self.given_up && common.digest.is_some() => {
                return common.fail(redirect::challenged(response));
            }
            // RFC 4028 section 7.3: the same with a longer interval.
            422 if !self.given_up && common.timer.too_small(response.headers()) => {
                return match self.ask_longer(common, hop) {
                    Ok(invite) => self.again(invite, common),
                    Err(failure) => common.fail(failure),
                };
            }
            // RFC 4568 section 7.1.2: a peer that cannot take what is offered encrypted says so.
            415 | 488 | 606 if !self.given_up => {
                let Some(offer) = common.exchange.offer_in_the_clear() else { return common.refused(response) };
                return match self.offering(offer, common, hop) {
                    Ok(invite) => self.again(invite, common),
                    Err(failure) => common.fail(failure),
                };
            }
            _ => return common.refused(response),
        }
        State::Calling(self)
    }

    /// The INVITE with another offer.
    fn offering(&self, offer: Bytes, common: &mut Common, hop: &mut Hop) -> Result<Request, Failure> {
        let mut invite = Common::anew(&self.invite, self.next_hop.protocol, hop).map_err(|error| unsendable(&error))?;
        invite.set_body(offer).map_err(|error| unsendable(&error))?;
        common.authorized();
        common.authorize(&mut invite, &self.next_hop, hop)?;
        Ok(invite)
    }

    /// Whether the INVITE goes to the account's own server. Elsewhere, where a redirect may have led, nobody is given
    /// an answer that a password could be guessed from.
    pub(super) fn is_at_home(&self, common: &Common) -> bool {
        common.is_home(&self.next_hop.host_port.host)
    }

    fn answer_challenge(&self, response: &Response, common: &mut Common, hop: &mut Hop) -> Result<Request, Failure> {
        common.challenged(response)?;
        let mut invite = Common::anew(&self.invite, self.next_hop.protocol, hop).map_err(|error| unsendable(&error))?;
        common.authorize(&mut invite, &self.next_hop, hop)?;
        Ok(invite)
    }

    fn ask_longer(&self, common: &Common, hop: &mut Hop) -> Result<Request, Failure> {
        let again = Common::anew(&self.invite, self.next_hop.protocol, hop);
        let mut invite = again.map_err(|error| unsendable(&error))?;
        for (name, value) in common.timer.request_headers() {
            invite.headers_mut().set(name, value).map_err(|error| unsendable(&error))?;
        }
        Ok(invite)
    }

    /// The INVITE got no response.
    pub(super) fn unanswered(self: Box<Self>, id: RequestId, why: Unanswered, common: &mut Common) -> State {
        if self.id != Some(id) {
            return State::Calling(self);
        }
        common.fail(of_silence(why))
    }

    fn provisional(&mut self, response: &Response, common: &mut Common, hop: &mut Hop) {
        let has_tag = response.headers().to().is_ok_and(|to| to.tag().is_some());
        let heard = match has_tag.then(|| self.early.receive(&self.invite, response, common, hop)) {
            Some(Ok(Heard::Nothing)) => return,
            Some(Ok(Heard::News(heard))) => heard,
            // Without a dialog there is one phone that is heard of, or so it has to be taken.
            None => common.exchange.early_answer(response.body()).map(|(audio, commands)| {
                common.media(commands);
                audio
            }),
            Some(Err(error)) => {
                tracing::debug!(%error, "a provisional response makes no dialog");
                None
            }
        };
        common.event(match response.status() {
            StatusCode::RINGING => LegEvent::Ringing(heard, extras::of_response(response)),
            _ => LegEvent::Progress(heard, extras::of_response(response)),
        });
    }

    fn answered(
        mut self: Box<Self>,
        id: RequestId,
        response: &Response,
        common: &mut Common,
        hop: &mut Hop,
        now: Instant,
    ) -> State {
        let mut early = None;
        let dialog = match self.forks.receive(&self.invite, response) {
            Ok(Fork::Won(id)) => {
                early = self.early.take(&id);
                self.forks.take(&id)
            }
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(%error, "an answer cannot be acknowledged");
                None
            }
        };
        let Some(dialog) = dialog else {
            return common.fail(Failure::new(
                ErrorCode::Rejected,
                "The far end answered in a way that makes no call. Its SIP trace will show what is missing.",
            ));
        };
        let mut is_settled = false;
        let dialog = match early {
            None => dialog,
            // The phone that answers has had a session of its own; its requests are numbered on.
            Some(mut early) => {
                is_settled = early.is_settled;
                common.exchange = early.exchange;
                match early.dialog.receive_response(response) {
                    Ok(()) => early.dialog,
                    Err(_) => dialog,
                }
            }
        };
        self.session(id, (dialog, is_settled), response, common, hop, now)
    }

    fn session(
        self: Box<Self>,
        id: RequestId,
        (dialog, is_settled): (Dialog, bool),
        response: &Response,
        common: &mut Common,
        hop: &mut Hop,
        now: Instant,
    ) -> State {
        common.authorized();
        common.peer.learn(response.headers());
        let given_up = self.given_up;
        common.answered = Some((id, self.invite.clone()));
        let sent = Sent { id, invite: self.invite, forks: self.forks };
        let mut session = Box::new(Session::of_caller(dialog, sent, response));
        session.acknowledge(response, common, hop);
        if given_up {
            session.hang_up(common, hop);
            return State::Session(session);
        }
        let answer = match is_settled {
            true => common.exchange.settled_answer(),
            false => common.exchange.final_answer(response.body()),
        };
        match answer {
            Ok((audio, commands)) => {
                common.media(commands);
                let supervise = common.exchange.supervise();
                common.media(supervise);
                common.timer.accepted(response.headers(), now);
                common.event(LegEvent::Answered(audio, extras::of_response(response)));
                common.connected_identity(response.headers());
            }
            Err(failure) => {
                common.tell_end(Cause::Failure(failure));
                session.hang_up(common, hop);
            }
        }
        State::Session(session)
    }

    /// Follows the Contact that is wanted most among those that may be called (RFC 3261 section 8.1.3.4).
    fn redirected(self: Box<Self>, response: &Response, common: &mut Common, hop: &mut Hop) -> State {
        if self.given_up || self.redirects >= MAX_REDIRECTS {
            return common.refused(response);
        }
        if common.user.is_some() {
            return common.fail(redirect::forwarded(response));
        }
        let targets = redirect::targets(response);
        if targets.is_empty() {
            return common.refused(response);
        }
        let Some(target) = targets.into_iter().find(|target| common.may_call(target)) else {
            return common.fail(redirect::forbidden(response));
        };
        let mut next = self;
        next.redirects = next.redirects.saturating_add(1);
        common.authorized();
        match next.redirect(&Uri::Sip(target), common, hop) {
            Ok(invite) => next.again(invite, common),
            Err(failure) => common.fail(failure),
        }
    }

    /// The INVITE for where a redirect leads: the way of the account's requests, where there is one, else straight there.
    fn redirect(&mut self, target: &Uri, common: &mut Common, hop: &mut Hop) -> Result<Request, Failure> {
        let proxied = common.is_proxied();
        if !proxied {
            self.next_hop = NextHop::of_uri(target, common.protocol).ok_or_else(|| {
                Failure::new(ErrorCode::Unreachable, "The call was sent on to an address that cannot be reached.")
            })?;
        }
        let again = Common::anew(&self.invite, self.next_hop.protocol, hop);
        let mut invite = again.map_err(|error| unsendable(&error))?;
        invite.set_uri(target).map_err(|error| unsendable(&error))?;
        if proxied {
            common.authorize(&mut invite, &self.next_hop, hop)?;
            return Ok(invite);
        }
        // The answer to one server's challenge is nothing for another.
        invite.headers_mut().remove(&HeaderName::Authorization);
        invite.headers_mut().remove(&HeaderName::ProxyAuthorization);
        if !self.is_at_home(common) {
            // Who calls is asserted to the trunk that is trusted with it, and to nobody else.
            invite.headers_mut().remove(&HeaderName::PAssertedIdentity);
        }
        Ok(invite)
    }

    /// Sends the INVITE anew.
    fn again(mut self: Box<Self>, invite: Request, common: &mut Common) -> State {
        self.invite = invite;
        self.forks = Forks::new();
        self.early.clear();
        self.id = None;
        common.send(None, Sending::Invite, self.invite.clone(), self.next_hop.clone());
        State::Calling(self)
    }
}

fn no_account() -> Failure {
    Failure::new(ErrorCode::Internal, "The SIP leg has no account. This is a fault of the relay.")
}
