//! AEAD_AES_128_GCM of RFC 7714, without sources, replays or rollover: for less than 65,536 packets of each stream.

use aes::Aes128;
use aes::cipher::{BlockEncrypt, KeyInit};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::error::Error;

const HEADER: usize = 12;
const TAG: usize = 16;

/// The server's side.
pub(super) struct BareSrtp {
    inbound: (LessSafeKey, [u8; 12]),
    outbound: (LessSafeKey, [u8; 12]),
}

impl BareSrtp {
    /// With the client's key, the server's key, and their salts in the same order (RFC 5764 section 4.2).
    pub(super) fn new(material: &[u8; 56]) -> Result<Self, Error> {
        let [client, server] = [0, 16].map(|at| part::<16>(material, at));
        let [client_salt, server_salt] = [32, 44].map(|at| part::<12>(material, at));
        Ok(Self { inbound: session(client, client_salt)?, outbound: session(server, server_salt)? })
    }

    /// Opens a packet.
    pub(super) fn open<'a>(&self, packet: &'a mut [u8]) -> Option<&'a [u8]> {
        let (key, salt) = &self.inbound;
        let nonce = nonce(packet, salt)?;
        let (header, sealed) = packet.split_at_mut_checked(HEADER)?;
        let opened = key.open_in_place(nonce, Aad::from(&*header), sealed).ok()?.len();
        packet.get(..HEADER + opened)
    }

    /// Seals a packet of this length. Its new length.
    pub(super) fn seal(&self, packet: &mut [u8], length: usize) -> Option<usize> {
        let (key, salt) = &self.outbound;
        let nonce = nonce(packet, salt)?;
        let (header, rest) = packet.split_at_mut_checked(HEADER)?;
        let (payload, room) = rest.split_at_mut_checked(length.checked_sub(HEADER)?)?;
        let tag = key.seal_in_place_separate_tag(nonce, Aad::from(&*header), payload).ok()?;
        room.get_mut(..TAG)?.copy_from_slice(tag.as_ref());
        Some(length + TAG)
    }
}

/// RFC 7714 section 8.1, with a rollover counter of 0.
fn nonce(packet: &[u8], salt: &[u8; 12]) -> Option<Nonce> {
    let (sequence, source) = (packet.get(2..4)?, packet.get(8..12)?);
    let mut nonce = *salt;
    let input = [&[0; 2], source, &[0; 4], sequence].concat();
    nonce.iter_mut().zip(input).for_each(|(byte, other)| *byte ^= other);
    Some(Nonce::assume_unique_for_key(nonce))
}

/// RFC 3711 section 4.3 with the salt of RFC 7714 section 11: the key has the label 0, the salt 2.
fn session(key: [u8; 16], salt: [u8; 12]) -> Result<(LessSafeKey, [u8; 12]), Error> {
    let cipher = Aes128::new(&key.into());
    let derived = |label: u8| {
        let mut block = [0; 16];
        block.iter_mut().zip(salt).for_each(|(byte, salt)| *byte = salt);
        if let Some(byte) = block.get_mut(7) {
            *byte ^= label;
        }
        let mut block = block.into();
        cipher.encrypt_block(&mut block);
        <[u8; 16]>::from(block)
    };
    let key = UnboundKey::new(&AES_128_GCM, &derived(0)).map_err(|_| Error::Random)?;
    Ok((LessSafeKey::new(key), part(&derived(2), 0)))
}

fn part<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::MATERIAL;
    use crate::srtp::Srtp;
    use rtc_srtp::protection_profile::ProtectionProfile;

    #[test]
    fn it_is_what_a_library_seals_and_opens() {
        let material: [u8; 56] = std::array::from_fn(|at| at as u8);
        for material in [material, MATERIAL] {
            let crypto = rtc_crypto::default_provider().unwrap();
            let mut library = Srtp::new(ProtectionProfile::AeadAes128Gcm, &material, true, &crypto).unwrap();
            let bare = BareSrtp::new(&material).unwrap();
            let header = rtc_rtp::Header { version: 2, sequence_number: 258, ssrc: 9, ..Default::default() };
            let packet = [&[0x80, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 9][..], b"sound"].concat();

            let mut sealed = library.seal(&packet, &header).unwrap().to_vec();
            assert_eq!(bare.open(&mut sealed).unwrap(), packet);

            let mut room = [&packet[..], &[0; TAG]].concat();
            let length = bare.seal(&mut room, packet.len()).unwrap();
            assert_eq!(library.open(&room[..length]).unwrap(), packet);
        }
    }
}
