//! SIP over UDP (RFC 3261 section 18, RFC 3581).

use std::io;
use std::net::{SocketAddr, UdpSocket as StdSocket};

use bytes::Bytes;
use offhook_sip::message::{Limits, Message, Transport};
use offhook_sip::transaction::{Destination, Transmit};
use tokio::net::UdpSocket;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::trace::{Trace, Way};
use super::{SendFault, TransportConfig, TransportEvent, listener};

/// The largest payload of a UDP datagram over IPv4.
const MAX_DATAGRAM: usize = 65_507;

/// What the system is to keep while the relay is busy: some 2000 messages, less than a tenth of a second's work. Its own
/// measure, 200, is gone within 5 ms at 3000 calls a second.
const BUFFER: usize = 1 << 20;

/// The socket and its reader.
#[derive(Debug)]
pub(super) struct Udp {
    /// A second handle of the same socket: writing needs no task and no waiting.
    sender: StdSocket,
    local: SocketAddr,
    events: mpsc::Sender<TransportEvent>,
    reader: AbortHandle,
    trace: Option<Trace>,
}

/// What the task that reads works with.
struct Reader {
    socket: UdpSocket,
    local: SocketAddr,
    limits: Limits,
    events: mpsc::Sender<TransportEvent>,
    trace: Option<Trace>,
}

impl Udp {
    /// Binds and starts reading, in this runtime.
    pub(super) fn bind(
        addr: SocketAddr,
        config: &TransportConfig,
        events: mpsc::Sender<TransportEvent>,
        runtime: &Handle,
    ) -> io::Result<Self> {
        let sender = listener::udp(addr)?;
        // The system may grant less; then bursts are lost sooner, which is no reason not to start.
        let _ = socket2::SockRef::from(&sender).set_recv_buffer_size(BUFFER);
        let local = sender.local_addr()?;
        let inside = runtime.enter();
        let receiver = UdpSocket::from_std(sender.try_clone()?)?;
        drop(inside);
        let trace = config.trace.clone();
        let reader = Reader { socket: receiver, local, limits: config.limits, events: events.clone(), trace };
        let reader = runtime.spawn(reader.run()).abort_handle();
        Ok(Self { sender, local, events, reader, trace: config.trace.clone() })
    }

    pub(super) fn local_addr(&self) -> SocketAddr {
        self.local
    }

    pub(super) fn send(&self, transmit: &Transmit) {
        let to = transmit.destination.address;
        if let Some(trace) = &self.trace {
            trace.record(Way::Sent, &Transport::Udp, (self.local, to), &transmit.bytes);
        }
        let Err(error) = self.sender.send_to(&transmit.bytes, to) else { return };
        if error.kind() == io::ErrorKind::WouldBlock {
            tracing::debug!(%to, "the UDP send buffer is full; the datagram is lost and will be retransmitted");
            return;
        }
        tracing::debug!(%to, %error, "sending SIP over UDP");
        if let Some(transaction) = transmit.transaction {
            // A full channel means that the loop is behind; the transaction's own timer then ends the wait.
            let fault = SendFault::of_io(&error);
            drop(self.events.try_send(TransportEvent::Failed { transaction, fault }));
        }
    }
}

impl Drop for Udp {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Reader {
    async fn run(self) {
        let mut buffer = vec![0; MAX_DATAGRAM];
        loop {
            let (length, from) = match self.socket.recv_from(&mut buffer).await {
                Ok(received) => received,
                // Linux reports an ICMP error of an earlier datagram here; the socket itself is well.
                Err(error) => {
                    tracing::debug!(%error, "receiving SIP over UDP");
                    continue;
                }
            };
            let datagram = Bytes::copy_from_slice(buffer.get(..length).unwrap_or_default());
            if let Some(trace) = &self.trace {
                trace.record(Way::Received, &Transport::Udp, (self.local, from), &datagram);
            }
            let message = match Message::parse_datagram(datagram, &self.limits) {
                Ok(message) => message,
                Err(error) => {
                    tracing::debug!(%from, %error, "a datagram that is no SIP message");
                    continue;
                }
            };
            let from = Destination::udp(from);
            if self.events.send(TransportEvent::Message { from, message: Box::new(message) }).await.is_err() {
                return;
            }
        }
    }
}
