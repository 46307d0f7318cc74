//! Pictures in calls between browsers and telephones.

use offhook_media::{Event, LegId};
use offhook_sip::message::Method;
use serde_json::json;

use super::sip_peer::{SipPeer, sdp};
use super::video::{pictures, sections, sound, taking};
use super::*;

const CONFIG: &str = r#"
    [trunks.studio]
    host = "192.0.2.10"
    [trunks.deaf]
    host = "192.0.2.20"
    video = false
    [users]
    alice = {}
    [[routes]]
    number = "1*"
    from = "users"
    trunk = "studio"
    [[routes]]
    number = "2*"
    from = "users"
    trunk = "deaf"
    [[routes]]
    number = "desk"
    user = "alice"
"#;

fn world() -> World {
    World::new(Config::from_toml(CONFIG).unwrap())
}

fn studio() -> SipPeer {
    SipPeer::at("192.0.2.10:5060")
}

/// What a telephone with a camera says.
fn filmed() -> String {
    sdp("192.0.2.10", "8") + "m=video 7000 RTP/AVP 98\r\na=rtpmap:98 VP8/90000\r\na=rtcp-fb:* nack pli\r\n"
}

fn offer_of(request: &offhook_sip::message::Request) -> String {
    String::from_utf8(request.body().to_vec()).unwrap()
}

/// Alice calls the studio, which takes the call with this description.
fn call(world: &mut World, offer: &str, answer: &str) -> (Browser, SipPeer, offhook_sip::message::Request) {
    let (alice, studio) = (world.user("alice"), studio());
    world.result(alice, "call", json!({"callId": "a1", "callee": "100", "sdp": offer}));
    let invite = world.sip_request(&studio, Method::Invite);
    let ok = studio.reply(&invite, 200, answer);
    world.sip(&studio, ok);
    world.sip_request(&studio, Method::Ack);
    (alice, studio, invite)
}

#[test]
fn a_browsers_pictures_are_offered_to_a_telephone_and_shown_as_it_answers() {
    let mut world = world();
    let (alice, _, invite) = call(&mut world, &pictures(), &filmed());
    let offer = offer_of(&invite);
    assert!(offer.contains("m=video 30002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"), "{offer}");
    assert_eq!(world.media.count("OpenVideo"), 1);
    assert_eq!(sections(&world.last(alice, "callSdp"))[1], "m=video 40000 UDP/TLS/RTP/SAVPF 96");
    let told = world.media.last("VideoRemote");
    assert!(told.contains("7000") && told.contains("Vp8"), "{told}");
}

#[test]
fn a_call_of_sound_opens_no_ports_for_pictures() {
    let mut world = world();
    let (_, _, invite) = call(&mut world, &sound(), &sdp("192.0.2.10", "8"));
    assert!(!offer_of(&invite).contains("m=video"));
    assert_eq!(world.media.count("OpenVideo"), 0);
}

#[test]
fn a_telephone_that_shows_nothing_makes_it_a_call_of_sound() {
    let mut world = world();
    let refused = sdp("192.0.2.10", "8") + "m=video 0 RTP/AVP 96\r\n";
    let (alice, _, _) = call(&mut world, &pictures(), &refused);
    assert!(sections(&world.last(alice, "callSdp"))[1].starts_with("m=video 0 "));
    assert_eq!(world.statuses(alice, "a1").last().unwrap(), "ESTABLISHED");
    assert!(world.media.last("VideoRemote").contains("None"));
}

#[test]
fn a_trunk_without_pictures_is_offered_none() {
    let (mut world, deaf) = (world(), SipPeer::at("192.0.2.20:5060"));
    let alice = world.user("alice");
    world.result(alice, "call", json!({"callId": "a1", "callee": "200", "sdp": pictures()}));
    let invite = world.sip_request(&deaf, Method::Invite);
    assert!(!offer_of(&invite).contains("m=video"));
    assert_eq!(world.media.count("OpenVideo"), 0);
}

