//! Where a request goes first.

use offhook_sip::locate::Wanted;
use offhook_sip::message::{HostPort, Uri};
use offhook_sip::transaction::Destination;

use crate::ua::account::{Protocol, SipAccount};

/// Where a request goes first: a host that is still to be found (RFC 3263), or a connection that must be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ua) struct NextHop {
    /// The host and port.
    pub(in crate::ua) host_port: HostPort,
    /// How, unless the DNS chooses.
    pub(in crate::ua) protocol: Protocol,
    /// Nobody named a transport: the DNS may choose another than `protocol`.
    open: bool,
    /// It must be TLS (`sips:`).
    secure: bool,
    /// A peer named it, not the configuration or a user of ours.
    told: bool,
    /// The connection, where only that one will do (RFC 5626, RFC 7118).
    flow: Option<Destination>,
}

impl NextHop {
    /// This host, by this transport.
    #[must_use]
    pub(in crate::ua) fn new(host_port: HostPort, protocol: Protocol) -> Self {
        Self { host_port, protocol, open: false, secure: false, told: false, flow: None }
    }

    /// The far end of a flow, over that flow.
    #[must_use]
    pub(in crate::ua) fn over(flow: Destination) -> Self {
        let protocol = Protocol::of_transport(&flow.transport).unwrap_or(Protocol::Udp);
        Self { flow: Some(flow.clone()), ..Self::new(flow.address.into(), protocol) }
    }

    /// The same; where no port is named either, the DNS may choose another transport (RFC 3263 section 4.1).
    #[must_use]
    pub(in crate::ua) fn or_as_the_dns_says(self) -> Self {
        Self { open: true, ..self }
    }

    /// Where an account's REGISTERs go first.
    #[must_use]
    pub(in crate::ua) fn of_registrar(account: &SipAccount) -> Self {
        let hop = Self::new(account.next_hop.clone(), account.protocol);
        if account.names_transport { hop } else { hop.or_as_the_dns_says() }
    }

    /// Where an account's other requests go first.
    #[must_use]
    pub(in crate::ua) fn of_account(account: &SipAccount) -> Self {
        let hop = Self::of_registrar(account);
        match account.service_hop.clone() {
            Some(host_port) => Self { host_port, ..hop },
            None => hop,
        }
    }

    /// Where a URI leads (RFC 3263 section 4). One that names no transport is reached by `otherwise`, unless the DNS says
    /// another. `None` for one that is not reached by SIP, or by none of the ways we know.
    #[must_use]
    pub(in crate::ua) fn of_uri(uri: &Uri, otherwise: Protocol) -> Option<Self> {
        let uri = uri.sip()?;
        let secure = uri.is_secure();
        let named = match uri.param("transport").map(str::to_ascii_lowercase).as_deref() {
            None => None,
            Some("udp") if !secure => Some(Protocol::Udp),
            Some("tcp") if !secure => Some(Protocol::Tcp),
            // RFC 3261 section 26.2.2: in a sips URI it means TLS over TCP.
            Some("tls" | "tcp") => Some(Protocol::Tls),
            // Who is reached over a WebSocket has opened it; `otherwise` tells whether it is encrypted.
            Some("ws" | "wss") if matches!(otherwise, Protocol::Ws | Protocol::Wss) => Some(otherwise),
            Some(_) => return None,
        };
        let usual = if secure { Protocol::Tls } else { otherwise };
        let hop = Self { secure, told: true, ..Self::new(uri.host_port().clone(), named.unwrap_or(usual)) };
        Some(if named.is_some() || secure { hop } else { hop.or_as_the_dns_says() })
    }

    /// Whether a peer named it.
    pub(super) fn is_told(&self) -> bool {
        self.told
    }

    /// The connection that must be used.
    pub(super) fn flow(&self) -> Option<&Destination> {
        self.flow.as_ref()
    }

    /// What is to be found.
    pub(super) fn wanted(&self) -> Wanted {
        Wanted {
            host: self.host_port.host.clone(),
            port: self.host_port.port,
            transport: (!self.open).then(|| self.protocol.transport()),
            secure: self.secure,
        }
    }
}
