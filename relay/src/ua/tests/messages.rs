//! Texts, either way (RFC 3428).

use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::message::{HeaderName, Message, Method, Request, Via};

use super::peer::addr;
use super::scene::{ACCOUNT, Scene, header, seconds};
use crate::ua::Source;

/// A peer's text.
fn text(to: &str, number: u32, content_type: &str, body: &str) -> Request {
    let via: Via = format!("SIP/2.0/UDP 192.0.2.9:5060;rport;branch=z9hG4bKm{number}").parse().unwrap();
    Request::builder(Method::Message, format!("sip:{to}@192.0.2.1").parse().unwrap())
        .via(&via)
        .from(&addr("\"Bob B.\" <sip:bob@192.0.2.9>;tag=bob"))
        .to(&addr(&format!("<sip:{to}@192.0.2.1>")))
        .call_id(&offhook_sip::message::CallId::new(&format!("m{number}@bob")).unwrap())
        .cseq(1)
        .body(content_type, body.to_owned())
        .build()
        .unwrap()
}

fn status(scene: &mut Scene) -> u16 {
    match scene.sent.pop_front() {
        Some((_, Message::Response(response))) => response.status().code(),
        other => panic!("no response: {other:?}"),
    }
}

#[test]
fn a_text_is_answered_as_the_relay_decides() {
    let mut scene = Scene::new();
    scene.give(text("alice", 1, "text/plain;charset=UTF-8", "Grüße"));
    let (message, source, dialled, from, said) = scene.messages.pop_front().unwrap();
    assert_eq!((source, dialled.as_str()), (Source::Stranger, "alice"));
    assert_eq!((from.as_str(), said.as_str()), ("bob@192.0.2.9", "Grüße"));
    scene.assert_quiet();
    scene.ua.answer_message(message, None, scene.now);
    scene.drain();
    assert_eq!(status(&mut scene), 200);
    scene.give(text("nobody", 2, "text/plain", "Hello?"));
    let (message, ..) = scene.messages.pop_front().unwrap();
    scene.ua.answer_message(message, Some(&Failure::new(ErrorCode::NotFound, "no")), scene.now);
    scene.drain();
    assert_eq!(status(&mut scene), 404);
}

#[test]
fn a_text_to_a_contact_is_its_accounts() {
    let mut scene = Scene::new();
    let contact = scene.ua.accounts.address(ACCOUNT, &scene.ua.hop).unwrap();
    let user = contact.uri.sip().unwrap().user().unwrap().to_owned();
    scene.give(text(&user, 1, "text/plain", "Hi"));
    assert_eq!(scene.messages.pop_front().unwrap().1, Source::Account(ACCOUNT));
}

#[test]
fn what_is_no_text_or_too_long_is_refused() {
    let mut scene = Scene::new();
    scene.give(text("alice", 1, "application/pidf+xml", "<x/>"));
    let (_, response) = scene.sent.pop_front().unwrap();
    assert_eq!(header(&response, &HeaderName::Accept).as_deref(), Some("text/plain"));
    let Message::Response(response) = response else { panic!("a request") };
    assert_eq!(response.status().code(), 415);
    scene.give(text("alice", 2, "text/plain", &"x".repeat(9_000)));
    assert_eq!(status(&mut scene), 413);
    assert!(scene.messages.is_empty());
}

fn send(scene: &mut Scene) -> Request {
    scene.ua.send_message(ACCOUNT, "bob", "Grüße", scene.now).unwrap();
    scene.drain();
    scene.request(&Method::Message)
}

#[test]
fn an_accounts_text_goes_to_its_server_and_its_fate_is_told() {
    let mut scene = Scene::new();
    let message = send(&mut scene);
    assert_eq!(message.uri().unwrap().to_string(), "sip:bob@192.0.2.9");
    assert_eq!(message.body(), "Grüße".as_bytes());
    assert!(!message.headers().contains(&HeaderName::Contact), "RFC 3428 section 4: it has none");
    scene.respond(&message, 202);
    assert_eq!(scene.sent_messages.pop_front(), Some(None));
    let refused = send(&mut scene);
    scene.respond(&refused, 404);
    let failure = scene.sent_messages.pop_front().unwrap().unwrap();
    assert_eq!((failure.code, failure.sip_status), (ErrorCode::NotFound, Some(404)));
}

#[test]
fn a_challenge_is_answered_once() {
    let mut scene = Scene::new();
    let first = send(&mut scene);
    let challenge = |nonce: &str| format!("Digest realm=\"pbx\", nonce=\"{nonce}\", qop=\"auth,auth-int\"");
    let unauthorized = |request: &Request, nonce: &str| {
        Scene::reply(request, 407, "pbx").header(HeaderName::ProxyAuthenticate, challenge(nonce)).build().unwrap()
    };
    scene.give(unauthorized(&first, "1"));
    let second = scene.request(&Method::Message);
    assert!(header(&second.clone().into(), &HeaderName::ProxyAuthorization).unwrap().contains("qop=auth-int"));
    assert_eq!(second.headers().cseq().unwrap().number, 2);
    scene.give(unauthorized(&second, "2"));
    let third = scene.request(&Method::Message);
    assert!(header(&third.clone().into(), &HeaderName::ProxyAuthorization).unwrap().contains("qop=auth,"));
    scene.give(unauthorized(&third, "3"));
    assert_eq!(scene.sent_messages.pop_front().unwrap().unwrap().code, ErrorCode::Unauthorized);
}

#[test]
fn silence_is_told_in_time() {
    let mut scene = Scene::new();
    send(&mut scene);
    scene.wait(seconds(33));
    assert_eq!(scene.sent_messages.pop_front().unwrap().unwrap().code, ErrorCode::Timeout);
}
