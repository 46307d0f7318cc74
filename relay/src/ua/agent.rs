//! The user agent: accounts and legs, and what comes from and goes to the network for them.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use offhook_media::{Event, LegId};
use offhook_protocol::{ErrorCode, Failure};
use offhook_sip::digest::Client;
use offhook_sip::locate::Answer;
use offhook_sip::message::Uri;
use offhook_sip::transaction::Destination;

use super::accounts::{Accounts, credentials};
use super::attachment::{MediaKind, MediaLocal};
use super::hop::Hop;
use super::leg::{Caller, Identity, LegOutput, Offer, SipLeg};
use super::legs::Legs;
use super::locals::Locals;
use super::mailboxes::Mailboxes;
use super::messages::Messages;
use super::outbox::{Incoming, Outbox, Owner, Wanted};
use super::qualify::Qualifying;
use super::registrar::Registrar;
use super::strangers::Strangers;
use super::strays::{Farewell, Strays};
use super::transport::TransportEvent;
use super::trunks::Trunks;
use super::{AccountId, LookupId, UaConfig, UaCounts, UaOutput};
use crate::call::{Description, LegCommand, failure_for_status};

/// Set in the names of legs the user agent makes, so that they never meet one of the relay's.
const INCOMING_LEG: u64 = 1 << 63;

/// Everything the relay does as a SIP user agent.
#[derive(Debug)]
pub struct UserAgent {
    pub(super) config: UaConfig,
    pub(super) identity: Identity,
    pub(super) hop: Hop,
    pub(super) outbox: Outbox,
    pub(super) accounts: Accounts,
    pub(super) legs: Legs,
    pub(super) trunks: Trunks,
    pub(super) qualifying: Qualifying,
    pub(super) messages: Messages,
    pub(super) mailboxes: Mailboxes,
    pub(super) registrar: Option<Registrar>,
    pub(super) strangers: Strangers,
    strays: Strays,
    pub(super) outputs: VecDeque<UaOutput>,
    /// Where the message that is being taken came from.
    source: Option<Destination>,
    /// It is a request of nobody's that is known here.
    pub(super) of_stranger: bool,
    last_leg: u64,
}

impl UserAgent {
    /// A user agent without accounts. `random` must be fit for secrets.
    pub fn new(config: UaConfig, random: impl FnMut() -> u64 + Send + Clone + 'static) -> Self {
        let timing = config.timing;
        let tags = random.clone();
        let locals = Locals::new(&config.locals);
        let destinations = Arc::new(config.destinations.clone());
        Self {
            identity: Identity {
                user_agent: Arc::from(config.user_agent.as_str()),
                calls: config.calls,
                destinations: Arc::clone(&destinations),
                timing,
                media: Arc::new(config.media.clone()),
            },
            hop: Hop::new(locals.clone(), random),
            outbox: Outbox::new(timing, locals, destinations, tags),
            config,
            accounts: Accounts::default(),
            legs: Legs::default(),
            trunks: Trunks::default(),
            qualifying: Qualifying::default(),
            messages: Messages::default(),
            mailboxes: Mailboxes::default(),
            registrar: None,
            strangers: Strangers::default(),
            strays: Strays::default(),
            outputs: VecDeque::new(),
            source: None,
            of_stranger: false,
            last_leg: 0,
        }
    }

    /// Opens an outgoing leg; [`LegCommand::Invite`] comes next.
    ///
    /// # Errors
    /// When what was dialled is no SIP address, or the account is gone.
    pub fn open_leg(&mut self, leg: LegId, id: AccountId, local: MediaLocal, callee: &str) -> Result<(), Failure> {
        let mut contact = self.accounts.address(id, &self.hop).ok_or_else(gone)?;
        let account = Arc::clone(self.accounts.find(id).ok_or_else(gone)?);
        let target = account.target(callee)?;
        // RFC 3261 section 8.1.1.8: who calls a sips address wants to be called back as safely.
        if let (true, Uri::Sip(uri)) = (target.is_secure(), &contact.uri) {
            contact.uri = Uri::Sip(uri.clone().secured());
        }
        // Each leg meets its own challenges: a nonce used by two at once would have its count go backwards.
        let digest = Some(Client::new(credentials(&account)));
        let caller = Caller { account: Arc::clone(&account), contact, digest };
        let opened = SipLeg::outgoing(leg, caller, Some(local), target, &self.identity, &mut self.hop);
        self.legs.insert(leg, opened.of_account(id, &account));
        Ok(())
    }

