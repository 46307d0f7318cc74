//! Pictures beside the sound: what a telephone is offered and answers, and who is asked for a whole picture.

use offhook_media::{Codec, Command, Direction, Event, Format, VideoCodec, VideoFeedback, VideoLocal, VideoRemote};
use offhook_sip::message::{HeaderName, Method, Request};

use super::peer::{Peer, sdp};
use super::scene::{LEG, Scene, account, audio, body, local};
use crate::call::{Description, Extras, Identity, LegCommand, LegEvent, Video, VideoCodec as NamedCodec};
use crate::ua::{MediaLocal, MediaPolicy, SrtpPolicy};

const MEDIA_CONTROL: &str = "application/media_control+xml";
const UPDATE: &str = "<media_control><vc_primitive><to_encoder><picture_fast_update/></to_encoder></vc_primitive>\
    </media_control>";

fn codec(name: &str, parameters: &str) -> NamedCodec {
    let format = VideoCodec::parse(name, parameters).unwrap();
    NamedCodec { format, parameters: (!parameters.is_empty()).then(|| parameters.to_owned()) }
}

/// A description with pictures.
fn shown(direction: Direction) -> Description {
    let codecs = vec![codec("VP8", ""), codec("H264", "profile-level-id=42e01f;packetization-mode=1")];
    let video = Some(Video { codecs, direction: Direction::SendRecv, bandwidth: None });
    Description { video, ..audio(&[Codec::Pcma], direction) }
}

/// What a telephone with a camera says.
fn filmed(direction: &str, lines: &str) -> String {
    let video = "m=video 7000 RTP/AVP 98\r\na=rtpmap:98 VP8/90000\r\n";
    let direction = if direction.is_empty() { String::new() } else { format!("a={direction}\r\n") };
    format!("{}{video}{direction}{lines}", sdp(direction.trim_start_matches("a=").trim()))
}

/// The relay opens ports for pictures wherever a leg wants any; whether it did.
fn open_video(scene: &mut Scene, leg: offhook_media::LegId, description: &Description) -> bool {
    let Some(ip) = scene.ua.wants_video(leg, description) else { return false };
    assert_eq!(ip, local().addr.ip());
    let addr = std::net::SocketAddr::new(ip, 6000);
    scene.ua.attach(leg, MediaLocal::Video(VideoLocal { addr, rtcp: addr }));
    true
}

fn invite(scene: &mut Scene, offer: Description) -> Request {
    scene.ua.open_leg(LEG, super::scene::ACCOUNT, local().into(), "bob").unwrap();
    open_video(scene, LEG, &offer);
    let from = Identity { user: "alice".into(), display_name: None };
    let to = Identity { user: "bob".into(), display_name: None };
    scene.command(LEG, LegCommand::Invite { from, to, offer: Some(offer), extras: Extras::default() });
    scene.request(&Method::Invite)
}

/// A video call of ours that bob took with this description.
fn taken(answer: &str) -> (Scene, Peer, Description) {
    let mut scene = Scene::new();
    let invite = invite(&mut scene, shown(Direction::SendRecv));
    let ok = Scene::reply(&invite, 200, "bob").body("application/sdp", answer.to_owned()).build().unwrap();
    scene.give(ok.clone());
    scene.request(&Method::Ack);
    let LegEvent::Answered(answer, _) = scene.event() else { panic!("no answer") };
    let peer = Peer::callee(&invite, &ok);
    (scene, peer, answer)
}

/// What the media worker was last told of pictures.
fn told(scene: &mut Scene) -> Option<Option<VideoRemote>> {
    let mut told = scene.media.drain(..).filter_map(|command| match command {
        Command::VideoRemote { remote, .. } => Some(remote),
        _ => None,
    });
    told.next_back()
}

#[test]
fn a_telephone_is_offered_pictures_and_may_take_them() {
    let (mut scene, _, answer) = taken(&filmed("", "a=rtcp-fb:* nack pli\r\nb=AS:400\r\n"));
    let video = answer.video.unwrap();
    assert_eq!(video.codecs, [codec("VP8", "")]);
    let remote = told(&mut scene).unwrap().unwrap();
    assert_eq!(remote.rtp.rtp.port(), 7000);
    assert_eq!(remote.rtp.formats[0].format, Format::Video(VideoCodec::Vp8));
    assert_eq!((remote.rtp.formats[0].receive_pt, remote.rtp.formats[0].send_pt), (96, 98));
    assert_eq!(remote.feedback, VideoFeedback { pli: true, ..VideoFeedback::default() });
}

