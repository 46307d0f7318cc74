use std::collections::BTreeSet;

use offhook_media::{Codec, Direction, Fingerprint, Format, PayloadFormat, WebRtcLocal};
use offhook_sip::sdp::{self, Attribute, Connection, MediaDescription, Origin, RtpMap, SessionDescription, bandwidth};

use super::payload::{Feedback, Payload, TRANSPORT_CC};
use super::read::BrowserDescription;
use crate::call::{Description, Video, VideoCodec};

const PROTOCOL: &str = "UDP/TLS/RTP/SAVPF";
const OPUS: u8 = 111;
const EVENTS_48K: u8 = 110;
const EVENTS_8K: u8 = 126;
/// RFC 8445 section 5.1.2.1: the type preference of host candidates, and the component RTP.
const HOST: u32 = (126 << 24) | 255;
/// Lower than that of any candidate over UDP (RFC 6544 section 4.2).
const TCP: u32 = (90 << 24) | 255;
/// The last generation whose candidates come before those of the one before. The lower priority of the two ends orders
/// the pairs (section 6.1.2.3), so this stays below the local preference that browsers give their own candidates.
const LAST_PREFERRED: u16 = 0x7c;
/// The number of the header extension that numbers all packets, unless the browser has another.
const EXTENSION: u8 = 3;
/// The relay's one stream, so that sound and pictures are shown together (RFC 8830).
const STREAM: &str = "offhook";

/// Answers a browser's offer with `description`, which names codecs of that offer. Returns it and what was agreed.
#[must_use]
pub fn answer(
    offered: &BrowserDescription,
    local: &WebRtcLocal,
    description: &Description,
    version: u64,
) -> (SessionDescription, Vec<PayloadFormat>) {
    let audio = Medium {
        kind: "audio",
        mid: mid(offered, offered.audio.index),
        payloads: chosen_audio(&offered.audio.payloads, description),
        direction: description.direction,
        bandwidth: None,
        transport_cc: None,
    };
    let video = offered.video.as_ref().zip(description.video.as_ref()).map(|(section, video)| Medium {
        kind: "video",
        mid: mid(offered, section.index),
        payloads: chosen_video(&section.payloads, video),
        direction: both(video.direction, section.direction),
        bandwidth: video.bandwidth,
        transport_cc: offered.transport_cc(),
    });
    let video = video.filter(|video| !video.payloads.is_empty());
    let taken = offered.video.as_ref().map(|section| section.index);
    let section = |(index, section): (usize, &MediaDescription)| match &video {
        _ if index == offered.audio.index => audio.described(local),
        Some(video) if taken == Some(index) => video.described(local),
        _ => refused(section),
    };
    let sections = offered.whole.media.iter().enumerate().map(section);
    let whole = sections.fold(session(local, &audio, video.as_ref(), version), SessionDescription::with_media);
    let agreed = audio.payloads.iter().chain(video.iter().flat_map(|video| &video.payloads)).map(Payload::agreed);
    (whole, agreed.collect())
}

/// Offers a browser `description`. Within a call, `before` is the browser's latest description and what was agreed of
/// it: its sections stay in their places, and payload types keep their meaning (RFC 3264 section 8). Returns the offer
/// and its payload types.
#[must_use]
pub fn offer(
    before: Option<(&BrowserDescription, &Description)>,
    local: &WebRtcLocal,
    description: &Description,
    version: u64,
) -> (SessionDescription, Vec<Payload>) {
    let mut numbers = Numbers::after(before.map(|(known, _)| known));
    let places = Places::after(before);
    let audio = Medium {
        kind: "audio",
        mid: places.audio_mid,
        payloads: offered_audio(description, &mut numbers),
        direction: description.direction,
        bandwidth: None,
        transport_cc: None,
    };
    let video = description.video.as_ref().map(|video| Medium {
        kind: "video",
        mid: places.video_mid,
        payloads: offered_video(video, &mut numbers),
        direction: video.direction,
        bandwidth: video.bandwidth,
        transport_cc: Some(before.and_then(|(known, _)| known.any_transport_cc()).unwrap_or(EXTENSION)),
    });
    let section = |index: usize| match &video {
        _ if index == places.audio => Some(audio.described(local)),
        Some(video) if index == places.video => Some(video.described(local)),
        _ => before.and_then(|(known, _)| known.whole.media.get(index)).map(refused),
    };
    let whole = (0..=places.sections.max(places.video))
        .filter_map(section)
        .fold(session(local, &audio, video.as_ref(), version), SessionDescription::with_media);
    let payloads = audio.payloads.into_iter().chain(video.into_iter().flat_map(|video| video.payloads));
    (whole, payloads.collect())
}

