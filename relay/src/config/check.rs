//! Values of the file, checked one by one.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::file::{File, Http, LimitValues, Media, Records, Services, User};
use super::{Config, ConfigError, HttpConfig, Limits, Problem, Users, all_services};
use crate::service::ServiceNumber;

/// Collects what is wrong while values are read; a bad value leaves the default.
#[derive(Default)]
pub(super) struct Check {
    problems: Vec<Problem>,
}

impl Check {
    /// The configuration, or everything that is wrong with it.
    pub(super) fn finish(self, config: Config) -> Result<Config, ConfigError> {
        if self.problems.is_empty() { Ok(config) } else { Err(ConfigError::Values(self.problems)) }
    }

    pub(super) fn config(&mut self, file: File) -> Config {
        let defaults = Config::default();
        let trunks = self.trunks(file.trunks);
        let quality = self.quality(&file.quality);
        Config {
            http: self.http(file.http, defaults.http),
            sip: self.sip(file.sip, defaults.sip),
            browsers: self.browsers(file.browsers, defaults.browsers),
            media: offhook_media::MediaConfig { quality, ..self.media(file.media, defaults.media) },
            users: self.users(file.users),
            services: self.services(file.services),
            registrar: self.registrar(file.registrar, defaults.registrar),
            routes: self.routes(file.routes, &trunks),
            trunks,
            records: self.records(file.records),
            limits: self.limits(&file.limits, defaults.limits),
        }
    }

    fn http(&mut self, file: Http, defaults: HttpConfig) -> HttpConfig {
        if let Some(directory) = file.static_files.as_ref().filter(|directory| !directory.is_dir()) {
            self.problem("http.static", format!("{} is no directory", directory.display()));
        }
        for origin in &file.allowed_origins {
            if origin != "*" && !is_origin(origin) {
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
            metrics: file
                .metrics
                .iter()
                .filter_map(|text| self.value("http.metrics", text, "an address or a network such as \"192.0.2.0/24\""))
                .collect(),
            trusted_proxies: file
                .trusted_proxies
                .iter()
                .filter_map(|text| self.value("http.trusted_proxies", text, "an IP address"))
                .collect(),
        }
    }

    fn media(&mut self, file: Media, defaults: offhook_media::MediaConfig) -> offhook_media::MediaConfig {
        let most = offhook_media::MediaConfig::MAX_ADVERTISED;
        if file.webrtc_advertised.len() > most {
            self.problem("media.webrtc_advertised", format!("{most} addresses are the most"));
        }
        let advertised =
            file.webrtc_advertised.iter().filter_map(|text| self.address("media.webrtc_advertised", text)).collect();
        let socket = "an address and port such as \"192.0.2.1:40000\"";
        let webrtc_bind = self.parsed("media.webrtc_listen", file.webrtc_listen, socket, defaults.webrtc_bind);
        let workers = self.within("media.workers", file.workers, 1..=256, defaults.workers);
        let last_port = usize::from(webrtc_bind.port()) + workers.saturating_sub(1);
        if webrtc_bind.port() != 0 && last_port > usize::from(u16::MAX) {
            let message = format!("{workers} workers need as many ports from {} on, up to 65535", webrtc_bind.port());
            self.problem("media.webrtc_listen", message);
        }
        if webrtc_bind.ip().is_unspecified() && file.webrtc_advertised.is_empty() {
            self.problem(
                "media.webrtc_advertised",
                "is needed: no browser can reach an unspecified address".to_owned(),
            );
        }
        let default = (defaults.rtp_bind, defaults.rtp_advertised);
        let ((rtp_bind, rtp_advertised), rtp_other) = self.rtp(file.rtp_listen, file.rtp_advertised, default);
        offhook_media::MediaConfig {
            workers,
            webrtc_bind,
            webrtc_advertised: advertised,
            webrtc_tcp: file.webrtc_tcp.unwrap_or(defaults.webrtc_tcp),
            rtp_bind,
            rtp_advertised,
            rtp_other,
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
            quality: defaults.quality,
        }
    }

    fn ports(&mut self, range: Option<String>, default: RangeInclusive<u16>) -> RangeInclusive<u16> {
        let Some(range) = range else { return default };
        let parsed = range.split_once('-').and_then(|(first, last)| {
            let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            let has_pair = u32::from(first).next_multiple_of(2) < u32::from(last);
            (first >= 1024 && has_pair).then_some(first..=last)
        });
        parsed.unwrap_or_else(|| {
            self.problem(
                "media.rtp_ports",
                format!("{range:?} is no range with a pair of ports from 1024 on such as \"30000-39999\""),
            );
            default
        })
    }

    fn records(&mut self, file: Records) -> Option<PathBuf> {
        let path = file.path?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            self.problem("records.path", format!("{} is no directory", folder.display()));
        }
        Some(path)
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
        let session_grace = self.seconds("limits.session_grace", file.session_grace, 0..=3600, defaults.session_grace);
        let keep_alive =
            self.seconds("limits.keep_alive", file.keep_alive, 0..=86_400, defaults.keep_alive.max(session_grace));
        if keep_alive < session_grace {
            self.problem("limits.keep_alive", "must not be shorter than limits.session_grace".to_owned());
        }
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
            transcoded_calls: self.within(
                "limits.transcoded_calls",
                file.transcoded_calls,
                0..=1_000_000,
                defaults.transcoded_calls,
            ),
            transactions: self.within(
                "limits.transactions",
                file.transactions,
                100..=10_000_000,
                defaults.transactions,
            ),
            requests_per_second: self.within(
                "limits.requests_per_second",
                file.requests_per_second,
                1..=100_000,
                defaults.requests_per_second,
            ),
            session_grace,
            keep_alive,
            handshake: defaults.handshake,
            call,
        }
    }

    pub(super) fn parsed<T: FromStr>(&mut self, key: &str, text: Option<String>, what: &str, default: T) -> T {
        text.and_then(|text| self.value(key, &text, what)).unwrap_or(default)
    }

    pub(super) fn value<T: FromStr>(&mut self, key: &str, text: &str, what: &str) -> Option<T> {
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.problem(key, format!("{text:?} is not {what}"));
        }
        parsed
    }

    /// An address that others are told.
    pub(super) fn address(&mut self, key: &str, text: &str) -> Option<IpAddr> {
        let address: IpAddr = self.value(key, text, "an IP address")?;
        if address.is_unspecified() {
            self.problem(key, format!("nobody can reach {address}: it stands for any address of this machine"));
        }
        Some(address)
    }

    pub(super) fn seconds(
        &mut self,
        key: &str,
        value: Option<u64>,
        range: RangeInclusive<u64>,
        default: Duration,
    ) -> Duration {
        value.map_or(default, |value| Duration::from_secs(self.within(key, Some(value), range, default.as_secs())))
    }

    pub(super) fn within<T: PartialOrd + Display + Copy>(
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

    pub(super) fn problem(&mut self, key: &str, message: String) {
        self.problems.push(Problem { key: key.to_owned(), message });
    }
}

/// Whether a browser may write its origin so (RFC 6454 section 6.2): scheme, host and port, and nothing after them.
fn is_origin(text: &str) -> bool {
    let authority = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    !authority.is_empty() && authority.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c))
}
