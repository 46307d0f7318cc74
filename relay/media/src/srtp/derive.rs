//! Session keys out of a master key, RFC 3711 section 4.3.

use aes::cipher::{KeyIvInit, StreamCipher};
use aes::{Aes128, Aes256};
use ctr::Ctr32BE;
use zeroize::Zeroizing;

use super::keys::Master;

/// What a session key is for. The next one, by two, is the same of SRTCP.
#[derive(Debug, Clone, Copy)]
pub(super) enum Label {
    /// Encrypts RTP.
    RtpKey = 0,
    /// Authenticates RTP.
    RtpAuthentication = 1,
    /// Salts the encryption of RTP.
    RtpSalt = 2,
    /// Encrypts RTCP.
    RtcpKey = 3,
    /// Authenticates RTCP.
    RtcpAuthentication = 4,
    /// Salts the encryption of RTCP.
    RtcpSalt = 5,
}

/// A session key of `N` bytes: the key stream of AES under the master key, begun at the master salt and the label. A
/// derivation rate is never agreed, so there is one key per label. `None` when the master key is of no length AES takes.
pub(super) fn derive<const N: usize>(master: &Master, label: Label) -> Option<Zeroizing<[u8; N]>> {
    let mut start = [0; 16];
    // A salt of 96 bits counts as one of 112 that ends in zeros (RFC 7714 section 11).
    start.iter_mut().zip(master.salt()).for_each(|(start, salt)| *start = *salt);
    let [.., place, _, _, _, _, _, _, _, _] = &mut start;
    *place ^= label as u8;
    let mut key = Zeroizing::new([0; N]);
    // 256-bit keys by the same construction (RFC 6188 section 3).
    match master.key().len() {
        16 => Ctr32BE::<Aes128>::new_from_slices(master.key(), &start).ok()?.apply_keystream(&mut *key),
        32 => Ctr32BE::<Aes256>::new_from_slices(master.key(), &start).ok()?.apply_keystream(&mut *key),
        _ => return None,
    }
    Some(key)
}
