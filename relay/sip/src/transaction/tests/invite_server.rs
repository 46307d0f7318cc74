//! The INVITE server: the 100 of its own, timers G, H, I and L.

use super::harness::*;
use crate::transaction::{Destination, RespondError, TransactionId};

const BRANCH: &str = "z9hG4bKinvite";

fn invite() -> String {
    request("INVITE", BRANCH)
}

fn ack() -> String {
    request("ACK", BRANCH).replace("bob@example.com>", "bob@example.com>;tag=ours")
}

/// An INVITE that has come from there.
fn invited_from(source: Destination) -> Harness {
    let mut harness = Harness::new();
    harness.receive(&invite(), source);
    assert_eq!(harness.lines(), ["Request INVITE"]);
    harness
}

fn invited() -> Harness {
    invited_from(peer())
}

#[test]
fn a_slow_user_is_covered_by_a_100() {
    let mut harness = invited();
    assert_trace(&harness.run(seconds(300)), &[(200, "> 100")]);
    harness.receive(&invite(), peer());
    assert_eq!(harness.lines(), ["> 100"]);
}

#[test]
fn a_quick_user_needs_no_100() {
    let mut harness = invited();
    harness.run(ms(199));
    harness.respond(180).unwrap();
    assert_trace(&harness.run(seconds(60)), &[(199, "> 180")]);
}

#[test]
fn a_repeated_invite_gets_the_last_provisional_response() {
    let mut harness = invited();
    harness.receive(&invite(), peer());
    assert!(harness.lines().is_empty(), "nothing to repeat yet");
    harness.respond(180).unwrap();
    harness.respond(183).unwrap();
    harness.lines();
    harness.receive(&invite(), peer());
    assert_eq!(harness.lines(), ["> 183"]);
}

#[test]
fn timer_g_repeats_a_failure_up_to_t2_and_timer_h_gives_up() {
    let mut harness = invited();
    harness.respond(486).unwrap();
    let trace = harness.run(seconds(60));
    let (repeats, end) = trace.split_at(trace.len() - 2);
    let times: Vec<_> = repeats.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert!(repeats.iter().all(|(_, line)| line == "> 486"));
    assert_trace(&end.to_vec(), &[(32_000, "Timeout server"), (32_000, "Terminated server")]);
}

#[test]
fn a_reliable_transport_needs_no_timer_g_but_timer_h_gives_up() {
    let mut harness = invited_from(tcp_peer());
    harness.respond(486).unwrap();
    let trace = harness.run(seconds(60));
    assert_trace(&trace, &[(0, "> 486"), (32_000, "Timeout server"), (32_000, "Terminated server")]);
}

#[test]
fn a_repeated_invite_gets_the_failure_again() {
    let mut harness = invited();
    harness.respond(486).unwrap();
    harness.receive(&invite(), peer());
    assert_eq!(harness.lines(), ["> 486", "> 486"]);
}

#[test]
fn the_ack_of_a_failure_stops_timer_g_and_timer_i_absorbs_more() {
    let mut harness = invited();
    harness.respond(486).unwrap();
    harness.lines();
    harness.receive(&ack(), peer());
    harness.receive(&ack(), peer());
    harness.receive(&invite(), peer());
    assert_trace(&harness.run(seconds(60)), &[(5000, "Terminated server")]);
    assert!(harness.layer.is_empty());
}

#[test]
fn timer_i_is_zero_on_a_reliable_transport() {
    let mut harness = invited_from(tcp_peer());
    harness.respond(486).unwrap();
    harness.lines();
    harness.receive(&ack(), tcp_peer());
    assert_eq!(harness.lines(), ["Terminated server"]);
}

#[test]
fn after_a_2xx_repeated_invites_are_absorbed_until_timer_l_ends() {
    let mut harness = invited();
    harness.respond(200).unwrap();
    assert_eq!(harness.lines(), ["> 200"]);
    harness.receive(&invite(), peer());
    assert_trace(&harness.run(seconds(60)), &[(32_000, "Terminated server")]);
}

#[test]
fn the_user_may_repeat_its_2xx_and_nothing_else() {
    let mut harness = invited();
    harness.respond(200).unwrap();
    harness.respond(200).unwrap();
    assert_eq!(harness.respond(486), Err(RespondError::Answered));
    assert_eq!(harness.lines(), ["> 200", "> 200"]);
}

#[test]
fn the_ack_of_a_2xx_goes_up_whatever_its_branch() {
    let mut harness = invited();
    harness.respond(200).unwrap();
    harness.lines();
    harness.receive(&request("ACK", "z9hG4bKother"), peer());
    harness.receive(&ack(), peer());
    assert_eq!(harness.lines(), ["Ack", "Ack"]);
}

#[test]
fn an_ack_while_proceeding_is_dropped() {
    let mut harness = invited();
    harness.receive(&ack(), peer());
    assert!(harness.lines().is_empty());
}

#[test]
fn a_transport_error_ends_it_unless_it_was_accepted() {
    let mut harness = invited();
    let id = TransactionId::Server(harness.server.unwrap());
    harness.layer.transport_error(id, harness.now);
    assert_eq!(harness.lines(), ["TransportError server", "Terminated server"]);

    let mut harness = invited();
    let id = TransactionId::Server(harness.server.unwrap());
    harness.respond(200).unwrap();
    harness.lines();
    harness.layer.transport_error(id, harness.now);
    assert_eq!(harness.lines(), ["TransportError server"]);
    harness.respond(200).unwrap();
    assert_eq!(harness.lines(), ["> 200"]);
}
