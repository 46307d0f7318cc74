//! The whole of the SDK without a browser: sessions, their calls, and what passes between them.
//!
//! [`Phone::poll`] gives the actions in the order they arose. Finished sessions and calls are forgotten at once, so
//! whatever the relay or the browser still says of them falls on deaf ears.

mod port;
#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;

pub use port::{Action, Event};

use crate::Millis;
use crate::account::Account;
use crate::call::{self, Call, Command, MediaEvent};
use crate::clock::earlier;
use crate::dial::Dial;
use crate::failure::Failure;
use crate::queue::Queue;
use crate::session::{self, Session};
use offhook_protocol::RequestBody;
use offhook_protocol::event::IncomingCall;
use offhook_protocol::reply::LiveCall;
use offhook_protocol::request::{BugReport, CallRef, DebugSession};

/// How many calls there may be before more are declined. Far above what a person can follow.
const MAX_CALLS: usize = 64;

/// All sessions and calls of a page.
#[derive(Debug)]
pub struct Phone {
    /// Where the sessions' chance comes from.
    seed: u64,
    sessions: Vec<Session>,
    calls: Vec<Line>,
    actions: Queue<Action>,
}

/// A call and the session it belongs to.
#[derive(Debug)]
struct Line {
    session_id: String,
    call: Call,
}

impl Phone {
    /// A phone without sessions. `seed` is any number, another one in each page: it spreads in time what many pages do
    /// when their relay is lost.
    pub fn new(seed: u64) -> Self {
        Self { seed, sessions: Vec::new(), calls: Vec::new(), actions: Queue::default() }
    }

    /// Begins to open a session.
    pub fn open_session(&mut self, session_id: String, account: Account, now: Millis) {
        self.seed = self.seed.wrapping_add(1);
        self.sessions.push(Session::open(session_id, account, self.seed, now));
        self.settle(now);
    }

    /// Ends a session and its calls. One that has ended already is left alone.
    /// `keep` leaves it to the relay for the keep-alive time, if it was opened for that.
    pub fn close_session(&mut self, session_id: &str, keep: bool, now: Millis) {
        if let Some(session) = self.session_mut(session_id) {
            session.close(keep, now);
        }
        self.settle(now);
    }

    /// Asks to hand something to somebody: data to an app, or a text to a SIP phone. What the relay says to that comes
    /// once, as [`Action::Delivered`] with the `ticket`.
    pub fn hand_over(&mut self, session_id: &str, ticket: u32, body: RequestBody, now: Millis) {
        match self.usable(session_id) {
            Ok(session) => session.hand_over(ticket, body, now),
            Err(failure) => self.actions.push(Action::Delivered { ticket, outcome: Err(failure) }),
        }
        self.settle(now);
    }

    /// Asks for the relay's figures of a call, which come with [`Action::Delivered`]. None come while the relay cannot be
    /// reached: figures of later are no answer.
    pub fn ask_stats(&mut self, call_id: &str, ticket: u32, now: Millis) {
        let line = self.calls.iter().find(|line| line.call.id() == call_id);
        let session_id = line.map(|line| line.session_id.clone()).unwrap_or_default();
        match self.usable(&session_id).map(|session| session.is_up().then_some(session)) {
            Ok(Some(session)) => {
                session.hand_over(ticket, RequestBody::Stats(CallRef { call_id: call_id.to_owned() }), now);
            }
            _ => self.actions.push(Action::Delivered { ticket, outcome: Ok(None) }),
        }
        self.settle(now);
    }

    /// Puts a report into the relay's log.
    ///
    /// # Errors
    /// [`offhook_protocol::ErrorCode::InvalidSessionState`] unless the session is open.
    pub fn report(&mut self, session_id: &str, text: String, now: Millis) -> Result<(), Failure> {
        self.usable(session_id)?.request(RequestBody::Report(BugReport { text }), now);
        self.settle(now);
        Ok(())
    }

    /// Has the relay's log follow the session more closely, or no longer.
    ///
    /// # Errors
    /// [`offhook_protocol::ErrorCode::InvalidSessionState`] unless the session is open.
    pub fn debug(&mut self, session_id: &str, enabled: bool, now: Millis) -> Result<(), Failure> {
        self.usable(session_id)?.request(RequestBody::Debug(DebugSession { enabled }), now);
        self.settle(now);
        Ok(())
    }

