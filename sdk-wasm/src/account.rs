//! What a session is opened with: where the relay is and who calls.

use crate::failure::Failure;
use crate::text;
use offhook_protocol::compact::Fields;
use offhook_protocol::request::{OpenLocal, OpenSip};
use offhook_protocol::{RequestBody, Secret};

/// The options of a session, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// The relay's WebSocket URL, `ws:` or `wss:`.
    pub url: String,
    /// The identity to act for.
    pub identity: Identity,
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
        let url = options.text("urlServer").unwrap_or_default();
        if !(url.starts_with("ws://") || url.starts_with("wss://")) {
            return Err(Failure::field("urlServer", "urlServer must be a ws:// or wss:// address."));
        }
        let Some(sip) = options.object("sipOptions") else {
            return Err(Failure::field("sipOptions", "sipOptions must name at least a login."));
        };
        let identity = match given(&sip, "domain") {
            Some(domain) => Identity::Sip(sip_account(&sip, domain)?),
            None => Identity::Local(local_user(&sip)?),
        };
        Ok(Self { url, identity })
    }

    /// Whether a failed registration ends the session.
    pub fn must_register(&self) -> bool {
        matches!(&self.identity, Identity::Sip(open) if open.register)
    }

    /// The request that opens the session.
    pub fn request(&self) -> RequestBody {
        match &self.identity {
            Identity::Sip(open) => RequestBody::OpenSip(open.clone()),
            Identity::Local(open) => RequestBody::OpenLocal(open.clone()),
        }
    }
}

fn sip_account(sip: &impl Fields, domain: String) -> Result<OpenSip, Failure> {
    let proxy = given(sip, "outboundProxy").map(|proxy| ("outboundProxy", proxy));
    let proxy = proxy.or_else(|| given(sip, "proxy").map(|proxy| ("proxy", proxy)));
    Ok(OpenSip {
        login: text::user("login", sip.text("login").unwrap_or_default())?,
        authentication_name: optional(sip, "authenticationName", text::one_word)?,
        password: Secret::new(text::secret("password", sip.text("password").unwrap_or_default())?),
        domain: text::host("domain", domain)?,
        outbound_proxy: proxy.map(|(field, proxy)| text::host(field, proxy)).transpose()?,
        port: port(sip)?,
        transport: transport(sip)?,
        register: sip.flag("registerRequired").unwrap_or(true),
        visible_name: optional(sip, "visibleName", text::visible)?,
        ..OpenSip::default()
    })
}

fn local_user(sip: &impl Fields) -> Result<OpenLocal, Failure> {
    Ok(OpenLocal {
        login: text::user("login", sip.text("login").unwrap_or_default())?,
        password: optional(sip, "password", text::secret)?.map(Secret::new),
        visible_name: optional(sip, "visibleName", text::visible)?,
        ..OpenLocal::default()
    })
}

/// The port as number or text; empty and 0 mean the default.
fn port(sip: &impl Fields) -> Result<Option<u16>, Failure> {
    let port = match given(sip, "port") {
        Some(text) => text.parse().ok(),
        None if sip.number("port").is_none() => return Ok(None),
        None => sip.whole("port").and_then(|port| u16::try_from(port).ok()),
    };
    let port = port.ok_or_else(|| Failure::field("port", "port must be a number from 0 to 65535."))?;
    Ok((port != 0).then_some(port))
}

fn transport(sip: &impl Fields) -> Result<Option<String>, Failure> {
    let Some(name) = given(sip, "transport") else { return Ok(None) };
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "udp" | "tcp" => Ok(Some(name)),
        _ => Err(Failure::field("transport", "transport must be udp or tcp.")),
    }
}

fn optional(
    sip: &impl Fields,
    field: &str,
    check: fn(&str, String) -> Result<String, Failure>,
) -> Result<Option<String>, Failure> {
    given(sip, field).map(|text| check(field, text)).transpose()
}

/// A text that is there and not empty: forms send empty fields.
fn given(sip: &impl Fields, field: &str) -> Option<String> {
    sip.text(field).filter(|text| !text.is_empty())
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
            Identity::Sip(open) => open,
            Identity::Local(_) => panic!("not a SIP account"),
        })
    }

    fn field_at_fault(change: Value) -> String {
        sip(change.clone()).map_err(|failure| failure.field.unwrap()).expect_err(&change.to_string())
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
            assert_eq!(account.identity, Identity::Local(local));
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
}
