//! The user agent: accounts and legs, and what comes from and goes to the network for them.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use offhook_media::{Event, LegId, RtpLocal};
use offhook_protocol::{ErrorCode, Failure, RegistrationState};
use offhook_sip::digest::{Client, Credentials};

use super::account::SipAccount;
use super::hop::Hop;
use super::leg::{Caller, Identity, LegOutput, SipLeg};
use super::outbox::{Incoming, NextHop, Outbox, Owner, Unanswered, Wanted};
use super::registration::{Registration, RegistrationOutput};
use super::transport::TransportEvent;
use super::{AccountId, LookupId, UaConfig, UaCounts, UaOutput};
use crate::call::LegCommand;

/// Set in the names of legs the user agent makes, so that they never meet one of the relay's.
const INCOMING_LEG: u64 = 1 << 63;

/// Everything the relay does as a SIP user agent.
#[derive(Debug)]
pub struct UserAgent {
    pub(super) config: UaConfig,
    pub(super) identity: Identity,
    pub(super) hop: Hop,
    pub(super) outbox: Outbox,
    pub(super) accounts: HashMap<AccountId, AccountEntry>,
    /// Which account a Contact's user part stands for.
    pub(super) contacts: HashMap<String, AccountId>,
    pub(super) legs: HashMap<LegId, SipLeg>,
    pub(super) outputs: VecDeque<UaOutput>,
    last_leg: u64,
}

/// A session's account.
#[derive(Debug)]
pub(super) struct AccountEntry {
    pub(super) account: Arc<SipAccount>,
    /// The user part of its Contact.
    pub(super) contact: String,
    digest: Client,
    registration: Option<Registration>,
    /// The session is gone; only the removal of the binding is waited for.
    leaving: bool,
}

impl UserAgent {
    /// A user agent without accounts. `random` must be fit for secrets.
    pub fn new(config: UaConfig, random: impl FnMut() -> u64 + Send + Clone + 'static) -> Self {
        let timing = config.timing;
        let tags = random.clone();
        Self {
            identity: Identity { user_agent: Arc::from(config.user_agent.as_str()), timing },
            hop: Hop::new(config.udp, config.tcp, random),
            outbox: Outbox::new(timing, tags),
            config,
            accounts: HashMap::new(),
            contacts: HashMap::new(),
            legs: HashMap::new(),
            outputs: VecDeque::new(),
            last_leg: 0,
        }
    }

    /// Takes a session's account, and registers it where it asks for that.
    pub fn register(&mut self, id: AccountId, account: SipAccount, now: Instant) {
        let contact = self.hop.token();
        let digest = Client::new(Credentials::new(&account.authentication_name, account.password.reveal()));
        let registration = if account.register { self.new_registration(&contact, &account) } else { None };
        self.contacts.insert(contact.clone(), id);
        let account = Arc::new(account);
        let entry = AccountEntry { account, contact, digest, registration, leaving: false };
        self.accounts.insert(id, entry);
        self.refresh(id, now);
    }

    /// Forgets a session's account; its binding is removed first, where it has one.
    pub fn unregister(&mut self, id: AccountId, now: Instant) {
        let Some(entry) = self.accounts.get_mut(&id) else { return };
        entry.leaving = true;
        self.contacts.remove(&entry.contact);
        let outputs = match entry.registration.as_mut() {
            Some(registration) => registration.remove(&entry.account, &mut entry.digest, &mut self.hop),
            None => Vec::new(),
        };
        if outputs.is_empty() {
            self.accounts.remove(&id);
        }
        self.registration_outputs(id, outputs, now);
    }

    /// Opens an outgoing leg; [`LegCommand::Invite`] comes next.
    ///
    /// # Errors
    /// When what was dialled is no SIP address, or the account is gone.
    pub fn open_leg(&mut self, leg: LegId, account: AccountId, local: RtpLocal, callee: &str) -> Result<(), Failure> {
        let entry = self.accounts.get(&account).ok_or_else(gone)?;
        let target = entry.account.target(callee)?;
        let account = Arc::clone(&entry.account);
        let contact = self.hop.contact(&entry.contact, account.protocol);
        let caller = Caller { account, contact, digest: entry.digest.clone() };
        let opened = SipLeg::outgoing(leg, caller, local, target, &self.identity, &mut self.hop);
        self.legs.insert(leg, opened);
        Ok(())
    }

