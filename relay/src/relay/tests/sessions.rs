//! Opening, losing, taking back and ending sessions.

use std::collections::BTreeMap;

use offhook_protocol::Secret;
use serde_json::json;

use super::*;
use crate::config::Users;

fn resume(world: &mut World, token: &Value, last_seq: u64) -> (Browser, Value) {
    let browser = world.greeted();
    let reply = world.ask(browser, "resume", json!({"token": token, "lastSeq": last_seq}));
    (browser, reply)
}

#[test]
fn a_named_user_needs_the_password() {
    let users = BTreeMap::from([("alice".to_owned(), Some(Secret::new("right"))), ("bob".to_owned(), None)]);
    let mut world = World::new(Config { users: Users::Named(users), ..Config::default() });
    let browser = world.greeted();
    for (login, password) in [("alice", "wrong"), ("alice", ""), ("carol", "right")] {
        let fields = json!({"login": login, "password": password});
        assert_eq!(world.error(browser, "openLocal", fields), "unauthorized", "{login}");
    }
    let opened = world.result(browser, "openLocal", json!({"login": "alice", "password": "right"}));
    assert_eq!((&opened["login"], &opened["registers"]), (&json!("alice"), &json!(false)));
    let other = world.greeted();
    world.result(other, "openLocal", json!({"login": "bob"}));
}

#[test]
fn a_connection_that_guesses_is_closed_after_its_last_reply() {
    let users = BTreeMap::from([("alice".to_owned(), Some(Secret::new("right")))]);
    let mut world = World::new(Config { users: Users::Named(users), ..Config::default() });
    let browser = world.greeted();
    for guess in ["a", "b", "c", "d", "e"] {
        assert!(world.closed.is_empty(), "{guess}");
        let fields = json!({"login": "alice", "password": guess});
        assert_eq!(world.error(browser, "openLocal", fields), "unauthorized");
    }
    assert_eq!(world.closed, [(browser.0, 1008)]);
}

#[test]
fn an_address_that_guesses_on_many_connections_has_to_wait() {
    let users = BTreeMap::from([("alice".to_owned(), Some(Secret::new("right")))]);
    let mut world = World::new(Config { users: Users::Named(users), ..Config::default() });
    let guess = |world: &mut World, source, password: &str| {
        let browser = world.connect_from(source);
        world.result(browser, "hello", json!({"version": 1, "client": "x"}));
        world.ask(browser, "openLocal", json!({"login": "alice", "password": password}))["error"]["code"].clone()
    };
    for _ in 0..20 {
        assert_eq!(guess(&mut world, [192, 0, 2, 1], "wrong"), "unauthorized");
    }
    assert_eq!(guess(&mut world, [192, 0, 2, 1], "right"), "limitReached", "nothing more is to be learned");
    assert_eq!(guess(&mut world, [192, 0, 2, 2], "right"), Value::Null);
    world.later(Duration::from_secs(6));
    assert_eq!(guess(&mut world, [192, 0, 2, 1], "right"), Value::Null);
}

#[test]
fn an_office_full_of_browsers_comes_back_after_a_restart() {
    let users = BTreeMap::from([("alice".to_owned(), Some(Secret::new("right")))]);
    let mut world = World::new(Config { users: Users::Named(users), ..Config::default() });
    for _ in 0..100 {
        let token = json!(format!("7.{}", "0".repeat(48)));
        let (browser, reply) = resume(&mut world, &token, 3);
        assert_eq!(reply["error"]["code"], "resumeRejected");
        world.result(browser, "openLocal", json!({"login": "alice", "password": "right"}));
    }
}

#[test]
fn a_login_that_is_no_name_is_refused_by_field() {
    let mut world = World::demo();
    let browser = world.greeted();
    let reply = world.ask(browser, "openLocal", json!({"login": "a <b>"}));
    assert_eq!((&reply["error"]["code"], &reply["error"]["field"]), (&json!("invalidField"), &json!("login")));
}

#[test]
fn a_sip_server_that_is_not_configured_is_refused() {
    let mut world = World::demo();
    let browser = world.greeted();
    let account = json!({"login": "1001", "password": "x", "domain": "192.0.2.1", "register": true});
    assert_eq!(world.error(browser, "openSip", account), "destinationForbidden");
    assert_eq!(world.relay.counts().sessions, 0);
    let account = json!({"login": "1001", "password": "x", "domain": "127.0.0.1", "register": true});
    assert_eq!(world.result(browser, "openSip", account)["registers"], true);
    assert_eq!(world.relay.counts().accounts, 1);
}

#[test]
fn sessions_beyond_the_limit_are_refused() {
    let mut config = Config::demo();
    config.limits.sessions = 1;
    let mut world = World::new(config);
    world.user("alice");
    let second = world.greeted();
    assert_eq!(world.error(second, "openLocal", json!({"login": "bob"})), "limitReached");
}

