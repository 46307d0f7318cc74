//! A leg's half of the media: its offers and answers, and what the worker is told of them.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use offhook_media::{Command, Digit, Digits, Direction, LegId, RtpLocal};
use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::message::{Request, StatusCode};
use offhook_sip::offer_answer::{LocalMedia, Negotiated, OfferAnswer, OfferAnswerError};
use offhook_sip::sdp::{OtherLine, SessionDescription};

use super::Offer;
use crate::call::extras::may_be_added;
use crate::call::{Description, failure_for_status};
use crate::ua::description;

/// The media type of every description.
pub(super) const SDP: &str = "application/sdp";

/// The pause after a key.
const KEY_GAP: Duration = Duration::from_millis(100);

/// A leg's offers and answers.
pub(super) struct Media {
    leg: LegId,
    local: Option<RtpLocal>,
    exchange: OfferAnswer,
    /// What our side brought last, for an offer the peer asks for.
    last: Option<Description>,
    /// What the peer's latest offer allows towards it; the rest of what we do not do is our own wish.
    allowed: Direction,
    /// The same of an offer that has no answer yet.
    offered: Direction,
    supervised: bool,
    /// Nothing is sent to a caller whose address nobody has confirmed: it may be somebody else's.
    unconfirmed: bool,
    direction: Direction,
    /// The peer takes telephone-events.
    takes_keys: bool,
    /// Lines of the app's for every description.
    lines: Vec<OtherLine>,
}

impl Media {
    /// The half of a leg whose descriptions say `session_id` and `origin` in their `o=` line.
    pub(super) fn new(leg: LegId, session_id: u64, origin: IpAddr) -> Self {
        // Below 2^62, as RFC 3264 section 5 wants numbers that can be counted up.
        let exchange = OfferAnswer::new(session_id >> 2, origin);
        Self {
            leg,
            local: None,
            exchange,
            last: None,
            allowed: Direction::SendRecv,
            offered: Direction::SendRecv,
            supervised: false,
            unconfirmed: false,
            direction: Direction::Inactive,
            takes_keys: false,
            lines: Vec::new(),
        }
    }

    /// Adds lines of the app's to every description from now on.
    pub(super) fn add_lines(&mut self, lines: &[String]) {
        let sound = lines.iter().filter(|line| may_be_added(line));
        let split = sound.filter_map(|line| line.split_once('='));
        self.lines.extend(
            split.filter_map(|(letter, value)| {
                Some(OtherLine { letter: letter.chars().next()?, value: value.to_owned() })
            }),
        );
    }

    pub(super) fn attach(&mut self, local: RtpLocal) {
        self.local = Some(local);
    }

    /// Takes the offer of an INVITE or re-INVITE.
    ///
    /// # Errors
    /// The status to refuse it with.
    pub(super) fn take_offer(&mut self, request: &Request) -> Result<Offer, StatusCode> {
        if request.body().is_empty() {
            return Ok(Offer::None);
        }
        let offer = read(request.body()).map_err(|_| StatusCode::BAD_REQUEST)?;
        let audio = match self.exchange.receive_offer(&offer) {
            Ok(remote) => description::offered(remote),
            Err(OfferAnswerError::OfferOutstanding) => return Err(StatusCode::REQUEST_PENDING),
            Err(OfferAnswerError::OfferUnanswered) => return Err(StatusCode::SERVER_INTERNAL_ERROR),
            Err(_) => return Err(StatusCode::NOT_ACCEPTABLE_HERE),
        };
        let Some(audio) = audio else {
            self.exchange.refuse_offer();
            return Err(StatusCode::NOT_ACCEPTABLE_HERE);
        };
        self.offered = audio.direction;
        Ok(Offer::Audio(audio))
    }

    /// Makes an offer.
    ///
    /// # Errors
    /// When an exchange is under way, or the leg has no port.
    pub(super) fn offer(&mut self, audio: &Description) -> Result<Bytes, Failure> {
        let local = self.local(audio)?;
        let offer = self.exchange.create_offer(&local).map_err(|error| busy(&error))?;
        self.last = Some(audio.clone());
        Ok(Bytes::from(offer.to_text()))
    }

    /// An offer of what our side brought last. A hold of the peer's is the peer's to keep or to end.
    pub(super) fn offer_again(&mut self) -> Result<Bytes, Failure> {
        let audio = self.last.clone().unwrap_or_else(|| Description {
            codecs: offhook_media::Codec::ALL.to_vec(),
            telephone_event: true,
            direction: Direction::SendRecv,
            video: None,
            untouched: None,
        });
        let direction = widened(audio.direction, self.allowed);
        self.offer(&Description { direction, ..audio })
    }

    /// Answers the peer's offer; the worker is told at once.
    ///
    /// # Errors
    /// No common codec, or no offer.
    pub(super) fn answer(&mut self, audio: &Description) -> Result<(Bytes, Vec<Command>), Failure> {
        let local = self.local(audio)?;
        let answer = self.exchange.create_answer(&local).map_err(|error| of_answer(&error))?;
        self.last = Some(audio.clone());
        self.allowed = std::mem::replace(&mut self.offered, Direction::SendRecv);
        let commands = self.commands(&answer.negotiated);
        Ok((Bytes::from(answer.description.to_text()), commands))
    }

