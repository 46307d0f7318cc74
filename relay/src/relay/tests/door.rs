//! What a connection may ask before and beside a session.

use serde_json::json;

use super::*;
use crate::session::ConnectionId;

#[test]
fn requests_before_hello_are_refused() {
    let mut world = World::demo();
    let browser = world.connect();
    for (kind, fields) in [("ping", json!({})), ("openLocal", json!({"login": "a"})), ("close", json!({}))] {
        assert_eq!(world.error(browser, kind, fields), "helloRequired");
    }
}

#[test]
fn another_version_is_refused_and_the_right_one_may_follow() {
    let mut world = World::demo();
    let browser = world.connect();
    assert_eq!(world.error(browser, "hello", json!({"version": 2, "client": "x"})), "versionUnsupported");
    let welcome = world.result(browser, "hello", json!({"version": 1, "client": "x"}));
    assert_eq!(welcome["version"], 1);
}

#[test]
fn hello_and_open_are_said_once() {
    let mut world = World::demo();
    let browser = world.user("alice");
    assert_eq!(world.error(browser, "hello", json!({"version": 1, "client": "x"})), "invalidSessionState");
    assert_eq!(world.error(browser, "openLocal", json!({"login": "bob"})), "invalidSessionState");
    assert_eq!(world.relay.counts().sessions, 1);
}

#[test]
fn calls_need_a_session() {
    let mut world = World::demo();
    let browser = world.connect();
    world.result(browser, "hello", json!({"version": 1, "client": "x"}));
    assert_eq!(world.error(browser, "hangup", json!({"callId": "x"})), "invalidSessionState");
    assert_eq!(world.result(browser, "ping", json!({})), json!({}));
}

#[test]
fn what_cannot_be_read_is_answered_with_its_failure() {
    let mut world = World::demo();
    let browser = world.connect();
    for frame in ["{", "[]", "{\"id\":3}", "{\"id\":3,\"type\":\"dance\"}"] {
        let error = Request::parse(frame).unwrap_err();
        world.input(Input::Received(browser.0, Received::Unreadable(error.id, error.failure)));
    }
    let codes: Vec<_> = world.sent.iter().map(|(_, frame)| frame["error"]["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["badRequest", "badRequest", "badRequest", "unknownRequest"]);
}

#[test]
fn a_flood_is_cut_off() {
    let mut world = World::demo();
    let browser = world.user("alice");
    while world.closed.is_empty() {
        world.ask(browser, "ping", json!({}));
        assert!(world.sent.len() < 1000);
    }
    assert_eq!(world.closed, [(browser.0, 1008)]);
    let sent = world.sent.len();
    let more = Request::parse("{\"id\":1,\"type\":\"ping\"}").unwrap();
    world.input(Input::Received(browser.0, Received::Request(Box::new(more))));
    assert_eq!(world.sent.len(), sent, "nothing is said to a connection that is being closed");
}

#[test]
fn a_session_cut_off_for_its_flood_ends_unless_it_is_taken_back() {
    let mut world = World::demo();
    let browser = world.user("alice");
    world.call(browser, "a1", "echo");
    while world.closed.is_empty() {
        world.ask(browser, "ping", json!({}));
    }
    world.lose(browser);
    assert_eq!(world.relay.counts().sessions, 1, "it may come back");
    world.later(Duration::from_secs(31));
    assert_eq!(world.relay.counts().sessions, 0);
    world.nothing_is_left();
}

#[test]
fn a_connection_without_a_session_does_not_stay() {
    let mut world = World::demo();
    let silent = world.connect();
    let alice = world.user("alice");
    world.later(Duration::from_secs(15));
    assert_eq!(world.closed, [(silent.0, 4002)]);
    assert_eq!(world.result(alice, "ping", json!({})), json!({}));
}

#[test]
fn connections_beyond_the_limit_are_turned_away() {
    let mut config = Config::demo();
    config.limits.connections = 1;
    let mut world = World::new(config);
    world.connect();
    let second = world.connect();
    assert_eq!(world.closed, [(second.0, 1013)]);
}

#[test]
fn an_input_of_an_unknown_connection_is_ignored() {
    let mut world = World::demo();
    let stranger = ConnectionId(99);
    let request = Request::parse("{\"id\":1,\"type\":\"ping\"}").unwrap();
    world.input(Input::Received(stranger, Received::Request(Box::new(request))));
    world.input(Input::Closed(stranger, CloseReason::Lost));
    assert!(world.sent.is_empty());
}
