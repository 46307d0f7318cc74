//! What the core and a leg say to each other.
//!
//! A leg is one end of a call: a browser (WebRTC), a SIP dialog (RTP) or a service of the relay's own. All three speak this
//! one language: offers and answers at the level of codecs, never SDP; so every pairing of legs is the same code in the
//! core. The drivers (`door` for browsers, `ua` for SIP, `service`) translate to and from their protocols and tell
//! the media worker what they negotiated.

use std::time::Duration;

use offhook_media::{Codec, Digit, Direction, MediaFailure, SoundWishes};
use offhook_protocol::Failure;
use offhook_protocol::request::DtmfMethod;
use offhook_sip::sdp::{OpusParameters, SpeexParameters};

pub use super::extras::Extras;
use super::transcoding::Transcoding;
use super::untouched::Untouched;

/// One end's half of an offer/answer exchange (RFC 3264), reduced to what decides a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Codecs in order of preference. Never empty but beside [`Description::untouched`].
    pub codecs: Vec<Codec>,
    /// Whether telephone-event (RFC 4733) is there.
    pub telephone_event: bool,
    /// Whether comfort noise (RFC 3389) is there.
    pub comfort_noise: bool,
    /// Seen from the relay towards the leg that says or is told this: `SendOnly` means that the relay sends to that leg
    /// and hears nothing from it.
    pub direction: Direction,
    /// The picture, where there is one.
    pub video: Option<Video>,
    /// What else it says of the sound it takes.
    pub sound: Sound,
    /// Of what a leg says: whether it may speak another codec than the other end. Of an offer that a leg is told: whether it
    /// may put other codecs behind these.
    pub transcoding: Transcoding,
    /// The session description itself, where it goes from one SIP leg to the other as it is. There are no codecs then, and
    /// whatever changes is passed on.
    pub untouched: Option<Untouched>,
}

impl Description {
    /// Sound alone, of which nothing is said besides.
    #[must_use]
    pub fn new(codecs: Vec<Codec>, telephone_event: bool, direction: Direction) -> Self {
        let transcoding = Transcoding::Never;
        Self {
            codecs,
            telephone_event,
            comfort_noise: false,
            direction,
            video: None,
            sound: Sound::default(),
            transcoding,
            untouched: None,
        }
    }

    /// Everything the relay passes on, both ways: for whoever is to offer and knows nothing of the other end.
    #[must_use]
    pub fn everything() -> Self {
        Self::new(Codec::BROWSER.to_vec(), true, Direction::SendRecv)
    }

    /// Whether who was told the one need not be told the other for its sound: they are the same description, or the codec
    /// that is spoken is the same.
    #[must_use]
    pub fn is_alike(&self, other: &Self) -> bool {
        match (&self.untouched, &other.untouched) {
            (Some(one), Some(other)) => one.is_same_session(other),
            _ => self.codecs.first() == other.codecs.first(),
        }
    }

    /// One that the other SIP leg is handed as it is.
    #[must_use]
    pub fn of_untouched(session: Untouched) -> Self {
        Self { untouched: Some(session), ..Self::new(Vec::new(), false, Direction::SendRecv) }
    }
}

/// What one end says of the sound it takes. The relay passes packets through as they are, so the other end is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sound {
    /// How much sound it would like a packet to hold, in milliseconds (`a=ptime`).
    pub ptime: Option<u16>,
    /// The most it takes in a packet, in milliseconds (`a=maxptime`).
    pub maxptime: Option<u16>,
    /// The parameters of Opus, where it has any.
    pub opus: Option<OpusParameters>,
    /// The parameters of Speex, likewise.
    pub speex: Option<SpeexParameters>,
    /// Whether G.729 may fall silent as its Annex B has it.
    pub g729_annex_b: Option<bool>,
}

impl Sound {
    /// The same in the media worker's terms, for sound that it makes itself.
    #[must_use]
    pub fn wishes(&self) -> SoundWishes {
        let opus = self.opus.unwrap_or_default();
        SoundWishes {
            ptime: self.ptime,
            maxptime: self.maxptime,
            opus_dtx: opus.usedtx.unwrap_or(false),
            opus_fec: opus.useinbandfec.unwrap_or(false),
            opus_bitrate: opus.maxaveragebitrate,
            g729_annex_b: self.g729_annex_b.unwrap_or(false),
        }
    }
}

/// The picture of a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Video {
    /// Codecs in order of preference, as RFC 6184, RFC 7741 and their like name them. Never empty.
    pub codecs: Vec<VideoCodec>,
    /// As [`Description::direction`].
    pub direction: Direction,
    /// The most bits a second of it that whoever says this takes.
    pub bandwidth: Option<u32>,
}

/// A video codec and the parameters it is offered with.
#[derive(Clone, Debug)]
pub struct VideoCodec {
    /// What a decoder must know to decode it.
    pub format: offhook_media::VideoCodec,
    /// The format parameters of `a=fmtp`, where there are any.
    pub parameters: Option<String>,
}

