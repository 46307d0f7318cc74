//! A leg's half of the media: its offers and answers, and what the worker is told of them.
//!
//! [`Media`] is what the states of a leg see, whatever carries the sound; each kind of carrier has a module of its own,
//! which is a [`Negotiation`].

mod direction;
mod keys;
mod negotiation;
mod rtp;
mod webrtc;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use offhook_media::{Codec, Command, Digit, Digits, Direction, LegId, VideoRemote};
use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::message::{Request, StatusCode};
use offhook_sip::offer_answer::{OfferAnswer, State as Phase};
use offhook_sip::sdp::{OtherLine, SessionDescription, TelephoneEvents};

use super::Offer;
use crate::call::extras::may_be_added;
use crate::call::{Description, failure_for_status};
use crate::ua::account::Protocol;
use crate::ua::attachment::{MediaKind, MediaLocal};
use crate::ua::hop::Hop;
use crate::ua::media_policy::{IcePolicy, MediaPolicy, SrtpPolicy};
use crate::webrtc::{BrowserDescription, Transport};
use direction::{unsent, widened};
use keys::Keys;
use negotiation::{Agreed, Kind, Negotiation, Remote};
use rtp::Rtp;
use webrtc::WebRtc;

/// The media type of every description.
pub(super) const SDP: &str = "application/sdp";

/// The pause after a key.
const KEY_GAP: Duration = Duration::from_millis(100);

/// A leg's offers and answers. A clone is another phone's that a call was forked to.
#[derive(Clone)]
pub(super) struct Media {
    leg: LegId,
    kind: Kind,
    /// What was agreed last.
    agreed: Option<Agreed>,
    policy: Arc<MediaPolicy>,
    /// What our side brought last, for an offer the peer asks for.
    last: Option<Description>,
    /// What it brought before an offer that is not answered yet.
    before: Option<Description>,
    /// What the peer's latest offer allows towards it; the rest of what we do not do is our own wish.
    allowed: Direction,
    /// The same of an offer that has no answer yet.
    offered: Direction,
    supervised: bool,
    /// Nothing is sent to a caller whose address nobody has confirmed: it may be somebody else's.
    unconfirmed: bool,
    direction: Direction,
    /// The keys that the peer takes as events.
    events: TelephoneEvents,
    /// Lines of the app's for every description.
    lines: Vec<OtherLine>,
}

impl Media {
    /// The half of a leg to a peer that requests reach so.
    pub(super) fn new(
        leg: LegId,
        kind: MediaKind,
        policy: &Arc<MediaPolicy>,
        protocol: Protocol,
        hop: &mut Hop,
    ) -> Self {
        let kind = match kind {
            MediaKind::Rtp => {
                // Below 2^62, as RFC 3264 section 5 wants numbers that can be counted up.
                let exchange = OfferAnswer::new(hop.number() >> 2, hop.origin(protocol)).with_srtp(policy.srtp);
                let keys = (policy.srtp != SrtpPolicy::Off).then(|| Keys::new(hop.fork()));
                Kind::Rtp(Box::new(Rtp::new(exchange, keys, policy.spoken.codecs.is_some())))
            }
            MediaKind::WebRtc => Kind::WebRtc(Box::<WebRtc>::default()),
        };
        Self {
            leg,
            kind,
            agreed: None,
            policy: Arc::clone(policy),
            last: None,
            before: None,
            allowed: Direction::SendRecv,
            offered: Direction::SendRecv,
            supervised: false,
            unconfirmed: false,
            direction: Direction::Inactive,
            events: TelephoneEvents::NONE,
            lines: Vec::new(),
        }
    }

