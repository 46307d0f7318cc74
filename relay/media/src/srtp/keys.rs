//! What protects packets, and the master keys it begins with.

use std::fmt;

use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use zeroize::Zeroizing;

use crate::params::{SrtpKeys, SrtpSuite};

/// How packets are protected: a suite, whoever agreed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Profile(SrtpSuite);

impl Profile {
    /// What DTLS has agreed (RFC 5764 section 4.1.2, RFC 7714 section 14.2). `None` for what is not offered.
    #[must_use]
    pub(crate) const fn negotiated(profile: SrtpProtectionProfile) -> Option<Self> {
        match profile {
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => Some(Self(SrtpSuite::AeadAes128Gcm)),
            SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm => Some(Self(SrtpSuite::AeadAes256Gcm)),
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => Some(Self(SrtpSuite::AesCm128HmacSha1_80)),
            _ => None,
        }
    }

    /// Bytes of the keying material that DTLS exports for it.
    #[must_use]
    pub(crate) const fn material_len(self) -> usize {
        2 * (self.key_len() + self.salt_len())
    }

    /// Its suite.
    pub(super) const fn suite(self) -> SrtpSuite {
        self.0
    }

    const fn key_len(self) -> usize {
        match self.0 {
            SrtpSuite::AesCm128HmacSha1_80 | SrtpSuite::AesCm128HmacSha1_32 | SrtpSuite::AeadAes128Gcm => 16,
            SrtpSuite::AeadAes256Gcm => 32,
        }
    }

    const fn salt_len(self) -> usize {
        match self.0 {
            SrtpSuite::AesCm128HmacSha1_80 | SrtpSuite::AesCm128HmacSha1_32 => 14,
            SrtpSuite::AeadAes128Gcm | SrtpSuite::AeadAes256Gcm => 12,
        }
    }
}

/// A master key and its salt.
#[derive(PartialEq, Eq)]
pub(super) struct Master {
    key: Zeroizing<Vec<u8>>,
    salt: Zeroizing<Vec<u8>>,
}

impl Master {
    fn new(key: &[u8], salt: &[u8]) -> Self {
        Self { key: Zeroizing::new(key.to_vec()), salt: Zeroizing::new(salt.to_vec()) }
    }

    pub(super) fn key(&self) -> &[u8] {
        &self.key
    }

    pub(super) fn salt(&self) -> &[u8] {
        &self.salt
    }
}

/// Master keys and salts of both directions. They show nowhere, and leave nothing behind.
pub(crate) struct Keys {
    /// What they are for.
    pub(super) profile: Profile,
    /// What is sealed with.
    pub(super) send: Master,
    /// What the peer seals with.
    pub(super) receive: Master,
}

impl Keys {
    /// The label under which DTLS exports them (RFC 5764 section 4.2).
    pub(crate) const LABEL: &'static str = "EXTRACTOR-dtls_srtp";

    /// Splits what DTLS exported, for the server's side: the client's key, the server's, the client's salt, the server's
    /// (RFC 5764 section 4.2). `None` when its length is wrong.
    #[must_use]
    pub(crate) fn from_material(profile: Profile, material: &[u8]) -> Option<Self> {
        if material.len() != profile.material_len() {
            return None;
        }
        let (client_key, rest) = material.split_at_checked(profile.key_len())?;
        let (server_key, rest) = rest.split_at_checked(profile.key_len())?;
        let (client_salt, server_salt) = rest.split_at_checked(profile.salt_len())?;
        let (send, receive) = (Master::new(server_key, server_salt), Master::new(client_key, client_salt));
        Some(Self { profile, send, receive })
    }

    /// The keys that two session descriptions named. `None` when one is not of the length its suite takes.
    #[must_use]
    pub(crate) fn described(keys: &SrtpKeys) -> Option<Self> {
        let profile = Profile(keys.suite);
        let split = |both: &[u8]| {
            let (key, salt) = both.split_at_checked(profile.key_len())?;
            (salt.len() == profile.salt_len()).then(|| Master::new(key, salt))
        };
        Some(Self { profile, send: split(keys.send.expose())?, receive: split(keys.receive.expose())? })
    }

    /// The peer's end of them.
    #[cfg(test)]
    pub(super) fn reversed(self) -> Self {
        Self { profile: self.profile, send: self.receive, receive: self.send }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("profile", &self.profile).finish_non_exhaustive()
    }
}
