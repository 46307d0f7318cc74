//! Pictures between the core's descriptions, which are about codecs, and those of SDP, which are also about payload types,
//! ports and feedback.
//!
//! Of what browsers can show, telephones are offered VP8 (RFC 7741) and H.264 (RFC 6184). Parameters go across as they
//! are: what a decoder takes is between the two ends.

use offhook_media::{
    Direction, Format, H264Profile, PayloadFormat, RtpRemote, VideoCodec, VideoFeedback, VideoLocal, VideoRemote,
};
use offhook_sip::offer_answer::{Codec as SdpCodec, LocalVideo, NegotiatedVideo, RemoteVideo};
use offhook_sip::sdp::h264::with_common_level;
use offhook_sip::sdp::{CryptoSuite, MasterKey, RtcpFeedback};

use super::description::{direction, sdp_direction, srtp_keys};
use crate::call::{Video, VideoCodec as NamedCodec};

/// Codecs offered at most: descriptions have to go into datagrams.
const MAX_CODECS: usize = 5;
/// The longest parameters that are passed on; parameter sets of H.264 are among them.
const MAX_PARAMETERS: usize = 512;
/// The number to prefer, where it is free.
const DYNAMIC: u8 = 96;

/// What the relay's side brings to an offer or an answer, where telephones know any of it. A hold of the sound is one of
/// the pictures, too.
#[must_use]
pub(super) fn local_video(
    local: &VideoLocal,
    video: &Video,
    sound: Direction,
    keys: Vec<(CryptoSuite, MasterKey)>,
) -> Option<LocalVideo> {
    let codecs: Vec<SdpCodec> = offerable(&video.codecs).filter_map(sdp_codec).collect();
    (!codecs.is_empty()).then(|| LocalVideo {
        port: local.addr.port(),
        codecs,
        direction: sdp_direction(both(video.direction, sound)),
        bandwidth: video.bandwidth,
        keys,
    })
}

/// Whether telephones can be offered any of these.
#[must_use]
pub(super) fn can_be_offered(video: &Video) -> bool {
    offerable(&video.codecs).next().is_some()
}

/// What a peer's offer says of its pictures, in the core's terms. What its sound does not do is a hold, and none of the
/// pictures' own.
#[must_use]
pub(super) fn offered(remote: &RemoteVideo, sound: Direction) -> Option<Video> {
    let codecs = remote.media.codecs.iter().filter_map(|theirs| named(theirs, theirs.fmtp.as_deref()));
    let direction = direction(remote.media.direction.reversed());
    shown(codecs, direction, sound, remote.bandwidth)
}

/// What an exchange agreed on, in the core's terms.
#[must_use]
pub(super) fn agreed(negotiated: &NegotiatedVideo, sound: Direction) -> Option<Video> {
    let codecs = negotiated.codecs.iter().filter_map(|agreed| {
        let ours = agreed.codec.fmtp.as_deref().unwrap_or_default();
        let theirs = agreed.remote_fmtp.as_deref();
        let is_h264 = agreed.codec.encoding.eq_ignore_ascii_case("h264");
        let levelled = theirs.filter(|_| is_h264).map(|theirs| with_common_level(ours, theirs));
        named(&agreed.codec, levelled.as_deref().or(theirs))
    });
    shown(codecs, direction(negotiated.direction), sound, negotiated.bandwidth)
}

/// What an exchange agreed on, in the media worker's terms.
#[must_use]
pub(super) fn video_remote(negotiated: &NegotiatedVideo) -> VideoRemote {
    let formats = negotiated.codecs.iter().filter_map(|agreed| {
        let format = Format::Video(format(&agreed.codec)?);
        Some(PayloadFormat { format, receive_pt: agreed.codec.payload_type, send_pt: agreed.send_payload_type })
    });
    let RtcpFeedback { nack, pli, fir } = negotiated.feedback;
    VideoRemote {
        rtp: RtpRemote {
            rtp: negotiated.remote,
            rtcp: negotiated.rtcp,
            rtcp_mux: negotiated.rtcp_mux,
            srtp: negotiated.srtp.as_ref().map(srtp_keys),
            formats: formats.collect(),
            sound: Default::default(),
        },
        direction: direction(negotiated.direction),
        feedback: VideoFeedback { nack, pli, fir },
    }
}

