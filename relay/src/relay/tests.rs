//! Sessions and calls as a browser sees them, on simulated time, with a media side that records.

mod branches;
mod calls;
mod data;
mod door;
mod hostile;
mod kept;
mod messages;
mod offers;
mod order;
mod phones;
mod pictures;
mod plane;
mod qualify;
mod quality;
mod records;
mod sessions;
mod sip_peer;
mod strangers;
mod transfer;
mod trunks;
mod video;
mod waiting;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use offhook_media::LegId;
use offhook_protocol::Request;
use offhook_sip::message::{Limits, Message, StatusCode};
use offhook_sip::transaction::{Timing, Transmit};
use serde_json::{Value, json};

use super::{CloseReason, Input, Output, Received, Relay};
use crate::config::Config;
use crate::record::CallRecord;
use crate::session::ConnectionId;
use crate::ua::{Local, Protocol, UaConfig, UserAgent};
use plane::RecordingPlane;

/// A browser's offer with every codec, a data channel and a video section.
const OFFER: &str = include_str!("tests/offer.sdp");

/// A relay in a world of its own: browsers, media and time.
struct World {
    relay: Relay<RecordingPlane>,
    media: RecordingPlane,
    now: Instant,
    connections: u64,
    /// What each connection has been sent, in order.
    sent: Vec<(ConnectionId, Value)>,
    closed: Vec<(ConnectionId, u16)>,
    /// What SIP peers have been sent, in order.
    transmitted: Vec<(SocketAddr, Message)>,
    /// The records of calls that are over.
    records: Vec<CallRecord>,
}

/// One browser's connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Browser(ConnectionId);

impl World {
    fn new(config: Config) -> Self {
        #[expect(clippy::disallowed_methods, reason = "an instant to begin simulated time at")]
        let now = Instant::now();
        let media = RecordingPlane::default();
        let ua = UaConfig {
            locals: vec![Local { protocol: Protocol::Udp, addr: ([127, 0, 0, 1], 5060).into() }],
            user_agent: "test".into(),
            media: config.sip.media.clone(),
            expires: 300,
            calls: crate::ua::CallPolicy::default(),
            timing: Timing::default(),
            destinations: config.sip.destinations.clone(),
            gruu: false,
            nat: true,
            keep_alive: None,
        };
        let mut seed = 0u8;
        let entropy = move |bytes: &mut [u8]| {
            for byte in bytes {
                seed = seed.wrapping_mul(5).wrapping_add(17);
                *byte = seed;
            }
        };
        // The copies that go to different parts of the user agent must not make the same numbers.
        let last = Arc::new(AtomicU64::new(0));
        let ua = UserAgent::new(ua, move || last.fetch_add(1, Ordering::Relaxed)).serving(&config);
        let relay = Relay::new(Arc::new(config), media.clone(), ua, Box::new(entropy));
        Self {
            relay,
            media,
            now,
            connections: 0,
            sent: Vec::new(),
            closed: Vec::new(),
            transmitted: Vec::new(),
            records: Vec::new(),
        }
    }

    fn demo() -> Self {
        Self::new(Config::demo())
    }

    /// A connection that has said nothing yet.
    fn connect(&mut self) -> Browser {
        self.connect_from([127, 0, 0, 1])
    }

    fn connect_from(&mut self, source: [u8; 4]) -> Browser {
        self.connections += 1;
        let id = ConnectionId(self.connections);
        self.input(Input::Opened(id, source.into()));
        Browser(id)
    }

    /// A connection that has said hello.
    fn greeted(&mut self) -> Browser {
        let browser = self.connect();
        self.result(browser, "hello", json!({"version": 1, "client": "test"}));
        browser
    }

    /// A local user's open session.
    fn user(&mut self, login: &str) -> Browser {
        let browser = self.greeted();
        self.result(browser, "openLocal", json!({"login": login}));
        browser
    }

    fn input(&mut self, input: Input) {
        self.relay.input(input, self.now);
        self.collect();
    }

    fn later(&mut self, time: Duration) {
        self.now += time;
        self.relay.handle_timeout(self.now);
        self.collect();
    }

    fn lose(&mut self, browser: Browser) {
        self.input(Input::Closed(browser.0, CloseReason::Lost));
    }

    fn leave(&mut self, browser: Browser) {
        self.input(Input::Closed(browser.0, CloseReason::Goodbye));
    }

