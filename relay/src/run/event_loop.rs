use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use offhook_media::Media;
use offhook_sip::locate::Query;
use tokio::sync::{mpsc, oneshot};

use super::record_file::RecordFile;
use super::resolver::Resolver;
use super::{Health, LoopInput};
use crate::door::{Outgoing, Socket};
use crate::metrics::Metrics;
use crate::relay::{CloseReason, Input, Output, Relay};
use crate::session::ConnectionId;
use crate::ua::LookupId;
use crate::ua::transport::{TransportEvent, Transports};

/// What SIP sockets have received that is taken at once, before timers and answers have their turn.
const BATCH: usize = 64;

/// How long calls may take to end when the relay stops.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// Signalling and the senders of all sockets, in one task.
pub(super) struct EventLoop {
    relay: Relay<Media>,
    transports: Transports,
    resolver: Resolver,
    /// Where the results of lookups go.
    lookups: mpsc::Sender<LoopInput>,
    /// Where records of calls go, if anywhere.
    records: Option<RecordFile>,
    metrics: Metrics,
    sockets: HashMap<ConnectionId, Socket>,
    /// Who waits for the end, and until when.
    stopping: Option<(oneshot::Sender<()>, Instant)>,
}

impl EventLoop {
    pub(super) fn new(
        relay: Relay<Media>,
        transports: Transports,
        resolver: Resolver,
        lookups: mpsc::Sender<LoopInput>,
        (records, metrics): (Option<RecordFile>, Metrics),
    ) -> Self {
        Self { relay, transports, resolver, lookups, records, metrics, sockets: HashMap::new(), stopping: None }
    }

    /// Runs until it is told to stop and everything has ended.
    pub(super) async fn run(
        mut self,
        mut inputs: mpsc::Receiver<LoopInput>,
        mut media: mpsc::Receiver<offhook_media::Event>,
        mut sip: mpsc::Receiver<TransportEvent>,
    ) {
        self.relay.start(now());
        self.send_all(now());
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let wake = [self.relay.poll_timeout(), self.stopping.as_ref().map(|(_, until)| *until)];
            let wake = wake.into_iter().flatten().min();
            tokio::select! {
                input = inputs.recv() => match input {
                    Some(input) => self.take(input),
                    None => return,
                },
                Some(event) = media.recv() => self.relay.input(Input::Media(event), now()),
                count = sip.recv_many(&mut batch, BATCH), if !sip.is_closed() || !sip.is_empty() => {
                    let now = now();
                    batch.drain(..count).for_each(|event| self.relay.input(Input::Sip(event), now));
                }
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
            LoopInput::Opened(id, source, socket) => {
                self.sockets.insert(id, socket);
                self.relay.input(Input::Opened(id, source), now());
            }
            LoopInput::Relay(input) => {
                if let Input::Closed(id, _) = &input {
                    self.sockets.remove(id);
                }
                self.relay.input(input, now());
            }
            LoopInput::Health(asker) => {
                let _ = asker.send(self.health());
            }
            LoopInput::Metrics(asker) => {
                let _ = asker.send(self.metrics.render(&self.health(), &self.relay.media_totals()));
            }
            LoopInput::Stop(asker) => {
                let now = now();
                self.stopping = Some((asker, now + STOP_GRACE));
                self.relay.stop(now);
            }
        }
    }

    fn health(&self) -> Health {
        Health {
            counts: self.relay.counts(),
            sip_connections: self.transports.connections(),
            trunks: self.relay.trunk_states(),
        }
    }

    fn send_all(&mut self, now: Instant) {
        while let Some(output) = self.relay.poll_output() {
            match output {
                Output::Frame(id, frame) => self.send(id, Outgoing::Frame(frame), now),
                Output::Close(id, code, reason) => self.send(id, Outgoing::Close(code, reason), now),
                Output::Transmit(transmit) => self.transports.send(transmit),
                Output::Record(record) => {
                    self.metrics.count(&record);
                    if let Some(records) = &self.records {
                        records.write(record.line(now, wall_clock()));
                    }
                }
                Output::Lookup { id, query } => self.look_up(id, query),
            }
        }
    }

    /// Asks the DNS, in a task of its own: it may take its time.
    fn look_up(&self, id: LookupId, query: Query) {
        let (results, resolver) = (self.lookups.clone(), self.resolver.clone());
        tokio::spawn(async move {
            let (answer, ttl) = resolver.ask(&query).await;
            let _ = results.send(LoopInput::Relay(Input::Resolved(id, answer, ttl))).await;
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
        if (!self.relay.is_idle() || self.relay.has_records()) && now < *until {
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

#[expect(clippy::disallowed_methods, reason = "records have dates; nothing is reckoned with them")]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}
