//! Media types: Content-Type and the ranges of Accept (RFC 3261 sections 20.1 and 20.15).

use std::fmt;

use super::{Fault, Params, grammar};

/// `type/subtype;parameters`. Type and subtype are compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType {
    main: String,
    sub: String,
    /// The parameters: `boundary`, `charset`, `q` ...
    pub params: Params,
}

impl MediaType {
    /// Reads the header's value.
    ///
    /// # Errors
    /// No slash between two tokens, or parameters that cannot be read.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let (range, params) = match grammar::split_once(bytes, b';') {
            Some((range, params)) => (range, Params::parse(params)?),
            None => (bytes, Params::new()),
        };
        let (main, sub) = grammar::split_once(range, b'/').ok_or(Fault("the media type has no slash"))?;
        let (main, sub) = (grammar::trim(main), grammar::trim(sub));
        if !grammar::is_token(main) || !grammar::is_token(sub) {
            return Err(Fault("the media type is not made of two tokens"));
        }
        Ok(Self {
            main: grammar::lossy(main).to_ascii_lowercase(),
            sub: grammar::lossy(sub).to_ascii_lowercase(),
            params,
        })
    }

    /// Whether this is `application/sdp` (or whatever `essence` names).
    #[must_use]
    pub fn is(&self, essence: &str) -> bool {
        essence
            .split_once('/')
            .is_some_and(|(main, sub)| self.main.eq_ignore_ascii_case(main) && self.sub.eq_ignore_ascii_case(sub))
    }

    /// Whether this, read as a range of an Accept header, takes in `essence`.
    #[must_use]
    pub fn accepts(&self, essence: &str) -> bool {
        let Some((main, sub)) = essence.split_once('/') else {
            return false;
        };
        (self.main == "*" || self.main.eq_ignore_ascii_case(main))
            && (self.sub == "*" || self.sub.eq_ignore_ascii_case(sub))
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.main, self.sub, self.params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_parameters_do_not_change_the_type() {
        let kind = MediaType::parse(b"Application/SDP; charset=utf-8").unwrap();
        assert!(kind.is("application/sdp"));
        assert_eq!(kind.params.value("charset"), Some("utf-8"));
    }

    #[test]
    fn ranges_take_in_their_types() {
        let range = |text: &str| MediaType::parse(text.as_bytes()).unwrap();
        assert!(range("*/*").accepts("application/sdp"));
        assert!(range("application/*;q=0.5").accepts("application/sdp"));
        assert!(!range("text/*").accepts("application/sdp"));
    }

    #[test]
    fn a_type_without_slash_is_refused() {
        assert!(MediaType::parse(b"sdp").is_err());
        assert!(MediaType::parse(b"a/").is_err());
    }
}
