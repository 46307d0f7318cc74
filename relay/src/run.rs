//! The event loop: the one place where signalling meets clock, sockets and threads.
//!
//! [`start`] opens everything and returns a [`Running`]; one task owns the [`Relay`] and the senders of all sockets.

mod event_loop;
mod record_file;
mod resolver;
mod thread;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use offhook_media::{Media, MediaError};
use offhook_sip::transaction::Timing;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::config::{Config, StrangerPolicy, Users};
use crate::door::{self, BoundedListener, Socket};
use crate::metrics::Metrics;
use crate::relay::{Counts, Input, Relay};
use crate::session::ConnectionId;
use crate::ua::transport::trace::Trace;
use crate::ua::transport::{Origins, TransportConfig, TransportError, Transports};
use crate::ua::{Local, Protocol, TrunkState, UaConfig, UserAgent};
use event_loop::EventLoop;
use record_file::RecordFile;
use resolver::Resolver;
use thread::{Ending, Thread};

/// Inputs that may wait for the loop; whoever sends more waits.
const INPUT_QUEUE: usize = 1024;

/// Media events that may wait. Workers do not wait, and a leg has few events in its life.
const MEDIA_QUEUE: usize = 65_536;

/// What reaches the loop.
#[derive(Debug)]
pub enum LoopInput {
    /// A WebSocket was opened from this address; frames for it go here.
    Opened(ConnectionId, IpAddr, Socket),
    /// Something for the relay itself.
    Relay(Input),
    /// Somebody wants to know how things are.
    Health(oneshot::Sender<Health>),
    /// Somebody wants figures, as text.
    Metrics(oneshot::Sender<String>),
    /// Time to stop; answered when everything has ended.
    Stop(oneshot::Sender<()>),
}

/// How the relay is.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// What it holds.
    #[serde(flatten)]
    pub counts: Counts,
    /// SIP connections over TCP, TLS and WebSocket.
    pub sip_connections: usize,
    /// How each trunk is that is asked.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub trunks: BTreeMap<String, TrunkState>,
}

/// Why the relay could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Choose another `http.listen`: this address cannot be bound.
    #[error("cannot listen for HTTP on {address}: {source}")]
    Http {
        /// The address asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The operating system has no thread left: raise its limits.
    #[error("cannot start the thread of signalling: {0}")]
    Thread(#[source] std::io::Error),
    /// Name another file with `--sip-trace`.
    #[error("the SIP trace cannot be written to {}: {source}", file.display())]
    Trace {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Correct `records.path`.
    #[error("call records cannot be written to {}: {source}", file.display())]
    Records {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A defect: figures cannot be kept.
    #[error("figures cannot be kept: {0}")]
    Metrics(String),
    /// Correct `[media]`, or free its ports.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// Correct `[sip]`, or free its ports.
    #[error(transparent)]
    Sip(#[from] TransportError),
    /// Correct `sip.dns`, or the system's own configuration of the DNS.
    #[error("cannot set up what asks the DNS: {0}")]
    Dns(String),
}

/// A relay that runs.
#[derive(Debug)]
pub struct Running {
    /// Where it listens for HTTP and WebSockets.
    pub http: SocketAddr,
    /// Where it listens for SIP.
    pub sip: Vec<Local>,
    to_loop: mpsc::Sender<LoopInput>,
    signalling: Ending,
    trace: Option<Trace>,
    doors: JoinHandle<()>,
}

impl Running {
    /// One line that says where it listens, for programs that started it with port 0.
    #[must_use]
    pub fn ready_line(&self) -> String {
        let mut line = format!("offhook-relay ready http={}", self.http);
        for Local { protocol, addr } in &self.sip {
            line.push_str(&format!(" sip-{}={addr}", protocol.name()));
        }
        line
    }

    /// Where it listens for SIP over this protocol, IPv4 before IPv6, if it does.
    #[must_use]
    pub fn sip_over(&self, protocol: Protocol) -> Option<SocketAddr> {
        let mut own: Vec<_> = self.sip.iter().filter(|local| local.protocol == protocol).map(|own| own.addr).collect();
        own.sort_by_key(SocketAddr::is_ipv6);
        own.first().copied()
    }

    /// What it holds at the moment; nothing once it has stopped.
    pub async fn health(&self) -> Option<Health> {
        let (sender, receiver) = oneshot::channel();
        self.to_loop.send(LoopInput::Health(sender)).await.ok()?;
        receiver.await.ok()
    }

    /// Waits until signalling has ended by itself, which it does only when it is broken.
    pub async fn ended(&self) {
        self.to_loop.closed().await;
    }

    /// Ends all sessions and calls in good order, then everything else.
    pub async fn stop(self) {
        let (sender, receiver) = oneshot::channel();
        if self.to_loop.send(LoopInput::Stop(sender)).await.is_ok() {
            let _ = receiver.await;
        }
        self.doors.abort();
        let _ = self.doors.await;
        self.signalling.ended().await;
        if let Some(trace) = self.trace {
            trace.flush();
        }
    }
}

/// Starts a relay.
///
/// # Errors
/// [`StartError`] when an address cannot be had. Nothing runs then.
pub async fn start(config: Config) -> Result<Running, StartError> {
    let address = config.http.listen;
    let http_error = |source| StartError::Http { address, source };
    let listener = TcpListener::bind(address).await.map_err(http_error)?;
    let http = listener.local_addr().map_err(http_error)?;
    let (media_sender, media_events) = mpsc::channel(MEDIA_QUEUE);
    let media = Media::start(config.media.clone(), move |event| {
        if media_sender.try_send(event).is_err() {
            tracing::error!("the signalling loop does not keep up with media events");
        }
    })?;
    let (to_loop, inputs) = mpsc::channel(INPUT_QUEUE);
    let (sip_sender, sip_events) = mpsc::channel(INPUT_QUEUE);
    let trace = trace(&config)?;
    let records = records(&config)?;
    let metrics = Metrics::new().map_err(|error| StartError::Metrics(error.to_string()))?;
    let thread = Thread::new()?;
    let transports = Transports::bind(&transport_config(&config, trace.clone()), sip_sender, thread.handle())?;
    let sip = transports.locals();
    let ua = UserAgent::new(ua_config(&config, &sip), random_number).serving(&config);
    let resolver = Resolver::new(&config.sip.dns).map_err(|error| StartError::Dns(error.to_string()))?;
    let router = door::router(&config, to_loop.clone());
    let listener = BoundedListener::new(listener, config.limits.connections);
    let relay = Relay::new(Arc::new(config), media, ua, Box::new(random));
    let signalling = EventLoop::new(relay, transports, resolver, to_loop.clone(), (records, metrics));
    let signalling = thread.run(signalling.run(inputs, media_events, sip_events))?;
    let doors = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "HTTP ended");
        }
    });
    Ok(Running { http, sip, to_loop, signalling, trace, doors })
}

