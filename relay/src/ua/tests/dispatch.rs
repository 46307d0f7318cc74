use bytes::Bytes;
use offhook_sip::message::{HeaderName, Message, Method, Request, Transport};
use offhook_sip::transaction::{ConnectionId, Destination};
use proptest::prelude::*;

use super::peer::{Peer, sdp};
use super::scene::{LEG, PEER, Scene, header};
use crate::call::{Cause, Extras, LegCommand};

fn ask(scene: &mut Scene, request: Request, status: u16) -> Message {
    scene.give(request);
    let reply = Message::from(scene.response(status));
    assert!(scene.incoming.is_empty() && scene.events.is_empty());
    reply
}

#[test]
fn options_out_of_a_dialog_say_what_is_served() {
    let mut scene = Scene::new();
    let request = Peer::caller("anyone").request(Method::Options, 1).build().unwrap();
    let reply = ask(&mut scene, request, 200);
    assert_eq!(
        header(&reply, &HeaderName::Allow).as_deref(),
        Some("INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, PRACK, UPDATE, REFER, NOTIFY, MESSAGE, REGISTER")
    );
    assert_eq!(header(&reply, &HeaderName::Accept).as_deref(), Some("application/sdp"));
    assert_eq!(header(&reply, &HeaderName::Supported).as_deref(), Some("100rel, timer, replaces, norefersub"));
    assert!(reply.headers().to().unwrap().tag().is_some());
}

#[test]
fn options_in_a_dialog_are_answered_in_it() {
    let (mut scene, peer) = Scene::established();
    ask(&mut scene, peer.request(Method::Options, 1).build().unwrap(), 200);
    assert_eq!(scene.ua.counts().legs, 1);
}

#[test]
fn a_known_method_that_is_not_served_is_not_allowed() {
    let mut scene = Scene::new();
    let request = Peer::caller("anyone").request(Method::Publish, 1).build().unwrap();
    let reply = ask(&mut scene, request, 405);
    assert!(header(&reply, &HeaderName::Allow).unwrap().contains("INVITE"));
}

#[test]
fn an_unknown_method_is_not_implemented() {
    let mut scene = Scene::new();
    let method = Method::parse(&Bytes::from_static(b"DANCE")).unwrap();
    let request = Peer::caller("anyone").request(method, 1).build().unwrap();
    let reply = ask(&mut scene, request, 501);
    assert!(header(&reply, &HeaderName::Allow).is_some());
}

#[test]
fn an_extension_that_is_required_and_unknown_is_refused_by_name() {
    let mut scene = Scene::new();
    let invite = Peer::caller("echo").request(Method::Invite, 1).header(HeaderName::Require, "100rel, levitation");
    let invite = invite.contact(&super::peer::addr("<sip:bob@192.0.2.9>")).build().unwrap();
    let reply = ask(&mut scene, invite, 420);
    assert!(header(&reply, &HeaderName::Unsupported).unwrap().contains("levitation"));
}

#[test]
fn a_bye_of_no_call_does_not_exist() {
    let mut scene = Scene::new();
    ask(&mut scene, Peer::caller("alice").bye(1), 481);
}

#[test]
fn requests_of_an_unknown_dialog_do_not_exist() {
    let (mut scene, peer) = Scene::established();
    let stranger = peer.stranger();
    ask(&mut scene, stranger.bye(1), 481);
    ask(&mut scene, stranger.reinvite(2, &sdp("")), 481);
    assert_eq!(scene.ua.counts().legs, 1);
}

#[test]
fn a_cancel_of_nothing_does_not_exist() {
    let mut scene = Scene::new();
    ask(&mut scene, Peer::caller("alice").cancel(1), 481);
}

#[test]
fn an_invite_without_a_user_finds_nobody() {
    let mut scene = Scene::new();
    let mut invite = Peer::caller("echo").invite(&sdp(""));
    invite.set_uri(&offhook_sip::message::Uri::parse(b"sip:192.0.2.1").unwrap()).unwrap();
    ask(&mut scene, invite, 404);
}

