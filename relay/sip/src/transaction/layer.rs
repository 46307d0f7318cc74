use std::collections::VecDeque;
use std::fmt;
use std::time::Instant;

use super::destination::Destination;
use super::error::{CancelError, RespondError, SendError};
use super::event::{ClientId, Event, Output, ServerId, TransactionId, Transmit};
use super::invite_client::InviteClient;
use super::invite_server::{Acknowledged, InviteServer};
use super::key::{ClientKey, ServerKey};
use super::machine::{Action, Client, Sent, Server};
use super::non_invite_client::NonInviteClient;
use super::non_invite_server::NonInviteServer;
use super::table::Table;
use super::timing::Timing;
use crate::message::{HeaderError, HeaderName, Message, Method, Reason, Request, Response, StatusCode, Via};

/// What an overloaded layer asks its peers to wait, in seconds.
const RETRY_AFTER: u32 = 10;

/// Every transaction of a user agent. See the [module](super) for how to drive it.
pub struct TransactionLayer {
    timing: Timing,
    random: Box<dyn FnMut() -> u64 + Send>,
    clients: Table<ClientKey, Client>,
    servers: Table<ServerKey, Server>,
    outputs: VecDeque<Output>,
}

impl TransactionLayer {
    /// A layer without transactions. `random` makes the tags of its own responses.
    pub fn new(timing: Timing, random: impl FnMut() -> u64 + Send + 'static) -> Self {
        Self {
            timing,
            random: Box::new(random),
            clients: Table::new(),
            servers: Table::new(),
            outputs: VecDeque::new(),
        }
    }

    /// The times it works with.
    pub fn timing(&self) -> &Timing {
        &self.timing
    }

    /// How many transactions there are.
    pub fn len(&self) -> usize {
        self.clients.len().saturating_add(self.servers.len())
    }

