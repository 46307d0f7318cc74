//! Offers and answers of a leg to a client in a web page, such as one made with JsSIP or SIP.js.

use bytes::Bytes;
use offhook_media::{Direction, PayloadFormat, WebRtcLocal};
use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::message::StatusCode;
use offhook_sip::offer_answer::State as Phase;
use offhook_sip::sdp::{Attribute, OtherLine, SessionDescription, TelephoneEvents};

use super::direction::both;
use super::negotiation::{Agreed, Negotiation, Remote};
use super::{no_common_codec, no_media, unusable};
use crate::call::Description;
use crate::webrtc::{self, BrowserDescription, Payload, Transport};

/// What the two sides have said to each other.
#[derive(Default, Clone)]
pub(super) struct WebRtc {
    local: Option<WebRtcLocal>,
    state: State,
    /// The client's latest description that was answered or is an answer.
    remote: Option<BrowserDescription>,
    agreed: Option<Description>,
    /// The description sent last, and how many there have been.
    sent: Option<Bytes>,
    version: u64,
}

#[derive(Default, Clone)]
enum State {
    #[default]
    Stable,
    /// Our offer awaits an answer.
    OfferSent {
        payloads: Vec<Payload>,
        direction: Direction,
        /// What a provisional response said to it.
        early: Option<Box<Agreed>>,
    },
    /// The client's offer awaits ours.
    OfferReceived(Box<BrowserDescription>),
}

impl WebRtc {
    pub(super) fn attach(&mut self, local: WebRtcLocal) {
        self.local = Some(local);
    }

    /// What the offer that waits for its answer does to the connection.
    pub(super) fn reconnects(&self) -> Option<Transport> {
        let State::OfferReceived(offer) = &self.state else { return None };
        let transport = offer.transport_after(self.remote.as_ref()?);
        (transport != Transport::Kept).then_some(transport)
    }

    fn send(&mut self, description: SessionDescription, lines: &[OtherLine]) -> Bytes {
        let text = Bytes::from(with_lines(description, lines).to_text());
        self.sent = Some(text.clone());
        text
    }

    fn agree(&mut self, remote: BrowserDescription, formats: Vec<PayloadFormat>, audio: Description) -> Agreed {
        // Browsers take all keys or none.
        let events = if audio.telephone_event { TelephoneEvents::ALL } else { TelephoneEvents::NONE };
        let agreed = Agreed { audio, events, remote: Remote::WebRtc(remote.remote(formats)) };
        self.remote = Some(remote);
        self.agreed = Some(agreed.audio.clone());
        agreed
    }

    /// Takes an answer to the offer that is open, and leaves it open.
    fn read_answer(&mut self, answer: SessionDescription) -> Result<Agreed, Failure> {
        let State::OfferSent { payloads, direction, .. } = &self.state else { return Err(unusable()) };
        let answer = BrowserDescription::read(answer).map_err(|failure| {
            tracing::debug!(code = failure.code.name(), "an answer cannot be used");
            if failure.code == ErrorCode::NoCommonCodecs { no_common_codec() } else { unusable() }
        })?;
        let (formats, mut audio) = (webrtc::agreed(payloads, &answer), answer.taken_of(payloads));
        if audio.codecs.is_empty() {
            return Err(no_common_codec());
        }
        audio.direction = both(*direction, audio.direction);
        Ok(self.agree(answer, formats, audio))
    }
}

impl Negotiation for WebRtc {
    fn phase(&self) -> Phase {
        match self.state {
            State::Stable => Phase::Stable,
            State::OfferSent { .. } => Phase::OfferSent,
            State::OfferReceived(_) => Phase::OfferReceived,
        }
    }

    fn take_offer(&mut self, offer: SessionDescription) -> Result<Description, StatusCode> {
        match self.state {
            State::Stable => {}
            State::OfferSent { .. } => return Err(StatusCode::REQUEST_PENDING),
            State::OfferReceived(_) => return Err(StatusCode::SERVER_INTERNAL_ERROR),
        }
        let offer = BrowserDescription::read(offer).map_err(|failure| {
            tracing::debug!(code = failure.code.name(), "an offer cannot be taken");
            StatusCode::NOT_ACCEPTABLE_HERE
        })?;
        let audio = offer.audio();
        self.state = State::OfferReceived(Box::new(offer));
        Ok(audio)
    }

    fn offer(&mut self, audio: &Description, lines: &[OtherLine]) -> Result<Bytes, Failure> {
        if self.phase() != Phase::Stable {
            let sentence = "The call is being changed already. Try again in a moment.";
            return Err(Failure::new(ErrorCode::InvalidCallState, sentence));
        }
        let local = self.local.as_ref().ok_or_else(no_media)?;
        self.version = self.version.saturating_add(1);
        let before = self.remote.as_ref().zip(self.agreed.as_ref());
        let (description, payloads) = webrtc::offer(before, local, audio, self.version);
        self.state = State::OfferSent { payloads, direction: audio.direction, early: None };
        Ok(self.send(description, lines))
    }

    fn answer(&mut self, audio: &Description, lines: &[OtherLine]) -> Result<(Bytes, Agreed), Failure> {
        let local = self.local.as_ref().ok_or_else(no_media)?;
        let offer = match std::mem::replace(&mut self.state, State::Stable) {
            State::OfferReceived(offer) => offer,
            other => {
                self.state = other;
                return Err(unusable());
            }
        };
        let offered = offer.audio();
        let mut audio = Description { direction: both(audio.direction, offered.direction), ..audio.clone() };
        audio.codecs.retain(|codec| offered.codecs.contains(codec));
        audio.telephone_event &= offered.telephone_event;
        audio.video = audio.video.filter(|_| offered.video.is_some());
        if audio.codecs.is_empty() {
            return Err(no_common_codec());
        }
        self.version = self.version.saturating_add(1);
        let (description, formats) = webrtc::answer(&offer, local, &audio, self.version);
        let text = self.send(description, lines);
        Ok((text, self.agree(*offer, formats, audio)))
    }

    fn repeated(&self) -> Option<Bytes> {
        self.sent.clone()
    }

    fn early_answer(&mut self, answer: SessionDescription) -> Option<Agreed> {
        let agreed = self.read_answer(answer).ok()?;
        if let State::OfferSent { early, .. } = &mut self.state {
            *early = Some(Box::new(agreed.clone()));
        }
        Some(agreed)
    }

    fn final_answer(&mut self, answer: Option<SessionDescription>) -> Result<Agreed, Failure> {
        let agreed = match (answer, &mut self.state) {
            (Some(answer), _) => self.read_answer(answer),
            (None, State::OfferSent { early, .. }) => early.take().map(|agreed| *agreed).ok_or_else(unusable),
            (None, _) => Err(unusable()),
        };
        self.withdraw();
        agreed
    }

    fn withdraw(&mut self) {
        if matches!(self.state, State::OfferSent { .. }) {
            self.state = State::Stable;
        }
    }

    fn refuse(&mut self) {
        if matches!(self.state, State::OfferReceived(_)) {
            self.state = State::Stable;
        }
    }
}

/// The app's lines go into the section of the sound.
fn with_lines(mut description: SessionDescription, lines: &[OtherLine]) -> SessionDescription {
    let Some(audio) = description.media.iter_mut().find(|section| section.is("audio") && section.port != 0) else {
        return description;
    };
    for line in lines {
        match line.letter {
            'a' => audio.attributes.push(Attribute::line(&line.value)),
            _ => audio.other_lines.push(line.clone()),
        }
    }
    description
}
