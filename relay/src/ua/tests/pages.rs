//! Clients in web pages, such as those made with JsSIP: SIP as anybody speaks it, and WebRTC for the sound.

use offhook_media::{Codec, Command, Direction, Fingerprint, IceCredentials, IcePassword, WebRtcLocal};
use offhook_sip::message::{Method, Via};
use offhook_sip::transaction::Destination;

use super::peer::{Peer, sdp};
use super::scene::{LEG, PEER, Scene, audio, body, everything};
use crate::call::{Cause, Extras, Identity, LegCommand, LegEvent, failure_for_status};
use crate::ua::tests::scene::ACCOUNT;
use crate::ua::{MediaKind, Protocol};
use crate::webrtc::Transport;

const OFFER: &str = include_str!("../../relay/tests/offer.sdp");

fn local(ufrag: &str) -> WebRtcLocal {
    WebRtcLocal {
        ice: IceCredentials { ufrag: ufrag.into(), password: IcePassword::new("p".repeat(24)) },
        fingerprint: Fingerprint::from_bytes([1; 32]),
        candidates: vec![([192, 0, 2, 1], 40_000).into()],
        tcp_candidates: Vec::new(),
        generation: 0,
        ssrc: 5,
        video_ssrc: 6,
        cname: "c".into(),
    }
}

/// A client's call that rings; its INVITE offers this.
fn ringing(offer: &str) -> (Scene, Peer, offhook_media::LegId) {
    let mut scene = Scene::new();
    let peer = Peer::caller("alice");
    scene.give(peer.invite(offer));
    let incoming = scene.incoming.pop_front().unwrap();
    assert_eq!(scene.ua.media_kind(incoming.leg), Some(MediaKind::WebRtc));
    scene.ua.attach(incoming.leg, local("relay").into());
    (scene, peer, incoming.leg)
}

/// A client's call that is answered with Opus.
fn taken() -> (Scene, Peer, offhook_media::LegId) {
    let (mut scene, peer, leg) = ringing(OFFER);
    scene.command(leg, LegCommand::Answer(opus(Direction::SendRecv), Extras::default()));
    let peer = peer.answered(&scene.response(200));
    scene.give(peer.ack(1).build().unwrap());
    scene.media.clear();
    scene.assert_quiet();
    (scene, peer, leg)
}

fn opus(direction: Direction) -> crate::call::Description {
    audio(&[Codec::Opus], direction)
}

/// What the worker was told of the client: its ICE user, and the first payload type.
fn remote(scene: &mut Scene) -> (String, u8) {
    let mut remotes = scene.media.drain(..).filter_map(|command| match command {
        Command::WebRtcRemote { remote, .. } => Some((remote.ice.ufrag, remote.formats[0].send_pt)),
        _ => None,
    });
    remotes.next_back().unwrap()
}

#[test]
fn an_offer_over_dtls_is_answered_as_a_browser_wants_it() {
    let (mut scene, _, leg) = ringing(OFFER);
    scene.command(leg, LegCommand::Answer(opus(Direction::SendRecv), Extras::default()));
    let answer = body(scene.response(200).body());
    for line in [
        "m=audio 40000 UDP/TLS/RTP/SAVPF 111 110\r\n",
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n",
        "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n",
        "a=ice-lite\r\n",
        "a=setup:passive\r\n",
        "a=ice-ufrag:relay\r\n",
        "a=fingerprint:sha-256 01:01",
        "a=rtcp-mux\r\n",
    ] {
        assert!(answer.contains(line), "{line} is missing from {answer}");
    }
    assert_eq!(remote(&mut scene), ("Kx3f".to_owned(), 111));
}

#[test]
fn a_page_hears_early_media_and_what_it_heard_stands_in_the_answer() {
    let (mut scene, _, leg) = ringing(OFFER);
    scene.command(leg, LegCommand::Progress(Some(opus(Direction::SendRecv)), Extras::default()));
    let early = scene.response(183);
    // Its own checks prove that it wants the sound: nothing waits for the ACK.
    assert!(
        scene.media.iter().any(|command| matches!(command, Command::Direction { direction: Direction::SendRecv, .. }))
    );
    scene.command(leg, LegCommand::Answer(opus(Direction::SendRecv), Extras::default()));
    assert_eq!(scene.response(200).body(), early.body());
}

#[test]
fn an_offer_without_ice_is_refused() {
    let mut scene = Scene::new();
    scene.give(Peer::caller("alice").invite(&OFFER.replace("ice-ufrag", "x-nothing")));
    scene.response(488);
    assert!(scene.incoming.is_empty());
}

#[test]
fn an_invite_without_an_offer_is_offered_what_its_way_tells() {
    for (way, kind) in
        [(Protocol::Wss, MediaKind::WebRtc), (Protocol::Ws, MediaKind::WebRtc), (Protocol::Udp, MediaKind::Rtp)]
    {
        let mut scene = Scene::new();
        let mut invite = Peer::caller("alice").invite("");
        let via: Via =
            format!("SIP/2.0/{} df7jal23ls0d.invalid;rport;branch=z9hG4bKpage", way.transport()).parse().unwrap();
        invite.headers_mut().set(offhook_sip::message::HeaderName::Via, &via).unwrap();
        scene.give_from(invite, Destination::new(way.transport(), PEER));
        let leg = scene.incoming.pop_front().unwrap().leg;
        assert_eq!(scene.ua.media_kind(leg), Some(kind), "{way:?}");
    }
}

