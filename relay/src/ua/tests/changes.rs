use offhook_media::{Codec, Direction};
use offhook_protocol::ErrorCode;
use offhook_protocol::request::DtmfMethod;
use offhook_sip::digest::{Algorithm, Password, Verdict, Verifier};
use offhook_sip::message::{HeaderName, Message, Method, Request};

use super::peer::{Peer, foreign_sdp, sdp, sdp_at};
use super::scene::{LEG, Scene, audio, body, failure, header, seconds};
use crate::call::{Cause, Description, Extras, LegCommand, LegEvent, failure_for_status};

fn pcma(direction: Direction) -> Description {
    audio(&[Codec::Pcma], direction)
}

/// The peer changes the session; the core grants what it asks for.
fn change(scene: &mut Scene, peer: &Peer, cseq: u32, offer: &str) -> (Description, String) {
    scene.give(peer.reinvite(cseq, offer));
    let LegEvent::Reoffer(asked) = scene.event() else { panic!("no offer") };
    scene.command(LEG, LegCommand::ReofferAnswer(Ok(asked.clone())));
    let ok = scene.response(200);
    scene.give(peer.ack(cseq).build().unwrap());
    (asked, body(ok.body()))
}

/// Our side changes the session.
fn reoffer(scene: &mut Scene, direction: Direction) -> Request {
    scene.command(LEG, LegCommand::Reoffer(pcma(direction)));
    scene.request(&Method::Invite)
}

#[test]
fn a_hold_with_sendonly_is_answered_recvonly() {
    let (mut scene, peer) = Scene::established();
    let (asked, answer) = change(&mut scene, &peer, 1, &sdp("sendonly"));
    assert_eq!(asked, pcma(Direction::RecvOnly));
    assert!(answer.contains("a=recvonly"), "{answer}");
    assert_eq!(scene.media_told(), ["remote 192.0.2.9:5000", "RecvOnly"]);
}

#[test]
fn a_hold_with_inactive_is_answered_inactive() {
    let (mut scene, peer) = Scene::established();
    let (asked, answer) = change(&mut scene, &peer, 1, &sdp("inactive"));
    assert_eq!(asked, pcma(Direction::Inactive));
    assert!(answer.contains("a=inactive"), "{answer}");
}

#[test]
fn a_hold_with_the_unspecified_address_is_a_hold() {
    let (mut scene, peer) = Scene::established();
    let (asked, _) = change(&mut scene, &peer, 1, &sdp_at("0.0.0.0", 5000, ""));
    assert!(!asked.direction.sends());
    assert!(!scene.media_told().contains(&"SendRecv".to_owned()));
}

#[test]
fn a_resume_brings_both_directions_back() {
    let (mut scene, peer) = Scene::established();
    change(&mut scene, &peer, 1, &sdp("sendonly"));
    let (asked, answer) = change(&mut scene, &peer, 2, &sdp("sendrecv"));
    assert_eq!(asked, pcma(Direction::SendRecv));
    assert!(!answer.contains("only"), "{answer}");
}

#[test]
fn moved_media_is_followed_once_it_is_granted() {
    let (mut scene, peer) = Scene::established();
    change(&mut scene, &peer, 1, &sdp_at("192.0.2.77", 6000, ""));
    assert_eq!(scene.remote().rtp.to_string(), "192.0.2.77:6000");
}

#[test]
fn an_answer_repeats_the_session_and_counts_its_version_up() {
    let origin = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("o=")).unwrap().to_owned();
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        (words[1].clone(), words[2].parse::<u64>().unwrap())
    };
    let (mut scene, peer) = Scene::established();
    let first = origin(&change(&mut scene, &peer, 1, &sdp("sendonly")).1);
    let second = origin(&change(&mut scene, &peer, 2, &sdp("")).1);
    assert_eq!(first.0, second.0);
    assert_eq!(first.1 + 1, second.1);
}

