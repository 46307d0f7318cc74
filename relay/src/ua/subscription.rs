//! An account's subscription to what waits in its mailbox (RFC 6665, RFC 3842): asked for, refreshed, and ended.
//!
//! Sans-I/O. A server without such a thing (403, 404, 405, 489, 501) has quietly none.

use std::time::{Duration, Instant};

use offhook_sip::digest::{Client, DigestError};
use offhook_sip::message::{BuildError, CallId, Fault, HeaderName, Method, NameAddr, Params, Request, Response, Uri};

use super::account::SipAccount;
use super::hop::Hop;
use super::message_summary::{MESSAGE_SUMMARY, PACKAGE};
use super::outbox::NextHop;
use super::registration::retry;

/// How long a subscription is asked for, and the longest, in seconds.
const EXPIRES: u32 = 3_600;
const MAX_EXPIRES: u32 = 86_400;

/// A subscription that the server ended is asked for again after this long, at the earliest.
const AGAIN: Duration = Duration::from_secs(2);

/// Proxies that a server may put on the way.
const MAX_ROUTES: usize = 16;

/// A subscription to one mailbox.
#[derive(Debug)]
pub(super) struct Subscription {
    /// Where the mailbox's server reaches the account.
    contact: NameAddr,
    user_agent: String,
    dialog: Dialog,
    expires: u32,
    state: State,
    losses: u32,
    /// The SUBSCRIBE under way names a Contact that is not ours any more.
    is_outdated: bool,
}

/// What the server and we know the subscription by; another one begins with another.
#[derive(Debug)]
struct Dialog {
    call_id: CallId,
    local_tag: String,
    cseq: u32,
    remote: Option<NameAddr>,
    target: Option<Uri>,
    routes: Vec<NameAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A SUBSCRIBE is under way.
    Asking,
    /// It holds; the refresh is due then.
    Active { refresh: Instant },
    /// It is asked for anew then.
    Waiting { until: Instant },
    /// The server has no such thing.
    Over,
}

/// What a subscription is kept with.
#[derive(Debug)]
pub(super) struct Means<'a> {
    /// Whose mailbox it is.
    pub(super) account: &'a SipAccount,
    /// The challenges the account has met.
    pub(super) digest: &'a mut Client,
    /// This relay.
    pub(super) hop: &'a mut Hop,
}

/// A SUBSCRIBE to be sent.
pub(super) type Subscribe = Option<(Box<Request>, NextHop)>;

impl Dialog {
    fn new(hop: &mut Hop) -> Result<Self, Fault> {
        let (call_id, local_tag) = (CallId::new(&hop.token())?, hop.token());
        Ok(Self { call_id, local_tag, cseq: 0, remote: None, target: None, routes: Vec::new() })
    }
}

impl Subscription {
    /// A subscription that has not begun.
    ///
    /// # Errors
    /// Never in practice: the Call-ID is of our own making.
    pub(super) fn new(contact: NameAddr, user_agent: &str, hop: &mut Hop) -> Result<Self, Fault> {
        let dialog = Dialog::new(hop)?;
        let user_agent = user_agent.to_owned();
        Ok(Self { contact, user_agent, dialog, expires: EXPIRES, state: State::Over, losses: 0, is_outdated: false })
    }

