//! A whole call between two user agents over a network that loses, delays and reorders.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::prelude::*;

use super::fixture;
use crate::dialog::{AnswerTimeout, Dialog, Fork, Forks, UnacknowledgedAnswer};
use crate::message::{Limits, Message, Method, NameAddr, Request, Response, StatusCode, Via};
use crate::transaction::{Destination, Event, Output, ServerId, Timing, TransactionLayer, branch};

const ALICE: &str = "192.0.2.1:5060";
const BOB: &str = "192.0.2.9:5060";
/// How often the network may lose the same message.
const LOSSES: u32 = 3;

/// One of the two, with just enough of a user agent around layer and dialog.
struct Agent {
    layer: TransactionLayer,
    address: &'static str,
    peer: &'static str,
    invite: Option<Request>,
    forks: Forks,
    dialog: Option<Dialog>,
    answer: Option<(ServerId, UnacknowledgedAnswer)>,
    requests: u64,
    /// What the person at this end noticed.
    story: Vec<&'static str>,
}

impl Agent {
    fn new(address: &'static str, peer: &'static str) -> Self {
        let mut next = 0;
        let random = move || {
            next += 1;
            next
        };
        Self {
            layer: TransactionLayer::new(Timing::default(), random),
            address,
            peer,
            invite: None,
            forks: Forks::new(),
            dialog: None,
            answer: None,
            requests: 0,
            story: Vec::new(),
        }
    }

    fn call(&mut self, now: Instant) {
        let invite = fixture::invite("");
        self.layer.send_request(invite.clone(), self.far(), now).unwrap();
        self.invite = Some(invite);
    }

    fn hang_up(&mut self, now: Instant) {
        let via = self.via();
        if let Some(dialog) = &mut self.dialog {
            let bye = dialog.request(Method::Bye, &via).build().unwrap();
            let far = self.far();
            self.layer.send_request(bye, far, now).unwrap();
        }
    }

    fn handle(&mut self, event: Event, now: Instant) {
        match event {
            Event::Request { id, request, .. } => self.handle_request(id, &request, now),
            Event::Response { response, .. } => self.handle_response(&response),
            Event::Ack { request, .. } => self.handle_ack(&request),
            Event::Timeout { .. } => self.story.push("timeout"),
            _ => {}
        }
    }

    fn handle_request(&mut self, id: ServerId, request: &Request, now: Instant) {
        if request.method() == &Method::Invite {
            let contact: NameAddr = format!("<sip:bob@{BOB}>").parse().unwrap();
            let mut dialog = Dialog::from_request(request, fixture::BOB_TAG, contact).unwrap();
            self.respond(id, request, StatusCode::RINGING, now);
            let ok = self.respond(id, request, StatusCode::OK, now);
            dialog.confirm();
            self.answer = Some((id, UnacknowledgedAnswer::new(ok, 10, &Timing::default(), now)));
            self.dialog = Some(dialog);
            return;
        }
        let accepted = self.dialog.as_mut().map(|dialog| dialog.receive_request(request));
        assert_eq!(accepted, Some(Ok(())));
        self.respond(id, request, StatusCode::OK, now);
        self.story.push("ended by peer");
    }

    fn handle_response(&mut self, response: &Response) {
        if response.headers().cseq().unwrap().method == Method::Bye {
            self.story.push("ended");
            return;
        }
        let invite = self.invite.clone().unwrap();
        match self.forks.receive(&invite, response).unwrap() {
            Fork::Won(id) => {
                let mut dialog = self.forks.take(&id).unwrap();
                let via = self.via();
                let ack = dialog.acknowledge(10, &via, |ack| ack).unwrap();
                self.layer.send_ack(&ack, self.far());
                self.dialog = Some(dialog);
                self.story.push("answered");
            }
            Fork::Repeated(_) => {
                let ack = self.dialog.as_ref().and_then(|dialog| dialog.repeated_ack(response)).unwrap();
                self.layer.send_ack(ack, self.far());
            }
            Fork::Early(..) | Fork::None => {}
            Fork::Lost(_) => panic!("there is one phone only"),
        }
    }

    fn handle_ack(&mut self, ack: &Request) {
        let waiting = self.answer.take_if(|(_, answer)| answer.is_acknowledged_by(ack));
        self.story.extend(waiting.map(|_| "answered"));
    }

