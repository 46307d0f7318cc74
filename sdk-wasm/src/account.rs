//! What a session is opened with: where the relay is, who calls, and how the connection is kept.

use crate::Millis;
use crate::failure::Failure;
use crate::text::{self, Reading, given, join};
use offhook_protocol::compact::Fields;
use offhook_protocol::request::{OpenLocal, OpenSip};
use offhook_protocol::{RequestBody, Secret};

/// The options of a session, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The relay's WebSocket URL, `ws:` or `wss:`.
    pub url: String,
    /// The identity to act for; none where the token alone has to do.
    pub identity: Option<Identity>,
    /// Takes back a session that is kept alive at the relay, before anything else is tried.
    pub auth_token: Option<Secret>,
    /// How the connection is made and watched.
    pub link: Link,
}

/// How the connection to the relay is made and watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Names a relay to connect to, in place of the one in the URL.
    pub balancer: Option<String>,
    /// How long it may take until the socket is open and the relay has greeted.
    pub timeout: Option<Millis>,
    /// How often to ask whether the relay is there, however busy it is.
    pub ping_every: Option<Millis>,
    /// How long the relay may be silent.
    pub silence: Option<Millis>,
    /// How long to try to get a lost connection back; 0 is not at all.
    pub reconnect: Millis,
}

impl Default for Link {
    fn default() -> Self {
        Self { balancer: None, timeout: None, ping_every: None, silence: None, reconnect: 300_000 }
    }
}

/// What a balancer says: the host of a relay, and the ports it has for `ws:` and `wss:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balanced {
    server: String,
    ws: Option<u32>,
    wss: Option<u32>,
}

impl Balanced {
    /// Reads the balancer's JSON: `{"server": "relay1.example", "ws": 8080, "wss": 8443}`. Ports may be texts.
    pub fn read(answer: &impl Fields) -> Option<Self> {
        let port = |name| answer.whole(name).or_else(|| text::whole(&answer.text(name)?));
        let server = answer.text("server").filter(|server| text::host(server).is_none())?;
        Some(Self { server, ws: port("ws"), wss: port("wss") })
    }
}

/// Who the session is.
#[derive(Clone, Debug, PartialEq)]
pub enum Identity {
    /// A SIP account.
    Sip(OpenSip),
    /// A user of the relay's own domain.
    Local(OpenLocal),
}

impl Account {
    /// Reads the options of `createSession`. A `sipOptions` without a domain is a user of the relay itself.
    ///
    /// # Errors
    /// [`crate::failure::Code::InvalidField`], naming the field, before anything is sent.
    pub fn read(options: &impl Fields) -> Result<Self, Failure> {
        let mut reading = Reading::default();
        let auth_token = given(options, "authToken").map(Secret::new);
        let account = Self {
            url: options.text("urlServer").unwrap_or_default(),
            identity: identity(&mut reading, options, auth_token.is_some()),
            auth_token,
            link: link(&mut reading, options),
        };
        if !(account.url.starts_with("ws://") || account.url.starts_with("wss://")) {
            return Err(Failure::field("urlServer", "urlServer must be a ws:// or wss:// address."));
        }
        reading.end(account)
    }

    /// Whether a failed registration ends the session.
    pub fn must_register(&self) -> bool {
        matches!(&self.identity, Some(Identity::Sip(open)) if open.register)
    }

    /// The request that opens the session, where there is somebody to open it for.
    pub fn request(&self) -> Option<RequestBody> {
        self.identity.as_ref().map(|identity| match identity {
            Identity::Sip(open) => RequestBody::OpenSip(open.clone()),
            Identity::Local(open) => RequestBody::OpenLocal(open.clone()),
        })
    }

    /// The URL of the relay that the balancer names, with the scheme and path of our own. A balancer without a port for
    /// our scheme leaves it to the default.
    pub fn url_at(&self, balanced: &Balanced) -> String {
        let scheme = if self.url.starts_with("wss:") { "wss://" } else { "ws://" };
        let port = if scheme == "wss://" { balanced.wss } else { balanced.ws };
        let authority = self.url.get(scheme.len()..).unwrap_or_default();
        let path = authority.bytes().position(|byte| matches!(byte, b'/' | b'?' | b'#'));
        let path = path.and_then(|at| authority.get(at..)).unwrap_or("/");
        let port = port.map(|port| join(&[":", &offhook_protocol::decimal(u64::from(port))])).unwrap_or_default();
        join(&[scheme, &balanced.server, &port, path])
    }
}

