//! One session with the relay, from PENDING to its end, without a browser.
//!
//! It opens the WebSocket, says hello, opens the account, follows its registration, and gives each call the replies and
//! events that are its own. Every wait has a deadline. The end comes once: first the calls hear of it, then the app.

mod requests;
mod status;
#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;

pub use status::Status;

use crate::Millis;
use crate::account::{Account, Balanced};
use crate::call;
use crate::failure::{Code, Failure};
use offhook_protocol::compact::Message;
use offhook_protocol::event::{AppData, EventBody, IncomingCall, Registration};
use offhook_protocol::reply::{LiveCall, Outcome, Reply, ReplyBody, SessionOpened};
use offhook_protocol::request::{Close, Hello, SendData};
use offhook_protocol::{ErrorCode, Event, RegistrationState, Request, RequestBody, Secret};
use requests::{Asked, Requests};
use std::collections::VecDeque;

/// How long the WebSocket may take to open.
const CONNECT: Millis = 10_000;
/// How long the SIP server may take to accept or refuse the registration.
const REGISTER: Millis = 40_000;
/// How long the relay may take to confirm the end.
const CLOSE: Millis = 5_000;

/// A session's state machine.
#[derive(Debug)]
pub struct Session {
    id: String,
    account: Account,
    status: Status,
    /// The app has closed the session.
    closing: bool,
    deadline: Option<Millis>,
    requests: Requests,
    outputs: VecDeque<Output>,
}

/// What happens to a session.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The WebSocket is open and speaks `offhook.v1`.
    SocketOpened,
    /// The WebSocket is closed with this code (RFC 6455 section 7.4), or never opened (1006).
    SocketClosed(u16),
    /// The relay sent a frame.
    Frame(Message),
    /// The balancer has answered; nothing if it could not be asked or understood.
    Balanced(Option<Balanced>),
    /// The page's network is another one, or is there again.
    NetworkChanged,
    /// Time has passed.
    Tick,
}

/// What a session wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Fetch what the balancer at this URL says, to be told as [`Input::Balanced`].
    AskBalancer(String),
    /// Open a WebSocket to this URL.
    OpenSocket(String),
    /// Send a request on it.
    Send(Request),
    /// Close it. Nothing more is expected from it.
    CloseSocket {
        /// Another will take the session back: the relay must not take it for ended.
        resume: bool,
    },
    /// Tell the app.
    Emit(Report),
    /// Something for one call.
    Call(String, call::Input),
    /// Something for every call of the session.
    Calls(call::Input),
    /// Somebody calls.
    Incoming(IncomingCall),
    /// A call that a fresh page takes back.
    Resumed(LiveCall),
    /// What became of data that was sent.
    Delivered {
        /// The number the sender gave it.
        ticket: u32,
        /// Whether somebody has it.
        outcome: Result<(), Failure>,
    },
    /// The session is over, and with it all its calls.
    Ended(Option<Failure>),
}

/// What the app is told about a session.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// A new status.
    Status {
        /// The status.
        status: Status,
        /// What the relay said when it opened the session, with ESTABLISHED.
        opened: Option<Opened>,
        /// Why it ended.
        error: Option<Failure>,
    },
    /// The connection to the relay is lost, for this reason, and is tried again.
    ConnectionLost(Failure),
    /// The connection is there again.
    ConnectionRestored,
    /// Data from another app.
    AppData(AppData),
    /// The relay's log follows the session more closely, or no longer.
    Debug(bool),
    /// Something went wrong; the session goes on or its end follows.
    Warning(Failure),
}

/// What the app may know of an open session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The user's login, as the relay uses it.
    pub login: String,
    /// Takes the session back after a lost socket. A secret.
    pub token: Secret,
    /// How long the relay keeps the session without a page, in milliseconds, if it was opened for that.
    pub keep_alive_ms: Option<u32>,
}

impl Session {
    /// A session that begins to open.
    pub fn open(id: String, account: Account, _seed: u64, now: Millis) -> Self {
        let outputs = VecDeque::from([Output::OpenSocket(account.url.clone())]);
        Self {
            id,
            account,
            status: Status::Pending,
            closing: false,
            deadline: Some(now.saturating_add(CONNECT)),
            requests: Requests::default(),
            outputs,
        }
    }

