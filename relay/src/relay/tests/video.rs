//! Pictures in a call between two browsers: who is told what of them.

use serde_json::json;

use super::*;

/// A browser's offer of sound alone.
pub(super) fn sound() -> String {
    let (sound, _) = OFFER.split_once("m=application").unwrap();
    sound.replace("BUNDLE 0 1 2", "BUNDLE 0")
}

/// That of the same browser with pictures beside it, from now on.
pub(super) fn pictures() -> String {
    let pictures = "m=video 9 UDP/TLS/RTP/SAVPF 96 98\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=rtcp-mux\r\na=sendrecv\r\n\
        a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\na=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\n";
    format!("{}{pictures}", sound().replace("BUNDLE 0", "BUNDLE 0 1"))
}

/// An answer that takes of the pictures offered what is named: `("96", "VP8")`.
pub(super) fn taking(world: &World, offer: &Value, codec: (&str, &str)) -> String {
    let (number, name) = codec;
    let answer = world.answer_to(offer).replace("BUNDLE 0", "BUNDLE 0 1");
    let (sound, _) = answer.split_once("m=video").unwrap_or((&answer, ""));
    let sound = sound.lines().filter(|line| !["VP8", "VP9"].iter().any(|name| line.contains(name)));
    let sound: String = sound.map(|line| format!("{line}\r\n")).collect();
    format!(
        "{sound}m=video 9 UDP/TLS/RTP/SAVPF {number}\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=rtcp-mux\r\na=sendrecv\r\n\
        a=rtpmap:{number} {name}/90000\r\n"
    )
}

/// The sections of a description that somebody was sent.
pub(super) fn sections(event: &Value) -> Vec<String> {
    let sdp = event["sdp"].as_str().unwrap();
    sdp.lines().filter(|line| line.starts_with("m=")).map(str::to_owned).collect()
}

/// Alice calls Bob with this offer; what he was told.
fn called(world: &mut World, offer: &str) -> (Browser, Browser, Value) {
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    world.result(alice, "call", json!({"callId": "a1", "callee": "bob", "sdp": offer}));
    let incoming = world.last(bob, "incomingCall");
    (alice, bob, incoming)
}

/// A video call that is up: caller, callee and the callee's name for it.
fn seen(world: &mut World) -> (Browser, Browser, String) {
    let (alice, bob, incoming) = called(world, &pictures());
    let call = incoming["callId"].as_str().unwrap().to_owned();
    let answer = taking(world, &incoming, ("97", "VP9"));
    world.result(bob, "answer", json!({"callId": call, "sdp": answer, "hasVideo": true}));
    (alice, bob, call)
}

#[test]
fn a_call_with_pictures_says_so_and_offers_the_callers_codecs() {
    let mut world = World::demo();
    let (_, _, incoming) = called(&mut world, &pictures());
    assert_eq!(incoming["hasVideo"], true);
    // Behind each codec, its packets that are sent again.
    assert_eq!(sections(&incoming)[1], "m=video 40000 UDP/TLS/RTP/SAVPF 96 98 97 99");
}

#[test]
fn a_call_of_sound_says_so_and_offers_no_pictures() {
    let mut world = World::demo();
    let (_, _, incoming) = called(&mut world, &sound());
    assert_ne!(incoming["hasVideo"], true);
    assert_eq!(sections(&incoming).len(), 1);
}

#[test]
fn the_caller_is_answered_what_the_callee_takes_in_its_own_numbers() {
    let mut world = World::demo();
    let (alice, bob, call) = seen(&mut world);
    assert_eq!(sections(&world.last(alice, "callSdp"))[1], "m=video 40000 UDP/TLS/RTP/SAVPF 98");
    assert!(world.media.last("WebRtcRemote").contains("Vp9"), "{}", world.media.last("WebRtcRemote"));
    assert_eq!(world.statuses(bob, &call), ["RING", "ESTABLISHED"]);
}

#[test]
fn a_callee_that_takes_no_pictures_makes_it_a_call_of_sound() {
    let mut world = World::demo();
    let (alice, bob, incoming) = called(&mut world, &pictures());
    let sdp = world.answer_to(&incoming);
    world.result(bob, "answer", json!({"callId": incoming["callId"], "sdp": sdp}));
    assert!(sections(&world.last(alice, "callSdp"))[1].starts_with("m=video 0 "));
    assert_eq!(world.statuses(alice, "a1").last().unwrap(), "ESTABLISHED");
}

#[test]
fn pictures_that_begin_within_a_call_are_offered_to_the_far_end_and_answered_as_it_does() {
    let mut world = World::demo();
    let (alice, bob, incoming) = called(&mut world, &sound());
    let call = incoming["callId"].as_str().unwrap().to_owned();
    let answer = world.answer_to(&incoming);
    world.result(bob, "answer", json!({"callId": call, "sdp": answer}));
    world.result(alice, "offer", json!({"callId": "a1", "sdp": pictures()}));
    let offer = world.last(bob, "callSdp");
    assert_eq!((offer["kind"].as_str(), sections(&offer).len()), (Some("offer"), 2));
    let number = sections(&offer)[1].rsplit(' ').next().unwrap().to_owned();
    let taken = taking(&world, &offer, (&number, "VP9"));
    world.result(bob, "sdp", json!({"callId": call, "sdp": taken}));
    assert_eq!(sections(&world.last(alice, "callSdp"))[1], "m=video 40000 UDP/TLS/RTP/SAVPF 98");
}

#[test]
fn pictures_that_end_within_a_call_are_taken_from_the_far_end() {
    let mut world = World::demo();
    let (alice, bob, call) = seen(&mut world);
    world.result(alice, "offer", json!({"callId": "a1", "sdp": sound()}));
    let offer = world.last(bob, "callSdp");
    assert_eq!(offer["kind"], "offer");
    assert!(sections(&offer)[1].starts_with("m=video 0 "), "{offer}");
    let sdp = world.answer_to(&offer);
    world.result(bob, "sdp", json!({"callId": call, "sdp": sdp}));
    assert_eq!(sections(&world.last(alice, "callSdp")).len(), 1);
    assert!(!world.media.last("WebRtcRemote").contains("Vp9"));
}

#[test]
fn a_hold_needs_no_description_whatever_is_shown() {
    let mut world = World::demo();
    let (alice, bob, call) = seen(&mut world);
    let told = |world: &World| world.events(bob).iter().filter(|event| event["type"] == "callSdp").count();
    let before = told(&world);
    world.result(alice, "hold", json!({"callId": "a1"}));
    assert_eq!((world.statuses(bob, &call).pop().unwrap(), told(&world)), ("HOLD".to_owned(), before));
    world.result(alice, "unhold", json!({"callId": "a1"}));
    assert_eq!((world.statuses(bob, &call).pop().unwrap(), told(&world)), ("ESTABLISHED".to_owned(), before));
}
