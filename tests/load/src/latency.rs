//! How long packets were under way.

use serde::Serialize;

/// Microseconds that are counted one by one.
const FINE: usize = 100_000;

/// A histogram in microseconds.
pub(crate) struct Latencies {
    counts: Vec<u32>,
    total: u64,
    max: u64,
}

/// What it says, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Summary {
    p50: f64,
    p99: f64,
    max: f64,
}

impl Latencies {
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; FINE], total: 0, max: 0 }
    }

    /// One more, in nanoseconds.
    pub(crate) fn add(&mut self, nanoseconds: u64) {
        let bucket = ((nanoseconds / 1000) as usize).min(FINE - 1);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
        self.total += 1;
        self.max = self.max.max(nanoseconds);
    }

    pub(crate) fn summary(&self) -> Summary {
        Summary { p50: self.percentile(50), p99: self.percentile(99), max: self.max as f64 / 1e6 }
    }

    pub(crate) fn clear(&mut self) {
        self.counts.fill(0);
        (self.total, self.max) = (0, 0);
    }

    fn percentile(&self, percent: u64) -> f64 {
        let mut below = self.total * percent / 100;
        for (bucket, &count) in self.counts.iter().enumerate() {
            match below.checked_sub(u64::from(count)) {
                Some(rest) => below = rest,
                None => return bucket as f64 / 1000.0,
            }
        }
        self.max as f64 / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_all_that_was_added() {
        let mut latencies = Latencies::new();
        for microseconds in 1..=1000 {
            latencies.add(microseconds * 1000);
        }
        assert_eq!(latencies.summary(), Summary { p50: 0.501, p99: 0.991, max: 1.0 });
        latencies.add(3_000_000_000);
        assert_eq!(latencies.summary().max, 3000.0);
        latencies.clear();
        assert_eq!(latencies.summary(), Summary { p50: 0.0, p99: 0.0, max: 0.0 });
    }
}
