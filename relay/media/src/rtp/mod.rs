//! RTP packets, RFC 3550 §5.1: reading a header off the wire and writing one in its place.

pub(crate) mod extension;

use std::ops::Range;

/// Bytes of a header without contributing sources or extensions.
pub(crate) const HEADER_LEN: usize = 12;

/// The fields of an RTP header the relay acts on. Contributing sources and header extensions are
/// between one sender and its receiver, so they are skipped on reading and never written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// The marker bit: for audio the start of a talk spurt.
    pub marker: bool,
    /// The payload type, 0 to 127.
    pub payload_type: u8,
    /// The sequence number.
    pub sequence: u16,
    /// The timestamp in units of the payload's clock.
    pub timestamp: u32,
    /// The synchronisation source.
    pub ssrc: u32,
}

impl Header {
    /// Reads the header of `packet`. The range is that of the payload, padding taken off; it
    /// always begins at [`HEADER_LEN`] or later. `None` when this is no whole RTP packet.
    #[must_use]
    pub(crate) fn parse(packet: &[u8]) -> Option<(Self, Range<usize>)> {
        let fixed = packet.first_chunk::<HEADER_LEN>()?;
        let [first, second, s0, s1, t0, t1, t2, t3, i0, i1, i2, i3] = *fixed;
        let start = header_len(packet)?;
        let padding = match first & 0x20 {
            0 => 0,
            _ => match *packet.last()? {
                0 => return None,
                count => usize::from(count),
            },
        };
        let end = packet.len().checked_sub(padding)?;
        if start > end {
            return None;
        }
        let header = Self {
            marker: second & 0x80 != 0,
            payload_type: second & 0x7f,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([i0, i1, i2, i3]),
        };
        Some((header, start..end))
    }

    /// The header as it goes on the wire.
    #[must_use]
    pub(crate) fn to_bytes(self) -> [u8; HEADER_LEN] {
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [i0, i1, i2, i3] = self.ssrc.to_be_bytes();
        let second = (u8::from(self.marker) << 7) | (self.payload_type & 0x7f);
        [0x80, second, s0, s1, t0, t1, t2, t3, i0, i1, i2, i3]
    }

    /// Writes this header right before the payload at `payload` and returns the packet the two
    /// make, without moving a byte of the payload. `None` when the range does not come from
    /// [`Header::parse`] of the same packet.
    #[must_use]
    pub(crate) fn replace_in(self, packet: &mut [u8], payload: Range<usize>) -> Option<&[u8]> {
        let whole = packet.get_mut(payload.start.checked_sub(HEADER_LEN)?..payload.end)?;
        *whole.first_chunk_mut::<HEADER_LEN>()? = self.to_bytes();
        Some(whole)
    }
}

/// Bytes of a packet's header with its contributing sources and extension, whatever comes after it. `None` when they
/// are not all there, or are no RTP.
#[must_use]
pub(crate) fn header_len(packet: &[u8]) -> Option<usize> {
    let (&[first, ..], rest) = packet.split_first_chunk::<HEADER_LEN>()?;
    if first >> 6 != 2 {
        return None;
    }
    let mut skipped = usize::from(first & 0x0f) * 4;
    if first & 0x10 != 0 {
        let [_, _, high, low] = *rest.get(skipped..)?.first_chunk::<4>()?;
        skipped += 4 + usize::from(u16::from_be_bytes([high, low])) * 4;
    }
    (skipped <= rest.len()).then_some(HEADER_LEN + skipped)
}

/// What a datagram on a port shared by several protocols is, by its first byte (RFC 7983 §7) and,
/// between RTP and RTCP, by its second (RFC 5761 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Datagram {
    /// STUN, first byte 0–3.
    Stun,
    /// DTLS, first byte 20–63.
    Dtls,
    /// RTP, first byte 128–191.
    Rtp,
    /// RTCP, likewise, with a second byte of 192–223.
    Rtcp,
}

