//! Who the relay is to browsers: one DTLS certificate per process.

use std::sync::Arc;

use rtc_crypto::{HashAlgorithm, RTCCryptoProvider};
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;

use crate::error::MediaError;
use crate::params::Fingerprint;

/// In order of preference: GCM costs less than half of what AES-CM with HMAC-SHA1 does.
const PROFILES: [SrtpProtectionProfile; 3] = [
    SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
    SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm,
    SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
];

/// The certificate, and everything made from it once.
#[derive(Clone)]
pub struct Identity {
    fingerprint: Fingerprint,
    /// By the one profile that is agreed, in the same order.
    handshakes: [Arc<HandshakeConfig>; PROFILES.len()],
    crypto: Arc<dyn RTCCryptoProvider>,
}

impl Identity {
    /// Makes a self-signed certificate, as WebRTC wants them.
    ///
    /// # Errors
    /// [`MediaError::Identity`] when the cryptography library refuses.
    pub fn generate() -> Result<Self, MediaError> {
        let crypto = rtc_crypto::default_provider().map_err(refused)?;
        let certificate =
            Certificate::generate_self_signed(vec!["relay.invalid".to_owned()], crypto.crypto()).map_err(refused)?;
        let der = certificate.certificate.first().ok_or_else(|| refused("no certificate was made"))?;
        let fingerprint =
            fingerprint(&crypto, der.as_ref()).ok_or_else(|| refused("the certificate cannot be hashed"))?;
        // The peer's certificate is held against its description by us, when both are known: the
        // handshake may well run before the description arrives.
        let handshake = |profile| {
            ConfigBuilder::default()
                .with_crypto_provider(crypto.clone())
                .with_certificates(vec![certificate.clone()])
                .with_srtp_protection_profiles(vec![profile])
                .with_client_auth(ClientAuthType::RequireAnyClientCert)
                .with_insecure_skip_verify(true)
                .with_extended_master_secret(ExtendedMasterSecretType::Require)
                .build(false, None)
                .map(Arc::new)
                .map_err(refused)
        };
        let [first, second, third] = PROFILES;
        let handshakes = [handshake(first)?, handshake(second)?, handshake(third)?];
        Ok(Self { fingerprint, handshakes, crypto })
    }

    /// The certificate's fingerprint.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// How the DTLS handshake with a client is to be done that offers these SRTP profiles, by their numbers: with the best
    /// of them. One that offers none of ours gets no further whichever it is.
    #[must_use]
    pub(crate) fn handshake(&self, offered: &[u16]) -> Arc<HandshakeConfig> {
        let [.., last] = &self.handshakes;
        let mut known = PROFILES.iter().zip(&self.handshakes);
        known.find(|&(&profile, _)| offered.contains(&(profile as u16))).map_or(last, |(_, best)| best).clone()
    }

    /// The cryptography everything uses.
    #[must_use]
    pub(crate) fn crypto(&self) -> &Arc<dyn RTCCryptoProvider> {
        &self.crypto
    }
}

/// The SHA-256 fingerprint of a certificate in DER.
pub(crate) fn fingerprint(crypto: &Arc<dyn RTCCryptoProvider>, der: &[u8]) -> Option<Fingerprint> {
    let hash = crypto.crypto().hash(HashAlgorithm::Sha256, der).ok()?;
    let hash: &[u8] = hash.as_ref();
    hash.try_into().ok().map(Fingerprint::from_bytes)
}

fn refused(cause: impl ToString) -> MediaError {
    MediaError::Identity(cause.to_string())
}
