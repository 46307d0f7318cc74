//! What the browser asks of the relay.

use crate::secret::Secret;
use serde::{Deserialize, Serialize};

/// A request: an id chosen by the browser, unique on its socket, and what is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Request {
    /// Returned in the one reply to this request.
    pub id: u32,
    /// What is asked.
    #[serde(flatten)]
    pub body: RequestBody,
}

/// Everything a browser can ask. `type` on the wire is the variant's name in camel case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "camelCase")]
#[non_exhaustive]
pub enum RequestBody {
    /// First on every socket. Replied with [`crate::reply::Welcome`].
    Hello(Hello),
    /// Opens a session that is a SIP account. Replied with [`crate::reply::SessionOpened`].
    OpenSip(OpenSip),
    /// Opens a session that is a user of the relay itself. Replied with [`crate::reply::SessionOpened`].
    OpenLocal(OpenLocal),
    /// Takes a session back after a lost socket. Replied with [`crate::reply::SessionOpened`]; missed events follow.
    Resume(Resume),
    /// Ends the session, its calls and its registration.
    Close(Close),
    /// Starts a call.
    Call(StartCall),
    /// The page has shown an incoming call: the caller may hear ringing (180).
    Ring(CallRef),
    /// Answers an incoming call.
    Answer(AnswerCall),
    /// Ends a call in whatever state it is; declines one that rings here.
    Hangup(CallRef),
    /// Puts the far end on hold.
    Hold(CallRef),
    /// Ends the hold.
    Unhold(CallRef),
    /// Sends DTMF digits.
    Dtmf(SendDtmf),
    /// The browser's answer to an SDP offer that came as [`crate::event::CallSdp`].
    Sdp(CallAnswerSdp),
    /// Is the relay there? Replied with an empty result.
    Ping(Ping),
}

/// The version handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Hello {
    /// The protocol version, [`crate::VERSION`].
    pub version: u32,
    /// The client's name and version, for the relay's log.
    pub client: String,
}

/// A SIP account to act for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OpenSip {
    /// The user part of the address of record.
    pub login: String,
    /// The user name of digest authentication, where it differs from `login`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication_name: Option<String>,
    /// The digest password.
    pub password: Secret,
    /// The domain of the address of record.
    pub domain: String,
    /// Host (and port) that every request is sent to first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbound_proxy: Option<String>,
    /// The server's port; absent or 0 means the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// `udp` (default) or `tcp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// Whether to send REGISTER.
    pub register: bool,
    /// The display name others see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_name: Option<String>,
}

/// A user of the relay's own domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct OpenLocal {
    /// The user's name.
    pub login: String,
    /// The user's password, where the relay's configuration names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// The display name others see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_name: Option<String>,
}

/// A claim on a session whose socket was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Resume {
    /// The token the session was opened with.
    pub token: Secret,
    /// The sequence number of the last event seen; 0 for none.
    pub last_seq: u64,
}

/// Ends the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Close {}

/// Nothing but a sign of life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Ping {}

/// A call to be made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct StartCall {
    /// Chosen by the SDK (a UUID), unique in the session.
    pub call_id: String,
    /// A number, a user name or a SIP URI.
    pub callee: String,
    /// The browser's SDP offer.
    pub sdp: String,
    /// The display name for this call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_name: Option<String>,
    /// Whether the offer has video.
    #[serde(default)]
    pub has_video: bool,
}

/// The answer to an incoming call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct AnswerCall {
    /// The call.
    pub call_id: String,
    /// The browser's SDP answer.
    pub sdp: String,
}

/// The browser's SDP answer within a call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CallAnswerSdp {
    /// The call.
    pub call_id: String,
    /// The SDP answer.
    pub sdp: String,
}

/// A request that says only which call it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CallRef {
    /// The call.
    pub call_id: String,
}

/// Digits to send.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SendDtmf {
    /// The call.
    pub call_id: String,
    /// `0`–`9`, `*`, `#`, `A`–`D`.
    pub digits: String,
}

macro_rules! show_only_the_call {
    ($($name:ident),+) => {$(
        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct(stringify!($name)).field("call_id", &self.call_id).finish_non_exhaustive()
            }
        }
    )+};
}
// SDP carries addresses and keys, digits may be a PIN: both stay out of logs.
show_only_the_call!(StartCall, AnswerCall, CallAnswerSdp, SendDtmf);