#[test]
fn a_telephones_pictures_are_offered_to_a_browser() {
    let (mut world, studio) = (world(), studio());
    let alice = world.user("alice");
    let invite = studio.request("INVITE", "desk", "Max-Forwards: 70\r\n", &filmed());
    world.sip(&studio, invite);
    let incoming = world.last(alice, "incomingCall");
    assert_eq!(incoming["hasVideo"], true);
    // The codec, and its packets that are sent again.
    assert_eq!(sections(&incoming)[1], "m=video 40000 UDP/TLS/RTP/SAVPF 96 97");
    let answer = taking(&world, &incoming, ("96", "VP8"));
    world.result(alice, "answer", json!({"callId": incoming["callId"], "sdp": answer, "hasVideo": true}));
    let ok = world.sip_response(&studio, 200);
    let answer = String::from_utf8(ok.body().to_vec()).unwrap();
    assert!(answer.contains("m=video 30002 RTP/AVP 98\r\na=rtpmap:98 VP8/90000\r\n"), "{answer}");
}

#[test]
fn a_browser_adds_pictures_to_a_call_with_a_telephone_and_takes_them_away() {
    let mut world = world();
    let (alice, studio, _) = call(&mut world, &sound(), &sdp("192.0.2.10", "8"));
    world.result(alice, "offer", json!({"callId": "a1", "sdp": pictures()}));
    let reinvite = world.sip_request(&studio, Method::Invite);
    assert!(offer_of(&reinvite).contains("m=video 30002 "), "{}", offer_of(&reinvite));
    world.sip(&studio, studio.reply(&reinvite, 200, &filmed()));
    world.sip_request(&studio, Method::Ack);
    assert_eq!(sections(&world.last(alice, "callSdp"))[1], "m=video 40000 UDP/TLS/RTP/SAVPF 96");
    world.result(alice, "offer", json!({"callId": "a1", "sdp": sound()}));
    let reinvite = world.sip_request(&studio, Method::Invite);
    assert!(offer_of(&reinvite).contains("m=video 0 "), "{}", offer_of(&reinvite));
    let gone = sdp("192.0.2.10", "8") + "m=video 0 RTP/AVP 98\r\n";
    world.sip(&studio, studio.reply(&reinvite, 200, &gone));
    world.sip_request(&studio, Method::Ack);
    assert_eq!(sections(&world.last(alice, "callSdp")).len(), 1);
    assert!(world.media.last("VideoRemote").contains("None"));
}

#[test]
fn a_telephone_adds_pictures_to_a_call_with_a_browser() {
    let mut world = world();
    let (alice, studio, invite) = call(&mut world, &sound(), &sdp("192.0.2.10", "8"));
    let reinvite = studio.back("INVITE", &invite, &filmed());
    world.sip(&studio, reinvite);
    let offer = world.last(alice, "callSdp");
    assert_eq!((offer["kind"].as_str(), sections(&offer).len()), (Some("offer"), 2));
    let number = sections(&offer)[1].rsplit(' ').next().unwrap().to_owned();
    let answer = taking(&world, &offer, (&number, "VP8"));
    world.result(alice, "sdp", json!({"callId": "a1", "sdp": answer}));
    let ok = world.sip_response(&studio, 200);
    assert!(String::from_utf8(ok.body().to_vec()).unwrap().contains("m=video 30002 RTP/AVP 98\r\n"));
    assert_eq!(world.media.count("OpenVideo"), 1);
}

#[test]
fn what_a_telephone_takes_in_a_second_is_told_to_the_browsers_encoder() {
    let mut world = world();
    let limited = filmed().replace("RTP/AVP 98\r\n", "RTP/AVP 98\r\nb=TIAS:384000\r\n");
    let (alice, _, _) = call(&mut world, &pictures(), &limited);
    let answer = world.last(alice, "callSdp")["sdp"].as_str().unwrap().to_owned();
    assert!(answer.contains("b=AS:384\r\nb=TIAS:384000\r\n"), "{answer}");
}

#[test]
fn a_whole_picture_is_asked_of_a_telephone_by_info_where_it_takes_no_other_request() {
    let mut world = world();
    let answer = filmed().replace("a=rtcp-fb:* nack pli\r\n", "");
    let (_, studio, _) = call(&mut world, &pictures(), &answer);
    let legs = world.media.open_legs();
    let told = world.media.last("VideoRemote");
    let leg = legs.iter().find(|leg| told.contains(&format!("{leg:?}"))).copied().unwrap_or(LegId(0));
    world.input(Input::Media(Event::PictureWanted { leg }));
    let info = world.sip_request(&studio, Method::Info);
    assert!(offer_of(&info).contains("picture_fast_update"));
}
