//! What the relay tells the browser.

use crate::diversion::Diversion;
use crate::error::Failure;
use crate::header::Header;
use crate::quality::Json;
use crate::secret::Secret;
use crate::status::{CallStatus, RegistrationState, TransferStatus};
use serde::{Deserialize, Serialize};

/// An event and its place in the session's sequence, counted from 1 without gaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Event {
    /// The sequence number.
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

/// Everything that can happen. `type` on the wire is the variant's name in camel case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "camelCase")]
#[non_exhaustive]
pub enum EventBody {
    /// The SIP registration changed.
    Registration(Registration),
    /// Somebody calls. `ring` or `answer` or `hangup` is expected.
    IncomingCall(IncomingCall),
    /// A call has a new status.
    CallStatus(CallStatusChanged),
    /// SDP for the call's peer connection.
    CallSdp(CallSdp),
    /// The far end pressed a key.
    Dtmf(DtmfReceived),
    /// A transfer that was asked for has come further.
    Transfer(Transfer),
    /// Somebody else is at the far end of a call now.
    Party(PartyChanged),
    /// A call's sound has turned bad, or is good again.
    Quality(CallQuality),
    /// Data from the app at a far end.
    AppData(AppData),
    /// Somebody sends a text over SIP.
    Message(MessageReceived),
    /// What became of a text that was sent.
    MessageStatus(MessageStatus),
    /// The account's mailbox has changed.
    MessageWaiting(MessageWaiting),
    /// The relay's log follows the session more closely, or no longer.
    Debug(DebugChanged),
    /// The session is over; the socket closes next.
    SessionClosed(SessionClosed),
}

/// A change of the SIP registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Registration {
    /// The new state.
    pub state: RegistrationState,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// A call from outside.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct IncomingCall {
    /// The relay's id for the call.
    pub call_id: String,
    /// The caller's user part or URI.
    pub caller: String,
    /// Who was called.
    pub callee: String,
    /// The caller's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_name: Option<String>,
    /// The relay's SDP offer to the browser.
    pub sdp: String,
    /// Whether the caller offers video.
    #[serde(default)]
    pub has_video: bool,
    /// Who was called before and had the call sent on, the latest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diversions: Vec<Diversion>,
    /// The SIP headers of the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Header>,
    /// What the app at the far end wants to say, as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<Secret>,
}

/// A call's new status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CallStatusChanged {
    /// The call.
    pub call_id: String,
    /// Its status.
    pub status: CallStatus,
    /// The SIP status code behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip_status: Option<u16>,
    /// The SIP reason phrase that came with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip_reason: Option<String>,
    /// One of the SDK's `CALL_STATUS_INFO` texts, for terminal statuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<String>,
    /// Why the call failed or was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
    /// The SIP headers of the response or request behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Header>,
}

/// Which half of an offer/answer exchange an SDP is (JSEP, RFC 9429).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum SdpKind {
    /// An offer: the browser replies with [`crate::RequestBody::Sdp`].
    Offer,
    /// The answer to the browser's offer.
    Answer,
}

/// SDP from the relay.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CallSdp {
    /// The call.
    pub call_id: String,
    /// Offer or answer.
    pub kind: SdpKind,
    /// The session description.
    pub sdp: String,
}

/// A DTMF digit from the far end.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct DtmfReceived {
    /// The call.
    pub call_id: String,
    /// `0`–`9`, `*`, `#`, `A`–`D`.
    pub digit: String,
    /// How long it was pressed, in milliseconds.
    pub duration_ms: u32,
}

/// News of a transfer, for its transferor.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Transfer {
    /// The transferor's call.
    pub call_id: String,
    /// How far it has come.
    pub status: TransferStatus,
    /// Whom the far end is to talk to.
    pub target: String,
    /// The SIP status code behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip_status: Option<u16>,
    /// The SIP reason phrase that came with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip_reason: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// Another far end.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct PartyChanged {
    /// The call.
    pub call_id: String,
    /// The new party's user part or URI.
    pub user: String,
    /// The new party's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// News of what a call sounds like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct CallQuality {
    /// The call.
    pub call_id: String,
    /// What it sounds like, to whom, and why.
    #[cfg_attr(test, ts(type = "Quality"))]
    pub quality: Json,
}

/// Data from another app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct AppData {
    /// The data as JSON text.
    pub payload: Secret,
    /// The login of the user who sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The call it belongs to, if it came from the far end of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
}

/// A text of somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct MessageReceived {
    /// The sender's user part or URI.
    pub from: String,
    /// The sender's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_name: Option<String>,
    /// The text.
    pub text: Secret,
}

/// The fate of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct MessageStatus {
    /// The name its sender gave it.
    pub message_id: String,
    /// Why nobody took it; without one, somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// What waits in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MessageWaiting {
    /// Whether anything does.
    pub waiting: bool,
    /// Voice messages that were not heard yet, where the server counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<u32>,
    /// Voice messages that were heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<u32>,
}

/// Whether the relay's log follows the session more closely.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct DebugChanged {
    /// It does, or no longer does.
    pub enabled: bool,
}

/// The session ended on the relay's side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SessionClosed {
    /// Why.
    pub error: Failure,
}

impl CallStatusChanged {
    /// A status with nothing known of its cause.
    pub fn new(call_id: impl Into<String>, status: CallStatus) -> Self {
        let call_id = call_id.into();
        Self { call_id, status, sip_status: None, sip_reason: None, info: None, error: None, headers: Vec::new() }
    }
}

// SDP carries addresses and keys: it stays out of logs.
impl core::fmt::Debug for IncomingCall {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("IncomingCall").field("call_id", &self.call_id).finish_non_exhaustive()
    }
}

// Digits may be a PIN: a log shows that there was one, not which.
impl core::fmt::Debug for DtmfReceived {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("DtmfReceived").field("call_id", &self.call_id).finish_non_exhaustive()
    }
}

// A person's number is theirs.
impl core::fmt::Debug for Transfer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Transfer").field("call_id", &self.call_id).field("status", &self.status).finish_non_exhaustive()
    }
}

impl core::fmt::Debug for PartyChanged {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PartyChanged").field("call_id", &self.call_id).finish_non_exhaustive()
    }
}

impl core::fmt::Debug for CallSdp {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("CallSdp").field("call_id", &self.call_id).field("kind", &self.kind).finish_non_exhaustive()
    }
}
