//! Descriptions of real browsers, and what the relay says to them.
//!
//! Those of Chromium 156 and Firefox 153 in `testdata` are as the browsers wrote them, with a microphone and a camera:
//! their offers, and their answers to `offer-to-chromium.sdp` and `offer-to-firefox.sdp`, which are the relay's.

use offhook_media::{
    Codec, Direction, Fingerprint, Format, H264Profile, IceCredentials, IcePassword, PayloadFormat, Rtx, VideoCodec,
    VideoRepair, WebRtcLocal,
};

use super::*;
use crate::call::{Description, Video};

const CHROMIUM: &str = include_str!("testdata/chromium-offer.sdp");
const FIREFOX: &str = include_str!("testdata/firefox-offer.sdp");

fn local() -> WebRtcLocal {
    WebRtcLocal {
        ice: IceCredentials { ufrag: "relayrelay".into(), password: IcePassword::new("p".repeat(24)) },
        fingerprint: Fingerprint::from_bytes([1; 32]),
        candidates: vec![([192, 0, 2, 1], 40_000).into(), ([198, 51, 100, 1], 40_000).into()],
        tcp_candidates: Vec::new(),
        generation: 0,
        ssrc: 5,
        video_ssrc: 6,
        cname: "c".into(),
    }
}

fn parse(text: &str) -> BrowserDescription {
    BrowserDescription::parse(text).unwrap()
}

/// What one browser can do, as the other end is told.
fn said(text: &str) -> Description {
    parse(text).audio()
}

fn offer(
    before: Option<(&BrowserDescription, &Description)>,
    local: &WebRtcLocal,
    description: &Description,
    version: u64,
) -> (String, Vec<Payload>) {
    let (offer, payloads) = super::offer(before, local, description, version);
    (offer.to_text(), payloads)
}

fn answer(
    offered: &BrowserDescription,
    local: &WebRtcLocal,
    description: &Description,
    version: u64,
) -> (String, Vec<PayloadFormat>) {
    let (answer, agreed) = super::answer(offered, local, description, version);
    (answer.to_text(), agreed)
}

/// A description of ours, as it is kept in a file.
fn filed(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn picture(codecs: &[VideoCodec], direction: Direction) -> Video {
    let named = |format: &VideoCodec| crate::call::VideoCodec { format: *format, parameters: None };
    Video { codecs: codecs.iter().map(named).collect(), direction, bandwidth: None }
}

/// Opus, and this.
fn with(video: Option<Video>) -> Description {
    Description { video, ..Description::new(vec![Codec::Opus], false, Direction::SendRecv) }
}

/// The lines of a description that begin so.
fn lines<'a>(sdp: &'a str, beginning: &str) -> Vec<&'a str> {
    sdp.lines().filter(|line| line.starts_with(beginning)).collect()
}

fn formats(description: &Description) -> Vec<VideoCodec> {
    description.video.iter().flat_map(|video| &video.codecs).map(|codec| codec.format).collect()
}

#[test]
fn of_chromiums_offer_every_codec_is_read_once_and_repairs_are_left_out() {
    let h264 = |profile, packetization_mode| VideoCodec::H264 { profile, packetization_mode };
    assert_eq!(
        formats(&said(CHROMIUM)),
        [
            VideoCodec::Vp8,
            h264(H264Profile::Baseline, 1),
            h264(H264Profile::Baseline, 0),
            h264(H264Profile::ConstrainedBaseline, 1),
            h264(H264Profile::ConstrainedBaseline, 0),
            h264(H264Profile::Main, 1),
            h264(H264Profile::Main, 0),
            VideoCodec::Av1 { profile: 0 },
            VideoCodec::Vp9 { profile: 0 },
            VideoCodec::Vp9 { profile: 2 },
        ]
    );
}

#[test]
fn of_firefoxs_offer_codecs_keep_the_bounds_it_names() {
    let video = said(FIREFOX).video.unwrap();
    assert_eq!(
        formats(&said(FIREFOX)),
        [VideoCodec::Vp8, VideoCodec::Vp9 { profile: 0 }, VideoCodec::Av1 { profile: 0 }]
    );
    assert_eq!(video.codecs[0].parameters.as_deref(), Some("max-fs=12288;max-fr=60"));
    assert_eq!((video.codecs[2].parameters.as_deref(), video.direction), (None, Direction::SendRecv));
}

