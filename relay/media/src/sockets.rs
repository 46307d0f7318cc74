//! A worker's UDP sockets, and the outlet that sends through them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};

use crate::event::Event;
use crate::outlet::{Door, LegKey, Outlet};
use crate::shared::MAX_SHARED;
use crate::socket_pair::{Lease, SocketPair};

/// Tokens kept for the shared sockets, behind that of the waker.
const SHARED_TOKENS: usize = MAX_SHARED;

/// A leg's sockets while they are open.
struct Open {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    /// Dropped last, when the ports are free again.
    _lease: Lease,
}

/// All sockets of a worker.
pub(crate) struct Sockets {
    shared: Vec<UdpSocket>,
    /// By leg. Only RTP legs have any.
    pairs: Vec<Option<Open>>,
    registry: Registry,
    open: Arc<AtomicUsize>,
    on_event: Arc<dyn Fn(Event) + Send + Sync>,
    unsent: u64,
}

impl Sockets {
    /// The sockets of a worker that has no legs yet. `open` counts sockets of all workers.
    ///
    /// # Errors
    /// What the operating system says when it does not register the shared sockets.
    pub(crate) fn new(
        shared: Vec<std::net::UdpSocket>,
        registry: Registry,
        open: Arc<AtomicUsize>,
        on_event: Arc<dyn Fn(Event) + Send + Sync>,
    ) -> io::Result<Self> {
        let mut shared: Vec<_> = shared.into_iter().map(UdpSocket::from_std).collect();
        for (number, socket) in shared.iter_mut().enumerate() {
            registry.register(socket, token(Door::Shared(number)), Interest::READABLE)?;
        }
        open.fetch_add(shared.len(), Ordering::Relaxed);
        Ok(Self { shared, pairs: Vec::new(), registry, open, on_event, unsent: 0 })
    }

    /// Takes over the sockets of a leg.
    pub(crate) fn insert(&mut self, key: LegKey, pair: SocketPair) -> io::Result<()> {
        let SocketPair { rtp, rtcp, lease } = pair;
        let mut open = Open { rtp: UdpSocket::from_std(rtp), rtcp: UdpSocket::from_std(rtcp), _lease: lease };
        if self.pairs.len() <= key {
            self.pairs.resize_with(key + 1, || None);
        }
        let registered =
            self.registry.register(&mut open.rtp, token(Door::Rtp(key)), Interest::READABLE).and_then(|()| {
                let token = token(Door::Rtcp(key));
                self.registry.register(&mut open.rtcp, token, Interest::READABLE)
            });
        self.open.fetch_add(2, Ordering::Relaxed);
        if let Some(place) = self.pairs.get_mut(key) {
            *place = Some(open);
        }
        registered
    }

    /// Receives one datagram. `None` when there is none (any more).
    pub(crate) fn receive(&self, door: Door, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
        let socket = self.socket(door)?;
        loop {
            match socket.recv_from(buffer) {
                Ok(received) => return Some(received),
                // An ICMP error of an earlier send says nothing about what has been received.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }

    fn socket(&self, door: Door) -> Option<&UdpSocket> {
        let pair = |key: LegKey| self.pairs.get(key)?.as_ref();
        match door {
            Door::Shared(number) => self.shared.get(number),
            Door::Rtp(key) => pair(key).map(|pair| &pair.rtp),
            Door::Rtcp(key) => pair(key).map(|pair| &pair.rtcp),
        }
    }
}

impl Outlet for Sockets {
    fn send(&mut self, door: Door, to: SocketAddr, datagram: &[u8]) {
        let sent = self.socket(door).is_some_and(|socket| socket.send_to(datagram, to).is_ok());
        if !sent {
            self.unsent += 1;
            // Powers of two: visible, and no flood.
            if self.unsent.is_power_of_two() {
                tracing::debug!(unsent = self.unsent, "datagrams could not be sent");
            }
        }
    }

    fn event(&mut self, event: Event) {
        (self.on_event)(event);
    }

    fn closed(&mut self, key: LegKey) {
        let Some(mut open) = self.pairs.get_mut(key).and_then(Option::take) else {
            return;
        };
        // Dropping a socket takes it out of the poll as well.
        let _ = self.registry.deregister(&mut open.rtp);
        let _ = self.registry.deregister(&mut open.rtcp);
        drop(open);
        self.open.fetch_sub(2, Ordering::Relaxed);
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        for key in 0..self.pairs.len() {
            self.closed(key);
        }
        self.open.fetch_sub(self.shared.len(), Ordering::Relaxed);
    }
}

/// The token a socket is polled under.
pub(crate) const fn token(door: Door) -> Token {
    match door {
        Door::Shared(number) => Token(1 + number),
        Door::Rtp(key) => Token(1 + SHARED_TOKENS + 2 * key),
        Door::Rtcp(key) => Token(2 + SHARED_TOKENS + 2 * key),
    }
}

/// The socket of a token; `None` for the waker's.
pub(crate) fn door(Token(token): Token) -> Option<Door> {
    let number = token.checked_sub(1)?;
    match number.checked_sub(SHARED_TOKENS) {
        None => Some(Door::Shared(number)),
        Some(even) if even.is_multiple_of(2) => Some(Door::Rtp(even / 2)),
        Some(odd) => Some(Door::Rtcp(odd / 2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_door_has_a_token_of_its_own() {
        let last = Door::Shared(MAX_SHARED - 1);
        for which in [Door::Shared(0), last, Door::Rtp(0), Door::Rtcp(0), Door::Rtp(7), Door::Rtcp(7)] {
            assert_eq!(door(token(which)), Some(which));
        }
        assert_eq!(door(Token(0)), None);
    }
}
