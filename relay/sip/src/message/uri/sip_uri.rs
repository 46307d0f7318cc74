//! `sip:` and `sips:` URIs.

use std::borrow::Cow;
use std::fmt;

use super::escape;
use crate::message::{Fault, Host, HostPort};

/// Most parameters of one URI: comparing two looks every one of each up in the other.
const MAX_PARAMS: usize = 64;

/// A SIP or SIPS URI. Its parts are kept as they were written, with their escapes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SipUri {
    secure: bool,
    user: Option<String>,
    password: Option<String>,
    host_port: HostPort,
    params: Vec<(String, Option<String>)>,
    headers: Option<String>,
}

impl SipUri {
    /// `sip:host`.
    #[must_use]
    pub const fn new(host_port: HostPort) -> Self {
        Self { secure: false, user: None, password: None, host_port, params: Vec::new(), headers: None }
    }

    /// The same URI with this user part, escaped where it must be.
    #[must_use]
    pub fn with_user(mut self, user: &str) -> Self {
        self.user = Some(escape::encode(user, is_user));
        self
    }

    /// The same URI with a parameter, in its old place or at the end, escaped where it must be.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: Option<&str>) -> Self {
        let value = value.map(|value| escape::encode(value, is_param));
        match self.params.iter_mut().find(|param| names(param, name)) {
            Some(param) => param.1 = value,
            None => self.params.push((escape::encode(name, is_param), value)),
        }
        self
    }

    /// The same URI without a parameter.
    #[must_use]
    pub fn without_param(mut self, name: &str) -> Self {
        self.params.retain(|param| !names(param, name));
        self
    }

    /// The same URI at another host and port.
    #[must_use]
    pub fn with_host_port(mut self, host_port: HostPort) -> Self {
        self.host_port = host_port;
        self
    }

    /// The same URI without headers (the part after `?`), as a Request-URI must be.
    #[must_use]
    pub fn without_headers(mut self) -> Self {
        self.headers = None;
        self
    }

    /// The same as a `sips` URI: over TLS only (section 26.2.2).
    #[must_use]
    pub fn secured(self) -> Self {
        Self { secure: true, ..self }
    }

    /// Whether it is `sips:`.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// The user part as written, with its escapes.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The user part with its escapes undone. It may hold any byte, NUL and line breaks included.
    #[must_use]
    pub fn user_decoded(&self) -> Option<Cow<'_, [u8]>> {
        self.user.as_deref().map(escape::decode)
    }

    /// Host and port.
    #[must_use]
    pub const fn host_port(&self) -> &HostPort {
        &self.host_port
    }

    /// The host.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host_port.host
    }

    /// The port, where one was given.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.host_port.port
    }

    /// The value of a parameter as written; `None` when it is absent or has no value.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|param| names(param, name))?.1.as_deref()
    }

    /// Whether a parameter is there, with or without a value (`lr`, say).
    #[must_use]
    pub fn has_param(&self, name: &str) -> bool {
        self.params.iter().any(|param| names(param, name))
    }

    /// The part after `?`, as written.
    #[must_use]
    pub fn headers(&self) -> Option<&str> {
        self.headers.as_deref()
    }

    /// Equivalence as RFC 3261 section 19.1.4 defines it.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.secure == other.secure
            && same_escaped(self.user.as_deref(), other.user.as_deref())
            && same_escaped(self.password.as_deref(), other.password.as_deref())
            && self.host_port.host.matches(&other.host_port.host)
            && self.host_port.port == other.host_port.port
            && self.params_agree(other)
            && other.params_agree(self)
            && same_headers(self.headers.as_deref(), other.headers.as_deref())
    }

    /// A parameter in both must have the same value; `user`, `ttl`, `method`, `maddr` and
    /// `transport` must be in both or none.
    ///
    /// None may stand twice (section 19.1.1); of one that does, the first counts.
    fn params_agree(&self, other: &Self) -> bool {
        self.params.iter().all(|(name, _)| match (self.first_param(name), other.first_param(name)) {
            (Some(Some(ours)), Some(Some(theirs))) => {
                escape::decode(ours).eq_ignore_ascii_case(&escape::decode(theirs))
            }
            (ours, Some(theirs)) => ours == Some(theirs),
            (_, None) => {
                !["user", "ttl", "method", "maddr", "transport"].iter().any(|strict| strict.eq_ignore_ascii_case(name))
            }
        })
    }

    /// The value of the first parameter of this name: none where it has no value.
    fn first_param(&self, name: &str) -> Option<&Option<String>> {
        self.params.iter().find(|param| names(param, name)).map(|(_, value)| value)
    }

    /// Reads what follows `sip:` or `sips:`.
    pub(super) fn parse(secure: bool, text: &str) -> Result<Self, Fault> {
        if !escape::is_well_formed(text) {
            return Err(Fault("a percent sign in the URI begins no escape"));
        }
        let (userinfo, rest) = match text.split_once('@') {
            Some((_, rest)) if rest.contains('@') => {
                return Err(Fault("the URI holds more than one @"));
            }
            Some((userinfo, rest)) => (Some(userinfo), rest),
            None => (None, text),
        };
        let (rest, headers) = match rest.split_once('?') {
            Some((rest, headers)) => (rest, Some(headers.to_owned())),
            None => (rest, None),
        };
        let (host_port, params) = match rest.split_once(';') {
            Some((host_port, params)) => (host_port, parse_params(params)?),
            None => (rest, Vec::new()),
        };
        let (user, password) = parse_userinfo(userinfo)?;
        Ok(Self { secure, user, password, host_port: host_port.parse()?, params, headers })
    }

    /// The URI for people: a password is hidden.
    pub(super) fn fmt_redacted(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, |_| "***")
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, show_password: impl Fn(&str) -> &str) -> fmt::Result {
        f.write_str(if self.secure { "sips:" } else { "sip:" })?;
        if let Some(user) = &self.user {
            f.write_str(user)?;
            if let Some(password) = &self.password {
                write!(f, ":{}", show_password(password))?;
            }
            f.write_str("@")?;
        }
        write!(f, "{}", self.host_port)?;
        for (name, value) in &self.params {
            write!(f, ";{name}")?;
            if let Some(value) = value {
                write!(f, "={value}")?;
            }
        }
        match &self.headers {
            Some(headers) => write!(f, "?{headers}"),
            None => Ok(()),
        }
    }
}

