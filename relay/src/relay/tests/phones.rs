//! Phones of the relay's own users: they register, call and are called.

use offhook_sip::digest::{Client, Credentials};
use offhook_sip::message::{HeaderName, Message, Method, Request, Response};
use offhook_sip::transaction::{ConnectionId as SipConnection, Destination};

use super::sip_peer::{SipPeer, sdp};
use super::*;
use crate::ua::transport::TransportEvent;

const CONFIG: &str = r#"
    [trunks.carrier]
    host = "192.0.2.10"
    [users]
    alice = { password = "hunter2" }
    bob = {}
    [[routes]]
    number = "0*"
    from = "users"
    trunk = "carrier"
    strip = 1
"#;

fn world() -> World {
    World::new(Config::from_toml(CONFIG).unwrap())
}

fn phone() -> SipPeer {
    SipPeer::at("198.51.100.7:40000")
}

/// The same request with the answer to this challenge, under a branch and a number of its own.
fn answered(request: &Message, challenge: &Response, password: &str, cseq: u32) -> Message {
    let Message::Request(mut request) = request.clone() else { panic!("a response") };
    let mut client = Client::new(Credentials::new("alice", password));
    client.challenged(challenge).unwrap();
    client.authorize(&mut request, "cn").unwrap();
    let via = request.headers().first(&HeaderName::Via).unwrap().text().replace("branch=", &format!("branch=z{cseq}"));
    let via = via.replace(&format!("z{cseq}z9hG4bK"), &format!("z9hG4bKagain{cseq}"));
    request.headers_mut().set(HeaderName::Via, via).unwrap();
    let method = request.method().clone();
    request.headers_mut().set(HeaderName::CSeq, format!("{cseq} {method}")).unwrap();
    request.into()
}

/// Registers, asked for the password first: the final response.
pub(super) fn register(world: &mut World, phone: &SipPeer, cseq: u32, more: &str, status: u16) -> Response {
    let first = phone.register("alice", cseq, more);
    world.sip(phone, first.clone());
    let challenge = world.sip_response(phone, 401);
    world.sip(phone, answered(&first, &challenge, "hunter2", cseq + 1));
    world.sip_response(phone, status)
}

const CONTACT: &str = "Contact: <sip:alice@10.0.0.7:5060>\r\nExpires: 300\r\n";

fn contacts(response: &Response) -> Vec<String> {
    response.headers().all(&HeaderName::Contact).map(offhook_sip::message::Header::text).collect()
}

#[test]
fn a_phone_registers_with_its_users_password() {
    let mut world = world();
    let ok = register(&mut world, &phone(), 1, CONTACT, 200);
    assert_eq!(contacts(&ok), ["<sip:alice@10.0.0.7:5060>;expires=300"]);
    assert_eq!(world.relay.counts().bindings, 1);
}

#[test]
fn sha_256_is_asked_for_before_md5() {
    let mut world = world();
    world.sip(&phone(), phone().register("alice", 1, CONTACT));
    let challenge = world.sip_response(&phone(), 401);
    let asked: Vec<_> = challenge.headers().all(&HeaderName::WwwAuthenticate).map(|header| header.text()).collect();
    assert!(asked[0].contains("SHA-256") && asked[1].contains("MD5"), "{asked:?}");
}

#[test]
fn a_wrong_password_and_an_unknown_user_look_alike() {
    let mut world = world();
    for user in ["alice", "nobody", "bob"] {
        let first = phone().register(user, 1, CONTACT);
        world.sip(&phone(), first.clone());
        let challenge = world.sip_response(&phone(), 401);
        let Message::Request(mut again) = answered(&first, &challenge, "wrong", 2) else { panic!("a response") };
        let via = format!("SIP/2.0/UDP 198.51.100.7:40000;rport;branch=z9hG4bKsecond{user}");
        again.headers_mut().set(HeaderName::Via, via).unwrap();
        world.sip(&phone(), again.into());
        world.sip_response(&phone(), 403);
        world.later(Duration::from_secs(40));
        world.transmitted.clear();
    }
    assert_eq!(world.relay.counts().bindings, 0);
}