#[test]
fn a_change_the_core_refuses_leaves_the_call_as_it_was() {
    let (mut scene, peer) = Scene::established();
    scene.give(peer.reinvite(1, &sdp("sendonly")));
    scene.event();
    let cause = Cause::Failure(failure_for_status(491, "Request Pending"));
    scene.command(LEG, LegCommand::ReofferAnswer(Err(cause)));
    scene.response(491);
    assert!(scene.media.is_empty());
    change(&mut scene, &peer, 2, &sdp("sendonly"));
}

#[test]
fn a_change_without_a_common_codec_is_refused_and_the_call_goes_on() {
    let (mut scene, peer) = Scene::established();
    scene.give(peer.reinvite(1, &foreign_sdp()));
    scene.response(488);
    scene.assert_quiet();
    change(&mut scene, &peer, 2, &sdp("sendonly"));
}

#[test]
fn a_change_without_an_offer_is_offered_what_our_side_does() {
    let (mut scene, peer) = Scene::established();
    scene.give(peer.reinvite(1, ""));
    let ok = scene.response(200);
    assert!(body(ok.body()).contains("m=audio 4000"));
    scene.assert_quiet();
    let ack = peer.ack(1).body("application/sdp", sdp_at("192.0.2.77", 6000, "")).build().unwrap();
    scene.give(ack);
    assert_eq!(scene.event(), LegEvent::Reoffer(pcma(Direction::SendRecv)));
    assert_eq!(scene.remote().rtp.to_string(), "192.0.2.77:6000");
    scene.command(LEG, LegCommand::ReofferAnswer(Ok(pcma(Direction::SendRecv))));
    scene.assert_quiet();
}

#[test]
fn a_peer_that_holds_can_resume_without_an_offer() {
    let (mut scene, peer) = Scene::established();
    change(&mut scene, &peer, 1, &sdp("sendonly"));
    scene.give(peer.reinvite(2, ""));
    let offer = body(scene.response(200).body());
    assert!(!offer.contains("only") && !offer.contains("inactive"), "{offer}");
}

#[test]
fn an_offer_that_is_asked_for_keeps_our_own_hold() {
    let (mut scene, peer) = Scene::established();
    let invite = reoffer(&mut scene, Direction::SendOnly);
    scene.respond_with(&invite, 200, &sdp("recvonly"));
    scene.request(&Method::Ack);
    scene.event();
    scene.give(peer.reinvite(1, ""));
    assert!(body(scene.response(200).body()).contains("a=sendonly"));
}

#[test]
fn a_second_change_before_the_first_is_answered_has_to_wait() {
    let (mut scene, peer) = Scene::established();
    scene.give(peer.reinvite(1, &sdp("sendonly")));
    scene.event();
    scene.give(peer.reinvite(2, &sdp("")));
    let reply = offhook_sip::message::Message::from(scene.response(500));
    let seconds: u32 = header(&reply, &HeaderName::RetryAfter).unwrap().parse().unwrap();
    assert!(seconds <= 10);
    scene.assert_quiet();
}

#[test]
fn a_change_that_meets_ours_is_pending() {
    let (mut scene, peer) = Scene::established();
    let ours = reoffer(&mut scene, Direction::SendOnly);
    scene.give(peer.reinvite(1, &sdp("sendonly")));
    scene.response(491);
    scene.respond_with(&ours, 200, &sdp("recvonly"));
    scene.request(&Method::Ack);
    assert!(matches!(scene.event(), LegEvent::ReofferResult(Ok(_))));
}

#[test]
fn a_change_taken_back_is_forgotten() {
    let (mut scene, peer) = Scene::established();
    scene.give(peer.reinvite(1, &sdp("sendonly")));
    scene.event();
    scene.give(peer.cancel(1));
    scene.response(200);
    scene.response(487);
    scene.command(LEG, LegCommand::ReofferAnswer(Ok(pcma(Direction::RecvOnly))));
    scene.assert_quiet();
    change(&mut scene, &peer, 2, &sdp("sendonly"));
}