/// Pairs the relay's payload types with those of the browser's answer. Codecs stand in the offer's order: that is what a
/// browser sends, whatever the order of its answer.
#[must_use]
pub fn agreed(offered: &[Payload], answered: &BrowserDescription) -> Vec<PayloadFormat> {
    let pair = |theirs: &Payload| {
        let ours = offered.iter().find(|ours| ours.format == theirs.format)?;
        Some(PayloadFormat { format: theirs.format, receive_pt: ours.number, send_pt: theirs.number })
    };
    let mut pairs: Vec<PayloadFormat> = answered.payloads().filter_map(pair).collect();
    let place = |pair: &PayloadFormat| offered.iter().position(|ours| ours.format == pair.format);
    pairs.sort_by_key(|pair| match pair.format {
        Format::Audio(_) => place(pair).unwrap_or(usize::MAX),
        _ => usize::MAX,
    });
    pairs
}

/// A section to be written.
struct Medium {
    kind: &'static str,
    mid: String,
    payloads: Vec<Payload>,
    direction: Direction,
    /// The most bits a second the far end takes: the browser's encoder keeps to it.
    bandwidth: Option<u32>,
    /// The number of the header extension that numbers its packets.
    transport_cc: Option<u8>,
}

/// Where the sections of an offer within a call go.
struct Places {
    /// How many there are.
    sections: usize,
    audio: usize,
    audio_mid: String,
    /// Beyond the last when it is a new one.
    video: usize,
    video_mid: String,
}

/// Payload types by what they stand for.
struct Numbers {
    known: Vec<Payload>,
    taken: BTreeSet<u8>,
}

impl Places {
    fn after(before: Option<(&BrowserDescription, &Description)>) -> Self {
        let Some((known, agreed)) = before else {
            return Self { sections: 0, audio: 0, audio_mid: "0".into(), video: 1, video_mid: "1".into() };
        };
        let sections = known.whole.media.len();
        let shown = known.video.as_ref().filter(|_| agreed.video.is_some());
        // A section that was refused may carry another medium, under another name (RFC 9429 section 5.2.2).
        let refused = || known.whole.media.iter().position(|section| section.is("video"));
        let (video, video_mid) = match shown {
            Some(section) => (section.index, mid(known, section.index)),
            None => (refused().unwrap_or(sections), fresh_mid(&known.whole)),
        };
        Self { sections, audio: known.audio.index, audio_mid: mid(known, known.audio.index), video, video_mid }
    }
}

impl Numbers {
    fn after(before: Option<&BrowserDescription>) -> Self {
        let sections = before.iter().flat_map(|known| &known.whole.media);
        let listed = sections.flat_map(|section| &section.formats).filter_map(|format| format.parse().ok());
        Self {
            known: before.iter().flat_map(|known| known.payloads()).cloned().collect(),
            taken: listed.chain([OPUS, EVENTS_48K, EVENTS_8K]).collect(),
        }
    }

    /// The number a format has, or else is to have.
    fn of(&self, format: Format, otherwise: u8) -> u8 {
        self.known.iter().find(|payload| payload.format == format).map_or(otherwise, |payload| payload.number)
    }

    /// The number a format has, or one of those left.
    fn dynamic(&mut self, format: Format) -> Option<u8> {
        if let Some(known) = self.known.iter().find(|payload| payload.format == format) {
            return Some(known.number);
        }
        self.free()
    }

    /// The number in which packets of this one are sent again.
    fn rtx(&mut self, number: u8) -> Option<u8> {
        match self.known.iter().find(|payload| payload.number == number) {
            Some(known) => known.rtx,
            None => self.free(),
        }
    }

    fn free(&mut self) -> Option<u8> {
        // RFC 3551 section 6, and what RFC 5761 section 4 leaves beside it.
        let free = (96..=127).chain(35..=63).find(|number| !self.taken.contains(number))?;
        self.taken.insert(free);
        Some(free)
    }
}

