//! The ways by which registered accounts are reached: connections that are made again when they end, and paths through
//! NATs and firewalls that are kept open (RFC 5626 sections 3.5 and 4.4).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use offhook_sip::message::Transport;
use offhook_sip::transaction::{ConnectionId, Destination, Transmit};

use super::AccountId;

/// What keeps a path open. It is no message, and whoever gets it drops it; a STUN request would be answered, and is not
/// needed: that a server is gone shows with the next refresh.
const PING: &[u8] = b"\r\n\r\n";

/// Where accounts are registered, as their registrars' answers came.
#[derive(Debug, Default)]
pub(super) struct Flows {
    of: HashMap<AccountId, Destination>,
    connections: HashMap<ConnectionId, BTreeSet<AccountId>>,
    /// How many accounts each UDP peer has. They share one socket, so that one ping serves them all.
    paths: BTreeMap<SocketAddr, usize>,
    next: Option<Instant>,
}

impl Flows {
    /// An account is registered there. `every` is how often its path wants to be used.
    pub(super) fn set(&mut self, account: AccountId, there: &Destination, every: Option<Duration>, now: Instant) {
        if self.of.get(&account) == Some(there) {
            return;
        }
        self.remove(account);
        self.of.insert(account, there.clone());
        if let Some(connection) = there.connection {
            self.connections.entry(connection).or_default().insert(account);
        } else if there.transport == Transport::Udp {
            let accounts = self.paths.entry(there.address).or_default();
            *accounts = accounts.saturating_add(1);
            self.next = self.next.or(every.map(|every| now + every));
        }
    }

    /// An account is gone.
    pub(super) fn remove(&mut self, account: AccountId) {
        let Some(there) = self.of.remove(&account) else { return };
        if let Some(connection) = there.connection {
            if let Some(accounts) = self.connections.get_mut(&connection) {
                accounts.remove(&account);
                if accounts.is_empty() {
                    self.connections.remove(&connection);
                }
            }
        } else if let Some(accounts) = self.paths.get_mut(&there.address) {
            *accounts = accounts.saturating_sub(1);
            if *accounts == 0 {
                self.paths.remove(&there.address);
            }
        }
    }

    /// A connection has ended: the accounts that were reached by it.
    pub(super) fn closed(&mut self, connection: ConnectionId) -> BTreeSet<AccountId> {
        let accounts = self.connections.remove(&connection).unwrap_or_default();
        for account in &accounts {
            self.of.remove(account);
        }
        accounts
    }

    /// When [`Flows::pings`] is due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.next.filter(|_| !self.paths.is_empty())
    }

    /// What keeps the paths open, if it is time.
    pub(super) fn pings(&mut self, every: Option<Duration>, now: Instant) -> Vec<Transmit> {
        if self.poll_timeout().is_none_or(|due| due > now) {
            return Vec::new();
        }
        self.next = every.map(|every| now + every);
        let ping = |address: &SocketAddr| Transmit {
            destination: Destination::udp(*address),
            bytes: Bytes::from_static(PING),
            transaction: None,
        };
        self.paths.keys().map(ping).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Option<Duration> = Some(Duration::from_secs(25));

    #[expect(clippy::disallowed_methods, reason = "an instant to begin simulated time at")]
    fn start() -> Instant {
        Instant::now()
    }

    fn udp(last: u8) -> Destination {
        Destination::udp(SocketAddr::from(([192, 0, 2, last], 5060)))
    }

    fn tcp(connection: u64) -> Destination {
        Destination::tcp(SocketAddr::from(([192, 0, 2, 1], 5060)), Some(ConnectionId(connection)))
    }

    #[test]
    fn each_server_is_pinged_once_for_all_its_accounts() {
        let (mut flows, now) = (Flows::default(), start());
        flows.set(AccountId(1), &udp(1), EVERY, now);
        flows.set(AccountId(2), &udp(1), EVERY, now);
        flows.set(AccountId(3), &udp(2), EVERY, now);
        flows.set(AccountId(4), &tcp(1), EVERY, now);
        let due = flows.poll_timeout().unwrap();
        assert_eq!(due, now + Duration::from_secs(25));
        assert!(flows.pings(EVERY, now).is_empty());
        let pings = flows.pings(EVERY, due);
        assert_eq!(pings.iter().map(|ping| ping.destination.clone()).collect::<Vec<_>>(), [udp(1), udp(2)]);
        assert_eq!(flows.poll_timeout(), Some(due + Duration::from_secs(25)));
        flows.remove(AccountId(1));
        flows.remove(AccountId(3));
        assert_eq!(flows.pings(EVERY, due + Duration::from_secs(25)).len(), 1);
        flows.remove(AccountId(2));
        assert_eq!(flows.poll_timeout(), None);
    }

    #[test]
    fn without_an_interval_nothing_is_pinged() {
        let (mut flows, now) = (Flows::default(), start());
        flows.set(AccountId(1), &udp(1), None, now);
        assert_eq!(flows.poll_timeout(), None);
    }

    #[test]
    fn a_connection_that_ends_concerns_those_registered_over_it() {
        let (mut flows, now) = (Flows::default(), start());
        flows.set(AccountId(1), &tcp(1), EVERY, now);
        flows.set(AccountId(2), &tcp(2), EVERY, now);
        flows.set(AccountId(1), &tcp(2), EVERY, now);
        assert!(flows.closed(ConnectionId(1)).is_empty());
        assert_eq!(flows.closed(ConnectionId(2)), [AccountId(1), AccountId(2)].into());
        assert!(flows.of.is_empty() && flows.connections.is_empty());
    }
}
