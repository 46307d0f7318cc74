//! A browser leg as the core drives it.

use std::time::Instant;

use offhook_media::{Codec, Command, Direction, Fingerprint, IceCredentials, IcePassword, LegId, WebRtcLocal};
use offhook_protocol::{CallStatus, EventBody};

use super::*;
use crate::call::{Cause, Description, Extras, Identity, LegCommand, LegEvent, failure_for_status};
use crate::webrtc::{self, BrowserDescription, Transport};

const OFFER: &str = include_str!("../relay/tests/offer.sdp");

fn local() -> WebRtcLocal {
    WebRtcLocal {
        ice: IceCredentials { ufrag: "relay".into(), password: IcePassword::new("p".repeat(24)) },
        fingerprint: Fingerprint::from_bytes([1; 32]),
        candidates: vec![([192, 0, 2, 1], 40_000).into(), ([198, 51, 100, 1], 40_000).into()],
        tcp_candidates: Vec::new(),
        generation: 0,
        ssrc: 5,
        video_ssrc: 6,
        cname: "c".into(),
    }
}

fn names() -> (Identity, Identity) {
    let name = |user: &str| Identity { user: user.into(), display_name: None };
    (name("alice"), name("bob"))
}

#[expect(clippy::disallowed_methods, reason = "an instant to begin simulated time at")]
fn start() -> Instant {
    Instant::now()
}

fn audio(codecs: &[Codec], direction: Direction) -> Description {
    Description::new(codecs.to_vec(), true, direction)
}

fn calling() -> BrowserLeg {
    BrowserLeg::calling("c1".into(), LegId(1), local(), BrowserDescription::parse(OFFER).unwrap(), names())
}

/// What a leg wants done, in a form that tests can read.
fn said(leg: &mut BrowserLeg) -> Vec<String> {
    std::iter::from_fn(|| leg.poll_output())
        .map(|output| match output {
            BrowserOutput::Event(EventBody::CallStatus(status)) => format!("{:?}", status.status),
            BrowserOutput::Event(EventBody::CallSdp(sdp)) => format!("sdp {:?}", sdp.kind),
            BrowserOutput::Event(EventBody::IncomingCall(_)) => "incoming".into(),
            BrowserOutput::Event(other) => format!("{other:?}"),
            BrowserOutput::Leg(LegEvent::Reoffer(audio)) => format!("reoffer {:?}", audio.direction),
            BrowserOutput::Leg(LegEvent::ReofferResult(Ok(audio))) => format!("result {:?}", audio.direction),
            BrowserOutput::Leg(LegEvent::Ended(cause, _)) => format!("ended {cause:?}"),
            BrowserOutput::Leg(event) => format!("leg {event:?}"),
            BrowserOutput::Media(Command::WebRtcRemote { remote, .. }) => format!("remote {}", remote.formats.len()),
            BrowserOutput::Media(Command::Direction { direction, .. }) => format!("gate {direction:?}"),
            BrowserOutput::Media(Command::Supervise { .. }) => "supervise".into(),
            BrowserOutput::Media(other) => format!("{other:?}"),
        })
        .collect()
}

fn connected() -> BrowserLeg {
    let mut leg = calling();
    leg.command(LegCommand::Answer(audio(&[Codec::Pcma], Direction::SendRecv), Extras::default()), start());
    said(&mut leg);
    leg
}

#[test]
fn early_media_brings_the_answer_and_the_call_keeps_it() {
    let mut leg = calling();
    let sound = audio(&[Codec::Pcma], Direction::SendRecv);
    leg.command(LegCommand::Progress(Some(sound.clone()), Extras::default()), start());
    assert_eq!(said(&mut leg), ["remote 2", "sdp Answer", "SessionProgress"]);
    leg.command(LegCommand::Ringing(Some(sound.clone()), Extras::default()), start());
    assert_eq!(said(&mut leg), ["RingMedia"]);
    leg.command(LegCommand::Answer(sound, Extras::default()), start());
    assert_eq!(said(&mut leg), ["gate SendRecv", "supervise", "Established"]);
}

#[test]
fn early_media_goes_on_when_a_180_says_nothing_of_it() {
    let mut leg = calling();
    let sound = audio(&[Codec::Pcma], Direction::SendRecv);
    leg.command(LegCommand::Progress(Some(sound), Extras::default()), start());
    said(&mut leg);
    leg.command(LegCommand::Ringing(None, Extras::default()), start());
    assert_eq!(said(&mut leg), ["RingMedia"]);
}

