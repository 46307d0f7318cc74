//! The sound that one end sends and another is to hear.

use rtc_rtp::Header;
use serde::Deserialize;

use crate::latency::Latencies;
use crate::report::Tally;
use crate::speech::{FRAME, Mark, Speech};

/// Packets whose time of sending is known: 5 s.
const KNOWN: usize = 256;
const HEADER: usize = 12;
/// Packets of a stream that is decoded on its way which may be on either side of a window's edges: they wait in a buffer.
const WAITING: u64 = 10;
/// Bytes of Opus with somebody speaking in it, at least.
const VOICED_OPUS: usize = 20;
/// The same of PCMU: a sample of 1/32 of full scale (its code, complemented: sign, exponent, mantissa).
const VOICED_PCMU: u8 = 0x30;

/// What an end speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Codec {
    Pcmu,
    Opus,
}

impl Codec {
    /// Its payload type.
    const fn number(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Opus => 111,
        }
    }

    /// What 20 ms are of its clock.
    const fn step(self) -> u32 {
        match self {
            Self::Pcmu => FRAME as u32,
            Self::Opus => 960,
        }
    }

    /// Whether somebody speaks in a payload.
    fn is_voiced(self, payload: &[u8]) -> bool {
        match self {
            Self::Pcmu => payload.iter().any(|code| !code & 0x7f > VOICED_PCMU),
            Self::Opus => payload.len() >= VOICED_OPUS,
        }
    }
}

/// What a stream is when it is sent, and when it is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Passage {
    pub(crate) said: Codec,
    pub(crate) heard: Codec,
}

impl Passage {
    /// Whether it is to arrive as it was sent. Otherwise it is decoded on its way, and only that somebody speaks is known.
    fn is_straight(self) -> bool {
        self.said == self.heard
    }
}

pub(crate) struct Stream {
    /// The end that speaks.
    pub(crate) from: usize,
    /// The end that hears.
    pub(crate) to: usize,
    /// Its source, and its name in every payload.
    id: u32,
    passage: Passage,
    next: u32,
    /// When each of the latest packets was sent; 0 once it has arrived.
    sent: Box<[u64; KNOWN]>,
    /// The number after the latest that has arrived; where the stream is decoded, that of the header.
    expected: Option<u32>,
    /// The packets that count: from the first number to before the second.
    window: (u32, u32),
    tally: Tally,
    /// Of the stream's whole life.
    life: Tally,
}

impl Stream {
    pub(crate) fn new(from: usize, to: usize, id: u32, passage: Passage) -> Self {
        Self {
            from,
            to,
            id,
            passage,
            next: 0,
            sent: Box::new([0; KNOWN]),
            expected: None,
            window: (u32::MAX, u32::MAX),
            tally: Tally::default(),
            life: Tally::default(),
        }
    }

    /// Writes the next packet, and gives its header. Its time is to be told by [`Stream::sent`].
    pub(crate) fn packet(&self, speech: &Speech, packet: &mut Vec<u8>) -> Header {
        let codec = self.passage.said;
        let header = Header {
            version: 2,
            marker: self.next == 0,
            payload_type: codec.number(),
            // Each stream begins elsewhere, so that they wrap at different times.
            sequence_number: (self.next as u16).wrapping_add(self.id as u16),
            timestamp: self.next.wrapping_mul(codec.step()).wrapping_add(self.id),
            ssrc: self.id,
            ..Header::default()
        };
        packet.clear();
        packet.extend([0x80, header.payload_type | if header.marker { 0x80 } else { 0 }]);
        packet.extend(header.sequence_number.to_be_bytes());
        packet.extend(header.timestamp.to_be_bytes());
        packet.extend(header.ssrc.to_be_bytes());
        match codec {
            Codec::Opus => packet.extend_from_slice(speech.opus(self.next)),
            Codec::Pcmu => {
                let mut payload = [0; FRAME];
                speech.write(Mark { stream: self.id, number: self.next }, &mut payload);
                packet.extend(payload);
            }
        }
        header
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
        match self.passage {
            Passage { said: Codec::Pcmu, heard: Codec::Pcmu } => self.heard_marked(payload, at, speech, latencies),
            passage => self.heard_sound(packet, payload, passage.heard),
        }
    }

