//! SRTP and SRTCP towards one peer (RFC 3711), keyed by DTLS or by what signalling says (RFC 4568).
//!
//! The library allocates one buffer per packet opened or sealed; its interface offers no other
//! way. Nothing else on the path of a packet allocates.

use std::sync::Arc;

use bytes::BytesMut;
use rtc_crypto::RTCCryptoProvider;
use rtc_srtp::config::{Config, LABEL_EXTRACTOR_DTLS_SRTP};
use rtc_srtp::context::Context;
use rtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use rtc_srtp::protection_profile::ProtectionProfile;

use crate::params::{SrtpKeys, SrtpSuite};
use crate::rtp::Header;

/// Packets this far behind the newest are taken for replays. Pictures at 500 packets/s: 2 s, in
/// which one that was lost may be sent again.
const REPLAY_WINDOW: usize = 1024;
/// Sources a browser may send from: a microphone and a camera, which are other ones each time a
/// page begins to show pictures anew.
const MAX_SOURCES: usize = 64;
/// Failures after which the context for unknown sources is made afresh.
const MAX_FAILURES: usize = 64;

/// Master keys and salts of both directions. They show nowhere.
pub(crate) struct Keys {
    config: Config,
}

impl Keys {
    /// The label under which DTLS exports them.
    pub(crate) const LABEL: &'static str = LABEL_EXTRACTOR_DTLS_SRTP;

    /// Bytes of exported material a profile takes.
    #[must_use]
    pub(crate) fn material_len(profile: ProtectionProfile) -> usize {
        Self::empty(profile).keying_material_len()
    }

    /// Splits what DTLS exported, for the server's side. `None` when its length is wrong.
    #[must_use]
    pub(crate) fn from_material(profile: ProtectionProfile, material: &[u8]) -> Option<Self> {
        let mut config = Self::empty(profile);
        config.set_session_keys_from_keying_material(material, false).ok()?;
        Some(Self { config })
    }

    /// The keys that two session descriptions named. `None` when one is not of the length its suite takes.
    #[must_use]
    pub(crate) fn described(keys: &SrtpKeys) -> Option<Self> {
        let mut config = Self::empty(profile(keys.suite));
        let length = config.profile.key_len();
        let ((send, send_salt), (receive, receive_salt)) =
            (keys.send.expose().split_at_checked(length)?, keys.receive.expose().split_at_checked(length)?);
        config.keys.local_master_key = send.to_vec();
        config.keys.local_master_salt = send_salt.to_vec();
        config.keys.remote_master_key = receive.to_vec();
        config.keys.remote_master_salt = receive_salt.to_vec();
        Some(Self { config })
    }

    fn empty(profile: ProtectionProfile) -> Config {
        Config { profile, ..Config::default() }
    }

    fn inbound(&self, crypto: &Arc<dyn RTCCryptoProvider>) -> Option<Context> {
        let keys = &self.config.keys;
        Context::new(
            &keys.remote_master_key,
            &keys.remote_master_salt,
            self.config.profile,
            Some(srtp_replay_protection(REPLAY_WINDOW)),
            Some(srtcp_replay_protection(REPLAY_WINDOW)),
            crypto.crypto(),
        )
        .ok()
    }

    fn outbound(&self, crypto: &Arc<dyn RTCCryptoProvider>) -> Option<Context> {
        let keys = &self.config.keys;
        Context::new(&keys.local_master_key, &keys.local_master_salt, self.config.profile, None, None, crypto.crypto())
            .ok()
    }
}

const fn profile(suite: SrtpSuite) -> ProtectionProfile {
    match suite {
        SrtpSuite::AesCm128HmacSha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
        SrtpSuite::AesCm128HmacSha1_32 => ProtectionProfile::Aes128CmHmacSha1_32,
        SrtpSuite::AeadAes128Gcm => ProtectionProfile::AeadAes128Gcm,
        SrtpSuite::AeadAes256Gcm => ProtectionProfile::AeadAes256Gcm,
    }
}

/// Opens what the peer sends and seals what it is sent.
pub(crate) struct Session {
    keys: Keys,
    crypto: Arc<dyn RTCCryptoProvider>,
    inbound: Context,
    outbound: Context,
    /// Sources of which a packet has been authenticated.
    sources: Vec<u32>,
    /// The library keeps state for every source it is asked about, authentic or not. So unknown
    /// ones are tried on a context that can be thrown away.
    probe: Context,
    failures: usize,
}

