//! How calls are made and taken, where RFCs leave a choice.

use offhook_sip::dialog::{SHORTEST, SessionPolicy};

/// Whether provisional responses arrive for certain (RFC 3262).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reliable {
    /// Only where the peer requires it.
    Off,
    /// Where both sides can.
    #[default]
    Supported,
    /// Always; a peer that cannot is refused.
    Required,
}

/// The choices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallPolicy {
    /// Provisional responses.
    pub reliable: Reliable,
    /// Session timers (RFC 4028).
    pub session: SessionPolicy,
}

impl Default for CallPolicy {
    fn default() -> Self {
        Self { reliable: Reliable::Supported, session: SessionPolicy { expires: Some(1800), min_se: SHORTEST } }
    }
}

impl CallPolicy {
    /// The `Supported` header of INVITEs and of answers to them.
    pub(super) const fn supported(&self) -> &'static str {
        match self.reliable {
            Reliable::Off => "timer, replaces, norefersub",
            Reliable::Supported | Reliable::Required => "100rel, timer, replaces, norefersub",
        }
    }
}
