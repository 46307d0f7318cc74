//! Sessions that are refreshed, or end (RFC 4028), and UPDATE within them (RFC 3311).

use offhook_media::{Codec, Direction};
use offhook_protocol::ErrorCode;
use offhook_sip::message::{HeaderName, Message, Method, Request};

use super::peer::{Peer, sdp, sdp_at};
use super::scene::{LEG, Scene, audio, body, failure, header, seconds};
use crate::call::{Cause, Description, Extras, LegCommand, LegEvent};

const UPDATES: &str = "INVITE, ACK, BYE, CANCEL, UPDATE";

fn pcma(direction: Direction) -> Description {
    audio(&[Codec::Pcma], direction)
}

fn expires(message: impl Into<Message>) -> Option<String> {
    header(&message.into(), &HeaderName::SessionExpires)
}

/// A call of ours that bob took with these terms, and with this Allow.
fn established(terms: &str, allow: &str) -> (Scene, Peer) {
    let mut scene = Scene::new();
    let invite = scene.call();
    assert_eq!(expires(invite.clone()).as_deref(), Some("1800"));
    assert!(invite.headers().has_option(&HeaderName::Supported, "timer"));
    let ok = Scene::reply(&invite, 200, "bob")
        .header(HeaderName::SessionExpires, terms)
        .header(HeaderName::Allow, allow)
        .body("application/sdp", sdp(""))
        .build()
        .unwrap();
    scene.give(ok.clone());
    scene.request(&Method::Ack);
    scene.event();
    scene.media.clear();
    (scene, Peer::callee(&invite, &ok))
}

/// Bob accepts our refresh, and the next comes after half the interval.
fn refreshed(scene: &mut Scene, method: &Method, description: &str) {
    for _ in 0..3 {
        scene.wait(seconds(299));
        scene.assert_quiet();
        scene.wait(seconds(1));
        let refresh = scene.request(method);
        assert_eq!(expires(refresh.clone()).as_deref(), Some("600;refresher=uac"));
        let ok = Scene::reply(&refresh, 200, "bob").header(HeaderName::SessionExpires, "600;refresher=uac");
        let ok = match description {
            "" => ok.build(),
            description => ok.body("application/sdp", description.to_owned()).build(),
        };
        scene.give(ok.unwrap());
        if *method == Method::Invite {
            scene.request(&Method::Ack);
        }
        scene.assert_quiet();
    }
}

#[test]
fn we_refresh_by_update_where_the_peer_takes_it() {
    let (mut scene, _) = established("600;refresher=uac", UPDATES);
    refreshed(&mut scene, &Method::Update, "");
}

#[test]
fn we_refresh_by_an_unchanged_offer_where_it_does_not() {
    let (mut scene, _) = established("600;refresher=uac", "INVITE, ACK, BYE, CANCEL");
    refreshed(&mut scene, &Method::Invite, &sdp(""));
    scene.wait(seconds(300));
    let [first, second] = [scene.request(&Method::Invite), {
        scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
        scene.request(&Method::Bye)
    }];
    assert!(body(first.body()).contains(" 1 IN IP4"), "the version has not grown: {}", body(first.body()));
    assert!(second.body().is_empty());
}

#[test]
fn a_peer_that_takes_no_update_after_all_gets_a_re_invite() {
    let (mut scene, _) = established("600;refresher=uac", UPDATES);
    scene.wait(seconds(300));
    let update = scene.request(&Method::Update);
    scene.respond(&update, 501);
    scene.request(&Method::Invite);
}

#[test]
fn a_refresh_that_finds_no_call_ends_it() {
    let (mut scene, _) = established("600;refresher=uac", UPDATES);
    scene.wait(seconds(300));
    let update = scene.request(&Method::Update);
    scene.respond(&update, 481);
    assert_eq!(failure(scene.event()).sip_status, Some(481));
    scene.request(&Method::Bye);
}

#[test]
fn a_refresh_that_nobody_answers_ends_the_call() {
    let (mut scene, _) = established("600;refresher=uac", UPDATES);
    scene.wait(seconds(333));
    assert_eq!(failure(scene.event()).code, ErrorCode::Timeout);
}

