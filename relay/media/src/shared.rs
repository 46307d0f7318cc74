//! The sockets browsers reach a worker at: one for each of the relay's addresses, so that an answer
//! leaves from the address that was asked. Beside each listens one for connections, on the same port.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};

use crate::config::MediaConfig;
use crate::error::MediaError;
use crate::socket_pair::bind;

/// Sockets at most: one for each address.
pub(crate) const MAX_SHARED: usize = MediaConfig::MAX_ADVERTISED;
/// Receive and send buffers asked of the system: 200 ms of a thousand calls on one socket.
const BUFFER: usize = 4 << 20;

/// The sockets, and what browsers are told of them.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Bound.
    pub(crate) sockets: Vec<UdpSocket>,
    /// What listens beside each of them, where anything does.
    pub(crate) listeners: Vec<Option<TcpListener>>,
    /// Where they are reached, in the order in which the addresses are advertised.
    pub(crate) candidates: Vec<SocketAddr>,
    /// Those that take connections, too.
    pub(crate) tcp_candidates: Vec<SocketAddr>,
}

impl Shared {
    /// Binds those of a worker, on this port.
    ///
    /// An unspecified address stands for every advertised one that is this machine's own: each has
    /// its socket. Advertised addresses that are not are taken for the outside of a NAT, which
    /// leads to the first socket.
    ///
    /// # Errors
    /// [`MediaError::Bind`].
    pub(crate) fn bind(config: &MediaConfig, port: u16) -> Result<Self, MediaError> {
        let listen = config.webrtc_bind.ip();
        let mut own: Vec<(IpAddr, UdpSocket)> = Vec::new();
        if listen.is_unspecified() {
            for &ip in &config.webrtc_advertised {
                let known = own.iter().any(|&(address, _)| address == ip);
                if !known && let Some(socket) = bind_own(SocketAddr::new(ip, port))? {
                    own.push((ip, socket));
                }
            }
        }
        if own.is_empty() {
            own.push((listen, bind_one(SocketAddr::new(listen, port))?));
        }
        let candidates = candidates(&config.webrtc_advertised, &own)?;
        let sockets: Vec<UdpSocket> = own.into_iter().map(|(_, socket)| socket).collect();
        let wanted = config.webrtc_tcp.then_some(&sockets);
        let listeners =
            wanted.into_iter().flatten().map(|socket| listen_at(socket, port)).collect::<Result<Vec<_>, _>>()?;
        let all = !listeners.is_empty() && listeners.iter().all(Option::is_some);
        let tcp_candidates = if all { candidates.clone() } else { Vec::new() };
        Ok(Self { sockets, listeners, candidates, tcp_candidates })
    }
}

fn candidates(advertised: &[IpAddr], own: &[(IpAddr, UdpSocket)]) -> Result<Vec<SocketAddr>, MediaError> {
    let bound = own.iter().map(|(_, socket)| socket.local_addr()).collect::<Result<Vec<_>, _>>()?;
    if advertised.is_empty() {
        return Ok(bound);
    }
    let port = |ip: IpAddr| {
        let own = bound.iter().find(|address| address.ip() == ip).or(bound.first());
        own.map(SocketAddr::port)
    };
    Ok(advertised.iter().filter_map(|&ip| Some(SocketAddr::new(ip, port(ip)?))).collect())
}

/// Binds an address if it is this machine's.
fn bind_own(address: SocketAddr) -> Result<Option<UdpSocket>, MediaError> {
    match bind_one(address) {
        Ok(socket) => Ok(Some(socket)),
        Err(MediaError::Bind { source, .. }) if source.kind() == ErrorKind::AddrNotAvailable => Ok(None),
        Err(error) => Err(error),
    }
}

/// Listens where this socket is bound. Where the system chose its port, another program may have that of TCP: then there is
/// no listener.
fn listen_at(socket: &UdpSocket, port: u16) -> Result<Option<TcpListener>, MediaError> {
    let address = socket.local_addr()?;
    let listener = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    match listener {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if port == 0 && error.kind() == ErrorKind::AddrInUse => {
            tracing::warn!(%address, "browsers cannot connect over TCP: the port is another program's");
            Ok(None)
        }
        Err(source) => Err(MediaError::Bind { address, source }),
    }
}

fn bind_one(address: SocketAddr) -> Result<UdpSocket, MediaError> {
    let socket = bind(address).map_err(|source| MediaError::Bind { address, source })?;
    let options = socket2::SockRef::from(&socket);
    // The system may grant less; then bursts are lost sooner, which is no reason not to start.
    let _ = options.set_recv_buffer_size(BUFFER);
    let _ = options.set_send_buffer_size(BUFFER);
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(listen: &str, advertised: &[&str]) -> Result<Shared, MediaError> {
        let config = MediaConfig {
            webrtc_bind: listen.parse().unwrap(),
            webrtc_advertised: advertised.iter().map(|ip| ip.parse().unwrap()).collect(),
            ..MediaConfig::default()
        };
        Shared::bind(&config, config.webrtc_bind.port())
    }

    fn locals(shared: &Shared) -> Vec<SocketAddr> {
        shared.sockets.iter().map(|socket| socket.local_addr().unwrap()).collect()
    }

    #[test]
    fn an_unspecified_address_is_one_socket_for_each_address_of_our_own() {
        let shared = bound("0.0.0.0:0", &["127.0.0.1", "127.0.0.2", "127.0.0.1"]).unwrap();
        let locals = locals(&shared);
        assert_eq!(
            locals.iter().map(SocketAddr::ip).map(|ip| ip.to_string()).collect::<Vec<_>>(),
            ["127.0.0.1", "127.0.0.2"]
        );
        assert_eq!(shared.candidates, [locals[0], locals[1], locals[0]]);
    }

    #[test]
    fn an_address_that_is_not_ours_is_the_outside_of_a_nat() {
        let shared = bound("0.0.0.0:0", &["192.0.2.1", "127.0.0.2"]).unwrap();
        let locals = locals(&shared);
        let outside = SocketAddr::new("192.0.2.1".parse().unwrap(), locals[0].port());
        assert_eq!(shared.candidates, [outside, locals[0]]);

        let shared = bound("0.0.0.0:0", &["192.0.2.1"]).unwrap();
        assert!(shared.sockets[0].local_addr().unwrap().ip().is_unspecified());
    }

    #[test]
    fn one_address_to_listen_at_is_one_socket_whatever_is_advertised() {
        let shared = bound("127.0.0.1:0", &["192.0.2.1", "127.0.0.2"]).unwrap();
        assert_eq!(shared.sockets.len(), 1);
        assert_eq!(shared.candidates[1].to_string(), format!("127.0.0.2:{}", shared.candidates[0].port()));
        assert_eq!(bound("127.0.0.1:0", &[]).unwrap().candidates.len(), 1);
    }

    #[test]
    fn an_address_that_is_taken_is_named() {
        let squatter = UdpSocket::bind("127.0.0.1:0").unwrap();
        let taken = squatter.local_addr().unwrap();
        let error = bound(&format!("0.0.0.0:{}", taken.port()), &["127.0.0.1"]).unwrap_err();
        assert!(matches!(error, MediaError::Bind { address, .. } if address == taken));
    }
}
