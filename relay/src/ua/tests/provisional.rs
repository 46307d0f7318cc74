//! Our own provisional responses, where they arrive for certain (RFC 3262), and what the caller may change meanwhile.

use offhook_media::{Codec, Direction};
use offhook_sip::message::{HeaderName, Message, Method, Request, Response};

use super::peer::{Peer, sdp, sdp_at};
use super::scene::{Scene, audio, body, failure, header, seconds};
use crate::call::{Cause, Description, Extras, LegCommand, LegEvent};
use offhook_media::LegId;

fn pcma(direction: Direction) -> Description {
    audio(&[Codec::Pcma], direction)
}

/// Bob calls with this header; 100 is not sent yet.
fn ringing(name: HeaderName, offer: &str) -> (Scene, Peer, LegId) {
    let mut scene = Scene::new();
    let peer = Peer::caller("alice");
    let mut invite = peer.invite(offer);
    invite.headers_mut().push(name, "100rel").unwrap();
    scene.give(invite);
    let incoming = scene.incoming.pop_front().unwrap();
    scene.ua.attach(incoming.leg, super::scene::local().into());
    (scene, peer, incoming.leg)
}

fn progress(scene: &mut Scene, leg: LegId) -> Response {
    scene.command(leg, LegCommand::Progress(Some(pcma(Direction::SendRecv)), Extras::default()));
    scene.response(183)
}

fn answer(scene: &mut Scene, leg: LegId) {
    scene.command(leg, LegCommand::Answer(pcma(Direction::SendRecv), Extras::default()));
}

/// The PRACK of a response.
fn prack(peer: &Peer, cseq: u32, response: &Response) -> Request {
    let rseq = response.headers().rseq().unwrap();
    peer.request(Method::Prack, cseq).header(HeaderName::RAck, format!("{rseq} 1 INVITE")).build().unwrap()
}

#[test]
fn early_media_goes_reliably_where_the_caller_can() {
    let (mut scene, peer, leg) = ringing(HeaderName::Supported, &sdp(""));
    let early = progress(&mut scene, leg);
    assert!(early.headers().has_option(&HeaderName::Require, "100rel"));
    let peer = peer.answered(&early);
    scene.give(prack(&peer, 2, &early));
    scene.response(200);
    scene.wait(seconds(60));
    scene.assert_quiet();
}

#[test]
fn a_caller_hears_nothing_before_it_has_confirmed_where_it_is() {
    let (mut scene, peer, leg) = ringing(HeaderName::Supported, &sdp(""));
    let early = progress(&mut scene, leg);
    assert_eq!(scene.media_told(), ["remote 192.0.2.9:5000", "RecvOnly"]);
    scene.media.clear();
    let peer = peer.answered(&early);
    scene.give(prack(&peer, 2, &early));
    assert_eq!(scene.media_told(), ["SendRecv"]);
}

#[test]
fn ringing_goes_reliably_only_where_the_caller_requires_it() {
    for (name, expected) in [(HeaderName::Supported, false), (HeaderName::Require, true)] {
        let (mut scene, _, leg) = ringing(name, &sdp(""));
        scene.command(leg, LegCommand::Ringing(None, Extras::default()));
        assert_eq!(scene.response(180).headers().rseq().is_some(), expected);
    }
}

#[test]
fn a_response_without_its_prack_is_repeated_and_the_call_refused_in_the_end() {
    let (mut scene, _, leg) = ringing(HeaderName::Supported, &sdp(""));
    let early = progress(&mut scene, leg);
    for after in [500, 1000, 2000, 4000, 8000, 16_000] {
        scene.wait(std::time::Duration::from_millis(after - 1));
        scene.assert_quiet();
        scene.wait(std::time::Duration::from_millis(1));
        assert_eq!(scene.response(183).to_bytes(), early.to_bytes());
    }
    scene.wait(std::time::Duration::from_millis(500));
    scene.response(504);
    assert_eq!(failure(scene.event()).sip_status, Some(504));
    scene.assert_forgotten();
}