#[test]
fn an_answer_is_taken_once() {
    let mut world = world();
    let first = phone().register("alice", 1, CONTACT);
    world.sip(&phone(), first.clone());
    let challenge = world.sip_response(&phone(), 401);
    world.sip(&phone(), answered(&first, &challenge, "hunter2", 2));
    world.sip_response(&phone(), 200);
    let replayed = answered(&first, &challenge, "hunter2", 3);
    world.sip(&phone(), replayed);
    let asked = world.sip_response(&phone(), 401);
    assert!(asked.headers().first(&HeaderName::WwwAuthenticate).unwrap().text().contains("stale=true"));
}

#[test]
fn nobody_registers_for_somebody_else() {
    let mut world = world();
    let first = phone().register("bob", 1, CONTACT);
    world.sip(&phone(), first.clone());
    let challenge = world.sip_response(&phone(), 401);
    world.sip(&phone(), answered(&first, &challenge, "hunter2", 2));
    world.sip_response(&phone(), 403);
}

#[test]
fn what_is_no_sip_address_is_not_registered() {
    let mut world = world();
    let Message::Request(mut first) = phone().register("alice", 1, CONTACT) else { panic!("a response") };
    first.headers_mut().set(HeaderName::To, "tel:+4930555").unwrap();
    world.sip(&phone(), first.into());
    world.sip_response(&phone(), 400);
}

#[test]
fn a_time_that_is_too_short_is_refused_with_the_shortest_there_is() {
    let mut world = world();
    let brief = register(&mut world, &phone(), 1, "Contact: <sip:alice@10.0.0.7>;expires=5\r\n", 423);
    assert_eq!(brief.headers().min_expires(), Some(30));
    let long = register(&mut world, &phone(), 3, "Contact: <sip:alice@10.0.0.7>;expires=99999\r\n", 200);
    assert_eq!(contacts(&long), ["<sip:alice@10.0.0.7>;expires=3600"]);
}

#[test]
fn a_binding_ends_with_its_time_or_when_it_is_withdrawn() {
    let mut world = world();
    register(&mut world, &phone(), 1, CONTACT, 200);
    world.later(Duration::from_secs(300));
    assert_eq!(world.relay.counts().bindings, 0);
    register(&mut world, &phone(), 3, CONTACT, 200);
    let gone = register(&mut world, &phone(), 5, "Contact: <sip:alice@10.0.0.7:5060>\r\nExpires: 0\r\n", 200);
    assert!(contacts(&gone).is_empty());
    register(&mut world, &phone(), 7, CONTACT, 200);
    register(&mut world, &phone(), 9, "Contact: *\r\nExpires: 0\r\n", 200);
    assert_eq!(world.relay.counts().bindings, 0);
    register(&mut world, &phone(), 11, "Contact: *\r\n", 400);
}

#[test]
fn a_user_has_several_phones_but_not_any_number() {
    let mut world = world();
    for number in 0..8 {
        let contact = format!("Contact: <sip:alice@10.0.0.{number}>\r\nExpires: 300\r\n");
        let ok = register(&mut world, &phone(), 1 + 2 * number, &contact, 200);
        assert_eq!(contacts(&ok).len(), usize::try_from(number).unwrap() + 1);
    }
    register(&mut world, &phone(), 101, "Contact: <sip:alice@10.0.0.99>\r\nExpires: 300\r\n", 503);
    assert_eq!(world.relay.counts().bindings, 8);
}

