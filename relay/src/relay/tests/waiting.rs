//! Several calls of one session at once.

use serde_json::json;

use super::*;

/// Alice talks with Bob, and Carol calls her: Alice, Bob, Carol, and Alice's name for the second call.
fn waiting(world: &mut World) -> (Browser, Browser, Browser, String) {
    let (alice, bob, _) = world.conversation();
    let carol = world.user("carol");
    world.call(carol, "x1", "alice");
    let call = world.last(alice, "incomingCall")["callId"].as_str().unwrap().to_owned();
    (alice, bob, carol, call)
}

#[test]
fn a_second_call_rings_while_the_first_goes_on() {
    let mut world = World::demo();
    let (alice, _, carol, call) = waiting(&mut world);
    assert_eq!(world.statuses(alice, &call), ["RING"]);
    world.result(alice, "ring", json!({"callId": call}));
    assert_eq!(world.statuses(carol, "x1"), ["RING"]);
    assert_eq!(world.statuses(alice, "a1"), ["ESTABLISHED"]);
}

#[test]
fn one_call_is_held_the_other_answered_and_then_they_are_swapped() {
    let mut world = World::demo();
    let (alice, bob, carol, call) = waiting(&mut world);
    let with_bob = world.last(bob, "incomingCall")["callId"].as_str().unwrap().to_owned();
    world.result(alice, "hold", json!({"callId": "a1"}));
    world.answer(alice);
    assert_eq!(world.statuses(bob, &with_bob).last().unwrap(), "HOLD");
    assert_eq!(world.statuses(carol, "x1").last().unwrap(), "ESTABLISHED");
    world.result(alice, "hold", json!({"callId": call}));
    world.result(alice, "unhold", json!({"callId": "a1"}));
    assert_eq!(world.statuses(carol, "x1").last().unwrap(), "HOLD");
    assert_eq!(world.statuses(bob, &with_bob).last().unwrap(), "ESTABLISHED");
}

#[test]
fn either_call_can_be_hung_up_without_the_other() {
    for first in [true, false] {
        let mut world = World::demo();
        let (alice, bob, carol, call) = waiting(&mut world);
        let with_bob = world.last(bob, "incomingCall")["callId"].as_str().unwrap().to_owned();
        world.answer(alice);
        world.result(alice, "hangup", json!({"callId": if first { "a1" } else { &call }}));
        let (ended, goes_on) =
            if first { ((bob, &*with_bob), (carol, "x1")) } else { ((carol, "x1"), (bob, &*with_bob)) };
        assert_eq!(world.statuses(ended.0, ended.1).last().unwrap(), "FINISH");
        assert_eq!(world.statuses(goes_on.0, goes_on.1).last().unwrap(), "ESTABLISHED");
        assert_eq!(world.relay.counts().calls, 1);
    }
}

#[test]
fn a_session_can_make_a_second_call_itself() {
    let mut world = World::demo();
    let (alice, bob, _) = world.conversation();
    world.result(alice, "hold", json!({"callId": "a1"}));
    world.call(alice, "a2", "echo");
    assert_eq!(world.statuses(alice, "a2"), ["RING", "ESTABLISHED"]);
    world.result(alice, "hangup", json!({"callId": "a2"}));
    world.result(alice, "unhold", json!({"callId": "a1"}));
    assert_eq!(world.last(bob, "callStatus")["status"], "ESTABLISHED");
}
