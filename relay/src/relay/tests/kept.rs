//! Sessions that outlive their page, and the pages that take them over.

use serde_json::json;

use super::*;

const KEEP_ALIVE: Duration = Duration::from_secs(600);

/// A local user's session that is kept alive, and its token.
fn kept(world: &mut World, login: &str) -> (Browser, Value) {
    let browser = world.greeted();
    let opened = world.result(browser, "openLocal", json!({"login": login, "keepAlive": true, "appKey": "phone"}));
    assert_eq!((&opened["graceMs"], &opened["keepAliveMs"]), (&json!(600_000), &json!(600_000)));
    (browser, opened["token"].clone())
}

/// Another page that takes a session over, and what it was told.
fn page(world: &mut World, token: &Value) -> (Browser, Value) {
    let browser = world.greeted();
    let reply = world.result(browser, "resume", json!({"token": token, "lastSeq": 0, "fresh": true}));
    (browser, reply)
}

#[test]
fn a_session_that_is_not_kept_alive_has_the_ordinary_grace() {
    let mut world = World::demo();
    let browser = world.greeted();
    let opened = world.result(browser, "openLocal", json!({"login": "alice"}));
    assert_eq!((&opened["graceMs"], &opened["keepAliveMs"]), (&json!(30_000), &Value::Null));
}

#[test]
fn a_closed_page_leaves_a_kept_session_and_its_calls() {
    let mut world = World::demo();
    let (alice, token) = kept(&mut world, "alice");
    world.call(alice, "c1", "echo");
    world.leave(alice);
    assert_eq!((world.relay.counts().sessions, world.relay.counts().sessions_away), (1, 1));
    assert_eq!(world.relay.counts().calls, 1);
    let (_, reply) = page(&mut world, &token);
    assert_eq!(world.relay.counts().sessions_away, 0);
    assert_eq!(reply["calls"][0]["callId"], "c1");
}

#[test]
fn a_kept_session_ends_with_its_calls_when_nobody_comes() {
    let mut world = World::demo();
    let (alice, _) = kept(&mut world, "alice");
    world.call(alice, "c1", "echo");
    world.lose(alice);
    world.later(KEEP_ALIVE - Duration::from_millis(1));
    assert_eq!((world.relay.counts().sessions, world.relay.counts().calls), (1, 1));
    world.later(Duration::from_millis(1));
    assert_eq!(world.relay.counts().sessions, 0);
    world.nothing_is_left();
}

#[test]
fn a_far_end_hears_why_its_call_ended_when_nobody_came_back() {
    let mut world = World::demo();
    let (alice, bob, call) = world.conversation();
    world.lose(alice);
    world.later(Duration::from_secs(30));
    assert_eq!(world.statuses(bob, &call).last().unwrap(), "FAILED");
    let end = world.last(bob, "callStatus");
    assert_eq!(end["error"]["code"], "peerLost");
    assert_eq!(end["error"]["message"], "The connection to the other side was lost.");
    world.nothing_is_left();
}

#[test]
fn a_new_page_is_told_the_calls_and_nothing_twice() {
    let mut world = World::demo();
    let (alice, token) = kept(&mut world, "alice");
    let bob = world.user("bob");
    world.result(alice, "call", json!({"callId": "a1", "callee": "bob", "sdp": OFFER}));
    world.answer(bob);
    world.call(alice, "a2", "noanswer");
    world.result(alice, "hold", json!({"callId": "a1"}));
    let seen = world.events(alice).len();
    world.leave(alice);
    let (page, reply) = page(&mut world, &token);
    assert_eq!(reply["lastSeq"], seen);
    assert_eq!(world.events(page), Vec::<Value>::new());
    let calls = json!([
        {"callId": "a1", "caller": "alice", "callee": "bob", "status": "HOLD"},
        {"callId": "a2", "caller": "alice", "callee": "noanswer", "status": "RING"},
    ]);
    assert_eq!(reply["calls"], calls);
    world.result(page, "hangup", json!({"callId": "a2"}));
    assert_eq!(world.last(page, "callStatus")["seq"], seen + 1, "the numbers go on");
}

