//! A domain's records, and the targets they lead to.

use std::collections::HashMap;

use crate::locate::{Answer, Family, Naptr, Query, Reach, Srv, Step, Wanted, locate};
use crate::message::{HostPort, Transport};

/// What the DNS holds; everything else is answered with nothing.
#[derive(Debug, Default)]
pub(super) struct Zone {
    records: HashMap<Query, Answer>,
    /// Whatever was asked, in order.
    pub(super) asked: Vec<Query>,
}

pub(super) fn wanted(uri: &str) -> Wanted {
    let (address, transport) = match uri.split_once(";transport=") {
        Some((address, transport)) => (address, Some(Transport::from(transport))),
        None => (uri, None),
    };
    let (scheme, address) = address.split_once(':').unwrap();
    let HostPort { host, port } = address.parse().unwrap();
    Wanted { host, port, transport, secure: scheme == "sips" }
}

/// UDP, TCP and TLS, all listened on, with IPv6 before IPv4.
pub(super) fn everything() -> Vec<Reach> {
    [Transport::Udp, Transport::Tcp, Transport::Tls].map(both_families).to_vec()
}

pub(super) fn both_families(transport: Transport) -> Reach {
    Reach { transport, families: vec![Family::V6, Family::V4], offered: true }
}

pub(super) fn srv(priority: u16, weight: u16, target: &str) -> Srv {
    Srv { priority, weight, port: 5070, target: target.to_owned() }
}

pub(super) fn naptr(order: u16, preference: u16, service: &str, replacement: &str) -> Naptr {
    Naptr {
        order,
        preference,
        flags: "s".to_owned(),
        service: service.to_owned(),
        regexp: String::new(),
        replacement: replacement.to_owned(),
    }
}

impl Zone {
    pub(super) fn naptr(mut self, name: &str, records: Vec<Naptr>) -> Self {
        self.records.insert(Query::Naptr(name.to_owned()), Answer::Naptr(records));
        self
    }

    pub(super) fn srv(mut self, name: &str, records: Vec<Srv>) -> Self {
        self.records.insert(Query::Srv(name.to_owned()), Answer::Srv(records));
        self
    }

    /// A host with these addresses.
    pub(super) fn host(mut self, name: &str, addresses: &[&str]) -> Self {
        let addresses = || addresses.iter().map(|address| address.parse().unwrap());
        let of = |family| addresses().filter(|address| Family::of(*address) == family).collect::<Vec<_>>();
        self.records.insert(Query::A(name.to_owned()), Answer::Addresses(of(Family::V4)));
        self.records.insert(Query::Aaaa(name.to_owned()), Answer::Addresses(of(Family::V6)));
        self
    }

    /// The targets of a URI, such as `UDP 192.0.2.1:5060`, asked for over everything with a seed of 0.
    pub(super) fn targets(&mut self, uri: &str) -> Vec<String> {
        self.targets_by(&wanted(uri), &everything(), 0)
    }

    pub(super) fn targets_by(&mut self, wanted: &Wanted, reach: &[Reach], seed: u64) -> Vec<String> {
        let mut known: HashMap<Query, Answer> = HashMap::new();
        // NAPTR, SRV, addresses: nothing takes more rounds.
        for _ in 0..=3 {
            match locate(wanted, reach, &known, seed) {
                Step::Found(targets) => {
                    return targets.iter().map(|target| format!("{} {}", target.transport, target.address)).collect();
                }
                Step::Ask(queries) => {
                    assert!(!queries.is_empty(), "something is asked");
                    for query in queries {
                        assert!(!known.contains_key(&query), "{query:?} is asked twice");
                        let answer = self.records.get(&query).cloned().unwrap_or(Answer::Nothing);
                        self.asked.push(query.clone());
                        known.insert(query, answer);
                    }
                }
            }
        }
        panic!("the search does not end; asked: {:?}", self.asked)
    }
}
