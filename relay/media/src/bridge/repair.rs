//! Packets of browsers' pictures: which arrived, which are to be sent again, and those that were.

use std::time::Instant;

use super::Bridge;
use crate::format::MediumKind;
use crate::outlet::{LegKey, Outlet};
use crate::rtcp::Feedback;
use crate::rtp::{Header, extension};

impl Bridge {
    /// A packet of a browser's, in the clear.
    pub(super) fn receive_repaired(&mut self, now: Instant, key: LegKey, packet: &mut [u8], outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        let (Some(repair), Some(video)) = (&mut leg.repair, &leg.video) else {
            return self.receive_packet(now, key, None, packet, outlet);
        };
        let Some((header, payload)) = Header::parse(packet) else {
            leg.counters.invalid += 1;
            return;
        };
        let number = repair.agreed().transport_cc.and_then(|number| extension::element(packet, number)?.first_chunk());
        let told = number.is_some_and(|number| repair.arrivals.note(now, u16::from_be_bytes(*number)));
        if told {
            let (ssrc, of) = (video.stream.ssrc(), video.reception.ssrc().unwrap_or(header.ssrc));
            video.rtcp.acknowledge(now, ssrc, of, &mut repair.arrivals, &mut self.report);
            leg.send_rtcp(key, MediumKind::Video, &self.report, outlet);
        }
        self.receive_or_unwrap(now, key, (header, payload), packet, outlet);
    }

    fn receive_or_unwrap(
        &mut self,
        now: Instant,
        key: LegKey,
        (header, payload): (Header, std::ops::Range<usize>),
        packet: &mut [u8],
        outlet: &mut impl Outlet,
    ) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        let is_video = leg.received_format(Some(MediumKind::Video), header.payload_type).is_some();
        let (Some(repair), Some(video)) = (&mut leg.repair, &leg.video) else {
            return;
        };
        if !repair.is_retransmission(header.payload_type) {
            if is_video && repair.agreed().nack {
                repair.missing.arrived(now, header.ssrc, header.sequence);
            }
            self.receive_packet(now, key, None, packet, outlet);
        } else if let Some(ssrc) = video.reception.ssrc()
            && let Some(place) = repair.unwrap(&header, &payload, ssrc, packet)
            && let Some(original) = packet.get_mut(place)
        {
            if let Some((header, _)) = Header::parse(original) {
                repair.missing.arrived(now, ssrc, header.sequence);
            }
            self.receive_packet(now, key, None, original, outlet);
        }
        self.ask_for_missing(now, key, outlet);
    }

    /// Asks a browser for what has not arrived.
    fn ask_for_missing(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        let (Some(repair), round_trip) = (&mut leg.repair, leg.audio.rtcp.round_trip()) else {
            return;
        };
        if let Some((ssrc, lost)) = repair.missing.due(now, round_trip) {
            self.ask(now, key, Feedback::Nack { ssrc, lost }, outlet);
        }
    }
}
