//! The relay, whole and over real sockets, under input that nobody thought of.
//!
//! The end-to-end tests proper, with browsers and SIP phones, are written in TypeScript beside this crate. Here a relay
//! runs inside the test ([`Bench`]), so that thousands of generated inputs can be sent to it in seconds, and shrunk when
//! one of them does harm.
#![forbid(unsafe_code)]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

mod client;

use std::time::Duration;

use offhook_relay::config::Config;
use offhook_relay::run::{self, Running};
use tokio::net::UdpSocket;
use tokio::runtime::Runtime;

pub use client::Client;

/// How long the relay may take for anything.
const DEADLINE: Duration = Duration::from_secs(10);
/// When a request without an answer is sent again (RFC 3261 section 17.1.1.2: T1).
const REPEAT: Duration = Duration::from_millis(500);

/// A relay on ports of its own, and the runtime it lives in.
#[derive(Debug)]
pub struct Bench {
    runtime: Runtime,
    relay: Running,
}

impl Bench {
    /// A relay that knows any local name, without a limit on the rate of requests.
    #[must_use]
    pub fn new() -> Self {
        let mut config = Config::demo();
        config.http.listen.set_port(0);
        for address in [&mut config.sip.udp, &mut config.sip.tcp].into_iter().flatten() {
            address.set_port(0);
        }
        config.media.workers = 1;
        config.media.quarantine = Duration::ZERO;
        config.limits.session_grace = Duration::ZERO;
        config.limits.requests_per_second = 1_000_000;
        let runtime = Runtime::new().unwrap();
        let relay = runtime.block_on(run::start(config)).unwrap();
        Self { runtime, relay }
    }

    /// Sends these datagrams to the SIP port, and then asks for a sign of life.
    pub fn send_datagrams(&self, datagrams: &[Vec<u8>]) {
        let to = self.relay.sip_udp.unwrap();
        self.within("an answer to OPTIONS", async {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            socket.connect(to).await.unwrap();
            for datagram in datagrams {
                socket.send(datagram).await.unwrap();
            }
            let from = socket.local_addr().unwrap();
            let probe = format!("probe-{}", from.port());
            let options = format!(
                "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK-{probe};rport\r\n\
                 From: <sip:probe@{from}>;tag=1\r\nTo: <sip:{to}>\r\nCall-ID: {probe}\r\nCSeq: 1 OPTIONS\r\n\
                 Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
            );
            let mut answer = vec![0; 65_536];
            // Sent again like any request over UDP: a full buffer may have lost it.
            let mut repeat = tokio::time::interval(REPEAT);
            loop {
                let length = tokio::select! {
                    length = socket.recv(&mut answer) => length.unwrap(),
                    _ = repeat.tick() => {
                        socket.send(options.as_bytes()).await.unwrap();
                        continue;
                    }
                };
                let text = String::from_utf8_lossy(answer.get(..length).unwrap_or_default()).into_owned();
                if text.contains(&format!("Call-ID: {probe}\r\n")) {
                    assert!(text.starts_with("SIP/2.0 200"), "{text}");
                    return;
                }
            }
        });
    }

    /// Runs a conversation on a new WebSocket.
    pub fn converse<T>(&self, conversation: impl AsyncFnOnce(&mut Client) -> T) -> T {
        self.within("a conversation", async {
            let mut client = Client::connect(self.relay.http).await;
            conversation(&mut client).await
        })
    }

    /// Waits until the relay holds neither connections, sessions, calls, legs nor ports.
    pub fn expect_nothing_left(&self) {
        self.within("the relay to let go of everything", async {
            loop {
                let counts = self.relay.health().await.unwrap().counts;
                let held = [
                    counts.connections,
                    counts.sessions,
                    counts.calls,
                    counts.legs,
                    counts.media_legs,
                    counts.rtp_ports,
                ];
                if held.iter().all(|&count| count == 0) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
    }

    fn within<T>(&self, what: &str, future: impl Future<Output = T>) -> T {
        let timed = async { tokio::time::timeout(DEADLINE, future).await };
        self.runtime.block_on(timed).unwrap_or_else(|_| panic!("waited in vain for {what}"))
    }
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}
