mod video;

use std::net::{IpAddr, SocketAddr};

use self::video::{Pictures, SentVideo};
use super::codec::Codec;
use super::error::OfferAnswerError;
use super::local::LocalMedia;
use super::negotiated::{Negotiated, NegotiatedCodec, Terms};
use super::payload_types::PayloadTypes;
use super::remote::RemoteMedia;
use super::srtp::{self, SrtpPolicy};
use crate::sdp::{Crypto, Direction, MediaDescription, Origin, SessionDescription};

/// Where an exchange stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// No exchange is under way.
    Stable,
    /// Our offer awaits an answer.
    OfferSent,
    /// The peer's offer awaits our answer.
    OfferReceived,
}

/// An answer of ours, and what it agrees on.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The description to send.
    pub description: SessionDescription,
    /// What holds from now on.
    pub negotiated: Negotiated,
}

/// The offer/answer state of one leg. Cloning it forks it, as forked early dialogs need.
#[derive(Debug, Clone)]
pub struct OfferAnswer {
    session_id: u64,
    origin: IpAddr,
    version: u64,
    policy: SrtpPolicy,
    phase: Phase,
    /// Last description we sent.
    local: Option<SessionDescription>,
    /// What the last completed exchange agreed on.
    negotiated: Option<Negotiated>,
    /// The media sections of the session; their number never shrinks and their places never change.
    layout: Vec<MediaDescription>,
    /// Which of them is the audio that counts.
    audio: usize,
    payload_types: PayloadTypes,
    pictures: Pictures,
    /// Last real address RTP went to; a hold with `0.0.0.0` does not change it.
    remote: Option<SocketAddr>,
}

#[derive(Debug, Clone)]
enum Phase {
    Stable,
    OfferSent(SentOffer),
    OfferReceived(Box<ReceivedOffer>),
}

#[derive(Debug, Clone)]
struct SentOffer {
    codecs: Vec<Codec>,
    direction: Direction,
    rtcp_mux: bool,
    protocol: String,
    crypto: Vec<Crypto>,
    /// Whether a provisional response brought an answer that can stand.
    has_early_answer: bool,
    video: Option<SentVideo>,
}

#[derive(Debug, Clone)]
struct ReceivedOffer {
    remote: RemoteMedia,
    /// What becomes the layout of the session once the offer is answered.
    sections: Vec<MediaDescription>,
    audio: usize,
    video: Option<usize>,
}

impl OfferAnswer {
    /// A session that has not offered anything yet. `session_id` should be random and below 2^62; it
    /// and `origin` identify the session for its whole life, wherever its media goes. Where the media begins in the other
    /// family of addresses, it names the session in place of `origin`.
    pub fn new(session_id: u64, origin: IpAddr) -> Self {
        Self {
            session_id,
            origin,
            version: 0,
            policy: SrtpPolicy::default(),
            phase: Phase::Stable,
            local: None,
            negotiated: None,
            layout: Vec::new(),
            audio: 0,
            payload_types: PayloadTypes::default(),
            pictures: Pictures::default(),
            remote: None,
        }
    }

