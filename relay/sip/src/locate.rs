//! Finding a SIP server: from the host of a URI to the addresses to try, in order (RFC 3263), with SRV as RFC 2782 has it
//! and both families of addresses as RFC 7984 has them.
//!
//! [`locate`] is sans-I/O and keeps nothing: it is given what is known of the DNS so far, and says what to ask next or
//! where to go. Answers are the caller's to keep, for as long as their TTL allows. The work is bounded whatever the DNS
//! says: each query leads to the next kind only (NAPTR, SRV, addresses), never back, and of long answers only the
//! beginning counts. Aliases (CNAME) are followed by whoever asks the DNS.

mod naptr;
mod search;
mod srv;
mod wanted;

#[cfg(test)]
mod tests;

pub use naptr::Naptr;
pub use search::{Answers, Step, locate};
pub use srv::Srv;
pub use wanted::{Family, Reach, Target, Wanted};

use std::net::IpAddr;

/// Records of one answer that are looked at. What the DNS says beyond them is ignored.
pub const MAX_RECORDS: usize = 32;

/// Addresses of one name that are looked at.
pub const MAX_ADDRESSES: usize = 8;

/// Services of one domain that are looked at.
pub const MAX_SERVICES: usize = 4;

/// Hosts of a domain's services whose addresses are asked for.
pub const MAX_HOSTS: usize = 16;

/// Targets found for one host.
pub const MAX_TARGETS: usize = 16;

/// A question to the DNS.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Query {
    /// Which services a domain has (RFC 3403).
    Naptr(String),
    /// Which hosts give a service (RFC 2782).
    Srv(String),
    /// A name's IPv4 addresses.
    A(String),
    /// A name's IPv6 addresses.
    Aaaa(String),
}

impl Query {
    /// The name that is asked for.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Naptr(name) | Self::Srv(name) | Self::A(name) | Self::Aaaa(name) => name,
        }
    }
}

/// What the DNS said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Services.
    Naptr(Vec<Naptr>),
    /// Hosts of a service.
    Srv(Vec<Srv>),
    /// Addresses.
    Addresses(Vec<IpAddr>),
    /// There is nothing of this kind at this name, or nobody could say.
    Nothing,
}
