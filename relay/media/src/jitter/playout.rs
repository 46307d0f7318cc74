//! Which packet is next, or what to do without one.

use std::time::{Duration, Instant};

use super::delay::{Delays, signed};
use super::numbers::Numbers;
use super::slots::{SLOTS, Slots, Waiting};
use super::{Counts, FIRST_FRAME, MAX_FRAME, Pace, duration, signed_ticks};
use crate::rewrite::ticks;

/// Sound is made up for so long at most where no packet comes; then the stream pauses.
const MAX_CONCEALED: Duration = Duration::from_millis(200);
/// The delay may be off its target by a packet, and by no less than this.
const SLACK: Duration = Duration::from_millis(15);
/// Packets from one change of pace to the next.
const PACE_INTERVAL: u8 = 5;
/// What a packet leaves of the share of lost ones before it.
const LOSS_KEPT: f32 = 0.99;
/// Packets are being lost when this share of them is.
const LOSING: f32 = 0.005;

/// Where the play-out stands.
#[derive(Debug)]
pub(super) struct State {
    pub(super) phase: Phase,
    pub(super) delay: Duration,
    /// The timestamp the latest packet had, its clock, and its run.
    last: u32,
    clock: u32,
    run: u32,
    /// Length of a packet, in ticks.
    frame: u32,
    /// Sound made up since `last`, for no packet in particular, in ticks.
    made_up: u32,
    since_pace: u8,
    loss: f32,
}

/// Whether sound is to follow the last without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Playing,
    /// The next packet is played once it has waited its time.
    Paused {
        /// Nobody said that there would be a pause.
        stalled: bool,
    },
}

/// What [`State::step`] found.
#[derive(Debug)]
pub(super) enum Step {
    Nothing,
    /// So many ticks are missing. The packet after them is there, where it is named.
    Lost {
        ticks: u32,
        next: Option<u64>,
    },
    Play {
        packet: Waiting,
        pace: Pace,
    },
}

/// What a step works on.
pub(super) struct Desk<'a> {
    pub(super) now: Instant,
    pub(super) target: Duration,
    pub(super) max: Duration,
    pub(super) numbers: &'a mut Numbers,
    pub(super) slots: &'a mut Slots,
    pub(super) delays: &'a Delays,
    pub(super) counts: &'a mut Counts,
}

impl Default for State {
    fn default() -> Self {
        let clock = 8000;
        Self {
            phase: Phase::Paused { stalled: true },
            delay: Duration::ZERO,
            last: 0,
            clock,
            run: 0,
            frame: ticks(FIRST_FRAME, clock),
            made_up: 0,
            since_pace: 0,
            loss: 0.0,
        }
    }
}

impl State {
    /// Length of a packet.
    pub(super) fn frame(&self) -> Duration {
        duration(self.frame, self.clock)
    }

    /// The packet played last was so long.
    pub(super) fn set_frame(&mut self, frame: u32) {
        if (1..=ticks(MAX_FRAME, self.clock)).contains(&frame) {
            self.frame = frame;
        }
    }

    /// A packet with this timestamp came right after `before`, which still waits.
    pub(super) fn learn_frame(&mut self, before: &Waiting, timestamp: u32, clock: u32) {
        if clock == before.clock && clock == self.clock {
            self.set_frame(timestamp.wrapping_sub(before.timestamp));
        }
    }

    /// Whether packets are being lost.
    pub(super) fn is_losing(&self) -> bool {
        self.loss > LOSING
    }

    /// Another stream begins.
    pub(super) fn restart(&mut self) {
        (self.phase, self.made_up) = (Phase::Paused { stalled: true }, 0);
    }

    /// The next thing to do. Each turn of the loop ends the turn of a packet, and there are no more than
    /// [`SLOTS`].
    pub(super) fn step(&mut self, desk: &mut Desk<'_>) -> Step {
        for _ in 0..=2 * SLOTS {
            let was_other = desk.pass_others();
            let Some(head) = desk.head() else {
                if was_other {
                    // A key is pressed, say: no sound is missing meanwhile.
                    self.phase = Phase::Paused { stalled: false };
                }
                return self.run_dry(desk);
            };
            if self.is_too_much(desk, &head) {
                desk.counts.lost += desk.numbers.pass_all_before(head.number);
                desk.counts.skipped += 1;
                desk.slots.remove(head.number);
                desk.numbers.pass(false);
                self.went_to(&head);
                continue;
            }
            let step = match self.phase {
                Phase::Paused { .. } => Some(self.resume(desk, head)),
                Phase::Playing => self.go_on(desk, head),
            };
            if let Some(step) = step {
                return step;
            }
        }
        Step::Nothing
    }

    /// The first packet after a pause.
    fn resume(&mut self, desk: &mut Desk<'_>, head: Waiting) -> Step {
        if !self.is_due(desk, &head) {
            return Step::Nothing;
        }
        desk.counts.lost += desk.numbers.pass_all_before(head.number);
        self.phase = Phase::Playing;
        self.play(desk, head, Pace::Even)
    }

