//! A browser's session: who it is, how it is taken back after a lost socket, and what it has been told.
//!
//! [`Session`] numbers events, keeps the latest for [`Session::resume`], and knows its socket and its calls.
//! [`Token`] is the secret that takes a session back. No sockets and no clock here.

mod events;
mod identity;
mod token;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use offhook_media::LegId;
use offhook_protocol::event::{MessageWaiting, Registration};
use offhook_protocol::{EventBody, Failure, RegistrationState, Secret};

pub use events::MAX_KEPT;
pub use identity::{Account, check_app, display_name};
pub use token::Token;

use crate::limits::RateLimit;
use events::Events;

/// Numbers a session for as long as the relay runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// Numbers a WebSocket connection for as long as the relay runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// Whom a session is opened for, and how.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Whom it acts for.
    pub account: Account,
    /// The name others see.
    pub display_name: Option<String>,
    /// How long it outlives its page, where its app wants that.
    pub keep_alive: Option<Duration>,
    /// Where its first connection comes from.
    pub source: IpAddr,
}

/// An open session.
#[derive(Debug)]
pub struct Session {
    id: SessionId,
    opening: Opening,
    token: Token,
    /// The token before this one. It holds until the browser has shown that the new one reached it.
    former_token: Option<Token>,
    connection: Option<ConnectionId>,
    /// When a session without a socket ends.
    expires: Option<Instant>,
    events: Events,
    /// The event after which the browser has had no socket.
    seen: u64,
    /// What the browser was last told of its registration.
    registration: Option<Registration>,
    /// The id of the browser's latest request.
    last_request: Option<u32>,
    /// What the browser was last told of its mailbox.
    waiting: Option<MessageWaiting>,
    /// Of the texts it is handed.
    pub texts: Option<RateLimit>,
    /// The log names this session's requests and events.
    pub debug: bool,
    /// The browser's name for each of its calls, and the leg that is its end.
    pub calls: BTreeMap<String, LegId>,
}

impl Session {
    /// A session that was opened on this connection.
    #[must_use]
    pub fn new(id: SessionId, opening: Opening, token: Token, connection: ConnectionId) -> Self {
        Self {
            id,
            opening,
            token,
            former_token: None,
            connection: Some(connection),
            expires: None,
            events: Events::default(),
            seen: 0,
            registration: None,
            last_request: None,
            waiting: None,
            texts: None,
            debug: false,
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
        &self.opening.account
    }

    /// The name others see.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.opening.display_name.as_deref()
    }

    /// The address it was opened from.
    #[must_use]
    pub fn source(&self) -> IpAddr {
        self.opening.source
    }

    /// How long it outlives its page, if it does.
    #[must_use]
    pub fn keep_alive(&self) -> Option<Duration> {
        self.opening.keep_alive
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
        let former = self.former_token.as_ref().is_some_and(|former| former.matches(token));
        self.token.matches(token) | former
    }

    /// What the browser was last told of its registration.
    #[must_use]
    pub fn registration(&self) -> Option<&Registration> {
        self.registration.as_ref()
    }

    /// What the browser was last told of its mailbox.
    #[must_use]
    pub fn waiting(&self) -> Option<&MessageWaiting> {
        self.waiting.as_ref()
    }

