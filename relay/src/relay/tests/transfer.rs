//! Transfers as browsers see them.

use serde_json::json;

use super::*;

const PCMA_ONLY: &str = "SAVPF 8 126";

/// The statuses of a call's transfers, oldest first.
fn transfers(world: &World, browser: Browser, call_id: &str) -> Vec<String> {
    let events = world.events(browser);
    let of_call = events.iter().filter(|event| event["type"] == "transfer" && event["callId"] == call_id);
    of_call.map(|event| event["status"].as_str().unwrap().to_owned()).collect()
}

fn transfer(world: &mut World, browser: Browser, call_id: &str, to: Value) {
    let mut fields = json!({"callId": call_id});
    fields.as_object_mut().unwrap().extend(to.as_object().unwrap().clone());
    world.result(browser, "transfer", fields);
}

#[test]
fn a_blind_transfer_connects_the_far_end_with_its_target() {
    let mut world = World::demo();
    let (alice, bob, b1) = world.conversation();
    let carol = world.user("carol");
    transfer(&mut world, alice, "a1", json!({"target": "carol"}));
    assert_eq!(transfers(&world, alice, "a1"), ["TRYING"]);
    assert_eq!(world.last(carol, "incomingCall")["caller"], "bob");
    let c1 = world.last(carol, "incomingCall")["callId"].as_str().unwrap().to_owned();
    world.result(carol, "ring", json!({"callId": c1}));
    let joins = world.media.count("Join");
    world.answer(carol);
    assert_eq!(transfers(&world, alice, "a1"), ["TRYING", "RING", "COMPLETED"]);
    assert_eq!(world.statuses(alice, "a1").last().unwrap(), "FINISH");
    assert_eq!(world.last(bob, "party")["user"], "carol");
    assert_eq!(world.media.count("Join"), joins + 1);
    world.result(bob, "hold", json!({"callId": b1}));
    assert_eq!(world.statuses(carol, &c1).last().unwrap(), "HOLD", "they are in one call");
    world.result(bob, "hangup", json!({"callId": b1}));
    assert_eq!(world.statuses(carol, &c1).last().unwrap(), "FINISH");
    world.nothing_is_left();
}

#[test]
fn a_service_number_takes_a_transferred_call() {
    let mut world = World::demo();
    let (alice, bob, b1) = world.conversation();
    transfer(&mut world, bob, &b1, json!({"target": "echo"}));
    assert_eq!(transfers(&world, bob, &b1), ["TRYING", "RING", "COMPLETED"]);
    assert_eq!(world.last(alice, "party")["user"], "echo");
    world.result(alice, "hangup", json!({"callId": "a1"}));
    world.nothing_is_left();
}

#[test]
fn a_target_that_cannot_be_had_leaves_the_call_as_it_was() {
    let mut world = World::demo();
    let (alice, bob, b1) = world.conversation();
    world.result(alice, "hold", json!({"callId": "a1", "forTransfer": true}));
    for (target, status, code) in [("nobody", 404, "notFound"), ("busy", 486, "busy")] {
        transfer(&mut world, alice, "a1", json!({"target": target}));
        let news = world.last(alice, "transfer");
        assert_eq!((&news["status"], &news["target"]), (&json!("FAILED"), &json!(target)));
        assert_eq!((&news["sipStatus"], &news["error"]["code"]), (&json!(status), &json!(code)));
    }
    assert_eq!(world.statuses(alice, "a1").last().unwrap(), "HOLD");
    world.result(alice, "unhold", json!({"callId": "a1"}));
    assert_eq!(world.statuses(bob, &b1).last().unwrap(), "ESTABLISHED");
    world.result(alice, "hangup", json!({"callId": "a1"}));
    world.nothing_is_left();
}