#[test]
fn the_answer_waits_for_the_prack_of_the_early_one_and_does_not_repeat_it() {
    let (mut scene, peer, leg) = ringing(HeaderName::Supported, &sdp(""));
    let early = progress(&mut scene, leg);
    answer(&mut scene, leg);
    scene.assert_quiet();
    let peer = peer.answered(&early);
    scene.give(prack(&peer, 2, &early));
    scene.response(200);
    let ok = scene.response(200);
    assert!(ok.body().is_empty());
    scene.give(peer.ack(1).build().unwrap());
    scene.assert_quiet();
    scene.command(leg, LegCommand::End(Cause::Normal, Extras::default()));
    scene.request(&Method::Bye);
}

#[test]
fn a_prack_that_names_nothing_is_refused() {
    let (mut scene, peer, leg) = ringing(HeaderName::Supported, &sdp(""));
    let early = progress(&mut scene, leg);
    let peer = peer.answered(&early);
    scene.give(peer.request(Method::Prack, 2).header(HeaderName::RAck, "1 9 INVITE").build().unwrap());
    scene.response(481);
    scene.give(peer.request(Method::Prack, 3).build().unwrap());
    scene.response(400);
    scene.give(prack(&peer, 4, &early));
    scene.response(200);
    scene.give(prack(&peer, 5, &early));
    scene.response(481);
}

#[test]
fn each_waits_for_the_prack_of_the_one_before() {
    let (mut scene, peer, leg) = ringing(HeaderName::Require, &sdp(""));
    scene.command(leg, LegCommand::Ringing(None, Extras::default()));
    let first = scene.response(180);
    scene.command(leg, LegCommand::Progress(Some(pcma(Direction::SendRecv)), Extras::default()));
    scene.assert_quiet();
    let peer = peer.answered(&first);
    scene.give(prack(&peer, 2, &first));
    // The next response stands before the 200 for the PRACK, as it may.
    let mut sent: Vec<u16> = Vec::new();
    while let Some((_, offhook_sip::message::Message::Response(response))) = scene.sent.pop_front() {
        sent.push(response.status().code());
    }
    sent.sort_unstable();
    assert_eq!(sent, [183, 200]);
}

#[test]
fn a_caller_that_offers_nothing_is_offered_something_before_the_answer() {
    let (mut scene, peer, leg) = ringing(HeaderName::Require, "");
    scene.command(leg, LegCommand::Ringing(None, Extras::default()));
    let early = scene.response(180);
    assert!(body(early.body()).contains("m=audio 4000"));
    let peer = peer.answered(&early);
    let rack = format!("{} 1 INVITE", early.headers().rseq().unwrap());
    let confirmed = peer.request(Method::Prack, 2).header(HeaderName::RAck, rack);
    scene.give(confirmed.body("application/sdp", sdp("")).build().unwrap());
    scene.response(200);
    assert_eq!(scene.remote().rtp.port(), 5000);
    answer(&mut scene, leg);
    assert!(scene.response(200).body().is_empty());
    assert_eq!(scene.event(), LegEvent::Answered(pcma(Direction::SendRecv), Extras::default()));
    scene.give(peer.ack(1).build().unwrap());
    scene.assert_quiet();
}

#[test]
fn the_caller_may_change_its_offer_before_the_answer() {
    let (mut scene, peer, leg) = ringing(HeaderName::Supported, &sdp(""));
    let early = progress(&mut scene, leg);
    let peer = peer.answered(&early);
    scene.give(prack(&peer, 2, &early));
    scene.response(200);
    scene.give(peer.update(3, &sdp_at("192.0.2.9", 6000, "sendonly")));
    assert_eq!(scene.event(), LegEvent::Reoffer(pcma(Direction::RecvOnly)));
    scene.command(leg, LegCommand::ReofferAnswer(Ok(pcma(Direction::RecvOnly))));
    assert!(body(scene.response(200).body()).contains("a=recvonly"));
    assert_eq!(scene.remote().rtp.port(), 6000);
    answer(&mut scene, leg);
    assert!(scene.response(200).body().is_empty());
}