#[test]
fn the_far_ends_limit_is_told() {
    let answer = filmed("", "").replace("m=video 7000 RTP/AVP 98\r\n", "m=video 7000 RTP/AVP 98\r\nb=AS:400\r\n");
    let (_, _, answer) = taken(&answer);
    assert_eq!(answer.video.unwrap().bandwidth, Some(400_000));
    let mut offer = shown(Direction::SendRecv);
    offer.video.as_mut().unwrap().bandwidth = Some(256_000);
    let invite = invite(&mut Scene::new(), offer);
    assert!(body(invite.body()).contains("b=TIAS:256000\r\n"));
}

#[test]
fn a_telephone_without_a_camera_makes_it_a_call_of_sound_and_the_ports_are_freed() {
    let (mut scene, _, answer) = taken(&sdp(""));
    assert_eq!(answer.video, None);
    assert!(matches!(told(&mut scene), Some(None)));
    assert!(scene.ua.wants_video(LEG, &shown(Direction::SendRecv)).is_some(), "they can be had again");
}

#[test]
fn where_the_policy_has_no_pictures_none_are_offered_or_taken() {
    let mut scene = Scene::with_media(&account(), MediaPolicy { video: false, ..MediaPolicy::default() });
    assert!(!body(invite(&mut scene, shown(Direction::SendRecv)).body()).contains("m=video"));
    let mut scene = Scene::with_media(&account(), MediaPolicy { video: false, ..MediaPolicy::default() });
    scene.give(Peer::caller("alice").invite(&filmed("", "")));
    let incoming = scene.incoming.pop_front().unwrap();
    assert_eq!(incoming.offer.unwrap().video, None);
    scene.ua.attach(incoming.leg, local().into());
    assert!(!open_video(&mut scene, incoming.leg, &shown(Direction::SendRecv)));
    scene.command(incoming.leg, LegCommand::Answer(shown(Direction::SendRecv), Extras::default()));
    assert!(body(scene.response(200).body()).contains("m=video 0 RTP/AVP 98\r\n"));
}

#[test]
fn a_caller_with_a_camera_is_answered_with_pictures() {
    let mut scene = Scene::new();
    scene.give(Peer::caller("alice").invite(&filmed("", "a=rtcp-fb:98 ccm fir\r\n")));
    let incoming = scene.incoming.pop_front().unwrap();
    assert_eq!(incoming.offer.unwrap().video.unwrap().codecs, [codec("VP8", "")]);
    scene.ua.attach(incoming.leg, local().into());
    assert!(open_video(&mut scene, incoming.leg, &shown(Direction::SendRecv)));
    scene.command(incoming.leg, LegCommand::Answer(shown(Direction::SendRecv), Extras::default()));
    let answer = body(scene.response(200).body());
    assert!(answer.contains("m=video 6000 RTP/AVP 98\r\na=rtpmap:98 VP8/90000\r\na=rtcp-fb:* ccm fir\r\n"), "{answer}");
    assert!(told(&mut scene).unwrap().unwrap().feedback.fir);
}

#[test]
fn no_ports_are_opened_for_pictures_that_nobody_offered() {
    let (mut scene, _, leg) = Scene::ringing(&sdp(""));
    assert!(!open_video(&mut scene, leg, &shown(Direction::SendRecv)));
}

#[test]
fn pictures_that_our_side_adds_are_offered_in_a_reinvite_and_taken_away_in_another() {
    let (mut scene, peer) = Scene::established();
    assert!(open_video(&mut scene, LEG, &shown(Direction::SendRecv)));
    scene.command(LEG, LegCommand::Reoffer(shown(Direction::SendRecv)));
    let reinvite = scene.request(&Method::Invite);
    assert!(body(reinvite.body()).contains("m=video 6000 RTP/AVP 96 97\r\n"), "{}", body(reinvite.body()));
    scene.respond_with(&reinvite, 200, &filmed("", ""));
    scene.request(&Method::Ack);
    let LegEvent::ReofferResult(Ok(answer)) = scene.event() else { panic!("no answer") };
    assert!(answer.video.is_some() && told(&mut scene).unwrap().is_some());
    scene.command(LEG, LegCommand::Reoffer(audio(&[Codec::Pcma], Direction::SendRecv)));
    let reinvite = scene.request(&Method::Invite);
    assert!(body(reinvite.body()).contains("m=video 0 RTP/AVP"), "{}", body(reinvite.body()));
    scene.respond_with(&reinvite, 200, &(sdp("") + "m=video 0 RTP/AVP 98\r\n"));
    scene.request(&Method::Ack);
    assert!(matches!(told(&mut scene), Some(None)));
    drop(peer);
}

