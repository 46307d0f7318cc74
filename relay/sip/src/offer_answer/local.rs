use std::net::IpAddr;

use super::codec::Codec;
use super::negotiated::NegotiatedCodec;
use super::video::LocalVideo;
use crate::sdp::{Attribute, Connection, Crypto, CryptoSuite, Direction, MasterKey, MediaDescription, OtherLine};

/// What our side brings to one exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalMedia {
    /// Address we receive at.
    pub address: IpAddr,
    /// RTP port we receive at; RTCP is the next one.
    pub port: u16,
    /// What we can receive, in order of preference; `telephone-event` is one of them, once per clock.
    pub codecs: Vec<Codec>,
    /// What we want: [`Direction::SendOnly`] or [`Direction::Inactive`] puts the peer on hold.
    pub direction: Direction,
    /// Packet duration we would like to receive, in milliseconds.
    pub ptime: Option<u32>,
    /// Longest packet we accept, in milliseconds.
    pub maxptime: Option<u32>,
    /// Whether RTCP may share the RTP port (RFC 5761).
    pub rtcp_mux: bool,
    /// Whether an answer has the codecs in our order rather than in that of the offer (RFC 3264 §6.1 lets it).
    pub own_order: bool,
    /// Our keys, one for each suite, most preferred first.
    pub keys: Vec<(CryptoSuite, MasterKey)>,
    /// Lines to add to the audio section: `a`, `b` or `i`.
    pub lines: Vec<OtherLine>,
    /// The pictures beside it, where there are to be any.
    pub video: Option<LocalVideo>,
}

impl LocalMedia {
    /// Media both ways with the usual 20 ms packets, RTCP on a port of its own.
    pub fn new(address: IpAddr, port: u16, codecs: Vec<Codec>) -> Self {
        Self {
            address,
            port,
            codecs,
            direction: Direction::SendRecv,
            ptime: Some(20),
            maxptime: None,
            rtcp_mux: false,
            own_order: false,
            keys: Vec::new(),
            lines: Vec::new(),
            video: None,
        }
    }

    /// The same media in another direction.
    #[must_use]
    pub fn with_direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    pub(super) fn connection(&self) -> Connection {
        Connection::new(self.address)
    }

    /// The audio section that says this.
    pub(super) fn section<'a>(
        &self,
        (protocol, crypto): (&str, &[Crypto]),
        codecs: impl Iterator<Item = &'a Codec>,
        direction: Direction,
        rtcp_mux: bool,
    ) -> MediaDescription {
        let mut section = MediaDescription::new("audio", self.port, protocol);
        for codec in codecs {
            section = section.with_rtp_format(&codec.rtpmap(), codec.fmtp.as_deref());
        }
        for line in crypto {
            section = section.with_attribute(Attribute::new("crypto", line.to_value()));
        }
        if let Some(ptime) = self.ptime {
            section = section.with_attribute(Attribute::new("ptime", ptime.to_string()));
        }
        if let Some(maxptime) = self.maxptime {
            section = section.with_attribute(Attribute::new("maxptime", maxptime.to_string()));
        }
        if rtcp_mux {
            section = section.with_attribute(Attribute::flag("rtcp-mux"));
        }
        for line in &self.lines {
            match line.letter {
                'a' => section.attributes.push(Attribute::line(&line.value)),
                _ => section.other_lines.push(line.clone()),
            }
        }
        section.with_direction(direction)
    }

    /// What both sides can do, under the offerer's numbers and in its order, unless ours is to count (RFC 3264 §6.1).
    pub(super) fn select(&self, offered: &[Codec]) -> Vec<NegotiatedCodec> {
        let mut selected = common(&self.codecs, offered);
        if self.own_order {
            let place = |selected: &NegotiatedCodec| self.codecs.iter().position(|ours| ours.is_same(&selected.codec));
            selected.sort_by_key(place);
        }
        selected
    }
}

/// What of an offer's codecs is among ours, under the offerer's numbers and in its order.
pub(super) fn common(ours: &[Codec], offered: &[Codec]) -> Vec<NegotiatedCodec> {
    let select = |theirs: &Codec| {
        let ours = ours.iter().find(|ours| ours.is_same(theirs))?;
        Some(NegotiatedCodec {
            codec: ours.answering(theirs),
            send_payload_type: theirs.payload_type,
            remote_fmtp: theirs.fmtp.clone(),
        })
    };
    offered.iter().filter_map(select).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_app_stand_where_the_grammar_wants_them() {
        let line = |letter, value: &str| OtherLine { letter, value: value.to_owned() };
        let mut local = LocalMedia::new([192, 0, 2, 1].into(), 4000, vec![Codec::pcmu()]);
        local.lines = vec![line('a', "X-vendor:1"), line('b', "AS:64"), line('i', "A speech"), line('a', "flag")];
        let section = local.section(("RTP/AVP", &[]), local.codecs.iter(), Direction::SendRecv, false);
        let description = crate::sdp::SessionDescription::new(Default::default()).with_media(section).to_text();
        let media = description.split_once("m=").map(|(_, media)| media).unwrap();
        let letters: String = media.lines().skip(1).filter_map(|line| line.chars().next()).collect();
        assert_eq!(letters, "ibaaaaa");
        assert!(media.contains("a=X-vendor:1\r\na=flag\r\n"));
    }
}
