//! Sockets and networks that come and go under a session, and what else passes between page and relay.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

mod page;

use offhook_sdk::driver::fields::{property, set};
use page::phone::Page;
use page::{code, element, happen, json, kept, object, place, rejection, session_options, still_open, until};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const RELAY: &str = "ws://relay.test/";

fn with(change: &str) -> JsValue {
    let options = session_options(RELAY);
    js_sys::Object::assign(options.unchecked_ref::<js_sys::Object>(), json(change).unchecked_ref::<js_sys::Object>());
    options
}

fn text(event: &JsValue, name: &str) -> String {
    property(event, name).as_string().unwrap_or_default()
}

#[wasm_bindgen_test]
async fn a_lost_socket_is_replaced_and_the_call_goes_on() {
    let page = Page::new().await;
    page.call("c").await;
    page.relay.drop();
    let lost = page.sink.gets("connection").await;
    assert_eq!((text(&lost, "state").as_str(), code(&lost).as_str()), ("lost", "relayLost"));
    page.relay.gets("resume").await;
    page.sink.event("connection", "restored").await;
    assert_eq!((page.relay.sockets(), page.relay.old_sockets_are_deaf()), (2, true));
    assert_eq!(page.sdk.call_status("c"), "ESTABLISHED");
    assert_eq!(still_open()[..3], [1, 1, 1]);
    page.sdk.hangup("c").unwrap();
    page.sink.reaches("c", "FINISH").await;
    page.relay.close();
}

#[wasm_bindgen_test]
async fn requests_made_meanwhile_are_sent_afterwards() {
    let page = Page::new().await;
    page.call("c").await;
    page.relay.set_gone(true);
    page.relay.drop();
    page.sink.gets("connection").await;
    page.sdk.hold("c", false).unwrap();
    page.relay.set_gone(false);
    page.relay.gets("hold").await;
    page.relay.close();
}

#[wasm_bindgen_test]
async fn when_the_network_is_back_it_is_tried_at_once() {
    let page = Page::new().await;
    page.relay.set_gone(true);
    page.relay.drop();
    let relay = page.relay.clone();
    until("three attempts", move || relay.sockets() >= 4).await;
    page.relay.set_gone(false);
    let before = page.relay.sockets();
    happen("online");
    assert_eq!(page.relay.sockets(), before + 1);
    page.sink.event("connection", "restored").await;
}

