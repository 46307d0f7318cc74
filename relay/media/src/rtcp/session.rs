//! One leg's side of RTCP: when to report, what to say, what was heard.

use std::time::{Duration, Instant};

use super::parse::{Packet, ReportBlock, SenderInfo};
use super::time::from_short;
use super::{Arrivals, Feedback, NtpClock, Reception, compose};
use crate::rewrite::Rewriter;

/// The RTCP session of a leg.
#[derive(Debug)]
pub(crate) struct Session {
    cname: String,
    interval: Duration,
    due: Option<Instant>,
    /// Packets sent when the last report was made.
    reported: u64,
    random: u32,
    round_trip: Option<Duration>,
    remote_loss: Option<f32>,
    heard: Option<Heard>,
}

/// What the peer says of the stream that it is sent, by its last report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Packets that were lost on their way to it. Those that never came here are not.
    pub lost: u64,
    /// Packets that it had been sent by then.
    pub sent: u64,
    /// Interarrival jitter.
    pub jitter: Duration,
}

impl Session {
    /// A session that reports about every `interval`. `seed` scatters the reports of many legs.
    #[must_use]
    pub(crate) fn new(cname: String, interval: Duration, seed: u32) -> Self {
        Self {
            cname,
            interval,
            due: None,
            reported: 0,
            random: seed | 1,
            round_trip: None,
            remote_loss: None,
            heard: None,
        }
    }

    /// Begins reporting; the first one comes after half an interval (RFC 3550 §6.2).
    pub(crate) fn start(&mut self, now: Instant) {
        if self.due.is_none() {
            let wait = self.scattered(self.interval / 2);
            self.due = Some(now + wait);
        }
    }

    /// The name it goes by.
    #[must_use]
    pub(crate) fn cname(&self) -> &str {
        &self.cname
    }

    /// When the next report is due.
    #[must_use]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// Reports at least this often from now on.
    pub(crate) fn hasten(&mut self, interval: Duration) {
        self.interval = self.interval.min(interval);
    }

    /// Reports nothing any more.
    pub(crate) fn stop(&mut self) {
        self.due = None;
    }

    /// Writes the report that is due into `out`, replacing what it held. `false` when none is.
    /// `timestamp` is this instant's in the stream, where more is known than when its last packet
    /// came.
    pub(crate) fn report(
        &mut self,
        now: Instant,
        clock: &NtpClock,
        stream: &Rewriter,
        reception: &mut Reception,
        timestamp: Option<u32>,
        out: &mut Vec<u8>,
    ) -> bool {
        if self.due.is_none_or(|due| due > now) {
            return false;
        }
        let wait = self.scattered(self.interval);
        self.due = Some(now + wait);
        self.compose(now, clock, stream, reception, timestamp, out);
        true
    }

    /// Writes the last words of the stream (RFC 3550 §6.6).
    pub(crate) fn goodbye(
        &mut self,
        now: Instant,
        clock: &NtpClock,
        stream: &Rewriter,
        reception: &mut Reception,
        out: &mut Vec<u8>,
    ) {
        self.compose(now, clock, stream, reception, None, out);
        compose::goodbye(out, stream.ssrc());
    }

    /// Writes a request to the sender of the stream that is received. What is known of that stream
    /// goes along, as in every compound (RFC 4585 §3.1).
    pub(crate) fn ask(
        &self,
        now: Instant,
        ssrc: u32,
        reception: &mut Reception,
        feedback: &Feedback,
        out: &mut Vec<u8>,
    ) {
        out.clear();
        compose::report(out, ssrc, None, reception.block(now));
        compose::description(out, ssrc, &self.cname);
        feedback.compose(out, ssrc);
    }

    /// Writes when packets arrived, by themselves: the reports about streams keep their own time.
    pub(crate) fn acknowledge(&self, now: Instant, ssrc: u32, of: u32, arrivals: &mut Arrivals, out: &mut Vec<u8>) {
        out.clear();
        compose::report(out, ssrc, None, None);
        compose::description(out, ssrc, &self.cname);
        arrivals.report(now, ssrc, of, out);
    }

