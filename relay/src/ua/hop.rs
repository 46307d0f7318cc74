//! What each of our requests says about this hop: Via and Contact.

use std::net::{IpAddr, SocketAddr};

use offhook_sip::message::{Fault, Host, HostPort, NameAddr, SipUri, Uri, Via};
use offhook_sip::transaction::branch;

use super::account::Protocol;
use super::locals::Locals;

/// The addresses peers reach us at, and the randomness that makes branches, tags and the like.
pub(super) struct Hop {
    locals: Locals,
    random: Box<dyn Random>,
}

/// Randomness fit for secrets, of which any number may be at work.
pub(super) trait Random: Send {
    fn next(&mut self) -> u64;

    /// Another that makes numbers of its own.
    fn fork(&self) -> Box<dyn Random>;
}

impl<F: FnMut() -> u64 + Send + Clone + 'static> Random for F {
    fn next(&mut self) -> u64 {
        self()
    }

    fn fork(&self) -> Box<dyn Random> {
        Box::new(self.clone())
    }
}

impl Hop {
    pub(super) fn new(locals: Locals, random: impl FnMut() -> u64 + Send + Clone + 'static) -> Self {
        Self { locals, random: Box::new(random) }
    }

    /// A token nobody can guess: 128 random bits in hexadecimal.
    pub(super) fn token(&mut self) -> String {
        format!("{:016x}{:016x}", self.random.next(), self.random.next())
    }

    /// A random number.
    pub(super) fn number(&mut self) -> u64 {
        self.random.next()
    }

    /// Randomness for somebody who outlives the call that asks for it.
    pub(super) fn fork(&self) -> Box<dyn Random> {
        self.random.fork()
    }

    /// The Via of a new request (RFC 3261 section 8.1.1.7), with `rport` (RFC 3581).
    ///
    /// # Errors
    /// Never in practice: a branch of our own making is a token.
    pub(super) fn via(&mut self, protocol: Protocol) -> Result<Via, Fault> {
        let branch = branch(self.random.next());
        let sent_by = sent_by(self.locals.stand_in(protocol, None));
        let mut via = Via::new(protocol.transport(), sent_by, &branch)?;
        via.params.set("rport", None)?;
        Ok(via)
    }

    /// The Contact that reaches `user` here (RFC 3261 section 8.1.1.8).
    #[must_use]
    pub(super) fn contact(&self, user: &str, protocol: Protocol) -> NameAddr {
        contact(user, protocol, self.locals.stand_in(protocol, None))
    }

    /// The same for somebody at this address: one of its own family.
    #[must_use]
    pub(super) fn contact_for(&self, user: &str, protocol: Protocol, peer: IpAddr) -> NameAddr {
        contact(user, protocol, self.locals.stand_in(protocol, Some(peer)))
    }

    /// The Contact of a dialog with somebody who was reached so.
    #[must_use]
    pub(super) fn contact_towards(&self, contact: &NameAddr, protocol: Protocol, peer: IpAddr) -> NameAddr {
        contact_towards(contact, protocol, peer, &self.locals)
    }

    /// Whether these are a host and port of ours.
    #[must_use]
    pub(super) fn is_own(&self, host_port: &HostPort) -> bool {
        host_port.host.ip().is_some_and(|ip| self.locals.has(SocketAddr::new(ip, host_port.port_or_default(false))))
    }

    /// The address that names us in `o=` of a session description.
    #[must_use]
    pub(super) fn origin(&self, protocol: Protocol) -> IpAddr {
        self.locals.stand_in(protocol, None).ip()
    }
}

/// The Contact towards somebody who is reached by this transport at this address. One that is not at an address of ours
/// stays: a registrar made it (RFC 5627), or it is where we are seen behind a NAT.
pub(super) fn contact_towards(contact: &NameAddr, protocol: Protocol, peer: IpAddr, locals: &Locals) -> NameAddr {
    let Uri::Sip(uri) = &contact.uri else { return contact.clone() };
    if !locals.are_at(uri.host_port()) || uri.has_param("gr") {
        return contact.clone();
    }
    let uri = uri.clone().with_host_port(sent_by(locals.stand_in(protocol, Some(peer))));
    let uri = match protocol.uri_parameter() {
        None => uri.without_param("transport"),
        transport => uri.with_param("transport", transport),
    };
    NameAddr { uri: Uri::Sip(uri), ..contact.clone() }
}

fn contact(user: &str, protocol: Protocol, addr: SocketAddr) -> NameAddr {
    let uri = SipUri::new(sent_by(addr)).with_user(user);
    NameAddr::new(match protocol.uri_parameter() {
        None => uri,
        transport => uri.with_param("transport", transport),
    })
}

fn sent_by(addr: SocketAddr) -> HostPort {
    HostPort { host: Host::Ip(addr.ip()), port: Some(addr.port()) }
}

impl std::fmt::Debug for Hop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hop").field("locals", &self.locals).finish_non_exhaustive()
    }
}
