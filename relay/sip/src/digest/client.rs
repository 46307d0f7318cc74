//! The client's side: which challenges were met, and how to answer them.

use super::auth_params::AuthParams;
use super::authorization::Subject;
use super::{Authorization, Challenge, Credentials, Qop};
use crate::message::{BuildError, HeaderName, Request, Response, StatusCode};

/// How many times in a row a server may call our nonce stale before that is taken for a refusal.
const STALE_LIMIT: u32 = 3;

/// Challenges in a row, of whatever realms, before they are taken for a refusal: a server may make up a new realm
/// each time, and would be sent requests for ever.
const CHALLENGE_LIMIT: u32 = 8;

/// Realms kept at once. A forking proxy may add one challenge a branch; more is no telephone.
const REALM_LIMIT: usize = 8;

/// Answers challenges with one user's credentials, and keeps nonces for the requests that follow.
#[derive(Debug, Clone)]
pub struct Client {
    credentials: Credentials,
    realms: Vec<Realm>,
    challenges_in_a_row: u32,
}

/// The strongest challenge of a realm.
#[derive(Debug, Clone)]
struct Asked {
    challenge: Challenge,
    /// The same without the body, where `challenge` covers the body and the server does not insist on that.
    bodiless: Option<Challenge>,
}

/// What is known of one realm of a server (401) or a proxy (407).
#[derive(Debug, Clone)]
struct Realm {
    is_proxy: bool,
    asked: Asked,
    /// Somebody on the way changes bodies: an answer that covered one was refused.
    bodies_change: bool,
    /// The latest answer covered a body.
    covered_body: bool,
    /// Answers made with this nonce.
    nonce_count: u32,
    /// Kept for session algorithms, whose key it is part of.
    cnonce: Option<String>,
    /// Whether a request with an answer got through since the credentials were last refused.
    proven: bool,
    stale_in_a_row: u32,
}

/// Why a challenge is not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestError {
    /// The server refused the credentials. Ask the user for the right password.
    #[error("the server refused the user name or password")]
    Rejected,
    /// No challenge can be answered: another scheme, algorithm or protection. Tell the user that
    /// the server wants something this client lacks.
    #[error("the server asks for a way of signing in that is not supported")]
    Unsupported,
    /// The user name or realm cannot stand in a header. Refuse the user name.
    #[error("the credentials cannot be sent: {0}")]
    Unsendable(#[from] BuildError),
}

impl Client {
    /// A client that has met no challenge.
    #[must_use]
    pub const fn new(credentials: Credentials) -> Self {
        Self { credentials, realms: Vec::new(), challenges_in_a_row: 0 }
    }

    /// Takes the challenges of a 401 or 407 response. After this the request is sent again, with
    /// the answers of [`Client::authorize`].
    ///
    /// The caller makes sure that the response comes from the server the credentials are for: an answer lets whoever
    /// gets it guess the password at leisure.
    ///
    /// # Errors
    /// The same credentials were refused before, the server never stops asking, or no challenge can be answered.
    pub fn challenged(&mut self, response: &Response) -> Result<(), DigestError> {
        let is_proxy = response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED;
        let name = match is_proxy {
            true => HeaderName::ProxyAuthenticate,
            false => HeaderName::WwwAuthenticate,
        };
        let challenges: Vec<Challenge> =
            response.headers().all(&name).flat_map(|header| Challenge::parse_all(header.value())).collect();
        let chosen = strongest_of_each_realm(challenges);
        if chosen.is_empty() {
            return Err(DigestError::Unsupported);
        }
        self.challenges_in_a_row = self.challenges_in_a_row.saturating_add(1);
        if self.challenges_in_a_row > CHALLENGE_LIMIT {
            return Err(DigestError::Rejected);
        }
        chosen.into_iter().try_for_each(|asked| self.take(is_proxy, asked))
    }

    /// Notes that a request with answers was not challenged: the credentials are right. A later
    /// challenge then only means that the nonce has run out.
    pub fn accepted(&mut self) {
        self.challenges_in_a_row = 0;
        for realm in self.realms.iter_mut().filter(|realm| realm.nonce_count > 0) {
            realm.proven = true;
            realm.stale_in_a_row = 0;
        }
    }

    /// Takes the nonce that a response names for the next request (RFC 7616 section 3.5, RFC 7615), which saves a
    /// challenge. The header names no realm, so it counts only where one is known.
    pub fn next_nonce(&mut self, response: &Response) {
        let infos = [(HeaderName::AuthenticationInfo, false), (HeaderName::from("Proxy-Authentication-Info"), true)];
        for (name, is_proxy) in infos {
            let Some(header) = response.headers().first(&name) else { continue };
            let params = AuthParams::parse_bare(header.value());
            let Some(nonce) = params.value("nextnonce").filter(|nonce| !nonce.is_empty()) else { continue };
            let mut realms = self.realms.iter_mut().filter(|realm| realm.is_proxy == is_proxy);
            if let (Some(realm), None) = (realms.next(), realms.next()) {
                realm.continue_with(nonce);
            }
        }
    }