#[test]
fn requests_out_of_order_are_refused() {
    let (mut scene, peer) = Scene::established();
    change(&mut scene, &peer, 5, &sdp("sendonly"));
    scene.give(peer.reinvite(3, &sdp("")));
    scene.response(500);
    scene.assert_quiet();
}

#[test]
fn the_peers_new_contact_gets_our_next_request() {
    let (mut scene, peer) = Scene::established();
    let mut moved = peer.reinvite(1, &sdp(""));
    moved.headers_mut().set(HeaderName::Contact, "<sip:bob@192.0.2.88:5090>").unwrap();
    scene.give(moved);
    scene.event();
    scene.command(LEG, LegCommand::ReofferAnswer(Ok(pcma(Direction::SendRecv))));
    scene.response(200);
    scene.give(peer.ack(1).build().unwrap());
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    assert_eq!(scene.sent[0].0.address.to_string(), "192.0.2.88:5090");
}

#[test]
fn our_hold_is_offered_and_its_result_told() {
    let (mut scene, _) = Scene::established();
    let invite = reoffer(&mut scene, Direction::SendOnly);
    assert!(body(invite.body()).contains("a=sendonly"));
    assert_eq!(invite.headers().cseq().unwrap().number, 2);
    scene.respond_with(&invite, 200, &sdp("recvonly"));
    assert_eq!(scene.request(&Method::Ack).headers().cseq().unwrap().number, 2);
    assert_eq!(scene.event(), LegEvent::ReofferResult(Ok(pcma(Direction::SendOnly))));
    assert_eq!(scene.media_told(), ["remote 192.0.2.9:5000", "SendOnly"]);
}

#[test]
fn a_repeated_answer_to_our_change_is_acknowledged_again() {
    let (mut scene, _) = Scene::established();
    let invite = reoffer(&mut scene, Direction::SendOnly);
    scene.respond_with(&invite, 200, &sdp("recvonly"));
    let ack = scene.request(&Method::Ack);
    scene.event();
    scene.respond_with(&invite, 200, &sdp("recvonly"));
    assert_eq!(scene.request(&Method::Ack).to_bytes(), ack.to_bytes());
    scene.assert_quiet();
}

#[test]
fn our_change_may_be_refused_and_the_call_goes_on() {
    let (mut scene, _) = Scene::established();
    let invite = reoffer(&mut scene, Direction::SendOnly);
    scene.respond(&invite, 488);
    scene.request(&Method::Ack);
    assert_eq!(failure(scene.event()).code, ErrorCode::NoCommonCodecs);
    assert!(scene.media.is_empty());
    reoffer(&mut scene, Direction::SendOnly);
}

#[test]
fn our_challenged_change_goes_out_again_with_the_dialogs_next_number() {
    let (mut scene, _) = Scene::established();
    let first = reoffer(&mut scene, Direction::SendOnly);
    let mut verifier = Verifier::new("pbx", "n1", Algorithm::Md5);
    let reply = Scene::reply(&first, 401, "bob").header(HeaderName::WwwAuthenticate, verifier.challenge(false));
    scene.give(reply.build().unwrap());
    scene.request(&Method::Ack);
    let second = scene.request(&Method::Invite);
    assert_eq!(verifier.verify(&second, &Password::new("hunter2")), Verdict::Accepted);
    assert_eq!((second.headers().cseq().unwrap().number, second.body()), (3, first.body()));
    scene.respond_with(&second, 200, &sdp("recvonly"));
    assert_eq!(scene.request(&Method::Ack).headers().cseq().unwrap().number, 3);
    assert!(matches!(scene.event(), LegEvent::ReofferResult(Ok(_))));
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    assert_eq!(scene.request(&Method::Bye).headers().cseq().unwrap().number, 4);
}