    /// The packet after the last, or what is missing between the two. `None` where what was missing
    /// has been made up for already.
    fn go_on(&mut self, desk: &mut Desk<'_>, head: Waiting) -> Option<Step> {
        let missing = head.number.saturating_sub(desk.numbers.next());
        let gap = self.gap(&head, missing);
        if missing == 0 {
            // The sender paused without a word, as it does where nobody speaks.
            let paused = gap > self.frame / 2 && gap > self.made_up;
            if paused && !self.is_due(desk, &head) {
                return Some(Step::Nothing);
            }
            let pace = self.pace(desk, &head);
            return Some(self.play(desk, head, pace));
        }
        desk.counts.lost += 1;
        self.count_loss(true);
        desk.numbers.pass(false);
        let filled = gap.min(self.frame);
        self.last = self.last.wrapping_add(filled);
        if self.made_up >= filled {
            self.made_up -= filled;
            return None;
        }
        // Part of it was made up when it was not known to be lost.
        let ticks = filled - std::mem::take(&mut self.made_up);
        desk.counts.concealed += duration(ticks, self.clock);
        Some(Step::Lost { ticks, next: (missing == 1).then_some(head.number) })
    }

    /// Ticks between the end of what was played last and the beginning of `head`.
    fn gap(&self, head: &Waiting, missing: u64) -> u32 {
        if head.run == self.run && head.clock == self.clock {
            let gap = signed(head.timestamp, self.last.wrapping_add(self.frame));
            return gap.max(0).unsigned_abs();
        }
        self.frame.saturating_mul(u32::try_from(missing).unwrap_or(u32::MAX))
    }

    /// Nothing waits.
    fn run_dry(&mut self, desk: &mut Desk<'_>) -> Step {
        if self.phase != Phase::Playing {
            return Step::Nothing;
        }
        if self.made_up >= ticks(MAX_CONCEALED, self.clock) {
            self.restart();
            return Step::Nothing;
        }
        self.made_up = self.made_up.saturating_add(self.frame);
        desk.counts.concealed += self.frame();
        Step::Lost { ticks: self.frame, next: None }
    }

    fn play(&mut self, desk: &mut Desk<'_>, packet: Waiting, pace: Pace) -> Step {
        desk.slots.remove(packet.number);
        desk.numbers.pass(true);
        desk.counts.played += 1;
        self.count_loss(false);
        let delay = desk.delays.delay(desk.now, packet.clock, packet.timestamp);
        self.delay = duration(delay.max(0).unsigned_abs(), packet.clock);
        self.went_to(&packet);
        match pace {
            Pace::Even => self.since_pace = self.since_pace.saturating_add(1),
            Pace::Shorter => (self.since_pace, desk.counts.shortened) = (0, desk.counts.shortened + 1),
            Pace::Longer => (self.since_pace, desk.counts.lengthened) = (0, desk.counts.lengthened + 1),
        }
        Step::Play { packet, pace }
    }

    fn went_to(&mut self, packet: &Waiting) {
        if packet.clock != self.clock {
            self.frame = ticks(self.frame(), packet.clock).max(1);
            self.clock = packet.clock;
        }
        (self.last, self.run, self.made_up) = (packet.timestamp, packet.run, 0);
    }

    /// Whether a packet has waited its time. Asked once a packet, the answer is half a packet late
    /// on average.
    fn is_due(&self, desk: &Desk<'_>, head: &Waiting) -> bool {
        let wait = signed_ticks(desk.target.saturating_sub(self.frame() / 2), head.clock);
        head.run != desk.delays.run() || desk.delays.delay(desk.now, head.clock, head.timestamp) >= wait
    }

    /// Whether more sound waits than may.
    fn is_too_much(&self, desk: &Desk<'_>, head: &Waiting) -> bool {
        let frame = ticks(self.frame(), head.clock);
        let most = ticks(desk.max, head.clock).saturating_add(frame);
        desk.behind(head, frame) > most
    }

    /// Whether the delay is to change with this packet.
    fn pace(&self, desk: &Desk<'_>, head: &Waiting) -> Pace {
        if head.run != desk.delays.run() {
            return Pace::Even;
        }
        let frame = ticks(self.frame(), head.clock);
        let delay = desk.delays.delay(desk.now, head.clock, head.timestamp);
        let target = signed_ticks(desk.target, head.clock);
        let slack = signed_ticks(self.frame().max(SLACK), head.clock);
        let excess = delay.saturating_sub(target);
        let rested = self.since_pace >= PACE_INTERVAL;
        if excess > slack && (rested || excess > slack.saturating_mul(2)) && desk.behind(head, frame) >= frame {
            return Pace::Shorter;
        }
        match rested && excess < -slack / 2 {
            true => Pace::Longer,
            false => Pace::Even,
        }
    }

    fn count_loss(&mut self, lost: bool) {
        self.loss = self.loss * LOSS_KEPT + if lost { 1.0 - LOSS_KEPT } else { 0.0 };
    }
}

impl Desk<'_> {
    /// Passes what is no sound. Returns whether there was any.
    fn pass_others(&mut self) -> bool {
        let before = self.numbers.next();
        while self.slots.is_other(self.numbers.next()) {
            self.slots.remove(self.numbers.next());
            self.numbers.pass(true);
        }
        self.numbers.next() != before
    }

    /// The first packet that waits.
    fn head(&self) -> Option<Waiting> {
        (self.numbers.next()..=self.numbers.highest()).take(SLOTS as usize).find_map(|number| self.slots.get(number))
    }

    /// How much sound waits behind `head`, in ticks.
    fn behind(&self, head: &Waiting, frame: u32) -> u32 {
        let count = u32::try_from(self.numbers.highest().saturating_sub(head.number)).unwrap_or(u32::MAX);
        let by_count = frame.saturating_mul(count);
        match self.slots.get(self.numbers.highest()) {
            // Pauses between the two are no sound.
            Some(newest) if newest.run == head.run && newest.clock == head.clock => {
                signed(newest.timestamp, head.timestamp).max(0).unsigned_abs().min(by_count)
            }
            _ => by_count,
        }
    }
}
