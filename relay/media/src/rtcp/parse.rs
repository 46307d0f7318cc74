//! Reading compound RTCP packets (RFC 3550 §6.1).

use super::feedback::Feedback;
use super::{BYE, PSFB, RR, RTPFB, SR};

/// What a sender says of its own stream (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SenderInfo {
    /// When the report was made, NTP.
    pub ntp: u64,
    /// The same instant in RTP time.
    pub rtp: u32,
    /// Packets sent so far.
    pub packets: u32,
    /// Payload bytes sent so far.
    pub octets: u32,
}

/// What a receiver says of one source (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReportBlock {
    /// The source.
    pub ssrc: u32,
    /// Lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Lost in all; 24 bits, signed.
    pub lost: i32,
    /// Highest sequence number, extended by its cycles.
    pub highest: u32,
    /// Interarrival jitter in RTP ticks.
    pub jitter: u32,
    /// Middle 32 bits of the last sender report's NTP time; 0 when there was none.
    pub last_sr: u32,
    /// Since then, in 1/65536 s.
    pub delay: u32,
}

/// One packet of a compound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Packet {
    /// Sender report.
    Sender {
        /// Who reports.
        ssrc: u32,
        /// Its own stream.
        info: SenderInfo,
        /// The streams it hears.
        blocks: Vec<ReportBlock>,
    },
    /// Receiver report.
    Receiver {
        /// Who reports.
        ssrc: u32,
        /// The streams it hears.
        blocks: Vec<ReportBlock>,
    },
    /// Goodbye.
    Bye {
        /// The first source that leaves.
        ssrc: u32,
    },
    /// A request to the sender of a stream.
    Feedback(Feedback),
}

const HEADER_LEN: usize = 4;
const BLOCK_LEN: usize = 24;

/// The reports, requests and goodbyes in a compound packet, in order; other kinds are passed over. `None`
/// when it is malformed anywhere, for then none of it can be trusted.
#[must_use]
pub(crate) fn parse(mut compound: &[u8]) -> Option<Vec<Packet>> {
    let mut packets = Vec::new();
    while !compound.is_empty() {
        let [first, kind, high, low] = *compound.first_chunk::<HEADER_LEN>()?;
        if first >> 6 != 2 {
            return None;
        }
        let words = usize::from(u16::from_be_bytes([high, low]));
        let body = compound.get(HEADER_LEN..HEADER_LEN + words * 4)?;
        compound = compound.get(HEADER_LEN + words * 4..)?;
        let count = usize::from(first & 0x1f);
        match kind {
            SR => packets.push(sender(body, count)?),
            RR => packets.push(receiver(body, count)?),
            BYE if count > 0 => packets.push(Packet::Bye { ssrc: word(body, 0)? }),
            RTPFB | PSFB => {
                let padding = if first & 0x20 == 0 { 0 } else { usize::from(*body.last()?) };
                let body = body.get(..body.len().checked_sub(padding)?)?;
                packets.extend(Feedback::parse(kind, first & 0x1f, body)?.into_iter().map(Packet::Feedback));
            }
            _ => {}
        }
    }
    Some(packets)
}

fn sender(body: &[u8], count: usize) -> Option<Packet> {
    let ntp = (u64::from(word(body, 4)?) << 32) | u64::from(word(body, 8)?);
    Some(Packet::Sender {
        ssrc: word(body, 0)?,
        info: SenderInfo { ntp, rtp: word(body, 12)?, packets: word(body, 16)?, octets: word(body, 20)? },
        blocks: blocks(body.get(24..)?, count)?,
    })
}

fn receiver(body: &[u8], count: usize) -> Option<Packet> {
    Some(Packet::Receiver { ssrc: word(body, 0)?, blocks: blocks(body.get(4..)?, count)? })
}

fn blocks(bytes: &[u8], count: usize) -> Option<Vec<ReportBlock>> {
    let bytes = bytes.get(..count * BLOCK_LEN)?;
    bytes.chunks_exact(BLOCK_LEN).map(block).collect()
}

fn block(bytes: &[u8]) -> Option<ReportBlock> {
    let losses = word(bytes, 4)?;
    Some(ReportBlock {
        ssrc: word(bytes, 0)?,
        fraction_lost: (losses >> 24) as u8,
        // The 24-bit field's sign bit moves up and is spread down again.
        lost: ((losses << 8) as i32) >> 8,
        highest: word(bytes, 8)?,
        jitter: word(bytes, 12)?,
        last_sr: word(bytes, 16)?,
        delay: word(bytes, 20)?,
    })
}

pub(super) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk::<4>().map(|word| u32::from_be_bytes(*word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn packets_of_other_kinds_are_passed_over() {
        let extended_report = [0x80, 207, 0, 1, 0, 0, 0, 1];
        assert_eq!(parse(&extended_report), Some(vec![]));
    }

    #[test]
    fn a_length_beyond_the_end_spoils_the_whole() {
        let bye = [0x81, BYE, 0, 1, 0, 0, 0, 9];
        let cut = [0x80, RR, 0, 1, 0, 0];
        assert_eq!(parse(&bye), Some(vec![Packet::Bye { ssrc: 9 }]));
        assert_eq!(parse(&[&bye[..], &cut].concat()), None);
    }

    #[test]
    fn more_blocks_announced_than_present_is_malformed() {
        assert_eq!(parse(&[0x82, RR, 0, 1, 0, 0, 0, 1]), None);
    }

    #[test]
    fn a_negative_loss_keeps_its_sign() {
        let mut report = vec![0x81, RR, 0, 7, 0, 0, 0, 1];
        report.extend([0, 0, 0, 2, 0, 0xff, 0xff, 0xfe]);
        report.extend([0; 16]);
        let packets = parse(&report).unwrap();
        let Packet::Receiver { blocks, .. } = &packets[0] else { panic!("not a receiver report") };
        assert_eq!(blocks[0].lost, -2);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn any_body_of_a_report_is_read_without_a_panic(
            first in 0x80u8..0xc0, kind in 200u8..207, words in 0u8..30,
            body in proptest::collection::vec(any::<u8>(), 0..120)
        ) {
            let _ = parse(&[&[first, kind, 0, words][..], &body].concat());
        }
    }
}
