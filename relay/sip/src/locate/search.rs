//! From a host to its targets (RFC 3263 section 4).

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use super::wanted::default_port;
use super::{Answer, Family, MAX_ADDRESSES, MAX_HOSTS, MAX_TARGETS, Query, Reach, Target, Wanted, naptr, srv};
use crate::message::{Host, Transport};

/// What is known of the DNS.
pub trait Answers {
    /// What was answered to this question. `None` while it has not been asked.
    fn get(&self, query: &Query) -> Option<&Answer>;
}

impl Answers for std::collections::HashMap<Query, Answer> {
    fn get(&self, query: &Query) -> Option<&Answer> {
        Self::get(self, query)
    }
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask all of these, and come again with their answers.
    Ask(BTreeSet<Query>),
    /// Try these in order. None: the host cannot be reached.
    Found(Vec<Target>),
}

/// Where a request can go, as far as `answers` say. `reach` is what we can send over, the preferred transport first.
/// `seed` chooses among SRV records of one priority: a random number, the same for requests that belong together and
/// each time one search goes on.
pub fn locate(wanted: &Wanted, reach: &[Reach], answers: &impl Answers, seed: u64) -> Step {
    let mut search = Search { wanted, reach, answers, seed, unknown: BTreeSet::new(), hosts: 0, targets: Vec::new() };
    search.begin();
    if search.unknown.is_empty() { Step::Found(search.targets) } else { Step::Ask(search.unknown) }
}

struct Search<'a, A> {
    wanted: &'a Wanted,
    reach: &'a [Reach],
    answers: &'a A,
    seed: u64,
    /// What must be asked before anything can be said.
    unknown: BTreeSet<Query>,
    /// Hosts whose addresses were asked for.
    hosts: usize,
    targets: Vec<Target>,
}

impl<'a, A: Answers> Search<'a, A> {
    fn begin(&mut self) {
        let wanted = self.wanted;
        let domain = match &wanted.host {
            Host::Ip(address) => return self.numeric(*address),
            Host::Name(name) => name.trim_end_matches('.').to_ascii_lowercase(),
        };
        if let Some(port) = wanted.port {
            return self.plain(&domain, Some(port));
        }
        // A name without a dot is a host of this network: nobody keeps service records for it.
        if !domain.contains('.') {
            return self.plain(&domain, None);
        }
        match wanted.named() {
            Some(transport) => self.services(&domain, vec![transport]),
            None => self.naptr(&domain),
        }
    }

    /// An address: there is nothing to look up.
    fn numeric(&mut self, address: IpAddr) {
        let family = Family::of(address);
        if let Some(transport) = self.usual(|reach| reach.families.contains(&family)) {
            let port = self.wanted.port.unwrap_or_else(|| default_port(&transport));
            self.add(transport, SocketAddr::new(address.to_canonical(), port));
        }
    }

    /// Which services the domain has (section 4.1).
    fn naptr(&mut self, domain: &str) {
        let services = match self.ask(Query::Naptr(domain.to_owned())) {
            None => return,
            Some(Answer::Naptr(records)) => naptr::services(records, self.wanted, self.reach),
            Some(_) => Vec::new(),
        };
        if services.is_empty() {
            let usable = self.reach.iter().filter(|reach| self.wanted.takes(reach));
            let transports = usable.map(|reach| reach.transport.clone()).collect();
            return self.services(domain, transports);
        }
        for (transport, name) in services {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            self.srv(&transport, name);
        }
    }

    /// The hosts that give one of these services, else the domain itself as a host (section 4.2).
    fn services(&mut self, domain: &str, transports: Vec<Transport>) {
        let mut exist = false;
        for transport in transports {
            // A `sip:` URI is answered for TLS only where its NAPTR records or the URI itself say so.
            if transport == Transport::Tls && !self.wanted.secure && self.wanted.transport.is_none() {
                continue;
            }
            if let Some(name) = naptr::srv_name(&transport, domain) {
                exist |= self.srv(&transport, name);
            }
        }
        if self.unknown.is_empty() && !exist {
            self.plain(domain, None);
        }
    }

    /// The hosts that give a service. Tells whether there are any records, be it one that says there is none.
    fn srv(&mut self, transport: &Transport, name: String) -> bool {
        let Some(Answer::Srv(records)) = self.ask(Query::Srv(name)) else { return false };
        let mut random = srv::numbers(self.seed);
        for record in srv::in_order(records, &mut random) {
            let host = record.target.trim_end_matches('.').to_ascii_lowercase();
            self.host(transport, &host, record.port);
        }
        !records.is_empty()
    }

    /// The domain's own addresses.
    fn plain(&mut self, domain: &str, port: Option<u16>) {
        let Some(transport) = self.usual(|_| true) else { return };
        let port = port.unwrap_or_else(|| default_port(&transport));
        self.host(&transport, domain, port);
    }

    /// The transport that was asked for, else the one we prefer.
    fn usual(&self, fits: impl Fn(&Reach) -> bool) -> Option<Transport> {
        let usable = |reach: &&Reach| self.wanted.takes(reach) && fits(reach);
        self.reach.iter().find(usable).map(|reach| reach.transport.clone())
    }

    /// A host's addresses, those of the preferred family first (RFC 7984 section 4).
    fn host(&mut self, transport: &Transport, host: &str, port: u16) {
        match Host::parse(host) {
            Ok(Host::Name(_)) => {}
            Ok(Host::Ip(address)) => return self.add(transport.clone(), SocketAddr::new(address, port)),
            Err(_) => return,
        }
        if self.hosts >= MAX_HOSTS {
            return;
        }
        self.hosts = self.hosts.saturating_add(1);
        let reach = self.reach;
        let families = reach.iter().filter(|reach| reach.transport == *transport).flat_map(|reach| &reach.families);
        for family in families {
            let query = match family {
                Family::V4 => Query::A(host.to_owned()),
                Family::V6 => Query::Aaaa(host.to_owned()),
            };
            let Some(Answer::Addresses(addresses)) = self.ask(query) else { continue };
            let ours = addresses.iter().filter(|address| Family::of(**address) == *family);
            for address in ours.take(MAX_ADDRESSES) {
                self.add(transport.clone(), SocketAddr::new(address.to_canonical(), port));
            }
        }
    }

    fn add(&mut self, transport: Transport, address: SocketAddr) {
        let family = Family::of(address.ip());
        let reached = self.reach.iter().any(|reach| reach.transport == transport && reach.families.contains(&family));
        let target = Target { transport, address };
        if reached && self.targets.len() < MAX_TARGETS && !self.targets.contains(&target) {
            self.targets.push(target);
        }
    }

    fn ask(&mut self, query: Query) -> Option<&'a Answer> {
        let answer = self.answers.get(&query);
        if answer.is_none() {
            self.unknown.insert(query);
        }
        answer
    }
}
