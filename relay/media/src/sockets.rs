//! A worker's sockets, and the outlet that sends through them.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};

use crate::event::Event;
use crate::format::MediumKind;
use crate::inbox::{BUFFER, Inbox, Share};
use crate::outbox::Outbox;
use crate::outlet::{Door, LegKey, Outlet, Path};
use crate::shared::MAX_SHARED;
use crate::socket_pair::{Lease, SocketPair};
use crate::streams::{MAX_STREAMS, Streams};

/// Tokens behind that of the waker: of the shared sockets, of those that listen, of connections, and of pairs.
const LISTENERS: usize = MAX_SHARED;
const STREAMS: usize = LISTENERS + MAX_SHARED;
const PAIRS: usize = STREAMS + MAX_STREAMS;

/// The sockets of one of a leg's media while they are open.
struct Open {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    is_ipv4: bool,
    /// Dropped last, when the ports are free again.
    _lease: Lease,
}

/// One that browsers share, and what is about to leave by it.
struct Common {
    socket: UdpSocket,
    is_ipv4: bool,
    outbox: Outbox,
}

/// All sockets of a worker.
pub(crate) struct Sockets {
    shared: Vec<Common>,
    streams: Streams,
    /// By leg and medium. Only RTP legs have any, and most have none for pictures.
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
        listeners: Vec<Option<TcpListener>>,
        registry: Registry,
        open: Arc<AtomicUsize>,
        on_event: Arc<dyn Fn(Event) + Send + Sync>,
    ) -> io::Result<Self> {
        let common = |socket: std::net::UdpSocket| -> io::Result<Common> {
            let is_ipv4 = socket.local_addr()?.is_ipv4();
            Ok(Common { socket: UdpSocket::from_std(socket), is_ipv4, outbox: Outbox::default() })
        };
        let mut shared = shared.into_iter().map(common).collect::<io::Result<Vec<_>>>()?;
        for (number, common) in shared.iter_mut().enumerate() {
            registry.register(&mut common.socket, token(Door::Shared(number)), Interest::READABLE)?;
        }
        let listeners = listeners.into_iter().map(|one| one.map(mio::net::TcpListener::from_std)).collect();
        let mut streams = Streams::new(listeners, BUFFER, |number| token(Door::Stream(number)));
        streams.listen(&registry, |number| Token(1 + LISTENERS + number))?;
        open.fetch_add(shared.len(), Ordering::Relaxed);
        Ok(Self { shared, streams, pairs: Vec::new(), registry, open, on_event, unsent: 0 })
    }

    /// Takes over the sockets of one of a leg's media.
    pub(crate) fn insert(&mut self, key: LegKey, kind: MediumKind, pair: SocketPair) -> io::Result<()> {
        let SocketPair { rtp, rtcp, lease } = pair;
        let is_ipv4 = rtp.local_addr()?.is_ipv4();
        let (rtp, rtcp) = (UdpSocket::from_std(rtp), UdpSocket::from_std(rtcp));
        let mut open = Open { rtp, rtcp, is_ipv4, _lease: lease };
        let place = place(key, kind);
        if self.pairs.len() <= place {
            self.pairs.resize_with(place + 1, || None);
        }
        let registered =
            self.registry.register(&mut open.rtp, token(Door::Rtp(key, kind)), Interest::READABLE).and_then(|()| {
                let token = token(Door::Rtcp(key, kind));
                self.registry.register(&mut open.rtcp, token, Interest::READABLE)
            });
        self.open.fetch_add(2, Ordering::Relaxed);
        if let Some(place) = self.pairs.get_mut(place) {
            *place = Some(open);
        }
        registered
    }

    /// Takes what has come to a door into the inbox, up to a limit: how many datagrams, and whether there may be more.
    pub(crate) fn receive(&mut self, door: Door, inbox: &mut Inbox) -> (usize, bool) {
        if let Door::Stream(number) = door {
            self.streams.flush(number);
            return inbox.fill(|buffer| self.streams.receive(number, buffer, &self.registry));
        }
        let share = if matches!(door, Door::Shared(_)) { Share::Many } else { Share::Few };
        self.socket(door).map_or((0, false), |(socket, is_ipv4)| inbox.take(socket, is_ipv4, share))
    }

    /// Sends what has been kept so that it leaves together.
    pub(crate) fn flush(&mut self) {
        let unsent = self.shared.iter_mut().map(|common| common.outbox.flush(&common.socket)).sum();
        self.count(unsent);
    }

    /// Takes connections that wait at a listener. Whether there may be more.
    pub(crate) fn accept(&mut self, now: Instant, listener: usize) -> bool {
        self.streams.accept(now, listener, &self.registry)
    }

    /// A browser has passed a check along this path.
    pub(crate) fn prove(&mut self, path: Path) {
        if let Door::Stream(number) = path.door {
            self.streams.prove(number);
        }
    }

    /// Closes connections that lead to no leg, as `leads` says, and have not for a while.
    pub(crate) fn tire(&mut self, now: Instant, leads: impl Fn(Path) -> bool) {
        self.streams.tire(now, &self.registry, |number, remote| leads(Path { door: Door::Stream(number), remote }));
    }

    /// A connection that has ended since this was asked last.
    pub(crate) fn ended(&mut self) -> Option<Path> {
        self.streams.ended().map(|(number, remote)| Path { door: Door::Stream(number), remote })
    }

    /// A door's socket, and whether its addresses are IPv4's.
    fn socket(&self, door: Door) -> Option<(&UdpSocket, bool)> {
        let pair = |key: LegKey, kind: MediumKind| self.pairs.get(place(key, kind))?.as_ref();
        match door {
            Door::Shared(number) => self.shared.get(number).map(|common| (&common.socket, common.is_ipv4)),
            Door::Stream(_) => None,
            Door::Rtp(key, kind) => pair(key, kind).map(|pair| (&pair.rtp, pair.is_ipv4)),
            Door::Rtcp(key, kind) => pair(key, kind).map(|pair| (&pair.rtcp, pair.is_ipv4)),
        }
    }

    /// Counts datagrams that were not sent.
    fn count(&mut self, unsent: usize) {
        let before = self.unsent;
        self.unsent += unsent as u64;
        // Powers of two: visible, and no flood.
        if before.checked_ilog2() != self.unsent.checked_ilog2() {
            tracing::debug!(unsent = self.unsent, "datagrams could not be sent");
        }
    }

    /// Closes a pair, if it is open.
    fn close(&mut self, place: usize) {
        let Some(mut open) = self.pairs.get_mut(place).and_then(Option::take) else {
            return;
        };
        // Dropping a socket takes it out of the poll as well.
        let _ = self.registry.deregister(&mut open.rtp);
        let _ = self.registry.deregister(&mut open.rtcp);
        drop(open);
        self.open.fetch_sub(2, Ordering::Relaxed);
    }
}