    fn collect(&mut self) {
        while let Some(output) = self.relay.poll_output() {
            match output {
                Output::Frame(id, frame) => self.sent.push((id, serde_json::from_str(&frame).unwrap())),
                Output::Close(id, code, _) => self.closed.push((id, code)),
                Output::Transmit(Transmit { destination, bytes, .. }) => {
                    let message = Message::parse_datagram(bytes, &Limits::default()).unwrap();
                    // The 100 of the transaction layer says nothing of the relay's.
                    if !matches!(&message, Message::Response(response) if response.status() == StatusCode::TRYING) {
                        self.transmitted.push((destination.address, message));
                    }
                }
                Output::Record(record) => self.records.push(*record),
                Output::Lookup { .. } => {}
            }
        }
    }

    /// Sends a request and returns its reply.
    fn ask(&mut self, browser: Browser, kind: &str, fields: Value) -> Value {
        let mut request = json!({"id": 7, "type": kind});
        request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let request = Request::parse(&request.to_string()).unwrap();
        let before = self.sent.len();
        self.input(Input::Received(browser.0, Received::Request(Box::new(request))));
        let replies: Vec<Value> = self.sent[before..]
            .iter()
            .filter(|(id, frame)| *id == browser.0 && frame["type"] == "reply")
            .map(|(_, frame)| frame.clone())
            .collect();
        assert_eq!(replies.len(), 1, "one reply to {kind}");
        replies[0].clone()
    }

    fn result(&mut self, browser: Browser, kind: &str, fields: Value) -> Value {
        let reply = self.ask(browser, kind, fields);
        assert_eq!(reply["error"], Value::Null, "{kind}");
        reply["result"].clone()
    }

    fn error(&mut self, browser: Browser, kind: &str, fields: Value) -> String {
        let reply = self.ask(browser, kind, fields);
        reply["error"]["code"].as_str().unwrap_or_else(|| panic!("{kind} was accepted: {reply}")).to_owned()
    }

    fn call(&mut self, browser: Browser, call_id: &str, callee: &str) {
        self.result(browser, "call", json!({"callId": call_id, "callee": callee, "sdp": OFFER}));
    }

    /// The events a browser got, oldest first.
    fn events(&self, browser: Browser) -> Vec<Value> {
        let events = self.sent.iter().filter(|(id, frame)| *id == browser.0 && frame["type"] != "reply");
        events.map(|(_, frame)| frame.clone()).collect()
    }

    /// The statuses of a call, oldest first.
    fn statuses(&self, browser: Browser, call_id: &str) -> Vec<String> {
        let events = self.events(browser);
        let of_call = events.iter().filter(|event| event["type"] == "callStatus" && event["callId"] == call_id);
        of_call.map(|event| event["status"].as_str().unwrap().to_owned()).collect()
    }

    /// The last event of a kind.
    fn last(&self, browser: Browser, kind: &str) -> Value {
        let events = self.events(browser);
        events
            .iter()
            .rev()
            .find(|event| event["type"] == kind)
            .unwrap_or_else(|| panic!("no {kind}: {events:?}"))
            .clone()
    }

    /// An answer to an offer of the relay's: the test's own offer with what the relay offered.
    fn answer_to(&self, offer: &Value) -> String {
        let offered = offer["sdp"].as_str().unwrap();
        let line = |start: &str| offered.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
        let formats = line("m=audio").splitn(4, ' ').nth(3).unwrap().to_owned();
        let maps = offered.lines().filter(|line| line.starts_with("a=rtpmap")).map(|line| format!("{line}\r\n"));
        let head = OFFER.split("m=audio").next().unwrap().replace("0 1 2", "0");
        let tail = "a=ice-ufrag:Kx3f\r\na=ice-pwd:0123456789abcdefghijklmn\r\na=setup:active\r\na=mid:0\r\na=rtcp-mux\r\na=sendrecv\r\na=fingerprint:sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08\r\n";
        format!("{head}m=audio 9 UDP/TLS/RTP/SAVPF {formats}\r\nc=IN IP4 0.0.0.0\r\n{tail}{}", maps.collect::<String>())
    }

    /// Two local users in conversation: caller, callee and the callee's name for the call.
    fn conversation(&mut self) -> (Browser, Browser, String) {
        let (alice, bob) = (self.user("alice"), self.user("bob"));
        self.call(alice, "a1", "bob");
        let call = self.answer(bob);
        (alice, bob, call)
    }

    /// Takes the call that rang last; its name there.
    fn answer(&mut self, browser: Browser) -> String {
        let incoming = self.last(browser, "incomingCall");
        let call = incoming["callId"].as_str().unwrap().to_owned();
        let sdp = self.answer_to(&incoming);
        self.result(browser, "answer", json!({"callId": call, "sdp": sdp}));
        call
    }

    fn nothing_is_left(&self) {
        let counts = self.relay.counts();
        assert_eq!((counts.calls, counts.legs, counts.dialogs), (0, 0, 0), "{counts:?}");
        assert_eq!(self.media.open_legs(), Vec::<LegId>::new());
    }
}
