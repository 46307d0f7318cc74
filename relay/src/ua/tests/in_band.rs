//! Keys in the sound, of peers that know neither telephone-event nor INFO.

use std::time::Duration;

use offhook_media::{Command, Digit, Event};
use offhook_protocol::request::DtmfMethod;
use offhook_sip::message::{HeaderName, Method, Request};

use super::peer::{Peer, sdp};
use super::scene::{ACCOUNT, LEG, Scene, body, everything, local};
use crate::call::{Cause, Description, Extras, Identity, LegCommand, LegEvent};

const WITH_INFO: &str = "INVITE, ACK, BYE, CANCEL, INFO";
const WITHOUT_INFO: &str = "INVITE, ACK, BYE, CANCEL";

/// A description without telephone-event.
fn plain() -> String {
    sdp("").replace(" 97", "").replace("a=rtpmap:97 telephone-event/8000\r\n", "")
}

/// A call that bob took with this description and these methods.
fn established(description: &str, allow: Option<&str>) -> (Scene, Peer) {
    let mut scene = Scene::new();
    let invite = scene.call();
    let ok = Scene::reply(&invite, 200, "bob").body("application/sdp", description.to_owned());
    let ok = match allow {
        Some(methods) => ok.header(HeaderName::Allow, methods),
        None => ok,
    };
    let ok = ok.build().unwrap();
    scene.give(ok.clone());
    scene.request(&Method::Ack);
    assert!(matches!(scene.event(), LegEvent::Answered(..)));
    (scene, Peer::callee(&invite, &ok))
}

fn press(scene: &mut Scene, keys: &str, method: DtmfMethod) {
    for key in keys.chars() {
        let digit = Digit::from_char(key).unwrap();
        scene.command(LEG, LegCommand::Dtmf { digit, duration: Duration::from_millis(100), method });
    }
}

/// The keys the media worker was told to press since last asked, and whether it was told to listen for some.
fn told(scene: &mut Scene) -> (String, Option<bool>) {
    let (mut keys, mut listens) = (String::new(), None);
    for command in scene.media.drain(..) {
        match command {
            Command::SendDtmf { leg: LEG, digits, .. } => keys.extend(digits.iter().map(Digit::as_char)),
            Command::ListenForKeys { leg: LEG, listen } => listens = Some(listen),
            _ => {}
        }
    }
    (keys, listens)
}

fn info(peer: &mut Peer, cseq: u32) -> Request {
    peer.request(Method::Info, cseq).body("application/dtmf", "5".to_owned()).build().unwrap()
}

#[test]
fn a_peer_that_names_its_methods_and_no_info_among_them_gets_keys_as_tones() {
    for method in [DtmfMethod::Rfc2833, DtmfMethod::Info, DtmfMethod::InfoRelay] {
        let (mut scene, _) = established(&plain(), Some(WITHOUT_INFO));
        press(&mut scene, "12", method);
        scene.assert_quiet();
        assert_eq!(told(&mut scene), ("12".to_owned(), Some(true)));
    }
}

#[test]
fn a_peer_that_takes_no_info_gets_keys_as_events_where_they_are_agreed() {
    let (mut scene, _) = established(&sdp(""), Some(WITHOUT_INFO));
    press(&mut scene, "12", DtmfMethod::Info);
    scene.assert_quiet();
    assert_eq!(told(&mut scene), ("12".to_owned(), None));
}

#[test]
fn a_peer_that_may_take_info_is_asked_first_and_gets_tones_when_it_refuses() {
    for allow in [None, Some(WITH_INFO)] {
        for status in [405, 415, 488, 500, 501] {
            let (mut scene, _) = established(&plain(), allow);
            told(&mut scene);
            press(&mut scene, "123", DtmfMethod::Rfc2833);
            let request = scene.request(&Method::Info);
            assert_eq!(told(&mut scene), (String::new(), None));
            scene.respond(&request, status);
            // Not one is lost, nobody is warned, and the peer's own keys are to be expected in its sound, too.
            let listens = allow.map(|_| true);
            assert_eq!(told(&mut scene), ("123".to_owned(), listens), "{status}");
            press(&mut scene, "4", DtmfMethod::Info);
            assert_eq!(told(&mut scene).0, "4");
            scene.assert_quiet();
        }
    }
}

#[test]
fn a_peer_whose_keys_may_come_otherwise_is_not_listened_to() {
    for (description, allow, listens) in [
        (sdp(""), None, None),
        (sdp(""), Some(WITHOUT_INFO), None),
        (plain(), Some(WITH_INFO), None),
        (plain(), None, Some(true)),
        (plain(), Some(WITHOUT_INFO), Some(true)),
    ] {
        let (mut scene, _) = established(&description, allow);
        assert_eq!(told(&mut scene).1, listens, "{allow:?} {description}");
    }
}

#[test]
fn listening_ends_when_a_key_comes_as_info_after_all() {
    let (mut scene, mut peer) = established(&plain(), None);
    assert_eq!(told(&mut scene).1, Some(true));
    scene.give(info(&mut peer, 2));
    scene.response(200);
    assert!(matches!(scene.event(), LegEvent::Dtmf { .. }));
    assert_eq!(told(&mut scene).1, Some(false));
}

#[test]
fn listening_begins_and_ends_with_what_descriptions_agree() {
    let (mut scene, peer) = established(&sdp(""), None);
    assert_eq!(told(&mut scene).1, None);
    for (cseq, description, listens) in [(1, plain(), true), (2, sdp(""), false)] {
        scene.give(peer.reinvite(cseq, &description));
        if let Some(LegEvent::Reoffer(asked)) = scene.events.pop_front().map(|(_, event)| event) {
            scene.command(LEG, LegCommand::ReofferAnswer(Ok(asked)));
        }
        scene.response(200);
        scene.give(peer.ack(cseq).build().unwrap());
        assert_eq!(told(&mut scene).1, Some(listens));
    }
}

#[test]
fn a_key_heard_in_the_sound_is_told_like_an_event() {
    let (mut scene, _) = established(&plain(), None);
    let (digit, duration) = (Digit::from_char('5').unwrap(), Duration::from_millis(90));
    scene.ua.media_event(&Event::Dtmf { leg: LEG, digit, duration }, scene.now);
    scene.drain();
    assert_eq!(scene.event(), LegEvent::Dtmf { digit, duration, method: DtmfMethod::Rfc2833 });
}

#[test]
fn events_are_offered_whatever_the_far_end_knows() {
    let mut scene = Scene::new();
    scene.ua.open_leg(LEG, ACCOUNT, local().into(), "bob").unwrap();
    let [from, to] = ["alice", "bob"].map(|user| Identity { user: user.into(), display_name: None });
    let offer = Some(Description { telephone_event: false, ..everything() });
    scene.command(LEG, LegCommand::Invite { from, to, offer, extras: Extras::default() });
    let offer = body(scene.request(&Method::Invite).body());
    assert!(offer.contains("telephone-event/8000") && offer.contains("telephone-event/48000"), "{offer}");
}

#[test]
fn nothing_is_listened_to_after_the_end() {
    let (mut scene, _) = established(&plain(), None);
    scene.command(LEG, LegCommand::End(Cause::Normal, Extras::default()));
    scene.request(&Method::Bye);
    scene.media.clear();
    scene.wait_out();
    assert_eq!(told(&mut scene).1, None);
}
