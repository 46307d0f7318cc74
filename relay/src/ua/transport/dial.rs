//! Connections of the relay's own: opened from the address that it listens on, so that whoever knows a peer by its address
//! knows the relay, whatever other addresses its machine has.

use std::io;
use std::net::{IpAddr, SocketAddr};

use offhook_sip::message::Transport;
use offhook_sip::transaction::Destination;
use tokio::net::{TcpSocket, TcpStream};

use super::TransportConfig;
use crate::ua::Protocol;

/// Where connections leave from.
#[derive(Debug, Clone)]
pub(super) struct Dial {
    /// The configured addresses with what they are for. Unspecified ones leave the choice to the system.
    listen: Vec<(Protocol, IpAddr)>,
}

impl Dial {
    pub(super) fn new(config: &TransportConfig) -> Self {
        let udp = config.udp.iter().map(|addr| (Protocol::Udp, addr.ip()));
        let listen = config.listen.iter().map(|(protocol, addr)| (*protocol, addr.ip()));
        Self { listen: listen.chain(udp).filter(|(_, ip)| !ip.is_unspecified()).collect() }
    }

    /// Connects to this peer.
    pub(super) async fn connect(&self, to: &Destination) -> io::Result<TcpStream> {
        let Some(from) = self.from(&to.transport, to.address.ip()) else {
            return TcpStream::connect(to.address).await;
        };
        let socket = if from.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.bind(SocketAddr::new(from, 0))?;
        socket.connect(to.address).await
    }

    /// The address that the same protocol is listened for at, else that of another. Nothing leaves this machine from
    /// loopback, wherever one may listen for want of a configuration.
    fn from(&self, transport: &Transport, peer: IpAddr) -> Option<IpAddr> {
        let reaches = |ip: &IpAddr| ip.is_ipv4() == peer.is_ipv4() && (peer.is_loopback() || !ip.is_loopback());
        let of = |wanted: &dyn Fn(Protocol) -> bool| {
            self.listen.iter().filter(|(protocol, _)| wanted(*protocol)).map(|(_, ip)| *ip).find(reaches)
        };
        of(&|protocol| protocol.transport() == *transport)
            .or_else(|| of(&|protocol| matches!(protocol, Protocol::Tcp | Protocol::Tls | Protocol::Udp)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dial(udp: &[&str], listen: &[(Protocol, &str)]) -> Dial {
        let udp = udp.iter().map(|addr| addr.parse().unwrap()).collect();
        let listen = listen.iter().map(|(protocol, addr)| (*protocol, addr.parse().unwrap())).collect();
        Dial::new(&TransportConfig { udp, listen, ..TransportConfig::default() })
    }

    fn from(dial: &Dial, transport: Transport, peer: &str) -> Option<String> {
        dial.from(&transport, peer.parse().unwrap()).map(|ip| ip.to_string())
    }

    #[test]
    fn a_connection_leaves_from_where_its_protocol_is_listened_for() {
        let dial = dial(
            &["192.0.2.1:5060"],
            &[
                (Protocol::Tcp, "192.0.2.2:5060"),
                (Protocol::Tls, "192.0.2.3:5061"),
                (Protocol::Tcp, "[2001:db8::1]:5060"),
            ],
        );
        assert_eq!(from(&dial, Transport::Tcp, "198.51.100.1").as_deref(), Some("192.0.2.2"));
        assert_eq!(from(&dial, Transport::Tls, "198.51.100.1").as_deref(), Some("192.0.2.3"));
        assert_eq!(
            from(&dial, Transport::Tls, "2001:db8::9").as_deref(),
            Some("2001:db8::1"),
            "the family counts first"
        );
    }

    #[test]
    fn where_nobody_listens_for_it_the_others_address_is_used() {
        let dial = dial(&["192.0.2.1:5060"], &[(Protocol::Ws, "192.0.2.9:80")]);
        assert_eq!(from(&dial, Transport::Tls, "198.51.100.1").as_deref(), Some("192.0.2.1"));
        assert_eq!(from(&dial, Transport::Tls, "2001:db8::9"), None);
    }

    #[test]
    fn the_system_chooses_for_an_unspecified_address_and_out_of_loopback() {
        let anywhere = dial(&["0.0.0.0:5060"], &[(Protocol::Tcp, "0.0.0.0:5060")]);
        assert_eq!(from(&anywhere, Transport::Tcp, "198.51.100.1"), None);
        let here = dial(&["127.0.0.2:5060"], &[]);
        assert_eq!(from(&here, Transport::Tcp, "198.51.100.1"), None);
        assert_eq!(from(&here, Transport::Tcp, "127.0.0.9").as_deref(), Some("127.0.0.2"));
    }
}
