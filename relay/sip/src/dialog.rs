//! Dialogs: the relation of two user agents that a call is (RFC 3261 §12 and §13).
//!
//! [`Dialog`] keeps what both sides must agree on (tags, sequence numbers, route set, remote target),
//! checks the peer's requests against it and builds ours. [`Forks`] keeps the several dialogs one INVITE
//! can lead to. [`UnacknowledgedAnswer`] repeats a 2xx until its ACK comes, [`ReliableResponses`] a provisional
//! response until its PRACK does. [`SessionTimer`] ends a session whose peer has vanished.
//!
//! A dialog sends nothing: the requests it builds go through
//! [`transaction`](crate::transaction), to the next hop it names.

mod answer;
mod error;
mod forks;
mod id;
mod reliable;
mod route_set;
mod session_timer;
mod state;

#[cfg(test)]
mod tests;

pub use answer::{AnswerTimeout, UnacknowledgedAnswer};
pub use error::DialogError;
pub use forks::{Fork, Forks, MAX_FORKS};
pub use id::DialogId;
pub use reliable::{Acknowledged, Place, RELIABLE, ReliableResponses, ReliableTimeout, ResponseOrder};
pub use session_timer::{RefreshedBy, SHORTEST, SessionPolicy, SessionTimeout, SessionTimer, TIMER};
pub use state::{Dialog, DialogState};