    fn respond(&mut self, id: ServerId, request: &Request, status: StatusCode, now: Instant) -> Response {
        let contact: NameAddr = format!("<sip:bob@{BOB}>").parse().unwrap();
        let reply = Response::reply(request, status).to_tag(fixture::BOB_TAG).contact(&contact).build().unwrap();
        self.layer.respond(id, &reply, now).unwrap();
        reply
    }

    fn next_timeout(&self) -> Option<Instant> {
        let answer = self.answer.as_ref().map(|(_, answer)| answer.poll_timeout());
        [self.layer.poll_timeout(), answer].into_iter().flatten().min()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.layer.handle_timeout(now);
        let Some((id, answer)) = &mut self.answer else { return };
        match answer.handle_timeout(now) {
            AnswerTimeout::Resend(response) => drop(self.layer.respond(*id, response, now)),
            AnswerTimeout::Wait => {}
            AnswerTimeout::GiveUp => {
                self.answer = None;
                self.story.push("no ACK");
            }
        }
    }

    fn far(&self) -> Destination {
        Destination::udp(self.peer.parse().unwrap())
    }

    fn via(&mut self) -> Via {
        self.requests += 1;
        format!("SIP/2.0/UDP {};branch={}", self.address, branch(self.requests)).parse().unwrap()
    }
}

/// Datagrams on their way, in the order they will arrive.
struct Network {
    flying: BTreeMap<(Instant, u64), (SocketAddr, Bytes)>,
    lost: HashMap<Bytes, u32>,
    sent: u64,
    seed: u64,
}

impl Network {
    fn send(&mut self, to: SocketAddr, bytes: Bytes, now: Instant) {
        self.sent += 1;
        let lost = self.lost.entry(bytes.clone()).or_default();
        if *lost < LOSSES && self.seed.is_multiple_of(2) {
            *lost += 1;
        } else {
            let delay = Duration::from_millis(self.seed % 700);
            self.flying.insert((now + delay, self.sent), (to, bytes));
        }
        // Marsaglia's xorshift: repeatable, and random enough.
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
    }
}

/// Runs until nothing is due before `end`.
fn run(agents: &mut [Agent; 2], network: &mut Network, now: &mut Instant, end: Instant) {
    loop {
        for agent in agents.iter_mut() {
            while let Some(output) = agent.layer.poll_output() {
                match output {
                    Output::Transmit(transmit) => network.send(transmit.destination.address, transmit.bytes, *now),
                    Output::Event(event) => agent.handle(event, *now),
                }
            }
        }
        let arrival = network.flying.first_key_value().map(|((at, _), _)| *at);
        let timers = agents.iter().filter_map(Agent::next_timeout);
        let Some(next) = timers.chain(arrival).min().filter(|next| *next <= end) else {
            *now = end;
            return;
        };
        *now = next.max(*now);
        if let Some(entry) = network.flying.first_entry().filter(|entry| entry.key().0 <= *now) {
            let (to, bytes) = entry.remove();
            let message = Message::parse_datagram(bytes, &Limits::default()).unwrap();
            let agent = agents.iter_mut().find(|agent| agent.address.parse() == Ok(to)).unwrap();
            let source = agent.far();
            agent.layer.receive(message, source, *now);
        } else {
            agents.iter_mut().for_each(|agent| agent.handle_timeout(*now));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any instant will do as the beginning of simulated time")]
    fn a_call_is_answered_and_ended_on_both_sides_whatever_gets_lost(seed in 1..u64::MAX, caller_ends: bool) {
        let mut now = Instant::now();
        let mut network = Network { flying: BTreeMap::new(), lost: HashMap::new(), sent: 0, seed };
        let mut agents = [Agent::new(ALICE, BOB), Agent::new(BOB, ALICE)];
        agents[0].call(now);
        let end = now + Duration::from_secs(60);
        run(&mut agents, &mut network, &mut now, end);
        agents[usize::from(!caller_ends)].hang_up(now);
        let end = now + Duration::from_secs(120);
        run(&mut agents, &mut network, &mut now, end);

        let [alice, bob] = &agents;
        let (ends, ended) = if caller_ends { (alice, bob) } else { (bob, alice) };
        prop_assert_eq!(&ends.story, &["answered", "ended"]);
        prop_assert_eq!(&ended.story, &["answered", "ended by peer"]);
        prop_assert!(alice.layer.is_empty() && bob.layer.is_empty());
    }
}
