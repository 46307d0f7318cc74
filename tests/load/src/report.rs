//! What became of packets.

use std::ops::AddAssign;

use serde::Serialize;

use crate::latency::Summary;

/// Counts of packets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    pub(crate) sent: u64,
    /// Each once, as it was sent.
    pub(crate) received: u64,
    /// Of these, behind a later one.
    pub(crate) disordered: u64,
    /// More than once, or very late.
    pub(crate) again: u64,
    /// Not as it was sent, or not for this end.
    pub(crate) foreign: u64,
    /// Of those received, with somebody speaking in them.
    pub(crate) voiced: u64,
}

impl Tally {
    pub(crate) const fn lost(&self) -> u64 {
        self.sent.saturating_sub(self.received)
    }

    /// Whether nobody is heard: a third of what is said are pauses at most.
    const fn is_silent(&self) -> bool {
        self.sent > 0 && (self.received == 0 || self.voiced * 3 < self.received)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.received += other.received;
        self.disordered += other.disordered;
        self.again += other.again;
        self.foreign += other.foreign;
        self.voiced += other.voiced;
    }
}

/// What became of the packets of a window, or of streams that are over.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Report {
    pub(crate) streams: usize,
    #[serde(flatten)]
    pub(crate) tally: Tally,
    pub(crate) lost: u64,
    /// Streams that lost something.
    pub(crate) lossy: usize,
    /// Streams of which nothing arrived, or nobody speaking.
    pub(crate) silent: usize,
    /// Milliseconds under way.
    pub(crate) latency: Summary,
    /// How late the generator itself was at worst, in milliseconds.
    pub(crate) late: f64,
}

impl Report {
    /// Sums up.
    pub(crate) fn new(tallies: impl Iterator<Item = Tally>, latency: Summary, late: f64) -> Self {
        let empty = Self { streams: 0, tally: Tally::default(), lost: 0, lossy: 0, silent: 0, latency, late };
        tallies.fold(empty, |mut report, tally| {
            report.streams += 1;
            report.tally += tally;
            report.lost += tally.lost();
            report.lossy += usize::from(tally.lost() > 0);
            report.silent += usize::from(tally.is_silent());
            report
        })
    }
}
