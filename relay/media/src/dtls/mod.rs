//! DTLS 1.2 towards one browser, always as the server (`a=setup:passive`), for the sake of SRTP's
//! keys alone (RFC 5764).

mod client_hello;

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Instant;

use bytes::BytesMut;
use client_hello::{ClientHello, Read};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_shared::TransportProtocol;
use rtc_shared::error::Error;

use crate::identity::{Identity, fingerprint};
use crate::params::Fingerprint;
use crate::srtp::{Keys, Profile};

/// The endpoint tells its peers apart by address. Ours has one peer, which may move, so it is
/// always given this one.
const PEER: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9));

/// Bytes of handshake read in the life of an association; one takes 1 to 3 kB, and a flight may be
/// lost several times. The library keeps early records and fragments without a bound of its own,
/// and joins fragments by recursion: enough of them would exhaust the stack.
const MAX_HANDSHAKE: usize = 24 * 1024;
/// Datagrams that a ClientHello may be spread over.
const MAX_HELLO: usize = 4;
/// Bytes of a record's header (RFC 6347 §4.1).
const RECORD_HEADER_LEN: usize = 13;
/// The content type of handshake records.
const HANDSHAKE: u8 = 22;

/// One DTLS association.
pub(crate) struct Dtls {
    endpoint: Endpoint,
    identity: Identity,
    /// What has come of the client's first words, and the datagrams they came in. The library hears of them when they are
    /// complete, and of nothing before.
    hello: Option<(ClientHello, Vec<BytesMut>)>,
    /// Bytes of handshake read so far.
    read: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Handshaking,
    Complete,
    /// The peer has said goodbye. The library would begin another association, which nobody wants.
    Closed,
}

/// What a datagram led to.
pub(crate) enum Progress {
    /// Nothing to act on yet.
    Pending,
    /// The handshake is complete. The keys are good only if the fingerprint is the peer's.
    Complete {
        /// Of the certificate the peer proved to hold.
        fingerprint: Fingerprint,
        /// For SRTP both ways.
        keys: Keys,
    },
    /// The peer ended the association in an orderly way.
    Closed,
    /// The handshake cannot be completed any more.
    Failed,
    /// The datagram made no sense.
    Invalid,
}

impl Dtls {
    /// Waits for the peer's ClientHello.
    #[must_use]
    pub(crate) fn new(identity: &Identity) -> Self {
        Self {
            endpoint: Endpoint::new(PEER, TransportProtocol::UDP, None),
            hello: Some(Default::default()),
            identity: identity.clone(),
            read: 0,
            state: State::Handshaking,
        }
    }

    /// Takes in a datagram.
    pub(crate) fn receive(&mut self, now: Instant, datagram: &[u8]) -> Progress {
        let read = match self.state {
            // Whatever comes early may be kept for later.
            State::Handshaking => datagram.len(),
            State::Complete => handshake_bytes(datagram),
            State::Closed => return Progress::Pending,
        };
        if self.read + read > MAX_HANDSHAKE {
            return Progress::Invalid;
        }
        self.read += read;
        let datagram = BytesMut::from(datagram);
        let Some((hello, early)) = &mut self.hello else {
            return self.take(now, datagram);
        };
        match hello.read(&datagram) {
            Read::Other => return Progress::Invalid,
            Read::Part if early.len() >= MAX_HELLO => return Progress::Invalid,
            Read::Part => {
                early.push(datagram);
                return Progress::Pending;
            }
            Read::Whole(profiles) => self.endpoint.set_server_config(Some(self.identity.handshake(&profiles))),
        }
        for early in self.hello.take().map(|(_, early)| early).unwrap_or_default() {
            self.take(now, early);
        }
        self.take(now, datagram)
    }

    /// Lets the library have a datagram.
    fn take(&mut self, now: Instant, datagram: BytesMut) -> Progress {
        let events = match self.endpoint.read(now, PEER, None, datagram) {
            Ok(events) => events,
            Err(Error::ErrAlertFatalOrClose) if self.state == State::Handshaking => return Progress::Failed,
            Err(_) => return Progress::Invalid,
        };
        for event in events {
            match event {
                EndpointEvent::HandshakeComplete => {
                    self.state = State::Complete;
                    return self.complete();
                }
                EndpointEvent::PeerClosed => {
                    self.state = State::Closed;
                    return Progress::Closed;
                }
                // Data channels are not offered, so nobody has reason to send data.
                _ => {}
            }
        }
        Progress::Pending
    }

    /// The next datagram to send.
    pub(crate) fn transmit(&mut self) -> Option<BytesMut> {
        self.endpoint.poll_transmit().map(|transmit| transmit.message)
    }

    /// When [`Dtls::timeout`] is due: a flight may have to be sent again.
    #[must_use]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.endpoint.poll_timeout(&PEER)
    }

    /// Sends a lost flight again. `false` when that has been tried often enough.
    pub(crate) fn timeout(&mut self, now: Instant) -> bool {
        self.deadline().is_none_or(|due| due > now) || self.endpoint.handle_timeout(PEER, now).is_ok()
    }

    /// Says goodbye, if there is somebody to say it to.
    pub(crate) fn close(&mut self, now: Instant) {
        // An association that has not begun has nothing to close.
        let _ = self.endpoint.close(now);
    }

    fn complete(&self) -> Progress {
        self.export().unwrap_or(Progress::Failed)
    }

    /// RFC 5764 §4.2: SRTP's keys come out of the handshake's secret.
    fn export(&self) -> Option<Progress> {
        let state = self.endpoint.get_connection_state(PEER)?;
        let profile = Profile::negotiated(state.srtp_protection_profile())?;
        let material = state.export_keying_material(Keys::LABEL, &[], profile.material_len()).ok()?;
        let certificate = state.peer_certificates.first()?;
        Some(Progress::Complete {
            fingerprint: fingerprint(self.identity.crypto(), certificate)?,
            keys: Keys::from_material(profile, material.as_ref())?,
        })
    }
}

/// Bytes of handshake records in a datagram. One that is cut off ends the count: the library takes
/// nothing of such a datagram.
fn handshake_bytes(mut datagram: &[u8]) -> usize {
    let mut bytes = 0;
    while let Some(&[kind, _, _, _, _, _, _, _, _, _, _, high, low]) = datagram.first_chunk::<RECORD_HEADER_LEN>() {
        let length = RECORD_HEADER_LEN + usize::from(u16::from_be_bytes([high, low]));
        bytes += if kind == HANDSHAKE { length } else { 0 };
        datagram = datagram.get(length..).unwrap_or_default();
    }
    bytes
}

#[cfg(test)]
mod tests;
