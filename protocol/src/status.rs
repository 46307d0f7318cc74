//! Statuses that travel on the wire.

use serde::{Deserialize, Serialize};

/// The status of a call, named as the SDK's `CALL_STATUS`.
///
/// `NEW` and `PENDING` are the SDK's own and never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CallStatus {
    /// The far side's server has the request (100 Trying).
    Trying,
    /// The far phone rings (180), or an incoming call waits for an answer.
    Ring,
    /// It rings and early media can be heard (180 with SDP).
    RingMedia,
    /// The call progresses (183), with or without early media.
    SessionProgress,
    /// Both ends are connected (200); also after a hold ends.
    Established,
    /// One end has put the other on hold.
    Hold,
    /// The far end is busy (486, 600). Terminal.
    Busy,
    /// The call ended in the normal way. Terminal.
    Finish,
    /// The call could not be made or broke. Terminal.
    Failed,
}

impl CallStatus {
    /// Whether nothing can follow this status.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Busy | Self::Finish | Self::Failed)
    }
}

/// The state of the session's SIP registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RegistrationState {
    /// The registrar accepted the binding (200 to REGISTER).
    Registered,
    /// The binding is gone.
    Unregistered,
    /// The registrar refused or could not be reached.
    Failed,
}
