use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use offhook_media::Digits;
use offhook_protocol::reply::{Outcome, Reply, ReplyBody};
use offhook_protocol::{ErrorCode, Failure};

use super::{MediaPlane, Output, Received, Relay, Timer};
use crate::limits::{DATA_KB_PER_SECOND, KEYS_PER_SECOND, RateLimit};
use crate::session::{ConnectionId, Session, SessionId};

/// How a WebSocket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The browser said goodbye (1000, 1001): its page is going, and so does its session.
    Goodbye,
    /// The connection broke; the browser may come back.
    Lost,
}

/// A WebSocket connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stage: Stage,
    /// Where it comes from.
    source: IpAddr,
    rate: RateLimit,
    /// Of the keys its calls send.
    keys: RateLimit,
    /// Of the kilobytes of data its app sends.
    data: RateLimit,
    /// Of the reports it puts into the log.
    reports: RateLimit,
    /// When it is closed unless a session is open on it.
    handshake: Instant,
    /// Passwords and tokens that were wrong.
    guesses: u8,
}

/// After so many wrong passwords or tokens a connection is closed.
const MAX_GUESSES: u8 = 5;

/// How often a connection may put a report into the log; a few of them at once.
const REPORT_INTERVAL: Duration = Duration::from_secs(20);
const REPORTS_AT_ONCE: u32 = 3;

/// The same for all connections together: whoever opens one after the other does not fill the disk either.
const ALL_REPORTS_INTERVAL: Duration = Duration::from_secs(10);
pub(super) const ALL_REPORTS_AT_ONCE: u32 = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// `hello` is awaited.
    Silent,
    /// `hello` was said; a session may be opened.
    Greeted,
    /// A session is open.
    Open(SessionId),
    /// Its close has been ordered; what still comes is ignored.
    Closing,
}

/// Close codes of offhook.v1 (RFC 6455 section 7.4.2: 4000 to 4999 are the application's).
pub(super) mod close {
    pub(in crate::relay) const NORMAL: u16 = 1000;
    pub(in crate::relay) const POLICY: u16 = 1008;
    pub(in crate::relay) const TRY_LATER: u16 = 1013;
    pub(in crate::relay) const TAKEN_OVER: u16 = 4001;
    pub(in crate::relay) const HANDSHAKE: u16 = 4002;
}

impl<M: MediaPlane> Relay<M> {
    pub(super) fn connection_opened(&mut self, id: ConnectionId, source: IpAddr, now: Instant) {
        let handshake = now + self.config.limits.handshake;
        let connection = Connection {
            stage: Stage::Silent,
            source,
            rate: RateLimit::new(self.config.limits.requests_per_second, now),
            keys: RateLimit::new(KEYS_PER_SECOND, now),
            data: RateLimit::new(DATA_KB_PER_SECOND, now),
            reports: RateLimit::every(REPORT_INTERVAL, REPORTS_AT_ONCE, now),
            handshake,
            guesses: 0,
        };
        self.connections.insert(id, connection);
        if self.stopping || self.connections.len() > self.config.limits.connections {
            return self.close(id, close::TRY_LATER, "the relay has no room for more connections");
        }
        self.schedule.put(handshake, Timer::Connection(id));
    }

    pub(super) fn received(&mut self, id: ConnectionId, received: Received, now: Instant) {
        let Some(connection) = self.connections.get_mut(&id).filter(|known| known.stage != Stage::Closing) else {
            return;
        };
        if !connection.rate.take(now) {
            let request = match &received {
                Received::Request(request) => Some(request.id),
                Received::Unreadable(request, _) => *request,
            };
            let failure = Failure::new(ErrorCode::LimitReached, "There are too many requests on this connection.");
            let open = connection.stage;
            self.reply(id, request, Err(failure));
            self.close(id, close::POLICY, "too many requests");
            // The connection's end is no longer the session's: from here on it is one whose socket is lost.
            if let Stage::Open(session) = open {
                self.session_detached(session, now);
            }
            return;
        }
        match received {
            Received::Request(request) => self.request(id, *request, now),
            Received::Unreadable(request, failure) => self.reply(id, request, Err(failure)),
        }
    }

    pub(super) fn connection_closed(&mut self, id: ConnectionId, reason: CloseReason, now: Instant) {
        let Some(connection) = self.connections.remove(&id) else { return };
        self.forget_asked(id);
        let Stage::Open(session) = connection.stage else { return };
        match reason {
            CloseReason::Goodbye => self.session_left(session, now),
            CloseReason::Lost => self.session_detached(session, now),
        }
    }

