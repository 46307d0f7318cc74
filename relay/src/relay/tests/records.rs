//! What is kept of calls that are over.

use offhook_media::{Event, LegStats};

use super::*;
use crate::call::{LegKind, Party};

impl World {
    /// The media workers say their last word about these legs.
    fn last_word(&mut self, legs: &[LegId]) {
        for &leg in legs {
            let mut stats = LegStats::default();
            stats.audio.received_packets = 50;
            self.input(Input::Media(Event::Stats { leg, stats: Box::new(stats) }));
        }
    }
}

#[test]
fn a_call_that_was_answered_has_its_times_its_end_and_its_legs() {
    let mut world = World::demo();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    let began = world.now;
    world.call(alice, "a1", "bob");
    world.later(Duration::from_secs(3));
    let call = world.answer(bob);
    let legs = world.media.open_legs();
    world.later(Duration::from_secs(60));
    world.result(bob, "hangup", json!({"callId": call}));
    assert!(world.records.is_empty(), "its legs have not had their last word");
    world.last_word(&legs);
    let [record] = &world.records[..] else { panic!("{:?}", world.records) };
    assert_eq!((record.caller.as_str(), record.callee.as_str()), ("alice", "bob"));
    assert_eq!(record.kinds, (LegKind::Browser, LegKind::Browser));
    assert_eq!((record.started, record.answered), (began, Some(began + Duration::from_secs(3))));
    assert_eq!((record.end.at, record.end.by), (began + Duration::from_secs(63), Some(Party::Callee)));
    assert_eq!((record.end.reason.as_str(), record.end.sip_status), ("hungUp", None));
    let packets = record.legs.iter().map(|leg| leg.figures.as_ref().map(|leg| leg.received.audio.packets));
    assert_eq!(packets.collect::<Vec<_>>(), [Some(50), Some(50)]);
}

#[test]
fn a_call_that_leads_nowhere_has_the_status_and_no_answer() {
    let mut world = World::demo();
    let alice = world.user("alice");
    world.call(alice, "a1", "busy");
    world.later(Duration::from_secs(3));
    let legs = [LegId(1), LegId(2), LegId(3), LegId(4), LegId(5), LegId(6)];
    world.last_word(&legs);
    let [record] = &world.records[..] else { panic!("{:?}", world.records) };
    assert_eq!((record.callee.as_str(), record.answered), ("busy", None));
    assert_eq!((record.end.by, record.end.sip_status), (Some(Party::Callee), Some(486)));
    assert_eq!(record.end.reason, "busy");
}

#[test]
fn who_hides_stays_hidden() {
    let mut world = World::demo();
    let (alice, bob) = (world.user("alice"), world.user("bob"));
    world.result(alice, "call", json!({"callId": "a1", "callee": "bob", "sdp": OFFER, "anonymous": true}));
    let legs = world.media.open_legs();
    world.answer(bob);
    world.result(alice, "hangup", json!({"callId": "a1"}));
    world.last_word(&legs);
    assert_eq!(world.records[0].caller, "anonymous");
    assert_eq!(world.records[0].end.by, Some(Party::Caller));
}

#[test]
fn a_worker_that_says_nothing_is_not_waited_for() {
    let mut world = World::demo();
    let (alice, _, _) = world.conversation();
    world.result(alice, "hangup", json!({"callId": "a1"}));
    assert!(world.relay.has_records());
    world.later(Duration::from_secs(2));
    assert_eq!(world.records.len(), 1);
    assert!(world.records[0].legs.iter().all(|leg| leg.figures.is_none()));
    assert!(!world.relay.has_records());
}

#[test]
fn a_relay_that_stops_says_so_in_its_records() {
    let mut world = World::demo();
    world.conversation();
    world.relay.stop(world.now);
    world.collect();
    world.later(Duration::from_secs(2));
    assert_eq!((world.records[0].end.by, world.records[0].end.reason.as_str()), (None, "shuttingDown"));
}
