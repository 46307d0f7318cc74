//! The lexical pieces of RFC 3261 section 25.1 that every header shares: character classes, white
//! space, quoted strings, and lists whose separators do not count inside quotes or angle brackets.

use std::borrow::Cow;

/// `token` characters. Method names, header names and parameter names are made of them.
pub(crate) const fn is_token_byte(byte: u8) -> bool {
    matches!(byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9'
        | b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

/// A non-empty run of token characters.
pub(crate) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().copied().all(is_token_byte)
}

/// White space as it stands inside a header value. CR and LF count because a value can only hold
/// them as part of a fold.
pub(crate) const fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    trim_end(trim_start(bytes))
}

pub(crate) fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes {
        if !is_white(*first) {
            break;
        }
        bytes = rest;
    }
    bytes
}

pub(crate) fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., last] = bytes {
        if !is_white(*last) {
            break;
        }
        bytes = rest;
    }
    bytes
}

/// Splits at the first `separator`, which is dropped. Quotes are not looked at.
pub(crate) fn split_once(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == separator)?;
    Some((bytes.get(..at)?, bytes.get(at.saturating_add(1)..)?))
}

/// The parts of `bytes` between separators that stand outside quoted strings and angle brackets,
/// white space trimmed. Empty parts are yielded: their meaning is the caller's.
pub(crate) fn split_list(bytes: &[u8], separator: u8) -> SplitList<'_> {
    SplitList { rest: Some(bytes), separator }
}

/// See [`split_list`].
#[derive(Debug, Clone)]
pub(crate) struct SplitList<'a> {
    rest: Option<&'a [u8]>,
    separator: u8,
}

impl<'a> Iterator for SplitList<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        match find_outside_quotes(rest, |byte| byte == self.separator) {
            Some(at) => {
                self.rest = rest.get(at.saturating_add(1)..);
                rest.get(..at).map(trim)
            }
            None => {
                self.rest = None;
                Some(trim(rest))
            }
        }
    }
}

/// Where the first byte that `wanted` accepts stands, outside quoted strings and angle brackets.
/// An opening angle bracket is itself offered to `wanted` first.
pub(crate) fn find_outside_quotes(bytes: &[u8], wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let mut quoted = false;
    let mut angled = false;
    let mut escaped = false;
    for (at, &byte) in bytes.iter().enumerate() {
        if escaped {
            escaped = false;
        } else if quoted {
            match byte {
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
        } else if angled {
            angled = byte != b'>';
        } else if wanted(byte) {
            return Some(at);
        } else {
            quoted = byte == b'"';
            angled = byte == b'<';
        }
    }
    None
}

/// Takes a quoted string off the front of `bytes`, which must begin with its opening quote.
/// Gives the text without quotes and escapes, and what follows the closing quote.
pub(crate) fn take_quoted(bytes: &[u8]) -> Option<(String, &[u8])> {
    let inner = bytes.strip_prefix(b"\"")?;
    let mut text = Vec::with_capacity(inner.len());
    let mut escaped = false;
    for (at, &byte) in inner.iter().enumerate() {
        match byte {
            _ if escaped => {
                text.push(byte);
                escaped = false;
            }
            b'\\' => escaped = true,
            b'"' => {
                let rest = inner.get(at.saturating_add(1)..)?;
                return Some((lossy(&unfold(&text)), rest));
            }
            _ => text.push(byte),
        }
    }
    None
}

/// Writes `text` as a quoted string, escaping what would end it early.
pub(crate) fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}

/// Every fold (line break and the white space after it) becomes one space: RFC 3261 section 7.3.1.
/// A stray CR or LF becomes a space as well, so the result never holds a line break.
pub(crate) fn unfold(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut in_fold = false;
    for &byte in bytes {
        if matches!(byte, b'\r' | b'\n') {
            if !in_fold {
                while out.last().is_some_and(|last| matches!(last, b' ' | b'\t')) {
                    out.pop();
                }
                out.push(b' ');
            }
            in_fold = true;
        } else if !(in_fold && matches!(byte, b' ' | b'\t')) {
            in_fold = false;
            out.push(byte);
        }
    }
    Cow::Owned(out)
}

/// Text for people and for typed values. Bytes that are not UTF-8 become U+FFFD; whoever needs
/// the very bytes reads the header line itself, which is kept.
pub(crate) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A decimal number without sign; `None` when it is empty, not a number, or too large for `u64`.
pub(crate) fn decimal(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() {
        return None;
    }
    bytes.iter().try_fold(0_u64, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<String> {
        split_list(text.as_bytes(), b',').map(lossy).collect()
    }

    #[test]
    fn commas_in_quotes_and_angle_brackets_do_not_split() {
        assert_eq!(parts(r#""a,\"b" <sip:x,y@h> , <sip:z>;q="1,2""#), [r#""a,\"b" <sip:x,y@h>"#, r#"<sip:z>;q="1,2""#]);
    }

    #[test]
    fn empty_parts_are_shown() {
        assert_eq!(parts(",a,,"), ["", "a", "", ""]);
    }

    #[test]
    fn an_unclosed_quote_hides_the_rest() {
        assert_eq!(parts(r#""a, b"#), [r#""a, b"#]);
    }

    #[test]
    fn a_quoted_string_loses_its_escapes() {
        let (text, rest) = take_quoted(br#""a\"b\\c" tail"#).unwrap();
        assert_eq!((text.as_str(), rest), (r#"a"b\c"#, b" tail".as_slice()));
        assert!(take_quoted(b"\"open").is_none());
    }

    #[test]
    fn quoting_is_undone_by_reading() {
        let mut out = String::new();
        push_quoted(&mut out, r#"a"b\c"#);
        assert_eq!(take_quoted(out.as_bytes()).unwrap().0, r#"a"b\c"#);
    }

    #[test]
    fn a_fold_becomes_one_space() {
        assert_eq!(unfold(b"a \r\n\t b").as_ref(), b"a b");
        assert_eq!(unfold(b"a\rb\nc").as_ref(), b"a b c");
    }

    #[test]
    fn numbers_are_bounded() {
        assert_eq!(decimal(b"0070"), Some(70));
        assert_eq!(decimal(b"36893488147419103232"), None);
        assert_eq!(decimal(b"-1"), None);
        assert_eq!(decimal(b""), None);
    }
}
