//! Hostile and random input: never a panic, and what is accepted can be written and read again.

use proptest::prelude::*;

use super::SessionDescription;

/// Reads everything that can be read from a description.
fn touch(description: &SessionDescription) {
    let _ = format!("{description:?} {:?}", description.attributes);
    for media in &description.media {
        let _ = (media.rtp_formats(), media.rtcp(), media.ptime(), media.maxptime());
        let _ = (description.ip_of(media), description.direction_of(media));
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
