//! What makes up for packets that pictures lose between a browser and the relay, either way: the relay asks the browser
//! for what did not arrive and says when the rest did; what the browser asks for is sent again. Retransmissions are a
//! stream of their own where that was agreed (RFC 4588), so that they count as no loss and no replay.

mod missing;

use std::ops::Range;

use crate::params::VideoRepair;
use crate::rtcp::Arrivals;
use crate::rtp::{HEADER_LEN, Header};
use missing::Missing;

/// Bytes before the payload of a retransmission: the number the packet had (RFC 4588 §4).
const ORIGINAL: usize = 2;

/// The state of one browser's pictures.
#[derive(Debug)]
pub(crate) struct Repair {
    agreed: VideoRepair,
    /// When its packets arrived.
    pub arrivals: Arrivals,
    /// Those that did not.
    pub missing: Missing,
    sequence: u16,
    /// Where retransmissions are written. It has grown to the longest one soon.
    room: Vec<u8>,
}

impl Repair {
    /// The stream of retransmissions begins after `sequence`.
    #[must_use]
    pub(crate) fn new(agreed: VideoRepair, sequence: u16) -> Self {
        Self { agreed, arrivals: Arrivals::default(), missing: Missing::default(), sequence, room: Vec::new() }
    }

    /// What was agreed.
    #[must_use]
    pub(crate) const fn agreed(&self) -> &VideoRepair {
        &self.agreed
    }

    /// Another agreement: what is counted goes on.
    pub(crate) fn agree(&mut self, agreed: VideoRepair) {
        self.agreed = agreed;
    }

    /// Whether packets of this payload type are sent again in a stream of their own.
    #[must_use]
    pub(crate) fn has_stream(&self, payload_type: u8) -> bool {
        self.agreed.rtx.iter().any(|rtx| rtx.of == payload_type)
    }

    /// Has a retransmission the header that its packet had, which was of the stream `ssrc`: where the packet is now. `None`
    /// for one that carries nothing, as those that only probe what the way carries.
    #[must_use]
    pub(crate) fn unwrap(
        &self,
        header: &Header,
        payload: &Range<usize>,
        ssrc: u32,
        packet: &mut [u8],
    ) -> Option<Range<usize>> {
        let of = self.agreed.rtx.iter().find(|rtx| rtx.payload_type == header.payload_type)?.of;
        let &[high, low] = packet.get(payload.clone())?.first_chunk::<ORIGINAL>()?;
        let original = Header { payload_type: of, sequence: u16::from_be_bytes([high, low]), ssrc, ..*header };
        let carried = payload.start + ORIGINAL..payload.end;
        if carried.is_empty() {
            return None;
        }
        let begin = carried.start - HEADER_LEN;
        original.replace_in(packet, carried)?;
        Some(begin..payload.end)
    }

    /// Whether this payload type is that of retransmissions.
    #[must_use]
    pub(crate) fn is_retransmission(&self, payload_type: u8) -> bool {
        self.agreed.rtx.iter().any(|rtx| rtx.payload_type == payload_type)
    }

    /// A packet of the stream `video` as it is sent again in that of retransmissions. `None` where there is no such.
    pub(crate) fn wrap(&mut self, video: u32, packet: &[u8]) -> Option<&[u8]> {
        let (header, payload) = Header::parse(packet)?;
        let payload_type = self.agreed.rtx.iter().find(|rtx| rtx.of == header.payload_type)?.payload_type;
        self.sequence = self.sequence.wrapping_add(1);
        let again = Header { payload_type, sequence: self.sequence, ssrc: retransmissions(video), ..header };
        self.room.clear();
        self.room.extend_from_slice(&again.to_bytes());
        self.room.extend_from_slice(&header.sequence.to_be_bytes());
        self.room.extend_from_slice(packet.get(payload)?);
        Some(&self.room)
    }
}

/// The source of the retransmissions of a stream of pictures.
#[must_use]
pub(crate) const fn retransmissions(video: u32) -> u32 {
    video.wrapping_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Rtx;

    fn repair() -> Repair {
        Repair::new(VideoRepair { rtx: vec![Rtx { payload_type: 97, of: 96 }], ..VideoRepair::default() }, 41)
    }

    const HEADER: Header = Header { marker: true, payload_type: 96, sequence: 0xfffe, timestamp: 900, ssrc: 7 };

    #[test]
    fn a_packet_survives_being_sent_again() {
        let mut repair = repair();
        let packet = [&HEADER.to_bytes()[..], b"picture"].concat();
        let mut again = repair.wrap(7, &packet).unwrap().to_vec();
        let (header, payload) = Header::parse(&again).unwrap();
        assert_eq!(header, Header { payload_type: 97, sequence: 42, ssrc: 8, ..HEADER });
        assert!(repair.is_retransmission(97) && !repair.is_retransmission(96));
        let place = repair.unwrap(&header, &payload, 7, &mut again).unwrap();
        assert_eq!(again[place], packet);
    }

    #[test]
    fn what_carries_nothing_is_no_packet() {
        let repair = repair();
        for carried in [&[][..], &[1], &[1, 2]] {
            let mut probe = [&Header { payload_type: 97, ..HEADER }.to_bytes()[..], carried].concat();
            let (header, payload) = Header::parse(&probe).unwrap();
            assert_eq!(repair.unwrap(&header, &payload, 7, &mut probe), None);
        }
    }

    #[test]
    fn what_was_not_agreed_is_not_wrapped() {
        let mut repair = repair();
        let packet = Header { payload_type: 100, ..HEADER }.to_bytes();
        assert_eq!(repair.wrap(7, &packet), None);
        assert!(!repair.has_stream(100) && repair.has_stream(96));
    }

    #[test]
    fn numbers_go_on_and_nothing_is_kept_when_pictures_end_and_begin_again() {
        let medium = || {
            let seed = crate::leg::Seed { ssrc: 7, sequence: 1, timestamp: 1 };
            crate::leg::Medium::new(seed, String::new(), std::time::Duration::from_secs(5))
        };
        let transport = crate::leg::Transport::Service(crate::service::Player::new(crate::params::Service::Echo));
        let mut leg = crate::leg::Leg::new(crate::params::LegId(1), transport, medium(), Some(medium()));
        let agreed = || repair().agreed().clone();
        let packet = [&HEADER.to_bytes()[..], b"picture"].concat();
        let number = |leg: &mut crate::leg::Leg| {
            let again = leg.repair.as_mut().unwrap().wrap(7, &packet)?.to_vec();
            Header::parse(&again).map(|(header, _)| header.sequence)
        };
        leg.agree_repair(agreed());
        let first = number(&mut leg).unwrap();
        leg.video.as_mut().unwrap().history.keep(5, &packet, crate::history::Kept::Clear);
        leg.agree_repair(VideoRepair::default());
        assert_eq!(leg.video.as_mut().unwrap().history.again(5), crate::history::Again::Unknown);
        assert_eq!(number(&mut leg), None);
        leg.agree_repair(agreed());
        assert_eq!(number(&mut leg), Some(first + 1));
    }
}
