//! Telephone-event packets out of presses (RFC 4733 §2.5.1).

use std::time::{Duration, Instant};

use super::Payload;
use crate::dtmf::{Digit, Digits};
use crate::orders::{Next, Orders};
use crate::rewrite::ticks;

/// Time between the updates of one event.
const UPDATE: Duration = Duration::from_millis(20);
/// The end packet is sent this many times, an update apart: losses come in bursts (RFC 4733
/// §2.5.1.4).
const ENDS: u8 = 3;
/// −10 dBm0, as telephones send.
const VOLUME: u8 = 10;
/// The longest event whose length 16 bits still hold at 8000 Hz; see [`longest`].
const LONGEST: Duration = Duration::from_secs(8);
const SHORTEST_TONE: Duration = Duration::from_millis(40);
const SHORTEST_GAP: Duration = Duration::from_millis(30);

/// Sends orders of keys one after the other.
#[derive(Debug, Default)]
pub(crate) struct Sender {
    orders: Orders,
    pressed: Option<Pressed>,
    due: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Pressed {
    digit: Digit,
    since: Instant,
    timestamp: u32,
    tone: Duration,
    gap: Duration,
    started: bool,
    ends: u8,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Send this event packet.
    Send {
        /// What it carries.
        payload: Payload,
        /// The event's timestamp, the same in all its packets.
        timestamp: u32,
        /// Set on an event's first packet.
        marker: bool,
    },
    /// An announced order has been sent to its end.
    Done,
}

impl Sender {
    /// Queues an order, whose end is reported as [`Step::Done`] if `announced`. `false` when too
    /// many are waiting.
    pub(crate) fn order(
        &mut self,
        now: Instant,
        digits: &Digits,
        tone: Duration,
        gap: Duration,
        announced: bool,
    ) -> bool {
        let (tone, gap) = (tone.clamp(SHORTEST_TONE, LONGEST), gap.clamp(SHORTEST_GAP, LONGEST));
        if !self.orders.push(digits, tone, gap, announced) {
            return false;
        }
        self.due.get_or_insert(now);
        true
    }

    /// Whether a key is down right now, and so nothing else may be sent.
    #[must_use]
    pub(crate) fn is_pressing(&self) -> bool {
        self.pressed.is_some()
    }

    /// When [`Sender::step`] is due.
    #[must_use]
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// Forgets everything and returns how many announced orders that were.
    pub(crate) fn clear(&mut self) -> usize {
        let announced = self.orders.announced();
        *self = Self::default();
        announced
    }

    /// The next step that is due, on an event clock of `clock` Hz. `timestamp` is that of this
    /// instant in the stream. Call until `None`.
    pub(crate) fn step(&mut self, now: Instant, clock: u32, timestamp: u32) -> Option<Step> {
        if self.due? > now {
            return None;
        }
        let Some(pressed) = self.pressed else {
            return self.press_next(now, clock, timestamp);
        };
        Some(self.update(now, clock, pressed))
    }

    fn press_next(&mut self, now: Instant, clock: u32, timestamp: u32) -> Option<Step> {
        let (digit, tone, gap) = match self.orders.take() {
            Some(Next::Key(digit, tone, gap)) => (digit, tone, gap),
            Some(Next::Done) => return Some(Step::Done),
            None => {
                self.due = None;
                return None;
            }
        };
        let pressed = Pressed { digit, since: now, timestamp, tone, gap, started: false, ends: 0 };
        Some(self.update(now, clock, pressed))
    }