#[test]
fn a_target_that_does_not_answer_is_given_up() {
    let mut world = World::demo();
    let (alice, _, _) = world.conversation();
    let carol = world.user("carol");
    transfer(&mut world, alice, "a1", json!({"target": "carol"}));
    let c1 = world.last(carol, "incomingCall")["callId"].as_str().unwrap().to_owned();
    world.later(Duration::from_secs(60));
    assert_eq!(transfers(&world, alice, "a1"), ["TRYING", "FAILED"]);
    assert_eq!(world.last(alice, "transfer")["error"]["code"], "noAnswer");
    assert_eq!(world.statuses(carol, &c1).last().unwrap(), "FINISH");
    transfer(&mut world, alice, "a1", json!({"target": "echo"}));
    assert_eq!(transfers(&world, alice, "a1").last().unwrap(), "COMPLETED");
}

#[test]
fn the_transferor_may_hang_up_before_the_target_answers() {
    let mut world = World::demo();
    let (alice, bob, b1) = world.conversation();
    let carol = world.user("carol");
    transfer(&mut world, alice, "a1", json!({"target": "carol"}));
    world.result(alice, "hangup", json!({"callId": "a1"}));
    assert_eq!(world.statuses(alice, "a1").last().unwrap(), "FINISH");
    let c1 = world.answer(carol);
    assert_eq!(world.last(bob, "party")["user"], "carol");
    world.result(carol, "hangup", json!({"callId": c1}));
    assert_eq!(world.statuses(bob, &b1).last().unwrap(), "FINISH");
    world.nothing_is_left();
}

#[test]
fn the_far_end_may_hang_up_before_the_target_answers() {
    let mut world = World::demo();
    let (alice, bob, b1) = world.conversation();
    let carol = world.user("carol");
    transfer(&mut world, alice, "a1", json!({"target": "carol"}));
    world.result(bob, "hangup", json!({"callId": b1}));
    assert_eq!(transfers(&world, alice, "a1"), ["TRYING", "FAILED"]);
    assert_eq!(world.statuses(alice, "a1").last().unwrap(), "FINISH");
    assert_eq!(world.last(carol, "callStatus")["status"], "FINISH");
    world.nothing_is_left();
}

/// Alice talks to bob and to carol.
fn two_calls(world: &mut World) -> (Browser, [(Browser, String); 2]) {
    let (alice, bob, b1) = world.conversation();
    world.result(alice, "hold", json!({"callId": "a1", "forTransfer": true}));
    let carol = world.user("carol");
    world.call(alice, "a2", "carol");
    let c1 = world.answer(carol);
    (alice, [(bob, b1), (carol, c1)])
}

#[test]
fn an_attended_transfer_makes_one_call_of_two() {
    let mut world = World::demo();
    let (alice, [(bob, b1), (carol, c1)]) = two_calls(&mut world);
    transfer(&mut world, alice, "a1", json!({"withCall": "a2"}));
    assert_eq!(transfers(&world, alice, "a1"), ["COMPLETED"]);
    for call in ["a1", "a2"] {
        assert_eq!(world.statuses(alice, call).last().unwrap(), "FINISH");
    }
    assert_eq!(world.last(bob, "party")["user"], "carol");
    assert_eq!(world.last(carol, "party")["user"], "bob");
    assert_eq!(world.statuses(bob, &b1).last().unwrap(), "ESTABLISHED", "the hold is over");
    world.result(carol, "dtmf", json!({"callId": c1, "digits": "7"}));
    assert_eq!(world.last(bob, "dtmf")["digit"], "7");
    world.result(carol, "hangup", json!({"callId": c1}));
    assert_eq!(world.statuses(bob, &b1).last().unwrap(), "FINISH");
    world.nothing_is_left();
}

#[test]
fn a_target_that_the_session_talks_to_is_not_called_again() {
    let mut world = World::demo();
    let (alice, [_, (carol, c1)]) = two_calls(&mut world);
    transfer(&mut world, alice, "a1", json!({"target": "sip:carol@relay.example"}));
    assert_eq!(transfers(&world, alice, "a1"), ["COMPLETED"]);
    assert_eq!(world.events(carol).iter().filter(|event| event["type"] == "incomingCall").count(), 1);
    world.result(carol, "hangup", json!({"callId": c1}));
    world.nothing_is_left();
}

