//! What the relay tells the browser.

use crate::error::Failure;
use crate::status::{CallStatus, RegistrationState};
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
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// One of the SDK's `CALL_STATUS_INFO` texts, for terminal statuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<String>,
    /// Why the call failed or was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
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

/// The session ended on the relay's side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SessionClosed {
    /// Why.
    pub error: Failure,
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

impl core::fmt::Debug for CallSdp {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("CallSdp").field("call_id", &self.call_id).field("kind", &self.kind).finish_non_exhaustive()
    }
}