#[test]
fn what_one_browser_offers_is_offered_to_the_other() {
    assert_eq!(filed(&offer(None, &local(), &said(CHROMIUM), 1).0), include_str!("testdata/offer-to-firefox.sdp"));
    assert_eq!(filed(&offer(None, &local(), &said(FIREFOX), 1).0), include_str!("testdata/offer-to-chromium.sdp"));
}

#[test]
fn what_one_browser_answers_is_answered_to_the_other() {
    for (caller, callee, expected) in [
        (CHROMIUM, include_str!("testdata/firefox-answer.sdp"), include_str!("testdata/answer-to-chromium.sdp")),
        (FIREFOX, include_str!("testdata/chromium-answer.sdp"), include_str!("testdata/answer-to-firefox.sdp")),
    ] {
        let (_, offered) = offer(None, &local(), &said(caller), 1);
        let taken = parse(callee).taken_of(&offered);
        let (sdp, _) = answer(&parse(caller), &local(), &taken, 2);
        assert_eq!(filed(&sdp), expected);
    }
}

#[test]
fn each_browser_keeps_its_own_numbers_for_what_both_can_do() {
    let (_, offered) = offer(None, &local(), &said(FIREFOX), 1);
    let chromium = parse(include_str!("testdata/chromium-answer.sdp"));
    let (_, firefox) = answer(&parse(FIREFOX), &local(), &chromium.taken_of(&offered), 2);
    let number = |agreed: &[PayloadFormat], format| {
        let payload = agreed.iter().find(|payload| payload.format == Format::Video(format)).unwrap();
        (payload.receive_pt, payload.send_pt)
    };
    let chromium = agreed(&offered, &chromium);
    for (codec, ours, theirs) in [
        (VideoCodec::Vp8, 96, 120),
        (VideoCodec::Vp9 { profile: 0 }, 97, 121),
        (VideoCodec::Av1 { profile: 0 }, 98, 99),
    ] {
        assert_eq!((number(&chromium, codec), number(&firefox, codec)), ((ours, ours), (theirs, theirs)));
    }
}

#[test]
fn only_what_is_made_use_of_is_named_of_requests_and_header_extensions() {
    let video = picture(&[VideoCodec::Vp8], Direction::SendRecv);
    let (sdp, _) = answer(&parse(CHROMIUM), &local(), &with(Some(video)), 1);
    let named = ["ccm fir", "nack", "nack pli", "goog-remb", "transport-cc"].map(|one| format!("a=rtcp-fb:96 {one}"));
    assert_eq!(lines(&sdp, "a=rtcp-fb"), named);
    let numbers = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
    assert_eq!(lines(&sdp, "a=extmap"), [format!("a=extmap:3 {numbers}")]);
}

#[test]
fn requests_a_browser_does_not_know_are_not_named_to_it() {
    let offer = FIREFOX.replace("a=rtcp-fb:120 goog-remb\n", "").replace("a=rtcp-fb:120 nack\n", "a=rtcp-fb:* nack\n");
    let video = picture(&[VideoCodec::Vp8], Direction::SendRecv);
    let (sdp, _) = answer(&parse(&offer), &local(), &with(Some(video)), 1);
    let named = ["ccm fir", "nack", "nack pli", "transport-cc"].map(|one| format!("a=rtcp-fb:120 {one}"));
    assert_eq!(lines(&sdp, "a=rtcp-fb"), named);
}

#[test]
fn without_pictures_at_the_far_end_the_section_is_refused_and_the_sound_is_not() {
    for far_end in [None, Some(picture(&[VideoCodec::Av1 { profile: 2 }], Direction::SendRecv))] {
        let (sdp, agreed) = answer(&parse(CHROMIUM), &local(), &with(far_end), 1);
        let sections = lines(&sdp, "m=");
        assert!(sections[0].starts_with("m=audio 40000 ") && sections[1].starts_with("m=video 0 "), "{sections:?}");
        assert_eq!(lines(&sdp, "a=group"), ["a=group:BUNDLE 0"]);
        assert_eq!(lines(&sdp, "c="), ["c=IN IP4 192.0.2.1", "c=IN IP4 0.0.0.0"]);
        assert!(agreed.iter().all(|payload| !matches!(payload.format, Format::Video(_))));
    }
}

