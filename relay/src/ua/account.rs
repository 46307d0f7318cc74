//! A SIP account: who a browser session is to a SIP server, and where its requests go first.

use std::fmt;
use std::str::FromStr;

use crate::call::Identity;
use crate::config::{CallerId, Trunk};
use offhook_protocol::request::OpenSip;
use offhook_protocol::{ErrorCode, Failure, Secret};
use offhook_sip::message::{Host, HostPort, NameAddr, SipUri, Transport, Uri};

/// The longest login, name, host or password accepted, in bytes.
const MAX_FIELD: usize = 255;

/// What carries an account's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// One message a datagram; may be lost.
    Udp,
    /// A stream; kept open and used again.
    Tcp,
    /// The same under TLS.
    Tls,
    /// A WebSocket that the peer opened (RFC 7118).
    Ws,
    /// The same under TLS.
    Wss,
}

impl Protocol {
    /// Its name in Via headers and `transport` parameters.
    #[must_use]
    pub const fn transport(self) -> Transport {
        match self {
            Self::Udp => Transport::Udp,
            Self::Tcp => Transport::Tcp,
            Self::Tls => Transport::Tls,
            Self::Ws => Transport::Ws,
            Self::Wss => Transport::Wss,
        }
    }

    /// Its name in our configuration and in the line that says where we listen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// The protocol that a Via header or a `transport` parameter names. `None` for one that is not spoken here.
    #[must_use]
    pub const fn of_transport(transport: &Transport) -> Option<Self> {
        match transport {
            Transport::Udp => Some(Self::Udp),
            Transport::Tcp => Some(Self::Tcp),
            Transport::Tls => Some(Self::Tls),
            Transport::Ws => Some(Self::Ws),
            Transport::Wss => Some(Self::Wss),
            _ => None,
        }
    }

    /// The value of a URI's `transport` parameter (RFC 3261 section 19.1.1, RFC 7118 section 5.2.1); `None` for UDP,
    /// which goes without saying.
    #[must_use]
    pub const fn uri_parameter(self) -> Option<&'static str> {
        match self {
            Self::Udp => None,
            Self::Tcp => Some("tcp"),
            Self::Tls => Some("tls"),
            Self::Ws | Self::Wss => Some("ws"),
        }
    }
}

/// A checked SIP account.
#[derive(Clone, PartialEq, Eq)]
pub struct SipAccount {
    /// The user part of the address of record.
    pub login: String,
    /// The user name of digest authentication.
    pub authentication_name: String,
    /// The digest password.
    pub password: Secret,
    /// The host of the address of record.
    pub domain: Host,
    /// Where every request goes first (RFC 3261 section 8.1.2).
    pub next_hop: HostPort,
    /// How it goes there, unless the DNS chooses.
    pub protocol: Protocol,
    /// Whether that transport was named: the DNS does not choose one then (RFC 3263 section 4.1).
    pub names_transport: bool,
    /// Whether an outbound proxy was named, so that a Route is put on each request.
    pub has_outbound_proxy: bool,
    /// Whether to send REGISTER.
    pub register: bool,
    /// The display name others see.
    pub display_name: Option<String>,
    /// Whether its mailbox is watched (RFC 3842).
    pub message_waiting: bool,
    /// The way that its registrar wants requests other than REGISTER to take (RFC 3608).
    pub service_route: Vec<NameAddr>,
    /// Where they go first, if that is not the account's own server.
    pub service_hop: Option<HostPort>,
    /// Whether calls show the number of whoever calls in place of the login.
    pub shows_callers: bool,
    /// Whether its server is told in P-Asserted-Identity who calls, also where the callee is not to know (RFC 3325).
    pub asserts_callers: bool,
}

