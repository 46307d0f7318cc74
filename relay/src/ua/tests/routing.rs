use std::net::SocketAddr;

use offhook_protocol::request::OpenSip;
use offhook_sip::locate::Query;
use offhook_sip::message::{HeaderName, Message, Method, Transport};

use super::dns::addresses;
use super::peer::sdp;
use super::scene::{LEG, Scene, account, header};
use crate::call::{Cause, Extras, LegCommand};

fn proxied() -> OpenSip {
    OpenSip { domain: "pbx.example".into(), outbound_proxy: Some("192.0.2.20:5080".into()), ..account() }
}

#[test]
fn requests_go_through_the_outbound_proxy() {
    let mut scene = Scene::with(&proxied());
    scene.dial("bob");
    let (to, message) = scene.sent.pop_front().unwrap();
    assert_eq!(to.address, SocketAddr::from(([192, 0, 2, 20], 5080)));
    assert_eq!(header(&message, &HeaderName::Route).as_deref(), Some("<sip:192.0.2.20:5080;lr>"));
    assert!(scene.lookups.is_empty(), "the proxy knows where the domain is");
}

#[test]
fn a_registration_goes_through_the_outbound_proxy_too() {
    let mut scene = Scene::with(&OpenSip { register: true, ..proxied() });
    let (to, message) = scene.sent.pop_front().unwrap();
    assert_eq!(to.address, SocketAddr::from(([192, 0, 2, 20], 5080)));
    assert_eq!(header(&message, &HeaderName::Route).as_deref(), Some("<sip:192.0.2.20:5080;lr>"));
    let Message::Request(request) = message else { panic!("a response") };
    assert_eq!(request.uri().unwrap().to_string(), "sip:pbx.example");
}

#[test]
fn a_redirect_goes_through_the_outbound_proxy_too() {
    let mut scene = Scene::with(&proxied());
    let invite = scene.call();
    let moved = offhook_sip::message::Response::reply(&invite, offhook_sip::message::StatusCode::new(302).unwrap());
    scene.give(moved.to_tag("pbx").header(HeaderName::Contact, "<sip:bob@192.0.2.77>").build().unwrap());
    scene.request(&Method::Ack);
    let (to, message) = scene.sent.pop_front().unwrap();
    assert_eq!(to.address, SocketAddr::from(([192, 0, 2, 20], 5080)));
    assert!(header(&message, &HeaderName::Route).is_some());
}

#[test]
fn tcp_is_used_where_it_is_asked_for() {
    let mut scene = Scene::with(&OpenSip { transport: Some("TCP".into()), ..account() });
    scene.dial("bob");
    let (to, message) = scene.sent.pop_front().unwrap();
    assert_eq!(to.transport, Transport::Tcp);
    assert!(header(&message, &HeaderName::Via).unwrap().starts_with("SIP/2.0/TCP"));
    assert!(header(&message, &HeaderName::Contact).unwrap().contains("transport=tcp"));
}

#[test]
fn the_port_of_the_account_counts() {
    let mut scene = Scene::with(&OpenSip { port: Some(5070), ..account() });
    scene.dial("bob");
    assert_eq!(scene.sent[0].0.address.port(), 5070);
}

#[test]
fn a_name_is_looked_up_once_for_all_that_wait_for_it() {
    let mut scene = Scene::with(&OpenSip { domain: "pbx.example".into(), register: true, ..account() });
    scene.dial("bob");
    let asked: Vec<Query> = scene.lookups.iter().map(|(_, query)| query.clone()).collect();
    assert_eq!(asked, [Query::Naptr("pbx.example".into())]);
    scene.assert_quiet();
    scene.resolve(&[addresses("pbx.example", &["192.0.2.30"])]);
    let to: Vec<String> = scene.sent.iter().map(|(to, _)| to.address.to_string()).collect();
    assert_eq!(to, ["192.0.2.30:5060", "192.0.2.30:5060"]);
}

