//! Requests on their way out: their server is found (RFC 3263), a transaction begins, and where one server fails the next
//! gets the same request in a transaction of its own. Whoever sent it hears one outcome.

mod failover;
mod names;
mod next_hop;
mod pending;
mod reach;
mod resting;
mod stamp;

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use offhook_media::LegId;
use offhook_sip::locate::{Answer, Query, Target};
use offhook_sip::message::{Message, Reason, Request, Response};
use offhook_sip::transaction::{
    Destination, Event, Output, RespondError, ServerId, Timing, TransactionId, TransactionLayer, Transmit,
};

use super::account::Protocol;
use super::alarms::Alarms;
use super::locals::Locals;
use super::transport::SendFault;
use super::{AccountId, LookupId, MessageId};
use crate::config::{Destinations, TrunkId};
use names::{Names, SearchId, Sought};
use pending::{Pending, PendingRequests, Stage};
use reach::Reaches;
use resting::Resting;

pub(super) use next_hop::NextHop;

/// Messages that may wait for names at once.
const HELD_LIMIT: usize = 10_000;

/// Names a request of ours from the moment it is handed over, whichever server has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct RequestId(pub(super) u64);

/// Who waits for the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    /// An account's registration.
    Registration(AccountId),
    /// A leg.
    Leg(LegId),
    /// Nobody: it ends what is not wanted any more.
    Nobody,
    /// A text.
    Message(MessageId),
    /// A trunk that is asked whether it is there.
    Trunk(TrunkId),
    /// An account's subscription to its mailbox.
    Subscription(AccountId),
}

/// Why a request got no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// It went out, and nothing came back in time.
    Timeout,
    /// It could not be sent.
    Unreachable(SendFault),
}

/// What comes back.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A response to a request of ours.
    Response {
        /// Who waits for it.
        owner: Owner,
        /// Which request.
        id: RequestId,
        /// Which server has it.
        from: Destination,
        /// The response.
        response: Box<Response>,
    },
    /// There will be no response.
    Unanswered {
        /// Who waits for it.
        owner: Owner,
        /// Which request.
        id: RequestId,
        /// Why.
        why: Unanswered,
    },
    /// An INVITE that went to the next server, as the one before may still answer it: under this name, to nobody.
    Abandoned(RequestId, Box<Request>, Protocol),
    /// A request of a peer, and where it came from.
    Request(ServerId, Box<Request>, Destination),
    /// An ACK for a 2xx.
    Ack(Box<Request>),
    /// A peer gave its INVITE up with this CANCEL, or its connection is gone before the answer.
    Cancelled(ServerId, Option<Box<Request>>),
    /// The transaction of a peer's request has ended.
    Ended(ServerId),
}

/// What the outbox wants done.
#[derive(Debug)]
pub(super) enum Wanted {
    /// Send this.
    Transmit(Transmit),
    /// Ask the DNS and say so with [`Outbox::resolved`].
    Lookup(LookupId, Query),
}

/// The transaction layer, the requests that wait for their servers, and those that may go to others.
pub(super) struct Outbox {
    transactions: TransactionLayer,
    pending: PendingRequests,
    /// Messages whose server is looked for.
    held: HashMap<SearchId, Held>,
    names: Names,
    reaches: Reaches,
    resting: Resting,
    /// When a silent server has had its time.
    silences: Alarms<RequestId>,
    /// Where we listen.
    locals: Locals,
    /// Where requests may go.
    destinations: Arc<Destinations>,
    /// Who speaks with each owner: nobody is led deeper inside the network than that.
    peers: HashMap<Owner, IpAddr>,
    /// How long a server may be silent while there are others.
    patience: Duration,
    random: Box<dyn FnMut() -> u64 + Send>,
    /// Makes requests of one owner go the same way among equals, and those of different owners different ways.
    seeds: RandomState,
    wanted: VecDeque<Wanted>,
    incoming: VecDeque<Incoming>,
    /// Why the transaction that is being told of it could not send.
    fault: SendFault,
    last_id: u64,
}

#[derive(Debug)]
enum Held {
    Request(Box<Request>, NextHop, Owner, RequestId),
    Ack(Box<Request>, NextHop, Owner),
}

impl Outbox {
    /// An outbox with nothing in it.
    pub(super) fn new(
        timing: Timing,
        locals: Locals,
        destinations: Arc<Destinations>,
        random: impl FnMut() -> u64 + Send + Clone + 'static,
    ) -> Self {
        Self {
            transactions: TransactionLayer::new(timing, random.clone()),
            pending: PendingRequests::default(),
            held: HashMap::new(),
            names: Names::default(),
            reaches: Reaches::new(&locals),
            resting: Resting::default(),
            silences: Alarms::default(),
            locals,
            destinations,
            peers: HashMap::new(),
            patience: timing.alternative,
            random: Box::new(random),
            seeds: RandomState::new(),
            wanted: VecDeque::new(),
            incoming: VecDeque::new(),
            fault: SendFault::default(),
            last_id: 0,
        }
    }