    /// Whether one more request of a peer's can begin a transaction; otherwise it is answered 503.
    pub fn has_room(&self) -> bool {
        self.servers.len() < self.timing.max_transactions
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next thing to do; take them all after each call of another method.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`TransactionLayer::handle_timeout`] is due; may be in the past.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.clients.next_alarm(), self.servers.next_alarm()].into_iter().flatten().min()
    }

    /// Lets every timer that is due act.
    pub fn handle_timeout(&mut self, now: Instant) {
        for number in self.clients.due(now) {
            self.drive_client(number, now, |client, actions| client.handle_timeout(now, actions));
        }
        for number in self.servers.due(now) {
            self.drive_server(number, |server, actions| server.handle_timeout(now, actions));
        }
    }

    /// Takes a message from the network. What belongs to no transaction and cannot begin one is dropped.
    pub fn receive(&mut self, message: Message, source: Destination, now: Instant) {
        match message {
            Message::Request(request) => self.receive_request(request, source, now),
            Message::Response(response) => self.receive_response(response, now),
        }
    }

    /// Sends a request in a transaction of its own. Its top Via has a fresh [`branch`](super::branch).
    ///
    /// # Errors
    /// When the request cannot begin a transaction, or too many are under way.
    pub fn send_request(
        &mut self,
        request: Request,
        destination: Destination,
        now: Instant,
    ) -> Result<ClientId, SendError> {
        match request.method() {
            Method::Ack => return Err(SendError::Ack),
            Method::Cancel => return Err(SendError::Cancel),
            _ => {}
        }
        if self.clients.len() >= self.timing.max_transactions {
            return Err(SendError::TooMany);
        }
        self.start_client(request, destination, true, now)
    }

    /// Sends the ACK for a 2xx, which belongs to no transaction. Repeat it for each repeated 2xx.
    pub fn send_ack(&mut self, ack: &Request, destination: Destination) {
        self.transmit(destination, ack.to_bytes(), None);
    }

    /// Gives an INVITE up. The CANCEL goes out once the peer has been heard of; what comes of it shows in
    /// the INVITE's own response: 487, or a 2xx that crossed the CANCEL, or a timeout.
    ///
    /// # Errors
    /// When it is answered already, or is no INVITE.
    pub fn cancel(&mut self, id: ClientId, now: Instant) -> Result<(), CancelError> {
        self.cancel_because(id, None, now)
    }

    /// As [`TransactionLayer::cancel`], telling the peer why (RFC 3326).
    ///
    /// # Errors
    /// As [`TransactionLayer::cancel`].
    pub fn cancel_because(&mut self, id: ClientId, reason: Option<Reason>, now: Instant) -> Result<(), CancelError> {
        self.drive_client(id.0, now, |client, actions| match client {
            Client::Invite(invite) => invite.cancel(reason, now, actions),
            Client::NonInvite(_) => Err(CancelError::NotInvite),
        })
        .unwrap_or(Err(CancelError::TooLate))
    }

    /// Lets a request be that is sent to another server instead. It is not repeated any more. One that reached its
    /// server all the same is ended there: an INVITE is cancelled as soon as that is heard of, and a 2xx still comes up, to
    /// be acknowledged and ended.
    pub fn abandon(&mut self, id: ClientId, now: Instant) {
        self.drive_client(id.0, now, |client, actions| client.abandon(now, actions));
    }

    /// Sends a response. A 2xx to an INVITE may be sent again until its ACK comes.
    ///
    /// # Errors
    /// When the request was answered before, or its transaction has ended.
    pub fn respond(&mut self, id: ServerId, response: &Response, now: Instant) -> Result<(), RespondError> {
        let sent = self.drive_server(id.0, |server, actions| server.respond(response, now, actions));
        match sent {
            Some(Sent::Yes) => Ok(()),
            Some(Sent::Answered) => Err(RespondError::Answered),
            None => Err(RespondError::Ended),
        }
    }

    /// Tells that a message of this transaction could not be sent, or its connection broke.
    pub fn transport_error(&mut self, id: TransactionId, now: Instant) {
        match id {
            TransactionId::Client(ClientId(number)) => {
                self.drive_client(number, now, Client::transport_error);
            }
            TransactionId::Server(ServerId(number)) => {
                self.drive_server(number, Server::transport_error);
            }
        }
    }

    fn receive_response(&mut self, response: Response, now: Instant) {
        let number = ClientKey::of_response(&response).and_then(|key| self.clients.find(&key));
        if let Some(number) = number {
            self.drive_client(number, now, |client, actions| client.receive(response, now, actions));
        }
    }

    fn receive_request(&mut self, mut request: Request, source: Destination, now: Instant) {
        let mut via = match request.headers().top_via() {
            Ok(via) => via,
            // Without any Via nobody asks for an answer.
            Err(HeaderError::Missing(_)) => return,
            Err(_) => return self.refuse_unmatched(&request, source),
        };
        // The key is made of what the peer wrote, before we add where it came from.
        let Ok(key) = ServerKey::of(&request, &via) else {
            return self.refuse_unmatched(&request, source.for_response(&via));
        };
        let cancelled = match request.method() {
            Method::Cancel => ServerKey::of_cancelled(&request, &via).ok().and_then(|key| self.servers.find(&key)),
            _ => None,
        };
        via.note_source(source.address);
        if request.headers_mut().replace_first_value(&HeaderName::Via, &via).is_err() {
            return;
        }
        let known = self.servers.find(&key);
        match (request.method(), known) {
            (Method::Ack, known) => self.receive_ack(known, request, source, now),
            (_, Some(number)) => {
                self.drive_server(number, Server::receive_again);
            }
            (Method::Cancel, None) => self.receive_cancel(key, cancelled, request, &via, &source, now),
            (_, None) => self.begin(key, request, &via, source, now),
        }
    }

    fn receive_ack(&mut self, known: Option<u64>, request: Request, source: Destination, now: Instant) {
        let acknowledged = known.and_then(|number| {
            self.drive_server(number, |server, _| match server {
                Server::Invite(invite) => invite.receive_ack(now),
                Server::NonInvite(_) => Acknowledged::Here,
            })
        });
        if acknowledged != Some(Acknowledged::Here) {
            self.event(Event::Ack { request: Box::new(request), source });
        }
    }

    /// Answers a CANCEL (RFC 3261 §9.2): 481 if it means nothing here, else 200, and 487 to the INVITE.
    fn receive_cancel(
        &mut self,
        key: ServerKey,
        invite: Option<u64>,
        cancel: Request,
        via: &Via,
        source: &Destination,
        now: Instant,
    ) {
        let destination = source.for_response(via);
        let fresh_tag = self.tag();
        let Some(invite) = invite else {
            self.reply_stateless(&cancel, StatusCode::CALL_DOES_NOT_EXIST, &fresh_tag, destination);
            return;
        };
        let tag = match self.servers.entry_mut(invite).map(|entry| &entry.machine) {
            Some(Server::Invite(machine)) => machine.tag().unwrap_or(&fresh_tag).to_owned(),
            _ => fresh_tag,
        };
        self.answer_cancel(key, &cancel, destination, &tag, now);
        let stopped = self.drive_server(invite, |server, actions| match server {
            Server::Invite(invite) => invite.cancel(&tag, now, actions),
            Server::NonInvite(_) => false,
        });
        if stopped == Some(true) {
            self.event(Event::Cancelled { id: ServerId(invite), request: Box::new(cancel) });
        }
    }

    fn answer_cancel(&mut self, key: ServerKey, cancel: &Request, destination: Destination, tag: &str, now: Instant) {
        let machine = NonInviteServer::new(destination.transport.is_reliable(), self.timing, now);
        let number = self.servers.insert(key, Server::NonInvite(machine), destination, false);
        if let Ok(reply) = Response::reply(cancel, StatusCode::OK).to_tag(tag).build() {
            self.drive_server(number, |server, actions| server.respond(&reply, now, actions));
        }
    }

    fn begin(&mut self, key: ServerKey, request: Request, via: &Via, source: Destination, now: Instant) {
        let destination = source.for_response(via);
        if !self.has_room() {
            let tag = self.tag();
            self.reply_stateless(&request, StatusCode::SERVICE_UNAVAILABLE, &tag, destination);
            return;
        }
        let reliable = destination.transport.is_reliable();
        let machine = match request.method() {
            Method::Invite => Server::Invite(Box::new(InviteServer::new(request.clone(), reliable, self.timing, now))),
            _ => Server::NonInvite(NonInviteServer::new(reliable, self.timing, now)),
        };
        let number = self.servers.insert(key, machine, destination, true);
        self.servers.settle(number);
        self.event(Event::Request { id: ServerId(number), request: Box::new(request), source });
    }

    /// Answers a request that names no transaction, since the headers that would name it cannot be read (RFC 4475
    /// section 3.1.2.1). An ACK is never answered.
    fn refuse_unmatched(&mut self, request: &Request, destination: Destination) {
        if *request.method() != Method::Ack {
            let tag = self.tag();
            self.reply_stateless(request, StatusCode::BAD_REQUEST, &tag, destination);
        }
    }

    fn reply_stateless(&mut self, request: &Request, status: StatusCode, tag: &str, destination: Destination) {
        let mut reply = Response::reply(request, status).to_tag(tag);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            reply = reply.header(HeaderName::RetryAfter, RETRY_AFTER);
        }
        // A request whose headers cannot be copied into a response gets none.
        if let Ok(reply) = reply.build() {
            self.transmit(destination, reply.to_bytes(), None);
        }
    }

    fn start_client(
        &mut self,
        request: Request,
        destination: Destination,
        visible: bool,
        now: Instant,
    ) -> Result<ClientId, SendError> {
        let key = ClientKey::of_request(&request)?.ok_or(SendError::Branch)?;
        if self.clients.find(&key).is_some() {
            return Err(SendError::DuplicateBranch);
        }
        let reliable = destination.transport.is_reliable();
        let mut actions = Vec::new();
        let machine = match request.method() {
            Method::Invite => {
                Client::Invite(Box::new(InviteClient::new(request, reliable, self.timing, now, &mut actions)))
            }
            _ => Client::NonInvite(NonInviteClient::new(&request, reliable, self.timing, now, &mut actions)),
        };
        let number = self.clients.insert(key, machine, destination, visible);
        self.drive_client(number, now, |_, pending| pending.append(&mut actions));
        Ok(ClientId(number))
    }

    /// Lets a machine act and does what it wants. `None` if there is no such transaction.
    fn drive_client<R>(
        &mut self,
        number: u64,
        now: Instant,
        act: impl FnOnce(&mut Client, &mut Vec<Action>) -> R,
    ) -> Option<R> {
        let entry = self.clients.entry_mut(number)?;
        let mut actions = Vec::new();
        let result = act(&mut entry.machine, &mut actions);
        let (destination, visible) = (entry.destination.clone(), entry.visible);
        let ended = self.clients.settle(number);
        for action in actions {
            if let Action::Cancel(cancel) = action {
                // Its outcome shows in the INVITE's; the branch is the INVITE's, so it is free.
                let _ = self.start_client(*cancel, destination.clone(), false, now);
            } else {
                self.perform(action, TransactionId::Client(ClientId(number)), &destination, visible);
            }
        }
        if ended && visible {
            self.event(Event::Terminated { id: TransactionId::Client(ClientId(number)) });
        }
        Some(result)
    }

    /// As [`TransactionLayer::drive_client`].
    fn drive_server<R>(&mut self, number: u64, act: impl FnOnce(&mut Server, &mut Vec<Action>) -> R) -> Option<R> {
        let entry = self.servers.entry_mut(number)?;
        let mut actions = Vec::new();
        let result = act(&mut entry.machine, &mut actions);
        let (destination, visible) = (entry.destination.clone(), entry.visible);
        let ended = self.servers.settle(number);
        let id = TransactionId::Server(ServerId(number));
        for action in actions {
            self.perform(action, id, &destination, visible);
        }
        if ended && visible {
            self.event(Event::Terminated { id });
        }
        Some(result)
    }

    fn perform(&mut self, action: Action, id: TransactionId, destination: &Destination, visible: bool) {
        match (action, id) {
            (Action::Send(bytes), _) => self.transmit(destination.clone(), bytes, Some(id)),
            (Action::Respond(response, cancelled), TransactionId::Client(id)) if visible => {
                self.event(Event::Response { id, response, cancelled });
            }
            (Action::Timeout, _) if visible => self.event(Event::Timeout { id }),
            (Action::TransportError, _) if visible => self.event(Event::TransportError { id }),
            _ => {}
        }
    }

    fn transmit(&mut self, destination: Destination, bytes: bytes::Bytes, transaction: Option<TransactionId>) {
        self.outputs.push_back(Output::Transmit(Transmit { destination, bytes, transaction }));
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn tag(&mut self) -> String {
        format!("{:016x}", (self.random)())
    }
}

impl fmt::Debug for TransactionLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransactionLayer")
            .field("clients", &self.clients.len())
            .field("servers", &self.servers.len())
            .field("outputs", &self.outputs.len())
            .finish_non_exhaustive()
    }
}
