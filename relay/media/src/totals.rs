//! What a worker has counted, for everybody to see.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::event::LegStats;

/// Counters of all legs since the start, those that are closed included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// RTP packets accepted.
    pub received: u64,
    /// RTP packets sent.
    pub sent: u64,
    /// Packets of sound and pictures that never came.
    pub lost: u64,
    /// Datagrams from sources that were not the leg's peer.
    pub strangers: u64,
    /// Packets that were malformed or failed authentication.
    pub invalid: u64,
    /// Good packets for which the other leg had no such format.
    pub untranslatable: u64,
    /// Datagrams at the browsers' ports that belonged to no leg.
    pub unclaimed: u64,
    /// Turns of the workers' loops.
    pub turns: u64,
    /// Legs whose sound is decoded at the moment.
    pub transcoded: u64,
}

impl Totals {
    const FIELDS: usize = 9;

    /// Adds what a leg has counted.
    pub(crate) fn add(&mut self, stats: &LegStats) {
        let lost = |lost: i64| u64::try_from(lost).unwrap_or(0);
        self.received += stats.audio.received_packets + stats.video.received_packets;
        self.sent += stats.audio.sent_packets + stats.video.sent_packets;
        self.lost += lost(stats.audio.lost) + lost(stats.video.lost);
        self.strangers += stats.strangers;
        self.invalid += stats.invalid;
        self.untranslatable += stats.untranslatable;
    }

    /// Adds what another worker has counted.
    #[must_use]
    pub(crate) fn plus(self, other: Self) -> Self {
        let mut sum = self.values();
        for (sum, value) in sum.iter_mut().zip(other.values()) {
            *sum += value;
        }
        Self::of(sum)
    }

    const fn values(self) -> [u64; Self::FIELDS] {
        let Self { received, sent, lost, strangers, invalid, untranslatable, unclaimed, turns, transcoded } = self;
        [received, sent, lost, strangers, invalid, untranslatable, unclaimed, turns, transcoded]
    }

    const fn of(values: [u64; Self::FIELDS]) -> Self {
        let [received, sent, lost, strangers, invalid, untranslatable, unclaimed, turns, transcoded] = values;
        Self { received, sent, lost, strangers, invalid, untranslatable, unclaimed, turns, transcoded }
    }
}

/// A worker's totals as it published them last.
#[derive(Debug, Default)]
pub(crate) struct Published([AtomicU64; Totals::FIELDS]);

impl Published {
    /// Once a second or so: others see it from then on.
    pub(crate) fn publish(&self, totals: Totals) {
        for (published, value) in self.0.iter().zip(totals.values()) {
            published.store(value, Ordering::Relaxed);
        }
    }

    /// What was published last.
    pub(crate) fn read(&self) -> Totals {
        Totals::of(self.0.each_ref().map(|published| published.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_published_is_read_and_sums_up() {
        let mut stats = LegStats::default();
        (stats.audio.received_packets, stats.video.sent_packets, stats.audio.lost) = (5, 7, -3);
        let mut totals = Totals { turns: 2, ..Totals::default() };
        totals.add(&stats);
        totals.add(&stats);
        let published = Published::default();
        published.publish(totals);
        let expected = Totals { received: 10, sent: 14, turns: 2, ..Totals::default() };
        assert_eq!(published.read(), expected);
        assert_eq!(published.read().plus(expected), Totals { received: 20, sent: 28, turns: 4, ..Totals::default() });
    }
}
