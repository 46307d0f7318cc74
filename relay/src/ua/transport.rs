//! The sockets of the SIP side (RFC 3261 section 18): bytes become messages here, and nothing is decided.
//!
//! One task reads each socket and sends what it read to the signalling loop over a bounded channel. The loop sends
//! through [`Transports`], which never waits: a datagram the kernel has no room for is lost as on any network, and what
//! cannot be sent comes back as [`TransportEvent::Failed`] to the transaction that waits for it.

mod connection;
mod connections;
mod dial;
mod fault;
mod kept;
mod listener;
mod pace;
mod stream;
pub mod tls;
pub mod trace;
mod udp;
mod websocket;

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
use tls::{Tls, TlsConfig};
use trace::Trace;
use udp::Udp;

pub use fault::SendFault;
pub use websocket::Origins;

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
    /// Addresses of the other protocols, port 0 for any.
    pub listen: Vec<(Protocol, SocketAddr)>,
    /// Who we are over TLS, and whom we believe.
    pub tls: TlsConfig,
    /// Whose pages may connect over WebSocket.
    pub origins: Origins,
    /// What all messages are written to, where anything is.
    pub trace: Option<Trace>,
    /// Message sizes.
    pub limits: Limits,
    /// Connections that peers have opened at once, and as many that we have.
    pub max_connections: usize,
    /// Connections that one address (a /64 with IPv6) has opened at once.
    pub max_per_source: usize,
    /// Whether nothing is said to a peer of its own accord: neither that a message has no end nor that its keep-alive came,
    /// before somebody here has spoken to it.
    pub silent: bool,
    /// How long connecting, a handshake or writing one message may take.
    pub connect_timeout: Duration,
    /// How long a peer that connected may take for its first message, and any peer for one that it has begun.
    pub message_timeout: Duration,
    /// How long a connection may be without a message before it is closed, if no registration relies on it.
    pub idle_timeout: Duration,
    /// How often a connection that we opened is kept alive, and a WebSocket.
    pub keep_alive: Duration,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            udp: Vec::new(),
            listen: Vec::new(),
            tls: TlsConfig::default(),
            origins: Origins::default(),
            trace: None,
            limits: Limits::default(),
            max_connections: 2048,
            max_per_source: 256,
            silent: false,
            connect_timeout: Duration::from_secs(5),
            message_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(600),
            keep_alive: Duration::from_secs(100),
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
        /// The protocol's name in the configuration.
        transport: &'static str,
        /// The address asked for.
        addr: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Correct certificate, key or authorities in `[sip]`.
    #[error("SIP over TLS cannot be set up: {0}")]
    Tls(String),
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
        let udp = |addr: &SocketAddr| Udp::bind(*addr, config, events.clone(), datagrams).map_err(bind("udp", *addr));
        let udp = config.udp.iter().map(udp).collect::<Result<_, _>>()?;
        let tls = Tls::new(&config.tls).map_err(TransportError::Tls)?;
        if !config.tls.verify {
            tracing::warn!("any SIP server is believed over TLS, and who is on the way can listen (sip.tls_verify)");
        }
        let is_secure = |(protocol, _): &(Protocol, SocketAddr)| matches!(protocol, Protocol::Tls | Protocol::Wss);
        if config.listen.iter().any(is_secure) && !tls.can_serve() {
            return Err(TransportError::Tls("there is no certificate to show to those who connect".to_owned()));
        }
        let connections = Arc::new(Connections::new(config, tls, events.clone()));
        let listen = |(protocol, addr): &(Protocol, SocketAddr)| {
            let listener = Listener::bind(*addr, protocol.transport(), Arc::clone(&connections));
            Ok((*protocol, listener.map_err(bind(protocol.name(), *addr))?))
        };
        let listeners = config.listen.iter().map(listen).collect::<Result<_, _>>()?;
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
