//! The microphone, the elements and two peers in one page, with the browser's fake device.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

mod page;

use offhook_sdk::call::{MediaAction, MediaEvent};
use offhook_sdk::dial::Media;
use offhook_sdk::driver::fields::property;
use offhook_sdk::driver::peer::Peer;
use page::{element, object, place, still_open, until, watch};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

type News = Rc<RefCell<Vec<MediaEvent>>>;

fn peer(id: &str, options: JsValue) -> (Rc<Peer>, News) {
    let news = News::default();
    let heard = news.clone();
    (Peer::new(id, JsValue::UNDEFINED, options, move |event| heard.borrow_mut().push(event)), news)
}

async fn open(peer: &Peer) {
    assert_eq!(peer.act(MediaAction::Open(Media::default())).await, Ok(MediaEvent::Opened));
}

async fn described(peer: &Peer, action: MediaAction) -> String {
    match peer.act(action).await {
        Ok(MediaEvent::Described { sdp }) => sdp,
        other => panic!("{other:?}"),
    }
}

#[wasm_bindgen_test]
async fn two_peers_hear_each_other() {
    watch();
    let (near, near_news) = peer("near", object([("remoteVideoDisplay", place().into())]));
    let (far, far_news) = peer("far", JsValue::UNDEFINED);
    open(&near).await;
    open(&far).await;
    page::introduce(0, 1);
    let media = Media::default();
    let offer = described(&near, MediaAction::Offer(media.clone())).await;
    assert!(offer.contains("m=audio") && !offer.contains("m=video"));
    let answer = described(&far, MediaAction::Answer { offer, media }).await;
    assert_eq!(near.act(MediaAction::Apply { answer }).await, Ok(MediaEvent::Applied));
    until("both to be connected", move || {
        near_news.borrow().contains(&MediaEvent::Connected) && far_news.borrow().contains(&MediaEvent::Connected)
    })
    .await;
    assert!(element("near-remote").is_some());
    for index in [0, 1] {
        JsFuture::from(page::sound_arrives(index)).await.unwrap();
    }
    near.release();
    far.release();
    assert_eq!(still_open(), [0; 4]);
}

#[wasm_bindgen_test]
async fn a_renegotiation_keeps_the_connection() {
    watch();
    let (near, _) = peer("near", JsValue::UNDEFINED);
    let (far, _) = peer("far", JsValue::UNDEFINED);
    open(&near).await;
    open(&far).await;
    let media = Media::default();
    for _ in 0..2 {
        let offer = described(&near, MediaAction::Offer(media.clone())).await;
        let answer = described(&far, MediaAction::Answer { offer, media: media.clone() }).await;
        assert_eq!(answer.matches("m=audio").count(), 1);
        near.act(MediaAction::Apply { answer }).await.unwrap();
    }
    assert_eq!(page::connection_count(), 2);
    near.release();
    far.release();
}

#[wasm_bindgen_test]
async fn a_relay_without_video_refuses_it_with_port_zero() {
    let (near, _) = peer("near", JsValue::UNDEFINED);
    let (far, _) = peer("far", JsValue::UNDEFINED);
    open(&near).await;
    open(&far).await;
    let media = Media { receive_video: true, ..Media::default() };
    let offer = described(&near, MediaAction::Offer(media.clone())).await;
    assert!(offer.contains("m=video"));
    let answer = described(&far, MediaAction::Answer { offer, media }).await;
    let (audio, video) = answer.split_once("m=video 9").unwrap();
    let answer = [audio, "m=video 0", video].concat().replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 0");
    assert_eq!(near.act(MediaAction::Apply { answer }).await, Ok(MediaEvent::Applied));
    near.release();
    far.release();
}

#[wasm_bindgen_test]
async fn sound_that_is_not_wanted_is_neither_asked_for_nor_accepted() {
    let media = Media { audio_unwanted: true, ..Media::default() };
    let (near, _) = peer("near", JsValue::UNDEFINED);
    let (far, _) = peer("far", JsValue::UNDEFINED);
    open(&near).await;
    open(&far).await;
    let offer = described(&near, MediaAction::Offer(media.clone())).await;
    assert!(offer.contains("a=sendonly") && !offer.contains("a=sendrecv"));
    let both_ways = offer.replace("a=sendonly", "a=sendrecv");
    let answer = described(&far, MediaAction::Answer { offer: both_ways, media }).await;
    assert!(answer.contains("a=sendonly"));
    near.release();
    far.release();
}

