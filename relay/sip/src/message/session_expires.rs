//! Session-Expires: how long a session lives without a refresh, and who refreshes it (RFC 4028 section 4).

use std::fmt;

use super::{Fault, Params, grammar};

/// Who refreshes a session, named by its part in the request that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refresher {
    /// The sender of the request.
    Uac,
    /// The sender of the response.
    Uas,
}

/// `1800;refresher=uac`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionExpires {
    /// The interval in seconds. A number too large for 32 bits is read as the largest.
    pub seconds: u32,
    /// Who refreshes, where it is said.
    pub refresher: Option<Refresher>,
}

impl SessionExpires {
    /// Reads the header's value.
    ///
    /// # Errors
    /// No number of seconds, parameters that cannot be read, or a refresher that is neither side.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let (seconds, params) = match grammar::split_once(bytes, b';') {
            Some((seconds, params)) => (seconds, Params::parse(params)?),
            None => (bytes, Params::new()),
        };
        let seconds = seconds_of(seconds).ok_or(Fault("it is not a number of seconds"))?;
        let refresher = match params.value("refresher") {
            None => None,
            Some(side) if side.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(side) if side.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            Some(_) => return Err(Fault("the refresher is neither uac nor uas")),
        };
        Ok(Self { seconds, refresher })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.seconds)?;
        match self.refresher {
            Some(Refresher::Uac) => f.write_str(";refresher=uac"),
            Some(Refresher::Uas) => f.write_str(";refresher=uas"),
            None => Ok(()),
        }
    }
}

fn seconds_of(bytes: &[u8]) -> Option<u32> {
    let digits = grammar::trim(bytes);
    let sound = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    sound.then(|| grammar::decimal(digits).and_then(|number| u32::try_from(number).ok()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_back_as_it_was_written() {
        for (text, refresher) in
            [("1800", None), ("90;refresher=uac", Some(Refresher::Uac)), ("90;refresher=uas", Some(Refresher::Uas))]
        {
            let read = SessionExpires::parse(text.as_bytes()).unwrap();
            assert_eq!((read.refresher, read.to_string().as_str()), (refresher, text));
        }
    }

    #[test]
    fn peers_write_it_in_their_own_ways() {
        let read = SessionExpires::parse(b" 4000 ; Refresher=UAC;other=1").unwrap();
        assert_eq!(read, SessionExpires { seconds: 4000, refresher: Some(Refresher::Uac) });
        assert_eq!(SessionExpires::parse(b"99999999999999999999999").unwrap().seconds, u32::MAX);
    }

    #[test]
    fn what_is_no_interval_is_refused() {
        for text in ["", "soon", "-1", "1800;refresher=me", "1800;;"] {
            assert!(SessionExpires::parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
