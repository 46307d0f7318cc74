//! What a receiver of pictures asks of their sender (RFC 4585, RFC 5104).

use super::compose::{packet, put};
use super::parse::word;
use super::{PSFB, RTPFB};

/// Generic NACK, of [`RTPFB`].
const NACK: u8 = 1;
/// Picture loss indication, of [`PSFB`].
const PLI: u8 = 1;
/// Full intra request, of [`PSFB`].
const FIR: u8 = 4;
/// Application layer feedback, of [`PSFB`].
const AFB: u8 = 15;
/// The name of the one kind of [`AFB`] that is understood (draft-alvestrand-rmcat-remb).
const REMB: &[u8; 4] = b"REMB";

/// A message to the sender of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Feedback {
    /// Send a whole picture. A decoder that lost one (PLI) and one that begins (FIR) want the same
    /// of an encoder.
    Keyframe {
        /// The stream.
        ssrc: u32,
    },
    /// The same where the sender understands nothing else (FIR). What is received is never this.
    FullIntra {
        /// The stream.
        ssrc: u32,
        /// Which request it is.
        number: u8,
    },
    /// Send these packets again.
    Nack {
        /// The stream.
        ssrc: u32,
        /// Which.
        lost: Vec<Lost>,
    },
    /// Send no more than this in all (REMB).
    Bandwidth {
        /// The streams.
        ssrcs: Vec<u32>,
        /// Bits per second as on the wire: 6 bits of exponent, 18 of mantissa.
        bits: u32,
    },
}

/// Up to seventeen packets that did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lost {
    /// The sequence number of the first that is meant.
    first: u16,
    /// A bit for each from there on.
    packets: u32,
}

impl Lost {
    /// As on the wire (RFC 4585 §6.2.1): a packet, and a bit for each of the sixteen after it, the
    /// lowest for the next.
    pub(crate) fn new(packet: u16, following: u16) -> Self {
        Self { first: packet, packets: (u32::from(following) << 1) | 1 }
    }

    /// As on the wire. `None` when no packet is left.
    fn to_wire(self) -> Option<u32> {
        let skipped = u16::try_from(self.packets.trailing_zeros()).ok().filter(|_| !self.is_empty())?;
        let following = self.packets >> skipped >> 1;
        Some((u32::from(self.first.wrapping_add(skipped)) << 16) | (following & 0xffff))
    }

    /// Whether no packet is left.
    pub(crate) const fn is_empty(self) -> bool {
        self.packets == 0
    }

    /// Leaves only the packets for which this is so.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(u16) -> bool) {
        for offset in 0..17u16 {
            let bit = 1 << offset;
            if self.packets & bit != 0 && !keep(self.first.wrapping_add(offset)) {
                self.packets &= !bit;
            }
        }
    }

    /// The same packets in the numbers of a stream that is so far behind.
    pub(crate) const fn shifted(self, behind: u16) -> Self {
        Self { first: self.first.wrapping_sub(behind), ..self }
    }
}