#[test]
fn a_transfer_that_makes_no_sense_is_refused_by_field() {
    let mut world = World::demo();
    let (alice, _, _) = world.conversation();
    world.call(alice, "a2", "noanswer");
    for (fields, code) in [
        (json!({"callId": "none", "target": "carol"}), "unknownCall"),
        (json!({"callId": "a1"}), "invalidField"),
        (json!({"callId": "a1", "target": "carol", "withCall": "a2"}), "invalidField"),
        (json!({"callId": "a1", "target": "a b"}), "invalidField"),
        (json!({"callId": "a1", "withCall": "a1"}), "invalidCallState"),
        (json!({"callId": "a1", "withCall": "a2"}), "invalidCallState"),
        (json!({"callId": "a1", "withCall": "none"}), "unknownCall"),
        (json!({"callId": "a2", "target": "carol"}), "invalidCallState"),
    ] {
        assert_eq!(world.error(alice, "transfer", fields.clone()), code, "{fields}");
    }
    let carol = world.user("carol");
    transfer(&mut world, alice, "a1", json!({"target": "carol"}));
    assert_eq!(world.error(alice, "transfer", json!({"callId": "a1", "target": "carol"})), "invalidCallState");
    world.answer(carol);
}

/// Nobody would ever hang up.
#[test]
fn two_service_numbers_are_not_connected() {
    let mut world = World::demo();
    let alice = world.user("alice");
    world.call(alice, "a1", "echo");
    world.call(alice, "a2", "tone");
    assert_eq!(world.error(alice, "transfer", json!({"callId": "a1", "withCall": "a2"})), "invalidCallState");
    transfer(&mut world, alice, "a1", json!({"target": "dtmf"}));
    assert_eq!(transfers(&world, alice, "a1"), ["FAILED"]);
    for call in ["a1", "a2"] {
        world.result(alice, "hangup", json!({"callId": call}));
    }
    world.nothing_is_left();
}

#[test]
fn a_far_end_is_offered_the_targets_codec() {
    let mut world = World::demo();
    let (alice, bob, b1) = world.conversation();
    let carol = world.user("carol");
    transfer(&mut world, alice, "a1", json!({"target": "carol"}));
    let incoming = world.last(carol, "incomingCall");
    let sdp = world.answer_to(&incoming);
    let (head, tail) = sdp.split_once("SAVPF ").unwrap();
    let only_pcma = format!("{head}{PCMA_ONLY}\r\n{}", tail.split_once("\r\n").unwrap().1);
    let only_pcma: String = only_pcma
        .split_inclusive("\r\n")
        .filter(|line| !line.starts_with("a=rtpmap") || line.contains(":8 ") || line.contains(":126 "))
        .collect();
    world.result(carol, "answer", json!({"callId": incoming["callId"], "sdp": only_pcma}));
    let offer = world.last(bob, "callSdp");
    assert_eq!(offer["kind"], "offer");
    assert!(offer["sdp"].as_str().unwrap().contains(" 8 126\r\n"), "{offer}");
    let sdp = world.answer_to(&offer);
    world.result(bob, "sdp", json!({"callId": b1, "sdp": sdp}));
    assert_eq!(world.statuses(bob, &b1).last().unwrap(), "ESTABLISHED");
}

#[test]
fn a_transferor_whose_session_ends_leaves_the_far_end_to_the_target() {
    let mut world = World::demo();
    let (alice, bob, b1) = world.conversation();
    let carol = world.user("carol");
    transfer(&mut world, alice, "a1", json!({"target": "carol"}));
    world.leave(alice);
    world.later(Duration::from_secs(1));
    world.answer(carol);
    assert_eq!(world.last(bob, "party")["user"], "carol");
    world.result(bob, "hangup", json!({"callId": b1}));
    world.nothing_is_left();
}
