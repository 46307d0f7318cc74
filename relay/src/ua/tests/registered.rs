//! What a registration means for the calls of its account.

use std::net::SocketAddr;

use offhook_protocol::RegistrationState;
use offhook_protocol::request::OpenSip;
use offhook_sip::message::{HeaderName, Message, Method, Request, Response, StatusCode};
use offhook_sip::transaction::{ConnectionId, Destination};

use super::peer::{Peer, sdp};
use super::scene::{ACCOUNT, Scene, account, header, seconds};
use crate::ua::Source;
use crate::ua::transport::TransportEvent;
use crate::ua::{AccountId, SipAccount};

fn registering() -> OpenSip {
    OpenSip { register: true, ..account() }
}

fn ok(request: &Request, headers: &[(HeaderName, &str)]) -> Response {
    let mut reply = Response::reply(request, StatusCode::OK).to_tag("reg");
    for (name, value) in headers {
        reply = reply.header(name.clone(), value);
    }
    reply.build().unwrap()
}

/// An account whose registrar answered with these headers.
fn registered(headers: &[(HeaderName, &str)]) -> Scene {
    let mut scene = Scene::with(&registering());
    let first = scene.request(&Method::Register);
    scene.give(ok(&first, headers));
    assert_eq!(scene.registrations.pop_front(), Some((RegistrationState::Registered, None)));
    scene
}

/// Where the next request goes, and its Route.
fn way(scene: &mut Scene) -> (String, Option<String>) {
    let (to, message) = scene.sent.pop_front().unwrap();
    let routes: Vec<String> =
        message.headers().all(&HeaderName::Route).map(offhook_sip::message::Header::text).collect();
    (to.address.to_string(), (!routes.is_empty()).then(|| routes.join(", ")))
}

#[test]
fn calls_take_the_way_that_the_registrar_wants() {
    let route = "<sip:192.0.2.9:5070;lr>, <sip:192.0.2.50;lr>";
    let mut scene = registered(&[(HeaderName::ServiceRoute, route)]);
    scene.dial("bob");
    assert_eq!(way(&mut scene), ("192.0.2.9:5070".into(), Some(route.into())));
}

#[test]
fn a_way_where_the_relay_may_not_go_begins_at_the_accounts_server() {
    let mut scene = registered(&[(HeaderName::ServiceRoute, "<sip:198.51.100.9;lr>")]);
    scene.dial("bob");
    assert_eq!(way(&mut scene), ("192.0.2.9:5060".into(), Some("<sip:198.51.100.9;lr>".into())));
}

#[test]
fn a_challenge_on_the_way_that_the_registrar_wants_is_answered() {
    let mut scene = registered(&[(HeaderName::ServiceRoute, "<sip:192.0.2.9:5070;lr>")]);
    let invite = scene.call();
    let challenge = r#"Digest realm="pbx", nonce="n1", qop="auth""#;
    scene.give(Scene::reply(&invite, 407, "pbx").header(HeaderName::ProxyAuthenticate, challenge).build().unwrap());
    scene.request(&Method::Ack);
    let again = scene.request(&Method::Invite);
    assert!(again.headers().contains(&HeaderName::ProxyAuthorization));
    assert!(again.headers().contains(&HeaderName::Route));
}

#[test]
fn calls_name_the_address_that_the_registrar_gave() {
    let mut scene = Scene::with(&registering());
    let first = scene.request(&Method::Register);
    let contact = first.headers().contact().unwrap().unwrap();
    let gruu = format!("{contact};pub-gruu=\"sip:alice@192.0.2.9;gr=1\"");
    scene.give(ok(&first, &[(HeaderName::Contact, &gruu)]));
    scene.dial("bob");
    let invite = Message::from(scene.request(&Method::Invite));
    assert_eq!(header(&invite, &HeaderName::Contact).as_deref(), Some("<sip:alice@192.0.2.9;gr=1>"));
}

#[test]
fn behind_a_nat_calls_in_both_directions_name_the_outside() {
    let mut scene = Scene::with(&registering());
    let first = scene.request(&Method::Register);
    let seen = |request: &Request| {
        let mut reply = ok(request, &[]);
        let mut via = reply.headers().top_via().unwrap();
        via.note_source("198.51.100.7:40000".parse().unwrap());
        reply.headers_mut().set(HeaderName::Via, &via).unwrap();
        reply
    };
    scene.give(seen(&first));
    let second = scene.request(&Method::Register);
    scene.give(seen(&second));
    let user = second.headers().contact().unwrap().unwrap().uri.sip().unwrap().user().unwrap().to_owned();
    let outside = format!("<sip:{user}@198.51.100.7:40000>");
    scene.dial("bob");
    let invite = Message::from(scene.request(&Method::Invite));
    assert_eq!(header(&invite, &HeaderName::Contact), Some(outside.clone()));
    scene.give(Peer::caller(&user).invite(&sdp("")));
    let incoming = scene.incoming.pop_front().unwrap();
    assert_eq!(incoming.source, Source::Account(ACCOUNT));
    scene.ua.attach(incoming.leg, crate::ua::attachment::MediaLocal::Rtp(super::scene::local()));
    scene.command(incoming.leg, crate::call::LegCommand::Ringing(None, crate::call::Extras::default()));
    let ringing = scene.sent.into_iter().find_map(|(_, message)| match message {
        Message::Response(response) if response.status() == StatusCode::RINGING => Some(response),
        _ => None,
    });
    assert_eq!(header(&ringing.unwrap().into(), &HeaderName::Contact), Some(outside));
}

