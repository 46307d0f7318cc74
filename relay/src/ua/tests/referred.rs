//! REFERs of the peer's: it asks for a transfer, and is told how that goes.

use offhook_media::LegId;
use offhook_sip::message::{HeaderName, Message, Method, Request, RequestBuilder};

use super::peer::Peer;
use super::scene::{ACCOUNT, LEG, Scene, body, header};
use crate::call::{Cause, Extras, LegCommand, Transfer, TransferProgress, failure_for_status};
use crate::ua::{AccountId, ReferredTo};

fn refer(peer: &Peer, cseq: u32, to: &str) -> RequestBuilder {
    peer.request(Method::Refer, cseq).header(HeaderName::ReferTo, to)
}

/// What a REFER of bob's leads to in a call of ours.
fn leads_to(to: &str) -> ReferredTo {
    let (mut scene, peer) = Scene::established();
    scene.give(refer(&peer, 2, to).build().unwrap());
    scene.refers.pop_front().unwrap().1
}

fn there(uri: &str, user: &str, host: &str, is_home: bool) -> ReferredTo {
    ReferredTo::There { account: ACCOUNT, uri: uri.into(), user: user.into(), host: host.into(), is_home }
}

/// Bob asks for a transfer to carol, and the relay will make it.
fn accepted() -> (Scene, Peer) {
    let (mut scene, peer) = Scene::established();
    scene.give(refer(&peer, 2, "<sip:carol@192.0.2.9>").build().unwrap());
    scene.assert_quiet();
    scene.ua.answer_refer(LEG, Ok(()), scene.now);
    scene.drain();
    scene.response(202);
    (scene, peer)
}

fn news(scene: &mut Scene, progress: TransferProgress) {
    scene.command(LEG, LegCommand::Transfer(Transfer { target: "carol".into(), progress }));
}

/// The next NOTIFY: its state and what it says.
fn notify(scene: &mut Scene) -> (Request, String, String) {
    let notify = scene.request(&Method::Notify);
    let state = header(&notify.clone().into(), &HeaderName::SubscriptionState).unwrap();
    assert_eq!(
        header(&notify.clone().into(), &HeaderName::ContentType).as_deref(),
        Some("message/sipfrag;version=2.0")
    );
    let text = body(notify.body());
    (notify, state, text)
}

/// The next NOTIFY, which the peer takes.
fn told(scene: &mut Scene) -> (String, String) {
    let (request, state, text) = notify(scene);
    scene.respond(&request, 200);
    (state, text.trim_end().to_owned())
}

fn end(scene: &mut Scene) {
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    scene.events.clear();
}

#[test]
fn a_refer_leads_to_the_accounts_server_or_to_the_relay() {
    assert_eq!(leads_to("<sip:carol@192.0.2.9>"), there("sip:carol@192.0.2.9", "carol", "192.0.2.9", true));
    assert_eq!(leads_to("sip:carol@192.0.2.9;q=1"), there("sip:carol@192.0.2.9", "carol", "192.0.2.9", true));
    assert_eq!(leads_to("<sip:carol@evil.example>"), there("sip:carol@evil.example", "carol", "evil.example", false));
    assert_eq!(leads_to("<sip:echo@192.0.2.1:5060>"), ReferredTo::Here("echo".into()));
    assert_eq!(leads_to("<http://192.0.2.9/>"), ReferredTo::Nobody);
    assert_eq!(leads_to("<sip:192.0.2.9>"), ReferredTo::Nobody);
    assert_eq!(leads_to("<tel:+49301234;phone-context=x>"), there("+49301234", "+49301234", "", true));
}

#[test]
fn a_caller_without_an_account_is_led_to_numbers_of_the_relays_own_only() {
    for (to, expected) in [
        ("<sip:carol@192.0.2.1>", ReferredTo::Here("carol".into())),
        ("<sip:carol@192.0.2.9>", ReferredTo::Nobody),
        ("<tel:110>", ReferredTo::Here("110".into())),
    ] {
        let (mut scene, peer, _) = Scene::taken();
        scene.give(refer(&peer, 2, to).build().unwrap());
        assert_eq!(scene.refers.pop_front().unwrap().1, expected, "{to}");
    }
}

#[test]
fn a_call_of_the_relays_own_is_found_by_its_dialog() {
    let (mut scene, peer) = Scene::established();
    let other = second_call(&mut scene);
    scene.give(refer(&peer, 2, &format!("<sip:x@192.0.2.1?Replaces={}>", other.1)).build().unwrap());
    assert_eq!(scene.refers.pop_front().unwrap().1, ReferredTo::Call(other.0));
}

