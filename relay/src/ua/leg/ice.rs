//! What descriptions say of ICE (RFC 8839), taken out where it is to stay on one side.

use bytes::Bytes;

/// The attributes of RFC 8839 sections 5.1 to 5.6, and those that came with trickling (RFC 8840) and pacing.
const ATTRIBUTES: [&str; 9] = [
    "candidate",
    "remote-candidates",
    "end-of-candidates",
    "ice-lite",
    "ice-mismatch",
    "ice-ufrag",
    "ice-pwd",
    "ice-options",
    "ice-pacing",
];

/// The description without any line of ICE; every other byte stays.
pub(super) fn without_ice(body: &Bytes) -> Bytes {
    let lines = || body.split_inclusive(|byte| *byte == b'\n');
    if !lines().any(is_of_ice) {
        return body.clone();
    }
    lines().filter(|line| !is_of_ice(line)).flatten().copied().collect()
}

fn is_of_ice(line: &[u8]) -> bool {
    let Some(attribute) = line.strip_prefix(b"a=") else { return false };
    let name = attribute.split(|byte| *byte == b':').next().unwrap_or_default().trim_ascii();
    ATTRIBUTES.iter().any(|known| known.as_bytes() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\nm=audio 5000 RTP/AVP 8\r\na=icecream:1\r\na=rtcp-mux\r\n";

    #[test]
    fn lines_of_ice_are_left_out_and_nothing_else() {
        let ice = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef012345\r\na=ice-lite\r\na=ice-options:trickle\r\n\
            a=candidate:1 1 udp 1 192.0.2.9 5000 typ host\r\na=end-of-candidates\n";
        let body = Bytes::from(PLAIN.replace("a=icecream", &format!("{ice}a=icecream")));
        assert_eq!(without_ice(&body), PLAIN);
    }

    #[test]
    fn a_description_without_any_is_the_same() {
        for text in [PLAIN, "", "a=", "a=ice-ufrag", "no line end"] {
            let expected = if text == "a=ice-ufrag" { "" } else { text };
            assert_eq!(without_ice(&Bytes::copy_from_slice(text.as_bytes())), expected);
        }
    }
}
