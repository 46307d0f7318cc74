//! What the relay answers.

use crate::error::Failure;
use crate::secret::Secret;
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// Nothing to return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Done {}
