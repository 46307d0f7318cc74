use offhook_media::{Codec, Direction};
use offhook_protocol::ErrorCode;
use offhook_protocol::request::DtmfMethod;
use offhook_protocol::request::OpenSip;
use offhook_sip::digest::{Algorithm, Password, Verdict, Verifier};
use offhook_sip::message::{HeaderName, Method, StatusCode};

use super::peer::{foreign_sdp, sdp, sdp_at};
use super::scene::{LEG, Scene, account, audio, body, failure, seconds};
use crate::call::{Cause, Extras, LegCommand, LegEvent};

fn answered(codec: Codec) -> LegEvent {
    LegEvent::Answered(audio(&[codec], Direction::SendRecv), Extras::default())
}

#[test]
fn an_invite_offers_every_codec_and_says_who_calls() {
    let mut scene = Scene::new();
    let invite = scene.call();
    assert_eq!(invite.uri().unwrap().to_string(), "sip:bob@192.0.2.9");
    let from = invite.headers().from().unwrap();
    assert_eq!(
        (from.display_name.as_deref(), from.uri.to_string().as_str()),
        (Some("Alice A."), "sip:alice@192.0.2.9")
    );
    let offer = body(invite.body());
    for codec in ["opus", "G722", "PCMU", "PCMA", "telephone-event"] {
        assert!(offer.contains(codec), "{codec} is missing from {offer}");
    }
    assert!(offer.contains("m=audio 4000"), "{offer}");
}

#[test]
fn a_calls_own_visible_name_goes_before_the_accounts() {
    let mut scene = Scene::new();
    scene.ua.open_leg(LEG, super::scene::ACCOUNT, super::scene::local().into(), "bob").unwrap();
    let from = crate::call::Identity { user: "alice".into(), display_name: Some("Alice at work".into()) };
    let to = crate::call::Identity { user: "bob".into(), display_name: None };
    scene.command(LEG, LegCommand::Invite { from, to, offer: None, extras: Extras::default() });
    let invite = scene.request(&Method::Invite);
    assert_eq!(invite.headers().from().unwrap().display_name.as_deref(), Some("Alice at work"));
}

#[test]
fn provisional_responses_are_told_one_by_one() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.give(offhook_sip::message::Response::reply(&invite, StatusCode::TRYING).build().unwrap());
    scene.respond(&invite, 180);
    scene.respond(&invite, 183);
    assert_eq!(scene.event(), LegEvent::Trying);
    assert_eq!(scene.event(), LegEvent::Ringing(None, Extras::default()));
    assert_eq!(scene.event(), LegEvent::Progress(None, Extras::default()));
}

#[test]
fn an_answer_is_acknowledged_before_the_core_hears_of_it() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.respond_with(&invite, 200, &sdp(""));
    let ack = scene.request(&Method::Ack);
    assert_eq!(ack.headers().cseq().unwrap().number, invite.headers().cseq().unwrap().number);
    assert_eq!(ack.uri().unwrap().to_string(), "sip:bob@192.0.2.9:5060");
    assert_eq!(scene.event(), answered(Codec::Pcma));
    assert_eq!(scene.media_told(), ["remote 192.0.2.9:5000", "SendRecv", "supervise"]);
}

#[test]
fn early_media_comes_with_a_183() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.respond_with(&invite, 183, &sdp(""));
    assert_eq!(scene.event(), LegEvent::Progress(Some(audio(&[Codec::Pcma], Direction::SendRecv)), Extras::default()));
    assert_eq!(scene.media_told(), ["remote 192.0.2.9:5000", "SendRecv"]);
}

#[test]
fn early_media_comes_with_a_180_too() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.respond_with(&invite, 180, &sdp(""));
    assert_eq!(scene.event(), LegEvent::Ringing(Some(audio(&[Codec::Pcma], Direction::SendRecv)), Extras::default()));
}

#[test]
fn a_200_without_a_description_lets_the_early_one_stand() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.respond_with(&invite, 183, &sdp(""));
    scene.event();
    scene.respond(&invite, 200);
    scene.request(&Method::Ack);
    assert_eq!(scene.event(), answered(Codec::Pcma));
}

#[test]
fn a_200_may_speak_another_codec_than_the_early_media() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.respond_with(&invite, 183, &sdp(""));
    scene.event();
    scene.respond_with(&invite, 200, &sdp_at("192.0.2.77", 6000, "").replace("AVP 8", "AVP 0"));
    assert_eq!(scene.event(), answered(Codec::Pcmu));
    assert_eq!(scene.remote().rtp.to_string(), "192.0.2.77:6000");
}

