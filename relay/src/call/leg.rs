//! What the core and a leg say to each other.
//!
//! A leg is one end of a call: a browser (WebRTC), a SIP dialog (RTP) or a service of the relay's own. All three speak this
//! one language: offers and answers at the level of codecs, never SDP; so every pairing of legs is the same code in the
//! core. The drivers (`door` for browsers, `ua` for SIP, `service`) translate to and from their protocols and tell
//! the media worker what they negotiated.

use std::time::Duration;

use offhook_media::{Codec, Digit, Direction, MediaFailure};
use offhook_protocol::Failure;

/// One end's half of an offer/answer exchange (RFC 3264), reduced to what decides a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Codecs in order of preference. Never empty.
    pub codecs: Vec<Codec>,
    /// Whether telephone-event (RFC 4733) is there.
    pub telephone_event: bool,
    /// Seen from the relay towards the leg that says or is told this: `SendOnly` means that the relay sends to that leg
    /// and hears nothing from it.
    pub direction: Direction,
    /// The picture, where there is one. SIP legs have none.
    pub video: Option<Video>,
}

/// The picture of a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Video {
    /// Codecs in order of preference, as RFC 6184, RFC 7741 and their like name them. Never empty.
    pub codecs: Vec<VideoCodec>,
    /// As [`Description::direction`].
    pub direction: Direction,
}

/// A video codec and the parameters it is offered with. Two are the same where both agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoCodec {
    /// The encoding name of `a=rtpmap`.
    pub name: String,
    /// The format parameters of `a=fmtp`, where there are any.
    pub parameters: Option<String>,
}

/// Who is at one end, as the other end is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// A user part, number or URI.
    pub user: String,
    /// The display name.
    pub display_name: Option<String>,
}

/// Why a leg ends or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Somebody hung up in the normal way (BYE).
    Normal,
    /// The caller gave up before an answer (CANCEL, 487).
    Cancelled,
    /// It failed or was refused; the failure carries the SIP status where there is one.
    Failure(Failure),
    /// Sound could not be connected.
    MediaFailed(MediaFailure),
    /// The far end fell silent for the configured time.
    MediaInactive,
}

/// What the core tells a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegCommand {
    /// Call out: INVITE, or `incomingCall` to a browser. `offer` is what the other end can do.
    Invite {
        /// Who calls.
        from: Identity,
        /// Who is called.
        to: Identity,
        /// The other end's capabilities; `None` when it offered nothing (INVITE without SDP).
        offer: Option<Description>,
    },
    /// The far end has the request (100).
    Trying,
    /// The far end rings (180), with early media where there is some.
    Ringing(Option<Description>),
    /// The far end progresses (183), with early media where there is some.
    Progress(Option<Description>),
    /// The far end answered (200).
    Answer(Description),
    /// The far end asks to change the session: re-INVITE with this offer.
    Reoffer(Description),
    /// The answer to this leg's own [`LegEvent::Reoffer`].
    ReofferAnswer(Result<Description, Cause>),
    /// A key was pressed at the other end: play it to this leg as a telephone-event, or tell its user.
    Dtmf {
        /// Which.
        digit: Digit,
        /// How long.
        duration: Duration,
    },
    /// End: reject, cancel or hang up, whichever the leg's state calls for. [`LegEvent::Ended`] still follows.
    End(Cause),
}

/// What a leg tells the core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegEvent {
    /// The far end's server has the request (100).
    Trying,
    /// It rings (180); early media where the answer came with SDP.
    Ringing(Option<Description>),
    /// It progresses (183).
    Progress(Option<Description>),
    /// It answered.
    Answered(Description),
    /// It wants to change the session (hold, resume, moved media); answered with [`LegCommand::ReofferAnswer`].
    Reoffer(Description),
    /// The result of [`LegCommand::Reoffer`].
    ReofferResult(Result<Description, Cause>),
    /// A digit was pressed there.
    Dtmf {
        /// Which.
        digit: Digit,
        /// How long.
        duration: Duration,
    },
    /// Sound is connected: DTLS done, or the first RTP packet came.
    MediaConnected,
    /// Sound could not be connected.
    MediaFailed(MediaFailure),
    /// No RTP for the configured time, while not on hold.
    MediaInactive,
    /// The leg is over, whoever ended it. Nothing follows.
    Ended(Cause),
}
