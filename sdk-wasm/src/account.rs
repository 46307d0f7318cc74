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
    })
}

fn local_user(sip: &impl Fields) -> Result<OpenLocal, Failure> {
    Ok(OpenLocal {
        login: text::user("login", sip.text("login").unwrap_or_default())?,
        password: optional(sip, "password", text::secret)?.map(Secret::new),
        visible_name: optional(sip, "visibleName", text::visible)?,
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
