//! Texts and waiting messages, between SIP and browsers.

use offhook_sip::message::{Message, Method};
use serde_json::json;

use super::sip_peer::SipPeer;
use super::*;
use crate::config::{Destinations, SipConfig};

fn peer() -> SipPeer {
    SipPeer::at("127.0.0.9:5060")
}

/// The peer's text number `n` to a user.
fn text(n: u32, user: &str, said: &str) -> Message {
    let text = format!(
        "MESSAGE sip:{user}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.9:5060;rport;branch=z9hG4bKt{n}\r\n\
         From: \"Peer\" <sip:peer@127.0.0.9>;tag=peer\r\nTo: <sip:{user}@127.0.0.1>\r\nCall-ID: t{n}\r\n\
         CSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{said}",
        said.len()
    );
    Message::parse_datagram(text.into(), &Default::default()).unwrap()
}

fn texts(world: &World, browser: Browser) -> usize {
    world.events(browser).iter().filter(|event| event["type"] == "message").count()
}

#[test]
fn a_text_reaches_the_user_it_names() {
    let mut world = World::demo();
    let alice = world.user("alice");
    world.sip(&peer(), text(1, "alice", "Hello"));
    world.sip_response(&peer(), 200);
    let told = world.last(alice, "message");
    assert_eq!(
        (&told["from"], &told["visibleName"], &told["text"]),
        (&json!("peer@127.0.0.9"), &json!("Peer"), &json!("Hello"))
    );
    world.sip(&peer(), text(2, "nobody", "Hello"));
    world.sip_response(&peer(), 404);
}

#[test]
fn nobody_is_drowned_in_texts() {
    let mut world = World::demo();
    let alice = world.user("alice");
    for n in 0..50 {
        world.sip(&peer(), text(n, "alice", "spam"));
        world.sip_response(&peer(), 200);
    }
    world.sip(&peer(), text(50, "alice", "spam"));
    world.sip_response(&peer(), 503);
    assert_eq!(texts(&world, alice), 50);
    world.later(Duration::from_secs(1));
    world.sip(&peer(), text(51, "alice", "again"));
    world.sip_response(&peer(), 200);
}

#[test]
fn a_local_user_has_no_sip_server_to_send_texts_by() {
    let mut world = World::demo();
    let alice = world.user("alice");
    let message = json!({"messageId": "m1", "to": "bob", "text": "Hello"});
    assert_eq!(world.error(alice, "message", message), "invalidField");
}

/// A registered account of this peer, and its Contact's user part.
fn registered(world: &mut World) -> (Browser, Value, String) {
    let browser = world.greeted();
    let account = json!({"login": "web", "password": "s3cret", "domain": "127.0.0.9", "register": true});
    let opened = world.result(browser, "openSip", account);
    let register = world.sip_request(&peer(), Method::Register);
    let contact = register.headers().contact().unwrap().unwrap();
    world.sip(&peer(), peer().reply(&register, 200, ""));
    let user = contact.uri.sip().unwrap().user().unwrap().to_owned();
    (browser, opened["token"].clone(), user)
}

fn world() -> World {
    let sip = SipConfig { destinations: Destinations::Any, ..SipConfig::default() };
    World::new(Config { sip, ..Config::default() })
}

#[test]
fn the_fate_of_an_apps_text_is_told_by_its_name() {
    let mut world = world();
    let (browser, ..) = registered(&mut world);
    for (name, status) in [("m1", 200), ("m2", 404)] {
        world.result(browser, "message", json!({"messageId": name, "to": "bob", "text": "Hello"}));
        let message = world.sip_request(&peer(), Method::Message);
        assert_eq!(message.body(), &b"Hello"[..]);
        world.sip(&peer(), peer().reply(&message, status, ""));
        let told = world.last(browser, "messageStatus");
        assert_eq!(
            (&told["messageId"], told["error"]["sipStatus"].as_u64()),
            (&json!(name), (status == 404).then_some(404))
        );
    }
    let long = json!({"messageId": "m3", "to": "bob", "text": "x".repeat(9_000)});
    assert_eq!(world.error(browser, "message", long), "tooLarge");
}

#[test]
fn a_page_that_takes_a_session_over_hears_what_waits() {
    let mut world = world();
    let (browser, token, contact) = registered(&mut world);
    let body = "Messages-Waiting: yes\r\nVoice-Message: 1/0\r\n";
    let notify = format!(
        "NOTIFY sip:{contact}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.9:5060;rport;branch=z9hG4bKn\r\n\
         From: <sip:web@127.0.0.9>;tag=n\r\nTo: <sip:web@127.0.0.1>\r\nCall-ID: n\r\nCSeq: 1 NOTIFY\r\n\
         Event: message-summary\r\nSubscription-State: active\r\n\
         Content-Type: application/simple-message-summary\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    world.sip(&peer(), Message::parse_datagram(notify.into(), &Default::default()).unwrap());
    world.sip_response(&peer(), 200);
    assert_eq!(world.last(browser, "messageWaiting")["new"], 1);
    let other = world.greeted();
    world.result(other, "resume", json!({"token": token, "lastSeq": 0, "fresh": true}));
    assert_eq!(world.last(other, "messageWaiting")["waiting"], true);
}