    /// Puts the answer to every challenge met so far into a request, in place of older answers.
    /// `cnonce` is a fresh random token.
    ///
    /// # Errors
    /// The user name cannot stand in a header.
    pub fn authorize(&mut self, request: &mut Request, cnonce: &str) -> Result<(), DigestError> {
        let uri = String::from_utf8_lossy(request.raw_uri()).into_owned();
        let answers: Vec<(HeaderName, Authorization)> = self
            .realms
            .iter_mut()
            .map(|realm| {
                let subject = Subject { method: request.method(), uri: &uri, body: request.body() };
                let answer = realm.answer(&self.credentials, subject, cnonce);
                (realm.header(), answer)
            })
            .collect();
        let headers = request.headers_mut();
        headers.remove(&HeaderName::Authorization);
        headers.remove(&HeaderName::ProxyAuthorization);
        for (name, answer) in answers {
            headers.push(name, answer)?;
        }
        Ok(())
    }

    fn take(&mut self, is_proxy: bool, asked: Asked) -> Result<(), DigestError> {
        let realm = &asked.challenge.realm;
        let same = |known: &&mut Realm| known.is_proxy == is_proxy && known.asked.challenge.realm == *realm;
        if let Some(realm) = self.realms.iter_mut().find(same) {
            return realm.challenged_again(asked);
        }
        if self.realms.len() >= REALM_LIMIT {
            self.realms.remove(0);
        }
        self.realms.push(Realm {
            is_proxy,
            asked,
            bodies_change: false,
            covered_body: false,
            nonce_count: 0,
            cnonce: None,
            proven: false,
            stale_in_a_row: 0,
        });
        Ok(())
    }
}

impl Realm {
    /// A second challenge refuses the answer to the first, unless it says that the nonce alone was
    /// old, or the credentials were right before (servers that forget to say `stale`). An answer that covered the body
    /// gets another chance without it: a gateway on the way may have changed the body.
    fn challenged_again(&mut self, asked: Asked) -> Result<(), DigestError> {
        if self.nonce_count > 0 {
            if asked.challenge.stale && self.stale_in_a_row < STALE_LIMIT {
                self.stale_in_a_row = self.stale_in_a_row.saturating_add(1);
            } else if self.covered_body && !self.bodies_change && asked.bodiless.is_some() {
                self.bodies_change = true;
            } else if self.proven {
                self.proven = false;
            } else {
                return Err(DigestError::Rejected);
            }
        }
        self.asked = asked;
        self.forget_count();
        Ok(())
    }

    /// Goes on with another nonce. The key of a session algorithm holds the first one: it stays until the server
    /// challenges anew.
    fn continue_with(&mut self, nonce: &str) {
        if self.asked.challenge.algorithm().is_session() {
            return;
        }
        self.asked.challenge.nonce = nonce.to_owned();
        if let Some(bodiless) = self.asked.bodiless.as_mut() {
            bodiless.nonce = nonce.to_owned();
        }
        self.forget_count();
    }

    fn forget_count(&mut self) {
        self.nonce_count = 0;
        self.cnonce = None;
    }

    fn answer(&mut self, credentials: &Credentials, subject: Subject<'_>, cnonce: &str) -> Authorization {
        self.nonce_count = self.nonce_count.saturating_add(1);
        let challenge = self.asked.bodiless.as_ref().filter(|_| self.bodies_change).unwrap_or(&self.asked.challenge);
        self.covered_body = challenge.qop == Some(Qop::AuthInt) && !subject.body.is_empty();
        let keep = challenge.algorithm().is_session();
        let cnonce = match &self.cnonce {
            Some(kept) if keep => kept.clone(),
            _ => cnonce.to_owned(),
        };
        let answer = Authorization::answer(challenge, credentials, subject, &cnonce, self.nonce_count);
        self.cnonce = Some(cnonce);
        answer
    }

    const fn header(&self) -> HeaderName {
        match self.is_proxy {
            true => HeaderName::ProxyAuthorization,
            false => HeaderName::Authorization,
        }
    }
}

/// RFC 8760 lets a server offer several algorithms for one realm; the strongest is taken, the
/// first of equals. Of one challenge, the protection that covers more comes first.
fn strongest_of_each_realm(challenges: Vec<Challenge>) -> Vec<Asked> {
    let mut chosen: Vec<Asked> = Vec::new();
    for challenge in challenges {
        let known = chosen.iter_mut().find(|known| known.challenge.realm == challenge.realm);
        if let Some(known) = known {
            if challenge.algorithm() > known.challenge.algorithm() {
                *known = Asked { challenge, bodiless: None };
            } else if known.is_same_without_body(&challenge) {
                known.bodiless = Some(challenge);
            }
        } else if chosen.len() < REALM_LIMIT {
            chosen.push(Asked { challenge, bodiless: None });
        }
    }
    chosen
}

impl Asked {
    fn is_same_without_body(&self, other: &Challenge) -> bool {
        let both = (self.challenge.qop, other.qop) == (Some(Qop::AuthInt), Some(Qop::Auth));
        both && *other == Challenge { qop: other.qop, ..self.challenge.clone() }
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
