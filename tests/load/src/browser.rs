//! A browser's media: ICE, then DTLS as the client, then SRTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rtc_crypto::{HashAlgorithm, RTCCryptoProvider};
use rtc_dtls::config::{ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_rtp::Header;
use rtc_shared::TransportProtocol;
use rtc_srtp::config::LABEL_EXTRACTOR_DTLS_SRTP;
use rtc_srtp::protection_profile::ProtectionProfile;

use crate::error::Error;
use crate::ice::{self, Credentials, Heard};
use crate::srtp::Srtp;

/// As Chromium offers them.
const PROFILES: [SrtpProtectionProfile; 2] =
    [SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm, SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80];
/// Between checks until one is answered.
const CHECK: Duration = Duration::from_millis(50);
/// Between checks for consent (RFC 7675), as Chromium makes them.
const CONSENT: Duration = Duration::from_millis(2500);
/// Until a flight of DTLS is sent again, at first.
const FLIGHT: Duration = Duration::from_millis(50);
/// Between looks at whether DTLS has to say something again.
const HANDSHAKE: Duration = Duration::from_millis(20);

/// What all browsers have in common: a certificate takes longer to make than a call.
#[derive(Clone)]
pub(crate) struct Identity {
    handshake: Arc<HandshakeConfig>,
    crypto: Arc<dyn RTCCryptoProvider>,
    /// Of the certificate, as in a session description.
    pub(crate) fingerprint: String,
}

impl Identity {
    pub(crate) fn new() -> Result<Self, Error> {
        let crypto = rtc_crypto::default_provider()?;
        let certificate = Certificate::generate_self_signed(vec!["browser.invalid".to_owned()], crypto.crypto())?;
        let der = certificate.certificate.first().ok_or(Error::Random)?;
        let hash = crypto.crypto().hash(HashAlgorithm::Sha256, der.as_ref()).map_err(|_| Error::Random)?;
        let hash: &[u8] = hash.as_ref();
        let fingerprint = hash.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":");
        let handshake = ConfigBuilder::default()
            .with_crypto_provider(crypto.clone())
            .with_certificates(vec![certificate])
            .with_srtp_protection_profiles(PROFILES.to_vec())
            .with_insecure_skip_verify(true)
            .with_flight_interval(FLIGHT)
            .with_extended_master_secret(ExtendedMasterSecretType::Request)
            .build(true, None)?;
        Ok(Self { handshake: Arc::new(handshake), crypto, fingerprint })
    }
}

/// What is known of the server.
struct Remote {
    address: SocketAddr,
    credentials: Credentials,
}

pub(crate) struct Browser {
    identity: Identity,
    pub(crate) local: Credentials,
    remote: Option<Remote>,
    state: State,
}

enum State {
    Checking,
    Handshaking(Endpoint),
    Connected(Box<Srtp>),
}

/// What a datagram led to.
pub(crate) enum Outcome {
    /// Nothing more.
    None,
    /// It is connected now.
    Connected,
    /// A packet was opened.
    Rtp(BytesMut),
}

impl Browser {
    pub(crate) fn new(identity: Identity) -> Result<Self, Error> {
        Ok(Self { identity, local: Credentials::random()?, remote: None, state: State::Checking })
    }

    /// Gives it keys, so that it is connected.
    pub(crate) fn key(&mut self, material: &[u8]) -> Result<(), Error> {
        let srtp = Srtp::new(ProtectionProfile::AeadAes128Gcm, material, true, &self.identity.crypto)?;
        self.state = State::Connected(Box::new(srtp));
        Ok(())
    }

    /// The server's description. Checks begin with the next [`Browser::turn`].
    pub(crate) fn set_remote(&mut self, address: SocketAddr, credentials: Credentials) {
        self.remote = Some(Remote { address, credentials });
    }