#[test]
fn a_client_that_is_called_is_offered_webrtc() {
    let mut scene = Scene::new();
    scene.ua.open_leg(LEG, ACCOUNT, local("relay").into(), "bob").unwrap();
    let (from, to) = (Identity::default(), Identity::default());
    scene.command(LEG, LegCommand::Invite { from, to, offer: Some(everything()), extras: Extras::default() });
    let invite = scene.request(&Method::Invite);
    let offer = body(invite.body());
    assert!(offer.contains("m=audio 40000 UDP/TLS/RTP/SAVPF 111 9 0 8 110 126\r\n"), "{offer}");
    scene.respond_with(&invite, 200, &OFFER.replace("actpass", "active"));
    scene.request(&Method::Ack);
    let LegEvent::Answered(answered, _) = scene.event() else { panic!("not answered") };
    assert_eq!(answered.codecs, [Codec::Opus, Codec::G722, Codec::Pcmu, Codec::Pcma]);
    assert_eq!(remote(&mut scene), ("Kx3f".to_owned(), 111));
}

#[test]
fn an_answer_of_a_telephone_to_an_offer_of_webrtc_makes_no_call() {
    let mut scene = Scene::new();
    scene.ua.open_leg(LEG, ACCOUNT, local("relay").into(), "bob").unwrap();
    let (from, to) = (Identity::default(), Identity::default());
    scene.command(LEG, LegCommand::Invite { from, to, offer: Some(everything()), extras: Extras::default() });
    let invite = scene.request(&Method::Invite);
    scene.respond_with(&invite, 200, &sdp(""));
    scene.request(&Method::Ack);
    scene.request(&Method::Bye);
    assert!(matches!(scene.event(), LegEvent::Ended(Cause::Failure(_), _)));
}

#[test]
fn a_page_holds_and_resumes_by_its_descriptions() {
    let (mut scene, peer, leg) = taken();
    scene.give(peer.reinvite(2, &OFFER.replace("a=sendrecv", "a=sendonly")));
    let LegEvent::Reoffer(held) = scene.event() else { panic!("no change") };
    assert_eq!(held.direction, Direction::RecvOnly);
    scene.command(leg, LegCommand::ReofferAnswer(Ok(opus(Direction::SendRecv))));
    let answer = body(scene.response(200).body());
    assert!(answer.contains("a=recvonly\r\n"), "{answer}");
    scene.give(peer.ack(2).build().unwrap());
    scene.give(peer.reinvite(3, OFFER));
    assert!(matches!(scene.event(), LegEvent::Reoffer(resumed) if resumed.direction == Direction::SendRecv));
}

#[test]
fn a_page_is_held_by_an_offer_in_its_own_terms() {
    let (mut scene, _, leg) = taken();
    scene.command(leg, LegCommand::Reoffer(opus(Direction::SendOnly)));
    let offer = body(scene.request(&Method::Invite).body());
    assert!(offer.contains("m=audio 40000 UDP/TLS/RTP/SAVPF 111 110\r\n"), "{offer}");
    assert!(offer.contains("a=sendonly\r\n") && offer.contains("a=ice-ufrag:relay\r\n"), "{offer}");
}

#[test]
fn a_page_whose_network_changed_gets_another_connection_before_its_answer() {
    let (mut scene, peer, leg) = taken();
    scene.give(peer.reinvite(2, &OFFER.replace("ice-ufrag:Kx3f", "ice-ufrag:Other")));
    assert_eq!(scene.reconnects.pop_front(), Some(Transport::Restarted));
    scene.ua.attach(leg, local("renewed").into());
    assert!(matches!(scene.event(), LegEvent::Reoffer(_)));
    scene.command(leg, LegCommand::ReofferAnswer(Ok(opus(Direction::SendRecv))));
    let answer = body(scene.response(200).body());
    assert!(answer.contains("a=ice-ufrag:renewed\r\n"), "{answer}");
    assert_eq!(remote(&mut scene).0, "Other");
}

#[test]
fn a_change_that_is_refused_leaves_what_was_agreed() {
    let (mut scene, peer, leg) = taken();
    scene.give(peer.reinvite(2, &OFFER.replace("a=sendrecv", "a=inactive")));
    assert!(matches!(scene.event(), LegEvent::Reoffer(_)));
    scene.command(leg, LegCommand::ReofferAnswer(Err(Cause::Failure(failure_for_status(491, "Request Pending")))));
    scene.response(491);
    scene.give(peer.ack(2).build().unwrap());
    scene.command(leg, LegCommand::Reoffer(opus(Direction::SendRecv)));
    scene.request(&Method::Invite);
}