/// A token makes do without `sipOptions`; with a login in them, the session is opened anew where the token fails.
fn identity(reading: &mut Reading, options: &impl Fields, has_token: bool) -> Option<Identity> {
    let sip = options.object("sipOptions").filter(|sip| !has_token || given(sip, "login").is_some());
    if let Some(sip) = sip {
        return Some(if given(&sip, "domain").is_some() {
            Identity::Sip(sip_account(reading, options, &sip))
        } else {
            Identity::Local(local_user(reading, options, &sip))
        });
    }
    if !has_token {
        reading.refuse("sipOptions", &["sipOptions must name at least a login."]);
    }
    None
}

fn link(reading: &mut Reading, options: &impl Fields) -> Link {
    let mut time = |name| millis(reading, options, name).filter(|time| *time > 0);
    let (probes, every) = (time("receiveProbes"), time("probesInterval"));
    Link {
        balancer: given(options, "lbUrl"),
        timeout: time("timeout"),
        ping_every: time("pingInterval"),
        silence: probes.zip(every).map(|(probes, every)| probes.saturating_mul(every)),
        reconnect: millis(reading, options, "reconnectTimeout").unwrap_or(Link::default().reconnect),
    }
}

fn millis(reading: &mut Reading, options: &impl Fields, name: &str) -> Option<Millis> {
    options.number(name)?;
    let whole = options.whole(name);
    if whole.is_none() {
        reading.refuse(name, &[name, " must be a whole number of milliseconds."]);
    }
    whole.map(Millis::from)
}

fn sip_account(reading: &mut Reading, options: &impl Fields, sip: &impl Fields) -> OpenSip {
    let proxy = reading.given(sip, "outboundProxy", text::host);
    OpenSip {
        login: reading.text(sip, "login", text::user),
        authentication_name: reading.given(sip, "authenticationName", text::one_word),
        password: Secret::new(reading.text(sip, "password", text::secret)),
        domain: reading.text(sip, "domain", text::host),
        outbound_proxy: proxy.or_else(|| reading.given(sip, "proxy", text::host)),
        port: port(reading, sip),
        transport: transport(reading, sip),
        register: sip.flag("registerRequired").unwrap_or(true),
        message_waiting: sip.flag("messageWaiting").unwrap_or(false),
        visible_name: reading.given(sip, "visibleName", text::visible),
        keep_alive: options.flag("keepAlive").unwrap_or(false),
        app_key: reading.given(options, "appKey", text::visible),
        custom: options.json("custom").map(Secret::new),
    }
}

fn local_user(reading: &mut Reading, options: &impl Fields, sip: &impl Fields) -> OpenLocal {
    OpenLocal {
        login: reading.text(sip, "login", text::user),
        password: reading.given(sip, "password", text::secret).map(Secret::new),
        visible_name: reading.given(sip, "visibleName", text::visible),
        keep_alive: options.flag("keepAlive").unwrap_or(false),
        app_key: reading.given(options, "appKey", text::visible),
        custom: options.json("custom").map(Secret::new),
    }
}

/// The port as number or text; empty and 0 mean the default.
fn port(reading: &mut Reading, sip: &impl Fields) -> Option<u16> {
    let port = match given(sip, "port") {
        Some(text) => text::whole(&text),
        None => {
            sip.number("port")?;
            sip.whole("port")
        }
    };
    let port = port.and_then(|port| u16::try_from(port).ok());
    if port.is_none() {
        reading.refuse("port", &["port must be a number from 0 to 65535."]);
    }
    port.filter(|port| *port != 0)
}

