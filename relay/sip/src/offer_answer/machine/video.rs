//! The section of pictures in offers and answers.

use super::{OfferAnswer, Phase, ReceivedOffer};
use crate::offer_answer::codec::Codec;
use crate::offer_answer::local::{LocalMedia, common};
use crate::offer_answer::negotiated::{Negotiated, NegotiatedCodec};
use crate::offer_answer::payload_types::PayloadTypes;
use crate::offer_answer::srtp::{self, SrtpPolicy};
use crate::offer_answer::video::{LocalVideo, NegotiatedVideo, RemoteVideo};
use crate::sdp::{Crypto, Direction, MediaDescription, RtcpFeedback, SessionDescription};

/// What must hold of the section over a whole session.
#[derive(Debug, Clone, Default)]
pub(super) struct Pictures {
    /// Where it stands in the layout, once there has been one.
    place: Option<usize>,
    payload_types: PayloadTypes,
}

/// Pictures that were offered.
#[derive(Debug, Clone)]
pub(super) struct SentVideo {
    place: usize,
    codecs: Vec<Codec>,
    direction: Direction,
    rtcp_mux: bool,
    protocol: String,
    crypto: Vec<Crypto>,
}

impl OfferAnswer {
    /// The section of an offer, and what to remember of it. The sound is offered with this protocol and these keys.
    pub(super) fn offer_video(
        &mut self,
        video: &LocalVideo,
        (sound, keys): (&str, &[Crypto]),
    ) -> Option<(SentVideo, MediaDescription)> {
        let codecs = self.pictures.payload_types.assign(&video.codecs);
        if codecs.is_empty() {
            return None;
        }
        let agreed = self.negotiated.as_ref().and_then(|agreed| agreed.video.as_ref());
        let place = self.video_place();
        // What the session has, once there is something.
        let spoken = agreed.and(self.layout.get(place)).map(|section| section.protocol.clone());
        let protocol = spoken.unwrap_or_else(|| sound.to_owned());
        let sealed = srtp::is_secure(&protocol) || !keys.is_empty();
        let crypto = if sealed { srtp::lines(&video.keys) } else { Vec::new() };
        let rtcp_mux = agreed.is_some_and(|agreed| agreed.rtcp_mux);
        let direction = video.direction;
        let section = video.section((&protocol, &crypto), codecs.iter(), direction, RtcpFeedback::ALL, rtcp_mux);
        Some((SentVideo { place, codecs, direction, rtcp_mux, protocol, crypto }, section))
    }

    /// Whether an offer of the peer's waits for its answer that has no pictures we could take.
    pub fn is_offered_sound_alone(&self) -> bool {
        matches!(&self.phase, Phase::OfferReceived(offer) if offer.video.is_none())
    }

    /// What an answer takes of the pictures that were offered.
    pub(super) fn answered_video(&self, offer: &SentVideo, answer: &SessionDescription) -> Option<NegotiatedVideo> {
        let section = answer.media.get(offer.place).filter(|section| section.is("video") && section.port != 0)?;
        // In the clear, what was offered encrypted is not taken; the sound would not be either.
        let srtp = srtp::answered(&offer.crypto, &offer.protocol, section).ok()?;
        if srtp.is_none() && self.policy == SrtpPolicy::Required {
            return None;
        }
        let remote = RemoteVideo::read(answer, section, None)?;
        let accept = |theirs: &Codec| {
            // A number of ours says which of ours is meant, before any likeness.
            let numbered = offer.codecs.iter().find(|ours| ours.payload_type == theirs.payload_type);
            let ours = numbered.filter(|ours| ours.is_same(theirs));
            let ours = ours.or_else(|| offer.codecs.iter().find(|ours| ours.is_same(theirs)))?;
            Some(NegotiatedCodec {
                codec: ours.clone(),
                send_payload_type: theirs.payload_type,
                remote_fmtp: theirs.fmtp.clone(),
            })
        };
        let codecs = remote.media.codecs.iter().filter_map(accept).collect();
        remote.agree(codecs, offer.direction, offer.rtcp_mux, srtp)
    }