impl Outlet for Sockets {
    fn send(&mut self, door: Door, to: SocketAddr, datagram: &[u8]) {
        let unsent = match door {
            Door::Shared(number) => self.shared.get_mut(number).map_or(1, |common| {
                if common.outbox.put(to, datagram) { common.outbox.flush(&common.socket) } else { 0 }
            }),
            Door::Stream(number) => usize::from(!self.streams.send(number, to, datagram)),
            Door::Rtp(..) | Door::Rtcp(..) => {
                usize::from(self.socket(door).is_none_or(|(socket, _)| socket.send_to(datagram, to).is_err()))
            }
        };
        if unsent > 0 {
            self.count(unsent);
        }
    }

    fn event(&mut self, event: Event) {
        (self.on_event)(event);
    }

    fn video_closed(&mut self, key: LegKey) {
        self.close(place(key, MediumKind::Video));
    }

    fn closed(&mut self, key: LegKey) {
        for kind in MediumKind::ALL {
            self.close(place(key, kind));
        }
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        for place in 0..self.pairs.len() {
            self.close(place);
        }
        self.open.fetch_sub(self.shared.len(), Ordering::Relaxed);
    }
}

/// The token a socket is polled under.
pub(crate) const fn token(door: Door) -> Token {
    match door {
        Door::Shared(number) => Token(1 + number),
        Door::Stream(number) => Token(1 + STREAMS + number),
        Door::Rtp(key, kind) => Token(1 + PAIRS + 2 * place(key, kind)),
        Door::Rtcp(key, kind) => Token(2 + PAIRS + 2 * place(key, kind)),
    }
}

/// The number of the listener that is polled under this token, if it is one's.
pub(crate) const fn listener(Token(token): Token) -> Option<usize> {
    if token > LISTENERS && token <= STREAMS { Some(token - 1 - LISTENERS) } else { None }
}

/// The socket of a token; `None` for the waker's and those of listeners.
pub(crate) fn door(Token(token): Token) -> Option<Door> {
    let number = token.checked_sub(1)?;
    match number.checked_sub(PAIRS) {
        None if number < LISTENERS => Some(Door::Shared(number)),
        None => number.checked_sub(STREAMS).map(Door::Stream),
        Some(even) if even.is_multiple_of(2) => {
            let (key, kind) = whose(even / 2);
            Some(Door::Rtp(key, kind))
        }
        Some(odd) => {
            let (key, kind) = whose(odd / 2);
            Some(Door::Rtcp(key, kind))
        }
    }
}

/// Where a pair is kept: those of a leg side by side.
const fn place(key: LegKey, kind: MediumKind) -> usize {
    match kind {
        MediumKind::Audio => 2 * key,
        MediumKind::Video => 2 * key + 1,
    }
}

/// Whose pair is kept there.
const fn whose(place: usize) -> (LegKey, MediumKind) {
    (place / 2, if place.is_multiple_of(2) { MediumKind::Audio } else { MediumKind::Video })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_door_has_a_token_of_its_own() {
        let last = Door::Shared(MAX_SHARED - 1);
        let legs = [0, 7].into_iter().flat_map(|key| {
            MediumKind::ALL.into_iter().flat_map(move |kind| [Door::Rtp(key, kind), Door::Rtcp(key, kind)])
        });
        let streams = [Door::Stream(0), Door::Stream(MAX_STREAMS - 1)];
        let doors: Vec<_> = [Door::Shared(0), last].into_iter().chain(streams).chain(legs).collect();
        for which in &doors {
            assert_eq!(door(token(*which)), Some(*which));
            assert_eq!(listener(token(*which)), None);
        }
        let tokens: std::collections::BTreeSet<_> = doors.iter().map(|which| token(*which)).collect();
        assert_eq!(tokens.len(), doors.len());
        assert_eq!((door(Token(0)), listener(Token(0))), (None, None));
        for number in [0, MAX_SHARED - 1] {
            let token = Token(1 + LISTENERS + number);
            assert_eq!((door(token), listener(token)), (None, Some(number)));
        }
    }
}