impl Datagram {
    /// Looks at the first two bytes. `None` for everything else.
    #[must_use]
    pub(crate) fn classify(datagram: &[u8]) -> Option<Self> {
        match *datagram {
            [0..=3, ..] => Some(Self::Stun),
            [20..=63, ..] => Some(Self::Dtls),
            [128..=191, 192..=223, ..] => Some(Self::Rtcp),
            [128..=191, _, ..] => Some(Self::Rtp),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEADER: Header =
        Header { marker: true, payload_type: 111, sequence: 0xfffe, timestamp: 0xdead_beef, ssrc: 0x0102_0304 };

    fn packet(payload: &[u8]) -> Vec<u8> {
        [&HEADER.to_bytes()[..], payload].concat()
    }

    #[test]
    fn a_header_survives_being_written_and_read() {
        let packet = packet(b"sound");
        assert_eq!(Header::parse(&packet), Some((HEADER, 12..17)));
    }

    #[test]
    fn contributing_sources_and_extensions_are_skipped() {
        let mut packet = packet(&[]);
        packet[0] |= 0x10 | 2;
        packet.extend([0; 8]);
        packet.extend([0xbe, 0xde, 0, 1, 0x10, 0xff, 0, 0]);
        packet.extend(b"sound");
        let (header, payload) = Header::parse(&packet).unwrap();
        assert_eq!(header, HEADER);
        assert_eq!(&packet[payload], b"sound");
    }

    #[test]
    fn padding_is_taken_off() {
        let mut packet = packet(b"sound\0\0\x03");
        packet[0] |= 0x20;
        let (_, payload) = Header::parse(&packet).unwrap();
        assert_eq!(&packet[payload], b"sound");
    }

    #[test]
    fn padding_longer_than_the_packet_is_malformed() {
        let mut packet = packet(b"\xff");
        packet[0] |= 0x20;
        assert_eq!(Header::parse(&packet), None);
        packet[12] = 0;
        assert_eq!(Header::parse(&packet), None);
    }

    #[test]
    fn another_version_is_not_rtp() {
        let mut packet = packet(b"sound");
        packet[0] = 0x40;
        assert_eq!(Header::parse(&packet), None);
    }

    #[test]
    fn a_replaced_header_stands_right_before_the_payload() {
        let mut packet = packet(&[]);
        packet[0] |= 1;
        packet.extend([9; 4]);
        packet.extend(b"sound");
        let (header, payload) = Header::parse(&packet).unwrap();
        let header = Header { payload_type: 0, ssrc: 7, ..header };
        let rewritten = header.replace_in(&mut packet, payload).unwrap();
        assert_eq!(Header::parse(rewritten), Some((header, 12..17)));
        assert_eq!(&rewritten[12..], b"sound");
    }

    #[test]
    fn datagrams_are_told_apart_by_their_first_bytes() {
        assert_eq!(Datagram::classify(&[0, 1]), Some(Datagram::Stun));
        assert_eq!(Datagram::classify(&[22, 254]), Some(Datagram::Dtls));
        assert_eq!(Datagram::classify(&[0x80, 200]), Some(Datagram::Rtcp));
        assert_eq!(Datagram::classify(&[0x80, 111]), Some(Datagram::Rtp));
        assert_eq!(Datagram::classify(&[0x80, 0x80 | 111]), Some(Datagram::Rtp));
        assert_eq!(Datagram::classify(&[64, 0]), None);
        assert_eq!(Datagram::classify(&[]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Some((header, payload)) = Header::parse(&bytes) {
                prop_assert!(payload.start >= HEADER_LEN && payload.end <= bytes.len());
                let len = payload.len();
                let rewritten = header.replace_in(&mut bytes, payload).unwrap();
                prop_assert_eq!(Header::parse(rewritten), Some((header, 12..12 + len)));
            }
        }
    }
}
