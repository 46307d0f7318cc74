//! What the phone wants done, and what the app is told.

use crate::call::{self, MediaAction};
use crate::failure::Failure;
use crate::session;
use offhook_protocol::reply::LiveCall;
use offhook_protocol::{Diversion, Header, Request, Secret};
use std::rc::Rc;

/// Something for the drivers to do, or for the app to know.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Fetch JSON from the balancer, to be told as [`session::Input::Balanced`].
    AskBalancer {
        /// The session.
        session_id: String,
        /// Where.
        url: String,
    },
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
        request: Rc<Request>,
    },
    /// Close the session's WebSocket.
    CloseSocket {
        /// The session.
        session_id: String,
        /// The session goes on and will have another: the close code must not be 1000, which ends it at the relay.
        resume: bool,
    },
    /// Tell whoever sent the data with this number what became of it.
    Delivered {
        /// The number given to [`super::Phone::hand_over`].
        ticket: u32,
        /// Whether somebody has it, and what the relay says to that.
        outcome: Result<Option<String>, Failure>,
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
        /// Who was called before and had the call sent on, the latest first.
        diversions: Vec<Diversion>,
        /// The SIP headers of the request.
        headers: Vec<Header>,
        /// What the caller's app wants to say, as JSON text.
        custom: Option<Secret>,
    },
    /// A fresh page has a call of the session that it took back. Its media waits for [`crate::call::Command::Attach`].
    Resumed {
        /// The session.
        session_id: String,
        /// The call.
        call: LiveCall,
    },
}