    /// Takes in that the page's network is another one, or is there again: the window's `online` event and the like.
    pub fn network_changed(&mut self, now: Millis) {
        for session in &mut self.sessions {
            session.handle(session::Input::NetworkChanged, now);
        }
        for line in &mut self.calls {
            line.call.handle(call::Input::Session(call::Notice::NetworkChanged), now);
        }
        self.settle(now);
    }

    /// Adds a call in NEW.
    ///
    /// # Errors
    /// [`offhook_protocol::ErrorCode::InvalidSessionState`] unless the session is open.
    pub fn create_call(&mut self, session_id: &str, call_id: String, dial: Dial) -> Result<(), Failure> {
        let up = self.usable(session_id)?.is_up();
        let mut call = Call::outgoing(call_id, dial);
        if !up {
            call.handle(call::Input::Session(call::Notice::RelayLost), 0);
        }
        self.calls.push(Line { session_id: session_id.to_owned(), call });
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
        let mut deadline = None;
        for session in &self.sessions {
            deadline = earlier(deadline, session.deadline());
        }
        for line in &self.calls {
            deadline = earlier(deadline, line.call.deadline());
        }
        deadline
    }

    /// The next thing to be done.
    pub fn poll(&mut self) -> Option<Action> {
        self.actions.pop()
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
                self.actions.push(Action::Forget { call_id: line.call.id().to_owned() });
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
            call::Output::Media(action) => self.actions.push(Action::Media { call_id, action }),
            call::Output::Emit(report) => {
                if report == call::Report::Media(call::Repair::Restarting)
                    && let Some(session) = self.session_mut(&session_id)
                {
                    session.probe(now);
                }
                self.actions.push(Action::Emit(Event::Call { session_id, call_id, report }));
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
            session::Output::AskBalancer(url) => self.actions.push(Action::AskBalancer { session_id, url }),
            session::Output::OpenSocket(url) => self.actions.push(Action::OpenSocket { session_id, url }),
            session::Output::Send(request) => self.actions.push(Action::Send { session_id, request }),
            session::Output::CloseSocket { resume } => {
                self.actions.push(Action::CloseSocket { session_id, resume });
            }
            session::Output::Delivered { ticket, outcome } => {
                self.actions.push(Action::Delivered { ticket, outcome });
            }
            session::Output::Emit(report) => self.actions.push(Action::Emit(Event::Session { session_id, report })),
            session::Output::Call(call_id, input) => self.inform_call(&session_id, &call_id, input, now),
            session::Output::Calls(notice) => self.inform_calls(&session_id, &notice, now),
            session::Output::Incoming(invitation) => self.ring(session_id, invitation, now),
            session::Output::Resumed(call) => self.take_back(session_id, call, now),
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

    fn inform_calls(&mut self, session_id: &str, notice: &call::Notice, now: Millis) {
        for line in self.calls.iter_mut().filter(|line| line.session_id == session_id) {
            line.call.handle(call::Input::Session(notice.clone()), now);
        }
    }

    /// The app learns of the call before anything else happens to it.
    fn take_back(&mut self, session_id: String, call: LiveCall, now: Millis) {
        if self.call_status(&call.call_id).is_some() || call.status.is_terminal() {
            return;
        }
        self.calls.push(Line { session_id: session_id.clone(), call: Call::resumed(&call, now) });
        self.actions.push(Action::Emit(Event::Resumed { session_id, call }));
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
        self.actions.push(Action::Emit(Event::Incoming {
            session_id: session_id.clone(),
            call_id: invitation.call_id.clone(),
            caller: invitation.caller.clone(),
            callee: invitation.callee.clone(),
            visible_name: invitation.visible_name.clone(),
            has_video: invitation.has_video,
            diversions: invitation.diversions.clone(),
            headers: invitation.headers.clone(),
            custom: invitation.custom.clone(),
        }));
        self.calls.push(Line { session_id, call: Call::incoming(invitation, now) });
    }

    fn usable(&mut self, session_id: &str) -> Result<&mut Session, Failure> {
        let status = self.session_status(session_id).map_or("DISCONNECTED", session::Status::name);
        let session = self.session_mut(session_id).filter(|session| session.is_usable());
        session.ok_or_else(|| Failure::session_state(status))
    }

    fn session_mut(&mut self, session_id: &str) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.id() == session_id)
    }

    fn call_mut(&mut self, call_id: &str) -> Option<&mut Call> {
        self.calls.iter_mut().find(|line| line.call.id() == call_id).map(|line| &mut line.call)
    }
}