    /// The half of a caller's leg, of the kind that its INVITE asks for, and what that offers. The caller hears nothing
    /// before it is [confirmed](Self::confirmed).
    ///
    /// # Errors
    /// The status to refuse the INVITE with.
    pub(super) fn of_caller(
        leg: LegId,
        request: &Request,
        protocol: Protocol,
        policy: &Arc<MediaPolicy>,
        hop: &mut Hop,
    ) -> Result<(Self, Offer), StatusCode> {
        let offer = read_offer(request)?;
        let kind = match &offer {
            Some(offer) if BrowserDescription::is_one(offer) => {
                // A client in a page cannot do without.
                let is_of_page = MediaKind::of_protocol(protocol) == MediaKind::WebRtc;
                if policy.ice == IcePolicy::Strip && !is_of_page {
                    return Err(StatusCode::NOT_ACCEPTABLE_HERE);
                }
                MediaKind::WebRtc
            }
            Some(_) => MediaKind::Rtp,
            None => MediaKind::of_protocol(protocol),
        };
        // A client in a page is known by its checks before anything is sent to it (RFC 8827 section 4.1).
        let unconfirmed = kind == MediaKind::Rtp;
        let mut media = Self { unconfirmed, ..Self::new(leg, kind, policy, protocol, hop) };
        let offer = match offer {
            Some(offer) => Offer::Audio(media.take(offer)?),
            None => Offer::None,
        };
        Ok((media, offer))
    }

    /// Where the peer's offer wants RTP, while it is not answered.
    pub(super) fn offered_address(&self) -> Option<IpAddr> {
        match &self.kind {
            Kind::Rtp(rtp) => rtp.offered_address(),
            Kind::WebRtc(_) => None,
        }
    }