#[test]
fn a_refresh_that_is_too_short_is_repeated_with_a_longer_interval() {
    let (mut scene, _) = established("600;refresher=uac", UPDATES);
    scene.wait(seconds(300));
    let update = scene.request(&Method::Update);
    scene.give(Scene::reply(&update, 422, "bob").header(HeaderName::MinSe, 900).build().unwrap());
    let again = scene.request(&Method::Update);
    assert_eq!(expires(again.clone()).as_deref(), Some("900;refresher=uac"));
    assert_eq!(header(&again.into(), &HeaderName::MinSe).as_deref(), Some("900"));
}

#[test]
fn a_session_that_the_peer_does_not_refresh_ends_with_a_reason() {
    let (mut scene, _) = established("600;refresher=uas", UPDATES);
    scene.wait(seconds(567));
    scene.assert_quiet();
    scene.wait(seconds(1));
    assert_eq!(failure(scene.event()).code, ErrorCode::PeerLost);
    let bye = scene.request(&Method::Bye);
    assert!(header(&bye.into(), &HeaderName::Reason).unwrap().starts_with("SIP;cause=408"));
}

#[test]
fn the_peers_refresh_keeps_the_session() {
    let (mut scene, peer) = established("600;refresher=uas", UPDATES);
    for cseq in 1..4 {
        scene.wait(seconds(500));
        let mut update = peer.update(cseq, "");
        update.headers_mut().push(HeaderName::Supported, "timer").unwrap();
        update.headers_mut().push(HeaderName::SessionExpires, "600;refresher=uac").unwrap();
        scene.give(update);
        assert_eq!(expires(scene.response(200)).as_deref(), Some("600;refresher=uac"));
        scene.assert_quiet();
    }
}

#[test]
fn an_invite_whose_interval_is_too_short_for_the_peer_goes_out_again() {
    let mut scene = Scene::new();
    let invite = scene.call();
    scene.give(Scene::reply(&invite, 422, "bob").header(HeaderName::MinSe, 3600).build().unwrap());
    scene.request(&Method::Ack);
    let again = scene.request(&Method::Invite);
    assert_eq!(expires(again.clone()).as_deref(), Some("3600"));
    assert_eq!(again.headers().call_id().unwrap(), invite.headers().call_id().unwrap());
    assert_eq!(again.headers().cseq().unwrap().number, 2);
    scene.respond(&again, 422);
    assert_eq!(failure(scene.event()).sip_status, Some(422));
    scene.assert_forgotten();
}

/// Bob's INVITE with these terms.
fn invite(terms: &str) -> Request {
    let mut invite = Peer::caller("alice").invite(&sdp(""));
    invite.headers_mut().push(HeaderName::Supported, "timer").unwrap();
    if !terms.is_empty() {
        invite.headers_mut().push(HeaderName::SessionExpires, terms).unwrap();
    }
    invite
}

#[test]
fn a_callers_interval_that_is_too_short_is_refused() {
    let mut scene = Scene::new();
    scene.give(invite("60"));
    assert_eq!(header(&scene.response(422).into(), &HeaderName::MinSe).as_deref(), Some("90"));
    assert!(scene.incoming.is_empty());
}

#[test]
fn a_callee_says_who_refreshes() {
    for (terms, told, refreshes) in [
        ("600", "600;refresher=uac", false),
        ("600;refresher=uas", "600;refresher=uas", true),
        ("", "1800;refresher=uas", true),
    ] {
        let mut scene = Scene::new();
        scene.give(invite(terms));
        let leg = scene.incoming.pop_front().unwrap().leg;
        scene.ua.attach(leg, super::scene::local().into());
        scene.command(leg, LegCommand::Answer(pcma(Direction::SendRecv), Extras::default()));
        let ok = scene.response(200);
        assert_eq!(expires(ok.clone()).as_deref(), Some(told));
        assert_eq!(ok.headers().has_option(&HeaderName::Require, "timer"), !refreshes);
        scene.give(Peer::caller("alice").answered(&ok).ack(1).build().unwrap());
        scene.wait(seconds(900));
        let refreshed = scene
            .sent
            .iter()
            .any(|(_, message)| matches!(message, Message::Request(request) if *request.method() == Method::Invite));
        assert_eq!(refreshed, refreshes, "{terms}");
    }
}

#[test]
fn an_update_with_an_offer_changes_the_session_like_a_re_invite() {
    let (mut scene, peer) = Scene::established();
    scene.give(peer.update(1, &sdp_at("192.0.2.9", 6000, "sendonly")));
    assert_eq!(scene.event(), LegEvent::Reoffer(pcma(Direction::RecvOnly)));
    scene.command(LEG, LegCommand::ReofferAnswer(Ok(pcma(Direction::RecvOnly))));
    assert!(body(scene.response(200).body()).contains("a=recvonly"));
    assert_eq!(scene.remote().rtp.port(), 6000);
    // Nothing is waited for.
    scene.wait(seconds(60));
    scene.assert_quiet();
}

