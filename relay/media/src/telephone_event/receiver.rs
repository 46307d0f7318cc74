//! Presses out of telephone-event packets (RFC 4733 §2.5.2).

use std::time::{Duration, Instant};

use super::Payload;
use crate::dtmf::Digit;

/// An event of which nothing more is heard for this long has ended, even if all three end packets
/// were lost. Senders update every 20 to 50 ms.
const SILENCE: Duration = Duration::from_millis(250);
/// A segment so long, or longer, is full: what follows it is the same press (RFC 4733 §2.5.1.3). Its last packets may be
/// lost.
const NEARLY_FULL: u32 = 0xf000;

/// A key that was pressed and released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Press {
    /// The key.
    pub digit: Digit,
    /// For how long.
    pub duration: Duration,
    /// The clock of the packets that said so, in Hz; `None` where it was heard in the sound.
    pub clock: Option<u32>,
}

/// Reports each press once, when it ends. One event is one timestamp of one source, however many
/// packets carry it.
#[derive(Debug, Default)]
pub(crate) struct Receiver {
    current: Option<Current>,
}

#[derive(Debug, Clone, Copy)]
struct Current {
    ssrc: u32,
    timestamp: u32,
    digit: Digit,
    clock: u32,
    /// Of the segment.
    duration: u16,
    /// Of the segments before it, in ticks.
    before: u32,
    heard: Instant,
    reported: bool,
}

impl Receiver {
    /// Takes one packet. Returns the press it completes, which is this event's when it carries the
    /// end bit, or the one before when that never got its end.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        ssrc: u32,
        timestamp: u32,
        clock: u32,
        payload: Payload,
    ) -> Option<Press> {
        let digit = Digit::from_event(payload.event)?;
        let segment = self.current.and_then(|current| current.continued(ssrc, timestamp, digit));
        let known = self.current.filter(|current| current.is(ssrc, timestamp)).or(segment);
        let finished = match known {
            Some(_) => None,
            None if self.is_stale(ssrc, timestamp) => return None,
            None => self.finish(),
        };
        let mut current = known.unwrap_or(Current {
            ssrc,
            timestamp,
            digit,
            clock,
            duration: 0,
            before: 0,
            heard: now,
            reported: false,
        });
        current.heard = now;
        current.duration = current.duration.max(payload.duration);
        self.current = Some(current);
        if !payload.end {
            return finished;
        }
        // Both at once only when every packet of this event but its end was lost and the last
        // event's end too: the older press is reported now, the newer by its next end packet.
        finished.or_else(|| self.finish())
    }

    /// When [`Receiver::timeout`] is due.
    #[must_use]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let open = self.current.filter(|current| !current.reported)?;
        Some(open.heard + SILENCE)
    }

    /// Ends an event whose packets stopped coming.
    pub(crate) fn timeout(&mut self, now: Instant) -> Option<Press> {
        if self.deadline()? > now {
            return None;
        }
        self.finish()
    }

    /// Whether the packet belongs to an event older than the current one.
    fn is_stale(&self, ssrc: u32, timestamp: u32) -> bool {
        self.current
            .is_some_and(|current| current.ssrc == ssrc && current.timestamp.wrapping_sub(timestamp) < 0x8000_0000)
    }

    fn finish(&mut self) -> Option<Press> {
        let current = self.current.as_mut().filter(|current| !current.reported)?;
        current.reported = true;
        let ticks = (u64::from(current.before) + u64::from(current.duration)) * 1_000_000;
        Some(Press {
            digit: current.digit,
            duration: Duration::from_micros(ticks / u64::from(current.clock.max(1))),
            clock: Some(current.clock),
        })
    }
}

impl Current {
    fn is(&self, ssrc: u32, timestamp: u32) -> bool {
        self.ssrc == ssrc && self.timestamp == timestamp
    }

