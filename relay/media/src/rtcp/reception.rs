//! What is known of a stream that is received: loss (RFC 3550 A.1, A.3) and jitter (A.8).

use std::time::{Duration, Instant};

use super::parse::{ReportBlock, SenderInfo};
use super::time::{middle, to_short};
use crate::rewrite::ticks;
use crate::rtp::Header;

/// Beyond this a jump forward is a restart (RFC 3550 A.1).
const MAX_DROPOUT: u16 = 3000;
/// Within this a packet from behind is late, not a restart (RFC 3550 A.1).
const MAX_MISORDER: u16 = 100;

/// Statistics of one incoming stream. Another SSRC, or a restart, begins anew; losses of the
/// streams before stay in the sum.
#[derive(Debug, Default)]
pub(crate) struct Reception {
    stream: Option<Stream>,
    lost_before: i64,
    gaps: Gaps,
}

/// Where packets were missing, of all streams so far. Those that came late after all are counted too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Gaps {
    /// Places.
    pub count: u64,
    /// Packets.
    pub missing: u64,
}

#[derive(Debug)]
struct Stream {
    ssrc: u32,
    clock: u32,
    base: u32,
    /// Highest sequence number, its cycles in the upper half.
    highest: u32,
    received: u32,
    expected_reported: u32,
    received_reported: u32,
    /// Arrival time minus timestamp of the last packet, in ticks.
    transit: u32,
    /// Sixteenfold, as A.8 keeps it.
    jitter: u32,
    began: Instant,
    sender_report: Option<(SenderInfo, Instant)>,
}

impl Reception {
    /// Takes note of a packet whose timestamps run at `clock` Hz.
    pub(crate) fn receive(&mut self, now: Instant, clock: u32, header: &Header) {
        let continues = self.stream.as_mut().is_some_and(|stream| {
            let before = stream.highest;
            let continues = stream.ssrc == header.ssrc && stream.advance(header.sequence);
            self.gaps.note(u64::from(stream.highest.wrapping_sub(before)));
            continues
        });
        if !continues {
            self.lost_before += self.stream.as_ref().map_or(0, Stream::lost);
            self.stream = Some(Stream::new(now, clock, header));
        } else if let Some(stream) = &mut self.stream {
            stream.received = stream.received.wrapping_add(1);
            stream.measure(now, clock, header.timestamp);
        }
    }

    /// The stream is over; one that goes by the same name later is another.
    pub(crate) fn end(&mut self) {
        self.lost_before += self.stream.take().map_or(0, |stream| stream.lost());
    }

    /// Takes note of the peer's sender report, whose arrival the next block refers to.
    pub(crate) fn sender_report(&mut self, now: Instant, ssrc: u32, info: SenderInfo) {
        if let Some(stream) = self.stream.as_mut().filter(|stream| stream.ssrc == ssrc) {
            stream.sender_report = Some((info, now));
        }
    }

    /// The source that sends the stream.
    #[must_use]
    pub(crate) fn ssrc(&self) -> Option<u32> {
        self.stream.as_ref().map(|stream| stream.ssrc)
    }

    /// The timestamp the sender gives to this moment of its own clock, NTP, by its last report.
    #[must_use]
    pub(crate) fn timestamp_at(&self, theirs: u64) -> Option<u32> {
        let stream = self.stream.as_ref()?;
        let (report, _) = stream.sender_report?;
        let elapsed = theirs.wrapping_sub(report.ntp) as i64;
        let ticks = (i128::from(elapsed) * i128::from(stream.clock)) >> 32;
        Some(report.rtp.wrapping_add(ticks as u32))
    }

    /// The block about the stream for the next report; what it says lost since the last report
    /// counts from here.
    pub(crate) fn block(&mut self, now: Instant) -> Option<ReportBlock> {
        self.stream.as_mut().map(|stream| stream.block(now))
    }

    /// Packets that never arrived, of all streams so far.
    #[must_use]
    pub(crate) fn lost(&self) -> i64 {
        self.lost_before + self.stream.as_ref().map_or(0, Stream::lost)
    }

