//! The file's shape, and how it becomes a [`Config`].

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use offhook_protocol::Secret;
use serde::Deserialize;

use super::{Config, ConfigError, Destinations, HttpConfig, Limits, Problem, SipConfig, Users, all_services};
use crate::service::ServiceNumber;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct File {
    http: Http,
    sip: Sip,
    media: Media,
    users: BTreeMap<String, User>,
    services: Services,
    limits: LimitValues,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Http {
    listen: Option<String>,
    #[serde(rename = "static")]
    static_files: Option<PathBuf>,
    allowed_origins: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Sip {
    udp: Option<String>,
    tcp: Option<String>,
    advertised: Option<String>,
    destinations: Vec<String>,
    registration_expiry: Option<u64>,
    user_agent: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Media {
    workers: Option<usize>,
    webrtc_listen: Option<String>,
    webrtc_advertised: Vec<String>,
    rtp_listen: Option<String>,
    rtp_advertised: Option<String>,
    rtp_ports: Option<String>,
    rtp_inactivity: Option<u64>,
    connect_timeout: Option<u64>,
    quarantine: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    password: Option<Secret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Services {
    enabled: bool,
    /// Service to what is dialled for it.
    numbers: BTreeMap<String, String>,
}

impl Default for Services {
    fn default() -> Self {
        Self { enabled: true, numbers: BTreeMap::new() }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct LimitValues {
    sessions: Option<usize>,
    connections: Option<usize>,
    calls: Option<usize>,
    calls_per_session: Option<usize>,
    requests_per_second: Option<u32>,
    session_grace: Option<u64>,
    unanswered: Option<u64>,
}

pub(super) fn read(text: &str) -> Result<Config, ConfigError> {
    // toml's error quotes the line at fault, which may hold a password: its message and place are enough.
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or(text).matches('\n').count() + 1);
        ConfigError::Syntax(format!("line {line}: {}", error.message()))
    })?;
    let mut check = Check::default();
    let config = check.config(file);
    if check.problems.is_empty() { Ok(config) } else { Err(ConfigError::Values(check.problems)) }
}

/// Collects what is wrong while values are read; a bad value leaves the default.
#[derive(Default)]
struct Check {
    problems: Vec<Problem>,
}

impl Check {
    fn config(&mut self, file: File) -> Config {
        let defaults = Config::default();
        Config {
            http: self.http(file.http, defaults.http),
            sip: self.sip(file.sip, defaults.sip),
            media: self.media(file.media, defaults.media),
            users: self.users(file.users),
            services: self.services(file.services),
            limits: self.limits(&file.limits, defaults.limits),
        }
    }

    fn http(&mut self, file: Http, defaults: HttpConfig) -> HttpConfig {
        if let Some(directory) = file.static_files.as_ref().filter(|directory| !directory.is_dir()) {
            self.problem("http.static", format!("{} is no directory", directory.display()));
        }
        for origin in &file.allowed_origins {
            if origin != "*" && !origin.starts_with("https://") && !origin.starts_with("http://") {
                self.problem(
                    "http.allowed_origins",
                    format!("{origin:?} is no origin such as \"https://example.com\""),
                );
            }
        }
        HttpConfig {
            listen: self.parsed(
                "http.listen",
                file.listen,
                "an address and port such as \"127.0.0.1:8080\"",
                defaults.listen,
            ),
            static_files: file.static_files,
            allowed_origins: file.allowed_origins,
        }
    }

    fn sip(&mut self, file: Sip, defaults: SipConfig) -> SipConfig {
        let socket = "an address and port such as \"192.0.2.1:5060\", or \"off\"";
        let udp = self.socket("sip.udp", file.udp, socket, defaults.udp);
        let tcp = self.socket("sip.tcp", file.tcp, socket, defaults.tcp);
        let advertised = file.advertised.and_then(|text| self.value("sip.advertised", &text, "an IP address"));
        if advertised.is_none() && [udp, tcp].iter().flatten().any(|socket: &SocketAddr| socket.ip().is_unspecified()) {
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
            if plain.is_empty() || !plain.chars().all(name) {
                let message = format!("{host:?} is neither a host name, an address, \"*.domain\" nor \"*\"");
                self.problem("sip.destinations", message);
            }
        }
        Destinations::Hosts(hosts)
    }

    fn media(&mut self, file: Media, defaults: offhook_media::MediaConfig) -> offhook_media::MediaConfig {
        let address = "an IP address";
        let advertised = file
            .webrtc_advertised
            .iter()
            .filter_map(|text| self.value("media.webrtc_advertised", text, address))
            .collect();
        let socket = "an address and port such as \"192.0.2.1:40000\"";
        let webrtc_bind = self.parsed("media.webrtc_listen", file.webrtc_listen, socket, defaults.webrtc_bind);
        let rtp_bind = self.parsed("media.rtp_listen", file.rtp_listen, address, defaults.rtp_bind);
        if webrtc_bind.ip().is_unspecified() && file.webrtc_advertised.is_empty() {
            self.problem(
                "media.webrtc_advertised",
                "is needed: no browser can reach an unspecified address".to_owned(),
            );
        }
        if rtp_bind.is_unspecified() && file.rtp_advertised.is_none() {
            self.problem("media.rtp_advertised", "is needed: no peer can reach an unspecified address".to_owned());
        }
        offhook_media::MediaConfig {
            workers: self.within("media.workers", file.workers, 1..=256, defaults.workers),
            webrtc_bind,
            webrtc_advertised: advertised,
            rtp_bind,
            rtp_advertised: self.parsed("media.rtp_advertised", file.rtp_advertised, address, rtp_bind),
            rtp_ports: self.ports(file.rtp_ports, defaults.rtp_ports),
            rtp_inactivity: self.seconds(
                "media.rtp_inactivity",
                file.rtp_inactivity,
                1..=86_400,
                defaults.rtp_inactivity,
            ),
            connect_timeout: self.seconds(
                "media.connect_timeout",
                file.connect_timeout,
                1..=120,
                defaults.connect_timeout,
            ),
            quarantine: self.seconds("media.quarantine", file.quarantine, 0..=600, defaults.quarantine),
            consent_timeout: defaults.consent_timeout,
            learning_window: defaults.learning_window,
            rtcp_interval: defaults.rtcp_interval,
        }
    }

    fn ports(&mut self, range: Option<String>, default: RangeInclusive<u16>) -> RangeInclusive<u16> {
        let Some(range) = range else { return default };
        let parsed = range.split_once('-').and_then(|(first, last)| {
            let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            (first >= 1024 && last > first).then_some(first..=last)
        });
        parsed.unwrap_or_else(|| {
            self.problem(
                "media.rtp_ports",
                format!("{range:?} is no range of ports from 1024 such as \"30000-39999\""),
            );
            default
        })
    }

    fn users(&mut self, file: BTreeMap<String, User>) -> Users {
        for name in file.keys() {
            if !crate::route::is_user_name(name) {
                self.problem("users", format!("{name:?} is no user name: letters, digits and -_.+ are"));
            }
        }
        Users::Named(file.into_iter().map(|(name, user)| (name, user.password)).collect())
    }

    fn services(&mut self, file: Services) -> BTreeMap<String, ServiceNumber> {
        if !file.enabled {
            return BTreeMap::new();
        }
        let mut services = all_services();
        for (name, number) in file.numbers {
            let key = format!("services.numbers.{name}");
            let Some(service) = ServiceNumber::from_name(&name) else {
                self.problem(&key, "there is no such service: echo, tone, dtmf, busy and noanswer are".to_owned());
                continue;
            };
            if !crate::route::is_user_name(&number) {
                self.problem(&key, format!("{number:?} cannot be dialled: letters, digits and -_.+ can"));
                continue;
            }
            services.retain(|_, known| *known != service);
            if services.insert(number, service).is_some() {
                self.problem(&key, "another service has this number".to_owned());
            }
        }
        services
    }

    fn limits(&mut self, file: &LimitValues, defaults: Limits) -> Limits {
        let mut call = defaults.call;
        call.unanswered = self.seconds("limits.unanswered", file.unanswered, 1..=3600, call.unanswered);
        Limits {
            sessions: self.within("limits.sessions", file.sessions, 1..=1_000_000, defaults.sessions),
            connections: self.within("limits.connections", file.connections, 1..=1_000_000, defaults.connections),
            calls: self.within("limits.calls", file.calls, 1..=1_000_000, defaults.calls),
            calls_per_session: self.within(
                "limits.calls_per_session",
                file.calls_per_session,
                1..=1000,
                defaults.calls_per_session,
            ),
            requests_per_second: self.within(
                "limits.requests_per_second",
                file.requests_per_second,
                1..=100_000,
                defaults.requests_per_second,
            ),
            session_grace: self.seconds("limits.session_grace", file.session_grace, 0..=3600, defaults.session_grace),
            handshake: defaults.handshake,
            call,
        }
    }

    fn socket<T: FromStr>(&mut self, key: &str, text: Option<String>, what: &str, default: Option<T>) -> Option<T> {
        match text {
            None => default,
            Some(text) if text == "off" => None,
            Some(text) => self.value(key, &text, what),
        }
    }

    fn parsed<T: FromStr>(&mut self, key: &str, text: Option<String>, what: &str, default: T) -> T {
        text.and_then(|text| self.value(key, &text, what)).unwrap_or(default)
    }

    fn value<T: FromStr>(&mut self, key: &str, text: &str, what: &str) -> Option<T> {
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.problem(key, format!("{text:?} is not {what}"));
        }
        parsed
    }

    fn seconds(&mut self, key: &str, value: Option<u64>, range: RangeInclusive<u64>, default: Duration) -> Duration {
        value.map_or(default, |value| Duration::from_secs(self.within(key, Some(value), range, default.as_secs())))
    }

    fn within<T: PartialOrd + Display + Copy>(
        &mut self,
        key: &str,
        value: Option<T>,
        range: RangeInclusive<T>,
        default: T,
    ) -> T {
        match value {
            None => default,
            Some(value) if range.contains(&value) => value,
            Some(value) => {
                self.problem(key, format!("{value} is not between {} and {}", range.start(), range.end()));
                default
            }
        }
    }

    fn problem(&mut self, key: &str, message: String) {
        self.problems.push(Problem { key: key.to_owned(), message });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(config.sip.udp.unwrap().ip().is_loopback());
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
            session_grace = 9
            unanswered = 60
            "#,
        )
        .unwrap();
        assert_eq!(config.http.listen.port(), 8443);
        assert_eq!(config.sip.tcp, None);
        assert!(config.sip.destinations.allow("sip.example.com"));
        assert_eq!(config.media.rtp_ports, 20_000..=20_999);
        assert_eq!(config.media.rtp_advertised, config.media.rtp_bind);
        assert_eq!(config.services.get("600"), Some(&ServiceNumber::Echo));
        assert_eq!(config.services.get("echo"), None);
        assert_eq!(config.limits.session_grace, Duration::from_secs(9));
        assert_eq!(config.limits.call.unanswered, Duration::from_secs(60));
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
    fn an_unknown_key_is_named_with_its_line() {
        let Err(ConfigError::Syntax(message)) = read("[http]\nlistem = 3\n") else { panic!("accepted") };
        assert!(message.contains("line 2") && message.contains("listem"), "{message}");
    }

    #[test]
    fn a_complaint_never_quotes_a_password() {
        let error = read("[users]\nalice = { password = \"s3cret\", admin = true }\n").unwrap_err();
        assert!(!error.to_string().contains("s3cret"));
    }

    #[test]
    fn two_services_cannot_share_a_number() {
        assert_eq!(problems("[services]\nnumbers = { echo = \"tone\" }").len(), 1);
    }
}
