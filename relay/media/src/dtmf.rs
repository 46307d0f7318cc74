//! Keys of a telephone: what a person dials, typed once it has been checked.

use std::fmt;
use std::str::FromStr;

/// One key: 0–9, `*`, `#`, A–D. These are the events 0–15 of RFC 4733 §3.2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digit(u8);

const KEYS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];

impl Digit {
    /// The digit for a key; `a`–`d` count as `A`–`D`.
    #[must_use]
    pub fn from_char(key: char) -> Option<Self> {
        let key = key.to_ascii_uppercase();
        let code = KEYS.iter().position(|&known| known == key)?;
        u8::try_from(code).ok().map(Self)
    }

    /// The digit of an RFC 4733 event code; `None` above 15, where other events live.
    #[must_use]
    pub const fn from_event(code: u8) -> Option<Self> {
        if code < 16 { Some(Self(code)) } else { None }
    }

    /// The RFC 4733 event code, 0–15.
    #[must_use]
    pub const fn event(self) -> u8 {
        self.0
    }

    /// The key as a character, letters in upper case.
    #[must_use]
    pub fn as_char(self) -> char {
        KEYS.get(usize::from(self.0)).copied().unwrap_or('0')
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_char())
    }
}

/// Keys may be a PIN: a log shows that there was one, not which.
impl fmt::Debug for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digit(…)")
    }
}

/// A checked sequence of one to [`Digits::MAX`] keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digits(Vec<Digit>);

impl Digits {
    /// The longest sequence taken at once.
    pub const MAX: usize = 64;

    /// The keys in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Digit> + '_ {
        self.0.iter().copied()
    }
}

impl From<Digit> for Digits {
    fn from(digit: Digit) -> Self {
        Self(vec![digit])
    }
}

impl FromStr for Digits {
    type Err = InvalidDigit;

    fn from_str(keys: &str) -> Result<Self, InvalidDigit> {
        if keys.is_empty() {
            return Err(InvalidDigit::Empty);
        }
        if keys.chars().count() > Self::MAX {
            return Err(InvalidDigit::TooMany);
        }
        keys.chars()
            .map(|key| Digit::from_char(key).ok_or(InvalidDigit::NotAKey(key)))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// Why a text is no sequence of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidDigit {
    /// Nothing to send: ask for at least one key.
    #[error("no key to send")]
    Empty,
    /// Send the keys in several pieces.
    #[error("more than {} keys at once", Digits::MAX)]
    TooMany,
    /// Leave this character out: a telephone has no such key.
    #[error("{0:?} is no telephone key: 0 to 9, *, # and A to D are")]
    NotAKey(char),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_survives_the_way_to_its_event_code_and_back() {
        for key in KEYS {
            let digit = Digit::from_char(key).unwrap();
            assert_eq!(Digit::from_event(digit.event()), Some(digit));
            assert_eq!(digit.as_char(), key);
        }
        assert_eq!(Digit::from_event(16), None);
    }

    #[test]
    fn small_letters_are_keys_too() {
        assert_eq!(Digit::from_char('b'), Digit::from_char('B'));
    }

    #[test]
    fn a_text_with_something_else_is_refused_and_says_what() {
        assert_eq!("12w".parse::<Digits>(), Err(InvalidDigit::NotAKey('w')));
        assert_eq!("".parse::<Digits>(), Err(InvalidDigit::Empty));
        assert_eq!("1".repeat(65).parse::<Digits>(), Err(InvalidDigit::TooMany));
    }

    #[test]
    fn keys_do_not_show_in_debug_output() {
        let digits: Digits = "1234".parse().unwrap();
        assert!(!format!("{digits:?}").contains('2'));
    }
}
