//! Servers that failed a short while ago: they are tried last.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use offhook_sip::message::Transport;
use offhook_sip::transaction::Destination;

/// How long a server rests that failed and did not say for how long.
const USUAL: Duration = Duration::from_secs(30);

/// The longest rest, whatever a server says (RFC 3261 section 20.33).
const LONGEST: Duration = Duration::from_secs(300);

/// Servers remembered at once.
const LIMIT: usize = 1024;

/// The servers, and until when each rests.
#[derive(Debug, Default)]
pub(super) struct Resting(HashMap<(Transport, SocketAddr), Instant>);

impl Resting {
    /// A server has failed, and perhaps said for how long.
    pub(super) fn failed(&mut self, server: &Destination, wanted: Option<Duration>, now: Instant) {
        self.0.retain(|_, until| *until > now);
        if self.0.len() < LIMIT {
            self.0.insert(key(server), now + wanted.unwrap_or(USUAL).min(LONGEST));
        }
    }

    /// A server has answered.
    pub(super) fn lives(&mut self, server: &Destination) {
        if !self.0.is_empty() {
            self.0.remove(&key(server));
        }
    }

    /// Puts those that rest behind the others, in the same order otherwise.
    pub(super) fn last(&self, servers: &mut [Destination], now: Instant) {
        if !self.0.is_empty() {
            servers.sort_by_key(|server| self.0.get(&key(server)).is_some_and(|until| *until > now));
        }
    }
}

fn key(server: &Destination) -> (Transport, SocketAddr) {
    (server.transport.clone(), server.address)
}
