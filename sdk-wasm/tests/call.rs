//! Whole calls in a browser, with a relay that lives in the page.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

mod page;

use offhook_sdk::driver::fields::property;
use page::phone::Page;
use page::{code, element, object, place, session_options, still_open, until, watch};
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn a_session_opens_and_tells_its_login() {
    let page = Page::new().await;
    assert_eq!(page.sink.told("s"), ["CONNECTED", "ESTABLISHED"]);
    assert_eq!(page.sdk.session_status("s"), "ESTABLISHED");
    assert_eq!(property(&page.sink.reaches("s", "ESTABLISHED").await, "login").as_string().as_deref(), Some("alice"));
}

#[wasm_bindgen_test]
async fn a_call_is_connected_and_leaves_nothing_behind() {
    let page = Page::new().await;
    page.create("c");
    assert_eq!(page.sdk.call_status("c"), "NEW");
    page.sdk.call("c").unwrap();
    assert_eq!(page.sdk.call_status("c"), "PENDING");
    page.sink.reaches("c", "ESTABLISHED").await;
    assert!(element("c-local").is_some());
    until("the far end to be heard", || element("c-remote").is_some()).await;
    page.sdk.hangup("c").unwrap();
    page.sink.reaches("c", "FINISH").await;
    assert_eq!(page.sink.told("c"), ["TRYING", "RING", "ESTABLISHED", "FINISH"]);
    page.relay.close();
    page.sdk.close_session("s", false);
    page.sink.reaches("s", "DISCONNECTED").await;
    assert_eq!(still_open(), [0; 4]);
}

#[wasm_bindgen_test]
async fn a_call_that_comes_in_is_answered() {
    let page = Page::new().await;
    JsFuture::from(page.relay.invite("in")).await.unwrap();
    let event = page.sink.gets("incoming").await;
    assert_eq!(property(&event, "caller").as_string().as_deref(), Some("alice"));
    page.sink.reaches("in", "RING").await;
    page.sdk.answer("in", object([("remoteVideoDisplay", place().into())])).unwrap();
    JsFuture::from(page.relay.connect("in")).await.unwrap();
    page.sink.reaches("in", "ESTABLISHED").await;
    until("the caller to be heard", || element("in-remote").is_some()).await;
    page.relay.status("in", "FINISH");
    page.sink.reaches("in", "FINISH").await;
    assert_eq!(page.sink.told("in"), ["RING", "ESTABLISHED", "FINISH"]);
    page.relay.close();
    assert_eq!(still_open(), [0, 0, 1, 0]);
}

#[wasm_bindgen_test]
async fn hanging_up_inside_an_event_works() {
    let page = Page::new().await;
    page.react(|sdk, event| {
        if property(&event, "status").as_string().as_deref() == Some("RING") {
            sdk.hangup("c").unwrap();
            assert_eq!(sdk.call_status("c"), "RING");
        }
    });
    page.create("c");
    page.sdk.call("c").unwrap();
    page.sink.reaches("c", "FINISH").await;
    assert_eq!(still_open()[..2], [0, 0]);
}

#[wasm_bindgen_test]
async fn a_call_can_be_made_and_the_session_closed_inside_events() {
    let page = Page::unopened();
    watch();
    page.react(|sdk, event| match property(&event, "status").as_string().as_deref() {
        Some("ESTABLISHED") if property(&event, "kind") == "session" => {
            sdk.create_call("s", "c", object([("callee", "echo".into())])).unwrap();
            sdk.call("c").unwrap();
        }
        Some("ESTABLISHED") => sdk.close_session("s", false),
        _ => {}
    });
    page.sdk.open_session("s".into(), session_options("ws://relay.test/")).unwrap();
    page.sink.reaches("s", "DISCONNECTED").await;
    assert_eq!(page.sink.told("c").last().map(String::as_str), Some("FINISH"));
    page.relay.close();
    assert_eq!(still_open(), [0; 4]);
}

#[wasm_bindgen_test]
async fn hanging_up_while_an_element_is_put_into_the_page_leaves_nothing_behind() {
    let page = Page::new().await;
    let hang_up = {
        let sdk = page.sdk.clone();
        Closure::<dyn FnMut()>::new(move || sdk.hangup("c").unwrap())
    };
    let place = page::reacting_place(hang_up.as_ref().unchecked_ref());
    page.sdk.create_call("s", "c", object([("callee", "echo".into()), ("localVideoDisplay", place.into())])).unwrap();
    page.sdk.call("c").unwrap();
    page.sink.reaches("c", "FAILED").await;
    until("everything to be let go", || still_open() == [0, 0, 1, 0]).await;
}

