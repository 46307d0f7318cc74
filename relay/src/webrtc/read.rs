use offhook_media::{
    Codec, Direction, Fingerprint, Format, IceCredentials, IcePassword, PayloadFormat, Rtx, VideoRepair, WebRtcRemote,
};
use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::sdp::{self, MediaDescription, OpusParameters, SessionDescription, bandwidth};

use super::payload::{Feedback, Payload, audio_payloads, transport_cc, video_payloads};
use crate::call::{CodecPolicy, Description, Sound, Video, VideoCodec};

/// What the relay needs of a browser's description.
#[derive(Clone, Debug)]
pub struct BrowserDescription {
    /// Every section, so that an answer has as many.
    pub(super) whole: SessionDescription,
    pub(super) audio: Section,
    sound: Sound,
    policy: CodecPolicy,
    /// Where it shares the transport of the audio, as browsers always offer it.
    pub(super) video: Option<Section>,
    ice: IceCredentials,
    fingerprints: Vec<Fingerprint>,
}

/// What becomes of the connection to a browser that makes another offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// It stays.
    Kept,
    /// The browser's network changed: ICE starts again (RFC 8445 section 9), DTLS goes on.
    Restarted,
    /// It is another peer connection, as after a reload.
    Replaced,
}

/// A section that is taken.
#[derive(Clone, Debug)]
pub(super) struct Section {
    /// Which of the description's it is.
    pub(super) index: usize,
    pub(super) payloads: Vec<Payload>,
    /// Seen from the relay.
    pub(super) direction: Direction,
    /// The most bits a second the browser takes, where it says so.
    pub(super) bandwidth: Option<u32>,
}

impl BrowserDescription {
    /// Reads an offer or an answer.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidField`] naming `sdp` when it is no description or lacks ICE or DTLS parameters;
    /// [`ErrorCode::NoCommonCodecs`] when it has no audio the relay can take.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        Self::read(SessionDescription::parse(text.as_bytes()).map_err(|error| invalid(&error.to_string()))?)
    }

    /// Whether this is a browser's kind of description rather than a telephone's: its audio is to go over DTLS
    /// (RFC 8827).
    #[must_use]
    pub fn is_one(description: &SessionDescription) -> bool {
        let secured = |section: &MediaDescription| section.protocol.to_ascii_uppercase().contains("TLS/RTP/");
        description.media.iter().any(|section| section.is("audio") && section.port != 0 && secured(section))
    }

    /// The same of a description that has been parsed.
    ///
    /// # Errors
    /// As [`BrowserDescription::parse`].
    pub fn read(whole: SessionDescription) -> Result<Self, Failure> {
        let audio = whole
            .media
            .iter()
            .position(|section| section.is("audio") && section.is_rtp() && section.port != 0)
            .ok_or_else(no_audio)?;
        let section = whole.media.get(audio).ok_or_else(no_audio)?;
        let payloads = audio_payloads(section);
        if !payloads.iter().any(|payload| matches!(payload.format, Format::Audio(_))) {
            return Err(no_audio());
        }
        let sound = Sound {
            ptime: milliseconds(section.ptime()),
            maxptime: milliseconds(section.maxptime()),
            opus: opus(section, &payloads),
            ..Sound::default()
        };
        Ok(Self {
            ice: ice(&whole, section)?,
            fingerprints: fingerprints(&whole, section)?,
            video: video(&whole, section),
            sound,
            policy: CodecPolicy::default(),
            audio: Section {
                index: audio,
                payloads: payloads.clone(),
                direction: seen_from_the_relay(whole.direction_of(section)),
                bandwidth: None,
            },
            whole,
        })
    }

    /// The same where no more may be spoken than this.
    ///
    /// # Errors
    /// [`ErrorCode::NoCommonCodecs`] when it has nothing of it.
    pub fn within(mut self, policy: &CodecPolicy) -> Result<Self, Failure> {
        self.policy.clone_from(policy);
        if self.codecs().is_empty() { Err(no_audio()) } else { Ok(self) }
    }

    /// What the description can do, for the core.
    #[must_use]
    pub fn audio(&self) -> Description {
        Description {
            codecs: self.codecs(),
            telephone_event: self
                .audio
                .payloads
                .iter()
                .any(|payload| matches!(payload.format, Format::TelephoneEvent { .. })),
            comfort_noise: false,
            direction: self.audio.direction,
            video: self.video.as_ref().map(picture),
            untouched: None,
            sound: self.sound,
            transcoding: self.policy.transcoding,
        }
    }

    /// As [`BrowserDescription::audio`], for an answer: of what was offered, what it takes, in the offer's order.
    #[must_use]
    pub fn taken_of(&self, offered: &[Payload]) -> Description {
        let is_offered = |format: Format| offered.iter().any(|payload| payload.format == format);
        let mut taken = self.audio();
        taken.codecs.retain(|codec| is_offered(Format::Audio(*codec)));
        taken.codecs.sort_by_key(|codec| offered.iter().position(|ours| ours.format == Format::Audio(*codec)));
        taken.sound.opus = taken.sound.opus.filter(|_| taken.codecs.contains(&Codec::Opus));
        taken.video = taken.video.and_then(|mut video| {
            video.codecs.retain(|codec| is_offered(Format::Video(codec.format)));
            (!video.codecs.is_empty()).then_some(video)
        });
        taken
    }

    /// What the media side needs of it, once `formats` are agreed.
    #[must_use]
    pub fn remote(&self, formats: Vec<PayloadFormat>) -> WebRtcRemote {
        let (ice, fingerprints) = (self.ice.clone(), self.fingerprints.clone());
        let repair = self.repair(&formats);
        WebRtcRemote { ice, fingerprints, formats, sound: self.sound.wishes(), repair }
    }

    /// What makes up for losses of pictures, of what has been agreed. Answers have the payload types of their offers (RFC
    /// 9429 section 5.3.1); where some do not, nothing is sent again in a stream of its own.
    fn repair(&self, formats: &[PayloadFormat]) -> VideoRepair {
        let Some(video) = &self.video else { return VideoRepair::default() };
        let agreed: Vec<&Payload> = video
            .payloads
            .iter()
            .filter(|payload| {
                formats.iter().any(|format| format.send_pt == payload.number && format.receive_pt == payload.number)
            })
            .collect();
        let has = |feedback| !agreed.is_empty() && agreed.iter().all(|payload| payload.feedback.contains(&feedback));
        let rtx = |payload: &&Payload| Some(Rtx { payload_type: payload.rtx?, of: payload.number });
        VideoRepair {
            nack: has(Feedback::Nack),
            rtx: agreed.iter().filter_map(rtx).collect(),
            transport_cc: self.transport_cc().filter(|_| has(Feedback::TransportCc)),
        }
    }

    /// The number of that header extension in any section: it is the same in all (RFC 8843 section 9.1).
    pub(super) fn any_transport_cc(&self) -> Option<u8> {
        self.whole.media.iter().find_map(transport_cc)
    }

    /// The number of the header extension that numbers all packets, where the section of pictures has it.
    pub(super) fn transport_cc(&self) -> Option<u8> {
        let video = self.video.as_ref()?;
        self.whole.media.get(video.index).and_then(transport_cc)
    }

    /// What this offer would do to the connection that another made.
    #[must_use]
    pub fn transport_after(&self, known: &Self) -> Transport {
        if !self.fingerprints.iter().any(|print| known.fingerprints.contains(print)) {
            Transport::Replaced
        } else if self.ice != known.ice {
            Transport::Restarted
        } else {
            Transport::Kept
        }
    }

    /// The payload types, in the description's order of preference, sound before pictures.
    pub(super) fn payloads(&self) -> impl Iterator<Item = &Payload> {
        let video = self.video.iter().flat_map(|section| &section.payloads);
        self.audio.payloads.iter().chain(video)
    }

    fn codecs(&self) -> Vec<Codec> {
        let listed = self.audio.payloads.iter().filter_map(|payload| match payload.format {
            Format::Audio(codec) => Some(codec),
            Format::Video(_) | Format::TelephoneEvent { .. } | Format::ComfortNoise { .. } => None,
        });
        let mut codecs = listed.collect();
        self.policy.apply(&mut codecs);
        codecs
    }
}

