//! Which transaction a message belongs to (RFC 3261 §17.1.3 and §17.2.3).

use super::harness::*;
use crate::message::Message;
use crate::transaction::{Destination, SendError};

#[test]
fn a_response_needs_both_branch_and_method() {
    let mut harness = Harness::new();
    let invite = request("INVITE", "z9hG4bK1");
    harness.send(&invite, peer());
    harness.lines();
    harness.receive_reply(&request("INVITE", "z9hG4bK2"), 180);
    harness.receive_reply(&request("CANCEL", "z9hG4bK1"), 200);
    assert!(harness.lines().is_empty());
    harness.receive_reply(&invite, 180);
    assert_eq!(harness.lines(), ["Response 180"]);
}

#[test]
fn a_request_with_another_sent_by_is_another_request() {
    let mut harness = Harness::new();
    let options = request("OPTIONS", "z9hG4bK1");
    harness.receive(&options, peer());
    harness.receive(&options, peer());
    harness.receive(&options.replace("192.0.2.1:5060", "192.0.2.1:5061"), peer());
    assert_eq!(harness.lines(), ["Request OPTIONS", "Request OPTIONS"]);
}

#[test]
fn requests_of_rfc_2543_are_matched_by_everything_that_identifies_them() {
    let mut harness = Harness::new();
    let invite = request("INVITE", "1");
    harness.receive(&invite, peer());
    harness.receive(&invite, peer());
    assert_eq!(harness.lines(), ["Request INVITE"]);
    harness.receive(&invite.replace("CSeq: 7", "CSeq: 8"), peer());
    harness.receive(&invite.replace("tag=a1", "tag=a2"), peer());
    harness.receive(&invite.replace("call-1", "call-2"), peer());
    assert_eq!(harness.lines(), ["Request INVITE"; 3]);
}

#[test]
fn ack_and_cancel_of_rfc_2543_find_their_invite() {
    let mut harness = Harness::new();
    harness.receive(&request("INVITE", "1"), peer());
    harness.lines();
    harness.receive(&request("CANCEL", "1"), peer());
    assert_eq!(harness.lines(), ["> 200", "> 487", "Cancelled"]);
    let ack = request("ACK", "1").replace("bob@example.com>", "bob@example.com>;tag=x");
    harness.receive(&ack, peer());
    let lines: Vec<_> = harness.run(seconds(10)).into_iter().map(|(_, line)| line).collect();
    assert_eq!(lines, ["Terminated server"], "no further 487");
}

#[test]
fn the_via_passed_up_says_where_the_request_came_from() {
    let mut harness = Harness::new();
    let nated = request("OPTIONS", "z9hG4bK1").replace("192.0.2.1:5060;", "10.0.0.1;rport;");
    harness.receive(&nated, Destination::udp("192.0.2.9:40000".parse().unwrap()));
    harness.lines();
    harness.respond(200).unwrap();
    harness.lines();
    assert_eq!(harness.sent_to.as_ref().unwrap().address.port(), 40_000);
    let Some(Message::Response(response)) = &harness.sent else { panic!("a response") };
    let via = response.headers().top_via().unwrap();
    assert_eq!(via.received(), Some("192.0.2.9".parse().unwrap()));
    assert_eq!(via.rport(), Some(40_000));
}

#[test]
fn a_request_through_proxies_keeps_its_other_vias() {
    let mut harness = Harness::new();
    let proxied = request("OPTIONS", "z9hG4bK1")
        .replace("\nMax-Forwards", "\nVia: SIP/2.0/TCP 198.51.100.1;branch=z9hG4bK0\nMax-Forwards");
    harness.receive(&proxied, peer());
    harness.lines();
    harness.respond(200).unwrap();
    harness.lines();
    let Some(Message::Response(response)) = &harness.sent else { panic!("a response") };
    assert_eq!(response.headers().vias().count(), 2);
}

#[test]
fn a_request_without_a_via_is_dropped() {
    let mut harness = Harness::new();
    let options = request("OPTIONS", "z9hG4bK1");
    harness.receive(&options.replace("Via:", "X-Via:"), peer());
    assert!(harness.lines().is_empty());
}

#[test]
fn a_request_whose_transaction_cannot_be_named_is_a_bad_request_to_where_it_came_from() {
    let mut harness = Harness::new();
    let from: std::net::SocketAddr = "192.0.2.9:40000".parse().unwrap();
    let broken = |method: &str| request(method, "z9hG4bK1").replace(";branch", ";,;branch");
    harness.receive(&broken("OPTIONS"), Destination::udp(from));
    assert_eq!(harness.lines(), ["> 400"]);
    assert_eq!(harness.sent_to.as_ref().unwrap().address, from);
    let nameless = request("OPTIONS", "1").replace("Call-ID:", "X-Call-ID:");
    harness.receive(&nameless, peer());
    assert_eq!(harness.lines(), ["> 400"]);
    harness.receive(&broken("ACK"), peer());
    assert!(harness.lines().is_empty(), "an ACK is never answered");
    assert!(harness.layer.is_empty(), "nothing is kept of them");
}

#[test]
fn what_cannot_begin_a_transaction_is_not_sent() {
    let mut harness = Harness::new();
    let mut send = |text: &str| {
        let sent = harness.layer.send_request(parse_request(text), peer(), harness.now);
        sent.map(|_| ()).unwrap_err()
    };
    assert_eq!(send(&request("ACK", "z9hG4bK1")), SendError::Ack);
    assert_eq!(send(&request("CANCEL", "z9hG4bK1")), SendError::Cancel);
    assert_eq!(send(&request("BYE", "old")), SendError::Branch);
    let without_via = request("BYE", "z9hG4bK1").replace("Via:", "X-Via:");
    assert!(matches!(send(&without_via), SendError::Header(_)));
}

#[test]
fn a_branch_serves_one_request_only() {
    let mut harness = Harness::new();
    let bye = request("BYE", &crate::transaction::branch(42));
    harness.send(&bye, peer());
    let again = harness.layer.send_request(parse_request(&bye), peer(), harness.now);
    assert_eq!(again.unwrap_err(), SendError::DuplicateBranch);
}