#[test]
fn a_lost_socket_is_taken_back_with_what_was_missed() {
    let mut world = World::demo();
    let alice = world.greeted();
    let token = world.result(alice, "openLocal", json!({"login": "alice"}))["token"].clone();
    world.call(alice, "c1", "noanswer");
    let seen = world.events(alice).len() as u64;
    world.lose(alice);
    world.user("bob");
    let bob = world.user("carol");
    world.call(bob, "b1", "alice");
    let (back, reply) = resume(&mut world, &token, seen);
    assert_eq!(reply["result"]["login"], "alice");
    let missed = world.events(back);
    assert_eq!(missed[0]["type"], "incomingCall");
    let numbers: Vec<u64> = missed.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (seen + 1..=seen + missed.len() as u64).collect::<Vec<_>>());
    world.result(back, "hangup", json!({"callId": "c1"}));
    assert_eq!(world.statuses(back, "c1"), ["FINISH"]);
}

#[test]
fn a_wrong_token_and_a_wrong_sequence_are_rejected() {
    let mut world = World::demo();
    let alice = world.greeted();
    let token = world.result(alice, "openLocal", json!({"login": "alice"}))["token"].clone();
    world.lose(alice);
    let forged = json!(token.as_str().unwrap().replace(['0', '1', '2', '3'], "f"));
    for (token, seq) in [(&json!("nonsense"), 0), (&forged, 0), (&token, 99)] {
        assert_eq!(resume(&mut world, token, seq).1["error"]["code"], "resumeRejected");
    }
    assert_eq!(resume(&mut world, &token, 0).1["error"], Value::Null);
}

#[test]
fn a_session_nobody_takes_back_ends_with_its_calls() {
    let mut world = World::demo();
    let alice = world.user("alice");
    world.call(alice, "c1", "echo");
    world.lose(alice);
    world.later(Duration::from_millis(29_999));
    assert_eq!(world.relay.counts().sessions, 1);
    world.later(Duration::from_millis(1));
    assert_eq!(world.relay.counts().sessions, 0);
    world.nothing_is_left();
}

#[test]
fn a_page_that_goes_away_ends_its_session_at_once() {
    let mut world = World::demo();
    let (alice, bob, call) = world.conversation();
    world.leave(alice);
    assert_eq!(world.statuses(bob, &call).last().unwrap(), "FINISH");
    world.leave(bob);
    assert_eq!(world.relay.counts().sessions, 0);
    world.nothing_is_left();
}

#[test]
fn a_session_resumed_elsewhere_leaves_its_old_connection() {
    let mut world = World::demo();
    let alice = world.greeted();
    let token = world.result(alice, "openLocal", json!({"login": "alice"}))["token"].clone();
    let (back, reply) = resume(&mut world, &token, 0);
    assert_eq!(reply["error"], Value::Null);
    assert_eq!(world.closed, [(alice.0, 4001)]);
    world.lose(alice);
    world.later(Duration::from_secs(60));
    assert_eq!(world.result(back, "ping", json!({})), json!({}));
    assert_eq!(world.relay.counts().sessions, 1);
}

#[test]
fn close_ends_calls_and_socket() {
    let mut world = World::demo();
    let alice = world.user("alice");
    world.call(alice, "c1", "echo");
    world.result(alice, "close", json!({}));
    assert_eq!(world.statuses(alice, "c1").last().unwrap(), "FINISH");
    assert_eq!(world.closed, [(alice.0, 1000)]);
    world.nothing_is_left();
}

#[test]
fn a_stopping_relay_tells_everybody_and_takes_nobody() {
    let mut world = World::demo();
    let (alice, bob, call) = world.conversation();
    world.relay.stop(world.now);
    world.collect();
    for (browser, call) in [(alice, "a1"), (bob, call.as_str())] {
        assert_eq!(world.statuses(browser, call).last().unwrap(), "FAILED");
        let events = world.events(browser);
        for event in events.iter().rev().take(2) {
            assert_eq!(event["error"]["code"], "shuttingDown");
        }
    }
    assert!(!world.relay.is_idle(), "the farewells are still on their way");
    world.lose(alice);
    world.lose(bob);
    assert!(world.relay.is_idle());
    world.nothing_is_left();
    let late = world.connect();
    assert!(world.closed.contains(&(late.0, 1013)));
}

#[test]
fn a_call_to_a_session_that_is_gone_is_refused_at_once() {
    let mut world = World::demo();
    let failure = world.relay.browser_callee(crate::session::SessionId(99), (), world.now).err().unwrap();
    assert_eq!(failure.sip_status, Some(480));
    world.nothing_is_left();
}
