//! The Contact of a registration: where the registrar sends calls, and what it recognises us by.

use std::net::SocketAddr;

use offhook_sip::message::{Contact, Fault, Host, HostPort, NameAddr, Response, SipUri, Uri};

use crate::ua::account::Protocol;

/// Corrections of the Contact in a row. A NAT that shows another address each time is one that no Contact fits.
const MAX_CORRECTIONS: u8 = 2;

/// Our Contact at one registrar.
#[derive(Debug, Clone)]
pub(super) struct Binding {
    contact: NameAddr,
    /// The Contact that the registrar may still hold: it is removed with the next REGISTER.
    outdated: Option<NameAddr>,
    protocol: Protocol,
    /// Whether it is asked for by RFC 5626, by which the registrar uses our connection.
    outbound: bool,
    /// Whether a GRUU is asked for (RFC 5627).
    gruu: bool,
    corrections: u8,
}

impl Binding {
    /// A Contact that this instance is known by (`urn:uuid:…`).
    ///
    /// # Errors
    /// Never in practice: a URN of our own making can be a parameter.
    pub(super) fn new(mut contact: NameAddr, instance: &str, protocol: Protocol) -> Result<Self, Fault> {
        contact.params.set("+sip.instance", Some(&format!("<{instance}>")))?;
        let mut binding = Self { contact, outdated: None, protocol, outbound: false, gruu: false, corrections: 0 };
        // Over UDP it would take STUN to keep the flow open (RFC 5626 section 4.4.2).
        if protocol != Protocol::Udp {
            binding.contact.params.set("reg-id", Some("1"))?;
            binding.outbound = true;
        }
        Ok(binding)
    }

    /// The same, which asks for a GRUU or does not.
    pub(super) fn asking_for_gruu(self, gruu: bool) -> Self {
        Self { gruu, ..self }
    }

    /// Whether a GRUU is asked for. One that is given all the same is not used: a proxy may give some, and not know where
    /// they lead within a call.
    pub(super) fn wants_gruu(&self) -> bool {
        self.gruu
    }

    /// As it stands in REGISTER.
    pub(super) fn contact(&self) -> &NameAddr {
        &self.contact
    }

    /// The Contact to be removed along with the next REGISTER.
    pub(super) fn outdated(&self) -> Option<&NameAddr> {
        self.outdated.as_ref()
    }

    /// The same address for dialogs, without what is the registrar's only.
    pub(super) fn address(&self) -> NameAddr {
        NameAddr::new(self.contact.uri.clone())
    }

    /// What REGISTER supports (RFC 3327, RFC 5626, RFC 5627).
    pub(super) fn supported(&self) -> &'static str {
        match (self.gruu, self.outbound) {
            (true, true) => "path, gruu, outbound",
            (true, false) => "path, gruu",
            (false, true) => "path, outbound",
            (false, false) => "path",
        }
    }

    /// Whether RFC 5626 is asked for.
    pub(super) fn is_outbound(&self) -> bool {
        self.outbound
    }

    /// The way to the registrar does not support RFC 5626 (its status 439).
    pub(super) fn give_up_outbound(&mut self) {
        self.outbound = false;
        self.contact.params.remove("reg-id");
    }

    /// A registrar has taken the Contact as it is.
    pub(super) fn settled(&mut self) {
        self.outdated = None;
        self.corrections = 0;
    }

    /// Whether this Contact of a response is ours. Registrars behind which requests come through a NAT may have changed
    /// its host; its user part nobody else has.
    pub(super) fn is(&self, contact: &Contact) -> bool {
        let user = |uri: &Uri| uri.sip().and_then(|uri| uri.user().map(str::to_owned));
        matches!(contact, Contact::Addr(addr) if user(&addr.uri).is_some() && user(&addr.uri) == user(&self.contact.uri))
    }

    /// Moves the Contact to the address that the server saw our request come from (RFC 3581). `registered` says that
    /// the registrar holds the former one. Returns whether it moved.
    pub(super) fn move_to(&mut self, seen: SocketAddr, registered: bool) -> bool {
        // A connection leaves from an address and a port of its own, where nobody listens. Its server reaches us over it,
        // or where we do.
        if self.protocol != Protocol::Udp {
            return false;
        }
        let Some(uri) = self.contact.uri.sip() else { return false };
        let known = uri.host_port();
        let fits = known.host == Host::Ip(seen.ip()) && known.port_or_default(false) == seen.port();
        if fits || self.corrections >= MAX_CORRECTIONS {
            return false;
        }
        let host_port = HostPort { host: Host::Ip(seen.ip()), port: Some(seen.port()) };
        let moved = Uri::Sip(moved(uri, host_port));
        let former = std::mem::replace(&mut self.contact.uri, moved);
        if registered && self.outdated.is_none() {
            self.outdated = Some(NameAddr::new(former));
        }
        self.corrections = self.corrections.saturating_add(1);
        true
    }
}

/// The same user and transport at another place.
fn moved(uri: &SipUri, to: HostPort) -> SipUri {
    let mut moved = SipUri::new(to);
    if let Some(user) = uri.user_decoded() {
        moved = moved.with_user(&String::from_utf8_lossy(&user));
    }
    match uri.param("transport") {
        None => moved,
        transport => moved.with_param("transport", transport),
    }
}

/// Where the server saw our request come from, as it says in our Via (RFC 3261 section 18.2.1, RFC 3581).
pub(super) fn seen(response: &Response) -> Option<SocketAddr> {
    let via = response.headers().top_via().ok()?;
    let sent_by = match &via.sent_by.host {
        Host::Ip(ip) => Some(*ip),
        Host::Name(_) => None,
    };
    let port = match (via.rport(), via.received()) {
        (Some(port), _) => port,
        // A server that knows no `rport` tells the address at least.
        (None, Some(_)) => via.sent_by.port_or_default(false),
        (None, None) => return None,
    };
    let ip = via.received().or(sent_by)?;
    (port != 0 && !ip.is_unspecified()).then_some(SocketAddr::new(ip, port))
}
