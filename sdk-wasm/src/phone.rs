//! The whole of the SDK without a browser: sessions, their calls, and what passes between them.
//!
//! [`Phone::poll`] gives the actions in the order they arose. Finished sessions and calls are forgotten at once, so
//! whatever the relay or the browser still says of them falls on deaf ears.

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;

use crate::Millis;
use crate::account::Account;
use crate::call::{self, Call, Command, MediaAction, MediaEvent};
use crate::dial::Dial;
use crate::failure::Failure;
use crate::session::{self, Session};
use offhook_protocol::event::IncomingCall;
use offhook_protocol::request::CallRef;
use offhook_protocol::{Request, RequestBody};
use std::collections::VecDeque;

/// How many calls there may be before more are declined. Far above what a person can follow.
const MAX_CALLS: usize = 64;

/// All sessions and calls of a page.
#[derive(Debug, Default)]
pub struct Phone {
    sessions: Vec<Session>,
    calls: Vec<Line>,
    actions: VecDeque<Action>,
}

/// A call and the session it belongs to.
#[derive(Debug)]
struct Line {
    session_id: String,
    call: Call,
}

/// Something for the drivers to do, or for the app to know.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Open a WebSocket for the session.
    OpenSocket {
        /// The session.
        session_id: String,
        /// Where to.
        url: String,
    },
    /// Send a request on the session's WebSocket.
    Send {
        /// The session.
        session_id: String,
        /// The request.
        request: Request,
    },
    /// Close the session's WebSocket.
    CloseSocket {
        /// The session.
        session_id: String,
    },
    /// Have the call's media do something.
    Media {
        /// The call.
        call_id: String,
        /// What.
        action: MediaAction,
    },
    /// Tell the app.
    Emit(Event),
    /// The call is over: nothing of it needs to be kept.
    Forget {
        /// The call.
        call_id: String,
    },
}

/// What the app is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// News of a session.
    Session {
        /// The session.
        session_id: String,
        /// The news.
        report: session::Report,
    },
    /// News of a call.
    Call {
        /// The call's session.
        session_id: String,
        /// The call.
        call_id: String,
        /// The news.
        report: call::Report,
    },
    /// Somebody calls.
    Incoming {
        /// The session called.
        session_id: String,
        /// The new call.
        call_id: String,
        /// The caller's user part or URI.
        caller: String,
        /// Who was called.
        callee: String,
        /// The caller's display name.
        visible_name: Option<String>,
        /// Whether the caller offers video.
        has_video: bool,
    },
}

impl Phone {
    /// Begins to open a session.
    pub fn open_session(&mut self, session_id: String, account: Account, now: Millis) {
        self.sessions.push(Session::open(session_id, account, now));
        self.settle(now);
    }

    /// Ends a session and its calls. One that has ended already is left alone.
    pub fn close_session(&mut self, session_id: &str, now: Millis) {
        if let Some(session) = self.session_mut(session_id) {
            session.close(now);
        }
        self.settle(now);
    }

    /// Adds a call in NEW.
    ///
    /// # Errors
    /// [`offhook_protocol::ErrorCode::InvalidSessionState`] unless the session is open.
    pub fn create_call(&mut self, session_id: &str, call_id: String, dial: Dial) -> Result<(), Failure> {
        let status = self.session_status(session_id).map_or("DISCONNECTED", session::Status::name);
        if !self.session_mut(session_id).is_some_and(|session| session.is_usable()) {
            return Err(Failure::session_state(status));
        }
        self.calls.push(Line { session_id: session_id.to_owned(), call: Call::outgoing(call_id, dial) });
        Ok(())
    }

    /// Does what the app asks of a call. Hanging up what has ended already is no error.
    ///
    /// # Errors
    /// [`offhook_protocol::ErrorCode::InvalidCallState`] when the call's status does not allow it.
    pub fn command(&mut self, call_id: &str, command: Command, now: Millis) -> Result<(), Failure> {
        let outcome = match self.call_mut(call_id) {
            Some(call) => call.command(command, now),
            None if command == Command::Hangup => Ok(()),
            None => Err(Failure::call_state()),
        };
        self.settle(now);
        outcome
    }

    /// Takes in what happened to a session's WebSocket.
    pub fn on_session(&mut self, session_id: &str, input: session::Input, now: Millis) {
        if let Some(session) = self.session_mut(session_id) {
            session.handle(input, now);
        }
        self.settle(now);
    }

    /// Takes in what happened to a call's media.
    pub fn on_media(&mut self, call_id: &str, event: MediaEvent, now: Millis) {
        if let Some(call) = self.call_mut(call_id) {
            call.handle(call::Input::Media(event), now);
        }
        self.settle(now);
    }