#[test]
fn datagrams_go_to_an_address_of_the_sockets_family() {
    let mut scene = Scene::with(&OpenSip { domain: "localhost".into(), ..account() });
    scene.dial("bob");
    scene.resolve(&[addresses("localhost", &["::1", "127.0.0.1"])]);
    assert_eq!(scene.sent[0].0.address, SocketAddr::from(([127, 0, 0, 1], 5060)));
}

#[test]
fn requests_in_a_dialog_follow_its_recorded_route() {
    let mut scene = Scene::new();
    let invite = scene.call();
    let ok = Scene::reply(&invite, 200, "bob").header(HeaderName::RecordRoute, "<sip:192.0.2.40;lr>");
    scene.give(ok.body("application/sdp", sdp("")).build().unwrap());
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    for _ in [Method::Ack, Method::Bye] {
        let (to, message) = scene.sent.pop_front().unwrap();
        assert_eq!(to.address, SocketAddr::from(([192, 0, 2, 40], 5060)));
        assert_eq!(header(&message, &HeaderName::Route).as_deref(), Some("<sip:192.0.2.40;lr>"));
        let Message::Request(request) = message else { panic!("a response") };
        assert_eq!(request.uri().unwrap().to_string(), "sip:bob@192.0.2.9:5060");
    }
}

#[test]
fn nothing_secret_is_in_what_debug_shows() {
    let mut scene = Scene::new();
    scene.log = Some(String::new());
    let invite = scene.call();
    let challenge = r#"Digest realm="pbx", nonce="n1", qop="auth""#;
    scene.give(Scene::reply(&invite, 401, "pbx").header(HeaderName::WwwAuthenticate, challenge).build().unwrap());
    scene.request(&Method::Ack);
    let again = scene.request(&Method::Invite);
    scene.respond_with(&again, 200, &sdp(""));
    let answer = header(&Message::from(again), &HeaderName::Authorization).unwrap();
    let response = answer.split("response=\"").nth(1).unwrap().split('"').next().unwrap();
    let log = scene.log.unwrap();
    assert!(log.contains("alice"), "something is shown");
    for secret in ["hunter2", response, "m=audio", "v=0", "rtpmap"] {
        assert!(!log.contains(secret), "{secret} is shown");
    }
}

#[test]
fn the_via_names_the_transport_that_the_far_ends_contact_asks_for() {
    let mut scene = Scene::new();
    let invite = scene.call();
    let mut ok = Scene::reply(&invite, 200, "bob").body("application/sdp", sdp("")).build().unwrap();
    ok.headers_mut().set(HeaderName::Contact, "<sip:bob@192.0.2.9;transport=tcp>").unwrap();
    scene.give(ok);
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    for _ in [Method::Ack, Method::Bye] {
        let (to, message) = scene.sent.pop_front().unwrap();
        assert_eq!(to.transport, Transport::Tcp);
        assert!(header(&message, &HeaderName::Via).unwrap().starts_with("SIP/2.0/TCP"));
    }
}

#[test]
fn a_server_on_the_internet_leads_nobody_to_this_machine_or_its_neighbours() {
    for contact in ["<sip:bob@127.0.0.1:25>", "<sip:bob@10.0.0.5>", "<sip:bob@[::1]>", "<sip:bob@inside.example:5060>"]
    {
        let mut scene = Scene::new();
        let invite = scene.call();
        let mut ok = Scene::reply(&invite, 200, "bob").body("application/sdp", sdp("")).build().unwrap();
        ok.headers_mut().set(HeaderName::Contact, contact).unwrap();
        scene.give(ok);
        scene.resolve(&[addresses("inside.example", &["192.168.0.7"])]);
        scene.events.clear();
        scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
        scene.resolve(&[]);
        assert!(scene.sent.is_empty(), "{contact}: {:?}", scene.sent);
    }
}
