//! RAck: which provisional response a PRACK acknowledges (RFC 3262 section 7.2).

use std::fmt;

use super::{CSeq, Fault, grammar};

/// The RSeq of a provisional response and the CSeq of the request it answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RAck {
    /// The response's number.
    pub rseq: u32,
    /// The CSeq of the request that was answered.
    pub cseq: CSeq,
}

impl RAck {
    /// Reads the header's value.
    ///
    /// # Errors
    /// No two numbers with a method after them.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let bytes = grammar::trim(bytes);
        let end = bytes.iter().position(|byte| grammar::is_white(*byte));
        let (rseq, cseq) = end.and_then(|end| bytes.split_at_checked(end)).ok_or(Fault("there is one number only"))?;
        let rseq = number(rseq).ok_or(Fault("the first is no number of a response"))?;
        Ok(Self { rseq, cseq: CSeq::parse(cseq)? })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

/// The number of a provisional response: below 2^32, and never 0 (RFC 3262 section 3).
pub(super) fn number(bytes: &[u8]) -> Option<u32> {
    let number = u32::try_from(grammar::decimal(grammar::trim(bytes))?).ok()?;
    Some(number).filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Method;

    #[test]
    fn it_reads_back_as_it_was_written() {
        let rack = RAck { rseq: 776_656, cseq: CSeq::new(1, Method::Invite) };
        assert_eq!(rack.to_string(), "776656 1 INVITE");
        assert_eq!(RAck::parse(b"776656  1 \tINVITE"), Ok(rack));
    }

    #[test]
    fn what_names_no_response_is_refused() {
        for text in ["", "1", "1 INVITE", "0 1 INVITE", "4294967296 1 INVITE", "-1 1 INVITE", "1 2147483648 INVITE"] {
            assert!(RAck::parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
