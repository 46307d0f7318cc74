//! What the machine allows: packets carried between browsers and telephones with nothing done but what cannot be left
//! out. SRTP is opened and sealed where a packet lies, browsers share a socket that takes and sends many packets with
//! one call, and each telephone has a socket of its own, as it must. No header is rewritten, nothing is supervised.

mod bare_srtp;
mod batch;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token, Waker};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use bare_srtp::BareSrtp;
use batch::{Incoming, Outgoing};

const WAKE: Token = Token(usize::MAX);
const SHARED: Token = Token(usize::MAX - 1);
/// Of SRTP and SRTCP, master key and salt of both sides: no secret.
pub(crate) const MATERIAL: [u8; 56] = [7; 56];

/// A call: where its two ends are.
#[derive(Deserialize)]
struct Request {
    browser: SocketAddr,
    phone: SocketAddr,
}

/// Where they send to.
#[derive(Serialize)]
struct Reply {
    browser: SocketAddr,
    phone: SocketAddr,
}

struct Call {
    browser: SocketAddr,
    /// Connected to the telephone.
    socket: UdpSocket,
}

/// Carries packets until nobody asks for calls any more.
pub(crate) fn run(ip: IpAddr) -> Result<(), Error> {
    let listener = TcpListener::bind((ip, 0))?;
    println!("ready control={}", listener.local_addr()?);
    let (mut control, _) = listener.accept()?;
    let mut poll = Poll::new()?;
    let mut shared = UdpSocket::bind(SocketAddr::new(ip, 0))?;
    socket2::SockRef::from(&shared).set_recv_buffer_size(4 << 20)?;
    poll.registry().register(&mut shared, SHARED, Interest::READABLE)?;
    let requests = requests(&control, Arc::new(Waker::new(poll.registry(), WAKE)?))?;
    let address = shared.local_addr()?;
    let mut floor =
        Floor { ip, shared, calls: Vec::new(), by_browser: HashMap::new(), srtp: BareSrtp::new(&MATERIAL)? };
    let (mut incoming, mut outgoing) = (Incoming::new(), Outgoing::new());
    let mut events = Events::with_capacity(4096);
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            match event.token() {
                SHARED => floor.pass_on(&mut incoming),
                WAKE => loop {
                    match requests.try_recv() {
                        Ok(Some(request)) => {
                            let phone = floor.open(&request, &poll)?;
                            let mut line =
                                serde_json::to_vec(&Reply { browser: address, phone }).map_err(std::io::Error::from)?;
                            line.push(b'\n');
                            control.write_all(&line)?;
                        }
                        Ok(None) => return Ok(()),
                        Err(_) => break,
                    }
                },
                Token(call) => floor.pass_back(call, &mut outgoing),
            }
        }
        outgoing.flush(&floor.shared);
    }
}

fn requests(control: &std::net::TcpStream, waker: Arc<Waker>) -> Result<Receiver<Option<Request>>, Error> {
    let reader = BufReader::new(control.try_clone()?);
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        for line in reader.lines().map_while(Result::ok) {
            let Ok(request) = serde_json::from_str(&line) else { break };
            let _ = sender.send(Some(request));
            let _ = waker.wake();
        }
        let _ = sender.send(None);
        let _ = waker.wake();
    });
    Ok(requests)
}

struct Floor {
    ip: IpAddr,
    shared: UdpSocket,
    calls: Vec<Call>,
    by_browser: HashMap<SocketAddr, usize>,
    srtp: BareSrtp,
}

impl Floor {
    fn open(&mut self, request: &Request, poll: &Poll) -> Result<SocketAddr, Error> {
        let mut socket = UdpSocket::bind(SocketAddr::new(self.ip, 0))?;
        socket.connect(request.phone)?;
        let address = socket.local_addr()?;
        poll.registry().register(&mut socket, Token(self.calls.len()), Interest::READABLE)?;
        self.by_browser.insert(request.browser, self.calls.len());
        self.calls.push(Call { browser: request.browser, socket });
        Ok(address)
    }

    /// From browsers to telephones.
    fn pass_on(&mut self, incoming: &mut Incoming) {
        while incoming.take(&self.shared) {
            for (packet, from) in incoming.packets() {
                let call = self.by_browser.get(&from).and_then(|&call| self.calls.get(call));
                if let Some(call) = call
                    && let Some(packet) = self.srtp.open(packet)
                {
                    let _ = call.socket.send(packet);
                }
            }
        }
    }

    /// From a telephone to its browser.
    fn pass_back(&mut self, call: usize, outgoing: &mut Outgoing) {
        let Some(call) = self.calls.get(call) else { return };
        loop {
            let Ok(length) = call.socket.recv(outgoing.room(&self.shared)) else { return };
            let srtp = &self.srtp;
            outgoing.push(call.browser, length, |packet, length| srtp.seal(packet, length));
        }
    }
}
