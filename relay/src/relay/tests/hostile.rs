//! Browsers that mean no good: what they can do to others, and what is left of it.

use serde_json::json;

use super::*;
use crate::call::{Cause, Extras, LegEvent, failure_for_status};
use crate::limits::{CHANGES_AT_ONCE, WRONG_AT_ONCE};
use crate::relay::calls::Driver;
use crate::relay::connections::ALL_REPORTS_AT_ONCE;
use crate::ua::{AccountId, UaOutput};

#[test]
fn a_call_transferred_to_its_own_end_can_still_be_ended() {
    let mut world = World::demo();
    let (alice, bob, b1) = world.conversation();
    world.result(alice, "transfer", json!({"callId": "a1", "target": "bob"}));
    let b2 = world.answer(bob);
    assert_eq!(world.statuses(alice, "a1").last().unwrap(), "FINISH");
    for request in [json!({"callId": b1, "withCall": b2}), json!({"callId": b2, "withCall": b1})] {
        assert_eq!(world.error(bob, "transfer", request), "invalidCallState");
    }
    world.result(bob, "sendData", json!({"payload": "1"}));
    world.result(bob, "hangup", json!({"callId": b1}));
    assert_eq!(world.statuses(bob, &b2).last().unwrap(), "FINISH");
    world.nothing_is_left();
}

#[test]
fn a_call_that_is_passed_round_leaves_nothing_behind() {
    let mut world = World::demo();
    let (alice, bob, b1) = world.conversation();
    let (mut by, mut call, mut other) = (bob, b1, alice);
    for round in 0..20 {
        let target = if other == alice { "alice" } else { "bob" };
        world.result(by, "transfer", json!({"callId": call, "target": target}));
        call = world.answer(other);
        (by, other) = (other, by);
        assert_eq!((world.relay.counts().calls, world.relay.counts().legs), (1, 2), "round {round}");
    }
    world.leave(alice);
    world.leave(bob);
    world.nothing_is_left();
}

#[test]
fn nobody_transfers_or_joins_another_sessions_call() {
    let mut world = World::demo();
    let (_, bob, b1) = world.conversation();
    let mallory = world.user("mallory");
    world.call(mallory, "m1", "echo");
    for request in [json!({"callId": b1, "target": "mallory"}), json!({"callId": "m1", "withCall": b1})] {
        assert_eq!(world.error(mallory, "transfer", request), "unknownCall");
    }
    assert_eq!(world.error(mallory, "offer", json!({"callId": b1, "sdp": OFFER})), "unknownCall");
    assert_eq!(world.error(mallory, "hangup", json!({"callId": b1})), "unknownCall");
    assert_eq!(world.statuses(bob, &b1).last().unwrap(), "ESTABLISHED");
}

/// A session whose password the SIP server refuses after its browser has dropped the socket.
fn guess_and_go(world: &mut World) {
    let browser = world.greeted();
    let opened = world.result(browser, "openSip", sip_account(true));
    world.lose(browser);
    let account = AccountId(opened["sessionId"].as_str().unwrap().parse().unwrap());
    let failure = failure_for_status(403, "Forbidden");
    let state = offhook_protocol::RegistrationState::Failed;
    world.relay.ua_output(UaOutput::Registration { account, state, failure: Some(failure) }, world.now);
    world.collect();
}

fn sip_account(register: bool) -> Value {
    json!({"login": "1001", "password": "x", "domain": "127.0.0.1", "register": register})
}

/// Who comes back to hear what the server said has guessed as well as who waited for it.
#[test]
fn a_password_that_is_wrong_counts_though_its_browser_is_away() {
    let mut world = World::demo();
    for _ in 0..WRONG_AT_ONCE {
        guess_and_go(&mut world);
    }
    let browser = world.greeted();
    assert_eq!(world.error(browser, "openSip", sip_account(true)), "limitReached");
}

#[test]
fn a_password_that_is_wrong_for_a_call_counts_as_for_a_registration() {
    for (status, counts) in [(407, true), (401, true), (403, false)] {
        let mut world = World::demo();
        for _ in 1..WRONG_AT_ONCE {
            guess_and_go(&mut world);
        }
        let browser = world.greeted();
        world.result(browser, "openSip", sip_account(false));
        world.call(browser, "c1", "100");
        let leg = world.relay.legs.iter().find(|(_, entry)| matches!(entry.driver, Driver::Sip)).map(|(leg, _)| *leg);
        let refused = Cause::Failure(failure_for_status(status, "No"));
        world.relay.leg_event(leg.unwrap(), LegEvent::Ended(refused, Extras::default()), world.now);
        let another = world.greeted();
        let reply = world.ask(another, "openSip", sip_account(false));
        assert_eq!(reply["error"]["code"] == "limitReached", counts, "{status}: {reply}");
    }
}

#[test]
fn reports_cannot_fill_the_log_by_way_of_many_connections() {
    let mut world = World::demo();
    let mut taken = 0;
    loop {
        let browser = world.user("alice");
        let reply = world.ask(browser, "report", json!({"text": "it broke"}));
        if reply["error"] != Value::Null {
            assert_eq!(reply["error"]["code"], "limitReached");
            break;
        }
        taken += 1;
        world.leave(browser);
        assert!(taken < 1000);
    }
    assert_eq!(taken, ALL_REPORTS_AT_ONCE);
    world.later(Duration::from_secs(60));
    let browser = world.user("alice");
    world.result(browser, "report", json!({"text": "it broke"}));
}

/// A browser whose network is gone is sent to for a while before anybody notices.
#[test]
fn a_flood_of_data_takes_no_browser_its_call() {
    let mut world = World::demo();
    let alice = world.user("alice");
    let bob = world.greeted();
    let token = world.result(bob, "openLocal", json!({"login": "bob"}))["token"].clone();
    world.call(alice, "a1", "bob");
    let call = world.answer(bob);
    let seen = world.events(bob).len();
    for _ in 0..20 {
        for _ in 0..50 {
            world.result(alice, "sendData", json!({"payload": "1"}));
        }
        world.later(Duration::from_secs(1));
    }
    world.lose(bob);
    let back = world.greeted();
    world.result(back, "resume", json!({"token": token, "lastSeq": seen}));
    world.result(back, "hold", json!({"callId": call}));
    assert_eq!(world.statuses(back, &call), ["HOLD"]);
}

#[test]
fn a_far_end_that_holds_and_resumes_without_end_is_told_to_wait() {
    let mut world = World::demo();
    let (alice, bob, call) = world.conversation();
    let told = world.events(alice).len();
    for _ in 0..50 {
        for change in ["hold", "unhold"] {
            world.ask(bob, change, json!({"callId": call}));
        }
    }
    assert!(world.events(alice).len() - told <= CHANGES_AT_ONCE as usize);
    assert_eq!(world.last(bob, "callStatus")["error"]["code"], "limitReached");
    world.later(Duration::from_secs(10));
    world.ask(bob, "unhold", json!({"callId": call}));
    world.result(bob, "hold", json!({"callId": call}));
    assert_eq!(world.statuses(alice, "a1").last().unwrap(), "HOLD");
}
