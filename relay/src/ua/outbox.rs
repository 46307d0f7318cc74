//! Requests on their way out: the next hop's name is looked up first, then a transaction begins (RFC 3261 section 8.1.2).

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use offhook_media::LegId;
use offhook_sip::message::{Host, HostPort, Message, Reason, Request, Response, Uri};
use offhook_sip::transaction::{
    ClientId, Destination, Event, Output, RespondError, ServerId, Timing, TransactionId, TransactionLayer, Transmit,
};

use super::account::{Protocol, SipAccount};
use super::alarms::Alarms;
use super::locals::Locals;
use super::transport::SendFault;
use super::{AccountId, LookupId};

/// How long a name is waited for.
const LOOKUP_PATIENCE: Duration = Duration::from_secs(10);

/// How long a looked-up address is used again.
const LOOKUP_LIFE: Duration = Duration::from_secs(60);

/// Names remembered at once.
const LOOKUP_LIMIT: usize = 1024;

/// Requests that may wait for names at once.
const HELD_LIMIT: usize = 10_000;

/// Where a request goes first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct NextHop {
    /// The host and port.
    pub(super) host_port: HostPort,
    /// How.
    pub(super) protocol: Protocol,
}

impl NextHop {
    /// Where an account's REGISTERs go first.
    #[must_use]
    pub(super) fn of_registrar(account: &SipAccount) -> Self {
        Self { host_port: account.next_hop.clone(), protocol: account.protocol }
    }

    /// Where an account's other requests go first.
    #[must_use]
    pub(super) fn of_account(account: &SipAccount) -> Self {
        let host_port = account.service_hop.as_ref().unwrap_or(&account.next_hop).clone();
        Self { host_port, protocol: account.protocol }
    }

    /// Where a URI leads (RFC 3263 section 4.1, without NAPTR and SRV); a `sips` URI over TLS only (RFC 3261 section
    /// 26.2.2). `None` for one that is not reached by a transport that we can begin.
    #[must_use]
    pub(super) fn of_uri(uri: &Uri, otherwise: Protocol) -> Option<Self> {
        let uri = uri.sip()?;
        let transport = uri.param("transport").map(str::to_ascii_lowercase);
        let protocol = match (uri.is_secure(), transport.as_deref()) {
            (true, None | Some("tcp" | "tls")) | (false, Some("tls")) => Protocol::Tls,
            (false, None) => otherwise,
            (false, Some("udp")) => Protocol::Udp,
            (false, Some("tcp")) => Protocol::Tcp,
            (_, Some(_)) => return None,
        };
        Some(Self { host_port: uri.host_port().clone(), protocol })
    }

    /// The port to use.
    fn port(&self) -> u16 {
        self.host_port.port_or_default(self.protocol == Protocol::Tls)
    }

    /// How to get there, at this address. A TLS certificate must name the host that was asked for, not its address.
    fn at(&self, address: SocketAddr) -> Destination {
        let destination = Destination::new(self.protocol.transport(), address);
        match self.protocol {
            Protocol::Tls => destination.named(self.host_port.host.clone()),
            _ => destination,
        }
    }
}

/// Names a request of ours from the moment it is handed over, also while its next hop is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct RequestId(u64);

/// Who waits for the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    /// An account's registration.
    Registration(AccountId),
    /// A leg.
    Leg(LegId),
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
    /// A request of a peer, and where it came from.
    Request(ServerId, Box<Request>, Destination),
    /// An ACK for a 2xx.
    Ack(Box<Request>),
    /// A peer gave its INVITE up with this CANCEL, or its connection is gone before the answer.
    Cancelled(ServerId, Option<Box<Request>>),
}

/// What the outbox wants done.
#[derive(Debug)]
pub(super) enum Wanted {
    /// Send this.
    Transmit(Transmit),
    /// Look this name up and say so with [`Outbox::resolved`].
    Lookup(LookupId, String, u16),
}

/// The transaction layer and the requests that wait for a name.
#[derive(Debug)]
pub(super) struct Outbox {
    transactions: TransactionLayer,
    owners: HashMap<ClientId, (Owner, RequestId)>,
    clients: HashMap<RequestId, ClientId>,
    /// Where we listen: datagrams go to addresses of the same family only.
    locals: Locals,
    waiting: HashMap<LookupId, Lookup>,
    lookup_ends: Alarms<LookupId>,
    /// Messages that wait for all lookups together.
    held: usize,
    known: HashMap<NextHop, (SocketAddr, Instant)>,
    wanted: VecDeque<Wanted>,
    incoming: VecDeque<Incoming>,
    /// Why the transaction that is being told of it could not send.
    fault: SendFault,
    last_id: u64,
}

#[derive(Debug)]
struct Lookup {
    hop: NextHop,
    held: Vec<Held>,
}

#[derive(Debug)]
enum Held {
    Request(Box<Request>, Owner, RequestId),
    Ack(Box<Request>),
}

