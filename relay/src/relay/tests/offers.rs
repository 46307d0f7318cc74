//! Offers within a call, and sound that is lost for a while.

use offhook_media::{Event, Inactivity, MediaFailure};
use serde_json::json;

use super::*;
use crate::call::Transcoding;
use crate::config::Config;

const PATIENCE: Duration = Duration::from_secs(30);
const OTHER_PRINT: &str =
    "00:8b:f0:65:5f:78:e2:51:3b:ac:6f:f3:3f:46:1b:35:dc:b8:5f:64:1a:24:c2:43:f0:a1:58:d0:a1:2c:19:08";

/// The offer of the same peer connection on another network.
fn restarted() -> String {
    OFFER.replace("Kx3f", "Kx4f")
}

/// The offer of another page.
fn another_page() -> String {
    let print = OFFER.split_once("a=fingerprint:sha-256 ").unwrap().1.split("\r\n").next().unwrap();
    restarted().replace(print.trim(), OTHER_PRINT)
}

/// The leg of the browser that called, or of the one that was called.
fn leg(world: &World, at: usize) -> LegId {
    world.media.open_legs()[at]
}

fn offers(world: &mut World, browser: Browser, call: &str, sdp: &str) -> Value {
    world.ask(browser, "offer", json!({"callId": call, "sdp": sdp}))
}

#[test]
fn a_browser_on_another_network_restarts_ice() {
    let mut world = World::demo();
    let (alice, bob, call) = world.conversation();
    let told = world.events(bob).len();
    assert_eq!(offers(&mut world, alice, "a1", &restarted())["error"], Value::Null);
    assert_eq!((world.media.count("Restart"), world.media.count("Replace")), (1, 0));
    let answer = world.last(alice, "callSdp");
    assert_eq!(answer["kind"], "answer");
    assert!(answer["sdp"].as_str().unwrap().contains("a=ice-ufrag:relay1"), "{answer}");
    assert!(world.media.last("WebRtcRemote").contains("Kx4f"));
    assert_eq!(world.events(bob).len(), told, "the far end has nothing to do with it");
    assert_eq!(offers(&mut world, bob, &call, &restarted())["error"], Value::Null, "either end can");
}

#[test]
fn another_page_gets_another_connection_and_the_call_goes_on() {
    let mut world = World::demo();
    let (alice, _, _) = world.conversation();
    offers(&mut world, alice, "a1", &another_page());
    assert_eq!((world.media.count("Restart"), world.media.count("Replace")), (0, 1));
    assert_eq!(world.last(alice, "callSdp")["kind"], "answer");
    assert_eq!(world.statuses(alice, "a1"), ["ESTABLISHED"]);
}

#[test]
fn an_offer_that_changes_nothing_is_answered_as_it_was() {
    let mut world = World::demo();
    let (alice, _, _) = world.conversation();
    offers(&mut world, alice, "a1", OFFER);
    assert_eq!((world.media.count("Restart"), world.media.count("Replace")), (0, 0));
    assert!(world.last(alice, "callSdp")["sdp"].as_str().unwrap().contains("a=ice-ufrag:relay\r\n"));
}

#[test]
fn other_codecs_are_a_matter_for_the_far_end() {
    let mut world = World::demo();
    let (alice, bob, call) = world.conversation();
    let before = world.events(alice).len();
    let only_pcma = OFFER.replace("SAVPF 111 9 0 8 110 126", "SAVPF 8 126");
    offers(&mut world, alice, "a1", &only_pcma);
    assert_eq!(world.events(alice).len(), before, "it is answered when the far end has spoken");
    let offer = world.last(bob, "callSdp");
    assert_eq!(offer["kind"], "offer");
    let sdp = world.answer_to(&offer);
    world.result(bob, "sdp", json!({"callId": call, "sdp": sdp}));
    let answer = world.last(alice, "callSdp");
    assert!(answer["sdp"].as_str().unwrap().contains(" 8 126\r\n"), "{answer}");
}

#[test]
fn a_far_end_without_the_only_codec_left_is_translated_for() {
    let mut world = World::demo();
    let alice = world.user("alice");
    world.call(alice, "c1", "tone");
    let only_opus = OFFER.replace("SAVPF 111 9 0 8 110 126", "SAVPF 111 110");
    offers(&mut world, alice, "c1", &only_opus);
    let answer = world.last(alice, "callSdp");
    assert!(answer["sdp"].as_str().unwrap().contains("SAVPF 111 110\r\n"), "{answer}");
    assert_eq!(world.last(alice, "callStatus")["status"], "ESTABLISHED");
}

