//! The callee's side (§12.1.1, §12.2.2).

use super::fixture::*;
use crate::dialog::{Dialog, DialogError, DialogId, DialogState};
use crate::message::{Method, StatusCode};

#[test]
fn it_is_early_until_it_is_confirmed() {
    let mut dialog = bobs("");
    assert_eq!(dialog.state(), DialogState::Early);
    dialog.confirm();
    assert_eq!(dialog.state(), DialogState::Confirmed);
}

#[test]
fn a_request_in_the_dialog_finds_it_by_name() {
    let dialog = bobs("");
    assert_eq!(&DialogId::of_request(&in_dialog("BYE", 11, "")).unwrap(), dialog.id());
    assert_eq!(DialogId::of_request(&invite("")).unwrap().local_tag, "");
}

#[test]
fn requests_go_back_to_the_callers_contact_from_the_first_number() {
    let mut dialog = bobs("");
    let bye = dialog.request(Method::Bye, &via()).build().unwrap();
    assert_eq!(path(&bye).0, "sip:alice@192.0.2.1:5070");
    assert_eq!(bye.headers().cseq().unwrap().to_string(), "1 BYE");
    assert_eq!(bye.headers().from().unwrap().tag(), Some(BOB_TAG));
    assert_eq!(bye.headers().to().unwrap().tag(), Some(ALICE_TAG));
}

#[test]
fn an_older_request_is_refused_with_500() {
    let mut dialog = bobs("");
    let refused = dialog.receive_request(&in_dialog("BYE", 9, "")).unwrap_err();
    assert_eq!(refused, DialogError::OutOfOrder);
    assert_eq!(refused.status(), StatusCode::SERVER_INTERNAL_ERROR);
}

#[test]
fn numbers_may_skip_but_not_return() {
    let mut dialog = bobs("");
    dialog.receive_request(&in_dialog("INFO", 20, "")).unwrap();
    assert!(dialog.receive_request(&in_dialog("INFO", 15, "")).is_err());
    dialog.receive_request(&in_dialog("INFO", 21, "")).unwrap();
}

#[test]
fn an_ack_may_repeat_an_older_number() {
    let mut dialog = bobs("");
    dialog.receive_request(&in_dialog("INFO", 20, "")).unwrap();
    dialog.receive_request(&in_dialog("ACK", 10, "")).unwrap();
}

#[test]
fn a_request_with_another_tag_is_of_another_dialog() {
    let mut dialog = Dialog::from_request(&invite(""), "else", contact("<sip:bob@192.0.2.9>")).unwrap();
    let refused = dialog.receive_request(&in_dialog("BYE", 11, "")).unwrap_err();
    assert_eq!(refused, DialogError::OtherDialog);
    assert_eq!(refused.status(), StatusCode::CALL_DOES_NOT_EXIST);
}

#[test]
fn a_reinvite_renews_the_target_and_other_requests_do_not() {
    let mut dialog = bobs("");
    let moved = "Contact: <sip:alice@198.51.100.7>\n";
    dialog.receive_request(&in_dialog("INFO", 11, moved)).unwrap();
    assert_eq!(dialog.remote_target().to_string(), "sip:alice@192.0.2.1:5070");
    dialog.receive_request(&in_dialog("INVITE", 12, moved)).unwrap();
    assert_eq!(dialog.remote_target().to_string(), "sip:alice@198.51.100.7");
}

#[test]
fn an_invite_without_a_contact_is_a_bad_request() {
    let mut bare = invite("");
    bare.headers_mut().remove(&crate::message::HeaderName::Contact);
    let refused = Dialog::from_request(&bare, BOB_TAG, contact("<sip:bob@192.0.2.9>")).unwrap_err();
    assert_eq!(refused, DialogError::NoContact);
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
}

#[test]
fn a_caller_of_rfc_2543_without_a_contact_is_reached_at_its_from() {
    let mut bare = invite("");
    bare.headers_mut().remove(&crate::message::HeaderName::Contact);
    bare.headers_mut().set(crate::message::HeaderName::Via, "SIP/2.0/UDP 192.0.2.1").unwrap();
    let dialog = Dialog::from_request(&bare, BOB_TAG, contact("<sip:bob@192.0.2.9>")).unwrap();
    assert_eq!(*dialog.remote_target(), bare.headers().from().unwrap().uri);
}
