//! Another microphone, another camera or a screen in the middle of a call.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

mod page;

use offhook_sdk::driver::devices::source;
use offhook_sdk::driver::fields::property;
use offhook_sdk::driver::media::{is_live, tracks};
use page::phone::Page;
use page::{element, json, kept, object, place, rejection, still_open, until};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{HtmlMediaElement, MediaStreamTrack};

wasm_bindgen_test_configure!(run_in_browser);

const TOO_FEW_MICS: &str = "Number of mics is less than 2 or microphone is already used by other application";
const TOO_FEW_CAMS: &str = "Number of cams is less than 2 or camera is already used by other application";

/// A connected call `c` with sound and picture.
async fn video_call() -> Page {
    let page = Page::new().await;
    let constraints = json(r#"{"audio": true, "video": {"facingMode": "user"}}"#);
    page.call_with("c", object([("constraints", constraints), ("localVideoDisplay", place().into())])).await;
    page
}

/// What the local element shows or plays.
fn shown(kind: &str) -> MediaStreamTrack {
    let video: HtmlMediaElement = element("c-local").unwrap().unchecked_into();
    tracks(&video.src_object().unwrap(), kind).next().unwrap()
}

async fn ids(kind: &str) -> Vec<String> {
    let ids: js_sys::Array = kept(page::device_ids(kind)).await.unchecked_into();
    ids.iter().filter_map(|id| id.as_string()).collect()
}

#[wasm_bindgen_test]
async fn switch_mic_goes_to_the_next_and_stops_the_old() {
    let page = video_call().await;
    let old = shown("audio");
    let id = kept(page.sdk.switch_mic("c", None)).await.as_string().unwrap();
    assert!(ids("audioinput").await.contains(&id));
    assert!(!is_live(&old) && is_live(&shown("audio")));
    assert_eq!((source(&shown("audio")).id, still_open()[0]), (id, 2), "one microphone, one camera");
    page.relay.close();
}

#[wasm_bindgen_test]
async fn after_the_last_device_comes_the_first() {
    let page = video_call().await;
    let count = ids("videoinput").await.len();
    let mut seen = vec![source(&shown("video")).id];
    for _ in 0..count {
        seen.push(kept(page.sdk.switch_cam("c", None)).await.as_string().unwrap());
    }
    assert_eq!(seen.first(), seen.last());
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count);
    page.relay.close();
}

#[wasm_bindgen_test]
async fn switch_cam_goes_to_the_camera_named() {
    let page = video_call().await;
    let wanted = ids("videoinput").await.pop().unwrap();
    assert_eq!(kept(page.sdk.switch_cam("c", Some(wanted.clone()))).await, wanted.as_str());
    assert_eq!(source(&shown("video")).id, wanted);
    let track = shown("video");
    kept(page.sdk.switch_cam("c", Some(wanted))).await;
    assert_eq!(shown("video").id(), track.id(), "the one in use stays open");
    page.relay.close();
}

#[wasm_bindgen_test]
async fn mute_and_hold_survive_a_switch() {
    let page = video_call().await;
    page.sdk.set_audio_muted("c", true);
    page.sdk.set_video_muted("c", true);
    page.relay.status("c", "HOLD");
    page.sink.reaches("c", "HOLD").await;
    kept(page.sdk.switch_mic("c", None)).await;
    kept(page.sdk.switch_cam("c", None)).await;
    assert!(page.sdk.audio_muted("c") && page.sdk.video_muted("c"));
    assert!(!shown("audio").enabled() && !shown("video").enabled());
    assert_eq!(page.sdk.call_status("c"), "HOLD");
    page.relay.close();
}

#[wasm_bindgen_test]
async fn a_switch_waits_for_the_one_before() {
    let page = video_call().await;
    let first = source(&shown("video")).id;
    let both = [page.sdk.switch_cam("c", None), page.sdk.switch_cam("c", None)];
    let mut told = Vec::new();
    for promise in both {
        told.push(kept(promise).await.as_string().unwrap());
    }
    assert!(told[0] != told[1] && told[0] != first && told[1] != first, "two steps, not one twice");
    assert_eq!((source(&shown("video")).id.as_str(), still_open()[0]), (told[1].as_str(), 2));
    page.relay.close();
}

#[wasm_bindgen_test]
async fn with_one_device_there_is_nothing_to_switch_to() {
    let page = video_call().await;
    page::limit_devices(1);
    let refused = |sentence: &str| ("cannotSwitch".to_owned(), sentence.to_owned());
    assert_eq!(rejection(page.sdk.switch_mic("c", None)).await, refused(TOO_FEW_MICS));
    assert_eq!(rejection(page.sdk.switch_cam("c", None)).await, refused(TOO_FEW_CAMS));
    page::limit_devices(0);
    assert!(is_live(&shown("audio")) && is_live(&shown("video")));
    page.relay.close();
}

