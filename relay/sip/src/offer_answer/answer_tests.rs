//! Answering the peer's offers.

use super::*;
use crate::sdp::{Direction, SessionDescription};

fn parse(text: &str) -> SessionDescription {
    SessionDescription::parse(text.as_bytes()).unwrap()
}

/// A description of a phone with these media lines.
fn phone(media: &str) -> SessionDescription {
    parse(&format!("v=0\no=phone 1 1 IN IP4 192.0.2.9\ns=-\nc=IN IP4 192.0.2.9\nt=0 0\n{media}"))
}

fn leg() -> OfferAnswer {
    OfferAnswer::new(77, "192.0.2.1".parse().unwrap())
}

fn local(codecs: Vec<Codec>) -> LocalMedia {
    LocalMedia::new("192.0.2.1".parse().unwrap(), 20_000, codecs)
}

fn all_codecs() -> Vec<Codec> {
    vec![
        Codec::opus(),
        Codec::g722(),
        Codec::pcmu(),
        Codec::pcma(),
        Codec::telephone_event(48_000),
        Codec::telephone_event(8000),
    ]
}

fn answer_to(media: &str, codecs: Vec<Codec>) -> Result<Answer, OfferAnswerError> {
    let mut leg = leg();
    leg.receive_offer(&phone(media))?;
    leg.create_answer(&local(codecs))
}

fn names(codecs: &[NegotiatedCodec]) -> Vec<&str> {
    codecs.iter().map(|c| c.codec.encoding.as_str()).collect()
}

#[test]
fn the_answer_keeps_the_offerers_order_filtered_by_ours() {
    let answer =
        answer_to("m=audio 4000 RTP/AVP 18 8 0 9\n", vec![Codec::pcmu(), Codec::g722(), Codec::pcma()]).unwrap();
    assert_eq!(names(&answer.negotiated.codecs), ["PCMA", "PCMU", "G722"]);
    assert_eq!(answer.description.media[0].formats, ["8", "0", "9"]);
}

#[test]
fn static_payload_types_need_no_mapping() {
    let codecs = vec![Codec::new(18, "G729", 8000)];
    let answer = answer_to("m=audio 4000 RTP/AVP 18\n", codecs).unwrap();
    assert_eq!(names(&answer.negotiated.codecs), ["G729"]);
}

#[test]
fn comfort_noise_is_no_codec_and_goes_with_those_of_its_clock() {
    let all = || vec![Codec::pcmu(), Codec::opus(), Codec::comfort_noise(8000)];
    assert_eq!(answer_to("m=audio 4000 RTP/AVP 13\n", all()).unwrap_err(), OfferAnswerError::NoCommonCodec);
    let answer = answer_to("m=audio 4000 RTP/AVP 13 0\n", all()).unwrap();
    assert_eq!(answer.description.media[0].formats, ["0", "13"]);
    assert_eq!(names(&answer.negotiated.comfort_noise), ["CN"]);
    let answer = answer_to("m=audio 4000 RTP/AVP 111 13\na=rtpmap:111 opus/48000/2\n", all()).unwrap();
    assert!(answer.negotiated.comfort_noise.is_empty());
}

#[test]
fn silence_in_g729_is_refused_to_who_has_refused_it() {
    let codecs = || vec![Codec::new(18, "G729", 8000)];
    let text = |fmtp: &str, codecs| {
        let offer = format!("m=audio 4000 RTP/AVP 18\na=fmtp:18 {fmtp}\n");
        answer_to(&offer, codecs).unwrap().description.to_text()
    };
    assert!(text("annexb=no", codecs()).contains("a=fmtp:18 annexb=no\r\n"));
    assert!(!text("annexb=yes", codecs()).contains("annexb"));
    let refusing = vec![Codec::new(18, "G729", 8000).with_fmtp("annexb=no")];
    assert!(text("annexb=yes", refusing).contains("a=fmtp:18 annexb=no\r\n"));
}