fn records(config: &Config) -> Result<Option<RecordFile>, StartError> {
    let Some(file) = config.records.clone() else { return Ok(None) };
    RecordFile::open(file.clone()).map(Some).map_err(|source| StartError::Records { file, source })
}

fn trace(config: &Config) -> Result<Option<Trace>, StartError> {
    let Some(file) = config.sip.trace.clone() else { return Ok(None) };
    match Trace::open(&file, &config.sip.advertised) {
        Ok(trace) => Ok(Some(trace)),
        Err(source) => Err(StartError::Trace { file, source }),
    }
}

fn transport_config(config: &Config, trace: Option<Trace>) -> TransportConfig {
    let sip = &config.sip;
    TransportConfig {
        udp: sip.udp.clone(),
        listen: sip.listeners().collect(),
        tls: sip.certificates.clone(),
        origins: Origins {
            allowed: config.http.allowed_origins.clone(),
            this_machine_only: matches!(config.users, Users::Open),
            proxies: config.http.trusted_proxies.clone(),
        },
        trace,
        max_connections: sip.connections,
        max_per_source: sip.connections_per_source,
        silent: sip.strangers == StrangerPolicy::Silent,
        keep_alive: sip.keep_alive,
        ..TransportConfig::default()
    }
}

fn ua_config(config: &Config, bound: &[Local]) -> UaConfig {
    let sip = &config.sip;
    let advertised = |local: &Local| {
        let ip = sip.advertised(local.addr.ip());
        Local { addr: SocketAddr::new(ip, local.addr.port()), ..*local }
    };
    UaConfig {
        locals: bound.iter().map(advertised).collect(),
        user_agent: sip.user_agent.clone(),
        media: sip.media.clone(),
        expires: u32::try_from(sip.registration_expiry.as_secs()).unwrap_or(u32::MAX),
        calls: sip.calls,
        timing: Timing { max_transactions: config.limits.transactions, ..Timing::default() },
        destinations: sip.destinations.clone(),
        gruu: sip.gruu,
        nat: sip.nat,
        keep_alive: Some(sip.nat_keep_alive).filter(|every| !every.is_zero()),
    }
}

/// The operating system's randomness. Without it no secret can be made, so nothing may go on.
fn random(bytes: &mut [u8]) {
    if let Err(error) = getrandom::fill(bytes) {
        tracing::error!(%error, "the operating system gives no randomness");
        std::process::abort();
    }
}

fn random_number() -> u64 {
    let mut bytes = [0; 8];
    random(&mut bytes);
    u64::from_ne_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_relay_whose_loop_is_gone_has_ended() {
        let (to_loop, inputs) = mpsc::channel(1);
        let http = SocketAddr::from(([127, 0, 0, 1], 0));
        let signalling = Thread::new().unwrap().run(async {}).unwrap();
        let doors = tokio::spawn(async {});
        let running = Running { http, sip: Vec::new(), to_loop, signalling, trace: None, doors };
        drop(inputs);
        running.ended().await;
        assert!(running.health().await.is_none());
    }
}
