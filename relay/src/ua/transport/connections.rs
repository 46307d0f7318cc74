//! The connections of the reliable transports (RFC 3261 section 18): opened when needed, kept, and used by both sides.
//!
//! Each has a [`ConnectionId`] for as long as it lives: a flow (RFC 5626). What came over one is answered on it, and a
//! request that is meant for one goes over no other.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use offhook_sip::message::{Host, Limits, Message, Transport};
use offhook_sip::transaction::{ConnectionId, Destination, TransactionId, Transmit};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::AbortHandle;

use super::connection::{self, Begin};
use super::dial::Dial;
use super::pace::Times;
use super::tls::Tls;
use super::trace::Trace;
use super::{Origins, SendFault, TransportConfig, TransportEvent};
use crate::limits::source_of;

/// Messages that may wait for a slow connection before it is given up.
const WRITE_QUEUE: usize = 64;

/// All connections, and what their tasks need.
#[derive(Debug)]
pub(super) struct Connections {
    pub(super) events: mpsc::Sender<TransportEvent>,
    pub(super) limits: Limits,
    pub(super) connect_timeout: Duration,
    pub(super) dial: Dial,
    pub(super) tls: Tls,
    pub(super) origins: Origins,
    pub(super) trace: Option<Trace>,
    pub(super) silent: bool,
    times: Times,
    max_connections: usize,
    max_per_source: usize,
    table: Mutex<Table>,
    /// What each connection that a peer opened holds until its socket and its task are gone.
    places: Arc<Semaphore>,
    /// Where their tasks run, whoever has one opened.
    runtime: Handle,
}

#[derive(Debug, Default)]
struct Table {
    entries: HashMap<ConnectionId, Entry>,
    /// The connections with each peer, and whom each was made to reach.
    peers: HashMap<Peer, Vec<(ConnectionId, Option<Host>)>>,
    /// How many connections each source has opened, and how many all of them have.
    sources: HashMap<IpAddr, usize>,
    accepted: usize,
    /// Those of them that nobody needs, the oldest first: they make room when there is none.
    strange: BTreeSet<ConnectionId>,
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
    /// Who opened it, if not we.
    source: Option<IpAddr>,
}

/// Connections to a host beyond which none is opened for a response whose own has ended: its port is of the peer's
/// choosing.
const FALLBACKS: usize = 4;