/// Bob, who takes UPDATE, has heard one phone for certain; then another one with PCMU is heard.
fn moved() -> (Scene, Peer, LegId, Request) {
    let mut scene = Scene::new();
    let peer = Peer::caller("alice");
    let mut invite = peer.invite(&sdp("").replace("AVP 8", "AVP 8 0"));
    invite.headers_mut().push(HeaderName::Supported, "100rel").unwrap();
    invite.headers_mut().push(HeaderName::Allow, "INVITE, ACK, BYE, CANCEL, UPDATE, PRACK").unwrap();
    scene.give(invite);
    let leg = scene.incoming.pop_front().unwrap().leg;
    scene.ua.attach(leg, super::scene::local().into());
    let early = progress(&mut scene, leg);
    let peer = peer.answered(&early);
    scene.give(prack(&peer, 2, &early));
    scene.response(200);
    let pcmu = audio(&[Codec::Pcmu], Direction::SendRecv);
    scene.command(leg, LegCommand::Progress(Some(pcmu), Extras::default()));
    let update = scene.request(&Method::Update);
    let second = scene.response(183);
    assert!(second.body().is_empty());
    scene.give(prack(&peer, 3, &second));
    scene.response(200);
    (scene, peer, leg, update)
}

fn pcmu() -> Description {
    audio(&[Codec::Pcmu], Direction::SendRecv)
}

#[test]
fn a_caller_is_moved_to_the_phone_that_is_heard_now() {
    let (mut scene, _, leg, update) = moved();
    assert!(body(update.body()).contains("RTP/AVP 0"), "{}", body(update.body()));
    // The answer waits: offers and answers go one at a time.
    scene.command(leg, LegCommand::Answer(pcmu(), Extras::default()));
    scene.assert_quiet();
    scene.respond_with(&update, 200, &sdp_at("192.0.2.9", 6000, "").replace("AVP 8", "AVP 0"));
    assert_eq!(scene.event(), LegEvent::Answered(pcmu(), Extras::default()));
    assert_eq!(scene.remote().rtp.port(), 6000);
    assert!(scene.response(200).body().is_empty());
}

#[test]
fn a_caller_that_will_not_be_moved_is_answered_all_the_same() {
    for silent in [false, true] {
        let (mut scene, _, leg, update) = moved();
        scene.command(leg, LegCommand::Answer(pcmu(), Extras::default()));
        match silent {
            false => scene.respond(&update, 488),
            true => {
                scene.wait(seconds(32));
                scene.sent.retain(|(_, message)| matches!(message, Message::Response(_)));
            }
        }
        scene.response(200);
        assert!(scene.events.is_empty());
    }
}

#[test]
fn a_caller_that_is_moved_may_give_up_meanwhile() {
    let (mut scene, peer, _, update) = moved();
    scene.give(peer.cancel(1));
    scene.response(200);
    scene.response(487);
    scene.event();
    scene.respond(&update, 487);
    scene.assert_forgotten();
}

#[test]
fn a_prack_may_bring_a_new_offer() {
    let (mut scene, peer, leg) = ringing(HeaderName::Supported, &sdp(""));
    let early = progress(&mut scene, leg);
    let peer = peer.answered(&early);
    let rack = format!("{} 1 INVITE", early.headers().rseq().unwrap());
    let confirmed = peer.request(Method::Prack, 2).header(HeaderName::RAck, rack);
    scene.give(confirmed.body("application/sdp", sdp_at("192.0.2.9", 6000, "")).build().unwrap());
    assert_eq!(scene.event(), LegEvent::Reoffer(pcma(Direction::SendRecv)));
    scene.command(leg, LegCommand::ReofferAnswer(Ok(pcma(Direction::SendRecv))));
    let ok = scene.response(200);
    assert_eq!(header(&ok.clone().into(), &HeaderName::CSeq).as_deref(), Some("2 PRACK"));
    assert!(body(ok.body()).contains("m=audio 4000"));
}

