//! Transactions: a request and its responses, made reliable over any transport (RFC 3261 §17 with the
//! Accepted states of RFC 6026).
//!
//! [`TransactionLayer`] owns every transaction of a user agent. It is sans-I/O: messages and the time
//! come in, [`Output`]s are taken out with [`TransactionLayer::poll_output`] after each call, and
//! [`TransactionLayer::poll_timeout`] says when [`TransactionLayer::handle_timeout`] is due.
//!
//! What it does by itself, so that its user need not: retransmit, absorb retransmissions, send 100 when
//! its user takes long, acknowledge final responses other than 2xx, hold a CANCEL back until it may be
//! sent, answer a CANCEL and the INVITE it cancels, refuse requests beyond its bound with 503. What it
//! leaves to its user: a 2xx to an INVITE and its ACK, which are end to end (see
//! [`dialog`](crate::dialog)), and a limit on how long a peer may ring.

mod acknowledge;
mod cancel;
mod destination;
mod error;
mod event;
mod invite_client;
mod invite_server;
mod key;
mod layer;
mod machine;
mod non_invite_client;
mod non_invite_server;
mod table;
mod timing;

#[cfg(test)]
mod tests;

pub use destination::{ConnectionId, Destination};
pub use error::{CancelError, RespondError, SendError};
pub use event::{ClientId, Event, Output, ServerId, TransactionId, Transmit};
pub use key::branch;
pub use layer::TransactionLayer;
pub(crate) use timing::Retransmission;
pub use timing::Timing;
