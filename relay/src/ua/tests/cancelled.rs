use offhook_protocol::request::OpenSip;
use offhook_sip::message::Method;

use super::peer::sdp;
use super::scene::{LEG, Scene, account, seconds};
use crate::call::{Cause, Extras, LegCommand, LegEvent, failure_for_status};

#[test]
fn a_cancel_waits_for_the_first_provisional_response() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.command(LEG, LegCommand::End(Cause::Cancelled, Extras::default()));
    assert_eq!(scene.event(), LegEvent::Ended(Cause::Cancelled, Extras::default()));
    scene.assert_quiet();
    scene.respond(&invite, 180);
    let cancel = scene.request(&Method::Cancel);
    assert_eq!(cancel.headers().top_via().unwrap(), invite.headers().top_via().unwrap());
    scene.respond(&cancel, 200);
    scene.respond(&invite, 487);
    scene.request(&Method::Ack);
    scene.assert_forgotten();
}

#[test]
fn a_ringing_call_is_cancelled_at_once() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.respond(&invite, 180);
    scene.event();
    scene.command(LEG, LegCommand::End(Cause::Cancelled, Extras::default()));
    scene.request(&Method::Cancel);
    assert_eq!(scene.event(), LegEvent::Ended(Cause::Cancelled, Extras::default()));
    scene.assert_forgotten();
}

#[test]
fn a_call_given_up_during_the_lookup_is_never_made() {
    let mut scene = Scene::with(&OpenSip { domain: "pbx.example".into(), ..account() });
    scene.dial("bob");
    scene.command(LEG, LegCommand::End(Cause::Cancelled, Extras::default()));
    assert_eq!(scene.event(), LegEvent::Ended(Cause::Cancelled, Extras::default()));
    assert_eq!(scene.ua.counts().legs, 0);
    scene.resolve(&[super::dns::addresses("pbx.example", &["192.0.2.9"])]);
    scene.assert_quiet();
}

#[test]
fn a_call_given_up_before_any_response_ends_with_the_transaction() {
    let mut scene = Scene::new();
    scene.call();
    scene.command(LEG, LegCommand::End(Cause::Cancelled, Extras::default()));
    scene.event();
    scene.wait(seconds(33));
    assert_eq!(scene.ua.counts().legs, 0);
}

#[test]
fn an_answer_that_crosses_the_cancel_is_acknowledged_and_ended() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.respond(&invite, 180);
    scene.event();
    scene.command(LEG, LegCommand::End(Cause::Cancelled, Extras::default()));
    scene.event();
    scene.request(&Method::Cancel);
    scene.media.clear();
    scene.respond_with(&invite, 200, &sdp(""));
    scene.request(&Method::Ack);
    let bye = scene.request(&Method::Bye);
    scene.respond(&bye, 200);
    assert!(scene.media.is_empty(), "the media leg is closed by then");
    scene.assert_forgotten();
}

#[test]
fn early_media_after_the_end_reaches_nobody() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.command(LEG, LegCommand::End(Cause::Cancelled, Extras::default()));
    scene.event();
    scene.respond_with(&invite, 183, &sdp(""));
    assert!(scene.media.is_empty() && scene.events.is_empty());
}

#[test]
fn a_leg_that_never_called_ends_without_a_word() {
    let mut scene = Scene::new();
    scene.ua.open_leg(LEG, super::scene::ACCOUNT, super::scene::local().into(), "bob").unwrap();
    scene.command(LEG, LegCommand::End(Cause::Failure(failure_for_status(486, "")), Extras::default()));
    assert!(matches!(scene.event(), LegEvent::Ended(_, _)));
    scene.assert_forgotten();
}

#[test]
fn a_leg_discarded_before_it_called_is_forgotten() {
    let mut scene = Scene::new();
    scene.ua.open_leg(LEG, super::scene::ACCOUNT, super::scene::local().into(), "bob").unwrap();
    scene.ua.discard_leg(LEG);
    scene.drain();
    scene.assert_forgotten();
}
