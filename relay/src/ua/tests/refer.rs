//! REFERs of ours: the far end is asked to call somebody else by itself.

use offhook_protocol::ErrorCode;
use offhook_sip::message::{HeaderName, Method, Request, RequestBuilder};

use super::peer::Peer;
use super::scene::{LEG, Scene, header, seconds};
use crate::call::{Cause, Extras, LegCommand, LegEvent, Referral, ReferralProgress};

fn refer(scene: &mut Scene, to: &str, replaces: Option<&str>) {
    let referral = Referral { to: to.into(), replaces: replaces.map(str::to_owned) };
    scene.command(LEG, LegCommand::Refer(referral));
}

/// Bob is asked to call carol.
fn asked() -> (Scene, Peer, Request) {
    let (mut scene, peer) = Scene::established_with_a_transferee();
    refer(&mut scene, "carol", None);
    let request = scene.request(&Method::Refer);
    (scene, peer, request)
}

/// He says that he will.
fn accepted() -> (Scene, Peer, Request) {
    let (mut scene, peer, request) = asked();
    scene.respond(&request, 202);
    assert_eq!(progress(&mut scene), ReferralProgress::Accepted);
    (scene, peer, request)
}

fn notify(peer: &Peer, cseq: u32, state: &str, fragment: &str) -> RequestBuilder {
    let notify = peer.request(Method::Notify, cseq).header(HeaderName::Event, "refer");
    notify.header(HeaderName::SubscriptionState, state).body("message/sipfrag;version=2.0", fragment.to_owned())
}

fn tell(scene: &mut Scene, peer: &Peer, cseq: u32, state: &str, fragment: &str) {
    scene.give(notify(peer, cseq, state, fragment).build().unwrap());
}

fn progress(scene: &mut Scene) -> ReferralProgress {
    match scene.event() {
        LegEvent::Referral(progress) => progress,
        other => panic!("no news of a referral: {other:?}"),
    }
}

fn failure(scene: &mut Scene) -> offhook_protocol::Failure {
    match progress(scene) {
        ReferralProgress::Failed(Cause::Failure(failure)) => failure,
        other => panic!("no failure: {other:?}"),
    }
}

#[test]
fn the_far_end_is_told_whom_to_call_and_who_asks() {
    let (_, _, request) = asked();
    let header = |name| header(&request.clone().into(), &name);
    assert_eq!(header(HeaderName::ReferTo).as_deref(), Some("<sip:carol@192.0.2.9>"));
    assert_eq!(header(HeaderName::ReferredBy).as_deref(), Some("<sip:alice@192.0.2.9>"));
    assert!(header(HeaderName::Contact).is_some());
}

#[test]
fn a_dialog_to_be_replaced_is_named_in_the_address() {
    let (mut scene, _) = Scene::established_with_a_transferee();
    refer(&mut scene, "sip:carol@192.0.2.7:5070", Some("call@carol;to-tag=1;from-tag=2"));
    let request = scene.request(&Method::Refer);
    let expected = "<sip:carol@192.0.2.7:5070?Replaces=call%40carol%3Bto-tag%3D1%3Bfrom-tag%3D2>";
    assert_eq!(header(&request.into(), &HeaderName::ReferTo).as_deref(), Some(expected));
}

#[test]
fn the_far_end_tells_how_it_goes() {
    let (mut scene, peer, _) = accepted();
    tell(&mut scene, &peer, 2, "active;expires=60", "SIP/2.0 100 Trying\r\n");
    scene.response(200);
    assert_eq!(progress(&mut scene), ReferralProgress::Accepted);
    tell(&mut scene, &peer, 3, "active;expires=50", "SIP/2.0 180 Ringing\r\n");
    scene.response(200);
    assert_eq!(progress(&mut scene), ReferralProgress::Ringing);
    tell(&mut scene, &peer, 4, "terminated;reason=noresource", "SIP/2.0 200 OK\r\n");
    scene.response(200);
    assert_eq!(progress(&mut scene), ReferralProgress::Completed);
    // The subscription is over: a further one belongs to nothing.
    tell(&mut scene, &peer, 5, "terminated;reason=noresource", "SIP/2.0 200 OK\r\n");
    scene.response(481);
    scene.assert_quiet();
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    scene.request(&Method::Bye);
}

#[test]
fn a_target_that_cannot_be_had_is_a_failure_with_its_code_and_reason() {
    let (mut scene, peer, _) = accepted();
    tell(&mut scene, &peer, 2, "terminated;reason=noresource", "SIP/2.0 486 On holiday\r\n");
    scene.response(200);
    let failure = failure(&mut scene);
    assert_eq!((failure.sip_status, failure.sip_reason.as_deref()), (Some(486), Some("On holiday")));
    scene.give(peer.bye(3));
    scene.response(200);
}

#[test]
fn a_refusal_is_a_failure_or_says_that_the_far_end_does_no_such_thing() {
    for status in [405, 501, 420, 403] {
        let (mut scene, _, request) = asked();
        scene.respond(&request, status);
        assert_eq!(progress(&mut scene), ReferralProgress::Unsupported, "{status}");
        assert!(!scene.ua.may_refer(LEG), "it is not asked again");
    }
    for status in [603, 486, 500] {
        let (mut scene, _, request) = asked();
        scene.respond(&request, status);
        assert_eq!(failure(&mut scene).sip_status, Some(status));
        assert!(scene.ua.may_refer(LEG));
    }
}

