use offhook_protocol::ErrorCode;
use offhook_sip::digest::{Algorithm, Verifier};
use offhook_sip::message::{HeaderName, Method, Request, StatusCode};

use super::peer::foreign_sdp;
use super::scene::{LEG, Scene, failure};
use crate::call::{Cause, Extras, LegCommand};

#[test]
fn a_redirect_is_followed_to_its_contact() {
    let mut scene = Scene::new();
    let invite = scene.call();
    let moved = offhook_sip::message::Response::reply(&invite, StatusCode::new(302).unwrap()).to_tag("pbx");
    scene.give(moved.header(HeaderName::Contact, "<sip:bob@192.0.2.77:5070>").build().unwrap());
    scene.request(&Method::Ack);
    let to = scene.sent[0].0.address.to_string();
    let next = scene.request(&Method::Invite);
    assert_eq!((to.as_str(), next.uri().unwrap().to_string().as_str()), ("192.0.2.77:5070", "sip:bob@192.0.2.77:5070"));
    assert_eq!(next.headers().call_id().unwrap(), invite.headers().call_id().unwrap());
}

#[test]
fn redirects_in_a_circle_end_the_call() {
    let mut scene = Scene::new();
    let mut invite = scene.call();
    for _ in 0..5 {
        let moved = offhook_sip::message::Response::reply(&invite, StatusCode::new(302).unwrap()).to_tag("pbx");
        scene.give(moved.header(HeaderName::Contact, "<sip:bob@192.0.2.9>").build().unwrap());
        scene.request(&Method::Ack);
        invite = scene.request(&Method::Invite);
    }
    scene.respond(&invite, 302);
    assert_eq!(failure(scene.event()).sip_status, Some(302));
    scene.assert_forgotten();
}

#[test]
fn a_redirect_to_nowhere_fails_the_call() {
    let mut scene = Scene::new();
    let invite = scene.call();
    let moved = offhook_sip::message::Response::reply(&invite, StatusCode::new(302).unwrap()).to_tag("pbx");
    scene.give(moved.header(HeaderName::Contact, "<tel:+49123>").build().unwrap());
    assert_eq!(failure(scene.event()).sip_status, Some(302));
    scene.assert_forgotten();
}

#[test]
fn the_answer_to_one_servers_challenge_is_not_shown_to_the_next() {
    let mut scene = Scene::new();
    let first = scene.call();
    let verifier = Verifier::new("pbx", "n1", Algorithm::Md5);
    let challenge = Scene::reply(&first, 407, "pbx").header(HeaderName::ProxyAuthenticate, verifier.challenge(false));
    scene.give(challenge.build().unwrap());
    scene.request(&Method::Ack);
    let second = scene.request(&Method::Invite);
    let moved = offhook_sip::message::Response::reply(&second, StatusCode::new(302).unwrap()).to_tag("pbx");
    scene.give(moved.header(HeaderName::Contact, "<sip:bob@192.0.2.77>").build().unwrap());
    scene.request(&Method::Ack);
    assert!(!scene.request(&Method::Invite).headers().contains(&HeaderName::ProxyAuthorization));
}

#[test]
fn a_stranger_that_a_redirect_led_to_gets_no_answer_to_its_challenge() {
    let mut scene = Scene::new();
    let invite = scene.call();
    let moved = offhook_sip::message::Response::reply(&invite, StatusCode::new(302).unwrap()).to_tag("pbx");
    scene.give(moved.header(HeaderName::Contact, "<sip:bob@192.0.2.77>").build().unwrap());
    scene.request(&Method::Ack);
    let next = scene.request(&Method::Invite);
    let verifier = Verifier::new("pbx", "n1", Algorithm::Md5);
    let challenge = Scene::reply(&next, 401, "eve").header(HeaderName::WwwAuthenticate, verifier.challenge(false));
    scene.give(challenge.build().unwrap());
    scene.request(&Method::Ack);
    let failure = failure(scene.event());
    assert_eq!((failure.code, failure.sip_status), (ErrorCode::DestinationForbidden, Some(401)));
    scene.assert_forgotten();
}

