//! The Replaces header (RFC 3891): the dialog whose place a new call takes.

use std::fmt;

use super::{CallId, Fault, Params, grammar};

/// `call-id;to-tag=…;from-tag=…;early-only`, as whoever receives it sees the dialog: the To tag is its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaces {
    /// The Call-ID.
    pub call_id: CallId,
    /// The tag of whoever receives the header.
    pub to_tag: String,
    /// The tag of its peer.
    pub from_tag: String,
    /// Only a call that nobody has answered yet may be replaced.
    pub early_only: bool,
}

impl Replaces {
    /// Reads the header's value.
    ///
    /// # Errors
    /// No Call-ID, or a tag that is missing or no token.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let (call_id, params) = grammar::split_once(bytes, b';').ok_or(Fault("a dialog is named without its tags"))?;
        let params = Params::parse(params)?;
        let tag = |name: &str| {
            let tag = params.value(name).filter(|tag| grammar::is_token(tag.as_bytes()));
            tag.map(str::to_owned).ok_or(Fault("a dialog is named without one of its tags"))
        };
        Ok(Self {
            call_id: CallId::parse(call_id)?,
            to_tag: tag("to-tag")?,
            from_tag: tag("from-tag")?,
            early_only: params.contains("early-only"),
        })
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};to-tag={};from-tag={}", self.call_id, self.to_tag, self.from_tag)?;
        if self.early_only { f.write_str(";early-only") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_is_named_by_call_id_and_both_tags() {
        let text = "98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff";
        let replaces = Replaces::parse(text.as_bytes()).unwrap();
        assert_eq!((replaces.to_tag.as_str(), replaces.from_tag.as_str()), ("ff87ff", "r33th4x0r"));
        assert!(!replaces.early_only);
        let early = Replaces::parse(b"12adf2f34456gs5;to-tag=12345;from-tag=54321;early-only").unwrap();
        assert!(early.early_only);
        assert_eq!(Replaces::parse(early.to_string().as_bytes()), Ok(early));
    }

    #[test]
    fn half_a_name_is_refused() {
        for text in [
            "",
            "a",
            "a;to-tag=b",
            "a;from-tag=b",
            "a;to-tag=b;from-tag",
            ";to-tag=b;from-tag=c",
            "a b;to-tag=b;from-tag=c",
        ] {
            assert!(Replaces::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(Replaces::parse(b"a;to-tag=\"b\r\nVia: x\";from-tag=c").is_err(), "a tag is a token");
    }
}
