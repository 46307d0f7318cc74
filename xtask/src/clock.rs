//! How long things take: the one place that reads the clock.

use std::fmt;
use std::time::{Duration, Instant};

/// A running stopwatch.
#[derive(Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts at zero.
    #[expect(clippy::disallowed_methods, reason = "measuring builds and tests is an edge")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub(crate) fn read(self) -> Took {
        Took(self.0.elapsed())
    }
}

/// A duration as people say it: `0.4 s`, `12 s`, `3 min 05 s`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took(pub(crate) Duration);

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let text = match seconds {
            0..10 => format!("{:.1} s", self.0.as_secs_f64()),
            10..60 => format!("{seconds} s"),
            _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_naturally() {
        let say = |seconds| Took(Duration::from_secs_f64(seconds)).to_string();
        assert_eq!(say(0.44), "0.4 s");
        assert_eq!(say(12.7), "12 s");
        assert_eq!(say(185.0), "3 min 05 s");
    }
}