    /// The next segment of the press that this is one of, if a packet with that timestamp begins it: a length of 16 bits
    /// may be too short for it.
    fn continued(self, ssrc: u32, timestamp: u32, digit: Digit) -> Option<Self> {
        let length = timestamp.wrapping_sub(self.timestamp);
        let follows = (NEARLY_FULL..=u32::from(u16::MAX)).contains(&length) && length >= u32::from(self.duration);
        let is_same = self.ssrc == ssrc && self.digit == digit && !self.reported;
        (follows && is_same).then(|| Self {
            timestamp,
            duration: 0,
            before: self.before.saturating_add(length),
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: u32 = 8000;

    fn payload(event: u8, duration: u16, end: bool) -> Payload {
        Payload { event, end, volume: 10, duration }
    }

    fn press(key: char, ms: u64) -> Press {
        Press { digit: Digit::from_char(key).unwrap(), duration: Duration::from_millis(ms), clock: Some(CLOCK) }
    }

    #[test]
    fn a_press_is_reported_once_with_its_full_length() {
        let mut receiver = Receiver::default();
        let now = crate::simulated::origin();
        let mut feed = |duration, end| receiver.receive(now, 1, 500, CLOCK, payload(5, duration, end));
        assert_eq!(feed(160, false), None);
        assert_eq!(feed(320, false), None);
        assert_eq!(feed(800, true), Some(press('5', 100)));
        assert_eq!(feed(800, true), None);
        assert_eq!(feed(800, true), None);
    }

    #[test]
    fn the_same_key_twice_is_two_presses() {
        let mut receiver = Receiver::default();
        let now = crate::simulated::origin();
        let mut feed = |timestamp| receiver.receive(now, 1, timestamp, CLOCK, payload(5, 800, true));
        assert_eq!(feed(500), Some(press('5', 100)));
        assert_eq!(feed(2500), Some(press('5', 100)));
    }

    #[test]
    fn a_press_whose_end_was_lost_ends_with_the_next_one() {
        let mut receiver = Receiver::default();
        let now = crate::simulated::origin();
        receiver.receive(now, 1, 500, CLOCK, payload(1, 480, false));
        let ended = receiver.receive(now, 1, 2500, CLOCK, payload(2, 160, false));
        assert_eq!(ended, Some(press('1', 60)));
    }

    #[test]
    fn a_press_whose_end_was_lost_ends_after_a_silence() {
        let mut receiver = Receiver::default();
        let now = crate::simulated::origin();
        receiver.receive(now, 1, 500, CLOCK, payload(1, 480, false));
        let due = receiver.deadline().unwrap();
        assert_eq!(receiver.timeout(now), None);
        assert_eq!(receiver.timeout(due), Some(press('1', 60)));
        assert_eq!(receiver.deadline(), None);
        assert_eq!(receiver.receive(due, 1, 500, CLOCK, payload(1, 480, true)), None);
    }

    #[test]
    fn a_press_too_long_for_its_length_is_one_press_in_segments() {
        let mut receiver = Receiver::default();
        let now = crate::simulated::origin();
        let mut feed = |timestamp, duration, end| receiver.receive(now, 1, timestamp, CLOCK, payload(5, duration, end));
        assert_eq!(feed(500, 160, false), None);
        // The last packets of the first segment are lost.
        assert_eq!(feed(500, 0xff00, false), None);
        assert_eq!(feed(500 + 0xffff, 160, false), None);
        assert_eq!(feed(500 + 0xffff, 0xffff, false), None);
        assert_eq!(feed(500 + 2 * 0xffff, 2050, true), Some(press('5', 16_640)));
        assert_eq!(feed(500 + 2 * 0xffff, 2050, true), None);
    }

    #[test]
    fn another_key_after_a_full_segment_is_another_press() {
        let mut receiver = Receiver::default();
        let now = crate::simulated::origin();
        receiver.receive(now, 1, 500, CLOCK, payload(1, 0xffff, false));
        let ended = receiver.receive(now, 1, 500 + 0xffff, CLOCK, payload(2, 160, false));
        assert_eq!(ended.map(|press| press.digit.as_char()), Some('1'));
    }

    #[test]
    fn both_presses_count_when_only_ends_arrive() {
        let mut receiver = Receiver::default();
        let now = crate::simulated::origin();
        receiver.receive(now, 1, 500, CLOCK, payload(1, 480, false));
        let mut feed = || receiver.receive(now, 1, 2500, CLOCK, payload(2, 400, true));
        assert_eq!(feed(), Some(press('1', 60)));
        assert_eq!(feed(), Some(press('2', 50)));
        assert_eq!(feed(), None);
    }

    #[test]
    fn packets_of_an_older_event_that_come_late_change_nothing() {
        let mut receiver = Receiver::default();
        let now = crate::simulated::origin();
        receiver.receive(now, 1, 2500, CLOCK, payload(2, 400, true));
        assert_eq!(receiver.receive(now, 1, 500, CLOCK, payload(1, 400, true)), None);
    }

    #[test]
    fn events_that_are_no_keys_are_ignored() {
        let mut receiver = Receiver::default();
        let flash = payload(16, 400, true);
        assert_eq!(receiver.receive(crate::simulated::origin(), 1, 5, CLOCK, flash), None);
    }
}
