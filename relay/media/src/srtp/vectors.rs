//! Published examples, and an implementation that is not ours.

use proptest::prelude::*;
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;
use zeroize::Zeroizing;

use super::cipher::{Cipher, Place};
use super::counter_mode::CounterMode;
use super::derive::{Label, derive};
use super::gcm::Gcm;
use super::*;
use crate::params::{SrtpKey, SrtpKeys, SrtpSuite};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// RFC 3711 appendix B.3.
#[test]
fn session_keys_are_derived_as_published() {
    let master = [hex("E1F97A0D3E018BE0D64FA32C06DE4139"), hex("0EC675AD498AFEEBB6960B3AABE6")].concat();
    let key = SrtpKey::new(master);
    let suite = SrtpSuite::AesCm128HmacSha1_80;
    let keys = Keys::described(&SrtpKeys { suite, send: key.clone(), receive: key }).unwrap();
    assert_eq!(derive::<16>(&keys.send, Label::RtpKey).unwrap().to_vec(), hex("C61E7A93744F39EE10734AFE3FF7A087"));
    assert_eq!(derive::<14>(&keys.send, Label::RtpSalt).unwrap().to_vec(), hex("30CBBC08863D8C85D49DB34A9AE1"));
    let authentication = "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCEE049646C43D9327AD175578EF722709\
                          86371C10C9A369AC2F94A8C5FBCDDDC256D6E919A48B610EF17C2041E474035766B68642C59BBFC2F34DB60DBDFB2";
    assert_eq!(derive::<94>(&keys.send, Label::RtpAuthentication).unwrap().to_vec(), hex(authentication));
}

/// RFC 3711 appendix B.2: the key stream, which is what zeros are encrypted to.
#[test]
fn the_key_stream_is_the_published_one() {
    let salt = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD").try_into().unwrap();
    let cipher = CounterMode::with_session_keys(&hex("2B7E151628AED2A6ABF7158809CF4F3C"), salt, &[0; 20], 10);
    let mut packet = vec![0; 12 + 48];
    packet[0] = 0x80;
    cipher.seal_rtp(Place { ssrc: 0, index: 0 }, 12, &mut packet).unwrap();
    let stream = "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB 41E95B3BB0A2E8DD477901E4FCA894C0";
    assert_eq!(packet[12..60], hex(stream));
}

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const SALT: &str = "517569642070726f2071756f";

fn gcm(key_len: usize) -> Cipher {
    let salt = Zeroizing::new(hex(SALT).try_into().unwrap());
    Cipher::Gcm(Gcm::with_session_keys(&hex(KEY)[..key_len], salt).unwrap())
}

/// RFC 7714 sections 16.1.1 and 16.2.1.
#[test]
fn aead_packets_are_the_published_ones() {
    let clear =
        hex("8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573");
    let expected = [
        (
            16,
            "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833\
              899d7f27beb16a9152cf765ee4390cce",
        ),
        (
            32,
            "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b\
              7aa3db36dfffd6b0f9bb7878d7a76c13",
        ),
    ];
    for (key_len, sealed) in expected {
        let (cipher, mut packet) = (gcm(key_len), clear.clone());
        let place = Place { ssrc: 0x5501_a0b2, index: 0xf17b };
        cipher.seal_rtp(place, 12, &mut packet).unwrap();
        assert_eq!(packet, hex(sealed));
        let length = cipher.open_rtp(place, 12, &mut packet).unwrap();
        assert_eq!(packet[..length], clear);
    }
}

/// RFC 7714 sections 17.1 and 17.2.
#[test]
fn aead_reports_are_the_published_ones() {
    let clear =
        hex("81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef");
    let expected = [
        (
            16,
            "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b\
              c84aa45896cf4d2fc5abf87245d9eade800005d4",
        ),
        (
            32,
            "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad\
              1d1eb30c4446839f57ff6f6cb26ac3be800005d4",
        ),
    ];
    for (key_len, sealed) in expected {
        let (cipher, mut compound) = (gcm(key_len), clear.clone());
        let place = Place { ssrc: 0x4d61_7273, index: 0x5d4 };
        cipher.seal_rtcp(place, &mut compound).unwrap();
        assert_eq!(compound, hex(sealed));
        assert_eq!(cipher.index(&compound), Some(0x5d4));
        let length = cipher.open_rtcp(place, &mut compound).unwrap();
        assert_eq!(compound[..length], clear);
    }
}