#[test]
fn a_call_that_was_answered_here_is_told_as_incoming() {
    let mut world = World::demo();
    let (bob, token) = kept(&mut world, "bob");
    let alice = world.user("alice");
    let headers = json!([{"name": "X-Order", "value": "7"}]);
    let fields = json!({"callId": "a1", "callee": "bob", "sdp": OFFER, "visibleName": "Alice A.", "headers": headers});
    world.result(alice, "call", fields);
    let call = world.answer(bob);
    world.leave(bob);
    let (_, reply) = page(&mut world, &token);
    let expected = json!({"callId": call, "incoming": true, "caller": "alice", "callee": "bob",
        "visibleName": "Alice A.", "status": "ESTABLISHED", "headers": headers});
    assert_eq!(reply["calls"], json!([expected]));
}

#[test]
fn a_ringing_call_rings_again_in_the_new_page() {
    let mut world = World::demo();
    let (bob, token) = kept(&mut world, "bob");
    let alice = world.user("alice");
    let fields = json!({"callId": "a1", "callee": "bob", "sdp": OFFER, "custom": "{\"order\":7}"});
    world.result(alice, "call", fields);
    let first = world.last(bob, "incomingCall");
    world.leave(bob);
    let (page, reply) = page(&mut world, &token);
    assert_eq!(reply["calls"], Value::Null);
    let again = world.last(page, "incomingCall");
    assert_eq!((&again["callId"], &again["custom"]), (&first["callId"], &json!("{\"order\":7}")));
    let call = world.answer(page);
    assert_eq!(world.statuses(alice, "a1").last().unwrap(), "ESTABLISHED");
    assert_eq!(world.statuses(page, &call), ["RING", "ESTABLISHED"]);
}

#[test]
fn a_call_for_a_session_without_a_page_rings_when_there_is_one() {
    let mut world = World::demo();
    let (bob, token) = kept(&mut world, "bob");
    world.leave(bob);
    let alice = world.user("alice");
    world.call(alice, "a1", "bob");
    assert_eq!(world.statuses(alice, "a1"), Vec::<String>::new());
    let (page, _) = page(&mut world, &token);
    world.answer(page);
    assert_eq!(world.statuses(alice, "a1").last().unwrap(), "ESTABLISHED");
}

#[test]
fn a_user_is_called_where_there_is_a_page() {
    let mut world = World::demo();
    let older = world.user("bob");
    let (newer, _) = kept(&mut world, "bob");
    world.leave(newer);
    let alice = world.user("alice");
    world.call(alice, "a1", "bob");
    assert_eq!(world.last(older, "incomingCall")["caller"], "alice");
}

#[test]
fn a_token_is_spent_once_the_new_page_has_spoken() {
    let mut world = World::demo();
    let (alice, token) = kept(&mut world, "alice");
    world.leave(alice);
    let (lost, _) = page(&mut world, &token);
    world.lose(lost);
    let (second, reply) = page(&mut world, &token);
    assert_ne!(reply["token"], token);
    world.result(second, "ping", json!({}));
    world.lose(second);
    let third = world.greeted();
    let old = json!({"token": token, "lastSeq": 0, "fresh": true});
    assert_eq!(world.error(third, "resume", old), "resumeRejected");
    let new = json!({"token": reply["token"], "lastSeq": 0, "fresh": true});
    assert_eq!(world.ask(third, "resume", new)["error"], Value::Null);
}

#[test]
fn a_page_that_is_taken_over_loses_its_connection() {
    let mut world = World::demo();
    let (alice, token) = kept(&mut world, "alice");
    page(&mut world, &token);
    assert_eq!(world.closed, [(alice.0, 4001)]);
}

#[test]
fn an_app_that_closes_can_keep_its_session_but_not_its_calls() {
    let mut world = World::demo();
    let (alice, token) = kept(&mut world, "alice");
    let bob = world.user("bob");
    world.call(alice, "a1", "bob");
    let call = world.answer(bob);
    world.result(alice, "close", json!({"keep": true}));
    assert_eq!(world.closed, [(alice.0, 1000)]);
    assert_eq!(world.statuses(alice, "a1").last().unwrap(), "FINISH");
    assert_eq!(world.statuses(bob, &call).last().unwrap(), "FINISH");
    world.leave(alice);
    assert_eq!(world.relay.counts().sessions, 2);
    let (_, reply) = page(&mut world, &token);
    assert_eq!((&reply["login"], &reply["calls"]), (&json!("alice"), &Value::Null));
}

