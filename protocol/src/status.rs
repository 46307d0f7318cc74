//! Statuses that travel on the wire.

use serde::{Deserialize, Serialize};

/// The status of a call, named as the SDK's `CALL_STATUS`.
///
/// `NEW` and `PENDING` are the SDK's own and never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
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
    /// Every status, in the order of a call's life.
    pub const ALL: &[Self] = &[
        Self::Trying,
        Self::Ring,
        Self::RingMedia,
        Self::SessionProgress,
        Self::Established,
        Self::Hold,
        Self::Busy,
        Self::Finish,
        Self::Failed,
    ];

    /// The status as it stands on the wire and in the SDK's `CALL_STATUS`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trying => "TRYING",
            Self::Ring => "RING",
            Self::RingMedia => "RING_MEDIA",
            Self::SessionProgress => "SESSION_PROGRESS",
            Self::Established => "ESTABLISHED",
            Self::Hold => "HOLD",
            Self::Busy => "BUSY",
            Self::Finish => "FINISH",
            Self::Failed => "FAILED",
        }
    }

    /// The status of that name; `None` for one this version does not know.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.name() == name)
    }

    /// Whether nothing can follow this status.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Busy | Self::Finish | Self::Failed)
    }
}

/// How far the transfer of a call has come, as its transferor is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TransferStatus {
    /// The target is being called.
    Trying,
    /// The target's phone rings.
    Ring,
    /// The far end and the target are connected; the transferor's call ends next. Terminal.
    Completed,
    /// The target could not be had; the transferor's call goes on as it was. Terminal.
    Failed,
}

impl TransferStatus {
    /// Every status, in the order of a transfer's life.
    pub const ALL: &[Self] = &[Self::Trying, Self::Ring, Self::Completed, Self::Failed];

    /// The status as it stands on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trying => "TRYING",
            Self::Ring => "RING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }

    /// The status of that name; `None` for one this version does not know.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.name() == name)
    }

    /// Whether nothing can follow this status.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

/// The state of the session's SIP registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum RegistrationState {
    /// The registrar accepted the binding (200 to REGISTER).
    Registered,
    /// The binding is gone.
    Unregistered,
    /// The registrar refused or could not be reached.
    Failed,
}

impl RegistrationState {
    /// Every state.
    pub const ALL: &[Self] = &[Self::Registered, Self::Unregistered, Self::Failed];

    /// The state as it stands on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Unregistered => "unregistered",
            Self::Failed => "failed",
        }
    }

    /// The state of that name; `None` for one this version does not know.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::{CallStatus, RegistrationState, TransferStatus};

    #[test]
    fn names_are_those_of_the_wire() {
        for status in CallStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
            assert_eq!(CallStatus::from_name(status.name()), Some(*status));
        }
        for state in RegistrationState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.name());
            assert_eq!(RegistrationState::from_name(state.name()), Some(*state));
        }
        for status in TransferStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
            assert_eq!(TransferStatus::from_name(status.name()), Some(*status));
        }
    }
}