#[test]
fn an_answer_without_a_common_codec_ends_the_call_on_both_sides() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.respond_with(&invite, 200, &foreign_sdp());
    scene.request(&Method::Ack);
    let bye = scene.request(&Method::Bye);
    assert_eq!(failure(scene.event()).code, ErrorCode::NoCommonCodecs);
    scene.respond(&bye, 200);
    scene.assert_forgotten();
}

#[test]
fn an_answer_without_any_description_ends_the_call_on_both_sides() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.respond(&invite, 200);
    scene.request(&Method::Ack);
    scene.request(&Method::Bye);
    assert_eq!(failure(scene.event()).code, ErrorCode::Rejected);
    scene.assert_forgotten();
}

/// Challenges the INVITE and gives the second one.
fn challenged(status: u16, name: HeaderName) -> (Scene, u32) {
    let mut scene = Scene::new();
    let first = scene.call();
    let mut verifier = Verifier::new("pbx", "nonce1", Algorithm::Sha256);
    let challenge = Scene::reply(&first, status, "proxy").header(name, verifier.challenge(false));
    scene.give(challenge.build().unwrap());
    scene.request(&Method::Ack);
    let mut second = scene.request(&Method::Invite);
    assert_eq!(second.headers().call_id().unwrap(), first.headers().call_id().unwrap());
    assert_ne!(second.headers().top_via().unwrap(), first.headers().top_via().unwrap());
    let number = second.headers().cseq().unwrap().number;
    if let Some(answer) = second.headers().first(&HeaderName::ProxyAuthorization).map(|header| header.text()) {
        second.headers_mut().set(HeaderName::Authorization, answer).unwrap();
    }
    assert_eq!(verifier.verify(&second, &Password::new("hunter2")), Verdict::Accepted);
    scene.respond_with(&second, 200, &sdp(""));
    assert_eq!(scene.request(&Method::Ack).headers().cseq().unwrap().number, number);
    assert_eq!(scene.event(), answered(Codec::Pcma));
    (scene, number)
}

#[test]
fn a_401_is_answered_with_the_next_number() {
    assert_eq!(challenged(401, HeaderName::WwwAuthenticate).1, 2);
}

#[test]
fn a_407_is_answered_with_the_next_number() {
    assert_eq!(challenged(407, HeaderName::ProxyAuthenticate).1, 2);
}

#[test]
fn numbers_go_on_from_a_challenged_invite() {
    let (mut scene, number) = challenged(407, HeaderName::ProxyAuthenticate);
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    assert_eq!(scene.request(&Method::Bye).headers().cseq().unwrap().number, number + 1);
}

#[test]
fn a_second_challenge_means_a_wrong_password() {
    let mut scene = Scene::new();
    let first = scene.call();
    let challenge = |request: &_, nonce: &str| {
        let verifier = Verifier::new("pbx", nonce, Algorithm::Md5);
        let reply = Scene::reply(request, 401, "pbx").header(HeaderName::WwwAuthenticate, verifier.challenge(false));
        reply.build().unwrap()
    };
    scene.give(challenge(&first, "n1"));
    scene.request(&Method::Ack);
    let second = scene.request(&Method::Invite);
    scene.give(challenge(&second, "n2"));
    scene.request(&Method::Ack);
    assert_eq!(failure(scene.event()).code, ErrorCode::Unauthorized);
    scene.assert_forgotten();
}

#[test]
fn two_calls_at_once_answer_a_challenge_each() {
    let mut scene = Scene::new();
    let first = scene.call();
    let other = offhook_media::LegId(2);
    scene.ua.open_leg(other, super::scene::ACCOUNT, super::scene::local().into(), "carol").unwrap();
    let who = crate::call::Identity::default();
    scene.command(other, LegCommand::Invite { from: who.clone(), to: who, offer: None, extras: Extras::default() });
    let second = scene.request(&Method::Invite);
    for (invite, nonce) in [(first, "n1"), (second, "n2")] {
        let mut verifier = Verifier::new("pbx", nonce, Algorithm::Md5);
        let reply = Scene::reply(&invite, 401, "pbx").header(HeaderName::WwwAuthenticate, verifier.challenge(false));
        scene.give(reply.build().unwrap());
        scene.request(&Method::Ack);
        let again = scene.request(&Method::Invite);
        assert_eq!(verifier.verify(&again, &Password::new("hunter2")), Verdict::Accepted);
    }
}

