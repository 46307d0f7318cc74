//! The `[sip]` table.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;

use super::Destinations;
use super::check::Check;

/// The SIP side.
#[derive(Clone, Debug)]
pub struct SipConfig {
    /// UDP socket; none when absent.
    pub udp: Option<SocketAddr>,
    /// TCP listener; none when absent.
    pub tcp: Option<SocketAddr>,
    /// The host SIP peers are told to reach the relay at; the bound address when absent.
    pub advertised: Option<IpAddr>,
    /// Where browsers' SIP accounts may lead.
    pub destinations: Destinations,
    /// How long a registration is asked to last, in whole seconds.
    pub registration_expiry: Duration,
    /// `User-Agent` and `Server`.
    pub user_agent: String,
}

impl Default for SipConfig {
    fn default() -> Self {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 5060));
        Self {
            udp: Some(loopback),
            tcp: Some(loopback),
            advertised: None,
            destinations: Destinations::default(),
            registration_expiry: Duration::from_secs(300),
            user_agent: concat!("Offhook/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// The table as it is written.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Sip {
    pub(super) udp: Option<String>,
    pub(super) tcp: Option<String>,
    pub(super) advertised: Option<String>,
    pub(super) destinations: Vec<String>,
    pub(super) registration_expiry: Option<u64>,
    pub(super) user_agent: Option<String>,
}

impl Check {
    pub(super) fn sip(&mut self, file: Sip, defaults: SipConfig) -> SipConfig {
        let socket = "an address and port such as \"192.0.2.1:5060\", or \"off\"";
        let udp = self.socket("sip.udp", file.udp, socket, defaults.udp);
        let tcp = self.socket("sip.tcp", file.tcp, socket, defaults.tcp);
        let named = file.advertised.is_some();
        let advertised = file.advertised.and_then(|text| self.address("sip.advertised", &text));
        if !named && [udp, tcp].iter().flatten().any(|socket: &SocketAddr| socket.ip().is_unspecified()) {
            self.problem("sip.advertised", "is needed: peers cannot answer to an unspecified address".to_owned());
        }
        SipConfig {
            udp,
            tcp,
            advertised,
            destinations: self.destinations(file.destinations),
            registration_expiry: self.seconds(
                "sip.registration_expiry",
                file.registration_expiry,
                60..=86_400,
                defaults.registration_expiry,
            ),
            user_agent: match file.user_agent {
                Some(name) if name.is_empty() || name.chars().any(char::is_control) => {
                    self.problem("sip.user_agent", "must be printable text".to_owned());
                    defaults.user_agent
                }
                Some(name) => name,
                None => defaults.user_agent,
            },
        }
    }

    fn destinations(&mut self, hosts: Vec<String>) -> Destinations {
        if hosts.iter().any(|host| host == "*") {
            return Destinations::Any;
        }
        for host in &hosts {
            let plain = host.strip_prefix("*.").unwrap_or(host);
            let name = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
            let sound = !plain.is_empty() && plain.chars().all(name);
            // Only an IPv6 address has colons: a host with a port would match nothing.
            if !sound || (host.contains(':') && host.parse::<std::net::Ipv6Addr>().is_err()) {
                let message =
                    format!("{host:?} is neither a host name without port, an address, \"*.domain\" nor \"*\"");
                self.problem("sip.destinations", message);
            }
        }
        Destinations::Hosts(hosts)
    }
}
