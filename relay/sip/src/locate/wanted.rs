use std::net::{IpAddr, SocketAddr};

use crate::message::{Host, Transport};

/// Whom to reach.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// The host of the URI, or of its `maddr`.
    pub host: Host,
    /// The port, where the URI has one.
    pub port: Option<u16>,
    /// The transport, where the URI or the configuration names one.
    pub transport: Option<Transport>,
    /// Whether it must be TLS (`sips:`).
    pub secure: bool,
}

/// A family of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// A transport we can send over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Which.
    pub transport: Transport,
    /// To addresses of which families, the preferred one first.
    pub families: Vec<Family>,
    /// Whether the DNS may choose it; otherwise it is used where it is asked for only.
    pub offered: bool,
}

/// Where a request can go.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// Over what.
    pub transport: Transport,
    /// The address.
    pub address: SocketAddr,
}

impl Family {
    /// The family of an address; an IPv4 address mapped into IPv6 is one of IPv4.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        if address.to_canonical().is_ipv4() { Self::V4 } else { Self::V6 }
    }
}

impl Wanted {
    /// Whether this transport may be used.
    pub(super) fn takes(&self, reach: &Reach) -> bool {
        let demanded = self.secure || self.transport.is_some();
        (reach.offered || demanded)
            && (is_secure(&reach.transport) || !self.secure)
            && self.named().is_none_or(|named| named == reach.transport)
    }

    /// The transport that was asked for. TLS over TCP is what `transport=tcp` means in a `sips:` URI (RFC 3261 section
    /// 26.2.2).
    pub(super) fn named(&self) -> Option<Transport> {
        match &self.transport {
            Some(Transport::Tcp) if self.secure => Some(Transport::Tls),
            other => other.clone(),
        }
    }
}

/// Whether it is encrypted.
pub(super) fn is_secure(transport: &Transport) -> bool {
    matches!(transport, Transport::Tls | Transport::Wss)
}

/// SIP's own port for a transport (RFC 3261 section 19.1.2, RFC 7118 section 5.2 for WebSockets).
pub(super) fn default_port(transport: &Transport) -> u16 {
    match transport {
        Transport::Tls => 5061,
        Transport::Ws => 80,
        Transport::Wss => 443,
        _ => 5060,
    }
}