/// Bob calls the relay besides; the leg, and what names its dialog in a Refer-To.
fn second_call(scene: &mut Scene) -> (LegId, String) {
    let caller = Peer::caller("alice");
    scene.give(caller.invite(&super::peer::sdp("")));
    let leg = scene.incoming.pop_front().unwrap().leg;
    scene.ua.attach(leg, super::scene::local().into());
    let audio = super::scene::audio(&[offhook_media::Codec::Pcma], offhook_media::Direction::SendRecv);
    scene.command(leg, LegCommand::Answer(audio, Extras::default()));
    let ok = scene.response(200);
    let tag = ok.headers().to().unwrap().tag().unwrap().to_owned();
    scene.give(caller.answered(&ok).ack(1).build().unwrap());
    (leg, format!("call%40bob%3Bto-tag%3D{tag}%3Bfrom-tag%3Dbob"))
}

#[test]
fn a_dialog_of_somebody_elses_is_asked_for_at_its_address() {
    let to = "<sip:carol@192.0.2.9?Replaces=foreign%3Bto-tag%3D1%3Bfrom-tag%3D2>";
    assert_eq!(leads_to(to), there("sip:carol@192.0.2.9", "carol", "192.0.2.9", true));
    // One that would be here and is not, is nobody's.
    assert_eq!(leads_to("<sip:carol@192.0.2.1:5060?Replaces=foreign%3Bto-tag%3D1%3Bfrom-tag%3D2>"), ReferredTo::Nobody);
}

#[test]
fn the_invite_says_who_asked_and_whose_place_it_takes() {
    let (mut scene, peer) = Scene::established();
    let to = "<sip:carol@192.0.2.9?Replaces=foreign%3Bto-tag%3D1%3Bfrom-tag%3D2>";
    let asked = refer(&peer, 2, to).header(HeaderName::ReferredBy, "\"Bob\" <sip:bob@192.0.2.9>;cid=x");
    scene.give(asked.build().unwrap());
    let (_, _, asked) = scene.refers.pop_front().unwrap();
    let third = LegId(7);
    scene.ua.open_leg(third, ACCOUNT, super::scene::local().into(), "sip:carol@192.0.2.9").unwrap();
    scene.ua.carry(third, asked);
    let nobody = crate::call::Identity::default();
    let offer = Some(super::scene::everything());
    scene.command(third, LegCommand::Invite { from: nobody.clone(), to: nobody, offer, extras: Extras::default() });
    let invite: Message = scene.request(&Method::Invite).into();
    assert_eq!(header(&invite, &HeaderName::Replaces).as_deref(), Some("foreign;to-tag=1;from-tag=2"));
    assert_eq!(header(&invite, &HeaderName::Require).as_deref(), Some("replaces"));
    assert_eq!(header(&invite, &HeaderName::ReferredBy).as_deref(), Some("<sip:bob@192.0.2.9>"));
}

#[test]
fn the_peer_hears_how_the_transfer_goes() {
    let (mut scene, _) = accepted();
    assert_eq!(told(&mut scene), ("active;expires=180".into(), "SIP/2.0 100 Trying".into()));
    news(&mut scene, TransferProgress::Trying);
    scene.assert_quiet();
    news(&mut scene, TransferProgress::Ringing);
    assert_eq!(told(&mut scene).1, "SIP/2.0 180 Ringing");
    news(&mut scene, TransferProgress::Ringing);
    scene.assert_quiet();
    news(&mut scene, TransferProgress::Completed);
    assert_eq!(told(&mut scene), ("terminated;reason=noresource".into(), "SIP/2.0 200 OK".into()));
    scene.assert_quiet();
}

#[test]
fn each_news_waits_for_the_answer_to_the_one_before_and_the_end_for_all() {
    let (mut scene, _) = accepted();
    let (first, _, _) = notify(&mut scene);
    news(&mut scene, TransferProgress::Ringing);
    news(&mut scene, TransferProgress::Completed);
    end(&mut scene);
    scene.assert_quiet();
    scene.respond(&first, 200);
    assert_eq!(told(&mut scene).1, "SIP/2.0 180 Ringing");
    assert_eq!(told(&mut scene).1, "SIP/2.0 200 OK");
    scene.request(&Method::Bye);
}

