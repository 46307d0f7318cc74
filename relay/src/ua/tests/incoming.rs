use offhook_media::{Codec, Direction};
use offhook_protocol::ErrorCode;
use offhook_sip::message::{HeaderName, Message, Method};
use offhook_sip::sdp::OpusParameters;

use super::peer::{Peer, foreign_sdp, sdp};
use super::scene::{ACCOUNT, Scene, audio, body, everything, failure, header, local, seconds};
use crate::call::{Cause, Description, Extras, LegCommand, LegEvent, Sound, failure_for_status};
use crate::ua::Source;

fn pcma() -> crate::call::Description {
    audio(&[Codec::Pcma], Direction::SendRecv)
}

#[test]
fn an_invite_is_told_with_who_calls_and_what_it_offers() {
    let mut scene = Scene::new();
    scene.give(Peer::caller("echo").invite(&sdp("")));
    let incoming = scene.incoming.pop_front().unwrap();
    assert_eq!((incoming.dialled.as_str(), incoming.source), ("echo", Source::Stranger));
    assert_eq!((incoming.from.user.as_str(), incoming.from.display_name.as_deref()), ("bob@192.0.2.9", Some("Bob B.")));
    assert_eq!(incoming.offer, Some(pcma()));
}

#[test]
fn a_call_to_an_accounts_contact_names_the_account() {
    let mut scene = Scene::new();
    let contact = scene.call().headers().contact().unwrap().unwrap();
    let user = contact.uri.sip().unwrap().user_decoded().unwrap().into_owned();
    scene.give(Peer::caller(&String::from_utf8(user).unwrap()).invite(&sdp("")));
    assert_eq!(scene.incoming.pop_front().unwrap().source, Source::Account(ACCOUNT));
}

#[test]
fn a_call_that_nobody_takes_up_at_once_is_told_trying() {
    let (mut scene, ..) = Scene::ringing(&sdp(""));
    scene.wait(seconds(1));
    scene.response(100);
}

#[test]
fn ringing_and_answer_belong_to_one_dialog() {
    let (mut scene, peer, leg) = Scene::ringing(&sdp(""));
    scene.command(leg, LegCommand::Ringing(None, Extras::default()));
    let ringing = scene.response(180);
    scene.command(leg, LegCommand::Answer(pcma(), Extras::default()));
    let ok = scene.response(200);
    assert_eq!(ringing.headers().to().unwrap().tag(), ok.headers().to().unwrap().tag());
    assert!(body(ok.body()).contains("m=audio 4000 RTP/AVP 8 97"));
    assert!(ok.headers().contains(&HeaderName::Contact));
    assert_eq!(scene.media_told(), ["remote 192.0.2.9:5000", "RecvOnly", "supervise"]);
    scene.give(peer.answered(&ok).ack(1).build().unwrap());
    scene.wait(seconds(100));
    scene.assert_quiet();
}

#[test]
fn reports_share_the_port_of_the_sound_where_the_caller_asks_for_it() {
    for (lines, muxed) in [("rtcp-mux", true), ("", false)] {
        let (mut scene, _, leg) = Scene::ringing(&sdp(lines));
        scene.command(leg, LegCommand::Answer(pcma(), Extras::default()));
        assert_eq!(body(scene.response(200).body()).contains("a=rtcp-mux\r\n"), muxed);
        assert_eq!(scene.remote().rtcp_mux, muxed);
    }
}

#[test]
fn each_end_is_told_how_much_sound_the_other_wants_in_a_packet() {
    let mut scene = Scene::new();
    scene.give(Peer::caller("alice").invite(&sdp("ptime:30 maxptime:60")));
    let incoming = scene.incoming.pop_front().unwrap();
    scene.ua.attach(incoming.leg, local().into());
    let (leg, offered) = (incoming.leg, incoming.offer.unwrap().sound);
    assert_eq!((offered.ptime, offered.maxptime), (Some(30), Some(60)));
    let sound = Sound { ptime: Some(40), maxptime: Some(80), ..Sound::default() };
    scene.command(leg, LegCommand::Answer(Description { sound, ..pcma() }, Extras::default()));
    let answer = body(scene.response(200).body());
    assert!(answer.contains("a=ptime:40\r\na=maxptime:80\r\n"), "{answer}");
}

