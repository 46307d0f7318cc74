//! Which packets of a stream have not arrived, and when their sender is asked for them (RFC 4585 §6.2.1).

use std::time::{Duration, Instant};

use crate::rtcp::Lost;

/// Packets that may be missing at once. Where more are, only a whole picture helps.
const MOST: u16 = 128;
/// How late a packet may be without being missed: networks change the order of some.
const PATIENCE: Duration = Duration::from_millis(5);
const OVERTAKEN: u16 = 3;
/// Between two requests for the same packet, where the way there and back is not known or is shorter.
const USUAL: Duration = Duration::from_millis(100);
const SHORTEST: Duration = Duration::from_millis(20);
/// How often one is asked for, and until when it would still be of use.
const REQUESTS: u8 = 10;
const USEFUL: Duration = Duration::from_secs(1);

/// What is known of a stream's gaps.
#[derive(Debug, Default)]
pub(crate) struct Missing {
    stream: Option<(u32, u16)>,
    gaps: Vec<Gap>,
}

#[derive(Debug)]
struct Gap {
    sequence: u16,
    since: Instant,
    asked: Option<Instant>,
    times: u8,
}

impl Missing {
    /// A packet of the stream has arrived, as it was sent first or again.
    pub(crate) fn arrived(&mut self, now: Instant, ssrc: u32, sequence: u16) {
        let Some((_, newest)) = self.stream.filter(|&(known, _)| known == ssrc) else {
            self.gaps.clear();
            self.stream = Some((ssrc, sequence));
            return;
        };
        let ahead = sequence.wrapping_sub(newest);
        if ahead == 0 || ahead >= 0x8000 {
            return self.gaps.retain(|gap| gap.sequence != sequence);
        }
        self.stream = Some((ssrc, sequence));
        if usize::from(ahead) + self.gaps.len() > usize::from(MOST) {
            return self.gaps.clear();
        }
        let gap = |sequence| Gap { sequence, since: now, asked: None, times: 0 };
        self.gaps.extend((1..ahead).map(|offset| gap(newest.wrapping_add(offset))));
    }

    /// The packets to ask for now, and the stream they are of. `None` when there are none.
    pub(crate) fn due(&mut self, now: Instant, round_trip: Option<Duration>) -> Option<(u32, Vec<Lost>)> {
        let (ssrc, newest) = self.stream?;
        let wait = round_trip.map_or(USUAL, |time| time.mul_f32(1.5).clamp(SHORTEST, USEFUL));
        let useful = |gap: &Gap| gap.times < REQUESTS && now.saturating_duration_since(gap.since) < USEFUL;
        self.gaps.retain(useful);
        let mut due = Vec::new();
        for gap in &mut self.gaps {
            let passed = |since: Instant| now.saturating_duration_since(since);
            let is_due = match gap.asked {
                None => passed(gap.since) >= PATIENCE || newest.wrapping_sub(gap.sequence) >= OVERTAKEN,
                Some(asked) => passed(asked) >= wait,
            };
            if is_due {
                (gap.asked, gap.times) = (Some(now), gap.times + 1);
                due.push(Lost::new(gap.sequence, 0));
            }
        }
        (!due.is_empty()).then_some((ssrc, due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SSRC: u32 = 7;
    const MS: Duration = Duration::from_millis(1);

    fn asked(missing: &mut Missing, now: Instant) -> Vec<u16> {
        let mut sequences = Vec::new();
        for mut lost in missing.due(now, Some(40 * MS)).map(|(_, lost)| lost).unwrap_or_default() {
            lost.retain(|sequence| {
                sequences.push(sequence);
                true
            });
        }
        sequences
    }

    fn arrive(missing: &mut Missing, now: Instant, sequences: &[u16]) {
        for &sequence in sequences {
            missing.arrived(now, SSRC, sequence);
        }
    }

    #[test]
    fn what_is_missing_is_asked_for_until_it_is_there() {
        let (mut missing, now) = (Missing::default(), crate::simulated::origin());
        arrive(&mut missing, now, &[65_534, 1]);
        assert!(asked(&mut missing, now).is_empty());
        assert_eq!(asked(&mut missing, now + PATIENCE), [65_535, 0]);
        assert!(asked(&mut missing, now + PATIENCE + 59 * MS).is_empty());
        arrive(&mut missing, now + 30 * MS, &[0]);
        assert_eq!(asked(&mut missing, now + PATIENCE + 60 * MS), [65_535]);
        arrive(&mut missing, now + 90 * MS, &[65_535]);
        assert!(asked(&mut missing, now + Duration::from_secs(10)).is_empty());
    }

    #[test]
    fn what_others_have_overtaken_is_asked_for_at_once() {
        let (mut missing, now) = (Missing::default(), crate::simulated::origin());
        arrive(&mut missing, now, &[1, 3, 4]);
        assert!(asked(&mut missing, now).is_empty());
        arrive(&mut missing, now, &[5]);
        assert_eq!(asked(&mut missing, now), [2]);
    }

    #[test]
    fn a_packet_is_given_up_when_it_would_come_too_late() {
        let (mut missing, now) = (Missing::default(), crate::simulated::origin());
        arrive(&mut missing, now, &[1, 3]);
        let times = (1..100u32).filter(|&turn| !asked(&mut missing, now + 60 * MS * turn).is_empty()).count();
        assert_eq!(times, usize::from(REQUESTS));
    }

    #[test]
    fn a_jump_or_another_stream_begins_anew() {
        let (mut missing, now) = (Missing::default(), crate::simulated::origin());
        arrive(&mut missing, now, &[1, 3, 3 + MOST + 1]);
        assert!(asked(&mut missing, now + PATIENCE).is_empty());
        arrive(&mut missing, now, &[200, 202]);
        missing.arrived(now, SSRC + 1, 9);
        assert!(asked(&mut missing, now + PATIENCE).is_empty());
    }
}
