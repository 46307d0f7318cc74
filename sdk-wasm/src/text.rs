//! What a text may hold before it is sent anywhere.

use crate::failure::Failure;
use offhook_protocol::compact::Fields;

/// More than any name, number or host needs.
const MAX_LENGTH: usize = 255;

/// Says why a text cannot be used.
pub(crate) type Check = fn(&str) -> Option<&'static str>;

/// A SIP user name: no spaces, quotes, angle brackets, `@` or control characters.
pub(crate) fn user(text: &str) -> Option<&'static str> {
    let at = text.contains(['@']).then_some("the domain belongs in its own field");
    one_word(text).or(at)
}

/// A text without spaces, quotes, angle brackets or control characters.
pub(crate) fn one_word(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is missing");
    }
    let apart = text.contains(|c: char| c.is_whitespace() || c == '"').then_some("spaces and quotes are not allowed");
    visible(text).or(apart)
}

/// A text to show: anything but angle brackets and control characters.
pub(crate) fn visible(text: &str) -> Option<&'static str> {
    if text.len() > MAX_LENGTH {
        return Some("it is longer than 255 bytes");
    }
    let bracket = text.contains(['<', '>']).then_some("angle brackets are not allowed");
    secret(text).or(bracket)
}

/// A host name or address, with or without a port.
pub(crate) fn host(text: &str) -> Option<&'static str> {
    let foreign = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':' | '[' | ']'));
    one_word(text).or_else(|| text.contains(foreign).then_some("it is not a host name or an address"))
}

/// A secret: only control characters are refused.
pub(crate) fn secret(text: &str) -> Option<&'static str> {
    text.contains(char::is_control).then_some("control characters are not allowed")
}

/// Reads options one after the other and keeps the first that cannot be used. To leave at each would take the code to
/// drop what has been read so far, once for every option.
#[derive(Default)]
pub(crate) struct Reading {
    refused: Option<Failure>,
}

impl Reading {
    /// A text; an absent one is empty.
    pub(crate) fn text(&mut self, options: &impl Fields, field: &str, check: Check) -> String {
        let text = options.text(field).unwrap_or_default();
        self.check(field, &text, check);
        text
    }

    /// A text, if it is there and not empty: forms send empty fields.
    pub(crate) fn given(&mut self, options: &impl Fields, field: &str, check: Check) -> Option<String> {
        let text = given(options, field)?;
        self.check(field, &text, check);
        Some(text)
    }

    /// Holds a text against a check. Its content is not quoted: it may be a secret.
    pub(crate) fn check(&mut self, field: &str, text: &str, check: Check) {
        if let Some(why) = check(text) {
            self.refuse(field, &[field, " cannot be used: ", why, "."]);
        }
    }

    /// Notes that an option cannot be used; only the first one is told.
    pub(crate) fn refuse(&mut self, field: &str, sentence: &[&str]) {
        if self.refused.is_none() {
            self.refused = Some(Failure::field(field, join(sentence)));
        }
    }

    /// What has been read, if all of it can be used.
    ///
    /// # Errors
    /// [`crate::failure::Code::InvalidField`], naming the first field that cannot.
    pub(crate) fn end<T>(self, read: T) -> Result<T, Failure> {
        match self.refused {
            Some(failure) => Err(failure),
            None => Ok(read),
        }
    }
}

/// One text held against a check.
///
/// # Errors
/// [`crate::failure::Code::InvalidField`], naming the field.
#[cfg(target_arch = "wasm32")]
pub(crate) fn checked(field: &str, text: String, check: Check) -> Result<String, Failure> {
    let mut reading = Reading::default();
    reading.check(field, &text, check);
    reading.end(text)
}

/// A text that is there and not empty.
pub(crate) fn given(options: &impl Fields, field: &str) -> Option<String> {
    options.text(field).filter(|text| !text.is_empty())
}

/// The text before and after the first such byte. The standard library's `split_once` brings a search engine with it.
pub(crate) fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let index = text.bytes().position(|byte| byte == at)?;
    Some((text.get(..index)?, text.get(index.saturating_add(1)..)?))
}

/// The text before the first such byte, or all of it.
pub(crate) fn head(text: &str, end: u8) -> &str {
    cut(text, end).map_or(text, |(head, _)| head)
}

/// A whole number in decimal digits.
pub(crate) fn whole(text: &str) -> Option<u32> {
    let mut number: Option<u32> = None;
    for byte in text.bytes() {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(digit).filter(|_| digit < 10)?);
    }
    number
}

/// Puts texts together. The standard library's `concat` is larger, as it is made for any kind of slice.
pub(crate) fn join(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    text
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::{cut, head, whole};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_is_cut_as_the_standard_library_cuts_it(text in "[a-c:/ü]{0,12}") {
            prop_assert_eq!(cut(&text, b':'), text.split_once(':'));
            prop_assert_eq!(Some(head(&text, b'/')), text.split('/').next());
        }

        #[test]
        fn a_number_is_read_as_the_standard_library_reads_it(text in "[0-9]{0,12}|[0-9x -]{0,4}") {
            prop_assert_eq!(whole(&text), text.parse().ok());
        }
    }
}