#[test]
fn progress_that_is_said_again_is_told_once() {
    let mut leg = calling();
    use LegCommand::{Progress, Ringing, Trying};
    for command in [
        Trying,
        Trying,
        Ringing(None, Extras::default()),
        Trying,
        Ringing(None, Extras::default()),
        Progress(None, Extras::default()),
        Progress(None, Extras::default()),
        Ringing(None, Extras::default()),
    ] {
        leg.command(command, start());
    }
    assert_eq!(said(&mut leg), ["Trying", "Ring", "SessionProgress", "Ring"]);
}

#[test]
fn progress_without_end_is_not_told_without_end() {
    let mut leg = calling();
    for _ in 0..1000 {
        leg.command(LegCommand::Ringing(None, Extras::default()), start());
        leg.command(LegCommand::Progress(None, Extras::default()), start());
    }
    assert_eq!(said(&mut leg).len(), 16);
    leg.command(LegCommand::Answer(audio(&[Codec::Pcma], Direction::SendRecv), Extras::default()), start());
    assert!(said(&mut leg).contains(&"Established".to_owned()));
}

#[test]
fn an_answer_with_another_codec_than_the_early_one_is_offered_anew() {
    let mut leg = calling();
    leg.command(LegCommand::Progress(Some(audio(&[Codec::Pcma], Direction::SendRecv)), Extras::default()), start());
    said(&mut leg);
    leg.command(LegCommand::Answer(audio(&[Codec::Opus], Direction::SendRecv), Extras::default()), start());
    assert_eq!(said(&mut leg), ["sdp Offer", "gate SendRecv", "supervise", "Established"]);
}

#[test]
fn ringing_without_sound_is_only_a_status() {
    let mut leg = calling();
    leg.command(LegCommand::Trying, start());
    leg.command(LegCommand::Ringing(None, Extras::default()), start());
    leg.command(LegCommand::Progress(None, Extras::default()), start());
    assert_eq!(said(&mut leg), ["Trying", "Ring", "SessionProgress"]);
}

#[test]
fn being_held_gates_the_sound_and_is_answered_at_once() {
    let mut leg = connected();
    leg.command(LegCommand::Reoffer(audio(&[Codec::Pcma], Direction::SendOnly)), start());
    assert_eq!(said(&mut leg), ["gate SendOnly", "result SendOnly", "Hold"]);
    leg.command(LegCommand::Reoffer(audio(&[Codec::Pcma], Direction::SendRecv)), start());
    assert_eq!(said(&mut leg), ["gate SendRecv", "result SendRecv", "Established"]);
}

#[test]
fn a_hold_silences_both_ways_and_shows_when_it_is_answered() {
    let mut leg = connected();
    leg.hold(true).unwrap();
    assert_eq!(said(&mut leg), ["gate Inactive", "reoffer RecvOnly"]);
    leg.command(LegCommand::ReofferAnswer(Ok(audio(&[Codec::Pcma], Direction::RecvOnly))), start());
    assert_eq!(said(&mut leg), ["gate Inactive", "Hold"]);
}

#[test]
fn a_refused_hold_opens_the_sound_again_and_says_why() {
    let mut leg = connected();
    leg.hold(true).unwrap();
    said(&mut leg);
    leg.command(LegCommand::ReofferAnswer(Err(Cause::Failure(failure_for_status(488, "")))), start());
    let outputs: Vec<_> = std::iter::from_fn(|| leg.poll_output()).collect();
    let BrowserOutput::Event(EventBody::CallStatus(status)) = &outputs[1] else { panic!("{outputs:?}") };
    assert_eq!(status.status, CallStatus::Established);
    assert_eq!(status.error.as_ref().and_then(|error| error.sip_status), Some(488));
}

#[test]
fn a_far_end_that_changes_codec_needs_the_browsers_answer() {
    let mut leg = connected();
    leg.command(LegCommand::Reoffer(audio(&[Codec::Pcmu], Direction::SendRecv)), start());
    assert_eq!(said(&mut leg), ["gate SendRecv", "sdp Offer"]);
    let answer = OFFER.replace("SAVPF 111 9 0 8 110 126", "SAVPF 0 126");
    leg.sdp(&answer).unwrap();
    assert_eq!(said(&mut leg), ["remote 2", "result SendRecv", "Established"]);
    assert!(leg.sdp(&answer).is_err(), "it is answered once");
}