#[test]
fn a_transfer_that_fails_is_told_with_its_code_and_the_call_goes_on() {
    let (mut scene, peer) = accepted();
    told(&mut scene);
    news(&mut scene, TransferProgress::Failed(Cause::Failure(failure_for_status(486, "Gone\r\nfishing"))));
    assert_eq!(told(&mut scene), ("terminated;reason=noresource".into(), "SIP/2.0 486 Gonefishing".into()));
    // Another may be asked for; it has a name of its own.
    scene.give(refer(&peer, 3, "<sip:dave@192.0.2.9>").build().unwrap());
    scene.ua.answer_refer(LEG, Ok(()), scene.now);
    scene.drain();
    scene.response(202);
    let (request, _, _) = notify(&mut scene);
    assert_eq!(header(&request.into(), &HeaderName::Event).as_deref(), Some("refer;id=3"));
}

#[test]
fn one_at_a_time_is_asked_for() {
    let (mut scene, peer) = accepted();
    told(&mut scene);
    scene.give(refer(&peer, 3, "<sip:dave@192.0.2.9>").build().unwrap());
    scene.response(491);
    assert_eq!(scene.refers.len(), 1);
}

#[test]
fn a_transfer_that_may_not_be_is_refused() {
    let (mut scene, peer) = Scene::established();
    scene.give(refer(&peer, 2, "<sip:carol@evil.example>").build().unwrap());
    scene.ua.answer_refer(LEG, Err(403), scene.now);
    scene.drain();
    scene.response(403);
    scene.assert_quiet();
    scene.give(peer.bye(3));
    scene.response(200);
}

#[test]
fn a_refer_that_cannot_be_read_is_refused() {
    for to in ["nonsense", "<sip:carol@192.0.2.9;method=BYE>", "<sip:a@b?Replaces=x>"] {
        let (mut scene, peer) = Scene::established();
        scene.give(refer(&peer, 2, to).build().unwrap());
        scene.response(400);
        assert!(scene.refers.is_empty());
    }
    let (mut scene, peer) = Scene::established();
    scene.give(refer(&peer, 2, "<sip:a@192.0.2.9>").header(HeaderName::ReferTo, "<sip:b@192.0.2.9>").build().unwrap());
    scene.response(400);
}

#[test]
fn a_refer_of_no_call_is_forbidden() {
    let mut scene = Scene::new();
    let stranger = Peer::caller("alice");
    let refer =
        refer(&stranger, 1, "<sip:premium@192.0.2.9>").header(HeaderName::TargetDialog, "x;local-tag=1;remote-tag=2");
    scene.give(refer.build().unwrap());
    scene.response(403);
    assert!(scene.refers.is_empty());
}

#[test]
fn a_peer_that_wants_no_news_gets_none() {
    let (mut scene, peer) = Scene::established();
    let silent = refer(&peer, 2, "<sip:carol@192.0.2.9>").header(HeaderName::ReferSub, "false");
    scene.give(silent.header(HeaderName::Require, "norefersub").build().unwrap());
    scene.ua.answer_refer(LEG, Ok(()), scene.now);
    scene.drain();
    let accepted: Message = scene.response(202).into();
    assert_eq!(header(&accepted, &HeaderName::ReferSub).as_deref(), Some("false"));
    news(&mut scene, TransferProgress::Ringing);
    news(&mut scene, TransferProgress::Completed);
    scene.assert_quiet();
    end(&mut scene);
    scene.request(&Method::Bye);
}

#[test]
fn a_peer_that_does_not_listen_any_more_is_told_nothing_more() {
    let (mut scene, _) = accepted();
    let (request, _, _) = notify(&mut scene);
    scene.respond(&request, 481);
    news(&mut scene, TransferProgress::Completed);
    scene.assert_quiet();
    end(&mut scene);
    scene.request(&Method::Bye);
}

#[test]
fn a_peer_that_answers_no_news_does_not_hold_the_end_up() {
    let (mut scene, _) = accepted();
    notify(&mut scene);
    news(&mut scene, TransferProgress::Completed);
    end(&mut scene);
    scene.wait(super::scene::seconds(33));
    assert!(
        scene
            .sent
            .iter()
            .any(|(_, message)| matches!(message, Message::Request(request) if *request.method() == Method::Bye))
    );
}

#[test]
fn an_account_that_is_named_by_its_contact_is_the_sessions() {
    let (mut scene, peer) = Scene::established();
    let user = peer.contact_user();
    scene.give(refer(&peer, 2, &format!("<sip:{user}@192.0.2.1:5060>")).build().unwrap());
    assert_eq!(scene.refers.pop_front().unwrap().1, ReferredTo::Account(AccountId(1)));
}