impl SipAccount {
    /// Checks what a browser asked for.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidField`] with the field's name, for anything that could not stand in a SIP message.
    pub fn parse(open: &OpenSip) -> Result<Self, Failure> {
        check_user("login", &open.login)?;
        let authentication_name = match open.authentication_name.as_deref() {
            Some(name) if !name.is_empty() => {
                check_printable("authenticationName", name)?;
                name.to_owned()
            }
            _ => open.login.clone(),
        };
        check_printable("password", open.password.reveal())?;
        if let Some(name) = &open.visible_name {
            check_printable("visibleName", name)?;
        }
        let domain = host_port("domain", &open.domain)?;
        let proxy = match open.outbound_proxy.as_deref() {
            Some(text) if !text.is_empty() => Some(host_port("outboundProxy", text)?),
            _ => None,
        };
        let named = proxy.as_ref().unwrap_or(&domain);
        let port = named.port.or(open.port.filter(|port| *port != 0));
        Ok(Self {
            login: open.login.clone(),
            authentication_name,
            password: open.password.clone(),
            next_hop: HostPort { host: named.host.clone(), port },
            protocol: protocol(open.transport.as_deref())?,
            names_transport: open.transport.as_deref().is_some_and(|name| !name.is_empty()),
            has_outbound_proxy: proxy.is_some(),
            domain: domain.host,
            register: open.register,
            display_name: open.visible_name.clone().filter(|name| !name.is_empty()),
            message_waiting: open.message_waiting,
            service_route: Vec::new(),
            service_hop: None,
            shows_callers: false,
            asserts_callers: false,
        })
    }

    /// The relay's own account at a trunk.
    #[must_use]
    pub fn of_trunk(trunk: &Trunk) -> Self {
        let login = trunk.username.clone().unwrap_or_default();
        Self {
            authentication_name: login.clone(),
            login,
            password: trunk.password.clone(),
            domain: trunk.domain.clone(),
            next_hop: trunk.host.clone(),
            protocol: trunk.transport,
            names_transport: trunk.names_transport,
            has_outbound_proxy: false,
            register: trunk.register,
            display_name: None,
            service_route: Vec::new(),
            service_hop: None,
            message_waiting: false,
            shows_callers: trunk.caller_id == CallerId::Caller,
            asserts_callers: trunk.assert_identity,
        }
    }

    /// Whether a host is the account's own server, which challenges may be answered to: the one it was told to use, or
    /// one that this server sends its requests to.
    #[must_use]
    pub fn is_home(&self, host: &Host) -> bool {
        let service = self.service_hop.as_ref().map(|hop| &hop.host);
        [Some(&self.next_hop.host), Some(&self.domain), service].into_iter().flatten().any(|home| home.matches(host))
    }

    /// The preloaded Route of requests other than REGISTER: the outbound proxy, then the way the registrar wants
    /// (RFC 3608 section 5.1).
    #[must_use]
    pub fn routes(&self) -> Vec<NameAddr> {
        self.route().into_iter().chain(self.service_route.iter().cloned()).collect()
    }

    /// Whether the DNS decides how its requests go (RFC 3263 section 4.1).
    #[must_use]
    pub fn lets_dns_choose(&self) -> bool {
        !self.names_transport && self.next_hop.port.is_none() && self.next_hop.host.ip().is_none()
    }

    /// The address of record (RFC 3261 section 6), as it stands in From, and in To of a REGISTER. A trunk without a user name
    /// has the domain alone.
    #[must_use]
    pub fn address_of_record(&self) -> SipUri {
        let domain = self.domain_uri();
        if self.login.is_empty() { domain } else { domain.with_user(&self.login) }
    }

    /// The registrar: the domain without a user part (RFC 3261 section 10.2).
    #[must_use]
    pub fn domain_uri(&self) -> SipUri {
        SipUri::new(HostPort { host: self.domain.clone(), port: None })
    }

    /// The address of record with the display name.
    #[must_use]
    pub fn identity(&self, display_name: Option<&str>) -> NameAddr {
        let address = NameAddr::new(self.address_of_record());
        match display_name.or(self.display_name.as_deref()) {
            Some(name) => address.with_display_name(name),
            None => address,
        }
    }

