//! Sockets that listen.

use std::io;
use std::net::{SocketAddr, UdpSocket as StdUdpSocket};
use std::sync::Arc;
use std::time::Duration;

use offhook_sip::message::Transport;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use super::connections::Connections;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1024;

/// A listener whose task ends with it.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) local: SocketAddr,
    task: AbortHandle,
}

impl Listener {
    /// Takes connections for this transport.
    pub(super) fn bind(addr: SocketAddr, transport: Transport, connections: Arc<Connections>) -> io::Result<Self> {
        let socket = socket(addr, Type::STREAM, Protocol::TCP)?;
        socket.listen(BACKLOG)?;
        let listener = TcpListener::from_std(socket.into())?;
        let local = listener.local_addr()?;
        Ok(Self { local, task: tokio::spawn(accept(listener, transport, connections)).abort_handle() })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A UDP socket that does not block.
pub(super) fn udp(addr: SocketAddr) -> io::Result<StdUdpSocket> {
    socket(addr, Type::DGRAM, Protocol::UDP).map(Into::into)
}

/// Bound; one of IPv6 takes IPv6 only, so that both families have their own on the same port.
fn socket(addr: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), kind, Some(protocol))?;
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if kind == Type::STREAM {
        // The connections of the relay that ran before must not keep this one from starting.
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    Ok(socket)
}

async fn accept(listener: TcpListener, transport: Transport, connections: Arc<Connections>) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => connections.accept(stream, transport.clone(), peer).await,
            Err(error) => {
                // Out of descriptors: wait for some to be freed instead of spinning.
                tracing::warn!(%error, "accepting SIP connections");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
