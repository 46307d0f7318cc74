//! What is asked of the browser, and what of it is sent.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

mod page;

use offhook_sdk::dial::Media;
use offhook_sdk::driver::constraints::Constraints;
use offhook_sdk::driver::fields::property;
use offhook_sdk::driver::media::{Capture, is_live};
use page::{json, object, still_open, watch};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn with_video() -> Media {
    Media { send_video: true, ..Media::default() }
}

fn options(constraints: JsValue) -> JsValue {
    object([("constraints", constraints)])
}

async fn open(constraints: JsValue, media: &Media) -> Option<Capture> {
    Capture::open(&options(constraints), media, |_| None).await.unwrap()
}

fn counts(capture: &Capture) -> (usize, usize) {
    (capture.tracks("audio").count(), capture.tracks("video").count())
}

#[wasm_bindgen_test]
async fn without_constraints_the_microphone_alone_is_opened_and_stopped_again() {
    watch();
    let capture = open(JsValue::UNDEFINED, &Media::default()).await.unwrap();
    assert_eq!(counts(&capture), (1, 0));
    assert_eq!(still_open()[0], 1);
    drop(capture);
    assert_eq!(still_open()[0], 0);
}

#[wasm_bindgen_test]
async fn constraints_can_ask_for_video_or_for_nothing() {
    let capture = open(json(r#"{"audio": false, "video": true}"#), &with_video()).await.unwrap();
    assert_eq!(counts(&capture), (0, 1));
    assert!(open(json(r#"{"audio": false}"#), &Media::default()).await.is_none());
}

#[wasm_bindgen_test]
async fn a_picture_without_a_size_is_320_by_240() {
    let capture = open(json(r#"{"audio": false, "video": true}"#), &with_video()).await.unwrap();
    let settings: JsValue = capture.tracks("video").next().unwrap().get_settings().into();
    assert_eq!((property(&settings, "width"), property(&settings, "height")), (320.into(), 240.into()));
}

#[wasm_bindgen_test]
async fn the_encoder_is_told_of_motion_unless_the_app_says_otherwise() {
    let constraints = json(r#"{"video": true}"#);
    for (given, told) in [(JsValue::UNDEFINED, "motion"), ("text".into(), "text")] {
        let options = object([("constraints", constraints.clone()), ("videoContentHint", given)]);
        let capture = Capture::open(&options, &with_video(), |_| None).await.unwrap().unwrap();
        assert_eq!(property(capture.tracks("video").next().unwrap().as_ref(), "contentHint"), told);
    }
}

#[wasm_bindgen_test]
async fn the_apps_own_stream_is_used_and_left_alone() {
    watch();
    let own = open(JsValue::UNDEFINED, &Media::default()).await.unwrap();
    let constraints = object([("customStream", own.stream().into())]);
    let capture = open(constraints, &Media::default()).await.unwrap();
    assert_eq!(counts(&capture), (1, 0));
    drop(capture);
    assert_eq!((still_open()[0], counts(&own)), (1, (1, 0)));
}

#[wasm_bindgen_test]
async fn what_the_apps_own_stream_lacks_is_opened_where_the_constraints_ask_for_it() {
    watch();
    let own = open(JsValue::UNDEFINED, &Media::default()).await.unwrap();
    let constraints = object([("customStream", own.stream().into()), ("video", true.into()), ("audio", true.into())]);
    let capture = open(constraints, &with_video()).await.unwrap();
    assert_eq!((counts(&capture), counts(&own)), ((1, 1), (1, 0)));
    drop(capture);
    assert_eq!(still_open()[0], 1, "the camera is closed, the app's microphone is not");
}

#[wasm_bindgen_test]
async fn media_that_is_open_for_the_same_constraints_is_taken() {
    let first = open(JsValue::UNDEFINED, &Media::default()).await.unwrap();
    let mut asked = String::new();
    let cached = |key: &str| {
        asked = key.to_owned();
        Some(Clone::clone(first.stream()))
    };
    let second = Capture::open(&JsValue::UNDEFINED, &Media::default(), cached).await.unwrap().unwrap();
    assert_eq!(second.stream().id(), first.stream().id());
    assert_eq!(asked, r#"{"audio":true,"video":false}"#);
}

#[wasm_bindgen_test]
async fn media_that_is_kept_stays_open_and_is_not_muted() {
    let capture = open(JsValue::UNDEFINED, &Media::default()).await.unwrap();
    let track = capture.tracks("audio").next().unwrap();
    track.set_enabled(false);
    capture.keep();
    drop(capture);
    assert!(track.enabled() && is_live(&track));
    track.stop();
}

#[wasm_bindgen_test]
async fn each_refusal_of_the_microphone_has_its_code() {
    watch();
    for (name, code) in [
        ("NotAllowedError", "microphoneDenied"),
        ("NotFoundError", "microphoneMissing"),
        ("OverconstrainedError", "microphoneMissing"),
        ("NotReadableError", "microphoneBusy"),
        ("TypeError", "mediaFailed"),
    ] {
        page::refuse_microphone(name);
        let refused = Capture::open(&JsValue::UNDEFINED, &Media::default(), |_| None).await;
        assert_eq!(refused.err().unwrap().code.name(), code, "{name}");
    }
    page::refuse_microphone("");
}

#[wasm_bindgen_test]
async fn a_screen_can_be_sent_from_the_start_with_the_microphone() {
    watch();
    page::offer_screen();
    let capture = open(json(r#"{"audio": true, "video": {"type": "screen"}}"#), &with_video()).await.unwrap();
    assert_eq!((counts(&capture), page::screens_shared()), ((1, 1), 1));
    drop(capture);
    assert_eq!(still_open()[0], 0);
}

#[wasm_bindgen_test]
fn gaps_in_constraints_are_filled_unless_the_app_forbids_it() {
    let given = json(r#"{"constraints": {"audio": {"stereo": true}, "video": {"width": 640}}}"#);
    let read = Constraints::read(&given, &with_video());
    assert_eq!(property(&read.audio(None), "echoCancellation"), JsValue::FALSE);
    assert_eq!(property(&read.video(None), "width"), 320);
    assert_eq!(property(&property(&read.video(None), "frameRate"), "ideal"), 30);
    offhook_sdk::driver::fields::set(&given, "disableConstraintsNormalization", true);
    let read = Constraints::read(&given, &with_video());
    assert!(property(&read.audio(None), "echoCancellation").is_undefined());
    assert_eq!(property(&read.video(None), "width"), 640);
    assert!(property(&read.video(None), "frameRate").is_undefined());
}

#[wasm_bindgen_test]
fn a_device_by_name_takes_the_place_of_what_the_app_asked_for() {
    let given = json(r#"{"constraints": {"video": {"facingMode": "user", "width": 640, "height": 480}}}"#);
    let video = Constraints::read(&given, &with_video()).video(Some("back"));
    assert_eq!(property(&property(&video, "deviceId"), "exact"), "back");
    assert!(property(&video, "facingMode").is_undefined());
    assert_eq!(property(&video, "width"), 640);
}

#[wasm_bindgen_test]
fn constraints_of_the_app_stay_as_they_are() {
    let given = json(r#"{"constraints": {"audio": {"stereo": true}, "video": {}}}"#);
    let read = Constraints::read(&given, &with_video());
    drop((read.audio(Some("a")), read.video(Some("b"))));
    let before = r#"{"constraints":{"audio":{"stereo":true},"video":{}}}"#;
    assert_eq!(js_sys::JSON::stringify(&given).unwrap(), before);
}