#[test]
fn a_far_end_that_does_not_name_refer_is_not_asked() {
    let (mut scene, _) = Scene::established();
    assert!(!scene.ua.may_refer(LEG));
    refer(&mut scene, "carol", None);
    assert_eq!(progress(&mut scene), ReferralProgress::Unsupported);
    scene.assert_quiet();
}

#[test]
fn a_far_end_that_never_says_a_word_is_given_up() {
    let (mut scene, peer, _) = accepted();
    scene.wait(seconds(59));
    scene.assert_quiet();
    scene.wait(seconds(1));
    assert_eq!(failure(&mut scene).code, ErrorCode::Timeout);
    tell(&mut scene, &peer, 2, "terminated", "SIP/2.0 200 OK\r\n");
    scene.response(481);
}

#[test]
fn one_that_has_said_something_may_ring_for_as_long_as_a_call() {
    let (mut scene, peer, _) = accepted();
    tell(&mut scene, &peer, 2, "active", "SIP/2.0 100 Trying\r\n");
    scene.response(200);
    progress(&mut scene);
    scene.wait(seconds(179));
    scene.assert_quiet();
    scene.wait(seconds(1));
    assert_eq!(failure(&mut scene).sip_status, Some(408));
}

#[test]
fn one_that_wants_no_subscription_is_waited_for_until_it_hangs_up() {
    let (mut scene, peer, request) = asked();
    scene.give(Scene::reply(&request, 200, "bob").header(HeaderName::ReferSub, "false").build().unwrap());
    assert_eq!(progress(&mut scene), ReferralProgress::Accepted);
    scene.give(peer.bye(2));
    scene.response(200);
    assert!(matches!(scene.event(), LegEvent::Ended(Cause::Normal, _)));
}

#[test]
fn a_subscription_that_ends_without_an_outcome_is_a_failure() {
    let (mut scene, peer, _) = accepted();
    tell(&mut scene, &peer, 2, "terminated;reason=timeout", "SIP/2.0 100 Trying\r\n");
    scene.response(200);
    assert_eq!(failure(&mut scene).code, ErrorCode::Timeout);
}

#[test]
fn news_may_come_before_the_answer() {
    let (mut scene, peer, request) = asked();
    tell(&mut scene, &peer, 2, "terminated;reason=noresource", "SIP/2.0 200 OK\r\n");
    scene.response(200);
    assert_eq!(progress(&mut scene), ReferralProgress::Completed);
    scene.respond(&request, 202);
    scene.assert_quiet();
}

#[test]
fn news_of_another_subscription_or_event_is_not_ours() {
    let (mut scene, peer, request) = accepted();
    let number = request.headers().cseq().unwrap().number;
    let other = peer.request(Method::Notify, 2).header(HeaderName::Event, format!("refer;id={}", number + 1));
    scene.give(other.header(HeaderName::SubscriptionState, "active").build().unwrap());
    scene.response(481);
    let other = peer.request(Method::Notify, 3).header(HeaderName::Event, "presence");
    scene.give(other.header(HeaderName::SubscriptionState, "active").build().unwrap());
    scene.response(489);
    let ours = peer.request(Method::Notify, 4).header(HeaderName::Event, format!("refer;id={number}"));
    let ours = ours.header(HeaderName::SubscriptionState, "active");
    scene.give(ours.body("message/sipfrag", "SIP/2.0 180 Ringing".to_owned()).build().unwrap());
    scene.response(200);
    assert_eq!(progress(&mut scene), ReferralProgress::Ringing);
}

#[test]
fn news_that_nobody_asked_for_is_refused() {
    let (mut scene, peer) = Scene::established_with_a_transferee();
    tell(&mut scene, &peer, 2, "active", "SIP/2.0 200 OK\r\n");
    scene.response(481);
    tell(&mut scene, &peer.stranger(), 2, "active", "SIP/2.0 200 OK\r\n");
    scene.response(481);
    scene.assert_quiet();
}

#[test]
fn a_challenge_is_answered_once() {
    let (mut scene, _, request) = asked();
    let challenge = "Digest realm=\"pbx\", nonce=\"abc\"";
    scene.give(Scene::reply(&request, 407, "bob").header(HeaderName::ProxyAuthenticate, challenge).build().unwrap());
    let again = scene.request(&Method::Refer);
    assert!(again.headers().contains(&HeaderName::ProxyAuthorization));
    scene.give(Scene::reply(&again, 407, "bob").header(HeaderName::ProxyAuthenticate, challenge).build().unwrap());
    assert_eq!(failure(&mut scene).sip_status, Some(407));
}

#[test]
fn a_far_end_that_knows_no_such_call_ends_it() {
    let (mut scene, _, request) = asked();
    scene.respond(&request, 481);
    assert!(matches!(scene.event(), LegEvent::Ended(..)));
    scene.request(&Method::Bye);
}

#[test]
fn nothing_waits_for_the_news_of_a_call_that_is_over() {
    let (mut scene, peer, _) = accepted();
    scene.give(peer.bye(2));
    scene.response(200);
    scene.event();
    scene.assert_forgotten();
}
