//! What the sound of a leg is like, each direction by itself: what comes from it, by our own counters, and what is sent
//! to it, by its reports.
//!
//! Packets are only counted as they pass. Every few seconds a watch compares the counters with those before: what was
//! lost in between gives an estimate ([`emodel`]), and estimates that are bad, or good again, give a report.

pub mod emodel;
mod report;
mod verdict;
mod watch;

pub use report::{Causes, QualityReport, Sound, Way};
pub use verdict::Thresholds;
pub(crate) use watch::{Playout, Watch, Window};