#[test]
fn each_end_is_told_how_the_other_would_like_its_opus() {
    let theirs =
        sdp("").replace("8 97", "96 8 97") + "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 stereo=0; usedtx=1;x=y\r\n";
    let mut scene = Scene::new();
    scene.give(Peer::caller("alice").invite(&theirs));
    let incoming = scene.incoming.pop_front().unwrap();
    scene.ua.attach(incoming.leg, local().into());
    assert_eq!(incoming.offer.unwrap().sound.opus.unwrap().to_string(), "stereo=0;usedtx=1");
    let opus = Some(OpusParameters { maxaveragebitrate: Some(20_000), ..OpusParameters::default() });
    let sound = Sound { opus, ..Sound::default() };
    let answer = Description { sound, ..audio(&[Codec::Opus], Direction::SendRecv) };
    scene.command(incoming.leg, LegCommand::Answer(answer, Extras::default()));
    let answer = body(scene.response(200).body());
    assert!(answer.contains("a=fmtp:96 maxaveragebitrate=20000\r\n"), "{answer}");
}

#[test]
fn early_media_is_answered_once_and_repeated_in_the_answer() {
    let (mut scene, _, leg) = Scene::ringing(&sdp(""));
    scene.command(leg, LegCommand::Progress(Some(pcma()), Extras::default()));
    let progress = scene.response(183);
    scene.command(leg, LegCommand::Answer(pcma(), Extras::default()));
    assert_eq!(scene.response(200).body(), progress.body());
}

#[test]
fn an_answer_is_repeated_until_its_ack() {
    let (mut scene, peer, leg) = Scene::ringing(&sdp(""));
    scene.command(leg, LegCommand::Answer(pcma(), Extras::default()));
    let ok = scene.response(200);
    scene.wait(seconds(2));
    assert_eq!(scene.response(200).to_bytes(), ok.to_bytes());
    scene.response(200);
    scene.give(peer.answered(&ok).ack(1).build().unwrap());
    scene.wait(seconds(40));
    scene.assert_quiet();
}

#[test]
fn an_answer_that_is_never_acknowledged_ends_the_call() {
    let (mut scene, _, leg) = Scene::ringing(&sdp(""));
    scene.command(leg, LegCommand::Answer(pcma(), Extras::default()));
    scene.wait(seconds(33));
    assert_eq!(failure(scene.event()).code, ErrorCode::Timeout);
    let byes = scene.sent.iter().filter(|(_, message)| matches!(message, Message::Request(_))).count();
    assert!(byes >= 1, "the far end is told");
    scene.assert_forgotten();
}

#[test]
fn a_hang_up_before_the_ack_waits_for_it() {
    let (mut scene, peer, leg) = Scene::ringing(&sdp(""));
    scene.command(leg, LegCommand::Answer(pcma(), Extras::default()));
    let ok = scene.response(200);
    scene.command(leg, LegCommand::End(Cause::Normal, Extras::default()));
    assert_eq!(scene.event(), LegEvent::Ended(Cause::Normal, Extras::default()));
    scene.assert_quiet();
    scene.give(peer.answered(&ok).ack(1).build().unwrap());
    let bye = scene.request(&Method::Bye);
    scene.respond(&bye, 200);
    scene.assert_forgotten();
}

#[test]
fn a_decline_is_refused_with_its_status() {
    for status in [486, 603, 404, 480] {
        let (mut scene, _, leg) = Scene::ringing(&sdp(""));
        let cause = Cause::Failure(failure_for_status(status, ""));
        scene.command(leg, LegCommand::End(cause.clone(), Extras::default()));
        scene.response(status);
        assert_eq!(scene.event(), LegEvent::Ended(cause, Extras::default()));
        scene.assert_forgotten();
    }
}

