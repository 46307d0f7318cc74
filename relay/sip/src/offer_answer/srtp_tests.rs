//! Encryption by policy, from both sides.

use std::net::IpAddr;

use super::*;
use crate::sdp::{CryptoSuite, MasterKey, SessionDescription};

const KEY: &str = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";
const OURS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

fn session(policy: SrtpPolicy) -> OfferAnswer {
    OfferAnswer::new(7, OURS).with_srtp(policy)
}

fn local() -> LocalMedia {
    let keys = CryptoSuite::ALL.into_iter().map(|suite| (suite, MasterKey::new(vec![1; suite.key_len()]))).collect();
    LocalMedia { keys, ..LocalMedia::new(OURS, 4000, vec![Codec::pcma()]) }
}

fn described(sections: &[(&str, &[&str])]) -> SessionDescription {
    let mut text = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n".to_owned();
    for (at, (protocol, lines)) in sections.iter().enumerate() {
        text.push_str(&format!("m=audio {} {protocol} 8\r\n", 5000 + 2 * at));
        for line in *lines {
            text.push_str(&format!("a=crypto:{line}\r\n"));
        }
    }
    SessionDescription::parse(text.as_bytes()).unwrap()
}

fn line(tag: u32, suite: &str) -> String {
    format!("{tag} {suite} inline:{KEY}")
}

/// What becomes of an offer: the protocol and tag of the answer, or nothing.
fn answered(policy: SrtpPolicy, offer: &SessionDescription) -> Option<Vec<String>> {
    let mut session = session(policy);
    session.receive_offer(offer).ok()?;
    let answer = session.create_answer(&local()).ok()?;
    let shown = |section: &crate::sdp::MediaDescription| {
        let line = section.attributes.value("crypto").and_then(|line| line.split(" inline").next());
        format!("{} {} {}", section.port, section.protocol, line.unwrap_or("clear"))
    };
    Some(answer.description.media.iter().map(shown).collect())
}

#[test]
fn answers_follow_the_offer_as_far_as_the_policy_goes() {
    use SrtpPolicy::{Off, Offered, Required};
    let sha80 = line(1, "AES_CM_128_HMAC_SHA1_80");
    let mki = format!("{sha80}|1:4");
    let clear = described(&[("RTP/AVP", &[])]);
    let feedback = described(&[("RTP/AVPF", &[])]);
    let optional = described(&[("RTP/AVP", &[&sha80])]);
    let secure = described(&[("RTP/SAVP", &[&sha80])]);
    let secure_feedback = described(&[("RTP/SAVPF", &[&sha80])]);
    let keyless = described(&[("RTP/SAVP", &[])]);
    let of_another_kind = described(&[("RTP/SAVP", &[&mki])]);
    let both = described(&[("RTP/SAVP", &[&sha80]), ("RTP/AVP", &[])]);
    let dtls = described(&[("UDP/TLS/RTP/SAVP", &[&sha80])]);
    for (name, offer, off, offered, required) in [
        ("clear", &clear, Some("4000 RTP/AVP clear"), Some("4000 RTP/AVP clear"), None),
        ("feedback", &feedback, Some("4000 RTP/AVPF clear"), Some("4000 RTP/AVPF clear"), None),
        (
            "optional",
            &optional,
            Some("4000 RTP/AVP clear"),
            Some("4000 RTP/AVP 1 AES_CM_128_HMAC_SHA1_80"),
            Some("4000 RTP/AVP 1 AES_CM_128_HMAC_SHA1_80"),
        ),
        (
            "secure",
            &secure,
            None,
            Some("4000 RTP/SAVP 1 AES_CM_128_HMAC_SHA1_80"),
            Some("4000 RTP/SAVP 1 AES_CM_128_HMAC_SHA1_80"),
        ),
        (
            "secure feedback",
            &secure_feedback,
            None,
            Some("4000 RTP/SAVPF 1 AES_CM_128_HMAC_SHA1_80"),
            Some("4000 RTP/SAVPF 1 AES_CM_128_HMAC_SHA1_80"),
        ),
        ("keyless", &keyless, None, None, None),
        ("MKI", &of_another_kind, None, None, None),
        (
            "both",
            &both,
            Some("0 RTP/SAVP clear, 4000 RTP/AVP clear"),
            Some("4000 RTP/SAVP 1 AES_CM_128_HMAC_SHA1_80, 0 RTP/AVP clear"),
            Some("4000 RTP/SAVP 1 AES_CM_128_HMAC_SHA1_80, 0 RTP/AVP clear"),
        ),
        ("DTLS", &dtls, None, None, None),
    ] {
        for (policy, expected) in [(Off, off), (Offered, offered), (Required, required)] {
            let answer = answered(policy, offer).map(|sections| sections.join(", "));
            assert_eq!(answer.as_deref(), expected, "{name} {policy:?}");
        }
    }
}

