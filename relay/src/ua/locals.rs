//! Our own addresses: several per transport, of both families.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use offhook_sip::message::{Host, HostPort};

use super::account::Protocol;

/// An address that peers reach us at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// Over what.
    pub protocol: Protocol,
    /// What they are told, which may differ from what is bound.
    pub addr: SocketAddr,
}

/// All of them, the most preferred of each protocol first.
#[derive(Clone, Debug)]
pub(super) struct Locals(Arc<[Local]>);

impl Locals {
    pub(super) fn new(locals: &[Local]) -> Self {
        Self(locals.into())
    }

    /// Ours for this protocol in the family of `peer`. `None` where we do not listen so.
    #[must_use]
    pub(super) fn to(&self, protocol: Protocol, peer: IpAddr) -> Option<SocketAddr> {
        self.of(protocol).find(|addr| is_family(addr.ip(), peer))
    }

    /// What a message to `peer` says we are, even where we do not listen so: a client of TLS needs no listener.
    #[must_use]
    pub(super) fn stand_in(&self, protocol: Protocol, peer: Option<IpAddr>) -> SocketAddr {
        let fits = |addr: &SocketAddr| peer.is_none_or(|peer| is_family(addr.ip(), peer));
        let reliable = protocol != Protocol::Udp;
        let alike = self.0.iter().filter(|local| (local.protocol != Protocol::Udp) == reliable);
        let any = alike.chain(self.0.iter()).map(|local| local.addr);
        let own = self.of(protocol);
        own.clone().find(fits).or_else(|| any.clone().find(fits)).or_else(|| own.chain(any).next()).unwrap_or_else(
            || {
                let port = if matches!(protocol, Protocol::Tls | Protocol::Wss) { 5061 } else { 5060 };
                SocketAddr::from(([127, 0, 0, 1], port))
            },
        )
    }

    /// Whether this is an address of ours, whatever the transport, or what stands for one.
    #[must_use]
    pub(super) fn are_at(&self, host_port: &HostPort) -> bool {
        let at = |addr: SocketAddr| host_port.host == Host::Ip(addr.ip()) && host_port.port == Some(addr.port());
        self.0.iter().any(|local| at(local.addr)) || (self.0.is_empty() && at(self.stand_in(Protocol::Udp, None)))
    }

    /// Whether an address is one of ours, whatever the protocol.
    #[must_use]
    pub(super) fn has(&self, addr: SocketAddr) -> bool {
        self.0.iter().any(|local| local.addr == addr)
    }

    /// Those of one protocol.
    pub(super) fn of(&self, protocol: Protocol) -> impl Iterator<Item = SocketAddr> + Clone {
        self.0.iter().filter(move |local| local.protocol == protocol).map(|local| local.addr)
    }
}

fn is_family(ours: IpAddr, peer: IpAddr) -> bool {
    ours.is_ipv4() == peer.to_canonical().is_ipv4()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locals(locals: &[(Protocol, &str)]) -> Locals {
        let local = |(protocol, addr): &(Protocol, &str)| Local { protocol: *protocol, addr: addr.parse().unwrap() };
        Locals::new(&locals.iter().map(local).collect::<Vec<_>>())
    }

    fn both_families() -> Locals {
        locals(&[
            (Protocol::Udp, "192.0.2.1:5060"),
            (Protocol::Udp, "[2001:db8::1]:5060"),
            (Protocol::Tcp, "192.0.2.1:5070"),
        ])
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_family_has_its_address() {
        let locals = both_families();
        let to = |protocol, peer| locals.to(protocol, ip(peer)).map(|addr| addr.to_string());
        assert_eq!(to(Protocol::Udp, "198.51.100.1").as_deref(), Some("192.0.2.1:5060"));
        assert_eq!(to(Protocol::Udp, "2001:db8::9").as_deref(), Some("[2001:db8::1]:5060"));
        assert_eq!(to(Protocol::Udp, "::ffff:198.51.100.1").as_deref(), Some("192.0.2.1:5060"));
        assert_eq!(to(Protocol::Tcp, "2001:db8::9"), None);
        assert_eq!(to(Protocol::Tls, "198.51.100.1"), None);
    }

    #[test]
    fn another_address_stands_in_where_nothing_listens() {
        let locals = both_families();
        let stand_in = |protocol, peer: Option<&str>| locals.stand_in(protocol, peer.map(ip)).to_string();
        assert_eq!(stand_in(Protocol::Udp, None), "192.0.2.1:5060");
        assert_eq!(stand_in(Protocol::Tls, None), "192.0.2.1:5070");
        assert_eq!(stand_in(Protocol::Tcp, Some("2001:db8::9")), "[2001:db8::1]:5060");
        assert_eq!(Locals::new(&[]).stand_in(Protocol::Tls, None).to_string(), "127.0.0.1:5061");
    }
}
