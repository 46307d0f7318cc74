//! One connection: opened or accepted, served until one side has enough, and what is told of its end.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use offhook_sip::message::{Message, Transport};
use offhook_sip::transaction::{ConnectionId, Destination, TransactionId, Transmit};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::connections::Connections;
use super::pace::{Due, Pace};
use super::trace::Way;
use super::{SendFault, TransportEvent, kept, stream, websocket};

/// Messages of ours that are taken for lost when the peer closes without ever having said anything.
const UNHEARD: usize = 16;

/// How a connection begins.
#[derive(Debug)]
pub(super) enum Begin {
    /// We open it.
    Connect,
    /// The peer has opened it.
    Accepted(TcpStream),
}

/// TCP, or TLS over it.
pub(super) trait Io: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// What the task of a connection works with.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) shared: Arc<Connections>,
    pub(super) flow: Destination,
    pub(super) queued: mpsc::Receiver<Transmit>,
    pub(super) pace: Pace,
    /// We opened it.
    is_ours: bool,
    /// Somebody here has spoken to the peer.
    has_spoken: bool,
    /// Our end, once there is one.
    local: Option<SocketAddr>,
    /// Transactions whose message was not written, or was written to a peer that we have not heard of yet: one that
    /// closes now has not read it, as a server that does not like our certificate.
    unheard: Vec<TransactionId>,
    heard: bool,
}

/// Serves the connection to its end, then tells every transaction whose message was not sent, and who relied on the flow.
pub(super) async fn run(
    shared: Arc<Connections>,
    flow: Destination,
    id: ConnectionId,
    begin: Begin,
    queued: mpsc::Receiver<Transmit>,
) {
    let times = shared.times(id);
    let pace = match (&begin, &flow.transport) {
        (Begin::Connect, _) => Pace::opened(times, now()),
        (Begin::Accepted(_), Transport::Ws | Transport::Wss) => Pace::websocket(times, now()),
        (Begin::Accepted(_), _) => Pace::accepted(times, now()),
    };
    let is_ours = matches!(begin, Begin::Connect);
    let (local, unheard) = (None, Vec::new());
    let (has_spoken, heard) = (is_ours, false);
    let mut conversation = Conversation { shared, flow, queued, pace, is_ours, has_spoken, local, unheard, heard };
    let served = conversation.serve(begin).await;
    let Conversation { shared, flow, mut queued, unheard, .. } = conversation;
    let fault = match &served {
        Ok(()) => SendFault::Closed,
        Err(error) => {
            tracing::debug!(peer = %flow.address, transport = %flow.transport, %error, "a SIP connection ended");
            SendFault::of_io(error)
        }
    };
    // Out of the table first: what comes now opens a new connection.
    shared.remove(id);
    queued.close();
    for transaction in unheard {
        drop(shared.events.send(TransportEvent::Failed { transaction, fault }).await);
    }
    while let Some(Transmit { transaction, .. }) = queued.recv().await {
        if let Some(transaction) = transaction {
            drop(shared.events.send(TransportEvent::Failed { transaction, fault }).await);
        }
    }
    drop(shared.events.send(TransportEvent::Closed { connection: id, from: flow }).await);
}

impl Conversation {
    async fn serve(&mut self, begin: Begin) -> io::Result<()> {
        let patience = self.shared.connect_timeout;
        let mut io = timeout(patience, self.begin(begin)).await??;
        match self.flow.transport {
            Transport::Ws | Transport::Wss => {
                let (peer, largest) = (self.flow.address.ip(), self.shared.largest());
                let accepted = websocket::accept(io, &self.shared.origins, peer, largest);
                let (socket, source) = timeout(patience, accepted).await??;
                // From here on the peer is who the proxy speaks for: what is counted against one is not against all.
                self.flow.address.set_ip(source);
                websocket::converse(self, socket).await
            }
            _ => stream::converse(self, &mut *io).await,
        }
    }

    async fn begin(&mut self, begin: Begin) -> io::Result<Pin<Box<dyn Io>>> {
        let secure = matches!(self.flow.transport, Transport::Tls | Transport::Wss);
        match begin {
            Begin::Accepted(stream) => {
                self.local = stream.local_addr().ok();
                prepare(&stream);
                let tls = &self.shared.tls;
                if secure { Ok(Box::pin(tls.accept(stream).await?)) } else { Ok(Box::pin(stream)) }
            }
            Begin::Connect => {
                let stream = self.shared.dial.connect(&self.flow).await?;
                self.local = stream.local_addr().ok();
                prepare(&stream);
                if !secure {
                    return Ok(Box::pin(stream));
                }
                let host = self.flow.server_name.as_ref();
                Ok(Box::pin(self.shared.tls.connect(stream, host, self.flow.address.ip()).await?))
            }
        }
    }

    /// Passes a message on.
    pub(super) async fn deliver(&mut self, message: Message) -> io::Result<()> {
        self.hear();
        self.pace.message(now());
        if self.shared.trace.is_some() {
            self.trace(Way::Received, &message.to_bytes());
        }
        // A peer that connects to us does not say how long it may stay.
        if let Some(duration) = kept::by(&message).filter(|_| self.is_ours) {
            self.pace.keep(duration, now());
        }
        let (from, message) = (self.flow.clone(), Box::new(message));
        let told = self.shared.events.send(TransportEvent::Message { from, message }).await;
        told.map_err(|_| io::ErrorKind::NotConnected.into())
    }

    /// The peer has said something: what was written before has reached it.
    pub(super) fn hear(&mut self) {
        self.heard = true;
        self.unheard.clear();
    }

    /// Whether the peer is told what needs nobody's decision: policy may be that strangers hear nothing.
    pub(super) fn may_answer(&self) -> bool {
        self.has_spoken || !self.shared.silent
    }

    /// A message is about to be written.
    pub(super) fn writing(&mut self, transmit: &Transmit) {
        self.has_spoken = true;
        self.trace(Way::Sent, &transmit.bytes);
        if let Some(transaction) = transmit.transaction {
            self.unheard.truncate(UNHEARD);
            self.unheard.insert(0, transaction);
        }
        if let Some(duration) = kept::by_ours(&transmit.bytes) {
            self.pace.keep(duration, now());
        }
    }

    /// It is written.
    pub(super) fn written(&mut self) {
        self.pace.message(now());
        if self.heard {
            self.unheard.clear();
        }
    }

    fn trace(&self, way: Way, bytes: &Bytes) {
        if let (Some(trace), Some(local)) = (&self.shared.trace, self.local) {
            trace.record(way, &self.flow.transport, (local, self.flow.address), bytes);
        }
    }

    /// Whether a keep-alive is due now.
    ///
    /// # Errors
    /// The connection has had its time.
    pub(super) fn ping_is_due(&mut self) -> io::Result<bool> {
        match self.pace.due(now()) {
            Due::Nothing => Ok(false),
            Due::Ping => Ok(true),
            Due::End(why) => Err(io::Error::new(io::ErrorKind::TimedOut, why)),
        }
    }
}

/// What costs latency, or finds the dead late, when it fails: nothing to give up for.
fn prepare(stream: &TcpStream) {
    drop(stream.set_nodelay(true));
    let probes = socket2::TcpKeepalive::new().with_time(Duration::from_secs(120));
    drop(socket2::SockRef::from(stream).set_tcp_keepalive(&probes));
}

pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
