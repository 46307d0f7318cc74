//! A section of pictures beside the sound: what each side says of it, and what is agreed.
//!
//! Pictures are not what a call stands or falls with: where nothing is common, their section is refused with port 0 and
//! the rest of the exchange goes on.

use std::net::SocketAddr;

use super::codec::Codec;
use super::negotiated::NegotiatedCodec;
use super::remote::RemoteMedia;
use super::srtp::NegotiatedSrtp;
use crate::sdp::{
    Attribute, Crypto, CryptoSuite, Direction, MasterKey, MediaDescription, RtcpFeedback, SessionDescription, bandwidth,
};

/// What our side brings to one exchange, at the address of its sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalVideo {
    /// RTP port we receive at; RTCP is the next one.
    pub port: u16,
    /// What we can receive, in order of preference.
    pub codecs: Vec<Codec>,
    /// What we want.
    pub direction: Direction,
    /// The most bits a second we want to receive.
    pub bandwidth: Option<u32>,
    /// Our keys, one for each suite, most preferred first.
    pub keys: Vec<(CryptoSuite, MasterKey)>,
}

/// What the peer's description says of its pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteVideo {
    /// Where they go, and how they are coded.
    pub media: RemoteMedia,
    /// What the peer can be asked for.
    pub feedback: RtcpFeedback,
    /// The most bits a second the peer wants to receive.
    pub bandwidth: Option<u32>,
}

/// What an exchange agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NegotiatedVideo {
    /// Where to send RTP; unspecified during a hold of the old kind.
    pub remote: SocketAddr,
    /// Where to send RTCP, if there is a port for it.
    pub rtcp: Option<SocketAddr>,
    /// Whether RTCP shares the RTP port.
    pub rtcp_mux: bool,
    /// What seals the packets, where they are encrypted.
    pub srtp: Option<NegotiatedSrtp>,
    /// Which way pictures flow, seen from our side.
    pub direction: Direction,
    /// Codecs; the first is the one to send.
    pub codecs: Vec<NegotiatedCodec>,
    /// What the peer can be asked for.
    pub feedback: RtcpFeedback,
    /// The most bits a second the peer wants to receive.
    pub bandwidth: Option<u32>,
}

impl LocalVideo {
    /// The section that says this.
    pub(super) fn section<'a>(
        &self,
        (protocol, crypto): (&str, &[Crypto]),
        codecs: impl Iterator<Item = &'a Codec>,
        direction: Direction,
        feedback: RtcpFeedback,
        rtcp_mux: bool,
    ) -> MediaDescription {
        let mut section = MediaDescription::new("video", self.port, protocol);
        for codec in codecs {
            section = section.with_rtp_format(&codec.rtpmap(), codec.fmtp.as_deref());
        }
        section.other_lines.extend(self.bandwidth.into_iter().flat_map(bandwidth::lines));
        let crypto = crypto.iter().map(|line| Attribute::new("crypto", line.to_value()));
        let mux = rtcp_mux.then(|| Attribute::flag("rtcp-mux"));
        for attribute in crypto.chain(feedback.attributes()).chain(mux) {
            section = section.with_attribute(attribute);
        }
        section.with_direction(direction)
    }
}

impl RemoteVideo {
    /// Reads a section. `None` when its media should go nowhere that can be sent to.
    pub(super) fn read(
        description: &SessionDescription,
        section: &MediaDescription,
        crypto: Option<Crypto>,
    ) -> Option<Self> {
        Some(Self {
            media: RemoteMedia::read(description, section).ok()?.sealed(crypto),
            feedback: RtcpFeedback::of(section),
            bandwidth: bandwidth::limit(description, section),
        })
    }

    /// Joins the peer's side with the selected codecs. `None` where none is left.
    pub(super) fn agree(
        &self,
        codecs: Vec<NegotiatedCodec>,
        ours: Direction,
        rtcp_mux: bool,
        srtp: Option<NegotiatedSrtp>,
    ) -> Option<NegotiatedVideo> {
        if codecs.is_empty() {
            return None;
        }
        let rtcp_mux = rtcp_mux && self.media.rtcp_mux;
        Some(NegotiatedVideo {
            remote: self.media.address,
            rtcp: self.media.rtcp_address(rtcp_mux),
            rtcp_mux,
            srtp,
            direction: ours.intersect(self.media.direction.reversed()),
            codecs,
            feedback: self.feedback,
            bandwidth: self.bandwidth,
        })
    }
}
