//! Every event once and in order, whatever the network does.

use super::*;
use offhook_protocol::event::DtmfReceived;
use proptest::prelude::*;
use std::collections::VecDeque;

/// A relay that keeps its events and a network that loses, repeats and cuts.
struct Network {
    bench: Bench,
    events: u64,
    /// Events on their way on this socket.
    wire: VecDeque<u64>,
}

#[derive(Clone, Copy, Debug)]
enum Mishap {
    Happen,
    Deliver,
    Lose,
    Repeat,
    Cut,
    Recover,
}

fn mishap() -> impl Strategy<Value = Mishap> {
    use Mishap::{Cut, Deliver, Happen, Lose, Recover, Repeat};
    prop_oneof![6 => Just(Happen), 6 => Just(Deliver), 1 => Just(Lose), 2 => Just(Repeat), 1 => Just(Cut), 2 => Just(Recover)]
}

impl Network {
    fn new() -> Self {
        Self { bench: Bench::established(false), events: 0, wire: VecDeque::new() }
    }

    fn take(&mut self, mishap: Mishap) {
        match mishap {
            Mishap::Happen => {
                self.events += 1;
                if self.bench.session.is_up() {
                    self.wire.push_back(self.events);
                }
            }
            Mishap::Deliver => {
                if let Some(seq) = self.wire.pop_front() {
                    self.deliver(seq);
                }
            }
            Mishap::Lose => drop(self.wire.pop_front()),
            Mishap::Repeat => self.wire.extend(self.wire.front().copied()),
            Mishap::Cut => {
                self.wire.clear();
                self.bench.lose();
            }
            Mishap::Recover => self.recover(),
        }
    }

    fn deliver(&mut self, seq: u64) {
        let body = EventBody::Dtmf(DtmfReceived { call_id: "c".into(), digit: "1".into(), duration_ms: seq as u32 });
        self.bench.handle(Input::Frame(Message::Event(Event { seq, body })));
        if !self.bench.session.is_up() {
            self.wire.clear();
        }
    }

    /// The session is taken back, and what was missed follows.
    fn recover(&mut self) {
        while !self.bench.session.is_up() {
            let last = self.bench.out.last();
            match last.and_then(sent) {
                Some(RequestBody::Hello(_)) => self.bench.reply(welcome()),
                Some(RequestBody::Resume(resume)) => {
                    self.wire = (resume.last_seq + 1..=self.events).collect();
                    self.bench.reply(opened(false));
                }
                _ if matches!(last, Some(Output::OpenSocket(_))) => self.bench.handle(Input::SocketOpened),
                _ => self.bench.wait(),
            }
        }
    }

    fn passed_on(&self) -> Vec<u64> {
        let seq = |output: &Output| match output {
            Output::Call(_, call::Input::Dtmf(digit)) => Some(u64::from(digit.duration_ms)),
            _ => None,
        };
        self.bench.out.iter().filter_map(seq).collect()
    }
}

proptest! {
    #[test]
    fn every_event_arrives_once_and_in_order(mishaps in prop::collection::vec(mishap(), 0..200)) {
        let mut network = Network::new();
        for mishap in mishaps {
            network.take(mishap);
        }
        // One more event shows any gap, and one more recovery closes it.
        network.bench.lose();
        network.recover();
        while !network.wire.is_empty() {
            network.take(Mishap::Deliver);
            network.recover();
        }
        prop_assert_eq!(network.passed_on(), (1..=network.events).collect::<Vec<_>>());
    }
}

#[test]
fn an_event_that_came_already_is_dropped() {
    let mut network = Network::new();
    for seq in [1, 1, 2, 1, 2] {
        network.deliver(seq);
    }
    assert_eq!(network.passed_on(), [1, 2]);
}

#[test]
fn a_gap_makes_the_session_take_itself_back() {
    let mut network = Network::new();
    network.deliver(2);
    assert!(network.passed_on().is_empty() && !network.bench.session.is_up());
    network.events = 2;
    network.recover();
    network.take(Mishap::Deliver);
    network.take(Mishap::Deliver);
    assert_eq!(network.passed_on(), [1, 2]);
}