#[test]
fn a_far_end_without_the_only_codec_left_ends_a_call_that_may_not_be_transcoded() {
    let mut config = Config::demo();
    config.browsers.spoken.transcoding = Transcoding::Never;
    let mut world = World::new(config);
    let alice = world.user("alice");
    world.call(alice, "c1", "tone");
    let only_opus = OFFER.replace("SAVPF 111 9 0 8 110 126", "SAVPF 111 110");
    offers(&mut world, alice, "c1", &only_opus);
    let end = world.last(alice, "callStatus");
    assert_eq!((&end["status"], &end["info"]), (&json!("FAILED"), &json!("No common codecs")));
    world.nothing_is_left();
}

#[test]
fn two_offers_at_once_are_one_too_many() {
    let mut world = World::demo();
    let (alice, bob, call) = world.conversation();
    offers(&mut world, alice, "a1", &OFFER.replace("SAVPF 111 9 0 8 110 126", "SAVPF 8 126"));
    let reply = offers(&mut world, bob, &call, &restarted());
    assert_eq!(reply["error"]["code"], "invalidCallState");
    assert!(reply["error"]["message"].as_str().unwrap().contains("try again"));
    let offer = world.last(bob, "callSdp");
    let sdp = world.answer_to(&offer);
    world.result(bob, "sdp", json!({"callId": call, "sdp": sdp}));
    assert_eq!(offers(&mut world, bob, &call, &restarted())["error"], Value::Null);
}

#[test]
fn an_offer_that_is_made_again_before_its_answer_is_answered_once() {
    let mut world = World::demo();
    let (alice, bob, call) = world.conversation();
    let before = world.events(alice).len();
    let only_pcma = OFFER.replace("SAVPF 111 9 0 8 110 126", "SAVPF 8 126");
    offers(&mut world, alice, "a1", &only_pcma);
    offers(&mut world, alice, "a1", &only_pcma.replace("Kx3f", "Kx5f"));
    let offer = world.last(bob, "callSdp");
    let sdp = world.answer_to(&offer);
    world.result(bob, "sdp", json!({"callId": call, "sdp": sdp}));
    let told: Vec<_> = world.events(alice)[before..].iter().map(|event| event["type"].clone()).collect();
    assert_eq!(told, ["callSdp"]);
    assert!(world.media.last("WebRtcRemote").contains("Kx5f"));
}

#[test]
fn an_answer_that_comes_too_late_counts_no_more() {
    let mut world = World::demo();
    let (alice, bob, call) = world.conversation();
    offers(&mut world, alice, "a1", &OFFER.replace("SAVPF 111 9 0 8 110 126", "SAVPF 8 0 126"));
    let offer = world.last(bob, "callSdp");
    world.later(PATIENCE);
    let remotes = world.media.count("WebRtcRemote");
    let sdp = world.answer_to(&offer);
    assert_eq!(world.error(bob, "sdp", json!({"callId": call, "sdp": sdp})), "invalidCallState");
    assert_eq!(world.media.count("WebRtcRemote"), remotes);
    assert_eq!(offers(&mut world, bob, &call, &restarted())["error"], Value::Null, "the way is free");
}

#[test]
fn an_offer_needs_a_call_that_can_take_it() {
    let mut world = World::demo();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    assert_eq!(world.error(alice, "offer", json!({"callId": "none", "sdp": OFFER})), "unknownCall");
    world.call(alice, "a1", "bob");
    assert_eq!(world.error(alice, "offer", json!({"callId": "a1", "sdp": "v=0"})), "invalidField");
    let ringing = world.last(bob, "incomingCall")["callId"].clone();
    assert_eq!(world.error(bob, "offer", json!({"callId": ringing, "sdp": OFFER})), "invalidCallState");
}