#[test]
fn only_a_session_opened_for_it_is_kept() {
    let mut world = World::demo();
    let (kept, _) = kept(&mut world, "alice");
    let other = world.user("bob");
    world.result(other, "close", json!({"keep": true}));
    world.result(kept, "close", json!({}));
    assert_eq!(world.relay.counts().sessions, 0);
}

#[test]
fn a_new_page_hears_again_of_its_registration() {
    let mut world = World::demo();
    let browser = world.greeted();
    let account = json!({"login": "1001", "password": "x", "domain": "127.0.0.1", "register": true, "keepAlive": true});
    let opened = world.result(browser, "openSip", account);
    let id = crate::session::SessionId(opened["sessionId"].as_str().unwrap().parse().unwrap());
    let (lost, reply) = page(&mut world, &opened["token"]);
    assert_eq!(reply["registered"], Value::Null);
    assert!(world.events(lost).is_empty(), "it has heard nothing yet");
    let registered =
        offhook_protocol::event::Registration { state: offhook_protocol::RegistrationState::Registered, error: None };
    world.relay.emit(id, offhook_protocol::EventBody::Registration(registered));
    world.collect();
    let (fresh, reply) = page(&mut world, &reply["token"].clone());
    assert_eq!((&reply["registered"], &reply["lastSeq"]), (&json!(true), &json!(1)));
    let told = world.last(fresh, "registration");
    assert_eq!((&told["state"], &told["seq"]), (&json!("registered"), &json!(2)));
    world.lose(fresh);
    let back = world.greeted();
    let fields = json!({"token": reply["token"], "lastSeq": 1});
    assert_eq!(world.result(back, "resume", fields)["registered"], true);
    let numbers: Vec<_> = world.events(back).iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [2, 3], "what was missed, then the news of being registered still");
}

#[test]
fn a_browser_learns_which_of_its_requests_arrived() {
    let mut world = World::demo();
    let (alice, token) = kept(&mut world, "alice");
    world.result(alice, "ping", json!({}));
    world.lose(alice);
    let back = world.greeted();
    assert_eq!(world.result(back, "resume", json!({"token": token, "lastSeq": 0}))["lastRequest"], 7);
    let (other, reply) = page(&mut world, &token);
    assert_eq!(reply["lastRequest"], Value::Null);
    world.lose(other);
    let back = world.greeted();
    let fields = json!({"token": reply["token"], "lastSeq": 0});
    assert_eq!(world.result(back, "resume", fields)["lastRequest"], Value::Null, "another page's do not count");
}

#[test]
fn a_session_whose_events_are_forgotten_ends_with_a_reason() {
    let mut world = World::demo();
    let alice = world.greeted();
    let token = world.result(alice, "openLocal", json!({"login": "alice"}))["token"].clone();
    let bob = world.user("bob");
    world.call(alice, "a1", "bob");
    let call = world.answer(bob);
    let seen = world.events(alice).len();
    world.lose(alice);
    for number in 0..100 {
        let call = format!("b{number}");
        world.call(bob, &call, "alice");
        world.result(bob, "hangup", json!({"callId": call}));
        world.later(Duration::from_millis(100));
    }
    let back = world.greeted();
    let reply = world.ask(back, "resume", json!({"token": token, "lastSeq": seen}));
    assert_eq!(reply["error"]["code"], "resumeRejected");
    assert_eq!(reply["error"]["message"], "Events that were missed are no longer kept.");
    assert_eq!(world.last(bob, "callStatus")["error"]["code"], "peerLost");
    assert_eq!(world.statuses(bob, &call).last().unwrap(), "FAILED");
    world.nothing_is_left();
}

#[test]
fn what_an_app_says_of_itself_is_checked() {
    let mut world = World::demo();
    let browser = world.greeted();
    for (field, value) in [("appKey", "a\nb".to_owned()), ("custom", "x".repeat(4097))] {
        let mut fields = json!({"login": "alice"});
        fields[field] = json!(value);
        let reply = world.ask(browser, "openLocal", fields);
        assert_eq!((&reply["error"]["code"], &reply["error"]["field"]), (&json!("invalidField"), &json!(field)));
    }
}
