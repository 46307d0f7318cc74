//! Offers and answers of a leg with RTP on a port of its own.

use std::net::IpAddr;

use bytes::Bytes;
use offhook_media::{RtpLocal, VideoLocal};
use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::message::StatusCode;
use offhook_sip::offer_answer::{LocalMedia, Negotiated, OfferAnswer, OfferAnswerError, State as Phase};
use offhook_sip::sdp::{OtherLine, SessionDescription};

use super::keys::Keys;
use super::negotiation::{Agreed, Negotiation, Remote};
use super::{no_common_codec, no_media, unusable};
use crate::call::Description;
use crate::ua::{description, pictures};

/// RFC 3264 for one audio stream, and the port it is received at.
#[derive(Clone)]
pub(super) struct Rtp {
    local: Option<RtpLocal>,
    /// The ports of its pictures, while there are or may be any.
    video: Option<VideoLocal>,
    exchange: OfferAnswer,
    /// None where media is never encrypted.
    keys: Option<Keys>,
    /// Whether answers have the codecs in our order.
    own_order: bool,
    /// Whether the offer that waits for its answer may be of somebody who knows nothing of our keys.
    is_from_elsewhere: bool,
}

impl Rtp {
    pub(super) fn new(exchange: OfferAnswer, keys: Option<Keys>, own_order: bool) -> Self {
        Self { local: None, video: None, exchange, keys, own_order, is_from_elsewhere: false }
    }

    /// Where the peer's offer wants it, while it is not answered.
    pub(super) fn offered_address(&self) -> Option<IpAddr> {
        self.exchange.offered_address()
    }

    pub(super) fn attach(&mut self, local: RtpLocal) {
        self.local = Some(local);
    }

    pub(super) fn attach_video(&mut self, video: VideoLocal) {
        self.video = Some(video);
    }

    /// There are no pictures, and no ports for them any more. Whether there were any.
    pub(super) fn detach_video(&mut self) -> bool {
        self.video.take().is_some()
    }

    /// The address that ports for pictures are to be at, if this description needs any that are not there yet.
    pub(super) fn wants_video(&self, description: &Description) -> Option<IpAddr> {
        let shown = description.video.as_ref().is_some_and(pictures::can_be_offered);
        let may_be = shown && self.video.is_none() && !self.exchange.is_offered_sound_alone();
        self.local.as_ref().filter(|_| may_be).map(|local| local.addr.ip())
    }

    /// Whether offers are in the clear from now on, because the peer refused one that was not.
    pub(super) fn give_up_srtp(&mut self) -> bool {
        self.exchange.withdraw_offer();
        self.exchange.give_up_srtp()
    }

    fn local(&self, audio: &Description, lines: &[OtherLine]) -> Result<LocalMedia, Failure> {
        let local = self.local.as_ref().ok_or_else(no_media)?;
        let keys = || self.keys.as_ref().map(Keys::of_video).unwrap_or_default();
        let video = audio.video.as_ref().zip(self.video.as_ref());
        Ok(LocalMedia {
            video: video.and_then(|(shown, ports)| pictures::local_video(ports, shown, audio.direction, keys())),
            lines: lines.to_vec(),
            keys: self.keys.as_ref().map(Keys::all).unwrap_or_default(),
            own_order: self.own_order,
            ..description::local_media(local, audio)
        })
    }
}

fn agreed(negotiated: &Negotiated) -> Result<Agreed, Failure> {
    let audio = description::agreed(negotiated).ok_or_else(no_common_codec)?;
    let events = description::events(negotiated);
    let video = negotiated.video.as_ref().map(pictures::video_remote);
    Ok(Agreed { audio, events, remote: Remote::Rtp(Box::new((description::rtp_remote(negotiated), video))) })
}

impl Negotiation for Rtp {
    fn phase(&self) -> Phase {
        self.exchange.state()
    }

    fn take_offer(&mut self, offer: SessionDescription) -> Result<Description, StatusCode> {
        let known = self.exchange.negotiated().map(|agreed| (agreed.remote, agreed.srtp.clone()));
        let audio = match self.exchange.receive_offer(&offer) {
            Ok(remote) => {
                self.is_from_elsewhere = known.is_some_and(|(address, srtp)| {
                    let key = srtp.map(|srtp| srtp.receive);
                    address != remote.address || key.as_ref() != remote.crypto.as_ref().map(|crypto| &crypto.key)
                });
                description::offered(remote)
            }
            Err(OfferAnswerError::OfferOutstanding) => return Err(StatusCode::REQUEST_PENDING),
            Err(OfferAnswerError::OfferUnanswered) => return Err(StatusCode::SERVER_INTERNAL_ERROR),
            Err(_) => return Err(StatusCode::NOT_ACCEPTABLE_HERE),
        };
        audio.ok_or_else(|| {
            self.exchange.refuse_offer();
            StatusCode::NOT_ACCEPTABLE_HERE
        })
    }

    fn offer(&mut self, audio: &Description, lines: &[OtherLine]) -> Result<Bytes, Failure> {
        // The relay turns keys into what each leg knows: whoever knows events is asked for them, whatever the far end knows.
        let mut local = self.local(&Description { telephone_event: true, ..audio.clone() }, lines)?;
        // Not every telephone bears being asked; one that has asked does.
        local.rtcp_mux = self.exchange.negotiated().is_some_and(|agreed| agreed.rtcp_mux);
        let offer = self.exchange.create_offer(&local).map_err(|error| busy(&error))?;
        Ok(Bytes::from(offer.to_text()))
    }

    fn renew_keys(&mut self) {
        let is_stable = self.exchange.state() == Phase::Stable && self.exchange.negotiated().is_some();
        if let Some(keys) = self.keys.as_mut().filter(|_| is_stable) {
            keys.renew();
        }
    }

    fn answer(&mut self, audio: &Description, lines: &[OtherLine]) -> Result<(Bytes, Agreed), Failure> {
        if std::mem::take(&mut self.is_from_elsewhere)
            && let Some(keys) = &mut self.keys
        {
            keys.renew();
        }
        let local = LocalMedia { rtcp_mux: true, ..self.local(audio, lines)? };
        let answer = self.exchange.create_answer(&local).map_err(|error| of_answer(&error))?;
        Ok((Bytes::from(answer.description.to_text()), agreed(&answer.negotiated)?))
    }

    fn repeated(&self) -> Option<Bytes> {
        let sent = self.exchange.local_description()?;
        Some(Bytes::from(sent.to_text()))
    }

    fn early_answer(&mut self, answer: SessionDescription) -> Option<Agreed> {
        agreed(self.exchange.receive_early_answer(&answer).ok()?).ok()
    }

    fn final_answer(&mut self, answer: Option<SessionDescription>) -> Result<Agreed, Failure> {
        let negotiated = match answer {
            None => self.exchange.confirm_early_answer(),
            Some(answer) => self.exchange.receive_answer(&answer),
        };
        agreed(negotiated.map_err(|error| of_answer(&error))?)
    }

    fn withdraw(&mut self) {
        self.exchange.withdraw_offer();
    }

    fn refuse(&mut self) {
        self.exchange.refuse_offer();
    }
}

fn of_answer(error: &OfferAnswerError) -> Failure {
    match error {
        OfferAnswerError::NoCommonCodec | OfferAnswerError::AudioRefused => no_common_codec(),
        _ => unusable(),
    }
}

fn busy(error: &OfferAnswerError) -> Failure {
    tracing::debug!(%error, "an offer cannot be made now");
    Failure::new(ErrorCode::InvalidCallState, "The call is being changed already. Try again in a moment.")
}
