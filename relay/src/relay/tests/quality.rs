//! Who is told what a call is like.

use offhook_media::{Causes, Codec, Event, LegStats, QualityReport, Way};

use super::*;

fn stats(packets: u64) -> Box<LegStats> {
    let mut stats = LegStats::default();
    stats.audio.received_packets = packets;
    stats.audio.sent_packets = packets;
    stats.received.codec = Some(Codec::Opus);
    stats.received.mos = Some(4.236);
    stats.round_trip = Some(Duration::from_millis(40));
    Box::new(stats)
}

fn lossy(way: Way) -> QualityReport {
    QualityReport {
        way,
        bad: true,
        causes: Causes { loss: true, ..Causes::default() },
        mos: Some(2.634),
        loss: 0.2,
        jitter: Duration::from_micros(2500),
        round_trip: None,
    }
}

impl World {
    /// Asks for a call's figures, which nobody has yet.
    fn ask_stats(&mut self, browser: Browser, id: u32, call_id: &str) {
        let request = json!({"id": id, "type": "stats", "callId": call_id}).to_string();
        let request = Box::new(Request::parse(&request).unwrap());
        self.input(Input::Received(browser.0, Received::Request(request)));
    }

    fn replies(&self, browser: Browser, id: u32) -> Vec<Value> {
        let replies = self.sent.iter().filter(|(to, frame)| *to == browser.0 && frame["id"] == id);
        replies.map(|(_, frame)| frame.clone()).collect()
    }
}

#[test]
fn figures_of_both_legs_are_the_reply_once_they_are_there() {
    let mut world = World::demo();
    let (alice, _, _) = world.conversation();
    let legs = world.media.open_legs();
    world.ask_stats(alice, 41, "a1");
    assert_eq!((world.media.count("Snapshot"), world.replies(alice, 41).len()), (2, 0));
    for (leg, packets) in [(legs[1], 20), (legs[0], 10)] {
        world.input(Input::Media(Event::Stats { leg, stats: stats(packets) }));
    }
    let reply = &world.replies(alice, 41)[..];
    let [reply] = reply else { panic!("{reply:?}") };
    let figures = &reply["result"]["stats"];
    let packets = [&figures["own"], &figures["far"]].map(|leg| leg["received"]["audio"]["packets"].as_u64());
    let mut expected = [Some(10), Some(20)];
    // Which leg was opened first is not what this is about.
    if packets[0] == Some(20) {
        expected.reverse();
    }
    assert_eq!(packets, expected);
    let sound = &figures["own"]["received"]["audio"];
    assert_eq!((&sound["codec"], &sound["mos"], &sound["concealedMs"]), (&json!("opus"), &json!(4.24), &json!(0)));
    assert_eq!(figures["own"]["roundTripMs"], 40.0);
    assert_eq!(figures["own"]["received"]["video"], Value::Null);
}

#[test]
fn figures_of_no_call_are_refused_at_once_and_nobody_waits_who_is_gone() {
    let mut world = World::demo();
    let (alice, _, _) = world.conversation();
    assert_eq!(world.error(alice, "stats", json!({"callId": "x"})), "unknownCall");
    world.ask_stats(alice, 41, "a1");
    let legs = world.media.open_legs();
    world.lose(alice);
    let before = world.sent.len();
    for leg in legs {
        world.input(Input::Media(Event::Stats { leg, stats: stats(1) }));
    }
    assert_eq!(world.sent.len(), before);
}

#[test]
fn nobody_waits_for_figures_that_do_not_come() {
    let mut world = World::demo();
    let (alice, _, _) = world.conversation();
    world.ask_stats(alice, 41, "a1");
    world.ask_stats(alice, 42, "a1");
    let legs = world.media.open_legs();
    world.later(Duration::from_millis(1900));
    assert!(world.replies(alice, 41).is_empty());
    world.input(Input::Media(Event::Stats { leg: legs[0], stats: stats(1) }));
    world.later(Duration::from_millis(200));
    let replies = [41, 42].map(|id| world.replies(alice, id).len());
    assert_eq!(replies, [1, 1]);
    world.later(Duration::from_secs(5));
    assert_eq!(world.replies(alice, 41).len(), 1);
}

#[test]
fn both_ends_are_told_who_hears_it_badly_and_where_it_was_spoilt() {
    let mut world = World::demo();
    let (alice, bob, _) = world.conversation();
    let own = |world: &World, browser: Browser| world.last(browser, "quality")["quality"].clone();
    let leg = world.media.open_legs()[0];
    world.input(Input::Media(Event::Quality { leg, report: lossy(Way::Received) }));
    let (a, b) = (own(&world, alice), own(&world, bob));
    // One of them speaks over the bad way, the other hears it.
    let (speaker, hearer) = if a["side"] == "own" { (a, b) } else { (b, a) };
    assert_eq!((&speaker["side"], &speaker["hearer"]), (&json!("own"), &json!("far")));
    assert_eq!((&hearer["side"], &hearer["hearer"]), (&json!("far"), &json!("own")));
    assert_eq!(speaker["causes"], json!(["loss"]));
    assert_eq!((&speaker["bad"], &speaker["mos"], &speaker["loss"]), (&json!(true), &json!(2.63), &json!(0.2)));
    assert_eq!((&speaker["jitterMs"], &speaker["roundTripMs"]), (&json!(2.5), &Value::Null));

    world.input(Input::Media(Event::Quality { leg, report: lossy(Way::Sent) }));
    let (a, b) = (own(&world, alice), own(&world, bob));
    let (hearer, speaker) = if a["side"] == "own" { (a, b) } else { (b, a) };
    assert_eq!(
        (&hearer["hearer"], &speaker["hearer"], &speaker["side"]),
        (&json!("own"), &json!("far"), &json!("far"))
    );
}
