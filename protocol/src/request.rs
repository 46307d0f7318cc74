//! What the browser asks of the relay.

use crate::header::Header;
use crate::secret::Secret;
use core::ops::Not;
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
    Hold(HoldCall),
    /// Ends the hold.
    Unhold(CallRef),
    /// Sends DTMF digits.
    Dtmf(SendDtmf),
    /// The browser's answer to an SDP offer that came as [`crate::event::CallSdp`].
    Sdp(CallAnswerSdp),
    /// The browser's own SDP offer within a call; the answer comes as [`crate::event::CallSdp`].
    Offer(CallOfferSdp),
    /// Connects the far end with somebody else; progress comes as [`crate::event::Transfer`].
    Transfer(TransferCall),
    /// Hands data to the app at the far end.
    SendData(SendData),
    /// Sends a text over SIP; what becomes of it comes as [`crate::event::MessageStatus`].
    Message(SendMessage),
    /// Puts a report into the relay's log.
    Report(BugReport),
    /// Has the relay's log follow this session more closely.
    Debug(DebugSession),
    /// Asks for the relay's figures of a call. Replied with [`crate::reply::CallStats`].
    Stats(CallRef),
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// `udp` (default), `tcp` or `tls`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// Whether to send REGISTER.
    pub register: bool,
    /// Whether to watch the account's mailbox: [`crate::event::MessageWaiting`] tells of it.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub message_waiting: bool,
    /// The display name others see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_name: Option<String>,
    /// The session, with its registration and its calls, outlives the page for the relay's keep-alive time.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub keep_alive: bool,
    /// The app's key, for the relay's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_key: Option<String>,
    /// Whatever the app wants to say of itself, as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<Secret>,
}

/// A user of the relay's own domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The session, with its registration and its calls, outlives the page for the relay's keep-alive time.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub keep_alive: bool,
    /// The app's key, for the relay's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_key: Option<String>,
    /// Whatever the app wants to say of itself, as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<Secret>,
}

/// A claim on a session whose socket was lost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Resume {
    /// The token the session was opened with.
    pub token: Secret,
    /// The sequence number of the last event seen; 0 for none.
    pub last_seq: u64,
    /// The page has nothing of the session, as after a reload: `last_seq` means nothing, no event is repeated, and the
    /// reply lists the calls.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub fresh: bool,
}

/// Ends the session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Close {
    /// Ends the calls, but keeps the session and its registration for the keep-alive time, if it was opened for that.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub keep: bool,
}

/// Nothing but a sign of life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Ping {}

/// A call to be made.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Whether the caller's number is hidden from the callee.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub anonymous: bool,
    /// Whether the offer has video.
    #[serde(default)]
    pub has_video: bool,
    /// Headers of the app's own for the SIP request or answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Header>,
    /// Lines to be added to the session description on the SIP side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sip_sdp: Vec<String>,
    /// Whatever the app wants to say to the app at the far end, as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<Secret>,
}

/// The answer to an incoming call.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct AnswerCall {
    /// The call.
    pub call_id: String,
    /// The browser's SDP answer.
    pub sdp: String,
    /// Whether the answer has video.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub has_video: bool,
    /// Headers of the app's own for the SIP request or answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Header>,
    /// Lines to be added to the session description on the SIP side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sip_sdp: Vec<String>,
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

/// An SDP offer of the browser within a call: other ICE credentials (an ICE restart, RFC 8445 section 9), other media, or
/// the new peer connection of a page that was reloaded.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CallOfferSdp {
    /// The call.
    pub call_id: String,
    /// The SDP offer.
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

/// A call to be put on hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct HoldCall {
    /// The call.
    pub call_id: String,
    /// A transfer is meant to follow.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub for_transfer: bool,
}

/// A call whose far end is to talk to somebody else: exactly one of `target` and `with_call` is there.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct TransferCall {
    /// The call.
    pub call_id: String,
    /// Whom to call for the far end (blind): a number, a user name or a SIP URI. A call of this session that is
    /// established with exactly that party is joined instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The call whose far end is the new partner (attended).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_call: Option<String>,
}

/// How digits travel on the SIP side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum DtmfMethod {
    /// Telephone events in RTP (RFC 4733, formerly RFC 2833).
    #[default]
    Rfc2833,
    /// SIP INFO with `application/dtmf`.
    Info,
    /// SIP INFO with `application/dtmf-relay`.
    InfoRelay,
}

impl DtmfMethod {
    /// The method as it stands on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rfc2833 => "rfc2833",
            Self::Info => "info",
            Self::InfoRelay => "infoRelay",
        }
    }

    /// Whether it is the one that is meant when none is named.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Digits to send.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SendDtmf {
    /// The call.
    pub call_id: String,
    /// `0`–`9`, `*`, `#`, `A`–`D`.
    pub digits: String,
    /// How to send them.
    #[serde(default, skip_serializing_if = "DtmfMethod::is_default")]
    pub method: DtmfMethod,
}

/// Data for the app at the far end.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SendData {
    /// The data as JSON text.
    pub payload: Secret,
    /// The local user to send it to; without one, whoever is at the far end of the session's calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// A text for somebody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SendMessage {
    /// Chosen by the SDK, and told again with its fate.
    pub message_id: String,
    /// A number, a user name or a SIP URI.
    pub to: String,
    /// The text.
    pub text: Secret,
}

/// What a user has to say about a fault.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct BugReport {
    /// The report, for the relay's log.
    pub text: String,
}

/// Whether the relay's log follows the session more closely.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct DebugSession {
    /// Begin, or end.
    pub enabled: bool,
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
// SDP carries addresses and keys, digits may be a PIN, a target is a person's number: all stay out of logs.
show_only_the_call!(StartCall, AnswerCall, CallAnswerSdp, CallOfferSdp, SendDtmf, TransferCall);

macro_rules! show_nothing {
    ($($name:ident),+) => {$(
        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )+};
}
// What apps and their users say to each other is nobody else's.
show_nothing!(SendData, SendMessage, BugReport);
