//! The registrar: users of the relay's own sign in from phones, and are reached there (RFC 3261 section 10.3, RFC 5626,
//! RFC 3327).
//!
//! Sans-I/O: requests and the time come in, what is to be answered comes out. A user is whoever knows the password; From
//! says nothing. Nothing is remembered of a request whose password is wrong.

mod bindings;
mod nonces;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Instant;

use offhook_protocol::Secret;
use offhook_sip::digest::{Algorithm, Authorization, Challenge, Password, Qop};
use offhook_sip::message::{HeaderName, Host, NameAddr, Request, Response, ResponseBuilder, StatusCode, Uri};
use offhook_sip::transaction::{ConnectionId, Destination};

use crate::config::{RegistrarConfig, Users};
use crate::limits::Guesses;
use bindings::{Bindings, Refusal};
use nonces::{Age, Nonces};

/// The users that may sign in, their bindings, and the nonces they use.
pub(super) struct Registrar {
    config: RegistrarConfig,
    /// Passwords of those that have one. Who has none cannot sign in over SIP: anybody could be called in their name.
    users: BTreeMap<String, Secret>,
    bindings: Bindings,
    nonces: Nonces,
    guesses: Guesses,
}

/// Which server asks for the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// The end: 401.
    Registrar,
    /// On the way: 407.
    Proxy,
}

/// Who sent a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Identified {
    /// This user.
    User(String),
    /// Whoever it is must be asked: there is no answer, or one to an old nonce.
    Unknown {
        /// The answer was right but for its nonce.
        stale: bool,
    },
    /// The password is wrong.
    Refused,
    /// The password of this source is not even looked at: it has guessed wrong too often.
    Ignored,
}

/// Where a user is reached.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    /// Whose phone it is.
    pub(super) user: String,
    /// Whom requests are for.
    pub(super) contact: NameAddr,
    /// Where they go.
    pub(super) flow: Destination,
    /// The proxies on their way.
    pub(super) path: Vec<NameAddr>,
}

impl Registrar {
    /// A registrar for users that have passwords.
    pub(super) fn new(config: RegistrarConfig, users: &Users, random: impl FnMut() -> u64) -> Self {
        let users = match users {
            Users::Open => BTreeMap::new(),
            Users::Named(users) => {
                users.iter().filter_map(|(name, password)| Some((name.clone(), password.clone()?))).collect()
            }
        };
        let most = config.bindings;
        Self {
            config,
            users,
            bindings: Bindings::default(),
            nonces: Nonces::new(most, random),
            guesses: Guesses::default(),
        }
    }

    /// Bindings held.
    pub(super) fn len(&self) -> usize {
        self.bindings.len()
    }

    /// Whether anybody could sign in, and a request for this host is one of theirs.
    pub(super) fn serves(&self, request: &Request) -> bool {
        let Ok(Uri::Sip(uri)) = request.uri() else { return false };
        let host = uri.host().to_string();
        !self.users.is_empty()
            && (self.config.domains.is_empty()
                || self.config.domains.iter().any(|domain| domain.eq_ignore_ascii_case(&host)))
    }

    /// Whether this is a domain whose users are ours.
    pub(super) fn is_domain(&self, host: &Host) -> bool {
        let host = host.to_string();
        self.config.domains.iter().any(|domain| domain.eq_ignore_ascii_case(&host))
    }

    /// Whether somebody at this address has a binding.
    pub(super) fn knows(&self, source: IpAddr) -> bool {
        self.bindings.has_source(source)
    }

    /// Whether a request has an answer for this realm.
    pub(super) fn is_answered(&self, request: &Request) -> bool {
        self.answers(request).next().is_some()
    }

    /// Where a user is reached, the binding renewed last first.
    pub(super) fn reaches(&self, user: &str, now: Instant) -> impl Iterator<Item = Reach> {
        self.bindings.of(user, now).rev().map(|binding| Reach {
            user: user.to_owned(),
            contact: NameAddr::new(binding.contact.uri.clone()),
            flow: binding.flow.clone(),
            path: binding.path.clone(),
        })
    }

