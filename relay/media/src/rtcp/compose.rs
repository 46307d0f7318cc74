//! Writing compound RTCP packets (RFC 3550 §6.1): a report first, then the canonical name.

use super::parse::{ReportBlock, SenderInfo};
use super::{BYE, RR, SDES, SR};

/// Appends a sender report, or a receiver report when nothing was sent.
pub(super) fn report(out: &mut Vec<u8>, ssrc: u32, info: Option<SenderInfo>, block: Option<ReportBlock>) {
    let kind = if info.is_some() { SR } else { RR };
    packet(out, kind, u8::from(block.is_some()), |out| {
        put(out, ssrc);
        if let Some(info) = info {
            out.extend_from_slice(&info.ntp.to_be_bytes());
            put(out, info.rtp);
            put(out, info.packets);
            put(out, info.octets);
        }
        if let Some(block) = block {
            let losses = (u32::from(block.fraction_lost) << 24) | (block.lost as u32 & 0x00ff_ffff);
            for word in [block.ssrc, losses, block.highest, block.jitter, block.last_sr, block.delay] {
                put(out, word);
            }
        }
    });
}

/// Appends a source description with the canonical name (RFC 3550 §6.5.1).
pub(super) fn description(out: &mut Vec<u8>, ssrc: u32, cname: &str) {
    packet(out, SDES, 1, |out| {
        put(out, ssrc);
        let name = cname.as_bytes();
        let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
        out.extend_from_slice(&[1, length]);
        out.extend(name.iter().take(usize::from(length)));
        // The list of items ends with a zero byte; the padding below may add more.
        out.push(0);
    });
}

/// Appends a goodbye.
pub(super) fn goodbye(out: &mut Vec<u8>, ssrc: u32) {
    packet(out, BYE, 1, |out| put(out, ssrc));
}

/// One packet: header, body, zeros to a whole word, and the length once it is known.
pub(super) fn packet(out: &mut Vec<u8>, kind: u8, count: u8, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0x80 | count, kind, 0, 0]);
    body(out);
    while !(out.len() - start).is_multiple_of(4) {
        out.push(0);
    }
    let words = u16::try_from((out.len() - start) / 4 - 1).unwrap_or(u16::MAX);
    if let Some(field) = out.get_mut(start + 2..start + 4) {
        field.copy_from_slice(&words.to_be_bytes());
    }
}

pub(super) fn put(out: &mut Vec<u8>, word: u32) {
    out.extend_from_slice(&word.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::super::parse::{Packet, parse};
    use super::*;

    const INFO: SenderInfo = SenderInfo { ntp: 0x0102_0304_0506_0708, rtp: 9, packets: 10, octets: 11 };
    const BLOCK: ReportBlock =
        ReportBlock { ssrc: 1, fraction_lost: 2, lost: -3, highest: 4, jitter: 5, last_sr: 6, delay: 7 };

    #[test]
    fn a_compound_survives_being_written_and_read() {
        let mut out = Vec::new();
        report(&mut out, 42, Some(INFO), Some(BLOCK));
        description(&mut out, 42, "relay");
        goodbye(&mut out, 42);
        let expected = vec![Packet::Sender { ssrc: 42, info: INFO, blocks: vec![BLOCK] }, Packet::Bye { ssrc: 42 }];
        assert_eq!(parse(&out), Some(expected));
    }

    #[test]
    fn who_sends_nothing_makes_a_receiver_report() {
        let mut out = Vec::new();
        report(&mut out, 42, None, None);
        let expected = Packet::Receiver { ssrc: 42, blocks: vec![] };
        assert_eq!(parse(&out), Some(vec![expected]));
    }

    #[test]
    fn names_of_every_length_end_on_a_word_after_a_zero() {
        for length in 0..=256 {
            let mut out = Vec::new();
            description(&mut out, 1, &"x".repeat(length));
            assert_eq!(out.len() % 4, 0);
            assert_eq!(out.last(), Some(&0));
            assert_eq!(parse(&out), Some(vec![]));
        }
    }
}