fn transport(reading: &mut Reading, sip: &impl Fields) -> Option<String> {
    let name = given(sip, "transport")?.to_ascii_lowercase();
    if !matches!(name.as_str(), "udp" | "tcp" | "tls") {
        reading.refuse("transport", &["transport must be udp, tcp or tls."]);
    }
    Some(name)
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(sip: Value) -> Result<Account, Failure> {
        Account::read(&json!({ "urlServer": "wss://relay.example/", "sipOptions": sip }))
    }

    fn sip(change: Value) -> Result<OpenSip, Failure> {
        let mut options = json!({ "login": "alice", "password": "s3cret", "domain": "example.com" });
        for (name, value) in change.as_object().unwrap() {
            options[name] = value.clone();
        }
        read(options).map(|account| match account.identity {
            Some(Identity::Sip(open)) => open,
            _ => panic!("not a SIP account"),
        })
    }

    fn field_at_fault(change: Value) -> String {
        sip(change.clone()).map_err(|failure| failure.field.clone().unwrap()).expect_err(&change.to_string())
    }

    #[test]
    fn a_sip_account_registers_unless_told_otherwise() {
        assert!(sip(json!({})).unwrap().register);
        assert!(!sip(json!({ "registerRequired": false })).unwrap().register);
    }

    #[test]
    fn the_port_may_be_text_or_number_and_nothing_means_the_default() {
        for (port, read) in [
            (json!("5070"), Some(5070)),
            (json!(5070), Some(5070)),
            (json!("0"), None),
            (json!(0), None),
            (json!(""), None),
            (json!(null), None),
        ] {
            assert_eq!(sip(json!({ "port": port })).unwrap().port, read, "{port}");
        }
    }

    #[test]
    fn a_port_that_is_none_is_named() {
        for port in [json!("70000"), json!("sip"), json!(-1), json!(5060.5), json!(65536)] {
            assert_eq!(field_at_fault(json!({ "port": port })), "port");
        }
    }

    #[test]
    fn a_login_that_sip_cannot_carry_is_refused_by_name() {
        for login in
            ["", "al ice", "<alice>", "alice>", "\"alice\"", "al\u{0}ice", "alice\r\nVia: x", "a@b", "al\u{a0}ice"]
        {
            assert_eq!(field_at_fault(json!({ "login": login })), "login");
        }
    }

    #[test]
    fn other_fields_are_refused_by_name_too() {
        for (field, value) in [
            ("authenticationName", "al ice"),
            ("domain", "example.com/x"),
            ("domain", "exam ple.com"),
            ("outboundProxy", "<proxy>"),
            ("proxy", "a,b"),
            ("visibleName", "Alice <a>"),
            ("visibleName", "Alice\n"),
            ("password", "two\nlines"),
            ("transport", "carrier pigeon"),
        ] {
            assert_eq!(field_at_fault(json!({ field: value })), field);
        }
        assert_eq!(field_at_fault(json!({ "visibleName": "x".repeat(256) })), "visibleName");
    }

    #[test]
    fn a_refused_password_is_not_quoted() {
        let failure = sip(json!({ "password": "s3cret\n" })).unwrap_err();
        assert!(!format!("{failure:?}").contains("s3cret"));
    }

    #[test]
    fn names_people_have_are_accepted() {
        for name in ["Alice Smith", "Zoë O'Hara-Żak", "李雷"] {
            assert_eq!(sip(json!({ "visibleName": name })).unwrap().visible_name.as_deref(), Some(name));
        }
        for login in ["alice.smith", "+4930123", "1000;x=y", "zoë"] {
            assert_eq!(sip(json!({ "login": login })).unwrap().login, login);
        }
    }

    #[test]
    fn the_outbound_proxy_wins_over_the_proxy() {
        let proxy = |options| sip(options).unwrap().outbound_proxy;
        assert_eq!(proxy(json!({ "proxy": "p" })).as_deref(), Some("p"));
        assert_eq!(proxy(json!({ "proxy": "p", "outboundProxy": "[::1]:5060" })).as_deref(), Some("[::1]:5060"));
        assert_eq!(proxy(json!({ "proxy": "" })), None);
    }

    #[test]
    fn without_a_domain_it_is_a_user_of_the_relay() {
        for options in [json!({ "login": "alice" }), json!({ "login": "alice", "domain": "", "password": "" })] {
            let local = OpenLocal { login: "alice".into(), ..OpenLocal::default() };
            let account = read(options).unwrap();
            assert!(!account.must_register());
            assert_eq!(account.identity, Some(Identity::Local(local)));
        }
    }

    #[test]
    fn only_websocket_addresses_are_taken() {
        for url in [json!("http://relay/"), json!(""), json!(null), json!(7)] {
            let options = json!({ "urlServer": url, "sipOptions": { "login": "alice" } });
            assert_eq!(Account::read(&options).unwrap_err().field.as_deref(), Some("urlServer"));
        }
    }

    #[test]
    fn somebody_must_be_named() {
        let failure = Account::read(&json!({ "urlServer": "ws://relay" })).unwrap_err();
        assert_eq!(failure.field.as_deref(), Some("sipOptions"));
    }

    #[test]
    fn a_token_does_without_credentials() {
        for sip in [json!(null), json!({}), json!({ "login": "" })] {
            let options = json!({ "urlServer": "ws://relay", "authToken": "t0ken", "sipOptions": sip });
            let account = Account::read(&options).unwrap();
            assert_eq!((account.identity, account.auth_token.is_some()), (None, true));
        }
        let sip = json!({ "login": "alice" });
        let options = json!({ "urlServer": "ws://relay", "authToken": "t0ken", "sipOptions": sip });
        assert!(Account::read(&options).unwrap().request().is_some());
    }

    #[test]
    fn what_the_relay_is_to_know_of_the_app_goes_with_the_account() {
        let options = json!({
            "urlServer": "ws://relay", "sipOptions": { "login": "alice" },
            "keepAlive": true, "appKey": "shop", "custom": { "pin": 9876 },
        });
        let account = Account::read(&options).unwrap();
        assert!(!format!("{account:?}").contains("9876"));
        let Some(Identity::Local(open)) = account.identity else { panic!("not a local user") };
        assert_eq!((open.keep_alive, open.app_key.as_deref()), (true, Some("shop")));
        assert_eq!(open.custom.as_ref().map(Secret::reveal), Some(r#"{"pin":9876}"#));
    }

    fn watched(change: Value) -> Result<Link, Failure> {
        let mut options = json!({ "urlServer": "ws://relay", "sipOptions": { "login": "alice" } });
        for (name, value) in change.as_object().unwrap() {
            options[name] = value.clone();
        }
        Account::read(&options).map(|account| account.link)
    }

    #[test]
    fn the_connection_is_watched_as_the_options_say() {
        assert_eq!(watched(json!({})).unwrap(), Link::default());
        let options = json!({ "timeout": 3000, "pingInterval": 5000, "receiveProbes": 3, "probesInterval": 2000 });
        let link = watched(options).unwrap();
        assert_eq!((link.timeout, link.ping_every, link.silence), (Some(3_000), Some(5_000), Some(6_000)));
        assert_eq!(watched(json!({ "receiveProbes": 3, "probesInterval": 0 })).unwrap().silence, None);
        assert_eq!(watched(json!({ "reconnectTimeout": 0 })).unwrap().reconnect, 0);
        assert_eq!(watched(json!({ "pingInterval": -1 })).unwrap_err().field.as_deref(), Some("pingInterval"));
    }

    #[test]
    fn the_balancer_names_host_and_port_and_our_url_the_rest() {
        let url = |own: &str, answer: Value| {
            let account = Account::read(&json!({ "urlServer": own, "sipOptions": { "login": "alice" } })).unwrap();
            Balanced::read(&answer).map(|balanced| account.url_at(&balanced))
        };
        let answer = json!({ "server": "r1.example", "ws": "8080", "wss": 8443, "flash": "1935" });
        assert_eq!(url("wss://relay.example/ws?x=1", answer.clone()).unwrap(), "wss://r1.example:8443/ws?x=1");
        assert_eq!(url("ws://relay.example:80", answer).unwrap(), "ws://r1.example:8080/");
        assert_eq!(url("wss://relay.example/", json!({ "server": "r1.example" })).unwrap(), "wss://r1.example/");
        for useless in [json!({}), json!({ "server": "r1/evil" }), json!({ "server": 7 })] {
            assert_eq!(url("wss://relay.example/", useless), None);
        }
    }
}