#[test]
fn dynamic_payload_types_are_the_offerers() {
    let answer = answer_to(
        "m=audio 4000 RTP/AVP 107 101\na=rtpmap:107 opus/48000/2\na=rtpmap:101 telephone-event/48000\n",
        all_codecs(),
    )
    .unwrap();
    let opus = answer.negotiated.codec().unwrap();
    assert_eq!((opus.send_payload_type, opus.codec.payload_type), (107, 107));
    let text = answer.description.to_text();
    assert!(text.contains("a=rtpmap:107 opus/48000/2\r\n"));
    assert!(text.contains("a=fmtp:107 minptime=10;useinbandfec=1\r\n"));
    assert!(text.contains("a=fmtp:101 0-15\r\n"));
}

#[test]
fn telephone_event_has_the_clock_of_its_codec() {
    let answer = answer_to(
        "m=audio 4000 RTP/AVP 96 0 101 102\na=rtpmap:96 opus/48000/2\n\
         a=rtpmap:101 telephone-event/8000\na=rtpmap:102 telephone-event/48000\n",
        all_codecs(),
    )
    .unwrap();
    let negotiated = answer.negotiated;
    assert_eq!(negotiated.telephone_event().unwrap().send_payload_type, 102);
    let for_pcmu = negotiated.telephone_event_for(&Codec::pcmu()).unwrap();
    assert_eq!(for_pcmu.send_payload_type, 101);
    assert_eq!(answer.description.media[0].formats, ["96", "0", "101", "102"]);
}

#[test]
fn telephone_event_of_a_clock_no_codec_has_is_left_out_of_the_answer() {
    let answer = answer_to(
        "m=audio 4000 RTP/AVP 0 101 102\na=rtpmap:101 telephone-event/8000\n\
         a=rtpmap:102 telephone-event/48000\n",
        all_codecs(),
    )
    .unwrap();
    assert_eq!(answer.description.media[0].formats, ["0", "101"]);
}

#[test]
fn telephone_event_of_another_clock_is_better_than_none() {
    let answer = answer_to(
        "m=audio 4000 RTP/AVP 96 101\na=rtpmap:96 opus/48000/2\na=rtpmap:101 telephone-event/8000\n",
        all_codecs(),
    )
    .unwrap();
    assert_eq!(answer.negotiated.telephone_event().unwrap().send_payload_type, 101);
}

#[test]
fn no_common_codec_is_an_outcome_of_its_own_and_ends_the_exchange() {
    let mut leg = leg();
    leg.receive_offer(&phone("m=audio 4000 RTP/AVP 18 101\na=rtpmap:101 telephone-event/8000\n")).unwrap();
    let answer = leg.create_answer(&local(all_codecs()));
    assert_eq!(answer.unwrap_err(), OfferAnswerError::NoCommonCodec);
    assert_eq!(leg.state(), State::Stable);
    assert!(leg.negotiated().is_none());
}

#[test]
fn every_other_section_is_refused_in_its_place() {
    let answer = answer_to(
        "m=video 5000 RTP/AVP 31\nm=audio 4000 RTP/AVP 0\nm=audio 4002 RTP/AVP 8\nm=image 6000 udptl t38\n",
        all_codecs(),
    )
    .unwrap();
    let lines: Vec<_> = answer.description.media.iter().map(|section| (section.media.as_str(), section.port)).collect();
    assert_eq!(lines, [("video", 0), ("audio", 20_000), ("audio", 0), ("image", 0)]);
}

#[test]
fn the_first_usable_audio_section_counts() {
    let answer = answer_to("m=audio 4000 RTP/SAVP 0\nm=audio 4002 RTP/AVP 8\n", all_codecs()).unwrap();
    assert_eq!(answer.negotiated.remote.port(), 4002);
    assert_eq!(answer.description.media[0].port, 0);
    assert_eq!(answer.description.media[0].protocol, "RTP/SAVP");
}

