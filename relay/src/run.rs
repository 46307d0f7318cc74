//! The event loop: the one place where signalling meets clock, sockets and threads.
//!
//! [`start`] opens everything and returns a [`Running`]; one task owns the [`Relay`] and the senders of all sockets.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use offhook_media::{Media, MediaError};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::config::{Config, SipConfig};
use crate::door::{self, BoundedListener, Outgoing, Socket};
use crate::relay::{CloseReason, Counts, Input, Output, Relay};
use crate::session::ConnectionId;
use crate::ua::transport::{TransportConfig, TransportError, TransportEvent, Transports};
use crate::ua::{LookupId, UaConfig, UserAgent};

/// Inputs that may wait for the loop; whoever sends more waits.
const INPUT_QUEUE: usize = 1024;

/// Media events that may wait. Workers do not wait, and a leg has few events in its life.
const MEDIA_QUEUE: usize = 65_536;

/// How long a name may take to be looked up.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// How long calls may take to end when the relay stops.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// What reaches the loop.
#[derive(Debug)]
pub enum LoopInput {
    /// A WebSocket was opened; frames for it go here.
    Opened(ConnectionId, Socket),
    /// Something for the relay itself.
    Relay(Input),
    /// Somebody wants to know how things are.
    Health(oneshot::Sender<Health>),
    /// Time to stop; answered when everything has ended.
    Stop(oneshot::Sender<()>),
}

/// How the relay is.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// What it holds.
    #[serde(flatten)]
    pub counts: Counts,
    /// SIP connections over TCP.
    pub sip_connections: usize,
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
    /// Correct `[media]`, or free its ports.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// Correct `[sip]`, or free its ports.
    #[error(transparent)]
    Sip(#[from] TransportError),
}

/// A relay that runs.
#[derive(Debug)]
pub struct Running {
    /// Where it listens for HTTP and WebSockets.
    pub http: SocketAddr,
    /// Where it listens for SIP over UDP, if it does.
    pub sip_udp: Option<SocketAddr>,
    /// Where it listens for SIP over TCP, if it does.
    pub sip_tcp: Option<SocketAddr>,
    to_loop: mpsc::Sender<LoopInput>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// One line that says where it listens, for programs that started it with port 0.
    #[must_use]
    pub fn ready_line(&self) -> String {
        let mut line = format!("offhook-relay ready http={}", self.http);
        for (name, address) in [("sip-udp", self.sip_udp), ("sip-tcp", self.sip_tcp)] {
            if let Some(address) = address {
                line.push_str(&format!(" {name}={address}"));
            }
        }
        line
    }

    /// What it holds at the moment; nothing once it has stopped.
    pub async fn health(&self) -> Option<Health> {
        let (sender, receiver) = oneshot::channel();
        self.to_loop.send(LoopInput::Health(sender)).await.ok()?;
        receiver.await.ok()
    }

    /// Ends all sessions and calls in good order, then everything else.
    pub async fn stop(self) {
        let (sender, receiver) = oneshot::channel();
        if self.to_loop.send(LoopInput::Stop(sender)).await.is_ok() {
            let _ = receiver.await;
        }
        for task in self.tasks {
            task.abort();
            let _ = task.await;
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
    let transports = Transports::bind(&transport_config(&config.sip), sip_sender).await?;
    let (sip_udp, sip_tcp) = (transports.udp_addr(), transports.tcp_addr());
    let ua = UserAgent::new(ua_config(&config.sip, sip_udp, sip_tcp), random_number);
    let router = door::router(&config.http, to_loop.clone());
    let listener = BoundedListener::new(listener, config.limits.connections);
    let relay = Relay::new(Arc::new(config), media, ua, Box::new(random));
    let lookups = to_loop.clone();
    let signalling = EventLoop { relay, transports, lookups, sockets: HashMap::new(), stopping: None };
    let tasks = vec![
        tokio::spawn(signalling.run(inputs, media_events, sip_events)),
        tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "HTTP ended");
            }
        }),
    ];
    Ok(Running { http, sip_udp, sip_tcp, to_loop, tasks })
}

fn transport_config(sip: &SipConfig) -> TransportConfig {
    TransportConfig { udp: sip.udp, tcp: sip.tcp, ..TransportConfig::default() }
}

