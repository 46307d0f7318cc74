use offhook_media::{Codec, Direction, Fingerprint, Format, IceCredentials, IcePassword, PayloadFormat, WebRtcRemote};
use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::sdp::{self, MediaDescription, SessionDescription};

use crate::call::Description;

/// A payload type of a description and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The number.
    pub number: u8,
    /// What its packets carry.
    pub format: Format,
}

/// What the relay needs of a browser's description.
#[derive(Clone, Debug)]
pub struct BrowserDescription {
    /// Every section, so that an answer has as many.
    pub(super) whole: SessionDescription,
    /// Which of them is the audio taken.
    pub(super) audio: usize,
    ice: IceCredentials,
    fingerprints: Vec<Fingerprint>,
    payloads: Vec<Payload>,
    direction: Direction,
}

impl BrowserDescription {
    /// Reads an offer or an answer.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidField`] naming `sdp` when it is no description or lacks ICE or DTLS parameters;
    /// [`ErrorCode::NoCommonCodecs`] when it has no audio the relay can take.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let whole = SessionDescription::parse(text.as_bytes()).map_err(|error| invalid(&error.to_string()))?;
        let audio = whole
            .media
            .iter()
            .position(|section| section.is("audio") && section.is_rtp() && section.port != 0)
            .ok_or_else(no_audio)?;
        let section = whole.media.get(audio).ok_or_else(no_audio)?;
        let payloads = payloads(section);
        if !payloads.iter().any(|payload| matches!(payload.format, Format::Audio(_))) {
            return Err(no_audio());
        }
        Ok(Self {
            ice: ice(&whole, section)?,
            fingerprints: fingerprints(&whole, section)?,
            direction: seen_from_the_relay(whole.direction_of(section)),
            payloads,
            audio,
            whole,
        })
    }

    /// What the description can do, for the core.
    #[must_use]
    pub fn audio(&self) -> Description {
        Description {
            codecs: self.codecs().collect(),
            telephone_event: self
                .payloads
                .iter()
                .any(|payload| matches!(payload.format, Format::TelephoneEvent { .. })),
            direction: self.direction,
            video: None,
        }
    }

    /// What the media side needs of it, once `formats` are agreed.
    #[must_use]
    pub fn remote(&self, formats: Vec<PayloadFormat>) -> WebRtcRemote {
        WebRtcRemote { ice: self.ice.clone(), fingerprints: self.fingerprints.clone(), formats }
    }

    /// The payload types, in the description's order of preference.
    #[must_use]
    pub fn payloads(&self) -> &[Payload] {
        &self.payloads
    }

    fn codecs(&self) -> impl Iterator<Item = Codec> {
        self.payloads.iter().filter_map(|payload| match payload.format {
            Format::Audio(codec) => Some(codec),
            Format::TelephoneEvent { .. } => None,
        })
    }
}

/// The payload types that stand for something the relay passes on; the first of each kind.
fn payloads(section: &MediaDescription) -> Vec<Payload> {
    let mut payloads: Vec<Payload> = Vec::new();
    for map in section.rtp_formats().into_iter().map(|format| format.rtpmap) {
        let Some(format) = format_of(&map) else { continue };
        if !payloads.iter().any(|known| known.format == format) {
            payloads.push(Payload { number: map.payload_type, format });
        }
    }
    payloads
}

fn format_of(map: &sdp::RtpMap) -> Option<Format> {
    if map.encoding.eq_ignore_ascii_case("telephone-event") {
        return Some(Format::TelephoneEvent { clock: map.clock_rate });
    }
    let codec = Codec::from_name(&map.encoding)?;
    (codec.clock() == map.clock_rate).then_some(Format::Audio(codec))
}

fn ice(whole: &SessionDescription, section: &MediaDescription) -> Result<IceCredentials, Failure> {
    let ufrag = whole.value_of(section, "ice-ufrag").map(str::trim);
    let password = whole.value_of(section, "ice-pwd").map(str::trim);
    match (ufrag, password) {
        // The lengths of RFC 8839 section 5.4.
        (Some(ufrag), Some(password)) if (4..=256).contains(&ufrag.len()) && (22..=256).contains(&password.len()) => {
            Ok(IceCredentials { ufrag: ufrag.to_owned(), password: IcePassword::new(password.to_owned()) })
        }
        _ => Err(invalid("it has no usable a=ice-ufrag and a=ice-pwd")),
    }
}

fn fingerprints(whole: &SessionDescription, section: &MediaDescription) -> Result<Vec<Fingerprint>, Failure> {
    let own: Vec<_> = section.attributes.fingerprints().collect();
    let lines = if own.is_empty() { whole.attributes.fingerprints().collect() } else { own };
    let usable: Vec<_> =
        lines.iter().filter_map(|line| Fingerprint::parse(&line.algorithm, &line.value).ok()).take(4).collect();
    if usable.is_empty() { Err(invalid("it has no sha-256 a=fingerprint")) } else { Ok(usable) }
}

/// A direction is written from the browser's side; the relay's is the other way round.
fn seen_from_the_relay(direction: sdp::Direction) -> Direction {
    match (direction.receives(), direction.sends()) {
        (true, true) => Direction::SendRecv,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::RecvOnly,
        (false, false) => Direction::Inactive,
    }
}

fn invalid(why: &str) -> Failure {
    let mut failure = Failure::new(ErrorCode::InvalidField, format!("The session description cannot be used: {why}."));
    failure.field = Some("sdp".to_owned());
    failure
}

fn no_audio() -> Failure {
    Failure::new(ErrorCode::NoCommonCodecs, "The session description has no audio this relay can take.")
}