/// The parameters of Opus, where it is there.
fn opus(section: &MediaDescription, payloads: &[Payload]) -> Option<OpusParameters> {
    let opus = payloads.iter().find(|payload| payload.format == Format::Audio(Codec::Opus))?;
    Some(OpusParameters::parse(section.fmtp(opus.number).unwrap_or_default()))
}

/// The first section of pictures that has codecs the relay passes on and shares the audio's transport.
fn video(whole: &SessionDescription, audio: &MediaDescription) -> Option<Section> {
    whole.media.iter().enumerate().find_map(|(index, section)| {
        // In an offer, the port of a section that is only to be had bundled is 0 (RFC 8843 section 6).
        let refused = section.port == 0 && !section.attributes.has("bundle-only");
        if !section.is("video") || !section.is_rtp() || refused || !bundled(whole, audio, section) {
            return None;
        }
        let payloads = video_payloads(section);
        let direction = seen_from_the_relay(whole.direction_of(section));
        (!payloads.is_empty()).then_some(Section {
            index,
            payloads,
            direction,
            bandwidth: bandwidth::limit(whole, section),
        })
    })
}

/// Whether two sections are in one group (RFC 8843).
fn bundled(whole: &SessionDescription, one: &MediaDescription, other: &MediaDescription) -> bool {
    let (Some(one), Some(other)) = (one.attributes.mid(), other.attributes.mid()) else { return false };
    whole.attributes.values("group").any(|group| {
        let mut words = group.split_ascii_whitespace();
        let kind = words.next().is_some_and(|kind| kind.eq_ignore_ascii_case("BUNDLE"));
        let has = |mid: &str| group.split_ascii_whitespace().skip(1).any(|word| word == mid);
        kind && has(one) && has(other)
    })
}

fn picture(section: &Section) -> Video {
    let codecs = section.payloads.iter().filter_map(|payload| match payload.format {
        Format::Video(format) => Some(VideoCodec { format, parameters: payload.parameters.clone() }),
        Format::Audio(_) | Format::TelephoneEvent { .. } | Format::ComfortNoise { .. } => None,
    });
    Video { codecs: codecs.collect(), direction: section.direction, bandwidth: section.bandwidth }
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

/// A packet holds no more than a second of sound; what claims to is no wish that could be met.
fn milliseconds(duration: Option<u32>) -> Option<u16> {
    duration.and_then(|duration| u16::try_from(duration).ok()).filter(|duration| *duration <= 1000)
}

fn invalid(why: &str) -> Failure {
    let mut failure = Failure::new(ErrorCode::InvalidField, format!("The session description cannot be used: {why}."));
    failure.field = Some("sdp".to_owned());
    failure
}

fn no_audio() -> Failure {
    Failure::new(ErrorCode::NoCommonCodecs, "The session description has no audio this relay can take.")
}