    pub(super) fn connection_due(&mut self, id: ConnectionId, now: Instant) {
        let Some(connection) = self.connections.get(&id) else { return };
        let waits = matches!(connection.stage, Stage::Silent | Stage::Greeted);
        if waits && connection.handshake <= now {
            self.close(id, close::HANDSHAKE, "no session was opened in time");
        }
    }

    /// Refuses keys when a connection sends more than anybody presses.
    pub(super) fn take_keys(&mut self, id: ConnectionId, digits: &Digits, now: Instant) -> Result<(), Failure> {
        let count = u32::try_from(digits.iter().count()).unwrap_or(u32::MAX);
        let taken = self.connections.get_mut(&id).is_none_or(|connection| connection.keys.take_all(count, now));
        let sentence = "There are too many keys at once; send them as they are pressed.";
        if taken { Ok(()) } else { Err(Failure::new(ErrorCode::LimitReached, sentence)) }
    }

    /// Refuses data when an app sends more than others should have to hear.
    pub(super) fn take_data(&mut self, id: ConnectionId, bytes: usize, now: Instant) -> Result<(), Failure> {
        let kilobytes = u32::try_from(1 + bytes / 1024).unwrap_or(u32::MAX);
        let taken = self.connections.get_mut(&id).is_none_or(|connection| connection.data.take_all(kilobytes, now));
        let sentence = "The app sends too much data at once; send less, or more slowly.";
        if taken { Ok(()) } else { Err(Failure::new(ErrorCode::LimitReached, sentence)) }
    }

    /// Refuses a report when there were several just now.
    pub(super) fn take_report(&mut self, id: ConnectionId, now: Instant) -> Result<(), Failure> {
        let of_all = || RateLimit::every(ALL_REPORTS_INTERVAL, ALL_REPORTS_AT_ONCE, now);
        let taken = self.connections.get_mut(&id).is_none_or(|connection| connection.reports.take(now))
            && self.reports.get_or_insert_with(of_all).take(now);
        let sentence = "There were several reports just now; send this one in a minute.";
        if taken { Ok(()) } else { Err(Failure::new(ErrorCode::LimitReached, sentence)) }
    }

    /// Where a connection comes from.
    pub(super) fn source(&self, id: ConnectionId) -> IpAddr {
        self.connections.get(&id).map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |connection| connection.source)
    }

    /// Refuses a password, right or wrong, while too many wrong ones came from the same address.
    pub(super) fn may_guess(&self, id: ConnectionId, now: Instant) -> Result<(), Failure> {
        let Some(connection) = self.connections.get(&id) else { return Ok(()) };
        if self.guesses.may_try(connection.source, now) {
            return Ok(());
        }
        let sentence = "Too many wrong passwords came from this network address; try again in a minute.";
        Err(Failure::new(ErrorCode::LimitReached, sentence))
    }

    pub(super) fn wrong_password(&mut self, id: ConnectionId, now: Instant) {
        if let Some(connection) = self.connections.get(&id) {
            self.guesses.wrong(connection.source, now);
        }
        self.guessed_wrong(id);
    }

    /// Notes a wrong password or token. Tokens do not count for an address: nobody guesses one, and after a relay's
    /// restart every browser behind that address comes with one that means nothing any more.
    pub(super) fn guessed_wrong(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.guesses = connection.guesses.saturating_add(1);
        if connection.guesses >= MAX_GUESSES {
            self.close(id, close::POLICY, "too many wrong passwords");
        }
    }

    /// Notes a password that a session's SIP server refused: the relay is no way around what the server bears.
    pub(super) fn guessed_wrong_at_server(&mut self, session: SessionId, now: Instant) {
        // Wherever its browser is by now: one that is away comes back to hear what came of its guess.
        if let Some(source) = self.sessions.get(&session).map(Session::source) {
            self.guesses.wrong(source, now);
        }
    }

    pub(super) fn close_all_connections(&mut self) {
        let ids: Vec<_> = self.connections.keys().copied().collect();
        for id in ids {
            self.close(id, close::TRY_LATER, "the relay is stopping");
        }
    }

    pub(super) fn reply(&mut self, connection: ConnectionId, id: Option<u32>, result: Result<ReplyBody, Failure>) {
        let outcome = match result {
            Ok(body) => Outcome::Result(body),
            Err(failure) => Outcome::Error(failure),
        };
        let frame = serde_json::to_string(&Reply { id, outcome }).unwrap_or_default();
        self.outputs.push_back(Output::Frame(connection, frame));
    }

    pub(super) fn close(&mut self, id: ConnectionId, code: u16, reason: &'static str) {
        if let Some(connection) = self.connections.get_mut(&id).filter(|known| known.stage != Stage::Closing) {
            connection.stage = Stage::Closing;
            self.outputs.push_back(Output::Close(id, code, reason));
        }
    }
}