#[test]
fn a_caller_that_gives_up_ends_the_leg() {
    let (mut scene, peer, leg) = Scene::ringing(&sdp(""));
    scene.command(leg, LegCommand::Ringing(None, Extras::default()));
    scene.response(180);
    scene.give(peer.cancel(1));
    let statuses: Vec<u16> = [scene.sent.pop_front(), scene.sent.pop_front()]
        .into_iter()
        .flatten()
        .filter_map(|(_, message)| match message {
            Message::Response(response) => Some(response.status().code()),
            Message::Request(_) => None,
        })
        .collect();
    assert_eq!(statuses, [200, 487]);
    assert_eq!(scene.event(), LegEvent::Ended(Cause::Cancelled, Extras::default()));
    scene.assert_forgotten();
}

#[test]
fn a_caller_may_hang_up_before_the_answer() {
    let (mut scene, peer, leg) = Scene::ringing(&sdp(""));
    scene.command(leg, LegCommand::Ringing(None, Extras::default()));
    let ringing = scene.response(180);
    scene.give(peer.answered(&ringing).bye(2));
    scene.response(200);
    scene.response(487);
    assert_eq!(scene.event(), LegEvent::Ended(Cause::Cancelled, Extras::default()));
    scene.assert_forgotten();
}

#[test]
fn a_change_before_the_answer_has_to_wait() {
    let (mut scene, peer, leg) = Scene::ringing(&sdp(""));
    scene.command(leg, LegCommand::Ringing(None, Extras::default()));
    let ringing = scene.response(180);
    scene.give(peer.answered(&ringing).reinvite(2, &sdp("")));
    assert!(scene.response(500).headers().contains(&HeaderName::RetryAfter));
    assert!(scene.events.is_empty());
}

#[test]
fn an_invite_without_an_offer_gets_one_and_its_ack_brings_the_answer() {
    let (mut scene, peer, leg) = Scene::ringing("");
    scene.command(leg, LegCommand::Answer(everything(), Extras::default()));
    let ok = scene.response(200);
    assert!(body(ok.body()).contains("opus"));
    assert!(scene.media.is_empty(), "nothing is agreed yet");
    let ack = peer.answered(&ok).ack(1).body("application/sdp", sdp("")).build().unwrap();
    scene.give(ack);
    assert_eq!(scene.event(), LegEvent::Answered(pcma(), Extras::default()));
    assert_eq!(scene.media_told(), ["remote 192.0.2.9:5000", "SendRecv", "supervise"]);
    scene.assert_quiet();
}

#[test]
fn a_late_answer_is_taken_once() {
    let (mut scene, peer, leg) = Scene::ringing("");
    scene.command(leg, LegCommand::Answer(everything(), Extras::default()));
    let peer = peer.answered(&scene.response(200));
    for _ in 0..2 {
        scene.give(peer.ack(1).body("application/sdp", sdp("")).build().unwrap());
    }
    scene.event();
    scene.assert_quiet();
}

#[test]
fn a_late_answer_without_a_common_codec_ends_the_call() {
    let (mut scene, peer, leg) = Scene::ringing("");
    scene.command(leg, LegCommand::Answer(everything(), Extras::default()));
    let peer = peer.answered(&scene.response(200));
    scene.give(peer.ack(1).body("application/sdp", foreign_sdp()).build().unwrap());
    assert_eq!(failure(scene.event()).code, ErrorCode::NoCommonCodecs);
    scene.request(&Method::Bye);
    scene.assert_forgotten();
}

#[test]
fn a_missing_late_answer_ends_the_call() {
    let (mut scene, peer, leg) = Scene::ringing("");
    scene.command(leg, LegCommand::Answer(everything(), Extras::default()));
    let peer = peer.answered(&scene.response(200));
    scene.give(peer.ack(1).build().unwrap());
    assert_eq!(failure(scene.event()).code, ErrorCode::Rejected);
    scene.request(&Method::Bye);
    scene.assert_forgotten();
}

