//! Headers, lines and reasons that travel with calls.

use bytes::Bytes;
use offhook_media::{Codec, Direction};
use offhook_protocol::request::OpenSip;
use offhook_protocol::{ErrorCode, Failure, Header};
use offhook_sip::message::{HeaderName, Message, Method, Request};

use super::peer::sdp;
use super::scene::{LEG, Scene, account, audio, body, header};
use crate::call::{Cause, Extras, Identity, LegCommand, LegEvent};
use crate::ua::strays::MAX_ANSWERS;

fn named(name: &str) -> HeaderName {
    HeaderName::parse(&Bytes::copy_from_slice(name.as_bytes()))
}

fn own(name: &str, value: &str) -> Extras {
    Extras { headers: vec![Header { name: name.into(), value: value.into() }], ..Extras::default() }
}

fn seen<'a>(extras: &'a Extras, name: &str) -> Option<&'a str> {
    extras.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.as_str())
}

#[test]
fn an_apps_headers_go_out_with_the_invite_and_with_its_repetition() {
    let mut scene = Scene::new();
    scene.dial_with("bob", own("X-Ticket", "42; priority=\"high\""));
    let invite = scene.request(&Method::Invite);
    assert_eq!(header(&invite.clone().into(), &named("X-Ticket")).as_deref(), Some("42; priority=\"high\""));
    let challenge = "Digest realm=\"pbx\", nonce=\"abc\"";
    scene.give(Scene::reply(&invite, 401, "pbx").header(HeaderName::WwwAuthenticate, challenge).build().unwrap());
    scene.request(&Method::Ack);
    let again = scene.request(&Method::Invite);
    assert_eq!(header(&again.into(), &named("X-Ticket")).as_deref(), Some("42; priority=\"high\""));
}

#[test]
fn an_apps_headers_go_out_with_the_answer() {
    let (mut scene, _, leg) = Scene::ringing(&sdp(""));
    scene.command(leg, LegCommand::Answer(audio(&[Codec::Pcma], Direction::SendRecv), own("X-Agent", "7")));
    let ok = scene.response(200);
    assert_eq!(header(&ok.into(), &named("X-Agent")).as_deref(), Some("7"));
}

#[test]
fn an_apps_lines_stand_in_every_description() {
    let mut scene = Scene::new();
    let extras = Extras { sdp_lines: vec!["a=X-vendor:1".into(), "b=AS:64".into()], ..Extras::default() };
    scene.dial_with("bob", extras);
    let invite = scene.request(&Method::Invite);
    let offer = body(invite.body());
    assert!(offer.contains("\r\nb=AS:64\r\n") && offer.contains("\r\na=X-vendor:1\r\n"), "{offer}");
    scene.respond_with(&invite, 200, &sdp(""));
    scene.request(&Method::Ack);
    scene.command(LEG, LegCommand::Reoffer(audio(&[Codec::Pcma], Direction::SendOnly)));
    let again = body(scene.request(&Method::Invite).body());
    assert!(again.contains("\r\na=X-vendor:1\r\n"), "{again}");
}

#[test]
fn a_line_that_is_the_relays_own_does_not_get_into_a_description() {
    let mut scene = Scene::new();
    let hostile =
        ["a=sendonly", "a=crypto:1 x", "m=audio 1 RTP/AVP 0", "a=x\r\nm=audio 1 RTP/AVP 0", "c=IN IP4 1.2.3.4"];
    let sdp_lines = hostile.map(str::to_owned).to_vec();
    scene.dial_with("bob", Extras { sdp_lines, ..Extras::default() });
    let offer = body(scene.request(&Method::Invite).body());
    assert!(!offer.contains("crypto") && !offer.contains("sendonly") && !offer.contains("1.2.3.4"), "{offer}");
    assert_eq!(offer.matches("m=audio").count(), 1);
}