#[test]
fn several_accounts_at_several_servers_keep_out_of_each_others_way() {
    let mut scene = Scene::with(&registering());
    let others =
        [OpenSip { login: "bob".into(), ..registering() }, OpenSip { domain: "192.0.2.30".into(), ..registering() }];
    for (id, open) in (2..).zip(&others) {
        scene.ua.register(AccountId(id), SipAccount::parse(open).unwrap(), scene.now);
        scene.drain();
    }
    let requests: Vec<(SocketAddr, Request)> = std::mem::take(&mut scene.sent)
        .into_iter()
        .map(|(to, message)| match message {
            Message::Request(request) => (to.address, request),
            Message::Response(_) => panic!("a response"),
        })
        .collect();
    let to: Vec<String> = requests.iter().map(|(to, _)| to.to_string()).collect();
    assert_eq!(to, ["192.0.2.9:5060", "192.0.2.9:5060", "192.0.2.30:5060"]);
    let instances: std::collections::BTreeSet<_> = requests
        .iter()
        .map(|(_, request)| header(&request.clone().into(), &HeaderName::Contact).unwrap())
        .map(|contact| contact.split("+sip.instance=").nth(1).unwrap().to_owned())
        .collect();
    assert_eq!(instances.len(), 3);
    for ((_, request), realm) in requests.iter().zip(["one", "two", "three"]) {
        let challenge = format!("Digest realm=\"{realm}\", nonce=\"{realm}\", qop=\"auth\"");
        scene.give(Scene::reply(request, 401, "reg").header(HeaderName::WwwAuthenticate, challenge).build().unwrap());
        let again = scene.request(&Method::Register);
        let answers: Vec<_> = again.headers().all(&HeaderName::Authorization).collect();
        assert_eq!(answers.len(), 1, "no other account's challenge is answered");
        assert!(answers[0].text().contains(&format!("realm=\"{realm}\"")));
    }
}

#[test]
fn an_account_that_is_opened_again_is_known_by_the_same_instance() {
    let mut scene = Scene::with(&registering());
    let instance = |request: &Request| {
        let contact = header(&request.clone().into(), &HeaderName::Contact).unwrap();
        contact.split("+sip.instance=").nth(1).unwrap().to_owned()
    };
    let first = scene.request(&Method::Register);
    scene.give(ok(&first, &[]));
    scene.ua.unregister(ACCOUNT, scene.now);
    scene.drain();
    let removal = scene.request(&Method::Register);
    scene.give(ok(&removal, &[]));
    scene.ua.register(AccountId(7), SipAccount::parse(&registering()).unwrap(), scene.now);
    scene.drain();
    assert_eq!(instance(&scene.request(&Method::Register)), instance(&first));
}

#[test]
fn a_connection_that_ends_is_made_again_and_the_account_registered_over_it() {
    let mut scene = Scene::with(&OpenSip { transport: Some("tcp".into()), ..registering() });
    let first = scene.request(&Method::Register);
    let flow = Destination::tcp("192.0.2.9:5060".parse().unwrap(), Some(ConnectionId(7)));
    scene.give_from(ok(&first, &[]), flow.clone());
    scene.registrations.clear();
    let closed = |connection| TransportEvent::Closed { connection, from: flow.clone() };
    scene.ua.receive(closed(ConnectionId(8)), scene.now);
    scene.wait(seconds(2));
    scene.assert_quiet();
    scene.ua.receive(closed(ConnectionId(7)), scene.now);
    scene.wait(seconds(2));
    let again = scene.request(&Method::Register);
    scene.give_from(ok(&again, &[]), flow);
    assert!(scene.registrations.is_empty(), "the session has noticed nothing");
}

#[test]
fn the_way_to_a_registrar_over_udp_is_kept_open() {
    let mut scene = registered(&[]);
    scene.ua.config.keep_alive = Some(seconds(25));
    // Its own answer, with the interval in place.
    scene.wait(seconds(490));
    let refresh = scene.request(&Method::Register);
    scene.give_from(ok(&refresh, &[]), Destination::udp("192.0.2.9:5061".parse().unwrap()));
    scene.now += seconds(25);
    scene.ua.handle_timeout(scene.now);
    let Some(crate::ua::UaOutput::Transmit(ping)) = scene.ua.poll_output() else { panic!("nothing") };
    assert_eq!((ping.destination.address.port(), &ping.bytes[..]), (5061, &b"\r\n\r\n"[..]));
}
