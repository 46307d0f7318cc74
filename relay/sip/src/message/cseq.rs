//! CSeq and Call-ID: what orders and groups the messages of a dialog.

use std::fmt;

use super::{Fault, Method, grammar};

/// Below 2^31: RFC 3261 section 8.1.1.5.
const CSEQ_LIMIT: u64 = 1 << 31;

/// A sequence number and the method it belongs to (RFC 3261 section 20.16).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CSeq {
    /// Below 2^31.
    pub number: u32,
    /// The method of the request.
    pub method: Method,
}

impl CSeq {
    /// A sequence number with its method.
    #[must_use]
    pub const fn new(number: u32, method: Method) -> Self {
        Self { number, method }
    }

    /// Reads the header's value.
    ///
    /// # Errors
    /// No number below 2^31, or no method after it.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let bytes = grammar::trim(bytes);
        let end = bytes
            .iter()
            .position(|byte| grammar::is_white(*byte))
            .ok_or(Fault("number and method are not both there"))?;
        let (number, method) = bytes.split_at_checked(end).unwrap_or_default();
        let number = grammar::decimal(number)
            .filter(|number| *number < CSEQ_LIMIT)
            .and_then(|number| u32::try_from(number).ok())
            .ok_or(Fault("the sequence number is not a number below 2^31"))?;
        let method = Method::parse(grammar::trim(method)).ok_or(Fault("the method is no token"))?;
        Ok(Self { number, method })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

/// What all messages of a dialog or a registration share, compared byte by byte
/// (RFC 3261 section 20.8).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(Box<str>);

impl CallId {
    /// A Call-ID of one's own making.
    ///
    /// # Errors
    /// An empty text, or one with white space or control characters.
    pub fn new(text: &str) -> Result<Self, Fault> {
        Self::parse(text.as_bytes())
    }

    /// Reads the header's value.
    ///
    /// # Errors
    /// An empty value, or one with white space or control characters.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let bytes = grammar::trim(bytes);
        if bytes.is_empty() || bytes.iter().any(|byte| *byte <= b' ' || *byte >= 0x7f) {
            return Err(Fault("it is empty or holds white space"));
        }
        Ok(Self(grammar::lossy(bytes).into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_and_method_may_be_folded_apart() {
        let cseq = CSeq::parse(b"0009\r\n  INVITE").unwrap();
        assert_eq!(cseq, CSeq::new(9, Method::Invite));
        assert_eq!(cseq.to_string(), "9 INVITE");
    }

    #[test]
    fn the_number_stays_below_two_to_the_31() {
        assert!(CSeq::parse(b"2147483647 BYE").is_ok());
        assert!(CSeq::parse(b"2147483648 BYE").is_err());
        assert!(CSeq::parse(b"36893488147419103232 BYE").is_err());
        assert!(CSeq::parse(b"-1 BYE").is_err());
        assert!(CSeq::parse(b"1").is_err());
    }

    #[test]
    fn a_call_id_is_one_word() {
        assert!(CallId::new(r#"intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{"#).is_ok());
        assert!(CallId::new("a b").is_err());
        assert!(CallId::new("").is_err());
        assert!(CallId::new("a\r\nVia: b").is_err());
    }
}
