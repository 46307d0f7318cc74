//! CANCEL on either side, and its races (RFC 3261 §9).

use super::harness::*;
use crate::message::{HeaderName, Message};
use crate::transaction::{CancelError, ClientId, RespondError};

const BRANCH: &str = "z9hG4bKinvite";

fn invite() -> String {
    request("INVITE", BRANCH)
}

fn cancel() -> String {
    request("CANCEL", BRANCH)
}

fn calling() -> (Harness, ClientId) {
    let mut harness = Harness::new();
    let id = harness.send(&invite(), peer());
    harness.lines();
    (harness, id)
}

#[test]
fn a_cancel_before_any_response_waits_for_one() {
    let (mut harness, id) = calling();
    harness.layer.cancel(id, harness.now).unwrap();
    assert_trace(&harness.run(ms(500)), &[(500, "> INVITE")]);
    harness.receive_reply(&invite(), 100);
    assert_eq!(harness.lines(), ["> CANCEL", "Response 100 after cancelling"]);
}

#[test]
fn a_cancel_after_a_provisional_response_goes_out_at_once_and_only_once() {
    let (mut harness, id) = calling();
    harness.receive_reply(&invite(), 180);
    harness.lines();
    harness.layer.cancel(id, harness.now).unwrap();
    harness.layer.cancel(id, harness.now).unwrap();
    harness.receive_reply(&invite(), 180);
    assert_eq!(harness.lines(), ["> CANCEL", "Response 180 after cancelling"]);
}

#[test]
fn the_cancel_repeats_the_invites_hop() {
    let (mut harness, id) = calling();
    harness.receive_reply(&invite(), 180);
    harness.layer.cancel(id, harness.now).unwrap();
    harness.lines();
    let Some(Message::Request(cancel)) = &harness.sent else { panic!("a CANCEL") };
    let headers = cancel.headers();
    assert_eq!(cancel.uri().unwrap().to_string(), "sip:bob@192.0.2.9");
    assert_eq!(headers.top_via().unwrap().branch(), Some(BRANCH));
    assert_eq!(headers.to().unwrap().tag(), None);
    assert_eq!(headers.cseq().unwrap().to_string(), "7 CANCEL");
    assert!(headers.contains(&HeaderName::Route));
}

#[test]
fn a_cancelled_invite_ends_with_487() {
    let (mut harness, id) = calling();
    harness.receive_reply(&invite(), 180);
    harness.layer.cancel(id, harness.now).unwrap();
    harness.lines();
    harness.receive_reply(&cancel(), 200);
    assert!(harness.lines().is_empty(), "the CANCEL's own response is nobody's concern");
    harness.receive_reply(&invite(), 487);
    assert_eq!(harness.lines(), ["> ACK", "Response 487 after cancelling"]);
}

#[test]
fn a_200_that_crosses_the_cancel_is_shown_as_such() {
    let (mut harness, id) = calling();
    harness.receive_reply(&invite(), 180);
    harness.layer.cancel(id, harness.now).unwrap();
    harness.lines();
    harness.receive_reply(&invite(), 200);
    assert_eq!(harness.lines(), ["Response 200 after cancelling"]);
}

#[test]
fn a_200_instead_of_a_provisional_response_is_shown_as_crossing() {
    let (mut harness, id) = calling();
    harness.layer.cancel(id, harness.now).unwrap();
    harness.receive_reply(&invite(), 200);
    assert_eq!(harness.lines(), ["Response 200 after cancelling"]);
}

#[test]
fn a_peer_that_ignores_the_cancel_is_given_up() {
    let (mut harness, id) = calling();
    harness.receive_reply(&invite(), 180);
    harness.layer.cancel(id, harness.now).unwrap();
    harness.receive_reply(&cancel(), 200);
    harness.lines();
    let trace = harness.run(seconds(60));
    assert_trace(&trace, &[(32_000, "Timeout client"), (32_000, "Terminated client")]);
    assert!(harness.layer.is_empty());
}

