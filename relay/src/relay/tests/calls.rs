//! Calls as browsers see them.

use offhook_media::{Digit, Event};
use serde_json::json;

use super::*;

#[test]
fn echo_is_called_answered_and_hung_up() {
    let mut world = World::demo();
    let alice = world.user("alice");
    world.call(alice, "c1", "echo");
    assert_eq!(world.statuses(alice, "c1"), ["RING", "ESTABLISHED"]);
    let sdp = world.last(alice, "callSdp");
    assert_eq!(sdp["kind"], "answer");
    world.result(alice, "hangup", json!({"callId": "c1"}));
    assert_eq!(world.statuses(alice, "c1"), ["RING", "ESTABLISHED", "FINISH"]);
    assert_eq!(world.last(alice, "callStatus")["info"], "Normal call clearing");
    world.nothing_is_left();
}

#[test]
fn the_reply_comes_before_the_first_event_of_a_call() {
    let mut world = World::demo();
    let alice = world.user("alice");
    let before = world.sent.len();
    world.call(alice, "c1", "busy");
    let kinds: Vec<_> = world.sent[before..].iter().map(|(_, frame)| frame["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["reply", "callStatus"]);
}

#[test]
fn an_answer_refuses_what_is_not_audio_and_keeps_every_section() {
    let mut world = World::demo();
    let alice = world.user("alice");
    world.call(alice, "c1", "tone");
    let sdp = world.last(alice, "callSdp")["sdp"].as_str().unwrap().to_owned();
    let sections: Vec<&str> = sdp.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(sections[0], "m=audio 40000 UDP/TLS/RTP/SAVPF 0 8 126");
    assert!(sections[1].starts_with("m=application 0 ") && sections[2].starts_with("m=video 0 "), "{sections:?}");
    for line in ["a=ice-lite", "a=setup:passive", "a=rtcp-mux", "a=group:BUNDLE 0", "a=mid:2"] {
        assert!(sdp.contains(line), "{line}");
    }
}

#[test]
fn numbers_that_fail_say_why() {
    let mut world = World::demo();
    let alice = world.user("alice");
    for (callee, status, code, sip) in
        [("busy", "BUSY", "busy", 486), ("nobody", "FAILED", "notFound", 404), ("alice", "BUSY", "busy", 486)]
    {
        world.call(alice, callee, callee);
        let event = world.last(alice, "callStatus");
        assert_eq!((&event["status"], &event["sipStatus"]), (&json!(status), &json!(sip)), "{callee}");
        assert_eq!(event["error"]["code"], code);
        assert!(!event["error"]["message"].as_str().unwrap().is_empty());
    }
    world.nothing_is_left();
}

#[test]
fn a_known_user_who_is_away_is_unavailable() {
    let users = [("alice".to_owned(), None), ("bob".to_owned(), None)].into();
    let mut world = World::new(Config { users: crate::config::Users::Named(users), ..Config::default() });
    let alice = world.user("alice");
    world.call(alice, "c1", "bob");
    assert_eq!(world.last(alice, "callStatus")["sipStatus"], 480);
}

#[test]
fn a_call_that_rings_too_long_fails() {
    let mut world = World::demo();
    let alice = world.user("alice");
    world.call(alice, "c1", "noanswer");
    assert_eq!(world.statuses(alice, "c1"), ["RING"]);
    world.later(Duration::from_secs(180));
    let event = world.last(alice, "callStatus");
    assert_eq!((&event["status"], &event["error"]["code"]), (&json!("FAILED"), &json!("noAnswer")));
    world.nothing_is_left();
}

#[test]
fn two_local_users_talk() {
    let mut world = World::demo();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let fields = json!({"callId": "a1", "callee": "bob", "sdp": OFFER, "visibleName": "Alice A."});
    world.result(alice, "call", fields);
    let incoming = world.last(bob, "incomingCall");
    assert_eq!((&incoming["caller"], &incoming["visibleName"]), (&json!("alice"), &json!("Alice A.")));
    let call = incoming["callId"].as_str().unwrap().to_owned();
    assert_eq!(world.statuses(bob, &call), ["RING"]);
    assert_eq!(world.statuses(alice, "a1"), Vec::<String>::new(), "nobody has seen it ring yet");
    world.result(bob, "ring", json!({"callId": call}));
    let sdp = world.answer_to(&incoming);
    world.result(bob, "answer", json!({"callId": call, "sdp": sdp}));
    assert_eq!(world.statuses(alice, "a1"), ["RING", "ESTABLISHED"]);
    assert_eq!(world.statuses(bob, &call), ["RING", "ESTABLISHED"]);
    assert_eq!(world.media.count("Join"), 1);
    world.result(bob, "hangup", json!({"callId": call}));
    assert_eq!(world.statuses(alice, "a1").last().unwrap(), "FINISH");
    assert_eq!(world.statuses(bob, &call).last().unwrap(), "FINISH");
    world.nothing_is_left();
}

#[test]
fn a_declined_call_is_declined_and_busy_while_on_another() {
    let mut world = World::demo();
    let (alice, bob, _) = world.conversation();
    let carol = world.user("carol");
    world.call(carol, "x1", "bob");
    let ringing = world.last(bob, "incomingCall")["callId"].clone();
    world.result(bob, "hangup", json!({"callId": ringing}));
    assert_eq!(world.last(carol, "callStatus")["sipStatus"], 486);
    assert_eq!(world.statuses(bob, ringing.as_str().unwrap()), ["RING", "FINISH"]);
    world.result(alice, "hangup", json!({"callId": "a1"}));
    world.call(carol, "x2", "bob");
    let ringing = world.last(bob, "incomingCall")["callId"].clone();
    world.result(bob, "hangup", json!({"callId": ringing}));
    let event = world.last(carol, "callStatus");
    assert_eq!((&event["sipStatus"], &event["error"]["code"]), (&json!(603), &json!("declined")));
}

#[test]
fn a_caller_who_gives_up_ends_the_ringing() {
    let mut world = World::demo();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    world.call(alice, "a1", "bob");
    let call = world.last(bob, "incomingCall")["callId"].as_str().unwrap().to_owned();
    world.result(alice, "hangup", json!({"callId": "a1"}));
    assert_eq!(world.statuses(alice, "a1"), ["FINISH"]);
    assert_eq!(world.statuses(bob, &call), ["RING", "FINISH"]);
    assert_eq!(world.error(bob, "answer", json!({"callId": call, "sdp": "v=0"})), "unknownCall");
    world.nothing_is_left();
}

#[test]
fn the_newest_session_of_a_user_gets_the_call() {
    let mut world = World::demo();
    let (older, newer, alice) = (world.user("bob"), world.user("bob"), world.user("alice"));
    world.call(alice, "a1", "bob");
    assert_eq!(world.last(newer, "incomingCall")["callee"], "bob");
    assert!(world.events(older).is_empty());
    world.result(newer, "close", json!({}));
    world.call(alice, "a2", "bob");
    assert_eq!(world.last(older, "incomingCall")["caller"], "alice");
}

#[test]
fn hold_and_unhold_show_at_both_ends_and_gate_the_sound() {
    let mut world = World::demo();
    let (alice, bob, call) = world.conversation();
    world.result(alice, "hold", json!({"callId": "a1"}));
    assert_eq!(world.statuses(alice, "a1").last().unwrap(), "HOLD");
    assert_eq!(world.statuses(bob, &call).last().unwrap(), "HOLD");
    assert_eq!(world.error(alice, "hold", json!({"callId": "a1"})), "invalidCallState");
    world.result(bob, "hold", json!({"callId": call}));
    world.result(alice, "unhold", json!({"callId": "a1"}));
    assert_eq!(world.statuses(alice, "a1").last().unwrap(), "HOLD", "bob still holds");
    world.result(bob, "unhold", json!({"callId": call}));
    assert_eq!(world.statuses(alice, "a1").last().unwrap(), "ESTABLISHED");
    assert_eq!(world.statuses(bob, &call).last().unwrap(), "ESTABLISHED");
    assert!(world.media.last("Direction").contains("SendRecv"));
}

#[test]
fn keys_reach_the_other_browser() {
    let mut world = World::demo();
    let (alice, bob, call) = world.conversation();
    world.result(alice, "dtmf", json!({"callId": "a1", "digits": "5#"}));
    let events = world.events(bob);
    let keys: Vec<_> = events.iter().filter(|event| event["type"] == "dtmf").collect();
    assert_eq!(keys.len(), 2);
    assert_eq!((&keys[1]["digit"], &keys[1]["callId"]), (&json!("#"), &json!(call)));
    assert_eq!(world.error(alice, "dtmf", json!({"callId": "a1", "digits": "5x"})), "invalidField");
}

#[test]
fn keys_that_a_page_sends_as_sound_reach_the_other_page_once() {
    let mut world = World::demo();
    let (_, bob, call) = world.conversation();
    let leg = world.media.open_legs()[0];
    let digit = Digit::from_char('7').unwrap();
    world.input(Input::Media(Event::Dtmf { leg, digit, duration: Duration::from_millis(100) }));
    let keys: Vec<_> = world.events(bob).into_iter().filter(|event| event["type"] == "dtmf").collect();
    assert_eq!(keys.len(), 1);
    assert_eq!(
        (&keys[0]["digit"], &keys[0]["callId"], &keys[0]["durationMs"]),
        (&json!("7"), &json!(call), &json!(100))
    );
}

#[test]
fn keys_reach_a_service() {
    let mut world = World::demo();
    let alice = world.user("alice");
    world.call(alice, "c1", "dtmf");
    world.result(alice, "dtmf", json!({"callId": "c1", "digits": "12"}));
    assert_eq!(world.media.count("SendDtmf"), 2);
}

#[test]
fn a_service_that_speaks_no_codec_of_the_callers_is_translated() {
    let mut world = World::demo();
    let alice = world.user("alice");
    let only_opus = OFFER.replace("SAVPF 111 9 0 8 110 126", "SAVPF 111 110");
    world.result(alice, "call", json!({"callId": "c1", "callee": "tone", "sdp": only_opus}));
    let answer = world.last(alice, "callSdp");
    assert!(answer["sdp"].as_str().unwrap().contains("SAVPF 111 110\r\n"), "{answer}");
    assert_eq!(world.last(alice, "callStatus")["status"], "ESTABLISHED");
}

#[test]
fn a_call_without_a_common_codec_that_has_no_room_to_be_transcoded_says_so() {
    let mut config = Config::demo();
    config.limits.transcoded_calls = 0;
    let mut world = World::new(config);
    let alice = world.user("alice");
    let only_opus = OFFER.replace("SAVPF 111 9 0 8 110 126", "SAVPF 111 110");
    world.result(alice, "call", json!({"callId": "c1", "callee": "tone", "sdp": only_opus}));
    let event = world.last(alice, "callStatus");
    assert_eq!((&event["info"], &event["sipStatus"]), (&json!("No common codecs"), &json!(488)));
    world.nothing_is_left();
}

#[test]
fn what_is_no_call_is_refused_and_changes_nothing() {
    let mut world = World::demo();
    let alice = world.user("alice");
    world.call(alice, "c1", "echo");
    let refused = [
        (json!({"callId": "", "callee": "echo", "sdp": OFFER}), "invalidField"),
        (json!({"callId": "c1", "callee": "echo", "sdp": OFFER}), "invalidCallState"),
        (json!({"callId": "c2", "callee": "a b", "sdp": OFFER}), "invalidField"),
        (json!({"callId": "c2", "callee": "echo", "sdp": "v=0"}), "invalidField"),
        (json!({"callId": "c2", "callee": "echo", "sdp": OFFER.replace("a=ice-pwd", "a=x")}), "invalidField"),
        (json!({"callId": "c2", "callee": "echo", "sdp": OFFER.replace("sha-256", "sha-1")}), "invalidField"),
        (json!({"callId": "c2", "callee": "echo", "sdp": OFFER.replace("m=audio", "m=text")}), "noCommonCodecs"),
    ];
    for (fields, code) in refused {
        assert_eq!(world.error(alice, "call", fields.clone()), code, "{}", fields["callee"]);
    }
    assert_eq!(world.relay.counts().calls, 1);
}

#[test]
fn calls_beyond_the_limit_are_refused() {
    let mut config = Config::demo();
    config.limits.calls_per_session = 2;
    let mut world = World::new(config);
    let alice = world.user("alice");
    world.call(alice, "c1", "echo");
    world.call(alice, "c2", "noanswer");
    let fields = json!({"callId": "c3", "callee": "echo", "sdp": OFFER});
    assert_eq!(world.error(alice, "call", fields), "limitReached");
    let bob = world.user("bob");
    world.call(bob, "b1", "alice");
    assert_eq!(world.last(bob, "callStatus")["status"], "BUSY");
}

#[test]
fn a_call_the_media_side_has_no_room_for_fails_and_frees_what_it_took() {
    for room in 0..2 {
        let mut world = World::demo();
        let (alice, bob) = (world.user("alice"), world.user("bob"));
        world.media.room_for(room);
        world.call(alice, "a1", "bob");
        let event = world.last(alice, "callStatus");
        assert_eq!((&event["status"], &event["error"]["code"]), (&json!("FAILED"), &json!("limitReached")));
        assert!(world.events(bob).is_empty(), "nobody is called for nothing");
        world.nothing_is_left();
    }
}

#[test]
fn sound_that_does_not_connect_ends_the_call_with_its_reason() {
    use offhook_media::{Inactivity, MediaFailure};
    let failed: [fn(LegId) -> Event; 3] = [
        |leg| Event::Failed { leg, cause: MediaFailure::ConnectTimeout },
        |leg| Event::Failed { leg, cause: MediaFailure::Dtls },
        |leg| Event::Inactive { leg, cause: Inactivity::Rtp },
    ];
    for (event, info) in
        failed.into_iter().zip(["Failed by ICE error", "Failed by DTLS error", "Failed by RTP activity"])
    {
        let mut world = World::demo();
        let (alice, bob, call) = world.conversation();
        let leg = world.media.open_legs()[0];
        world.input(Input::Media(event(leg)));
        for (browser, call) in [(alice, "a1"), (bob, call.as_str())] {
            assert_eq!(world.statuses(browser, call).last().unwrap(), "FAILED");
            assert_eq!(world.last(browser, "callStatus")["info"], info);
        }
        world.nothing_is_left();
    }
}

#[test]
fn a_peer_connection_that_is_closed_ends_the_call_in_good_order() {
    let mut world = World::demo();
    let (alice, bob, call) = world.conversation();
    let leg = world.media.open_legs()[0];
    world.input(Input::Media(Event::PeerClosed { leg }));
    assert_eq!(world.statuses(alice, "a1").last().unwrap(), "FINISH");
    assert_eq!(world.statuses(bob, &call).last().unwrap(), "FINISH");
    world.nothing_is_left();
}

#[test]
fn one_end_cannot_drown_the_other_in_keys() {
    let mut world = World::demo();
    let (alice, bob, _) = world.conversation();
    let keys = json!({"callId": "a1", "digits": "1".repeat(64)});
    for _ in 0..3 {
        world.result(alice, "dtmf", keys.clone());
    }
    assert_eq!(world.error(alice, "dtmf", keys.clone()), "limitReached");
    let heard = world.events(bob).iter().filter(|event| event["type"] == "dtmf").count();
    assert_eq!(heard, 3 * 64, "keys are sent whole or refused");
    world.later(Duration::from_secs(4));
    world.result(alice, "dtmf", keys);
}

#[test]
fn keys_in_a_peers_sound_cannot_drown_the_other_end() {
    let mut world = World::demo();
    let (alice, bob, _) = world.conversation();
    let key = crate::call::LegEvent::Dtmf {
        digit: Digit::from_char('1').unwrap(),
        duration: Duration::from_millis(40),
        method: offhook_protocol::request::DtmfMethod::Rfc2833,
    };
    for leg in world.media.open_legs() {
        (0..1000).for_each(|_| world.relay.leg_event(leg, key.clone(), world.now));
    }
    world.later(Duration::ZERO);
    world.result(alice, "ping", json!({}));
    for browser in [alice, bob] {
        let heard = world.events(browser).iter().filter(|event| event["type"] == "dtmf").count();
        assert_eq!(heard, 200);
    }
}
