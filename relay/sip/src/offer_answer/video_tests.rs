//! Pictures beside the sound, from both sides.

use std::net::IpAddr;

use super::*;
use crate::sdp::{CryptoSuite, Direction, MasterKey, MediaDescription, RtcpFeedback, SessionDescription};

const OURS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const SOUND: &str = "m=audio 5000 RTP/AVP 8\r\n";
const KEY: &str = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

fn vp8() -> Codec {
    Codec::new(96, "VP8", 90_000)
}

fn h264(profile: &str, mode: u8) -> Codec {
    Codec::new(97, "H264", 90_000).with_fmtp(format!("profile-level-id={profile};packetization-mode={mode}"))
}

fn keys(byte: u8) -> Vec<(CryptoSuite, MasterKey)> {
    CryptoSuite::ALL.into_iter().map(|suite| (suite, MasterKey::new(vec![byte; suite.key_len()]))).collect()
}

fn sound() -> LocalMedia {
    LocalMedia { rtcp_mux: true, keys: keys(1), ..LocalMedia::new(OURS, 4000, vec![Codec::pcma()]) }
}

fn pictures() -> LocalVideo {
    let codecs = vec![vp8(), h264("42e01f", 1), h264("42e01f", 0)];
    LocalVideo { port: 6000, codecs, direction: Direction::SendRecv, bandwidth: Some(512_000), keys: keys(2) }
}

fn both() -> LocalMedia {
    LocalMedia { video: Some(pictures()), ..sound() }
}

fn phone(sections: &str) -> SessionDescription {
    let text = format!("v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n{sections}");
    SessionDescription::parse(text.as_bytes()).unwrap()
}

fn session() -> OfferAnswer {
    OfferAnswer::new(7, OURS)
}

/// Type, port and protocol of each section.
fn shape(description: &SessionDescription) -> Vec<String> {
    let shown = |section: &MediaDescription| format!("{} {} {}", section.media, section.port, section.protocol);
    description.media.iter().map(shown).collect()
}

fn answer_to(offer: &str) -> Answer {
    let mut session = session();
    session.receive_offer(&phone(offer)).unwrap();
    session.create_answer(&both()).unwrap()
}

fn agreed_after(answer: &str) -> Option<NegotiatedVideo> {
    let mut session = session();
    session.create_offer(&both()).unwrap();
    session.receive_answer(&phone(answer)).unwrap().video.clone()
}

#[test]
fn an_offer_has_pictures_after_the_sound_with_what_they_may_take_and_be_asked_for() {
    let offer = session().create_offer(&both()).unwrap();
    assert_eq!(shape(&offer), ["audio 4000 RTP/AVP", "video 6000 RTP/AVP"]);
    let text = offer.to_text();
    let (_, video) = text.split_once("m=video").unwrap();
    for line in [
        "b=TIAS:512000",
        "b=AS:512",
        "a=rtpmap:96 VP8/90000",
        "a=fmtp:97 profile-level-id=42e01f;packetization-mode=1",
        "a=fmtp:98 profile-level-id=42e01f;packetization-mode=0",
        "a=rtcp-fb:* nack pli",
        "a=rtcp-fb:* ccm fir",
    ] {
        assert!(video.contains(line), "{line} is missing from {video}");
    }
}

#[test]
fn an_answer_pairs_the_codecs_whatever_numbers_it_gives_them() {
    let answer = format!(
        "{SOUND}m=video 7000 RTP/AVPF 110\r\nb=AS:256\r\na=rtpmap:110 H264/90000\r\n\
        a=fmtp:110 profile-level-id=42801f;packetization-mode=0;sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==\r\n\
        a=rtcp-fb:110 ccm fir\r\na=sendonly\r\n"
    );
    // Constrained Baseline in another spelling.
    let answer = answer.replace("42801f", "42c01f");
    let video = agreed_after(&answer).unwrap();
    let [codec] = video.codecs.as_slice() else { panic!("{:?}", video.codecs) };
    assert_eq!((codec.codec.payload_type, codec.send_payload_type), (98, 110));
    assert!(codec.remote_fmtp.as_deref().unwrap().ends_with("sprop-parameter-sets=Z0IACpZTBYmI,aMljiA=="));
    assert_eq!(video.remote, "192.0.2.9:7000".parse().unwrap());
    assert_eq!((video.direction, video.bandwidth), (Direction::RecvOnly, Some(256_000)));
    assert_eq!(video.feedback, RtcpFeedback { fir: true, ..RtcpFeedback::default() });
}