    /// Gives an incoming leg its RTP port.
    pub fn attach_rtp(&mut self, leg: LegId, local: RtpLocal) {
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.attach_rtp(local);
        }
    }

    /// Takes what the core says to a SIP leg.
    pub fn leg_command(&mut self, leg: LegId, command: LegCommand, now: Instant) {
        if let Some(driver) = self.legs.get_mut(&leg) {
            let outputs = driver.command(command, &mut self.hop, now);
            self.leg_outputs(leg, outputs, now);
        }
    }

    /// Takes what a media worker says about a SIP leg.
    pub fn media_event(&mut self, event: &Event) {
        if let Some((leg, event)) = super::leg::of_media(event)
            && self.legs.contains_key(&leg)
        {
            self.outputs.push_back(UaOutput::Leg(leg, event));
        }
    }

    /// Takes what the sockets report.
    pub fn receive(&mut self, event: TransportEvent, now: Instant) {
        match event {
            TransportEvent::Message { from, message } => self.outbox.receive(*message, from, now),
            TransportEvent::Failed { transaction } => self.outbox.transport_failed(transaction, now),
        }
        self.settle(now);
    }

    /// The result of a lookup; no address means that the name leads nowhere.
    pub fn resolved(&mut self, lookup: LookupId, addresses: &[SocketAddr], now: Instant) {
        self.outbox.resolved(lookup, addresses, now);
        self.settle(now);
    }

    /// When [`UserAgent::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let registrations = self.accounts.values().filter_map(|entry| entry.registration.as_ref()?.poll_timeout());
        let legs = self.legs.values().filter_map(SipLeg::poll_timeout);
        registrations.chain(legs).chain(self.outbox.poll_timeout()).min()
    }

    /// Lets every timer that is due act.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.outbox.handle_timeout(now);
        self.settle(now);
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let accounts = self.accounts.iter();
        let refresh: Vec<AccountId> = accounts
            .filter(|(_, entry)| due(entry.registration.as_ref().and_then(Registration::poll_timeout)))
            .map(|(id, _)| *id)
            .collect();
        for id in refresh {
            self.refresh(id, now);
        }
        let legs: Vec<LegId> = self.legs.iter().filter(|(_, leg)| due(leg.poll_timeout())).map(|(id, _)| *id).collect();
        for id in legs {
            if let Some(leg) = self.legs.get_mut(&id) {
                let outputs = leg.handle_timeout(&mut self.hop, now);
                self.leg_outputs(id, outputs, now);
            }
        }
        self.settle(now);
    }

    /// The next output; ask until there is none.
    pub fn poll_output(&mut self) -> Option<UaOutput> {
        if let Some(wanted) = self.outbox.poll_wanted() {
            return Some(match wanted {
                Wanted::Transmit(transmit) => UaOutput::Transmit(transmit),
                Wanted::Lookup(id, host, port) => UaOutput::Lookup { id, host, port },
            });
        }
        self.outputs.pop_front()
    }

    /// What is held at the moment.
    #[must_use]
    pub fn counts(&self) -> UaCounts {
        UaCounts { accounts: self.accounts.len(), legs: self.legs.len(), transactions: self.outbox.transactions() }
    }

    /// Whether nothing is left that has to be said to a peer: no leg, no binding that is being removed.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.legs.is_empty() && self.accounts.is_empty()
    }

    /// A name for a leg a peer opened.
    pub(super) fn next_leg(&mut self) -> LegId {
        self.last_leg = self.last_leg.wrapping_add(1);
        LegId(INCOMING_LEG | self.last_leg)
    }

    /// Takes everything that came back from the network to whom it concerns.
    fn settle(&mut self, now: Instant) {
        while let Some(incoming) = self.outbox.poll_incoming() {
            match incoming {
                Incoming::Response { owner: Owner::Registration(id), response, .. } => {
                    self.registered(id, &response, now);
                }
                Incoming::Response { owner: Owner::Leg(leg), id, response } => {
                    if let Some(driver) = self.legs.get_mut(&leg) {
                        let outputs = driver.response(id, &response, &mut self.hop, now);
                        self.leg_outputs(leg, outputs, now);
                    }
                }
                Incoming::Unanswered { owner: Owner::Registration(id), why, .. } => {
                    self.register_unanswered(id, why, now);
                }
                Incoming::Unanswered { owner: Owner::Leg(leg), id, why } => {
                    if let Some(driver) = self.legs.get_mut(&leg) {
                        let outputs = driver.unanswered(id, why, &mut self.hop);
                        self.leg_outputs(leg, outputs, now);
                    }
                }
                Incoming::Request(id, request) => self.request(id, *request, now),
                Incoming::Ack(request) => self.ack(&request, now),
                Incoming::Cancelled(id) => self.cancelled(id, now),
            }
        }
    }

    /// Does what a leg wants done.
    pub(super) fn leg_outputs(&mut self, leg: LegId, outputs: Vec<LegOutput>, now: Instant) {
        for output in outputs {
            match output {
                LegOutput::Send(request, hop) => {
                    let id = self.outbox.send(*request, &hop, Owner::Leg(leg), now);
                    if let Some(driver) = self.legs.get_mut(&leg) {
                        driver.sent(id);
                    }
                }
                LegOutput::Ack(ack, hop) => self.outbox.send_ack(*ack, &hop, now),
                LegOutput::Cancel(id) => self.outbox.cancel(id, now),
                LegOutput::Respond(id, response) => {
                    if let Err(error) = self.outbox.respond(id, &response, now) {
                        tracing::debug!(leg = leg.0, %error, "a SIP response was not sent");
                    }
                }
                LegOutput::Media(command) => self.outputs.push_back(UaOutput::Media(leg, command)),
                LegOutput::Event(event) => self.outputs.push_back(UaOutput::Leg(leg, event)),
                LegOutput::Forget => {
                    self.legs.remove(&leg);
                }
            }
        }
    }

    fn new_registration(&mut self, contact: &str, account: &SipAccount) -> Option<Registration> {
        let contact = self.hop.contact(contact, account.protocol);
        let made = Registration::new(contact, self.config.expires, &self.config.user_agent, &mut self.hop);
        made.inspect_err(|error| tracing::error!(%error, "a registration could not be made")).ok()
    }

    fn refresh(&mut self, id: AccountId, now: Instant) {
        let Some(entry) = self.accounts.get_mut(&id) else { return };
        let Some(registration) = entry.registration.as_mut() else { return };
        let outputs = registration.refresh(&entry.account, &mut entry.digest, &mut self.hop);
        self.registration_outputs(id, outputs, now);
    }

    fn registered(&mut self, id: AccountId, response: &offhook_sip::message::Response, now: Instant) {
        let Some(entry) = self.accounts.get_mut(&id) else { return };
        let Some(registration) = entry.registration.as_mut() else { return };
        let outputs = registration.receive(response, &entry.account, &mut entry.digest, &mut self.hop, now);
        self.registration_outputs(id, outputs, now);
    }

    fn register_unanswered(&mut self, id: AccountId, why: Unanswered, now: Instant) {
        let Some(registration) = self.accounts.get_mut(&id).and_then(|entry| entry.registration.as_mut()) else {
            return;
        };
        let outputs = registration.unanswered(match why {
            Unanswered::Timeout => ErrorCode::Timeout,
            Unanswered::Unreachable => ErrorCode::Unreachable,
        });
        self.registration_outputs(id, outputs, now);
    }

    fn registration_outputs(&mut self, id: AccountId, outputs: Vec<RegistrationOutput>, now: Instant) {
        for output in outputs {
            match output {
                RegistrationOutput::Send(request) => {
                    let Some(entry) = self.accounts.get(&id) else { return };
                    let hop = NextHop::of_account(&entry.account);
                    self.outbox.send(*request, &hop, Owner::Registration(id), now);
                }
                RegistrationOutput::Changed(state, failure) => {
                    let leaving = self.accounts.get(&id).is_some_and(|entry| entry.leaving);
                    if leaving && state != RegistrationState::Registered {
                        self.accounts.remove(&id);
                    }
                    self.outputs.push_back(UaOutput::Registration { account: id, state, failure });
                }
            }
        }
    }
}

fn gone() -> Failure {
    Failure::new(ErrorCode::InvalidSessionState, "The session has no SIP account any more.")
}
