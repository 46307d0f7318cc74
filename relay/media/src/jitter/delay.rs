//! How late packets come, and how long to wait for them.
//!
//! A packet's **transit** is the time it arrived less the time its timestamp says; only differences
//! between transits mean anything. The smallest of the last seconds is the **base**: what a packet
//! took that nothing held up. How much later than that packets come is kept in a histogram that
//! forgets, and the time that nearly all of them keep within is the **target**.

use std::time::{Duration, Instant};

use crate::rewrite::ticks;

/// Width of a class of the histogram, in milliseconds.
const CLASS: u32 = 5;
/// Classes; later packets count into the last.
const CLASSES: usize = 64;
/// The part of the packets that is to be there in time.
const IN_TIME: f32 = 0.98;
/// What a packet leaves of the weight of those before it: half of it is gone after 350 packets.
const KEPT: f32 = 0.998;
/// The sum of the histogram beyond which it is scaled down again.
const MOST: f32 = 1e4;
/// The class expected of a stream of which nothing is known: 40 ms.
const FIRST_GUESS: usize = 7;
/// The base is the smallest transit of this long, and of the same time before. A clock that is
/// 300 ppm wrong moves by a millisecond meanwhile.
const WINDOW: Duration = Duration::from_secs(2);
/// A transit so far from the base is another count of timestamps, not a late packet.
const ANOTHER_RUN: Duration = Duration::from_secs(2);

/// Statistics of the times packets take.
#[derive(Debug)]
pub(super) struct Delays {
    /// Transits count from here.
    began: Instant,
    base: Option<Base>,
    run: u32,
    histogram: [f32; CLASSES],
    /// The sum of the histogram. It grows instead of the older weights shrinking.
    total: f32,
    /// How much of the weight is kept at the next packet: little at first, so that the guess is
    /// soon forgotten.
    kept: f32,
}

#[derive(Debug, Clone, Copy)]
struct Base {
    clock: u32,
    /// When the present window began.
    since: Instant,
    /// Smallest transit of the window before, and of the present one.
    before: u32,
    present: u32,
}

impl Base {
    fn new(now: Instant, clock: u32, transit: u32) -> Self {
        Self { clock, since: now, before: transit, present: transit }
    }

    fn transit(&self) -> u32 {
        smaller(self.before, self.present)
    }

    fn follow(&mut self, now: Instant, transit: u32) {
        let age = now.saturating_duration_since(self.since);
        if age >= 2 * WINDOW {
            *self = Self::new(now, self.clock, transit);
        } else if age >= WINDOW {
            (self.since, self.before, self.present) = (now, self.present, transit);
        } else {
            self.present = smaller(self.present, transit);
        }
    }
}

impl Delays {
    pub(super) fn new(began: Instant) -> Self {
        let mut histogram = [0.0; CLASSES];
        if let Some(guess) = histogram.get_mut(FIRST_GUESS) {
            *guess = 1.0;
        }
        Self { began, base: None, run: 0, histogram, total: 1.0, kept: 0.5 }
    }

    /// Takes note of a packet that came. Returns the run its timestamp belongs to.
    pub(super) fn measure(&mut self, now: Instant, clock: u32, timestamp: u32) -> u32 {
        let transit = self.transit(now, clock, timestamp);
        let Some(base) = self.base.as_mut().filter(|base| base.clock == clock && is_near(base, transit)) else {
            self.run = self.run.wrapping_add(1);
            self.base = Some(Base::new(now, clock, transit));
            return self.run;
        };
        base.follow(now, transit);
        let late = signed(transit, base.transit()).max(0).unsigned_abs();
        self.count(late / (clock / (1000 / CLASS)).max(1));
        self.run
    }

    /// Forgets the base: what comes next may have been sent by a clock that stood still meanwhile.
    pub(super) fn forget_base(&mut self) {
        self.base = None;
    }

    /// The run of the latest timestamps.
    pub(super) fn run(&self) -> u32 {
        self.run
    }

    /// How long after the earliest time it could have been had a timestamp is played if it is now,
    /// in ticks of `clock`.
    pub(super) fn delay(&self, now: Instant, clock: u32, timestamp: u32) -> i32 {
        match &self.base {
            Some(base) if base.clock == clock => signed(self.transit(now, clock, timestamp), base.transit()),
            _ => 0,
        }
    }

