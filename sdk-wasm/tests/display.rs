//! Where a call is seen and heard.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

mod page;

use offhook_sdk::driver::fields::{property, set};
use offhook_sdk::driver::media::{all, is_live, tracks};
use page::phone::Page;
use page::{element, json, kept, object, place, still_open, until};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, HtmlMediaElement};

wasm_bindgen_test_configure!(run_in_browser);

fn video(id: &str) -> HtmlMediaElement {
    element(id).unwrap_or_else(|| panic!("no {id}")).unchecked_into()
}

fn displays(local: &Element, remote: &Element) -> JsValue {
    object([("localVideoDisplay", local.into()), ("remoteVideoDisplay", remote.into())])
}

async fn shown(id: &'static str) -> HtmlMediaElement {
    until(id, move || element(id).is_some()).await;
    video(id)
}

async fn hang_up(page: &Page, call_id: &str) {
    page.sdk.hangup(call_id).unwrap();
    page.sink.reaches(call_id, "FINISH").await;
    page.relay.close();
}

#[wasm_bindgen_test]
async fn the_far_end_is_heard_by_itself_and_we_are_not() {
    let page = Page::new().await;
    page.call("c").await;
    let remote = shown("c-remote").await;
    until("the far end to be heard", move || !remote.muted()).await;
    assert!(video("c-local").muted() && !video("c-local").paused());
    hang_up(&page, "c").await;
}

#[wasm_bindgen_test]
async fn where_sound_needs_a_click_it_is_silent_until_there_is_one() {
    let page = Page::new().await;
    let before = page::listener_count();
    page::block_sound(true);
    page.call("c").await;
    let remote = shown("c-remote").await;
    assert!(remote.muted() && !remote.paused(), "the picture runs");
    page::touch();
    until("the far end to be heard", move || !remote.muted()).await;
    assert_eq!(page::listener_count(), before);
    hang_up(&page, "c").await;
}

#[wasm_bindgen_test]
async fn a_call_that_ends_before_the_click_no_longer_waits_for_it() {
    let page = Page::new().await;
    let before = page::listener_count();
    page::block_sound(true);
    page.call("c").await;
    shown("c-remote").await;
    hang_up(&page, "c").await;
    page::block_sound(false);
    assert_eq!(page::listener_count(), before);
}

#[wasm_bindgen_test]
async fn controls_are_shown_where_the_app_wants_them() {
    let page = Page::new().await;
    let options = displays(&place(), &place());
    set(&options, "useControls", true);
    page.call_with("c", options).await;
    assert!(shown("c-remote").await.controls());
    hang_up(&page, "c").await;
    page.call("d").await;
    assert!(!shown("d-remote").await.controls());
    hang_up(&page, "d").await;
}

#[wasm_bindgen_test]
async fn an_element_of_the_apps_own_is_used_and_left_where_it_is() {
    let page = Page::new().await;
    let place = place();
    place.set_inner_html("<video id='mine'></video>");
    page.call_with("c", object([("remoteVideoDisplay", video("mine").into())])).await;
    until("the far end", || video("mine").src_object().is_some()).await;
    hang_up(&page, "c").await;
    assert!(video("mine").src_object().is_none());
    place.remove();
}

#[wasm_bindgen_test]
async fn without_a_display_the_far_end_is_heard_all_the_same() {
    let page = Page::new().await;
    page.call_with("c", object([])).await;
    let sdk = page.sdk.clone();
    until("sound", move || sdk.volume("c") == 100.0).await;
    hang_up(&page, "c").await;
}

