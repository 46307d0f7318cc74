//! What a call's status may be, and what may follow what.

use offhook_protocol::CallStatus;

/// The status of a call as the app reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Made or received, nothing done yet.
    New,
    /// `call()` or `answer()` is under way and the relay has not said anything.
    Pending,
    /// What the relay, or the call's end, made it.
    Reached(CallStatus),
}

impl Status {
    /// The name in `CALL_STATUS`.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Pending => "PENDING",
            Self::Reached(status) => status.name(),
        }
    }

    /// Whether both ends are connected, on hold or not.
    pub fn is_connected(self) -> bool {
        matches!(self, Self::Reached(CallStatus::Established | CallStatus::Hold))
    }

    /// Whether nothing can follow.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Reached(status) if status.is_terminal())
    }

    /// Whether `next` is news that may follow: statuses before the answer never come back after it, nothing follows a
    /// terminal one, and a hold needs a connection first.
    pub fn may_become(self, next: CallStatus) -> bool {
        use CallStatus::{Established, Hold, Ring, RingMedia, SessionProgress, Trying};
        match next {
            _ if self == Self::Reached(next) || self.is_terminal() => false,
            Trying => matches!(self, Self::New | Self::Pending),
            Ring | RingMedia | SessionProgress => !self.is_connected(),
            Established => true,
            Hold => self.is_connected(),
            _ => true,
        }
    }
}
