//! Trunks that are asked whether they are there.

use std::net::SocketAddr;

use offhook_sip::message::{HeaderName, Method, Request};

use super::sip_peer::{SipPeer, sdp};
use super::*;
use crate::ua::TrunkState;

const CONFIG: &str = r#"
    [trunks.carrier]
    host = "192.0.2.10"
    [trunks.first]
    host = "192.0.2.20"
    qualify = 30
    [trunks.second]
    host = "192.0.2.30"
    [[routes]]
    number = "0*"
    from = "carrier"
    trunk = ["first", "second"]
    [[routes]]
    number = "1*"
    from = "carrier"
    trunk = "first"
"#;

/// A relay that has asked the first trunk for the first time, and what it asked.
fn asking() -> (World, SipPeer, Request) {
    let mut world = World::new(Config::from_toml(CONFIG).unwrap());
    world.relay.start(world.now);
    world.later(Duration::ZERO);
    let first = SipPeer::at("192.0.2.20:5060");
    let options = world.sip_request(&first, Method::Options);
    (world, first, options)
}

fn state(world: &World) -> TrunkState {
    world.relay.trunk_states()["first"]
}

/// Where a call of the carrier's goes.
fn called(world: &mut World, number: &str) -> Vec<String> {
    let carrier = SipPeer::at("192.0.2.10:5060");
    world.sip(&carrier, carrier.request("INVITE", number, "", &sdp("192.0.2.10", "8")));
    let to_whom = world.transmitted.drain(..).map(|(to, message)| match message {
        Message::Request(_) => to.ip().to_string(),
        Message::Response(response) => response.status().code().to_string(),
    });
    to_whom.collect()
}

#[test]
fn a_trunk_is_asked_at_the_start_and_again_as_often_as_it_is_said() {
    let (mut world, first, options) = asking();
    assert_eq!(options.uri().unwrap().to_string(), "sip:192.0.2.20");
    assert!(options.headers().first(&HeaderName::Accept).is_some());
    assert_eq!(state(&world), TrunkState::Unknown);
    world.sip(&first, first.reply(&options, 200, ""));
    assert_eq!(state(&world), TrunkState::Up);
    world.later(Duration::from_secs(29));
    world.sip_quiet();
    world.later(Duration::from_secs(1));
    world.sip_request(&first, Method::Options);
    assert_eq!(world.relay.trunk_states().len(), 1, "the others are not asked");
}

#[test]
fn a_trunk_that_refuses_to_say_is_there_all_the_same() {
    for status in [403, 404, 405, 481, 500] {
        let (mut world, first, options) = asking();
        world.sip(&first, first.reply(&options, status, ""));
        assert_eq!(state(&world), TrunkState::Up, "{status}");
    }
}

#[test]
fn a_silent_trunk_gets_no_calls_until_it_answers() {
    let (mut world, first, _) = asking();
    assert_eq!(called(&mut world, "01"), ["192.0.2.20"], "nothing is known yet");
    let (mut silent, ..) = asking();
    for _ in 0..9 {
        silent.later(Duration::from_secs(1));
    }
    silent.transmitted.clear();
    assert_eq!(state(&silent), TrunkState::Down);
    assert_eq!(called(&mut silent, "02"), ["192.0.2.30"]);
    silent.later(Duration::from_secs(21));
    // What is left of the first question goes out, too.
    let theirs = |(to, message): (SocketAddr, Message)| match message {
        Message::Request(request) if to == first.address => Some(request),
        _ => None,
    };
    let again = silent.transmitted.drain(..).filter_map(theirs).last().unwrap();
    assert_eq!(*again.method(), Method::Options);
    silent.sip(&first, first.reply(&again, 200, ""));
    assert_eq!(state(&silent), TrunkState::Up);
}

#[test]
fn a_call_that_only_dead_trunks_could_take_is_refused_at_once() {
    let (mut world, first, options) = asking();
    world.sip(&first, first.reply(&options, 503, ""));
    assert_eq!(state(&world), TrunkState::Down);
    assert_eq!(called(&mut world, "11"), ["503"]);
}

#[test]
fn a_late_answer_to_an_old_question_says_nothing() {
    let (mut world, first, options) = asking();
    for _ in 0..9 {
        world.later(Duration::from_secs(1));
    }
    world.sip(&first, first.reply(&options, 200, ""));
    assert_eq!(state(&world), TrunkState::Down);
}
