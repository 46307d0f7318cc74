//! When sound that came in has stopped.

use crate::Millis;
use crate::call::MediaEvent;

/// How long no packet may come. Telephony sends one every 20 ms.
const SILENCE: Millis = 1_000;

/// A count of packets over time.
#[derive(Debug, Default)]
pub struct Progress {
    packets: f64,
    /// When the count was last seen to rise.
    risen: Option<Millis>,
    silent: bool,
}

impl Progress {
    /// Takes in the count at a time. Before the first packet nothing is missed.
    pub fn seen(&mut self, packets: f64, now: Millis) -> Option<MediaEvent> {
        if packets > self.packets {
            self.packets = packets;
            self.risen = Some(now);
            return std::mem::take(&mut self.silent).then_some(MediaEvent::Flowing);
        }
        let late = self.risen.is_some_and(|risen| now >= risen.saturating_add(SILENCE));
        (late && !std::mem::replace(&mut self.silent, true)).then_some(MediaEvent::Silent)
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;

    fn news(counts: &[(f64, Millis)]) -> Vec<MediaEvent> {
        let mut progress = Progress::default();
        counts.iter().filter_map(|(packets, now)| progress.seen(*packets, *now)).collect()
    }

    #[test]
    fn packets_that_come_are_no_news() {
        assert_eq!(news(&[(0.0, 0), (25.0, 500), (50.0, 1_000), (51.0, 1_900)]), []);
    }

    #[test]
    fn before_the_first_packet_nothing_is_missed() {
        assert_eq!(news(&[(0.0, 0), (0.0, 5_000)]), []);
    }

    #[test]
    fn a_second_without_packets_is_told_once() {
        assert_eq!(news(&[(25.0, 500), (25.0, 1_400), (25.0, 1_500), (25.0, 2_000)]), [MediaEvent::Silent]);
    }

    #[test]
    fn packets_that_come_again_are_told_once() {
        let counts = [(25.0, 500), (25.0, 2_000), (30.0, 2_500), (55.0, 3_000), (55.0, 4_000)];
        assert_eq!(news(&counts), [MediaEvent::Silent, MediaEvent::Flowing, MediaEvent::Silent]);
    }
}