    /// The same with this policy about encryption.
    #[must_use]
    pub fn with_srtp(mut self, policy: SrtpPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Offers in the clear from now on, as long as nothing is agreed: the peer refused encryption. Whether it may.
    pub fn give_up_srtp(&mut self) -> bool {
        let may = self.policy == SrtpPolicy::Offered && self.negotiated.is_none();
        if may {
            self.policy = SrtpPolicy::Off;
        }
        may
    }

    /// Where the exchange stands.
    pub fn state(&self) -> State {
        match self.phase {
            Phase::Stable => State::Stable,
            Phase::OfferSent(_) => State::OfferSent,
            Phase::OfferReceived(_) => State::OfferReceived,
        }
    }

    /// Where the offer that waits for our answer wants its media; `None` where it says nowhere (`0.0.0.0`).
    pub fn offered_address(&self) -> Option<IpAddr> {
        match &self.phase {
            Phase::OfferReceived(offer) => Some(offer.remote.address.ip()).filter(|ip| !ip.is_unspecified()),
            Phase::Stable | Phase::OfferSent(_) => None,
        }
    }

    /// What the last exchange agreed on; an exchange that fails leaves it as it was (RFC 3264 §8).
    pub fn negotiated(&self) -> Option<&Negotiated> {
        self.negotiated.as_ref()
    }

    /// The description sent last, to be repeated where a repetition is due (a 200 after a 183).
    pub fn local_description(&self) -> Option<&SessionDescription> {
        self.local.as_ref()
    }

    /// Makes an offer: the first of a session, or a changed one within it.
    ///
    /// # Errors
    /// When an exchange is under way already.
    pub fn create_offer(&mut self, local: &LocalMedia) -> Result<SessionDescription, OfferAnswerError> {
        self.expect_stable()?;
        let codecs = self.payload_types.assign(&local.codecs);
        let (protocol, crypto) = self.protection(local);
        let section = local.section((&protocol, &crypto), codecs.iter(), local.direction, local.rtcp_mux);
        let sound = (protocol.as_str(), crypto.as_slice());
        let (video, pictures) = local.video.as_ref().and_then(|video| self.offer_video(video, sound)).unzip();
        let place = video.as_ref().map(SentVideo::place);
        let offer = self.describe(local, section, place.zip(pictures));
        self.phase = Phase::OfferSent(SentOffer {
            codecs,
            direction: local.direction,
            rtcp_mux: local.rtcp_mux,
            protocol,
            crypto,
            has_early_answer: false,
            video,
        });
        Ok(offer)
    }

    /// Takes the answer to our offer and ends the exchange, also when the answer is of no use.
    ///
    /// # Errors
    /// When there was no offer, or the answer leaves no audio to agree on.
    pub fn receive_answer(&mut self, answer: &SessionDescription) -> Result<&Negotiated, OfferAnswerError> {
        let offer = self.sent_offer()?.clone();
        self.phase = Phase::Stable;
        let negotiated = self.read_answer(&offer, answer)?;
        self.layout_from(answer);
        Ok(self.agree(negotiated))
    }

    /// Takes an answer in a provisional response, which a later one may replace: the offer stays open.
    ///
    /// # Errors
    /// As [`OfferAnswer::receive_answer`]; the offer stays open even so.
    pub fn receive_early_answer(&mut self, answer: &SessionDescription) -> Result<&Negotiated, OfferAnswerError> {
        let offer = self.sent_offer()?.clone();
        let negotiated = self.read_answer(&offer, answer)?;
        self.phase = Phase::OfferSent(SentOffer { has_early_answer: true, ..offer });
        Ok(self.agree(negotiated))
    }

    /// Ends the exchange with the early answer: the final response had no description of its own.
    ///
    /// # Errors
    /// When there was no offer, or no answer to it at all; the exchange is over then, and what was agreed before
    /// it holds on.
    pub fn confirm_early_answer(&mut self) -> Result<&Negotiated, OfferAnswerError> {
        let has_answer = self.sent_offer()?.has_early_answer;
        self.phase = Phase::Stable;
        self.negotiated.as_ref().filter(|_| has_answer).ok_or(OfferAnswerError::NoAnswer)
    }

    /// Forgets our offer: the peer refused it. What was agreed before holds on.
    pub fn withdraw_offer(&mut self) {
        if matches!(self.phase, Phase::OfferSent(_)) {
            self.phase = Phase::Stable;
        }
    }

    /// Takes an offer of the peer. Nothing holds until it is answered.
    ///
    /// # Errors
    /// When an exchange is under way already, or the offer has no audio this leg can take; the error
    /// says what to answer. The exchange is over then.
    pub fn receive_offer(&mut self, offer: &SessionDescription) -> Result<&RemoteMedia, OfferAnswerError> {
        self.expect_stable()?;
        let (audio, mut remote) = self.choose_audio(offer)?;
        let (video, pictures) = self.choose_video(offer).unzip();
        remote.video = pictures.map(Box::new);
        let sections = offer.media.clone();
        self.phase = Phase::OfferReceived(Box::new(ReceivedOffer { remote, sections, audio, video }));
        match &self.phase {
            Phase::OfferReceived(received) => Ok(&received.remote),
            _ => Err(OfferAnswerError::NoOffer),
        }
    }

    /// Answers the peer's offer. Either way the exchange is over.
    ///
    /// # Errors
    /// When there is no offer, or no common codec.
    pub fn create_answer(&mut self, local: &LocalMedia) -> Result<Answer, OfferAnswerError> {
        let offer = match std::mem::replace(&mut self.phase, Phase::Stable) {
            Phase::OfferReceived(offer) => offer,
            other => {
                self.phase = other;
                return Err(OfferAnswerError::NoOffer);
            }
        };
        let sealed = match &offer.remote.crypto {
            None => None,
            Some(theirs) => Some(srtp::answer(theirs, &local.keys).ok_or(OfferAnswerError::UnsupportedTransport)?),
        };
        let (srtp, crypto) = sealed.unzip();
        let terms = Terms { ours: local.direction, hears: true, rtcp_mux: local.rtcp_mux, srtp, former: self.remote };
        let selected = local.select(&offer.remote.codecs);
        let negotiated = Negotiated::new(&offer.remote, selected, terms).ok_or(OfferAnswerError::NoCommonCodec)?;
        let (video, agreed) = match self.answer_video(&offer, local) {
            Some((place, section, agreed)) => (Some((place, section)), Some(agreed)),
            None => (None, None),
        };
        let negotiated = negotiated.with_video(agreed);
        self.layout = offer.sections;
        self.audio = offer.audio;
        let description = self.describe_answer(local, &negotiated, crypto.as_slice(), video);
        self.agree(negotiated.clone());
        Ok(Answer { description, negotiated })
    }

    /// Forgets the peer's offer: it was refused. What was agreed before holds on.
    pub fn refuse_offer(&mut self) {
        if matches!(self.phase, Phase::OfferReceived(_)) {
            self.phase = Phase::Stable;
        }
    }

    fn expect_stable(&self) -> Result<(), OfferAnswerError> {
        match self.phase {
            Phase::Stable => Ok(()),
            Phase::OfferSent(_) => Err(OfferAnswerError::OfferOutstanding),
            Phase::OfferReceived(_) => Err(OfferAnswerError::OfferUnanswered),
        }
    }

    fn sent_offer(&self) -> Result<&SentOffer, OfferAnswerError> {
        match &self.phase {
            Phase::OfferSent(offer) => Ok(offer),
            _ => Err(OfferAnswerError::NoOffer),
        }
    }

    /// The audio section that counts: the one of the session so far, else the first usable one.
    fn choose_audio(&self, offer: &SessionDescription) -> Result<(usize, RemoteMedia), OfferAnswerError> {
        let sections = offer.media.iter().enumerate();
        let mut audio: Vec<_> = sections.filter(|(_, section)| section.is("audio") && section.port != 0).collect();
        audio.sort_by_key(|(index, _)| *index != self.audio);
        let mut why = OfferAnswerError::NoAudio;
        for (index, section) in audio {
            let read = srtp::taken(self.policy, section)
                .and_then(|crypto| Ok(RemoteMedia::read(offer, section)?.sealed(crypto)));
            match read {
                Ok(remote) => return Ok((index, remote)),
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    fn read_answer(&self, offer: &SentOffer, answer: &SessionDescription) -> Result<Negotiated, OfferAnswerError> {
        let section = answer
            .media
            .get(self.audio)
            .filter(|section| section.is("audio"))
            .ok_or(OfferAnswerError::MissingSection)?;
        if section.port == 0 {
            return Err(OfferAnswerError::AudioRefused);
        }
        let srtp = srtp::answered(&offer.crypto, &offer.protocol, section)?;
        let remote = RemoteMedia::read(answer, section)?;
        let terms = Terms {
            srtp,
            ours: offer.direction,
            hears: offer.direction.sends(),
            rtcp_mux: offer.rtcp_mux,
            former: self.remote,
        };
        let negotiated =
            Negotiated::new(&remote, accepted(offer, &remote), terms).ok_or(OfferAnswerError::NoCommonCodec)?;
        let video = offer.video.as_ref().and_then(|video| self.answered_video(video, answer));
        Ok(negotiated.with_video(video))
    }

    fn agree(&mut self, negotiated: Negotiated) -> &Negotiated {
        if !negotiated.remote.ip().is_unspecified() {
            self.remote = Some(negotiated.remote);
        }
        self.negotiated.insert(negotiated)
    }

    fn describe_answer(
        &mut self,
        local: &LocalMedia,
        negotiated: &Negotiated,
        crypto: &[Crypto],
        video: Option<(usize, MediaDescription)>,
    ) -> SessionDescription {
        let codecs = || {
            let selected =
                negotiated.codecs.iter().chain(&negotiated.comfort_noise).chain(&negotiated.telephone_events);
            selected.map(|selected| &selected.codec)
        };
        for codec in codecs() {
            self.payload_types.remember(codec);
        }
        // An answer repeats the protocol of the offer (RFC 3264 §6).
        let protocol = self.protocol();
        let section = local.section((&protocol, crypto), codecs(), negotiated.direction, negotiated.rtcp_mux);
        self.describe(local, section, video)
    }

    /// Puts the sections that count into their places among the refused ones, and versions the whole.
    fn describe(
        &mut self,
        local: &LocalMedia,
        audio: MediaDescription,
        video: Option<(usize, MediaDescription)>,
    ) -> SessionDescription {
        // Some peers take the first address they find for the family of the media.
        if self.local.is_none() && self.origin.is_ipv4() != local.address.is_ipv4() {
            self.origin = local.address;
        }
        let origin = Origin::new(self.session_id, self.version, self.origin);
        let mut description = SessionDescription::new(origin).with_connection(local.connection());
        description.media = self.layout.iter().map(MediaDescription::refused).collect();
        match description.media.get_mut(self.audio) {
            Some(place) => *place = audio,
            None => description.media.push(audio),
        }
        if let Some((place, section)) = video {
            self.place_video(&mut description.media, place, section);
        }
        self.stamp(&mut description);
        self.layout = description.media.clone();
        self.local = Some(description.clone());
        description
    }

    /// Keeps the version if nothing changed, else counts it up (RFC 3264 §8).
    fn stamp(&mut self, description: &mut SessionDescription) {
        let unchanged = self.local.as_ref().is_some_and(|former| former.same_content(description));
        if !unchanged {
            self.version = self.version.saturating_add(1);
        }
        description.origin.session_version = self.version.to_string();
    }

    /// Keeps a profile the peer answered with for our later offers.
    fn layout_from(&mut self, answer: &SessionDescription) {
        let theirs = answer.media.get(self.audio);
        if let (Some(ours), Some(theirs)) = (self.layout.get_mut(self.audio), theirs) {
            ours.protocol.clone_from(&theirs.protocol);
        }
        self.video_layout_from(answer);
    }

    /// The protocol of our next offer, and its keys: what the session has, once there is one.
    fn protection(&self, local: &LocalMedia) -> (String, Vec<Crypto>) {
        match &self.negotiated {
            Some(Negotiated { srtp: Some(_), .. }) => (self.protocol(), srtp::lines(&local.keys)),
            Some(_) => (self.protocol(), Vec::new()),
            None => {
                let (protocol, crypto) = srtp::offered(self.policy, &local.keys);
                (protocol.to_owned(), crypto)
            }
        }
    }

    fn protocol(&self) -> String {
        match self.layout.get(self.audio) {
            Some(section) => section.protocol.clone(),
            None => "RTP/AVP".to_owned(),
        }
    }
}

/// The offered codecs the answer accepts, in the answer's order; numbers to send are the answer's.
fn accepted(offer: &SentOffer, remote: &RemoteMedia) -> Vec<NegotiatedCodec> {
    let accept = |theirs: &Codec| {
        let ours = offer.codecs.iter().find(|ours| ours.is_same(theirs))?;
        Some(NegotiatedCodec {
            codec: ours.clone(),
            send_payload_type: theirs.payload_type,
            remote_fmtp: theirs.fmtp.clone(),
        })
    };
    remote.codecs.iter().filter_map(accept).collect()
}
