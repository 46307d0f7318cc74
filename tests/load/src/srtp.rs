//! SRTP of one browser (RFC 3711).

use std::sync::Arc;

use bytes::BytesMut;
use rtc_crypto::RTCCryptoProvider;
use rtc_rtp::Header;
use rtc_srtp::config::Config;
use rtc_srtp::context::Context;
use rtc_srtp::option::srtp_replay_protection;
use rtc_srtp::protection_profile::ProtectionProfile;

use crate::error::Error;

/// Both directions.
pub(crate) struct Srtp {
    inbound: Context,
    outbound: Context,
}

impl Srtp {
    /// With keys that DTLS exported (RFC 5764 section 4.2), or other bytes as many.
    pub(crate) fn new(
        profile: ProtectionProfile,
        material: &[u8],
        is_client: bool,
        crypto: &Arc<dyn RTCCryptoProvider>,
    ) -> Result<Self, Error> {
        let mut config = Config { profile, ..Config::default() };
        config.set_session_keys_from_keying_material(material, is_client)?;
        let keys = &config.keys;
        let replay = Some(srtp_replay_protection(1024));
        let (key, salt) = (&keys.remote_master_key, &keys.remote_master_salt);
        let inbound = Context::new(key, salt, profile, replay, None, crypto.crypto())?;
        let (key, salt) = (&keys.local_master_key, &keys.local_master_salt);
        let outbound = Context::new(key, salt, profile, None, None, crypto.crypto())?;
        Ok(Self { inbound, outbound })
    }

    /// Bytes of keys and salts.
    pub(crate) fn material_len(profile: ProtectionProfile) -> usize {
        Config { profile, ..Config::default() }.keying_material_len()
    }

    /// Seals a packet that begins with this header.
    pub(crate) fn seal(&mut self, packet: &[u8], header: &Header) -> Option<BytesMut> {
        self.outbound.encrypt_rtp_with_header(packet, header).ok()
    }

    /// Opens a packet.
    pub(crate) fn open(&mut self, packet: &[u8]) -> Option<BytesMut> {
        self.inbound.decrypt_rtp(packet).ok()
    }
}
