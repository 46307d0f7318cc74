//! Connections of browsers that cannot send datagrams: ICE over TCP (RFC 6544), of which the relay is the passive side.
//!
//! Anybody may connect. Who has not passed an ICE check within a while is closed, and sooner where others want the place.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use slab::Slab;

use crate::framing::{Incoming, Outgoing};

/// Connections of a worker at once.
pub(crate) const MAX_STREAMS: usize = 1024;
/// Those among them that have proven nothing yet.
const MAX_UNPROVEN: usize = 128;
/// How long they may be.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often they are looked at.
const SWEEP: Duration = Duration::from_secs(1);
/// Connections taken in one turn.
const ACCEPTED: usize = 64;
/// Readings in a row that bring no whole datagram, after which a connection is closed: it sends empty ones on and on.
const READS: usize = 64;
/// What waits for a connection that does not keep up: a second of sound, or half of one of small pictures.
const BACKLOG: usize = 64 << 10;

/// A browser's connection.
struct Stream {
    socket: TcpStream,
    remote: SocketAddr,
    incoming: Incoming,
    outgoing: Outgoing,
    /// When it began, until it has passed a check.
    unproven: Option<Instant>,
}

/// All of a worker's connections, and where more come from.
pub(crate) struct Streams {
    listeners: Vec<Option<TcpListener>>,
    open: Slab<Stream>,
    unproven: usize,
    swept: Option<Instant>,
    /// Those that ended since they were asked for last.
    ended: Vec<(usize, SocketAddr)>,
    /// Longer datagrams than this are no media.
    longest: usize,
    token: fn(usize) -> Token,
}

impl Streams {
    /// Connections that come in here; `token` is what each is polled under.
    #[must_use]
    pub(crate) fn new(listeners: Vec<Option<TcpListener>>, longest: usize, token: fn(usize) -> Token) -> Self {
        Self { listeners, open: Slab::new(), unproven: 0, swept: None, ended: Vec::new(), longest, token }
    }

    /// Has each listener polled under a token of its own.
    ///
    /// # Errors
    /// What the operating system says.
    pub(crate) fn listen(&mut self, registry: &Registry, token: impl Fn(usize) -> Token) -> io::Result<()> {
        for (number, listener) in self.listeners.iter_mut().enumerate() {
            if let Some(listener) = listener {
                registry.register(listener, token(number), Interest::READABLE)?;
            }
        }
        Ok(())
    }

