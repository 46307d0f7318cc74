//! What calls are like, by what passes.

use super::*;
use crate::event::LegStats;
use crate::quality::{QualityReport, Way};

const WINDOW: Duration = Duration::from_secs(5);

/// A call that has been answered.
fn supervised() -> World {
    let mut world = call();
    world.command(Command::Supervise { leg: A });
    world.command(Command::Supervise { leg: B });
    world
}

impl World {
    /// Both telephones speak for so long. Of the first one's packets those are lost on the way here that `lost` says.
    fn speak(&mut self, time: Duration, lost: impl Fn(u32) -> bool) {
        let packets = (time.as_millis() / FRAME.as_millis()) as u32;
        for packet in 0..packets {
            for leg in [A, B] {
                let numbers = self.numbers.entry(leg).or_default();
                *numbers += 1;
                let number = *numbers;
                if leg == B || !lost(packet) {
                    self.sequence = number.wrapping_sub(1);
                    self.say(leg, 0, u32::from(number) * 160, &[0xff; 160]);
                }
            }
            self.pass(FRAME);
        }
    }

    fn judged(&mut self) -> Vec<(LegId, QualityReport)> {
        let events = self.events().into_iter();
        events
            .filter_map(|event| if let Event::Quality { leg, report } = event { Some((leg, report)) } else { None })
            .collect()
    }
}

#[test]
fn a_leg_that_loses_a_fifth_of_its_packets_is_called_bad_and_good_again() {
    let mut world = supervised();
    world.speak(WINDOW, |_| false);
    assert_eq!(world.judged(), []);
    world.speak(WINDOW * 2, |packet| packet % 5 == 4);
    let judged = world.judged();
    let [(leg, report)] = judged[..] else { panic!("{judged:?}") };
    assert_eq!((leg, report.way, report.bad, report.causes.loss), (A, Way::Received, true, true));
    let LegStats { received, audio, .. } = world.stats(A);
    assert!(received.mos.is_some_and(|mos| (2.4..2.9).contains(&mos)), "{received:?}");
    assert_eq!((received.codec, received.lost, audio.lost), (Some(Codec::Pcmu), 99, 99));
    world.speak(WINDOW * 3, |_| false);
    let judged = world.judged();
    assert!(matches!(judged[..], [(A, QualityReport { bad: false, .. })]), "{judged:?}");
}

#[test]
fn a_listener_is_not_blamed_for_what_the_speaker_lost() {
    let mut world = supervised();
    world.speak(WINDOW * 3, |packet| packet % 5 == 4);
    assert!(world.judged().iter().all(|(leg, _)| *leg == A));
    let stats = world.stats(B);
    assert_eq!((stats.sent.codec, stats.sent.lost), (Some(Codec::Pcmu), 0));
    assert!(stats.received.mos.is_some_and(|mos| mos > 4.3));
}

#[test]
fn one_way_sound_is_told_long_before_the_call_is_given_up() {
    let mut world = supervised();
    for packet in 0..750u16 {
        world.sequence = packet;
        world.say(B, 0, u32::from(packet) * 160, &[0xff; 160]);
        world.pass(FRAME);
    }
    let judged = world.judged();
    let [(leg, report)] = judged[..] else { panic!("{judged:?}") };
    assert_eq!((leg, report.way, report.causes.silence, report.mos), (A, Way::Received, true, None));
}
