use std::net::SocketAddr;

use super::codec::Codec;
use super::remote::RemoteMedia;
use super::srtp::NegotiatedSrtp;
use super::video::NegotiatedVideo;
use crate::sdp::Direction;

/// A codec both sides can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NegotiatedCodec {
    /// The codec as we described it; its payload type is the one we receive.
    pub codec: Codec,
    /// The payload type to send with. It differs from the received one only when the peer answered
    /// with a number of its own (RFC 3264 §6.1 lets it).
    pub send_payload_type: u8,
    /// The parameters the peer wants respected in what we send.
    pub remote_fmtp: Option<String>,
}

/// What an exchange agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// Where to send RTP. Unspecified (`0.0.0.0`) during a hold of the old kind: then
    /// [`Negotiated::direction`] does not send.
    pub remote: SocketAddr,
    /// Where to send RTCP, if there is a port for it.
    pub rtcp: Option<SocketAddr>,
    /// Whether RTCP shares the RTP port.
    pub rtcp_mux: bool,
    /// What seals the packets, where they are encrypted.
    pub srtp: Option<NegotiatedSrtp>,
    /// Whether RTP goes elsewhere than before.
    pub moved: bool,
    /// Which way media flows, seen from our side.
    pub direction: Direction,
    /// Whether the peer holds us: it does not want to hear us although we would send.
    pub held: bool,
    /// Audio codecs; the first is the one to send.
    pub codecs: Vec<NegotiatedCodec>,
    /// DTMF formats that go with those codecs, one per clock.
    pub telephone_events: Vec<NegotiatedCodec>,
    /// Comfort noise that goes with those codecs, one format per clock.
    pub comfort_noise: Vec<NegotiatedCodec>,
    /// Packet duration the peer would like to receive, in milliseconds.
    pub ptime: Option<u32>,
    /// Longest packet the peer accepts, in milliseconds.
    pub maxptime: Option<u32>,
    /// The pictures beside the sound, where there are any.
    pub video: Option<NegotiatedVideo>,
}

impl Negotiated {
    /// The codec to send.
    pub fn codec(&self) -> Option<&NegotiatedCodec> {
        self.codecs.first()
    }

    /// The DTMF format for a codec: the one with its clock, else any (RFC 4733 §2.1).
    pub fn telephone_event_for(&self, codec: &Codec) -> Option<&NegotiatedCodec> {
        let same_clock = |event: &&NegotiatedCodec| event.codec.clock_rate == codec.clock_rate;
        let mut events = self.telephone_events.iter();
        events.find(same_clock).or_else(|| self.telephone_events.first())
    }

    /// The DTMF format for the codec to send.
    pub fn telephone_event(&self) -> Option<&NegotiatedCodec> {
        self.telephone_event_for(&self.codec()?.codec)
    }

    /// Joins the peer's side with the selected codecs; `None` if no audio codec is among them.
    pub(super) fn new(remote: &RemoteMedia, selected: Vec<NegotiatedCodec>, terms: Terms) -> Option<Self> {
        let (events, codecs): (Vec<_>, Vec<_>) =
            selected.into_iter().partition(|selected| selected.codec.is_telephone_event());
        let (noise, codecs): (Vec<_>, Vec<_>) =
            codecs.into_iter().partition(|selected| selected.codec.is_comfort_noise());
        if codecs.is_empty() {
            return None;
        }
        let rtcp_mux = remote.rtcp_mux && terms.rtcp_mux;
        Some(Self {
            remote: remote.address,
            rtcp: remote.rtcp_address(rtcp_mux),
            rtcp_mux,
            srtp: terms.srtp,
            moved: terms.former.is_some_and(|former| former != remote.address && !remote.address.ip().is_unspecified()),
            direction: terms.ours.intersect(remote.direction.reversed()),
            held: terms.hears && !remote.direction.receives(),
            telephone_events: matching_events(events, &codecs),
            comfort_noise: matching(noise, &codecs),
            codecs,
            ptime: remote.ptime,
            maxptime: remote.maxptime,
            video: None,
        })
    }
}

/// What else decides an agreement, besides the peer's description and the codecs.
pub(super) struct Terms {
    /// Direction our side wants.
    pub(super) ours: Direction,
    /// Whether the peer had the choice to hear us.
    pub(super) hears: bool,
    /// Whether our side can share the RTP port.
    pub(super) rtcp_mux: bool,
    /// What seals the packets.
    pub(super) srtp: Option<NegotiatedSrtp>,
    /// Where RTP went before.
    pub(super) former: Option<SocketAddr>,
}

/// Keeps the formats whose clock one of the codecs has.
fn matching(mut formats: Vec<NegotiatedCodec>, codecs: &[NegotiatedCodec]) -> Vec<NegotiatedCodec> {
    formats.retain(|format| codecs.iter().any(|codec| codec.codec.clock_rate == format.codec.clock_rate));
    formats
}

/// Keeps the DTMF formats whose clock one of the codecs has; if there is none, the first of any clock.
fn matching_events(events: Vec<NegotiatedCodec>, codecs: &[NegotiatedCodec]) -> Vec<NegotiatedCodec> {
    let fits = |event: &NegotiatedCodec| codecs.iter().any(|codec| codec.codec.clock_rate == event.codec.clock_rate);
    if events.iter().any(fits) {
        return events.into_iter().filter(fits).collect();
    }
    events.into_iter().take(1).collect()
}