    /// What is to be sent now, and when it wants to be asked again.
    pub(crate) fn turn(&mut self, now: Instant, send: &mut impl FnMut(&[u8])) -> Result<Option<Instant>, Error> {
        let Some(remote) = &self.remote else { return Ok(None) };
        if let State::Handshaking(endpoint) = &mut self.state {
            if endpoint.poll_timeout(&remote.address).is_some_and(|due| due <= now) {
                endpoint.handle_timeout(remote.address, now)?;
            }
            flush(endpoint, send);
            return Ok(Some(now + HANDSHAKE));
        }
        send(&ice::check(&self.local, &remote.credentials, self.identity.crypto.crypto())?);
        Ok(Some(now + if matches!(self.state, State::Connected(_)) { CONSENT } else { CHECK }))
    }

    /// Takes a datagram (RFC 7983).
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        datagram: &[u8],
        send: &mut impl FnMut(&[u8]),
    ) -> Result<Outcome, Error> {
        match (datagram.first(), &mut self.state) {
            (Some(128..=191), State::Connected(srtp)) => {
                let rtcp = datagram.get(1).is_some_and(|kind| (192..=223).contains(kind));
                let opened = if rtcp { None } else { srtp.open(datagram) };
                return Ok(opened.map_or(Outcome::None, Outcome::Rtp));
            }
            (Some(20..=63), State::Handshaking(_)) => return self.shake(now, datagram, send),
            (Some(0..=3), _) => self.check(now, datagram, send)?,
            _ => {}
        }
        Ok(Outcome::None)
    }

    /// Seals a packet that begins with this header, once it is connected.
    pub(crate) fn seal(&mut self, packet: &[u8], header: &Header) -> Option<BytesMut> {
        let State::Connected(srtp) = &mut self.state else { return None };
        srtp.seal(packet, header)
    }

    fn check(&mut self, now: Instant, datagram: &[u8], send: &mut impl FnMut(&[u8])) -> Result<(), Error> {
        let Some(remote) = &self.remote else { return Ok(()) };
        match ice::hear(datagram, remote.address, &self.local, self.identity.crypto.crypto()) {
            Heard::Check(answer) => send(&answer),
            Heard::Answered if matches!(self.state, State::Checking) => {
                let mut endpoint = Endpoint::new(remote.address, TransportProtocol::UDP, None);
                endpoint.connect(now, remote.address, self.identity.handshake.clone(), None)?;
                flush(&mut endpoint, send);
                self.state = State::Handshaking(endpoint);
            }
            Heard::Answered | Heard::Nothing => {}
        }
        Ok(())
    }

    fn shake(&mut self, now: Instant, datagram: &[u8], send: &mut impl FnMut(&[u8])) -> Result<Outcome, Error> {
        let (Some(remote), State::Handshaking(endpoint)) = (&self.remote, &mut self.state) else {
            return Ok(Outcome::None);
        };
        let events = endpoint.read(now, remote.address, None, BytesMut::from(datagram))?;
        flush(endpoint, send);
        if !events.iter().any(|event| matches!(event, EndpointEvent::HandshakeComplete)) {
            return Ok(Outcome::None);
        }
        let srtp = keys(endpoint, remote.address, &self.identity.crypto)?;
        self.state = State::Connected(Box::new(srtp));
        Ok(Outcome::Connected)
    }
}

fn flush(endpoint: &mut Endpoint, send: &mut impl FnMut(&[u8])) {
    while let Some(transmit) = endpoint.poll_transmit() {
        send(&transmit.message);
    }
}

fn keys(endpoint: &Endpoint, remote: SocketAddr, crypto: &Arc<dyn RTCCryptoProvider>) -> Result<Srtp, Error> {
    let state = endpoint.get_connection_state(remote).ok_or(Error::Random)?;
    let profile = match state.srtp_protection_profile() {
        SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => ProtectionProfile::AeadAes128Gcm,
        _ => ProtectionProfile::Aes128CmHmacSha1_80,
    };
    let material = state.export_keying_material(LABEL_EXTRACTOR_DTLS_SRTP, &[], Srtp::material_len(profile))?;
    Srtp::new(profile, material.as_ref(), true, crypto)
}
