//! RTCP as it arrives: what is said of a leg's streams stays here, and so do packets asked for again
//! that were sent; what else is asked is passed on to the sources in their own numbers.

use std::time::Instant;

use super::Bridge;
use crate::format::MediumKind;
use crate::leg::Leg;
use crate::outlet::{LegKey, Outlet};
use crate::rewrite::Mapping;
use crate::rtcp::{self, Feedback, Packet};

/// Requests of one compound that are passed on; a browser puts two or three into it.
const MAX_REQUESTS: usize = 8;

impl Bridge {
    /// A compound packet that is the leg's own, in the clear.
    /// `kind` is whose socket it came to, where each medium has its own.
    pub(super) fn receive_report(
        &mut self,
        now: Instant,
        key: LegKey,
        kind: Option<MediumKind>,
        compound: &[u8],
        outlet: &mut impl Outlet,
    ) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        let Some(packets) = rtcp::parse(compound) else {
            leg.counters.invalid += 1;
            return;
        };
        for packet in &packets {
            for medium in leg.media_mut_of(kind) {
                medium.rtcp.receive(now, &self.clock, &medium.stream, &mut medium.reception, packet);
            }
            if let Packet::Sender { info, .. } = packet {
                leg.sender_clock.hear(self.clock.timestamp(now), info.ntp);
            }
        }
        for feedback in requests(packets) {
            self.pass_on(now, key, feedback, outlet);
        }
    }

    /// Asks the source of the pictures a leg is sent for what the leg asks of the relay.
    pub(super) fn pass_on(&mut self, now: Instant, key: LegKey, mut feedback: Feedback, outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        if let Feedback::Nack { ssrc, lost } = &mut feedback
            && leg.video.as_ref().is_some_and(|video| video.stream.ssrc() == *ssrc)
        {
            // What was lost before it came here is the source's to send again.
            leg.send_again(key, lost, outlet);
        }
        let Some((video, mapping)) = leg.video.as_ref().and_then(|video| Some((video, video.stream.mapping()?))) else {
            return;
        };
        let source = mapping.source.leg;
        // An echo shows a leg its own pictures.
        if (source == key || leg.joined == Some(source))
            && let Some(feedback) = translated(&feedback, video.stream.ssrc(), mapping)
        {
            let asks_itself = |leg: &Leg| leg.repair.as_ref().is_some_and(|repair| repair.agreed().nack);
            if matches!(feedback, Feedback::Nack { .. }) && self.legs.get(source).is_some_and(asks_itself) {
                // What was lost on its way here the relay has asked for already.
                return;
            }
            self.ask(now, source, feedback, outlet);
        }
    }
}

/// What a compound asks, each request once: what one datagram can have sent to others is bounded.
fn requests(packets: Vec<Packet>) -> Vec<Feedback> {
    let mut requests = Vec::new();
    for packet in packets {
        if let Packet::Feedback(feedback) = packet
            && requests.len() < MAX_REQUESTS
            && !requests.contains(&feedback)
        {
            requests.push(feedback);
        }
    }
    requests
}

/// What is asked of the stream `ssrc`, in the numbers of its source. `None` when it is about
/// another.
fn translated(feedback: &Feedback, ssrc: u32, mapping: Mapping) -> Option<Feedback> {
    let source = mapping.source.ssrc;
    match feedback {
        Feedback::Keyframe { ssrc: asked } if *asked == ssrc => Some(Feedback::Keyframe { ssrc: source }),
        Feedback::Nack { ssrc: asked, lost } if *asked == ssrc && !lost.is_empty() => {
            let lost = lost.iter().map(|lost| lost.shifted(mapping.sequence)).collect();
            Some(Feedback::Nack { ssrc: source, lost })
        }
        Feedback::Bandwidth { ssrcs, bits } if ssrcs.contains(&ssrc) => {
            Some(Feedback::Bandwidth { ssrcs: vec![source], bits: *bits })
        }
        Feedback::Keyframe { .. } | Feedback::FullIntra { .. } | Feedback::Nack { .. } | Feedback::Bandwidth { .. } => {
            None
        }
    }
}
