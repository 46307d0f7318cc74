//! What apps say to each other through the relay, and to whoever runs it.

use serde_json::json;

use super::*;

fn data_of(world: &World, browser: Browser) -> Vec<Value> {
    world.events(browser).into_iter().filter(|event| event["type"] == "appData").collect()
}

#[test]
fn data_reach_the_far_end_of_a_call() {
    let mut world = World::demo();
    let (alice, bob, call) = world.conversation();
    world.result(alice, "sendData", json!({"payload": "{\"a\":1}"}));
    let data = world.last(bob, "appData");
    assert_eq!(
        (&data["payload"], &data["from"], &data["callId"]),
        (&json!("{\"a\":1}"), &json!("alice"), &json!(call))
    );
    assert!(data_of(&world, alice).is_empty());
    world.result(bob, "sendData", json!({"payload": "2"}));
    assert_eq!(world.last(alice, "appData")["callId"], "a1");
}

#[test]
fn data_reach_every_session_of_a_user() {
    let mut world = World::demo();
    let (one, two, alice) = (world.user("bob"), world.user("bob"), world.user("alice"));
    world.result(alice, "sendData", json!({"payload": "1", "to": "bob"}));
    for bob in [one, two] {
        let data = world.last(bob, "appData");
        assert_eq!((&data["from"], &data["callId"]), (&json!("alice"), &Value::Null));
    }
    world.result(one, "sendData", json!({"payload": "2", "to": "bob"}));
    assert_eq!((data_of(&world, one).len(), data_of(&world, two).len()), (1, 2), "nobody hears itself");
}

#[test]
fn data_that_nobody_can_get_are_refused() {
    let mut world = World::demo();
    let alice = world.user("alice");
    assert_eq!(world.error(alice, "sendData", json!({"payload": "1", "to": "bob"})), "notFound");
    assert_eq!(world.error(alice, "sendData", json!({"payload": "1"})), "notFound");
    world.call(alice, "c1", "echo");
    assert_eq!(world.error(alice, "sendData", json!({"payload": "1"})), "notFound", "a service takes none");
    world.user("bob");
    world.call(alice, "c2", "bob");
    assert_eq!(world.error(alice, "sendData", json!({"payload": "1"})), "notFound", "it only rings there");
}

#[test]
fn a_sip_account_cannot_speak_to_users_of_the_relay() {
    let mut world = World::demo();
    let browser = world.greeted();
    let account = json!({"login": "alice", "password": "x", "domain": "127.0.0.1", "register": false});
    world.result(browser, "openSip", account);
    let bob = world.user("bob");
    assert_eq!(world.error(browser, "sendData", json!({"payload": "1", "to": "bob"})), "notFound");
    assert!(data_of(&world, bob).is_empty());
}

#[test]
fn data_for_a_browser_that_is_away_come_when_it_is_back() {
    let mut world = World::demo();
    let bob = world.greeted();
    let token = world.result(bob, "openLocal", json!({"login": "bob"}))["token"].clone();
    let alice = world.user("alice");
    world.lose(bob);
    world.result(alice, "sendData", json!({"payload": "1", "to": "bob"}));
    let back = world.greeted();
    world.result(back, "resume", json!({"token": token, "lastSeq": 0}));
    assert_eq!(data_of(&world, back).len(), 1);
}

#[test]
fn data_cannot_push_out_what_a_browser_that_is_away_has_missed() {
    let mut world = World::demo();
    let (alice, bob) = (world.user("alice"), world.greeted());
    let token = world.result(bob, "openLocal", json!({"login": "bob"}))["token"].clone();
    world.lose(bob);
    world.call(alice, "a1", "bob");
    let mut refused = 0;
    for _ in 0..300 {
        let reply = world.ask(alice, "sendData", json!({"payload": "1", "to": "bob"}));
        refused += usize::from(reply["error"]["code"] == "notFound");
        world.later(Duration::from_millis(50));
    }
    assert!(refused > 100, "{refused}");
    let back = world.greeted();
    world.result(back, "resume", json!({"token": token, "lastSeq": 0}));
    assert_eq!(world.last(back, "incomingCall")["caller"], "alice");
}

#[test]
fn an_app_can_neither_send_too_much_nor_too_fast() {
    let mut world = World::demo();
    let (alice, bob, _) = world.conversation();
    assert_eq!(world.error(alice, "sendData", json!({"payload": "x".repeat(16 * 1024 + 1)})), "tooLarge");
    let large = json!({"payload": "x".repeat(16 * 1024)});
    let accepted = (0..100).take_while(|_| world.ask(alice, "sendData", large.clone())["error"] == Value::Null).count();
    assert_eq!((accepted, data_of(&world, bob).len()), (15, 15));
    assert_eq!(world.error(alice, "sendData", large.clone()), "limitReached");
    world.later(Duration::from_secs(1));
    world.result(alice, "sendData", large);
}

#[test]
fn reports_are_taken_now_and_then() {
    let mut world = World::demo();
    let alice = world.user("alice");
    assert_eq!(world.error(alice, "report", json!({"text": "x".repeat(32 * 1024 + 1)})), "tooLarge");
    for _ in 0..3 {
        world.result(alice, "report", json!({"text": "no sound"}));
    }
    assert_eq!(world.error(alice, "report", json!({"text": "no sound"})), "limitReached");
    world.later(Duration::from_secs(20));
    world.result(alice, "report", json!({"text": "no sound"}));
}

#[test]
fn a_browser_hears_that_the_log_follows_it() {
    let mut world = World::demo();
    let alice = world.user("alice");
    for enabled in [true, false] {
        world.result(alice, "debug", json!({"enabled": enabled}));
        assert_eq!(world.last(alice, "debug")["enabled"], enabled);
    }
}