    /// Who sent a request: whose password it was answered with.
    pub(super) fn identify(&mut self, request: &Request, source: IpAddr, now: Instant) -> Identified {
        let answers: Vec<Authorization> = self.answers(request).collect();
        if answers.is_empty() {
            return Identified::Unknown { stale: false };
        }
        if !self.guesses.may_try(source, now) {
            return Identified::Ignored;
        }
        let (mut stale, mut is_guess) = (false, false);
        for answer in answers {
            // Who has not heard our question may have written somebody else's address into a datagram: such a guess is
            // held against nobody.
            is_guess |= self.nonces.is_live(&answer.nonce, source, now);
            let algorithm = answer.algorithm.unwrap_or(Algorithm::Md5);
            let right_form = self.config.algorithms.contains(&algorithm) && answer.uri.as_bytes() == request.raw_uri();
            let Some(count) = answer.protection.as_ref().map(|protection| protection.nonce_count) else { continue };
            let Some(password) = self.users.get(&answer.username).filter(|_| right_form) else { continue };
            let password = Password::new(password.reveal());
            if !answer.is_made_with(&password, request.method(), request.body()) {
                continue;
            }
            match self.nonces.take(&answer.nonce, count, source, now) {
                Age::Fresh => return Identified::User(answer.username),
                Age::Stale => stale = true,
            }
        }
        if stale || !is_guess {
            return Identified::Unknown { stale };
        }
        self.guesses.wrong(source, now);
        Identified::Refused
    }

    /// Puts the question for the password into a refusal, for whoever is at `source`.
    pub(super) fn ask(
        &mut self,
        reply: ResponseBuilder,
        asker: Asker,
        stale: bool,
        (salt, source): (u64, IpAddr),
        now: Instant,
    ) -> ResponseBuilder {
        let nonce = self.nonces.issue(salt, source, now);
        // A client takes the first it knows (RFC 8760 section 2.4).
        self.config.algorithms.iter().copied().fold(reply, |reply, algorithm| {
            let challenge = Challenge {
                realm: self.config.realm.clone(),
                nonce: nonce.clone(),
                opaque: None,
                algorithm: Some(algorithm),
                qop: Some(Qop::Auth),
                stale,
            };
            reply.header(asker.header(), challenge)
        })
    }

    /// Does what a REGISTER of this user's asks, and answers it.
    pub(super) fn register(
        &mut self,
        user: &str,
        request: &Request,
        from: &Destination,
        now: Instant,
    ) -> ResponseBuilder {
        let named = request.headers().to().ok().and_then(|to| match &to.uri {
            Uri::Sip(uri) => uri.user_decoded().map(|user| user.into_owned()),
            _ => None,
        });
        // RFC 3261 section 10.3 step 4: nobody registers for somebody else.
        if named.as_deref() != Some(user.as_bytes()) {
            return Response::reply(request, StatusCode::FORBIDDEN);
        }
        match self.bindings.update(user, request, from, &self.config, now) {
            Ok(()) => self.registered(user, request, now),
            Err(Refusal::TooBrief) => Response::reply(request, StatusCode::INTERVAL_TOO_BRIEF)
                .header(HeaderName::MinExpires, self.config.min_expires),
            Err(Refusal::Status(status)) => Response::reply(request, status),
        }
    }

    /// A connection has ended.
    pub(super) fn flow_closed(&mut self, connection: ConnectionId) {
        self.bindings.flow_closed(connection);
    }

    /// When [`Registrar::handle_timeout`] is due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.bindings.poll_timeout()
    }

    /// Forgets the bindings that have expired.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.bindings.poll_timeout().is_some_and(|at| at <= now) {
            self.bindings.expire(now);
        }
    }

    /// The 200 with every binding of the user's (RFC 3261 section 10.3 step 8).
    fn registered(&self, user: &str, request: &Request, now: Instant) -> ResponseBuilder {
        let mut reply = Response::reply(request, StatusCode::OK).header(HeaderName::Supported, "path, outbound");
        for binding in self.bindings.of(user, now) {
            let left = binding.until.saturating_duration_since(now).as_secs();
            let mut contact = binding.contact.clone();
            if contact.params.set("expires", Some(&left.to_string())).is_ok() {
                reply = reply.header(HeaderName::Contact, contact);
            }
        }
        for path in request.headers().addresses(&HeaderName::Path).flatten() {
            reply = reply.header(HeaderName::Path, path);
        }
        reply
    }

    /// The answers for this realm, whichever server they are meant for.
    fn answers<'a>(&'a self, request: &'a Request) -> impl Iterator<Item = Authorization> + 'a {
        let headers = request.headers();
        let both = headers.all(&HeaderName::Authorization).chain(headers.all(&HeaderName::ProxyAuthorization));
        let parsed = both.filter_map(|header| Authorization::parse(header.value()));
        parsed.filter(|answer| answer.realm == self.config.realm).take(4)
    }
}

impl Asker {
    /// The status of the refusal that asks.
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Registrar => StatusCode::UNAUTHORIZED,
            Self::Proxy => StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        }
    }

    fn header(self) -> HeaderName {
        match self {
            Self::Registrar => HeaderName::WwwAuthenticate,
            Self::Proxy => HeaderName::ProxyAuthenticate,
        }
    }
}

impl fmt::Debug for Registrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registrar")
            .field("users", &self.users.len())
            .field("bindings", &self.bindings.len())
            .finish_non_exhaustive()
    }
}