    /// Takes who waits at a listener. Whether there may be more.
    pub(crate) fn accept(&mut self, now: Instant, number: usize, registry: &Registry) -> bool {
        for _ in 0..ACCEPTED {
            let Some(listener) = self.listeners.get(number).and_then(Option::as_ref) else {
                return false;
            };
            match listener.accept() {
                Ok((socket, remote)) => self.take(now, socket, remote, registry),
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) => {
                    // Out of descriptors, most likely. The next connection wakes the listener again.
                    tracing::debug!(%error, "a connection of a browser was not taken");
                    return false;
                }
            }
        }
        true
    }

    fn take(&mut self, now: Instant, mut socket: TcpStream, remote: SocketAddr, registry: &Registry) {
        if self.unproven >= MAX_UNPROVEN || self.open.len() >= MAX_STREAMS {
            let oldest = self.open.iter().filter_map(|(number, stream)| Some((stream.unproven?, number))).min();
            let Some((_, oldest)) = oldest else {
                return;
            };
            self.close(oldest, registry);
        }
        // A datagram that waits for the acknowledgement of the one before is late.
        let _ = socket.set_nodelay(true);
        let place = self.open.vacant_entry();
        let token = (self.token)(place.key());
        if let Err(error) = registry.register(&mut socket, token, Interest::READABLE | Interest::WRITABLE) {
            tracing::debug!(%error, "a connection of a browser cannot be polled");
            return;
        }
        place.insert(Stream {
            socket,
            remote,
            incoming: Incoming::new(self.longest),
            outgoing: Outgoing::new(BACKLOG),
            unproven: Some(now),
        });
        self.unproven += 1;
    }

    /// The next datagram of a connection, copied into `buffer`. `None` when there is none (any more).
    pub(crate) fn receive(
        &mut self,
        number: usize,
        buffer: &mut [u8],
        registry: &Registry,
    ) -> Option<(usize, SocketAddr)> {
        for _ in 0..READS {
            let stream = self.open.get_mut(number)?;
            match stream.incoming.next() {
                Ok(Some(datagram)) => {
                    let length = datagram.len();
                    buffer.get_mut(..length)?.copy_from_slice(datagram);
                    return Some((length, stream.remote));
                }
                Ok(None) => {}
                Err(_) => {
                    self.close(number, registry);
                    return None;
                }
            }
            match stream.socket.read(stream.incoming.free()) {
                Ok(count) if count > 0 => stream.incoming.arrived(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Ok(_) | Err(_) => {
                    self.close(number, registry);
                    return None;
                }
            }
        }
        // So much that says nothing is no browser's.
        self.close(number, registry);
        None
    }

    /// Sends a datagram to who is at the other end. Whether it was taken.
    pub(crate) fn send(&mut self, number: usize, to: SocketAddr, datagram: &[u8]) -> bool {
        // The number may have gone to another meanwhile.
        let stream = self.open.get_mut(number).filter(|stream| stream.remote == to);
        let added = stream.is_some_and(|stream| stream.outgoing.add(datagram));
        self.flush(number);
        added
    }

    /// Writes what has been waiting for room.
    pub(crate) fn flush(&mut self, number: usize) {
        let Some(Stream { socket, outgoing, .. }) = self.open.get_mut(number) else {
            return;
        };
        while !outgoing.waiting().is_empty() {
            match socket.write(outgoing.waiting()) {
                Ok(count) => outgoing.took(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // It is polled for room; one that is broken is found so when it is read.
                Err(_) => return,
            }
        }
    }

    /// A browser has passed a check along this connection.
    pub(crate) fn prove(&mut self, number: usize) {
        if self.open.get_mut(number).and_then(|stream| stream.unproven.take()).is_some() {
            self.unproven -= 1;
        }
    }

    /// Once in a while: closes those that have proven nothing for too long. One that leads to no leg (any more) has to
    /// prove itself anew.
    pub(crate) fn tire(&mut self, now: Instant, registry: &Registry, leads: impl Fn(usize, SocketAddr) -> bool) {
        if self.swept.is_some_and(|swept| now.saturating_duration_since(swept) < SWEEP) || self.open.is_empty() {
            return;
        }
        self.swept = Some(now);
        let mut tired = Vec::new();
        for (number, stream) in &mut self.open {
            match stream.unproven {
                Some(since) if now.saturating_duration_since(since) >= PATIENCE => tired.push(number),
                None if !leads(number, stream.remote) => {
                    stream.unproven = Some(now);
                    self.unproven += 1;
                }
                Some(_) | None => {}
            }
        }
        for number in tired {
            self.close(number, registry);
        }
    }

    /// A connection that has ended since, and what it led to. Its number may be another's by now.
    pub(crate) fn ended(&mut self) -> Option<(usize, SocketAddr)> {
        self.ended.pop()
    }

    /// Closes a connection that leads to nobody any more.
    pub(crate) fn close(&mut self, number: usize, registry: &Registry) {
        let Some(mut stream) = self.open.try_remove(number) else {
            return;
        };
        if stream.unproven.is_some() {
            self.unproven -= 1;
        }
        // Dropping a socket takes it out of the poll as well.
        let _ = registry.deregister(&mut stream.socket);
        self.ended.push((number, stream.remote));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream as Peer;

    /// One listener, and whatever connects to it. Sockets are real, and over loopback what is written is there at once.
    struct Bench {
        streams: Streams,
        poll: mio::Poll,
        address: SocketAddr,
        now: Instant,
    }

    impl Bench {
        fn new() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let address = listener.local_addr().unwrap();
            let mut streams = Streams::new(vec![Some(listener)], 100, |number| Token(10 + number));
            let poll = mio::Poll::new().unwrap();
            streams.listen(poll.registry(), Token).unwrap();
            Self { streams, poll, address, now: crate::simulated::origin() }
        }

        /// A peer that has been accepted, and the number of its connection.
        fn connect(&mut self) -> (Peer, usize) {
            let peer = Peer::connect(self.address).unwrap();
            self.streams.accept(self.now, 0, self.poll.registry());
            let own = peer.local_addr().unwrap();
            let number = self.streams.open.iter().find(|(_, stream)| stream.remote == own).unwrap().0;
            (peer, number)
        }

        fn receive(&mut self, number: usize) -> Option<Vec<u8>> {
            let mut buffer = [0; 100];
            let (length, _) = self.streams.receive(number, &mut buffer, self.poll.registry())?;
            Some(buffer[..length].to_vec())
        }

        fn is_open(&self, number: usize) -> bool {
            self.streams.open.contains(number)
        }
    }

    #[test]
    fn datagrams_go_both_ways_and_only_to_whom_they_are_for() {
        let mut bench = Bench::new();
        let (mut peer, number) = bench.connect();
        assert_eq!(bench.receive(number), None);
        peer.write_all(&[0, 2, 7, 8, 0, 1]).unwrap();
        assert_eq!(bench.receive(number), Some(vec![7, 8]));
        assert_eq!(bench.receive(number), None);
        peer.write_all(&[9]).unwrap();
        assert_eq!(bench.receive(number), Some(vec![9]));
        let to = peer.local_addr().unwrap();
        assert!(!bench.streams.send(number, bench.address, &[1, 2, 3]));
        assert!(bench.streams.send(number, to, &[1, 2, 3]));
        let mut said = [0; 5];
        peer.read_exact(&mut said).unwrap();
        assert_eq!(said, [0, 3, 1, 2, 3]);
        drop(peer);
        assert_eq!(bench.receive(number), None);
        assert_eq!(bench.streams.ended(), Some((number, to)));
        assert!(!bench.is_open(number));
    }

    #[test]
    fn who_proves_nothing_is_closed_after_a_while_and_so_is_who_leads_nowhere_any_more() {
        let mut bench = Bench::new();
        let (_idle, idle) = bench.connect();
        let (browser, proven) = bench.connect();
        bench.streams.prove(proven);
        let tire = |bench: &mut Bench, after: Duration, leads: bool| {
            bench.now += after;
            bench.streams.tire(bench.now, bench.poll.registry(), |_, _| leads);
        };
        tire(&mut bench, PATIENCE / 2, true);
        assert!(bench.is_open(idle));
        tire(&mut bench, PATIENCE / 2, true);
        assert!(!bench.is_open(idle) && bench.is_open(proven));
        tire(&mut bench, PATIENCE * 10, false);
        assert!(bench.is_open(proven));
        tire(&mut bench, PATIENCE, false);
        assert!(!bench.is_open(proven));
        drop(browser);
    }

    #[test]
    fn who_proves_nothing_makes_room_for_others_and_who_has_does_not() {
        let mut bench = Bench::new();
        let (_browser, proven) = bench.connect();
        bench.streams.prove(proven);
        let mut peers = Vec::new();
        for _ in 0..MAX_UNPROVEN + 20 {
            bench.now += Duration::from_millis(1);
            peers.push(bench.connect());
        }
        assert_eq!(bench.streams.open.len(), 1 + MAX_UNPROVEN);
        assert!(bench.is_open(proven));
    }

    #[test]
    fn what_is_no_frame_ends_the_connection() {
        let mut bench = Bench::new();
        let (mut peer, number) = bench.connect();
        peer.write_all(&[0xff; 10]).unwrap();
        assert_eq!(bench.receive(number), None);
        assert!(!bench.is_open(number));
    }
}
