//! One account's binding at its registrar (RFC 3261 section 10): made, refreshed before it expires, and removed.
//!
//! Sans-I/O: responses and the time come in, [`RegistrationOutput`]s come out. Each request is one transaction, so no
//! request of ours waits longer than the transaction layer's patience.

use std::time::{Duration, Instant};

use offhook_protocol::{ErrorCode, Failure, RegistrationState};
use offhook_sip::digest::{Client, DigestError};
use offhook_sip::message::{BuildError, CallId, Contact, Fault, HeaderName, Method, NameAddr, Request, Response};

use super::account::SipAccount;
use super::hop::Hop;
use super::outbox::Unanswered;
use crate::call::failure_for_status;

/// The longest binding asked for on a 423's word, in seconds: a day.
const MAX_EXPIRES: u32 = 86_400;

/// The shortest time between two refreshes, whatever the registrar grants.
const MIN_REFRESH: Duration = Duration::from_secs(5);

/// How long a lost binding waits for its first new attempt, and the longest it ever waits.
const RETRY: Duration = Duration::from_secs(30);
const MAX_RETRY: Duration = Duration::from_secs(600);

/// What the registration wants.
#[derive(Debug)]
pub(super) enum RegistrationOutput {
    /// Send this and report its response, timeout or transport error back.
    Send(Box<Request>),
    /// Tell the session.
    Changed(RegistrationState, Option<Failure>),
}

/// The binding of one account.
#[derive(Debug)]
pub(super) struct Registration {
    call_id: CallId,
    from_tag: String,
    contact: NameAddr,
    cseq: u32,
    expires: u32,
    user_agent: String,
    state: State,
    /// What the session knows.
    told: Option<RegistrationState>,
    /// Refreshes that failed in a row.
    losses: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No binding, and no request under way.
    Unbound,
    /// A REGISTER is under way. A session that leaves meanwhile waits for its end (RFC 3261 section 10.2).
    Binding { leaving: bool },
    /// The binding holds; the refresh is due then.
    Bound { refresh: Instant },
    /// The refresh failed; it is tried again then.
    Lost { retry: Instant },
    /// The REGISTER that removes the binding is under way.
    Unbinding,
}