#[test]
fn offers_without_usable_audio_say_why() {
    let cases = [
        ("", OfferAnswerError::NoAudio),
        ("m=video 5000 RTP/AVP 31\n", OfferAnswerError::NoAudio),
        ("m=audio 0 RTP/AVP 0\n", OfferAnswerError::NoAudio),
        ("m=audio 4000 RTP/SAVP 0\n", OfferAnswerError::UnsupportedTransport),
        ("m=audio 9 UDP/TLS/RTP/SAVPF 0\n", OfferAnswerError::UnsupportedTransport),
        ("m=audio 4000 RTP/AVP 0\nc=IN IP4 a.example.com\n", OfferAnswerError::UnusableAddress),
        ("m=audio 4000 RTP/AVP 0\nc=IN IP4 233.252.0.1\n", OfferAnswerError::UnusableAddress),
    ];
    for (media, expected) in cases {
        assert_eq!(answer_to(media, all_codecs()).unwrap_err(), expected, "{media}");
    }
}

#[test]
fn the_profile_of_the_offer_is_repeated() {
    let answer = answer_to("m=audio 4000 RTP/AVPF 0\n", all_codecs()).unwrap();
    assert_eq!(answer.description.media[0].protocol, "RTP/AVPF");
}

#[test]
fn directions_are_answered_from_the_other_side() {
    let cases = [
        ("sendrecv", Direction::SendRecv, false),
        ("sendonly", Direction::RecvOnly, true),
        ("recvonly", Direction::SendOnly, false),
        ("inactive", Direction::Inactive, true),
    ];
    for (offered, expected, held) in cases {
        let media = format!("m=audio 4000 RTP/AVP 0\na={offered}\n");
        let answer = answer_to(&media, all_codecs()).unwrap();
        assert_eq!(answer.negotiated.direction, expected, "{offered}");
        assert_eq!(answer.negotiated.held, held, "{offered}");
        let section = &answer.description.media[0];
        assert_eq!(section.attributes.direction(), Some(expected));
    }
}

#[test]
fn a_hold_of_the_old_kind_stops_sending_and_is_no_move() {
    let mut leg = leg();
    let mut answer = |media: &str| {
        leg.receive_offer(&phone(media)).unwrap();
        leg.create_answer(&local(all_codecs())).unwrap().negotiated
    };
    answer("m=audio 4000 RTP/AVP 0\n");
    let held = answer("m=audio 4000 RTP/AVP 0\nc=IN IP4 0.0.0.0\n");
    assert_eq!(held.direction, Direction::RecvOnly);
    assert!(held.held && !held.moved);
    let resumed = answer("m=audio 4000 RTP/AVP 0\n");
    assert_eq!(resumed.direction, Direction::SendRecv);
    assert!(!resumed.held && !resumed.moved);
}

#[test]
fn a_moved_address_is_noticed() {
    let mut leg = leg();
    let mut answer = |media: &str| {
        leg.receive_offer(&phone(media)).unwrap();
        leg.create_answer(&local(all_codecs())).unwrap().negotiated
    };
    assert!(!answer("m=audio 4000 RTP/AVP 0\n").moved);
    assert!(!answer("m=audio 4000 RTP/AVP 0\n").moved);
    assert!(answer("m=audio 4002 RTP/AVP 0\n").moved);
    let elsewhere = answer("m=audio 4002 RTP/AVP 0\nc=IN IP6 2001:db8::9\n");
    assert!(elsewhere.moved);
    assert_eq!(elsewhere.remote, "[2001:db8::9]:4002".parse().unwrap());
}

#[test]
fn our_own_hold_outlasts_the_peers_offer() {
    let mut leg = leg();
    leg.receive_offer(&phone("m=audio 4000 RTP/AVP 0\n")).unwrap();
    let holding = local(all_codecs()).with_direction(Direction::SendOnly);
    let answer = leg.create_answer(&holding).unwrap();
    assert_eq!(answer.negotiated.direction, Direction::SendOnly);
    leg.receive_offer(&phone("m=audio 4000 RTP/AVP 0\na=sendonly\n")).unwrap();
    let answer = leg.create_answer(&holding).unwrap();
    assert_eq!(answer.negotiated.direction, Direction::Inactive);
}

