//! Who a message says is there, beside From and To: asserted identities and the wish not to be known (RFC 3323,
//! RFC 3325, and Remote-Party-ID, which came before both).

use super::{HeaderName, Headers, NameAddr};

impl Headers {
    /// Who the network says is there: the first P-Asserted-Identity, else Remote-Party-ID. Whether to believe it is up to
    /// whoever knows where the message came from.
    #[must_use]
    pub fn asserted_identity(&self) -> Option<NameAddr> {
        let first = |name| self.addresses(name).find_map(Result::ok);
        first(&HeaderName::PAssertedIdentity).or_else(|| first(&HeaderName::RemotePartyId))
    }

    /// Whether whoever sent the message does not want to be known: Privacy with `id`, `header` or `user`, or
    /// Remote-Party-ID with any privacy but `off`.
    #[must_use]
    pub fn wants_privacy(&self) -> bool {
        let hides =
            |party: &NameAddr| party.params.value("privacy").is_some_and(|how| !how.eq_ignore_ascii_case("off"));
        self.asks_privacy(&["id", "header", "user"])
            || self.addresses(&HeaderName::RemotePartyId).filter_map(Result::ok).any(|party| hides(&party))
    }

    /// Whether Privacy has one of these words (RFC 3323 section 4.2).
    pub(super) fn asks_privacy(&self, asked: &[&str]) -> bool {
        let words = |value: &'_ [u8]| {
            let mut words = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            words.any(|word| asked.iter().any(|asked| word.eq_ignore_ascii_case(asked.as_bytes())))
        };
        self.list(&HeaderName::Privacy).any(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(HeaderName, &str)]) -> Headers {
        let mut headers = Headers::new();
        lines.iter().for_each(|(name, value)| headers.push(name.clone(), value).unwrap());
        headers
    }

    #[test]
    fn the_network_says_who_is_there() {
        let asserted = |lines: &[(HeaderName, &str)]| headers(lines).asserted_identity().map(|who| who.to_string());
        let pai = (HeaderName::PAssertedIdentity, "\"Cullen\" <sip:fluffy@example.com>, <tel:+14085264000>");
        let rpid = (HeaderName::RemotePartyId, "<sip:old@example.com>;party=calling;privacy=off");
        assert_eq!(asserted(&[rpid.clone(), pai]).as_deref(), Some("\"Cullen\" <sip:fluffy@example.com>"));
        assert_eq!(asserted(&[rpid]).as_deref(), Some("<sip:old@example.com>;party=calling;privacy=off"));
        assert_eq!(asserted(&[(HeaderName::PAssertedIdentity, "nonsense <")]), None);
    }

    #[test]
    fn whoever_does_not_want_to_be_known_says_so() {
        let wants = |name: HeaderName, value: &str| headers(&[(name, value)]).wants_privacy();
        for value in ["id", "ID", "header;session", "critical; user"] {
            assert!(wants(HeaderName::Privacy, value), "{value}");
        }
        for value in ["none", "session", "critical", "identity"] {
            assert!(!wants(HeaderName::Privacy, value), "{value}");
        }
        assert!(wants(HeaderName::RemotePartyId, "<sip:a@b>;privacy=full"));
        assert!(!wants(HeaderName::RemotePartyId, "<sip:a@b>;privacy=off"));
    }
}