    /// Where packets were missing.
    #[must_use]
    pub(crate) const fn gaps(&self) -> Gaps {
        self.gaps
    }

    /// Interarrival jitter of the current stream.
    #[must_use]
    pub(crate) fn jitter(&self) -> Duration {
        self.stream.as_ref().map_or(Duration::ZERO, |stream| {
            let micros = u64::from(stream.jitter >> 4) * 1_000_000;
            Duration::from_micros(micros / u64::from(stream.clock.max(1)))
        })
    }
}

impl Gaps {
    /// The highest sequence number went on by this much.
    fn note(&mut self, ahead: u64) {
        if ahead > 1 {
            self.count += 1;
            self.missing += ahead - 1;
        }
    }
}

impl Stream {
    fn new(now: Instant, clock: u32, header: &Header) -> Self {
        let sequence = u32::from(header.sequence);
        Self {
            ssrc: header.ssrc,
            clock,
            base: sequence,
            highest: sequence,
            received: 1,
            expected_reported: 0,
            received_reported: 0,
            transit: 0u32.wrapping_sub(header.timestamp),
            jitter: 0,
            began: now,
            sender_report: None,
        }
    }

    /// Moves the highest sequence number; `false` when this is no continuation.
    fn advance(&mut self, sequence: u16) -> bool {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        if ahead < MAX_DROPOUT {
            self.highest = self.highest.wrapping_add(u32::from(ahead));
            true
        } else {
            ahead.wrapping_neg() <= MAX_MISORDER
        }
    }

    fn measure(&mut self, now: Instant, clock: u32, timestamp: u32) {
        let arrival = ticks(now.saturating_duration_since(self.began), clock);
        let transit = arrival.wrapping_sub(timestamp);
        if clock != self.clock {
            // Another codec on the same source: its timestamps cannot be compared with the last.
            (self.clock, self.transit, self.jitter) = (clock, transit, 0);
            return;
        }
        let difference = transit.wrapping_sub(self.transit) as i32;
        self.transit = transit;
        let rounded = self.jitter.saturating_add(8) >> 4;
        self.jitter = self.jitter.saturating_add(difference.unsigned_abs()).saturating_sub(rounded);
    }

    fn expected(&self) -> u32 {
        self.highest.wrapping_sub(self.base).wrapping_add(1)
    }

    fn lost(&self) -> i64 {
        i64::from(self.expected()) - i64::from(self.received)
    }

