//! Hosts of a service: by priority, by weight, of both families (RFC 2782, RFC 7984).

use std::collections::HashMap;

use super::zone::{Zone, everything, srv, wanted};
use crate::locate::Query;

const DOMAIN: &str = "sip:example.com;transport=udp";
const NAME: &str = "_sip._udp.example.com";

fn hosts(zone: Zone) -> Zone {
    zone.host("a", &["192.0.2.1"]).host("b", &["192.0.2.2"]).host("c", &["192.0.2.3"]).host("d", &["192.0.2.4"])
}

#[test]
fn priorities_are_tried_in_order() {
    let records = vec![srv(20, 5, "c"), srv(10, 5, "a"), srv(30, 5, "d"), srv(15, 5, "b")];
    let mut zone = hosts(Zone::default().srv(NAME, records));
    let addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"].map(|ip| format!("UDP {ip}:5070"));
    assert_eq!(zone.targets(DOMAIN), addresses);
}

#[test]
fn the_seed_chooses_by_weight_and_always_the_same() {
    let mut zone = hosts(Zone::default().srv(NAME, vec![srv(0, 10, "a"), srv(0, 30, "b"), srv(0, 60, "c")]));
    let mut firsts: HashMap<String, u32> = HashMap::new();
    for seed in 0..1000 {
        let mut order = || zone.targets_by(&wanted(DOMAIN), &everything(), seed);
        assert_eq!(order(), order());
        *firsts.entry(order().remove(0)).or_default() += 1;
    }
    let share = |ip: &str| firsts[&format!("UDP {ip}:5070")];
    assert!((70..=150).contains(&share("192.0.2.1")), "{firsts:?}");
    assert!((250..=350).contains(&share("192.0.2.2")), "{firsts:?}");
    assert!((550..=650).contains(&share("192.0.2.3")), "{firsts:?}");
}

#[test]
fn both_families_of_a_host_come_before_the_next_host() {
    let records = vec![srv(1, 0, "a"), srv(2, 0, "b")];
    let mut zone = Zone::default()
        .srv(NAME, records)
        .host("a", &["192.0.2.1", "2001:db8::1"])
        .host("b", &["2001:db8::2", "192.0.2.2"]);
    let expected = ["UDP [2001:db8::1]:5070", "UDP 192.0.2.1:5070", "UDP [2001:db8::2]:5070", "UDP 192.0.2.2:5070"];
    assert_eq!(zone.targets(DOMAIN), expected);
}

#[test]
fn a_domain_without_naptr_is_asked_for_each_transport() {
    let mut zone = hosts(
        Zone::default()
            .srv("_sip._tcp.example.com", vec![srv(0, 0, "a")])
            .srv(NAME, vec![srv(0, 0, "b")])
            .srv("_sips._tcp.example.com", vec![srv(0, 0, "c")]),
    );
    assert_eq!(zone.targets("sip:example.com"), ["UDP 192.0.2.2:5070", "TCP 192.0.2.1:5070"]);
    assert_eq!(zone.targets("sips:example.com"), ["TLS 192.0.2.3:5070"]);
    assert_eq!(zone.targets("sip:example.com;transport=tls"), ["TLS 192.0.2.3:5070"]);
}

#[test]
fn a_service_that_is_refused_is_not_sought_at_the_domain_itself() {
    let mut zone = Zone::default().srv(NAME, vec![srv(0, 0, ".")]).host("example.com", &["192.0.2.9"]);
    assert!(zone.targets(DOMAIN).is_empty());
    assert!(!zone.asked.contains(&Query::A("example.com".into())));
}

#[test]
fn a_host_without_an_address_is_passed_over() {
    let mut zone = hosts(Zone::default().srv(NAME, vec![srv(0, 0, "gone"), srv(1, 0, "a")]));
    assert_eq!(zone.targets(DOMAIN), ["UDP 192.0.2.1:5070"]);
}

#[test]
fn a_target_that_is_an_address_is_taken_as_one() {
    let mut zone = Zone::default().srv(NAME, vec![srv(0, 0, "192.0.2.7.")]);
    assert_eq!(zone.targets(DOMAIN), ["UDP 192.0.2.7:5070"]);
}
