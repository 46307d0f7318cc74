//! The `[sip]` table.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use offhook_media::Codec;
use offhook_sip::dialog::SessionPolicy;
use serde::Deserialize;

use super::Destinations;
use super::TransferBy;
use super::check::Check;
use super::listed::Listed;
use super::tls::TlsFiles;
use crate::call::CodecPolicy;
use crate::ua::transport::tls::TlsConfig;
use crate::ua::{CallPolicy, IcePolicy, MediaPolicy, Protocol, Reliable, SrtpPolicy};

/// The SIP side.
#[derive(Clone, Debug)]
pub struct SipConfig {
    /// UDP sockets, one of each address family at most.
    pub udp: Vec<SocketAddr>,
    /// TCP listeners, one of each address family at most.
    pub tcp: Vec<SocketAddr>,
    /// TLS listeners, one of each address family at most.
    pub tls: Vec<SocketAddr>,
    /// WebSocket listeners (RFC 7118), one of each address family at most.
    pub ws: Vec<SocketAddr>,
    /// The same under TLS.
    pub wss: Vec<SocketAddr>,
    /// Certificates and authorities.
    pub certificates: TlsConfig,
    /// The file that all messages are traced to; only the command line names one.
    pub trace: Option<PathBuf>,
    /// Connections that peers have opened at once, and as many that the relay has.
    pub connections: usize,
    /// Connections that one address has opened at once.
    pub connections_per_source: usize,
    /// How often a connection that the relay opened is kept alive.
    pub keep_alive: Duration,
    /// What SIP peers are told instead of the bound address of the same family, where it is named.
    pub advertised: Vec<IpAddr>,
    /// Where browsers' SIP accounts may lead.
    pub destinations: Destinations,
    /// The DNS servers to ask; the system's own when there are none.
    pub dns: Vec<SocketAddr>,
    /// What is said of media, where a trunk has nothing else of its own.
    pub media: MediaPolicy,
    /// How long a registration is asked to last, in whole seconds.
    pub registration_expiry: Duration,
    /// `User-Agent` and `Server`.
    pub user_agent: String,
    /// How requests of strangers are met.
    pub strangers: StrangerPolicy,
    /// Requests a second that one stranger may send, in the mean; four times as many at once.
    pub stranger_rate: u32,
    /// Whether registrations ask for a GRUU (RFC 5627), which then is the Contact of their calls.
    pub gruu: bool,
    /// Whether registrations follow the address that their servers see.
    pub nat: bool,
    /// How often the way to their servers over UDP is kept open; zero is never.
    pub nat_keep_alive: Duration,
    /// How calls are made and taken.
    pub calls: CallPolicy,
    /// Who makes a transfer between SIP ends.
    pub transfer: TransferBy,
}

/// How requests of strangers are met: of peers that are no trunk, no registered phone and no server of an account's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrangerPolicy {
    /// They reach service numbers and local users, and hear what else there is not.
    Services,
    /// Their calls are refused.
    Refuse,
    /// They hear nothing.
    Silent,
}

impl Default for SipConfig {
    fn default() -> Self {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 5060));
        Self {
            udp: vec![loopback],
            tcp: vec![loopback],
            tls: Vec::new(),
            ws: Vec::new(),
            wss: Vec::new(),
            certificates: TlsConfig::default(),
            trace: None,
            connections: 2048,
            connections_per_source: 256,
            keep_alive: Duration::from_secs(100),
            advertised: Vec::new(),
            destinations: Destinations::default(),
            dns: Vec::new(),
            media: MediaPolicy::default(),
            registration_expiry: Duration::from_secs(300),
            strangers: StrangerPolicy::Services,
            stranger_rate: 50,
            user_agent: concat!("Offhook/", env!("CARGO_PKG_VERSION")).to_owned(),
            gruu: false,
            nat: true,
            nat_keep_alive: Duration::from_secs(25),
            calls: CallPolicy::default(),
            transfer: TransferBy::Refer,
        }
    }
}

