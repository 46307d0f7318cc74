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
    /// Whether it names INFO among the methods it takes (RFC 6086); `None` while it has named none at all.
    info: Option<bool>,
    /// It has refused a key in an INFO.
    refuses_keys: bool,
    /// It has sent a key in an INFO.
    sends_keys: bool,
}

impl Peer {
    /// Takes note of what a message says. One that says nothing leaves things as they are.
    pub(super) fn learn(&mut self, headers: &Headers) {
        let lists =
            |name: &HeaderName, word: &str| headers.list(name).any(|value| value.eq_ignore_ascii_case(word.as_bytes()));
        if headers.contains(&HeaderName::Allow) {
            self.refers = lists(&HeaderName::Allow, Method::Refer.as_str());
            self.info = Some(lists(&HeaderName::Allow, Method::Info.as_str()));
        }
        if headers.contains(&HeaderName::Supported) {
            self.replaces = lists(&HeaderName::Supported, REPLACES);
        }
    }

    /// It does not take keys in INFO after all.
    pub(super) fn refused_key(&mut self) {
        self.refuses_keys = true;
    }

    /// It does send keys in INFO.
    pub(super) fn sent_key(&mut self) {
        self.sends_keys = true;
    }

    /// Whether an INFO may be taken at all.
    pub(super) fn may_take_info(self) -> bool {
        self.info != Some(false)
    }

    /// Whether a key in an INFO may be taken.
    pub(super) fn may_take_keys(self) -> bool {
        !self.refuses_keys && self.info != Some(false)
    }

    /// Whether its keys are to be expected in INFO, and so nowhere else.
    pub(super) fn may_send_keys(self) -> bool {
        self.sends_keys || (self.info == Some(true) && !self.refuses_keys)
    }
}