#[wasm_bindgen_test]
async fn stripped_codecs_are_not_offered() {
    let (near, _) = peer("near", JsValue::UNDEFINED);
    open(&near).await;
    let media = Media { strip_codecs: vec!["G722".into()], ..Media::default() };
    let offer = described(&near, MediaAction::Offer(media)).await;
    assert!(offer.contains("opus") && !offer.contains("G722"));
    let all = ["opus", "G722", "PCMU", "PCMA"].map(str::to_owned).to_vec();
    let failure = near.act(MediaAction::Offer(Media { strip_codecs: all, ..Media::default() })).await.unwrap_err();
    assert_eq!(failure.code.name(), "noCommonCodecs");
    near.release();
}

#[wasm_bindgen_test]
async fn a_description_that_makes_no_sense_is_a_failure_with_a_sentence() {
    let (near, _) = peer("near", JsValue::UNDEFINED);
    open(&near).await;
    let failure =
        near.act(MediaAction::Answer { offer: "nonsense".into(), media: Media::default() }).await.unwrap_err();
    assert_eq!(failure.code.name(), "mediaFailed");
    near.release();
}

#[wasm_bindgen_test]
async fn the_elements_are_where_the_app_wants_them_until_the_end() {
    watch();
    let (local, remote) = (place(), place());
    let options = object([("localVideoDisplay", local.clone().into()), ("remoteVideoDisplay", remote.clone().into())]);
    let (near, _) = peer("shown", options);
    let (far, _) = peer("far", JsValue::UNDEFINED);
    open(&near).await;
    open(&far).await;
    let video = element("shown-local").unwrap();
    assert!(local.contains(Some(&video)));
    for attribute in ["autoplay", "playsinline"] {
        assert!(video.has_attribute(attribute), "{attribute}");
    }
    assert_eq!(property(&video, "muted"), JsValue::TRUE);
    let offer = described(&near, MediaAction::Offer(Media::default())).await;
    let answer = described(&far, MediaAction::Answer { offer, media: Media::default() }).await;
    near.act(MediaAction::Apply { answer }).await.unwrap();
    until("the far end to be shown", || element("shown-remote").is_some()).await;
    until("the far end to be heard", || property(&element("shown-remote").unwrap(), "muted") == JsValue::FALSE).await;
    near.release();
    far.release();
    assert!(element("shown-local").is_none() && element("shown-remote").is_none());
}

#[wasm_bindgen_test]
async fn muting_works_before_and_after_the_microphone_is_open() {
    let (near, _) = peer("near", JsValue::UNDEFINED);
    near.mute_audio(true);
    open(&near).await;
    assert!(near.audio_muted());
    near.mute_audio(false);
    assert!(!near.audio_muted());
    near.release();
}

#[wasm_bindgen_test]
async fn a_microphone_granted_after_the_end_is_closed_at_once() {
    watch();
    let (near, _) = peer("near", JsValue::UNDEFINED);
    page::hold_microphone();
    let opening = near.clone();
    let outcome = Rc::new(RefCell::new(None));
    let result = outcome.clone();
    wasm_bindgen_futures::spawn_local(async move {
        *result.borrow_mut() = Some(opening.act(MediaAction::Open(Media::default())).await);
    });
    near.release();
    page::grant_microphone();
    let ended = outcome.clone();
    until("the microphone's answer", move || ended.borrow().is_some()).await;
    assert!(matches!(*outcome.borrow(), Some(Err(_))));
    assert_eq!(still_open(), [0; 4]);
}

#[wasm_bindgen_test]
async fn codecs_are_stripped_by_regular_expression_without_regard_to_case() {
    let (near, _) = peer("near", JsValue::UNDEFINED);
    open(&near).await;
    let stripped = |name: &str| Media { strip_codecs: vec![name.into()], ..Media::default() };
    let offer = described(&near, MediaAction::Offer(stripped("^pcm[ua]/8000$"))).await;
    assert!(!offer.contains("PCM") && offer.contains("opus") && offer.contains("G722"));
    let offer = described(&near, MediaAction::Offer(stripped("G722("))).await;
    assert!(offer.contains("G722"), "what is no regular expression is a name");
    near.release();
}

