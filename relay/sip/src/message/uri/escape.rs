//! Percent escapes (RFC 3261 section 25.1 `escaped`).

use std::borrow::Cow;

/// Undoes every escape. What the bytes mean is the caller's: `%00` is a NUL like any other.
/// An escape without two hexadecimal digits is left as it is.
pub(crate) fn decode(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('%') {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    rest = after;
                }
                _ => out.push(b'%'),
            },
            _ => out.push(*first),
        }
    }
    Cow::Owned(out)
}

/// Escapes every byte `allowed` does not accept.
pub(crate) fn encode(text: &str, allowed: impl Fn(u8) -> bool) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or('0');
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if allowed(byte) && byte.is_ascii() {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(digit(byte >> 4));
            out.push(digit(byte & 0x0f));
        }
    }
    out
}

/// Whether every percent sign is followed by two hexadecimal digits.
pub(crate) fn is_well_formed(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().all(|(at, byte)| {
        let digit = |offset: usize| bytes.get(at.saturating_add(offset)).copied().and_then(hex);
        *byte != b'%' || (digit(1).is_some() && digit(2).is_some())
    })
}

/// `unreserved` of RFC 3261 section 25.1.
pub(crate) const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')')
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone() {
        assert_eq!(decode("sips%3Auser%40h").as_ref(), b"sips:user@h");
        assert_eq!(decode("%00%").as_ref(), b"\0%");
        assert_eq!(decode("%zz").as_ref(), b"%zz");
    }

    #[test]
    fn what_is_not_allowed_is_escaped() {
        assert_eq!(encode("a b@\u{e9}", is_unreserved), "a%20b%40%C3%A9");
    }

    #[test]
    fn half_an_escape_is_noticed() {
        assert!(is_well_formed("%20") && !is_well_formed("%2") && !is_well_formed("%"));
    }
}