/// Two are the same where the one's decoder takes what the other's encoder makes: a level, or the largest picture one
/// would like, makes no other codec.
impl PartialEq for VideoCodec {
    fn eq(&self, other: &Self) -> bool {
        self.format == other.format
    }
}

impl Eq for VideoCodec {}

/// Who is at one end, as the other end is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// A user part, number or URI.
    pub user: String,
    /// The display name.
    pub display_name: Option<String>,
}

impl Identity {
    /// The user part of whoever does not want to be known (RFC 3323 section 4.1.1.3).
    pub const ANONYMOUS: &str = "anonymous";

    /// Somebody who does not want to be known.
    #[must_use]
    pub fn anonymous() -> Self {
        Self { user: Self::ANONYMOUS.to_owned(), display_name: None }
    }
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
        /// What comes with it.
        extras: Extras,
    },
    /// The far end has the request (100).
    Trying,
    /// The far end rings (180), with early media where there is some.
    Ringing(Option<Description>, Extras),
    /// The far end progresses (183), with early media where there is some.
    Progress(Option<Description>, Extras),
    /// The far end answered (200).
    Answer(Description, Extras),
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
        /// How a SIP leg sends it.
        method: DtmfMethod,
    },
    /// Something this end asked for did not work; the call goes on.
    Warning(Failure),
    /// News of the transfer this end asked for.
    Transfer(Transfer),
    /// Ask the far end to call somebody else by itself (REFER); [`LegEvent::Referral`] tells what comes of it.
    Refer(Referral),
    /// Somebody else is at the far end now.
    Party(Identity),
    /// End: reject, cancel or hang up, whichever the leg's state calls for. [`LegEvent::Ended`] still follows.
    End(Cause, Extras),
}

impl LegCommand {
    /// What the leg is told of the session, if anything.
    #[must_use]
    pub fn description(&self) -> Option<&Description> {
        match self {
            Self::Invite { offer, .. } => offer.as_ref(),
            Self::Ringing(early, _) | Self::Progress(early, _) => early.as_ref(),
            Self::Answer(description, _) | Self::Reoffer(description) => Some(description),
            Self::ReofferAnswer(answer) => answer.as_ref().ok(),
            _ => None,
        }
    }
}

/// Whom a far end is asked to call by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referral {
    /// A number, a user or a URI: whatever could be dialled.
    pub to: String,
    /// The dialog whose place the call is to take, as a Replaces header names it (RFC 3891).
    pub replaces: Option<String>,
}

/// What becomes of a [`LegCommand::Refer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferralProgress {
    /// The far end will try.
    Accepted,
    /// It rings there.
    Ringing,
    /// The far end talks to whom it was to call.
    Completed,
    /// It would not, or could not. The call goes on as it was.
    Failed(Cause),
    /// The far end does not do such things.
    Unsupported,
}

/// How far a transfer has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Whom the far end is to talk to, as the transferor named them.
    pub target: String,
    /// How far it is.
    pub progress: TransferProgress,
}

/// See [`Transfer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferProgress {
    /// The target is being called.
    Trying,
    /// It rings there.
    Ringing,
    /// The far end and the target are connected; the end of this leg comes next.
    Completed,
    /// The target could not be had. The call goes on as it was.
    Failed(Cause),
}

/// What a leg tells the core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegEvent {
    /// The far end's server has the request (100).
    Trying,
    /// It rings (180); early media where the answer came with SDP.
    Ringing(Option<Description>, Extras),
    /// It progresses (183).
    Progress(Option<Description>, Extras),
    /// It answered.
    Answered(Description, Extras),
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
        /// How it came, and how a SIP leg at the other end sends it on.
        method: DtmfMethod,
    },
    /// A digit was heard in the sound of a browser. The media worker has passed it on as sound: only a page at the other
    /// end has yet to be told.
    Heard {
        /// Which.
        digit: Digit,
        /// How long.
        duration: Duration,
    },
    /// Something the other end asked for did not work here, such as a key that the peer does not take.
    Warning(Failure),
    /// What becomes of the [`LegCommand::Refer`] sent last.
    Referral(ReferralProgress),
    /// Somebody else is there now, or says more of who it is.
    Party(Identity),
    /// Sound is connected: DTLS done, or the first RTP packet came.
    MediaConnected,
    /// Sound could not be connected.
    MediaFailed(MediaFailure),
    /// No RTP for the configured time, while not on hold.
    MediaInactive,
    /// The leg is over, whoever ended it. Nothing follows.
    Ended(Cause, Extras),
}

impl LegEvent {
    /// The same of an end with this policy about other codecs than the far end's.
    #[must_use]
    pub fn with(mut self, policy: Transcoding) -> Self {
        match &mut self {
            Self::Ringing(Some(audio), _)
            | Self::Progress(Some(audio), _)
            | Self::Answered(audio, _)
            | Self::Reoffer(audio)
            | Self::ReofferResult(Ok(audio)) => audio.transcoding = policy,
            _ => {}
        }
        self
    }
}