#[test]
fn pictures_nobody_can_show_are_no_reason_to_end_the_call() {
    for answer in [
        SOUND.to_owned(),
        format!("{SOUND}m=video 0 RTP/AVP 96\r\n"),
        format!("{SOUND}m=video 7000 RTP/AVP 99\r\na=rtpmap:99 H265/90000\r\n"),
        format!("{SOUND}m=video 7000 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\na=fmtp:99 profile-level-id=640c1f\r\n"),
        format!("{SOUND}m=video 7000 RTP/AVP 96\r\nc=IN IP4 224.0.0.1\r\na=rtpmap:96 VP8/90000\r\n"),
        format!("{SOUND}m=audio 7000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"),
    ] {
        assert_eq!(agreed_after(&answer), None, "{answer}");
    }
}

#[test]
fn an_answer_of_ours_keeps_the_order_of_the_sections_and_refuses_what_it_does_not_take() {
    let answer = answer_to(
        "m=video 7000 RTP/AVPF 101\r\na=rtpmap:101 VP8/90000\r\na=rtcp-fb:101 nack pli\r\n\
        m=application 9 UDP/BFCP *\r\nm=audio 5000 RTP/AVP 8\r\nm=video 7002 RTP/AVP 102\r\na=rtpmap:102 VP8/90000\r\n",
    );
    let expected = ["video 6000 RTP/AVPF", "application 0 UDP/BFCP", "audio 4000 RTP/AVP", "video 0 RTP/AVP"];
    assert_eq!(shape(&answer.description), expected);
    let video = answer.negotiated.video.unwrap();
    assert_eq!((video.codecs[0].codec.payload_type, video.codecs[0].send_payload_type), (101, 101));
    let text = answer.description.to_text();
    assert!(text.contains("a=rtcp-fb:* nack pli\r\n") && !text.contains("ccm fir"), "{text}");
}

#[test]
fn a_peer_that_can_be_asked_for_nothing_is_told_of_nothing_to_ask_for() {
    let answer = answer_to(&format!("{SOUND}m=video 7000 RTP/AVP 101\r\na=rtpmap:101 VP8/90000\r\n"));
    assert!(!answer.description.to_text().contains("rtcp-fb"));
}

#[test]
fn without_pictures_of_ours_or_a_common_codec_their_section_is_refused() {
    let unknown = format!("{SOUND}m=video 7000 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\n");
    assert_eq!(shape(&answer_to(&unknown).description), ["audio 4000 RTP/AVP", "video 0 RTP/AVP"]);
    let mut session = session();
    session.receive_offer(&phone(&format!("{SOUND}m=video 7000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"))).unwrap();
    let answer = session.create_answer(&sound()).unwrap();
    assert_eq!(shape(&answer.description), ["audio 4000 RTP/AVP", "video 0 RTP/AVP"]);
    assert_eq!(answer.negotiated.video, None);
}

