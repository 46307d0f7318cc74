use bytes::Bytes;

use super::destination::Destination;
use crate::message::{Request, Response};

/// A client transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(pub(super) u64);

/// A server transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerId(pub(super) u64);

/// A transaction of either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TransactionId {
    /// We sent the request.
    Client(ClientId),
    /// The peer sent the request.
    Server(ServerId),
}

/// What the layer wants done or known.
#[derive(Debug)]
pub enum Output {
    /// Send these bytes.
    Transmit(Transmit),
    /// Something the transaction user has to know.
    Event(Event),
}

/// A message to send.
pub struct Transmit {
    /// Where to.
    pub destination: Destination,
    /// The message.
    pub bytes: Bytes,
    /// Whom to tell when sending fails; `None` when nobody waits for it.
    pub transaction: Option<TransactionId>,
}

/// What the transaction user has to know.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A new request, to be answered with [`respond`](super::TransactionLayer::respond). Its Via says
    /// where it came from.
    Request {
        /// Its transaction.
        id: ServerId,
        /// The request.
        request: Box<Request>,
        /// Where it came from.
        source: Destination,
    },
    /// An ACK for a 2xx. It has no transaction; its dialog tells what it acknowledges.
    Ack {
        /// The ACK.
        request: Box<Request>,
        /// Where it came from.
        source: Destination,
    },
    /// The peer cancelled its INVITE. Both the CANCEL (200) and the INVITE (487) have been answered.
    Cancelled {
        /// The INVITE's transaction.
        id: ServerId,
        /// The CANCEL; its Reason may say why.
        request: Box<Request>,
    },
    /// A response. After a 2xx to an INVITE the same may come again, and others from forks: each asks
    /// for an ACK.
    Response {
        /// The request's transaction.
        id: ClientId,
        /// The response.
        response: Box<Response>,
        /// The INVITE was cancelled before. A 2xx has crossed the CANCEL: acknowledge it and send BYE.
        cancelled: bool,
    },
    /// Nothing came in time: no final response to a request of ours (act as upon 408), or no ACK to our
    /// final response, or the user left a request unanswered.
    Timeout {
        /// Whose time is up.
        id: TransactionId,
    },
    /// A message could not be sent (act as upon 503).
    TransportError {
        /// Whose message.
        id: TransactionId,
    },
    /// The transaction has ended; its id will not be heard of again. Comes once, last.
    Terminated {
        /// Which.
        id: TransactionId,
    },
}

impl std::fmt::Debug for Transmit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The bytes hold credentials and session descriptions.
        f.debug_struct("Transmit")
            .field("destination", &self.destination)
            .field("len", &self.bytes.len())
            .field("transaction", &self.transaction)
            .finish()
    }
}
