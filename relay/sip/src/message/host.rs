//! Hosts and ports, as they stand in URIs and Via headers.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::Fault;

/// A host: a name or an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A domain name, as it was written.
    Name(String),
    /// An address. IPv6 stands in brackets on the wire.
    Ip(IpAddr),
}

/// A host with an optional port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// The host.
    pub host: Host,
    /// The port, where one was given.
    pub port: Option<u16>,
}

impl Host {
    /// Reads a host name, an IPv4 address or a bracketed IPv6 address.
    ///
    /// # Errors
    /// An empty host, a name with characters no host name has, or a bad address in brackets.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or(Fault("an IPv6 address lacks its closing bracket"))?;
            return Self::parse_v6(inner);
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Ip(IpAddr::V4(address)));
        }
        // The underscore is in no host name, but in many a private network's.
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if text.is_empty() || !text.bytes().all(valid) {
            return Err(Fault("the host is neither a name nor an address"));
        }
        Ok(Self::Name(text.to_owned()))
    }

    /// RFC 5118 section 4.10: the grammar of RFC 3261 let three colons slip into mapped addresses,
    /// so a receiver reads three as two.
    fn parse_v6(inner: &str) -> Result<Self, Fault> {
        inner
            .replacen(":::", "::", 1)
            .parse::<Ipv6Addr>()
            .map(|address| Self::Ip(IpAddr::V6(address)))
            .map_err(|_| Fault("the IPv6 address in brackets cannot be read"))
    }

    /// The address, when the host is one.
    #[must_use]
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(address) => Some(*address),
            Self::Name(_) => None,
        }
    }

    /// Whether both are the same host; names are compared without regard to case.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Name(a), Self::Name(b)) => a.eq_ignore_ascii_case(b),
            _ => self == other,
        }
    }
}

impl HostPort {
    /// A host with a port.
    #[must_use]
    pub const fn new(host: Host, port: Option<u16>) -> Self {
        Self { host, port }
    }

    /// The port, or SIP's own for the transport: 5061 with TLS, 5060 otherwise.
    #[must_use]
    pub fn port_or_default(&self, secure: bool) -> u16 {
        self.port.unwrap_or(if secure { 5061 } else { 5060 })
    }
}

impl FromStr for HostPort {
    type Err = Fault;

    /// Reads `host`, `host:port`, `[v6]` or `[v6]:port`.
    fn from_str(text: &str) -> Result<Self, Fault> {
        let host_end = match text.find(']') {
            Some(bracket) => bracket.saturating_add(1),
            None => text.find(':').unwrap_or(text.len()),
        };
        let (host, rest) = text.split_at_checked(host_end).ok_or(Fault("the host cannot be read"))?;
        let port = match rest.strip_prefix(':') {
            None if rest.is_empty() => None,
            None => return Err(Fault("something stands between host and port")),
            Some(port) => Some(parse_port(port)?),
        };
        Ok(Self { host: Host::parse(host)?, port })
    }
}

fn parse_port(text: &str) -> Result<u16, Fault> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Fault("the port is not a number"));
    }
    match text.parse::<u16>() {
        Ok(port) if port != 0 => Ok(port),
        _ => Err(Fault("the port is not between 1 and 65535")),
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Ip(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => write!(f, "{}", self.host),
        }
    }
}

impl From<IpAddr> for Host {
    fn from(address: IpAddr) -> Self {
        Self::Ip(address)
    }
}

impl From<std::net::SocketAddr> for HostPort {
    fn from(address: std::net::SocketAddr) -> Self {
        Self::new(Host::Ip(address.ip()), Some(address.port()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads_back(text: &str) {
        assert_eq!(text.parse::<HostPort>().unwrap().to_string(), text);
    }

    #[test]
    fn names_and_addresses_read_back() {
        for text in ["example.com", "a_b:5070", "192.0.2.1:5060", "[2001:db8::1]:5070"] {
            reads_back(text);
        }
    }

    #[test]
    fn a_bare_ipv6_address_is_refused() {
        assert!("2001:db8::10".parse::<HostPort>().is_err());
    }

    #[test]
    fn three_colons_are_read_as_two() {
        assert_eq!(Host::parse("[2001:db8:::192.0.2.1]"), Host::parse("[2001:db8::192.0.2.1]"));
        assert!(Host::parse("[2001:db8::::1]").is_err());
    }

    #[test]
    fn ports_are_bounded() {
        for text in ["h:0", "h:65536", "h:+1", "h:", "[::1]5060", "[::1"] {
            assert!(text.parse::<HostPort>().is_err(), "{text}");
        }
    }
}
