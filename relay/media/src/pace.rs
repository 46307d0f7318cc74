//! How long a worker waits for more before its next turn.
//!
//! Waking up costs as much as carrying a packet does. With many calls a packet comes every few microseconds; whoever wakes
//! for each does little else. So a worker that has enough to do turns a thousand times a second, and carries what has come
//! in between: each packet is at most that much later, half of it on average, and goes out with others. With few calls
//! it wakes for every packet.

use std::time::{Duration, Instant};

/// From the beginning of a turn to that of the next, where packets are gathered.
const GATHERED: Duration = Duration::from_millis(1);
/// Over which it is counted how many come.
const COUNTED: Duration = Duration::from_millis(20);
/// Packets in that time from which gathering pays: two for each turn.
const ENOUGH: usize = 2 * (COUNTED.as_millis() / GATHERED.as_millis()) as usize;

/// Whether a worker gathers.
#[derive(Debug)]
pub(crate) struct Pace {
    since: Instant,
    counted: usize,
    gathers: bool,
}

impl Pace {
    /// That of a worker that has nothing to do yet.
    pub(crate) const fn new(now: Instant) -> Self {
        Self { since: now, counted: 0, gathers: false }
    }

    /// A turn that began at `turn` has carried so many packets. When the next begins at the earliest; `None` for at once.
    pub(crate) fn next(&mut self, turn: Instant, packets: usize) -> Option<Instant> {
        self.counted += packets;
        let elapsed = turn.saturating_duration_since(self.since);
        if elapsed >= COUNTED {
            // A longer while, after which somebody woke it, counts for what it was.
            self.gathers = elapsed < COUNTED * 2 && self.counted >= ENOUGH;
            (self.since, self.counted) = (turn, 0);
        }
        self.gathers.then_some(turn + GATHERED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulated::origin;

    /// Turns of a second with so many packets each, so far apart. How many of them were followed by a wait.
    fn waits(pace: &mut Pace, start: Instant, apart: Duration, packets: usize) -> (usize, usize) {
        let turns =
            (1..).map(|number| start + apart * number).take_while(|&turn| turn < start + Duration::from_secs(1));
        let waits: Vec<_> = turns.map(|turn| pace.next(turn, packets).is_some()).collect();
        (waits.iter().filter(|&&waits| waits).count(), waits.len())
    }

    #[test]
    fn who_has_little_to_do_wakes_for_every_packet() {
        let (start, mut pace) = (origin(), Pace::new(origin()));
        let (waits, _) = waits(&mut pace, start, Duration::from_millis(1), 1);
        assert_eq!(waits, 0);
    }

    #[test]
    fn who_has_much_to_do_gathers_and_ceases_when_it_is_over() {
        let (start, mut pace) = (origin(), Pace::new(origin()));
        let (gathered, turns) = waits(&mut pace, start, Duration::from_micros(100), 1);
        assert!(gathered > turns * 9 / 10);
        let next = pace.next(start + Duration::from_secs(1), 1);
        assert_eq!(next, Some(start + Duration::from_secs(1) + GATHERED));
        let later = start + Duration::from_secs(10);
        assert_eq!(pace.next(later, 50), None);
        assert_eq!(waits(&mut pace, later, Duration::from_millis(10), 1).0, 0);
    }
}