    /// The description sent last.
    pub(super) fn repeated(&self) -> Option<Bytes> {
        let sent = self.exchange.local_description()?;
        Some(Bytes::from(sent.to_text()))
    }

    /// Takes the answer of a provisional response. `None` when there is none, or none of use: a later one may be.
    pub(super) fn early_answer(&mut self, body: &Bytes) -> Option<(Description, Vec<Command>)> {
        let answer = read(body).ok()?;
        let negotiated = self.exchange.receive_early_answer(&answer).ok()?.clone();
        let audio = description::agreed(&negotiated)?;
        Some((audio, self.commands(&negotiated)))
    }

    /// Takes the answer of a final response or an ACK, or lets the early one stand when there is no body.
    ///
    /// # Errors
    /// There is no answer, or it leaves nothing in common.
    pub(super) fn final_answer(&mut self, body: &Bytes) -> Result<(Description, Vec<Command>), Failure> {
        let negotiated = if body.is_empty() {
            self.exchange.confirm_early_answer()
        } else {
            let answer = read(body).map_err(|_| unusable())?;
            self.exchange.receive_answer(&answer)
        };
        let negotiated = negotiated.map_err(|error| of_answer(&error))?.clone();
        let audio = description::agreed(&negotiated).ok_or_else(no_common_codec)?;
        Ok((audio, self.commands(&negotiated)))
    }

    /// Our offer was refused; what was agreed before holds on.
    pub(super) fn withdraw(&mut self) {
        self.exchange.withdraw_offer();
    }

    /// The peer's offer is refused; what was agreed before holds on.
    pub(super) fn refuse(&mut self) {
        self.exchange.refuse_offer();
    }

    /// From now on silence is reported, if it was not before.
    pub(super) fn supervise(&mut self) -> Option<Command> {
        let first = !std::mem::replace(&mut self.supervised, true);
        first.then_some(Command::Supervise { leg: self.leg })
    }

    /// The leg of a caller: it hears nothing before its ACK.
    pub(super) fn of_caller(self) -> Self {
        Self { unconfirmed: true, ..self }
    }

    /// The caller has sent its ACK, to where our answer went.
    pub(super) fn confirmed(&mut self) -> Option<Command> {
        let was = std::mem::replace(&mut self.unconfirmed, false);
        let direction = self.direction;
        (was && direction.sends()).then_some(Command::Direction { leg: self.leg, direction })
    }

    /// Presses a key towards the peer.
    ///
    /// `None` when the peer takes none in RTP.
    pub(super) fn press(&self, digit: Digit, tone: Duration) -> Option<Command> {
        self.takes_keys.then(|| Command::SendDtmf { leg: self.leg, digits: Digits::from(digit), tone, gap: KEY_GAP })
    }

    fn commands(&mut self, negotiated: &Negotiated) -> Vec<Command> {
        self.direction = description::direction(negotiated.direction);
        self.takes_keys = !negotiated.telephone_events.is_empty();
        let direction = if self.unconfirmed { unsent(self.direction) } else { self.direction };
        vec![
            Command::RtpRemote { leg: self.leg, remote: description::rtp_remote(negotiated) },
            Command::Direction { leg: self.leg, direction },
        ]
    }

    fn local(&self, audio: &Description) -> Result<LocalMedia, Failure> {
        let local = self.local.as_ref().ok_or_else(|| {
            Failure::new(ErrorCode::Internal, "The SIP leg has no RTP port. This is a fault of the relay.")
        })?;
        Ok(LocalMedia { lines: self.lines.clone(), ..description::local_media(local, audio) })
    }
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Descriptions stay out of logs.
        let state = self.exchange.state();
        f.debug_struct("Media").field("leg", &self.leg).field("state", &state).finish_non_exhaustive()
    }
}

/// The same direction without what we send.
fn unsent(direction: Direction) -> Direction {
    if direction.receives() { Direction::RecvOnly } else { Direction::Inactive }
}

/// What our side wants, from what it did when the peer allowed only so much.
fn widened(did: Direction, allowed: Direction) -> Direction {
    let sends = did.sends() || !allowed.sends();
    let receives = did.receives() || !allowed.receives();
    match (sends, receives) {
        (true, true) => Direction::SendRecv,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::RecvOnly,
        (false, false) => Direction::Inactive,
    }
}

fn read(body: &Bytes) -> Result<SessionDescription, Failure> {
    SessionDescription::parse(body).map_err(|error| {
        tracing::debug!(%error, "a description cannot be read");
        unusable()
    })
}

fn unusable() -> Failure {
    Failure::new(ErrorCode::Rejected, "The far end sent a session description that cannot be used.")
}

/// The failure behind a missing common codec, as if the far end had answered 488.
pub(super) fn no_common_codec() -> Failure {
    failure_for_status(488, "Not Acceptable Here")
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
