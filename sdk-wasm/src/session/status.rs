//! A session's statuses.

/// The status of a session, named as the SDK's `SESSION_STATUS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The WebSocket is being opened.
    Pending,
    /// The WebSocket is open; the session is being opened on it.
    Connected,
    /// The session is open: calls can be made.
    Established,
    /// The SIP server has the registration: calls can come in.
    Registered,
    /// The registration is gone; the session is still open.
    Unregistered,
    /// The session has ended. Terminal.
    Disconnected,
    /// The session could not be opened. Terminal.
    Failed,
}

impl Status {
    /// The name in `SESSION_STATUS`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Connected => "CONNECTED",
            Self::Established => "ESTABLISHED",
            Self::Registered => "REGISTERED",
            Self::Unregistered => "UNREGISTERED",
            Self::Disconnected => "DISCONNECTED",
            Self::Failed => "FAILED",
        }
    }

    /// Whether the relay has the session open.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Established | Self::Registered | Self::Unregistered)
    }

    /// Whether nothing can follow.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Disconnected | Self::Failed)
    }
}