#[test]
fn a_binding_goes_with_its_connection() {
    let mut world = world();
    let flow = Destination::tcp(phone().address, Some(SipConnection(7)));
    let give = |world: &mut World, message: Message| {
        world.input(Input::Sip(TransportEvent::Message { from: flow.clone(), message: Box::new(message) }));
    };
    let first = phone().register("alice", 1, CONTACT);
    give(&mut world, first.clone());
    let challenge = world.sip_response(&phone(), 401);
    give(&mut world, answered(&first, &challenge, "hunter2", 2));
    world.sip_response(&phone(), 200);
    assert_eq!(world.relay.counts().bindings, 1);
    world.input(Input::Sip(TransportEvent::Closed { connection: SipConnection(7), from: flow.clone() }));
    assert_eq!(world.relay.counts().bindings, 0);
}

#[test]
fn a_user_is_called_at_the_phone_wherever_its_contact_claims_to_be() {
    let mut world = world();
    let bob = world.user("bob");
    register(&mut world, &phone(), 1, CONTACT, 200);
    world.call(bob, "b1", "alice");
    // To where the REGISTER came from, not to 10.0.0.7.
    let invite = world.sip_request(&phone(), Method::Invite);
    assert_eq!(invite.uri().unwrap().to_string(), "sip:alice@10.0.0.7:5060");
    assert!(invite.headers().from().unwrap().to_string().contains("sip:bob@"));
    let Message::Response(mut ok) = phone().reply(&invite, 200, &sdp("10.0.0.7", "8")) else { panic!("a request") };
    ok.headers_mut().set(HeaderName::Contact, "<sip:alice@10.0.0.7:5060>").unwrap();
    world.sip(&phone(), ok.into());
    world.sip_request(&phone(), Method::Ack);
    world.result(bob, "hangup", json!({"callId": "b1"}));
    let bye = world.sip_request(&phone(), Method::Bye);
    world.sip(&phone(), phone().reply(&bye, 200, ""));
    world.nothing_is_left();
}

#[test]
fn a_call_without_hops_goes_to_no_phone() {
    let mut world = world();
    register(&mut world, &phone(), 1, CONTACT, 200);
    let carrier = SipPeer::at("192.0.2.10:5060");
    world.sip(&carrier, carrier.request("INVITE", "alice", "Max-Forwards: 0\r\n", &sdp("192.0.2.10", "8")));
    world.sip_response(&carrier, 483);
    assert!(!world.transmitted.iter().any(|(to, _)| *to == phone().address));
    world.nothing_is_left();
}

#[test]
fn the_path_that_a_phone_registered_over_is_gone_back() {
    let mut world = world();
    let bob = world.user("bob");
    let path = format!("{CONTACT}Supported: path\r\nPath: <sip:edge.example;lr>\r\n");
    let ok = register(&mut world, &phone(), 1, &path, 200);
    assert_eq!(ok.headers().first(&HeaderName::Path).unwrap().text(), "<sip:edge.example;lr>");
    world.call(bob, "b1", "alice");
    let invite = world.sip_request(&phone(), Method::Invite);
    assert_eq!(invite.headers().first(&HeaderName::Route).unwrap().text(), "<sip:edge.example;lr>");
}

#[test]
fn a_browser_rings_before_a_phone() {
    let mut world = world();
    register(&mut world, &phone(), 1, CONTACT, 200);
    let alice = world.greeted();
    world.result(alice, "openLocal", json!({"login": "alice", "password": "hunter2"}));
    let bob = world.user("bob");
    world.call(bob, "b1", "alice");
    world.last(alice, "incomingCall");
    world.sip_quiet();
}

#[test]
fn a_phone_that_calls_is_asked_who_it_is_and_shown_as_that() {
    let mut world = world();
    let bob = world.user("bob");
    register(&mut world, &phone(), 1, CONTACT, 200);
    let invite = phone().request("INVITE", "bob", "", &sdp("10.0.0.7", "8"));
    world.sip(&phone(), invite.clone());
    let challenge = world.sip_response(&phone(), 407);
    world.sip(&phone(), answered(&invite, &challenge, "hunter2", 2));
    // Its From said that it was "peer".
    assert_eq!(world.last(bob, "incomingCall")["caller"], "alice");
}

