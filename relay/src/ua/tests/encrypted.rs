//! Encrypted media and the order of codecs, as the configuration has them.

use offhook_media::{Codec, Direction, SrtpSuite};
use offhook_protocol::ErrorCode;
use offhook_sip::message::Method;

use super::peer::{Peer, sdp};
use super::scene::{LEG, Scene, account, audio, body, everything, failure, local};
use crate::call::{CodecPolicy, Extras, LegCommand, LegEvent};
use crate::ua::{MediaPolicy, SrtpPolicy};

const KEY: &str = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

fn scene(srtp: SrtpPolicy) -> Scene {
    Scene::with_media(&account(), MediaPolicy { srtp, ..MediaPolicy::default() })
}

/// The peer's description with this profile and key.
fn secure(tag: u32, key: &str) -> String {
    sdp(&format!("crypto:{tag}_AES_CM_128_HMAC_SHA1_80_inline:{key}"))
        .replace("RTP/AVP", "RTP/SAVP")
        .replace(&format!("{tag}_AES"), &format!("{tag} AES"))
        .replace("80_inline", "80 inline")
}

fn key_of(description: &str) -> Option<String> {
    let line = description.lines().find(|line| line.starts_with("a=crypto:"))?;
    line.split_once("inline:").map(|(_, key)| key.to_owned())
}

/// A call of bob's that rings, where it is not refused.
fn ringing(scene: &mut Scene, offer: &str) -> Option<(Peer, offhook_media::LegId)> {
    let peer = Peer::caller("alice");
    scene.give(peer.invite(offer));
    let leg = scene.incoming.pop_front()?.leg;
    scene.ua.attach(leg, local().into());
    Some((peer, leg))
}

fn pcma() -> crate::call::Description {
    audio(&[Codec::Pcma], Direction::SendRecv)
}

#[test]
fn an_encrypted_offer_gets_an_encrypted_answer_with_a_key_of_our_own() {
    let mut scene = scene(SrtpPolicy::Offered);
    let (_, leg) = ringing(&mut scene, &secure(3, KEY)).unwrap();
    scene.command(leg, LegCommand::Answer(pcma(), Extras::default()));
    let answer = body(scene.response(200).body());
    assert!(answer.contains("RTP/SAVP 8 97\r\na=rtpmap"), "{answer}");
    assert!(answer.contains("a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:"), "{answer}");
    assert_ne!(key_of(&answer).as_deref(), Some(KEY));
    let srtp = scene.remote().srtp.unwrap();
    assert_eq!(srtp.suite, SrtpSuite::AesCm128HmacSha1_80);
    assert_ne!(srtp.send, srtp.receive);
}

#[test]
fn what_the_policy_does_not_take_is_refused() {
    for (policy, offer) in [(SrtpPolicy::Off, secure(1, KEY)), (SrtpPolicy::Required, sdp(""))] {
        let mut scene = scene(policy);
        assert!(ringing(&mut scene, &offer).is_none());
        scene.response(488);
    }
}

#[test]
fn a_peer_that_cannot_encrypt_is_called_once_more_in_the_clear_where_that_may_be() {
    for status in [415, 488, 606] {
        let mut scene = scene(SrtpPolicy::Offered);
        let first = scene.call();
        assert!(body(first.body()).contains("m=audio 4000 RTP/SAVP "));
        scene.respond(&first, status);
        scene.request(&Method::Ack);
        let second = scene.request(&Method::Invite);
        let offer = body(second.body());
        assert!(offer.contains("m=audio 4000 RTP/AVP ") && !offer.contains("crypto"), "{offer}");
        let length = second.headers().content_length().unwrap().unwrap();
        assert_eq!(usize::try_from(length).unwrap(), second.body().len());
        assert_eq!(first.headers().call_id().unwrap(), second.headers().call_id().unwrap());
        scene.respond(&second, 488);
        scene.request(&Method::Ack);
        assert_eq!(failure(scene.event()).sip_status, Some(488));
        scene.assert_quiet();
    }
}

#[test]
fn a_peer_that_must_encrypt_and_cannot_is_not_called_in_the_clear() {
    let mut scene = scene(SrtpPolicy::Required);
    let invite = scene.call();
    scene.respond(&invite, 488);
    scene.request(&Method::Ack);
    assert_eq!(failure(scene.event()).sip_status, Some(488));
    scene.assert_quiet();
}

