//! What goes into a call's state machine and what comes out of it.

use super::status::Status;
use crate::dial::Media;
use crate::failure::Failure;
use offhook_protocol::event::{CallSdp, CallStatusChanged, DtmfReceived};
use offhook_protocol::{CallStatus, RequestBody};

/// What the app asks of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Make the call.
    Call,
    /// Answer it, with this media.
    Answer(Media),
    /// End it in whatever state it is.
    Hangup,
    /// Put the far end on hold.
    Hold,
    /// End the hold.
    Unhold,
    /// Send digits that were checked before.
    Dtmf(String),
}

/// What happens to a call without the app asking.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The relay's word on the call's status.
    Status(CallStatusChanged),
    /// SDP from the relay.
    Sdp(CallSdp),
    /// The far end pressed a key.
    Dtmf(DtmfReceived),
    /// The one reply to a request of this call.
    Replied(Ask, Result<(), Failure>),
    /// The browser's media has news.
    Media(MediaEvent),
    /// The session is over: without a failure the app closed it.
    SessionEnded(Option<Failure>),
    /// Time has passed.
    Tick,
}

/// The browser's answer to a [`MediaAction`], or news of its connection.
#[derive(Clone, PartialEq, Eq)]
pub enum MediaEvent {
    /// Microphone (and camera) are open.
    Opened,
    /// The offer or answer asked for is set as the local description.
    Described {
        /// The session description to send.
        sdp: String,
    },
    /// The relay's answer is set as the remote description.
    Applied,
    /// ICE and DTLS are up: sound can flow.
    Connected,
    /// The step asked for failed, or the connection broke.
    Failed(Failure),
}

/// What the browser's media is to do. Each but `Release` is answered with one [`MediaEvent`].
#[derive(Clone, PartialEq, Eq)]
pub enum MediaAction {
    /// Open the microphone, and the camera if video is to be sent.
    Open(Media),
    /// Make an offer and set it as the local description.
    Offer(Media),
    /// Set the remote offer, make an answer and set it.
    Answer {
        /// The relay's offer.
        offer: String,
        /// The media wanted.
        media: Media,
    },
    /// Set the relay's answer.
    Apply {
        /// The relay's answer.
        answer: String,
    },
    /// Stop the tracks, close the connection, take the elements out of the page.
    Release,
}

/// What a call wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send a request; its reply comes back as [`Input::Replied`].
    Send(RequestBody),
    /// Have the browser's media do something.
    Media(MediaAction),
    /// Tell the app.
    Emit(Report),
}

/// What the app is told about a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// A new status.
    Status(StatusReport),
    /// A key pressed at the far end.
    Dtmf(DtmfReceived),
    /// A request was refused; the call goes on.
    Warning(Failure),
}

/// A new status and what is known of its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReport {
    /// The status.
    pub status: CallStatus,
    /// The SIP status code behind it.
    pub sip_status: Option<u16>,
    /// One of the `CALL_STATUS_INFO` texts, for terminal statuses.
    pub info: Option<String>,
    /// Why the call failed.
    pub error: Option<Failure>,
}

impl StatusReport {
    /// The end of a call for a reason found in the browser.
    pub(super) fn failed(info: &str, error: Failure) -> Self {
        Self { status: CallStatus::Failed, sip_status: None, info: Some(info.into()), error: Some(error) }
    }

    /// The end of a call that somebody wanted.
    pub(super) fn cleared(status: CallStatus) -> Self {
        Self { status, sip_status: None, info: Some("Normal call clearing".into()), error: None }
    }

    /// The status as the app reads it.
    pub fn reached(&self) -> Status {
        Status::Reached(self.status)
    }
}

/// Which request of a call was replied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// `call`
    Call,
    /// `ring`
    Ring,
    /// `answer`
    Answer,
    /// `hangup`
    Hangup,
    /// `hold`, `unhold` or `dtmf`: a refusal changes nothing.
    Feature,
    /// `sdp`
    Sdp,
}

impl Ask {
    /// The question a request puts, and the call it is about; `None` for the session's own requests.
    pub fn of(request: &RequestBody) -> Option<(Self, &str)> {
        Some(match request {
            RequestBody::Call(call) => (Self::Call, &call.call_id),
            RequestBody::Ring(call) => (Self::Ring, &call.call_id),
            RequestBody::Answer(call) => (Self::Answer, &call.call_id),
            RequestBody::Hangup(call) => (Self::Hangup, &call.call_id),
            RequestBody::Hold(call) => (Self::Feature, &call.call_id),
            RequestBody::Unhold(call) => (Self::Feature, &call.call_id),
            RequestBody::Dtmf(call) => (Self::Feature, &call.call_id),
            RequestBody::Sdp(call) => (Self::Sdp, &call.call_id),
            _ => return None,
        })
    }
}

// SDP carries addresses and keys: it stays out of logs.
impl core::fmt::Debug for MediaEvent {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Opened => "Opened",
            Self::Described { .. } => "Described",
            Self::Applied => "Applied",
            Self::Connected => "Connected",
            Self::Failed(_) => "Failed",
        })
    }
}

impl core::fmt::Debug for MediaAction {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Open(_) => "Open",
            Self::Offer(_) => "Offer",
            Self::Answer { .. } => "Answer",
            Self::Apply { .. } => "Apply",
            Self::Release => "Release",
        })
    }
}
