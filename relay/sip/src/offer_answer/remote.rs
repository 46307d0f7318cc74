use std::net::{IpAddr, SocketAddr};

use super::codec::Codec;
use super::error::OfferAnswerError;
use super::video::RemoteVideo;
use crate::sdp::{Crypto, Direction, MediaDescription, Rtcp, SessionDescription};

/// What the peer's description says about a stream: that of the sound, unless it stands in [`RemoteVideo`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteMedia {
    /// Where the peer receives RTP; unspecified (`0.0.0.0`) for a hold of the old kind.
    pub address: SocketAddr,
    /// What the peer can receive, in its order of preference; `telephone-event` is among them.
    pub codecs: Vec<Codec>,
    /// Which way media flows, seen from the peer. An unspecified address never receives
    /// (RFC 3264 §8.4).
    pub direction: Direction,
    /// Packet duration the peer would like to receive, in milliseconds.
    pub ptime: Option<u32>,
    /// Longest packet the peer accepts, in milliseconds.
    pub maxptime: Option<u32>,
    /// Whether the peer can share its RTP port with RTCP.
    pub rtcp_mux: bool,
    /// The key that an offer is taken with; `None` for media in the clear.
    pub crypto: Option<Crypto>,
    /// The pictures beside the sound, where there are any.
    pub video: Option<Box<RemoteVideo>>,
    rtcp: Option<Rtcp>,
}

impl RemoteMedia {
    /// Reads one section.
    pub(super) fn read(description: &SessionDescription, section: &MediaDescription) -> Result<Self, OfferAnswerError> {
        let ip = description.ip_of(section).filter(|ip| is_unicast(*ip)).ok_or(OfferAnswerError::UnusableAddress)?;
        let stated = description.direction_of(section);
        let receives = stated.receives() && !ip.is_unspecified();
        Ok(Self {
            address: SocketAddr::new(ip, section.port),
            codecs: section.rtp_formats().into_iter().map(Codec::from).collect(),
            direction: Direction::new(stated.sends(), receives),
            ptime: section.ptime(),
            maxptime: section.maxptime(),
            rtcp_mux: section.rtcp_mux(),
            crypto: None,
            video: None,
            rtcp: section.rtcp(),
        })
    }

    /// The same, taken with this key.
    pub(super) fn sealed(self, crypto: Option<Crypto>) -> Self {
        Self { crypto, ..self }
    }

    /// Where the peer receives RTCP: with RTP, where it says (RFC 3605), or at the next port.
    pub(super) fn rtcp_address(&self, muxed: bool) -> Option<SocketAddr> {
        if muxed {
            return Some(self.address);
        }
        match &self.rtcp {
            Some(rtcp) if rtcp.port != 0 => {
                let ip = rtcp.address.filter(|ip| is_unicast(*ip));
                Some(SocketAddr::new(ip.unwrap_or_else(|| self.address.ip()), rtcp.port))
            }
            Some(_) => None,
            None => {
                let port = self.address.port().checked_add(1)?;
                Some(SocketAddr::new(self.address.ip(), port))
            }
        }
    }
}

fn is_unicast(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_multicast() && !ip.is_broadcast(),
        IpAddr::V6(ip) => !ip.is_multicast(),
    }
}