#[test]
fn a_called_browser_answers_with_what_it_was_offered() {
    let mut leg = BrowserLeg::called("in".into(), LegId(1), local());
    let offer = Some(audio(&[Codec::Pcma, Codec::Pcmu], Direction::SendRecv));
    leg.command(
        LegCommand::Invite { from: Identity::default(), to: Identity::default(), offer, extras: Extras::default() },
        start(),
    );
    assert_eq!(said(&mut leg), ["incoming", "Ring"]);
    leg.ring().unwrap();
    said(&mut leg);
    let nothing_offered = OFFER.replace("SAVPF 111 9 0 8 110 126", "SAVPF 111");
    assert!(leg.answer(&nothing_offered, Extras::default()).is_err());
    leg.answer(OFFER, Extras::default()).unwrap();
    let said = said(&mut leg);
    assert_eq!(said[0], "remote 3", "PCMU, PCMA and their events: {said:?}");
    let answered = said.iter().find(|output| output.starts_with("leg Answered")).unwrap();
    assert!(!answered.contains("Opus"), "{said:?}");
}

#[test]
fn a_browser_is_told_the_end_once() {
    let mut leg = connected();
    leg.command(LegCommand::End(Cause::Normal, Extras::default()), start());
    assert_eq!(said(&mut leg), ["Finish", "ended Normal"]);
    leg.command(LegCommand::End(Cause::Normal, Extras::default()), start());
    leg.lost();
    assert!(leg.hangup(false).is_err());
    assert!(said(&mut leg).is_empty());
}

#[test]
fn a_browser_without_a_microphone_is_not_on_hold() {
    let listener = OFFER.replace("a=sendrecv", "a=recvonly");
    let offer = BrowserDescription::parse(&listener).unwrap();
    assert_eq!(offer.audio().direction, Direction::SendOnly);
    let mut leg = BrowserLeg::calling("c1".into(), LegId(1), local(), offer, names());
    leg.command(LegCommand::Answer(audio(&[Codec::Pcma], Direction::SendOnly), Extras::default()), start());
    leg.hold(true).unwrap();
    leg.command(LegCommand::ReofferAnswer(Ok(audio(&[Codec::Pcma], Direction::Inactive))), start());
    leg.hold(false).unwrap();
    leg.command(LegCommand::ReofferAnswer(Ok(audio(&[Codec::Pcma], Direction::SendOnly))), start());
    let said = said(&mut leg);
    assert_eq!(said.last().unwrap(), "Established", "{said:?}");
}

#[test]
fn a_description_names_every_candidate_in_order_of_preference() {
    let (sdp, _) = webrtc::offer(None, &local(), &audio(&[Codec::Opus, Codec::Pcmu], Direction::SendRecv), 1);
    let sdp = sdp.to_text();
    let candidates: Vec<_> = sdp.lines().filter(|line| line.starts_with("a=candidate")).collect();
    assert_eq!(candidates.len(), 2);
    assert!(candidates[0].contains("192.0.2.1 40000 typ host"), "{candidates:?}");
    assert!(sdp.contains("m=audio 40000 UDP/TLS/RTP/SAVPF 111 0 110 126"), "{sdp}");
    assert!(sdp.contains("a=rtpmap:111 opus/48000/2"), "{sdp}");
}

/// Has a leg take an offer as the relay would, without another connection.
fn offer(leg: &mut BrowserLeg, sdp: &str) {
    let offer = BrowserDescription::parse(sdp).unwrap();
    assert_eq!(leg.transport_for(&offer), Ok(Transport::Kept));
    leg.offer(offer, Transport::Kept, None, start());
}

#[test]
fn a_far_end_that_refuses_a_change_leaves_the_call_as_it_was() {
    let mut leg = connected();
    offer(&mut leg, &OFFER.replace("a=sendrecv", "a=recvonly"));
    assert_eq!(said(&mut leg), ["reoffer SendOnly"]);
    assert!(leg.hold(true).is_err(), "one change at a time");
    leg.command(LegCommand::ReofferAnswer(Err(Cause::Failure(failure_for_status(488, "")))), start());
    assert_eq!(said(&mut leg), ["Established", "remote 2", "sdp Answer"]);
}

