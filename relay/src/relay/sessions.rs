use std::time::{Duration, Instant};

use offhook_media::LegId;
use offhook_protocol::event::SessionClosed;
use offhook_protocol::{ErrorCode, EventBody, Failure};

use super::connections::{Stage, close};
use super::{MediaPlane, Output, Relay, Timer};
use crate::browser::BrowserLeg;
use crate::session::{Account, ConnectionId, Opening, Session, SessionId, Token};

/// Why a session ends.
#[derive(Clone, Debug)]
pub(super) enum SessionEnd {
    /// Its browser wanted that, or its page was closed.
    Left,
    /// Its browser did not come back in time.
    Lost,
    /// The relay ends it, and says so to the browser last of all.
    Farewell(Failure),
}

impl<M: MediaPlane> Relay<M> {
    /// Opens a session on a connection that has none.
    pub(super) fn open_session(&mut self, connection: ConnectionId, opening: Opening) -> Result<SessionId, Failure> {
        if self.stopping {
            return Err(shutting_down());
        }
        if self.sessions.len() >= self.config.limits.sessions {
            return Err(Failure::new(ErrorCode::LimitReached, "The relay has no room for more sessions."));
        }
        let id = SessionId(self.next_id());
        if let Account::Local { name } = &opening.account {
            self.local.entry(name.clone()).or_default().push(id);
        }
        let token = Token::new(self.random());
        self.sessions.insert(id, Session::new(id, opening, token, connection));
        self.set_stage(connection, Stage::Open(id));
        Ok(id)
    }

    /// The session whose token this is.
    pub(super) fn session_with(&self, token: &str) -> Result<(SessionId, Token), Failure> {
        let rejected = || Failure::new(ErrorCode::ResumeRejected, "The session is over or the token is wrong.");
        let (id, token) = Token::parse(token).ok_or_else(rejected)?;
        let session = self.sessions.get(&id).ok_or_else(rejected)?;
        if session.accepts(&token) { Ok((id, token)) } else { Err(rejected()) }
    }

    /// Gives a session back to its page on another connection. Returns the frames that were missed.
    pub(super) fn resume_session(
        &mut self,
        connection: ConnectionId,
        id: SessionId,
        last_seq: u64,
        now: Instant,
    ) -> Result<Vec<String>, Failure> {
        let Some(session) = self.sessions.get_mut(&id) else { return Ok(Vec::new()) };
        let old = session.connection();
        let missed = match session.resume(connection, last_seq) {
            Ok(missed) => missed,
            Err(failure) => {
                if session.has_forgotten(last_seq) {
                    // Its page can never know again what has become of its calls.
                    self.end_session(id, &SessionEnd::Lost, now);
                }
                return Err(failure);
            }
        };
        tracing::info!(session = id.0, missed = missed.len(), "session resumed");
        self.session_attached(id, connection, old);
        self.at_each_leg(id, |leg| leg.attached(now));
        Ok(missed)
    }

    /// Gives a session to another page, which knows nothing of it.
    pub(super) fn take_session_over(
        &mut self,
        connection: ConnectionId,
        id: SessionId,
        presented: Token,
        now: Instant,
    ) {
        let token = Token::new(self.random());
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let old = session.connection();
        session.take_over(connection, presented, token);
        tracing::info!(session = id.0, "session taken over by another page");
        self.session_attached(id, connection, old);
        self.at_each_leg(id, |leg| leg.taken_over(now));
    }