    /// The delay within which nearly all packets come.
    pub(super) fn target(&self) -> Duration {
        let wanted = self.total * IN_TIME;
        let mut sum = 0.0;
        let class = self.histogram.iter().position(|weight| {
            sum += weight;
            sum >= wanted
        });
        let classes = class.map_or(CLASSES, |class| class + 1);
        Duration::from_millis(u64::from(CLASS)) * u32::try_from(classes).unwrap_or(0)
    }

    fn count(&mut self, class: u32) {
        let before = self.total;
        self.total /= self.kept;
        let class = usize::try_from(class).unwrap_or(CLASSES).min(CLASSES - 1);
        if let Some(weight) = self.histogram.get_mut(class) {
            *weight += self.total - before;
        }
        // 1/2, 2/3, 3/4, ...: every packet so far weighs the same, until they are many.
        self.kept = (1.0 / (2.0 - self.kept)).min(KEPT);
        if self.total > MOST {
            for weight in &mut self.histogram {
                *weight /= self.total;
            }
            self.total = self.histogram.iter().sum();
        }
    }

    fn transit(&self, now: Instant, clock: u32, timestamp: u32) -> u32 {
        ticks(now.saturating_duration_since(self.began), clock).wrapping_sub(timestamp)
    }
}

fn is_near(base: &Base, transit: u32) -> bool {
    signed(transit, base.transit()).unsigned_abs() <= ticks(ANOTHER_RUN, base.clock)
}

/// The distance from `from` to `to` on a circle of 32 bits.
pub(super) fn signed(to: u32, from: u32) -> i32 {
    to.wrapping_sub(from) as i32
}

fn smaller(one: u32, other: u32) -> u32 {
    if signed(one, other) < 0 { one } else { other }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: u32 = 8000;

    /// Packets of 20 ms, each held up by as many milliseconds as `held` says.
    fn measured(count: u32, held: impl Fn(u32) -> u64) -> (Delays, Instant) {
        let start = crate::simulated::origin();
        let mut delays = Delays::new(start);
        let mut now = start;
        for index in 0..count {
            now = start + Duration::from_millis(u64::from(index) * 20 + held(index));
            delays.measure(now, CLOCK, index.wrapping_mul(160).wrapping_sub(5000));
        }
        (delays, now)
    }

    #[test]
    fn the_guess_is_forgotten_within_a_second_or_two() {
        assert_eq!(measured(2, |_| 0).0.target(), Duration::from_millis(40));
        assert_eq!(measured(80, |_| 0).0.target(), Duration::from_millis(5));
    }

    #[test]
    fn the_target_is_what_nearly_all_keep_within() {
        let (delays, _) = measured(2000, |index| if index % 20 == 0 { 62 } else { u64::from(index % 10) });
        assert_eq!(delays.target(), Duration::from_millis(65));
        let (delays, _) = measured(2000, |index| if index % 200 == 0 { 62 } else { u64::from(index % 10) });
        assert_eq!(delays.target(), Duration::from_millis(10));
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let (delays, _) = measured(4000, |index| if index < 1000 { u64::from(index % 2) * 100 } else { 0 });
        assert_eq!(delays.target(), Duration::from_millis(5));
    }

    #[test]
    fn a_drifting_clock_is_followed() {
        // Each packet 6 us later than the last: 300 ppm.
        let (delays, now) = measured(50_000, |index| u64::from(index) * 6 / 1000);
        assert_eq!(delays.target(), Duration::from_millis(5));
        assert!(delays.delay(now, CLOCK, 49_999u32.wrapping_mul(160).wrapping_sub(5000)) <= 16);
    }

    #[test]
    fn another_clock_or_a_jump_begins_another_run() {
        let (mut delays, now) = measured(10, |_| 0);
        let run = delays.run();
        let expected = 1600u32.wrapping_sub(5000);
        assert_eq!(delays.measure(now, CLOCK, expected), run);
        assert_eq!(delays.measure(now, CLOCK, expected.wrapping_add(3 * CLOCK)), run + 1);
        assert_eq!(delays.measure(now, 48_000, 0), run + 2);
        assert_eq!(delays.delay(now, 48_000, 0), 0);
    }
}