fn moved(invite: &offhook_sip::message::Request, contacts: &[&str]) -> offhook_sip::message::Response {
    let reply = offhook_sip::message::Response::reply(invite, StatusCode::new(302).unwrap()).to_tag("pbx");
    contacts.iter().fold(reply, |reply, contact| reply.header(HeaderName::Contact, contact)).build().unwrap()
}

#[test]
fn a_redirect_to_where_no_call_may_go_fails_the_call() {
    for contact in ["<sip:bob@192.0.2.66>", "<sip:bob@evil.example>", "<sip:bob@pbx.example.evil.example>"] {
        let mut scene = Scene::new();
        let invite = scene.call();
        scene.give(moved(&invite, &[contact]));
        scene.request(&Method::Ack);
        let failure = failure(scene.event());
        assert_eq!((failure.code, failure.sip_status), (ErrorCode::DestinationForbidden, Some(302)));
        assert!(scene.lookups.is_empty());
        scene.assert_forgotten();
    }
}

#[test]
fn of_several_contacts_the_one_wanted_most_that_may_be_called_is_followed() {
    let mut scene = Scene::new();
    let invite = scene.call();
    let contacts = ["<sip:bob@192.0.2.9>;q=0.1", "<sip:carol@192.0.2.77>;q=0.7", "<sip:dave@192.0.2.66>"];
    scene.give(moved(&invite, &contacts));
    scene.request(&Method::Ack);
    assert_eq!(scene.request(&Method::Invite).uri().unwrap().to_string(), "sip:carol@192.0.2.77");
}

#[test]
fn a_name_that_may_be_called_is_looked_up() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.give(moved(&invite, &["<sip:bob@pbx.example>"]));
    assert_eq!(scene.lookups.pop_front().unwrap().1.name(), "pbx.example");
}

/// A call whose INVITE the account's own server challenged, answered by a phone with this Contact. It is hung up.
fn hung_up(contact: &str) -> (Scene, Request) {
    let mut scene = Scene::new();
    let first = scene.call();
    let challenge = Verifier::new("pbx", "n1", Algorithm::Md5).challenge(false);
    scene.give(Scene::reply(&first, 407, "pbx").header(HeaderName::ProxyAuthenticate, challenge).build().unwrap());
    scene.request(&Method::Ack);
    let invite = scene.request(&Method::Invite);
    let ok = offhook_sip::message::Response::reply(&invite, StatusCode::OK).to_tag("phone");
    let ok = ok.header(HeaderName::Contact, contact);
    scene.give(ok.body("application/sdp", foreign_sdp()).build().unwrap());
    let ack = scene.request(&Method::Ack);
    assert_eq!(ack.headers().contains(&HeaderName::ProxyAuthorization), contact.contains("192.0.2.9"));
    scene.command(LEG, LegCommand::End(Cause::Cancelled, Extras::default()));
    let bye = scene.request(&Method::Bye);
    (scene, bye)
}

#[test]
fn a_phone_that_the_server_led_to_gets_no_answer_to_the_servers_challenge() {
    let (mut scene, bye) = hung_up("<sip:bob@192.0.2.77>");
    assert!(!bye.headers().contains(&HeaderName::ProxyAuthorization));
    let challenge = Verifier::new("pbx", "n2", Algorithm::Md5).challenge(false);
    scene.sent.clear();
    scene.give(Scene::reply(&bye, 407, "phone").header(HeaderName::ProxyAuthenticate, challenge).build().unwrap());
    assert!(scene.sent.is_empty());
}

#[test]
fn the_server_itself_is_answered_within_the_call_too() {
    let (mut scene, bye) = hung_up("<sip:bob@192.0.2.9>");
    assert!(bye.headers().contains(&HeaderName::ProxyAuthorization));
    let challenge = Verifier::new("pbx", "n2", Algorithm::Md5).challenge(true);
    scene.give(Scene::reply(&bye, 407, "phone").header(HeaderName::ProxyAuthenticate, challenge).build().unwrap());
    assert!(scene.request(&Method::Bye).headers().contains(&HeaderName::ProxyAuthorization));
}