#[test]
fn a_secure_address_is_served_where_the_way_here_was_secure() {
    let mut scene = Scene::new();
    let mut invite = Peer::caller("echo").invite(&sdp(""));
    invite.set_uri(&offhook_sip::message::Uri::parse(b"sips:echo@192.0.2.1").unwrap()).unwrap();
    ask(&mut scene, invite.clone(), 416);
    let mut scene = Scene::new();
    scene.give_from(invite, Destination::new(Transport::Tls, PEER).on(ConnectionId(1)));
    assert_eq!(scene.incoming.len(), 1);
}

#[test]
fn a_body_of_another_type_is_refused() {
    let mut scene = Scene::new();
    let invite = Peer::caller("echo").request(Method::Invite, 1).contact(&super::peer::addr("<sip:bob@192.0.2.9>"));
    let invite = invite.body("text/plain", "hello").build().unwrap();
    let reply = ask(&mut scene, invite, 415);
    assert_eq!(header(&reply, &HeaderName::Accept).as_deref(), Some("application/sdp"));
}

#[test]
fn an_invite_without_a_contact_is_a_bad_request() {
    let mut scene = Scene::new();
    let mut invite = Peer::caller("echo").invite(&sdp(""));
    invite.headers_mut().remove(&HeaderName::Contact);
    ask(&mut scene, invite, 400);
    assert_eq!(scene.ua.counts().legs, 0);
}

#[test]
fn a_stray_ack_is_dropped() {
    let mut scene = Scene::new();
    scene.give(Peer::caller("alice").ack(1).build().unwrap());
    scene.assert_quiet();
}

#[test]
fn a_stray_response_is_dropped() {
    let mut scene = Scene::new();
    let request = Peer::caller("alice").bye(1);
    scene.respond(&request, 200);
    scene.assert_quiet();
}

#[test]
fn a_response_for_another_hop_is_dropped() {
    let mut scene = Scene::new();
    let invite = scene.call();
    let mut reply = Scene::reply(&invite, 180, "bob").build().unwrap();
    reply.headers_mut().push(HeaderName::Via, "SIP/2.0/UDP 192.0.2.99;branch=z9hG4bKother").unwrap();
    scene.give(reply);
    scene.assert_quiet();
}

#[test]
fn every_request_gets_its_response_and_nothing_stays() {
    let mut scene = Scene::new();
    let peer = Peer::caller("anyone");
    for (number, method) in [Method::Options, Method::Bye, Method::Info, Method::Subscribe].into_iter().enumerate() {
        scene.give(peer.request(method, u32::try_from(number).unwrap() + 1).build().unwrap());
    }
    assert_eq!(scene.sent.len(), 4);
    scene.assert_forgotten();
}

/// A message of a call that is up, as it would be on the wire.
fn wire(peer: &Peer, invite: &Request, which: usize) -> Bytes {
    match which {
        0 => peer.reinvite(1, &sdp("sendonly")).to_bytes(),
        1 => peer.bye(1).to_bytes(),
        2 => Peer::caller("echo").invite(&sdp("")).to_bytes(),
        3 => peer.request(Method::Options, 1).build().unwrap().to_bytes(),
        _ => Scene::reply(invite, 200, "bob").body("application/sdp", sdp("")).build().unwrap().to_bytes(),
    }
}

proptest! {
    #[test]
    fn damaged_messages_do_no_more_than_end_a_call(
        which in 0..5_usize,
        length in 0..600_usize,
        damage in proptest::collection::vec((0..600_usize, any::<u8>()), 0..6),
    ) {
        let mut scene = Scene::new();
        let invite = scene.call();
        let ok = Scene::reply(&invite, 200, "bob").body("application/sdp", sdp("")).build().unwrap();
        scene.give(ok.clone());
        let mut bytes = wire(&Peer::callee(&invite, &ok), &invite, which).to_vec();
        for (at, value) in damage {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = value;
            }
        }
        if length > 300 {
            bytes.truncate(length);
        }
        if let Ok(message) = Message::parse_datagram(bytes.into(), &Default::default()) {
            scene.give_from(message, Destination::udp(PEER));
        }
        for leg in scene.incoming.drain(..).map(|incoming| incoming.leg).chain([LEG]).collect::<Vec<_>>() {
            scene.command(leg, LegCommand::End(Cause::Normal, Extras::default()));
        }
        scene.wait_out();
        prop_assert_eq!((scene.ua.counts().legs, scene.ua.counts().transactions), (0, 0));
    }
}