#[test]
fn pictures_that_the_telephone_adds_are_asked_of_the_core_and_go_the_same_way() {
    let (mut scene, peer) = Scene::established();
    scene.give(peer.reinvite(1, &filmed("", "")));
    let LegEvent::Reoffer(asked) = scene.event() else { panic!("no offer") };
    assert!(asked.video.is_some());
    assert!(open_video(&mut scene, LEG, &asked));
    scene.command(LEG, LegCommand::ReofferAnswer(Ok(asked)));
    assert!(body(scene.response(200).body()).contains("m=video 6000 RTP/AVP 98\r\n"));
    scene.give(peer.ack(1).build().unwrap());
    assert!(told(&mut scene).unwrap().is_some());
    scene.give(peer.reinvite(2, &(sdp("") + "m=video 0 RTP/AVP 98\r\na=rtpmap:98 VP8/90000\r\n")));
    let LegEvent::Reoffer(asked) = scene.event() else { panic!("no offer") };
    assert_eq!(asked.video, None);
    scene.command(LEG, LegCommand::ReofferAnswer(Ok(asked)));
    assert!(body(scene.response(200).body()).contains("m=video 0 RTP/AVP 98\r\n"));
    assert!(matches!(told(&mut scene), Some(None)));
}

#[test]
fn a_hold_covers_the_pictures_and_is_none_of_their_own() {
    let (mut scene, peer, _) = taken(&filmed("", ""));
    scene.command(LEG, LegCommand::Reoffer(shown(Direction::SendOnly)));
    let reinvite = scene.request(&Method::Invite);
    assert_eq!(body(reinvite.body()).matches("a=sendonly").count(), 2);
    scene.respond_with(&reinvite, 200, &filmed("recvonly", ""));
    scene.request(&Method::Ack);
    let LegEvent::ReofferResult(Ok(answer)) = scene.event() else { panic!("no answer") };
    assert_eq!(answer.direction, Direction::SendOnly);
    assert_eq!(answer.video.unwrap().direction, Direction::SendRecv);
    scene.give(peer.reinvite(1, &filmed("inactive", "")));
    let LegEvent::Reoffer(asked) = scene.event() else { panic!("no offer") };
    assert_eq!((asked.direction, asked.video.unwrap().direction), (Direction::Inactive, Direction::SendRecv));
}

#[test]
fn pictures_are_sealed_with_keys_of_their_own() {
    let policy = MediaPolicy { srtp: SrtpPolicy::Required, ..MediaPolicy::default() };
    let mut scene = Scene::with_media(&account(), policy);
    let offer = body(invite(&mut scene, shown(Direction::SendRecv)).body());
    assert!(offer.contains("m=video 6000 RTP/SAVP 96 97\r\n"), "{offer}");
    let keys: Vec<_> = offer.lines().filter_map(|line| line.split_once("inline:").map(|(_, key)| key)).collect();
    let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
    assert!(keys.len() >= 8 && distinct.len() == keys.len());
}

#[test]
fn a_telephone_that_takes_no_request_over_rtcp_is_asked_for_a_whole_picture_by_info() {
    let (mut scene, _, _) = taken(&filmed("", ""));
    let wanted = Event::PictureWanted { leg: LEG };
    scene.ua.media_event(&wanted, scene.now);
    scene.drain();
    let info = scene.request(&Method::Info);
    assert_eq!(super::scene::header(&info.clone().into(), &HeaderName::ContentType).as_deref(), Some(MEDIA_CONTROL));
    assert!(body(info.body()).contains("<picture_fast_update/>"));
    // While it is on its way another would ask for the same.
    scene.ua.media_event(&wanted, scene.now);
    scene.drain();
    scene.assert_quiet();
    scene.respond(&info, 200);
    scene.ua.media_event(&wanted, scene.now);
    scene.drain();
    let info = scene.request(&Method::Info);
    // One that does not know it is not asked again.
    scene.respond(&info, 415);
    scene.ua.media_event(&wanted, scene.now);
    scene.drain();
    scene.assert_quiet();
}

#[test]
fn a_telephone_asks_for_a_whole_picture_by_info() {
    let (mut scene, peer, _) = taken(&filmed("", ""));
    scene.media.clear();
    let info = |cseq, text: &str| peer.request(Method::Info, cseq).body(MEDIA_CONTROL, text.to_owned());
    scene.give(info(1, UPDATE).build().unwrap());
    scene.response(200);
    assert!(matches!(scene.media.pop_front(), Some(Command::Refresh { leg: LEG })));
    scene.give(info(2, "<media_control/>").build().unwrap());
    scene.response(200);
    assert!(scene.media.is_empty());
    scene.assert_quiet();
}