#[test]
fn refusals_end_the_leg_with_their_meaning() {
    let expected = [
        (404, ErrorCode::NotFound),
        (408, ErrorCode::NoAnswer),
        (480, ErrorCode::NoAnswer),
        (486, ErrorCode::Busy),
        (487, ErrorCode::NoAnswer),
        (488, ErrorCode::NoCommonCodecs),
        (500, ErrorCode::Rejected),
        (600, ErrorCode::Busy),
        (603, ErrorCode::Declined),
    ];
    for (status, code) in expected {
        let mut scene = Scene::new();
        let invite = scene.call();
        scene.respond(&invite, status);
        scene.request(&Method::Ack);
        let failure = failure(scene.event());
        assert_eq!((failure.code, failure.sip_status), (code, Some(status)));
        scene.assert_forgotten();
    }
}

#[test]
fn a_silent_server_ends_the_leg_in_time() {
    let mut scene = Scene::new();
    scene.call();
    scene.wait(seconds(33));
    assert_eq!(failure(scene.event()).code, ErrorCode::Timeout);
    scene.assert_forgotten();
}

#[test]
fn a_server_that_cannot_be_reached_ends_the_leg_at_once() {
    let mut scene = Scene::new();
    scene.call();
    scene.fail_to_send();
    assert_eq!(failure(scene.event()).code, ErrorCode::Unreachable);
    scene.assert_forgotten();
}

#[test]
fn a_lookup_that_never_ends_ends_the_leg_in_time() {
    let mut scene = Scene::with(&OpenSip { domain: "pbx.example".into(), ..account() });
    scene.dial("bob");
    scene.wait(seconds(11));
    assert_eq!(failure(scene.event()).code, ErrorCode::Unreachable);
    scene.assert_forgotten();
}

#[test]
fn a_host_without_an_address_ends_the_leg_at_once() {
    let mut scene = Scene::with(&OpenSip { domain: "pbx.example".into(), ..account() });
    scene.dial("bob");
    scene.resolve(&[]);
    assert_eq!(failure(scene.event()).code, ErrorCode::Unreachable);
    scene.assert_forgotten();
}

#[test]
fn a_repeated_answer_is_acknowledged_again() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.respond_with(&invite, 200, &sdp(""));
    let ack = scene.request(&Method::Ack);
    scene.event();
    scene.respond_with(&invite, 200, &sdp(""));
    assert_eq!(scene.request(&Method::Ack).to_bytes(), ack.to_bytes());
    scene.assert_quiet();
}

#[test]
fn the_answer_of_a_second_phone_is_acknowledged_and_ended() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.respond_with(&invite, 200, &sdp(""));
    scene.request(&Method::Ack);
    scene.event();
    let second = Scene::reply(&invite, 200, "carol").body("application/sdp", sdp("")).build().unwrap();
    scene.give(second);
    let ack = scene.request(&Method::Ack);
    let bye = scene.request(&Method::Bye);
    for request in [&ack, &bye] {
        assert_eq!(request.headers().to().unwrap().tag(), Some("carol"));
    }
    scene.assert_quiet();
    assert_eq!(scene.ua.counts().legs, 1);
}

#[test]
fn a_second_phone_does_not_disturb_the_first() {
    let mut scene = Scene::new();
    let invite = scene.call();
    let early = Scene::reply(&invite, 180, "carol").build().unwrap();
    scene.give(early);
    scene.respond(&invite, 180);
    scene.respond_with(&invite, 200, &sdp(""));
    assert_eq!(scene.request(&Method::Ack).headers().to().unwrap().tag(), Some("bob"));
    scene.events.clear();
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    assert_eq!(scene.request(&Method::Bye).headers().to().unwrap().tag(), Some("bob"));
}

#[test]
fn keys_become_telephone_events() {
    let (mut scene, _) = Scene::established();
    let digit = offhook_media::Digit::from_event(5).unwrap();
    scene.command(LEG, LegCommand::Dtmf { digit, duration: seconds(1), method: DtmfMethod::Rfc2833 });
    let Some(offhook_media::Command::SendDtmf { leg: LEG, tone, .. }) = scene.media.pop_front() else {
        panic!("no key is pressed")
    };
    assert_eq!(tone, seconds(1));
    scene.assert_quiet();
}

#[test]
fn keys_heard_by_the_media_worker_are_told_to_the_core() {
    let (mut scene, _) = Scene::established();
    let digit = offhook_media::Digit::from_event(5).unwrap();
    scene.ua.media_event(&offhook_media::Event::Dtmf { leg: LEG, digit, duration: seconds(1) }, scene.now);
    scene.drain();
    assert_eq!(scene.event(), LegEvent::Dtmf { digit, duration: seconds(1), method: DtmfMethod::Rfc2833 });
}
