//! A browser's session: who it is, how it is taken back after a lost socket, and what it has been told.
//!
//! [`Session`] numbers events, keeps the latest for [`Session::resume`], and knows its socket and its calls.
//! [`Token`] is the secret that takes a session back. No sockets and no clock here.

mod events;
mod identity;
mod token;

use std::collections::BTreeMap;
use std::time::Instant;

use offhook_media::LegId;
use offhook_protocol::{EventBody, Failure, Secret};

pub use events::MAX_KEPT;
pub use identity::{Account, display_name};
pub use token::Token;

use events::Events;

/// Numbers a session for as long as the relay runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// Numbers a WebSocket connection for as long as the relay runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// An open session.
#[derive(Debug)]
pub struct Session {
    id: SessionId,
    account: Account,
    display_name: Option<String>,
    token: Token,
    connection: Option<ConnectionId>,
    /// When a session without a socket ends.
    expires: Option<Instant>,
    events: Events,
    /// The browser's name for each of its calls, and the leg that is its end.
    pub calls: BTreeMap<String, LegId>,
}

impl Session {
    /// A session that was opened on this connection.
    #[must_use]
    pub fn new(
        id: SessionId,
        account: Account,
        display_name: Option<String>,
        token: Token,
        connection: ConnectionId,
    ) -> Self {
        Self {
            id,
            account,
            display_name,
            token,
            connection: Some(connection),
            expires: None,
            events: Events::default(),
            calls: BTreeMap::new(),
        }
    }

    /// The session's number.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Whom it acts for.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The name others see.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.display_name.as_deref()
    }

    /// The socket it is reached on.
    #[must_use]
    pub fn connection(&self) -> Option<ConnectionId> {
        self.connection
    }

    /// When it ends unless its browser comes back.
    #[must_use]
    pub fn expires(&self) -> Option<Instant> {
        self.expires
    }

    /// What the browser needs to take the session back.
    #[must_use]
    pub fn token(&self) -> Secret {
        self.token.reveal(self.id)
    }

    /// Whether a token's secret part is this session's, compared in constant time.
    #[must_use]
    pub fn accepts(&self, token: &Token) -> bool {
        self.token.matches(token)
    }

    /// Numbers an event and keeps it for a resumption. Returns the frame, to be sent where there is a socket.
    pub fn event(&mut self, body: EventBody) -> String {
        self.events.push(body)
    }

    /// The socket is lost; the session waits for its browser until `expires`.
    pub fn detach(&mut self, expires: Instant) {
        self.connection = None;
        self.expires = Some(expires);
    }

    /// The browser is back on another socket and has seen events up to `last_seq`. Returns the frames it missed.
    ///
    /// # Errors
    /// [`offhook_protocol::ErrorCode::ResumeRejected`] when events it missed are no longer kept, or it claims to have
    /// seen what was never sent. The session stays as it was.
    pub fn resume(&mut self, connection: ConnectionId, last_seq: u64) -> Result<Vec<String>, Failure> {
        let missed = self.events.after(last_seq)?;
        self.connection = Some(connection);
        self.expires = None;
        Ok(missed)
    }
}