impl SipConfig {
    /// What peers are told of a bound address.
    #[must_use]
    pub fn advertised(&self, bound: IpAddr) -> IpAddr {
        self.advertised.iter().copied().find(|told| told.is_ipv4() == bound.is_ipv4()).unwrap_or(bound)
    }

    /// Where connections are listened for, with the protocol.
    pub fn listeners(&self) -> impl Iterator<Item = (Protocol, SocketAddr)> {
        let of = |protocol, sockets: &[SocketAddr]| sockets.iter().map(move |at| (protocol, *at)).collect::<Vec<_>>();
        let tcp = of(Protocol::Tcp, &self.tcp).into_iter().chain(of(Protocol::Tls, &self.tls));
        tcp.chain(of(Protocol::Ws, &self.ws)).chain(of(Protocol::Wss, &self.wss))
    }

    /// Every socket it listens on.
    pub fn sockets(&self) -> impl Iterator<Item = &SocketAddr> {
        self.udp.iter().chain(&self.tcp).chain(&self.tls).chain(&self.ws).chain(&self.wss)
    }

    /// The same, to be changed.
    pub fn sockets_mut(&mut self) -> impl Iterator<Item = &mut SocketAddr> {
        let tls = self.tls.iter_mut().chain(&mut self.ws).chain(&mut self.wss);
        self.udp.iter_mut().chain(&mut self.tcp).chain(tls)
    }
}

/// The table as it is written.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Sip {
    pub(super) udp: Option<Listed>,
    pub(super) tcp: Option<Listed>,
    pub(super) tls: Option<Listed>,
    pub(super) ws: Option<Listed>,
    pub(super) wss: Option<Listed>,
    pub(super) tls_certificate: Option<PathBuf>,
    pub(super) tls_key: Option<PathBuf>,
    pub(super) tls_ca: Option<PathBuf>,
    pub(super) tls_client_ca: Option<PathBuf>,
    pub(super) tls_verify: Option<bool>,
    pub(super) connections: Option<usize>,
    pub(super) connections_per_source: Option<usize>,
    pub(super) keep_alive: Option<u64>,
    pub(super) advertised: Listed,
    pub(super) destinations: Vec<String>,
    pub(super) dns: Listed,
    pub(super) registration_expiry: Option<u64>,
    pub(super) user_agent: Option<String>,
    pub(super) srtp: Option<String>,
    pub(super) codecs: Option<Vec<String>>,
    pub(super) transcode: Option<String>,
    pub(super) ice: Option<String>,
    pub(super) video: Option<bool>,
    pub(super) strangers: Option<String>,
    pub(super) stranger_rate: Option<u32>,
    #[serde(default)]
    pub(super) gruu: bool,
    pub(super) nat: Option<bool>,
    pub(super) nat_keep_alive: Option<u64>,
    pub(super) reliable_provisional: Option<String>,
    pub(super) session_expires: Option<u64>,
    pub(super) min_se: Option<u64>,
    pub(super) transfer: Option<String>,
}