#[test]
fn an_unanswered_cancel_is_repeated_like_any_request() {
    let (mut harness, id) = calling();
    harness.receive_reply(&invite(), 180);
    harness.layer.cancel(id, harness.now).unwrap();
    harness.lines();
    assert_trace(&harness.run(seconds(2)), &[(500, "> CANCEL"), (1500, "> CANCEL")]);
}

#[test]
fn it_is_too_late_after_a_final_response() {
    for code in [200, 486] {
        let (mut harness, id) = calling();
        harness.receive_reply(&invite(), code);
        assert_eq!(harness.layer.cancel(id, harness.now), Err(CancelError::TooLate));
    }
}

#[test]
fn only_an_invite_can_be_cancelled() {
    let mut harness = Harness::new();
    let id = harness.send(&request("OPTIONS", "z9hG4bK1"), peer());
    assert_eq!(harness.layer.cancel(id, harness.now), Err(CancelError::NotInvite));
}

#[test]
fn a_received_cancel_ends_the_invite_with_487_and_the_same_tag() {
    let mut harness = Harness::new();
    harness.receive(&invite(), peer());
    harness.lines();
    harness.respond(180).unwrap();
    harness.lines();
    harness.receive(&cancel(), peer());
    assert_eq!(harness.lines(), ["> 200", "> 487", "Cancelled"]);
    let Some(Message::Response(response)) = &harness.sent else { panic!("a response") };
    assert_eq!(response.headers().to().unwrap().tag(), Some("ours"));
    assert_eq!(response.headers().cseq().unwrap().to_string(), "7 INVITE");
    assert_eq!(harness.respond(200), Err(RespondError::Answered));
}

#[test]
fn a_cancel_that_comes_at_once_is_answered_with_a_tag_of_its_own() {
    let mut harness = Harness::new();
    harness.receive(&invite(), peer());
    harness.receive(&cancel(), peer());
    assert_eq!(harness.lines(), ["Request INVITE", "> 200", "> 487", "Cancelled"]);
    let Some(Message::Response(response)) = &harness.sent else { panic!("a response") };
    assert!(response.headers().to().unwrap().tag().is_some());
}

#[test]
fn a_repeated_cancel_gets_its_200_again() {
    let mut harness = Harness::new();
    harness.receive(&invite(), peer());
    harness.receive(&cancel(), peer());
    harness.lines();
    harness.receive(&cancel(), peer());
    assert_eq!(harness.lines(), ["> 200"]);
}

#[test]
fn a_cancel_after_the_answer_changes_nothing() {
    let mut harness = Harness::new();
    harness.receive(&invite(), peer());
    harness.lines();
    harness.respond(200).unwrap();
    harness.lines();
    harness.receive(&cancel(), peer());
    assert_eq!(harness.lines(), ["> 200"]);
}

#[test]
fn a_cancel_of_nothing_gets_481_and_leaves_no_trace() {
    let mut harness = Harness::new();
    harness.receive(&cancel(), peer());
    assert_eq!(harness.lines(), ["> 481"]);
    assert!(harness.layer.is_empty());
}

#[test]
fn an_abandoned_invite_is_not_repeated_and_cancelled_once_it_is_heard_of() {
    let (mut harness, id) = calling();
    harness.layer.abandon(id, harness.now);
    assert_trace(&harness.run(seconds(10)), &[]);
    harness.receive_reply(&invite(), 180);
    assert_eq!(harness.lines(), ["> CANCEL", "Response 180 after cancelling"]);
    harness.receive_reply(&invite(), 200);
    assert_eq!(harness.lines(), ["Response 200 after cancelling"]);
}

#[test]
fn an_abandoned_request_of_another_kind_is_over() {
    let mut harness = Harness::new();
    let id = harness.send(&request("OPTIONS", BRANCH), peer());
    harness.lines();
    harness.layer.abandon(id, harness.now);
    assert_eq!(harness.lines(), ["Terminated client"]);
    assert!(harness.layer.is_empty());
}
