//! What the relay answers.

use crate::diversion::Diversion;
use crate::error::Failure;
use crate::header::Header;
use crate::quality::Json;
use crate::secret::Secret;
use crate::status::CallStatus;
use core::ops::Not;
use serde::{Deserialize, Serialize};

/// The one reply to a request: `{"type":"reply","id":7,"result":{…}}` or `{"type":"reply","id":7,"error":{…}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename = "reply")]
pub struct Reply {
    /// The request's id; absent when the frame had none that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Accepted, or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The request was accepted.
    Result(ReplyBody),
    /// The request was refused and changed nothing.
    Error(Failure),
}

/// What an accepted request returns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(untagged)]
pub enum ReplyBody {
    /// To `openSip`, `openLocal`, `resume`.
    Session(SessionOpened),
    /// To `hello`.
    Welcome(Welcome),
    /// To `stats`.
    Stats(CallStats),
    /// To everything else.
    Done(Done),
}

/// The relay's side of the handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    /// The protocol version in use.
    pub version: u32,
    /// The relay's name and version.
    pub server: String,
}

/// An open session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SessionOpened {
    /// The relay's name for the session, good for logs.
    pub session_id: String,
    /// Takes the session back after a lost socket. A secret.
    pub token: Secret,
    /// The user's login, as the relay uses it.
    pub login: String,
    /// Whether a `registration` event will follow.
    pub registers: bool,
    /// How long the session outlives its socket, in milliseconds.
    pub grace_ms: u32,
    /// The sequence number of the latest event: a page that starts afresh counts on from it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub last_seq: u64,
    /// To `resume`: the id of the last request of the session that was carried out before this one. The browser sends
    /// those after it again; what became of the others, events tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_request: Option<u32>,
    /// Whether the SIP registration stands at this moment.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub registered: bool,
    /// The keep-alive time in milliseconds, if the session was opened for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_alive_ms: Option<u32>,
    /// The session's calls, for a page that starts afresh. One that rings here is not among them: it comes as
    /// [`crate::event::IncomingCall`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<LiveCall>,
}

/// A call that goes on while its page was reloaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct LiveCall {
    /// The call.
    pub call_id: String,
    /// Whether it came in.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub incoming: bool,
    /// The caller's user part or URI.
    pub caller: String,
    /// Who was called.
    pub callee: String,
    /// The far end's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_name: Option<String>,
    /// Its status now.
    pub status: CallStatus,
    /// Whether it has video.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub has_video: bool,
    /// Who was called before and had the call sent on, the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diversions: Vec<Diversion>,
    /// The far end's SIP headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Header>,
}

/// What the relay has to say of a call's media.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CallStats {
    /// The figures.
    #[cfg_attr(test, ts(type = "Figures"))]
    pub stats: Json,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Nothing to return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Done {}
