//! The relay's configuration: one TOML file, checked completely before anything starts.
//!
//! Nothing needs to be set. Without a file the relay listens on loopback only, knows no users and calls no SIP
//! destination. Every complaint names its key and says what would be accepted.

mod browsers;
mod check;
mod destinations;
mod error;
mod file;
mod listed;
mod networks;
mod quality;
mod registrar;
mod routes;
mod rtp;
mod sip;
mod tls;
mod transfer;
mod trunks;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use offhook_media::MediaConfig;
use offhook_protocol::Secret;

pub use destinations::Destinations;
pub use error::{ConfigError, Problem};
pub use networks::Network;
pub use registrar::RegistrarConfig;
pub use sip::{SipConfig, StrangerPolicy};
pub use transfer::TransferBy;
pub use trunks::{CallerId, Trunk, TrunkId};

use crate::browser::BrowserPolicy;
use crate::call::Deadlines;
use crate::route::Route;
use crate::service::ServiceNumber;

/// Everything that can be configured.
#[derive(Clone, Debug)]
pub struct Config {
    /// HTTP and WebSocket.
    pub http: HttpConfig,
    /// The SIP side.
    pub sip: SipConfig,
    /// Media workers.
    pub media: MediaConfig,
    /// What is spoken with browsers.
    pub browsers: BrowserPolicy,
    /// Who may open a local session.
    pub users: Users,
    /// What is dialled for each service number; empty when they are off.
    pub services: BTreeMap<String, ServiceNumber>,
    /// How users register over SIP.
    pub registrar: RegistrarConfig,
    /// SIP servers and gateways.
    pub trunks: Vec<Trunk>,
    /// Numbers that lead to them or elsewhere, in the order they are asked.
    pub routes: Vec<Route>,
    /// Where a record of each call goes, if anywhere.
    pub records: Option<PathBuf>,
    /// Bounds.
    pub limits: Limits,
}

/// HTTP and WebSocket.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Where to listen. Port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Files served to browsers; none when absent.
    pub static_files: Option<PathBuf>,
    /// Origins besides the relay's own whose pages may open a WebSocket; `*` for all.
    pub allowed_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Who is told figures, without a proxy; nobody by default.
    pub metrics: Vec<Network>,
}

/// Who may open a local session.
#[derive(Clone, Debug)]
pub enum Users {
    /// Any name, without a password. Only for a relay that nobody but its own machine can reach.
    Open,
    /// These names.
    Named(BTreeMap<String, Option<Secret>>),
}

/// Bounds on what one browser, and all of them, can take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Sessions at the same time.
    pub sessions: usize,
    /// WebSocket connections at the same time.
    pub connections: usize,
    /// Calls of one session at the same time.
    pub calls_per_session: usize,
    /// Calls at the same time.
    pub calls: usize,
    /// SIP transactions at the same time, the relay's own and its peers' each. One over UDP takes its place for 32 s
    /// after its end (RFC 3261 section 17), and a call needs about two of each.
    pub transactions: usize,
    /// Requests per second and connection, in the mean; four times as many at once.
    pub requests_per_second: u32,
    /// How long a session outlives its socket.
    pub session_grace: Duration,
    /// How long one that was opened with `keepAlive` does, and its page too.
    pub keep_alive: Duration,
    /// How long a connection may stay without an open session.
    pub handshake: Duration,
    /// Calls at the same time whose ends speak different codecs, so that the media workers translate.
    pub transcoded_calls: usize,
    /// Deadlines of calls.
    pub call: Deadlines,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            transcoded_calls: 100,
            sessions: 1000,
            connections: 2000,
            calls_per_session: 8,
            calls: 1000,
            transactions: 100_000,
            requests_per_second: 50,
            session_grace: Duration::from_secs(30),
            keep_alive: Duration::from_secs(600),
            handshake: Duration::from_secs(15),
            call: Deadlines::default(),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            http: HttpConfig {
                listen: loopback(8080),
                static_files: None,
                allowed_origins: Vec::new(),
                trusted_proxies: Vec::new(),
                metrics: Vec::new(),
            },
            sip: SipConfig::default(),
            media: MediaConfig::default(),
            browsers: BrowserPolicy::default(),
            users: Users::Named(BTreeMap::new()),
            services: all_services(),
            registrar: RegistrarConfig::default(),
            trunks: Vec::new(),
            routes: Vec::new(),
            records: None,
            limits: Limits::default(),
        }
    }
}

impl Config {
    /// Reads a configuration file's text.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        file::read(text)
    }

    /// What `--demo` starts: open local names, service numbers, and SIP to this machine only.
    #[must_use]
    pub fn demo() -> Self {
        Self::default().into_demo()
    }

    /// A trunk by its name here.
    #[must_use]
    pub fn trunk(&self, id: TrunkId) -> Option<&Trunk> {
        self.trunks.get(id.0)
    }

    /// This configuration with what makes a demo of it.
    #[must_use]
    pub fn into_demo(mut self) -> Self {
        self.users = Users::Open;
        self.sip.destinations = Destinations::Loopback;
        self
    }
}

fn all_services() -> BTreeMap<String, ServiceNumber> {
    ServiceNumber::ALL.into_iter().map(|number| (number.name().to_owned(), number)).collect()
}
