//! Sessions on real WebSockets that do not work out.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

mod page;

use offhook_sdk::driver::fields::property;
use offhook_sdk::sdk::Sdk;
use page::{Sink, code, object, session_options};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Nothing listens on the discard port.
const NOBODY: &str = "ws://127.0.0.1:9/";

#[wasm_bindgen_test]
async fn a_refused_socket_is_an_unreachable_relay() {
    let sink = Sink::new();
    let sdk = Sdk::new(sink.sink());
    sdk.open_session("s".into(), session_options(NOBODY)).unwrap();
    assert_eq!(sdk.session_status("s"), "PENDING");
    let event = sink.reaches("s", "FAILED").await;
    assert_eq!(code(&event), "relayUnreachable");
    assert_eq!(sink.told("s"), ["FAILED"]);
    assert_eq!(sdk.session_status("s"), "");
}

#[wasm_bindgen_test]
async fn an_address_the_browser_refuses_is_an_unreachable_relay() {
    let sink = Sink::new();
    let sdk = Sdk::new(sink.sink());
    sdk.open_session("s".into(), session_options("ws://:::")).unwrap();
    assert_eq!(code(&sink.reaches("s", "FAILED").await), "relayUnreachable");
}

#[wasm_bindgen_test]
async fn events_come_after_the_command_that_caused_them_has_returned() {
    let sink = Sink::new();
    let sdk = Sdk::new(sink.sink());
    sdk.open_session("s".into(), session_options("ws://:::")).unwrap();
    assert_eq!(sink.count(), 0);
    sink.reaches("s", "FAILED").await;
}

#[wasm_bindgen_test]
async fn closing_a_session_that_is_opening_disconnects_it() {
    let sink = Sink::new();
    let sdk = Sdk::new(sink.sink());
    sdk.open_session("s".into(), session_options(NOBODY)).unwrap();
    sdk.close_session("s", false);
    sink.reaches("s", "DISCONNECTED").await;
    assert_eq!(sink.told("s"), ["DISCONNECTED"]);
}

#[wasm_bindgen_test]
fn a_bad_login_is_thrown_with_its_field_before_anything_is_sent() {
    let sdk = Sdk::new(Sink::new().sink());
    let sip = object([("login", "al ice".into()), ("domain", "example.com".into())]);
    let options = object([("urlServer", NOBODY.into()), ("sipOptions", sip)]);
    let thrown = sdk.open_session("s".into(), options).unwrap_err();
    assert_eq!(property(&thrown, "code").as_string().as_deref(), Some("invalidField"));
    assert_eq!(property(&thrown, "field").as_string().as_deref(), Some("login"));
    assert!(thrown.is_instance_of::<js_sys::Error>());
    assert_eq!(sdk.session_status("s"), "");
}
