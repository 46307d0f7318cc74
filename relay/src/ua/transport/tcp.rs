//! SIP over TCP (RFC 3261 section 18): connections are opened when needed, kept, and used by both sides.

mod connection;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use offhook_sip::message::Limits;
use offhook_sip::transaction::{TransactionId, Transmit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::{TransportConfig, TransportError, TransportEvent};

/// Messages that may wait for a slow connection before it is given up.
const WRITE_QUEUE: usize = 64;

/// The listener and all connections.
#[derive(Debug)]
pub(super) struct Tcp {
    local: Option<SocketAddr>,
    listener: Option<AbortHandle>,
    shared: Arc<Shared>,
}

/// What every connection's task needs.
#[derive(Debug)]
struct Shared {
    events: mpsc::Sender<TransportEvent>,
    connections: Mutex<HashMap<SocketAddr, Connection>>,
    limits: Limits,
    max_connections: usize,
    connect_timeout: Duration,
    idle_timeout: Duration,
}

#[derive(Debug)]
struct Connection {
    queue: mpsc::Sender<Transmit>,
    task: AbortHandle,
}

impl Tcp {
    pub(super) async fn bind(
        config: &TransportConfig,
        events: mpsc::Sender<TransportEvent>,
    ) -> Result<Self, TransportError> {
        let shared = Arc::new(Shared {
            events,
            connections: Mutex::default(),
            limits: config.limits,
            max_connections: config.max_connections,
            connect_timeout: config.connect_timeout,
            idle_timeout: config.idle_timeout,
        });
        let Some(addr) = config.tcp else {
            return Ok(Self { local: None, listener: None, shared });
        };
        let refused = |source| TransportError::Bind { transport: "TCP", addr, source };
        let listener = TcpListener::bind(addr).await.map_err(refused)?;
        let local = listener.local_addr().map_err(refused)?;
        let task = tokio::spawn(accept(listener, Arc::clone(&shared))).abort_handle();
        Ok(Self { local: Some(local), listener: Some(task), shared })
    }

    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        self.local
    }

    pub(super) fn connections(&self) -> usize {
        self.shared.table().len()
    }

    /// Queues for the connection with this peer, which is opened if there is none.
    pub(super) fn send(&self, transmit: Transmit) {
        let to = transmit.destination.address;
        let existing = self.shared.table().get(&to).map(|connection| connection.queue.clone());
        let Some(queue) = existing.or_else(|| Shared::open(&self.shared, to, None)) else {
            tracing::warn!(%to, "too many SIP connections are open");
            return self.failed(transmit.transaction);
        };
        if let Err(mpsc::error::TrySendError::Full(transmit) | mpsc::error::TrySendError::Closed(transmit)) =
            queue.try_send(transmit)
        {
            self.failed(transmit.transaction);
        }
    }

    pub(super) fn failed(&self, transaction: Option<TransactionId>) {
        if let Some(transaction) = transaction {
            // A full channel means that the loop is behind; the transaction's own timer then ends the wait.
            drop(self.shared.events.try_send(TransportEvent::Failed { transaction }));
        }
    }
}

impl Drop for Tcp {
    fn drop(&mut self) {
        if let Some(listener) = &self.listener {
            listener.abort();
        }
        for connection in self.shared.table().values() {
            connection.task.abort();
        }
    }
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, HashMap<SocketAddr, Connection>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a connection's task: on `stream`, or by connecting. `None` when there are too many.
    fn open(self: &Arc<Self>, peer: SocketAddr, stream: Option<TcpStream>) -> Option<mpsc::Sender<Transmit>> {
        let mut table = self.table();
        if table.len() >= self.max_connections {
            return None;
        }
        let (queue, queued) = mpsc::channel(WRITE_QUEUE);
        let task = tokio::spawn(connection::run(Arc::clone(self), peer, stream, queued)).abort_handle();
        table.insert(peer, Connection { queue: queue.clone(), task });
        Some(queue)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors: wait for some to be freed instead of spinning.
                tracing::warn!(%error, "accepting SIP over TCP");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if Shared::open(&shared, peer, Some(stream)).is_none() {
            tracing::warn!(%peer, "refused a SIP connection: too many are open");
        }
    }
}