    /// What carries the media.
    pub(super) fn kind(&self) -> MediaKind {
        match self.kind {
            Kind::Rtp(_) => MediaKind::Rtp,
            Kind::WebRtc(_) => MediaKind::WebRtc,
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

    /// The relay's side of it; for a client in a page it may become another within the call.
    pub(super) fn attach(&mut self, local: MediaLocal) {
        match (&mut self.kind, local) {
            (Kind::Rtp(rtp), MediaLocal::Rtp(local)) => rtp.attach(local),
            (Kind::Rtp(rtp), MediaLocal::Video(local)) => rtp.attach_video(local),
            (Kind::WebRtc(webrtc), MediaLocal::WebRtc(local)) => webrtc.attach(local),
            // The leg says that it has no media when it is to make a description.
            (Kind::Rtp(_) | Kind::WebRtc(_), _) => tracing::error!("a SIP leg was given media of another kind"),
        }
    }

    /// The address that ports for pictures are to be at, if this description needs any that are not there yet.
    pub(super) fn wants_video(&self, description: &Description) -> Option<IpAddr> {
        match &self.kind {
            Kind::Rtp(rtp) if self.policy.video => rtp.wants_video(description),
            Kind::Rtp(_) | Kind::WebRtc(_) => None,
        }
    }

    /// What the offer that waits for its answer does to the connection with a client in a page, where that is to be
    /// another: the relay attaches that before the offer is answered.
    pub(super) fn reconnects(&self) -> Option<Transport> {
        match &self.kind {
            Kind::WebRtc(webrtc) => webrtc.reconnects(),
            Kind::Rtp(_) => None,
        }
    }

    /// Takes the offer of an INVITE or re-INVITE.
    ///
    /// # Errors
    /// The status to refuse it with.
    pub(super) fn take_offer(&mut self, request: &Request) -> Result<Offer, StatusCode> {
        match read_offer(request)? {
            None => Ok(Offer::None),
            Some(offer) => Ok(Offer::Audio(self.take(offer)?)),
        }
    }

    fn take(&mut self, offer: SessionDescription) -> Result<Description, StatusCode> {
        let mut audio = self.kind.exchange().take_offer(offer)?;
        self.policy.spoken.apply(&mut audio.codecs);
        audio.transcoding = self.policy.spoken.transcoding;
        self.policy.apply_to_video(&mut audio.video);
        if audio.codecs.is_empty() {
            self.refuse();
            return Err(StatusCode::NOT_ACCEPTABLE_HERE);
        }
        self.offered = audio.direction;
        Ok(audio)
    }

    /// Makes an offer.
    ///
    /// # Errors
    /// When an exchange is under way, or the leg has no media.
    pub(super) fn offer(&mut self, audio: &Description) -> Result<Bytes, Failure> {
        let codecs = self.policy.spoken.offerable(audio, self.kind.codecs());
        let mut spoken = speaking(audio, codecs)?;
        self.policy.apply_to_video(&mut spoken.video);
        let offer = self.kind.exchange().offer(&spoken, &self.lines)?;
        let before = self.last.replace(audio.clone());
        if self.agreed.is_some() {
            self.before = before;
        }
        Ok(offer)
    }

    /// The offer that was refused once more, without encryption. `None` where it had none, or must have.
    pub(super) fn offer_in_the_clear(&mut self) -> Option<Bytes> {
        let audio = self.last.clone()?;
        let Kind::Rtp(rtp) = &mut self.kind else { return None };
        rtp.give_up_srtp().then(|| self.offer(&audio).ok()).flatten()
    }

    /// An offer of what our side brought last. A hold of the peer's is the peer's to keep or to end.
    pub(super) fn offer_again(&mut self) -> Result<Bytes, Failure> {
        let audio = self.last.clone().unwrap_or_else(Description::everything);
        let direction = widened(audio.direction, self.allowed);
        self.kind.exchange().renew_keys();
        self.offer(&Description { direction, ..audio })
    }

    /// Answers the peer's offer; the worker is told at once.
    ///
    /// # Errors
    /// No common codec, or no offer.
    pub(super) fn answer(&mut self, audio: &Description) -> Result<(Bytes, Vec<Command>), Failure> {
        let mut codecs = audio.codecs.clone();
        self.policy.spoken.apply(&mut codecs);
        let mut spoken = speaking(audio, codecs)?;
        self.policy.apply_to_video(&mut spoken.video);
        let (answer, agreed) = self.kind.exchange().answer(&spoken, &self.lines)?;
        self.last = Some(audio.clone());
        self.allowed = std::mem::replace(&mut self.offered, Direction::SendRecv);
        let (_, commands) = self.agree(agreed);
        Ok((answer, commands))
    }

    /// The description sent last.
    pub(super) fn repeated(&self) -> Option<Bytes> {
        self.kind.shared().repeated()
    }

    /// Takes the answer of a provisional response. `None` when there is none, or none of use: a later one may be.
    pub(super) fn early_answer(&mut self, body: &Bytes) -> Option<(Description, Vec<Command>)> {
        let agreed = self.kind.exchange().early_answer(read(body).ok()?)?;
        Some(self.agree(agreed))
    }

    /// Takes the answer of a final response or an ACK, or lets the early one stand when there is no body.
    ///
    /// # Errors
    /// There is no answer, or it leaves nothing in common.
    pub(super) fn final_answer(&mut self, body: &Bytes) -> Result<(Description, Vec<Command>), Failure> {
        let answer = if body.is_empty() { None } else { Some(read(body)?) };
        let agreed = self.kind.exchange().final_answer(answer)?;
        Ok(self.agree(agreed))
    }

    /// What was agreed last.
    pub(super) fn agreed(&mut self) -> Option<(Description, Vec<Command>)> {
        let agreed = self.agreed.clone()?;
        Some(self.agree(agreed))
    }

    /// Answers the peer's offer with what our side brought last.
    ///
    /// # Errors
    /// No common codec, or no offer.
    pub(super) fn answer_again(&mut self) -> Result<(Description, Bytes, Vec<Command>), Failure> {
        let last = self.last.clone().ok_or_else(no_common_codec)?;
        let (body, commands) = self.answer(&last)?;
        let agreed = self.agreed.as_ref().map(|agreed| agreed.audio.clone()).ok_or_else(no_common_codec)?;
        Ok((agreed, body, commands))
    }

    /// Our offer was refused; what was agreed before holds on.
    pub(super) fn withdraw(&mut self) {
        self.kind.exchange().withdraw();
        // What is said again later is what holds.
        if let Some(before) = self.before.take() {
            self.last = Some(before);
        }
    }

    /// The peer's offer is refused; what was agreed before holds on.
    pub(super) fn refuse(&mut self) {
        self.kind.exchange().refuse();
    }

    /// From now on silence is reported, if it was not before.
    pub(super) fn supervise(&mut self) -> Option<Command> {
        let first = !std::mem::replace(&mut self.supervised, true);
        first.then_some(Command::Supervise { leg: self.leg })
    }

    /// The caller is at its address: it has sent its ACK or a PRACK, to where our response went, or is known otherwise.
    pub(super) fn confirmed(&mut self) -> Option<Command> {
        let was = std::mem::replace(&mut self.unconfirmed, false);
        let direction = self.direction;
        (was && direction.sends()).then_some(Command::Direction { leg: self.leg, direction })
    }

    /// Presses a key towards the peer.
    ///
    /// `None` when the peer takes none in RTP, or not this one.
    pub(super) fn press(&self, digit: Digit, tone: Duration) -> Option<Command> {
        self.press_anyhow(digit, tone).filter(|_| self.events.contains(digit.event()))
    }

    /// Presses a key towards the peer in whatever way its media allows: as an event or as a sound.
    ///
    /// `None` while nothing is agreed.
    pub(super) fn press_anyhow(&self, digit: Digit, tone: Duration) -> Option<Command> {
        let press = Command::SendDtmf { leg: self.leg, digits: Digits::from(digit), tone, gap: KEY_GAP };
        self.agreed.is_some().then_some(press)
    }

    /// Whether the peer's keys can only be in its sound or outside of the media.
    pub(super) fn is_without_events(&self) -> bool {
        self.agreed.is_some() && self.events.is_empty()
    }

    /// The peer wants a whole picture of whoever it sees.
    pub(super) fn refresh(&self) -> Command {
        Command::Refresh { leg: self.leg }
    }

    /// Begins or ceases to listen for keys in the sound.
    pub(super) fn listen_for_keys(&self, listen: bool) -> Command {
        Command::ListenForKeys { leg: self.leg, listen }
    }

    fn agree(&mut self, mut agreed: Agreed) -> (Description, Vec<Command>) {
        agreed.audio.transcoding = self.policy.spoken.transcoding;
        self.agreed = Some(agreed.clone());
        let Agreed { audio, events, remote } = agreed;
        self.direction = audio.direction;
        self.events = events;
        let direction = if self.unconfirmed { unsent(self.direction) } else { self.direction };
        let leg = self.leg;
        let mut commands = Vec::with_capacity(3);
        match remote {
            Remote::Rtp(both) => {
                let (remote, video) = *both;
                commands.push(Command::RtpRemote { leg, remote });
                commands.extend(self.shown(video).map(|remote| Command::VideoRemote { leg, remote }));
            }
            Remote::WebRtc(remote) => commands.push(Command::WebRtcRemote { leg, remote }),
        }
        commands.push(Command::Direction { leg, direction });
        (audio, commands)
    }

    /// What the media worker is to be told of pictures, if anything. Their ports are given back once it is certain that
    /// there are none: after an early answer another phone may say otherwise.
    fn shown(&mut self, video: Option<VideoRemote>) -> Option<Option<VideoRemote>> {
        let Kind::Rtp(rtp) = &mut self.kind else { return None };
        let is_settled = rtp.phase() == Phase::Stable;
        match video {
            Some(video) => Some(Some(video)),
            None => (is_settled && rtp.detach_video()).then_some(None),
        }
    }
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Descriptions stay out of logs.
        let phase = self.kind.shared().phase();
        f.debug_struct("Media").field("leg", &self.leg).field("phase", &phase).finish_non_exhaustive()
    }
}

/// The same with these codecs.
fn speaking(audio: &Description, codecs: Vec<Codec>) -> Result<Description, Failure> {
    if codecs.is_empty() { Err(no_common_codec()) } else { Ok(Description { codecs, ..audio.clone() }) }
}

fn read_offer(request: &Request) -> Result<Option<SessionDescription>, StatusCode> {
    if request.body().is_empty() {
        return Ok(None);
    }
    read(request.body()).map(Some).map_err(|_| StatusCode::BAD_REQUEST)
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

fn no_media() -> Failure {
    Failure::new(ErrorCode::Internal, "The SIP leg has no media. This is a fault of the relay.")
}
