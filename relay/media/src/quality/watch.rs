//! Comparing a leg's counters with those of a few seconds ago.

use std::time::{Duration, Instant};

use super::emodel::{self, Equipment, Network};
use super::report::{Causes, QualityReport, Sound, Way};
use super::verdict::{Thresholds, Verdict};
use crate::format::Codec;
use crate::rtcp::{Gaps, Heard};

/// What a packet lasts, as most do.
const PACKET: Duration = Duration::from_millis(20);
/// Whoever plays packets waits for them about so many times their jitter, where nobody says how long.
const PATIENCE: u32 = 2;
/// And at most so long.
const LONGEST_WAIT: Duration = Duration::from_millis(200);
/// What takes this part of all that a network costs is a cause.
const CAUSE: f64 = 0.25;

/// What is known of sound that is decoded here.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Playout {
    /// How much was made up in the place of lost packets.
    pub concealed: Duration,
    /// Packets that came too late to be played.
    pub late: u64,
    /// How long packets are kept at the moment, to play them evenly.
    pub delay: Option<Duration>,
}

/// The counters of a leg's sound at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// Whether sound is expected from it, and may be sent to it.
    pub receives: bool,
    pub sends: bool,
    /// Whether it may say nothing while nobody speaks there, as agreed.
    pub pauses: bool,
    pub received: u64,
    pub lost: i64,
    pub gaps: Gaps,
    pub jitter: Duration,
    pub playout: Playout,
    /// What its peer has reported last.
    pub heard: Option<Heard>,
    pub round_trip: Option<Duration>,
    /// Codecs of what is received and sent.
    pub codecs: (Option<Codec>, Option<Codec>),
}

/// Watches over a leg's sound from the moment on when it is expected.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    due: Option<Instant>,
    before: Option<Window>,
    received: Opinions,
    sent: Opinions,
}

/// The estimates of one direction.
#[derive(Debug, Default)]
struct Opinions {
    verdict: Verdict,
    last: Option<f32>,
    lowest: Option<f32>,
    sum: f64,
    count: u32,
}

/// What one direction was like in between.
struct Measured {
    codec: Option<Codec>,
    loss: f64,
    burst_ratio: f64,
    jitter: Duration,
    /// How long whoever plays it waits for packets, where that is known.
    wait: Option<Duration>,
    round_trip: Option<Duration>,
}

impl Watch {
    /// Begins to watch.
    pub(crate) fn begin(&mut self, now: Instant, thresholds: &Thresholds) {
        if self.due.is_none() {
            self.due = Some(now + thresholds.interval);
        }
    }

    /// When the next estimate is due.
    #[must_use]
    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// Makes the estimates that are due, of the time since the last. What has changed is told by `tell`.
    pub(crate) fn expire(
        &mut self,
        now: Instant,
        window: Window,
        thresholds: &Thresholds,
        mut tell: impl FnMut(QualityReport),
    ) {
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        self.due = Some(now + thresholds.interval);
        let before = self.before.replace(window);
        if !window.receives {
            self.received.verdict.rest();
        } else if before.is_none_or(|before| before.receives) {
            match received(before.as_ref(), &window) {
                None if window.pauses => {}
                measured => self.received.judge(Way::Received, measured, &window, thresholds, &mut tell),
            }
        }
        // Nothing is known without a new report.
        if window.sends
            && let Some(measured) = sent(before.as_ref(), &window)
        {
            self.sent.judge(Way::Sent, Some(measured), &window, thresholds, &mut tell);
        }
    }

    /// What is known of both directions so far, `received` and `sent`.
    #[must_use]
    pub(crate) fn sounds(&self, window: &Window) -> (Sound, Sound) {
        let lost = u64::try_from(window.lost).unwrap_or(0);
        let ratio = burst_ratio(window.gaps, share(lost, window.received + lost));
        let received = Sound {
            codec: window.codecs.0,
            lost,
            jitter: (window.received > 0).then_some(window.jitter),
            burst_ratio: (window.gaps.count > 0).then_some(ratio as f32),
            concealed: window.playout.concealed,
            late: window.playout.late,
            ..self.received.sound()
        };
        let sent = Sound {
            codec: window.codecs.1,
            lost: window.heard.map_or(0, |heard| heard.lost),
            jitter: window.heard.map(|heard| heard.jitter),
            ..self.sent.sound()
        };
        (received, sent)
    }
}

