//! A layer with a clock of its own; what it does is written down as short lines.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::message::{Limits, Message, Request, Response, StatusCode};
use crate::transaction::{
    ClientId, ConnectionId, Destination, Event, Output, ServerId, Timing, TransactionId, TransactionLayer,
};

/// What happened, and when, in milliseconds from the beginning.
pub(super) type Trace = Vec<(u64, String)>;

pub(super) struct Harness {
    pub(super) layer: TransactionLayer,
    pub(super) now: Instant,
    start: Instant,
    /// The last server transaction that began.
    pub(super) server: Option<ServerId>,
    pub(super) request: Option<Request>,
    /// The last message sent.
    pub(super) sent: Option<Message>,
    pub(super) sent_to: Option<Destination>,
}

impl Harness {
    pub(super) fn new() -> Self {
        Self::with(Timing::default())
    }

    #[expect(clippy::disallowed_methods, reason = "any instant will do as the beginning of simulated time")]
    pub(super) fn with(timing: Timing) -> Self {
        let start = Instant::now();
        let mut next = 0;
        let layer = TransactionLayer::new(timing, move || {
            next += 1;
            next
        });
        Self { layer, now: start, start, server: None, request: None, sent: None, sent_to: None }
    }

    /// Lets time pass, step by step from timer to timer.
    pub(super) fn run(&mut self, duration: Duration) -> Trace {
        let end = self.now + duration;
        let mut trace = self.drain();
        while let Some(at) = self.layer.poll_timeout().filter(|at| *at <= end) {
            self.now = at.max(self.now);
            self.layer.handle_timeout(self.now);
            trace.extend(self.drain());
        }
        self.now = end;
        trace
    }

    /// Takes the outputs of this instant.
    pub(super) fn drain(&mut self) -> Trace {
        let mut trace = Trace::new();
        let at = u64::try_from((self.now - self.start).as_millis()).unwrap();
        while let Some(output) = self.layer.poll_output() {
            trace.push((at, self.describe(output)));
        }
        trace
    }

    /// As [`Harness::drain`], without the times.
    pub(super) fn lines(&mut self) -> Vec<String> {
        self.drain().into_iter().map(|(_, line)| line).collect()
    }

    pub(super) fn send(&mut self, request: &str, destination: Destination) -> ClientId {
        self.layer.send_request(parse_request(request), destination, self.now).unwrap()
    }

    pub(super) fn receive(&mut self, text: &str, source: Destination) {
        self.layer.receive(parse(text), source, self.now);
    }

    /// The peer answers the request of ours it was sent last.
    pub(super) fn receive_reply(&mut self, request: &str, code: u16) {
        self.receive(&reply_text(request, code), peer());
    }

    /// The user answers the last request.
    pub(super) fn respond(&mut self, code: u16) -> Result<(), crate::transaction::RespondError> {
        let status = StatusCode::new(code).unwrap();
        let reply = Response::reply(self.request.as_ref().unwrap(), status).to_tag("ours").build().unwrap();
        self.layer.respond(self.server.unwrap(), &reply, self.now)
    }

    fn describe(&mut self, output: Output) -> String {
        match output {
            Output::Transmit(transmit) => {
                self.sent_to = Some(transmit.destination);
                let message = Message::parse_datagram(transmit.bytes, &Limits::default()).unwrap();
                let line = match &message {
                    Message::Request(request) => format!("> {}", request.method()),
                    Message::Response(response) => format!("> {}", response.status()),
                };
                self.sent = Some(message);
                line
            }
            Output::Event(event) => self.describe_event(event),
        }
    }

    fn describe_event(&mut self, event: Event) -> String {
        let side = |id| match id {
            TransactionId::Client(_) => "client",
            TransactionId::Server(_) => "server",
        };
        match event {
            Event::Request { id, request, .. } => {
                let line = format!("Request {}", request.method());
                self.server = Some(id);
                self.request = Some(*request);
                line
            }
            Event::Ack { .. } => "Ack".to_owned(),
            Event::Cancelled { .. } => "Cancelled".to_owned(),
            Event::Response { response, cancelled, .. } => {
                let note = if cancelled { " after cancelling" } else { "" };
                format!("Response {}{note}", response.status())
            }
            Event::Timeout { id } => format!("Timeout {}", side(id)),
            Event::TransportError { id } => format!("TransportError {}", side(id)),
            Event::Terminated { id } => format!("Terminated {}", side(id)),
        }
    }
}

pub(super) fn parse(text: &str) -> Message {
    let wire = text.replace('\n', "\r\n");
    Message::parse_datagram(Bytes::from(wire), &Limits::default()).unwrap()
}

pub(super) fn parse_request(text: &str) -> Request {
    match parse(text) {
        Message::Request(request) => request,
        Message::Response(_) => panic!("a request"),
    }
}

pub(super) fn peer() -> Destination {
    Destination::udp("192.0.2.9:5060".parse().unwrap())
}

pub(super) fn tcp_peer() -> Destination {
    Destination::tcp("192.0.2.9:5060".parse().unwrap(), Some(ConnectionId(1)))
}

/// A request with this branch; CSeq follows the method.
pub(super) fn request(method: &str, branch: &str) -> String {
    format!(
        "{method} sip:bob@192.0.2.9 SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch={branch}\n\
         Max-Forwards: 70\nRoute: <sip:192.0.2.8;lr>\nFrom: <sip:alice@example.com>;tag=a1\n\
         To: <sip:bob@example.com>\nCall-ID: call-1\nCSeq: 7 {method}\nContent-Length: 0\n\n"
    )
}

/// The response to a request made by [`request`].
pub(super) fn reply_text(request: &str, code: u16) -> String {
    let mut text = format!("SIP/2.0 {code} Reason\n");
    for line in request.lines() {
        let kept = ["Via:", "From:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name));
        if kept {
            text += &format!("{line}\n");
        }
    }
    text + "To: <sip:bob@example.com>;tag=b1\nContent-Length: 0\n\n"
}

pub(super) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(super) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Compares a trace with what was expected.
#[track_caller]
pub(super) fn assert_trace(trace: &Trace, expected: &[(u64, &str)]) {
    let seen: Vec<_> = trace.iter().map(|(at, line)| (*at, line.as_str())).collect();
    assert_eq!(seen, expected);
}