#[wasm_bindgen_test]
async fn an_app_that_throws_hears_the_next_event_all_the_same() {
    let page = Page::new().await;
    let throwing = js_sys::Function::new_no_args("throw new Error('the app threw, as this test wants it to')");
    page.sink.react(&throwing);
    page.create("c");
    page.sdk.call("c").unwrap();
    page.sink.reaches("c", "ESTABLISHED").await;
    page.sdk.hangup("c").unwrap();
    page.sink.reaches("c", "FINISH").await;
    page.relay.close();
}

#[wasm_bindgen_test]
async fn a_refused_microphone_fails_the_call_and_the_relay_never_hears_of_it() {
    let page = Page::new().await;
    page::refuse_microphone("NotAllowedError");
    page.create("c");
    page.sdk.call("c").unwrap();
    let event = page.sink.reaches("c", "FAILED").await;
    page::refuse_microphone("");
    assert_eq!(code(&event), "microphoneDenied");
    assert_eq!((page.relay.requests("call"), page.relay.requests("hangup")), (0, 0));
}

#[wasm_bindgen_test]
async fn a_relay_lost_for_good_fails_the_call_and_lets_go_of_the_microphone() {
    let options = session_options("ws://relay.test/");
    offhook_sdk::driver::fields::set(&options, "reconnectTimeout", 0);
    let page = Page::with(options).await;
    page.call("c").await;
    page.relay.drop();
    assert_eq!(code(&page.sink.reaches("c", "FAILED").await), "relayLost");
    page.sink.reaches("s", "DISCONNECTED").await;
    page.relay.close();
    assert_eq!(still_open(), [0; 4]);
}

#[wasm_bindgen_test]
async fn frames_that_make_no_sense_are_ignored() {
    let page = Page::new().await;
    for frame in ["", "nonsense", "null", "7", "[]", "{}", r#"{"type":"reply"}"#, r#"{"type":"dance","seq":1}"#] {
        page.relay.text(frame);
    }
    page.call("c").await;
    page.relay.close();
}

#[wasm_bindgen_test]
async fn media_options_reach_the_peer_connection() {
    let media_options = object([("bundlePolicy", "max-bundle".into())]);
    let options = session_options("ws://relay.test/");
    offhook_sdk::driver::fields::set(&options, "mediaOptions", media_options);
    let page = Page::with(options).await;
    page.call("c").await;
    assert_eq!(property(&page::last_configuration(), "bundlePolicy"), "max-bundle");
    page.relay.close();
}

#[wasm_bindgen_test]
async fn muting_holds_through_the_call() {
    let page = Page::new().await;
    assert!(page.sdk.audio_muted("none"));
    page.create("c");
    page.sdk.set_audio_muted("c", true);
    page.sdk.call("c").unwrap();
    page.sink.reaches("c", "ESTABLISHED").await;
    assert!(page.sdk.audio_muted("c"));
    page.sdk.set_audio_muted("c", false);
    assert!(!page.sdk.audio_muted("c"));
    page.relay.close();
}

#[wasm_bindgen_test]
async fn commands_out_of_place_are_thrown_with_a_code() {
    let page = Page::new().await;
    page.create("c");
    for thrown in [
        page.sdk.hold("c", false),
        page.sdk.answer("c", JsValue::UNDEFINED),
        page.sdk.call("none"),
        page.sdk.send_dtmf("c", "1", None),
    ] {
        assert_eq!(property(&thrown.unwrap_err(), "code"), "invalidCallState");
    }
    let thrown = page.sdk.create_call("none", "d", object([("callee", "echo".into())]));
    assert_eq!(property(&thrown.unwrap_err(), "code"), "invalidSessionState");
    page.sdk.hangup("c").unwrap();
    page.sdk.hangup("c").unwrap();
}

#[wasm_bindgen_test]
async fn dropping_the_phone_lets_go_of_everything() {
    let page = Page::new().await;
    page.call("c").await;
    let Page { relay, sdk, sink } = page;
    drop(sdk);
    assert_eq!(relay.close_code(), Some(1000), "otherwise the relay waits for the browser to come back");
    relay.close();
    assert_eq!(still_open(), [0; 4]);
    assert_eq!(sink.told("c").last().map(String::as_str), Some("ESTABLISHED"));
}

#[wasm_bindgen_test]
async fn many_calls_need_no_more_memory_than_a_few_and_hold_on_to_nothing() {
    let page = Page::new().await;
    let bytes = || property(&property(&wasm_bindgen::memory(), "buffer"), "byteLength").as_f64();
    let held = || page::held(&property(&wasm_bindgen::exports(), "__wbindgen_externrefs"));
    let (mut memory, mut few) = (None, 0);
    for round in 0..30 {
        let id = round.to_string();
        page.call(&id).await;
        page.sdk.hangup(&id).unwrap();
        page.sink.reaches(&id, "FINISH").await;
        page.relay.close();
        if round == 10 {
            (memory, few) = (bytes(), held());
        }
    }
    assert_eq!((bytes(), held()), (memory, few));
    assert_eq!(still_open(), [0, 0, 1, 0]);
}
