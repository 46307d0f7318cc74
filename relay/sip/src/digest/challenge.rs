//! What a server asks: the value of WWW-Authenticate and Proxy-Authenticate
//! (RFC 7616 section 3.3).

use std::fmt;

use super::Algorithm;
use super::auth_params::{self, AuthParams};

/// A Digest challenge that can be answered.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Whose credentials are wanted.
    pub realm: String,
    /// The server's nonce.
    pub nonce: String,
    /// What the server wants back unchanged.
    pub opaque: Option<String>,
    /// The hash algorithm; `None` when the challenge names none, which means MD5.
    pub algorithm: Option<Algorithm>,
    /// What is to be protected; `None` for servers older than RFC 2617.
    pub qop: Option<Qop>,
    /// Whether the last answer was right but for its old nonce.
    pub stale: bool,
}

/// The quality of protection an answer uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qop {
    /// Method and URI are protected.
    Auth,
    /// Method, URI and body are protected.
    AuthInt,
}

impl Qop {
    /// The name as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }

    /// Reads the one value an answer names.
    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Auth, Self::AuthInt].into_iter().find(|qop| qop.as_str().eq_ignore_ascii_case(name))
    }

    /// Those of the list a challenge offers, the one that protects more first.
    fn offered(list: &str) -> impl Iterator<Item = Self> {
        let offers = |wanted: Self| list.split(',').any(|name| name.trim().eq_ignore_ascii_case(wanted.as_str()));
        [Self::AuthInt, Self::Auth].into_iter().filter(move |qop| offers(*qop))
    }
}

impl Challenge {
    /// The challenges of one header value that can be answered: one for each protection it offers, `auth-int` first.
    /// Other schemes, algorithms and protections are passed over, as RFC 7616 section 3.3 wants.
    #[must_use]
    pub fn parse_all(value: &[u8]) -> Vec<Self> {
        let all = AuthParams::parse_all(value);
        all.iter().flat_map(Self::read).collect()
    }

    fn read(params: &AuthParams) -> Vec<Self> {
        let Some(plain) = Self::without_qop(params) else { return Vec::new() };
        match params.value("qop").map(str::trim) {
            Some("") | None => vec![plain],
            Some(list) => Qop::offered(list).map(|qop| Self { qop: Some(qop), ..plain.clone() }).collect(),
        }
    }

    fn without_qop(params: &AuthParams) -> Option<Self> {
        if !params.is_digest() {
            return None;
        }
        let algorithm = match params.value("algorithm") {
            Some(name) => Some(Algorithm::parse(name)?),
            None => None,
        };
        Some(Self {
            realm: params.value("realm")?.to_owned(),
            nonce: params.value("nonce")?.to_owned(),
            opaque: params.value("opaque").map(str::to_owned),
            algorithm,
            qop: None,
            stale: params.value("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }

    /// The algorithm that counts.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm.unwrap_or(Algorithm::Md5)
    }
}

impl fmt::Display for Challenge {
    /// The header's value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        auth_params::push_quoted(&mut out, "realm", &self.realm);
        auth_params::push_quoted(&mut out, "nonce", &self.nonce);
        if let Some(opaque) = &self.opaque {
            auth_params::push_quoted(&mut out, "opaque", opaque);
        }
        if let Some(algorithm) = self.algorithm {
            auth_params::push_token(&mut out, "algorithm", algorithm.as_str());
        }
        if let Some(qop) = self.qop {
            auth_params::push_quoted(&mut out, "qop", qop.as_str());
        }
        if self.stale {
            auth_params::push_token(&mut out, "stale", "true");
        }
        f.write_str(&out)
    }
}

impl fmt::Debug for Challenge {
    /// The nonce is hidden: with an answer it is what a guesser needs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge")
            .field("realm", &self.realm)
            .field("algorithm", &self.algorithm)
            .field("qop", &self.qop)
            .field("stale", &self.stale)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(value: &str) -> Option<Challenge> {
        Challenge::parse_all(value.as_bytes()).pop()
    }

    #[test]
    fn a_challenge_is_read_as_it_was_written() {
        let challenge = Challenge {
            realm: "say \"hi\"".to_owned(),
            nonce: "n".to_owned(),
            opaque: Some(String::new()),
            algorithm: Some(Algorithm::Sha256Sess),
            qop: Some(Qop::Auth),
            stale: true,
        };
        assert_eq!(one(&challenge.to_string()), Some(challenge));
    }

    #[test]
    fn every_protection_of_a_quoted_list_is_read_the_stronger_first() {
        let qops = |list: &str| {
            let all = Challenge::parse_all(format!("Digest realm=r, nonce=n, qop={list}").as_bytes());
            all.into_iter().map(|one| one.qop).collect::<Vec<_>>()
        };
        assert_eq!(qops("\"auth, auth-int\""), [Some(Qop::AuthInt), Some(Qop::Auth)]);
        assert_eq!(qops("AUTH"), [Some(Qop::Auth)]);
        assert_eq!(qops("auth-int"), [Some(Qop::AuthInt)]);
        assert_eq!(qops("\"\""), [None]);
        assert_eq!(qops("token"), [], "a protection we do not have");
    }

    #[test]
    fn what_cannot_be_answered_is_passed_over() {
        assert_eq!(one("Basic realm=r, nonce=n"), None);
        assert_eq!(one("Digest realm=r, nonce=n, algorithm=SHA-1"), None);
        assert_eq!(one("Digest realm=r"), None);
        assert_eq!(one("NoOneKnowsThisScheme opaque-data=here"), None);
    }
}