/// The PRACK of a response, with an offer.
fn prack_offering(peer: &Peer, cseq: u32, response: &Response) -> Request {
    let rseq = response.headers().rseq().unwrap();
    let prack = peer.request(Method::Prack, cseq).header(HeaderName::RAck, format!("{rseq} 1 INVITE"));
    prack.body("application/sdp", sdp_at("192.0.2.9", 6000, "")).build().unwrap()
}

#[test]
fn an_answer_that_waits_for_a_prack_waits_for_what_that_changes_too() {
    let (mut scene, peer, leg) = ringing(HeaderName::Supported, &sdp(""));
    let early = progress(&mut scene, leg);
    answer(&mut scene, leg);
    let peer = peer.answered(&early);
    scene.give(prack_offering(&peer, 2, &early));
    assert_eq!(scene.event(), LegEvent::Reoffer(pcma(Direction::SendRecv)));
    scene.assert_quiet();
    // Our side changes something, too, before it is told anything.
    scene.command(leg, LegCommand::Reoffer(pcma(Direction::SendOnly)));
    scene.assert_quiet();
    scene.command(leg, LegCommand::ReofferAnswer(Ok(pcma(Direction::SendRecv))));
    assert!(body(scene.response(200).body()).contains("m=audio 4000"));
    assert_eq!(scene.remote().rtp.port(), 6000);
    assert!(scene.response(200).body().is_empty());
    scene.give(peer.ack(1).build().unwrap());
    assert!(body(scene.request(&Method::Invite).body()).contains("a=sendonly"));
}

#[test]
fn a_prack_that_comes_after_the_answer_may_bring_an_offer() {
    for is_acknowledged in [false, true] {
        let (mut scene, peer, leg) = ringing(HeaderName::Require, &sdp(""));
        scene.command(leg, LegCommand::Ringing(None, Extras::default()));
        let early = scene.response(180);
        let peer = peer.answered(&early);
        answer(&mut scene, leg);
        assert!(!scene.response(200).body().is_empty());
        if is_acknowledged {
            scene.give(peer.ack(1).build().unwrap());
        }
        scene.give(prack_offering(&peer, 2, &early));
        assert_eq!(scene.event(), LegEvent::Reoffer(pcma(Direction::SendRecv)));
        scene.command(leg, LegCommand::ReofferAnswer(Ok(pcma(Direction::SendRecv))));
        let ok = scene.response(200);
        assert_eq!(header(&ok.clone().into(), &HeaderName::CSeq).as_deref(), Some("2 PRACK"));
        assert!(body(ok.body()).contains("m=audio 4000"));
        assert!(!ok.headers().contains(&HeaderName::SessionExpires));
        assert_eq!(scene.remote().rtp.port(), 6000);
        if !is_acknowledged {
            scene.give(peer.ack(1).build().unwrap());
        }
        scene.wait(seconds(60));
        scene.assert_quiet();
    }
}

#[test]
fn an_update_while_the_invites_offer_has_no_answer_has_to_wait() {
    let (mut scene, peer, leg) = ringing(HeaderName::Supported, &sdp(""));
    scene.command(leg, LegCommand::Ringing(None, Extras::default()));
    let peer = peer.answered(&scene.response(180));
    scene.give(peer.update(2, &sdp("")));
    assert!(scene.response(500).headers().contains(&HeaderName::RetryAfter));
    scene.assert_quiet();
}

#[test]
fn a_call_given_up_before_the_prack_is_over() {
    let (mut scene, peer, leg) = ringing(HeaderName::Supported, &sdp(""));
    progress(&mut scene, leg);
    scene.give(peer.cancel(1));
    scene.response(200);
    scene.response(487);
    assert!(matches!(scene.event(), LegEvent::Ended(Cause::Cancelled, _)));
    scene.give(peer.ack(1).build().unwrap());
    scene.wait_out();
    assert_eq!(scene.ua.counts().legs, 0);
}
