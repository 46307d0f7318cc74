//! Handshakes with the library's client, over a network that loses and garbles.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use rtc_dtls::config::{ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;

use super::*;
use crate::simulated::origin;

struct Client {
    endpoint: Endpoint,
    fingerprint: Fingerprint,
    complete: bool,
}

impl Client {
    fn new(now: Instant, profiles: &[SrtpProtectionProfile]) -> Self {
        let (config, fingerprint) = client_config(profiles);
        let mut endpoint = Endpoint::new(PEER, TransportProtocol::UDP, None);
        endpoint.connect(now, PEER, config, None).unwrap();
        Self { endpoint, fingerprint, complete: false }
    }

    fn transmit(&mut self) -> Option<BytesMut> {
        self.endpoint.poll_transmit().map(|transmit| transmit.message)
    }

    fn receive(&mut self, now: Instant, datagram: BytesMut) {
        for event in self.endpoint.read(now, PEER, None, datagram).unwrap_or_default() {
            self.complete |= matches!(event, EndpointEvent::HandshakeComplete);
        }
    }

    fn timeout(&mut self, now: Instant) {
        let _ = self.endpoint.handle_timeout(PEER, now);
    }
}

fn client_config(profiles: &[SrtpProtectionProfile]) -> (Arc<HandshakeConfig>, Fingerprint) {
    let crypto = rtc_crypto::default_provider().unwrap();
    let certificate = Certificate::generate_self_signed(vec!["browser".to_owned()], crypto.crypto()).unwrap();
    let fingerprint = fingerprint(&crypto, certificate.certificate[0].as_ref()).unwrap();
    let config = ConfigBuilder::default()
        .with_crypto_provider(crypto)
        .with_certificates(vec![certificate])
        .with_srtp_protection_profiles(profiles.to_vec())
        .with_insecure_skip_verify(true)
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        .build(true, None)
        .unwrap();
    (Arc::new(config), fingerprint)
}

/// Runs a handshake for so many rounds of 100 ms. `network` may change or swallow any datagram.
fn handshake(
    client: &mut Client,
    server: &mut Dtls,
    start: Instant,
    mut network: impl FnMut(BytesMut) -> Option<BytesMut>,
) -> Option<Progress> {
    let mut result = None;
    for round in 0..60u32 {
        let now = start + Duration::from_millis(100) * round;
        while let Some(datagram) = client.transmit() {
            let Some(datagram) = network(datagram) else { continue };
            match server.receive(now, &datagram) {
                Progress::Pending | Progress::Invalid => {}
                progress => result = Some(progress),
            }
        }
        while let Some(datagram) = server.transmit() {
            if let Some(datagram) = network(datagram) {
                client.receive(now, datagram);
            }
        }
        client.timeout(now);
        server.timeout(now);
        if client.complete && result.is_some() {
            break;
        }
    }
    result
}

fn all() -> Vec<SrtpProtectionProfile> {
    vec![SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm]
}

#[test]
fn a_handshake_proves_the_certificate_and_yields_keys() {
    let now = origin();
    let identity = Identity::generate().unwrap();
    let (mut client, mut server) = (Client::new(now, &all()), Dtls::new(&identity));
    let progress = handshake(&mut client, &mut server, now, Some);
    let Some(Progress::Complete { fingerprint, keys }) = progress else { panic!("no handshake") };
    assert_eq!(fingerprint, client.fingerprint);
    assert!(client.complete);
    assert!(crate::srtp::Session::new(&keys).is_some());
}

#[test]
fn authenticated_encryption_is_preferred_whatever_the_client_lists_first() {
    use SrtpProtectionProfile as Profile;
    let (counter, gcm, long) =
        (Profile::Srtp_Aes128_Cm_Hmac_Sha1_80, Profile::Srtp_Aead_Aes_128_Gcm, Profile::Srtp_Aead_Aes_256_Gcm);
    // Chromium lists them as the first of these does.
    for (listed, agreed) in [
        (&[counter, long, gcm][..], "AeadAes128Gcm"),
        (&[counter, long], "AeadAes256Gcm"),
        (&[counter], "AesCm128HmacSha1_80"),
    ] {
        let (now, identity) = (origin(), Identity::generate().unwrap());
        let (mut client, mut server) = (Client::new(now, listed), Dtls::new(&identity));
        let progress = handshake(&mut client, &mut server, now, Some);
        let Some(Progress::Complete { keys, .. }) = progress else { panic!("no handshake") };
        assert!(format!("{keys:?}").contains(agreed), "{keys:?}");
    }
}

#[test]
fn lost_flights_are_sent_again() {
    let now = origin();
    let identity = Identity::generate().unwrap();
    let (mut client, mut server) = (Client::new(now, &all()), Dtls::new(&identity));
    let mut number = 0;
    let progress = handshake(&mut client, &mut server, now, |datagram| {
        number += 1;
        (number > 3 && number % 5 != 0).then_some(datagram)
    });
    assert!(matches!(progress, Some(Progress::Complete { .. })));
}

