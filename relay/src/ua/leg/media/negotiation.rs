//! What the kinds of carriers have in common: one exchange of an offer and an answer at a time.

use bytes::Bytes;
use offhook_media::{Codec, RtpRemote, VideoRemote, WebRtcRemote};
use offhook_protocol::Failure;
use offhook_sip::message::StatusCode;
use offhook_sip::offer_answer::State as Phase;
use offhook_sip::sdp::{OtherLine, SessionDescription, TelephoneEvents};

use super::rtp::Rtp;
use super::webrtc::WebRtc;
use crate::call::Description;

/// One kind of carrier's offers and answers (RFC 3264): one exchange at a time.
pub(super) trait Negotiation {
    /// Where the exchange stands.
    fn phase(&self) -> Phase;

    /// Takes an offer; nothing holds until it is answered.
    ///
    /// # Errors
    /// The status to refuse it with.
    fn take_offer(&mut self, offer: SessionDescription) -> Result<Description, StatusCode>;

    /// Makes an offer.
    ///
    /// # Errors
    /// When an exchange is under way, or nothing is attached.
    fn offer(&mut self, audio: &Description, lines: &[OtherLine]) -> Result<Bytes, Failure>;

    /// The next offer is for a peer that may be another than before.
    fn renew_keys(&mut self) {}

    /// Answers the offer that was taken.
    ///
    /// # Errors
    /// No common codec, or no offer.
    fn answer(&mut self, audio: &Description, lines: &[OtherLine]) -> Result<(Bytes, Agreed), Failure>;

    /// The description sent last.
    fn repeated(&self) -> Option<Bytes>;

    /// Takes an answer that another may still replace. `None` when it is of no use.
    fn early_answer(&mut self, answer: SessionDescription) -> Option<Agreed>;

    /// Takes the answer, or lets the early one stand; either way the exchange is over.
    ///
    /// # Errors
    /// There is no answer, or it leaves nothing in common.
    fn final_answer(&mut self, answer: Option<SessionDescription>) -> Result<Agreed, Failure>;

    /// Our offer was refused; what was agreed before holds on.
    fn withdraw(&mut self);

    /// The peer's offer is refused; what was agreed before holds on.
    fn refuse(&mut self);
}

/// What an exchange agreed on.
#[derive(Clone, Debug)]
pub(super) struct Agreed {
    /// In the core's terms.
    pub(super) audio: Description,
    /// The keys that the peer takes as events.
    pub(super) events: TelephoneEvents,
    /// In the media worker's.
    pub(super) remote: Remote,
}

/// What the media worker is told of the peer.
#[derive(Clone, Debug)]
pub(super) enum Remote {
    /// The sound, and the pictures where there are any.
    Rtp(Box<(RtpRemote, Option<VideoRemote>)>),
    WebRtc(WebRtcRemote),
}

/// What carries the media.
#[derive(Clone)]
pub(super) enum Kind {
    Rtp(Box<Rtp>),
    WebRtc(Box<WebRtc>),
}

impl Kind {
    /// What can be spoken over it.
    pub(super) const fn codecs(&self) -> &'static [Codec] {
        match self {
            Self::Rtp(_) => &Codec::ALL,
            Self::WebRtc(_) => &Codec::BROWSER,
        }
    }

    pub(super) fn exchange(&mut self) -> &mut dyn Negotiation {
        match self {
            Self::Rtp(rtp) => &mut **rtp,
            Self::WebRtc(webrtc) => &mut **webrtc,
        }
    }

    pub(super) fn shared(&self) -> &dyn Negotiation {
        match self {
            Self::Rtp(rtp) => &**rtp,
            Self::WebRtc(webrtc) => &**webrtc,
        }
    }
}
