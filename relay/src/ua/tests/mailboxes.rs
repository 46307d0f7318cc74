//! What waits in mailboxes (RFC 3842): subscriptions, and servers that tell it unasked.

use offhook_protocol::event::MessageWaiting;
use offhook_protocol::request::OpenSip;
use offhook_sip::message::{HeaderName, Message, Method, NameAddr, Request, Response, StatusCode, Via};

use super::peer::addr;
use super::scene::{ACCOUNT, Scene, account, header, seconds};

fn watching() -> OpenSip {
    OpenSip { register: true, message_waiting: true, ..account() }
}

/// A registered account whose SUBSCRIBE waits for its answer.
fn asking() -> (Scene, Request) {
    let mut scene = Scene::with(&watching());
    let register = scene.request(&Method::Register);
    scene.respond(&register, 200);
    let subscribe = scene.request(&Method::Subscribe);
    (scene, subscribe)
}

fn subscribed() -> (Scene, Request) {
    let (mut scene, subscribe) = asking();
    scene.give(Scene::reply(&subscribe, 200, "mail").header(HeaderName::Expires, 1000).build().unwrap());
    (scene, subscribe)
}

fn notify(number: u32, uri: &str, call_id: &str, to: &NameAddr, state: &str, body: &str) -> Request {
    let via: Via = format!("SIP/2.0/UDP 192.0.2.9:5060;rport;branch=z9hG4bKn{number}").parse().unwrap();
    let request = Request::builder(Method::Notify, uri.parse().unwrap())
        .via(&via)
        .from(&addr("<sip:alice@192.0.2.9>;tag=mail"))
        .to(to)
        .call_id(&offhook_sip::message::CallId::new(call_id).unwrap())
        .cseq(number)
        .header(HeaderName::Event, "message-summary")
        .header(HeaderName::SubscriptionState, state);
    match body {
        "" => request.build().unwrap(),
        body => request.body("application/simple-message-summary", body.to_owned()).build().unwrap(),
    }
}

/// A NOTIFY of a subscription.
fn news(number: u32, subscribe: &Request, state: &str, body: &str) -> Request {
    let headers = subscribe.headers();
    let contact = headers.contact().unwrap().unwrap().uri.to_string();
    notify(number, &contact, &headers.call_id().unwrap().to_string(), &headers.from().unwrap(), state, body)
}

const TWO: &str = "Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/1)\r\n";
const NONE: &str = "Messages-Waiting: no\r\nVoice-Message: 0/8\r\n";

fn waiting(waiting: bool, new: u32, old: u32) -> Option<MessageWaiting> {
    Some(MessageWaiting { waiting, new: Some(new), old: Some(old) })
}

fn status(scene: &mut Scene) -> u16 {
    match scene.sent.pop_front() {
        Some((_, Message::Response(response))) => response.status().code(),
        other => panic!("no response: {other:?}"),
    }
}

#[test]
fn a_mailbox_is_asked_about_once_the_account_is_registered() {
    let (_, subscribe) = asking();
    assert_eq!(subscribe.uri().unwrap().to_string(), "sip:alice@192.0.2.9");
    let value = |name| header(&subscribe.clone().into(), &name);
    assert_eq!(value(HeaderName::Event).as_deref(), Some("message-summary"));
    assert_eq!(value(HeaderName::Accept).as_deref(), Some("application/simple-message-summary"));
    assert_eq!(subscribe.headers().expires(), Some(3600));
}

#[test]
fn nobody_is_asked_where_no_app_wants_it() {
    let mut scene = Scene::with(&OpenSip { message_waiting: false, ..watching() });
    let register = scene.request(&Method::Register);
    scene.respond(&register, 200);
    scene.assert_quiet();
}

#[test]
fn what_waits_is_told_when_it_changes() {
    let (mut scene, subscribe) = subscribed();
    for (number, body, told) in [(1, TWO, waiting(true, 2, 8)), (2, TWO, None), (3, NONE, waiting(false, 0, 8))] {
        scene.give(news(number, &subscribe, "active;expires=900", body));
        assert_eq!(status(&mut scene), 200);
        assert_eq!(scene.waiting.pop_front(), told);
    }
}

#[test]
fn news_may_come_before_the_answer() {
    let (mut scene, subscribe) = asking();
    scene.give(news(1, &subscribe, "active;expires=900", TWO));
    assert_eq!(status(&mut scene), 200);
    assert_eq!(scene.waiting.pop_front(), waiting(true, 2, 8));
}

#[test]
fn a_subscription_is_refreshed_in_its_dialog_and_ended_with_its_session() {
    let (mut scene, subscribe) = subscribed();
    scene.wait(seconds(481));
    let register = scene.request(&Method::Register);
    scene.respond(&register, 200);
    scene.wait(seconds(320));
    let refresh = scene.request(&Method::Subscribe);
    assert_eq!(refresh.headers().call_id().unwrap(), subscribe.headers().call_id().unwrap());
    assert_eq!(refresh.headers().to().unwrap().tag(), Some("mail"));
    assert_eq!(refresh.uri().unwrap().to_string(), "sip:mail@192.0.2.9:5060");
    scene.give(Scene::reply(&refresh, 200, "mail").header(HeaderName::Expires, 1000).build().unwrap());
    scene.ua.unregister(ACCOUNT, scene.now);
    scene.drain();
    let end = scene.request(&Method::Subscribe);
    assert_eq!(end.headers().expires(), Some(0));
    scene.respond(&end, 200);
    let removal = scene.request(&Method::Register);
    scene.respond(&removal, 200);
    assert!(scene.ua.is_idle());
}