    /// Whether its account is registered, as far as is known.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.registration.as_ref().is_some_and(|known| known.state == RegistrationState::Registered)
    }

    /// The number of its latest event; 0 before the first.
    #[must_use]
    pub fn last_event(&self) -> u64 {
        self.events.last()
    }

    /// Numbers an event and keeps it for a resumption. Returns the frame, to be sent where there is a socket.
    pub fn event(&mut self, body: EventBody) -> String {
        if let EventBody::Registration(registration) = &body {
            self.registration = Some(registration.clone());
        }
        if let EventBody::MessageWaiting(waiting) = &body {
            self.waiting = Some(waiting.clone());
        }
        self.events.push(body)
    }

    /// Whether data of this size reach its app: at once, or once it is back.
    #[must_use]
    pub fn takes_data(&self, bytes: usize) -> bool {
        self.connection.is_some() || self.events.has_room_beside(self.seen, bytes)
    }

    /// The browser has asked something: it has the token it was given.
    pub fn heard(&mut self, request: u32) {
        self.former_token = None;
        self.last_request = Some(request);
    }

    /// The id of the latest request that was carried out or refused.
    #[must_use]
    pub fn last_request(&self) -> Option<u32> {
        self.last_request
    }

    /// The socket is lost; the session waits for its browser until `expires`.
    pub fn detach(&mut self, expires: Instant) {
        self.connection = None;
        self.expires = Some(expires);
        self.seen = self.events.last();
    }

    /// The browser is back on another socket and has seen events up to `last_seq`. Returns the frames it missed.
    ///
    /// # Errors
    /// [`offhook_protocol::ErrorCode::ResumeRejected`] when events it missed are no longer kept, or it claims to have
    /// seen what was never sent. The session stays as it was.
    pub fn resume(&mut self, connection: ConnectionId, last_seq: u64) -> Result<Vec<String>, Failure> {
        let missed = self.events.after(last_seq)?;
        self.attach(connection);
        Ok(missed)
    }

    /// Whether events after `last_seq` are no longer kept: a browser that saw no more can never catch up.
    #[must_use]
    pub fn has_forgotten(&self, last_seq: u64) -> bool {
        last_seq <= self.events.last() && self.events.after(last_seq).is_err()
    }

    /// Another page takes the session. It gets a token of its own; the one it `presented` holds until it is heard of
    /// again, should the reply with the new one be lost.
    pub fn take_over(&mut self, connection: ConnectionId, presented: Token, token: Token) {
        self.former_token = Some(presented);
        self.token = token;
        // The next page counts its requests itself.
        self.last_request = None;
        self.attach(connection);
    }

    fn attach(&mut self, connection: ConnectionId) {
        self.connection = Some(connection);
        self.expires = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        let account = Account::Local { name: "alice".into() };
        let opening = Opening { account, display_name: None, keep_alive: None, source: [127, 0, 0, 1].into() };
        Session::new(SessionId(1), opening, token(0), ConnectionId(1))
    }

    fn token(byte: u8) -> Token {
        Token::new([byte; Token::BYTES])
    }

    #[test]
    fn a_page_whose_reply_is_lost_can_come_back_with_the_token_it_has() {
        let mut session = session();
        session.take_over(ConnectionId(2), token(0), token(1));
        session.take_over(ConnectionId(3), token(0), token(2));
        assert!(session.accepts(&token(0)) && session.accepts(&token(2)));
        assert!(!session.accepts(&token(1)), "nobody can have this one");
    }

    #[test]
    fn a_page_that_has_spoken_has_the_only_token() {
        let mut session = session();
        session.take_over(ConnectionId(2), token(0), token(1));
        session.heard(7);
        assert!(!session.accepts(&token(0)) && session.accepts(&token(1)));
    }

    #[test]
    fn a_session_without_a_socket_takes_data_until_there_is_no_room() {
        let mut session = session();
        session.detach(expiry());
        let data = || {
            let payload = Secret::new("x".repeat(10_000));
            EventBody::AppData(offhook_protocol::event::AppData { payload, from: None, call_id: None })
        };
        let kept =
            (0..1000).take_while(|_| session.takes_data(10_000).then(|| session.event(data())).is_some()).count();
        assert!((20..MAX_KEPT).contains(&kept), "{kept}");
        assert_eq!(session.resume(ConnectionId(2), 0).unwrap().len(), kept);
        assert!(session.takes_data(10_000));
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "an instant can be had from the clock only; time is simulated from it"
    )]
    fn expiry() -> Instant {
        Instant::now()
    }
}