type UserInfo = (Option<String>, Option<String>);

fn parse_userinfo(userinfo: Option<&str>) -> Result<UserInfo, Fault> {
    let Some(userinfo) = userinfo else {
        return Ok((None, None));
    };
    let (user, password) = match userinfo.split_once(':') {
        Some((user, password)) => (user, Some(password.to_owned())),
        None => (userinfo, None),
    };
    if user.is_empty() {
        return Err(Fault("the user part of the URI is empty"));
    }
    Ok((Some(user.to_owned()), password))
}

fn parse_params(text: &str) -> Result<Vec<(String, Option<String>)>, Fault> {
    let mut params = Vec::new();
    let mut parts = text.split(';').peekable();
    while let Some(part) = parts.next() {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (part, None),
        };
        if name.is_empty() {
            // One semicolon too many at the end is common and harmless.
            if value.is_none() && parts.peek().is_none() {
                break;
            }
            return Err(Fault("a URI parameter has no name"));
        }
        if params.len() >= MAX_PARAMS {
            return Err(Fault("the URI has more parameters than are accepted"));
        }
        params.push((name.to_owned(), value));
    }
    Ok(params)
}

fn names(param: &(String, Option<String>), name: &str) -> bool {
    escape::decode(&param.0).eq_ignore_ascii_case(&escape::decode(name))
}

fn same_escaped(a: Option<&str>, b: Option<&str>) -> bool {
    a.map(escape::decode) == b.map(escape::decode)
}

/// URI headers match when both sides have the same set, in any order.
fn same_headers(a: Option<&str>, b: Option<&str>) -> bool {
    let sorted = |headers: Option<&str>| {
        let mut parts: Vec<Vec<u8>> =
            headers.unwrap_or_default().split('&').map(|part| escape::decode(part).to_ascii_lowercase()).collect();
        parts.sort();
        parts
    };
    sorted(a) == sorted(b)
}

/// `user` of RFC 3261 section 25.1, without the characters that trouble other readers.
const fn is_user(byte: u8) -> bool {
    escape::is_unreserved(byte) || matches!(byte, b'&' | b'=' | b'+' | b'$' | b',' | b'/')
}

/// `paramchar` of RFC 3261 section 25.1.
const fn is_param(byte: u8) -> bool {
    escape::is_unreserved(byte) || matches!(byte, b'[' | b']' | b'/' | b':' | b'&' | b'+' | b'$')
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, |password| password)
    }
}

impl fmt::Debug for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_redacted(f)
    }
}

#[cfg(test)]
#[path = "sip_uri_tests.rs"]
mod tests;
