//! Requests other than INVITE: timers E, F and K of the client, J of the server.

use super::harness::*;
use crate::transaction::{RespondError, TransactionId};

fn options() -> String {
    request("OPTIONS", "z9hG4bKoptions")
}

fn trying() -> Harness {
    let mut harness = Harness::new();
    harness.send(&options(), peer());
    assert_eq!(harness.lines(), ["> OPTIONS"]);
    harness
}

fn asked() -> Harness {
    let mut harness = Harness::new();
    harness.receive(&options(), peer());
    assert_eq!(harness.lines(), ["Request OPTIONS"]);
    harness
}

#[test]
fn timer_e_doubles_up_to_t2_and_timer_f_gives_up() {
    let trace = trying().run(seconds(100));
    let (repeats, end) = trace.split_at(trace.len() - 2);
    let times: Vec<_> = repeats.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert!(repeats.iter().all(|(_, line)| line == "> OPTIONS"));
    assert_trace(&end.to_vec(), &[(32_000, "Timeout client"), (32_000, "Terminated client")]);
}

#[test]
fn after_a_provisional_response_timer_e_is_t2() {
    let mut harness = trying();
    harness.receive_reply(&options(), 100);
    let trace = harness.run(seconds(9));
    assert_trace(&trace, &[(0, "Response 100"), (4000, "> OPTIONS"), (8000, "> OPTIONS")]);
}

#[test]
fn timer_f_also_ends_a_request_that_only_got_provisional_responses() {
    let mut harness = trying();
    harness.receive_reply(&options(), 100);
    let trace = harness.run(seconds(60));
    assert_eq!(trace.last(), Some(&(32_000, "Terminated client".to_owned())));
}

#[test]
fn timer_k_absorbs_repeated_responses() {
    let mut harness = trying();
    harness.receive_reply(&options(), 200);
    assert_eq!(harness.lines(), ["Response 200"]);
    harness.receive_reply(&options(), 200);
    assert!(harness.lines().is_empty());
    assert_trace(&harness.run(seconds(60)), &[(5000, "Terminated client")]);
}

#[test]
fn a_reliable_client_ends_with_its_response() {
    let mut harness = Harness::new();
    harness.send(&options(), tcp_peer());
    harness.receive_reply(&options(), 200);
    assert_eq!(harness.lines(), ["> OPTIONS", "Response 200", "Terminated client"]);
}

#[test]
fn a_reliable_client_does_not_repeat_and_gives_up() {
    let mut harness = Harness::new();
    harness.send(&options(), tcp_peer());
    let trace = harness.run(seconds(60));
    assert_trace(&trace, &[(0, "> OPTIONS"), (32_000, "Timeout client"), (32_000, "Terminated client")]);
}

#[test]
fn the_server_repeats_its_last_response_until_timer_j_ends() {
    let mut harness = asked();
    harness.receive(&options(), peer());
    assert!(harness.lines().is_empty(), "nothing to repeat yet");
    harness.respond(100).unwrap();
    harness.receive(&options(), peer());
    assert_eq!(harness.lines(), ["> 100", "> 100"]);
    harness.respond(200).unwrap();
    harness.run(seconds(31));
    harness.receive(&options(), peer());
    assert_eq!(harness.lines(), ["> 200"]);
    assert_trace(&harness.run(seconds(60)), &[(32_000, "Terminated server")]);
}

#[test]
fn a_reliable_server_ends_with_its_response() {
    let mut harness = Harness::new();
    harness.receive(&options(), tcp_peer());
    harness.lines();
    harness.respond(200).unwrap();
    assert_eq!(harness.lines(), ["> 200", "Terminated server"]);
    assert_eq!(harness.sent_to, Some(tcp_peer()));
}

#[test]
fn a_second_final_response_is_refused() {
    let mut harness = asked();
    harness.respond(200).unwrap();
    assert_eq!(harness.respond(500), Err(RespondError::Answered));
    harness.run(seconds(60));
    assert_eq!(harness.respond(500), Err(RespondError::Ended));
}

#[test]
fn a_request_the_user_never_answers_ends_when_its_client_gave_up() {
    let trace = asked().run(seconds(60));
    assert_trace(&trace, &[(32_000, "Timeout server"), (32_000, "Terminated server")]);
}

#[test]
fn transport_errors_end_either_side() {
    let mut harness = Harness::new();
    let id = harness.send(&options(), peer());
    harness.layer.transport_error(TransactionId::Client(id), harness.now);
    assert_eq!(harness.lines(), ["> OPTIONS", "TransportError client", "Terminated client"]);
    let mut harness = asked();
    harness.layer.transport_error(TransactionId::Server(harness.server.unwrap()), harness.now);
    assert_eq!(harness.lines(), ["TransportError server", "Terminated server"]);
}

#[test]
fn every_base_time_can_be_configured() {
    let timing = crate::transaction::Timing { t1: ms(100), t2: ms(300), ..Default::default() };
    let mut harness = Harness::with(timing);
    harness.send(&options(), peer());
    let times: Vec<_> = harness.run(ms(1500)).into_iter().map(|(at, _)| at).collect();
    assert_eq!(times, [0, 100, 300, 600, 900, 1200, 1500]);
}