    /// Reads what an incoming leg offers after all: its media goes through the relay.
    ///
    /// # Errors
    /// What the caller is refused with: nothing of its offer is spoken here.
    pub fn read_offer(&mut self, leg: LegId) -> Result<Option<Description>, Failure> {
        let hop = &mut self.hop;
        match self.legs.drive(leg, |driver| driver.read_offer(leg, hop)) {
            Some(Ok(Offer::Audio(offer))) => Ok(Some(offer)),
            Some(Ok(Offer::None)) => Ok(None),
            Some(Err(status)) => Err(failure_for_status(status.code(), status.reason())),
            None => Err(Failure::new(ErrorCode::UnknownCall, "The call is over.")),
        }
    }

    /// What media an incoming leg is to be given, once its offer has been read. `None` where it is to have none.
    pub fn media_kind(&mut self, leg: LegId) -> Option<MediaKind> {
        self.legs.drive(leg, |driver| driver.media_kind()).flatten()
    }

    /// Where an incoming leg's offer wants its media, if it says so.
    pub fn offered_address(&mut self, leg: LegId) -> Option<IpAddr> {
        self.legs.drive(leg, |driver| driver.offered_address()).flatten()
    }

    /// The address of an account's server, where it is named by one.
    #[must_use]
    pub fn server_address(&self, account: AccountId) -> Option<IpAddr> {
        self.accounts.find(account)?.next_hop.host.ip()
    }

    /// Gives an incoming leg its media, or any leg another connection ([`UaOutput::Reconnect`]).
    pub fn attach(&mut self, leg: LegId, local: MediaLocal) {
        self.legs.drive(leg, |driver| driver.attach(local));
    }

    /// Takes what the core says to a SIP leg.
    pub fn leg_command(&mut self, leg: LegId, command: LegCommand, now: Instant) {
        let hop = &mut self.hop;
        let outputs = self.legs.drive(leg, |driver| driver.command(command, hop, now));
        self.leg_outputs(leg, outputs, now);
        self.settle(now);
    }

    /// A leg that nothing was heard of is called another way: its INVITE is not repeated. Its end comes next.
    pub fn abandon_leg(&mut self, leg: LegId, now: Instant) {
        if let Some(invite) = self.legs.get(leg).and_then(SipLeg::calling) {
            self.outbox.abandon(invite, now);
            self.settle(now);
        }
    }

    /// Forgets an outgoing leg that was never told to call.
    pub fn discard_leg(&mut self, leg: LegId) {
        self.legs.remove(leg);
    }

    /// The address that ports for pictures are to be at, if a leg needs any for this description that it does not have.
    pub fn wants_video(&mut self, leg: LegId, description: &Description) -> Option<IpAddr> {
        description.video.as_ref()?;
        self.legs.get(leg)?.wants_video(description)
    }

    /// Takes what a media worker says about a SIP leg.
    pub fn media_event(&mut self, event: &Event, now: Instant) {
        if let Event::PictureWanted { leg } = *event {
            let hop = &mut self.hop;
            let outputs = self.legs.drive(leg, |driver| driver.ask_for_picture(hop));
            self.leg_outputs(leg, outputs, now);
            return self.settle(now);
        }
        if let Some((leg, event)) = super::leg::of_media(event)
            && self.legs.contains(leg)
        {
            self.outputs.push_back(UaOutput::Leg(leg, event));
        }
    }

