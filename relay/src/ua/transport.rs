//! The sockets of the SIP side (RFC 3261 section 18): bytes become messages here, and nothing is decided.
//!
//! One task reads each socket and sends what it read to the signalling loop over a bounded channel. The loop sends
//! through [`Transports`], which never waits: a datagram the kernel has no room for is lost as on any network, and what
//! cannot be sent comes back as [`TransportEvent::Failed`] to the transaction that waits for it.

mod connection;
mod connections;
mod fault;
mod listener;
mod udp;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use offhook_sip::message::{Limits, Message, Transport};
use offhook_sip::transaction::{ConnectionId, Destination, TransactionId, Transmit};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::account::Protocol;
use super::locals::Local;
use connections::Connections;
use listener::Listener;
use udp::Udp;

pub use fault::SendFault;

/// What the sockets report.
#[derive(Debug)]
pub enum TransportEvent {
    /// A whole message.
    Message {
        /// From whom, as the network says, and on which connection.
        from: Destination,
        /// What.
        message: Box<Message>,
    },
    /// A message could not be sent.
    Failed {
        /// The transaction that waits for it.
        transaction: TransactionId,
        /// Why.
        fault: SendFault,
    },
    /// A connection has ended; nothing more comes from it, and nothing can be sent over it. Comes once, last.
    Closed {
        /// Which.
        connection: ConnectionId,
        /// With whom it was, as with its messages.
        from: Destination,
    },
}

/// Where to listen, and the bounds on what strangers can make us hold.
#[derive(Debug, Clone)]
pub struct TransportConfig {
    /// UDP addresses, one of each family at most, port 0 for any.
    pub udp: Vec<SocketAddr>,
    /// TCP addresses, port 0 for any.
    pub tcp: Vec<SocketAddr>,
    /// Message sizes.
    pub limits: Limits,
    /// Connections at once, both ways together.
    pub max_connections: usize,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long a connection may be silent before it is closed.
    pub idle_timeout: Duration,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            udp: Vec::new(),
            tcp: Vec::new(),
            limits: Limits::default(),
            max_connections: 1024,
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(600),
        }
    }
}

/// Why the SIP side has no sockets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The address is in use or not one of this machine's: choose another in `[sip]`.
    #[error("cannot listen for SIP over {transport} on {addr}: {source}")]
    Bind {
        /// UDP or TCP.
        transport: &'static str,
        /// The address asked for.
        addr: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// The sending half of all sockets. Dropping it closes them and ends their tasks.
#[derive(Debug)]
pub struct Transports {
    udp: Vec<Udp>,
    listeners: Vec<(Protocol, Listener)>,
    connections: Arc<Connections>,
}

impl Transports {
    /// Opens the sockets and starts reading: datagrams in `datagrams`, the runtime that works on them, so that no other
    /// thread has to be woken for each; connections, whose TLS takes time, in the caller's own.
    ///
    /// # Errors
    /// [`TransportError::Bind`] names the address that cannot be had.
    pub fn bind(
        config: &TransportConfig,
        events: mpsc::Sender<TransportEvent>,
        datagrams: &Handle,
    ) -> Result<Self, TransportError> {
        let bind = |transport, addr| move |source| TransportError::Bind { transport, addr, source };
        let udp =
            |addr: &SocketAddr| Udp::bind(*addr, config.limits, events.clone(), datagrams).map_err(bind("UDP", *addr));
        let udp = config.udp.iter().map(udp).collect::<Result<_, _>>()?;
        let connections = Arc::new(Connections::new(config, events.clone()));
        let tcp = |addr: &SocketAddr| {
            let listener = Listener::tcp(*addr, Arc::clone(&connections)).map_err(bind("TCP", *addr))?;
            Ok((Protocol::Tcp, listener))
        };
        let listeners = config.tcp.iter().map(tcp).collect::<Result<_, _>>()?;
        Ok(Self { udp, listeners, connections })
    }

    /// The addresses listened on.
    #[must_use]
    pub fn locals(&self) -> Vec<Local> {
        let udp = self.udp.iter().map(|udp| Local { protocol: Protocol::Udp, addr: udp.local_addr() });
        let listeners = self.listeners.iter().map(|(protocol, at)| Local { protocol: *protocol, addr: at.local });
        udp.chain(listeners).collect()
    }

    /// Connections open or being opened.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// Sends a message. Does not wait; a failure arrives as [`TransportEvent::Failed`].
    pub fn send(&self, transmit: Transmit) {
        if transmit.destination.transport != Transport::Udp {
            return self.connections.send(transmit);
        }
        let is_ipv4 = transmit.destination.address.is_ipv4();
        match self.udp.iter().find(|udp| udp.local_addr().is_ipv4() == is_ipv4) {
            Some(udp) => udp.send(&transmit),
            None => self.connections.failed(transmit.transaction, SendFault::NotConfigured),
        }
    }
}

impl Drop for Transports {
    fn drop(&mut self) {
        self.connections.end();
    }
}

#[cfg(test)]
mod tests;