#[test]
fn an_answer_in_the_clear_to_an_encrypted_offer_ends_the_call() {
    let mut scene = scene(SrtpPolicy::Offered);
    let invite = scene.call();
    scene.respond_with(&invite, 200, &sdp(""));
    scene.request(&Method::Ack);
    scene.request(&Method::Bye);
    assert_eq!(failure(scene.event()).code, ErrorCode::Rejected);
}

#[test]
fn our_key_stays_with_a_hold_and_changes_with_whoever_may_be_another() {
    let mut scene = scene(SrtpPolicy::Required);
    let (peer, leg) = ringing(&mut scene, &secure(1, KEY)).unwrap();
    scene.command(leg, LegCommand::Answer(pcma(), Extras::default()));
    let ok = scene.response(200);
    let first = key_of(&body(ok.body())).unwrap();
    let peer = peer.answered(&ok);
    scene.give(peer.ack(1).build().unwrap());
    let other = KEY.replace("d0Rm", "e0Rm");
    let mut keys = Vec::new();
    for (cseq, offer) in [(2, secure(1, KEY) + "a=sendonly\r\n"), (3, secure(1, &other))] {
        scene.give(peer.reinvite(cseq, &offer));
        assert!(matches!(scene.event(), LegEvent::Reoffer(_)));
        scene.command(leg, LegCommand::ReofferAnswer(Ok(pcma())));
        let answer = body(scene.response(200).body());
        keys.push(key_of(&answer).unwrap());
        scene.give(peer.ack(cseq).build().unwrap());
    }
    assert_eq!(keys[0], first);
    assert_ne!(keys[1], first);
}

#[test]
fn keys_are_in_no_log() {
    let mut scene = scene(SrtpPolicy::Required);
    scene.log = Some(String::new());
    let (_, leg) = ringing(&mut scene, &secure(1, KEY)).unwrap();
    scene.command(leg, LegCommand::Answer(pcma(), Extras::default()));
    let ours = key_of(&body(scene.response(200).body())).unwrap();
    let log = scene.log.unwrap();
    assert!(log.contains("srtp: Some") && !log.contains(KEY) && !log.contains(&ours));
}

#[test]
fn codecs_are_offered_and_answered_in_the_order_of_the_configuration() {
    let codecs = Some(vec![Codec::Pcma, Codec::Opus]);
    let spoken = CodecPolicy { codecs, ..CodecPolicy::default() };
    let policy = MediaPolicy { spoken, ..MediaPolicy::default() };
    let mut scene = Scene::with_media(&account(), policy.clone());
    let offer = body(scene.call().body());
    assert!(offer.contains("m=audio 4000 RTP/AVP 8 111 101 110\r\n"), "{offer}");

    let mut scene = Scene::with_media(&account(), policy);
    let theirs = sdp("").replace("RTP/AVP 8 97", "RTP/AVP 0 96 8 97") + "a=rtpmap:96 opus/48000/2\r\n";
    let (_, leg) = ringing(&mut scene, &theirs).unwrap();
    scene.command(leg, LegCommand::Answer(everything(), Extras::default()));
    let answer = body(scene.response(200).body());
    assert!(answer.contains("m=audio 4000 RTP/AVP 8 96 97\r\n"), "{answer}");
}

#[test]
fn a_peer_that_speaks_nothing_of_the_configuration_is_refused() {
    let spoken = CodecPolicy { codecs: Some(vec![Codec::Opus]), ..CodecPolicy::default() };
    let policy = MediaPolicy { spoken, ..MediaPolicy::default() };
    let mut scene = Scene::with_media(&account(), policy.clone());
    assert!(ringing(&mut scene, &sdp("")).is_none());
    scene.response(488);

    let mut scene = Scene::with_media(&account(), policy);
    scene.ua.open_leg(LEG, super::scene::ACCOUNT, local().into(), "bob").unwrap();
    let (from, to) = Default::default();
    scene.command(LEG, LegCommand::Invite { from, to, offer: Some(pcma()), extras: Extras::default() });
    assert_eq!(failure(scene.event()).sip_status, Some(488));
}