impl Feedback {
    /// Reads the body of a feedback packet: the sender's source, the stream's, and what is asked.
    /// `None` when it is malformed, and nothing for what is not understood.
    pub(super) fn parse(kind: u8, format: u8, body: &[u8]) -> Option<Vec<Self>> {
        let ssrc = word(body, 4)?;
        let asked = body.get(8..)?;
        let words = || asked.chunks_exact(4).filter_map(|word| word.first_chunk::<4>().copied());
        match (kind, format) {
            (RTPFB, NACK) => {
                let lost = |[a, b, c, d]: [u8; 4]| Lost::new(u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
                Some(vec![Self::Nack { ssrc, lost: words().map(lost).collect() }])
            }
            (PSFB, PLI) => Some(vec![Self::Keyframe { ssrc }]),
            (PSFB, FIR) => {
                // Each stream asked for, and a sequence number that tells repetitions apart.
                let streams = words().step_by(2).map(u32::from_be_bytes);
                Some(streams.map(|ssrc| Self::Keyframe { ssrc }).collect())
            }
            (PSFB, AFB) if asked.starts_with(REMB) => {
                let bits = word(asked, 4)?;
                let ssrcs = words().skip(2).take((bits >> 24) as usize).map(u32::from_be_bytes).collect();
                Some(vec![Self::Bandwidth { ssrcs, bits: bits & 0x00ff_ffff }])
            }
            _ => Some(Vec::new()),
        }
    }

    /// Appends this to a compound packet, as asked by `from`.
    pub(super) fn compose(&self, out: &mut Vec<u8>, from: u32) {
        match self {
            Self::Keyframe { ssrc } => packet(out, PSFB, PLI, |out| {
                put(out, from);
                put(out, *ssrc);
            }),
            Self::FullIntra { ssrc, number } => packet(out, PSFB, FIR, |out| {
                put(out, from);
                // The media source is not used.
                put(out, 0);
                put(out, *ssrc);
                put(out, u32::from(*number) << 24);
            }),
            Self::Nack { ssrc, lost } => packet(out, RTPFB, NACK, |out| {
                put(out, from);
                put(out, *ssrc);
                lost.iter().filter_map(|lost| lost.to_wire()).for_each(|word| put(out, word));
            }),
            Self::Bandwidth { ssrcs, bits } => packet(out, PSFB, AFB, |out| {
                let ssrcs = || ssrcs.iter().take(usize::from(u8::MAX));
                put(out, from);
                // The media source is not used.
                put(out, 0);
                out.extend_from_slice(REMB);
                put(out, ((ssrcs().count() as u32) << 24) | bits);
                ssrcs().for_each(|&ssrc| put(out, ssrc));
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::{Packet, parse};
    use super::*;

    fn written(feedback: &Feedback) -> Vec<u8> {
        let mut out = Vec::new();
        feedback.compose(&mut out, 7);
        out
    }

    #[test]
    fn every_kind_survives_being_written_and_read() {
        for feedback in [
            Feedback::Keyframe { ssrc: 1 },
            Feedback::Nack { ssrc: 2, lost: vec![Lost::new(65_535, 0x8001), Lost::new(9, 0)] },
            Feedback::Bandwidth { ssrcs: vec![3, 4], bits: 0x00_12_34_56 },
        ] {
            assert_eq!(parse(&written(&feedback)), Some(vec![Packet::Feedback(feedback)]));
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_standards() {
        assert_eq!(written(&Feedback::Keyframe { ssrc: 0x0102_0304 }), [0x81, 206, 0, 2, 0, 0, 0, 7, 1, 2, 3, 4]);
        let full = Feedback::FullIntra { ssrc: 1, number: 9 };
        assert_eq!(written(&full), [0x84, 206, 0, 4, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 9, 0, 0, 0]);
        let nack = Feedback::Nack { ssrc: 1, lost: vec![Lost::new(0x1234, 1)] };
        assert_eq!(written(&nack), [0x81, 205, 0, 3, 0, 0, 0, 7, 0, 0, 0, 1, 0x12, 0x34, 0, 1]);
    }

    #[test]
    fn of_packets_that_are_asked_for_some_can_be_taken_out() {
        let mut lost = Lost::new(65_534, 0b1000_0000_0000_0111);
        let mut asked = Vec::new();
        lost.retain(|packet| {
            asked.push(packet);
            packet == 1 || packet == 14
        });
        assert_eq!(asked, [65_534, 65_535, 0, 1, 14]);
        assert_eq!(lost.to_wire(), Some((1 << 16) | (1 << 12)));
        assert_eq!(lost.shifted(1).to_wire(), Some(1 << 12));
        lost.retain(|_| false);
        assert_eq!((lost.is_empty(), lost.to_wire()), (true, None));
    }

    #[test]
    fn a_full_intra_request_asks_each_of_its_streams_for_a_keyframe() {
        let request = [0x84, 206, 0, 6, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 5, 0, 0, 0, 0, 0, 0, 2, 6, 0, 0, 0];
        let asked = [1, 2].map(|ssrc| Packet::Feedback(Feedback::Keyframe { ssrc }));
        assert_eq!(parse(&request), Some(asked.to_vec()));
    }

    #[test]
    fn what_is_not_understood_is_passed_over_and_what_is_cut_off_is_malformed() {
        let transport_wide = [0x8f, 205, 0, 3, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0];
        assert_eq!(parse(&transport_wide), Some(vec![]));
        assert_eq!(parse(&[0x81, 206, 0, 1, 0, 0, 0, 7]), None);
        let more_announced_than_present = [0x8f, 206, 0, 4, 0, 0, 0, 7, 0, 0, 0, 0, b'R', b'E', b'M', b'B', 9, 0, 0, 1];
        let bandwidth = Feedback::Bandwidth { ssrcs: vec![], bits: 1 };
        assert_eq!(parse(&more_announced_than_present), Some(vec![Packet::Feedback(bandwidth)]));
    }
}
