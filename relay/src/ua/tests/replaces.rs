//! INVITEs that take somebody's place.

use offhook_sip::dialog::DialogId;
use offhook_sip::message::{HeaderName, Method, Request};

use super::peer::{Peer, sdp};
use super::scene::{LEG, Scene};
use crate::call::{Cause, Extras, LegCommand};

/// Carol's INVITE that names a dialog.
fn replacing(replaces: &str) -> Request {
    let carol = Peer::caller("alice");
    let invite = carol.request(Method::Invite, 9).contact(&super::peer::addr("<sip:carol@192.0.2.9:5060>"));
    let invite = invite.header(HeaderName::Replaces, replaces).header(HeaderName::Require, "replaces");
    invite.body("application/sdp", sdp("")).build().unwrap()
}

/// What names the dialog of the leg's call to us, as its peer knows it.
fn name(scene: &mut Scene, peer: &Peer) -> DialogId {
    let options = peer.request(Method::Options, 2).build().unwrap();
    let id = DialogId::of_request(&options).unwrap();
    scene.sent.clear();
    id
}

fn replaces(id: &DialogId) -> String {
    format!("{};to-tag={};from-tag={}", id.call_id, id.local_tag, id.remote_tag)
}

#[test]
fn a_caller_that_names_a_dialog_exactly_takes_its_place() {
    let (mut scene, peer) = Scene::established();
    let id = name(&mut scene, &peer);
    scene.give(replacing(&replaces(&id)));
    let incoming = scene.incoming.pop_front().unwrap();
    assert_eq!(incoming.replaces, Some(LEG));
    assert!(incoming.offer.is_some());
}

#[test]
fn half_a_name_finds_nothing() {
    let (mut scene, peer) = Scene::established();
    let id = name(&mut scene, &peer);
    for wrong in [
        DialogId { local_tag: "guess".into(), ..id.clone() },
        DialogId { remote_tag: "guess".into(), ..id.clone() },
        DialogId { local_tag: id.remote_tag.clone(), remote_tag: id.local_tag.clone(), ..id },
    ] {
        scene.give(replacing(&replaces(&wrong)));
        scene.response(481);
        assert!(scene.incoming.is_empty());
        scene.wait_out();
    }
}

#[test]
fn only_a_call_nobody_has_answered_is_replaced_where_that_is_asked_for() {
    let (mut scene, peer) = Scene::established();
    let id = name(&mut scene, &peer);
    scene.give(replacing(&format!("{};early-only", replaces(&id))));
    scene.response(486);
    assert!(scene.incoming.is_empty());
}

#[test]
fn a_call_that_rings_here_is_not_for_others_to_answer() {
    let (mut scene, peer, leg) = Scene::ringing(&sdp(""));
    scene.command(leg, LegCommand::Ringing(None, Extras::default()));
    let ringing = scene.response(180);
    let id = DialogId::of_request(&peer.answered(&ringing).request(Method::Options, 2).build().unwrap()).unwrap();
    let mut invite = replacing(&replaces(&id));
    invite.headers_mut().set(HeaderName::CallId, "other@bob").unwrap();
    scene.give(invite);
    scene.response(481);
}

#[test]
fn a_call_that_ends_is_not_taken_over() {
    let (mut scene, peer) = Scene::established();
    let id = name(&mut scene, &peer);
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    scene.request(&Method::Bye);
    scene.give(replacing(&replaces(&id)));
    scene.response(603);
}

#[test]
fn what_names_a_dialog_badly_or_twice_or_in_another_request_is_refused() {
    let mut scene = Scene::new();
    scene.give(replacing("nonsense"));
    scene.response(400);
    scene.wait_out();
    let mut twice = replacing("a;to-tag=1;from-tag=2");
    twice.headers_mut().push(HeaderName::Replaces, "b;to-tag=1;from-tag=2").unwrap();
    scene.give(twice);
    scene.response(400);
    scene.wait_out();
    let mut joining = replacing("a;to-tag=1;from-tag=2");
    joining.headers_mut().push(HeaderName::Join, "a;to-tag=1;from-tag=2").unwrap();
    scene.give(joining);
    scene.response(400);
    let options = Peer::caller("alice").request(Method::Options, 7);
    scene.give(options.header(HeaderName::Replaces, "a;to-tag=1;from-tag=2").build().unwrap());
    scene.response(400);
}
