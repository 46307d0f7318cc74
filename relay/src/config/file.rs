//! The file's shape, and how it becomes a [`Config`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use offhook_protocol::Secret;
use serde::Deserialize;

use super::browsers::Browsers;
use super::check::Check;
use super::listed::Listed;
use super::quality::Quality;
use super::registrar::Registrar;
use super::routes::RouteTable;
use super::sip::Sip;
use super::trunks::TrunkTable;
use super::{Config, ConfigError};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) http: Http,
    pub(super) sip: Sip,
    pub(super) media: Media,
    pub(super) browsers: Browsers,
    pub(super) quality: Quality,
    pub(super) records: Records,
    pub(super) users: BTreeMap<String, User>,
    pub(super) services: Services,
    pub(super) registrar: Registrar,
    pub(super) trunks: BTreeMap<String, TrunkTable>,
    pub(super) routes: Vec<RouteTable>,
    pub(super) limits: LimitValues,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Http {
    pub(super) listen: Option<String>,
    #[serde(rename = "static")]
    pub(super) static_files: Option<PathBuf>,
    pub(super) allowed_origins: Vec<String>,
    pub(super) trusted_proxies: Vec<String>,
    pub(super) metrics: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Media {
    pub(super) workers: Option<usize>,
    pub(super) webrtc_listen: Option<String>,
    pub(super) webrtc_advertised: Vec<String>,
    pub(super) webrtc_tcp: Option<bool>,
    pub(super) rtp_listen: Option<Listed>,
    pub(super) rtp_advertised: Listed,
    pub(super) rtp_ports: Option<String>,
    pub(super) rtp_inactivity: Option<u64>,
    pub(super) connect_timeout: Option<u64>,
    pub(super) quarantine: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Records {
    pub(super) path: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub(super) password: Option<Secret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Services {
    pub(super) enabled: bool,
    /// Service to what is dialled for it.
    pub(super) numbers: BTreeMap<String, String>,
}

impl Default for Services {
    fn default() -> Self {
        Self { enabled: true, numbers: BTreeMap::new() }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LimitValues {
    pub(super) sessions: Option<usize>,
    pub(super) connections: Option<usize>,
    pub(super) calls: Option<usize>,
    pub(super) calls_per_session: Option<usize>,
    pub(super) transcoded_calls: Option<usize>,
    pub(super) transactions: Option<usize>,
    pub(super) requests_per_second: Option<u32>,
    pub(super) session_grace: Option<u64>,
    pub(super) keep_alive: Option<u64>,
    pub(super) unanswered: Option<u64>,
}

pub(super) fn read(text: &str) -> Result<Config, ConfigError> {
    // toml's error quotes the line at fault, which may hold a password: its message and place are enough.
    let file: File = toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let key = key_before(before).filter(|_| error.message().starts_with("invalid "));
        let key = key.map(|key| format!(", {key}")).unwrap_or_default();
        ConfigError::Syntax(format!("line {line}{key}: {}", without_value(error.message())))
    })?;
    let mut check = Check::default();
    let config = check.config(file);
    check.finish(config)
}

/// The key that a value stands behind, where that is in its line.
fn key_before(value: &str) -> Option<&str> {
    let key = value.lines().next_back()?.split_once('=')?.0.trim();
    let is_bare = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    Some(key).filter(|key| !key.is_empty() && key.chars().all(is_bare))
}

/// What was expected, without the value that stood there: it may be a password.
fn without_value(message: &str) -> &str {
    if !message.starts_with("invalid ") {
        return message;
    }
    message.split_once(", ").filter(|(_, rest)| rest.starts_with("expected ")).map_or("wrong value", |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{Destinations, Problem, Users};
    use crate::service::ServiceNumber;

    fn problems(text: &str) -> Vec<Problem> {
        match read(text) {
            Err(ConfigError::Values(problems)) => problems,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_empty_file_listens_on_loopback_and_calls_nobody() {
        let config = read("").unwrap();
        assert!(config.http.listen.ip().is_loopback());
        assert!(config.sip.sockets().all(|socket| socket.ip().is_loopback()));
        assert!(config.media.rtp_bind.is_loopback());
        assert_eq!(config.sip.destinations, Destinations::Hosts(Vec::new()));
        assert!(matches!(config.users, Users::Named(users) if users.is_empty()));
    }

    #[test]
    fn every_section_is_read() {
        let config = read(
            r#"
            [http]
            listen = "0.0.0.0:8443"
            allowed_origins = ["https://shop.example"]
            trusted_proxies = ["127.0.0.1", "2001:db8::7"]
            [sip]
            udp = "192.0.2.1:5070"
            tcp = "off"
            advertised = "198.51.100.7"
            destinations = ["sip.example.com"]
            registration_expiry = 600
            [media]
            rtp_listen = "192.0.2.1"
            rtp_ports = "20000-20999"
            rtp_inactivity = 12
            [users]
            alice = { password = "secret" }
            bob = {}
            [services]
            numbers = { echo = "600" }
            [limits]
            sessions = 3
            transactions = 5000
            session_grace = 9
            keep_alive = 120
            unanswered = 60
            "#,
        )
        .unwrap();
        assert_eq!(config.http.listen.port(), 8443);
        assert_eq!(config.http.trusted_proxies.len(), 2);
        assert!(config.sip.tcp.is_empty());
        assert!(config.sip.destinations.allow("sip.example.com"));
        assert_eq!(config.media.rtp_ports, 20_000..=20_999);
        assert_eq!(config.media.rtp_advertised, config.media.rtp_bind);
        assert_eq!(config.services.get("600"), Some(&ServiceNumber::Echo));
        assert_eq!(config.services.get("echo"), None);
        assert_eq!(config.limits.transactions, 5000);
        assert_eq!(config.limits.session_grace, Duration::from_secs(9));
        assert_eq!(config.limits.keep_alive, Duration::from_secs(120));
        assert_eq!(config.limits.call.unanswered, Duration::from_secs(60));
    }

    #[test]
    fn the_documented_example_is_good_and_its_limits_are_the_defaults() {
        let manual = include_str!("../../../docs/relay.md");
        let example = manual.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let lines: Vec<&str> = example.lines().filter(|line| !line.starts_with("static =")).collect();
        let config = read(&lines.join("\n")).unwrap();
        assert_eq!(format!("{:?}", config.limits), format!("{:?}", Config::default().limits));
        assert_eq!(format!("{:?}", config.http), format!("{:?}", Config::default().http));
    }

    #[test]
    fn every_wrong_value_is_reported_with_its_key() {
        let problems = problems(
            r#"
            [http]
            listen = "localhost"
            static = "/no/such/directory"
            allowed_origins = ["shop.example"]
            [sip]
            udp = "5060"
            destinations = ["a b"]
            registration_expiry = 1
            [media]
            rtp_ports = "9-5"
            [users]
            "a b" = {}
            [services]
            numbers = { fax = "1" }
            [limits]
            sessions = 0
            "#,
        );
        let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
        for key in [
            "http.static",
            "http.allowed_origins",
            "http.listen",
            "sip.udp",
            "sip.destinations",
            "sip.registration_expiry",
            "media.rtp_ports",
            "users",
            "services.numbers.fax",
            "limits.sessions",
        ] {
            assert!(keys.contains(&key), "{key} is missing in {keys:?}");
        }
    }

    #[test]
    fn an_unspecified_address_needs_one_to_be_told() {
        let problems = problems(
            r#"
            [sip]
            udp = "0.0.0.0:5060"
            [media]
            webrtc_listen = "[::]:40000"
            rtp_listen = "0.0.0.0"
            "#,
        );
        let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, ["sip.advertised", "media.webrtc_advertised", "media.rtp_advertised"]);
    }

    #[test]
    fn each_family_has_its_sip_address_and_its_advertised_one() {
        let config = read(
            "[sip]\nudp = [\"0.0.0.0:5060\", \"[2001:db8::1]:5060\"]\ntcp = \"[::1]:5070\"\nadvertised = \"192.0.2.7\"",
        )
        .unwrap();
        let told: Vec<_> = config.sip.sockets().map(|socket| config.sip.advertised(socket.ip()).to_string()).collect();
        assert_eq!(told, ["192.0.2.7", "2001:db8::1", "::1"]);
        let twice = "[sip]\nudp = [\"192.0.2.1:5060\", \"192.0.2.2:5060\"]";
        assert_eq!(problems(twice)[0].key, "sip.udp");
        let half = "[sip]\nudp = [\"0.0.0.0:5060\", \"[::]:5060\"]\nadvertised = \"192.0.2.7\"";
        assert_eq!(problems(half)[0].key, "sip.advertised");
        let Err(ConfigError::Syntax(message)) = read("[sip]\nudp = 5060\n") else { panic!("accepted") };
        assert!(message.contains("line 2") && message.contains("a text or a list of texts"), "{message}");
    }

    #[test]
    fn a_dns_server_has_an_address_and_perhaps_a_port() {
        let config = read("[sip]\ndns = [\"192.0.2.53\", \"127.0.0.1:5353\", \"2001:db8::53\"]").unwrap();
        let servers: Vec<_> = config.sip.dns.iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["192.0.2.53:53", "127.0.0.1:5353", "[2001:db8::53]:53"]);
        assert!(read("").unwrap().sip.dns.is_empty());
        assert_eq!(problems("[sip]\ndns = \"dns.example\"")[0].key, "sip.dns");
    }

    #[test]
    fn no_more_addresses_are_taken_than_browsers_are_told() {
        let told = |count: usize| format!("[media]\nwebrtc_advertised = [{}]\n", "\"192.0.2.1\", ".repeat(count));
        let most = offhook_media::MediaConfig::MAX_ADVERTISED;
        assert!(Config::from_toml(&told(most)).is_ok());
        assert_eq!(problems(&told(most + 1))[0].key, "media.webrtc_advertised");
    }

    #[test]
    fn what_would_start_but_never_work_is_reported() {
        for (section, text) in [
            ("http", "allowed_origins = [\"https://shop.example/\"]"),
            ("http", "allowed_origins = [\"https://*.shop.example\"]"),
            ("http", "trusted_proxies = [\"10.0.0.0/8\"]"),
            ("http", "metrics = [\"prometheus.example\"]"),
            ("limits", "session_grace = 60\nkeep_alive = 30"),
            ("sip", "destinations = [\"sip.example.com:5060\"]"),
            ("sip", "destinations = [\"*.2001:db8::1\"]"),
            ("sip", "advertised = \"0.0.0.0\""),
            ("sip", "udp = \"0.0.0.0:5060\"\nadvertised = \"relay.example\""),
            ("media", "rtp_advertised = \"::\""),
            ("media", "webrtc_advertised = [\"0.0.0.0\"]"),
            ("media", "rtp_ports = \"30001-30002\""),
            ("media", "workers = 3\nwebrtc_listen = \"127.0.0.1:65534\""),
        ] {
            assert_eq!(problems(&format!("[{section}]\n{text}\n")).len(), 1, "{text}");
        }
        let good = "[http]\nallowed_origins = [\"https://shop.example:8443\"]\n[sip]\ndestinations = [\"2001:db8::1\"]\n\
                    [media]\nrtp_ports = \"65534-65535\"";
        assert!(read(good).is_ok());
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let Err(ConfigError::Syntax(message)) = read("[http]\nlistem = 3\n") else { panic!("accepted") };
        assert!(message.contains("line 2") && message.contains("listem"), "{message}");
    }

    #[test]
    fn a_complaint_never_quotes_a_password() {
        for text in [
            "alice = { password = \"s3cret\", admin = true }",
            "alice = \"s3cret, expected\"",
            "alice = { password = [\"s3cret\"] }",
            "alice = { password = \"s3cret }",
        ] {
            let error = read(&format!("[users]\n{text}\n")).unwrap_err().to_string();
            assert!(!error.contains("s3cret") && error.contains("line 2"), "{error}");
        }
    }

    #[test]
    fn two_services_cannot_share_a_number() {
        assert_eq!(problems("[services]\nnumbers = { echo = \"tone\" }").len(), 1);
    }
}
