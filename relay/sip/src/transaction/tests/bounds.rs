//! The bound on transactions.

use super::harness::*;
use crate::message::{HeaderName, Message};
use crate::transaction::{SendError, Timing};

fn narrow() -> Harness {
    Harness::with(Timing { max_transactions: 2, ..Timing::default() })
}

#[test]
fn requests_beyond_the_bound_get_503_and_leave_no_trace() {
    let mut harness = narrow();
    for number in 0..3 {
        harness.receive(&request("OPTIONS", &format!("z9hG4bK{number}")), peer());
    }
    assert_eq!(harness.lines(), ["Request OPTIONS", "Request OPTIONS", "> 503"]);
    assert_eq!(harness.layer.len(), 2);
    let Some(Message::Response(response)) = &harness.sent else { panic!("a response") };
    assert!(response.headers().contains(&HeaderName::RetryAfter));
}

#[test]
fn room_comes_back_when_transactions_end() {
    let mut harness = narrow();
    harness.receive(&request("OPTIONS", "z9hG4bK0"), tcp_peer());
    harness.receive(&request("OPTIONS", "z9hG4bK1"), tcp_peer());
    harness.lines();
    harness.respond(200).unwrap();
    harness.lines();
    harness.receive(&request("OPTIONS", "z9hG4bK2"), tcp_peer());
    assert_eq!(harness.lines(), ["Request OPTIONS"]);
}

#[test]
fn requests_of_ours_beyond_the_bound_are_refused() {
    let mut harness = narrow();
    harness.send(&request("OPTIONS", "z9hG4bK0"), peer());
    harness.send(&request("OPTIONS", "z9hG4bK1"), peer());
    let third = parse_request(&request("OPTIONS", "z9hG4bK2"));
    let refused = harness.layer.send_request(third, peer(), harness.now);
    assert_eq!(refused.unwrap_err(), SendError::TooMany);
}

#[test]
fn a_call_can_be_cancelled_even_at_the_bound() {
    let mut harness = narrow();
    let invite = request("INVITE", "z9hG4bK0");
    let id = harness.send(&invite, peer());
    harness.send(&request("OPTIONS", "z9hG4bK1"), peer());
    harness.receive_reply(&invite, 180);
    harness.lines();
    harness.layer.cancel(id, harness.now).unwrap();
    assert_eq!(harness.lines(), ["> CANCEL"]);
}
