//! What the far end can do, as its INVITEs and answers say.

use offhook_sip::message::{HeaderName, Headers, Method};

/// The option tag of INVITEs that take another dialog's place (RFC 3891).
pub(in crate::ua) const REPLACES: &str = "replaces";

/// What the far end has said it can do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Peer {
    /// It can be asked to call somebody else (RFC 3515).
    pub(super) refers: bool,
    /// A call can take the place of another there (RFC 3891).
    pub(super) replaces: bool,
}

impl Peer {
    /// Takes note of what a message says. One that says nothing leaves things as they are.
    pub(super) fn learn(&mut self, headers: &Headers) {
        let lists =
            |name: &HeaderName, word: &str| headers.list(name).any(|value| value.eq_ignore_ascii_case(word.as_bytes()));
        if headers.contains(&HeaderName::Allow) {
            self.refers = lists(&HeaderName::Allow, Method::Refer.as_str());
        }
        if headers.contains(&HeaderName::Supported) {
            self.replaces = lists(&HeaderName::Supported, REPLACES);
        }
    }
}
