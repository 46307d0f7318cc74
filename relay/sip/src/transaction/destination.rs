use std::net::SocketAddr;

use crate::message::{Host, Transport, Via};

/// Names a connection of a reliable transport; the owner of the sockets gives it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// Where a message goes to, or where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Destination {
    /// The transport.
    pub transport: Transport,
    /// The far end.
    pub address: SocketAddr,
    /// The connection to use, when there is one already.
    pub connection: Option<ConnectionId>,
    /// The host that was asked for, before it was looked up: whom a TLS certificate must name (RFC 5922 section 7.3).
    pub server_name: Option<Host>,
}

impl Destination {
    /// A peer reached over this transport, on whatever connection there is.
    pub fn new(transport: Transport, address: SocketAddr) -> Self {
        Self { transport, address, connection: None, server_name: None }
    }

    /// A peer reached over UDP.
    pub fn udp(address: SocketAddr) -> Self {
        Self::new(Transport::Udp, address)
    }

    /// A peer reached over TCP, on this connection if it is given.
    pub fn tcp(address: SocketAddr, connection: Option<ConnectionId>) -> Self {
        Self { connection, ..Self::new(Transport::Tcp, address) }
    }

    /// The same on this very connection: a flow (RFC 5626), which no other connection can stand in for.
    #[must_use]
    pub fn on(self, connection: ConnectionId) -> Self {
        Self { connection: Some(connection), ..self }
    }

    /// The same, told whom the certificate must name.
    #[must_use]
    pub fn named(self, host: Host) -> Self {
        Self { server_name: Some(host), ..self }
    }

    /// Where the response to a request goes that came from here (RFC 3261 §18.2.2, RFC 3581 §4).
    ///
    /// Over a reliable transport it is the connection of the request. Over UDP it is the address the
    /// request came from; the port of the Via counts unless `rport` was asked for. A `maddr` is not
    /// followed: it would let anyone aim our responses at a third party.
    pub(super) fn for_response(&self, via: &Via) -> Self {
        if self.transport.is_reliable() || via.wants_rport() {
            return self.clone();
        }
        let port = via.sent_by.port_or_default(false);
        Self { address: SocketAddr::new(self.address.ip(), port), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response_to(via: &str, source: Destination) -> SocketAddr {
        source.for_response(&via.parse().unwrap()).address
    }

    #[test]
    fn udp_answers_the_source_address_at_the_vias_port() {
        let source = Destination::udp("192.0.2.9:40000".parse().unwrap());
        let at = |via| response_to(via, source.clone()).to_string();
        assert_eq!(at("SIP/2.0/UDP 10.0.0.1:5070;branch=z9hG4bK1"), "192.0.2.9:5070");
        assert_eq!(at("SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1"), "192.0.2.9:5060");
    }

    #[test]
    fn rport_answers_the_very_source() {
        let source = Destination::udp("192.0.2.9:40000".parse().unwrap());
        let via = "SIP/2.0/UDP 10.0.0.1:5070;rport;branch=z9hG4bK1";
        assert_eq!(response_to(via, source.clone()), source.address);
    }

    #[test]
    fn a_connection_is_answered_on_itself() {
        let source = Destination::tcp("192.0.2.9:40000".parse().unwrap(), Some(ConnectionId(3)));
        let via = "SIP/2.0/TCP 10.0.0.1:5070;branch=z9hG4bK1".parse().unwrap();
        assert_eq!(source.for_response(&via), source);
    }
}