impl Outbox {
    /// An outbox with nothing in it.
    pub(super) fn new(timing: Timing, locals: Locals, random: impl FnMut() -> u64 + Send + 'static) -> Self {
        Self {
            transactions: TransactionLayer::new(timing, random),
            owners: HashMap::new(),
            clients: HashMap::new(),
            locals,
            waiting: HashMap::new(),
            lookup_ends: Alarms::default(),
            held: 0,
            known: HashMap::new(),
            wanted: VecDeque::new(),
            incoming: VecDeque::new(),
            fault: SendFault::default(),
            last_id: 0,
        }
    }

    /// Sends a request; exactly one final response or [`Incoming::Unanswered`] follows.
    pub(super) fn send(&mut self, request: Request, hop: &NextHop, owner: Owner, now: Instant) -> RequestId {
        let id = RequestId(self.next_number());
        match self.address(hop, now) {
            Some(address) => self.begin(request, &hop.at(address), owner, id, now),
            None => self.look_up(hop, Held::Request(Box::new(request), owner, id), now),
        }
        id
    }

    /// Sends the ACK for a 2xx.
    pub(super) fn send_ack(&mut self, ack: Request, hop: &NextHop, now: Instant) {
        match self.address(hop, now) {
            Some(address) => self.transactions.send_ack(&ack, hop.at(address)),
            None => self.look_up(hop, Held::Ack(Box::new(ack)), now),
        }
    }

    /// Gives an INVITE up. Its outcome still follows.
    pub(super) fn cancel(&mut self, id: RequestId, reason: Option<Reason>, now: Instant) {
        if let Some(client) = self.clients.get(&id).copied() {
            // Too late means that its final response is on its way up.
            drop(self.transactions.cancel_because(client, reason, now));
            return;
        }
        for lookup in self.waiting.values_mut() {
            lookup.held.retain(|held| match held {
                Held::Request(_, owner, held) if *held == id => {
                    self.held = self.held.saturating_sub(1);
                    let why = Unanswered::Unreachable(SendFault::NoAddress);
                    self.incoming.push_back(Incoming::Unanswered { owner: *owner, id, why });
                    false
                }
                _ => true,
            });
        }
    }

    /// Answers a peer's request.
    ///
    /// # Errors
    /// It was answered before, or is too old to be answered.
    pub(super) fn respond(&mut self, id: ServerId, response: &Response, now: Instant) -> Result<(), RespondError> {
        self.transactions.respond(id, response, now)
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
    }

    /// A message of this transaction could not be sent, and why.
    pub(super) fn transport_failed(&mut self, transaction: TransactionId, fault: SendFault, now: Instant) {
        self.drain();
        self.fault = fault;
        self.transactions.transport_error(transaction, now);
        self.drain();
        self.fault = SendFault::default();
    }

    /// The result of a lookup: the first address is used, none means that the name leads nowhere.
    pub(super) fn resolved(&mut self, lookup: LookupId, addresses: &[SocketAddr], now: Instant) {
        self.lookup_ends.set(lookup, None);
        let Some(Lookup { hop, held }) = self.waiting.remove(&lookup) else { return };
        self.held = self.held.saturating_sub(held.len());
        let fits = |address: &&SocketAddr| {
            hop.protocol != Protocol::Udp || self.locals.to(Protocol::Udp, address.ip()).is_some()
        };
        let address = addresses.iter().find(fits).copied();
        if let Some(address) = address {
            self.known.retain(|_, (_, until)| *until > now);
            if self.known.len() < LOOKUP_LIMIT {
                self.known.insert(hop.clone(), (address, now + LOOKUP_LIFE));
            }
        }
        for held in held {
            match (held, address) {
                (Held::Request(request, owner, id), Some(address)) => {
                    self.begin(*request, &hop.at(address), owner, id, now);
                }
                (Held::Ack(ack), Some(address)) => {
                    self.transactions.send_ack(&ack, hop.at(address));
                }
                (held, None) => self.unreachable(held),
            }
        }
    }