#[test]
fn a_registered_phone_dials_out_over_a_trunk() {
    let mut world = world();
    let carrier = SipPeer::at("192.0.2.10:5060");
    register(&mut world, &phone(), 1, CONTACT, 200);
    let invite = phone().request("INVITE", "0110", "", &sdp("10.0.0.7", "8"));
    world.sip(&phone(), invite.clone());
    let challenge = world.sip_response(&phone(), 407);
    world.sip(&phone(), answered(&invite, &challenge, "hunter2", 2));
    let out: Request = world.sip_request(&carrier, Method::Invite);
    assert_eq!(out.uri().unwrap().to_string(), "sip:110@192.0.2.10");
    assert!(out.headers().from().unwrap().to_string().contains("<sip:alice@192.0.2.10>"));
}

/// A caller that talks to a service has it call this number, with what came of that.
fn transferred(world: &mut World, caller: &SipPeer, ok: &Response, number: &str) {
    world.sip(caller, caller.within("ACK", 2, ok, ""));
    let Message::Request(mut refer) = caller.within("REFER", 3, ok, "") else { panic!("a response") };
    refer.headers_mut().push(HeaderName::ReferTo, format!("<sip:{number}@127.0.0.1>")).unwrap();
    world.sip(caller, refer.into());
    world.sip_response(caller, 202);
}

#[test]
fn a_registered_phones_transfer_has_its_users_rights() {
    let mut world = world();
    let carrier = SipPeer::at("192.0.2.10:5060");
    register(&mut world, &phone(), 1, CONTACT, 200);
    let invite = phone().request("INVITE", "echo", "", &sdp("10.0.0.7", "8"));
    world.sip(&phone(), invite.clone());
    let challenge = world.sip_response(&phone(), 407);
    world.sip(&phone(), answered(&invite, &challenge, "hunter2", 2));
    world.sip_response(&phone(), 180);
    let ok = world.sip_response(&phone(), 200);
    transferred(&mut world, &phone(), &ok, "0110");
    let out = world.sip_request(&carrier, Method::Invite);
    assert_eq!(out.uri().unwrap().to_string(), "sip:110@192.0.2.10");
}

#[test]
fn a_strangers_transfer_does_not_dial_out() {
    let mut world = world();
    let stranger = SipPeer::at("203.0.113.66:5060");
    world.sip(&stranger, stranger.request("INVITE", "echo", "", &sdp("203.0.113.66", "8")));
    world.sip_response(&stranger, 180);
    let ok = world.sip_response(&stranger, 200);
    transferred(&mut world, &stranger, &ok, "0110");
    let news = world.sip_request(&stranger, Method::Notify);
    let told = String::from_utf8_lossy(news.body()).into_owned();
    assert!(told.starts_with("SIP/2.0 100"), "{told}");
    world.sip(&stranger, stranger.reply(&news, 200, ""));
    let news = world.sip_request(&stranger, Method::Notify);
    assert!(String::from_utf8_lossy(news.body()).starts_with("SIP/2.0 404"));
}

#[test]
fn a_text_from_where_a_phone_is_is_its_users_or_nobodys() {
    let mut world = world();
    let bob = world.user("bob");
    register(&mut world, &phone(), 1, CONTACT, 200);
    let text = phone().request("MESSAGE", "bob", "", "Hi");
    let Message::Request(mut text) = text else { panic!("a response") };
    text.headers_mut().set(HeaderName::ContentType, "text/plain").unwrap();
    world.sip(&phone(), text.clone().into());
    let challenge = world.sip_response(&phone(), 407);
    world.sip(&phone(), answered(&text.into(), &challenge, "hunter2", 2));
    world.sip_response(&phone(), 200);
    assert_eq!(world.last(bob, "message")["from"], "alice");
}