#[test]
fn a_change_that_the_far_end_takes_is_answered_with_what_it_takes() {
    let mut leg = connected();
    offer(&mut leg, &OFFER.replace("SAVPF 111 9 0 8 110 126", "SAVPF 111 0 110 126"));
    assert_eq!(said(&mut leg), ["reoffer SendRecv"]);
    let taken = audio(&[Codec::Pcmu], Direction::SendRecv);
    leg.command(LegCommand::ReofferAnswer(Ok(taken)), start());
    assert_eq!(said(&mut leg), ["gate SendRecv", "remote 2", "sdp Answer"]);
}

#[test]
fn a_hold_goes_on_through_a_change() {
    let mut leg = connected();
    leg.hold(true).unwrap();
    leg.command(LegCommand::ReofferAnswer(Ok(audio(&[Codec::Pcma], Direction::RecvOnly))), start());
    said(&mut leg);
    offer(&mut leg, &OFFER.replace("SAVPF 111 9 0 8 110 126", "SAVPF 111 0 110 126"));
    assert_eq!(said(&mut leg), ["reoffer RecvOnly"]);
}

#[test]
fn a_network_that_changes_waits_for_no_hold() {
    let mut leg = connected();
    leg.hold(true).unwrap();
    said(&mut leg);
    offer(&mut leg, OFFER);
    assert_eq!(said(&mut leg), ["remote 2", "sdp Answer"]);
    let other = BrowserDescription::parse(&OFFER.replace("SAVPF 111 9 0 8 110 126", "SAVPF 111 0 110 126")).unwrap();
    assert!(leg.transport_for(&other).is_err(), "one change at a time");
}

#[test]
fn another_page_is_not_answered_what_the_former_one_offered() {
    let mut leg = connected();
    offer(&mut leg, &OFFER.replace("SAVPF 111 9 0 8 110 126", "SAVPF 111 0 110 126"));
    leg.taken_over(start());
    said(&mut leg);
    leg.command(LegCommand::ReofferAnswer(Ok(audio(&[Codec::Pcmu], Direction::SendRecv))), start());
    assert_eq!(said(&mut leg), ["gate SendRecv"]);
    offer(&mut leg, OFFER);
    assert_eq!(said(&mut leg), ["remote 2", "sdp Answer"]);
}

#[test]
fn early_media_can_be_heard_in_another_page() {
    let mut leg = calling();
    leg.command(LegCommand::Progress(Some(audio(&[Codec::Pcma], Direction::SendRecv)), Extras::default()), start());
    said(&mut leg);
    offer(&mut leg, OFFER);
    assert_eq!(said(&mut leg), ["remote 2", "sdp Answer"]);
    let without = BrowserDescription::parse(&OFFER.replace("SAVPF 111 9 0 8 110 126", "SAVPF 111 110")).unwrap();
    assert!(leg.transport_for(&without).is_err(), "what the far end has not agreed to yet cannot be changed");
}

#[test]
fn a_page_that_is_not_connected_is_offered_nothing() {
    let mut leg = connected();
    leg.taken_over(start());
    leg.command(LegCommand::Reoffer(audio(&[Codec::Pcmu], Direction::SendRecv)), start());
    let said = said(&mut leg);
    assert!(said.len() == 1 && said[0].contains("491"), "{said:?}");
}

#[test]
fn the_far_end_of_a_call_that_was_transferred_is_who_it_is_now() {
    let mut leg = connected();
    leg.command(LegCommand::Party(Identity { user: "carol".into(), display_name: Some("Carol".into()) }), start());
    let live = leg.live().unwrap();
    assert_eq!((live.callee.as_str(), live.visible_name.as_deref()), ("carol", Some("Carol")));
}

#[test]
fn an_unanswered_offer_is_taken_back_in_time() {
    let (mut leg, now) = (connected(), start());
    assert_eq!(leg.poll_timeout(), None);
    leg.command(LegCommand::Reoffer(audio(&[Codec::Pcmu], Direction::SendRecv)), now);
    said(&mut leg);
    let due = leg.poll_timeout().unwrap();
    assert!(due - now < crate::call::Deadlines::default().reoffer);
    leg.handle_timeout(due);
    let said = said(&mut leg);
    assert!(said.len() == 1 && said[0].contains("408"), "{said:?}");
    assert_eq!(leg.poll_timeout(), None);
}
