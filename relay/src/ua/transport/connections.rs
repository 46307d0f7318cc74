//! The connections of the reliable transports (RFC 3261 section 18): opened when needed, kept, and used by both sides.
//!
//! Each has a [`ConnectionId`] for as long as it lives: a flow (RFC 5626). What came over one is answered on it, and a
//! request that is meant for one goes over no other.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use offhook_sip::message::{Host, Limits, Message, Transport};
use offhook_sip::transaction::{ConnectionId, Destination, TransactionId, Transmit};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::connection::{self, Begin};
use super::{SendFault, TransportConfig, TransportEvent};

/// Messages that may wait for a slow connection before it is given up.
const WRITE_QUEUE: usize = 64;

/// All connections, and what their tasks need.
#[derive(Debug)]
pub(super) struct Connections {
    pub(super) events: mpsc::Sender<TransportEvent>,
    pub(super) limits: Limits,
    pub(super) connect_timeout: Duration,
    pub(super) idle_timeout: Duration,
    max_connections: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    entries: HashMap<ConnectionId, Entry>,
    /// The connections with each peer, and whom each was made to reach.
    peers: HashMap<Peer, Vec<(ConnectionId, Option<Host>)>>,
    last_id: u64,
}

/// Transport and address.
type Peer = (Transport, SocketAddr);

type Queue = mpsc::Sender<Transmit>;

#[derive(Debug)]
struct Entry {
    queue: Queue,
    task: AbortHandle,
    peer: Peer,
}

impl Connections {
    pub(super) fn new(config: &TransportConfig, events: mpsc::Sender<TransportEvent>) -> Self {
        Self {
            events,
            limits: config.limits,
            connect_timeout: config.connect_timeout,
            idle_timeout: config.idle_timeout,
            max_connections: config.max_connections,
            table: Mutex::default(),
        }
    }

    /// How many are open or being opened.
    pub(super) fn len(&self) -> usize {
        self.table().entries.len()
    }

    /// Queues for the flow the message is meant for, or for the connection with this peer, which is opened if there is
    /// none.
    pub(super) fn send(self: &Arc<Self>, transmit: Transmit) {
        let mut transmit = transmit;
        // A connection may end between finding and using it; then the message is as one that found none.
        for _ in 0..2 {
            let queue = match self.queue(&mut transmit) {
                Ok(queue) => queue,
                Err(fault) => {
                    tracing::debug!(to = %transmit.destination.address, ?fault, "a SIP message was not sent");
                    return self.failed(transmit.transaction, fault);
                }
            };
            transmit = match queue.try_send(transmit) {
                Ok(()) => return,
                Err(mpsc::error::TrySendError::Full(transmit)) => {
                    return self.failed(transmit.transaction, SendFault::Busy);
                }
                Err(mpsc::error::TrySendError::Closed(transmit)) => transmit,
            };
        }
        self.failed(transmit.transaction, SendFault::Closed);
    }

    /// Tells a transaction that its message was not sent.
    pub(super) fn failed(&self, transaction: Option<TransactionId>, fault: SendFault) {
        if let Some(transaction) = transaction {
            // A full channel means that the loop is behind; the transaction's own timer then ends the wait.
            drop(self.events.try_send(TransportEvent::Failed { transaction, fault }));
        }
    }

    /// Takes a connection that a peer opened; `None` when there are too many.
    pub(super) fn accept(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr) -> Option<ConnectionId> {
        let from = Destination::tcp(peer, None);
        let mut table = self.table();
        self.open(&mut table, &from, Begin::Accepted(stream)).ok().map(|(id, _)| id)
    }

    /// Forgets a connection: what comes now opens a new one, or fails.
    pub(super) fn remove(&self, id: ConnectionId) {
        self.table().remove(id);
    }

    /// Ends them all.
    pub(super) fn end(&self) {
        for entry in self.table().entries.values() {
            entry.task.abort();
        }
    }

    fn queue(self: &Arc<Self>, transmit: &mut Transmit) -> Result<Queue, SendFault> {
        let mut table = self.table();
        if let Some(id) = transmit.destination.connection {
            if let Some(entry) = table.entries.get(&id).filter(|entry| !entry.queue.is_closed()) {
                return Ok(entry.queue.clone());
            }
            transmit.destination = fallback(transmit).ok_or(SendFault::Closed)?;
        }
        let to = &transmit.destination;
        if let Some(queue) = table.find(to) {
            return Ok(queue);
        }
        match to.transport {
            Transport::Tcp => self.open(&mut table, to, Begin::Connect).map(|(_, queue)| queue),
            _ => Err(SendFault::NotConfigured),
        }
    }

    /// Starts a connection's task.
    fn open(
        self: &Arc<Self>,
        table: &mut Table,
        to: &Destination,
        begin: Begin,
    ) -> Result<(ConnectionId, Queue), SendFault> {
        if table.entries.len() >= self.max_connections {
            tracing::warn!(peer = %to.address, "too many SIP connections are open");
            return Err(SendFault::Busy);
        }
        table.last_id = table.last_id.wrapping_add(1);
        let id = ConnectionId(table.last_id);
        let (queue, queued) = mpsc::channel(WRITE_QUEUE);
        let flow = to.clone().on(id);
        let task = tokio::spawn(connection::run(Arc::clone(self), flow, id, begin, queued)).abort_handle();
        let peer = (to.transport.clone(), to.address);
        table.peers.entry(peer.clone()).or_default().push((id, to.server_name.clone()));
        table.entries.insert(id, Entry { queue: queue.clone(), task, peer });
        Ok((id, queue))
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn find(&self, to: &Destination) -> Option<Queue> {
        let connections = self.peers.get(&(to.transport.clone(), to.address))?;
        let queues = connections.iter().filter_map(|(id, _)| self.entries.get(id));
        queues.map(|entry| &entry.queue).find(|queue| !queue.is_closed()).cloned()
    }

    fn remove(&mut self, id: ConnectionId) {
        let Some(entry) = self.entries.remove(&id) else { return };
        if let Some(connections) = self.peers.get_mut(&entry.peer) {
            connections.retain(|(other, _)| *other != id);
            if connections.is_empty() {
                self.peers.remove(&entry.peer);
            }
        }
    }
}

/// Where a response goes whose connection has ended: the address its request came from, at the port that the request
/// names (RFC 3261 section 18.2.2). Nothing else may be sent anywhere but on its flow.
fn fallback(transmit: &Transmit) -> Option<Destination> {
    let to = &transmit.destination;
    if to.transport != Transport::Tcp || !transmit.bytes.starts_with(b"SIP/2.0") {
        return None;
    }
    let response = Message::parse_datagram(transmit.bytes.clone(), &Limits::default()).ok()?;
    let via = response.headers().top_via().ok()?;
    let address = SocketAddr::new(to.address.ip(), via.sent_by.port_or_default(false));
    Some(Destination::new(to.transport.clone(), address))
}