fn ua_config(sip: &SipConfig, udp: Option<SocketAddr>, tcp: Option<SocketAddr>) -> UaConfig {
    let advertised = |bound: SocketAddr| SocketAddr::new(sip.advertised.unwrap_or(bound.ip()), bound.port());
    UaConfig {
        udp: udp.map(advertised),
        tcp: tcp.map(advertised),
        user_agent: sip.user_agent.clone(),
        expires: u32::try_from(sip.registration_expiry.as_secs()).unwrap_or(u32::MAX),
        timing: offhook_sip::transaction::Timing::default(),
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

struct EventLoop {
    relay: Relay<Media>,
    transports: Transports,
    /// Where the results of lookups go.
    lookups: mpsc::Sender<LoopInput>,
    sockets: HashMap<ConnectionId, Socket>,
    /// Who waits for the end, and until when.
    stopping: Option<(oneshot::Sender<()>, Instant)>,
}

impl EventLoop {
    async fn run(
        mut self,
        mut inputs: mpsc::Receiver<LoopInput>,
        mut media: mpsc::Receiver<offhook_media::Event>,
        mut sip: mpsc::Receiver<TransportEvent>,
    ) {
        loop {
            let wake = [self.relay.poll_timeout(), self.stopping.as_ref().map(|(_, until)| *until)];
            let wake = wake.into_iter().flatten().min();
            tokio::select! {
                input = inputs.recv() => match input {
                    Some(input) => self.take(input),
                    None => return,
                },
                Some(event) = media.recv() => self.relay.input(Input::Media(event), now()),
                Some(event) = sip.recv() => self.relay.input(Input::Sip(event), now()),
                () = sleep_until(wake) => {}
            }
            let now = now();
            self.relay.handle_timeout(now);
            self.send_all(now);
            if self.has_stopped(now) {
                return;
            }
        }
    }

    fn take(&mut self, input: LoopInput) {
        match input {
            LoopInput::Opened(id, socket) => {
                self.sockets.insert(id, socket);
                self.relay.input(Input::Opened(id), now());
            }
            LoopInput::Relay(input) => {
                if let Input::Closed(id, _) = &input {
                    self.sockets.remove(id);
                }
                self.relay.input(input, now());
            }
            LoopInput::Health(asker) => {
                let _ =
                    asker.send(Health { counts: self.relay.counts(), sip_connections: self.transports.connections() });
            }
            LoopInput::Stop(asker) => {
                let now = now();
                self.stopping = Some((asker, now + STOP_GRACE));
                self.relay.stop(now);
            }
        }
    }

    fn send_all(&mut self, now: Instant) {
        while let Some(output) = self.relay.poll_output() {
            match output {
                Output::Frame(id, frame) => self.send(id, Outgoing::Frame(frame), now),
                Output::Close(id, code, reason) => self.send(id, Outgoing::Close(code, reason), now),
                Output::Transmit(transmit) => self.transports.send(transmit),
                Output::Lookup { id, host, port } => self.look_up(id, host, port),
            }
        }
    }

    /// Asks the system's resolver, in a task of its own: it may take its time.
    fn look_up(&self, id: LookupId, host: String, port: u16) {
        let results = self.lookups.clone();
        tokio::spawn(async move {
            let found = tokio::time::timeout(LOOKUP_TIMEOUT, tokio::net::lookup_host((host.as_str(), port))).await;
            let addresses = match found {
                Ok(Ok(addresses)) => addresses.take(8).collect(),
                Ok(Err(error)) => {
                    tracing::info!(%error, "a SIP server's name was not found");
                    Vec::new()
                }
                Err(_) => Vec::new(),
            };
            let _ = results.send(LoopInput::Relay(Input::Resolved(id, addresses))).await;
        });
    }

    /// A browser that reads too slowly loses its socket; its session waits for it to come back.
    fn send(&mut self, id: ConnectionId, outgoing: Outgoing, now: Instant) {
        let Some(socket) = self.sockets.get(&id) else { return };
        if socket.try_send(outgoing).is_err() {
            tracing::warn!(connection = id.0, "WebSocket closed: it does not keep up");
            self.sockets.remove(&id);
            self.relay.input(Input::Closed(id, CloseReason::Lost), now);
        }
    }

    fn has_stopped(&mut self, now: Instant) -> bool {
        let Some((_, until)) = &self.stopping else { return false };
        if !self.relay.is_idle() && now < *until {
            return false;
        }
        if let Some((asker, _)) = self.stopping.take() {
            let _ = asker.send(());
        }
        true
    }
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake.into()).await,
        None => std::future::pending().await,
    }
}

#[expect(clippy::disallowed_methods, reason = "the event loop is where signalling meets the clock")]
fn now() -> Instant {
    Instant::now()
}