    fn heard_marked(&mut self, payload: &[u8], at: u64, speech: &Speech, latencies: &mut Latencies) {
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
        let in_order = self.expected.is_none_or(|expected| mark.number >= expected);
        self.expected = self.expected.max(Some(mark.number + 1));
        let counts = self.counts(mark.number);
        self.arrived(counts, in_order, true);
        if counts {
            latencies.add(at.saturating_sub(sent));
        }
    }

    /// What was decoded on its way, or has no room for a mark: counted by the header, and listened to.
    fn heard_sound(&mut self, packet: &[u8], payload: &[u8], codec: Codec) {
        let Some(&[_, kind, high, low]) = packet.first_chunk() else { return };
        if kind & 0x7f != codec.number() {
            self.both(|tally| tally.foreign += 1);
            return;
        }
        let sequence = u16::from_be_bytes([high, low]);
        let in_order = self.expected.is_none_or(|expected| expected == u32::from(sequence));
        self.expected = Some(u32::from(sequence.wrapping_add(1)));
        self.arrived(self.counts(self.next), in_order, codec.is_voiced(payload));
    }

    fn arrived(&mut self, counts: bool, in_order: bool, voiced: bool) {
        for tally in [Some(&mut self.life), counts.then_some(&mut self.tally)].into_iter().flatten() {
            tally.received += 1;
            tally.disordered += u64::from(!in_order);
            tally.voiced += u64::from(voiced);
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

    pub(crate) fn tally(&self) -> Tally {
        self.forgiven(self.tally)
    }

    pub(crate) fn life(&self) -> Tally {
        self.forgiven(self.life)
    }

    fn forgiven(&self, tally: Tally) -> Tally {
        let waiting = !self.passage.is_straight() && tally.received + WAITING >= tally.sent;
        Tally { received: if waiting { tally.received.max(tally.sent) } else { tally.received }, ..tally }
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
            Self::with(Passage { said: Codec::Pcmu, heard: Codec::Pcmu })
        }

        fn with(passage: Passage) -> Self {
            let recording: Vec<u8> = (0..60 * FRAME).map(|at| (at * 7 / 3) as u8).collect();
            let speech = Speech::new(&recording, &[0; 96_000]).unwrap();
            let mut stream = Stream::new(0, 1, 5, passage);
            stream.begin();
            Self { speech, stream, latencies: Latencies::new() }
        }

        fn say(&mut self) -> Vec<u8> {
            let mut packet = Vec::new();
            self.stream.packet(&self.speech, &mut packet);
            self.stream.sent(1_000_000);
            packet
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
        assert_eq!(line.stream.tally(), Tally { sent: 600, received: 600, voiced: 600, ..Tally::default() });
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
        let expected = Tally { sent: 4, received: 3, disordered: 1, again: 1, foreign: 1, voiced: 3 };
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
        assert_eq!(line.stream.tally(), Tally { sent: 1, received: 1, voiced: 1, ..Tally::default() });
        assert_eq!(line.stream.life(), Tally { sent: 3, received: 3, voiced: 3, ..Tally::default() });
    }

    #[test]
    fn what_is_decoded_on_its_way_is_listened_to() {
        let mut line = Line::with(Passage { said: Codec::Opus, heard: Codec::Pcmu });
        for number in 0..100u8 {
            line.say();
            // A pause of a quarter.
            let sample = if number % 4 == 0 { 0xff } else { 0x90 };
            line.hear(&[&[0x80, 0, 0, number, 0, 0, 0, 0, 0, 0, 0, 9][..], &[sample; FRAME]].concat());
        }
        assert_eq!(line.stream.tally(), Tally { sent: 100, received: 100, voiced: 75, ..Tally::default() });
        for _ in 0..20 {
            line.say();
        }
        assert_eq!(line.stream.tally().lost(), 20, "more than wait in any buffer");
    }
}
