//! When the packets of a browser arrived, so that it knows how much its way here carries
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use std::time::{Duration, Instant};

use super::RTPFB;
use super::compose::{packet, put};

/// This kind of [`RTPFB`].
const TRANSPORT_CC: u8 = 15;
/// Between two reports: what senders adapt to is older by as much.
const INTERVAL: Duration = Duration::from_millis(50);
/// Packets that one report is about at most; a sender that numbers them with greater gaps is told of the latest.
const MOST: u16 = 600;
/// A step of arrival times, and of the time they are reckoned from (µs).
const STEP: u64 = 250;
const REFERENCE: u64 = 64_000;
/// Steps of that time, which is as long as any that arrival may be written with in one byte.
const STEPS: u64 = REFERENCE / STEP;
/// Symbols of a chunk, and what they say of a packet: not there, there soon after the one before, or later.
const CHUNK: usize = 7;
const LOST: u16 = 0;
const SOON: u16 = 1;
const LATER: u16 = 2;

/// The packets that have arrived and were not reported yet.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// What arrival times are reckoned from.
    origin: Option<Instant>,
    /// Sequence numbers, and the steps since then.
    arrived: Vec<(u16, u64)>,
    /// The packet after the last that was reported.
    next: Option<u16>,
    reported: Option<Instant>,
    reports: u8,
}

impl Arrivals {
    /// A packet has arrived. Whether it is time for a report.
    pub(crate) fn note(&mut self, now: Instant, sequence: u16) -> bool {
        let origin = *self.origin.get_or_insert(now);
        let since = now.saturating_duration_since(origin).as_micros();
        if self.arrived.len() < usize::from(MOST) {
            self.arrived.push((sequence, u64::try_from(since).unwrap_or(u64::MAX) / STEP));
        }
        let reported = *self.reported.get_or_insert(now);
        now.saturating_duration_since(reported) >= INTERVAL || self.arrived.len() >= usize::from(MOST) / 2
    }

