//! The DNS (hickory-resolver): the system's servers and its hosts file, or servers that the configuration names.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op;
use hickory_resolver::proto::rr::{IntoName, Name, RData, RecordType};
use hickory_resolver::{Hosts, TokioResolver};
use offhook_sip::locate::{Answer, MAX_ADDRESSES, MAX_RECORDS, Naptr, Query, Srv};

/// How long a question may take altogether, and how long one server has for it.
const DEADLINE: Duration = Duration::from_secs(3);
const PER_SERVER: Duration = Duration::from_secs(1);

/// How long it holds that nobody could say, and that there is nothing where the DNS does not say for how long.
const FAILED: Duration = Duration::from_secs(2);
const NOTHING: Duration = Duration::from_secs(5);

/// What asks the DNS.
#[derive(Clone)]
pub(super) struct Resolver {
    dns: TokioResolver,
    hosts: Arc<Hosts>,
}

impl Resolver {
    /// One that asks these servers, or the system's where none is named.
    ///
    /// # Errors
    /// Never in practice: no TLS is set up.
    pub(super) fn new(servers: &[SocketAddr]) -> Result<Self, NetError> {
        let hosts = Arc::new(Hosts::from_system().unwrap_or_default());
        let mut builder = match (servers.is_empty(), TokioResolver::builder_tokio()) {
            (true, Ok(builder)) => builder,
            (true, Err(error)) => {
                tracing::warn!(%error, "the system names no DNS server: only its hosts file is used");
                TokioResolver::builder_with_config(named(&[]), TokioRuntimeProvider::default())
            }
            (false, _) => TokioResolver::builder_with_config(named(servers), TokioRuntimeProvider::default()),
        };
        // What is remembered, and for how long, is decided where it is used.
        let options: &mut ResolverOpts = builder.options_mut();
        options.cache_size = 0;
        options.timeout = PER_SERVER;
        options.attempts = 2;
        let mut dns = builder.build()?;
        dns.set_hosts(Arc::clone(&hosts));
        Ok(Self { dns, hosts })
    }

    /// The answer to a question, and how long it holds.
    pub(super) async fn ask(&self, query: &Query) -> (Answer, Duration) {
        if self.is_settled(query) {
            return (Answer::Nothing, NOTHING);
        }
        match tokio::time::timeout(DEADLINE, self.look_up(query)).await {
            Ok(Ok(found)) => found,
            Ok(Err(NetError::Dns(DnsError::NoRecordsFound(none)))) => {
                let ttl = none.negative_ttl.map_or(NOTHING, |ttl| Duration::from_secs(ttl.into()));
                (Answer::Nothing, ttl)
            }
            Ok(Err(error)) => {
                tracing::info!(name = query.name(), %error, "the DNS gave no answer");
                (Answer::Nothing, FAILED)
            }
            Err(_) => {
                tracing::info!(name = query.name(), "the DNS gave no answer in time");
                (Answer::Nothing, FAILED)
            }
        }
    }

    /// A name in the hosts file is a host, whatever the DNS may say of services.
    fn is_settled(&self, query: &Query) -> bool {
        let host = match query {
            Query::Naptr(name) => name,
            Query::Srv(name) => name.splitn(3, '.').nth(2).unwrap_or(name),
            Query::A(_) | Query::Aaaa(_) => return false,
        };
        let Ok(name) = Name::from_utf8(host) else { return true };
        [RecordType::A, RecordType::AAAA]
            .into_iter()
            .any(|kind| self.hosts.lookup_static_host(&op::Query::query(name.clone(), kind)).is_some())
    }

    async fn look_up(&self, query: &Query) -> Result<(Answer, Duration), NetError> {
        let (kind, absolute) = match query {
            Query::Naptr(_) => (RecordType::NAPTR, true),
            Query::Srv(_) => (RecordType::SRV, true),
            Query::A(_) => (RecordType::A, false),
            Query::Aaaa(_) => (RecordType::AAAA, false),
        };
        let mut name = query.name().into_name()?;
        // A host may be one of the domains that the system searches; services are a domain's own.
        if absolute {
            name.set_fqdn(true);
        }
        let found = self.dns.lookup(name, kind).await?;
        let ttl = found.answers().iter().map(|record| record.ttl).min().unwrap_or_default();
        let data = || found.answers().iter().map(|record| &record.data);
        let answer = match query {
            Query::Naptr(_) => Answer::Naptr(data().filter_map(naptr).take(MAX_RECORDS).collect()),
            Query::Srv(_) => Answer::Srv(data().filter_map(srv).take(MAX_RECORDS).collect()),
            Query::A(_) | Query::Aaaa(_) => {
                Answer::Addresses(data().filter_map(RData::ip_addr).take(MAX_ADDRESSES).collect())
            }
        };
        Ok((answer, Duration::from_secs(ttl.into())))
    }
}

/// These servers, asked by UDP and, where an answer is too long for that, by TCP.
fn named(servers: &[SocketAddr]) -> ResolverConfig {
    let server = |addr: &SocketAddr| {
        let at_port = |mut connection: ConnectionConfig| {
            connection.port = addr.port();
            connection
        };
        let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(at_port).to_vec();
        NameServerConfig::new(addr.ip(), true, connections)
    };
    ResolverConfig::from_parts(None, Vec::new(), servers.iter().map(server).collect())
}

fn naptr(data: &RData) -> Option<Naptr> {
    let RData::NAPTR(record) = data else { return None };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(Naptr {
        order: record.order,
        preference: record.preference,
        flags: text(&record.flags),
        service: text(&record.services),
        regexp: text(&record.regexp),
        replacement: record.replacement.to_string(),
    })
}

fn srv(data: &RData) -> Option<Srv> {
    let RData::SRV(record) = data else { return None };
    Some(Srv { priority: record.priority, weight: record.weight, port: record.port, target: record.target.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_the_hosts_file_names_has_no_services() {
        let mut resolver = Resolver::new(&[SocketAddr::from(([127, 0, 0, 1], 9))]).unwrap();
        let mut hosts = Hosts::default();
        hosts.read_hosts_conf(&b"192.0.2.7 pbx.test\n"[..]).unwrap();
        resolver.hosts = Arc::new(hosts);
        resolver.dns.set_hosts(Arc::clone(&resolver.hosts));
        for query in [Query::Naptr("pbx.test".into()), Query::Srv("_sip._udp.pbx.test".into())] {
            assert_eq!(resolver.ask(&query).await.0, Answer::Nothing);
        }
        let (answer, _) = resolver.ask(&Query::A("pbx.test".into())).await;
        assert_eq!(answer, Answer::Addresses(vec![[192, 0, 2, 7].into()]));
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_no_answer() {
        let resolver = Resolver::new(&[SocketAddr::from(([127, 0, 0, 1], 9))]).unwrap();
        assert_eq!(resolver.ask(&Query::A("pbx.test".into())).await, (Answer::Nothing, FAILED));
    }

    #[tokio::test]
    async fn this_machine_has_its_name() {
        let resolver = Resolver::new(&[]).unwrap();
        let (answer, _) = resolver.ask(&Query::A("localhost".into())).await;
        assert_eq!(answer, Answer::Addresses(vec![[127, 0, 0, 1].into()]));
    }
}