    /// Takes in that time has passed.
    pub fn tick(&mut self, now: Millis) {
        for session in &mut self.sessions {
            session.handle(session::Input::Tick, now);
        }
        for line in &mut self.calls {
            line.call.handle(call::Input::Tick, now);
        }
        self.settle(now);
    }

    /// When [`Self::tick`] is due.
    pub fn deadline(&self) -> Option<Millis> {
        let sessions = self.sessions.iter().filter_map(Session::deadline);
        sessions.chain(self.calls.iter().filter_map(|line| line.call.deadline())).min()
    }

    /// The next thing to be done.
    pub fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The status of a session that has not ended.
    pub fn session_status(&self, session_id: &str) -> Option<session::Status> {
        self.sessions.iter().find(|session| session.id() == session_id).map(Session::status)
    }

    /// The status of a call that has not ended.
    pub fn call_status(&self, call_id: &str) -> Option<call::Status> {
        self.calls.iter().find(|line| line.call.id() == call_id).map(|line| line.call.status())
    }

    /// Passes outputs on until nobody has any: a call's request goes to its session, a session's reply to its call.
    fn settle(&mut self, now: Millis) {
        while self.pass_on_call(now) || self.pass_on_session(now) {}
        self.calls.retain(|line| {
            let over = line.call.status().is_terminal();
            if over {
                self.actions.push_back(Action::Forget { call_id: line.call.id().to_owned() });
            }
            !over
        });
        self.sessions.retain(|session| !session.status().is_terminal());
    }

    fn pass_on_call(&mut self, now: Millis) -> bool {
        let Some((session_id, call_id, output)) = self.calls.iter_mut().find_map(|line| {
            let output = line.call.poll()?;
            Some((line.session_id.clone(), line.call.id().to_owned(), output))
        }) else {
            return false;
        };
        match output {
            call::Output::Send(request) => self.request(&session_id, request, now),
            call::Output::Media(action) => self.actions.push_back(Action::Media { call_id, action }),
            call::Output::Emit(report) => {
                self.actions.push_back(Action::Emit(Event::Call { session_id, call_id, report }));
            }
        }
        true
    }

    fn request(&mut self, session_id: &str, request: RequestBody, now: Millis) {
        if let Some(session) = self.session_mut(session_id) {
            session.request(request, now);
        }
    }

    fn pass_on_session(&mut self, now: Millis) -> bool {
        let next = self.sessions.iter_mut().find_map(|session| {
            let output = session.poll()?;
            Some((session.id().to_owned(), output))
        });
        let Some((session_id, output)) = next else { return false };
        match output {
            session::Output::OpenSocket(url) => self.actions.push_back(Action::OpenSocket { session_id, url }),
            session::Output::Send(request) => self.actions.push_back(Action::Send { session_id, request }),
            session::Output::CloseSocket => self.actions.push_back(Action::CloseSocket { session_id }),
            session::Output::Emit(report) => {
                self.actions.push_back(Action::Emit(Event::Session { session_id, report }))
            }
            session::Output::Call(call_id, input) => self.inform_call(&session_id, &call_id, input, now),
            session::Output::Incoming(invitation) => self.ring(session_id, invitation, now),
            session::Output::Ended(failure) => {
                for line in self.calls.iter_mut().filter(|line| line.session_id == session_id) {
                    line.call.handle(call::Input::SessionEnded(failure.clone()), now);
                }
            }
        }
        true
    }

    /// A session speaks only of its own calls, whatever id the relay names.
    fn inform_call(&mut self, session_id: &str, call_id: &str, input: call::Input, now: Millis) {
        let own = |line: &&mut Line| line.session_id == session_id && line.call.id() == call_id;
        if let Some(line) = self.calls.iter_mut().find(own) {
            line.call.handle(input, now);
        }
    }

    /// The app hears of the call before anything else happens to it.
    fn ring(&mut self, session_id: String, invitation: IncomingCall, now: Millis) {
        if self.call_status(&invitation.call_id).is_some() {
            return;
        }
        if self.calls.len() >= MAX_CALLS {
            let decline = RequestBody::Hangup(CallRef { call_id: invitation.call_id });
            return self.request(&session_id, decline, now);
        }
        self.actions.push_back(Action::Emit(Event::Incoming {
            session_id: session_id.clone(),
            call_id: invitation.call_id.clone(),
            caller: invitation.caller.clone(),
            callee: invitation.callee.clone(),
            visible_name: invitation.visible_name.clone(),
            has_video: invitation.has_video,
        }));
        self.calls.push(Line { session_id, call: Call::incoming(invitation, now) });
    }

    fn session_mut(&mut self, session_id: &str) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.id() == session_id)
    }

    fn call_mut(&mut self, call_id: &str) -> Option<&mut Call> {
        self.calls.iter_mut().find(|line| line.call.id() == call_id).map(|line| &mut line.call)
    }
}