    /// When [`Subscription::ask`] is due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Active { refresh: at } | State::Waiting { until: at } => Some(at),
            State::Asking | State::Over => None,
        }
    }

    /// What the server sends its NOTIFYs to.
    pub(super) fn tag(&self) -> &str {
        &self.dialog.local_tag
    }

    /// Follows the account's Contact, as behind a NAT; `true` where the server is to be told now.
    pub(super) fn move_to(&mut self, contact: &NameAddr) -> bool {
        if self.contact.uri == contact.uri {
            return false;
        }
        self.contact = contact.clone();
        self.is_outdated = self.state == State::Asking;
        matches!(self.state, State::Active { .. })
    }

    /// Begins or refreshes it.
    pub(super) fn ask(&mut self, means: &mut Means<'_>) -> Subscribe {
        self.is_outdated = false;
        self.state = State::Asking;
        self.send(self.expires, means)
    }

    /// Ends it at the server; nothing more is expected.
    pub(super) fn end(&mut self, means: &mut Means<'_>) -> Subscribe {
        let was = std::mem::replace(&mut self.state, State::Over);
        if matches!(was, State::Active { .. }) { self.send(0, means) } else { None }
    }

    /// Takes the final response to the SUBSCRIBE under way.
    pub(super) fn receive(&mut self, response: &Response, means: &mut Means<'_>, now: Instant) -> Subscribe {
        if self.state != State::Asking {
            return None;
        }
        match response.status().code() {
            100..=199 => return None,
            200..=299 => {
                means.digest.accepted();
                means.digest.next_nonce(response);
                self.learn(response);
                self.losses = 0;
                self.hold(response.headers().expires().unwrap_or(self.expires), now);
                if self.is_outdated {
                    return self.ask(means);
                }
            }
            401 | 407 if means.digest.challenged(response).is_ok() => return self.ask(means),
            423 => match response.headers().min_expires().filter(|least| *least > self.expires) {
                Some(least) if least <= MAX_EXPIRES => {
                    self.expires = least;
                    return self.ask(means);
                }
                _ => self.state = State::Over,
            },
            // The server has forgotten it (RFC 6665 section 4.1.2.2).
            481 if self.dialog.remote.is_some() => self.begin_anew(AGAIN, means.hop, now),
            408 | 480 | 500 | 502..=504 => {
                let pause = retry::retry_after(self.losses, retry::wanted(response), means.hop.number());
                self.losses = self.losses.saturating_add(1);
                self.begin_anew(pause, means.hop, now);
            }
            _ => self.state = State::Over,
        }
        None
    }

    /// The SUBSCRIBE got no answer.
    pub(super) fn unanswered(&mut self, hop: &mut Hop, now: Instant) {
        if self.state == State::Asking {
            let pause = retry::retry_after(self.losses, None, hop.number());
            self.losses = self.losses.saturating_add(1);
            self.begin_anew(pause, hop, now);
        }
    }

    /// Whether a NOTIFY belongs to it. The first may come before the answer to the SUBSCRIBE.
    pub(super) fn is_meant(&self, notify: &Request) -> bool {
        let headers = notify.headers();
        let ours = headers.call_id().is_ok_and(|call_id| call_id == self.dialog.call_id)
            && headers.to().is_ok_and(|to| to.tag() == Some(&self.dialog.local_tag));
        let known = self.dialog.remote.as_ref().and_then(NameAddr::tag);
        // Only the first of those a fork has made is kept.
        ours && self.state != State::Over && (known.is_none() || headers.from().is_ok_and(|from| from.tag() == known))
    }

    /// Takes a NOTIFY of its own.
    pub(super) fn notified(&mut self, notify: &Request, hop: &mut Hop, now: Instant) {
        if self.dialog.remote.is_none()
            && let Ok(from) = notify.headers().from()
        {
            self.dialog.remote = Some(from);
            self.dialog.target = notify.headers().contact().ok().flatten().map(|contact| contact.uri);
        }
        let state = notify.headers().first(&HeaderName::SubscriptionState).map(offhook_sip::message::Header::text);
        let (word, params) = match state.as_deref().map(|state| state.split_once(';').unwrap_or((state, ""))) {
            Some((word, params)) => (word.trim().to_ascii_lowercase(), Params::parse(params.as_bytes()).ok()),
            None => ("active".to_owned(), None),
        };
        let param = |name: &str| params.as_ref().and_then(|params| params.value(name).map(str::to_owned));
        if word == "terminated" {
            let wanted = param("retry-after").and_then(|text| text.parse().ok()).map(Duration::from_secs);
            match param("reason").unwrap_or_default().to_ascii_lowercase().as_str() {
                "rejected" | "noresource" | "invariant" => self.state = State::Over,
                "deactivated" | "timeout" => self.begin_anew(AGAIN, hop, now),
                _ => {
                    let pause = retry::retry_after(self.losses, wanted, hop.number());
                    self.begin_anew(pause, hop, now);
                }
            }
        } else if let Some(left) = param("expires").and_then(|text| text.parse().ok())
            && matches!(self.state, State::Active { .. })
        {
            self.hold(left, now);
        }
    }

    fn hold(&mut self, seconds: u32, now: Instant) {
        self.state = State::Active { refresh: now + retry::refresh_after(seconds.min(MAX_EXPIRES)) };
    }

    fn begin_anew(&mut self, pause: Duration, hop: &mut Hop, now: Instant) {
        self.state = State::Waiting { until: now + pause.max(AGAIN) };
        match Dialog::new(hop) {
            Ok(dialog) => self.dialog = dialog,
            Err(error) => tracing::error!(%error, "a subscription could not be begun anew"),
        }
    }

    /// Whom the answer to a SUBSCRIBE says it is with, and by which way.
    fn learn(&mut self, response: &Response) {
        let headers = response.headers();
        if let Ok(Some(contact)) = headers.contact() {
            self.dialog.target = Some(contact.uri);
        }
        if self.dialog.routes.is_empty() {
            let mut routes: Vec<NameAddr> = headers.record_routes().flatten().take(MAX_ROUTES).collect();
            routes.reverse();
            self.dialog.routes = routes;
        }
        if self.dialog.remote.is_none() {
            self.dialog.remote = headers.to().ok();
        }
    }

    fn send(&mut self, expires: u32, means: &mut Means<'_>) -> Subscribe {
        // The account's own server knows the way to whoever keeps the mailbox: nobody else is sent anything.
        let next_hop = NextHop::of_account(means.account);
        match self.request(expires, &next_hop, means) {
            Ok(request) => Some((Box::new(request), next_hop)),
            Err(error) => {
                tracing::debug!(%error, "a SUBSCRIBE cannot be written");
                self.state = State::Over;
                None
            }
        }
    }

    fn request(&mut self, expires: u32, next_hop: &NextHop, means: &mut Means<'_>) -> Result<Request, DigestError> {
        let address = means.account.identity(None);
        self.dialog.cseq = self.dialog.cseq.saturating_add(1);
        let via = means.hop.via(next_hop.protocol).map_err(BuildError::from)?;
        let target = self.dialog.target.clone().unwrap_or_else(|| means.account.address_of_record().into());
        let mut builder = Request::builder(Method::Subscribe, target)
            .via(&via)
            .from(&address.clone().with_tag(&self.dialog.local_tag).map_err(BuildError::from)?)
            .to(self.dialog.remote.as_ref().unwrap_or(&NameAddr::new(means.account.address_of_record())))
            .call_id(&self.dialog.call_id)
            .cseq(self.dialog.cseq)
            .contact(&self.contact);
        let routes = if self.dialog.remote.is_some() { self.dialog.routes.clone() } else { means.account.routes() };
        for route in &routes {
            builder = builder.route(route);
        }
        let mut request = builder
            .header(HeaderName::Event, PACKAGE)
            .header(HeaderName::Accept, MESSAGE_SUMMARY)
            .header(HeaderName::Expires, expires)
            .header(HeaderName::UserAgent, &self.user_agent)
            .build()?;
        means.digest.authorize(&mut request, &means.hop.token())?;
        Ok(request)
    }
}