    /// The session's socket is lost, or its page gone; its browser may come back.
    pub(super) fn session_detached(&mut self, id: SessionId, now: Instant) {
        let expires = now + self.grace(id);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.detach(expires);
            self.schedule.put(expires, Timer::Session(id));
            tracing::info!(session = id.0, "session lost its socket");
            self.at_each_leg(id, |leg| leg.detached(now));
        }
    }

    /// The session's page is closed. One that is kept alive waits for another page.
    pub(super) fn session_left(&mut self, id: SessionId, now: Instant) {
        if self.sessions.get(&id).is_some_and(|session| session.keep_alive().is_some()) {
            self.session_detached(id, now);
        } else {
            self.end_session(id, &SessionEnd::Left, now);
        }
    }

    /// Ends a session's calls, and the session too unless it is kept alive.
    pub(super) fn close_session(&mut self, id: SessionId, keep: bool, now: Instant) {
        if keep && self.sessions.get(&id).is_some_and(|session| session.keep_alive().is_some()) {
            self.at_each_leg(id, BrowserLeg::left);
            self.settle(now);
            self.session_detached(id, now);
        } else {
            self.end_session(id, &SessionEnd::Left, now);
        }
    }

    pub(super) fn session_due(&mut self, id: SessionId, now: Instant) {
        let expired = self.sessions.get(&id).and_then(Session::expires).is_some_and(|expires| expires <= now);
        if expired {
            self.end_session(id, &SessionEnd::Lost, now);
        }
    }

    /// Ends a session, its calls and its registration.
    pub(super) fn end_session(&mut self, id: SessionId, end: &SessionEnd, now: Instant) {
        match end {
            SessionEnd::Lost => self.at_each_leg(id, BrowserLeg::lost),
            SessionEnd::Left | SessionEnd::Farewell(_) => self.at_each_leg(id, BrowserLeg::left),
        }
        self.settle(now);
        if let SessionEnd::Farewell(error) = end {
            self.emit(id, EventBody::SessionClosed(SessionClosed { error: error.clone() }));
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
            self.end_session(id, &SessionEnd::Farewell(shutting_down()), now);
        }
    }

    /// Tells a session's browser, or keeps it for when it is back.
    pub(super) fn emit(&mut self, id: SessionId, event: EventBody) {
        self.log_event(id, &event);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let frame = session.event(event);
        if let Some(connection) = session.connection() {
            self.outputs.push_back(Output::Frame(connection, frame));
        }
    }

    /// The session that gets the calls of a local user: the one opened last, of those with a socket if there is one.
    pub(super) fn local_session(&self, name: &str) -> Option<SessionId> {
        let sessions = self.local.get(name)?;
        let attached = |id: &&SessionId| self.sessions.get(id).is_some_and(|session| session.connection().is_some());
        sessions.iter().rev().find(attached).or(sessions.last()).copied()
    }

    /// The number of a session's latest event.
    pub(super) fn last_event(&self, id: SessionId) -> u64 {
        self.sessions.get(&id).map_or(0, Session::last_event)
    }

    /// The id of the latest request of a session's browser.
    pub(super) fn last_request(&self, id: SessionId) -> Option<u32> {
        self.sessions.get(&id).and_then(Session::last_request)
    }

    /// How long a session outlives its socket.
    pub(super) fn grace(&self, id: SessionId) -> Duration {
        let keep_alive = self.sessions.get(&id).and_then(Session::keep_alive);
        keep_alive.unwrap_or(self.config.limits.session_grace)
    }

    pub(super) fn stage(&self, connection: ConnectionId) -> Option<Stage> {
        self.connections.get(&connection).map(|connection| connection.stage)
    }

    pub(super) fn set_stage(&mut self, connection: ConnectionId, stage: Stage) {
        if let Some(connection) = self.connections.get_mut(&connection) {
            connection.stage = stage;
        }
    }

    fn session_attached(&mut self, id: SessionId, connection: ConnectionId, old: Option<ConnectionId>) {
        self.set_stage(connection, Stage::Open(id));
        if let Some(old) = old {
            self.close(old, close::TAKEN_OVER, "the session was resumed on another connection");
        }
    }

    fn at_each_leg(&mut self, id: SessionId, act: impl Fn(&mut BrowserLeg)) {
        let Some(session) = self.sessions.get(&id) else { return };
        let legs: Vec<LegId> = session.calls.values().copied().collect();
        for leg in legs {
            self.at_browser(leg, &act);
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