impl Medium {
    fn described(&self, local: &WebRtcLocal) -> MediaDescription {
        let is_audio = self.kind == "audio";
        let ssrc = if is_audio { local.ssrc } else { local.video_ssrc };
        let port = local.candidates.first().map_or(9, std::net::SocketAddr::port);
        let mut section = MediaDescription::new(self.kind, port, PROTOCOL);
        if let Some(candidate) = local.candidates.first() {
            section = section.with_connection(Connection::new(candidate.ip()));
        }
        section.other_lines.extend(self.bandwidth.into_iter().flat_map(bandwidth::lines));
        for payload in &self.payloads {
            let (map, parameters) = payload.lines();
            section = section.with_rtp_format(&map, parameters);
            for feedback in &payload.feedback {
                let value = format!("{} {}", payload.number, feedback.as_str());
                section = section.with_attribute(Attribute::new("rtcp-fb", value));
            }
            if let Some(rtx) = payload.rtx {
                let map = RtpMap::new(rtx, "rtx", offhook_media::VideoCodec::CLOCK);
                section = section.with_rtp_format(&map, Some(&format!("apt={}", payload.number)));
            }
        }
        if let Some(number) = self.transport_cc {
            section = section.with_attribute(Attribute::new("extmap", format!("{number} {TRANSPORT_CC}")));
        }
        section = section
            .with_direction(written(self.direction))
            .with_attribute(Attribute::new("mid", self.mid.clone()))
            .with_attribute(Attribute::flag("rtcp-mux"))
            .with_attribute(Attribute::new("ice-ufrag", local.ice.ufrag.clone()))
            .with_attribute(Attribute::new("ice-pwd", local.ice.password.expose()))
            .with_attribute(Attribute::new("fingerprint", format!("{} {}", Fingerprint::ALGORITHM, local.fingerprint)))
            .with_attribute(Attribute::new("setup", "passive"))
            .with_attribute(Attribute::new("msid", format!("{STREAM} {}", self.kind)))
            .with_attribute(Attribute::new("ssrc", format!("{ssrc} cname:{}", local.cname)));
        if self.payloads.iter().any(|payload| payload.rtx.is_some()) {
            let rtx = local.rtx_ssrc();
            section = section
                .with_attribute(Attribute::new("ssrc", format!("{rtx} cname:{}", local.cname)))
                .with_attribute(Attribute::new("ssrc-group", format!("FID {ssrc} {rtx}")));
        }
        // Pictures go the way of the sound.
        if is_audio { with_candidates(section, local) } else { section }
    }
}

/// Firefox wants a `c=` line in every section, or none of them counts.
fn refused(section: &MediaDescription) -> MediaDescription {
    section.refused().with_connection(Connection::new(std::net::Ipv4Addr::UNSPECIFIED.into()))
}

fn with_candidates(mut section: MediaDescription, local: &WebRtcLocal) -> MediaDescription {
    for (index, candidate) in (0u32..).zip(&local.candidates) {
        let priority = priority(local.generation, index);
        let value = format!("{} 1 udp {priority} {} {} typ host", index + 1, candidate.ip(), candidate.port());
        section = section.with_attribute(Attribute::new("candidate", value));
    }
    for ((index, candidate), foundation) in (0u32..).zip(&local.tcp_candidates).zip(local.candidates.len() + 1..) {
        let priority = TCP | (priority(local.generation, index) & 0x00ff_ff00);
        let (ip, port) = (candidate.ip(), candidate.port());
        let value = format!("{foundation} 1 tcp {priority} {ip} {port} typ host tcptype passive");
        section = section.with_attribute(Attribute::new("candidate", value));
    }
    section.with_attribute(Attribute::flag("end-of-candidates"))
}

/// The most preferred candidate first, and those of a restart before all earlier ones: a browser that has restarted ICE
/// leaves a way gone dead at once for a better one, but for one that is only as good after seconds of silence.
fn priority(generation: u16, index: u32) -> u32 {
    let preference = (u32::from(generation.min(LAST_PREFERRED)) << 8) | 255u32.saturating_sub(index);
    HOST | (preference << 8)
}

/// The offered payload types for the codecs agreed, in their order, with the events that go with them.
fn chosen_audio(offered: &[Payload], audio: &Description) -> Vec<Payload> {
    let find = |format: Format| offered.iter().find(|payload| payload.format == format).cloned();
    let mut chosen: Vec<Payload> = audio.codecs.iter().filter_map(|codec| find(Format::Audio(*codec))).collect();
    with_opus(&mut chosen, audio);
    if audio.telephone_event {
        chosen.extend(event_clocks(&audio.codecs).filter_map(|clock| find(Format::TelephoneEvent { clock })));
    }
    chosen
}

