//! What encrypts and authenticates packets of one kind in one direction, whichever suite was agreed.

use super::counter_mode::CounterMode;
use super::gcm::Gcm;
use super::keys::{Master, Profile};
use crate::params::SrtpSuite;

/// Bytes of the first header of a compound: they stay readable (RFC 3711 section 3.4).
pub(super) const RTCP_HEADER_LEN: usize = 8;
/// Bytes of the trailer of an RTCP packet: whether it is encrypted, and its index.
pub(super) const TRAILER_LEN: usize = 4;

/// Which packet it is: no two under one key have the same place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Its source.
    pub(super) ssrc: u32,
    /// Its index: the sequence number and how often those have begun anew, 48 bits; of RTCP packets the count, 31.
    pub(super) index: u64,
}

impl Place {
    /// How often sequence numbers have begun anew (ROC).
    pub(super) const fn rollovers(self) -> [u8; 4] {
        ((self.index >> 16) as u32).to_be_bytes()
    }
}

/// RTP, or RTCP, of one direction.
#[expect(
    clippy::large_enum_variant,
    reason = "a few hundred bytes less are not worth another step on each packet's way"
)]
pub(super) enum Cipher {
    CounterMode(CounterMode),
    Gcm(Gcm),
}

/// The two of a direction.
pub(super) struct Ciphers {
    pub(super) rtp: Cipher,
    pub(super) rtcp: Cipher,
}

impl Ciphers {
    /// Those under a master key. `None` when it is not of the profile's length.
    pub(super) fn new(profile: Profile, master: &Master) -> Option<Self> {
        let counter_mode = |tag_len| {
            let (rtp, rtcp) = (CounterMode::rtp(master, tag_len)?, CounterMode::rtcp(master)?);
            Some(Self { rtp: Cipher::CounterMode(rtp), rtcp: Cipher::CounterMode(rtcp) })
        };
        match profile.suite() {
            SrtpSuite::AesCm128HmacSha1_80 => counter_mode(10),
            SrtpSuite::AesCm128HmacSha1_32 => counter_mode(4),
            SrtpSuite::AeadAes128Gcm | SrtpSuite::AeadAes256Gcm => {
                Some(Self { rtp: Cipher::Gcm(Gcm::rtp(master)?), rtcp: Cipher::Gcm(Gcm::rtcp(master)?) })
            }
        }
    }
}

impl Cipher {
    /// Encrypts an RTP packet whose header is so long, and appends its tag.
    pub(super) fn seal_rtp(&self, at: Place, header_len: usize, packet: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::CounterMode(cipher) => cipher.seal_rtp(at, header_len, packet),
            Self::Gcm(cipher) => cipher.seal_rtp(at, header_len, packet),
        }
    }

    /// Decrypts an RTP packet where it lies, if it is authentic; how long it is then. One that is not is worth nothing
    /// afterwards.
    pub(super) fn open_rtp(&self, at: Place, header_len: usize, packet: &mut [u8]) -> Option<usize> {
        match self {
            Self::CounterMode(cipher) => cipher.open_rtp(at, header_len, packet),
            Self::Gcm(cipher) => cipher.open_rtp(at, header_len, packet),
        }
    }

    /// Encrypts a compound RTCP packet, and appends trailer and tag.
    pub(super) fn seal_rtcp(&self, at: Place, compound: &mut Vec<u8>) -> Option<()> {
        let trailer = (ENCRYPTED | at.index as u32).to_be_bytes();
        match self {
            Self::CounterMode(cipher) => cipher.seal_rtcp(at, trailer, compound),
            Self::Gcm(cipher) => cipher.seal_rtcp(at, trailer, compound),
        }
    }

    /// The index an RTCP packet claims. `None` also for one that claims not to be encrypted: no peer of ours has agreed
    /// to send such (RFC 5764 section 4.1.2, RFC 4568 section 6.3.2).
    pub(super) fn index(&self, packet: &[u8]) -> Option<u64> {
        let trailer = match self {
            Self::CounterMode(cipher) => cipher.trailer(packet)?,
            Self::Gcm(_) => *packet.last_chunk()?,
        };
        let trailer = u32::from_be_bytes(trailer);
        (trailer & ENCRYPTED != 0).then_some(u64::from(trailer & !ENCRYPTED))
    }

    /// Decrypts a compound RTCP packet likewise.
    pub(super) fn open_rtcp(&self, at: Place, packet: &mut [u8]) -> Option<usize> {
        match self {
            Self::CounterMode(cipher) => cipher.open_rtcp(at, packet),
            Self::Gcm(cipher) => cipher.open_rtcp(at, packet),
        }
    }
}

/// The E flag, first of the trailer (RFC 3711 section 3.4).
const ENCRYPTED: u32 = 1 << 31;