impl Registration {
    /// A registration that has not begun. `contact` is where the registrar sends calls; `expires` is asked for, in
    /// seconds.
    ///
    /// # Errors
    /// Never in practice: the Call-ID is of our own making.
    pub(super) fn new(contact: NameAddr, expires: u32, user_agent: &str, hop: &mut Hop) -> Result<Self, Fault> {
        Ok(Self {
            call_id: CallId::new(&hop.token())?,
            from_tag: hop.token(),
            contact,
            cseq: 0,
            expires,
            user_agent: user_agent.to_owned(),
            state: State::Unbound,
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

    /// Makes or refreshes the binding.
    pub(super) fn refresh(
        &mut self,
        account: &SipAccount,
        digest: &mut Client,
        hop: &mut Hop,
    ) -> Vec<RegistrationOutput> {
        self.state = State::Binding { leaving: false };
        self.send(account, digest, hop)
    }

    /// Removes the binding.
    pub(super) fn remove(
        &mut self,
        account: &SipAccount,
        digest: &mut Client,
        hop: &mut Hop,
    ) -> Vec<RegistrationOutput> {
        match self.state {
            State::Bound { .. } | State::Lost { .. } => self.unbind(account, digest, hop),
            State::Binding { .. } => {
                self.state = State::Binding { leaving: true };
                Vec::new()
            }
            State::Unbound | State::Unbinding => Vec::new(),
        }
    }

    /// Takes the final response to the REGISTER under way.
    pub(super) fn receive(
        &mut self,
        response: &Response,
        account: &SipAccount,
        digest: &mut Client,
        hop: &mut Hop,
        now: Instant,
    ) -> Vec<RegistrationOutput> {
        let leaving = self.state == State::Binding { leaving: true };
        match response.status().code() {
            100..=199 => Vec::new(),
            200..=299 => {
                digest.accepted();
                if leaving { self.unbind(account, digest, hop) } else { self.accepted(response, now) }
            }
            401 | 407 => match digest.challenged(response) {
                Ok(()) if leaving => self.unbind(account, digest, hop),
                Ok(()) => self.send(account, digest, hop),
                Err(error) => self.failed(refused(&error, response), hop, now),
            },
            423 => match response.headers().min_expires().filter(|least| *least > self.expires) {
                Some(least) if least <= MAX_EXPIRES && self.state != State::Unbinding => {
                    self.expires = least;
                    self.send(account, digest, hop)
                }
                _ => self.failed(of_response(response), hop, now),
            },
            _ => self.failed(of_response(response), hop, now),
        }
    }

    /// The REGISTER under way got no answer, or could not be sent.
    pub(super) fn unanswered(&mut self, why: Unanswered, hop: &mut Hop, now: Instant) -> Vec<RegistrationOutput> {
        let failure = match why {
            Unanswered::Unreachable(fault) => Failure::new(ErrorCode::Unreachable, fault.sentence()),
            Unanswered::Timeout => Failure::new(
                ErrorCode::Timeout,
                "The SIP server did not answer the registration. Check domain, proxy and port.",
            ),
        };
        self.failed(failure, hop, now)
    }

    fn accepted(&mut self, response: &Response, now: Instant) -> Vec<RegistrationOutput> {
        if self.state == State::Unbinding {
            self.state = State::Unbound;
            return self.tell(RegistrationState::Unregistered, None);
        }
        let granted = self.granted(response);
        self.state = State::Bound { refresh: now + refresh_after(granted) };
        self.losses = 0;
        self.tell(RegistrationState::Registered, None)
    }

    /// How long the registrar keeps the binding, in seconds (RFC 3261 section 10.2.4).
    fn granted(&self, response: &Response) -> u32 {
        let headers = response.headers();
        let ours = headers.contacts().flatten().find_map(|contact| match contact {
            Contact::Addr(addr) if addr.uri.matches(&self.contact.uri) => addr.params.value("expires")?.parse().ok(),
            _ => None,
        });
        ours.or_else(|| headers.expires()).unwrap_or(self.expires)
    }

    /// A binding that held once is tried again later; one that never did, or that the registrar does not want, is not.
    fn failed(&mut self, failure: Failure, hop: &mut Hop, now: Instant) -> Vec<RegistrationOutput> {
        let wanted = matches!(self.state, State::Binding { leaving: false }) && self.told.is_some();
        let hopeless = matches!(failure.code, ErrorCode::Unauthorized | ErrorCode::NotFound);
        if !wanted || hopeless {
            return self.give_up(failure);
        }
        self.state = State::Lost { retry: now + retry_after(self.losses, hop.number()) };
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
        if self.told.replace(state) == Some(state) {
            return Vec::new();
        }
        vec![RegistrationOutput::Changed(state, failure)]
    }

    fn unbind(&mut self, account: &SipAccount, digest: &mut Client, hop: &mut Hop) -> Vec<RegistrationOutput> {
        self.state = State::Unbinding;
        self.send(account, digest, hop)
    }

    fn send(&mut self, account: &SipAccount, digest: &mut Client, hop: &mut Hop) -> Vec<RegistrationOutput> {
        match self.request(account, digest, hop) {
            Ok(request) => vec![RegistrationOutput::Send(Box::new(request))],
            Err(error) => self.give_up(Failure::new(
                ErrorCode::InvalidField,
                format!("The registration cannot be written as a SIP message: {error}."),
            )),
        }
    }

    fn request(&mut self, account: &SipAccount, digest: &mut Client, hop: &mut Hop) -> Result<Request, DigestError> {
        self.cseq = self.cseq.saturating_add(1);
        let address = account.identity(None);
        let expires = if self.state == State::Unbinding { 0 } else { self.expires };
        let via = hop.via(account.protocol).map_err(BuildError::from)?;
        let mut builder = Request::builder(Method::Register, account.domain_uri().into())
            .via(&via)
            .from(&address.clone().with_tag(&self.from_tag).map_err(BuildError::from)?)
            .to(&address)
            .call_id(&self.call_id)
            .cseq(self.cseq)
            .contact(&self.contact)
            .header(HeaderName::Expires, expires)
            .header(HeaderName::UserAgent, &self.user_agent);
        if let Some(route) = account.route() {
            builder = builder.route(&route);
        }
        let mut request = builder.build()?;
        digest.authorize(&mut request, &hop.token())?;
        Ok(request)
    }
}

/// The failure behind a challenge that is not answered.
#[must_use]
pub(super) fn refused(error: &DigestError, response: &Response) -> Failure {
    let mut failure = failure_for_status(response.status().code(), &response.reason());
    match error {
        DigestError::Rejected => {}
        other => failure.message = format!("The SIP server could not be signed in to: {other}."),
    }
    failure
}

fn of_response(response: &Response) -> Failure {
    let mut failure = failure_for_status(response.status().code(), &response.reason());
    if matches!(failure.code, ErrorCode::NotFound) {
        failure.message = "The SIP server does not know this user.".to_owned();
    }
    if matches!(failure.code, ErrorCode::NoAnswer) {
        failure.message = "The SIP server did not register this user.".to_owned();
    }
    failure
}

/// A fifth of the time is left for a refresh that is slow or has to be repeated.
fn refresh_after(granted: u32) -> Duration {
    let seconds = u64::from(granted);
    Duration::from_secs(seconds.saturating_mul(4) / 5).max(MIN_REFRESH)
}

/// RFC 5626 section 4.5: twice as long each time, and never all phones of a server at once.
fn retry_after(losses: u32, random: u64) -> Duration {
    let longest = RETRY.saturating_mul(1 << losses.min(5)).min(MAX_RETRY);
    let half = longest / 2;
    let jitter = random.checked_rem(u64::try_from(half.as_millis()).unwrap_or(u64::MAX)).unwrap_or_default();
    half.saturating_add(Duration::from_millis(jitter))
}

#[cfg(test)]
#[path = "registration_tests.rs"]
mod tests;
