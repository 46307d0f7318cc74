//! Making offers and reading the peer's answers.

use super::*;
use crate::sdp::{Direction, SessionDescription};

fn answer(media: &str) -> SessionDescription {
    let text = format!("v=0\no=phone 1 1 IN IP4 192.0.2.9\ns=-\nc=IN IP4 192.0.2.9\nt=0 0\n{media}");
    SessionDescription::parse(text.as_bytes()).unwrap()
}

fn local() -> LocalMedia {
    let codecs = vec![Codec::opus(), Codec::pcmu(), Codec::telephone_event(48_000), Codec::telephone_event(8000)];
    LocalMedia::new("192.0.2.1".parse().unwrap(), 20_000, codecs)
}

fn leg() -> OfferAnswer {
    OfferAnswer::new(77, "192.0.2.1".parse().unwrap())
}

fn offering() -> OfferAnswer {
    let mut leg = leg();
    leg.create_offer(&local()).unwrap();
    leg
}

#[test]
fn an_offer_states_everything_about_the_stream() {
    let text = leg().create_offer(&local()).unwrap().to_text();
    assert_eq!(
        text,
        "v=0\r\no=- 77 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
         m=audio 20000 RTP/AVP 111 0 110 101\r\n\
         a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n\
         a=rtpmap:0 PCMU/8000\r\n\
         a=rtpmap:110 telephone-event/48000\r\na=fmtp:110 0-15\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n\
         a=ptime:20\r\na=sendrecv\r\n"
    );
}

#[test]
fn a_session_whose_media_is_in_the_other_family_is_named_by_it_for_good() {
    let mut leg = leg();
    let mut local = LocalMedia { address: "2001:db8::1".parse().unwrap(), ..local() };
    let text = leg.create_offer(&local).unwrap().to_text();
    assert!(text.starts_with("v=0\r\no=- 77 1 IN IP6 2001:db8::1\r\n") && !text.contains("IP4"), "{text}");
    leg.receive_answer(&answer("m=audio 4000 RTP/AVP 0\n")).unwrap();
    local.address = "2001:db8::2".parse().unwrap();
    let moved = leg.create_offer(&local).unwrap().to_text();
    assert!(moved.contains("o=- 77 2 IN IP6 2001:db8::1\r\n") && moved.contains("c=IN IP6 2001:db8::2\r\n"), "{moved}");
}

#[test]
fn the_answers_order_and_numbers_are_used_for_sending() {
    let mut leg = offering();
    let negotiated = leg
        .receive_answer(&answer(
            "m=audio 4000 RTP/AVP 0 96 97\na=rtpmap:96 opus/48000/2\na=fmtp:96 stereo=1\n\
             a=rtpmap:97 telephone-event/8000\n",
        ))
        .unwrap();
    let names: Vec<_> = negotiated.codecs.iter().map(|c| &*c.codec.encoding).collect();
    assert_eq!(names, ["PCMU", "opus"]);
    let opus = &negotiated.codecs[1];
    assert_eq!((opus.send_payload_type, opus.codec.payload_type), (96, 111));
    assert_eq!(opus.remote_fmtp.as_deref(), Some("stereo=1"));
    let event = negotiated.telephone_event().unwrap();
    assert_eq!((event.send_payload_type, event.codec.payload_type), (97, 101));
    assert_eq!(leg.state(), State::Stable);
}

#[test]
fn codecs_that_were_not_offered_are_ignored_in_the_answer() {
    let mut leg = offering();
    let negotiated = leg.receive_answer(&answer("m=audio 4000 RTP/AVP 8 0\n")).unwrap();
    assert_eq!(negotiated.codec().unwrap().codec.encoding, "PCMU");
    assert_eq!(negotiated.codecs.len(), 1);
}

#[test]
fn answers_without_usable_audio_say_why_and_end_the_exchange() {
    let cases = [
        ("", OfferAnswerError::MissingSection),
        ("m=video 4000 RTP/AVP 31\n", OfferAnswerError::MissingSection),
        ("m=audio 0 RTP/AVP 0\n", OfferAnswerError::AudioRefused),
        ("m=audio 4000 RTP/AVP 8\n", OfferAnswerError::NoCommonCodec),
        ("m=audio 4000 RTP/SAVP 0\n", OfferAnswerError::UnsupportedTransport),
    ];
    for (media, expected) in cases {
        let mut leg = offering();
        let outcome = leg.receive_answer(&answer(media)).map(|_| ());
        assert_eq!(outcome, Err(expected), "{media}");
        assert_eq!(leg.state(), State::Stable);
    }
}

#[test]
fn holding_and_resuming_change_version_and_direction() {
    let mut leg = offering();
    let both = answer("m=audio 4000 RTP/AVP 0\n");
    leg.receive_answer(&both).unwrap();

    let hold = local().with_direction(Direction::SendOnly);
    let offer = leg.create_offer(&hold).unwrap();
    assert_eq!(offer.origin.session_version, "2");
    assert_eq!(offer.media[0].attributes.direction(), Some(Direction::SendOnly));
    let held = leg.receive_answer(&answer("m=audio 4000 RTP/AVP 0\na=recvonly\n")).unwrap();
    assert_eq!(held.direction, Direction::SendOnly);
    assert!(!held.held, "we hold them, not they us");

    let offer = leg.create_offer(&local()).unwrap();
    assert_eq!(offer.origin.session_version, "3");
    assert_eq!(leg.receive_answer(&both).unwrap().direction, Direction::SendRecv);
}

#[test]
fn a_peer_that_does_not_want_to_hear_us_in_its_answer_holds_us() {
    let mut leg = offering();
    let negotiated = leg.receive_answer(&answer("m=audio 4000 RTP/AVP 0\na=sendonly\n")).unwrap();
    assert!(negotiated.held);
    assert_eq!(negotiated.direction, Direction::RecvOnly);
}