/// What `sdpHook` makes of an answer's session name, as seen by the browser.
async fn hooked(body: &str) -> Result<MediaEvent, offhook_sdk::failure::Failure> {
    let hook = js_sys::Function::new_with_args("description", body);
    let (near, _) = peer("near", object([("sdpHook", hook.into())]));
    let (far, _) = peer("far", JsValue::UNDEFINED);
    open(&near).await;
    open(&far).await;
    let offer = described(&near, MediaAction::Offer(Media::default())).await;
    let answer = described(&far, MediaAction::Answer { offer, media: Media::default() }).await;
    let applied = near.act(MediaAction::Apply { answer }).await;
    near.release();
    far.release();
    applied
}

#[wasm_bindgen_test]
async fn the_sdp_hook_changes_what_the_relay_says() {
    let failure = hooked("return description.sdpString.replace('m=audio', 'm=text')").await.unwrap_err();
    assert_eq!(failure.code.name(), "mediaFailed");
}

#[wasm_bindgen_test]
async fn an_sdp_hook_without_a_result_or_that_throws_changes_nothing() {
    for body in ["return null", "return ''", "return undefined", "throw new Error('as this test wants it to')"] {
        assert_eq!(hooked(body).await, Ok(MediaEvent::Applied), "{body}");
    }
}

#[wasm_bindgen_test]
async fn a_picture_that_is_not_wanted_is_refused() {
    let (near, _) = peer("near", JsValue::UNDEFINED);
    let (far, _) = peer("far", object([("receiveVideo", JsValue::FALSE)]));
    open(&near).await;
    open(&far).await;
    let wants = Media { receive_video: true, ..Media::default() };
    let offer = described(&near, MediaAction::Offer(wants)).await;
    let offer = offer.replace("a=recvonly", "a=sendrecv");
    let answer = described(&far, MediaAction::Answer { offer, media: Media::default() }).await;
    let (_, video) = answer.split_once("m=video").unwrap();
    assert!(video.contains("a=inactive"));
    near.release();
    far.release();
}

#[wasm_bindgen_test]
async fn a_restart_of_ice_offers_new_credentials_on_the_same_connection() {
    watch();
    let (near, _) = peer("near", JsValue::UNDEFINED);
    let (far, _) = peer("far", JsValue::UNDEFINED);
    open(&near).await;
    open(&far).await;
    let media = Media::default();
    let first = described(&near, MediaAction::Offer(media.clone())).await;
    let answer = described(&far, MediaAction::Answer { offer: first.clone(), media: media.clone() }).await;
    near.act(MediaAction::Apply { answer }).await.unwrap();
    let again = |restart_ice| MediaAction::OfferAgain { media: Media::default(), restart_ice };
    assert_eq!(line(&described(&near, again(false)).await, "a=ice-ufrag"), line(&first, "a=ice-ufrag"));
    let restarted = described(&near, again(true)).await;
    assert_ne!(line(&restarted, "a=ice-ufrag"), line(&first, "a=ice-ufrag"), "although the last had no answer");
    assert_eq!(line(&restarted, "a=fingerprint"), line(&first, "a=fingerprint"));
    let answer = described(&far, MediaAction::Answer { offer: restarted, media }).await;
    assert_eq!(near.act(MediaAction::Apply { answer }).await, Ok(MediaEvent::Applied));
    assert_eq!(page::connection_count(), 2);
    near.release();
    far.release();
}

#[wasm_bindgen_test]
async fn when_both_offer_ours_is_taken_back() {
    let (near, _) = peer("near", JsValue::UNDEFINED);
    let (far, _) = peer("far", JsValue::UNDEFINED);
    open(&near).await;
    open(&far).await;
    let media = Media::default();
    described(&near, MediaAction::Offer(media.clone())).await;
    let theirs = described(&far, MediaAction::Offer(media.clone())).await;
    let answer = described(&near, MediaAction::Answer { offer: theirs, media }).await;
    assert_eq!(far.act(MediaAction::Apply { answer }).await, Ok(MediaEvent::Applied));
    near.release();
    far.release();
}

fn line<'a>(sdp: &'a str, start: &str) -> &'a str {
    sdp.lines().find(|line| line.starts_with(start)).unwrap()
}