#[test]
fn ringing_without_an_offer_brings_no_description() {
    let (mut scene, _, leg) = Scene::ringing("");
    scene.command(leg, LegCommand::Ringing(Some(everything()), Extras::default()));
    assert!(scene.response(180).body().is_empty());
}

#[test]
fn an_offer_of_nothing_the_relay_speaks_is_refused() {
    let mut scene = Scene::new();
    scene.give(Peer::caller("echo").invite(&foreign_sdp()));
    scene.response(488);
    assert!(scene.incoming.is_empty());
    scene.assert_forgotten();
}

#[test]
fn an_answer_without_a_common_codec_refuses_the_call() {
    let (mut scene, _, leg) = Scene::ringing(&sdp(""));
    scene.command(leg, LegCommand::Answer(audio(&[Codec::Opus], Direction::SendRecv), Extras::default()));
    scene.response(488);
    assert_eq!(failure(scene.event()).code, ErrorCode::NoCommonCodecs);
    scene.assert_forgotten();
}

#[test]
fn an_offer_that_cannot_be_read_is_refused() {
    let mut scene = Scene::new();
    scene.give(Peer::caller("echo").invite("this is no description"));
    scene.response(400);
    assert!(scene.incoming.is_empty());
}

#[test]
fn a_repeated_invite_is_no_second_call() {
    let (mut scene, peer, leg) = Scene::ringing(&sdp(""));
    scene.command(leg, LegCommand::Ringing(None, Extras::default()));
    scene.response(180);
    scene.give(peer.invite(&sdp("")));
    scene.response(180);
    assert!(scene.incoming.is_empty());
}

#[test]
fn a_call_over_tcp_is_answered_on_its_connection() {
    let mut scene = Scene::new();
    let mut invite = Peer::caller("echo").invite(&sdp(""));
    invite.headers_mut().set(HeaderName::Via, "SIP/2.0/TCP 192.0.2.9:5060;branch=z9hG4bKtcp").unwrap();
    let connection = offhook_sip::transaction::ConnectionId(7);
    scene.give_from(invite, offhook_sip::transaction::Destination::tcp(super::scene::PEER, Some(connection)));
    let leg = scene.incoming.pop_front().unwrap().leg;
    scene.ua.attach(leg, local().into());
    scene.command(leg, LegCommand::Answer(pcma(), Extras::default()));
    let (to, message) = scene.sent.pop_front().unwrap();
    assert_eq!(to.connection, Some(connection));
    assert!(header(&message, &HeaderName::Contact).unwrap().contains("transport=tcp"));
}

#[test]
fn a_caller_whose_connection_is_gone_has_given_up() {
    let (mut scene, _, leg) = Scene::ringing(&sdp(""));
    scene.command(leg, LegCommand::Ringing(None, Extras::default()));
    scene.fail_to_send();
    assert_eq!(scene.event(), LegEvent::Ended(Cause::Cancelled, Extras::default()));
    assert_eq!(scene.ua.counts().legs, 0);
}

#[test]
fn an_invite_that_comes_a_second_way_is_a_loop() {
    let (mut scene, peer, leg) = Scene::ringing(&sdp(""));
    let mut other_way = peer.invite(&sdp(""));
    let via: offhook_sip::message::Via = "SIP/2.0/UDP 192.0.2.9:5060;rport;branch=z9hG4bKother".parse().unwrap();
    other_way.headers_mut().set(HeaderName::Via, &via).unwrap();
    scene.give(other_way.clone());
    scene.response(482);
    assert!(scene.incoming.is_empty());
    // The first goes on, and once it is over the same may come again.
    scene.command(leg, LegCommand::End(Cause::Cancelled, Extras::default()));
    scene.response(487);
    scene.event();
    let via: offhook_sip::message::Via = "SIP/2.0/UDP 192.0.2.9:5060;rport;branch=z9hG4bKthird".parse().unwrap();
    other_way.headers_mut().set(HeaderName::Via, &via).unwrap();
    scene.give(other_way);
    assert_eq!(scene.incoming.len(), 1);
}