#[test]
fn headers_of_an_invite_reach_the_app() {
    let mut scene = Scene::new();
    let peer = super::peer::Peer::caller("alice");
    let mut invite = peer.invite(&sdp(""));
    for (name, value) in [("X-Queue", "sales"), ("P-Asserted-Identity", "<sip:+49301@pbx>"), ("Server", "secret")] {
        invite.headers_mut().push(named(name), value).unwrap();
    }
    scene.give(invite);
    let incoming = scene.incoming.pop_front().unwrap();
    assert_eq!(seen(&incoming.extras, "X-Queue"), Some("sales"));
    assert_eq!(seen(&incoming.extras, "P-Asserted-Identity"), Some("<sip:+49301@pbx>"));
    assert_eq!(seen(&incoming.extras, "Server"), None);
    assert_eq!(seen(&incoming.extras, "Via"), None);
}

#[test]
fn headers_and_status_of_every_response_reach_the_app() {
    let mut scene = Scene::new();
    let invite = scene.call();
    for status in [180, 183, 200] {
        let reply = Scene::reply(&invite, status, "bob").header(named("X-Step"), status);
        let reply = if status == 200 { reply.body("application/sdp", sdp("")) } else { reply };
        scene.give(reply.build().unwrap());
        let (event, extras) = scene.event_and_extras();
        assert!(!matches!(event, LegEvent::Ended(..)));
        assert_eq!(extras.sip_status, Some(status));
        assert_eq!(seen(&extras, "X-Step"), Some(status.to_string().as_str()));
    }
}

#[test]
fn headers_and_phrase_of_a_refusal_reach_the_app() {
    let mut scene = Scene::new();
    let invite = scene.call();
    let refusal = Scene::reply(&invite, 486, "bob").reason("On the other line").header(named("X-Until"), "noon");
    scene.give(refusal.build().unwrap());
    scene.request(&Method::Ack);
    let (event, extras) = scene.event_and_extras();
    assert!(matches!(event, LegEvent::Ended(Cause::Failure(failure), _) if failure.sip_status == Some(486)));
    assert_eq!(extras.sip_reason.as_deref(), Some("On the other line"));
    assert_eq!(seen(&extras, "X-Until"), Some("noon"));
}

#[test]
fn a_reason_of_the_peers_reaches_the_app() {
    let (mut scene, peer) = Scene::established();
    let mut bye = peer.bye(2);
    bye.headers_mut().push(HeaderName::Reason, "Q.850;cause=31;text=\"Preempted\"").unwrap();
    scene.give(bye);
    scene.response(200);
    let (event, extras) = scene.event_and_extras();
    assert_eq!(event, LegEvent::Ended(Cause::Normal, Extras::default()));
    assert_eq!(extras.sip_reason.as_deref(), Some("Preempted"));
    assert!(seen(&extras, "Reason").is_some());
}

#[test]
fn a_cancel_says_why_where_the_peer_does() {
    let (mut scene, peer, _) = Scene::ringing(&sdp(""));
    let mut cancel = peer.cancel(1);
    cancel.headers_mut().push(HeaderName::Reason, "SIP;cause=200;text=\"Call completed elsewhere\"").unwrap();
    scene.give(cancel);
    let (event, extras) = scene.event_and_extras();
    assert_eq!(event, LegEvent::Ended(Cause::Cancelled, Extras::default()));
    assert_eq!((extras.sip_status, extras.sip_reason.as_deref()), (Some(200), Some("Call completed elsewhere")));
}

#[test]
fn somebody_the_account_calls_for_is_named_before_its_address() {
    let mut scene = Scene::new();
    scene.ua.open_leg(LEG, super::scene::ACCOUNT, super::scene::local().into(), "carol").unwrap();
    let from = Identity { user: "+49301".into(), display_name: None };
    let (to, extras) = (Identity::default(), Extras::default());
    scene.command(LEG, LegCommand::Invite { from, to, offer: None, extras });
    let from = scene.request(&Method::Invite).headers().from().unwrap();
    assert_eq!((from.display_name.as_deref(), from.uri.to_string().as_str()), (Some("+49301"), "sip:alice@192.0.2.9"));
}

fn lost() -> Cause {
    Cause::Failure(Failure::new(ErrorCode::PeerLost, "The browser is gone."))
}

#[test]
fn a_bye_says_why_unless_the_end_is_a_normal_one() {
    for (cause, reason) in [(Cause::Normal, None), (lost(), Some("SIP;cause=480;text=\"The browser is gone.\""))] {
        let (mut scene, _) = Scene::established();
        scene.command(LEG, LegCommand::End(cause, Extras::default()));
        let bye = scene.request(&Method::Bye);
        assert_eq!(header(&bye.into(), &HeaderName::Reason).as_deref(), reason);
    }
}

