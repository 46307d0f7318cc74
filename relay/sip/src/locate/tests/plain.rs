//! Addresses, ports, and names without service records (RFC 3263 section 4.2).

use super::zone::{Zone, both_families, everything, wanted};
use crate::locate::{Family, Query, Reach};
use crate::message::Transport;

fn asked_nothing(uri: &str) -> Vec<String> {
    let mut zone = Zone::default();
    let targets = zone.targets(uri);
    assert!(zone.asked.is_empty(), "{uri}: {:?}", zone.asked);
    targets
}

#[test]
fn an_address_needs_no_lookup() {
    for (uri, target) in [
        ("sip:192.0.2.1", "UDP 192.0.2.1:5060"),
        ("sip:192.0.2.1:5070", "UDP 192.0.2.1:5070"),
        ("sip:[2001:db8::1]", "UDP [2001:db8::1]:5060"),
        ("sip:[2001:db8::1]:5070;transport=tcp", "TCP [2001:db8::1]:5070"),
        ("sip:192.0.2.1;transport=tls", "TLS 192.0.2.1:5061"),
        ("sips:192.0.2.1", "TLS 192.0.2.1:5061"),
        ("sips:192.0.2.1:5070;transport=tcp", "TLS 192.0.2.1:5070"),
        ("sip:[::ffff:192.0.2.1]", "UDP 192.0.2.1:5060"),
    ] {
        assert_eq!(asked_nothing(uri), [target], "{uri}");
    }
}

#[test]
fn what_we_do_not_speak_leads_nowhere() {
    for uri in ["sip:192.0.2.1;transport=sctp", "sips:192.0.2.1;transport=udp", "sip:192.0.2.1;transport=ws"] {
        assert!(asked_nothing(uri).is_empty(), "{uri}");
    }
}

#[test]
fn an_address_of_a_family_we_lack_leads_nowhere() {
    let reach = [Reach { transport: Transport::Udp, families: vec![Family::V4], offered: true }];
    let mut zone = Zone::default();
    assert!(zone.targets_by(&wanted("sip:[2001:db8::1]"), &reach, 0).is_empty());
}

#[test]
fn another_transport_is_taken_where_only_that_reaches_the_address() {
    let udp = Reach { transport: Transport::Udp, families: vec![Family::V4], offered: true };
    let reach = [udp, both_families(Transport::Tcp)];
    let mut zone = Zone::default();
    assert_eq!(zone.targets_by(&wanted("sip:[2001:db8::1]"), &reach, 0), ["TCP [2001:db8::1]:5060"]);
}

#[test]
fn a_name_with_a_port_is_a_host() {
    let mut zone = Zone::default().host("pbx.example", &["192.0.2.1", "2001:db8::1"]);
    assert_eq!(zone.targets("sip:pbx.example:5080"), ["UDP [2001:db8::1]:5080", "UDP 192.0.2.1:5080"]);
    assert_eq!(zone.asked, [Query::A("pbx.example".into()), Query::Aaaa("pbx.example".into())]);
    assert_eq!(zone.targets("sips:pbx.example:5080")[1], "TLS 192.0.2.1:5080");
}

#[test]
fn a_name_without_a_dot_is_a_host() {
    let mut zone = Zone::default().host("localhost", &["127.0.0.1"]);
    assert_eq!(zone.targets("sip:localhost"), ["UDP 127.0.0.1:5060"]);
    assert_eq!(zone.asked.len(), 2, "addresses only: {:?}", zone.asked);
}

#[test]
fn a_name_without_any_service_record_is_a_host() {
    let mut zone = Zone::default().host("pbx.example", &["192.0.2.1"]);
    assert_eq!(zone.targets("sip:pbx.example"), ["UDP 192.0.2.1:5060"]);
    assert_eq!(zone.targets("sip:pbx.example;transport=tcp"), ["TCP 192.0.2.1:5060"]);
    assert_eq!(zone.targets("sips:pbx.example"), ["TLS 192.0.2.1:5061"]);
}

#[test]
fn names_are_asked_for_in_one_way() {
    let mut zone = Zone::default().host("pbx.example", &["192.0.2.1"]);
    assert_eq!(zone.targets("sip:PBX.Example."), ["UDP 192.0.2.1:5060"]);
}

#[test]
fn a_name_without_an_address_leads_nowhere() {
    assert!(Zone::default().targets("sip:pbx.example").is_empty());
}

#[test]
fn only_families_we_have_are_asked_for() {
    let reach = [Reach { transport: Transport::Udp, families: vec![Family::V4], offered: true }];
    let mut zone = Zone::default().host("pbx.example", &["192.0.2.1", "2001:db8::1"]);
    assert_eq!(zone.targets_by(&wanted("sip:pbx.example:5060"), &reach, 0), ["UDP 192.0.2.1:5060"]);
    assert_eq!(zone.asked, [Query::A("pbx.example".into())]);
}

#[test]
fn the_preferred_family_comes_first() {
    let mut reach = everything();
    for reach in &mut reach {
        reach.families.reverse();
    }
    let mut zone = Zone::default().host("pbx.example", &["2001:db8::1", "192.0.2.1"]);
    let targets = zone.targets_by(&wanted("sip:pbx.example:5060"), &reach, 0);
    assert_eq!(targets, ["UDP 192.0.2.1:5060", "UDP [2001:db8::1]:5060"]);
}

#[test]
fn what_is_not_offered_is_used_only_where_it_is_asked_for() {
    let tls = Reach { offered: false, ..both_families(Transport::Tls) };
    let reach = [tls, both_families(Transport::Tcp)];
    let mut zone = Zone::default();
    let mut first = |uri| zone.targets_by(&wanted(uri), &reach, 0).remove(0);
    assert_eq!(first("sip:192.0.2.1"), "TCP 192.0.2.1:5060");
    assert_eq!(first("sip:192.0.2.1;transport=tls"), "TLS 192.0.2.1:5061");
    assert_eq!(first("sips:192.0.2.1"), "TLS 192.0.2.1:5061");
}
