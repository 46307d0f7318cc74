//! What a trace must not hold. Every secret byte becomes an `x`, so that lengths stay as they were.

use bytes::Bytes;

/// Headers that carry what a password could be guessed from, or be answered with.
const OF_DIGEST: [&str; 5] =
    ["authorization", "proxy-authorization", "www-authenticate", "proxy-authenticate", "authentication-info"];

/// Parameters of theirs that are no secret, and that whoever reads a trace needs.
const PLAIN: [&str; 9] = ["realm", "username", "uri", "algorithm", "qop", "nc", "stale", "domain", "userhash"];

/// What a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    /// Digest parameters.
    Digest,
    /// Credentials of another kind, nothing of which is plain.
    Unknown,
    /// Something else.
    Other,
}

/// A message without its secrets: digest responses and nonces, passwords in URIs, keys of SDES and ICE.
pub(super) fn redacted(message: &Bytes) -> Bytes {
    let mut text = message.to_vec();
    let mut start = 0;
    while start < text.len() {
        let end = end_of_line(&text, start);
        if let Some(line) = text.get_mut(start..end) {
            match header_of(line) {
                Header::Digest => digest(line),
                Header::Unknown => unknown(line),
                Header::Other => description(line),
            }
            passwords(line);
        }
        start = end;
    }
    Bytes::from(text)
}

/// Where the next line begins that is not a folded part of this one.
fn end_of_line(text: &[u8], start: usize) -> usize {
    let mut at = start;
    loop {
        at = find(text, at, |byte| byte == b'\n').map_or(text.len(), |end| end + 1);
        if !matches!(text.get(at), Some(b' ' | b'\t')) {
            return at;
        }
    }
}

fn header_of(line: &[u8]) -> Header {
    let colon = find(line, 0, |byte| byte == b':').unwrap_or(line.len());
    let (name, value) = line.split_at_checked(colon).unwrap_or_default();
    let is = |known: &&str| name.trim_ascii().eq_ignore_ascii_case(known.as_bytes());
    let value = value.get(1..).unwrap_or_default().trim_ascii();
    match OF_DIGEST.iter().find(|known| is(known)) {
        None => Header::Other,
        Some(&"authentication-info") => Header::Digest,
        Some(_) if value.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"digest ")) => Header::Digest,
        Some(_) => Header::Unknown,
    }
}

/// Hides all but the scheme.
fn unknown(line: &mut [u8]) {
    let colon = find(line, 0, |byte| byte == b':').unwrap_or_default();
    let scheme = find(line, colon + 1, |byte| !byte.is_ascii_whitespace()).unwrap_or(line.len());
    let end = find(line, scheme, |byte| byte.is_ascii_whitespace()).unwrap_or(line.len());
    hide(line, end, line.len());
}

/// Hides each parameter's value that is not known to be plain.
fn digest(line: &mut [u8]) {
    let mut at = 0;
    while let Some(equals) = find(line, at, |byte| byte == b'=') {
        let before = line.get(..equals).unwrap_or_default().trim_ascii_end();
        let name = before.rsplit(|byte| !is_token(*byte)).next().unwrap_or_default();
        let plain = PLAIN.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
        let value = find(line, equals + 1, |byte| !byte.is_ascii_whitespace()).unwrap_or(line.len());
        let end = match line.get(value) {
            Some(b'"') => end_of_quoted(line, value + 1),
            _ => find(line, value, |byte| byte == b',' || byte.is_ascii_whitespace()).unwrap_or(line.len()),
        };
        if !plain {
            hide(line, value, end);
        }
        at = end;
    }
}

fn end_of_quoted(line: &[u8], mut at: usize) -> usize {
    while let Some(byte) = line.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at,
            _ => at += 1,
        }
    }
    line.len()
}

/// Hides the passwords of `sip:user:password@host`, and what only looks like one. Each byte is looked at a few times, however
/// many schemes there are.
fn passwords(line: &mut [u8]) {
    let ends = |byte: u8| matches!(byte, b'@' | b' ' | b'\t' | b'<' | b'>' | b'"' | b'\r' | b'\n');
    let mut start = 0;
    while start < line.len() {
        let end = find(line, start, ends).unwrap_or(line.len());
        if line.get(end) == Some(&b'@')
            && let Some(user) = user_of(line, start, end)
            && let Some(colon) = find(line, user, |byte| byte == b':').filter(|colon| *colon < end)
        {
            hide(line, colon + 1, end);
        }
        start = end + 1;
    }
}

/// Where the user part begins behind the first scheme between the two.
fn user_of(line: &[u8], start: usize, end: usize) -> Option<usize> {
    let part = line.get(start..end)?;
    let behind = |scheme: &[u8]| position(part, 0, scheme).map(|at| start + at + scheme.len());
    [behind(b"sip:"), behind(b"sips:")].into_iter().flatten().min()
}

/// Hides the keys of a session description (RFC 4568, RFC 8839, RFC 4567, RFC 8866 section 5.12).
fn description(line: &mut [u8]) {
    let is = |prefix: &[u8]| line.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let from = if is(b"a=crypto:") {
        position(line, 0, b"inline:").map_or(b"a=crypto:".len(), |at| at + b"inline:".len())
    } else if is(b"a=ice-pwd:") {
        b"a=ice-pwd:".len()
    } else if is(b"a=key-mgmt:") {
        b"a=key-mgmt:".len()
    } else if is(b"k=") {
        b"k=".len()
    } else {
        return;
    };
    hide(line, from, line.len());
}

