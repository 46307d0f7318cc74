//! Hostile and random input: never a panic, and what is accepted can be written and read again.

use proptest::prelude::*;

use super::SessionDescription;

/// Reads everything that can be read from a description.
fn touch(description: &SessionDescription) {
    let _ = format!("{description:?} {:?}", description.attributes);
    for media in &description.media {
        let _ = (media.rtp_formats(), media.rtcp(), media.ptime(), media.maxptime());
        let _ = (description.ip_of(media), description.direction_of(media));
        let _ = media.attributes.values("crypto").filter_map(super::Crypto::parse).count();
        let _ = media.attributes.values("fmtp").map(super::OpusParameters::parse).count();
        for attributes in [&media.attributes, &description.attributes] {
            let _ = (attributes.fingerprints().count(), attributes.mid());
        }
    }
}

fn line() -> impl Strategy<Value = String> {
    let word = "[ -~]{0,20}";
    prop_oneof![
        Just("v=0".to_owned()),
        Just("o=- 1 1 IN IP4 192.0.2.7".to_owned()),
        Just("c=IN IP4 0.0.0.0".to_owned()),
        "m=(audio|video|x) [0-9]{1,6}(/[0-9]{1,3})? RTP/AVP( [0-9]{1,3}){0,5}",
        "a=crypto:[0-9]{1,10} AES_CM_128_HMAC_SHA1_80 inline:[A-Za-z0-9+/=|^:;]{0,50}( [A-Z_]{1,8}=?)?",
        "a=(rtpmap|fmtp|rtcp|ssrc|group|msid|fingerprint|ptime|setup|candidate):[ -~]{0,20}",
        "a=rtpmap:[0-9]{1,3} [a-z]{0,4}/[0-9]{0,12}(/[0-9]{0,4})?",
        ("[a-z]", word).prop_map(|(letter, value)| format!("{letter}={value}")),
        word.prop_map(|word| word),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_parsed_or_refused(body in proptest::collection::vec(any::<u8>(), 0..2000)) {
        if let Ok(description) = SessionDescription::parse(&body) {
            touch(&description);
        }
    }

    #[test]
    fn what_is_accepted_is_the_same_after_writing_and_reading(
        lines in proptest::collection::vec(line(), 0..30),
    ) {
        let text = format!("v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\n{}", lines.join("\r\n"));
        if let Ok(description) = SessionDescription::parse(text.as_bytes()) {
            touch(&description);
            let written = description.to_text();
            let again = SessionDescription::parse(written.as_bytes());
            prop_assert_eq!(again.map(|again| again.to_text()), Ok(written));
        }
    }
}

/// How long a test may take for what takes a small part of it on any machine, however busy: less than it would with work
/// that grows with the square of the size.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

#[expect(clippy::disallowed_methods, reason = "what is measured is the time that reading takes")]
fn clock() -> std::time::Instant {
    std::time::Instant::now()
}

/// The largest descriptions that are taken, each made to be slow.
#[test]
fn the_largest_descriptions_are_read_in_no_time() {
    let begun = clock();
    let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n";
    let formats: String = (0..128).map(|number| format!(" {number}")).collect();
    let section = format!("m=audio 4000 RTP/AVP{formats}\r\n");
    let filled = |line: &str| {
        let room = super::MAX_SIZE - head.len() - section.len();
        let lines = (room / (line.len() + 2)).min(super::MAX_LINES - 5);
        format!("{head}{section}{}", format!("{line}\r\n").repeat(lines))
    };
    let longest = format!("a=fmtp:96 {}", "x=1;".repeat(16_000));
    for line in [
        "a=rtpmap:96 opus/48000/2",
        "a=fmtp:96 x=1",
        "a=crypto:1 X inline:y",
        "a=rtcp:9",
        "a=sendonly",
        longest.as_str(),
    ] {
        let text = filled(line);
        for _ in 0..20 {
            let description = SessionDescription::parse(text.as_bytes()).unwrap();
            touch(&description);
            assert_eq!(description.media[0].formats.len(), 128);
        }
    }
    assert!(SessionDescription::parse(filled("a=x").repeat(40).as_bytes()).is_err());
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

/// What is kept of a description is no more than was sent, and no more pieces than the bounds say.
#[test]
fn what_is_kept_of_a_hostile_description_is_bounded() {
    let begun = clock();
    let head = "v=0\no=- 1 1 IN IP4 192.0.2.7\n";
    let many = |line: &str, count: usize| format!("{head}{}", line.repeat(count));
    let formats: String = (0..128).map(|number| format!(" {number}")).collect();
    let sections = format!("m=audio 4000 RTP/AVP{formats}\n");
    for (text, refused) in [
        (many("a=x\n", 1_998), false),
        (many("a=x\n", 1_999), true),
        (many("\n", 60_000), false),
        (many("a=x\n\n", 1_900), true),
        (many(&sections, 32), false),
        (many(&sections, 33), true),
        (many("m=audio 1 RTP/AVP 0\na=rtpmap:0 PCMU/8000\nc=IN IP4 192.0.2.7\n", 32), false),
        (format!("{head}a={}\n", ":".repeat(60_000)), true),
        (format!("{head}a=x{}\n", ":".repeat(60_000)), false),
        (format!("{head}m=audio 1 RTP/AVP{}\n", " 0".repeat(30_000)), true),
        (format!("{head}m=audio 1 {} 0\n", "RTP/".repeat(15_000)), false),
        (format!("{head}c=IN IP4 {}\n", "1.".repeat(30_000)), false),
        (format!("{head}m=audio 1 RTP/AVP 0\na=fmtp:0 {}\n", "0-15,".repeat(12_000)), false),
        (format!("{head}{}", "=".repeat(65_000)), true),
        (format!("{head}{}", "\u{e9}=".repeat(20_000)), true),
        ("v=0\n".repeat(16_000), true),
    ] {
        let parsed = SessionDescription::parse(text.as_bytes());
        assert_eq!(parsed.is_err(), refused, "{:?}", text.get(..60));
        let Ok(description) = parsed else { continue };
        touch(&description);
        let lists = description.media.iter().map(|media| &media.attributes).chain([&description.attributes]);
        assert!(lists.map(|attributes| attributes.iter().count()).sum::<usize>() <= super::MAX_LINES);
        assert!(description.media.len() <= super::MAX_MEDIA);
        assert!(description.media.iter().all(|media| media.rtp_formats().len() <= super::MAX_FORMATS));
        assert!(
            description.to_text().len() <= text.len() * 2 + 64,
            "{} bytes of {}",
            description.to_text().len(),
            text.len()
        );
    }
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[test]
fn numbers_beyond_all_bounds_are_no_numbers() {
    let huge = "9".repeat(400);
    for (line, refused) in [
        (format!("m=audio {huge} RTP/AVP 0"), true),
        (format!("m=audio 4000/{huge} RTP/AVP 0"), true),
        (format!("m=audio 4000 RTP/AVP {huge}"), false),
        (format!("m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/{huge}"), false),
        (format!("m=audio 4000 RTP/AVP 0\r\na=ptime:{huge}\r\na=rtcp:{huge}\r\na=rtpmap:{huge} X/1"), false),
    ] {
        let text = format!("v=0\r\no=- {huge} {huge} IN IP4 192.0.2.7\r\n{line}\r\n");
        let parsed = SessionDescription::parse(text.as_bytes());
        assert_eq!(parsed.is_err(), refused, "{line}");
        if let Ok(description) = parsed {
            touch(&description);
            assert_eq!((description.media[0].ptime(), description.media[0].rtcp()), (None, None));
        }
    }
}
