//! AES in counter mode with tags by HMAC-SHA1: AES_CM_128_HMAC_SHA1_80 and _32, RFC 3711 section 4.

use aes::Aes128;
use aes::cipher::{InnerIvInit, KeyInit, StreamCipherCore};
use ctr::CtrCore;
use ctr::flavors::Ctr32BE;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use zeroize::Zeroizing;

use super::cipher::{Place, RTCP_HEADER_LEN, TRAILER_LEN};
use super::derive::{Label, derive};
use super::keys::Master;

/// Bytes of salt (RFC 3711 section 8.2).
const SALT_LEN: usize = 14;
/// Bytes of the key that authenticates.
const AUTHENTICATION_LEN: usize = 20;

/// RTP, or RTCP, of one direction.
pub(super) struct CounterMode {
    aes: Aes128,
    salt: Zeroizing<[u8; SALT_LEN]>,
    /// Has taken in its key, and is copied for each packet.
    hmac: Hmac<Sha1>,
    tag_len: usize,
}

impl CounterMode {
    /// For RTP, whose tags are so many bytes long.
    pub(super) fn rtp(master: &Master, tag_len: usize) -> Option<Self> {
        Self::new(master, tag_len, [Label::RtpKey, Label::RtpAuthentication, Label::RtpSalt])
    }

    /// For RTCP, whose tags are always 80 bits long (RFC 4568 section 6.2.2).
    pub(super) fn rtcp(master: &Master) -> Option<Self> {
        Self::new(master, 10, [Label::RtcpKey, Label::RtcpAuthentication, Label::RtcpSalt])
    }

    fn new(master: &Master, tag_len: usize, [key, authentication, salt]: [Label; 3]) -> Option<Self> {
        let aes = Aes128::new_from_slice(&*derive::<16>(master, key)?).ok()?;
        let hmac = Mac::new_from_slice(&*derive::<AUTHENTICATION_LEN>(master, authentication)?).ok()?;
        Some(Self { aes, salt: derive(master, salt)?, hmac, tag_len })
    }

    /// Encrypts what follows the header and appends the tag.
    pub(super) fn seal_rtp(&self, at: Place, header_len: usize, packet: &mut Vec<u8>) -> Option<()> {
        self.crypt(at, packet.get_mut(header_len..)?);
        let tag = self.authentication(packet, &at.rollovers()).finalize().into_bytes();
        packet.extend_from_slice(tag.get(..self.tag_len)?);
        Some(())
    }

    /// Tells by the tag whether the packet is authentic, and decrypts what follows its header. How long it is without
    /// the tag.
    pub(super) fn open_rtp(&self, at: Place, header_len: usize, packet: &mut [u8]) -> Option<usize> {
        let length = packet.len().checked_sub(self.tag_len).filter(|&length| length >= header_len)?;
        let (packet, tag) = packet.split_at_mut_checked(length)?;
        self.authentication(packet, &at.rollovers()).verify_truncated_left(tag).ok()?;
        self.crypt(at, packet.get_mut(header_len..)?);
        Some(length)
    }

    /// Encrypts what follows the first header; appends the trailer and the tag (RFC 3711 section 3.4).
    pub(super) fn seal_rtcp(&self, at: Place, trailer: [u8; TRAILER_LEN], compound: &mut Vec<u8>) -> Option<()> {
        self.crypt(at, compound.get_mut(RTCP_HEADER_LEN..)?);
        compound.extend_from_slice(&trailer);
        let tag = self.authentication(compound, &[]).finalize().into_bytes();
        compound.extend_from_slice(tag.get(..self.tag_len)?);
        Some(())
    }

    /// The trailer of an RTCP packet, which stands before the tag.
    pub(super) fn trailer(&self, packet: &[u8]) -> Option<[u8; TRAILER_LEN]> {
        let before = packet.len().checked_sub(self.tag_len)?;
        packet.get(..before)?.last_chunk().copied()
    }

    /// As [`CounterMode::open_rtp`], and without the trailer.
    pub(super) fn open_rtcp(&self, at: Place, packet: &mut [u8]) -> Option<usize> {
        let signed = packet.len().checked_sub(self.tag_len)?;
        let length = signed.checked_sub(TRAILER_LEN).filter(|&length| length >= RTCP_HEADER_LEN)?;
        let (packet, tag) = packet.split_at_mut_checked(signed)?;
        self.authentication(packet, &[]).verify_truncated_left(tag).ok()?;
        self.crypt(at, packet.get_mut(RTCP_HEADER_LEN..length)?);
        Some(length)
    }

    /// Encrypts or decrypts (RFC 3711 section 4.1.1).
    fn crypt(&self, Place { ssrc, index }: Place, bytes: &mut [u8]) {
        let place = (u128::from(ssrc) << 64) | (u128::from(index) << 16);
        let mut start = place.to_be_bytes();
        start.iter_mut().zip(&*self.salt).for_each(|(start, salt)| *start ^= salt);
        let stream = CtrCore::<_, Ctr32BE>::inner_iv_init(&self.aes, &start.into());
        stream.apply_keystream_partial(bytes.into());
    }

    /// What a tag is taken of (RFC 3711 section 4.2).
    fn authentication(&self, packet: &[u8], rollovers: &[u8]) -> Hmac<Sha1> {
        let mut hmac = self.hmac.clone();
        hmac.update(packet);
        hmac.update(rollovers);
        hmac
    }

    /// One with these session keys, as published examples name them.
    #[cfg(test)]
    pub(super) fn with_session_keys(key: &[u8], salt: [u8; SALT_LEN], authentication: &[u8], tag_len: usize) -> Self {
        let aes = Aes128::new_from_slice(key).unwrap();
        let hmac = Mac::new_from_slice(authentication).unwrap();
        Self { aes, salt: Zeroizing::new(salt), hmac, tag_len }
    }
}