    /// One packet of the key that is down. A late call says the true length.
    fn update(&mut self, now: Instant, clock: u32, mut pressed: Pressed) -> Step {
        // The clock may have become another while the key was down; the length is in ticks of the one that holds now.
        pressed.tone = pressed.tone.min(longest(clock));
        let held = now.saturating_duration_since(pressed.since);
        let end = held >= pressed.tone;
        let length = held.clamp(UPDATE, pressed.tone.max(UPDATE));
        let payload = Payload {
            event: pressed.digit.event(),
            end,
            volume: VOLUME,
            duration: u16::try_from(ticks(length, clock)).unwrap_or(u16::MAX),
        };
        let step = Step::Send { payload, timestamp: pressed.timestamp, marker: !pressed.started };
        pressed.started = true;
        pressed.ends += u8::from(end);
        if pressed.ends >= ENDS {
            self.pressed = None;
            self.due = Some(now + pressed.gap);
        } else {
            self.pressed = Some(pressed);
            let wait = if end { UPDATE } else { UPDATE.min(pressed.tone.saturating_sub(held)) };
            self.due = Some(now + wait);
        }
        step
    }
}

/// The longest event whose length in ticks of `clock` Hz 16 bits hold: 8 s at 8000 Hz, 1.3 s at
/// 48 kHz.
fn longest(clock: u32) -> Duration {
    Duration::from_secs(u64::from(u16::MAX)) / clock.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::MAX_WAITING;
    use crate::telephone_event::Receiver;

    const CLOCK: u32 = 8000;
    const TONE: Duration = Duration::from_millis(100);
    const GAP: Duration = Duration::from_millis(70);

    /// Runs a sender to its end on simulated time.
    fn run(sender: &mut Sender, start: Instant) -> Vec<(Duration, Step)> {
        let mut steps = Vec::new();
        while let Some(now) = sender.deadline() {
            let timestamp = ticks(now - start, CLOCK);
            while let Some(step) = sender.step(now, CLOCK, timestamp) {
                steps.push((now - start, step));
            }
        }
        steps
    }

    fn order(keys: &str) -> (Sender, Instant) {
        let (mut sender, now) = (Sender::default(), crate::simulated::origin());
        assert!(sender.order(now, &keys.parse().unwrap(), TONE, GAP, true));
        (sender, now)
    }

    #[test]
    fn one_key_is_updates_of_growing_length_and_three_ends() {
        let (mut sender, now) = order("7");
        let sent: Vec<_> = run(&mut sender, now)
            .into_iter()
            .filter_map(|(_, step)| match step {
                Step::Send { payload, timestamp, marker } => {
                    assert_eq!(timestamp, 0);
                    Some((payload.duration, payload.end, marker))
                }
                Step::Done => None,
            })
            .collect();
        assert_eq!(sent[0], (160, false, true));
        assert!(sent.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        assert!(sent[1..].iter().all(|(_, _, marker)| !marker));
        let ends: Vec<_> = sent.iter().filter(|(_, end, _)| *end).collect();
        assert_eq!(ends, [&(800, true, false); 3]);
    }

    #[test]
    fn the_receiver_hears_every_key_in_order_and_once() {
        let (mut sender, now) = order("1133#");
        let mut receiver = Receiver::default();
        let heard: String = run(&mut sender, now)
            .into_iter()
            .filter_map(|(at, step)| match step {
                Step::Send { payload, timestamp, .. } => receiver.receive(now + at, 9, timestamp, CLOCK, payload),
                Step::Done => None,
            })
            .map(|press| {
                assert_eq!(press.duration, TONE);
                press.digit.as_char()
            })
            .collect();
        assert_eq!(heard, "1133#");
    }

    #[test]
    fn done_comes_after_the_last_gap() {
        let (mut sender, now) = order("12");
        let steps = run(&mut sender, now);
        assert_eq!(steps.last(), Some(&((TONE + UPDATE * 2 + GAP) * 2, Step::Done)));
        assert_eq!(steps.iter().filter(|(_, step)| *step == Step::Done).count(), 1);
    }

    #[test]
    fn as_many_keys_as_can_be_ordered_together_can_be_ordered_one_by_one() {
        let (mut sender, now) = (Sender::default(), crate::simulated::origin());
        let key = "5".parse().unwrap();
        assert!((0..Digits::MAX).all(|_| sender.order(now, &key, TONE, GAP, true)));
    }

    #[test]
    fn orders_are_sent_one_after_the_other_and_bounded() {
        let (mut sender, now) = order("1");
        let digits = "2".parse().unwrap();
        let taken = (0..500).filter(|_| sender.order(now, &digits, TONE, GAP, true)).count();
        assert_eq!(taken, MAX_WAITING - 1);
        let done = run(&mut sender, now);
        assert_eq!(done.iter().filter(|(_, step)| *step == Step::Done).count(), MAX_WAITING);
    }

    #[test]
    fn an_order_that_is_not_announced_is_sent_without_a_word() {
        let (mut sender, now) = (Sender::default(), crate::simulated::origin());
        sender.order(now, &"1".parse().unwrap(), TONE, GAP, false);
        let steps = run(&mut sender, now);
        assert!(!steps.is_empty() && steps.iter().all(|(_, step)| *step != Step::Done));
    }

    #[test]
    fn lengths_out_of_range_are_taken_to_the_nearer_end() {
        let (mut sender, now) = (Sender::default(), crate::simulated::origin());
        let hour = Duration::from_secs(3600);
        sender.order(now, &"1".parse().unwrap(), hour, Duration::ZERO, true);
        let steps = run(&mut sender, now);
        assert_eq!(steps.last().unwrap().0, LONGEST + UPDATE * 2 + SHORTEST_GAP);
    }

    #[test]
    fn on_a_fast_clock_a_key_is_no_longer_than_its_length_can_be_told() {
        let (mut sender, now) = (Sender::default(), crate::simulated::origin());
        sender.order(now, &"1".parse().unwrap(), LONGEST, GAP, true);
        let mut ends = Vec::new();
        while let Some(now) = sender.deadline() {
            if let Some(Step::Send { payload: Payload { end: true, duration, .. }, .. }) = sender.step(now, 48_000, 0) {
                ends.push((now, duration));
            }
        }
        let told = Duration::from_secs(u64::from(ends[0].1)) / 48_000;
        assert_eq!((ends[0].0 - now).as_millis(), told.as_millis());
    }

    #[test]
    fn a_late_clock_still_ends_the_key() {
        let (mut sender, now) = order("1");
        sender.step(now, CLOCK, 0);
        let late = now + Duration::from_secs(60);
        let Some(Step::Send { payload, .. }) = sender.step(late, CLOCK, 0) else { panic!("nothing sent") };
        assert!(payload.end);
        assert_eq!(payload.duration, 800);
    }
}