#[wasm_bindgen_test]
async fn the_balancer_names_the_relay() {
    let page = Page::with(with(r#"{"lbUrl": "data:application/json,{\"server\":\"r2.test\",\"ws\":9000}"}"#)).await;
    assert_eq!(page.relay.url(), "ws://r2.test:9000/");
    page.sdk.close_session("s", false);
    page.sink.reaches("s", "DISCONNECTED").await;
}

#[wasm_bindgen_test]
async fn a_balancer_without_an_answer_leaves_the_url() {
    for url in ["data:application/json,nonsense", "http://127.0.0.1:1/"] {
        let page = Page::with(with(&[r#"{"lbUrl": ""#, url, r#""}"#].concat())).await;
        assert_eq!(page.relay.url(), RELAY);
    }
}

#[wasm_bindgen_test]
async fn data_that_is_handed_over_keeps_its_promise() {
    let page = Page::new().await;
    assert!(kept(page.sdk.send_data("s", r#"{"a":1}"#.into(), None)).await.is_undefined());
    let sent = page.relay.gets("sendData").await;
    assert_eq!(text(&sent, "payload"), r#"{"a":1}"#);
    assert_eq!(rejection(page.sdk.send_data("none", "1".into(), None)).await.0, "invalidSessionState");
}

#[wasm_bindgen_test]
async fn data_from_elsewhere_reaches_the_app() {
    let page = Page::new().await;
    page.relay.event(&json(r#"{"type": "appData", "payload": "[1]", "from": "bob"}"#));
    let event = page.sink.gets("appData").await;
    assert_eq!((text(&event, "payload"), text(&event, "from")), ("[1]".into(), "bob".into()));
}

#[wasm_bindgen_test]
async fn reports_and_debugging_reach_the_relay() {
    let page = Page::new().await;
    page.sdk.report("s", "it hums".into()).unwrap();
    page.sdk.debug("s", true).unwrap();
    assert_eq!(text(&page.relay.gets("report").await, "text"), "it hums");
    assert_eq!(property(&page.relay.gets("debug").await, "enabled"), JsValue::TRUE);
    assert!(page.sdk.report("none", String::new()).is_err());
}

#[wasm_bindgen_test]
async fn a_transfer_reaches_the_relay_and_comes_back_as_news() {
    let page = Page::new().await;
    page.call("c").await;
    assert!(page.sdk.transfer("c", None, None).is_err());
    assert!(page.sdk.transfer("c", Some("a b".into()), None).is_err());
    page.sdk.transfer("c", Some("200".into()), None).unwrap();
    assert_eq!(text(&page.relay.gets("transfer").await, "target"), "200");
    page.relay
        .event(&json(r#"{"type": "transfer", "callId": "c", "status": "FAILED", "target": "200", "sipStatus": 404}"#));
    let event = page.sink.gets("transfer").await;
    assert_eq!((text(&event, "status").as_str(), property(&event, "sipStatus")), ("FAILED", 404.into()));
    page.relay.close();
}

#[wasm_bindgen_test]
async fn a_page_that_goes_ends_its_session() {
    let page = Page::new().await;
    happen("pagehide");
    assert_eq!(page.relay.close_code(), Some(1000));
}

#[wasm_bindgen_test]
async fn a_session_that_is_kept_alive_survives_its_page() {
    let page = Page::with(with(r#"{"keepAlive": true}"#)).await;
    happen("pagehide");
    assert_eq!((page.relay.close_code(), page.relay.requests("close")), (None, 0));
}

#[wasm_bindgen_test]
async fn a_fresh_page_takes_its_call_back_and_gives_it_media() {
    let page = Page::unopened();
    page::watch();
    page.relay.set_resumed(&json(
        r#"{"keepAliveMs": 60000, "calls": [
            {"callId": "c", "incoming": true, "caller": "bob", "callee": "alice", "status": "ESTABLISHED"}
        ]}"#,
    ));
    let options = object([("urlServer", RELAY.into()), ("authToken", "t0ken".into())]);
    page.sdk.open_session("s".into(), options).unwrap();
    let call = page.sink.gets("resumed").await;
    assert_eq!((text(&call, "caller").as_str(), text(&call, "status").as_str()), ("bob", "ESTABLISHED"));
    page.sink.reaches("s", "ESTABLISHED").await;
    page.sdk.attach("c", object([("remoteVideoDisplay", place().into())])).unwrap();
    page.relay.gets("offer").await;
    until("the far end", || element("c-remote").is_some()).await;
    page.sdk.hangup("c").unwrap();
    page.sink.reaches("c", "FINISH").await;
    page.relay.close();
}

#[wasm_bindgen_test]
async fn a_second_description_of_the_relays_is_answered() {
    let page = Page::new().await;
    page.call("c").await;
    for round in 1..3 {
        kept(page.relay.offer("c")).await;
        let relay = page.relay.clone();
        until("the answer", move || relay.requests("sdp") == round).await;
    }
    assert_eq!(page::connection_count(), 1);
    page.relay.close();
}

/// A call whose sound comes in.
async fn heard_call() -> Page {
    let page = Page::new().await;
    page.relay.set_reachable(true);
    page.call("c").await;
    kept(page::sound_arrives(0)).await;
    page
}

fn credentials(offer: &JsValue) -> String {
    let sdp = text(offer, "sdp");
    sdp.lines().find(|line| line.starts_with("a=ice-ufrag:")).unwrap().to_owned()
}

#[wasm_bindgen_test]
async fn another_network_makes_the_call_find_itself_a_new_way() {
    let page = heard_call().await;
    happen("online");
    let offer = page.relay.gets("offer").await;
    assert_ne!(credentials(&offer), credentials(&page.relay.gets("call").await));
    page.sink.event("media", "restarting").await;
    page.sink.event("media", "restored").await;
    assert_eq!(page.sdk.call_status("c"), "ESTABLISHED");
    page.relay.close();
}

#[wasm_bindgen_test]
async fn sound_that_stops_makes_the_call_find_itself_a_new_way() {
    let page = heard_call().await;
    page.relay.silence();
    page.relay.gets("offer").await;
    page.relay.close();
}

#[wasm_bindgen_test]
async fn on_hold_silence_is_what_it_should_be() {
    let page = heard_call().await;
    page.relay.status("c", "HOLD");
    page.sink.reaches("c", "HOLD").await;
    page.relay.silence();
    let late = js_sys::Date::now() + 2_500.0;
    until("time to pass", move || js_sys::Date::now() > late).await;
    assert_eq!(page.relay.requests("offer"), 0);
    page.relay.close();
}

#[wasm_bindgen_test]
async fn headers_and_app_data_of_a_call_reach_the_app() {
    let page = Page::new().await;
    set(&page.relay, "extras", json(r#"{"headers": [{"name": "X-A", "value": "7"}], "custom": "{\"k\":1}"}"#));
    kept(page.relay.invite("in")).await;
    let event = page.sink.gets("incoming").await;
    let header = property(&property(&event, "headers"), "0");
    assert_eq!(
        (text(&header, "name"), text(&header, "value"), text(&event, "custom")),
        ("X-A".into(), "7".into(), r#"{"k":1}"#.into())
    );
    page.relay.close();
}
