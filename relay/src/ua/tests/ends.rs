use offhook_protocol::ErrorCode;
use offhook_protocol::request::DtmfMethod;
use offhook_sip::digest::{Algorithm, Password, Verdict, Verifier};
use offhook_sip::message::{HeaderName, Method};

use super::peer::sdp;
use super::scene::{LEG, Scene, failure, seconds};
use crate::call::{Cause, Extras, LegCommand, LegEvent};

#[test]
fn our_side_hangs_up_with_a_bye() {
    let (mut scene, _) = Scene::established();
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    let bye = scene.request(&Method::Bye);
    assert_eq!(scene.event(), LegEvent::Ended(Cause::Normal, Extras::default()));
    scene.respond(&bye, 200);
    assert_eq!(scene.ua.counts().legs, 0);
    scene.assert_forgotten();
}

#[test]
fn the_callee_hangs_up_with_a_bye_too() {
    let (mut scene, _, leg) = Scene::taken();
    scene.command(leg, LegCommand::End(Cause::Normal, Extras::default()));
    let bye = scene.request(&Method::Bye);
    assert_eq!(bye.uri().unwrap().to_string(), "sip:bob@192.0.2.9:5060");
    scene.respond(&bye, 200);
    assert_eq!(scene.ua.counts().legs, 0);
}

#[test]
fn a_bye_of_the_far_end_is_answered_and_told() {
    let (mut scene, peer) = Scene::established();
    scene.give(peer.bye(1));
    scene.response(200);
    assert_eq!(scene.event(), LegEvent::Ended(Cause::Normal, Extras::default()));
    assert_eq!(scene.ua.counts().legs, 0);
    scene.assert_forgotten();
}

#[test]
fn a_repeated_bye_is_answered_again_and_told_once() {
    let (mut scene, peer) = Scene::established();
    scene.give(peer.bye(1));
    scene.give(peer.bye(1));
    scene.response(200);
    scene.response(200);
    scene.event();
    scene.assert_quiet();
}

#[test]
fn both_sides_may_hang_up_at_once() {
    let (mut scene, peer) = Scene::established();
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    let bye = scene.request(&Method::Bye);
    scene.event();
    scene.give(peer.bye(1));
    scene.response(200);
    scene.respond(&bye, 481);
    scene.assert_forgotten();
}

#[test]
fn a_bye_that_nobody_answers_ends_in_bounded_time() {
    let (mut scene, _) = Scene::established();
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    scene.event();
    scene.wait(seconds(33));
    assert_eq!(scene.ua.counts().legs, 0);
}

#[test]
fn a_bye_that_cannot_be_sent_ends_the_leg() {
    let (mut scene, _) = Scene::established();
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    scene.event();
    scene.fail_to_send();
    assert_eq!(scene.ua.counts().legs, 0);
}

#[test]
fn a_challenged_bye_is_answered_with_the_next_number() {
    let (mut scene, _) = Scene::established();
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    let bye = scene.request(&Method::Bye);
    let mut verifier = Verifier::new("pbx", "n1", Algorithm::Md5);
    let reply = Scene::reply(&bye, 401, "bob").header(HeaderName::WwwAuthenticate, verifier.challenge(false));
    scene.give(reply.build().unwrap());
    let again = scene.request(&Method::Bye);
    assert_eq!(verifier.verify(&again, &Password::new("hunter2")), Verdict::Accepted);
    assert_eq!(again.headers().cseq().unwrap().number, bye.headers().cseq().unwrap().number + 1);
    scene.respond(&again, 200);
    assert_eq!(scene.ua.counts().legs, 0);
}

#[test]
fn a_bye_challenged_for_ever_ends_the_leg() {
    let (mut scene, _) = Scene::established();
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    scene.event();
    for nonce in ["n1", "n2"] {
        let bye = scene.request(&Method::Bye);
        let verifier = Verifier::new("pbx", nonce, Algorithm::Md5);
        let reply = Scene::reply(&bye, 401, "bob").header(HeaderName::WwwAuthenticate, verifier.challenge(false));
        scene.give(reply.build().unwrap());
    }
    assert_eq!(scene.ua.counts().legs, 0);
    scene.assert_quiet();
}

#[test]
fn a_leg_told_to_end_twice_ends_once() {
    let (mut scene, _) = Scene::established();
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    scene.request(&Method::Bye);
    scene.event();
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    scene.assert_quiet();
}

#[test]
fn a_hang_up_during_our_change_ends_the_call() {
    let (mut scene, _) = Scene::established();
    scene.command(LEG, LegCommand::Reoffer(super::scene::everything()));
    scene.request(&Method::Invite);
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    scene.request(&Method::Bye);
    assert_eq!(scene.event(), LegEvent::Ended(Cause::Normal, Extras::default()));
    scene.assert_forgotten();
}

#[test]
fn a_hang_up_during_the_far_ends_change_answers_it_first() {
    let (mut scene, peer) = Scene::established();
    scene.give(peer.reinvite(1, &sdp("sendonly")));
    scene.event();
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    scene.response(487);
    scene.request(&Method::Bye);
    scene.assert_forgotten_after_end();
}

#[test]
fn a_bye_during_the_far_ends_own_change_ends_both() {
    let (mut scene, peer) = Scene::established();
    scene.give(peer.reinvite(1, &sdp("sendonly")));
    scene.event();
    scene.give(peer.bye(2));
    scene.response(200);
    scene.response(487);
    assert_eq!(scene.event(), LegEvent::Ended(Cause::Normal, Extras::default()));
    scene.assert_forgotten();
}

#[test]
fn media_is_told_nothing_after_the_end() {
    let (mut scene, _) = Scene::established();
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    scene.event();
    let digit = offhook_media::Digit::from_event(1).unwrap();
    scene.command(LEG, LegCommand::Dtmf { digit, duration: seconds(1), method: DtmfMethod::Rfc2833 });
    assert!(scene.media.is_empty());
}

#[test]
fn a_peer_that_is_gone_when_the_call_changes_ends_it() {
    let (mut scene, _) = Scene::established();
    scene.command(LEG, LegCommand::Reoffer(super::scene::everything()));
    scene.wait(seconds(33));
    assert_eq!(failure(scene.event()).code, ErrorCode::Timeout);
    scene.assert_forgotten();
}

impl Scene {
    fn assert_forgotten_after_end(&mut self) {
        assert!(matches!(self.event(), LegEvent::Ended(_, _)));
        self.assert_forgotten();
    }
}

#[test]
fn a_change_of_ours_does_not_outlive_the_call() {
    let (mut scene, peer) = Scene::established();
    scene.command(LEG, LegCommand::Reoffer(super::scene::everything()));
    let invite = scene.request(&Method::Invite);
    scene.respond(&invite, 180);
    scene.give(peer.bye(1));
    scene.response(200);
    scene.request(&Method::Cancel);
    scene.event();
    scene.assert_forgotten();
}

#[test]
fn no_change_is_offered_after_the_end() {
    let (mut scene, _) = Scene::established();
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    scene.request(&Method::Bye);
    scene.event();
    scene.command(LEG, LegCommand::Reoffer(super::scene::everything()));
    scene.assert_quiet();
}