#[test]
fn a_cancel_of_ours_says_why() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.respond(&invite, 180);
    scene.command(LEG, LegCommand::End(lost(), Extras::default()));
    let cancel = scene.request(&Method::Cancel);
    assert!(header(&cancel.into(), &HeaderName::Reason).is_some_and(|reason| reason.starts_with("SIP;cause=480")));
}

#[test]
fn no_visible_name_can_begin_a_header() {
    let names = [
        "Eve\" <sip:eve@evil>\r\nX-Evil: 1",
        "Eve\\\" <sip:eve@192.0.2.66>;tag=1",
        "Eve\u{2028}X-Evil: 1",
        "Grüße 😀 \u{202e}evE",
        ">;tag=evil",
        "=?utf-8?Q?=0D=0AX-Evil:=201?=",
    ];
    for name in names {
        let mut scene = Scene::with(&OpenSip { visible_name: None, ..account() });
        scene.ua.open_leg(LEG, super::scene::ACCOUNT, super::scene::local().into(), "bob").unwrap();
        let from = Identity { user: "alice".into(), display_name: Some(name.into()) };
        let invite = LegCommand::Invite { from, to: Identity::default(), offer: None, extras: Extras::default() };
        scene.command(LEG, invite);
        let Some((_, Message::Request(request))) = scene.sent.pop_front() else {
            // Nothing at all is as good.
            continue;
        };
        let headers = request.headers();
        assert!(!headers.contains(&named("X-Evil")), "{name:?}");
        let from = headers.from().unwrap();
        assert_eq!(from.uri.to_string(), "sip:alice@192.0.2.9", "{name:?}");
        assert!(from.tag().is_some_and(|tag| tag != "evil" && tag != "1"), "{name:?}");
    }
}

#[test]
fn a_caller_hears_nothing_before_its_ack() {
    let (mut scene, peer, leg) = Scene::ringing(&sdp(""));
    scene.command(leg, LegCommand::Answer(audio(&[Codec::Pcma], Direction::SendRecv), Extras::default()));
    let ok = scene.response(200);
    assert_eq!(scene.media_told(), ["remote 192.0.2.9:5000", "RecvOnly", "supervise"]);
    scene.give(peer.answered(&ok).ack(1).build().unwrap());
    assert_eq!(scene.media_told(), ["SendRecv"]);
}

/// A call that is over, and the INVITE that made it.
fn call_that_is_over() -> (Scene, Request) {
    let mut scene = Scene::new();
    let invite = scene.call();
    let ok = Scene::reply(&invite, 200, "bob").body("application/sdp", sdp("")).build().unwrap();
    scene.give(ok.clone());
    scene.request(&Method::Ack);
    scene.event();
    scene.give(super::peer::Peer::callee(&invite, &ok).bye(2));
    scene.response(200);
    scene.event();
    assert_eq!(scene.ua.counts().legs, 0);
    (scene, invite)
}

#[test]
fn a_phone_that_answers_after_the_call_is_over_is_ended_too() {
    let (mut scene, invite) = call_that_is_over();
    scene.give(Scene::reply(&invite, 200, "carol").body("application/sdp", sdp("")).build().unwrap());
    let ack = scene.request(&Method::Ack);
    let bye = scene.request(&Method::Bye);
    for request in [&ack, &bye] {
        assert_eq!(request.headers().to().unwrap().tag(), Some("carol"));
    }
    scene.respond(&bye, 200);
    scene.assert_forgotten();
}

#[test]
fn a_server_that_answers_for_ever_has_nobody_flooded() {
    let (mut scene, invite) = call_that_is_over();
    let answer = |number: u8| Scene::reply(&invite, 200, &format!("phone{number}")).build().unwrap();
    for number in 0..MAX_ANSWERS {
        scene.give(answer(number));
        scene.request(&Method::Ack);
        let bye = scene.request(&Method::Bye);
        scene.respond(&bye, 200);
    }
    scene.give(answer(MAX_ANSWERS));
    scene.assert_quiet();
    scene.assert_forgotten();
}