    /// Sends a request; exactly one final response or [`Incoming::Unanswered`] follows. Its Via and Contact are written
    /// anew for the way it takes.
    pub(super) fn send(&mut self, request: Request, hop: &NextHop, owner: Owner, now: Instant) -> RequestId {
        let id = RequestId(self.next_number());
        match self.seek(hop, owner, now) {
            Ok(servers) => self.launch(request, self.permitted(servers, hop, owner), owner, id, now),
            Err(search) => self.hold(search, Held::Request(Box::new(request), hop.clone(), owner, id)),
        }
        self.drain(now);
        id
    }

    /// Sends the ACK for a 2xx.
    pub(super) fn send_ack(&mut self, ack: Request, hop: &NextHop, owner: Owner, now: Instant) {
        match self.seek(hop, owner, now) {
            Ok(servers) => self.launch_ack(ack, self.permitted(servers, hop, owner), now),
            Err(search) => self.hold(search, Held::Ack(Box::new(ack), hop.clone(), owner)),
        }
        self.drain(now);
    }

    /// Gives an INVITE up. Its outcome still follows.
    pub(super) fn cancel(&mut self, id: RequestId, reason: Option<Reason>, now: Instant) {
        let Some(pending) = self.pending.get_mut(id) else { return };
        pending.alternatives = None;
        self.silences.set(id, None);
        match pending.stage {
            // Too late means that its final response is on its way up.
            Stage::Sent(client, _) => drop(self.transactions.cancel_because(client, reason, now)),
            Stage::Sought(search) => {
                self.names.forget(search);
                if let Some(held) = self.held.remove(&search) {
                    self.unreachable(held);
                }
            }
        }
        self.drain(now);
    }

    /// Lets an INVITE be that goes another way: it is repeated no more, and cancelled if it turns out to have arrived.
    pub(super) fn abandon(&mut self, id: RequestId, now: Instant) {
        let Some(pending) = self.pending.get_mut(id) else { return };
        pending.alternatives = None;
        self.silences.set(id, None);
        if let Stage::Sent(client, _) = pending.stage {
            self.transactions.abandon(client, now);
        }
        self.drain(now);
    }

    /// A message of this peer's concerns an owner.
    pub(super) fn heard(&mut self, owner: Owner, peer: IpAddr) {
        self.peers.insert(owner, peer);
    }

    /// Nothing more is sent for this owner.
    pub(super) fn forget(&mut self, owner: Owner) {
        self.peers.remove(&owner);
    }

    /// Answers a peer's request.
    ///
    /// # Errors
    /// It was answered before, or is too old to be answered.
    pub(super) fn respond(&mut self, id: ServerId, response: &Response, now: Instant) -> Result<(), RespondError> {
        let sent = self.transactions.respond(id, response, now);
        self.drain(now);
        sent
    }

    /// Takes a message from the network.
    pub(super) fn receive(&mut self, message: Message, from: Destination, now: Instant) {
        if let Message::Response(response) = &message
            && let Err(error) = response.check()
        {
            tracing::debug!(%error, "a SIP response is dropped");
            return;
        }
        self.transactions.receive(message, from, now);
        self.drain(now);
    }

    /// A message of this transaction could not be sent, and why.
    pub(super) fn transport_failed(&mut self, transaction: TransactionId, fault: SendFault, now: Instant) {
        self.drain(now);
        self.fault = fault;
        self.transactions.transport_error(transaction, now);
        self.drain(now);
        self.fault = SendFault::default();
    }

    /// What the DNS said, and how long that holds.
    pub(super) fn resolved(&mut self, lookup: LookupId, answer: &Answer, ttl: Duration, now: Instant) {
        for (search, targets) in self.names.answered(lookup, answer, ttl, now) {
            match self.held.remove(&search) {
                Some(Held::Request(request, hop, owner, id)) => {
                    let servers = self.permitted(servers(targets, &hop), &hop, owner);
                    self.launch(*request, servers, owner, id, now);
                }
                Some(Held::Ack(ack, hop, owner)) => {
                    self.launch_ack(*ack, self.permitted(servers(targets, &hop), &hop, owner), now);
                }
                None => {}
            }
        }
        self.drain(now);
    }