#[test]
fn each_change_may_be_challenged_anew() {
    let (mut scene, _) = Scene::established();
    for nonce in ["n1", "n2", "n3"] {
        let first = reoffer(&mut scene, Direction::SendOnly);
        let verifier = Verifier::new("pbx", nonce, Algorithm::Md5);
        let reply = Scene::reply(&first, 401, "bob").header(HeaderName::WwwAuthenticate, verifier.challenge(false));
        scene.give(reply.build().unwrap());
        scene.request(&Method::Ack);
        let second = scene.request(&Method::Invite);
        scene.respond_with(&second, 200, &sdp("recvonly"));
        scene.request(&Method::Ack);
        assert!(matches!(scene.event(), LegEvent::ReofferResult(Ok(_))));
    }
}

#[test]
fn our_change_is_tried_again_after_both_began_one() {
    let (mut scene, _) = Scene::established();
    let first = reoffer(&mut scene, Direction::SendOnly);
    scene.respond(&first, 491);
    scene.request(&Method::Ack);
    // Who made the call waits 2.1 to 4 seconds (RFC 3261 section 14.1).
    scene.wait(seconds(2));
    scene.assert_quiet();
    scene.wait(seconds(2));
    let second = scene.request(&Method::Invite);
    assert_eq!(second.headers().cseq().unwrap().number, 3);
    scene.respond_with(&second, 200, &sdp("recvonly"));
    scene.request(&Method::Ack);
    assert!(matches!(scene.event(), LegEvent::ReofferResult(Ok(_))));
}

#[test]
fn while_ours_waits_the_far_ends_change_is_taken() {
    let (mut scene, peer) = Scene::established();
    let first = reoffer(&mut scene, Direction::SendOnly);
    scene.respond(&first, 491);
    scene.request(&Method::Ack);
    change(&mut scene, &peer, 1, &sdp("inactive"));
    scene.wait(seconds(4));
    scene.request(&Method::Invite);
}

#[test]
fn a_change_that_is_pending_for_ever_is_given_up() {
    let (mut scene, _) = Scene::established();
    let mut invite = reoffer(&mut scene, Direction::SendOnly);
    for _ in 0..4 {
        scene.respond(&invite, 491);
        scene.request(&Method::Ack);
        scene.wait(seconds(4));
        invite = scene.request(&Method::Invite);
    }
    scene.respond(&invite, 491);
    assert_eq!(failure(scene.event()).sip_status, Some(491));
    assert_eq!(scene.ua.counts().legs, 1);
}

#[test]
fn a_change_the_far_end_keeps_waiting_for_is_cancelled() {
    let (mut scene, _) = Scene::established();
    let invite = reoffer(&mut scene, Direction::SendOnly);
    scene.respond(&invite, 180);
    scene.wait(seconds(31));
    scene.assert_quiet();
    scene.wait(seconds(2));
    scene.request(&Method::Cancel);
    scene.respond(&invite, 487);
    assert!(matches!(scene.event(), LegEvent::ReofferResult(Err(_))));
    assert_eq!(scene.ua.counts().legs, 1);
}

#[test]
fn a_far_end_that_knows_no_such_call_ends_it() {
    let (mut scene, _) = Scene::established();
    let invite = reoffer(&mut scene, Direction::SendOnly);
    scene.respond(&invite, 481);
    scene.request(&Method::Ack);
    scene.request(&Method::Bye);
    assert_eq!(failure(scene.event()).sip_status, Some(481));
    scene.assert_forgotten();
}

#[test]
fn one_change_at_a_time_is_ours() {
    let (mut scene, _) = Scene::established();
    reoffer(&mut scene, Direction::SendOnly);
    scene.command(LEG, LegCommand::Reoffer(pcma(Direction::SendRecv)));
    assert!(matches!(scene.event(), LegEvent::ReofferResult(Err(_))));
    scene.assert_quiet();
}

