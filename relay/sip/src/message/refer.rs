//! What REFER and its NOTIFYs say (RFC 3515, 4488, 6665): whom to call, how far that has come, whether more follows.

use std::fmt;

use super::uri::escape;
use super::{Fault, Method, NameAddr, Params, Replaces, StatusCode, Uri, grammar};

/// The media type of a NOTIFY's body: a message, or the beginning of one (RFC 3420).
pub const SIPFRAG: &str = "message/sipfrag";

/// The event package of every REFER.
pub const REFER_EVENT: &str = "refer";

/// Whom a REFER asks to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferTo {
    /// The address, without what it wants to be called with.
    pub address: NameAddr,
    /// The dialog whose place the call is to take.
    pub replaces: Option<Replaces>,
}

impl ReferTo {
    /// Whoever is to be called, in place of whom where that is said.
    #[must_use]
    pub const fn new(address: NameAddr, replaces: Option<Replaces>) -> Self {
        Self { address, replaces }
    }

    /// Reads the header's value. Headers that the address carries are left out, but for Replaces: whoever sends a
    /// REFER does not write our INVITE.
    ///
    /// # Errors
    /// An address that cannot be read, another method than INVITE, or a Replaces that names no dialog.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let address = NameAddr::parse(bytes)?;
        let Uri::Sip(uri) = &address.uri else { return Ok(Self { address, replaces: None }) };
        if uri.param("method").is_some_and(|method| !method.eq_ignore_ascii_case(Method::Invite.as_str())) {
            return Err(Fault("a REFER for another method than INVITE is not understood"));
        }
        let headers = uri.headers().unwrap_or_default().split('&').filter_map(|header| header.split_once('='));
        let mut named = headers.filter(|(name, _)| escape::decode(name).eq_ignore_ascii_case(b"Replaces"));
        let replaces = named.next().map(|(_, value)| Replaces::parse(&escape::decode(value))).transpose()?;
        if named.next().is_some() {
            return Err(Fault("an address wants to replace two dialogs"));
        }
        let uri = uri.clone().without_headers().without_param("method");
        Ok(Self { address: NameAddr { uri: uri.into(), ..address }, replaces })
    }
}

impl fmt::Display for ReferTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NameAddr { uri, .. } = &self.address;
        match &self.replaces {
            Some(replaces) => {
                let replaces = escape::encode(&replaces.to_string(), escape::is_unreserved);
                write!(f, "<{uri}?Replaces={replaces}>")
            }
            None => write!(f, "<{uri}>"),
        }
    }
}

/// The Event header (RFC 6665 section 8.2.1): a package, and which of several subscriptions to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The package, as `refer`.
    pub package: String,
    /// Which subscription, where there may be several.
    pub id: Option<String>,
}

impl Event {
    /// Reads the header's value.
    ///
    /// # Errors
    /// A package that is no token, or parameters that cannot be read.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let (package, params) = with_params(bytes)?;
        Ok(Self { package, id: params.value("id").map(str::to_owned) })
    }

    /// Whether it is of this package; their names are compared as they are written.
    #[must_use]
    pub fn is(&self, package: &str) -> bool {
        self.package == package
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id.as_deref().filter(|id| grammar::is_token(id.as_bytes())) {
            Some(id) => write!(f, "{};id={id}", self.package),
            None => f.write_str(&self.package),
        }
    }
}

/// The Subscription-State header (RFC 6665 section 8.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionState {
    /// More will be told, for this many seconds where that is said.
    Active(Option<u32>),
    /// Whether anything is told is not decided.
    Pending(Option<u32>),
    /// Nothing more will be told; the reason is a word such as `noresource`.
    Terminated(Option<String>),
}

impl SubscriptionState {
    /// Reads the header's value. A state that nobody knows is an active one (RFC 6665 section 4.1.3).
    ///
    /// # Errors
    /// A state that is no token, or parameters that cannot be read.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let (state, params) = with_params(bytes)?;
        let expires = || params.value("expires").and_then(|seconds| seconds.parse().ok());
        Ok(match state.to_ascii_lowercase().as_str() {
            "terminated" => Self::Terminated(params.value("reason").map(str::to_owned)),
            "pending" => Self::Pending(expires()),
            _ => Self::Active(expires()),
        })
    }

    /// Whether nothing more will be told.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Terminated(_))
    }
}

impl fmt::Display for SubscriptionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expiring = |f: &mut fmt::Formatter<'_>, state: &str, expires: &Option<u32>| match expires {
            Some(seconds) => write!(f, "{state};expires={seconds}"),
            None => f.write_str(state),
        };
        match self {
            Self::Active(expires) => expiring(f, "active", expires),
            Self::Pending(expires) => expiring(f, "pending", expires),
            Self::Terminated(Some(reason)) if grammar::is_token(reason.as_bytes()) => {
                write!(f, "terminated;reason={reason}")
            }
            Self::Terminated(_) => f.write_str("terminated"),
        }
    }
}

/// The status line of a fragment (RFC 3420): how far a call has come that somebody else makes. What follows it is not
/// looked at. `None` where it does not begin with one.
#[must_use]
pub fn fragment_status(body: &[u8]) -> Option<(StatusCode, String)> {
    let line = body.split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
    let (version, rest) = grammar::split_once(line, b' ')?;
    if !version.eq_ignore_ascii_case(b"SIP/2.0") {
        return None;
    }
    let (code, reason) = grammar::split_once(rest, b' ').unwrap_or((rest, b""));
    let code = grammar::decimal(code).and_then(|code| u16::try_from(code).ok()).and_then(StatusCode::new)?;
    let reason = grammar::lossy(grammar::trim(reason));
    Some((code, reason.chars().filter(|c| !c.is_control()).take(MAX_REASON).collect()))
}

/// The fragment that tells a status.
#[must_use]
pub fn status_fragment(status: StatusCode, reason: &str) -> String {
    let clean: String = reason.chars().filter(|c| !c.is_control()).take(MAX_REASON).collect();
    let reason = if clean.is_empty() { status.reason() } else { &clean };
    format!("SIP/2.0 {status} {reason}\r\n")
}

/// The most characters of a reason phrase that are passed on.
const MAX_REASON: usize = 128;

/// A token and the parameters after it.
fn with_params(bytes: &[u8]) -> Result<(String, Params), Fault> {
    let (token, params) = match grammar::split_once(bytes, b';') {
        Some((token, params)) => (token, Params::parse(params)?),
        None => (bytes, Params::new()),
    };
    let token = grammar::trim(token);
    if !grammar::is_token(token) {
        return Err(Fault("the value does not begin with a token"));
    }
    Ok((grammar::lossy(token), params))
}

#[cfg(test)]
#[path = "refer_tests.rs"]
mod tests;
