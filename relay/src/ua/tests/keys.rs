//! Keys as INFO requests, both ways.

use std::time::Duration;

use offhook_media::{Command, Digit, Event};
use offhook_protocol::ErrorCode;
use offhook_protocol::request::DtmfMethod;
use offhook_sip::message::{HeaderName, Method, Request};

use super::peer::sdp;
use super::scene::{LEG, Scene, body, header, seconds};
use crate::call::{Cause, Extras, LegCommand, LegEvent};

fn key(key: char, method: DtmfMethod) -> LegCommand {
    LegCommand::Dtmf { digit: Digit::from_char(key).unwrap(), duration: Duration::from_millis(100), method }
}

fn press(scene: &mut Scene, keys: &str, method: DtmfMethod) {
    keys.chars().for_each(|digit| scene.command(LEG, key(digit, method)));
}

/// The next INFO, and the key in it.
fn info(scene: &mut Scene) -> (Request, String) {
    let info = scene.request(&Method::Info);
    let text = body(info.body());
    (info, text)
}

fn warning(scene: &mut Scene) -> offhook_protocol::Failure {
    match scene.event() {
        LegEvent::Warning(failure) => failure,
        other => panic!("not a warning: {other:?}"),
    }
}

#[test]
fn each_key_waits_for_the_answer_to_the_one_before() {
    let (mut scene, _) = Scene::established();
    press(&mut scene, "12", DtmfMethod::Info);
    let (first, key) = info(&mut scene);
    assert_eq!(key, "1");
    assert_eq!(header(&first.clone().into(), &HeaderName::ContentType).as_deref(), Some("application/dtmf"));
    scene.wait(Duration::from_millis(400));
    scene.assert_quiet();
    scene.respond(&first, 200);
    assert_eq!(info(&mut scene).1, "2");
}

#[test]
fn keys_go_no_faster_than_a_finger() {
    let (mut scene, _) = Scene::established();
    press(&mut scene, "123", DtmfMethod::InfoRelay);
    for key in ["1", "2", "3"] {
        let (request, text) = info(&mut scene);
        assert_eq!(text, format!("Signal={key}\r\nDuration=160\r\n"));
        scene.respond(&request, 200);
        scene.assert_quiet();
        scene.wait(Duration::from_millis(259));
        scene.assert_quiet();
        scene.wait(Duration::from_millis(1));
    }
    scene.assert_quiet();
}

#[test]
fn a_peer_that_refuses_keys_as_info_gets_them_in_its_media() {
    for status in [405, 415, 501] {
        let (mut scene, peer) = Scene::established();
        press(&mut scene, "123", DtmfMethod::Info);
        let (request, _) = info(&mut scene);
        scene.respond(&request, status);
        press(&mut scene, "4", DtmfMethod::Info);
        let pressed = scene.media.drain(..).filter_map(|command| match command {
            Command::SendDtmf { leg: LEG, digits, .. } => Some(digits.iter().map(Digit::as_char).collect::<String>()),
            _ => None,
        });
        assert_eq!(pressed.collect::<String>(), "1234", "{status}");
        scene.wait(seconds(5));
        scene.assert_quiet();
        scene.give(peer.bye(2));
        scene.response(200);
    }
}

#[test]
fn a_key_nobody_answers_is_a_warning() {
    let (mut scene, _) = Scene::established();
    press(&mut scene, "1", DtmfMethod::Info);
    info(&mut scene);
    scene.wait(seconds(40));
    assert_eq!(warning(&mut scene).sip_status, Some(408));
}

#[test]
fn a_key_of_a_call_that_the_peer_does_not_know_ends_it() {
    let (mut scene, _) = Scene::established();
    press(&mut scene, "1", DtmfMethod::Info);
    let (request, _) = info(&mut scene);
    scene.respond(&request, 481);
    assert!(matches!(scene.event(), LegEvent::Ended(..)));
    scene.request(&Method::Bye);
}

#[test]
fn a_challenge_is_answered_and_the_key_arrives() {
    let (mut scene, _) = Scene::established();
    press(&mut scene, "7", DtmfMethod::Info);
    let (request, _) = info(&mut scene);
    let challenge = "Digest realm=\"pbx\", nonce=\"abc\"";
    scene.give(Scene::reply(&request, 401, "bob").header(HeaderName::WwwAuthenticate, challenge).build().unwrap());
    let (again, key) = info(&mut scene);
    assert_eq!(key, "7");
    assert!(again.headers().contains(&HeaderName::Authorization));
    scene.respond(&again, 200);
    scene.assert_quiet();
}

#[test]
fn a_peer_without_telephone_events_gets_keys_as_info() {
    let mut scene = Scene::new();
    let invite = scene.call();
    let without = super::peer::sdp("").replace(" 97", "").replace("a=rtpmap:97 telephone-event/8000\r\n", "");
    scene.respond_with(&invite, 200, &without);
    scene.request(&Method::Ack);
    scene.event();
    press(&mut scene, "9", DtmfMethod::Rfc2833);
    assert_eq!(info(&mut scene).1, "Signal=9\r\nDuration=160\r\n");
}

