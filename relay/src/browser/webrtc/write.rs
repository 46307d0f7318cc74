use offhook_media::{Codec, Direction, Fingerprint, Format, PayloadFormat, WebRtcLocal};
use offhook_sip::sdp::{self, Attribute, Connection, MediaDescription, Origin, RtpMap, SessionDescription};

use super::read::{BrowserDescription, Payload};
use crate::call::Description;

const PROTOCOL: &str = "UDP/TLS/RTP/SAVPF";
const OPUS: u8 = 111;
const EVENTS_48K: u8 = 110;
const EVENTS_8K: u8 = 126;
/// RFC 8445 section 5.1.2.1: host candidates, the most preferred first.
const HOST_PRIORITY: u32 = 0x7e00_00ff;

/// Answers a browser's offer with `audio`, which names codecs of that offer. Returns the text and what was agreed.
#[must_use]
pub fn answer(
    offered: &BrowserDescription,
    local: &WebRtcLocal,
    audio: &Description,
    version: u64,
) -> (String, Vec<PayloadFormat>) {
    let chosen = chosen(offered.payloads(), audio);
    let mid = offered.whole.media.get(offered.audio).and_then(|section| section.attributes.mid()).unwrap_or("0");
    let mut description = session(local, mid, version);
    for (index, section) in offered.whole.media.iter().enumerate() {
        let answered = if index == offered.audio {
            audio_section(local, mid, &chosen, audio.direction)
        } else {
            section.refused()
        };
        description = description.with_media(answered);
    }
    (description.to_text(), same_numbers(&chosen))
}

/// Offers a browser `audio`. Returns the text and the payload types offered.
#[must_use]
pub fn offer(local: &WebRtcLocal, audio: &Description, version: u64) -> (String, Vec<Payload>) {
    let payloads = offered_payloads(audio);
    let description = session(local, "0", version).with_media(audio_section(local, "0", &payloads, audio.direction));
    (description.to_text(), payloads)
}

/// Pairs the relay's payload types with those of the browser's answer, in the answer's order.
#[must_use]
pub fn agreed(offered: &[Payload], answered: &BrowserDescription) -> Vec<PayloadFormat> {
    let pair = |theirs: &Payload| {
        let ours = offered.iter().find(|ours| ours.format == theirs.format)?;
        Some(PayloadFormat { format: theirs.format, receive_pt: ours.number, send_pt: theirs.number })
    };
    answered.payloads().iter().filter_map(pair).collect()
}

/// The offered payload types for `audio`, in its order, with the events that go with its codecs.
fn chosen(offered: &[Payload], audio: &Description) -> Vec<Payload> {
    let find = |format: Format| offered.iter().copied().find(|payload| payload.format == format);
    let mut chosen: Vec<Payload> = audio.codecs.iter().filter_map(|codec| find(Format::Audio(*codec))).collect();
    if audio.telephone_event {
        chosen.extend(event_clocks(&audio.codecs).filter_map(|clock| find(Format::TelephoneEvent { clock })));
    }
    chosen
}

fn offered_payloads(audio: &Description) -> Vec<Payload> {
    let number = |codec: Codec| codec.static_payload_type().unwrap_or(OPUS);
    let mut payloads: Vec<Payload> =
        audio.codecs.iter().map(|codec| Payload { number: number(*codec), format: Format::Audio(*codec) }).collect();
    if audio.telephone_event {
        let event = |clock| Payload {
            number: if clock == Codec::Opus.clock() { EVENTS_48K } else { EVENTS_8K },
            format: Format::TelephoneEvent { clock },
        };
        payloads.extend(event_clocks(&audio.codecs).map(event));
    }
    payloads
}

/// RFC 4733 section 2.1: events have the clock of the audio they stand among.
fn event_clocks(codecs: &[Codec]) -> impl Iterator<Item = u32> {
    [48_000, 8_000].into_iter().filter(|clock| codecs.iter().any(|codec| codec.clock() == *clock))
}

fn same_numbers(payloads: &[Payload]) -> Vec<PayloadFormat> {
    let same = |payload: &Payload| PayloadFormat {
        format: payload.format,
        receive_pt: payload.number,
        send_pt: payload.number,
    };
    payloads.iter().map(same).collect()
}

fn session(local: &WebRtcLocal, mid: &str, version: u64) -> SessionDescription {
    let address = local.candidates.first().map_or(std::net::Ipv4Addr::LOCALHOST.into(), std::net::SocketAddr::ip);
    // The stream's source is as random as an origin needs, and stays the same for all versions.
    SessionDescription::new(Origin::new(u64::from(local.ssrc), version, address))
        .with_attribute(Attribute::new("group", format!("BUNDLE {mid}")))
        .with_attribute(Attribute::flag("ice-lite"))
}

fn audio_section(local: &WebRtcLocal, mid: &str, payloads: &[Payload], direction: Direction) -> MediaDescription {
    let port = local.candidates.first().map_or(9, std::net::SocketAddr::port);
    let mut section = MediaDescription::new("audio", port, PROTOCOL);
    if let Some(candidate) = local.candidates.first() {
        section = section.with_connection(Connection::new(candidate.ip()));
    }
    for payload in payloads {
        let (map, parameters) = rtpmap(*payload);
        section = section.with_rtp_format(&map, parameters);
    }
    section = section
        .with_direction(written(direction))
        .with_attribute(Attribute::new("mid", mid))
        .with_attribute(Attribute::flag("rtcp-mux"))
        .with_attribute(Attribute::new("ice-ufrag", local.ice.ufrag.clone()))
        .with_attribute(Attribute::new("ice-pwd", local.ice.password.expose()))
        .with_attribute(Attribute::new("fingerprint", format!("{} {}", Fingerprint::ALGORITHM, local.fingerprint)))
        .with_attribute(Attribute::new("setup", "passive"))
        .with_attribute(Attribute::new("msid", "offhook audio"))
        .with_attribute(Attribute::new("ssrc", format!("{} cname:{}", local.ssrc, local.cname)));
    for (index, candidate) in (0u32..).zip(&local.candidates) {
        let priority = HOST_PRIORITY.saturating_sub(index << 8);
        let value = format!("{} 1 udp {priority} {} {} typ host", index + 1, candidate.ip(), candidate.port());
        section = section.with_attribute(Attribute::new("candidate", value));
    }
    section.with_attribute(Attribute::flag("end-of-candidates"))
}

fn rtpmap(payload: Payload) -> (RtpMap, Option<&'static str>) {
    match payload.format {
        Format::Audio(codec) => {
            let mut map = RtpMap::new(payload.number, codec.name(), codec.clock());
            map.channels = codec.channels();
            (map, (codec == Codec::Opus).then_some("minptime=10;useinbandfec=1"))
        }
        Format::TelephoneEvent { clock } => (RtpMap::new(payload.number, "telephone-event", clock), Some("0-15")),
    }
}

fn written(direction: Direction) -> sdp::Direction {
    sdp::Direction::new(direction.sends(), direction.receives())
}
