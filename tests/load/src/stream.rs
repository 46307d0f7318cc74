//! The sound that one end sends and another is to hear.

use rtc_rtp::Header;

use crate::latency::Latencies;
use crate::report::Tally;
use crate::speech::{FRAME, Mark, Speech};

/// Packets whose time of sending is known: 5 s.
const KNOWN: usize = 256;
const HEADER: usize = 12;
/// PCMU (RFC 3551).
const PCMU: u8 = 0;

pub(crate) struct Stream {
    /// The end that speaks.
    pub(crate) from: usize,
    /// The end that hears.
    pub(crate) to: usize,
    /// Its source, and its name in every payload.
    id: u32,
    next: u32,
    /// When each of the latest packets was sent; 0 once it has arrived.
    sent: Box<[u64; KNOWN]>,
    /// The number after the latest that has arrived.
    expected: u32,
    /// The packets that count: from the first number to before the second.
    window: (u32, u32),
    tally: Tally,
    /// Of the stream's whole life.
    life: Tally,
}

impl Stream {
    pub(crate) fn new(from: usize, to: usize, id: u32) -> Self {
        Self {
            from,
            to,
            id,
            next: 0,
            sent: Box::new([0; KNOWN]),
            expected: 0,
            window: (u32::MAX, u32::MAX),
            tally: Tally::default(),
            life: Tally::default(),
        }
    }

    /// The next packet, its header beside it. Its time is to be told by [`Stream::sent`].
    pub(crate) fn packet(&self, speech: &Speech) -> ([u8; HEADER + FRAME], Header) {
        let header = Header {
            version: 2,
            marker: self.next == 0,
            payload_type: PCMU,
            // Any start will do, and each stream has another, so that sequence numbers wrap at different times.
            sequence_number: (self.next as u16).wrapping_add(self.id as u16),
            timestamp: self.next.wrapping_mul(FRAME as u32).wrapping_add(self.id),
            ssrc: self.id,
            ..Header::default()
        };
        let mut packet = [0; HEADER + FRAME];
        if let Some((head, payload)) = packet.split_first_chunk_mut::<HEADER>() {
            head[0] = 0x80;
            head[1] = PCMU | if header.marker { 0x80 } else { 0 };
            head[2..4].copy_from_slice(&header.sequence_number.to_be_bytes());
            head[4..8].copy_from_slice(&header.timestamp.to_be_bytes());
            head[8..].copy_from_slice(&header.ssrc.to_be_bytes());
            if let Some(payload) = payload.first_chunk_mut() {
                speech.write(Mark { stream: self.id, number: self.next }, payload);
            }
        }
        (packet, header)
    }

    /// The packet was sent at this time.
    pub(crate) fn sent(&mut self, at: u64) {
        if let Some(place) = self.sent.get_mut(self.next as usize % KNOWN) {
            *place = at;
        }
        self.life.sent += 1;
        if self.counts(self.next) {
            self.tally.sent += 1;
        }
        self.next = self.next.wrapping_add(1);
    }

    /// Takes a packet that arrived at this time at the end that is to hear the stream.
    pub(crate) fn heard(&mut self, packet: &[u8], at: u64, speech: &Speech, latencies: &mut Latencies) {
        let payload = packet.get(HEADER..).unwrap_or_default();
        let Some(mark) = speech.read(payload).filter(|mark| mark.stream == self.id) else {
            self.both(|tally| tally.foreign += 1);
            return;
        };
        let known = mark.number < self.next && self.next - mark.number <= KNOWN as u32;
        let sent = self.sent.get_mut(mark.number as usize % KNOWN).map(std::mem::take).filter(|&at| known && at != 0);
        let Some(sent) = sent else {
            self.both(|tally| tally.again += 1);
            return;
        };
        let in_order = mark.number >= self.expected;
        self.expected = self.expected.max(mark.number + 1);
        let counts = self.counts(mark.number);
        for tally in [Some(&mut self.life), counts.then_some(&mut self.tally)].into_iter().flatten() {
            tally.received += 1;
            tally.disordered += u64::from(!in_order);
        }
        if counts {
            latencies.add(at.saturating_sub(sent));
        }
    }

    /// Packets count from now on.
    pub(crate) fn begin(&mut self) {
        self.window = (self.next, u32::MAX);
        self.tally = Tally::default();
    }

    /// Packets that are sent from now on do not count.
    pub(crate) fn end(&mut self) {
        self.window.1 = self.next;
    }

    pub(crate) const fn tally(&self) -> Tally {
        self.tally
    }

    pub(crate) const fn life(&self) -> Tally {
        self.life
    }

    const fn counts(&self, number: u32) -> bool {
        self.window.0 <= number && number < self.window.1
    }

    fn both(&mut self, change: impl Fn(&mut Tally)) {
        change(&mut self.life);
        change(&mut self.tally);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Line {
        speech: Speech,
        stream: Stream,
        latencies: Latencies,
    }

    impl Line {
        fn new() -> Self {
            let recording: Vec<u8> = (0..60 * FRAME).map(|at| (at * 7 / 3) as u8).collect();
            let speech = Speech::new(&recording).unwrap();
            let mut stream = Stream::new(0, 1, 5);
            stream.begin();
            Self { speech, stream, latencies: Latencies::new() }
        }

        fn say(&mut self) -> Vec<u8> {
            let (packet, _) = self.stream.packet(&self.speech);
            self.stream.sent(1_000_000);
            packet.to_vec()
        }

        fn hear(&mut self, packet: &[u8]) {
            self.stream.heard(packet, 3_000_000, &self.speech, &mut self.latencies);
        }
    }

    #[test]
    fn what_is_sent_and_arrives_counts_with_its_time() {
        let mut line = Line::new();
        for _ in 0..600 {
            let packet = line.say();
            line.hear(&packet);
        }
        assert_eq!(line.stream.tally(), Tally { sent: 600, received: 600, ..Tally::default() });
        assert_eq!(serde_json::to_value(line.latencies.summary()).unwrap()["p50"], 2.0);
    }

    #[test]
    fn what_is_lost_repeated_out_of_order_or_changed_is_told_apart() {
        let mut line = Line::new();
        let packets: Vec<_> = (0..4).map(|_| line.say()).collect();
        let mut changed = packets[3].clone();
        changed[100] ^= 1;
        for packet in [&packets[0], &packets[0], &packets[2], &packets[1], &changed] {
            line.hear(packet);
        }
        let expected = Tally { sent: 4, received: 3, disordered: 1, again: 1, foreign: 1 };
        assert_eq!(line.stream.tally(), expected);
        assert_eq!(expected.lost(), 1);
    }

    #[test]
    fn only_packets_of_the_window_count() {
        let mut line = Line::new();
        let early = line.say();
        line.stream.begin();
        let inside = line.say();
        line.stream.end();
        let late = line.say();
        for packet in [early, inside, late] {
            line.hear(&packet);
        }
        assert_eq!(line.stream.tally(), Tally { sent: 1, received: 1, ..Tally::default() });
        assert_eq!(line.stream.life(), Tally { sent: 3, received: 3, ..Tally::default() });
    }
}
