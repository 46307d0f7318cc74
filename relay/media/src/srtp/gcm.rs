//! AES in Galois/Counter Mode: AEAD_AES_128_GCM and AEAD_AES_256_GCM, RFC 7714.

use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::cipher::{Place, RTCP_HEADER_LEN, TRAILER_LEN};
use super::derive::{Label, derive};
use super::keys::Master;

/// Bytes of salt, and of the nonce it is part of (RFC 7714 section 8.1).
const NONCE_LEN: usize = 12;
/// Bytes of a tag.
const TAG_LEN: usize = 16;

/// RTP, or RTCP, of one direction.
pub(super) struct Gcm {
    key: LessSafeKey,
    salt: Zeroizing<[u8; NONCE_LEN]>,
}

impl Gcm {
    /// For RTP.
    pub(super) fn rtp(master: &Master) -> Option<Self> {
        Self::new(master, Label::RtpKey, Label::RtpSalt)
    }

    /// For RTCP.
    pub(super) fn rtcp(master: &Master) -> Option<Self> {
        Self::new(master, Label::RtcpKey, Label::RtcpSalt)
    }

    fn new(master: &Master, key: Label, salt: Label) -> Option<Self> {
        let salt = derive(master, salt)?;
        match master.key().len() {
            16 => Self::with_session_keys(&*derive::<16>(master, key)?, salt),
            _ => Self::with_session_keys(&*derive::<32>(master, key)?, salt),
        }
    }

    /// One with these session keys.
    pub(super) fn with_session_keys(key: &[u8], salt: Zeroizing<[u8; NONCE_LEN]>) -> Option<Self> {
        let algorithm = if key.len() == 16 { &AES_128_GCM } else { &AES_256_GCM };
        Some(Self { key: LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?), salt })
    }

    /// Encrypts what follows the header and appends the tag (RFC 7714 section 8).
    pub(super) fn seal_rtp(&self, at: Place, header_len: usize, packet: &mut Vec<u8>) -> Option<()> {
        let (header, payload) = packet.split_at_mut_checked(header_len)?;
        let tag = self.key.seal_in_place_separate_tag(self.nonce(at), Aad::from(&*header), payload).ok()?;
        packet.extend_from_slice(tag.as_ref());
        Some(())
    }

    /// Decrypts what follows the header, if tag and packet agree. How long the packet is without the tag.
    pub(super) fn open_rtp(&self, at: Place, header_len: usize, packet: &mut [u8]) -> Option<usize> {
        let (header, sealed) = packet.split_at_mut_checked(header_len)?;
        let payload = self.key.open_in_place(self.nonce(at), Aad::from(&*header), sealed).ok()?;
        Some(header_len + payload.len())
    }

    /// Encrypts what follows the first header; appends the tag, then the trailer (RFC 7714 section 9).
    pub(super) fn seal_rtcp(&self, at: Place, trailer: [u8; TRAILER_LEN], compound: &mut Vec<u8>) -> Option<()> {
        let (header, rest) = compound.split_first_chunk_mut()?;
        let aad = associated(*header, trailer);
        let tag = self.key.seal_in_place_separate_tag(self.nonce(at), Aad::from(aad), rest).ok()?;
        compound.extend_from_slice(tag.as_ref());
        compound.extend_from_slice(&trailer);
        Some(())
    }

    /// As [`Gcm::open_rtp`], and without the trailer.
    pub(super) fn open_rtcp(&self, at: Place, packet: &mut [u8]) -> Option<usize> {
        let (packet, trailer) = packet.split_last_chunk_mut()?;
        let (header, sealed) = packet.split_first_chunk_mut()?;
        let aad = associated(*header, *trailer);
        let rest = self.key.open_in_place(self.nonce(at), Aad::from(aad), sealed).ok()?;
        Some(RTCP_HEADER_LEN + rest.len())
    }

    /// Another one for each packet under a key (RFC 7714 sections 8.1 and 9.1).
    fn nonce(&self, Place { ssrc, index }: Place) -> Nonce {
        let place = (u128::from(ssrc) << 48) | u128::from(index);
        let [_, _, _, _, nonce @ ..] = place.to_be_bytes();
        let mut nonce: [u8; NONCE_LEN] = nonce;
        nonce.iter_mut().zip(&*self.salt).for_each(|(nonce, salt)| *nonce ^= salt);
        Nonce::assume_unique_for_key(nonce)
    }
}

/// What is authenticated beside what is encrypted: the first header, and the trailer (RFC 7714 section 9.2).
fn associated(header: [u8; RTCP_HEADER_LEN], trailer: [u8; TRAILER_LEN]) -> [u8; RTCP_HEADER_LEN + TRAILER_LEN] {
    let mut both = [0; RTCP_HEADER_LEN + TRAILER_LEN];
    both.iter_mut().zip(header.into_iter().chain(trailer)).for_each(|(place, byte)| *place = byte);
    both
}

const _: () = assert!(TAG_LEN == ring::aead::MAX_TAG_LEN, "tags are never cut (RFC 7714 section 13.2)");