#[test]
fn pictures_come_and_go_in_one_place_and_codecs_keep_their_numbers() {
    let mut session = session();
    session.create_offer(&both()).unwrap();
    let shown = format!("{SOUND}m=video 7000 RTP/AVPF 96\r\na=rtpmap:96 VP8/90000\r\n");
    session.receive_answer(&phone(&shown)).unwrap();
    let without = session.create_offer(&sound()).unwrap();
    assert_eq!(shape(&without), ["audio 4000 RTP/AVP", "video 0 RTP/AVPF"]);
    session.receive_answer(&phone(&format!("{SOUND}m=video 0 RTP/AVPF 96\r\n"))).unwrap();
    assert_eq!(session.negotiated().unwrap().video, None);
    let mut again = both();
    again.video = Some(LocalVideo { codecs: vec![h264("42e01f", 0), vp8()], ..pictures() });
    let offer = session.create_offer(&again).unwrap();
    assert_eq!(shape(&offer)[1], "video 6000 RTP/AVP");
    assert_eq!(offer.media[1].formats, ["98", "96"]);
}

#[test]
fn a_peer_adds_pictures_and_takes_them_away_again() {
    let mut session = session();
    session.create_offer(&sound()).unwrap();
    session.receive_answer(&phone(SOUND)).unwrap();
    let shown = format!("{SOUND}m=video 7000 RTP/AVP 101\r\na=rtpmap:101 VP8/90000\r\n");
    assert!(session.receive_offer(&phone(&shown)).unwrap().video.is_some());
    let answer = session.create_answer(&both()).unwrap();
    assert_eq!(shape(&answer.description)[1], "video 6000 RTP/AVP");
    let gone = format!("{SOUND}m=video 0 RTP/AVP 101\r\na=rtpmap:101 VP8/90000\r\n");
    assert!(session.receive_offer(&phone(&gone)).unwrap().video.is_none());
    assert_eq!(shape(&session.create_answer(&both()).unwrap().description)[1], "video 0 RTP/AVP");
}

#[test]
fn each_section_is_encrypted_with_keys_of_its_own() {
    let mut session = session().with_srtp(SrtpPolicy::Required);
    let offer = session.create_offer(&both()).unwrap();
    assert_eq!(shape(&offer), ["audio 4000 RTP/SAVP", "video 6000 RTP/SAVP"]);
    let keys = |section: usize| offer.media[section].attributes.values("crypto").map(str::to_owned).collect::<Vec<_>>();
    assert!(keys(1).len() == keys(0).len() && keys(0).iter().all(|line| !keys(1).contains(line)));
    let line = format!("a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n");
    let tag =
        keys(0).iter().find(|line| line.contains("SHA1_80")).and_then(|line| line.split(' ').next().map(str::to_owned));
    let line = line.replace("crypto:3", &format!("crypto:{}", tag.unwrap()));
    let answer = |sealed: &str| {
        format!("m=audio 5000 RTP/SAVP 8\r\n{line}m=video 7000 RTP/SAVP 96\r\n{sealed}a=rtpmap:96 VP8/90000\r\n")
    };
    let mut other = session.clone();
    let sealed = session.receive_answer(&phone(&answer(&line))).unwrap().video.clone().unwrap();
    assert_eq!(sealed.srtp.unwrap().send.expose()[0], 2);
    // Pictures in the clear are not taken; the sound goes on.
    assert_eq!(other.receive_answer(&phone(&answer(""))).unwrap().video, None);
}

#[test]
fn a_policy_of_encryption_refuses_pictures_in_the_clear() {
    let mut session = session().with_srtp(SrtpPolicy::Required);
    let line = format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}\r\n");
    let offer = format!("m=audio 5000 RTP/SAVP 8\r\n{line}m=video 7000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n");
    session.receive_offer(&phone(&offer)).unwrap();
    let answer = session.create_answer(&both()).unwrap();
    assert_eq!(shape(&answer.description), ["audio 4000 RTP/SAVP", "video 0 RTP/AVP"]);
}

#[test]
fn a_hold_of_both_shows_in_both() {
    let answer = answer_to(
        "m=audio 5000 RTP/AVP 8\r\na=sendonly\r\nm=video 7000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\na=inactive\r\n",
    );
    assert_eq!(answer.negotiated.direction, Direction::RecvOnly);
    assert_eq!(answer.negotiated.video.unwrap().direction, Direction::Inactive);
}
