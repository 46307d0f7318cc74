//! Which of a domain's services to use (RFC 3263 section 4.1).

use super::wanted::is_secure;
use super::{MAX_RECORDS, MAX_SERVICES, Reach, Wanted};
use crate::message::Transport;

/// A NAPTR record (RFC 3403 section 4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naptr {
    /// Lower ones first.
    pub order: u16,
    /// Lower ones first among those of one order.
    pub preference: u16,
    /// What follows; `s` for an SRV record.
    pub flags: String,
    /// The service, such as `SIP+D2U`.
    pub service: String,
    /// A rewriting rule; SIP uses none.
    pub regexp: String,
    /// The name to go on with.
    pub replacement: String,
}

/// The services that are of use, the first to be tried first: transport, and the name of its SRV records. The later ones
/// are for when all hosts of the first have failed; where that one is secure, nobody is made to speak in the clear by
/// breaking it.
pub(super) fn services<'a>(records: &'a [Naptr], wanted: &Wanted, reach: &[Reach]) -> Vec<(Transport, &'a str)> {
    let mut usable: Vec<(&Naptr, Transport)> = records
        .iter()
        .take(MAX_RECORDS)
        .filter(|record| record.flags.eq_ignore_ascii_case("s") && record.regexp.is_empty())
        .filter_map(|record| Some((record, transport(&record.service)?)))
        .filter(|(_, transport)| reach.iter().any(|reach| reach.transport == *transport && wanted.takes(reach)))
        .collect();
    usable.sort_by_key(|(record, _)| (record.order, record.preference));
    let secure = usable.first().is_some_and(|(_, transport)| is_secure(transport));
    usable.retain(|(_, transport)| is_secure(transport) || !secure);
    usable.truncate(MAX_SERVICES);
    usable.into_iter().map(|(record, transport)| (transport, record.replacement.as_str())).collect()
}

/// The transport of a service field (RFC 3263 section 4.1, RFC 7118 section 5.3).
fn transport(service: &str) -> Option<Transport> {
    let known = [
        ("SIP+D2U", Transport::Udp),
        ("SIP+D2T", Transport::Tcp),
        ("SIPS+D2T", Transport::Tls),
        ("SIP+D2W", Transport::Ws),
        ("SIPS+D2W", Transport::Wss),
    ];
    known.into_iter().find(|(name, _)| service.eq_ignore_ascii_case(name)).map(|(_, transport)| transport)
}

/// The name of a domain's SRV records for a transport (RFC 3263 section 4.1).
pub(super) fn srv_name(transport: &Transport, domain: &str) -> Option<String> {
    let prefix = match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
        Transport::Ws => "_sip._ws",
        Transport::Wss => "_sips._ws",
        _ => return None,
    };
    Some(format!("{prefix}.{domain}"))
}