/// The far end's parameters of Opus, where it has said any.
fn with_opus(payloads: &mut [Payload], audio: &Description) {
    let opus = payloads.iter_mut().find(|payload| payload.format == Format::Audio(Codec::Opus));
    if let (Some(payload), Some(parameters)) = (opus, audio.sound.opus) {
        payload.parameters = Some(parameters.to_string());
    }
}

/// The offered payload types for the codecs agreed, in their order, with the parameters of the far end.
fn chosen_video(offered: &[Payload], video: &Video) -> Vec<Payload> {
    let find = |format: Format| offered.iter().find(|payload| payload.format == format);
    let with_parameters = |codec: &VideoCodec| {
        let payload = find(Format::Video(codec.format))?.clone();
        Some(Payload { parameters: codec.parameters.clone(), ..payload })
    };
    video.codecs.iter().filter_map(with_parameters).collect()
}

fn offered_audio(audio: &Description, numbers: &mut Numbers) -> Vec<Payload> {
    let sound = |format: Format, otherwise: u8| Payload::sound(numbers.of(format, otherwise), format);
    let codec = |codec: &Codec| sound(Format::Audio(*codec), codec.static_payload_type().unwrap_or(OPUS));
    // What a telephone offers besides is nothing to a browser, and has no number here.
    let known = audio.codecs.iter().filter(|codec| Codec::BROWSER.contains(codec));
    let mut payloads: Vec<Payload> = known.map(codec).collect();
    with_opus(&mut payloads, audio);
    if audio.telephone_event {
        let number = |clock| if clock == Codec::Opus.clock() { EVENTS_48K } else { EVENTS_8K };
        payloads
            .extend(event_clocks(&audio.codecs).map(|clock| sound(Format::TelephoneEvent { clock }, number(clock))));
    }
    payloads
}

fn offered_video(video: &Video, numbers: &mut Numbers) -> Vec<Payload> {
    let payload = |codec: &VideoCodec| {
        let format = Format::Video(codec.format);
        let number = numbers.dynamic(format)?;
        let feedback = Feedback::ALL.to_vec();
        Some(Payload { number, format, parameters: codec.parameters.clone(), feedback, rtx: None })
    };
    let mut payloads: Vec<Payload> = video.codecs.iter().filter_map(payload).collect();
    for payload in &mut payloads {
        payload.rtx = numbers.rtx(payload.number);
    }
    payloads
}

/// RFC 4733 section 2.1: events have the clock of the audio they stand among.
fn event_clocks(codecs: &[Codec]) -> impl Iterator<Item = u32> {
    [48_000, 8_000].into_iter().filter(|clock| codecs.iter().any(|codec| codec.clock() == *clock))
}

fn session(local: &WebRtcLocal, audio: &Medium, video: Option<&Medium>, version: u64) -> SessionDescription {
    let address = local.candidates.first().map_or(std::net::Ipv4Addr::LOCALHOST.into(), std::net::SocketAddr::ip);
    let bundle = video.map_or_else(|| audio.mid.clone(), |video| format!("{} {}", audio.mid, video.mid));
    // The stream's source is as random as an origin needs, and stays the same for all versions.
    SessionDescription::new(Origin::new(u64::from(local.ssrc), version, address))
        .with_attribute(Attribute::new("group", format!("BUNDLE {bundle}")))
        .with_attribute(Attribute::flag("ice-lite"))
}

fn mid(description: &BrowserDescription, index: usize) -> String {
    let section = description.whole.media.get(index);
    section.and_then(|section| section.attributes.mid()).unwrap_or("0").to_owned()
}

/// A name no section has.
fn fresh_mid(description: &SessionDescription) -> String {
    let mids: BTreeSet<&str> = description.media.iter().filter_map(|section| section.attributes.mid()).collect();
    (0..=mids.len()).map(|number| number.to_string()).find(|mid| !mids.contains(mid.as_str())).unwrap_or_default()
}

fn both(a: Direction, b: Direction) -> Direction {
    match (a.sends() && b.sends(), a.receives() && b.receives()) {
        (true, true) => Direction::SendRecv,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::RecvOnly,
        (false, false) => Direction::Inactive,
    }
}

fn written(direction: Direction) -> sdp::Direction {
    sdp::Direction::new(direction.sends(), direction.receives())
}