    /// Appends a report of what has arrived since the last, by `from` to the sender of `ssrc`.
    pub(crate) fn report(&mut self, now: Instant, from: u32, ssrc: u32, out: &mut Vec<u8>) {
        self.reported = Some(now);
        let Some(&(some, _)) = self.arrived.last() else {
            return;
        };
        // Numbers are compared by how far they are from one of them: they turn over.
        let from_some = |sequence: u16| i32::from(sequence.wrapping_sub(some) as i16);
        let mut arrived = std::mem::take(&mut self.arrived);
        arrived.sort_unstable_by_key(|&(sequence, _)| from_some(sequence));
        arrived.dedup_by_key(|&mut (sequence, _)| sequence);
        let last = arrived.last().map_or(0, |&(sequence, _)| from_some(sequence));
        let first = arrived.first().map_or(0, |&(sequence, _)| from_some(sequence));
        let due = self.next.map(from_some).filter(|due| *due <= first && last - due < i32::from(MOST));
        let base = due.unwrap_or(first).max(last - i32::from(MOST) + 1);
        let mut known = arrived.iter().copied().skip_while(|&(sequence, _)| from_some(sequence) < base).peekable();
        let reference = known.peek().map_or(0, |&(_, step)| step / STEPS);
        let mut before = reference * STEPS;
        let mut statuses: Vec<u16> = Vec::with_capacity(usize::from(MOST));
        let mut deltas: Vec<u8> = Vec::with_capacity(2 * usize::from(MOST));
        for offset in base..=last {
            let Some(&(_, step)) = known.peek().filter(|(sequence, _)| from_some(*sequence) == offset) else {
                statuses.push(LOST);
                continue;
            };
            let delta = step.cast_signed() - before.cast_signed();
            if let Ok(soon) = u8::try_from(delta) {
                deltas.push(soon);
                statuses.push(SOON);
            } else if let Ok(later) = i16::try_from(delta) {
                deltas.extend_from_slice(&later.to_be_bytes());
                statuses.push(LATER);
            } else {
                // The next report begins here, with a time of its own.
                break;
            }
            before = step;
            known.next();
        }
        let told = u16::try_from(statuses.len()).unwrap_or(u16::MAX);
        let base = some.wrapping_add(base as u16);
        self.next = Some(base.wrapping_add(told));
        self.arrived = known.collect();
        let number = self.reports;
        self.reports = number.wrapping_add(1);
        packet(out, RTPFB, TRANSPORT_CC, |out| {
            put(out, from);
            put(out, ssrc);
            put(out, (u32::from(base) << 16) | u32::from(told));
            put(out, ((reference as u32) << 8) | u32::from(number));
            for chunk in statuses.chunks(CHUNK) {
                let symbols = chunk.iter().chain(std::iter::repeat(&LOST)).take(CHUNK);
                let vector = symbols.fold(0b11, |vector, status| (vector << 2) | status);
                out.extend_from_slice(&vector.to_be_bytes());
            }
            out.extend_from_slice(&deltas);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a report says: of each packet, when it arrived, in steps; and how many it is about.
    fn read(report: &[u8]) -> (Vec<(u16, i64)>, u16) {
        let half = |at: usize| u16::from_be_bytes([report[at], report[at + 1]]);
        assert_eq!((report[0], report[1]), (0x80 | 15, 205));
        assert_eq!(usize::from(half(2)) * 4 + 4, report.len());
        let (base, count) = (half(12), half(14));
        let mut time = i64::from(u32::from_be_bytes([0, report[16], report[17], report[18]])) * STEPS as i64;
        let chunks = usize::from(count).div_ceil(7);
        let mut at = 20 + 2 * chunks;
        let mut said = Vec::new();
        for index in 0..count {
            let chunk = half(20 + 2 * usize::from(index / 7));
            assert_eq!(chunk >> 14, 0b11);
            match (chunk >> (12 - 2 * (index % 7))) & 3 {
                0 => continue,
                1 => (time, at) = (time + i64::from(report[at]), at + 1),
                _ => (time, at) = (time + i64::from(half(at) as i16), at + 2),
            }
            said.push((base.wrapping_add(index), time));
        }
        assert!(report.len() - at < 4);
        (said, count)
    }

    fn reported(arrivals: &mut Arrivals, now: Instant) -> (Vec<(u16, i64)>, u16) {
        let mut out = Vec::new();
        arrivals.report(now, 1, 2, &mut out);
        read(&out)
    }

    #[test]
    fn what_arrives_is_reported_in_order_and_what_does_not_is_missing() {
        let now = crate::simulated::origin();
        let mut arrivals = Arrivals::default();
        for (sequence, ms) in [(65_534, 0), (1, 20), (65_535, 21), (2, 40)] {
            assert!(!arrivals.note(now + Duration::from_millis(ms), sequence));
        }
        let (said, count) = reported(&mut arrivals, now + INTERVAL);
        assert_eq!(said, [(65_534, 0), (65_535, 84), (1, 80), (2, 160)]);
        assert_eq!(count, 5);
        // The next report goes on where this one ended.
        assert!(arrivals.note(now + INTERVAL * 2, 5));
        assert_eq!(reported(&mut arrivals, now + INTERVAL * 2), (vec![(5, 400)], 3));
    }

    #[test]
    fn a_pause_begins_a_report_of_its_own() {
        let now = crate::simulated::origin();
        let mut arrivals = Arrivals::default();
        arrivals.note(now, 1);
        arrivals.note(now + Duration::from_secs(60), 2);
        let later = now + Duration::from_secs(61);
        assert_eq!(reported(&mut arrivals, later).0, [(1, 0)]);
        assert_eq!(reported(&mut arrivals, later).0, [(2, 240_000)]);
    }

    proptest! {
        #[test]
        fn whatever_arrives_is_reported_once(steps in prop::collection::vec((any::<u16>(), 0u64..3_000_000), 1..200)) {
            let mut now = crate::simulated::origin();
            let mut arrivals = Arrivals::default();
            for (sequence, micros) in steps {
                now += Duration::from_micros(micros);
                if arrivals.note(now, sequence) {
                    let (said, count) = reported(&mut arrivals, now);
                    prop_assert!(count <= MOST && said.len() <= usize::from(count));
                    prop_assert!(arrivals.arrived.len() <= usize::from(MOST));
                }
            }
        }
    }
}