    /// How a call of the account's, or one that it passes on, names its caller.
    #[must_use]
    pub fn caller(&self, caller: &Identity) -> NameAddr {
        let user = Some(caller.user.as_str()).filter(|user| !user.is_empty());
        let name = caller.display_name.as_deref();
        match user {
            Some(user) if self.shows_callers => {
                let address = NameAddr::new(self.domain_uri().with_user(user));
                match name {
                    Some(name) => address.with_display_name(name),
                    None => address,
                }
            }
            // Whom the account calls for, as after a transfer, is named before its own address.
            user => self.identity(name.or(user.filter(|user| *user != self.login))),
        }
    }

    /// The Route of the outbound proxy (RFC 3261 section 8.1.2), where one is named: all that REGISTER gets.
    #[must_use]
    pub fn route(&self) -> Option<NameAddr> {
        if !self.has_outbound_proxy {
            return None;
        }
        let uri = SipUri::new(self.next_hop.clone()).with_param("lr", None);
        Some(NameAddr::new(match self.protocol.uri_parameter() {
            None => uri,
            transport => uri.with_param("transport", transport),
        }))
    }

    /// The URI that a dialled text means: a SIP URI as it is, anything else a user at the account's domain.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidField`] naming `callee`.
    pub fn target(&self, callee: &str) -> Result<SipUri, Failure> {
        let lower = callee.to_ascii_lowercase();
        if lower.starts_with("sip:") || lower.starts_with("sips:") {
            return match Uri::parse(callee.as_bytes()) {
                Ok(Uri::Sip(uri)) if uri.is_secure() && self.protocol != Protocol::Tls => {
                    Err(invalid("callee", "is a sips address, which only an account with transport tls can call"))
                }
                Ok(Uri::Sip(uri)) => Ok(uri.without_headers()),
                _ => Err(invalid("callee", "is not a SIP address; expected sip:user@host")),
            };
        }
        if let Some((user, host)) = callee.rsplit_once('@') {
            check_user("callee", user)?;
            return Ok(SipUri::new(host_port("callee", host)?).with_user(user));
        }
        check_user("callee", callee)?;
        Ok(self.domain_uri().with_user(callee))
    }
}

impl fmt::Debug for SipAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SipAccount")
            .field("login", &self.login)
            .field("domain", &self.domain)
            .field("next_hop", &self.next_hop)
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

fn protocol(name: Option<&str>) -> Result<Protocol, Failure> {
    match name.map(str::to_ascii_lowercase).as_deref() {
        None | Some("" | "udp") => Ok(Protocol::Udp),
        Some("tcp") => Ok(Protocol::Tcp),
        Some("tls") => Ok(Protocol::Tls),
        Some(_) => Err(invalid("transport", "must be udp, tcp or tls")),
    }
}

fn host_port(field: &str, text: &str) -> Result<HostPort, Failure> {
    check_printable(field, text)?;
    text.parse().map_err(|_| invalid(field, "is not a host name or address, with or without a port"))
}

/// What may stand in the user part without being a mistake: no spaces, angle brackets, quotes, `@` or separators.
fn check_user(field: &str, text: &str) -> Result<(), Failure> {
    check_printable(field, text)?;
    if text.is_empty() {
        return Err(invalid(field, "must not be empty"));
    }
    match text.chars().find(|c| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '@' | ':' | ',' | '\\')) {
        Some(c) => Err(invalid(field, &format!("must not contain {c:?}"))),
        None => Ok(()),
    }
}

