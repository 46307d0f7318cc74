//! Messages of one call between alice, who calls, and bob.

use bytes::Bytes;

use crate::dialog::Dialog;
use crate::message::{Limits, Message, NameAddr, Request, Response, Via};

pub(super) const ALICE_TAG: &str = "alice-tag";
pub(super) const BOB_TAG: &str = "bob-tag";

pub(super) fn request(text: &str) -> Request {
    match parse(text) {
        Message::Request(request) => request,
        Message::Response(_) => panic!("a request"),
    }
}

pub(super) fn response(text: &str) -> Response {
    match parse(text) {
        Message::Response(response) => response,
        Message::Request(_) => panic!("a response"),
    }
}

fn parse(text: &str) -> Message {
    Message::parse_datagram(Bytes::from(text.replace('\n', "\r\n")), &Limits::default()).unwrap()
}

/// Alice's INVITE with more header lines.
pub(super) fn invite(more: &str) -> Request {
    request(&format!(
        "INVITE sip:bob@example.com SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\nMax-Forwards: 70\n\
         From: \"Alice\" <sip:alice@example.com>;tag={ALICE_TAG}\nTo: <sip:bob@example.com>\nCall-ID: call-1\n\
         CSeq: 10 INVITE\nContact: <sip:alice@192.0.2.1:5070>\n{more}\n"
    ))
}

/// Bob's response to it from the phone with this tag.
pub(super) fn reply(code: u16, tag: &str, more: &str) -> Response {
    let tag = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
    response(&format!(
        "SIP/2.0 {code} Reason\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\n\
         From: \"Alice\" <sip:alice@example.com>;tag={ALICE_TAG}\nTo: <sip:bob@example.com>{tag}\n\
         Call-ID: call-1\nCSeq: 10 INVITE\n{more}\n"
    ))
}

/// A later request of alice's to bob.
pub(super) fn in_dialog(method: &str, number: u32, more: &str) -> Request {
    request(&format!(
        "{method} sip:bob@192.0.2.9 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2\nMax-Forwards: 70\n\
         From: <sip:alice@example.com>;tag={ALICE_TAG}\nTo: <sip:bob@example.com>;tag={BOB_TAG}\n\
         Call-ID: call-1\nCSeq: {number} {method}\n{more}\n"
    ))
}

pub(super) const BOBS_CONTACT: &str = "Contact: <sip:bob@192.0.2.9:5080>\n";

/// The caller's side.
pub(super) fn alices(code: u16, more: &str) -> Dialog {
    Dialog::from_response(&invite(""), &reply(code, BOB_TAG, more)).unwrap()
}

/// The callee's side.
pub(super) fn bobs(more: &str) -> Dialog {
    Dialog::from_request(&invite(more), BOB_TAG, contact("<sip:bob@192.0.2.9:5080>")).unwrap()
}

pub(super) fn contact(text: &str) -> NameAddr {
    text.parse().unwrap()
}

pub(super) fn via() -> Via {
    "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKnew".parse().unwrap()
}

/// The Request-URI and the Route values of a request.
pub(super) fn path(request: &Request) -> (String, Vec<String>) {
    let routes = request.headers().routes().map(|route| route.unwrap().to_string());
    (request.uri().unwrap().to_string(), routes.collect())
}