#[test]
fn a_dialog_is_looked_for_once_it_is_known_who_asks() {
    let mut world = world();
    register(&mut world, &phone(), 1, CONTACT, 200);
    let guess = "Replaces: guess@x;to-tag=1;from-tag=2\r\n";
    let invite = phone().request("INVITE", "bob", guess, &sdp("10.0.0.7", "8"));
    world.sip(&phone(), invite.clone());
    let challenge = world.sip_response(&phone(), 407);
    world.sip(&phone(), answered(&invite, &challenge, "hunter2", 2));
    world.sip_response(&phone(), 481);
}

#[test]
fn a_stranger_is_shown_with_the_host_it_claims() {
    let mut world = world();
    let bob = world.user("bob");
    let stranger = SipPeer::at("203.0.113.66:5060");
    let Message::Request(mut invite) = stranger.request("INVITE", "bob", "", &sdp("203.0.113.66", "8")) else {
        panic!("a response")
    };
    invite.headers_mut().set(HeaderName::From, "<sip:alice@relay.example>;tag=peer").unwrap();
    world.sip(&stranger, invite.into());
    assert_eq!(world.last(bob, "incomingCall")["caller"], "alice@relay.example");
}

#[test]
fn whoever_has_no_password_does_not_dial_out() {
    let mut world = world();
    let stranger = SipPeer::at("203.0.113.66:5060");
    let Message::Request(mut invite) = stranger.request("INVITE", "0110", "", &sdp("203.0.113.66", "8")) else {
        panic!("a response")
    };
    invite.headers_mut().set(HeaderName::From, "<sip:alice@relay.example>;tag=x").unwrap();
    world.sip(&stranger, invite.into());
    world.sip_response(&stranger, 404);
    world.sip_quiet();
}

#[test]
fn strangers_hear_nothing_where_policy_says_silence() {
    let policy = "[sip]\nstrangers = \"silent\"\n[registrar]\ndomains = [\"relay.example\"]\n";
    let mut world = World::new(Config::from_toml(&format!("{policy}{CONFIG}")).unwrap());
    let stranger = SipPeer::at("203.0.113.66:5060");
    for method in ["OPTIONS", "INVITE", "REGISTER", "SUBSCRIBE", "BYE", "CANCEL"] {
        world.sip(&stranger, stranger.request(method, "echo", "", ""));
    }
    world.sip_quiet();
    assert_eq!((world.relay.counts().transactions, world.relay.counts().strangers_ignored), (0, 6));
    register(&mut world, &phone(), 1, CONTACT, 200);
    world.sip(&phone(), phone().request("OPTIONS", "echo", "", ""));
    world.sip_response(&phone(), 200);
}

#[test]
fn strangers_are_refused_where_policy_says_so() {
    let mut world = World::new(Config::from_toml(&format!("[sip]\nstrangers = \"refuse\"\n{CONFIG}")).unwrap());
    let stranger = SipPeer::at("203.0.113.66:5060");
    for user in ["echo", "bob", "nobody"] {
        world.sip(&stranger, stranger.request("INVITE", user, "", &sdp("203.0.113.66", "8")));
        world.sip_response(&stranger, 403);
    }
    let Message::Request(mut text) = stranger.request("MESSAGE", "bob", "", "Hi") else { panic!("a response") };
    text.headers_mut().set(HeaderName::ContentType, "text/plain").unwrap();
    world.sip(&stranger, text.into());
    world.sip_response(&stranger, 403);
}

#[test]
fn a_flood_of_one_stranger_leaves_no_more_than_its_share() {
    let mut world = world();
    let stranger = SipPeer::at("203.0.113.66:5060");
    for number in 0..10_000 {
        world.sip(&stranger, stranger.request("OPTIONS", &format!("{number}"), "", ""));
    }
    assert_eq!(world.relay.counts().transactions, 200);
    assert_eq!(world.relay.counts().strangers_ignored, 9800);
    world.transmitted.clear();
    let other = SipPeer::at("203.0.113.67:5060");
    world.sip(&other, other.request("OPTIONS", "1", "", ""));
    world.sip_response(&other, 200);
}
