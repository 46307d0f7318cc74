use offhook_media::{Codec, Format, PayloadFormat, VideoCodec};
use offhook_sip::sdp::{MediaDescription, RtpMap};

/// Video codecs taken of a description; browsers name about twenty.
const MAX_VIDEO: usize = 24;
/// The header extension that numbers the packets of all streams.
pub(super) const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// The longest parameters of a codec that are passed on.
const MAX_PARAMETERS: usize = 512;

/// A payload type of a description and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The number.
    pub number: u8,
    /// What its packets carry.
    pub format: Format,
    /// `a=fmtp`, where the far end has to see it.
    pub(super) parameters: Option<String>,
    /// What its receiver can ask of its sender.
    pub(super) feedback: Vec<Feedback>,
    /// The payload type in which its packets are sent again (RFC 4588).
    pub(super) rtx: Option<u8>,
}

/// What the receiver of pictures can ask of their sender, or tells it (RFC 4585, RFC 5104). Error correction is not made,
/// so it is not named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feedback {
    /// These packets again.
    Nack,
    /// A whole picture, for some of the last was lost.
    PictureLoss,
    /// A whole picture, to begin with.
    FullIntra,
    /// No more than so many bits a second.
    Bandwidth,
    /// When packets arrived.
    TransportCc,
}

impl Feedback {
    pub(super) const ALL: [Self; 5] =
        [Self::FullIntra, Self::Nack, Self::PictureLoss, Self::Bandwidth, Self::TransportCc];

    /// As `a=rtcp-fb` says it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Nack => "nack",
            Self::PictureLoss => "nack pli",
            Self::FullIntra => "ccm fir",
            Self::Bandwidth => "goog-remb",
            Self::TransportCc => "transport-cc",
        }
    }
}

impl Payload {
    /// Sound, which has nothing that the far end would have to see.
    pub(super) const fn sound(number: u8, format: Format) -> Self {
        Self { number, format, parameters: None, feedback: Vec::new(), rtx: None }
    }

    /// What is agreed when a description takes this payload type of another as it is.
    pub(super) const fn agreed(&self) -> PayloadFormat {
        PayloadFormat { format: self.format, receive_pt: self.number, send_pt: self.number }
    }

    /// Its `a=rtpmap` and `a=fmtp`.
    pub(super) fn lines(&self) -> (RtpMap, Option<&str>) {
        match self.format {
            Format::Audio(codec) => {
                let mut map = RtpMap::new(self.number, codec.name(), codec.clock());
                map.channels = codec.channels();
                let usual = (codec == Codec::Opus).then_some("minptime=10;useinbandfec=1");
                (map, self.parameters.as_deref().or(usual).filter(|text| !text.is_empty()))
            }
            Format::ComfortNoise { clock } => (RtpMap::new(self.number, "CN", clock), None),
            Format::TelephoneEvent { clock } => (RtpMap::new(self.number, "telephone-event", clock), Some("0-15")),
            Format::Video(codec) => {
                (RtpMap::new(self.number, codec.name(), VideoCodec::CLOCK), self.parameters.as_deref())
            }
        }
    }
}

/// The payload types of sound that the relay passes on; the first of each kind.
pub(super) fn audio_payloads(section: &MediaDescription) -> Vec<Payload> {
    let mut payloads: Vec<Payload> = Vec::new();
    for map in section.rtp_formats().into_iter().map(|format| format.rtpmap) {
        let Some(format) = audio_format(&map) else { continue };
        if !payloads.iter().any(|known| known.format == format) {
            payloads.push(Payload::sound(map.payload_type, format));
        }
    }
    payloads
}

/// The payload types of pictures that the relay passes on; the first of each kind.
pub(super) fn video_payloads(section: &MediaDescription) -> Vec<Payload> {
    let mut payloads: Vec<Payload> = Vec::new();
    for listed in section.rtp_formats() {
        let parameters = listed.fmtp.filter(|text| text.len() <= MAX_PARAMETERS && text.bytes().all(is_printable));
        let codec = VideoCodec::parse(&listed.rtpmap.encoding, parameters.as_deref().unwrap_or_default());
        let Some(format) = codec.filter(|_| listed.rtpmap.clock_rate == VideoCodec::CLOCK).map(Format::Video) else {
            continue;
        };
        if payloads.len() < MAX_VIDEO && !payloads.iter().any(|known| known.format == format) {
            let number = listed.rtpmap.payload_type;
            let (feedback, rtx) = (feedback(section, number), rtx(section, number));
            payloads.push(Payload { number, format, parameters, feedback, rtx });
        }
    }
    payloads
}

fn audio_format(map: &RtpMap) -> Option<Format> {
    if map.encoding.eq_ignore_ascii_case("telephone-event") {
        return Some(Format::TelephoneEvent { clock: map.clock_rate });
    }
    let codec = Codec::from_rtpmap(&map.encoding, map.clock_rate)?;
    Codec::BROWSER.contains(&codec).then_some(Format::Audio(codec))
}

/// The payload type in which the packets of this one are sent again, if any: that of `apt=` (RFC 4588 section 8.1).
fn rtx(section: &MediaDescription, number: u8) -> Option<u8> {
    let of = |parameters: &str| {
        let apt = parameters.split(';').find_map(|one| one.trim().strip_prefix("apt="))?;
        apt.trim().parse::<u8>().ok()
    };
    let formats = section.rtp_formats().into_iter().filter(|listed| listed.rtpmap.encoding.eq_ignore_ascii_case("rtx"));
    let mut found = formats.filter(|listed| listed.fmtp.as_deref().and_then(of) == Some(number));
    found.next().map(|listed| listed.rtpmap.payload_type)
}

/// The number of the header extension of [`Feedback::TransportCc`], where a section has it (RFC 8285 section 5).
pub(super) fn transport_cc(section: &MediaDescription) -> Option<u8> {
    section.attributes.values("extmap").find_map(|line| {
        let (number, uri) = line.trim().split_once(' ')?;
        let number = number.split('/').next()?.parse().ok()?;
        // One that is only received has a direction; it is not meant for the other side.
        (uri.split_ascii_whitespace().next()? == TRANSPORT_CC && (1..=14).contains(&number)).then_some(number)
    })
}

/// `a=rtcp-fb` of a payload type, or of all of them.
fn feedback(section: &MediaDescription, number: u8) -> Vec<Feedback> {
    let number = number.to_string();
    let named = |feedback: &Feedback| {
        section.attributes.values("rtcp-fb").any(|line| {
            let said = line.trim().split_once(' ').filter(|(payload, _)| *payload == number || *payload == "*");
            said.is_some_and(|(_, what)| what.trim() == feedback.as_str())
        })
    };
    Feedback::ALL.into_iter().filter(named).collect()
}

const fn is_printable(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_graphic()
}