/// The registrar sees the relay's REGISTER come from another address, and the binding follows.
fn moves(scene: &mut Scene, register: &Request) -> String {
    let seen = |request: &Request| {
        let mut reply = Response::reply(request, StatusCode::OK).to_tag("reg").build().unwrap();
        let via = format!("{};received=198.51.100.7;rport=40000", via_of(request));
        reply.headers_mut().set(HeaderName::Via, via).unwrap();
        reply
    };
    scene.give(seen(register));
    let again = scene.request(&Method::Register);
    let contact = again.headers().contacts().flatten().next().unwrap().addr().unwrap().uri.to_string();
    assert!(contact.ends_with("@198.51.100.7:40000"), "{contact}");
    scene.give(seen(&again));
    contact
}

fn via_of(request: &Request) -> String {
    let via = request.headers().first(&HeaderName::Via).unwrap().text();
    via.replace(";rport", "")
}

#[test]
fn a_subscription_follows_the_address_that_the_registrar_sees() {
    let (mut scene, _) = subscribed();
    scene.wait(seconds(481));
    let register = scene.request(&Method::Register);
    let contact = moves(&mut scene, &register);
    let refresh = scene.request(&Method::Subscribe);
    assert_eq!(refresh.headers().contact().unwrap().unwrap().uri.to_string(), contact);
    assert_eq!(refresh.headers().to().unwrap().tag(), Some("mail"), "in its dialog");
}

#[test]
fn a_server_without_mailboxes_is_left_alone() {
    for status in [403, 404, 405, 489, 501] {
        let (mut scene, subscribe) = asking();
        scene.respond(&subscribe, status);
        scene.registrations.clear();
        scene.wait(seconds(400));
        scene.assert_quiet();
        assert!(scene.registrations.is_empty(), "nothing is wrong with the account");
    }
}

#[test]
fn a_subscription_that_the_server_ends_is_begun_anew_unless_it_wants_none() {
    let (mut scene, subscribe) = subscribed();
    scene.give(news(1, &subscribe, "terminated;reason=deactivated", ""));
    assert_eq!(status(&mut scene), 200);
    scene.wait(seconds(3));
    let anew = scene.request(&Method::Subscribe);
    assert_ne!(anew.headers().call_id().unwrap(), subscribe.headers().call_id().unwrap());
    assert_eq!(anew.headers().to().unwrap().tag(), None);
    scene.give(Scene::reply(&anew, 200, "mail").header(HeaderName::Expires, 1000).build().unwrap());
    scene.give(news(2, &anew, "terminated;reason=noresource", ""));
    assert_eq!(status(&mut scene), 200);
    scene.wait(seconds(470));
    scene.assert_quiet();
}

#[test]
fn news_of_a_subscription_that_was_begun_anew_is_taken_and_news_of_the_old_is_not() {
    let (mut scene, old) = subscribed();
    scene.give(news(1, &old, "terminated;reason=deactivated", ""));
    assert_eq!(status(&mut scene), 200);
    scene.wait(seconds(3));
    let anew = scene.request(&Method::Subscribe);
    scene.give(Scene::reply(&anew, 200, "mail").header(HeaderName::Expires, 1000).build().unwrap());
    scene.give(news(2, &old, "active;expires=900", TWO));
    assert_eq!(status(&mut scene), 481);
    scene.give(news(3, &anew, "active;expires=900", TWO));
    assert_eq!(status(&mut scene), 200);
    assert_eq!(scene.waiting.pop_front(), waiting(true, 2, 8));
    scene.ua.unregister(ACCOUNT, scene.now);
    scene.give(news(4, &anew, "active;expires=900", NONE));
    assert!(
        scene
            .sent
            .iter()
            .any(|(_, message)| { matches!(message, Message::Response(response) if response.status().code() == 481) })
    );
}

#[test]
fn a_challenge_to_a_subscription_is_answered() {
    let (mut scene, subscribe) = asking();
    let challenge = r#"Digest realm="pbx", nonce="n1", qop="auth""#;
    scene.give(Scene::reply(&subscribe, 401, "mail").header(HeaderName::WwwAuthenticate, challenge).build().unwrap());
    assert!(scene.request(&Method::Subscribe).headers().contains(&HeaderName::Authorization));
}

#[test]
fn a_registrar_that_tells_it_unasked_is_believed_and_a_stranger_is_not() {
    let mut scene = Scene::with(&OpenSip { message_waiting: false, ..watching() });
    let register = scene.request(&Method::Register);
    let contact = register.headers().contact().unwrap().unwrap().uri.to_string();
    scene.respond(&register, 200);
    scene.give(notify(1, &contact, "unasked", &addr("<sip:alice@192.0.2.1>"), "active", TWO));
    assert_eq!(status(&mut scene), 200);
    assert_eq!(scene.waiting.pop_front(), waiting(true, 2, 8));
    for (number, uri, to) in [
        (2, "sip:alice@192.0.2.1", "<sip:alice@192.0.2.1>"),
        (3, contact.as_str(), "<sip:alice@192.0.2.1>;tag=guessed"),
    ] {
        scene.give(notify(number, uri, "unasked", &addr(to), "active", NONE));
        assert_eq!(status(&mut scene), 481);
        assert!(scene.waiting.is_empty());
    }
}