/// Suite, its name at the library, bytes of its key and of both.
const SUITES: [(SrtpSuite, ProtectionProfile, usize, usize); 4] = [
    (SrtpSuite::AesCm128HmacSha1_80, ProtectionProfile::Aes128CmHmacSha1_80, 16, 30),
    (SrtpSuite::AesCm128HmacSha1_32, ProtectionProfile::Aes128CmHmacSha1_32, 16, 30),
    (SrtpSuite::AeadAes128Gcm, ProtectionProfile::AeadAes128Gcm, 16, 28),
    (SrtpSuite::AeadAes256Gcm, ProtectionProfile::AeadAes256Gcm, 32, 44),
];

/// A packet with contributing sources and an extension.
fn packet((sources, extension, sequence, payload): &(u8, Option<Vec<u32>>, u16, Vec<u8>)) -> Vec<u8> {
    let first = 0x80 | sources | u8::from(extension.is_some()) << 4;
    let mut packet = vec![first, 0x6f];
    packet.extend(sequence.to_be_bytes());
    packet.extend([1, 2, 3, 4, 9, 8, 7, 6]);
    packet.extend((0..u32::from(*sources)).flat_map(u32::to_be_bytes));
    if let Some(words) = extension {
        // Of no profile that the library would take apart: it measures those by what it can read of them.
        packet.extend([0x12, 0x34, 0, words.len() as u8]);
        packet.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    }
    packet.extend(payload);
    packet
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever either seals, the other opens, byte for byte.
    #[test]
    fn another_implementation_understands_us_and_we_it(
        master in proptest::collection::vec(any::<u8>(), 44),
        start in any::<u16>(),
        packets in proptest::collection::vec(
            (0u8..16, proptest::option::of(proptest::collection::vec(any::<u32>(), 0..5)), 1u16..300,
             proptest::collection::vec(any::<u8>(), 1..300)), 1..12),
    ) {
        let crypto = rtc_crypto::default_provider().unwrap();
        for (suite, profile, key_len, length) in SUITES {
            let key = SrtpKey::new(master[..length].to_vec());
            let keys = Keys::described(&SrtpKeys { suite, send: key.clone(), receive: key }).unwrap();
            let mut ours = Session::new(&keys).unwrap();
            let (key, salt) = master[..length].split_at(key_len);
            let theirs = || Context::new(key, salt, profile, None, None, crypto.crypto()).unwrap();
            let (mut sender, mut receiver) = (theirs(), theirs());
            let mut sequence = start;
            for (sources, extension, step, payload) in packets.clone() {
                sequence = sequence.wrapping_add(step);
                let clear = packet(&(sources, extension, sequence, payload));
                let sealed = ours.seal(&clear).unwrap().to_vec();
                prop_assert_eq!(&receiver.decrypt_rtp(&sealed).unwrap()[..], &clear[..]);
                let mut sealed = sender.encrypt_rtp(&clear).unwrap().to_vec();
                prop_assert_eq!(&*ours.open(&mut sealed).unwrap(), &clear[..]);

                let report = [&[0x80, 201, 0, 1, 0, 0, 0, 7][..], &clear].concat();
                let sealed = ours.seal_rtcp(&report).unwrap().to_vec();
                prop_assert_eq!(&receiver.decrypt_rtcp(&sealed).unwrap()[..], &report[..]);
                let mut sealed = sender.encrypt_rtcp(&report).unwrap().to_vec();
                prop_assert_eq!(&*ours.open_rtcp(&mut sealed).unwrap(), &report[..]);
            }
        }
    }
}