#[test]
fn keys_that_wait_are_forgotten_with_the_call() {
    let (mut scene, peer) = Scene::established();
    press(&mut scene, "12", DtmfMethod::Info);
    let (request, _) = info(&mut scene);
    scene.give(peer.bye(2));
    scene.response(200);
    scene.event();
    scene.respond(&request, 200);
    scene.assert_forgotten();
}

#[test]
fn more_keys_than_can_wait_are_left_out_with_a_warning() {
    let (mut scene, _) = Scene::established();
    press(&mut scene, &"1".repeat(130), DtmfMethod::Info);
    assert_eq!(warning(&mut scene).code, ErrorCode::LimitReached);
}

#[test]
fn keys_of_the_peer_are_told_with_how_they_came() {
    let (mut scene, peer) = Scene::established();
    for (cseq, kind, text, method, millis) in [
        (2, "application/dtmf", "5", DtmfMethod::Info, 160),
        (3, "application/dtmf-relay", "Signal=5\r\nDuration=250\r\n", DtmfMethod::InfoRelay, 250),
    ] {
        scene.give(peer.request(Method::Info, cseq).body(kind, text.to_owned()).build().unwrap());
        scene.response(200);
        let digit = Digit::from_char('5').unwrap();
        let duration = Duration::from_millis(millis);
        assert_eq!(scene.event(), LegEvent::Dtmf { digit, duration, method });
    }
}

#[test]
fn an_info_that_holds_no_key_is_answered_as_what_it_is() {
    let (mut scene, peer) = Scene::established();
    scene.give(peer.request(Method::Info, 2).build().unwrap());
    scene.response(200);
    scene.give(peer.request(Method::Info, 3).body("application/dtmf", "x".to_owned()).build().unwrap());
    scene.response(400);
    scene.give(peer.request(Method::Info, 4).body("application/vnd.example+xml", "x".to_owned()).build().unwrap());
    let refused = scene.response(415);
    assert!(refused.headers().contains(&HeaderName::Accept));
    scene.assert_quiet();
}

#[test]
fn a_key_that_is_not_among_the_events_of_the_peer_goes_as_info() {
    let mut scene = Scene::new();
    let invite = scene.call();
    let events = format!("{}a=fmtp:97 0-11\r\n", sdp(""));
    scene.respond_with(&invite, 200, &events);
    scene.request(&Method::Ack);
    scene.event();
    press(&mut scene, "#", DtmfMethod::Rfc2833);
    scene.assert_quiet();
    press(&mut scene, "D", DtmfMethod::Rfc2833);
    assert!(info(&mut scene).1.starts_with("Signal=D\r\n"));
}

#[test]
fn an_info_of_no_dialog_is_refused() {
    let (mut scene, peer) = Scene::established();
    let info = peer.stranger().request(Method::Info, 2).body("application/dtmf", "1".to_owned());
    scene.give(info.build().unwrap());
    scene.response(481);
}

#[test]
fn keys_that_rtp_cannot_carry_are_a_warning() {
    let (mut scene, _) = Scene::established();
    scene.ua.media_event(&Event::DtmfRefused { leg: LEG }, scene.now);
    scene.drain();
    assert_eq!(warning(&mut scene).code, ErrorCode::Rejected);
}

/// Whoever is woken for a key that may not go would be woken again at once, and again.
fn assert_asleep(scene: &Scene) {
    assert!(scene.ua.poll_timeout().is_none_or(|due| due > scene.now), "woken for nothing");
}

#[test]
fn keys_of_a_call_that_is_hung_up_wait_for_nothing() {
    let (mut scene, _) = Scene::established();
    press(&mut scene, "123", DtmfMethod::Info);
    let (first, _) = info(&mut scene);
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    let bye = scene.request(&Method::Bye);
    scene.event();
    scene.now += Duration::from_millis(300);
    scene.respond(&first, 200);
    assert_asleep(&scene);
    scene.respond(&bye, 200);
    scene.assert_forgotten();
}

#[test]
fn keys_wait_for_an_ack_asleep() {
    let (mut scene, peer) = Scene::established();
    press(&mut scene, "1", DtmfMethod::Info);
    let (first, _) = info(&mut scene);
    scene.respond(&first, 200);
    scene.wait(seconds(1));
    scene.give(peer.reinvite(1, &sdp("sendonly")));
    let LegEvent::Reoffer(asked) = scene.event() else { panic!("no offer") };
    scene.command(LEG, LegCommand::ReofferAnswer(Ok(asked)));
    scene.response(200);
    press(&mut scene, "2", DtmfMethod::Info);
    assert_asleep(&scene);
    scene.give(peer.ack(1).build().unwrap());
    assert_eq!(info(&mut scene).1, "2");
}
