//! The Reason header (RFC 3326): why a request ends a call.

use std::fmt;

use super::{Fault, Params, grammar};

/// `protocol;cause=number;text="words"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    protocol: String,
    params: Params,
}

impl Reason {
    /// A SIP status code and what it means here.
    ///
    /// # Errors
    /// A line break or NUL in the text.
    pub fn sip(status: u16, text: &str) -> Result<Self, Fault> {
        Self::new("SIP", status, text)
    }

    /// A cause of ITU-T Q.850 and what it means here.
    ///
    /// # Errors
    /// A line break or NUL in the text.
    pub fn q850(cause: u16, text: &str) -> Result<Self, Fault> {
        Self::new("Q.850", cause, text)
    }

    fn new(protocol: &str, cause: u16, text: &str) -> Result<Self, Fault> {
        let mut params = Params::new();
        params.set_plain("cause", cause);
        params.set_quoted("text", text)?;
        Ok(Self { protocol: protocol.to_owned(), params })
    }

    /// Reads one value of the header.
    ///
    /// # Errors
    /// A protocol that is no token, or parameters that cannot be read.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let (protocol, params) = match grammar::split_once(bytes, b';') {
            Some((protocol, params)) => (protocol, Params::parse(params)?),
            None => (bytes, Params::new()),
        };
        let protocol = grammar::trim(protocol);
        if !grammar::is_token(protocol) {
            return Err(Fault("the protocol of a reason is no token"));
        }
        Ok(Self { protocol: grammar::lossy(protocol), params })
    }

    /// Whether the cause is a number of this protocol, as `SIP` or `Q.850`.
    #[must_use]
    pub fn is_of(&self, protocol: &str) -> bool {
        self.protocol.eq_ignore_ascii_case(protocol)
    }

    /// The cause.
    #[must_use]
    pub fn cause(&self) -> Option<u16> {
        self.params.value("cause")?.parse().ok()
    }

    /// The words for people, where there are some.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.params.value("text").filter(|text| !text.is_empty())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.protocol, self.params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_reads_back_as_what_was_meant() {
        for (reason, text) in [
            (Reason::sip(480, "The browser is gone"), "SIP;cause=480;text=\"The browser is gone\""),
            (Reason::q850(16, "Terminated"), "Q.850;cause=16;text=\"Terminated\""),
            (Reason::sip(600, "say \"no\""), "SIP;cause=600;text=\"say \\\"no\\\"\""),
        ] {
            let reason = reason.unwrap();
            assert_eq!(reason.to_string(), text);
            assert_eq!(Reason::parse(text.as_bytes()), Ok(reason));
        }
    }

    #[test]
    fn a_peers_reason_is_understood() {
        let reason = Reason::parse(b"Q.850 ;cause=16 ;text=\"Normal, call clearing\"").unwrap();
        assert!(reason.is_of("q.850") && !reason.is_of("SIP"));
        assert_eq!((reason.cause(), reason.text()), (Some(16), Some("Normal, call clearing")));
        let bare = Reason::parse(b"preemption").unwrap();
        assert_eq!((bare.cause(), bare.text()), (None, None));
    }

    #[test]
    fn what_is_no_reason_is_refused() {
        for text in ["", ";cause=1", "a b;cause=1", "SIP;cause=\"x"] {
            assert!(Reason::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(Reason::sip(480, "a\r\nVia: x").is_err());
    }
}
