use std::net::IpAddr;

/// Which SIP servers a browser's account may lead to. The relay calls nobody else on a browser's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destinations {
    /// These hosts (names or addresses, without port), and with a leading `*.` their subdomains.
    Hosts(Vec<String>),
    /// This machine.
    Loopback,
    /// Any host. For a relay whose users are all trusted.
    Any,
}

impl Default for Destinations {
    fn default() -> Self {
        Self::Hosts(Vec::new())
    }
}

impl Destinations {
    /// Whether SIP requests may go to this host: a name or an address, without port. An IPv6 address may stand in
    /// brackets, as in a SIP URI.
    #[must_use]
    pub fn allow(&self, host: &str) -> bool {
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        match self {
            Self::Any => true,
            Self::Loopback => is_loopback(host),
            Self::Hosts(hosts) => hosts.iter().any(|allowed| matches(allowed, host)),
        }
    }

    /// Whether SIP requests may go to an address that a peer named, in a Contact or Record-Route say: where the host is
    /// allowed anyway, or lies no deeper inside the network than the peer itself. So a server on the Internet leads
    /// nobody to this machine or to its neighbours.
    #[must_use]
    pub fn allow_told(&self, host: &str, address: IpAddr, peer: Option<IpAddr>) -> bool {
        self.allow(host) || depth(address) <= peer.map_or(0, depth)
    }

    /// Whether SIP requests may go to this address, once a name was resolved to it. An address that belongs to an
    /// allowed name is allowed; only [`Destinations::Loopback`] looks at the address itself.
    #[must_use]
    pub fn allow_resolved(&self, address: IpAddr) -> bool {
        *self != Self::Loopback || address.is_loopback()
    }
}

/// How far inside the network an address is: of anybody, of a private network, of a link, of this machine; and what is no
/// single host's at all.
fn depth(address: IpAddr) -> u8 {
    match address.to_canonical() {
        ip if ip.is_unspecified() || ip.is_multicast() => 4,
        ip if ip.is_loopback() => 3,
        IpAddr::V4(ip) if ip.is_broadcast() => 4,
        IpAddr::V4(ip) if ip.is_link_local() => 2,
        // RFC 6598: shared by the customers of one carrier.
        IpAddr::V4(ip) if ip.is_private() || matches!(ip.octets(), [100, 64..=127, ..]) => 1,
        IpAddr::V6(ip) if ip.is_unicast_link_local() => 2,
        IpAddr::V6(ip) if ip.is_unique_local() => 1,
        _ => 0,
    }
}

fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

fn matches(allowed: &str, host: &str) -> bool {
    if let Ok(address) = host.parse::<IpAddr>() {
        // An IPv6 address can be written in several ways.
        return allowed.parse() == Ok(address);
    }
    let host = host.trim_end_matches('.');
    match allowed.strip_prefix("*.") {
        Some(parent) => host.len().checked_sub(parent.len() + 1).and_then(|at| host.split_at_checked(at)).is_some_and(
            |(label, rest)| {
                !label.is_empty() && rest.strip_prefix('.').is_some_and(|rest| rest.eq_ignore_ascii_case(parent))
            },
        ),
        None => allowed.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_allowed_by_default() {
        assert!(!Destinations::default().allow("sip.example.com"));
    }

    #[test]
    fn names_are_compared_without_case_and_in_full() {
        let destinations = Destinations::Hosts(vec!["sip.example.com".into()]);
        assert!(destinations.allow("SIP.example.com"));
        assert!(destinations.allow("sip.example.com."));
        assert!(!destinations.allow("evil-sip.example.com"));
        assert!(!destinations.allow("example.com"));
    }

    #[test]
    fn addresses_are_compared_as_such_however_they_are_written() {
        let destinations = Destinations::Hosts(vec!["2001:DB8:0:0::1".into(), "192.0.2.1".into()]);
        assert!(destinations.allow("[2001:db8::1]"));
        assert!(destinations.allow("192.0.2.1"));
        assert!(!destinations.allow("[2001:db8::2]"));
        assert!(Destinations::Loopback.allow("[::1]"));
    }

    #[test]
    fn a_peer_leads_no_deeper_inside_than_it_is() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let told = |address: &str, peer: &str| Destinations::default().allow_told(address, ip(address), Some(ip(peer)));
        for (address, peer) in [
            ("198.51.100.1", "203.0.113.1"),
            ("10.1.2.3", "192.168.0.1"),
            ("fd00::1", "10.0.0.1"),
            ("10.1.2.3", "127.0.0.1"),
            ("::1", "127.0.0.1"),
            ("2001:db8::1", "10.0.0.1"),
        ] {
            assert!(told(address, peer), "{peer} may lead to {address}");
        }
        for (address, peer) in [
            ("10.1.2.3", "203.0.113.1"),
            ("100.64.0.1", "203.0.113.1"),
            ("127.0.0.1", "203.0.113.1"),
            ("::ffff:127.0.0.1", "203.0.113.1"),
            ("127.0.0.1", "10.0.0.1"),
            ("169.254.169.254", "10.0.0.1"),
            ("fe80::1", "fd00::1"),
            ("0.0.0.0", "127.0.0.1"),
            ("224.0.1.75", "127.0.0.1"),
        ] {
            assert!(!told(address, peer), "{peer} may not lead to {address}");
        }
        let named = Destinations::Hosts(vec!["10.1.2.3".into()]);
        assert!(named.allow_told("10.1.2.3", ip("10.1.2.3"), Some(ip("203.0.113.1"))));
        assert!(!Destinations::default().allow_told("10.1.2.3", ip("10.1.2.3"), None));
    }

    #[test]
    fn a_star_stands_for_subdomains_only() {
        let destinations = Destinations::Hosts(vec!["*.example.com".into()]);
        assert!(destinations.allow("a.example.com"));
        assert!(destinations.allow("a.b.example.com"));
        assert!(!destinations.allow("example.com"));
        assert!(!destinations.allow("badexample.com"));
        assert!(!destinations.allow("é.example.org"));
    }

    #[test]
    fn loopback_means_addresses_of_this_machine() {
        let destinations = Destinations::Loopback;
        for host in ["127.0.0.1", "127.3.2.1", "::1", "localhost"] {
            assert!(destinations.allow(host), "{host}");
        }
        for host in ["192.0.2.1", "localhost.example.com", "0.0.0.0"] {
            assert!(!destinations.allow(host), "{host}");
        }
        assert!(!destinations.allow_resolved([192, 0, 2, 1].into()));
    }
}