/// VP8, and of H.264 first what is most widely spoken; in the order they came.
fn offerable(codecs: &[NamedCodec]) -> impl Iterator<Item = &NamedCodec> {
    let mut ranks: Vec<(u8, usize)> =
        codecs.iter().enumerate().filter_map(|(at, codec)| Some((rank(codec.format)?, at))).collect();
    ranks.sort_unstable();
    ranks.truncate(MAX_CODECS);
    let kept = move |at: usize| ranks.iter().any(|(_, kept)| *kept == at);
    codecs.iter().enumerate().filter(move |(at, _)| kept(*at)).map(|(_, codec)| codec)
}

const fn rank(format: VideoCodec) -> Option<u8> {
    Some(match format {
        VideoCodec::Vp8 => 0,
        VideoCodec::H264 {
            profile: H264Profile::ConstrainedBaseline | H264Profile::Baseline,
            packetization_mode: 1,
        } => 1,
        VideoCodec::H264 {
            profile: H264Profile::ConstrainedBaseline | H264Profile::Baseline,
            packetization_mode: 0,
        } => 2,
        // Interleaved packets are decoded by no browser.
        VideoCodec::H264 { packetization_mode: 0 | 1, .. } => 3,
        VideoCodec::H264 { .. } | VideoCodec::Vp9 { .. } | VideoCodec::Av1 { .. } => return None,
    })
}

fn sdp_codec(codec: &NamedCodec) -> Option<SdpCodec> {
    let written = SdpCodec::new(DYNAMIC, codec.format.name(), VideoCodec::CLOCK);
    match &codec.parameters {
        None => Some(written),
        Some(parameters) => (parameters.len() <= MAX_PARAMETERS).then(|| written.with_fmtp(parameters.clone())),
    }
}

/// A codec of theirs that can be passed through, with these parameters.
fn named(codec: &SdpCodec, parameters: Option<&str>) -> Option<NamedCodec> {
    let is_printable = |text: &&str| text.len() <= MAX_PARAMETERS && text.bytes().all(is_printable);
    let parameters = parameters.filter(is_printable).filter(|text| !text.is_empty());
    Some(NamedCodec { format: format(codec)?, parameters: parameters.map(str::to_owned) })
}

fn format(codec: &SdpCodec) -> Option<VideoCodec> {
    let format = VideoCodec::parse(&codec.encoding, codec.fmtp.as_deref().unwrap_or_default())?;
    (codec.clock_rate == VideoCodec::CLOCK && rank(format).is_some()).then_some(format)
}

fn shown(
    codecs: impl Iterator<Item = NamedCodec>,
    direction: Direction,
    sound: Direction,
    bandwidth: Option<u32>,
) -> Option<Video> {
    let mut once: Vec<NamedCodec> = Vec::new();
    for codec in codecs {
        if !once.contains(&codec) {
            once.push(codec);
        }
    }
    let direction = of_halves(direction.sends() || !sound.sends(), direction.receives() || !sound.receives());
    (!once.is_empty()).then_some(Video { codecs: once, direction, bandwidth })
}

fn both(one: Direction, other: Direction) -> Direction {
    of_halves(one.sends() && other.sends(), one.receives() && other.receives())
}

const fn of_halves(sends: bool, receives: bool) -> Direction {
    match (sends, receives) {
        (true, true) => Direction::SendRecv,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::RecvOnly,
        (false, false) => Direction::Inactive,
    }
}

const fn is_printable(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_graphic()
}

#[cfg(test)]
mod tests {
    use super::*;
    use offhook_sip::offer_answer::{LocalMedia, OfferAnswer};
    use offhook_sip::sdp::SessionDescription;

    const SENDRECV: Direction = Direction::SendRecv;

    fn codec(name: &str, parameters: &str) -> NamedCodec {
        let format = VideoCodec::parse(name, parameters).unwrap();
        NamedCodec { format, parameters: (!parameters.is_empty()).then(|| parameters.to_owned()) }
    }

    /// What a browser offers.
    fn browser() -> Video {
        let h264 = |id: &str, mode: u8| {
            codec("H264", &format!("level-asymmetry-allowed=1;packetization-mode={mode};profile-level-id={id}"))
        };
        let codecs = vec![
            codec("VP8", ""),
            codec("VP9", "profile-id=0"),
            h264("64001f", 1),
            h264("42001f", 1),
            h264("42001f", 0),
            h264("42e01f", 1),
            h264("42e01f", 0),
            codec("AV1", "profile=0"),
        ];
        Video { codecs, direction: SENDRECV, bandwidth: None }
    }