    /// When [`Outbox::handle_timeout`] is due.
    #[must_use]
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        [self.transactions.poll_timeout(), self.lookup_ends.next()].into_iter().flatten().min()
    }

    /// Lets the transactions' timers act, and gives up names that nothing was heard of.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.transactions.handle_timeout(now);
        for lookup in self.lookup_ends.due(now) {
            self.resolved(lookup, &[], now);
        }
    }

    /// The next thing to be done outside.
    pub(super) fn poll_wanted(&mut self) -> Option<Wanted> {
        self.drain();
        self.wanted.pop_front()
    }

    /// The next thing that came back.
    pub(super) fn poll_incoming(&mut self) -> Option<Incoming> {
        self.drain();
        self.incoming.pop_front()
    }

    /// Transactions under way.
    #[must_use]
    pub(super) fn transactions(&self) -> usize {
        self.transactions.len()
    }

    fn begin(&mut self, request: Request, to: &Destination, owner: Owner, id: RequestId, now: Instant) {
        match self.transactions.send_request(request, to.clone(), now) {
            Ok(client) => {
                self.owners.insert(client, (owner, id));
                self.clients.insert(id, client);
            }
            Err(error) => {
                tracing::warn!(%error, "a SIP request was not sent");
                let why = Unanswered::Unreachable(SendFault::Busy);
                self.incoming.push_back(Incoming::Unanswered { owner, id, why });
            }
        }
    }

    fn look_up(&mut self, hop: &NextHop, held: Held, now: Instant) {
        if self.held >= HELD_LIMIT {
            return self.unreachable(held);
        }
        self.held = self.held.saturating_add(1);
        if let Some(lookup) = self.waiting.values_mut().find(|lookup| lookup.hop == *hop) {
            lookup.held.push(held);
            return;
        }
        let id = LookupId(self.next_number());
        let port = hop.port();
        self.wanted.push_back(Wanted::Lookup(id, hop.host_port.host.to_string(), port));
        self.waiting.insert(id, Lookup { hop: hop.clone(), held: vec![held] });
        self.lookup_ends.set(id, Some(now + LOOKUP_PATIENCE));
    }

    fn unreachable(&mut self, held: Held) {
        match held {
            Held::Request(_, owner, id) => {
                let why = Unanswered::Unreachable(SendFault::NoAddress);
                self.incoming.push_back(Incoming::Unanswered { owner, id, why });
            }
            Held::Ack(_) => tracing::warn!("an ACK could not be sent: its next hop has no address"),
        }
    }

    fn address(&self, hop: &NextHop, now: Instant) -> Option<SocketAddr> {
        match &hop.host_port.host {
            Host::Ip(ip) => Some(SocketAddr::new(*ip, hop.port())),
            Host::Name(_) => self.known.get(hop).filter(|(_, until)| *until > now).map(|(address, _)| *address),
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.transactions.poll_output() {
            match output {
                Output::Transmit(transmit) => self.wanted.push_back(Wanted::Transmit(transmit)),
                Output::Event(event) => self.event(event),
            }
        }
    }

    fn event(&mut self, event: Event) {
        let incoming = match event {
            Event::Request { id, request, source } => Incoming::Request(id, request, source),
            Event::Ack { request, .. } => Incoming::Ack(request),
            Event::Cancelled { id, request } => Incoming::Cancelled(id, Some(request)),
            Event::TransportError { id: TransactionId::Server(id) } => Incoming::Cancelled(id, None),
            Event::Response { id, response, .. } => {
                let Some((owner, id)) = self.owners.get(&id).copied() else { return };
                Incoming::Response { owner, id, response }
            }
            Event::Timeout { id: TransactionId::Client(client) } => {
                match self.unanswered(client, Unanswered::Timeout) {
                    Some(unanswered) => unanswered,
                    None => return,
                }
            }
            Event::TransportError { id: TransactionId::Client(client) } => {
                match self.unanswered(client, Unanswered::Unreachable(self.fault)) {
                    Some(unanswered) => unanswered,
                    None => return,
                }
            }
            Event::Terminated { id: TransactionId::Client(client) } => {
                if let Some((_, id)) = self.owners.remove(&client) {
                    self.clients.remove(&id);
                }
                return;
            }
            _ => return,
        };
        self.incoming.push_back(incoming);
    }

    fn unanswered(&self, client: ClientId, why: Unanswered) -> Option<Incoming> {
        let (owner, id) = self.owners.get(&client).copied()?;
        Some(Incoming::Unanswered { owner, id, why })
    }

    fn next_number(&mut self) -> u64 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_leads_over_its_transport_and_a_secure_one_over_tls_to_the_host_it_names() {
        let hop = |uri: &str| NextHop::of_uri(&Uri::parse(uri.as_bytes()).unwrap(), Protocol::Udp);
        let told = |uri: &str| hop(uri).map(|hop| (hop.protocol, hop.port()));
        assert_eq!(told("sip:a@b.example"), Some((Protocol::Udp, 5060)));
        assert_eq!(told("sip:a@b.example;transport=TCP"), Some((Protocol::Tcp, 5060)));
        assert_eq!(told("sip:a@b.example;transport=tls"), Some((Protocol::Tls, 5061)));
        assert_eq!(told("sips:a@b.example"), Some((Protocol::Tls, 5061)));
        assert_eq!(told("sips:a@b.example:5062;transport=tcp"), Some((Protocol::Tls, 5062)));
        assert_eq!(told("sips:a@b.example;transport=udp"), None);
        assert_eq!(told("sip:a@b.example;transport=sctp"), None);
        let address = SocketAddr::from(([192, 0, 2, 1], 5061));
        let named = |uri: &str| hop(uri).and_then(|hop| hop.at(address).server_name);
        assert_eq!(named("sips:a@b.example"), Some(Host::Name("b.example".to_owned())));
        assert_eq!(named("sip:a@b.example"), None);
    }
}
