//! The INVITE client: timers A, B, D and M.

use super::harness::*;
use crate::message::{HeaderName, Message, Method};
use crate::transaction::{CancelError, TransactionId};

const BRANCH: &str = "z9hG4bKinvite";

fn invite() -> String {
    request("INVITE", BRANCH)
}

/// An INVITE on its way, its first transmission taken out.
fn calling() -> Harness {
    let mut harness = Harness::new();
    harness.send(&invite(), peer());
    assert_eq!(harness.lines(), ["> INVITE"]);
    harness
}

#[test]
fn timer_a_doubles_without_limit_and_timer_b_gives_up() {
    let trace = calling().run(seconds(100));
    assert_trace(
        &trace,
        &[
            (500, "> INVITE"),
            (1500, "> INVITE"),
            (3500, "> INVITE"),
            (7500, "> INVITE"),
            (15_500, "> INVITE"),
            (31_500, "> INVITE"),
            (32_000, "Timeout client"),
            (32_000, "Terminated client"),
        ],
    );
}

#[test]
fn a_reliable_transport_is_not_helped_but_timer_b_still_gives_up() {
    let mut harness = Harness::new();
    harness.send(&invite(), tcp_peer());
    let trace = harness.run(seconds(100));
    assert_trace(&trace, &[(0, "> INVITE"), (32_000, "Timeout client"), (32_000, "Terminated client")]);
}

#[test]
fn a_provisional_response_stops_timers_a_and_b() {
    let mut harness = calling();
    harness.receive_reply(&invite(), 180);
    assert_trace(&harness.run(seconds(300)), &[(0, "Response 180")]);
    harness.receive_reply(&invite(), 183);
    assert_eq!(harness.lines(), ["Response 183"]);
}

#[test]
fn a_failure_is_acknowledged_each_time_until_timer_d_ends() {
    let mut harness = calling();
    harness.receive_reply(&invite(), 486);
    assert_eq!(harness.lines(), ["> ACK", "Response 486"]);
    harness.run(seconds(31));
    harness.receive_reply(&invite(), 486);
    assert_eq!(harness.lines(), ["> ACK"]);
    assert_trace(&harness.run(seconds(60)), &[(32_000, "Terminated client")]);
    harness.receive_reply(&invite(), 486);
    assert!(harness.lines().is_empty());
    assert!(harness.layer.is_empty());
}

#[test]
fn timer_d_is_zero_on_a_reliable_transport() {
    let mut harness = Harness::new();
    harness.send(&invite(), tcp_peer());
    harness.receive_reply(&invite(), 404);
    assert_eq!(harness.lines(), ["> INVITE", "> ACK", "Response 404", "Terminated client"]);
}

#[test]
fn the_ack_of_a_failure_repeats_the_hop_and_takes_the_tag_of_the_response() {
    let mut harness = calling();
    harness.receive_reply(&invite(), 486);
    harness.lines();
    let Some(Message::Request(ack)) = &harness.sent else { panic!("an ACK") };
    let headers = ack.headers();
    assert_eq!(ack.uri().unwrap().to_string(), "sip:bob@192.0.2.9");
    assert_eq!(headers.top_via().unwrap().branch(), Some(BRANCH));
    assert_eq!(headers.vias().count(), 1);
    assert_eq!(headers.to().unwrap().tag(), Some("b1"));
    assert_eq!(headers.from().unwrap().tag(), Some("a1"));
    assert_eq!(headers.cseq().unwrap().number, 7);
    assert_eq!(headers.cseq().unwrap().method, Method::Ack);
    assert_eq!(headers.first(&HeaderName::Route).unwrap().text(), "<sip:192.0.2.8;lr>");
}

#[test]
fn every_2xx_goes_up_until_timer_m_ends_and_no_ack_is_made() {
    let mut harness = calling();
    harness.receive_reply(&invite(), 200);
    assert_eq!(harness.lines(), ["Response 200"]);
    harness.run(seconds(31));
    harness.receive_reply(&invite(), 200);
    assert_eq!(harness.lines(), ["Response 200"]);
    assert_trace(&harness.run(seconds(60)), &[(32_000, "Terminated client")]);
    harness.receive_reply(&invite(), 200);
    assert!(harness.lines().is_empty());
}

#[test]
fn timer_m_also_runs_on_a_reliable_transport() {
    let mut harness = Harness::new();
    harness.send(&invite(), tcp_peer());
    harness.receive_reply(&invite(), 200);
    harness.lines();
    assert_trace(&harness.run(seconds(60)), &[(32_000, "Terminated client")]);
}

#[test]
fn after_a_2xx_other_responses_are_dropped() {
    let mut harness = calling();
    harness.receive_reply(&invite(), 200);
    harness.lines();
    harness.receive_reply(&invite(), 180);
    harness.receive_reply(&invite(), 486);
    assert!(harness.lines().is_empty());
}

#[test]
fn after_a_failure_a_2xx_is_dropped() {
    let mut harness = calling();
    harness.receive_reply(&invite(), 486);
    harness.lines();
    harness.receive_reply(&invite(), 200);
    assert!(harness.lines().is_empty());
}

#[test]
fn a_transport_error_ends_it() {
    let mut harness = Harness::new();
    let id = harness.send(&invite(), peer());
    harness.lines();
    harness.layer.transport_error(TransactionId::Client(id), harness.now);
    assert_eq!(harness.lines(), ["TransportError client", "Terminated client"]);
    assert_eq!(harness.layer.cancel(id, harness.now), Err(CancelError::TooLate));
}
