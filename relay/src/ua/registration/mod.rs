//! One account's binding at its registrar (RFC 3261 section 10): made, refreshed before it expires, and removed.
//!
//! Sans-I/O: responses and the time come in, [`RegistrationOutput`]s come out. Each request is one transaction, so no
//! request of ours waits longer than the transaction layer's patience.

mod binding;
mod grant;
mod outcome;
pub(super) mod retry;

use std::time::{Duration, Instant};

use offhook_protocol::{ErrorCode, Failure, RegistrationState};
use offhook_sip::digest::{Client, DigestError};
use offhook_sip::message::{
    BuildError, CallId, Contact, Fault, HeaderName, Method, NameAddr, Request, Response, SipUri, Uri,
};

use super::account::SipAccount;
use super::dispatch::ALLOW;
use super::hop::Hop;
use super::outbox::{NextHop, Unanswered};
use crate::config::Destinations;
use binding::Binding;
use grant::Grant;
use outcome::Outcome;
pub(super) use outcome::refused;

/// The longest binding asked for on a 423's word, in seconds: a day.
const MAX_EXPIRES: u32 = 86_400;

/// Redirections followed for one registration: enough for any plan, too few for a loop.
const MAX_REDIRECTS: u8 = 3;

/// Within this time all phones of a server that went away come back to it.
const COME_BACK: Duration = Duration::from_secs(1);

/// What the registration wants.
#[derive(Debug)]
pub(super) enum RegistrationOutput {
    /// Send this and report its response, timeout or transport error back.
    Send(Box<Request>, NextHop),
    /// Tell the session.
    Changed(RegistrationState, Option<Failure>),
}

/// What a registration is made with.
#[derive(Debug)]
pub(super) struct Means<'a> {
    /// Whose it is.
    pub(super) account: &'a SipAccount,
    /// The challenges the account has met.
    pub(super) digest: &'a mut Client,
    /// This relay.
    pub(super) hop: &'a mut Hop,
    /// Where redirections may lead.
    pub(super) destinations: &'a Destinations,
    /// Whether the Contact follows what the server sees of us (`sip.nat`).
    pub(super) nat: bool,
}

/// What does not change from registration to registration.
#[derive(Debug)]
pub(super) struct Terms<'a> {
    /// What is asked for, in seconds.
    pub(super) expires: u32,
    /// The `User-Agent` header.
    pub(super) user_agent: &'a str,
    /// What the registrar recognises it by, as a URN.
    pub(super) instance: &'a str,
    /// Whether a GRUU is asked for.
    pub(super) gruu: bool,
}

/// The binding of one account.
#[derive(Debug)]
pub(super) struct Registration {
    call_id: CallId,
    from_tag: String,
    binding: Binding,
    cseq: u32,
    expires: u32,
    user_agent: String,
    state: State,
    /// What the registrar granted last; nothing before it did.
    grant: Option<Grant>,
    /// Where a redirection has led the registration.
    detour: Option<Detour>,
    redirects: u8,
    /// What the session knows.
    told: Option<Told>,
    /// Attempts that failed in a row.
    losses: u32,
}

/// A state, and what it failed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    state: RegistrationState,
    code: Option<ErrorCode>,
    sip_status: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No binding, and no request under way.
    Unbound,
    /// A REGISTER is under way. A session that leaves meanwhile waits for its end (RFC 3261 section 10.2).
    Binding { leaving: bool },
    /// The binding holds; the refresh is due then.
    Bound { refresh: Instant },
    /// There is no binding, or it is not known to hold; it is tried again then.
    Lost { retry: Instant },
    /// The REGISTER that removes the binding is under way.
    Unbinding,
}

/// Another way to a registrar than the account's own.
#[derive(Debug)]
struct Detour {
    hop: NextHop,
    /// The registrar, where it is another one (301, 302).
    registrar: Option<SipUri>,
    /// The proxy before it (305).
    route: Option<NameAddr>,
}