    /// Takes in what a packet says of the stream that is sent, and of the one received.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        clock: &NtpClock,
        stream: &Rewriter,
        reception: &mut Reception,
        packet: &Packet,
    ) {
        let blocks = match packet {
            Packet::Sender { ssrc, info, blocks } => {
                reception.sender_report(now, *ssrc, *info);
                blocks
            }
            Packet::Receiver { blocks, .. } => blocks,
            // Whether a call is over is for signalling to say.
            Packet::Bye { .. } | Packet::Feedback(_) => return,
        };
        for block in blocks.iter().filter(|block| block.ssrc == stream.ssrc()) {
            self.hear(now, clock, stream, block);
        }
    }

    /// Round-trip time, once the peer has answered a sender report.
    #[must_use]
    pub(crate) const fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// The share of our packets the peer lost lately.
    #[must_use]
    pub(crate) const fn remote_loss(&self) -> Option<f32> {
        self.remote_loss
    }

    /// What the peer said last of what it is sent.
    #[must_use]
    pub(crate) const fn heard(&self) -> Option<Heard> {
        self.heard
    }

    /// RFC 3550 §6.4.1: now minus the report's time minus the delay at the peer.
    fn hear(&mut self, now: Instant, clock: &NtpClock, stream: &Rewriter, block: &ReportBlock) {
        self.remote_loss = Some(f32::from(block.fraction_lost) / 256.0);
        let lost = u64::try_from(block.lost).unwrap_or(0).saturating_sub(stream.skipped());
        let ticking = u64::from(stream.clock().unwrap_or(u32::MAX).max(1));
        let jitter = Duration::from_micros(u64::from(block.jitter) * 1_000_000 / ticking);
        self.heard = Some(Heard { lost, sent: stream.packets(), jitter });
        if block.last_sr == 0 {
            return;
        }
        let away = clock.middle(now).wrapping_sub(block.last_sr);
        // A peer that answers before it was asked has a wrong clock or a wrong report.
        if let Some(units) = away.checked_sub(block.delay).filter(|&units| units < 60 << 16) {
            self.round_trip = Some(from_short(units));
        }
    }

    fn compose(
        &mut self,
        now: Instant,
        clock: &NtpClock,
        stream: &Rewriter,
        reception: &mut Reception,
        timestamp: Option<u32>,
        out: &mut Vec<u8>,
    ) {
        out.clear();
        let sent = stream.packets();
        let info = stream.clock().filter(|_| sent != self.reported).map(|ticking| SenderInfo {
            ntp: clock.timestamp(now),
            rtp: timestamp.unwrap_or_else(|| stream.timestamp_at(now, ticking)),
            packets: sent as u32,
            octets: stream.octets() as u32,
        });
        self.reported = sent;
        compose::report(out, stream.ssrc(), info, reception.block(now));
        compose::description(out, stream.ssrc(), &self.cname);
    }

    /// 0.5 to 1.5 times `mean` (RFC 3550 §6.3.1), by a xorshift: it only has to scatter.
    fn scattered(&mut self, mean: Duration) -> Duration {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        mean / 2 + mean.mul_f64(f64::from(self.random) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::super::parse::parse;
    use super::*;
    use crate::rewrite::{Part, Source};
    use crate::rtp::Header;

    const INTERVAL: Duration = Duration::from_secs(5);

    struct Peer {
        session: Session,
        stream: Rewriter,
        reception: Reception,
    }

    fn peer(ssrc: u32) -> Peer {
        Peer {
            session: Session::new("name".into(), INTERVAL, ssrc),
            stream: Rewriter::new(ssrc, 0, 0),
            reception: Reception::default(),
        }
    }

    impl Peer {
        fn report(&mut self, now: Instant, clock: &NtpClock) -> Option<Vec<u8>> {
            let mut out = Vec::new();
            self.session.report(now, clock, &self.stream, &mut self.reception, None, &mut out).then_some(out)
        }

        fn receive(&mut self, now: Instant, clock: &NtpClock, report: &[u8]) {
            for packet in parse(report).unwrap() {
                self.session.receive(now, clock, &self.stream, &mut self.reception, &packet);
            }
        }

        fn send(&mut self, now: Instant, to: &mut Peer) {
            let from = Source { leg: 0, ssrc: 9 };
            let header = Header { marker: false, payload_type: 0, sequence: 1, timestamp: 0, ssrc: 9 };
            let header = self.stream.rewrite(now, from, 8000, Part::Audio, header, 0).unwrap();
            self.stream.count(160);
            to.reception.receive(now, 8000, &header);
        }
    }

    #[test]
    fn reports_come_within_half_to_one_and_a_half_intervals() {
        let start = crate::simulated::origin();
        let clock = NtpClock::new(start, UNIX_EPOCH);
        let mut peer = peer(77);
        peer.session.start(start);
        let mut last = peer.session.deadline().unwrap();
        assert!((INTERVAL / 4..=INTERVAL * 3 / 4).contains(&(last - start)));
        for _ in 0..50 {
            assert!(peer.report(last - Duration::from_millis(1), &clock).is_none());
            assert!(peer.report(last, &clock).is_some());
            let next = peer.session.deadline().unwrap();
            assert!((INTERVAL / 2..=INTERVAL * 3 / 2).contains(&(next - last)));
            last = next;
        }
    }

    #[test]
    fn two_peers_learn_round_trip_and_loss_from_each_other() {
        let start = crate::simulated::origin();
        let clock = NtpClock::new(start, UNIX_EPOCH);
        let (mut a, mut b) = (peer(1), peer(2));
        a.session.start(start);
        b.session.start(start);
        a.send(start, &mut b);

        let asked = start + INTERVAL;
        let report = a.report(asked, &clock).unwrap();
        let one_way = Duration::from_millis(40);
        b.receive(asked + one_way, &clock, &report);
        let answered = asked + one_way + Duration::from_secs(1);
        let answer = b.report(answered, &clock).unwrap();
        a.receive(answered + one_way, &clock, &answer);

        let round_trip = a.session.round_trip().unwrap();
        assert!(round_trip.abs_diff(one_way * 2) < Duration::from_millis(1));
        assert_eq!(a.session.remote_loss(), Some(0.0));
        assert_eq!(a.session.heard(), Some(Heard { lost: 0, sent: 1, jitter: Duration::ZERO }));
    }

    #[test]
    fn what_never_came_here_was_not_lost_on_the_way_on() {
        let start = crate::simulated::origin();
        let clock = NtpClock::new(start, UNIX_EPOCH);
        let mut peer = peer(1);
        let from = Source { leg: 0, ssrc: 9 };
        for sequence in [1, 2, 5] {
            let header = Header { marker: false, payload_type: 0, sequence, timestamp: 0, ssrc: 9 };
            peer.stream.rewrite(start, from, 8000, Part::Audio, header, 0).unwrap();
            peer.stream.count(160);
        }
        let block = ReportBlock { ssrc: 1, fraction_lost: 0, lost: 3, highest: 5, jitter: 80, last_sr: 0, delay: 0 };
        let mut report = Vec::new();
        compose::report(&mut report, 2, None, Some(block));
        peer.receive(start, &clock, &report);
        assert_eq!(peer.session.heard(), Some(Heard { lost: 1, sent: 3, jitter: Duration::from_millis(10) }));
    }

    #[test]
    fn who_sent_nothing_since_the_last_report_is_a_receiver() {
        let start = crate::simulated::origin();
        let clock = NtpClock::new(start, UNIX_EPOCH);
        let (mut a, mut b) = (peer(1), peer(2));
        a.session.start(start);
        a.send(start, &mut b);
        let kinds = [1u32, 2].map(|n| a.report(start + INTERVAL * 2 * n, &clock).unwrap()[1]);
        assert_eq!(kinds, [super::super::SR, super::super::RR]);
    }

    #[test]
    fn an_impossible_delay_is_no_round_trip() {
        let start = crate::simulated::origin();
        let clock = NtpClock::new(start, UNIX_EPOCH);
        let mut peer = peer(1);
        let block = ReportBlock {
            ssrc: 1,
            fraction_lost: 0,
            lost: 0,
            highest: 0,
            jitter: 0,
            last_sr: clock.middle(start),
            delay: 1 << 16,
        };
        let mut report = Vec::new();
        compose::report(&mut report, 2, None, Some(block));
        peer.receive(start, &clock, &report);
        assert_eq!(peer.session.round_trip(), None);
    }

    #[test]
    fn a_request_comes_with_a_report() {
        let start = crate::simulated::origin();
        let (mut a, mut b) = (peer(1), peer(2));
        a.send(start, &mut b);
        let mut out = Vec::new();
        let request = Feedback::Keyframe { ssrc: 1 };
        b.session.ask(start, 2, &mut b.reception, &request, &mut out);
        let packets = parse(&out).unwrap();
        assert!(matches!(&packets[0], Packet::Receiver { ssrc: 2, blocks } if blocks[0].ssrc == 1));
        assert_eq!(packets[1], Packet::Feedback(request));
    }

    #[test]
    fn a_goodbye_closes_the_compound() {
        let start = crate::simulated::origin();
        let clock = NtpClock::new(start, UNIX_EPOCH);
        let Peer { mut session, stream, mut reception } = peer(7);
        let mut out = Vec::new();
        session.goodbye(start, &clock, &stream, &mut reception, &mut out);
        assert_eq!(parse(&out).unwrap().last(), Some(&Packet::Bye { ssrc: 7 }));
    }
}