#[test]
fn an_answer_that_refuses_the_audio_leaves_the_call_as_it_was() {
    let (mut scene, _) = Scene::established();
    let invite = reoffer(&mut scene, Direction::SendOnly);
    scene.respond_with(&invite, 200, &sdp_at("192.0.2.9", 0, ""));
    scene.request(&Method::Ack);
    assert_eq!(failure(scene.event()).code, ErrorCode::NoCommonCodecs);
    assert!(scene.media.is_empty());
}

#[test]
fn the_callee_may_change_a_call_too() {
    let (mut scene, _, leg) = Scene::taken();
    scene.command(leg, LegCommand::Reoffer(pcma(Direction::SendOnly)));
    let invite = scene.request(&Method::Invite);
    assert_eq!(invite.headers().cseq().unwrap().number, 1);
    scene.respond_with(&invite, 200, &sdp("recvonly"));
    scene.request(&Method::Ack);
    assert!(matches!(scene.event(), LegEvent::ReofferResult(Ok(_))));
}

#[test]
fn our_change_waits_for_the_ack_of_our_answer() {
    let (mut scene, peer, leg) = Scene::ringing(&sdp(""));
    scene.command(leg, LegCommand::Answer(pcma(Direction::SendRecv), Extras::default()));
    let peer = peer.answered(&scene.response(200));
    scene.command(leg, LegCommand::Reoffer(pcma(Direction::SendOnly)));
    scene.assert_quiet();
    scene.give(peer.ack(1).build().unwrap());
    assert!(body(scene.request(&Method::Invite).body()).contains("a=sendonly"));
}

#[test]
fn a_change_and_a_key_that_waited_for_the_same_ack_hear_their_own_answers() {
    let (mut scene, peer, leg) = Scene::ringing(&sdp(""));
    scene.command(leg, LegCommand::Answer(pcma(Direction::SendRecv), Extras::default()));
    let peer = peer.answered(&scene.response(200));
    scene.command(leg, LegCommand::Reoffer(pcma(Direction::SendOnly)));
    let digit = offhook_media::Digit::from_event(5).unwrap();
    scene.command(leg, LegCommand::Dtmf { digit, duration: seconds(1), method: DtmfMethod::Info });
    scene.give(peer.ack(1).build().unwrap());
    let invite = scene.request(&Method::Invite);
    let info = scene.request(&Method::Info);
    scene.media.clear();
    scene.respond(&info, 500);
    assert!(
        matches!(scene.media.pop_front(), Some(offhook_media::Command::SendDtmf { .. })),
        "the key goes another way"
    );
    scene.respond_with(&invite, 200, &sdp("recvonly"));
    scene.request(&Method::Ack);
    assert!(matches!(scene.event(), LegEvent::ReofferResult(Ok(_))));
}

#[test]
fn a_change_that_waits_for_the_ack_is_dropped_when_the_call_ends() {
    let (mut scene, peer, leg) = Scene::ringing(&sdp(""));
    scene.command(leg, LegCommand::Answer(pcma(Direction::SendRecv), Extras::default()));
    let peer = peer.answered(&scene.response(200));
    scene.command(leg, LegCommand::Reoffer(pcma(Direction::SendOnly)));
    scene.command(leg, LegCommand::End(Cause::Normal, Extras::default()));
    scene.event();
    scene.give(peer.ack(1).build().unwrap());
    scene.request(&Method::Bye);
    scene.assert_quiet();
}

#[test]
fn a_change_that_was_to_be_tried_again_is_dropped_with_the_call() {
    let (mut scene, _) = Scene::established();
    let first = reoffer(&mut scene, Direction::SendOnly);
    scene.respond(&first, 491);
    scene.request(&Method::Ack);
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    scene.request(&Method::Bye);
    scene.event();
    scene.wait(seconds(10));
    assert!(
        scene.sent.iter().all(|(_, message)| matches!(message, Message::Request(bye) if *bye.method() == Method::Bye))
    );
}
