//! What apps say to each other through the relay, and to whoever runs it.

use std::fmt::Write;
use std::time::Instant;

use offhook_protocol::event::{AppData, DebugChanged};
use offhook_protocol::request::{BugReport, SendData};
use offhook_protocol::{ErrorCode, EventBody, Failure, Secret};
use serde::Serialize;

use super::calls::Driver;
use super::{MediaPlane, Relay};
use crate::session::{Account, ConnectionId, SessionId};

/// Bytes one message of an app may have.
const MAX_DATA: usize = 16 * 1024;

/// Bytes a report may have.
const MAX_REPORT: usize = 32 * 1024;

/// Sessions of a user that get what is sent to that user; the newest, when there are more.
const MAX_SESSIONS: usize = 16;

impl<M: MediaPlane> Relay<M> {
    /// Hands an app's data to the apps at the far ends of its calls, or to a user's.
    pub(super) fn send_data(
        &mut self,
        connection: ConnectionId,
        from: SessionId,
        data: &SendData,
        now: Instant,
    ) -> Result<(), Failure> {
        let bytes = data.payload.reveal().len();
        if bytes > MAX_DATA {
            return Err(Failure::new(ErrorCode::TooLarge, "An app can send at most 16 kB at once."));
        }
        self.take_data(connection, bytes, now)?;
        let handed_over = match &data.to {
            Some(user) => self.data_to_user(from, user, &data.payload),
            None => self.data_to_far_ends(from, &data.payload),
        };
        if handed_over {
            return Ok(());
        }
        let sentence = match &data.to {
            Some(_) => "That user is not connected to this relay, or too much waits for them already.",
            None => "No call has a browser at its far end that could take the data.",
        };
        Err(Failure::new(ErrorCode::NotFound, sentence))
    }

    /// Puts what a user has to say about a fault into the log.
    pub(super) fn report(
        &mut self,
        connection: ConnectionId,
        session: SessionId,
        report: &BugReport,
        now: Instant,
    ) -> Result<(), Failure> {
        if report.text.len() > MAX_REPORT {
            return Err(Failure::new(ErrorCode::TooLarge, "A report can have at most 32 kB."));
        }
        self.take_report(connection, now)?;
        tracing::warn!(session = session.0, report = %on_one_line(&report.text), "a browser reports");
        Ok(())
    }

    /// Has the log follow a session, or no longer.
    pub(super) fn follow(&mut self, session: SessionId, enabled: bool) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.debug = enabled;
        }
        self.emit(session, EventBody::Debug(DebugChanged { enabled }));
    }

    /// Names what a followed session asks, and nothing more of it.
    pub(super) fn log_request(&self, session: SessionId, request: &impl Serialize) {
        if self.sessions.get(&session).is_some_and(|session| session.debug) {
            tracing::info!(session = session.0, request = name_of(request), "session asks");
        }
    }

    /// Names what a followed session is told, likewise.
    pub(super) fn log_event(&self, session: SessionId, event: &EventBody) {
        if self.sessions.get(&session).is_some_and(|session| session.debug) {
            tracing::info!(session = session.0, event = name_of(event), "session is told");
        }
    }

    fn data_to_user(&mut self, from: SessionId, user: &str, payload: &Secret) -> bool {
        // Nobody has checked yet who a SIP account's browser is: it cannot speak to users of the relay's own.
        let Some(Account::Local { name }) = self.sessions.get(&from).map(|session| session.account().clone()) else {
            return false;
        };
        let sessions: Vec<SessionId> = self.local.get(user).cloned().unwrap_or_default();
        let others = sessions.into_iter().rev().filter(|session| *session != from).take(MAX_SESSIONS);
        let data = AppData { payload: payload.clone(), from: Some(name), call_id: None };
        others.filter(|session| self.hand_over(*session, data.clone())).count() > 0
    }

    fn data_to_far_ends(&mut self, from: SessionId, payload: &Secret) -> bool {
        let Some(session) = self.sessions.get(&from) else { return false };
        let login = session.account().login().to_owned();
        let far_ends: Vec<_> = session.calls.values().filter_map(|leg| self.far_browser(*leg)).collect();
        let data = |call_id| AppData { payload: payload.clone(), from: Some(login.clone()), call_id: Some(call_id) };
        far_ends.into_iter().filter(|(session, call_id)| self.hand_over(*session, data(call_id.clone()))).count() > 0
    }

    /// The session and its name for the call at the far end of a connected leg, if a browser is there.
    fn far_browser(&self, leg: offhook_media::LegId) -> Option<(SessionId, String)> {
        let near = self.legs.get(&leg)?;
        let far = self.calls.get(&near.call)?.leg(near.party.other())?;
        match (&near.driver, &self.legs.get(&far)?.driver) {
            (Driver::Browser(_, near), Driver::Browser(session, far)) if near.is_connected() && far.is_connected() => {
                Some((*session, far.call_id().to_owned()))
            }
            _ => None,
        }
    }

    fn hand_over(&mut self, session: SessionId, data: AppData) -> bool {
        let bytes = data.payload.reveal().len();
        let takes = self.sessions.get(&session).is_some_and(|session| session.takes_data(bytes));
        if takes {
            self.emit(session, EventBody::AppData(data));
        }
        takes
    }
}

/// What stands as `type` on the wire.
fn name_of(message: &impl Serialize) -> String {
    let message = serde_json::to_value(message).ok();
    message.as_ref().and_then(|message| message.get("type")?.as_str()).unwrap_or("unknown").to_owned()
}

/// Nobody writes lines of their own into the log, or orders to the terminal that shows it.
fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        // Besides controls: what changes the direction of the text, and what some take for the end of a line.
        let harmful = character.is_control()
            || matches!(character, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if harmful {
            let _ = write!(line, "{}", character.escape_unicode());
        } else {
            line.push(character);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_stays_on_its_line() {
        assert_eq!(on_one_line("a\r\nb\u{1b}[31m\u{2028}ü"), "a\\u{d}\\u{a}b\\u{1b}[31m\\u{2028}ü");
    }

    #[test]
    fn messages_are_called_by_their_type() {
        assert_eq!(name_of(&EventBody::Debug(DebugChanged { enabled: true })), "debug");
        assert_eq!(name_of(&offhook_protocol::RequestBody::Ping(offhook_protocol::request::Ping {})), "ping");
    }
}
