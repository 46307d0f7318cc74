use std::io;

/// Why a message could not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SendFault {
    /// The network does not lead there.
    #[default]
    Unreachable,
    /// The name has no address that we could send to.
    NoAddress,
    /// Nobody listens there.
    Refused,
    /// Connecting, or writing, took too long.
    Timeout,
    /// The connection ended, and no other can stand in for it.
    Closed,
    /// We do not speak this transport.
    NotConfigured,
    /// Too much is under way at once, or the peer does not read what it is sent.
    Busy,
    /// The configuration does not let us send there.
    Forbidden,
}

impl SendFault {
    /// What can be done about it.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Unreachable => "The SIP server cannot be reached. Check domain, proxy and port.",
            Self::NoAddress => "The SIP server's name was not found. Check domain and proxy.",
            Self::Refused => "The SIP server refused the connection. Check domain, proxy, port and transport.",
            Self::Timeout => "The SIP server did not take the connection in time. Check domain, proxy and port.",
            Self::Closed => "The connection to the SIP server or phone has ended.",
            Self::NotConfigured => {
                "This relay does not speak that SIP transport. Its configuration says which it does."
            }
            Self::Busy => "The relay, or the connection to the SIP server, has no room for more at the moment.",
            Self::Forbidden => "This relay is not configured to reach that SIP server.",
        }
    }

    /// The fault behind what the operating system says.
    pub(super) fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut => Self::Timeout,
            io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::NotConnected => Self::Closed,
            _ => Self::Unreachable,
        }
    }
}
