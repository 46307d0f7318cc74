//! Somebody who sends datagrams to the SIP port, and listens wherever the answers to them may go.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::net::UdpSocket;

/// When a request without an answer is sent again (RFC 3261 section 17.1.1.2: T1).
const REPEAT: Duration = Duration::from_millis(500);
/// Where answers go to requests that do not ask for `rport` (RFC 3261 section 18.2.2): the usual port, and those which
/// the torture messages have in their Via.
const PORTS: [u16; 6] = [5060, 5050, 5062, 5070, 6050, 19823];

/// How many were asked for.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A sender of datagrams.
#[derive(Debug)]
pub struct Stranger {
    /// The one that sends.
    socket: UdpSocket,
    /// Those that listen only. They are asked directly what they have: an event of theirs may be seen later than the
    /// answer for which the first one is read.
    others: Vec<std::net::UdpSocket>,
    relay: SocketAddr,
}

impl Stranger {
    /// One on any free port of loopback.
    pub async fn anywhere(relay: SocketAddr) -> Self {
        let loopback = if relay.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
        Self { socket: UdpSocket::bind(loopback).await.unwrap(), others: Vec::new(), relay }
    }

    /// One with an address of loopback to itself, so that it is reached at any port. IPv6 has one such address only:
    /// there it waits until nobody else uses its ports.
    pub async fn alone(relay: SocketAddr) -> Self {
        loop {
            let ip = match relay {
                SocketAddr::V4(_) => unused(),
                SocketAddr::V6(relay) => IpAddr::V6(*relay.ip()),
            };
            match bind(ip) {
                Some((socket, others)) => return Self { socket, others, relay },
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    /// Sends a datagram.
    pub async fn send(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.relay).await.unwrap();
    }

    /// Sends a datagram, and gives everything that comes back.
    pub async fn asks(&self, datagram: &[u8]) -> Vec<String> {
        self.send(datagram).await;
        self.answers().await
    }

    /// Everything that is answered until the relay gives a sign of life, for which it is asked again and again like
    /// anybody over UDP. It takes datagrams one by one: what was sent before has had its answer by then.
    pub async fn answers(&self) -> Vec<String> {
        let socket = &self.socket;
        let (to, from) = (self.relay, socket.local_addr().unwrap());
        let call_id = format!("probe-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let options = format!(
            "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK-{call_id};rport\r\n\
             From: <sip:probe@{from}>;tag=1\r\nTo: <sip:{to}>\r\nCall-ID: {call_id}\r\nCSeq: 1 OPTIONS\r\n\
             Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        );
        let mut repeat = tokio::time::interval(REPEAT);
        let mut buffer = vec![0; 65_536];
        let mut answers = Vec::new();
        loop {
            let length = tokio::select! {
                length = socket.recv(&mut buffer) => length.unwrap(),
                _ = repeat.tick() => {
                    socket.send_to(options.as_bytes(), to).await.unwrap();
                    continue;
                }
            };
            let answer = text(&buffer, length);
            if answer.contains(&format!("Call-ID: {call_id}\r\n")) {
                assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
                break;
            }
            // The second answer to an earlier question that was repeated.
            if !answer.contains("Call-ID: probe-") {
                answers.push(answer);
            }
        }
        for socket in &self.others {
            while let Ok(length) = socket.recv(&mut buffer) {
                answers.push(text(&buffer, length));
            }
        }
        answers
    }
}

/// Sockets at all ports of an address, one of them to send from; nothing if one of them is taken.
fn bind(ip: IpAddr) -> Option<(UdpSocket, Vec<std::net::UdpSocket>)> {
    let mut sockets = Vec::new();
    for port in PORTS {
        let socket = std::net::UdpSocket::bind((ip, port)).ok()?;
        socket.set_nonblocking(true).ok()?;
        sockets.push(socket);
    }
    Some((UdpSocket::from_std(sockets.remove(0)).ok()?, sockets))
}

/// An address of loopback that no other test of this process has had, and hardly one of another process.
fn unused() -> IpAddr {
    let [high, low] = [std::process::id() >> 8, std::process::id()].map(|part| part.to_be_bytes()[3]);
    let count = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes()[3];
    Ipv4Addr::new(127, 64 | (high >> 1), low, count.clamp(1, 254)).into()
}

fn text(buffer: &[u8], length: usize) -> String {
    String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned()
}
