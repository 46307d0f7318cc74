//! The capture format of libpcap (draft-ietf-opsawg-pcap): raw IP packets, with headers made up around each message.
//!
//! UDP is shown as it was. A message of a stream is shown as segments of TCP, numbered so that a reader puts them
//! together; what TLS or a WebSocket wrapped around it is left out.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::UNIX_EPOCH;

use etherparse::PacketBuilder;
use offhook_sip::message::Transport;

use super::{Format, Passed, Way};

/// Packets that begin with the IP header (LINKTYPE_RAW).
const LINK_TYPE: u32 = 101;

/// The largest packet there is.
const SNAP_LENGTH: u32 = 65_535;

/// What fits into one segment.
const SEGMENT: usize = 60_000;

/// Streams whose numbers are remembered; beyond, all begin anew.
const MAX_STREAMS: usize = 65_536;

/// From and to.
type Ends = (SocketAddr, SocketAddr);

/// A capture that has begun.
pub(super) struct Capture {
    /// The next sequence number each way.
    streams: HashMap<Ends, u32>,
}

impl Capture {
    /// Writes the file's header.
    pub(super) fn begin(file: &mut dyn Write) -> io::Result<Self> {
        file.write_all(&0xa1b2_c3d4_u32.to_le_bytes())?;
        file.write_all(&2_u16.to_le_bytes())?;
        file.write_all(&4_u16.to_le_bytes())?;
        // Times are UTC, and exact to what the clock says.
        file.write_all(&[0; 8])?;
        file.write_all(&SNAP_LENGTH.to_le_bytes())?;
        file.write_all(&LINK_TYPE.to_le_bytes())?;
        Ok(Self { streams: HashMap::new() })
    }

    fn tcp(&mut self, file: &mut dyn Write, message: &Passed, (from, to): Ends) -> io::Result<()> {
        if self.streams.len() >= MAX_STREAMS {
            self.streams.clear();
        }
        let acknowledged = *self.streams.entry((to, from)).or_insert(1);
        for segment in message.bytes.chunks(SEGMENT) {
            let next = self.streams.entry((from, to)).or_insert(1);
            let number = *next;
            *next = number.wrapping_add(u32::try_from(segment.len()).unwrap_or_default());
            let headers = match addresses(from, to) {
                Addresses::V4(from, to) => PacketBuilder::ipv4(from, to, 64),
                Addresses::V6(from, to) => PacketBuilder::ipv6(from, to, 64),
            };
            let headers = headers.tcp(from.port(), to.port(), number, u16::MAX).ack(acknowledged).psh();
            let mut packet = Vec::with_capacity(headers.size(segment.len()));
            headers.write(&mut packet, segment).map_err(io::Error::other)?;
            record(file, message, &packet)?;
        }
        Ok(())
    }
}

impl Format for Capture {
    fn message(&mut self, file: &mut dyn Write, message: &Passed) -> io::Result<()> {
        let (from, to) = match message.way {
            Way::Sent => (message.local, message.peer),
            Way::Received => (message.peer, message.local),
        };
        if message.transport != Transport::Udp {
            return self.tcp(file, message, (from, to));
        }
        let headers = match addresses(from, to) {
            Addresses::V4(from, to) => PacketBuilder::ipv4(from, to, 64),
            Addresses::V6(from, to) => PacketBuilder::ipv6(from, to, 64),
        };
        let headers = headers.udp(from.port(), to.port());
        let payload = message.bytes.get(..SEGMENT).unwrap_or(&message.bytes);
        let mut packet = Vec::with_capacity(headers.size(payload.len()));
        headers.write(&mut packet, payload).map_err(io::Error::other)?;
        record(file, message, &packet)
    }

    fn dropped(&mut self, _file: &mut dyn Write, _count: u64) -> io::Result<()> {
        // The format has no place for it; the log has.
        Ok(())
    }
}

enum Addresses {
    V4([u8; 4], [u8; 4]),
    V6([u8; 16], [u8; 16]),
}

