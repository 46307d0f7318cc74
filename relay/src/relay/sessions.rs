use std::time::Instant;

use offhook_protocol::event::SessionClosed;
use offhook_protocol::{ErrorCode, EventBody, Failure};

use super::connections::{Stage, close};
use super::{MediaPlane, Output, Relay, Timer};
use crate::session::{Account, ConnectionId, Session, SessionId, Token};

impl<M: MediaPlane> Relay<M> {
    /// Opens a session on a connection that has none.
    pub(super) fn open_session(
        &mut self,
        connection: ConnectionId,
        account: Account,
        display_name: Option<String>,
    ) -> Result<SessionId, Failure> {
        if self.stopping {
            return Err(shutting_down());
        }
        if self.sessions.len() >= self.config.limits.sessions {
            return Err(Failure::new(ErrorCode::LimitReached, "The relay has no room for more sessions."));
        }
        let id = SessionId(self.next_id());
        if let Account::Local { name } = &account {
            self.local.entry(name.clone()).or_default().push(id);
        }
        let token = Token::new(self.random());
        self.sessions.insert(id, Session::new(id, account, display_name, token, connection));
        self.set_stage(connection, Stage::Open(id));
        tracing::info!(session = id.0, "session opened");
        Ok(id)
    }

    /// Gives a session to the connection that has its token. Returns it and the frames its browser missed.
    pub(super) fn resume_session(
        &mut self,
        connection: ConnectionId,
        token: &str,
        last_seq: u64,
    ) -> Result<(SessionId, Vec<String>), Failure> {
        let rejected = || Failure::new(ErrorCode::ResumeRejected, "The session is over or the token is wrong.");
        let (id, token) = Token::parse(token).ok_or_else(rejected)?;
        let session = self.sessions.get_mut(&id).filter(|session| session.accepts(&token)).ok_or_else(rejected)?;
        let old = session.connection();
        let missed = session.resume(connection, last_seq)?;
        self.set_stage(connection, Stage::Open(id));
        if let Some(old) = old {
            self.close(old, close::TAKEN_OVER, "the session was resumed on another connection");
        }
        tracing::info!(session = id.0, missed = missed.len(), "session resumed");
        Ok((id, missed))
    }

    pub(super) fn session_detached(&mut self, id: SessionId, now: Instant) {
        let expires = now + self.config.limits.session_grace;
        if let Some(session) = self.sessions.get_mut(&id) {
            session.detach(expires);
            self.schedule.put(expires, Timer::Session(id));
            tracing::info!(session = id.0, "session lost its socket");
        }
    }

    pub(super) fn session_due(&mut self, id: SessionId, now: Instant) {
        let expired = self.sessions.get(&id).and_then(Session::expires).is_some_and(|expires| expires <= now);
        if expired {
            self.end_session(id, None, now);
        }
    }

    /// Ends a session, its calls and its registration. A farewell is told to the browser last of all.
    pub(super) fn end_session(&mut self, id: SessionId, farewell: Option<Failure>, now: Instant) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let legs: Vec<_> = std::mem::take(&mut session.calls).into_values().collect();
        for leg in legs {
            self.browser_lost(leg);
        }
        self.settle(now);
        if let Some(error) = farewell {
            self.emit(id, EventBody::SessionClosed(SessionClosed { error }));
        }
        let Some(session) = self.sessions.remove(&id) else { return };
        match session.account() {
            Account::Local { name } => self.forget_local(name, id),
            Account::Sip { .. } => self.unregister(id, now),
        }
        tracing::info!(session = id.0, "session ended");
    }

    pub(super) fn close_all_sessions(&mut self, now: Instant) {
        let ids: Vec<_> = self.sessions.keys().copied().collect();
        for id in ids {
            self.end_session(id, Some(shutting_down()), now);
        }
    }

    /// Tells a session's browser, or keeps it for when it is back.
    pub(super) fn emit(&mut self, id: SessionId, event: EventBody) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let frame = session.event(event);
        if let Some(connection) = session.connection() {
            self.outputs.push_back(Output::Frame(connection, frame));
        }
    }

    /// The session that gets the calls of a local user: the one opened last.
    pub(super) fn local_session(&self, name: &str) -> Option<SessionId> {
        self.local.get(name).and_then(|sessions| sessions.last().copied())
    }

    pub(super) fn set_stage(&mut self, connection: ConnectionId, stage: Stage) {
        if let Some(connection) = self.connections.get_mut(&connection) {
            connection.stage = stage;
        }
    }

    fn forget_local(&mut self, name: &str, id: SessionId) {
        if let Some(sessions) = self.local.get_mut(name) {
            sessions.retain(|session| *session != id);
            if sessions.is_empty() {
                self.local.remove(name);
            }
        }
    }
}

pub(super) fn shutting_down() -> Failure {
    Failure::new(ErrorCode::ShuttingDown, "The relay is stopping.")
}
