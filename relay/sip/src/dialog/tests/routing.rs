//! Route sets: the order, loose and strict routers (§12.2.1.1, §16.12.1).

use super::fixture::*;
use crate::message::Method;

const TWO_LOOSE: &str = "Record-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>\n";

fn answered_through(records: &str) -> crate::dialog::Dialog {
    alices(200, &format!("{BOBS_CONTACT}{records}"))
}

#[test]
fn the_caller_turns_the_record_around() {
    let mut dialog = answered_through(TWO_LOOSE);
    let bye = dialog.request(Method::Bye, &via()).build().unwrap();
    let (uri, routes) = path(&bye);
    assert_eq!(uri, "sip:bob@192.0.2.9:5080");
    assert_eq!(routes, ["<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"]);
    assert_eq!(dialog.next_hop().to_string(), "sip:p1.example.com;lr");
}

#[test]
fn the_callee_takes_the_record_as_it_is() {
    let mut dialog = bobs(TWO_LOOSE);
    let bye = dialog.request(Method::Bye, &via()).build().unwrap();
    assert_eq!(path(&bye).1, ["<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>"]);
}

#[test]
fn several_lines_are_one_record() {
    let mut dialog = bobs("Record-Route: <sip:p2.example.com;lr>\nRecord-Route: <sip:p1.example.com;lr>\n");
    let bye = dialog.request(Method::Bye, &via()).build().unwrap();
    assert_eq!(path(&bye).1.len(), 2);
}

#[test]
fn a_strict_router_gets_its_address_in_the_request_uri_and_the_target_at_the_end() {
    let mut dialog = answered_through("Record-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;transport=udp>\n");
    let bye = dialog.request(Method::Bye, &via()).build().unwrap();
    let (uri, routes) = path(&bye);
    assert_eq!(uri, "sip:p1.example.com;transport=udp");
    assert_eq!(routes, ["<sip:p2.example.com;lr>", "<sip:bob@192.0.2.9:5080>"]);
    assert_eq!(dialog.next_hop().to_string(), "sip:p1.example.com;transport=udp");
}

#[test]
fn a_strict_router_later_on_is_no_concern_of_ours() {
    let mut dialog = answered_through("Record-Route: <sip:p2.example.com>, <sip:p1.example.com;lr>\n");
    let bye = dialog.request(Method::Bye, &via()).build().unwrap();
    assert_eq!(path(&bye).0, "sip:bob@192.0.2.9:5080");
}

#[test]
fn the_ack_of_a_2xx_takes_the_route_too() {
    let mut dialog = answered_through(TWO_LOOSE);
    let ack = dialog.acknowledge(10, &via(), |ack| ack).unwrap();
    assert_eq!(path(&ack).1.len(), 2);
}

#[test]
fn headers_of_a_contact_uri_do_not_reach_the_request_uri() {
    let mut dialog = alices(200, "Contact: <sip:bob@192.0.2.9?Subject=x>\n");
    let bye = dialog.request(Method::Bye, &via()).build().unwrap();
    assert_eq!(path(&bye).0, "sip:bob@192.0.2.9");
}

#[test]
fn an_endless_record_is_cut() {
    let records = "Record-Route: <sip:p.example.com;lr>\n".repeat(60);
    let mut dialog = bobs(&records);
    let bye = dialog.request(Method::Bye, &via()).build().unwrap();
    assert_eq!(path(&bye).1.len(), 32);
}
