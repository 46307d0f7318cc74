//! Whatever the DNS says, the search ends, and asks and finds no more than its bounds.

use std::collections::HashMap;

use proptest::prelude::*;

use super::zone::{Zone, everything, naptr, srv, wanted};
use crate::locate::{Answer, MAX_HOSTS, MAX_SERVICES, MAX_TARGETS, Query, Step, locate};

#[test]
fn endless_answers_are_cut_short() {
    let services = (0..500).map(|n| naptr(n, 0, "SIP+D2U", &format!("_sip._udp.s{n}"))).collect();
    let mut zone = Zone::default().naptr("example.com", services);
    for n in 0..500 {
        zone = zone.srv(&format!("_sip._udp.s{n}"), (0..500).map(|h| srv(h, 0, &format!("h{n}-{h}"))).collect());
    }
    for host in 0..3 {
        let addresses: Vec<String> = (0..200).map(|n| format!("192.0.{host}.{n}")).collect();
        zone = zone.host(&format!("h0-{host}"), &addresses.iter().map(String::as_str).collect::<Vec<_>>());
    }
    assert_eq!(zone.targets("sip:example.com").len(), MAX_TARGETS);
    assert!(zone.asked.len() <= 1 + MAX_SERVICES + 2 * MAX_HOSTS, "{} questions", zone.asked.len());
}

#[test]
fn records_that_lead_to_themselves_are_followed_once() {
    let mut zone = Zone::default()
        .naptr("example.com", vec![naptr(0, 0, "SIP+D2U", "example.com"), naptr(0, 1, "SIP+D2T", "example.com")])
        .srv("example.com", vec![srv(0, 0, "example.com")]);
    assert!(zone.targets("sip:example.com").is_empty());
}

#[test]
fn an_answer_of_another_kind_is_none() {
    let query = Query::Srv("_sip._udp.example.com".into());
    let known = HashMap::from([(query, Answer::Addresses(vec!["192.0.2.1".parse().unwrap()]))]);
    let step = locate(&wanted("sip:example.com;transport=udp"), &everything(), &known, 0);
    assert!(matches!(step, Step::Ask(queries) if queries.contains(&Query::A("example.com".into()))));
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]", "_sip._udp.[a-c]", Just(".".to_owned()), Just(String::new()), ".{0,9}"]
}

fn records() -> impl Strategy<Value = Zone> {
    let services = prop_oneof![Just("SIP+D2U"), Just("SIP+D2T"), Just("SIPS+D2T"), Just("")];
    let naptrs = prop::collection::vec((any::<u16>(), any::<u16>(), services, name()), 0..40);
    let srvs = prop::collection::vec((0..3_u16, any::<u16>(), name()), 0..40);
    let hosts = prop::collection::vec((name(), any::<std::net::IpAddr>()), 0..20);
    (naptrs, prop::collection::vec((name(), srvs), 0..5), hosts).prop_map(|(naptrs, srvs, hosts)| {
        let naptrs = naptrs.iter().map(|(order, preference, service, name)| naptr(*order, *preference, service, name));
        let mut zone = Zone::default().naptr("a.b", naptrs.collect());
        for (name, records) in srvs {
            zone = zone.srv(&name, records.iter().map(|(p, w, name)| srv(*p, *w, name)).collect());
        }
        for (name, address) in hosts {
            zone = zone.host(&name, &[address.to_string().as_str()]);
        }
        zone
    })
}

proptest! {
    #[test]
    fn any_records_lead_somewhere_or_nowhere(mut zone in records(), seed: u64, secure: bool) {
        let uri = if secure { "sips:a.b" } else { "sip:a.b" };
        let targets = zone.targets_by(&wanted(uri), &everything(), seed);
        prop_assert!(targets.len() <= MAX_TARGETS);
        prop_assert!(!secure || targets.iter().all(|target| target.starts_with("TLS")));
        prop_assert!(zone.asked.len() <= 1 + MAX_SERVICES + 2 * MAX_HOSTS + 2);
    }
}
