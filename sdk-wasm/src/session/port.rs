//! What goes into a session's state machine and what comes out of it.

use super::status::Status;
use crate::account::Balanced;
use crate::call;
use crate::failure::Failure;
use offhook_protocol::compact::Message;
use offhook_protocol::event::{AppData, IncomingCall, MessageReceived, MessageStatus, MessageWaiting};
use offhook_protocol::reply::LiveCall;
use offhook_protocol::{Request, Secret};
use std::rc::Rc;

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
    Send(Rc<Request>),
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
    Calls(call::Notice),
    /// Somebody calls.
    Incoming(IncomingCall),
    /// A call that a fresh page takes back.
    Resumed(LiveCall),
    /// What became of data that was sent.
    Delivered {
        /// The number the sender gave it.
        ticket: u32,
        /// Whether somebody has it, and what the relay says to that.
        outcome: Result<Option<String>, Failure>,
    },
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
    /// A text of somebody.
    Message(MessageReceived),
    /// What became of a text that was sent.
    MessageStatus(MessageStatus),
    /// What waits in the account's mailbox.
    MessageWaiting(MessageWaiting),
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
