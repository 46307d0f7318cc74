//! The answer to a challenge: the value of Authorization and Proxy-Authorization
//! (RFC 7616 section 3.4).

use std::fmt;

use subtle::ConstantTimeEq as _;

use super::auth_params::{self, AuthParams};
use super::{Algorithm, Challenge, Credentials, Password, Qop};
use crate::message::Method;

/// The answer to a Digest challenge.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization {
    /// The user name.
    pub username: String,
    /// The realm of the challenge.
    pub realm: String,
    /// The nonce of the challenge.
    pub nonce: String,
    /// The Request-URI the answer was made for.
    pub uri: String,
    /// What the challenge wanted back.
    pub opaque: Option<String>,
    /// The algorithm, where the challenge named one.
    pub algorithm: Option<Algorithm>,
    /// How the answer protects the request; `None` for servers older than RFC 2617.
    pub protection: Option<Protection>,
    /// The client nonce of a session algorithm without protection.
    session_cnonce: Option<String>,
    response: String,
}

/// The parts of an answer that go with `qop`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protection {
    /// What is protected.
    pub qop: Qop,
    /// How often the nonce was used, this time included.
    pub nonce_count: u32,
    /// The client nonce.
    pub cnonce: String,
}

/// The request an answer is made for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    /// The method.
    pub(super) method: &'a Method,
    /// The Request-URI as it stands in the request line.
    pub(super) uri: &'a str,
    /// The body; looked at for `auth-int` only.
    pub(super) body: &'a [u8],
}

impl Authorization {
    /// Answers a challenge for the `nonce_count`-th time.
    pub(super) fn answer(
        challenge: &Challenge,
        credentials: &Credentials,
        subject: Subject<'_>,
        cnonce: &str,
        nonce_count: u32,
    ) -> Self {
        let protection = challenge.qop.map(|qop| Protection { qop, nonce_count, cnonce: cnonce.to_owned() });
        let bare_session = protection.is_none() && challenge.algorithm().is_session();
        let mut answer = Self {
            username: credentials.username.clone(),
            realm: challenge.realm.clone(),
            nonce: challenge.nonce.clone(),
            uri: subject.uri.to_owned(),
            opaque: challenge.opaque.clone(),
            algorithm: challenge.algorithm,
            protection,
            session_cnonce: bare_session.then(|| cnonce.to_owned()),
            response: String::new(),
        };
        answer.response = answer.expected(&credentials.password, subject.method, subject.body);
        answer
    }

    /// Reads a header's value; `None` when it is no Digest answer, or lacks a part it must have.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let all = AuthParams::parse_all(value);
        let params = all.iter().find(|params| params.is_digest())?;
        let text = |name: &str| params.value(name).map(str::to_owned);
        let algorithm = match params.value("algorithm") {
            Some(name) => Some(Algorithm::parse(name)?),
            None => None,
        };
        let protection = match params.value("qop") {
            Some(qop) => Some(Protection {
                qop: Qop::parse(qop)?,
                nonce_count: u32::from_str_radix(params.value("nc")?, 16).ok()?,
                cnonce: text("cnonce")?,
            }),
            None => None,
        };
        Some(Self {
            username: text("username")?,
            realm: text("realm")?,
            nonce: text("nonce")?,
            uri: text("uri")?,
            opaque: text("opaque"),
            algorithm,
            session_cnonce: protection.is_none().then(|| text("cnonce")).flatten(),
            protection,
            response: text("response")?,
        })
    }

    /// Whether the answer was made with this password, compared in constant time.
    #[must_use]
    pub fn is_made_with(&self, password: &Password, method: &Method, body: &[u8]) -> bool {
        let expected = self.expected(password, method, body);
        let given = self.response.to_ascii_lowercase();
        expected.as_bytes().ct_eq(given.as_bytes()).into()
    }

    /// RFC 7616 sections 3.4.1 to 3.4.3.
    fn expected(&self, password: &Password, method: &Method, body: &[u8]) -> String {
        let algorithm = self.algorithm.unwrap_or(Algorithm::Md5);
        let hash = |parts: &[&str]| algorithm.hash(parts.join(":").as_bytes());
        let mut key = hash(&[&self.username, &self.realm, password.expose()]);
        if algorithm.is_session() {
            key = hash(&[&key, &self.nonce, self.cnonce()]);
        }
        let is_body_protected = |p: &Protection| p.qop == Qop::AuthInt;
        let request = if self.protection.as_ref().is_some_and(is_body_protected) {
            hash(&[method.as_str(), &self.uri, &algorithm.hash(body)])
        } else {
            hash(&[method.as_str(), &self.uri])
        };
        match &self.protection {
            None => hash(&[&key, &self.nonce, &request]),
            Some(protection) => {
                hash(&[&key, &self.nonce, &protection.count(), &protection.cnonce, protection.qop.as_str(), &request])
            }
        }
    }

    fn cnonce(&self) -> &str {
        let protected = self.protection.as_ref().map(|p| p.cnonce.as_str());
        protected.or(self.session_cnonce.as_deref()).unwrap_or_default()
    }
}

impl Protection {
    /// The nonce count as eight hexadecimal digits.
    fn count(&self) -> String {
        format!("{:08x}", self.nonce_count)
    }
}

impl fmt::Display for Authorization {
    /// The header's value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        auth_params::push_quoted(&mut out, "username", &self.username);
        auth_params::push_quoted(&mut out, "realm", &self.realm);
        auth_params::push_quoted(&mut out, "nonce", &self.nonce);
        auth_params::push_quoted(&mut out, "uri", &self.uri);
        auth_params::push_quoted(&mut out, "response", &self.response);
        if let Some(algorithm) = self.algorithm {
            auth_params::push_token(&mut out, "algorithm", algorithm.as_str());
        }
        if let Some(opaque) = &self.opaque {
            auth_params::push_quoted(&mut out, "opaque", opaque);
        }
        if let Some(cnonce) = &self.session_cnonce {
            auth_params::push_quoted(&mut out, "cnonce", cnonce);
        }
        if let Some(protection) = &self.protection {
            auth_params::push_token(&mut out, "qop", protection.qop.as_str());
            auth_params::push_quoted(&mut out, "cnonce", &protection.cnonce);
            auth_params::push_token(&mut out, "nc", &protection.count());
        }
        f.write_str(&out)
    }
}

impl fmt::Debug for Authorization {
    /// Nonces and the response are hidden.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("username", &self.username)
            .field("realm", &self.realm)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "authorization_tests.rs"]
mod tests;
