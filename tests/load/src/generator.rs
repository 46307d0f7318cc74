//! The loop over all ends.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};
use slab::Slab;

use crate::browser::{Browser, Identity};
use crate::clock::{now, stamp};
use crate::control::{Command, Control, Next, Reply, Request, Said};
use crate::end::{Arrival, End};
use crate::error::Error;
use crate::floor;
use crate::ice::Credentials;
use crate::latency::Latencies;
use crate::report::Report;
use crate::schedule::Schedule;
use crate::socket::{Room, Socket};
use crate::speech::Speech;
use crate::stream::{Passage, Stream};

const WAKE: Token = Token(usize::MAX);

pub(crate) struct Generator {
    poll: Poll,
    control: Control,
    identity: Identity,
    speech: Speech,
    ends: Slab<End>,
    streams: Slab<Stream>,
    /// By the end that hears: which stream.
    hears: Vec<Option<usize>>,
    schedule: Schedule,
    /// When browsers want their turn.
    turns: BinaryHeap<Reverse<(Instant, usize)>>,
    room: Room,
    /// The packet that is being sent.
    packet: Vec<u8>,
    latencies: Latencies,
    /// How late a millisecond was at worst.
    late: Duration,
    /// Ends so far.
    named: u32,
}

impl Generator {
    /// Says where it is reached, and waits for whoever makes the calls.
    pub(crate) fn new(speech: Speech) -> Result<Self, Error> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        println!("ready control={}", listener.local_addr()?);
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let control = Control::accept(&listener, waker)?;
        Ok(Self {
            poll,
            control,
            identity: Identity::new()?,
            speech,
            ends: Slab::new(),
            streams: Slab::new(),
            hears: Vec::new(),
            schedule: Schedule::new(now()),
            turns: BinaryHeap::new(),
            room: Room::new(),
            packet: Vec::new(),
            latencies: Latencies::new(),
            late: Duration::ZERO,
            named: 0,
        })
    }

    /// Runs until the connection ends.
    pub(crate) fn run(mut self) -> Result<(), Error> {
        let mut events = Events::with_capacity(4096);
        loop {
            let patience = self.schedule.next().saturating_duration_since(now());
            match self.poll.poll(&mut events, Some(patience)) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                result => result?,
            }
            for event in &events {
                if event.token() != WAKE {
                    self.receive(event.token().0)?;
                }
            }
            loop {
                match self.control.next() {
                    Next::Request(request) => self.obey(request)?,
                    Next::Nothing => break,
                    Next::Over => return Ok(()),
                }
            }
            self.give_turns()?;
            self.speak();
        }
    }

    fn receive(&mut self, number: usize) -> Result<(), Error> {
        let Self { ends, streams, hears, speech, latencies, room, .. } = self;
        let Some(end) = ends.get_mut(number) else { return Ok(()) };
        let stream = hears.get(number).copied().flatten();
        let mut connected = false;
        end.receive(now(), room, |arrival| match arrival {
            Arrival::Rtp(packet, at) => {
                if let Some(stream) = stream.and_then(|stream| streams.get_mut(stream)) {
                    stream.heard(packet, at, speech, latencies);
                }
            }
            Arrival::Connected => connected = true,
            Arrival::Other => {}
        })?;
        if connected {
            self.control.say(&Said::Connected { connected: number })?;
        }
        Ok(())
    }

    fn give_turns(&mut self) -> Result<(), Error> {
        let now = now();
        while let Some(&Reverse((due, number))) = self.turns.peek()
            && due <= now
        {
            self.turns.pop();
            if let Some(end) = self.ends.get_mut(number)
                && let Some(next) = end.turn(now)?
            {
                self.turns.push(Reverse((next, number)));
            }
        }
        Ok(())
    }

    fn speak(&mut self) {
        let Self { ends, streams, schedule, speech, late, packet, .. } = self;
        while let Some((due, lateness)) = schedule.due(now()) {
            *late = lateness.max(*late);
            for &number in due {
                let Some(stream) = streams.get_mut(number) else { continue };
                let Some(end) = ends.get_mut(stream.from) else { continue };
                let header = stream.packet(speech, packet);
                // What the socket does not take is lost, and counts as that.
                let _ = end.send(packet, &header, || stream.sent(stamp()));
            }
        }
    }

    fn obey(&mut self, request: Request) -> Result<(), Error> {
        let Request { id, command } = request;
        let reply = self.carry_out(command).unwrap_or_else(|error| Reply::Failed { error: error.to_string() });
        self.control.say(&Said::Reply { id, reply })
    }

    fn carry_out(&mut self, command: Command) -> Result<Reply, Error> {
        match command {
            Command::Browser { ip, keyed } => return self.browser(ip, keyed),
            Command::Phone { ip } => {
                let name = self.name();
                return self.open(End::phone(Socket::bind(ip)?, name), None);
            }
            Command::Remote { end, address, ice } => {
                if let Some(end) = self.ends.get_mut(end) {
                    end.socket().connect(address)?;
                    if let (Some(browser), Some(ice)) = (end.as_browser(), ice) {
                        browser.set_remote(address, ice);
                    }
                }
                self.turns.push(Reverse((now(), end)));
            }
            Command::Call { a, b, codecs: [of_a, of_b] } => {
                self.stream(a, b, Passage { said: of_a, heard: of_b });
                self.stream(b, a, Passage { said: of_b, heard: of_a });
            }
            Command::Begin => {
                self.latencies.clear();
                self.late = Duration::ZERO;
                self.streams.iter_mut().for_each(|(_, stream)| stream.begin());
            }
            Command::End => self.streams.iter_mut().for_each(|(_, stream)| stream.end()),
            Command::Report => return Ok(self.report(self.streams.iter().map(|(_, stream)| stream.tally()))),
            Command::Mute { ends } => {
                for (number, stream) in &self.streams {
                    if ends.contains(&stream.from) {
                        self.schedule.remove(number);
                    }
                }
            }
            Command::Close { ends } => return Ok(self.close(&ends)),
        }
        Ok(Reply::Done {})
    }

    fn browser(&mut self, ip: IpAddr, keyed: bool) -> Result<Reply, Error> {
        let mut browser = Browser::new(self.identity.clone())?;
        if keyed {
            browser.key(&floor::MATERIAL)?;
        }
        let (ice, fingerprint) = (browser.local.clone(), self.identity.fingerprint.clone());
        let end = End::browser(Socket::bind(ip)?, self.name(), browser);
        self.open(end, Some((ice, fingerprint)))
    }

    /// The source of a further end's stream (RFC 3550).
    fn name(&mut self) -> u32 {
        self.named = self.named.wrapping_add(1);
        self.named
    }

    fn open(&mut self, mut end: End, browser: Option<(Credentials, String)>) -> Result<Reply, Error> {
        let (port, ssrc) = (end.socket().port()?, end.ssrc());
        let entry = self.ends.vacant_entry();
        let number = entry.key();
        end.register(self.poll.registry(), number)?;
        entry.insert(end);
        let (ice, fingerprint) = browser.unzip();
        Ok(Reply::End { end: number, port, ssrc, ice, fingerprint })
    }

    fn stream(&mut self, from: usize, to: usize, passage: Passage) {
        let Some(ssrc) = self.ends.get(from).map(End::ssrc) else { return };
        let number = self.streams.insert(Stream::new(from, to, ssrc, passage));
        if self.hears.len() <= to {
            self.hears.resize(to + 1, None);
        }
        if let Some(hears) = self.hears.get_mut(to) {
            *hears = Some(number);
        }
        self.schedule.add(number);
    }

    fn close(&mut self, ends: &[usize]) -> Reply {
        let over: Vec<usize> = self
            .streams
            .iter()
            .filter(|(_, stream)| ends.contains(&stream.from) || ends.contains(&stream.to))
            .map(|(number, _)| number)
            .collect();
        let mut lives = Vec::with_capacity(over.len());
        for number in over {
            self.schedule.remove(number);
            let stream = self.streams.remove(number);
            if let Some(hears) = self.hears.get_mut(stream.to) {
                *hears = None;
            }
            lives.push(stream.life());
        }
        for &end in ends {
            if let Some(end) = self.ends.try_remove(end) {
                end.close(self.poll.registry());
            }
        }
        self.report(lives.into_iter())
    }

    fn report(&self, tallies: impl Iterator<Item = crate::report::Tally>) -> Reply {
        Reply::Report(Box::new(Report::new(tallies, self.latencies.summary(), self.late.as_secs_f64() * 1000.0)))
    }
}
