//! What goes into a call's state machine and what comes out of it.

use super::status::Status;
use crate::dial::{Answer, Digits, Media};
use crate::failure::Failure;
use offhook_protocol::Json;
use offhook_protocol::event::{CallSdp, CallStatusChanged, DtmfReceived, PartyChanged, Transfer};
use offhook_protocol::{CallStatus, Header, RequestBody};

/// What the app asks of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Make the call.
    Call,
    /// Answer it.
    Answer(Answer),
    /// Give a call that a fresh page took back its media.
    Attach(Media),
    /// End it in whatever state it is.
    Hangup,
    /// Put the far end on hold.
    Hold {
        /// A transfer is meant to follow.
        for_transfer: bool,
    },
    /// End the hold.
    Unhold,
    /// Connect the far end with somebody else.
    Transfer(Target),
    /// Send digits that were checked before.
    Dtmf(Digits),
}

/// Whom the far end of a transferred call is to talk to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Somebody to be called: a number, a user name or a SIP URI.
    User(String),
    /// The far end of that call.
    Call(String),
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
    /// News of the transfer of this call.
    Transfer(Transfer),
    /// Somebody else is at the far end.
    Party(PartyChanged),
    /// What it sounds like has changed.
    Quality(Json),
    /// The one reply to a request of this call.
    Replied(Ask, Result<(), Failure>),
    /// The browser's media has news.
    Media(MediaEvent),
    /// What concerns every call of its session.
    Session(Notice),
    /// Time has passed.
    Tick,
}

/// What concerns every call of a session.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// The relay cannot be reached for the moment: what is sent has to wait.
    RelayLost,
    /// The relay is there again, and has the call.
    RelayBack,
    /// The page's network is another one, or is there again.
    NetworkChanged,
    /// The session is over: without a failure the app closed it.
    Ended(Option<Failure>),
    /// The relay has surely given the call up meanwhile.
    Abandoned(Failure),
    /// The relay has said that it has nothing of what was before.
    Forgotten(Failure),
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
    /// ICE and DTLS are up, or up again: sound can flow.
    Connected,
    /// The connection's state is `disconnected`: it may come back by itself.
    Disconnected,
    /// The connection's state is `failed`: only other ICE credentials can bring it back.
    Broken,
    /// No RTP has come for a second, after some had.
    Silent,
    /// After [`MediaEvent::Silent`], RTP comes again.
    Flowing,
    /// What is sent or wanted has changed in a way that takes an offer of ours, such as a camera in a call without one.
    Changed,
    /// The step asked for failed.
    Failed(Failure),
}

/// What the browser's media is to do. Each but `Release` is answered with one [`MediaEvent`].
#[derive(Clone, PartialEq, Eq)]
pub enum MediaAction {
    /// Open the microphone, and the camera if video is to be sent.
    Open(Media),
    /// Make an offer and set it as the local description.
    Offer(Media),
    /// In a call that has a connection: make another offer, with the tracks as they are now, and set it. An offer of
    /// ours that was never answered may still be set: the new one takes its place.
    OfferAgain {
        /// The media wanted.
        media: Media,
        /// With new ICE credentials (`iceRestart`).
        restart_ice: bool,
    },
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
    /// News of a transfer.
    Transfer(Transfer),
    /// Somebody else is at the far end.
    Party(PartyChanged),
    /// It has turned bad, or is good again, as the relay says.
    Quality(Json),
    /// The media finds itself a new way, or has found it.
    Media(Repair),
}

/// How far the repair of a call's media connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// The media finds itself a new way.
    Restarting,
    /// It flows again.
    Restored,
}

impl Repair {
    /// The name the app is told.
    pub fn name(self) -> &'static str {
        match self {
            Self::Restarting => "restarting",
            Self::Restored => "restored",
        }
    }
}

/// A new status and what is known of its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReport {
    /// The status.
    pub status: CallStatus,
    /// The SIP status code behind it.
    pub sip_status: Option<u16>,
    /// The SIP reason phrase that came with it.
    pub sip_reason: Option<String>,
    /// One of the `CALL_STATUS_INFO` texts, or the SIP answer, for terminal statuses.
    pub info: Option<String>,
    /// Why the call failed.
    pub error: Option<Failure>,
    /// The SIP headers of the response or request behind it.
    pub headers: Vec<Header>,
}

impl StatusReport {
    /// The end of a call for a reason found in the browser.
    pub(super) fn failed(info: &str, error: Failure) -> Self {
        Self { error: Some(error), ..Self::known(CallStatus::Failed, info) }
    }

    /// The end of a call that somebody wanted.
    pub(super) fn cleared(status: CallStatus) -> Self {
        Self::known(status, "Normal call clearing")
    }

    fn known(status: CallStatus, info: &str) -> Self {
        let info = Some(info.into());
        Self { status, sip_status: None, sip_reason: None, info, error: None, headers: Vec::new() }
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
    /// `hold`, `unhold`, `transfer` or `dtmf`: a refusal changes nothing.
    Feature,
    /// `sdp`
    Sdp,
    /// `offer`
    Offer,
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
            RequestBody::Transfer(call) => (Self::Feature, &call.call_id),
            RequestBody::Sdp(call) => (Self::Sdp, &call.call_id),
            RequestBody::Offer(call) => (Self::Offer, &call.call_id),
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
            Self::Disconnected => "Disconnected",
            Self::Broken => "Broken",
            Self::Silent => "Silent",
            Self::Flowing => "Flowing",
            Self::Changed => "Changed",
            Self::Failed(_) => "Failed",
        })
    }
}

impl core::fmt::Debug for MediaAction {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Open(_) => "Open",
            Self::Offer(_) => "Offer",
            Self::OfferAgain { restart_ice: false, .. } => "OfferAgain",
            Self::OfferAgain { restart_ice: true, .. } => "RestartIce",
            Self::Answer { .. } => "Answer",
            Self::Apply { .. } => "Apply",
            Self::Release => "Release",
        })
    }
}