    /// Takes what the sockets report.
    pub fn receive(&mut self, event: TransportEvent, now: Instant) {
        match event {
            TransportEvent::Message { from, message } if !self.lets_in(&message, &from, now) => {}
            TransportEvent::Message { from, message } => {
                self.source = Some(from.clone());
                self.outbox.receive(*message, from, now);
            }
            TransportEvent::Failed { transaction, fault } => self.outbox.transport_failed(transaction, fault, now),
            TransportEvent::Closed { connection, from } => {
                tracing::debug!(%from.address, "a SIP connection has ended");
                self.flow_closed(connection, now);
                if let Some(registrar) = self.registrar.as_mut() {
                    registrar.flow_closed(connection);
                }
            }
        }
        self.settle(now);
        self.source = None;
        self.of_stranger = false;
    }

    /// What the DNS said, and how long that holds.
    pub fn resolved(&mut self, lookup: LookupId, answer: &Answer, ttl: Duration, now: Instant) {
        self.outbox.resolved(lookup, answer, ttl, now);
        self.settle(now);
    }

    /// When [`UserAgent::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let bindings = self.registrar.as_ref().and_then(Registrar::poll_timeout);
        let waits = [self.accounts.poll_timeout(), self.legs.poll_timeout(), self.outbox.poll_timeout(), bindings];
        waits.into_iter().chain([self.mailboxes.poll_timeout(), self.qualifying.poll_timeout()]).flatten().min()
    }

    /// Lets every timer that is due act.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.outbox.handle_timeout(now);
        if let Some(registrar) = self.registrar.as_mut() {
            registrar.handle_timeout(now);
        }
        self.settle(now);
        self.refresh_due(now);
        self.mailboxes_due(now);
        self.qualify_due(now);
        for leg in self.legs.due(now) {
            let hop = &mut self.hop;
            let outputs = self.legs.drive(leg, |driver| driver.handle_timeout(hop, now));
            self.leg_outputs(leg, outputs, now);
        }
        self.settle(now);
    }

    /// The next output; ask until there is none.
    pub fn poll_output(&mut self) -> Option<UaOutput> {
        if let Some(wanted) = self.outbox.poll_wanted() {
            return Some(match wanted {
                Wanted::Transmit(transmit) => UaOutput::Transmit(transmit),
                Wanted::Lookup(id, query) => UaOutput::Lookup { id, query },
            });
        }
        self.outputs.pop_front()
    }

    /// What is held at the moment.
    #[must_use]
    pub fn counts(&self) -> UaCounts {
        UaCounts {
            accounts: self.sessions_accounts(),
            bindings: self.registrar.as_ref().map_or(0, Registrar::len),
            strangers_ignored: self.strangers.unanswered(),
            legs: self.legs.len(),
            transactions: self.outbox.transactions(),
        }
    }

    /// Whether nothing is left that has to be said to a peer: no leg, no binding that is being removed.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.legs.len() == 0 && self.accounts.len() == 0
    }

    /// Accounts that are no trunk's.
    fn sessions_accounts(&self) -> usize {
        self.accounts.len().saturating_sub(self.trunks.registering())
    }

    /// A name for a leg a peer opened.
    pub(super) fn next_leg(&mut self) -> LegId {
        self.last_leg = self.last_leg.wrapping_add(1);
        LegId(INCOMING_LEG | self.last_leg)
    }

    /// Takes everything that came back from the network to whom it concerns.
    pub(super) fn settle(&mut self, now: Instant) {
        while let Some(incoming) = self.outbox.poll_incoming(now) {
            let hop = &mut self.hop;
            match incoming {
                Incoming::Response { owner: Owner::Registration(account), id, response, from } => {
                    self.accounts.heard(account, from.address.ip());
                    let source = self.source.clone();
                    self.registered(account, id, &response, source.as_ref(), now);
                }
                Incoming::Response { owner: Owner::Leg(leg), id, response, from } if self.legs.contains(leg) => {
                    self.outbox.heard(Owner::Leg(leg), from.address.ip());
                    self.legs.drive(leg, |driver| driver.reached(&from, hop));
                    let outputs = self.legs.drive(leg, |driver| driver.response(id, &response, hop, now));
                    self.leg_outputs(leg, outputs, now);
                }
                Incoming::Response { owner: Owner::Message(message), id, response, .. } => {
                    self.message_answered(message, id, &response, now);
                }
                Incoming::Response { owner: Owner::Trunk(trunk), id, response, .. } => {
                    self.qualified(trunk, id, &response);
                }
                Incoming::Response { owner: Owner::Subscription(account), id, response, from } => {
                    if self.mailboxes.contains(account) {
                        self.outbox.heard(Owner::Subscription(account), from.address.ip());
                    }
                    self.subscribed(account, id, &response, now);
                }
                Incoming::Response { owner, id, response, from } => {
                    if let Some(Farewell { ack, bye, next_hop }) = self.strays.answer(id, &response, hop) {
                        self.outbox.heard(owner, from.address.ip());
                        self.outbox.send_ack(ack, &next_hop, owner, now);
                        self.outbox.send(bye, &next_hop, owner, now);
                        self.outbox.forget(owner);
                    }
                }
                Incoming::Abandoned(id, invite, protocol) => {
                    self.strays.keep(id, *invite, protocol, &self.config.timing, now);
                }
                Incoming::Unanswered { owner: Owner::Nobody, .. } => {}
                Incoming::Unanswered { owner: Owner::Message(message), id, why } => {
                    self.message_unanswered(message, id, why);
                }
                Incoming::Unanswered { owner: Owner::Trunk(trunk), id, .. } => self.unqualified(trunk, id),
                Incoming::Unanswered { owner: Owner::Subscription(account), id, why } => {
                    self.subscribe_unanswered(account, id, why, now);
                }
                Incoming::Unanswered { owner: Owner::Registration(account), id, why } => {
                    self.register_unanswered(account, id, why, now);
                }
                Incoming::Unanswered { owner: Owner::Leg(leg), id, why } => {
                    let outputs = self.legs.drive(leg, |driver| driver.unanswered(id, why, hop, now));
                    self.leg_outputs(leg, outputs, now);
                }
                Incoming::Request(id, request, source) => {
                    if self.of_stranger {
                        self.strangers.began(id);
                    }
                    self.request(id, *request, &source, now);
                }
                Incoming::Ended(id) => self.strangers.ended(id),
                Incoming::Ack(request) => self.ack(&request, now),
                Incoming::Cancelled(id, cancel) => self.cancelled(id, cancel.as_deref(), now),
            }
        }
    }

    /// Does what a leg wants done.
    pub(super) fn leg_outputs(&mut self, leg: LegId, outputs: Option<Vec<LegOutput>>, now: Instant) {
        for output in outputs.into_iter().flatten() {
            match output {
                LegOutput::Send(request, hop) => {
                    let hop = self.legs.pinned(leg).cloned().unwrap_or(hop);
                    let id = self.outbox.send(*request, &hop, Owner::Leg(leg), now);
                    self.legs.drive(leg, |driver| driver.sent(id));
                }
                LegOutput::Ack(ack, hop) => {
                    let hop = self.legs.pinned(leg).cloned().unwrap_or(hop);
                    self.outbox.send_ack(*ack, &hop, Owner::Leg(leg), now);
                }
                LegOutput::Cancel(id, reason) => self.outbox.cancel(id, reason, now),
                LegOutput::Respond(id, response) => {
                    if let Err(error) = self.outbox.respond(id, &response, now) {
                        tracing::debug!(leg = leg.0, %error, "a SIP response was not sent");
                    }
                }
                LegOutput::Media(command) => self.outputs.push_back(UaOutput::Media(leg, command)),
                LegOutput::Reconnect(transport) => self.outputs.push_back(UaOutput::Reconnect { leg, transport }),
                LegOutput::Event(event) => self.outputs.push_back(UaOutput::Leg(leg, event)),
                LegOutput::Refer(asked) => self.referred(leg, *asked),
                LegOutput::Forget => {
                    if let Some((id, invite, protocol)) =
                        self.legs.drive(leg, |driver| driver.answered_invite()).flatten()
                    {
                        self.strays.keep(id, invite, protocol, &self.config.timing, now);
                    }
                    self.legs.remove(leg);
                    self.outbox.forget(Owner::Leg(leg));
                }
            }
        }
    }
}

fn gone() -> Failure {
    Failure::new(ErrorCode::InvalidSessionState, "The session has no SIP account any more.")
}