#[test]
fn a_page_that_takes_over_before_the_answer_is_answered_itself() {
    let mut world = World::demo();
    let alice = world.greeted();
    let opened = world.result(alice, "openLocal", json!({"login": "alice", "keepAlive": true}));
    let bob = world.user("bob");
    world.call(alice, "a1", "bob");
    world.leave(alice);
    let page = world.greeted();
    world.result(page, "resume", json!({"token": opened["token"], "lastSeq": 0, "fresh": true}));
    assert_eq!(offers(&mut world, page, "a1", &another_page())["error"], Value::Null);
    world.answer(bob);
    assert_eq!(world.statuses(page, "a1"), ["ESTABLISHED"]);
    assert_eq!(world.last(page, "callSdp")["kind"], "answer");
    let print = OTHER_PRINT.to_uppercase();
    assert!(world.media.last("WebRtcRemote { leg: LegId(3)").contains(&print), "{}", world.media.last("WebRtcRemote"));
}

#[test]
fn a_call_answered_before_the_new_page_connected_itself_waits_for_it() {
    let mut world = World::demo();
    let alice = world.greeted();
    let opened = world.result(alice, "openLocal", json!({"login": "alice", "keepAlive": true}));
    let bob = world.user("bob");
    world.call(alice, "a1", "bob");
    let page = world.greeted();
    world.result(page, "resume", json!({"token": opened["token"], "lastSeq": 0, "fresh": true}));
    world.answer(bob);
    assert_eq!(world.statuses(page, "a1"), ["ESTABLISHED"]);
    assert!(world.events(page).iter().all(|event| event["type"] != "callSdp"), "there is nothing to answer yet");
    offers(&mut world, page, "a1", &another_page());
    assert_eq!(world.last(page, "callSdp")["kind"], "answer");
    assert_eq!(world.media.count("Replace"), 1);
}

#[test]
fn a_page_that_never_connects_itself_loses_the_call() {
    let mut world = World::demo();
    let alice = world.greeted();
    let opened = world.result(alice, "openLocal", json!({"login": "alice", "keepAlive": true}));
    let bob = world.user("bob");
    world.call(alice, "a1", "bob");
    let call = world.answer(bob);
    let page = world.greeted();
    world.result(page, "resume", json!({"token": opened["token"], "lastSeq": 0, "fresh": true}));
    world.later(Duration::from_secs(60));
    assert_eq!(world.statuses(page, "a1").last().unwrap(), "FAILED");
    assert_eq!(world.statuses(bob, &call).last().unwrap(), "FAILED");
    assert_eq!(world.last(bob, "callStatus")["error"]["code"], "peerLost");
    assert_eq!(world.relay.counts().sessions, 2, "the session stays");
    world.nothing_is_left();
}

#[test]
fn a_browser_whose_sound_is_lost_has_time_to_connect_it_again() {
    let mut world = World::demo();
    let (alice, bob, call) = world.conversation();
    let leg = leg(&world, 0);
    world.input(Input::Media(Event::Connected { leg }));
    world.input(Input::Media(Event::Inactive { leg, cause: Inactivity::Consent }));
    world.later(PATIENCE - Duration::from_millis(1));
    offers(&mut world, alice, "a1", &restarted());
    world.input(Input::Media(Event::Connected { leg }));
    world.later(PATIENCE);
    assert_eq!(world.statuses(bob, &call), ["RING", "ESTABLISHED"]);
    world.input(Input::Media(Event::Inactive { leg, cause: Inactivity::Consent }));
    world.later(PATIENCE);
    for (browser, call) in [(alice, "a1"), (bob, call.as_str())] {
        assert_eq!(world.statuses(browser, call).last().unwrap(), "FAILED");
        assert_eq!(world.last(browser, "callStatus")["error"]["code"], "mediaFailed");
    }
    world.nothing_is_left();
}

#[test]
fn sound_lost_while_the_socket_is_lost_is_waited_for() {
    let mut world = World::demo();
    let alice = world.greeted();
    let opened = world.result(alice, "openLocal", json!({"login": "alice"}));
    let bob = world.user("bob");
    world.call(alice, "a1", "bob");
    let call = world.answer(bob);
    let leg = leg(&world, 0);
    world.input(Input::Media(Event::Connected { leg }));
    world.input(Input::Media(Event::Inactive { leg, cause: Inactivity::Consent }));
    world.later(PATIENCE / 2);
    world.lose(alice);
    world.input(Input::Media(Event::Inactive { leg, cause: Inactivity::Rtp }));
    world.later(PATIENCE - Duration::from_millis(1));
    let back = world.greeted();
    world.result(back, "resume", json!({"token": opened["token"], "lastSeq": world.events(alice).len()}));
    world.later(PATIENCE - Duration::from_millis(1));
    assert_eq!(world.statuses(bob, &call), ["RING", "ESTABLISHED"], "back, it has the whole time again");
    world.later(Duration::from_millis(1));
    assert_eq!(world.statuses(bob, &call).last().unwrap(), "FAILED");
}

