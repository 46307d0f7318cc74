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

/// The largest descriptions that are taken, each made to be slow: that they are not is what the test's own time shows.
#[test]
fn the_largest_descriptions_are_read_in_no_time() {
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