    fn block(&mut self, now: Instant) -> ReportBlock {
        let expected = self.expected().wrapping_sub(self.expected_reported);
        let received = self.received.wrapping_sub(self.received_reported);
        self.expected_reported = self.expected();
        self.received_reported = self.received;
        let lost = u64::from(expected.saturating_sub(received));
        let fraction = (lost << 8) / u64::from(expected.max(1));
        let (last_sr, delay) = self
            .sender_report
            .map_or((0, 0), |(info, arrived)| (middle(info.ntp), to_short(now.saturating_duration_since(arrived))));
        ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            lost: self.lost().clamp(-0x0080_0000, 0x007f_ffff) as i32,
            highest: self.highest,
            jitter: self.jitter >> 4,
            last_sr,
            delay,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: u32 = 8000;
    const FRAME: Duration = Duration::from_millis(20);

    fn packet(sequence: u16, timestamp: u32) -> Header {
        Header { marker: false, payload_type: 0, sequence, timestamp, ssrc: 5 }
    }

    fn info(ntp: u64) -> SenderInfo {
        SenderInfo { ntp, rtp: 1000, packets: 0, octets: 0 }
    }

    #[test]
    fn a_sender_report_gives_every_moment_its_timestamp() {
        let (mut reception, now) = feed(0..10);
        assert_eq!(reception.timestamp_at(0), None);
        reception.sender_report(now, 5, info(10 << 32));
        assert_eq!(reception.timestamp_at(10 << 32), Some(1000));
        assert_eq!(reception.timestamp_at((10 << 32) + (1 << 31)), Some(1000 + CLOCK / 2));
        assert_eq!(reception.timestamp_at(9 << 32), Some(1000u32.wrapping_sub(CLOCK)));
        reception.end();
        assert_eq!((reception.timestamp_at(10 << 32), reception.ssrc()), (None, None));
    }

    /// Feeds sequence numbers, one a frame, perfectly timed.
    fn feed(sequences: impl IntoIterator<Item = u16>) -> (Reception, Instant) {
        let mut reception = Reception::default();
        let mut now = crate::simulated::origin();
        for (index, sequence) in sequences.into_iter().enumerate() {
            reception.receive(now, CLOCK, &packet(sequence, index as u32 * 160));
            now += FRAME;
        }
        (reception, now)
    }

    #[test]
    fn an_even_stream_has_neither_loss_nor_jitter() {
        let (mut reception, now) = feed((0..100).map(|i: u16| i.wrapping_add(65_500)));
        let block = reception.block(now).unwrap();
        assert_eq!((block.fraction_lost, block.lost, block.jitter), (0, 0, 0));
        assert_eq!(block.highest, 65_536 + 63);
    }

    #[test]
    fn loss_is_reported_as_a_fraction_since_the_last_report_and_as_a_sum() {
        let (mut reception, mut now) = feed((0..100).filter(|i| i % 4 != 3));
        let block = reception.block(now).unwrap();
        assert_eq!(block.lost, 24);
        assert_eq!(block.fraction_lost, (24 * 256 / 99) as u8);
        for sequence in 99..110 {
            now += FRAME;
            reception.receive(now, CLOCK, &packet(sequence, 0));
        }
        let block = reception.block(now).unwrap();
        assert_eq!((block.fraction_lost, block.lost), (0, 24));
    }

    #[test]
    fn late_packets_are_not_lost() {
        let (reception, _) = feed([10, 12, 11, 13]);
        assert_eq!(reception.lost(), 0);
    }

    #[test]
    fn gaps_tell_losses_in_a_row_from_losses_alone() {
        let (reception, _) = feed([10, 11, 13, 14, 18, 19]);
        assert_eq!(reception.gaps(), Gaps { count: 2, missing: 4 });
    }

    #[test]
    fn a_restart_begins_anew_and_keeps_the_sum() {
        let (mut reception, now) = feed([10, 12]);
        reception.receive(now, CLOCK, &packet(30_000, 0));
        assert_eq!(reception.lost(), 1);
        assert_eq!(reception.block(now).unwrap().lost, 0);
    }

    #[test]
    fn uneven_arrival_is_jitter() {
        let mut reception = Reception::default();
        let start = crate::simulated::origin();
        for index in 0..200u32 {
            let late = if index % 2 == 0 { Duration::ZERO } else { Duration::from_millis(5) };
            reception.receive(start + FRAME * index + late, CLOCK, &packet(index as u16, index * 160));
        }
        let jitter = reception.jitter();
        assert!((Duration::from_millis(4)..=Duration::from_millis(6)).contains(&jitter), "{jitter:?}");
    }

    #[test]
    fn the_block_names_the_last_sender_report_and_its_age() {
        let (mut reception, now) = feed([1]);
        reception.sender_report(now, 99, info(1));
        assert_eq!(reception.block(now).unwrap().last_sr, 0);
        reception.sender_report(now, 5, info(0xabcd_0123 << 16));
        let block = reception.block(now + Duration::from_millis(500)).unwrap();
        assert_eq!((block.last_sr, block.delay), (0xabcd_0123, 0x8000));
    }

    proptest::proptest! {
        #[test]
        fn any_stream_is_measured_without_a_panic(
            packets in proptest::collection::vec(
                (proptest::prelude::any::<u16>(), proptest::prelude::any::<u32>(), 0u32..3, 0u64..100_000), 0..200)
        ) {
            let mut reception = Reception::default();
            let mut now = crate::simulated::origin();
            for (sequence, timestamp, ssrc, wait) in packets {
                now += Duration::from_millis(wait);
                let clock = if sequence % 7 == 0 { 48_000 } else { CLOCK };
                reception.receive(now, clock, &Header { ssrc, ..packet(sequence, timestamp) });
                reception.block(now);
                let _ = reception.jitter();
            }
        }
    }
}
