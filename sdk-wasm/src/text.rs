//! What a text field may hold before it is sent anywhere.

use crate::failure::Failure;

/// More than any name, number or host needs.
const MAX_LENGTH: usize = 255;

/// A SIP user name: no spaces, quotes, angle brackets, `@` or control characters.
pub(crate) fn user(field: &str, text: String) -> Result<String, Failure> {
    one_word(field, text).and_then(|text| refuse(field, text, |c| c == '@', "the domain belongs in its own field"))
}

/// A text without spaces, quotes, angle brackets or control characters.
pub(crate) fn one_word(field: &str, text: String) -> Result<String, Failure> {
    if text.is_empty() {
        return Err(Failure::field(field, [field, " is missing."].concat()));
    }
    let text = visible(field, text)?;
    refuse(field, text, |c| c.is_whitespace() || c == '"', "spaces and quotes are not allowed")
}

/// A text to show: anything but angle brackets and control characters.
pub(crate) fn visible(field: &str, text: String) -> Result<String, Failure> {
    if text.len() > MAX_LENGTH {
        return Err(Failure::field(field, [field, " is longer than 255 bytes."].concat()));
    }
    let text = refuse(field, text, char::is_control, "control characters are not allowed")?;
    refuse(field, text, |c| c == '<' || c == '>', "angle brackets are not allowed")
}

/// A host name or address, with or without a port.
pub(crate) fn host(field: &str, text: String) -> Result<String, Failure> {
    let text = one_word(field, text)?;
    let foreign = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':' | '[' | ']'));
    refuse(field, text, foreign, "it is not a host name or an address")
}

/// A secret: only control characters are refused, and it is never quoted.
pub(crate) fn secret(field: &str, text: String) -> Result<String, Failure> {
    refuse(field, text, char::is_control, "control characters are not allowed")
}

fn refuse(field: &str, text: String, bad: impl Fn(char) -> bool, why: &str) -> Result<String, Failure> {
    if text.contains(bad) {
        return Err(Failure::field(field, [field, " cannot be used: ", why, "."].concat()));
    }
    Ok(text)
}
