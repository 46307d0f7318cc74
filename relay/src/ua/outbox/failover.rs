//! From one server to the next (RFC 3263 section 4.3): when nobody is there, when nothing is heard, and when it says that
//! it cannot (503).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use offhook_sip::message::{Method, Request, Response, StatusCode, Transport};
use offhook_sip::transaction::{ClientId, Destination};

use super::pending::{Alternatives, Pending, Role, Stage};
use super::stamp::{is_large, stamp};
use super::{Incoming, Outbox, Owner, Protocol, RequestId, Unanswered};
use crate::ua::transport::SendFault;

impl Outbox {
    /// Sends a request to the first of these servers; the others are for when that fails.
    pub(super) fn launch(
        &mut self,
        request: Request,
        servers: Vec<Destination>,
        owner: Owner,
        id: RequestId,
        now: Instant,
    ) {
        self.pending.remove(id);
        let mut servers = VecDeque::from(self.in_order(&request, servers, now));
        match servers.pop_front() {
            Some(first) => self.attempt(Alternatives { request, servers }, first, None, owner, id, now),
            None => self.unanswered(owner, id, Unanswered::Unreachable(SendFault::NoAddress)),
        }
    }

    /// Sends an ACK, which nobody answers.
    pub(super) fn launch_ack(&mut self, mut ack: Request, servers: Vec<Destination>, now: Instant) {
        let Some(server) = self.in_order(&ack, servers, now).into_iter().next() else {
            return tracing::warn!("an ACK could not be sent: its next hop has no address");
        };
        match stamp(&mut ack, &server, &self.locals, None) {
            Ok(()) => self.transactions.send_ack(&ack, server),
            Err(error) => tracing::warn!(%error, "an ACK was not sent"),
        }
    }

    /// A response to a request of ours.
    pub(super) fn responded(&mut self, client: ClientId, response: Box<Response>, now: Instant) {
        let id = match self.pending.role(client) {
            Some(Role::Current(id)) => id,
            Some(Role::Stray(id, from)) => {
                let owner = Owner::Nobody;
                return self.incoming.push_back(Incoming::Response { owner, id, from, response });
            }
            None => return,
        };
        let Some(pending) = self.pending.get_mut(id) else { return };
        let Stage::Sent(_, server) = &pending.stage else { return };
        let (server, owner, status) = (server.clone(), pending.owner, response.status());
        self.silences.set(id, None);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let wanted = response.headers().retry_after().map(|seconds| Duration::from_secs(seconds.into()));
            self.resting.failed(&server, wanted, now);
            if self.has_alternative(id) {
                tracing::info!(server = %server.address, "a SIP server is unavailable; the next one is asked");
                return self.next_server(id, now);
            }
        } else {
            self.resting.lives(&server);
        }
        // A 100 says that the server lives, not that anything came of the request.
        if status != StatusCode::TRYING
            && let Some(pending) = self.pending.get_mut(id)
        {
            pending.alternatives = None;
        }
        self.incoming.push_back(Incoming::Response { owner, id, from: server, response });
    }

    /// A request of ours got no response, or could not be sent.
    pub(super) fn failed(&mut self, client: ClientId, why: Unanswered, now: Instant) {
        let Some(Role::Current(id)) = self.pending.role(client) else { return };
        let Some(pending) = self.pending.get_mut(id) else { return };
        let owner = pending.owner;
        if let Stage::Sent(_, server) = &pending.stage {
            self.resting.failed(server, None, now);
        }
        self.silences.set(id, None);
        match self.has_alternative(id) {
            true => self.next_server(id, now),
            false => self.unanswered(owner, id, why),
        }
    }

    /// A server has been silent for as long as it may while there are others.
    pub(super) fn silent(&mut self, id: RequestId, now: Instant) {
        self.silences.set(id, None);
        let Some(pending) = self.pending.get_mut(id) else { return };
        let Stage::Sent(client, server) = &pending.stage else { return };
        let (client, server, is_invite) = (*client, server.clone(), pending.is_invite);
        let invite = pending.alternatives.as_ref().map(|alternatives| alternatives.request.clone());
        self.resting.failed(&server, None, now);
        if !self.has_alternative(id) {
            return;
        }
        tracing::info!(server = %server.address, "a SIP server is silent; the next one is asked");
        self.next_server(id, now);
        if let Some(invite) = invite.filter(|_| is_invite) {
            let stray = RequestId(self.next_number());
            self.pending.stray(client, stray, server.clone());
            let protocol = Protocol::of_transport(&server.transport).unwrap_or(Protocol::Udp);
            self.incoming.push_back(Incoming::Abandoned(stray, Box::new(invite), protocol));
        }
        self.transactions.abandon(client, now);
    }

    /// The servers in the order to try them. A request too large for a datagram goes by a stream first, where one can come
    /// back to us (RFC 3261 section 18.1.1); those that failed a short while ago come last.
    fn in_order(&self, request: &Request, mut servers: Vec<Destination>, now: Instant) -> Vec<Destination> {
        let by_datagram = servers.iter().any(|server| server.transport == Transport::Udp);
        if by_datagram && is_large(request) {
            let by_stream = |server: &Destination| {
                let listens = self.locals.to(Protocol::Tcp, server.address.ip()).is_some();
                let stream = Destination::new(Transport::Tcp, server.address);
                (server.transport == Transport::Udp && listens).then_some(stream)
            };
            servers = servers.into_iter().flat_map(|server| by_stream(&server).into_iter().chain([server])).collect();
        }
        self.resting.last(&mut servers, now);
        servers
    }

    fn has_alternative(&mut self, id: RequestId) -> bool {
        let alternatives = self.pending.get_mut(id).and_then(|pending| pending.alternatives.as_ref());
        alternatives.is_some_and(|alternatives| !alternatives.servers.is_empty())
    }

    /// Sends a request to the next server, with a branch of its own (RFC 3263 section 4.3).
    fn next_server(&mut self, id: RequestId, now: Instant) {
        let Some(Pending { owner, alternatives: Some(mut alternatives), .. }) = self.pending.remove(id) else { return };
        if let Some(server) = alternatives.servers.pop_front() {
            let branch = (self.random)();
            self.attempt(alternatives, server, Some(branch), owner, id, now);
        }
    }

    fn attempt(
        &mut self,
        rest: Alternatives,
        server: Destination,
        branch: Option<u64>,
        owner: Owner,
        id: RequestId,
        now: Instant,
    ) {
        let Alternatives { mut request, servers } = rest;
        if let Err(error) = stamp(&mut request, &server, &self.locals, branch) {
            tracing::warn!(%error, "a SIP request was not sent");
            return self.unanswered(owner, id, Unanswered::Unreachable(SendFault::NoAddress));
        }
        let is_invite = *request.method() == Method::Invite;
        let alternatives = (!servers.is_empty()).then(|| Alternatives { request: request.clone(), servers });
        match self.transactions.send_request(request, server.clone(), now) {
            Ok(client) => {
                self.silences.set(id, alternatives.is_some().then(|| now + self.patience));
                let stage = Stage::Sent(client, server);
                self.pending.insert(id, Pending { owner, stage, is_invite, alternatives });
            }
            Err(error) => {
                tracing::warn!(%error, "a SIP request was not sent");
                self.unanswered(owner, id, Unanswered::Unreachable(SendFault::Busy));
            }
        }
    }

    fn unanswered(&mut self, owner: Owner, id: RequestId, why: Unanswered) {
        self.incoming.push_back(Incoming::Unanswered { owner, id, why });
    }
}