    /// The session's id in the app.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The status the app sees.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Whether calls can be made.
    pub fn is_usable(&self) -> bool {
        self.status.is_open() && !self.closing
    }

    /// When [`Input::Tick`] is due.
    pub fn deadline(&self) -> Option<Millis> {
        [self.deadline, self.requests.deadline()].into_iter().flatten().min()
    }

    /// The next thing to be done.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Ends the session: its calls at once, the registration by the relay.
    pub fn close(&mut self, keep: bool, now: Millis) {
        if self.closing || self.status.is_terminal() {
            return;
        }
        if !self.status.is_open() {
            return self.end(Status::Disconnected, None);
        }
        self.closing = true;
        self.outputs.push_back(Output::Ended(None));
        self.request(RequestBody::Close(Close { keep }), now);
        self.deadline = Some(now.saturating_add(CLOSE));
    }

    /// Hands data to another app.
    pub fn send_data(&mut self, ticket: u32, data: SendData, now: Millis) {
        self.outputs.push_back(Output::Delivered { ticket, outcome: Ok(()) });
        self.request(RequestBody::SendData(data), now);
    }

    /// Sends a request and follows it to its reply.
    pub fn request(&mut self, body: RequestBody, now: Millis) {
        if self.status.is_terminal() {
            return;
        }
        match self.requests.send(body, now) {
            Ok(request) => self.outputs.push_back(Output::Send(request)),
            Err(asked) => {
                let sentence = "Too many requests wait for the relay's reply.";
                self.refused(asked, Failure::new(Code::Relay(ErrorCode::LimitReached), sentence));
            }
        }
    }

    /// Takes in what happened. After the end nothing changes any more.
    pub fn handle(&mut self, input: Input, now: Millis) {
        if self.status.is_terminal() {
            return;
        }
        match input {
            Input::SocketOpened => self.on_socket_open(now),
            Input::Balanced(_) | Input::NetworkChanged => {}
            Input::SocketClosed(_) => self.on_socket_close(),
            Input::Frame(Message::Reply(reply)) => self.on_reply(reply, now),
            Input::Frame(Message::Event(event)) => self.on_event(event, now),
            Input::Frame(Message::Unknown) => {}
            Input::Tick => self.on_tick(now),
        }
    }

    fn on_socket_open(&mut self, now: Millis) {
        if self.status != Status::Pending {
            return;
        }
        self.deadline = None;
        self.reach(Status::Connected, None);
        let client = concat!("offhook-sdk/", env!("CARGO_PKG_VERSION")).to_owned();
        self.request(RequestBody::Hello(Hello { version: offhook_protocol::VERSION, client }), now);
    }

    fn on_socket_close(&mut self) {
        match self.status {
            _ if self.closing => self.end(Status::Disconnected, None),
            Status::Pending => self.fail(unreachable_relay()),
            Status::Connected => self.fail(Failure::relay_lost()),
            _ => self.end(Status::Disconnected, Some(Failure::relay_lost())),
        }
    }

    fn on_reply(&mut self, reply: Reply, now: Millis) {
        let Some(asked) = reply.id.and_then(|id| self.requests.replied(id)) else { return };
        let result = match reply.outcome {
            Outcome::Result(result) => result,
            Outcome::Error(failure) => return self.refused(asked, failure.into()),
        };
        match (asked, result) {
            (Asked::Hello, _) => {
                if let Some(open) = self.account.request() {
                    self.request(open, now);
                }
            }
            (Asked::Open, ReplyBody::Session(opened)) => self.on_open(opened, now),
            (Asked::Open, _) => {
                let sentence = "The relay's answer could not be understood. Its version may be another.";
                self.fail(Failure::new(Code::Relay(ErrorCode::VersionUnsupported), sentence));
            }
            (Asked::Close, _) => self.end(Status::Disconnected, None),
            (Asked::Call { call_id, ask }, _) => self.inform_call(call_id, call::Input::Replied(ask, Ok(()))),
            (Asked::Nothing, _) => {}
        }
    }

    fn refused(&mut self, asked: Asked, failure: Failure) {
        match asked {
            Asked::Hello | Asked::Open => self.fail(failure),
            Asked::Close => self.end(Status::Disconnected, None),
            Asked::Call { call_id, ask } => self.inform_call(call_id, call::Input::Replied(ask, Err(failure))),
            Asked::Nothing => {}
        }
    }