    /// When [`Outbox::handle_timeout`] is due.
    #[must_use]
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let timers = [self.transactions.poll_timeout(), self.names.poll_timeout(), self.silences.next()];
        timers.into_iter().flatten().min()
    }

    /// Lets the transactions' timers act, and gives up names and servers that nothing was heard of.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.transactions.handle_timeout(now);
        self.drain(now);
        for id in self.silences.due(now) {
            self.silent(id, now);
        }
        for search in self.names.give_up(now) {
            if let Some(held) = self.held.remove(&search) {
                self.unreachable(held);
            }
        }
        self.drain(now);
    }

    /// The next thing to be done outside.
    pub(super) fn poll_wanted(&mut self) -> Option<Wanted> {
        if let Some((id, query)) = self.names.poll_question() {
            return Some(Wanted::Lookup(id, query));
        }
        self.wanted.pop_front()
    }

    /// The next thing that came back.
    pub(super) fn poll_incoming(&mut self, now: Instant) -> Option<Incoming> {
        self.drain(now);
        self.incoming.pop_front()
    }

    /// Whether one more request of a peer's can begin a transaction.
    pub(super) fn has_room(&self) -> bool {
        self.transactions.has_room()
    }

    /// Transactions under way.
    #[must_use]
    pub(super) fn transactions(&self) -> usize {
        self.transactions.len()
    }

    /// The servers of a hop, or the search for them.
    fn seek(&mut self, hop: &NextHop, owner: Owner, now: Instant) -> Result<Vec<Destination>, SearchId> {
        if let Some(flow) = hop.flow() {
            return Ok(vec![flow.clone()]);
        }
        let seed = self.seeds.hash_one(owner);
        match self.names.seek(hop.wanted(), self.reaches.preferring(hop.protocol), seed, now) {
            Sought::Found(targets) => Ok(servers(targets, hop)),
            Sought::Pending(search) => Err(search),
        }
    }

    /// The servers without those that a peer named and may not lead to.
    fn permitted(&self, mut servers: Vec<Destination>, hop: &NextHop, owner: Owner) -> Vec<Destination> {
        if hop.is_told() {
            let (host, peer) = (hop.host_port.host.to_string(), self.peers.get(&owner).copied());
            let found = servers.len();
            servers.retain(|server| self.destinations.allow_told(&host, server.address.ip(), peer));
            if servers.len() < found {
                tracing::warn!(%host, "a SIP peer named an address that it may not lead to");
            }
        }
        servers
    }

    fn hold(&mut self, search: SearchId, held: Held) {
        if self.held.len() >= HELD_LIMIT {
            self.names.forget(search);
            return self.unreachable(held);
        }
        if let Held::Request(_, _, owner, id) = &held {
            self.pending.insert(*id, Pending::sought(*owner, search));
        }
        self.held.insert(search, held);
    }

    fn unreachable(&mut self, held: Held) {
        match held {
            Held::Request(_, _, owner, id) => {
                self.pending.remove(id);
                let why = Unanswered::Unreachable(SendFault::NoAddress);
                self.incoming.push_back(Incoming::Unanswered { owner, id, why });
            }
            Held::Ack(..) => tracing::warn!("an ACK could not be sent: its next hop has no address"),
        }
    }

    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.transactions.poll_output() {
            match output {
                Output::Transmit(transmit) => self.wanted.push_back(Wanted::Transmit(transmit)),
                Output::Event(event) => self.event(event, now),
            }
        }
    }

    fn event(&mut self, event: Event, now: Instant) {
        let incoming = match event {
            Event::Request { id, request, source } => Incoming::Request(id, request, source),
            Event::Ack { request, .. } => Incoming::Ack(request),
            Event::Cancelled { id, request } => Incoming::Cancelled(id, Some(request)),
            Event::TransportError { id: TransactionId::Server(id) } => Incoming::Cancelled(id, None),
            Event::Response { id, response, .. } => return self.responded(id, response, now),
            Event::Timeout { id: TransactionId::Client(client) } => {
                return self.failed(client, Unanswered::Timeout, now);
            }
            Event::TransportError { id: TransactionId::Client(client) } => {
                return self.failed(client, Unanswered::Unreachable(self.fault), now);
            }
            Event::Terminated { id: TransactionId::Client(client) } => return self.pending.ended(client),
            Event::Terminated { id: TransactionId::Server(id) } => Incoming::Ended(id),
            _ => return,
        };
        self.incoming.push_back(incoming);
    }

    fn next_number(&mut self) -> u64 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox")
            .field("transactions", &self.transactions)
            .field("pending", &self.pending)
            .field("held", &self.held)
            .field("names", &self.names)
            .field("resting", &self.resting)
            .field("wanted", &self.wanted)
            .field("incoming", &self.incoming)
            .finish_non_exhaustive()
    }
}

/// The targets as messages are sent to them: a server must show a certificate of the name that was asked for, not of one
/// that the DNS made of it (RFC 5922 section 7.3).
fn servers(targets: Vec<Target>, hop: &NextHop) -> Vec<Destination> {
    let destination = |target: Target| {
        let to = Destination::new(target.transport, target.address);
        if to.transport == offhook_sip::message::Transport::Tls { to.named(hop.host_port.host.clone()) } else { to }
    };
    targets.into_iter().map(destination).collect()
}