impl Check {
    pub(super) fn sip(&mut self, file: Sip, defaults: SipConfig) -> SipConfig {
        let calls = self.calls(&file, defaults.calls);
        let udp = self.sockets("sip.udp", file.udp, defaults.udp);
        let tcp = self.sockets("sip.tcp", file.tcp, defaults.tcp);
        let tls = self.sockets("sip.tls", file.tls, defaults.tls);
        let ws = self.sockets("sip.ws", file.ws, defaults.ws);
        let wss = self.sockets("sip.wss", file.wss, defaults.wss);
        let files = TlsFiles {
            certificate: file.tls_certificate,
            key: file.tls_key,
            authorities: file.tls_ca,
            client_authorities: file.tls_client_ca,
            verify: file.tls_verify.unwrap_or(true),
        };
        let certificates = self.certificates(files, !tls.is_empty(), !wss.is_empty());
        let told = file.advertised.0;
        let advertised: Vec<_> = told.iter().filter_map(|text| self.address("sip.advertised", text)).collect();
        self.one_of_each_family("sip.advertised", &advertised);
        let told_of = |ip: &IpAddr| advertised.iter().any(|told| told.is_ipv4() == ip.is_ipv4());
        let unspecified = [&udp, &tcp, &tls, &ws, &wss]
            .into_iter()
            .flatten()
            .map(SocketAddr::ip)
            .find(|ip| ip.is_unspecified() && !told_of(ip));
        // One that was named and cannot be read has been complained of.
        if let Some(ip) = unspecified.filter(|_| advertised.len() == told.len()) {
            self.problem("sip.advertised", format!("is needed: peers cannot answer to the unspecified address {ip}"));
        }
        // Whoever names an address knows what is outside.
        let nat = file.nat.unwrap_or(told.is_empty() && defaults.nat);
        let keep_alive = if nat { defaults.nat_keep_alive } else { Duration::ZERO };
        SipConfig {
            calls,
            udp,
            tcp,
            tls,
            ws,
            wss,
            certificates,
            trace: defaults.trace,
            connections: self.within("sip.connections", file.connections, 1..=1_000_000, defaults.connections),
            connections_per_source: self.within(
                "sip.connections_per_source",
                file.connections_per_source,
                1..=1_000_000,
                defaults.connections_per_source,
            ),
            keep_alive: self.seconds("sip.keep_alive", file.keep_alive, 1..=3600, defaults.keep_alive),
            advertised,
            destinations: self.destinations(file.destinations),
            dns: self.name_servers(file.dns.0),
            media: MediaPolicy {
                srtp: self.srtp("sip.srtp", file.srtp.as_deref()).unwrap_or(defaults.media.srtp),
                spoken: CodecPolicy {
                    codecs: self.codecs("sip.codecs", file.codecs.as_deref()),
                    transcoding: self
                        .transcoding("sip.transcode", file.transcode.as_deref())
                        .unwrap_or(defaults.media.spoken.transcoding),
                },
                ice: self.ice("sip.ice", file.ice.as_deref()).unwrap_or(defaults.media.ice),
                video: file.video.unwrap_or(defaults.media.video),
            },
            registration_expiry: self.seconds(
                "sip.registration_expiry",
                file.registration_expiry,
                60..=86_400,
                defaults.registration_expiry,
            ),
            strangers: self.strangers(file.strangers, defaults.strangers),
            stranger_rate: self.within("sip.stranger_rate", file.stranger_rate, 1..=100_000, defaults.stranger_rate),
            user_agent: match file.user_agent {
                Some(name) if name.is_empty() || name.chars().any(char::is_control) => {
                    self.problem("sip.user_agent", "must be printable text".to_owned());
                    defaults.user_agent
                }
                Some(name) => name,
                None => defaults.user_agent,
            },
            gruu: file.gruu,
            nat,
            nat_keep_alive: self.seconds("sip.nat_keep_alive", file.nat_keep_alive, 0..=600, keep_alive),
            transfer: self.parsed("sip.transfer", file.transfer, "\"refer\" or \"relay\"", defaults.transfer),
        }
    }

    /// The addresses to listen on, one of each family at most: a message leaves by the one of its target's family.
    fn sockets(&mut self, key: &str, listed: Option<Listed>, default: Vec<SocketAddr>) -> Vec<SocketAddr> {
        let Some(Listed(texts)) = listed else { return default };
        if texts == ["off"] {
            return Vec::new();
        }
        let what = "an address and port such as \"192.0.2.1:5060\" or \"[2001:db8::1]:5060\", or \"off\"";
        let sockets: Vec<SocketAddr> = texts.iter().filter_map(|text| self.value(key, text, what)).collect();
        self.one_of_each_family(key, &sockets.iter().map(SocketAddr::ip).collect::<Vec<_>>());
        sockets
    }

