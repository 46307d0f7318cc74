//! The sockets of the SIP side (RFC 3261 section 18): bytes become messages here, and nothing is decided.
//!
//! One task reads each socket and sends what it read to the signalling loop over a bounded channel. The loop sends
//! through [`Transports`], which never waits: a datagram the kernel has no room for is lost as on any network, and what
//! cannot be sent comes back as [`TransportEvent::Failed`] to the transaction that waits for it.

mod tcp;
mod udp;

use std::net::SocketAddr;
use std::time::Duration;

use offhook_sip::message::{Limits, Message, Transport};
use offhook_sip::transaction::{Destination, TransactionId, Transmit};
use tokio::sync::mpsc;

/// What the sockets report.
#[derive(Debug)]
pub enum TransportEvent {
    /// A whole message.
    Message {
        /// From whom, as the network says.
        from: Destination,
        /// What.
        message: Box<Message>,
    },
    /// A message could not be sent: refused, unreachable, timed out or closed while writing.
    Failed {
        /// The transaction that waits for it.
        transaction: TransactionId,
    },
}

/// Where to listen, and the bounds on what strangers can make us hold.
#[derive(Debug, Clone)]
pub struct TransportConfig {
    /// The UDP address, port 0 for any.
    pub udp: Option<SocketAddr>,
    /// The TCP address, port 0 for any.
    pub tcp: Option<SocketAddr>,
    /// Message sizes.
    pub limits: Limits,
    /// TCP connections at once, both ways together.
    pub max_connections: usize,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long a connection may be silent before it is closed.
    pub idle_timeout: Duration,
}

impl Default for TransportConfig {
    fn default() -> Self {
        Self {
            udp: None,
            tcp: None,
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
    udp: Option<udp::Udp>,
    tcp: tcp::Tcp,
}

impl Transports {
    /// Opens the sockets and starts reading.
    ///
    /// # Errors
    /// [`TransportError::Bind`] names the address that cannot be had.
    pub async fn bind(config: &TransportConfig, events: mpsc::Sender<TransportEvent>) -> Result<Self, TransportError> {
        let udp = match config.udp {
            Some(addr) => Some(udp::Udp::bind(addr, config.limits, events.clone())?),
            None => None,
        };
        let tcp = tcp::Tcp::bind(config, events).await?;
        Ok(Self { udp, tcp })
    }

    /// The UDP address listened on.
    #[must_use]
    pub fn udp_addr(&self) -> Option<SocketAddr> {
        self.udp.as_ref().map(udp::Udp::local_addr)
    }

    /// The TCP address listened on.
    #[must_use]
    pub fn tcp_addr(&self) -> Option<SocketAddr> {
        self.tcp.local_addr()
    }

    /// TCP connections open or being opened.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.tcp.connections()
    }

    /// Sends a message. Does not wait; a failure arrives as [`TransportEvent::Failed`].
    pub fn send(&self, transmit: Transmit) {
        match (&transmit.destination.transport, &self.udp) {
            (Transport::Udp, Some(udp)) => udp.send(&transmit),
            (Transport::Tcp, _) => self.tcp.send(transmit),
            (other, _) => {
                tracing::warn!(transport = %other, "SIP over this transport is not configured");
                self.tcp.failed(transmit.transaction);
            }
        }
    }
}

#[cfg(test)]
mod tests;
