//! What phones say before one of them answers: PRACK, early media of several, UPDATE (RFC 3262, RFC 3261 section 12.1,
//! RFC 3311).

use offhook_media::{Codec, Direction};
use offhook_sip::digest::{Algorithm, Password, Verdict, Verifier};
use offhook_sip::message::{HeaderName, Method, Request, Response};

use super::peer::{Peer, sdp, sdp_at};
use super::scene::{LEG, Scene, audio, body, header, seconds};
use crate::call::{Cause, Extras, LegCommand, LegEvent};

fn pcma() -> crate::call::Description {
    audio(&[Codec::Pcma], Direction::SendRecv)
}

/// A phone's reliable provisional response, with a description where it is not empty.
fn reliable(invite: &Request, status: u16, tag: &str, rseq: u32, description: &str) -> Response {
    let reply = Scene::reply(invite, status, tag).header(HeaderName::Require, "100rel").header(HeaderName::RSeq, rseq);
    match description {
        "" => reply.build().unwrap(),
        description => reply.body("application/sdp", description.to_owned()).build().unwrap(),
    }
}

fn rack(prack: &Request) -> String {
    header(&prack.clone().into(), &HeaderName::RAck).unwrap()
}

#[test]
fn an_invite_says_that_provisional_responses_may_be_reliable() {
    let mut scene = Scene::new();
    let invite = scene.call();
    assert!(invite.headers().has_option(&HeaderName::Supported, "100rel"));
    assert!(!invite.headers().contains(&HeaderName::Require));
}

#[test]
fn a_reliable_response_is_confirmed_in_its_dialog_and_told() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.give(reliable(&invite, 183, "bob", 7, &sdp("")));
    let prack = scene.request(&Method::Prack);
    assert_eq!(rack(&prack), "7 1 INVITE");
    assert_eq!(prack.uri().unwrap().to_string(), "sip:bob@192.0.2.9:5060");
    assert_eq!((prack.headers().cseq().unwrap().number, prack.headers().to().unwrap().tag()), (2, Some("bob")));
    assert_eq!(scene.event(), LegEvent::Progress(Some(pcma()), Extras::default()));
    scene.respond(&prack, 200);
    scene.respond(&invite, 200);
    assert_eq!(scene.request(&Method::Ack).headers().cseq().unwrap().number, 1);
    assert_eq!(scene.event(), LegEvent::Answered(pcma(), Extras::default()));
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    assert_eq!(scene.request(&Method::Bye).headers().cseq().unwrap().number, 3);
}

#[test]
fn what_comes_again_is_neither_confirmed_nor_told_again() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.give(reliable(&invite, 180, "bob", 7, ""));
    scene.request(&Method::Prack);
    scene.event();
    scene.give(reliable(&invite, 180, "bob", 7, ""));
    scene.assert_quiet();
}

#[test]
fn a_gap_is_waited_for() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.give(reliable(&invite, 180, "bob", 1, ""));
    scene.request(&Method::Prack);
    scene.event();
    scene.give(reliable(&invite, 183, "bob", 3, ""));
    scene.assert_quiet();
    scene.give(reliable(&invite, 183, "bob", 2, ""));
    assert_eq!(rack(&scene.request(&Method::Prack)), "2 1 INVITE");
    scene.event();
    scene.give(reliable(&invite, 183, "bob", 3, ""));
    assert_eq!(rack(&scene.request(&Method::Prack)), "3 1 INVITE");
}

#[test]
fn a_prack_is_repeated_until_it_is_answered() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.give(reliable(&invite, 180, "bob", 1, ""));
    let prack = scene.request(&Method::Prack);
    scene.event();
    scene.wait(seconds(2));
    assert_eq!(scene.request(&Method::Prack).to_bytes(), prack.to_bytes());
    scene.respond(&prack, 200);
    scene.wait(seconds(10));
    scene.assert_quiet();
}

#[test]
fn a_challenged_prack_goes_out_again() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.give(reliable(&invite, 180, "bob", 1, ""));
    let first = scene.request(&Method::Prack);
    let mut verifier = Verifier::new("pbx", "n1", Algorithm::Md5);
    let reply = Scene::reply(&first, 401, "bob").header(HeaderName::WwwAuthenticate, verifier.challenge(false));
    scene.give(reply.build().unwrap());
    let second = scene.request(&Method::Prack);
    assert_eq!(verifier.verify(&second, &Password::new("hunter2")), Verdict::Accepted);
    assert_eq!((second.headers().cseq().unwrap().number, rack(&second)), (3, "1 1 INVITE".to_owned()));
}

#[test]
fn an_answer_that_has_arrived_for_certain_is_not_replaced() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.give(reliable(&invite, 183, "bob", 1, &sdp("")));
    scene.request(&Method::Prack);
    scene.event();
    scene.media.clear();
    scene.respond_with(&invite, 200, &sdp_at("192.0.2.77", 6000, "").replace("AVP 8", "AVP 0"));
    scene.request(&Method::Ack);
    assert_eq!(scene.event(), LegEvent::Answered(pcma(), Extras::default()));
    assert_eq!(scene.remote().rtp.to_string(), "192.0.2.9:5000");
}