fn check_printable(field: &str, text: &str) -> Result<(), Failure> {
    if text.len() > MAX_FIELD {
        return Err(invalid(field, &format!("is longer than {MAX_FIELD} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(invalid(field, "must not contain control characters"));
    }
    Ok(())
}

fn invalid(field: &str, problem: &str) -> Failure {
    let mut failure = Failure::new(ErrorCode::InvalidField, format!("The field {field} {problem}."));
    failure.field = Some(field.to_owned());
    failure
}

/// Parses for tests and configuration: `udp`, `tcp` or `tls`.
impl FromStr for Protocol {
    type Err = Failure;

    fn from_str(name: &str) -> Result<Self, Failure> {
        protocol(Some(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> OpenSip {
        OpenSip {
            login: "alice".into(),
            password: Secret::new("hunter2"),
            domain: "pbx.example".into(),
            register: true,
            visible_name: Some("Alice A.".into()),
            ..OpenSip::default()
        }
    }

    fn field_at_fault(open: &OpenSip) -> Option<String> {
        SipAccount::parse(open).err().and_then(|failure| failure.field)
    }

    #[test]
    fn requests_go_to_the_domain_unless_a_proxy_is_named() {
        let account = SipAccount::parse(&open()).unwrap();
        assert_eq!(account.next_hop.to_string(), "pbx.example");
        assert!(account.route().is_none());
        let proxied = OpenSip { outbound_proxy: Some("10.0.0.1:5080".into()), port: Some(5070), ..open() };
        let account = SipAccount::parse(&proxied).unwrap();
        assert_eq!(account.next_hop.to_string(), "10.0.0.1:5080");
        assert_eq!(account.route().unwrap().to_string(), "<sip:10.0.0.1:5080;lr>");
        assert_eq!(account.address_of_record().to_string(), "sip:alice@pbx.example");
    }

    #[test]
    fn the_port_option_counts_where_the_host_names_none() {
        let account = SipAccount::parse(&OpenSip { port: Some(5070), ..open() }).unwrap();
        assert_eq!(account.next_hop.to_string(), "pbx.example:5070");
        assert_eq!(account.address_of_record().to_string(), "sip:alice@pbx.example");
        let account = SipAccount::parse(&OpenSip { port: Some(0), ..open() }).unwrap();
        assert_eq!(account.next_hop.port, None);
    }

    #[test]
    fn what_could_not_stand_in_a_message_is_refused_by_field() {
        for login in ["", "al ice", "<alice>", "a\r\nb", "alice@pbx"] {
            assert_eq!(
                field_at_fault(&OpenSip { login: login.into(), ..open() }).as_deref(),
                Some("login"),
                "{login:?}"
            );
        }
        let bad = OpenSip { domain: "pbx example".into(), ..open() };
        assert_eq!(field_at_fault(&bad).as_deref(), Some("domain"));
        let bad = OpenSip { outbound_proxy: Some("a:b:c".into()), ..open() };
        assert_eq!(field_at_fault(&bad).as_deref(), Some("outboundProxy"));
        let bad = OpenSip { transport: Some("carrier pigeon".into()), ..open() };
        assert_eq!(field_at_fault(&bad).as_deref(), Some("transport"));
        let bad = OpenSip { visible_name: Some("A\nB".into()), ..open() };
        assert_eq!(field_at_fault(&bad).as_deref(), Some("visibleName"));
    }

    #[test]
    fn a_dialled_text_is_a_user_at_the_domain_or_a_sip_uri() {
        let account = SipAccount::parse(&open()).unwrap();
        let target = |callee: &str| account.target(callee).map(|uri| uri.to_string());
        assert_eq!(target("bob").as_deref(), Ok("sip:bob@pbx.example"));
        assert_eq!(target("+491234#").as_deref(), Ok("sip:+491234%23@pbx.example"));
        assert_eq!(target("bob@other.example:5070").as_deref(), Ok("sip:bob@other.example:5070"));
        assert_eq!(target("sip:bob@other.example?Subject=x").as_deref(), Ok("sip:bob@other.example"));
        let secure = SipAccount::parse(&OpenSip { transport: Some("TLS".into()), ..open() }).unwrap();
        assert_eq!(secure.target("sips:bob@pbx.example").unwrap().to_string(), "sips:bob@pbx.example");
        for callee in ["sips:bob@pbx.example", "", "bob bob", "bob@", "sip:", "b<o>b"] {
            assert_eq!(account.target(callee).unwrap_err().field.as_deref(), Some("callee"), "{callee:?}");
        }
    }

    #[test]
    fn the_password_stays_out_of_debug_output() {
        assert!(!format!("{:?}", SipAccount::parse(&open()).unwrap()).contains("hunter2"));
    }
}
