//! URIs: `sip:` and `sips:` in full (RFC 3261 section 19.1), any other scheme kept as it is.

pub(super) mod escape;
mod sip_uri;

use std::fmt;
use std::str::FromStr;

pub use sip_uri::SipUri;

use super::{Fault, grammar};

/// A URI.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Uri {
    /// `sip:` or `sips:`.
    Sip(SipUri),
    /// Another scheme (`tel:`, `http:`, `urn:` ...), kept byte by byte.
    Other(OtherUri),
}

/// A URI of a scheme that is not looked into.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OtherUri {
    text: String,
    scheme_end: usize,
}

impl Uri {
    /// Reads a URI.
    ///
    /// # Errors
    /// No scheme, white space or another character no URI has, or a SIP URI that cannot be read.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let text = std::str::from_utf8(bytes).map_err(|_| Fault("the URI is not valid UTF-8"))?;
        if let Some(byte) = text.bytes().find(|byte| !may_stand(*byte)) {
            return Err(match byte {
                b' ' | b'\t' | b'\r' | b'\n' => Fault("the URI holds white space"),
                _ => Fault("the URI holds a character no URI may hold"),
            });
        }
        let (scheme, rest) = text.split_once(':').ok_or(Fault("the URI has no scheme"))?;
        if scheme.eq_ignore_ascii_case("sip") {
            return SipUri::parse(false, rest).map(Self::Sip);
        }
        if scheme.eq_ignore_ascii_case("sips") {
            return SipUri::parse(true, rest).map(Self::Sip);
        }
        if !is_scheme(scheme) {
            return Err(Fault("the URI does not begin with a scheme"));
        }
        Ok(Self::Other(OtherUri { text: text.to_owned(), scheme_end: scheme.len() }))
    }

    /// The scheme in lower case for `sip` and `sips`, as written for others.
    #[must_use]
    pub fn scheme(&self) -> &str {
        match self {
            Self::Sip(uri) if uri.is_secure() => "sips",
            Self::Sip(_) => "sip",
            Self::Other(uri) => uri.scheme(),
        }
    }

    /// The SIP URI, when it is one.
    #[must_use]
    pub const fn sip(&self) -> Option<&SipUri> {
        match self {
            Self::Sip(uri) => Some(uri),
            Self::Other(_) => None,
        }
    }

    /// Whether both name the same resource. SIP URIs are compared as RFC 3261 section 19.1.4
    /// says, others byte by byte but for the scheme's case.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sip(a), Self::Sip(b)) => a.matches(b),
            (Self::Other(a), Self::Other(b)) => a.scheme().eq_ignore_ascii_case(b.scheme()) && a.opaque() == b.opaque(),
            _ => false,
        }
    }
}

impl OtherUri {
    /// The scheme as it was written.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.text.get(..self.scheme_end).unwrap_or_default()
    }

    /// What follows the scheme's colon.
    #[must_use]
    pub fn opaque(&self) -> &str {
        self.text.get(self.scheme_end.saturating_add(1)..).unwrap_or_default()
    }
}

/// White space, controls and the characters that end a URI in its surroundings stand in none.
/// Other characters that a strict reader would want escaped are let through.
const fn may_stand(byte: u8) -> bool {
    byte > b' ' && !matches!(byte, b'<' | b'>' | b'"' | 0x7f)
}

fn is_scheme(scheme: &str) -> bool {
    let tail = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    scheme.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && scheme.bytes().all(tail)
}

impl FromStr for Uri {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        Self::parse(grammar::trim(text.as_bytes()))
    }
}

impl From<SipUri> for Uri {
    fn from(uri: SipUri) -> Self {
        Self::Sip(uri)
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sip(uri) => uri.fmt(f),
            Self::Other(uri) => f.write_str(&uri.text),
        }
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sip(uri) => uri.fmt_redacted(f),
            Self::Other(uri) => uri.fmt(f),
        }
    }
}

impl fmt::Debug for OtherUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_schemes_are_kept() {
        let uri: Uri = "soap.beep://192.0.2.103:3002".parse().unwrap();
        assert_eq!(uri.scheme(), "soap.beep");
        assert_eq!(uri.to_string(), "soap.beep://192.0.2.103:3002");
        assert!(uri.sip().is_none());
    }

    #[test]
    fn a_uri_holds_no_white_space_and_no_angle_brackets() {
        for text in ["sip:a@b; lr", "<sip:a@b>", "sip:a b@c", "sip:\"a\"@b", "a", ":", "1a:b"] {
            assert!(Uri::parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Uri::parse(b"sip:\xff@b").is_err());
    }

    #[test]
    fn other_schemes_match_by_their_bytes() {
        let tel = |text: &str| text.parse::<Uri>().unwrap();
        assert!(tel("tel:+1").matches(&tel("TEL:+1")));
        assert!(!tel("tel:+1").matches(&tel("tel:+2")));
        assert!(!tel("tel:+1").matches(&tel("sip:+1@h")));
    }
}