#[test]
fn a_client_without_srtp_never_completes() {
    let now = origin();
    let identity = Identity::generate().unwrap();
    let (mut client, mut server) = (Client::new(now, &[]), Dtls::new(&identity));
    let progress = handshake(&mut client, &mut server, now, Some);
    assert!(!matches!(progress, Some(Progress::Complete { .. })));
}

#[test]
fn a_goodbye_is_noticed() {
    let now = origin();
    let identity = Identity::generate().unwrap();
    let (mut client, mut server) = (Client::new(now, &all()), Dtls::new(&identity));
    handshake(&mut client, &mut server, now, Some);
    client.endpoint.close(now).unwrap();
    let goodbye = client.transmit().unwrap();
    assert!(matches!(server.receive(now, &goodbye), Progress::Closed));
}

#[test]
fn a_flood_before_the_handshake_is_bounded() {
    let mut server = Dtls::new(&Identity::generate().unwrap());
    // Records of the next epoch, which the library would keep for later.
    let record = [&[22, 254, 253, 0, 1, 0, 0, 0, 0, 0, 1, 0, 4][..], &[0; 4]].concat();
    for _ in 0..10_000 {
        server.receive(origin(), &record);
    }
    assert!(server.read <= MAX_HANDSHAKE);
    assert!(matches!(server.receive(origin(), &record), Progress::Invalid));
}

/// Datagrams full of one-byte pieces of one long handshake message, its beginning last.
fn fragments(epoch: u8, message: u8) -> impl Iterator<Item = Vec<u8>> {
    let mut pieces = (0..18_000u32).rev().map(move |offset| {
        let [_, high, middle, low] = offset.to_be_bytes();
        let record = [22, 254, 253, 0, epoch, 0, 0, 1, high, middle, low, 0, 13];
        let piece = [1, 255, 255, 255, 0, message, high, middle, low, 0, 0, 1, 0];
        [record, piece].concat()
    });
    std::iter::from_fn(move || {
        let datagram: Vec<_> = pieces.by_ref().take(70).flatten().collect();
        (!datagram.is_empty()).then_some(datagram)
    })
}

#[test]
fn a_message_in_countless_pieces_does_not_exhaust_the_stack() {
    let mut server = Dtls::new(&Identity::generate().unwrap());
    let refused = fragments(0, 0).filter(|datagram| matches!(server.receive(origin(), datagram), Progress::Invalid));
    assert!(refused.count() > 200);
}

#[test]
fn nor_does_it_after_the_handshake() {
    let now = origin();
    let identity = Identity::generate().unwrap();
    let (mut client, mut server) = (Client::new(now, &all()), Dtls::new(&identity));
    handshake(&mut client, &mut server, now, Some);
    let refused = fragments(0, 6).filter(|datagram| matches!(server.receive(now, datagram), Progress::Invalid));
    assert!(refused.count() > 200);
}

#[test]
fn after_a_goodbye_no_other_handshake_begins() {
    let now = origin();
    let identity = Identity::generate().unwrap();
    let (mut client, mut server) = (Client::new(now, &all()), Dtls::new(&identity));
    handshake(&mut client, &mut server, now, Some);
    client.endpoint.close(now).unwrap();
    server.receive(now, &client.transmit().unwrap());
    while server.transmit().is_some() {}
    let again = handshake(&mut Client::new(now, &all()), &mut server, now, Some);
    assert!(again.is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any byte of any datagram may be wrong, any datagram cut short: no panic, and never a
    /// handshake with anybody else's certificate.
    #[test]
    fn a_garbled_handshake_is_survived(
        faults in proptest::collection::vec((0usize..24, 0usize..1400, any::<u8>(), any::<bool>()), 1..6)
    ) {
        let now = origin();
        let identity = Identity::generate().unwrap();
        let (mut client, mut server) = (Client::new(now, &all()), Dtls::new(&identity));
        let mut number = 0;
        let progress = handshake(&mut client, &mut server, now, |mut datagram| {
            for &(which, position, value, cut) in &faults {
                if which == number && position < datagram.len() {
                    if cut { datagram.truncate(position) } else { datagram[position] ^= value }
                }
            }
            number += 1;
            Some(datagram)
        });
        if let Some(Progress::Complete { fingerprint, .. }) = progress {
            prop_assert_eq!(fingerprint, client.fingerprint);
        }
    }

    #[test]
    fn any_datagrams_are_survived(
        datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..100), 1..20)
    ) {
        let mut server = Dtls::new(&Identity::generate().unwrap());
        for (number, mut datagram) in datagrams.into_iter().enumerate() {
            // Most look like records of the handshake.
            if number % 4 != 0 {
                let length = datagram.len() as u8;
                datagram.splice(0..0, [22, 254, 253, 0, 0, 0, 0, 0, 0, 0, number as u8, 0, length]);
            }
            server.receive(origin(), &datagram);
        }
    }
}