#[test]
fn rtcp_goes_to_the_next_port_or_where_the_peer_says() {
    let rtcp = |attributes: &str| {
        let media = format!("m=audio 4000 RTP/AVP 0\n{attributes}");
        let answer = answer_to(&media, all_codecs()).unwrap();
        answer.negotiated.rtcp.map(|address| address.to_string())
    };
    assert_eq!(rtcp("").as_deref(), Some("192.0.2.9:4001"));
    assert_eq!(rtcp("a=rtcp:4500\n").as_deref(), Some("192.0.2.9:4500"));
    let elsewhere = rtcp("a=rtcp:4500 IN IP4 192.0.2.44\n");
    assert_eq!(elsewhere.as_deref(), Some("192.0.2.44:4500"));
    assert_eq!(rtcp("a=rtcp:0\n"), None);
}

#[test]
fn rtcp_shares_the_port_only_when_both_can() {
    let mut leg = leg();
    let offer = phone("m=audio 4000 RTP/AVP 0\na=rtcp-mux\n");
    leg.receive_offer(&offer).unwrap();
    let alone = leg.create_answer(&local(all_codecs())).unwrap();
    assert!(!alone.negotiated.rtcp_mux);
    assert!(!alone.description.media[0].rtcp_mux());
    leg.receive_offer(&offer).unwrap();
    let mut sharing = local(all_codecs());
    sharing.rtcp_mux = true;
    let shared = leg.create_answer(&sharing).unwrap();
    assert_eq!(shared.negotiated.rtcp, Some(shared.negotiated.remote));
    assert!(shared.description.media[0].rtcp_mux());
}

#[test]
fn packet_times_are_passed_on_and_stated() {
    let answer = answer_to("m=audio 4000 RTP/AVP 0\na=ptime:30\na=maxptime:60\n", all_codecs());
    let answer = answer.unwrap();
    assert_eq!(answer.negotiated.ptime, Some(30));
    assert_eq!(answer.negotiated.maxptime, Some(60));
    assert_eq!(answer.description.media[0].ptime(), Some(20));
}

#[test]
fn the_version_grows_exactly_when_something_changed() {
    let mut leg = leg();
    let mut version = |media: &str| {
        leg.receive_offer(&phone(media)).unwrap();
        let answer = leg.create_answer(&local(all_codecs())).unwrap();
        answer.description.origin.session_version
    };
    assert_eq!(version("m=audio 4000 RTP/AVP 0\n"), "1");
    assert_eq!(version("m=audio 4000 RTP/AVP 0\n"), "1");
    assert_eq!(version("m=audio 4000 RTP/AVP 0\na=sendonly\n"), "2");
    assert_eq!(version("m=audio 4000 RTP/AVP 0\n"), "3");
}

#[test]
fn the_origin_stays_when_the_media_address_changes() {
    let mut leg = leg();
    let offer = phone("m=audio 4000 RTP/AVP 0\n");
    leg.receive_offer(&offer).unwrap();
    let first = leg.create_answer(&local(all_codecs())).unwrap().description;
    leg.receive_offer(&offer).unwrap();
    let moved = LocalMedia::new("192.0.2.2".parse().unwrap(), 30_000, all_codecs());
    let second = leg.create_answer(&moved).unwrap().description;
    assert!(first.origin.same_session(&second.origin));
    assert!(second.to_text().contains("c=IN IP4 192.0.2.2\r\n"));
}

#[test]
fn a_refused_offer_leaves_what_was_agreed() {
    let mut leg = leg();
    leg.receive_offer(&phone("m=audio 4000 RTP/AVP 0\n")).unwrap();
    leg.create_answer(&local(all_codecs())).unwrap();
    leg.receive_offer(&phone("m=video 7000 RTP/AVP 31\nm=audio 5000 RTP/AVP 8\n")).unwrap();
    leg.refuse_offer();
    assert_eq!(leg.state(), State::Stable);
    assert_eq!(leg.negotiated().unwrap().remote.port(), 4000);
    assert_eq!(leg.create_offer(&local(all_codecs())).unwrap().media.len(), 1);
}