#[wasm_bindgen_test]
async fn sound_and_picture_of_the_far_end_are_one_stream_in_one_element() {
    let page = Page::new().await;
    page.relay.set_video(true);
    let options = displays(&place(), &place());
    set(&options, "constraints", json(r#"{"audio": true, "video": true}"#));
    set(&options, "receiveVideo", true);
    page.call_with("c", options).await;
    let remote = shown("c-remote").await;
    let stream = move || remote.src_object().unwrap();
    until("both tracks", move || all(&stream()).count() == 2).await;
    hang_up(&page, "c").await;
}

#[wasm_bindgen_test]
async fn the_volume_is_remembered_until_there_is_sound() {
    let page = Page::new().await;
    page.create("c");
    assert_eq!(page.sdk.volume("c"), -1.0);
    page.sdk.set_volume("c", 30.0);
    page.sdk.call("c").unwrap();
    page.sink.reaches("c", "ESTABLISHED").await;
    let remote = shown("c-remote").await;
    assert_eq!((page.sdk.volume("c"), remote.volume()), (30.0, 0.3));
    page.sdk.set_volume("c", 250.0);
    assert_eq!(page.sdk.volume("c"), 100.0);
    hang_up(&page, "c").await;
    assert_eq!(page.sdk.volume("c"), -1.0);
}

#[wasm_bindgen_test]
async fn the_loudspeaker_is_remembered_until_there_is_sound() {
    let page = Page::new().await;
    page.create("c");
    assert!(page.sdk.set_audio_output("c", "default".into()).is_undefined());
    page.sdk.call("c").unwrap();
    page.sink.reaches("c", "ESTABLISHED").await;
    let remote = shown("c-remote").await;
    until("the loudspeaker", move || property(&remote, "sinkId") == "default").await;
    let chosen = page.sdk.set_audio_output("c", String::new());
    assert!(kept(chosen.dyn_into().unwrap()).await.is_undefined());
    assert_eq!(property(&video("c-remote"), "sinkId"), "");
    hang_up(&page, "c").await;
}

#[wasm_bindgen_test]
async fn the_loudspeaker_can_be_among_the_constraints() {
    let page = Page::new().await;
    let options = displays(&place(), &place());
    set(&options, "constraints", json(r#"{"audio": {"outputId": "default"}}"#));
    page.call_with("c", options).await;
    let remote = shown("c-remote").await;
    until("the loudspeaker", move || property(&remote, "sinkId") == "default").await;
    hang_up(&page, "c").await;
}

#[wasm_bindgen_test]
async fn what_is_not_sent_counts_as_muted() {
    let page = Page::new().await;
    page.create("c");
    assert!(page.sdk.audio_muted("c") && page.sdk.video_muted("c"));
    page.sdk.call("c").unwrap();
    page.sink.reaches("c", "ESTABLISHED").await;
    assert!(!page.sdk.audio_muted("c") && page.sdk.video_muted("c"));
    hang_up(&page, "c").await;
    assert!(page.sdk.audio_muted("c"));
}

#[wasm_bindgen_test]
async fn an_element_that_waits_is_used_and_waits_again() {
    let page = Page::new().await;
    let (local, remote) = (place(), place());
    local.set_inner_html("<video id='first-LOCAL_CACHED_VIDEO'></video>");
    remote.set_inner_html("<video id='first-REMOTE_CACHED_VIDEO'></video>");
    let (ours, theirs) = (video("first-LOCAL_CACHED_VIDEO"), video("first-REMOTE_CACHED_VIDEO"));
    page.call_with("c", displays(&local, &remote)).await;
    assert_eq!((ours.id().as_str(), shown("c-remote").await == theirs), ("c-local", true));
    hang_up(&page, "c").await;
    assert_eq!([ours.id(), theirs.id()], ["c-local-LOCAL_CACHED_VIDEO", "c-remote-REMOTE_CACHED_VIDEO"]);
    assert!(ours.src_object().is_none() && theirs.src_object().is_none());
    assert_eq!(still_open()[0], 0);
    local.remove();
    remote.remove();
}

#[wasm_bindgen_test]
async fn elements_stay_for_the_next_call_where_the_app_wants_that() {
    let page = Page::new().await;
    let (local, remote) = (place(), place());
    for id in ["c", "d"] {
        let options = displays(&local, &remote);
        set(&options, "keepElements", true);
        page.call_with(id, options).await;
        hang_up(&page, id).await;
    }
    assert_eq!((local.child_element_count(), still_open()[0]), (1, 0));
    assert!(element("d-local-LOCAL_CACHED_VIDEO").is_some());
    local.remove();
    remote.remove();
}

/// A call on that display with open media kept afterwards; gives the microphone's track.
async fn keeping_call(page: &Page, id: &str, local: &Element, constraints: &str) -> String {
    let options = object([("localVideoDisplay", local.into()), ("constraints", json(constraints))]);
    set(&options, "cacheLocalResources", true);
    page.call_with(id, options).await;
    let stream = video(&[id, "-local"].concat()).src_object().unwrap();
    let track = tracks(&stream, "audio").next().unwrap();
    hang_up(page, id).await;
    assert!(is_live(&track));
    track.id()
}

#[wasm_bindgen_test]
async fn kept_media_is_used_by_the_next_call_with_the_same_constraints() {
    let page = Page::new().await;
    let local = place();
    let first = keeping_call(&page, "c", &local, r#"{"audio": true}"#).await;
    let waiting = video("c-local-LOCAL_CACHED_VIDEO");
    assert_eq!(waiting.get_attribute("data-constraints").as_deref(), Some(r#"{"audio":true,"video":false}"#));
    assert_eq!(keeping_call(&page, "d", &local, r#"{"audio": true}"#).await, first);
    let other = keeping_call(&page, "e", &local, r#"{"audio": {"echoCancellation": false}}"#).await;
    assert_ne!(other, first);
    assert_eq!((still_open()[0], local.child_element_count()), (1, 1), "what fits no longer is closed");
    page.call_with("f", displays(&local, &place())).await;
    hang_up(&page, "f").await;
    assert_eq!(still_open()[0], 0, "a call that keeps nothing closes what it took");
    local.remove();
}

#[wasm_bindgen_test]
async fn media_the_page_opened_ahead_is_used() {
    let page = Page::new().await;
    let local = place();
    local
        .set_inner_html(r#"<video id="x-LOCAL_CACHED_VIDEO" data-constraints='{"audio":true,"video":false}'></video>"#);
    let ahead = kept(page::open_microphone()).await;
    video("x-LOCAL_CACHED_VIDEO").set_src_object(Some(ahead.unchecked_ref()));
    page.call_with("c", displays(&local, &place())).await;
    assert_eq!(video("c-local").src_object().map(JsValue::from), Some(ahead));
    hang_up(&page, "c").await;
    assert_eq!(still_open()[0], 0);
    local.remove();
}