    fn name_servers(&mut self, texts: Vec<String>) -> Vec<SocketAddr> {
        let server = |text: &String| {
            let address = text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53)).ok();
            let what = "the address of a DNS server such as \"192.0.2.53\" or \"192.0.2.53:5353\"";
            address.or_else(|| self.value("sip.dns", text, what))
        };
        texts.iter().filter_map(server).collect()
    }

    pub(super) fn one_of_each_family(&mut self, key: &str, addresses: &[IpAddr]) {
        let of_ipv4 = addresses.iter().filter(|address| address.is_ipv4()).count();
        if of_ipv4 > 1 || addresses.len() - of_ipv4 > 1 {
            self.problem(key, "takes one IPv4 and one IPv6 address at most".to_owned());
        }
    }

    fn calls(&mut self, file: &Sip, defaults: CallPolicy) -> CallPolicy {
        let reliable = match file.reliable_provisional.as_deref() {
            None => defaults.reliable,
            Some("supported") => Reliable::Supported,
            Some("required") => Reliable::Required,
            Some("off") => Reliable::Off,
            Some(other) => {
                let message = format!("{other:?} is none of \"supported\", \"required\" and \"off\"");
                self.problem("sip.reliable_provisional", message);
                defaults.reliable
            }
        };
        let mut seconds = |key, value: Option<u64>, default: u32| {
            let value = self.seconds(key, value, 90..=86_400, Duration::from_secs(default.into())).as_secs();
            u32::try_from(value).unwrap_or(default)
        };
        let min_se = seconds("sip.min_se", file.min_se, defaults.session.min_se);
        let expires = match file.session_expires {
            Some(0) => None,
            value => Some(seconds("sip.session_expires", value, defaults.session.expires.unwrap_or(1800))),
        };
        let expires = match expires {
            Some(expires) if expires < min_se && file.session_expires.is_some() => {
                self.problem("sip.session_expires", "is shorter than sip.min_se".to_owned());
                Some(expires)
            }
            expires => expires.map(|expires| expires.max(min_se)),
        };
        CallPolicy { reliable, session: SessionPolicy { expires, min_se } }
    }

    pub(super) fn srtp(&mut self, key: &str, text: Option<&str>) -> Option<SrtpPolicy> {
        let policy = match text? {
            "off" => SrtpPolicy::Off,
            "offered" => SrtpPolicy::Offered,
            "required" => SrtpPolicy::Required,
            other => {
                self.problem(key, format!("{other:?} is neither \"off\", \"offered\" nor \"required\""));
                return None;
            }
        };
        Some(policy)
    }

    pub(super) fn ice(&mut self, key: &str, text: Option<&str>) -> Option<IcePolicy> {
        self.value(key, text?, "\"keep\" or \"strip\"")
    }

    pub(super) fn codecs(&mut self, key: &str, names: Option<&[String]>) -> Option<Vec<Codec>> {
        self.codecs_among(&Codec::ALL, key, names)
    }

    pub(super) fn browser_codecs(&mut self, key: &str, names: Option<&[String]>) -> Option<Vec<Codec>> {
        self.codecs_among(&Codec::BROWSER, key, names)
    }

    fn codecs_among(&mut self, known: &[Codec], key: &str, names: Option<&[String]>) -> Option<Vec<Codec>> {
        let mut codecs = Vec::new();
        for name in names? {
            match Codec::from_label(name).filter(|codec| known.contains(codec)) {
                Some(codec) if !codecs.contains(&codec) => codecs.push(codec),
                Some(_) => self.problem(key, format!("{name:?} stands there twice")),
                None => {
                    let known: Vec<_> = known.iter().map(|codec| codec.label().to_ascii_lowercase()).collect();
                    self.problem(key, format!("{name:?} is none of the codecs {}", known.join(", ")));
                }
            }
        }
        if codecs.is_empty() {
            self.problem(key, "at least one codec is needed".to_owned());
        }
        Some(codecs)
    }

    fn strangers(&mut self, policy: Option<String>, default: StrangerPolicy) -> StrangerPolicy {
        match policy.as_deref() {
            None => default,
            Some("services") => StrangerPolicy::Services,
            Some("refuse") => StrangerPolicy::Refuse,
            Some("silent") => StrangerPolicy::Silent,
            Some(other) => {
                self.problem("sip.strangers", format!("{other:?} is none of \"services\", \"refuse\" and \"silent\""));
                default
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Transcoding;
    use crate::config::{Config, ConfigError};

    fn calls(lines: &str) -> Result<CallPolicy, Vec<String>> {
        match Config::from_toml(&format!("[sip]\n{lines}")) {
            Ok(config) => Ok(config.sip.calls),
            Err(ConfigError::Values(problems)) => Err(problems.into_iter().map(|problem| problem.key).collect()),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn calls_are_made_as_the_file_says() {
        assert_eq!(calls(""), Ok(CallPolicy::default()));
        let told = calls("reliable_provisional = \"required\"\nsession_expires = 600\nmin_se = 120").unwrap();
        assert_eq!(told.reliable, Reliable::Required);
        assert_eq!(told.session, SessionPolicy { expires: Some(600), min_se: 120 });
        assert_eq!(calls("session_expires = 0").unwrap().session.expires, None);
        assert_eq!(calls("min_se = 3600").unwrap().session.expires, Some(3600));
    }

    /// The keys that are complained of.
    fn complaints(text: &str) -> Vec<String> {
        match Config::from_toml(text) {
            Ok(_) => Vec::new(),
            Err(ConfigError::Values(problems)) => problems.into_iter().map(|problem| problem.key).collect(),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_said_of_media_is_taken_for_all_and_for_a_trunk() {
        let text = "[sip]\nsrtp = \"required\"\ncodecs = [\"g722\", \"pcma\"]\nice = \"strip\"\nvideo = false\ntransfer = \"relay\"\n\
            nat = false\n[trunks.one]\nhost = \"192.0.2.1\"\nsrtp = \"off\"\ncodecs = [\"opus\"]\nice = \"keep\"";
        let config = Config::from_toml(text).unwrap();
        let spoken = CodecPolicy { codecs: Some(vec![Codec::G722, Codec::Pcma]), transcoding: Transcoding::Needed };
        assert_eq!(
            config.sip.media,
            MediaPolicy { srtp: SrtpPolicy::Required, spoken, ice: IcePolicy::Strip, video: false }
        );
        assert_eq!((config.sip.transfer, config.sip.nat), (TransferBy::Relay, false));
        let trunk = &config.trunks[0];
        let own = (trunk.srtp, trunk.codecs.clone(), trunk.ice);
        assert_eq!(own, (Some(SrtpPolicy::Off), Some(vec![Codec::Opus]), Some(IcePolicy::Keep)));
    }

    #[test]
    fn what_nothing_can_be_made_of_is_named_by_key() {
        for (line, key) in [
            ("srtp = \"maybe\"", "srtp"),
            ("codecs = [\"pcma\", \"g728\"]", "codecs"),
            ("codecs = [\"pcma\", \"PCMA\"]", "codecs"),
            ("codecs = []", "codecs"),
            ("ice = \"lite\"", "ice"),
        ] {
            assert_eq!(complaints(&format!("[sip]\n{line}")), [format!("sip.{key}")], "{line}");
            let trunk = format!("[trunks.one]\nhost = \"192.0.2.1\"\n{line}");
            assert_eq!(complaints(&trunk), [format!("trunks.one.{key}")], "{line}");
        }
        assert_eq!(complaints("[sip]\ntransfer = \"never\""), ["sip.transfer"]);
    }

    #[test]
    fn what_is_of_another_type_is_named_by_line_and_key() {
        for line in ["nat = \"no\"", "srtp = true", "codecs = \"opus\"", "transfer = 1", "ice = false"] {
            let told = Config::from_toml(&format!("[sip]\n{line}"));
            let Err(ConfigError::Syntax(error)) = told else { panic!("{told:?}") };
            let key = line.split(' ').next().unwrap();
            assert!(error.starts_with(&format!("line 2, {key}: expected ")), "{error}");
        }
    }

    #[test]
    fn what_no_call_could_be_made_with_is_named_by_key() {
        for (lines, key) in [
            ("reliable_provisional = \"maybe\"", "sip.reliable_provisional"),
            ("session_expires = 60", "sip.session_expires"),
            ("session_expires = 100\nmin_se = 200", "sip.session_expires"),
            ("min_se = 89", "sip.min_se"),
        ] {
            assert_eq!(calls(lines), Err(vec![key.to_owned()]), "{lines}");
        }
    }
}