/// Hides a range. Line ends, white space and quotes stay, so that a parser finds the same ends.
fn hide(line: &mut [u8], from: usize, to: usize) {
    for byte in line.get_mut(from..to).into_iter().flatten() {
        if !matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | b'"') {
            *byte = b'x';
        }
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

fn find(line: &[u8], from: usize, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    line.iter().skip(from).position(|byte| wanted(*byte)).map(|at| from + at)
}

fn position(line: &[u8], from: usize, text: &[u8]) -> Option<usize> {
    let rest = line.get(from..)?;
    rest.windows(text.len()).position(|window| window.eq_ignore_ascii_case(text)).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redact(text: &str) -> String {
        String::from_utf8(redacted(&Bytes::from(text.to_owned())).to_vec()).unwrap()
    }

    #[test]
    fn responses_and_nonces_are_hidden_and_what_explains_them_is_not() {
        let text = "REGISTER sip:b SIP/2.0\r\n\
            authorization: Digest username=\"alice\",realm=\"a, b\", nonce=\"n=o,n\\\"ce\",\r\n\
            \x20response=\"0123\", cnonce=abc, opaque=\"o\", uri=\"sip:b\", nc=00000001, qop=auth\r\n\
            To: <sip:a@b>;tag=nonce\r\n\r\n";
        assert_eq!(
            redact(text),
            "REGISTER sip:b SIP/2.0\r\n\
            authorization: Digest username=\"alice\",realm=\"a, b\", nonce=\"xxxxxx\"xx\",\r\n\
            \x20response=\"xxxx\", cnonce=xxx, opaque=\"x\", uri=\"sip:b\", nc=00000001, qop=auth\r\n\
            To: <sip:a@b>;tag=nonce\r\n\r\n"
        );
        assert_eq!(redact("Proxy-Authorization: Basic dXNlcg\r\n"), "Proxy-Authorization: Basic xxxxxx\r\n");
        assert_eq!(redact("Proxy-Authorization : Basic dXNl==\r\n"), "Proxy-Authorization : Basic xxxxxx\r\n");
        assert_eq!(redact("Authorization:\r\n Basic dXNl==\r\n"), "Authorization:\r\n Basic xxxxxx\r\n");
        assert_eq!(redact("AUTHORIZATION: NTLM a=b, c=d"), "AUTHORIZATION: NTLM xxxx xxx");
        assert_eq!(redact("WWW-Authenticate: Digest nonce=\"1\"\r\n"), "WWW-Authenticate: Digest nonce=\"x\"\r\n");
        assert_eq!(redact("Authentication-Info: nextnonce=\"1\""), "Authentication-Info: nextnonce=\"x\"");
    }

    #[test]
    fn passwords_in_uris_are_hidden() {
        let text =
            "INVITE sip:bob:pa,ss@b:5060 SIP/2.0\r\nFrom: \"x\" <SIPS:al:secret;x@b>;tag=1\r\nTo: <sip:b:5060>\r\n";
        assert_eq!(
            redact(text),
            "INVITE sip:bob:xxxxx@b:5060 SIP/2.0\r\nFrom: \"x\" <SIPS:al:xxxxxxxx@b>;tag=1\r\nTo: <sip:b:5060>\r\n"
        );
    }

    #[test]
    fn keys_of_descriptions_are_hidden() {
        let text = "v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^20|1:4 UNENCRYPTED_SRTCP\r\n\
            a=ice-ufrag:u\r\na=ice-pwd:secret\na=key-mgmt:mikey AQA\r\nk=clear:abc\r\na=ptime:20\r\n";
        let redacted = redact(text);
        assert_eq!(redacted.len(), text.len());
        assert!(redacted.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:xxx"), "{redacted}");
        for secret in ["KEY", "secret", "AQA", "abc"] {
            assert!(!redacted.contains(secret), "{redacted}");
        }
        assert!(redacted.contains("a=ice-ufrag:u\r\n") && redacted.ends_with("a=ptime:20\r\n"));
    }

    /// Whoever sends it must not make the trace fall behind.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "how long it takes is what is tested")]
    fn a_line_of_schemes_is_looked_through_once() {
        let begun = std::time::Instant::now();
        for text in ["sip:", "sip:a:b", "sips:\"", "=\"", "sip:a:b@"] {
            let line = format!("Authorization: Digest {}\r\n", text.repeat(200_000));
            assert_eq!(redact(&line).len(), line.len());
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "it took {:?}", begun.elapsed());
    }

    #[test]
    fn the_first_scheme_of_several_counts() {
        assert_eq!(redact("Contact: sip:sip:x:y@b"), "Contact: sip:sip:xxx@b");
        assert_eq!(redact("Contact: sips:a:p;sip:c:d@b>, sip:e:f@g"), "Contact: sips:a:xxxxxxxxx@b>, sip:e:x@g");
    }

    proptest! {
        #[test]
        fn the_length_never_changes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(redacted(&Bytes::from(bytes.clone())).len(), bytes.len());
        }

        #[test]
        fn no_spelling_of_a_digest_parameter_lets_a_secret_through(
            digest in "(Digest|digest|Digest a=b,|Other)", name in "(response|nonce|cnonce|opaque)", before in "[ ,\t]{0,3}",
            around in "( |\t|\r\n )?", quote in "\"?",
        ) {
            let text = format!("Authorization: {digest} {before}{name}{around}={around}{quote}SECRET{quote}, realm=\"r\"\r\n");
            prop_assert!(!redact(&text).contains("SECRET"));
        }
    }
}