impl Connections {
    pub(super) fn new(config: &TransportConfig, tls: Tls, events: mpsc::Sender<TransportEvent>) -> Self {
        Self {
            events,
            limits: config.limits,
            connect_timeout: config.connect_timeout,
            dial: Dial::new(config),
            tls,
            origins: config.origins.clone(),
            trace: config.trace.clone(),
            silent: config.silent,
            times: Times { message: config.message_timeout, idle: config.idle_timeout, keep_alive: config.keep_alive },
            max_connections: config.max_connections,
            max_per_source: config.max_per_source,
            table: Mutex::default(),
            places: Arc::new(Semaphore::new(config.max_connections.min(Semaphore::MAX_PERMITS))),
            runtime: Handle::current(),
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

    /// Takes a connection that a peer opened, unless it or all peers together have too many. One that nobody needs makes
    /// room for a new one, so that those who have nothing to say keep nobody out. Waits until that one is gone.
    pub(super) async fn accept(self: &Arc<Self>, stream: TcpStream, transport: Transport, peer: SocketAddr) {
        let source = source_of(peer.ip());
        if !self.admit(source, peer) {
            return;
        }
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let from = Destination::new(transport, peer);
        self.open(&mut self.table(), &from, Some(source), (Begin::Accepted(stream), place));
    }

    /// Counts one more connection of a source, where there may be one.
    fn admit(&self, source: IpAddr, peer: SocketAddr) -> bool {
        let mut table = self.table();
        let of_source = table.sources.get(&source).copied().unwrap_or_default();
        let is_crowd = self.origins.proxies.contains(&peer.ip());
        let is_refused = of_source >= self.max_per_source && !is_crowd;
        if is_refused || (table.accepted >= self.max_connections && !table.make_room()) {
            tracing::debug!(%peer, of_source, in_all = table.accepted, "refused a SIP connection: too many are open");
            return false;
        }
        table.accepted = table.accepted.saturating_add(1);
        // Whoever made room may have been of this source.
        let count = table.sources.entry(source).or_default();
        *count = count.saturating_add(1);
        true
    }

    /// The times of a connection. Keep-alives of many do not go out at once (RFC 5626 section 4.4.1: 80 to 100 %).
    pub(super) fn times(&self, id: ConnectionId) -> Times {
        let percent = u32::try_from(80_u64.saturating_add(id.0 % 21)).unwrap_or(100);
        Times { keep_alive: self.times.keep_alive.saturating_mul(percent) / 100, ..self.times }
    }

    /// The largest message taken, in bytes.
    pub(super) fn largest(&self) -> usize {
        self.limits.max_head.saturating_add(self.limits.max_body)
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
            if let Some(queue) = table.use_for(id, &transmit.bytes) {
                return Ok(queue);
            }
            transmit.destination = fallback(transmit).ok_or(SendFault::Closed)?;
            if table.find(&transmit.destination).is_none()
                && table.opened_to(transmit.destination.address.ip()) >= FALLBACKS
            {
                return Err(SendFault::Closed);
            }
        }
        let to = &transmit.destination;
        if let Some(queue) = table.find(to).and_then(|id| table.use_for(id, &transmit.bytes)) {
            return Ok(queue);
        }
        if !matches!(to.transport, Transport::Tcp | Transport::Tls) {
            return Err(SendFault::NotConfigured);
        }
        if table.entries.len().saturating_sub(table.accepted) >= self.max_connections {
            tracing::warn!(peer = %to.address, "too many SIP connections are open");
            return Err(SendFault::Busy);
        }
        Ok(self.open(&mut table, to, None, (Begin::Connect, None)))
    }

    /// Starts a connection's task.
    fn open(
        self: &Arc<Self>,
        table: &mut Table,
        to: &Destination,
        source: Option<IpAddr>,
        (begin, place): (Begin, Option<OwnedSemaphorePermit>),
    ) -> Queue {
        table.last_id = table.last_id.wrapping_add(1);
        let id = ConnectionId(table.last_id);
        let (queue, queued) = mpsc::channel(WRITE_QUEUE);
        let flow = to.clone().on(id);
        let run = connection::run(Arc::clone(self), flow, id, begin, queued);
        let task = self.runtime.spawn(async move {
            run.await;
            drop(place);
        });
        let task = task.abort_handle();
        let peer = (to.transport.clone(), to.address);
        table.peers.entry(peer.clone()).or_default().push((id, to.server_name.clone()));
        if source.is_some() {
            table.strange.insert(id);
        }
        table.entries.insert(id, Entry { queue: queue.clone(), task, peer, source });
        queue
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// A connection that reaches this peer. Over TLS it must be one whose certificate was checked for the host that is
    /// meant; one that is meant by its address alone may be any that we opened there.
    fn find(&self, to: &Destination) -> Option<ConnectionId> {
        let connections = self.peers.get(&(to.transport.clone(), to.address))?;
        let fits = |(id, name): &(ConnectionId, Option<Host>)| {
            let entry = self.entries.get(id).filter(|entry| !entry.queue.is_closed())?;
            let reaches = match (&to.transport, &to.server_name) {
                (Transport::Tls, _) if entry.source.is_some() => false,
                (Transport::Tls, Some(wanted @ Host::Name(_))) => {
                    name.as_ref().is_some_and(|name| name.matches(wanted))
                }
                _ => true,
            };
            reaches.then_some(*id)
        };
        connections.iter().find_map(fits)
    }

    /// Where this message is written to, if the connection is not closing.
    fn use_for(&mut self, id: ConnectionId, message: &[u8]) -> Option<Queue> {
        let entry = self.entries.get(&id).filter(|entry| !entry.queue.is_closed())?;
        if self.strange.contains(&id) && is_beginning(message) {
            self.strange.remove(&id);
        }
        Some(entry.queue.clone())
    }

    /// Ends the oldest connection that nobody needs, so that nobody has to be told.
    fn make_room(&mut self) -> bool {
        let Some(id) = self.strange.pop_first() else { return false };
        if let Some(entry) = self.entries.get(&id) {
            tracing::trace!(peer = %entry.peer.1, "a SIP connection that nobody needs makes room for another");
            entry.task.abort();
        }
        self.remove(id);
        true
    }

    /// How many connections we have opened to a host.
    fn opened_to(&self, ip: IpAddr) -> usize {
        self.entries.values().filter(|entry| entry.source.is_none() && entry.peer.1.ip() == ip).count()
    }

    fn remove(&mut self, id: ConnectionId) {
        let Some(entry) = self.entries.remove(&id) else { return };
        self.strange.remove(&id);
        if let Some(source) = entry.source {
            self.accepted = self.accepted.saturating_sub(1);
            if let std::collections::hash_map::Entry::Occupied(mut count) = self.sources.entry(source) {
                *count.get_mut() = count.get().saturating_sub(1);
                if *count.get() == 0 {
                    count.remove();
                }
            }
        }
        if let Some(connections) = self.peers.get_mut(&entry.peer) {
            connections.retain(|(other, _)| *other != id);
            if connections.is_empty() {
                self.peers.remove(&entry.peer);
            }
        }
    }
}

/// Whether a message of ours begins something that both sides may need its connection for, such as a call or a binding.
/// Refusals do not, nor does the answer to an OPTIONS, which anybody has.
fn is_beginning(message: &[u8]) -> bool {
    let Some(response) = message.strip_prefix(b"SIP/2.0 ") else { return true };
    let goes_on = matches!(response, [b'1' | b'2', ..]) && !response.starts_with(b"100");
    let mut lines = response.split(|byte| *byte == b'\n');
    goes_on && !lines.any(|line| line.starts_with(b"CSeq:") && line.trim_ascii_end().ends_with(b" OPTIONS"))
}

/// Where a response goes whose connection has ended: the address its request came from, at the port that the request
/// names (RFC 3261 section 18.2.2). Nothing else may be sent anywhere but on its flow.
fn fallback(transmit: &Transmit) -> Option<Destination> {
    let to = &transmit.destination;
    if !matches!(to.transport, Transport::Tcp | Transport::Tls) || !transmit.bytes.starts_with(b"SIP/2.0") {
        return None;
    }
    let response = Message::parse_datagram(transmit.bytes.clone(), &Limits::default()).ok()?;
    let via = response.headers().top_via().ok()?;
    let port = via.sent_by.port_or_default(to.transport == Transport::Tls);
    let address = SocketAddr::new(to.address.ip(), port);
    Some(Destination::new(to.transport.clone(), address).named(via.sent_by.host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_and_what_anybody_is_answered_begin_nothing() {
        let of = |status: &str, method: &str| {
            is_beginning(format!("SIP/2.0 {status}\r\nCSeq: 1 {method}\r\n\r\n").as_bytes())
        };
        assert!(of("180 Ringing", "INVITE") && of("200 OK", "INVITE") && of("200 OK", "REGISTER"));
        assert!(is_beginning(b"OPTIONS sip:a@b SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n"), "we want something of the peer");
        assert!(!of("100 Trying", "INVITE") && !of("401 Unauthorized", "REGISTER") && !of("404 Not Found", "INVITE"));
        assert!(!of("200 OK", "OPTIONS"));
    }
}