#[test]
fn silence_while_the_socket_is_lost_is_measured_anew_when_it_is_back() {
    let mut world = World::demo();
    let alice = world.greeted();
    let opened = world.result(alice, "openLocal", json!({"login": "alice"}));
    world.call(alice, "a1", "echo");
    let leg = leg(&world, 0);
    world.lose(alice);
    world.input(Input::Media(Event::Inactive { leg, cause: Inactivity::Rtp }));
    let supervised = world.media.count("Supervise");
    let back = world.greeted();
    world.result(back, "resume", json!({"token": opened["token"], "lastSeq": 0}));
    assert_eq!(world.media.count("Supervise"), supervised + 1);
    assert_eq!(world.relay.counts().calls, 1);
    world.input(Input::Media(Event::Inactive { leg, cause: Inactivity::Rtp }));
    assert_eq!(world.last(back, "callStatus")["info"], "Failed by RTP activity");
}

#[test]
fn a_page_that_is_gone_leaves_its_call_to_the_next_one() {
    let mut world = World::demo();
    let alice = world.greeted();
    let opened = world.result(alice, "openLocal", json!({"login": "alice", "keepAlive": true}));
    world.call(alice, "a1", "echo");
    let leg = leg(&world, 0);
    world.input(Input::Media(Event::Connected { leg }));
    world.input(Input::Media(Event::PeerClosed { leg }));
    world.leave(alice);
    world.later(Duration::from_secs(10));
    let page = world.greeted();
    world.result(page, "resume", json!({"token": opened["token"], "lastSeq": 0, "fresh": true}));
    offers(&mut world, page, "a1", &another_page());
    world.input(Input::Media(Event::Connected { leg }));
    world.later(Duration::from_secs(300));
    assert_eq!(world.relay.counts().calls, 1);
}

#[test]
fn a_page_that_is_gone_for_long_leaves_no_silent_call() {
    let mut world = World::demo();
    let alice = world.greeted();
    world.result(alice, "openLocal", json!({"login": "alice", "keepAlive": true}));
    let bob = world.user("bob");
    world.call(alice, "a1", "bob");
    world.answer(bob);
    let leg = leg(&world, 0);
    world.input(Input::Media(Event::Connected { leg }));
    world.input(Input::Media(Event::PeerClosed { leg }));
    world.leave(alice);
    world.later(PATIENCE);
    assert_eq!(world.last(bob, "callStatus")["error"]["code"], "peerLost");
    assert_eq!(world.relay.counts().sessions, 2, "the session waits on");
    world.nothing_is_left();
}

#[test]
fn a_page_that_is_gone_before_it_was_connected_leaves_its_call_to_the_next_one() {
    let mut world = World::demo();
    let alice = world.greeted();
    let opened = world.result(alice, "openLocal", json!({"login": "alice", "keepAlive": true}));
    world.call(alice, "a1", "echo");
    world.leave(alice);
    let leg = leg(&world, 0);
    world.input(Input::Media(Event::Failed { leg, cause: MediaFailure::ConnectTimeout }));
    let page = world.greeted();
    let reply = world.result(page, "resume", json!({"token": opened["token"], "lastSeq": 0, "fresh": true}));
    assert_eq!(reply["calls"][0]["status"], "ESTABLISHED");
    assert_eq!(offers(&mut world, page, "a1", &another_page())["error"], Value::Null);
}

#[test]
fn another_certificate_than_the_described_ends_the_call_at_once() {
    let mut world = World::demo();
    let (alice, _, _) = world.conversation();
    let leg = leg(&world, 0);
    world.input(Input::Media(Event::Connected { leg }));
    world.input(Input::Media(Event::Failed { leg, cause: MediaFailure::FingerprintMismatch }));
    assert_eq!(world.last(alice, "callStatus")["info"], "Failed by DTLS fingerprint error");
    world.nothing_is_left();
}