#[wasm_bindgen_test]
async fn a_device_in_use_elsewhere_leaves_the_old_one_in_place() {
    let page = video_call().await;
    let current = source(&shown("video")).id;
    let other = ids("videoinput").await.into_iter().find(|id| *id != current).unwrap();
    page::fail_source(&other);
    let (code, sentence) = rejection(page.sdk.switch_cam("c", Some(other))).await;
    page::fail_source("");
    assert_eq!((code.as_str(), sentence.as_str()), ("cannotSwitch", TOO_FEW_CAMS));
    assert_eq!(source(&shown("video")).id, current);
    assert!(is_live(&shown("video")));
    page.relay.close();
}

#[wasm_bindgen_test]
async fn a_device_that_does_not_exist_leaves_the_old_one_in_place() {
    let page = video_call().await;
    let old = shown("audio");
    assert_eq!(rejection(page.sdk.switch_mic("c", Some("none".into()))).await.0, "microphoneMissing");
    assert!(is_live(&old));
    page.relay.close();
}

#[wasm_bindgen_test]
async fn only_a_connected_call_can_switch() {
    let page = Page::new().await;
    page.create("c");
    for promise in [page.sdk.switch_mic("c", None), page.sdk.switch_to_screen("none", None)] {
        assert_eq!(rejection(promise).await, ("invalidCallState".to_owned(), "Invalid call state".to_owned()));
    }
}

#[wasm_bindgen_test]
async fn a_call_without_a_camera_says_so() {
    let page = Page::new().await;
    page.call("c").await;
    page::offer_screen();
    let (code, sentence) = rejection(page.sdk.switch_to_screen("c", None)).await;
    assert_eq!(code, "cannotSwitch");
    assert!(sentence.contains("constraints"), "{sentence}");
    assert_eq!(page::screens_shared(), 0);
    page.relay.close();
}

#[wasm_bindgen_test]
async fn switch_to_screen_shows_it_and_switch_to_cam_comes_back() {
    let page = video_call().await;
    let camera = shown("video");
    page::offer_screen();
    kept(page.sdk.switch_to_screen("c", Some("window".into()))).await;
    assert_eq!(property(&property(&page::last_screen(), "video"), "displaySurface"), "window");
    let screen = shown("video");
    assert_eq!(property(screen.as_ref(), "contentHint"), "detail");
    assert!(screen.id() != camera.id() && is_live(&camera));
    kept(page.sdk.switch_to_screen("c", None)).await;
    assert_eq!(page::screens_shared(), 1, "one at a time");
    assert_eq!(rejection(page.sdk.switch_cam("c", None)).await.1, TOO_FEW_CAMS);
    kept(page.sdk.switch_to_cam("c")).await;
    assert_eq!(shown("video").id(), camera.id());
    assert!(!is_live(&screen));
    page.relay.close();
}

#[wasm_bindgen_test]
async fn when_the_person_ends_the_sharing_the_camera_comes_back_by_itself() {
    let page = video_call().await;
    let camera = shown("video").id();
    page::offer_screen();
    kept(page.sdk.switch_to_screen("c", None)).await;
    page::end_screen();
    until("the camera", move || shown("video").id() == camera).await;
    page.relay.close();
}

#[wasm_bindgen_test]
async fn a_person_who_shares_nothing_goes_on_with_the_camera() {
    let page = video_call().await;
    let camera = shown("video");
    page::refuse_screen();
    assert_eq!(rejection(page.sdk.switch_to_screen("c", None)).await.0, "screenDenied");
    assert!(shown("video").id() == camera.id() && is_live(&camera));
    page.relay.close();
}

#[wasm_bindgen_test]
async fn hanging_up_ends_the_sharing_and_the_camera() {
    let page = video_call().await;
    page::offer_screen();
    kept(page.sdk.switch_to_screen("c", None)).await;
    page.sdk.hangup("c").unwrap();
    page.sink.reaches("c", "FINISH").await;
    page.relay.close();
    assert_eq!(still_open(), [0, 0, 1, 0]);
}

#[wasm_bindgen_test]
async fn a_device_that_comes_after_the_end_is_closed() {
    let page = video_call().await;
    page::hold_microphone();
    let late = page.sdk.switch_mic("c", None);
    page.sdk.hangup("c").unwrap();
    page::grant_microphone();
    assert_eq!(rejection(late).await.0, "invalidCallState");
    page.sink.reaches("c", "FINISH").await;
    page.relay.close();
    until("everything to be closed", || still_open() == [0, 0, 1, 0]).await;
}

#[wasm_bindgen_test]
async fn stats_are_the_browsers_own_and_refused_without_a_connection() {
    let page = Page::new().await;
    let (code, sentence) = rejection(page.sdk.stats("c")).await;
    assert_eq!((code.as_str(), sentence.as_str()), ("invalidCallState", "Cannot get PeerConnection stats"));
    page.call("c").await;
    let report: JsValue = kept(page.sdk.stats("c")).await;
    assert!(property(&report, "size").as_f64().unwrap() > 0.0);
    page.relay.close();
}
