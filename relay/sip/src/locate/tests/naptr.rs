//! Which transport a domain wants (RFC 3263 section 4.1).

use super::zone::{Zone, both_families, naptr, srv, wanted};
use crate::locate::{Naptr, Query};
use crate::message::Transport;

/// The example of RFC 3263 section 4.1.
fn example() -> Zone {
    Zone::default()
        .naptr(
            "example.com",
            vec![
                naptr(100, 50, "SIP+D2U", "_sip._udp.example.com."),
                naptr(50, 50, "SIPS+D2T", "_sips._tcp.example.com."),
                naptr(90, 50, "SIP+D2T", "_sip._tcp.example.com."),
            ],
        )
        .srv("_sips._tcp.example.com", vec![srv(0, 1, "tls.example.com.")])
        .srv("_sip._tcp.example.com", vec![srv(0, 1, "server1.example.com."), srv(1, 2, "server2.example.com.")])
        .srv("_sip._udp.example.com", vec![srv(0, 1, "udp.example.com.")])
        .host("tls.example.com", &["192.0.2.3"])
        .host("server1.example.com", &["192.0.2.1"])
        .host("server2.example.com", &["192.0.2.2"])
        .host("udp.example.com", &["192.0.2.4"])
}

#[test]
fn the_service_of_the_lowest_order_that_we_speak_comes_first() {
    let reach = [Transport::Udp, Transport::Tcp].map(both_families);
    let targets = example().targets_by(&wanted("sip:example.com"), &reach, 0);
    assert_eq!(targets, ["TCP 192.0.2.1:5070", "TCP 192.0.2.2:5070", "UDP 192.0.2.4:5070"]);
}

#[test]
fn a_domain_that_wants_tls_is_not_spoken_to_in_the_clear() {
    assert_eq!(example().targets("sip:example.com"), ["TLS 192.0.2.3:5070"]);
}

#[test]
fn a_sips_uri_uses_secure_services_only() {
    assert_eq!(example().targets("sips:example.com"), ["TLS 192.0.2.3:5070"]);
    let reach = [Transport::Udp, Transport::Tcp].map(both_families);
    assert!(example().targets_by(&wanted("sips:example.com"), &reach, 0).is_empty());
}

#[test]
fn preference_decides_within_an_order() {
    let records = vec![naptr(1, 20, "SIP+D2U", "_sip._udp.a"), naptr(1, 10, "SIP+D2T", "_sip._tcp.a")];
    let mut zone = Zone::default()
        .naptr("a.example", records)
        .srv("_sip._udp.a", vec![srv(0, 0, "b")])
        .srv("_sip._tcp.a", vec![srv(0, 0, "b")])
        .host("b", &["192.0.2.1"]);
    assert_eq!(zone.targets("sip:a.example"), ["TCP 192.0.2.1:5070", "UDP 192.0.2.1:5070"]);
}

#[test]
fn a_replacement_may_be_in_another_domain() {
    let mut zone = Zone::default()
        .naptr("example.com", vec![naptr(0, 0, "sip+d2u", "_sip._udp.provider.example.")])
        .srv("_sip._udp.provider.example", vec![srv(0, 0, "sbc.provider.example.")])
        .host("sbc.provider.example", &["192.0.2.1"]);
    assert_eq!(zone.targets("sip:example.com"), ["UDP 192.0.2.1:5070"]);
}

#[test]
fn records_that_are_not_for_us_are_passed_over() {
    let strange = [
        Naptr { flags: "u".into(), ..naptr(0, 0, "SIP+D2U", "_sip._udp.wrong") },
        Naptr { regexp: "!^.*$!sip:x@y!".into(), ..naptr(0, 0, "SIP+D2U", "_sip._udp.wrong") },
        naptr(0, 0, "SIP+D2S", "_sip._sctp.wrong"),
        naptr(0, 0, "E2U+sip", "_sip._udp.wrong"),
        naptr(1, 0, "SIP+D2U", "_sip._udp.right"),
    ];
    let mut zone = Zone::default()
        .naptr("example.com", strange.to_vec())
        .srv("_sip._udp.right", vec![srv(0, 0, "right")])
        .host("right", &["192.0.2.1"]);
    assert_eq!(zone.targets("sip:example.com"), ["UDP 192.0.2.1:5070"]);
    assert!(zone.asked.iter().all(|query| !query.name().ends_with("wrong")), "{:?}", zone.asked);
}

#[test]
fn a_named_transport_is_not_asked_for() {
    let mut zone = example();
    assert_eq!(zone.targets("sip:example.com;transport=udp"), ["UDP 192.0.2.4:5070"]);
    assert!(!zone.asked.contains(&Query::Naptr("example.com".into())));
}
