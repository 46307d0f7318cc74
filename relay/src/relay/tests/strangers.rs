//! What strangers hear, and how much of the relay they can take.

use std::time::Duration;

use bytes::Bytes;
use offhook_sip::message::{Limits, Message};

use super::World;
use super::sip_peer::SipPeer;
use crate::config::Config;

const TRUNK: &str = "[trunks.carrier]\nhost = \"192.0.2.10\"\n[users]\nalice = { password = \"hunter2\" }\n";

fn world(sip: &str) -> World {
    World::new(Config::from_toml(&format!("[sip]\n{sip}\n[limits]\ntransactions = 1000\n{TRUNK}")).unwrap())
}

fn stranger(number: u32) -> SipPeer {
    SipPeer::at(&format!("203.0.113.{}:5060", number % 250))
}

/// The same request with another line in place of the one that begins with this.
fn with(message: &Message, begins: &str, line: &str) -> Message {
    let text = String::from_utf8(message.to_bytes().to_vec()).unwrap();
    let lines: Vec<_> = text.split("\r\n").map(|it| if it.starts_with(begins) { line } else { it }).collect();
    Message::parse_datagram(Bytes::from(lines.join("\r\n")), &Limits::default()).unwrap()
}

/// RFC 4475 section 3.1.2.1 has such requests answered 400, RFC 3261 section 9.2 a CANCEL that means nothing 481.
#[test]
fn a_stranger_is_not_even_told_what_cannot_be_read_where_policy_says_silence() {
    for (policy, answers) in [("strangers = \"services\"", [1, 1, 1]), ("strangers = \"silent\"", [0, 0, 0])] {
        let mut world = world(policy);
        let peer = stranger(1);
        let unreadable = [
            with(&peer.request("OPTIONS", "1", "", ""), "Via:", "Via: SIP/2.0/UDP"),
            with(&peer.register("alice", 1, ""), "Via:", "Via: ;;,;"),
            peer.request("CANCEL", "2", "", ""),
        ];
        let heard = unreadable.map(|message| {
            world.sip(&peer, message);
            std::mem::take(&mut world.transmitted).len()
        });
        assert_eq!(heard, answers, "{policy}");
    }
}

#[test]
fn a_crowd_of_strangers_takes_a_tenth_of_the_transactions_and_leaves_the_rest_to_others() {
    let mut world = world("strangers = \"refuse\"");
    for number in 0..1000 {
        world.sip(&stranger(number), stranger(number).request("OPTIONS", &number.to_string(), "", ""));
    }
    let counts = world.relay.counts();
    assert_eq!((counts.transactions, counts.strangers_ignored, world.transmitted.len()), (100, 900, 100));
    world.transmitted.clear();
    let trunk = SipPeer::at("192.0.2.10:5060");
    world.sip(&trunk, trunk.request("OPTIONS", "1", "", ""));
    world.sip_response(&trunk, 200);
}

/// A peer that belongs here is told to wait; a stranger does not even learn that there is somebody.
#[test]
fn a_stranger_is_not_told_to_wait_where_all_transactions_are_taken() {
    let mut world = world("");
    let trunk = SipPeer::at("192.0.2.10:5060");
    for number in 0..10_000 {
        world.sip(&trunk, trunk.request("OPTIONS", &number.to_string(), "", ""));
    }
    world.transmitted.clear();
    world.sip(&stranger(1), stranger(1).request("OPTIONS", "1", "", ""));
    world.sip_quiet();
    world.sip(&trunk, trunk.request("OPTIONS", "more", "", ""));
    world.sip_response(&trunk, 503);
}

#[test]
fn strangers_find_room_again_when_their_transactions_have_ended() {
    let mut world = world("strangers = \"refuse\"");
    for _ in 0..3 {
        for number in 0..200 {
            world.sip(&stranger(number), stranger(number).request("OPTIONS", &number.to_string(), "", ""));
        }
        assert_eq!(world.relay.counts().transactions, 100);
        world.later(Duration::from_secs(33));
        assert_eq!(world.relay.counts().transactions, 0);
    }
    assert_eq!(world.relay.counts().strangers_ignored, 300);
}

/// What ends a stranger's call or is about it begins nothing.
#[test]
fn a_stranger_gives_up_a_call_where_there_is_no_room_for_another() {
    let mut world = world("");
    let caller = stranger(0);
    world.sip(&caller, caller.request("INVITE", "noanswer", "", &super::sip_peer::sdp("203.0.113.0", "8")));
    for number in 1..200 {
        world.sip(&stranger(number), stranger(number).request("OPTIONS", &number.to_string(), "", ""));
    }
    world.transmitted.clear();
    let cancel = with(&caller.request("CANCEL", "noanswer", "", ""), "Via:", &{
        let Message::Request(invite) = caller.request("INVITE", "noanswer", "", "") else { panic!("a response") };
        format!("Via: {}", invite.headers().first(&offhook_sip::message::HeaderName::Via).unwrap().text())
    });
    world.sip(&caller, cancel);
    world.sip_response(&caller, 200);
    world.sip_response(&caller, 487);
}

#[test]
fn strangers_call_while_a_quarter_of_the_calls_is_not_taken_and_leave_the_rest_to_others() {
    let mut world = World::new(Config::from_toml(&format!("[limits]\ncalls = 8\n{TRUNK}")).unwrap());
    let calls = |world: &mut World, peer: &SipPeer| {
        world.sip(peer, peer.request("INVITE", "noanswer", "", &super::sip_peer::sdp("203.0.113.0", "8")));
        let statuses: Vec<u16> = std::mem::take(&mut world.transmitted)
            .into_iter()
            .filter_map(|(_, message)| match message {
                Message::Response(response) => Some(response.status().code()),
                Message::Request(_) => None,
            })
            .collect();
        *statuses.last().unwrap()
    };
    let strangers: Vec<u16> = (0..4).map(|number| calls(&mut world, &stranger(number))).collect();
    assert_eq!(strangers, [180, 180, 503, 503]);
    assert_eq!(calls(&mut world, &SipPeer::at("192.0.2.10:5060")), 180);
    assert_eq!(world.relay.counts().calls, 3);
}