#[test]
fn pictures_flow_only_the_ways_both_ends_want() {
    let directions = |offered: &str, far_end: Direction| {
        let (sound, pictures) = CHROMIUM.split_at(CHROMIUM.find("m=video").unwrap());
        let offer = format!("{sound}{}", pictures.replace("a=sendrecv", offered));
        let (sdp, _) = answer(&parse(&offer), &local(), &with(Some(picture(&[VideoCodec::Vp8], far_end))), 1);
        let (_, pictures) = sdp.split_at(sdp.find("m=video").unwrap());
        let written = ["a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"];
        written.into_iter().find(|line| pictures.contains(line)).unwrap()
    };
    assert_eq!(directions("a=sendrecv", Direction::SendRecv), "a=sendrecv");
    // The far end has no camera: the relay only receives.
    assert_eq!(directions("a=sendrecv", Direction::RecvOnly), "a=recvonly");
    assert_eq!(directions("a=sendonly", Direction::SendRecv), "a=recvonly");
    assert_eq!(directions("a=recvonly", Direction::SendRecv), "a=sendonly");
    assert_eq!(directions("a=sendonly", Direction::SendOnly), "a=inactive");
}

#[test]
fn pictures_on_a_transport_of_their_own_are_not_taken() {
    assert!(said(&CHROMIUM.replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 0")).video.is_none());
    assert!(said(&CHROMIUM.replace("a=group:BUNDLE 0 1", "a=group:LS 0 1")).video.is_none());
}

#[test]
fn a_section_to_be_had_only_bundled_is_no_refused_one() {
    let port = CHROMIUM.find("m=video ").map(|at| &CHROMIUM[at..at + "m=video 00000".len()]).unwrap();
    let refused = CHROMIUM.replace(port, "m=video 0");
    assert!(said(&refused).video.is_none());
    assert!(said(&format!("{refused}a=bundle-only\n")).video.is_some());
}

#[test]
fn an_offer_within_a_call_keeps_sections_names_and_numbers() {
    let known = parse(FIREFOX);
    let agreed = with(said(FIREFOX).video);
    let (sdp, payloads) = offer(Some((&known, &agreed)), &local(), &agreed, 2);
    assert_eq!(lines(&sdp, "a=mid"), ["a=mid:0", "a=mid:1"]);
    assert_eq!(
        lines(&sdp, "m="),
        ["m=audio 40000 UDP/TLS/RTP/SAVPF 109", "m=video 40000 UDP/TLS/RTP/SAVPF 120 124 121 125 99 100"]
    );
    assert_eq!(payloads.len(), 4);
}

#[test]
fn pictures_that_end_leave_their_section_behind_and_new_ones_take_its_place_under_another_name() {
    let known = parse(FIREFOX);
    let shown = with(said(FIREFOX).video);
    let (sdp, _) = offer(Some((&known, &shown)), &local(), &with(None), 2);
    assert!(lines(&sdp, "m=")[1].starts_with("m=video 0 "), "{sdp}");

    let (sdp, _) = offer(Some((&known, &with(None))), &local(), &shown, 3);
    assert_eq!((lines(&sdp, "m=").len(), lines(&sdp, "a=mid")), (2, vec!["a=mid:0", "a=mid:2"]));
    assert_eq!(lines(&sdp, "a=group"), ["a=group:BUNDLE 0 2"]);
}

#[test]
fn pictures_that_begin_within_a_call_get_a_section_after_the_others() {
    let (sound, _) = CHROMIUM.split_at(CHROMIUM.find("m=video").unwrap());
    let known = parse(sound);
    let wanted = with(Some(picture(&[VideoCodec::Vp8], Direction::SendRecv)));
    let (sdp, _) = offer(Some((&known, &with(None))), &local(), &wanted, 2);
    assert_eq!(lines(&sdp, "m="), ["m=audio 40000 UDP/TLS/RTP/SAVPF 111", "m=video 40000 UDP/TLS/RTP/SAVPF 96 97"]);
    assert_eq!(lines(&sdp, "a=mid"), ["a=mid:0", "a=mid:1"]);
}

#[test]
fn an_answer_takes_nothing_that_was_not_offered() {
    let (_, offered) = offer(None, &local(), &with(Some(picture(&[VideoCodec::Vp8], Direction::SendRecv))), 1);
    let taken = parse(include_str!("testdata/chromium-answer.sdp")).taken_of(&offered);
    assert_eq!((taken.codecs.as_slice(), formats(&taken)), (&[Codec::Opus][..], vec![VideoCodec::Vp8]));
    let (_, sound) = offer(None, &local(), &with(None), 1);
    assert_eq!(parse(include_str!("testdata/chromium-answer.sdp")).taken_of(&sound).video, None);
}

#[test]
fn a_browser_that_lists_codecs_without_end_is_read_as_far_as_is_sensible() {
    let profiles: String =
        (0..200).map(|profile| format!("a=fmtp:{} profile-id={profile}\n", 28 + profile % 100)).collect();
    let numbers: Vec<String> = (28..128).map(|number| number.to_string()).collect();
    let maps: String = numbers.iter().map(|number| format!("a=rtpmap:{number} VP9/90000\n")).collect();
    let (sound, _) = CHROMIUM.split_at(CHROMIUM.find("m=video").unwrap());
    let section = format!("m=video 9 UDP/TLS/RTP/SAVPF {}\na=mid:1\n{maps}{profiles}", numbers.join(" "));
    let long = format!("a=fmtp:28 {}\n", "x".repeat(5000));
    assert_eq!(said(&format!("{sound}{section}{long}")).video.unwrap().codecs.len(), 24);
}

#[test]
fn candidates_of_a_restart_come_before_all_earlier_ones() {
    let offered = parse(CHROMIUM);
    let priorities = |generation: u16| -> Vec<u32> {
        let (sdp, _) = answer(&offered, &WebRtcLocal { generation, ..local() }, &offered.audio(), 1);
        let lines = sdp.lines().filter_map(|line| line.strip_prefix("a=candidate:"));
        lines.map(|line| line.split(' ').nth(3).unwrap().parse().unwrap()).collect()
    };
    for (before, now) in [(0, 1), (1, 2), (123, 124)] {
        let (before, now) = (priorities(before), priorities(now));
        assert!(before[0] > before[1] && now[1] > before[0], "{before:?} {now:?}");
    }
    // What Chromium and Firefox give their first interface.
    assert!(priorities(u16::MAX)[0] < 2_122_194_687);
}

#[test]
fn what_helps_pictures_is_what_both_have_said() {
    let wanted = with(Some(picture(&[VideoCodec::Vp8], Direction::SendRecv)));
    let helped = |offer: &str| {
        let offered = parse(offer);
        let (_, formats) = answer(&offered, &local(), &wanted, 1);
        offered.remote(formats).repair
    };
    let rtx = |payload_type, of| vec![Rtx { payload_type, of }];
    let all = VideoRepair { nack: true, rtx: rtx(97, 96), transport_cc: Some(3) };
    assert_eq!(helped(CHROMIUM), all);
    assert_eq!(helped(FIREFOX), VideoRepair { rtx: rtx(124, 120), transport_cc: Some(7), ..all.clone() });
    let without = CHROMIUM.replace("a=rtcp-fb:96 transport-cc\n", "").replace("a=rtpmap:97 rtx/90000\n", "");
    assert_eq!(helped(&without), VideoRepair { nack: true, ..VideoRepair::default() });
    let (sound, _) = CHROMIUM.split_at(CHROMIUM.find("m=video").unwrap());
    assert_eq!(helped(sound), VideoRepair::default());
}

#[test]
fn a_browser_is_offered_what_browsers_know_and_every_number_once() {
    let telephone = Description::new(Codec::ALL.to_vec(), true, Direction::SendRecv);
    let (sdp, payloads) = offer(None, &local(), &telephone, 1);
    assert!(lines(&sdp, "m=")[0].ends_with(" 111 9 0 8 110 126"), "{sdp}");
    let numbers: std::collections::BTreeSet<u8> = payloads.iter().map(|payload| payload.number).collect();
    assert_eq!(numbers.len(), payloads.len());
}