#[test]
fn an_update_that_meets_our_change_is_pending_and_a_second_one_has_to_wait() {
    let (mut scene, peer) = Scene::established();
    scene.command(LEG, LegCommand::Reoffer(pcma(Direction::SendOnly)));
    let ours = scene.request(&Method::Invite);
    scene.give(peer.update(1, &sdp("")));
    scene.response(491);
    scene.respond_with(&ours, 200, &sdp("recvonly"));
    scene.request(&Method::Ack);
    scene.event();
    scene.give(peer.update(2, &sdp("sendonly")));
    scene.event();
    scene.give(peer.update(3, &sdp("")));
    assert!(scene.response(500).headers().contains(&HeaderName::RetryAfter));
}

#[test]
fn an_update_the_core_refuses_changes_nothing() {
    let (mut scene, peer) = Scene::established();
    scene.give(peer.update(1, &sdp("sendonly")));
    scene.event();
    let cause = Cause::Failure(crate::call::failure_for_status(488, "Not Acceptable Here"));
    scene.command(LEG, LegCommand::ReofferAnswer(Err(cause)));
    scene.response(488);
    assert!(scene.media.is_empty());
}

/// Bob takes whatever we offer.
fn take(scene: &mut Scene, invite: &Request, description: &str) {
    scene.respond_with(invite, 200, &sdp(description));
    scene.request(&Method::Ack);
}

#[test]
fn a_hold_that_meets_our_refresh_is_done_after_it() {
    let (mut scene, _) = established("600;refresher=uac", "INVITE, ACK, BYE, CANCEL");
    scene.wait(seconds(300));
    let refresh = scene.request(&Method::Invite);
    scene.command(LEG, LegCommand::Reoffer(pcma(Direction::SendOnly)));
    scene.assert_quiet();
    take(&mut scene, &refresh, "");
    let hold = scene.request(&Method::Invite);
    assert!(body(hold.body()).contains("a=sendonly"));
    take(&mut scene, &hold, "recvonly");
    assert_eq!(scene.event(), LegEvent::ReofferResult(Ok(pcma(Direction::SendOnly))));
}

#[test]
fn a_hold_is_done_after_a_refresh_that_failed_too() {
    let (mut scene, _) = established("600;refresher=uac", "INVITE, ACK, BYE, CANCEL");
    scene.wait(seconds(300));
    let refresh = scene.request(&Method::Invite);
    scene.command(LEG, LegCommand::Reoffer(pcma(Direction::SendOnly)));
    scene.respond(&refresh, 500);
    scene.request(&Method::Ack);
    assert!(body(scene.request(&Method::Invite).body()).contains("a=sendonly"));
}

#[test]
fn a_hold_takes_the_place_of_a_refresh_that_waits_after_a_491() {
    let (mut scene, _) = established("600;refresher=uac", "INVITE, ACK, BYE, CANCEL");
    scene.wait(seconds(300));
    let refresh = scene.request(&Method::Invite);
    scene.respond(&refresh, 491);
    scene.request(&Method::Ack);
    scene.command(LEG, LegCommand::Reoffer(pcma(Direction::SendOnly)));
    let hold = scene.request(&Method::Invite);
    assert!(body(hold.body()).contains("a=sendonly"));
    take(&mut scene, &hold, "recvonly");
    assert_eq!(scene.event(), LegEvent::ReofferResult(Ok(pcma(Direction::SendOnly))));
    scene.wait(seconds(10));
    scene.assert_quiet();
}

#[test]
fn a_hold_that_waits_for_a_refresh_ends_with_the_call() {
    let (mut scene, _) = established("600;refresher=uac", "INVITE, ACK, BYE, CANCEL");
    scene.wait(seconds(300));
    let refresh = scene.request(&Method::Invite);
    scene.command(LEG, LegCommand::Reoffer(pcma(Direction::SendOnly)));
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    scene.drain();
    scene.sent.clear();
    take(&mut scene, &refresh, "");
    scene.wait(seconds(1));
    assert!(
        !scene
            .sent
            .iter()
            .any(|(_, message)| matches!(message, Message::Request(request) if *request.method() == Method::Invite))
    );
}
