//! The caller's side (§12.1.2, §12.2.1, §13.2.2.4).

use super::fixture::*;
use crate::dialog::{Dialog, DialogError, DialogState};
use crate::message::Method;

#[test]
fn a_provisional_response_makes_an_early_dialog_and_a_2xx_confirms_it() {
    let mut dialog = alices(180, BOBS_CONTACT);
    assert_eq!(dialog.state(), DialogState::Early);
    dialog.receive_response(&reply(200, BOB_TAG, BOBS_CONTACT)).unwrap();
    assert_eq!(dialog.state(), DialogState::Confirmed);
}

#[test]
fn its_name_is_call_id_and_both_tags() {
    let dialog = alices(200, BOBS_CONTACT);
    let id = dialog.id();
    assert_eq!(id.call_id.as_str(), "call-1");
    assert_eq!((id.local_tag.as_str(), id.remote_tag.as_str()), (ALICE_TAG, BOB_TAG));
}

#[test]
fn requests_carry_both_addresses_the_next_number_and_go_to_the_target() {
    let mut dialog = alices(200, BOBS_CONTACT);
    let bye = dialog.request(Method::Bye, &via()).build().unwrap();
    assert_eq!(path(&bye), ("sip:bob@192.0.2.9:5080".to_owned(), vec![]));
    let headers = bye.headers();
    assert_eq!(headers.from().unwrap().tag(), Some(ALICE_TAG));
    assert_eq!(headers.from().unwrap().display_name.as_deref(), Some("Alice"));
    assert_eq!(headers.to().unwrap().tag(), Some(BOB_TAG));
    assert_eq!(headers.cseq().unwrap().to_string(), "11 BYE");
    assert_eq!(headers.max_forwards().unwrap(), Some(70));
    assert!(headers.contact().unwrap().is_none());
}

#[test]
fn each_request_counts_up_and_a_reinvite_carries_our_contact() {
    let mut dialog = alices(200, BOBS_CONTACT);
    let invite = dialog.request(Method::Invite, &via()).build().unwrap();
    let bye = dialog.request(Method::Bye, &via()).build().unwrap();
    assert_eq!(invite.headers().cseq().unwrap().number, 11);
    assert_eq!(bye.headers().cseq().unwrap().number, 12);
    let contact = invite.headers().contact().unwrap().unwrap();
    assert_eq!(contact.uri.to_string(), "sip:alice@192.0.2.1:5070");
}

#[test]
fn without_a_contact_the_request_uri_remains_the_target() {
    let dialog = alices(180, "");
    assert_eq!(dialog.remote_target().to_string(), "sip:bob@example.com");
}

#[test]
fn a_2xx_to_a_reinvite_renews_the_target_but_not_the_route() {
    let mut dialog = alices(200, &format!("{BOBS_CONTACT}Record-Route: <sip:p1.example.com;lr>\n"));
    let moved = "Contact: <sip:bob@198.51.100.7>\nRecord-Route: <sip:p9.example.com;lr>\n";
    dialog.receive_response(&reply(200, BOB_TAG, moved)).unwrap();
    assert_eq!(dialog.remote_target().to_string(), "sip:bob@198.51.100.7");
    assert_eq!(dialog.next_hop().to_string(), "sip:p1.example.com;lr");
}

#[test]
fn the_first_2xx_renews_the_route_of_the_early_dialog() {
    let mut dialog = alices(180, &format!("{BOBS_CONTACT}Record-Route: <sip:p1.example.com;lr>\n"));
    let record = format!("{BOBS_CONTACT}Record-Route: <sip:p2.example.com;lr>\n");
    dialog.receive_response(&reply(200, BOB_TAG, &record)).unwrap();
    assert_eq!(dialog.next_hop().to_string(), "sip:p2.example.com;lr");
}

#[test]
fn a_failure_changes_nothing() {
    let mut dialog = alices(200, BOBS_CONTACT);
    dialog.receive_response(&reply(488, BOB_TAG, "Contact: <sip:else@198.51.100.7>\n")).unwrap();
    assert_eq!(dialog.remote_target().to_string(), "sip:bob@192.0.2.9:5080");
}

#[test]
fn a_response_of_another_phone_is_refused() {
    let mut dialog = alices(180, BOBS_CONTACT);
    let other = dialog.receive_response(&reply(200, "other", BOBS_CONTACT));
    assert_eq!(other, Err(DialogError::OtherDialog));
}

#[test]
fn a_peer_without_tags_still_gets_a_dialog() {
    let dialog = Dialog::from_response(&invite(""), &reply(200, "", BOBS_CONTACT)).unwrap();
    assert_eq!(dialog.id().remote_tag, "");
    assert_eq!(dialog.state(), DialogState::Confirmed);
}

#[test]
fn the_ack_has_the_invites_number_and_a_branch_of_its_own() {
    let mut dialog = alices(200, BOBS_CONTACT);
    let ack = dialog.acknowledge(10, &via(), |ack| ack.body("application/sdp", "v=0")).unwrap();
    assert_eq!(ack.method(), &Method::Ack);
    assert_eq!(ack.headers().cseq().unwrap().to_string(), "10 ACK");
    assert_eq!(ack.headers().top_via().unwrap().branch(), Some("z9hG4bKnew"));
    assert_eq!(path(&ack).0, "sip:bob@192.0.2.9:5080");
    assert_eq!(&ack.body()[..], b"v=0");
}

#[test]
fn a_repeated_2xx_gets_the_very_same_ack() {
    let mut dialog = alices(200, BOBS_CONTACT);
    let answer = reply(200, BOB_TAG, BOBS_CONTACT);
    assert!(dialog.repeated_ack(&answer).is_none());
    let ack = dialog.acknowledge(10, &via(), |ack| ack.body("application/sdp", "v=0")).unwrap();
    assert_eq!(dialog.repeated_ack(&answer), Some(&ack));
    let other = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKother".parse().unwrap();
    assert_eq!(dialog.acknowledge(10, &other, |ack| ack).unwrap(), ack);
    let next = dialog.acknowledge(11, &other, |ack| ack).unwrap();
    assert_ne!(next, ack);
}