    fn local() -> VideoLocal {
        VideoLocal { addr: "192.0.2.1:6000".parse().unwrap(), rtcp: "192.0.2.1:6001".parse().unwrap() }
    }

    fn sound() -> LocalMedia {
        LocalMedia::new([192, 0, 2, 1].into(), 4000, vec![SdpCodec::pcma()])
    }

    fn phone(video: &str) -> SessionDescription {
        let text = format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 5000 RTP/AVP 8\r\n{video}"
        );
        SessionDescription::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn telephones_are_offered_what_they_know_in_the_order_it_came() {
        let video = local_video(&local(), &browser(), SENDRECV, Vec::new()).unwrap();
        let names: Vec<_> = video.codecs.iter().map(|codec| (codec.encoding.as_str(), codec.fmtp.as_deref())).collect();
        assert_eq!(names.len(), MAX_CODECS);
        assert_eq!(names[0], ("VP8", None));
        assert!(names[1..].iter().all(|(name, _)| *name == "H264"));
        assert!(names[1].1.unwrap().ends_with("profile-level-id=42001f"));
        let unknown = Video { codecs: vec![codec("AV1", "profile=0")], ..browser() };
        assert_eq!(local_video(&local(), &unknown, SENDRECV, Vec::new()), None);
        assert!(!can_be_offered(&unknown));
    }

    #[test]
    fn an_answer_is_told_with_its_parameters_at_the_level_both_can() {
        let mut exchange = OfferAnswer::new(1, [192, 0, 2, 1].into());
        let video = local_video(&local(), &browser(), SENDRECV, Vec::new());
        exchange.create_offer(&LocalMedia { video, ..sound() }).unwrap();
        let answer = phone(
            "m=video 7000 RTP/AVP 104\r\nb=AS:300\r\na=rtpmap:104 H264/90000\r\n\
            a=fmtp:104 profile-level-id=42c028;packetization-mode=1;sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==\r\n\
            a=rtcp-fb:* nack pli\r\n",
        );
        let negotiated = exchange.receive_answer(&answer).unwrap().video.clone().unwrap();
        let shown = agreed(&negotiated, SENDRECV).unwrap();
        let expected = "profile-level-id=42c01f;packetization-mode=1;sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==";
        assert_eq!(shown.codecs[0].parameters.as_deref(), Some(expected));
        assert_eq!(shown.bandwidth, Some(300_000));
        let remote = video_remote(&negotiated);
        let h264 = VideoCodec::H264 { profile: H264Profile::ConstrainedBaseline, packetization_mode: 1 };
        assert_eq!(remote.rtp.formats[0].format, Format::Video(h264));
        assert_eq!(remote.rtp.formats[0].send_pt, 104);
        assert_eq!(remote.feedback, VideoFeedback { pli: true, ..VideoFeedback::default() });
    }

    #[test]
    fn a_hold_is_none_of_the_pictures_own() {
        let mut exchange = OfferAnswer::new(1, [192, 0, 2, 1].into());
        let offer = phone("m=video 7000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\na=inactive\r\n");
        let remote = exchange.receive_offer(&offer).unwrap().video.clone().unwrap();
        let directions = [Direction::Inactive, Direction::RecvOnly, SENDRECV];
        let shown = directions.map(|sound| offered(&remote, sound).unwrap().direction);
        assert_eq!(shown, [SENDRECV, Direction::SendOnly, Direction::Inactive]);
        let held = local_video(&local(), &browser(), Direction::SendOnly, Vec::new()).unwrap();
        assert_eq!(direction(held.direction), Direction::SendOnly);
    }

    #[test]
    fn what_cannot_be_passed_on_is_left_out() {
        let named = |name: &str, clock: u32, parameters: &str| {
            let theirs = SdpCodec::new(96, name, clock).with_fmtp(parameters);
            named(&theirs, theirs.fmtp.as_deref())
        };
        assert!(named("VP8", 90_000, "max-fs=3600").is_some());
        assert!(named("VP8", 48_000, "").is_none());
        assert!(named("H263-1998", 90_000, "").is_none());
        assert!(named("H264", 90_000, "packetization-mode=2").is_none());
        let long = "x".repeat(MAX_PARAMETERS + 1);
        assert_eq!(named("VP8", 90_000, &long).unwrap().parameters, None);
        assert_eq!(named("VP8", 90_000, "a\nb").unwrap().parameters, None);
    }
}
