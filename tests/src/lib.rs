//! The relay, whole and over real sockets, under input that nobody thought of.
//!
//! The end-to-end tests proper, with browsers and SIP phones, are written in TypeScript beside this crate. Here a relay
//! runs inside the test ([`Bench`]), so that thousands of generated inputs can be sent to it in seconds, and shrunk when
//! one of them does harm.
#![forbid(unsafe_code)]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

mod client;
mod stranger;

use std::time::Duration;

use offhook_relay::config::Config;
use offhook_relay::run::{self, Running};
use offhook_relay::ua::Protocol;
use tokio::runtime::Runtime;

pub use client::Client;
pub use stranger::Stranger;

/// How long the relay may take for anything.
const DEADLINE: Duration = Duration::from_secs(10);

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
        Self::with(|_| {})
    }

    /// The same, changed where a test needs it.
    #[must_use]
    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::demo();
        config.http.listen.set_port(0);
        for address in config.sip.sockets_mut() {
            address.set_port(0);
        }
        config.media.workers = 1;
        config.media.quarantine = Duration::ZERO;
        config.limits.session_grace = Duration::ZERO;
        config.limits.requests_per_second = 1_000_000;
        change(&mut config);
        let runtime = Runtime::new().unwrap();
        let relay = runtime.block_on(run::start(config)).unwrap();
        Self { runtime, relay }
    }

    /// Sends these datagrams to the SIP port, and then asks for a sign of life.
    pub fn send_datagrams(&self, datagrams: &[Vec<u8>]) {
        let to = self.relay.sip_over(Protocol::Udp).unwrap();
        self.within("an answer to OPTIONS", async {
            let stranger = Stranger::anywhere(to).await;
            for datagram in datagrams {
                stranger.send(datagram).await;
            }
            stranger.answers().await;
        });
    }

    /// Sends this datagram from an address that nobody else has. Gives all that comes back before the relay answers the
    /// next who asks.
    pub fn answers_to(&self, datagram: &[u8]) -> Vec<String> {
        let to = self.relay.sip_over(Protocol::Udp).unwrap();
        self.within("an answer to OPTIONS", async { Stranger::alone(to).await.asks(datagram).await })
    }

    /// The same, and once more from the same address: what is sent then is made of what came back.
    pub fn answers_to_both(
        &self,
        datagram: &[u8],
        then: impl FnOnce(&[String]) -> Vec<u8>,
    ) -> (Vec<String>, Vec<String>) {
        let to = self.relay.sip_over(Protocol::Udp).unwrap();
        self.within("an answer to OPTIONS", async {
            let stranger = Stranger::alone(to).await;
            let first = stranger.asks(datagram).await;
            let second = stranger.asks(&then(&first)).await;
            (first, second)
        })
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
