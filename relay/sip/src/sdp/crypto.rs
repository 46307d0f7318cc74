use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// Crypto lines of one section that are looked at; devices offer two to eight.
const MAX_LINES: usize = 16;
/// The longest lifetime that makes sense: RFC 3711 §3.3.1 lets a key seal 2^48 packets.
const LONGEST_LIFETIME: u64 = 1 << 48;

/// A crypto suite of RFC 4568 §6.2 and RFC 7714 §14.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CryptoSuite {
    /// `AES_CM_128_HMAC_SHA1_80`, which everybody has.
    AesCm128HmacSha1_80,
    /// `AES_CM_128_HMAC_SHA1_32`.
    AesCm128HmacSha1_32,
    /// `AEAD_AES_128_GCM`.
    AeadAes128Gcm,
    /// `AEAD_AES_256_GCM`.
    AeadAes256Gcm,
}

impl CryptoSuite {
    /// All, in the order they are offered: the one that everybody has first, for some devices read no further.
    pub const ALL: [Self; 4] =
        [Self::AesCm128HmacSha1_80, Self::AesCm128HmacSha1_32, Self::AeadAes256Gcm, Self::AeadAes128Gcm];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "AEAD_AES_256_GCM",
        }
    }

    /// Bytes of a master key and its salt together.
    pub const fn key_len(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 | Self::AesCm128HmacSha1_32 => 16 + 14,
            Self::AeadAes128Gcm => 16 + 12,
            Self::AeadAes256Gcm => 32 + 12,
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| name.eq_ignore_ascii_case(suite.as_str()))
    }
}

/// A master key with its salt after it. It does not show in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey(Vec<u8>);

impl MasterKey {
    /// Wraps key and salt.
    pub const fn new(key_and_salt: Vec<u8>) -> Self {
        Self(key_and_salt)
    }

    /// Key and salt, for the cipher and nothing else.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// An `a=crypto` line (RFC 4568 §9.1): what its writer seals its packets with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crypto {
    /// Tells the lines of a section apart; an answer has that of the line it takes.
    pub tag: u32,
    /// How packets are sealed.
    pub suite: CryptoSuite,
    /// The writer's key.
    pub key: MasterKey,
}

impl Crypto {
    /// Reads `<tag> <suite> inline:<key and salt>[|lifetime] [session parameters]`. `None` for a line that cannot be
    /// accepted: a suite that is not spoken here, several keys or one with an MKI, or a parameter that would leave packets
    /// unprotected or is not understood (RFC 4568 §6.3, §7.1.1).
    pub fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next().filter(|tag| tag.len() <= 9)?.parse().ok()?;
        let suite = CryptoSuite::from_name(words.next()?)?;
        let key = key_of(words.next()?, suite)?;
        words.all(may_be_ignored).then_some(Self { tag, suite, key })
    }

    /// The attribute's value.
    pub fn to_value(&self) -> String {
        format!("{} {} inline:{}", self.tag, self.suite.as_str(), STANDARD.encode(self.key.expose()))
    }

    /// The lines among these that can be accepted, in their order.
    pub(crate) fn usable<'a>(values: impl Iterator<Item = &'a str>) -> impl Iterator<Item = Self> {
        values.take(MAX_LINES).filter_map(Self::parse)
    }
}

/// `inline:<base64>[|<lifetime>]`. The lifetime is a promise of the writer's: it says nothing of what we send.
fn key_of(text: &str, suite: CryptoSuite) -> Option<MasterKey> {
    let (method, info) = text.split_once(':')?;
    if !method.eq_ignore_ascii_case("inline") || info.contains(';') {
        return None;
    }
    let mut parts = info.split('|');
    let encoded = parts.next()?;
    let lifetime = parts.next();
    // What is left is an MKI; packets would have it between payload and tag.
    if parts.next().is_some() || lifetime.is_some_and(|lifetime| !is_lifetime(lifetime)) {
        return None;
    }
    let engine = if encoded.ends_with('=') { &STANDARD } else { &STANDARD_NO_PAD };
    let key = engine.decode(encoded).ok()?;
    (key.len() == suite.key_len()).then(|| MasterKey::new(key))
}

/// `2^31` or a number of packets.
fn is_lifetime(text: &str) -> bool {
    let packets = match text.strip_prefix("2^") {
        Some(power) => power.parse().ok().and_then(|power| 1_u64.checked_shl(power)),
        None => text.parse().ok(),
    };
    packets.is_some_and(|packets| (1..=LONGEST_LIFETIME).contains(&packets))
}

/// A hint for the receiver's window, and what says of itself that it may be ignored (RFC 4568 §6.3.7).
fn may_be_ignored(parameter: &str) -> bool {
    parameter.starts_with('-') || parameter.to_ascii_uppercase().starts_with("WSH=")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 30 bytes.
    const KEY: &str = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        let line = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20");
        let crypto = Crypto::parse(&line).unwrap();
        assert_eq!((crypto.tag, crypto.suite), (1, CryptoSuite::AesCm128HmacSha1_80));
        assert_eq!(crypto.key.expose().len(), 30);
        assert_eq!(crypto.to_value(), line.trim_end_matches("|2^20"));
    }

    #[test]
    fn what_can_be_accepted_and_what_cannot() {
        let gcm = STANDARD.encode([7; 44]);
        for (line, accepted) in [
            (format!("1 AES_CM_128_HMAC_SHA1_32 inline:{KEY}"), true),
            (format!("1 aes_cm_128_hmac_sha1_80 INLINE:{KEY}|1048576"), true),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} WSH=128"), true),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} -FUTURE=1"), true),
            (format!("2 AEAD_AES_256_GCM inline:{gcm}"), true),
            (format!("2 AEAD_AES_256_GCM inline:{}", gcm.trim_end_matches('=')), true),
            (format!("2 AEAD_AES_128_GCM inline:{gcm}"), false),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4"), false),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1:4"), false),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|0"), false),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^49"), false),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^4294967296"), false),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY};inline:{KEY}"), false),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP"), false),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTCP"), false),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNAUTHENTICATED_SRTP"), false),
            (format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} KDR=4"), false),
            (format!("1 F8_128_HMAC_SHA1_80 inline:{KEY}"), false),
            ("1 AES_CM_128_HMAC_SHA1_80 inline:c2hvcnQ=".to_owned(), false),
            (format!("one AES_CM_128_HMAC_SHA1_80 inline:{KEY}"), false),
            (format!("1234567890 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"), false),
            (format!("1 AES_CM_128_HMAC_SHA1_80 uri:{KEY}"), false),
            ("1 AES_CM_128_HMAC_SHA1_80".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(Crypto::parse(&line).is_some(), accepted, "{line}");
        }
    }

    #[test]
    fn a_key_does_not_show() {
        let crypto = Crypto::parse(&format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}")).unwrap();
        assert_eq!(format!("{crypto:?}"), "Crypto { tag: 1, suite: AesCm128HmacSha1_80, key: MasterKey(…) }");
    }

    #[test]
    fn every_suite_survives_being_written_and_read() {
        for suite in CryptoSuite::ALL {
            let crypto = Crypto { tag: 4, suite, key: MasterKey::new(vec![0xfb; suite.key_len()]) };
            assert_eq!(Crypto::parse(&crypto.to_value()), Some(crypto));
        }
    }
}
