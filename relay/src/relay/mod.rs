//! The whole of signalling as one sans-I/O machine: sessions, calls and legs wired together.
//!
//! What happens outside goes in as an [`Input`] with the time, what is to be done comes out of [`Relay::poll_output`]:
//! frames for WebSockets and messages for SIP. Media is reached through a [`MediaPlane`]. One event loop ([`crate::run`])
//! owns the one [`Relay`], so nothing in here locks or waits, and every behaviour is tested on simulated time.

mod branches;
mod browsers;
mod calls;
mod connections;
mod data;
mod inputs;
mod messages;
mod opening;
mod plane;
mod quality;
mod records;
mod refer;
mod replaces;
mod requests;
mod schedule;
mod sessions;
mod settle;
mod sip;
mod transfer;
mod trunks;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use offhook_media::{LegId, Totals};

use crate::browser::BrowserPolicy;
use crate::call::Capacity;
use crate::config::Config;
use crate::limits::{Complaint, Guesses, RateLimit};
use crate::session::{ConnectionId, Session, SessionId};
use crate::ua::{MessageId, UserAgent};
use calls::{CallId, LegEntry, LiveCall};
use connections::Connection;
use schedule::Schedule;

pub use connections::CloseReason;
pub use inputs::{Counts, Input, Output, Received};
pub use plane::MediaPlane;

/// Fills a buffer with randomness fit for secrets.
pub type Entropy = Box<dyn FnMut(&mut [u8]) + Send>;

/// What a deadline belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    Session(SessionId),
    Call(CallId),
    Leg(LegId),
    Onward(CallId),
    Connection(ConnectionId),
    Record(CallId),
    Figures(ConnectionId),
}

/// Signalling.
pub struct Relay<M: MediaPlane> {
    config: Arc<Config>,
    media: M,
    ua: UserAgent,
    entropy: Entropy,
    connections: HashMap<ConnectionId, Connection>,
    sessions: HashMap<SessionId, Session>,
    /// The sessions of each local user, the newest last: it gets the calls.
    local: HashMap<String, Vec<SessionId>>,
    calls: HashMap<CallId, LiveCall>,
    legs: HashMap<LegId, LegEntry<M::Worker>>,
    /// Calls to be looked at before the input is done with.
    unsettled: VecDeque<CallId>,
    schedule: Schedule<Timer>,
    outputs: VecDeque<Output>,
    /// Texts on their way: whose, and what its app calls it.
    messages: HashMap<MessageId, (SessionId, String)>,
    /// Browsers that wait for the figures of their calls.
    asked: Vec<quality::Asked>,
    records: records::Records,
    last_id: u64,
    stopping: bool,
    /// Calls that the media workers have no room for.
    crowded: Complaint,
    /// How many calls are transcoded, and may be.
    transcoded: Capacity,
    browsers: Arc<BrowserPolicy>,
    guesses: Guesses,
    /// Of the reports all browsers put into the log.
    reports: Option<RateLimit>,
}

impl<M: MediaPlane> Relay<M> {
    /// A relay without sessions.
    #[must_use]
    pub fn new(config: Arc<Config>, media: M, ua: UserAgent, entropy: Entropy) -> Self {
        let transcoded = Capacity::new(config.limits.transcoded_calls);
        let browsers = Arc::new(config.browsers.clone());
        Self {
            config,
            transcoded,
            browsers,
            media,
            ua,
            entropy,
            connections: HashMap::new(),
            sessions: HashMap::new(),
            local: HashMap::new(),
            calls: HashMap::new(),
            legs: HashMap::new(),
            unsettled: VecDeque::new(),
            schedule: Schedule::default(),
            outputs: VecDeque::new(),
            messages: HashMap::new(),
            asked: Vec::new(),
            records: records::Records::default(),
            last_id: 0,
            stopping: false,
            crowded: Complaint::default(),
            guesses: Guesses::default(),
            reports: None,
        }
    }

    /// Begins: registers at trunks. Afterwards [`Relay::poll_output`] is asked until it has nothing more.
    pub fn start(&mut self, now: Instant) {
        self.ua.start(now);
        self.settle(now);
    }

    /// Takes what happened. Afterwards [`Relay::poll_output`] is asked until it has nothing more.
    pub fn input(&mut self, input: Input, now: Instant) {
        match input {
            Input::Opened(connection, source) => self.connection_opened(connection, source, now),
            Input::Received(connection, received) => self.received(connection, received, now),
            Input::Closed(connection, reason) => self.connection_closed(connection, reason, now),
            Input::Media(event) => self.media_event(&event, now),
            Input::Sip(event) => self.ua.receive(event, now),
            Input::Resolved(lookup, answer, ttl) => self.resolved(lookup, answer, ttl, now),
        }
        self.settle(now);
    }

    /// Takes the passing of time.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.schedule.due(now) {
            match timer {
                Timer::Session(session) => self.session_due(session, now),
                Timer::Call(call) => self.call_due(call, now),
                Timer::Leg(leg) => self.leg_due(leg, now),
                Timer::Onward(call) => self.onward_due(call, now),
                Timer::Connection(connection) => self.connection_due(connection, now),
                Timer::Record(call) => self.give_record(call),
                Timer::Figures(connection) => self.give_up_figures(connection, now),
            }
            self.settle(now);
        }
        if self.ua.poll_timeout().is_some_and(|due| due <= now) {
            self.ua.handle_timeout(now);
            self.settle(now);
        }
    }

    /// When [`Relay::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.schedule.next(), self.ua.poll_timeout()].into_iter().flatten().min()
    }

    /// The next thing to be done outside; ask until there is none.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Ends everything in good order: sessions are told, calls hung up, registrations withdrawn. Nothing new is taken.
    pub fn stop(&mut self, now: Instant) {
        self.stopping = true;
        // Calls end for what it is, not because their sessions do.
        self.end_all_calls(now);
        self.settle(now);
        self.close_all_sessions(now);
        self.ua.stop(now);
        self.close_all_connections();
        self.settle(now);
    }

    /// Whether nothing is left that would have to be ended.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.calls.is_empty() && self.sessions.is_empty() && self.connections.is_empty() && self.ua.is_idle()
    }

    /// What is held at the moment.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let (media, ua) = (self.media.counts(), self.ua.counts());
        Counts {
            accounts: ua.accounts,
            bindings: ua.bindings,
            strangers_ignored: ua.strangers_ignored,
            dialogs: ua.legs,
            connections: self.connections.len(),
            sessions: self.sessions.len(),
            sessions_away: self.sessions.values().filter(|session| session.connection().is_none()).count(),
            calls: self.calls.len(),
            legs: self.legs.len(),
            media_legs: media.legs,
            rtp_ports: media.rtp_ports,
            transactions: ua.transactions,
            quarantined_ports: media.quarantined_ports,
        }
    }

    /// What the media workers have counted since the start.
    #[must_use]
    pub fn media_totals(&self) -> Totals {
        self.media.totals()
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.entropy)(&mut bytes);
        bytes
    }
}

impl<M: MediaPlane> fmt::Debug for Relay<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").field("counts", &self.counts()).finish_non_exhaustive()
    }
}