#[test]
fn the_phone_heard_last_is_heard_and_the_one_that_answers_stays() {
    let mut scene = Scene::new();
    let invite = scene.call();
    let phone = |status, tag: &str, port| {
        let reply = Scene::reply(&invite, status, tag).body("application/sdp", sdp_at("192.0.2.9", port, ""));
        reply.build().unwrap()
    };
    scene.give(phone(183, "carol", 5000));
    assert_eq!(scene.remote().rtp.port(), 5000);
    scene.give(phone(183, "dave", 6000));
    assert_eq!(scene.remote().rtp.port(), 6000);
    scene.events.clear();
    scene.give(phone(200, "carol", 5000));
    assert_eq!(scene.request(&Method::Ack).headers().to().unwrap().tag(), Some("carol"));
    assert_eq!(scene.event(), LegEvent::Answered(pcma(), Extras::default()));
    assert_eq!(scene.remote().rtp.port(), 5000);
    scene.assert_quiet();
}

#[test]
fn each_phone_has_an_answer_of_its_own() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.give(reliable(&invite, 183, "carol", 1, &sdp("")));
    scene.give(reliable(&invite, 183, "dave", 900, &sdp_at("192.0.2.9", 6000, "").replace("AVP 8", "AVP 0")));
    let pracks = [scene.request(&Method::Prack), scene.request(&Method::Prack)];
    let of = |prack: &Request| (prack.headers().to().unwrap().tag().unwrap().to_owned(), rack(prack));
    assert_eq!(of(&pracks[0]), ("carol".to_owned(), "1 1 INVITE".to_owned()));
    assert_eq!(of(&pracks[1]), ("dave".to_owned(), "900 1 INVITE".to_owned()));
    scene.events.clear();
    scene.give(Scene::reply(&invite, 200, "carol").build().unwrap());
    scene.request(&Method::Ack);
    assert_eq!(scene.event(), LegEvent::Answered(pcma(), Extras::default()));
    assert_eq!(scene.remote().rtp.port(), 5000);
}

#[test]
fn a_phone_that_rings_no_more_is_heard_no_more() {
    let mut scene = Scene::new();
    let invite = scene.call();
    let phone = |status, tag: &str, port| {
        let reply = Scene::reply(&invite, status, tag).body("application/sdp", sdp_at("192.0.2.9", port, ""));
        reply.build().unwrap()
    };
    scene.give(phone(183, "carol", 5000));
    scene.give(phone(183, "dave", 6000));
    scene.events.clear();
    scene.media.clear();
    scene.give(Scene::reply(&invite, 199, "dave").build().unwrap());
    assert_eq!(scene.event(), LegEvent::Progress(Some(pcma()), Extras::default()));
    assert_eq!(scene.remote().rtp.port(), 5000);
}

/// A call whose callee has sent a reliable 183 with PCMA; the callee's side.
fn early() -> (Scene, Request, Peer) {
    let mut scene = Scene::new();
    let invite = scene.call();
    let progress = reliable(&invite, 183, "bob", 1, &sdp(""));
    scene.give(progress.clone());
    let prack = scene.request(&Method::Prack);
    scene.respond(&prack, 200);
    scene.event();
    scene.media.clear();
    let peer = Peer::callee(&invite, &progress);
    (scene, invite, peer)
}

#[test]
fn an_update_before_the_answer_moves_the_early_media() {
    let (mut scene, invite, peer) = early();
    scene.give(peer.update(1, &sdp_at("192.0.2.9", 6000, "")));
    let ok = scene.response(200);
    assert!(body(ok.body()).contains("m=audio 4000 RTP/AVP 8"), "{}", body(ok.body()));
    assert_eq!(scene.event(), LegEvent::Progress(Some(pcma()), Extras::default()));
    assert_eq!(scene.remote().rtp.port(), 6000);
    scene.respond(&invite, 200);
    scene.request(&Method::Ack);
    assert_eq!(scene.event(), LegEvent::Answered(pcma(), Extras::default()));
    assert_eq!(scene.remote().rtp.port(), 6000);
}

#[test]
fn an_update_before_our_offer_has_its_answer_is_pending() {
    let mut scene = Scene::new();
    let invite = scene.call();
    let ringing = Scene::reply(&invite, 180, "bob").build().unwrap();
    scene.give(ringing.clone());
    scene.event();
    scene.give(Peer::callee(&invite, &ringing).update(1, &sdp("")));
    scene.response(491);
    scene.assert_quiet();
}

#[test]
fn an_update_of_an_unknown_phone_is_refused() {
    let (mut scene, _, peer) = early();
    scene.give(peer.stranger().update(1, &sdp("")));
    scene.response(481);
    scene.assert_quiet();
}

#[test]
fn a_call_given_up_meanwhile_is_cancelled() {
    let (mut scene, invite, _) = early();
    scene.command(LEG, LegCommand::End(Cause::Cancelled, Extras::default()));
    let cancel = scene.request(&Method::Cancel);
    scene.event();
    scene.respond(&cancel, 200);
    scene.respond(&invite, 487);
    scene.request(&Method::Ack);
    scene.assert_forgotten();
}
