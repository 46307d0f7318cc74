//! A worker thread: one loop over its sockets, its orders and its timers. Together with `media`
//! and `sockets` it is all of this crate that does I/O.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};

use crate::bridge::{Bridge, NewLeg};
use crate::command::Command;
use crate::format::MediumKind;
use crate::inbox::Inbox;
use crate::leg::Seed;
use crate::outlet::{Door, LegKey, Path};
use crate::pace::Pace;
use crate::params::{IceCredentials, LegId, Service};
use crate::socket_pair::SocketPair;
use crate::sockets::{Sockets, door, listener};
use crate::totals::{Published, Totals};

/// The waker's token.
pub(crate) const WAKE: Token = Token(0);
/// Orders taken per turn.
const ORDERS: usize = 256;
/// Readiness reports taken at once.
const EVENTS: usize = 1024;
/// With nothing due the loop still turns this often; a lost wake-up then costs a moment only.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// How often others are shown what has been counted.
const PUBLISHED: Duration = Duration::from_secs(1);

/// What a worker is told.
#[derive(Debug)]
pub(crate) enum Order {
    /// Open a leg to a browser.
    OpenWebRtc(NewLeg, IceCredentials),
    /// Restart ICE on a leg to a browser.
    RestartWebRtc(LegId, IceCredentials),
    /// Begin a leg's connection to a browser afresh.
    ReplaceWebRtc(LegId, IceCredentials),
    /// Open a leg to an RTP endpoint.
    OpenRtp(NewLeg, SocketPair),
    /// Open a pair of ports for the pictures of such a leg.
    OpenVideo(LegId, Seed, SocketPair),
    /// Open a leg that makes its own sound.
    OpenService(NewLeg, Service),
    /// Do what signalling says.
    Command(Command),
}

/// Whether orders are waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// Not now.
    None,
    /// There may be more, and the waker will not say so again.
    Perhaps,
    /// There never will be: nobody is left to give them.
    Never,
}

/// Everything the thread owns.
pub(crate) struct Worker {
    pub(crate) poll: Poll,
    pub(crate) sockets: Sockets,
    pub(crate) bridge: Bridge,
    pub(crate) orders: Receiver<Order>,
    /// Legs open, for everybody to see.
    pub(crate) legs: Arc<AtomicUsize>,
    /// Datagrams that were nobody's, likewise.
    pub(crate) unclaimed: Arc<AtomicU64>,
    /// What has been counted, likewise, once in a while.
    pub(crate) totals: Arc<Published>,
}