/// What came since `before`; `None` where nothing did.
fn received(before: Option<&Window>, window: &Window) -> Option<Measured> {
    let was = |count: fn(&Window) -> u64| before.map_or(0, count);
    let came = window.received.saturating_sub(was(|window| window.received));
    if came == 0 {
        return None;
    }
    let lost = u64::try_from(window.lost - before.map_or(0, |before| before.lost)).unwrap_or(0);
    let late = window.playout.late.saturating_sub(was(|window| window.playout.late));
    let loss = share(lost + late, came + lost);
    let gaps = Gaps {
        count: window.gaps.count.saturating_sub(was(|window| window.gaps.count)),
        missing: window.gaps.missing.saturating_sub(was(|window| window.gaps.missing)),
    };
    Some(Measured {
        codec: window.codecs.0,
        loss,
        burst_ratio: burst_ratio(gaps, loss),
        jitter: window.jitter,
        wait: window.playout.delay,
        round_trip: window.round_trip,
    })
}

/// What the peer says it heard since `before`; `None` where it has said nothing since, or was sent nothing.
fn sent(before: Option<&Window>, window: &Window) -> Option<Measured> {
    let heard = window.heard?;
    let (lost, sent) = before.and_then(|before| before.heard).map_or((0, 0), |heard| (heard.lost, heard.sent));
    let sent = heard.sent.checked_sub(sent).filter(|&sent| sent > 0)?;
    Some(Measured {
        codec: window.codecs.1,
        loss: share(heard.lost.saturating_sub(lost), sent),
        burst_ratio: 1.0,
        jitter: heard.jitter,
        wait: None,
        round_trip: window.round_trip,
    })
}

/// By chance, rows of losses are 1 / (1 - loss) long on average.
fn burst_ratio(gaps: Gaps, loss: f64) -> f64 {
    if gaps.count == 0 { 1.0 } else { (gaps.missing as f64 / gaps.count as f64 * (1.0 - loss)).max(1.0) }
}

fn share(part: u64, whole: u64) -> f64 {
    (part as f64 / whole.max(1) as f64).min(1.0)
}

impl Measured {
    fn wait(&self) -> Duration {
        self.wait.unwrap_or_else(|| (self.jitter * PATIENCE).min(LONGEST_WAIT))
    }

    fn equipment(&self) -> Equipment {
        self.codec.map_or(Equipment::G711, Equipment::of)
    }

    fn network(&self) -> Network {
        let one_way = self.round_trip.unwrap_or_default() / 2;
        let delay = one_way + PACKET + self.wait() + self.equipment().delay;
        Network { loss: self.loss, burst_ratio: self.burst_ratio, delay }
    }

    fn mos(&self) -> f32 {
        emodel::mos(emodel::rating(self.equipment(), self.network())) as f32
    }

    /// What takes most of what is taken.
    fn causes(&self) -> Causes {
        let (equipment, network) = (self.equipment(), self.network());
        let loss = emodel::effective_impairment(equipment, network) - equipment.ie;
        let delay = emodel::delay_impairment(network.delay);
        let without_jitter = emodel::delay_impairment(network.delay.saturating_sub(self.wait()));
        let all = loss + delay;
        let takes = |part: f64| part > 0.0 && part >= all * CAUSE;
        Causes {
            loss: takes(loss),
            jitter: takes(delay - without_jitter),
            delay: takes(without_jitter),
            silence: false,
        }
    }
}

impl Opinions {
    fn judge(
        &mut self,
        way: Way,
        measured: Option<Measured>,
        window: &Window,
        thresholds: &Thresholds,
        tell: &mut impl FnMut(QualityReport),
    ) {
        let mos = measured.as_ref().map(Measured::mos);
        self.last = mos;
        if let Some(mos) = mos {
            self.lowest = Some(self.lowest.map_or(mos, |lowest| lowest.min(mos)));
            self.sum += f64::from(mos);
            self.count = self.count.saturating_add(1);
        }
        let Some(bad) = self.verdict.judge(mos, thresholds) else { return };
        let causes = match &measured {
            _ if !bad => Causes::default(),
            Some(measured) => measured.causes(),
            None => Causes { silence: true, ..Causes::default() },
        };
        tell(QualityReport {
            way,
            bad,
            causes,
            mos,
            loss: measured.as_ref().map_or(1.0, |measured| measured.loss as f32),
            jitter: measured.map(|measured| measured.jitter).unwrap_or_default(),
            round_trip: window.round_trip,
        });
    }

    fn sound(&self) -> Sound {
        let mean = (self.count > 0).then(|| (self.sum / f64::from(self.count)) as f32);
        Sound { mos: self.last, mos_mean: mean, mos_lowest: self.lowest, ..Sound::default() }
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
