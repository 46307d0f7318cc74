//! What each of our requests says about this hop: Via and Contact.

use std::net::{IpAddr, SocketAddr};

use offhook_sip::message::{Fault, Host, HostPort, NameAddr, SipUri, Via};
use offhook_sip::transaction::branch;

use super::account::Protocol;

/// The addresses peers reach us at, and the randomness that makes branches, tags and the like.
pub(super) struct Hop {
    udp: Option<SocketAddr>,
    tcp: Option<SocketAddr>,
    random: Box<dyn FnMut() -> u64 + Send>,
}

impl Hop {
    /// The advertised address of each transport, `None` for one that is not listened on.
    pub(super) fn new(
        udp: Option<SocketAddr>,
        tcp: Option<SocketAddr>,
        random: impl FnMut() -> u64 + Send + 'static,
    ) -> Self {
        Self { udp, tcp, random: Box::new(random) }
    }

    /// A token nobody can guess: 128 random bits in hexadecimal.
    pub(super) fn token(&mut self) -> String {
        format!("{:016x}{:016x}", (self.random)(), (self.random)())
    }

    /// A random number.
    pub(super) fn number(&mut self) -> u64 {
        (self.random)()
    }

    /// The Via of a new request (RFC 3261 section 8.1.1.7), with `rport` (RFC 3581).
    ///
    /// # Errors
    /// Never in practice: a branch of our own making is a token.
    pub(super) fn via(&mut self, protocol: Protocol) -> Result<Via, Fault> {
        let branch = branch((self.random)());
        let mut via = Via::new(protocol.transport(), self.sent_by(protocol), &branch)?;
        via.params.set("rport", None)?;
        Ok(via)
    }

    /// The Contact that reaches `user` here (RFC 3261 section 8.1.1.8).
    #[must_use]
    pub(super) fn contact(&self, user: &str, protocol: Protocol) -> NameAddr {
        let uri = SipUri::new(self.sent_by(protocol)).with_user(user);
        NameAddr::new(match protocol.uri_parameter() {
            None => uri,
            transport => uri.with_param("transport", transport),
        })
    }

    /// The address that names us in `o=` of a session description.
    #[must_use]
    pub(super) fn origin(&self, protocol: Protocol) -> IpAddr {
        self.address(protocol).ip()
    }

    fn sent_by(&self, protocol: Protocol) -> HostPort {
        let addr = self.address(protocol);
        HostPort { host: Host::Ip(addr.ip()), port: Some(addr.port()) }
    }

    /// An address that stands for the transport even where we do not listen on it, so that a request can be made.
    fn address(&self, protocol: Protocol) -> SocketAddr {
        let addr = match protocol {
            Protocol::Udp => self.udp.or(self.tcp),
            Protocol::Tcp | Protocol::Tls | Protocol::Ws | Protocol::Wss => self.tcp.or(self.udp),
        };
        addr.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 5060)))
    }
}

impl std::fmt::Debug for Hop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hop").field("udp", &self.udp).field("tcp", &self.tcp).finish_non_exhaustive()
    }
}