/// Whose key is another than before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rekeyed {
    pub(crate) send: bool,
    pub(crate) receive: bool,
}

impl Session {
    /// A session with these keys. `None` when the library does not take them.
    #[must_use]
    pub(crate) fn new(keys: Keys, crypto: &Arc<dyn RTCCryptoProvider>) -> Option<Self> {
        Some(Self {
            inbound: keys.inbound(crypto)?,
            outbound: keys.outbound(crypto)?,
            probe: keys.inbound(crypto)?,
            crypto: crypto.clone(),
            keys,
            sources: Vec::new(),
            failures: 0,
        })
    }

    /// Takes a changed key of either side; the side whose key stays goes on where it is. Its packets' numbers must not
    /// begin anew under the same key: the same key stream would cover two packets. `None` when the library does not take
    /// the keys.
    pub(crate) fn rekey(&mut self, keys: Keys, which: Rekeyed) -> Option<()> {
        if which.send {
            self.outbound = keys.outbound(&self.crypto)?;
        }
        if which.receive {
            self.inbound = keys.inbound(&self.crypto)?;
            self.probe = keys.inbound(&self.crypto)?;
            self.sources.clear();
            self.failures = 0;
        }
        self.keys = keys;
        Some(())
    }

    /// Opens an RTP packet. `None` for forgeries, replays and anything malformed.
    pub(crate) fn open(&mut self, packet: &[u8]) -> Option<BytesMut> {
        let ssrc = u32::from_be_bytes(*packet.get(8..)?.first_chunk()?);
        if self.is_known(ssrc) || self.admit(ssrc, |probe| probe.decrypt_rtp(packet).is_ok()) {
            return self.inbound.decrypt_rtp(packet).ok();
        }
        None
    }

    /// Opens an RTCP packet. `None` as above.
    pub(crate) fn open_rtcp(&mut self, packet: &[u8]) -> Option<BytesMut> {
        // Under AES-CM the library takes what is not marked as encrypted for good without looking
        // at its tag. No browser sends such packets (RFC 5764 §4.1.2 negotiates encryption).
        if !self.is_marked_encrypted(packet)? {
            return None;
        }
        let ssrc = u32::from_be_bytes(*packet.get(4..)?.first_chunk()?);
        if self.is_known(ssrc) || self.admit(ssrc, |probe| probe.decrypt_rtcp(packet).is_ok()) {
            return self.inbound.decrypt_rtcp(packet).ok();
        }
        None
    }

    /// Seals a whole RTP packet that begins with `header`.
    pub(crate) fn seal(&mut self, packet: &[u8], header: &Header) -> Option<BytesMut> {
        let header = rtc_rtp::Header {
            version: 2,
            marker: header.marker,
            payload_type: header.payload_type,
            sequence_number: header.sequence,
            timestamp: header.timestamp,
            ssrc: header.ssrc,
            ..rtc_rtp::Header::default()
        };
        self.outbound.encrypt_rtp_with_header(packet, &header).ok()
    }

    /// Seals a compound RTCP packet.
    pub(crate) fn seal_rtcp(&mut self, compound: &[u8]) -> Option<BytesMut> {
        self.outbound.encrypt_rtcp(compound).ok()
    }

    /// The E flag, first bit of the SRTCP index that stands before the tag (RFC 3711 §3.4; at the
    /// very end with GCM, whose tag counts as ciphertext, RFC 7714 §9).
    fn is_marked_encrypted(&self, packet: &[u8]) -> Option<bool> {
        let tail = 4 + self.keys.config.profile.rtcp_auth_tag_len();
        let flags = packet.get(packet.len().checked_sub(tail)?)?;
        Some(flags & 0x80 != 0)
    }

    fn is_known(&self, ssrc: u32) -> bool {
        self.sources.contains(&ssrc)
    }

    /// Lets a new source in if a packet of it proves authentic.
    fn admit(&mut self, ssrc: u32, authentic: impl FnOnce(&mut Context) -> bool) -> bool {
        if self.sources.len() >= MAX_SOURCES {
            return false;
        }
        if authentic(&mut self.probe) {
            self.sources.push(ssrc);
            return true;
        }
        self.failures += 1;
        if self.failures >= MAX_FAILURES
            && let Some(probe) = self.keys.inbound(&self.crypto)
        {
            (self.probe, self.failures) = (probe, 0);
        }
        false
    }
}

#[cfg(test)]
#[path = "srtp_tests.rs"]
mod tests;