impl Worker {
    /// Runs until the other end of the order queue is gone.
    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        let mut inbox = Inbox::new();
        // Sockets that may hold more: the poll reports each only once.
        let (mut unfinished, mut before): (Vec<Door>, Vec<Door>) = Default::default();
        let mut crowded: Vec<usize> = Vec::new();
        let mut waiting = Waiting::None;
        let mut now = clock();
        let mut pace = Pace::new(now);
        let (mut turns, mut publish) = (0, now);
        loop {
            let idle = unfinished.is_empty() && crowded.is_empty() && waiting == Waiting::None;
            let patience = if idle { self.patience(now) } else { Duration::ZERO };
            match self.poll.poll(&mut events, Some(patience)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    tracing::error!(%error, "a media worker cannot poll its sockets and ends");
                    break;
                }
            }
            now = clock();
            // Orders first: a packet that was sent after an order finds it carried out.
            waiting = self.obey(now);
            if waiting == Waiting::Never {
                break;
            }
            crowded.extend(events.iter().filter_map(|event| listener(event.token())));
            crowded.retain(|&listener| self.sockets.accept(now, listener));
            std::mem::swap(&mut unfinished, &mut before);
            let mut received = 0;
            // Each has one turn. There is something to look up only after a turn that did not do.
            let known: HashSet<Door> = before.iter().copied().collect();
            let ready = events.iter().filter_map(|event| door(event.token())).filter(|door| !known.contains(door));
            for door in before.drain(..).chain(ready) {
                let (count, more) = self.receive(now, door, &mut inbox);
                received += count;
                if more {
                    unfinished.push(door);
                }
            }
            while let Some(path) = self.sockets.ended() {
                self.bridge.path_ended(now, path, &mut self.sockets);
            }
            self.bridge.timeout(now, &mut self.sockets);
            self.sockets.tire(now, |path| self.bridge.knows(path));
            self.sockets.flush();
            self.legs.store(self.bridge.legs(), Ordering::Relaxed);
            self.unclaimed.store(self.bridge.unclaimed(), Ordering::Relaxed);
            turns += 1;
            if now >= publish {
                publish = now + PUBLISHED;
                self.totals.publish(Totals { turns, ..self.bridge.totals() });
            }
            if let Some(next) = pace.next(now, received)
                && unfinished.is_empty()
                && waiting == Waiting::None
            {
                std::thread::sleep(next.saturating_duration_since(clock()));
            }
        }
        self.bridge.close_all(now, &mut self.sockets);
        self.sockets.flush();
        self.legs.store(0, Ordering::Relaxed);
    }

    fn patience(&self, now: Instant) -> Duration {
        self.bridge.deadline().map_or(LONGEST_SLEEP, |due| due.saturating_duration_since(now).min(LONGEST_SLEEP))
    }

    /// Takes a burst from a socket: how many datagrams, and whether there may be more.
    fn receive(&mut self, now: Instant, door: Door, inbox: &mut Inbox) -> (usize, bool) {
        let (count, more) = self.sockets.receive(door, inbox);
        for number in 0..count {
            let Some((source, datagram)) = inbox.get(number) else {
                continue;
            };
            let (bridge, sockets) = (&mut self.bridge, &mut self.sockets);
            match door {
                Door::Shared(_) => bridge.receive_shared(now, Path { door, remote: source }, datagram, sockets),
                Door::Stream(_) => {
                    let path = Path { door, remote: source };
                    bridge.receive_shared(now, path, datagram, sockets);
                    if bridge.knows(path) {
                        sockets.prove(path);
                    }
                }
                Door::Rtp(key, kind) => bridge.receive_rtp(now, (key, kind), source, datagram, sockets),
                Door::Rtcp(key, kind) => bridge.receive_rtcp(now, (key, kind), source, datagram, sockets),
            }
        }
        (count, more)
    }

    /// Carries out what has been ordered, up to a limit.
    fn obey(&mut self, now: Instant) -> Waiting {
        for _ in 0..ORDERS {
            match self.orders.try_recv() {
                Ok(order) => self.carry_out(now, order),
                Err(TryRecvError::Empty) => return Waiting::None,
                Err(TryRecvError::Disconnected) => return Waiting::Never,
            }
        }
        Waiting::Perhaps
    }

    fn carry_out(&mut self, now: Instant, order: Order) {
        let opened = match order {
            Order::OpenWebRtc(new, ice) => self.bridge.open_webrtc(new, ice),
            Order::OpenRtp(new, pair) => self.open_rtp(new, pair),
            Order::OpenService(new, service) => self.bridge.open_service(new, service),
            Order::OpenVideo(leg, seed, pair) => return self.open_video(leg, seed, pair),
            Order::RestartWebRtc(leg, ice) => return self.bridge.restart_webrtc(leg, ice),
            Order::ReplaceWebRtc(leg, ice) => return self.bridge.replace_webrtc(now, leg, ice, &mut self.sockets),
            Order::Command(command) => return self.bridge.command(now, command, &mut self.sockets),
        };
        if opened.is_none() {
            tracing::error!("a leg was not opened: its id belongs to another that is still open");
        }
    }

    fn open_rtp(&mut self, new: NewLeg, pair: SocketPair) -> Option<LegKey> {
        let key = self.bridge.open_rtp(new)?;
        self.poll(key, MediumKind::Audio, pair);
        Some(key)
    }

    /// A leg that is gone by now needs no ports.
    fn open_video(&mut self, leg: LegId, seed: Seed, pair: SocketPair) {
        if let Some(key) = self.bridge.open_video(leg, seed, &mut self.sockets) {
            self.poll(key, MediumKind::Video, pair);
        }
    }

    fn poll(&mut self, key: LegKey, kind: MediumKind, pair: SocketPair) {
        if let Err(error) = self.sockets.insert(key, kind, pair) {
            // The leg stays silent, and its supervision says so.
            tracing::error!(%error, "RTP sockets cannot be polled");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the edge: one reading per turn of the loop")]
fn clock() -> Instant {
    Instant::now()
}
