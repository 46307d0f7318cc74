use std::io;

use tokio_rustls::rustls;

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
    /// No authority that we trust vouches for the server's certificate.
    Untrusted,
    /// The server's certificate is another host's.
    WrongName,
    /// The server's certificate is not valid yet, or not any more.
    Expired,
    /// The server does not take our certificate, or wants one and we have none.
    CertificateRefused,
    /// TLS failed for another reason: no common version or cipher, or no TLS at all.
    NoTls,
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
            Self::Untrusted => {
                "The SIP server's certificate is vouched for by no authority that the relay trusts (sip.tls_ca)."
            }
            Self::WrongName => "The SIP server's certificate is for another name than the account's domain or proxy.",
            Self::Expired => "The SIP server's certificate is not valid any more, or not yet.",
            Self::CertificateRefused => {
                "The SIP server does not accept the relay's certificate, or asks for one and the relay has none."
            }
            Self::NoTls => "The SIP server does not speak TLS as the relay does. Check port and transport.",
            Self::Forbidden => "This relay is not configured to reach that SIP server.",
        }
    }

    /// The fault behind what the operating system says.
    pub(super) fn of_io(error: &io::Error) -> Self {
        if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Self::of_tls(tls);
        }
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

    fn of_tls(error: &rustls::Error) -> Self {
        use rustls::{AlertDescription as Alert, CertificateError};
        match error {
            rustls::Error::InvalidCertificate(certificate) => match certificate {
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Self::WrongName,
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. } => Self::Expired,
                _ => Self::Untrusted,
            },
            rustls::Error::AlertReceived(
                Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::CertificateRequired
                | Alert::UnknownCA
                | Alert::AccessDenied
                | Alert::HandshakeFailure,
            ) => Self::CertificateRefused,
            _ => Self::NoTls,
        }
    }
}
