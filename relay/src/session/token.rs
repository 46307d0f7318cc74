use std::fmt;

use offhook_protocol::Secret;
use subtle::ConstantTimeEq;

use super::SessionId;

/// The secret part of a resume token: 192 random bits. On the wire it follows the session's number and a full stop.
#[derive(Clone)]
pub struct Token([u8; Token::BYTES]);

impl Token {
    /// Bytes of randomness a token is made of.
    pub const BYTES: usize = 24;

    /// A token of these random bytes.
    #[must_use]
    pub fn new(random: [u8; Self::BYTES]) -> Self {
        Self(random)
    }

    /// Reads a token as the browser presents it; `None` when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<(SessionId, Self)> {
        let (session, secret) = text.split_once('.')?;
        if secret.len() != 2 * Self::BYTES || !secret.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; Self::BYTES];
        for (byte, pair) in bytes.iter_mut().zip(secret.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some((SessionId(session.parse().ok()?), Self(bytes)))
    }

    pub(super) fn reveal(&self, session: SessionId) -> Secret {
        let mut text = format!("{}.", session.0);
        for byte in self.0 {
            text.push_str(&format!("{byte:02x}"));
        }
        Secret::new(text)
    }

    pub(super) fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_the_wire() {
        let token = Token::new(std::array::from_fn(|i| i as u8));
        let (session, read) = Token::parse(token.reveal(SessionId(7)).reveal()).unwrap();
        assert_eq!(session, SessionId(7));
        assert!(token.matches(&read));
    }

    #[test]
    fn another_token_does_not_match() {
        assert!(!Token::new([1; Token::BYTES]).matches(&Token::new([2; Token::BYTES])));
    }

    #[test]
    fn what_is_no_token_is_not_read() {
        let digits = "0".repeat(2 * Token::BYTES);
        for text in
            ["", ".", "7", &digits, &format!("x.{digits}"), &format!("7.{digits}0"), &format!("7.+{}", &digits[1..])]
        {
            assert!(Token::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_token_does_not_show_in_debug_output() {
        assert_eq!(format!("{:?}", Token::new([7; Token::BYTES])), "Token(…)");
    }
}