#[test]
fn the_first_line_that_can_be_taken_is_taken_with_its_tag() {
    let lines =
        ["5 F8_128_HMAC_SHA1_80 inline:x", &line(6, "AES_CM_128_HMAC_SHA1_32"), &line(7, "AES_CM_128_HMAC_SHA1_80")];
    let answer = answered(SrtpPolicy::Offered, &described(&[("RTP/SAVP", &lines)]));
    assert_eq!(answer.as_deref(), Some(&["4000 RTP/SAVP 6 AES_CM_128_HMAC_SHA1_32".to_owned()][..]));
}

#[test]
fn an_offer_names_a_key_for_each_suite_and_takes_the_one_that_is_answered() {
    let mut session = session(SrtpPolicy::Required);
    let offer = session.create_offer(&local()).unwrap();
    let section = &offer.media[0];
    assert_eq!(section.protocol, "RTP/SAVP");
    assert_eq!(section.attributes.values("crypto").count(), CryptoSuite::ALL.len());
    let answer = described(&[("RTP/SAVP", &[&line(2, "AES_CM_128_HMAC_SHA1_32")])]);
    let srtp = session.receive_answer(&answer).unwrap().srtp.clone().unwrap();
    assert_eq!(srtp.suite, CryptoSuite::AesCm128HmacSha1_32);
    assert_ne!(srtp.send, srtp.receive);
    let again = session.create_offer(&local()).unwrap();
    assert_eq!((again.media[0].protocol.as_str(), again.media[0].attributes.has("crypto")), ("RTP/SAVP", true));
}

#[test]
fn an_answer_that_would_lay_the_sound_open_is_refused() {
    for answer in [
        described(&[("RTP/SAVP", &[])]),
        described(&[("RTP/AVP", &[])]),
        described(&[("RTP/SAVP", &[&line(9, "AES_CM_128_HMAC_SHA1_80")])]),
        described(&[("RTP/SAVP", &[&line(1, "AES_CM_128_HMAC_SHA1_32")])]),
    ] {
        let mut session = session(SrtpPolicy::Offered);
        session.create_offer(&local()).unwrap();
        assert_eq!(session.receive_answer(&answer).err(), Some(OfferAnswerError::UnsupportedTransport));
    }
    let mut clear = session(SrtpPolicy::Off);
    clear.create_offer(&local()).unwrap();
    let answer = described(&[("RTP/SAVP", &[&line(1, "AES_CM_128_HMAC_SHA1_80")])]);
    assert_eq!(clear.receive_answer(&answer).err(), Some(OfferAnswerError::UnsupportedTransport));
}

#[test]
fn a_peer_that_refuses_encryption_is_offered_none_where_it_was_only_offered() {
    for (policy, may) in [(SrtpPolicy::Off, false), (SrtpPolicy::Offered, true), (SrtpPolicy::Required, false)] {
        let mut session = session(policy);
        session.create_offer(&local()).unwrap();
        session.withdraw_offer();
        assert_eq!(session.give_up_srtp(), may, "{policy:?}");
        if may {
            let offer = session.create_offer(&local()).unwrap();
            assert_eq!((offer.media[0].protocol.as_str(), offer.media[0].attributes.has("crypto")), ("RTP/AVP", false));
        }
    }
}

#[test]
fn another_key_of_the_peers_is_taken_with_a_change() {
    let mut session = session(SrtpPolicy::Offered);
    session.receive_offer(&described(&[("RTP/SAVP", &[&line(1, "AES_CM_128_HMAC_SHA1_80")])])).unwrap();
    let before = session.create_answer(&local()).unwrap().negotiated.srtp.unwrap();
    let other = KEY.replace("d0Rm", "e0Rm");
    let changed = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{other}");
    session.receive_offer(&described(&[("RTP/SAVP", &[&changed])])).unwrap();
    let after = session.create_answer(&local()).unwrap().negotiated.srtp.unwrap();
    assert_ne!(before.receive, after.receive);
}