impl Registration {
    /// A registration that has not begun. `contact` is where the registrar sends calls.
    ///
    /// # Errors
    /// Never in practice: the Call-ID is of our own making.
    pub(super) fn new(
        contact: NameAddr,
        terms: &Terms<'_>,
        account: &SipAccount,
        hop: &mut Hop,
    ) -> Result<Self, Fault> {
        Ok(Self {
            call_id: CallId::new(&hop.token())?,
            from_tag: hop.token(),
            binding: Binding::new(contact, terms.instance, account.protocol)?.asking_for_gruu(terms.gruu),
            cseq: 0,
            expires: terms.expires,
            user_agent: terms.user_agent.to_owned(),
            state: State::Unbound,
            grant: None,
            detour: None,
            redirects: 0,
            told: None,
            losses: 0,
        })
    }

    /// When [`Registration::refresh`] is due.
    #[must_use]
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Bound { refresh: at } | State::Lost { retry: at } => Some(at),
            _ => None,
        }
    }

    /// Whether the registrar may hold a binding, or a request about one is under way.
    #[must_use]
    pub(super) fn may_be_bound(&self) -> bool {
        self.state != State::Unbound
    }

    /// Where peers reach the account in dialogs: the GRUU that the registrar gave, else the Contact as the registrar's
    /// side sees it.
    #[must_use]
    pub(super) fn address(&self) -> NameAddr {
        let gruu = self.grant.as_ref().and_then(|grant| grant.gruu.clone()).filter(|_| self.binding.wants_gruu());
        gruu.unwrap_or_else(|| self.binding.address())
    }

    /// The way that the account's later requests take (RFC 3608).
    #[must_use]
    pub(super) fn service_route(&self) -> &[NameAddr] {
        self.grant.as_ref().map_or(&[], |grant| &grant.service_route)
    }

    /// Makes or refreshes the binding.
    pub(super) fn refresh(&mut self, means: &mut Means<'_>) -> Vec<RegistrationOutput> {
        self.state = State::Binding { leaving: false };
        self.send(means)
    }

    /// Removes the binding.
    pub(super) fn remove(&mut self, means: &mut Means<'_>) -> Vec<RegistrationOutput> {
        match self.state {
            // What was never there need not be removed.
            State::Lost { .. } if self.grant.is_none() => {
                self.state = State::Unbound;
                Vec::new()
            }
            State::Bound { .. } | State::Lost { .. } => self.unbind(means),
            State::Binding { .. } => {
                self.state = State::Binding { leaving: true };
                Vec::new()
            }
            State::Unbound | State::Unbinding => Vec::new(),
        }
    }

    /// The connection that calls come in by is gone: it is made again at once.
    pub(super) fn flow_lost(&mut self, hop: &mut Hop, now: Instant) {
        if let State::Bound { .. } = self.state {
            self.state = State::Lost { retry: now + retry::part(COME_BACK, hop.number()) };
        }
    }

    /// Takes the final response to the REGISTER under way.
    pub(super) fn receive(
        &mut self,
        response: &Response,
        means: &mut Means<'_>,
        now: Instant,
    ) -> Vec<RegistrationOutput> {
        let leaving = self.state == State::Binding { leaving: true };
        match response.status().code() {
            100..=199 => Vec::new(),
            200..=299 => {
                means.digest.accepted();
                means.digest.next_nonce(response);
                if leaving { self.unbind(means) } else { self.accepted(response, means, now) }
            }
            300..=399 => self.redirected(response, means, now),
            401 | 407 => self.challenged(response, leaving, means, now),
            423 => match response.headers().min_expires().filter(|least| *least > self.expires) {
                Some(least) if least <= MAX_EXPIRES && self.state != State::Unbinding => {
                    self.expires = least;
                    self.follow(response, means);
                    self.send(means)
                }
                _ => self.failed(Outcome::of_response(response), means.hop, now),
            },
            // The first hop lacks what RFC 5626 needs (its section 11.6); without it, it will do.
            439 if self.binding.is_outbound() && !leaving => {
                self.binding.give_up_outbound();
                self.send(means)
            }
            _ => self.failed(Outcome::of_response(response), means.hop, now),
        }
    }

    /// The REGISTER under way got no answer, or could not be sent.
    pub(super) fn unanswered(&mut self, why: Unanswered, hop: &mut Hop, now: Instant) -> Vec<RegistrationOutput> {
        self.failed(Outcome::of_silence(why), hop, now)
    }

    fn accepted(&mut self, response: &Response, means: &mut Means<'_>, now: Instant) -> Vec<RegistrationOutput> {
        if self.state == State::Unbinding {
            self.state = State::Unbound;
            return self.tell(RegistrationState::Unregistered, None);
        }
        let grant = Grant::read(response, &self.binding);
        tracing::debug!(
            expires = grant.expires,
            path = grant.path,
            outbound = grant.outbound,
            "a registration is granted"
        );
        let lasts = retry::refresh_after(grant.expires.unwrap_or(self.expires));
        self.grant = Some(grant);
        self.losses = 0;
        self.redirects = 0;
        if self.follow(response, means) {
            return self.send(means);
        }
        self.binding.settled();
        self.state = State::Bound { refresh: now + lasts };
        self.tell(RegistrationState::Registered, None)
    }

    /// Answers a challenge of the account's own server. Elsewhere, where a redirection may have led, nobody is given an
    /// answer that a password could be guessed from.
    fn challenged(
        &mut self,
        response: &Response,
        leaving: bool,
        means: &mut Means<'_>,
        now: Instant,
    ) -> Vec<RegistrationOutput> {
        if !self.is_at_home(means.account) {
            return self.failed(Outcome::of_stranger(response), means.hop, now);
        }
        match means.digest.challenged(response) {
            Ok(()) if leaving => self.unbind(means),
            Ok(()) => {
                self.follow(response, means);
                self.send(means)
            }
            Err(error) => self.failed(Outcome::of_challenge(&error, response), means.hop, now),
        }
    }

    /// Goes where the server says, once, if the relay may (RFC 3261 sections 8.1.3.4 and 21.3).
    fn redirected(&mut self, response: &Response, means: &mut Means<'_>, now: Instant) -> Vec<RegistrationOutput> {
        let detour = match self.state {
            State::Binding { leaving: false } if self.redirects < MAX_REDIRECTS => detour(response, means),
            _ => None,
        };
        let Some(detour) = detour else {
            return self.failed(Outcome::of_redirection(response), means.hop, now);
        };
        self.redirects = self.redirects.saturating_add(1);
        self.detour = Some(detour);
        self.send(means)
    }

    fn is_at_home(&self, account: &SipAccount) -> bool {
        self.detour.as_ref().is_none_or(|detour| account.is_home(&detour.hop.host_port.host))
    }

    /// Moves the Contact to where the server sees us; `true` when it moved.
    fn follow(&mut self, response: &Response, means: &Means<'_>) -> bool {
        let seen = binding::seen(response).filter(|_| means.nat);
        seen.is_some_and(|seen| self.binding.move_to(seen, self.grant.is_some()))
    }

    /// What may pass is tried again later, and so is what held before, unless the registrar does not want it.
    fn failed(&mut self, outcome: Outcome, hop: &mut Hop, now: Instant) -> Vec<RegistrationOutput> {
        let Outcome { failure, passing, wanted } = outcome;
        self.detour = None;
        self.redirects = 0;
        let hopeless = matches!(failure.code, ErrorCode::Unauthorized | ErrorCode::NotFound);
        let again = passing || (self.grant.is_some() && !hopeless);
        if !again || self.state != (State::Binding { leaving: false }) {
            return self.give_up(failure);
        }
        self.state = State::Lost { retry: now + retry::retry_after(self.losses, wanted, hop.number()) };
        self.losses = self.losses.saturating_add(1);
        self.tell(RegistrationState::Failed, Some(failure))
    }

    fn give_up(&mut self, failure: Failure) -> Vec<RegistrationOutput> {
        let was = std::mem::replace(&mut self.state, State::Unbound);
        match was {
            // The session is gone or going: the binding expires by itself.
            State::Unbinding | State::Binding { leaving: true } => self.tell(RegistrationState::Unregistered, None),
            _ => self.tell(RegistrationState::Failed, Some(failure)),
        }
    }

    /// Tells the session what it does not know yet.
    fn tell(&mut self, state: RegistrationState, failure: Option<Failure>) -> Vec<RegistrationOutput> {
        let code = failure.as_ref().map(|failure| failure.code);
        let told = Told { state, code, sip_status: failure.as_ref().and_then(|failure| failure.sip_status) };
        if self.told.replace(told) == Some(told) {
            return Vec::new();
        }
        vec![RegistrationOutput::Changed(state, failure)]
    }

    fn unbind(&mut self, means: &mut Means<'_>) -> Vec<RegistrationOutput> {
        self.state = State::Unbinding;
        self.send(means)
    }

    fn send(&mut self, means: &mut Means<'_>) -> Vec<RegistrationOutput> {
        let hop = match &self.detour {
            Some(detour) => detour.hop.clone(),
            None => NextHop::of_registrar(means.account),
        };
        match self.request(&hop, means) {
            Ok(request) => vec![RegistrationOutput::Send(Box::new(request), hop)],
            Err(error) => self.give_up(Failure::new(
                ErrorCode::InvalidField,
                format!("The registration cannot be written as a SIP message: {error}."),
            )),
        }
    }

    fn request(&mut self, hop: &NextHop, means: &mut Means<'_>) -> Result<Request, DigestError> {
        let account = means.account;
        self.cseq = self.cseq.saturating_add(1);
        let address = account.identity(None);
        let expires = if self.state == State::Unbinding { 0 } else { self.expires };
        let via = means.hop.via(hop.protocol).map_err(BuildError::from)?;
        let registrar = self.detour.as_ref().and_then(|detour| detour.registrar.clone());
        let mut builder = Request::builder(Method::Register, registrar.unwrap_or_else(|| account.domain_uri()).into())
            .via(&via)
            .from(&address.clone().with_tag(&self.from_tag).map_err(BuildError::from)?)
            .to(&address)
            .call_id(&self.call_id)
            .cseq(self.cseq)
            .contact(self.binding.contact());
        if let Some(outdated) = self.binding.outdated() {
            let mut outdated = outdated.clone();
            outdated.params.set("expires", Some("0")).map_err(BuildError::from)?;
            builder = builder.contact(&outdated);
        }
        let route = match &self.detour {
            Some(detour) => detour.route.clone(),
            None => account.route(),
        };
        if let Some(route) = route {
            builder = builder.route(&route);
        }
        let mut request = builder
            .header(HeaderName::Expires, expires)
            .header(HeaderName::Supported, self.binding.supported())
            .header(HeaderName::Allow, ALLOW)
            .header(HeaderName::UserAgent, &self.user_agent)
            .build()?;
        if self.is_at_home(account) {
            means.digest.authorize(&mut request, &means.hop.token())?;
        }
        Ok(request)
    }
}

/// The first way that a redirection names and the relay may go.
fn detour(response: &Response, means: &Means<'_>) -> Option<Detour> {
    response.headers().contacts().flatten().find_map(|contact| {
        let Contact::Addr(NameAddr { uri, .. }) = contact else { return None };
        let hop = NextHop::of_uri(&uri, means.account.protocol)?;
        let Uri::Sip(uri) = uri else { return None };
        if !means.destinations.allow(&hop.host_port.host.to_string()) {
            return None;
        }
        let mut there = SipUri::new(uri.host_port().clone());
        if let Some(transport) = uri.param("transport") {
            there = there.with_param("transport", Some(transport));
        }
        Some(match response.status().code() {
            305 => Detour { hop, registrar: None, route: Some(NameAddr::new(there.with_param("lr", None))) },
            _ => Detour { hop, registrar: Some(there), route: None },
        })
    })
}

#[cfg(test)]
mod tests;