    /// The section of pictures in an offer of the peer's that counts: the one of the session so far, else the first usable
    /// one.
    pub(super) fn choose_video(&self, offer: &SessionDescription) -> Option<(usize, RemoteVideo)> {
        let sections = offer.media.iter().enumerate();
        let mut video: Vec<_> = sections.filter(|(_, section)| section.is("video") && section.port != 0).collect();
        video.sort_by_key(|(index, _)| Some(*index) != self.pictures.place);
        video.into_iter().find_map(|(index, section)| {
            let crypto = srtp::taken(self.policy, section).ok()?;
            Some((index, RemoteVideo::read(offer, section, crypto)?))
        })
    }

    /// What our answer takes of the pictures that were offered, and its section.
    pub(super) fn answer_video(
        &mut self,
        offer: &ReceivedOffer,
        local: &LocalMedia,
    ) -> Option<(usize, MediaDescription, NegotiatedVideo)> {
        let (place, (video, remote)) = offer.video.zip(local.video.as_ref().zip(offer.remote.video.as_deref()))?;
        let (srtp, crypto) = match &remote.media.crypto {
            None => (None, None),
            Some(theirs) => srtp::answer(theirs, &video.keys).map(|(srtp, line)| (Some(srtp), Some(line)))?,
        };
        let selected = distinct(common(&video.codecs, &remote.media.codecs));
        let negotiated = remote.agree(selected, video.direction, local.rtcp_mux, srtp)?;
        let codecs = || negotiated.codecs.iter().map(|selected| &selected.codec);
        for codec in codecs() {
            self.pictures.payload_types.remember(codec);
        }
        let protocol = offer.sections.get(place).map(|section| section.protocol.clone())?;
        let feedback = remote.feedback;
        let (direction, mux) = (negotiated.direction, negotiated.rtcp_mux);
        let section = video.section((&protocol, crypto.as_slice()), codecs(), direction, feedback, mux);
        self.pictures.place = Some(place);
        Some((place, section, negotiated))
    }

    /// Puts the section into its place of a description that has all others.
    pub(super) fn place_video(&mut self, sections: &mut Vec<MediaDescription>, place: usize, video: MediaDescription) {
        self.pictures.place = Some(place);
        match sections.get_mut(place) {
            Some(section) => *section = video,
            None => sections.push(video),
        }
    }

    /// Keeps a profile the peer answered with for our later offers.
    pub(super) fn video_layout_from(&mut self, answer: &SessionDescription) {
        let Some(place) = self.pictures.place else { return };
        if let (Some(ours), Some(theirs)) = (self.layout.get_mut(place), answer.media.get(place)) {
            ours.protocol.clone_from(&theirs.protocol);
        }
    }

    /// Where our offer has the section: where it was, in the place of one that was refused, or after the last
    /// (RFC 3264 section 8.1).
    fn video_place(&self) -> usize {
        let known = self.pictures.place.filter(|place| *place < self.layout.len());
        let refused = || self.layout.iter().position(|section| section.is("video"));
        known.or_else(refused).unwrap_or_else(|| self.layout.len().max(self.audio.saturating_add(1)))
    }
}

impl SentVideo {
    /// Where its section stands.
    pub(super) const fn place(&self) -> usize {
        self.place
    }
}

impl Negotiated {
    /// The same with these pictures.
    pub(super) fn with_video(self, video: Option<NegotiatedVideo>) -> Self {
        Self { video, ..self }
    }
}

/// Each codec of ours once: a peer may list one under two numbers.
fn distinct(selected: Vec<NegotiatedCodec>) -> Vec<NegotiatedCodec> {
    let mut once: Vec<NegotiatedCodec> = Vec::new();
    for selected in selected {
        if !once.iter().any(|known| known.codec.is_same(&selected.codec)) {
            once.push(selected);
        }
    }
    once
}