    fn on_open(&mut self, opened: SessionOpened, now: Millis) {
        self.deadline = opened.registers.then(|| now.saturating_add(REGISTER));
        self.reach(
            Status::Established,
            Some(Opened { login: opened.login, token: opened.token, keep_alive_ms: opened.keep_alive_ms }),
        );
    }

    fn on_event(&mut self, event: Event, now: Millis) {
        if let EventBody::SessionClosed(closed) = event.body {
            let failure = (!self.closing).then(|| closed.error.into());
            return if self.status.is_open() {
                self.end(Status::Disconnected, failure)
            } else {
                self.end(Status::Failed, failure)
            };
        }
        if !self.is_usable() {
            return;
        }
        match event.body {
            EventBody::Registration(registration) => self.on_registration(registration, now),
            EventBody::IncomingCall(invitation) => self.outputs.push_back(Output::Incoming(invitation)),
            EventBody::CallStatus(changed) => self.inform_call(changed.call_id.clone(), call::Input::Status(changed)),
            EventBody::CallSdp(sdp) => self.inform_call(sdp.call_id.clone(), call::Input::Sdp(sdp)),
            EventBody::Dtmf(digit) => self.inform_call(digit.call_id.clone(), call::Input::Dtmf(digit)),
            _ => {}
        }
    }

    /// The first failure ends the session of an account that has to register. A binding lost later does not: calls go
    /// on, and the relay tries again.
    fn on_registration(&mut self, registration: Registration, now: Millis) {
        self.deadline = None;
        let failure = registration.error.map(Failure::from);
        match registration.state {
            RegistrationState::Registered => self.reach(Status::Registered, None),
            RegistrationState::Unregistered => self.reach(Status::Unregistered, None),
            RegistrationState::Failed => {
                let failure = failure.unwrap_or_else(registration_refused);
                self.outputs.push_back(Output::Emit(Report::Warning(failure.clone())));
                match self.status {
                    Status::Established if self.account.must_register() => self.give_up(failure, now),
                    Status::Registered => self.reach(Status::Unregistered, None),
                    _ => {}
                }
            }
        }
    }

    fn on_tick(&mut self, now: Millis) {
        while let Some(asked) = self.requests.late(now) {
            let sentence = "The relay did not reply within 10 seconds.";
            self.refused(asked, Failure::new(Code::Timeout, sentence));
        }
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return;
        }
        self.deadline = None;
        match self.status {
            _ if self.closing => self.end(Status::Disconnected, None),
            Status::Pending => self.fail(unreachable_relay()),
            Status::Established if self.account.must_register() => {
                let sentence = "The SIP server did not answer the registration within 40 seconds.";
                self.give_up(Failure::new(Code::Timeout, sentence), now);
            }
            _ => {}
        }
    }

    fn inform_call(&mut self, call_id: String, input: call::Input) {
        self.outputs.push_back(Output::Call(call_id, input));
    }

    fn reach(&mut self, status: Status, opened: Option<Opened>) {
        self.status = status;
        self.outputs.push_back(Output::Emit(Report::Status { status, opened, error: None }));
    }

    fn fail(&mut self, failure: Failure) {
        self.end(Status::Failed, Some(failure));
    }

    /// Fails a session that the relay has open. It is told, lest it keep what nobody will come back for.
    fn give_up(&mut self, failure: Failure, now: Millis) {
        if let Ok(close) = self.requests.send(RequestBody::Close(Close::default()), now) {
            self.outputs.push_back(Output::Send(close));
        }
        self.fail(failure);
    }

    fn end(&mut self, status: Status, error: Option<Failure>) {
        if self.status.is_terminal() {
            return;
        }
        self.status = status;
        self.deadline = None;
        self.requests = Requests::default();
        self.outputs.push_back(Output::Ended(error.clone()));
        self.outputs.push_back(Output::CloseSocket { resume: false });
        self.outputs.push_back(Output::Emit(Report::Status { status, opened: None, error }));
    }
}

fn unreachable_relay() -> Failure {
    let sentence = "The relay could not be reached. Check its address and that it is running.";
    Failure::new(Code::RelayUnreachable, sentence)
}

fn registration_refused() -> Failure {
    Failure::new(Code::Relay(ErrorCode::Rejected), "The SIP server refused the registration.")
}