#[test]
fn inactive_answered_with_inactive_is_our_hold_only() {
    let mut leg = leg();
    leg.create_offer(&local().with_direction(Direction::Inactive)).unwrap();
    let negotiated = leg.receive_answer(&answer("m=audio 4000 RTP/AVP 0\na=inactive\n")).unwrap();
    assert!(!negotiated.held);
}

#[test]
fn the_same_offer_again_keeps_its_version() {
    let mut leg = offering();
    leg.receive_answer(&answer("m=audio 4000 RTP/AVP 0\n")).unwrap();
    assert_eq!(leg.create_offer(&local()).unwrap().origin.session_version, "1");
}

#[test]
fn sections_the_peer_brought_stay_in_our_offers_refused() {
    let mut leg = leg();
    leg.receive_offer(&answer("m=video 5000 RTP/AVP 31\nm=audio 4000 RTP/AVP 0\n")).unwrap();
    leg.create_answer(&local()).unwrap();
    let offer = leg.create_offer(&local()).unwrap();
    let lines: Vec<_> = offer.media.iter().map(|m| (m.media.as_str(), m.port)).collect();
    assert_eq!(lines, [("video", 0), ("audio", 20_000)]);
}

#[test]
fn payload_types_agreed_in_the_peers_offer_are_kept_in_ours() {
    let mut leg = leg();
    leg.receive_offer(&answer("m=audio 4000 RTP/AVP 101\na=rtpmap:101 opus/48000/2\n")).unwrap();
    leg.create_answer(&local()).unwrap();
    let offer = leg.create_offer(&local()).unwrap();
    assert_eq!(offer.media[0].formats, ["101", "0", "110", "96"]);
}

#[test]
fn an_early_answer_may_be_replaced_by_the_final_one() {
    let mut leg = offering();
    let early = leg.receive_early_answer(&answer("m=audio 4000 RTP/AVP 0\n")).unwrap();
    assert_eq!(early.remote.port(), 4000);
    assert_eq!(leg.state(), State::OfferSent);
    let last = leg.receive_answer(&answer("m=audio 5000 RTP/AVP 0\n")).unwrap();
    assert_eq!(last.remote.port(), 5000);
    assert!(last.moved);
    assert_eq!(leg.state(), State::Stable);
}

#[test]
fn a_final_response_without_a_description_confirms_the_early_answer() {
    let mut leg = offering();
    leg.receive_early_answer(&answer("m=audio 4000 RTP/AVP 0\n")).unwrap();
    assert_eq!(leg.confirm_early_answer().unwrap().remote.port(), 4000);
    assert_eq!(leg.state(), State::Stable);
}

#[test]
fn a_final_response_without_any_answer_is_an_error() {
    let outcome = offering().confirm_early_answer().map(|_| ());
    assert_eq!(outcome, Err(OfferAnswerError::NoAnswer));
}

#[test]
fn the_answer_to_an_earlier_offer_does_not_answer_a_later_one() {
    let mut leg = offering();
    leg.receive_answer(&answer("m=audio 4000 RTP/AVP 0\n")).unwrap();
    leg.create_offer(&local().with_direction(Direction::SendOnly)).unwrap();
    assert_eq!(leg.confirm_early_answer().unwrap_err(), OfferAnswerError::NoAnswer);
    assert_eq!(leg.state(), State::Stable);
    assert_eq!(leg.negotiated().unwrap().direction, Direction::SendRecv);
}

#[test]
fn forks_negotiate_apart() {
    let mut one = offering();
    let mut other = one.clone();
    one.receive_early_answer(&answer("m=audio 4000 RTP/AVP 0\n")).unwrap();
    other.receive_answer(&answer("m=audio 5000 RTP/AVP 0\n")).unwrap();
    assert_eq!(one.negotiated().unwrap().remote.port(), 4000);
    assert_eq!(other.negotiated().unwrap().remote.port(), 5000);
}

#[test]
fn glare_and_other_disorder_are_typed_errors_that_change_nothing() {
    let phone = answer("m=audio 4000 RTP/AVP 0\n");
    let mut leg = leg();
    assert_eq!(leg.receive_answer(&phone).unwrap_err(), OfferAnswerError::NoOffer);
    assert_eq!(leg.create_answer(&local()).unwrap_err(), OfferAnswerError::NoOffer);

    leg.create_offer(&local()).unwrap();
    assert_eq!(leg.receive_offer(&phone).unwrap_err(), OfferAnswerError::OfferOutstanding);
    assert_eq!(leg.create_offer(&local()).unwrap_err(), OfferAnswerError::OfferOutstanding);
    assert_eq!(leg.create_answer(&local()).unwrap_err(), OfferAnswerError::NoOffer);
    assert_eq!(leg.state(), State::OfferSent);

    leg.withdraw_offer();
    leg.receive_offer(&phone).unwrap();
    assert_eq!(leg.receive_offer(&phone).unwrap_err(), OfferAnswerError::OfferUnanswered);
    assert_eq!(leg.create_offer(&local()).unwrap_err(), OfferAnswerError::OfferUnanswered);
    assert_eq!(leg.receive_answer(&phone).unwrap_err(), OfferAnswerError::NoOffer);
    assert_eq!(leg.state(), State::OfferReceived);
}

#[test]
fn a_withdrawn_offer_leaves_what_was_agreed() {
    let mut leg = offering();
    leg.receive_answer(&answer("m=audio 4000 RTP/AVP 0\n")).unwrap();
    leg.create_offer(&local().with_direction(Direction::SendOnly)).unwrap();
    leg.withdraw_offer();
    assert_eq!(leg.negotiated().unwrap().direction, Direction::SendRecv);
}