fn addresses(from: SocketAddr, to: SocketAddr) -> Addresses {
    let mapped = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    };
    match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => Addresses::V4(from.octets(), to.octets()),
        (from, to) => Addresses::V6(mapped(from), mapped(to)),
    }
}

fn record(file: &mut dyn Write, message: &Passed, packet: &[u8]) -> io::Result<()> {
    let at = message.at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let length = u32::try_from(packet.len()).map_err(io::Error::other)?.to_le_bytes();
    // Seconds are kept modulo 2^32, as the format has them.
    let seconds = u32::try_from(at.as_secs() & u64::from(u32::MAX)).unwrap_or_default();
    file.write_all(&seconds.to_le_bytes())?;
    file.write_all(&at.subsec_micros().to_le_bytes())?;
    file.write_all(&length)?;
    file.write_all(&length)?;
    file.write_all(packet)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use bytes::Bytes;
    use etherparse::{NetHeaders, PacketHeaders, TransportHeader};

    use super::*;

    fn passed(way: Way, transport: Transport, local: &str, peer: &str, bytes: Vec<u8>) -> Passed {
        let (local, peer) = (local.parse().unwrap(), peer.parse().unwrap());
        Passed { at: at(), way, transport, local, peer, bytes: Bytes::from(bytes) }
    }

    fn at() -> SystemTime {
        UNIX_EPOCH + Duration::new(1_700_000_000, 123_456_000)
    }

    /// The packets of a capture, as another library reads them: ports, sequence number and payload.
    fn packets(messages: &[Passed]) -> Vec<(u16, u16, Option<u32>, Vec<u8>)> {
        let mut file = Vec::new();
        let mut capture = Capture::begin(&mut file).unwrap();
        for message in messages {
            capture.message(&mut file, message).unwrap();
        }
        let mut packets = Vec::new();
        let mut rest = &file[24..];
        while !rest.is_empty() {
            assert_eq!(rest[..4], 1_700_000_000_u32.to_le_bytes());
            assert_eq!(rest[4..8], 123_456_u32.to_le_bytes());
            let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
            let packet = PacketHeaders::from_ip_slice(&rest[16..16 + length]).unwrap();
            assert!(matches!(packet.net, Some(NetHeaders::Ipv4(..) | NetHeaders::Ipv6(..))));
            packets.push(match packet.transport {
                Some(TransportHeader::Udp(udp)) => {
                    (udp.source_port, udp.destination_port, None, packet.payload.slice().to_vec())
                }
                Some(TransportHeader::Tcp(tcp)) => {
                    let number = Some(tcp.sequence_number);
                    (tcp.source_port, tcp.destination_port, number, packet.payload.slice().to_vec())
                }
                other => panic!("{other:?}"),
            });
            rest = &rest[16 + length..];
        }
        packets
    }

    #[test]
    fn a_datagram_is_a_packet_each_way() {
        let sent = passed(Way::Sent, Transport::Udp, "192.0.2.1:5060", "192.0.2.9:5070", b"one".to_vec());
        let received = passed(Way::Received, Transport::Udp, "[::1]:5060", "[::2]:5070", b"two".to_vec());
        let expected = [(5060, 5070, None, b"one".to_vec()), (5070, 5060, None, b"two".to_vec())];
        assert_eq!(packets(&[sent, received]), expected);
    }

    #[test]
    fn a_stream_is_numbered_so_that_it_can_be_put_together() {
        let message = |way, bytes| passed(way, Transport::Tls, "192.0.2.1:5061", "192.0.2.9:5070", bytes);
        let long = vec![b'x'; SEGMENT + 10];
        let packets = packets(&[
            message(Way::Sent, b"one".to_vec()),
            message(Way::Received, long),
            message(Way::Sent, b"two".to_vec()),
        ]);
        let numbers: Vec<_> = packets.iter().map(|(from, _, number, _)| (*from, number.unwrap())).collect();
        assert_eq!(numbers, [(5061, 1), (5070, 1), (5070, 60_001), (5061, 4)]);
    }
}
