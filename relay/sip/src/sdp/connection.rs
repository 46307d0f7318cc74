use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// An address as the `o=` and `c=` lines write it: network type `IN`, address type, address.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// A literal unicast address of the family it was declared with.
    Ip(IpAddr),
    /// Anything else, kept as written: a host name, a multicast address with its TTL, an unknown type.
    Other(String),
}

impl Address {
    /// The literal address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip) => Some(*ip),
            Self::Other(_) => None,
        }
    }

    /// Reads `<nettype> <addrtype> <address>`; `None` if a part is missing.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split_ascii_whitespace();
        let (network, family, address) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        // Some phones declare IP4 for a literal IPv6 address: the literal itself says what it is.
        let literal = address.parse::<IpAddr>().ok();
        Some(match literal {
            Some(ip) if network.eq_ignore_ascii_case("IN") => Self::Ip(ip),
            // Not the text as it came: what separates the words there need not separate them when it is read again.
            _ => Self::Other(format!("{network} {family} {address}")),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V4(ip)) => write!(f, "IN IP4 {ip}"),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "IN IP6 {ip}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(<redacted>)")
    }
}

/// A `c=` line: where media is received (RFC 8866 §5.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The address.
    pub address: Address,
}

impl Connection {
    /// A literal address.
    pub fn new(ip: IpAddr) -> Self {
        Self { address: Address::Ip(ip) }
    }

    /// The literal address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.address.ip()
    }

    /// Whether this is the hold of RFC 2543: `c=IN IP4 0.0.0.0`, or its IPv6 counterpart `::`.
    pub fn is_unspecified(&self) -> bool {
        self.ip().is_some_and(|ip| ip.is_unspecified())
    }
}

/// An `o=` line: who made the description, and which version of it this is (RFC 8866 §5.2).
#[derive(Clone, PartialEq, Eq)]
pub struct Origin {
    /// User name on the originating host, `-` if there is none.
    pub username: String,
    /// Identifies the session together with the other fields except the version. Digits, of any length.
    pub session_id: String,
    /// Grows by one with each change of the description. Digits, of any length.
    pub session_version: String,
    /// Address of the originating host. It identifies; media never goes there.
    pub address: Address,
}

impl Origin {
    /// An origin without a user name.
    pub fn new(session_id: u64, session_version: u64, address: IpAddr) -> Self {
        Self {
            username: "-".to_owned(),
            session_id: session_id.to_string(),
            session_version: session_version.to_string(),
            address: Address::Ip(address),
        }
    }

    /// Whether both name the same session, whatever the version.
    pub fn same_session(&self, other: &Self) -> bool {
        self.username == other.username && self.session_id == other.session_id && self.address == other.address
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ' ');
        let username = parts.next().filter(|name| !name.is_empty())?;
        let session_id = parts.next().filter(|id| is_number(id))?;
        let session_version = parts.next().filter(|version| is_number(version))?;
        let address = Address::parse(parts.next()?)?;
        Some(Self {
            username: username.to_owned(),
            session_id: session_id.to_owned(),
            session_version: session_version.to_owned(),
            address,
        })
    }
}

impl Default for Origin {
    fn default() -> Self {
        Self::new(0, 0, IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.username, self.session_id, self.session_version, self.address)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin(version {})", self.session_version)
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_address_families_are_read_and_written() {
        for text in ["IN IP4 192.0.2.7", "IN IP6 2001:db8::7"] {
            let address = Address::parse(text).unwrap();
            assert!(address.ip().is_some());
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn host_names_and_multicast_survive_without_being_a_literal() {
        for text in ["IN IP4 media.example.com", "IN IP4 233.252.0.1/127"] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.ip(), None);
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn what_is_written_is_read_again_whatever_separated_the_words() {
        for text in ["IN IP4 \t\u{b}\t", " IN\tIP4  media.example.com\u{c}"] {
            let written = Address::parse(text).unwrap().to_string();
            assert_eq!(Address::parse(&written).unwrap().to_string(), written, "{text:?}");
        }
    }

    #[test]
    fn an_ipv6_literal_declared_as_ip4_is_taken_for_what_it_is() {
        let address = Address::parse("IN IP4 2001:db8::7").unwrap();
        assert_eq!(address.to_string(), "IN IP6 2001:db8::7");
    }

    #[test]
    fn the_unspecified_address_is_the_old_hold() {
        assert!(Connection::new("0.0.0.0".parse().unwrap()).is_unspecified());
        assert!(Connection::new("::".parse().unwrap()).is_unspecified());
        assert!(!Connection::new("192.0.2.7".parse().unwrap()).is_unspecified());
    }

    #[test]
    fn an_origin_with_numbers_beyond_64_bits_is_kept() {
        let text = "alice 123456789012345678901234567890 2 IN IP4 192.0.2.7";
        assert_eq!(Origin::parse(text).unwrap().to_string(), text);
    }

    #[test]
    fn an_origin_needs_all_its_fields_and_numeric_ids() {
        for text in ["alice 1 2 IN IP4", "alice x 2 IN IP4 192.0.2.7", "alice", ""] {
            assert!(Origin::parse(text).is_none(), "{text}");
        }
    }
}
