//! The accounts of sessions and their registrations, as the user agent keeps them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use offhook_protocol::RegistrationState;
use offhook_protocol::event::MessageWaiting;
use offhook_sip::digest::{Client, Credentials};
use offhook_sip::message::{NameAddr, Response, Uri};
use offhook_sip::transaction::{ConnectionId, Destination};

use super::account::SipAccount;
use super::alarms::Alarms;
use super::flows::Flows;
use super::hop::Hop;
use super::instance::{Instance, Instances};
use super::outbox::{Owner, RequestId, Unanswered};
use super::registration::{Means, Registration, RegistrationOutput, Terms};
use super::{AccountId, UaConfig, UaOutput, UserAgent};

/// The accounts, found by name and by their Contact, and when their bindings are due.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    entries: HashMap<AccountId, AccountEntry>,
    /// Which account a Contact's user part stands for.
    contacts: HashMap<String, AccountId>,
    refreshes: Alarms<AccountId>,
    instances: Instances,
    flows: Flows,
}

/// A session's account.
#[derive(Debug)]
struct AccountEntry {
    account: Arc<SipAccount>,
    /// The user part of its Contact.
    contact: String,
    digest: Client,
    registration: Option<Registration>,
    instance: Instance,
    /// What its session was told of its mailbox.
    waiting: Option<MessageWaiting>,
    /// The REGISTER sent last; answers to others come too late.
    request: Option<RequestId>,
    /// Where its registrar's last answer came from.
    server: Option<IpAddr>,
    /// The session is gone; only the removal of the binding is waited for.
    leaving: bool,
}

impl Accounts {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// An account whose session is there.
    pub(super) fn find(&self, id: AccountId) -> Option<&Arc<SipAccount>> {
        self.entries.get(&id).filter(|entry| !entry.leaving).map(|entry| &entry.account)
    }

    /// Where peers reach an account.
    pub(super) fn address(&self, id: AccountId, hop: &Hop) -> Option<NameAddr> {
        let entry = self.entries.get(&id)?;
        let registered = entry.registration.as_ref().map(Registration::address);
        Some(registered.unwrap_or_else(|| hop.contact(&entry.contact, entry.account.protocol)))
    }

    /// An account, also one that is only waited for.
    pub(super) fn entry_account(&self, id: AccountId) -> Option<Arc<SipAccount>> {
        self.entries.get(&id).map(|entry| Arc::clone(&entry.account))
    }

    /// Whether its registrar has an account's Contact, as far as is known.
    pub(super) fn is_registered(&self, id: AccountId) -> bool {
        let entry = self.entries.get(&id);
        entry.and_then(|entry| entry.registration.as_ref()).is_some_and(Registration::may_be_bound)
    }

    /// Notes what waits for an account; `true` if that is news.
    pub(super) fn learn_waiting(&mut self, id: AccountId, waiting: &MessageWaiting) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else { return false };
        entry.waiting.replace(waiting.clone()).as_ref() != Some(waiting)
    }

    /// Whether an address is the account's server's: as it was named, or as it has answered.
    pub(super) fn is_server(&self, id: AccountId, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.entries.get(&id).is_some_and(|entry| {
            let named = entry.account.next_hop.host.ip();
            [named, entry.server].into_iter().flatten().any(|server| server.to_canonical() == ip)
        })
    }

    /// Takes note of where the account's server answers from.
    pub(super) fn heard(&mut self, id: AccountId, ip: IpAddr) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.server = Some(ip);
        }
    }

    /// The account that a Contact's user part stands for.
    pub(super) fn of_contact(&self, user: &str) -> Option<AccountId> {
        self.contacts.get(user).copied()
    }

    /// When the first binding is to be refreshed, or a path to be kept open.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        [self.refreshes.next(), self.flows.poll_timeout()].into_iter().flatten().min()
    }

    fn remove(&mut self, id: AccountId) {
        if let Some(entry) = self.entries.remove(&id) {
            self.contacts.remove(&entry.contact);
            self.instances.give_back(&entry.instance);
        }
        self.refreshes.set(id, None);
        self.flows.remove(id);
    }

    /// Lets an account's registration act.
    fn drive(
        &mut self,
        id: AccountId,
        (hop, config): (&mut Hop, &UaConfig),
        act: impl FnOnce(&mut Registration, &mut Means<'_>) -> Vec<RegistrationOutput>,
    ) -> Vec<RegistrationOutput> {
        let Some(entry) = self.entries.get_mut(&id) else { return Vec::new() };
        let Some(registration) = entry.registration.as_mut() else { return Vec::new() };
        let (destinations, nat) = (&config.destinations, config.nat);
        let mut means = Means { account: &entry.account, digest: &mut entry.digest, hop, destinations, nat };
        let outputs = act(registration, &mut means);
        entry.follow_route(config);
        let refresh = entry.registration.as_ref().and_then(Registration::poll_timeout);
        self.refreshes.set(id, refresh);
        outputs
    }

    /// Whether this is the REGISTER whose answer an account waits for.
    fn awaits(&self, id: AccountId, request: RequestId) -> bool {
        self.entries.get(&id).is_some_and(|entry| entry.request == Some(request))
    }
}

impl AccountEntry {
    /// Has the account's requests take the way that its registrar wants. They go to the first proxy of it at once where
    /// the relay may, and by the account's own server otherwise.
    fn follow_route(&mut self, config: &UaConfig) {
        let route = self.registration.as_ref().map_or(&[][..], Registration::service_route);
        if route == self.account.service_route {
            return;
        }
        let first = route.first().filter(|_| !self.account.has_outbound_proxy).and_then(|first| match &first.uri {
            Uri::Sip(uri) => Some(uri.host_port().clone()),
            _ => None,
        });
        let service_hop = first.filter(|hop| config.destinations.allow(&hop.host.to_string()));
        let account = SipAccount { service_route: route.to_vec(), service_hop, ..SipAccount::clone(&self.account) };
        self.account = Arc::new(account);
    }
}

impl UserAgent {
    /// Takes a session's account, and registers it where it asks for that.
    pub fn register(&mut self, id: AccountId, account: SipAccount, now: Instant) {
        self.accounts.remove(id);
        let contact = self.hop.token();
        let digest = Client::new(credentials(&account));
        let instance = self.accounts.instances.take(&account);
        let registration = if account.register { self.new_registration(&contact, &account, &instance) } else { None };
        self.accounts.contacts.insert(contact.clone(), id);
        let account = Arc::new(account);
        let waiting = None;
        let entry = AccountEntry {
            account,
            contact,
            digest,
            registration,
            instance,
            waiting,
            request: None,
            server: None,
            leaving: false,
        };
        self.accounts.entries.insert(id, entry);
        self.refresh(id, now);
        self.settle(now);
    }

    /// Forgets a session's account; its binding is removed first, where it has one.
    pub fn unregister(&mut self, id: AccountId, now: Instant) {
        self.leave_mailbox(id, now);
        let Some(entry) = self.accounts.entries.get_mut(&id) else { return };
        entry.leaving = true;
        self.accounts.contacts.remove(&entry.contact);
        let outputs = self.accounts.drive(id, (&mut self.hop, &self.config), Registration::remove);
        let registration = self.accounts.entries.get(&id).and_then(|entry| entry.registration.as_ref());
        if !registration.is_some_and(Registration::may_be_bound) {
            self.accounts.remove(id);
        }
        self.registration_outputs(id, outputs, now);
        self.settle(now);
    }

    /// Refreshes the bindings that are due, and keeps the paths to registrars open.
    pub(super) fn refresh_due(&mut self, now: Instant) {
        let pings = self.accounts.flows.pings(self.config.keep_alive, now);
        self.outputs.extend(pings.into_iter().map(UaOutput::Transmit));
        for id in self.accounts.refreshes.due(now) {
            self.refresh(id, now);
        }
    }

    /// A connection has ended: accounts that were registered over it are so anew.
    pub(super) fn flow_closed(&mut self, connection: ConnectionId, now: Instant) {
        for id in self.accounts.flows.closed(connection) {
            self.accounts.drive(id, (&mut self.hop, &self.config), |registration, means| {
                registration.flow_lost(means.hop, now);
                Vec::new()
            });
        }
    }

    /// Takes a response to a REGISTER, from where it came.
    pub(super) fn registered(
        &mut self,
        id: AccountId,
        request: RequestId,
        response: &Response,
        source: Option<&Destination>,
        now: Instant,
    ) {
        if self.accounts.awaits(id, request) {
            if let Some(source) = source.filter(|_| response.status().is_success()) {
                self.accounts.flows.set(id, source, self.config.keep_alive, now);
            }
            let means = (&mut self.hop, &self.config);
            let outputs =
                self.accounts.drive(id, means, |registration, means| registration.receive(response, means, now));
            self.registration_outputs(id, outputs, now);
            self.mailbox_follows(id, now);
        }
    }

    /// A REGISTER got no response.
    pub(super) fn register_unanswered(&mut self, id: AccountId, request: RequestId, why: Unanswered, now: Instant) {
        if self.accounts.awaits(id, request) {
            let means = (&mut self.hop, &self.config);
            let outputs =
                self.accounts.drive(id, means, |registration, means| registration.unanswered(why, means.hop, now));
            self.registration_outputs(id, outputs, now);
        }
    }

    fn new_registration(&mut self, contact: &str, account: &SipAccount, instance: &Instance) -> Option<Registration> {
        let contact = self.hop.contact(contact, account.protocol);
        let relay = self.config.locals.first().map(|local| local.addr.to_string()).unwrap_or_default();
        let instance = instance.urn(&relay);
        let (expires, user_agent, gruu) = (self.config.expires, &self.config.user_agent, self.config.gruu);
        let terms = Terms { expires, user_agent, instance: &instance, gruu };
        let made = Registration::new(contact, &terms, account, &mut self.hop);
        made.inspect_err(|error| tracing::error!(%error, "a registration could not be made")).ok()
    }

    fn refresh(&mut self, id: AccountId, now: Instant) {
        let outputs = self.accounts.drive(id, (&mut self.hop, &self.config), Registration::refresh);
        self.registration_outputs(id, outputs, now);
    }

    fn registration_outputs(&mut self, id: AccountId, outputs: Vec<RegistrationOutput>, now: Instant) {
        for output in outputs {
            match output {
                RegistrationOutput::Send(request, hop) => {
                    let sent = self.outbox.send(*request, &hop, Owner::Registration(id), now);
                    let Some(entry) = self.accounts.entries.get_mut(&id) else { return };
                    entry.request = Some(sent);
                }
                RegistrationOutput::Changed(state, failure) => {
                    let leaving = self.accounts.entries.get(&id).is_some_and(|entry| entry.leaving);
                    if leaving && state != RegistrationState::Registered {
                        self.accounts.remove(id);
                    }
                    self.outputs.push_back(UaOutput::Registration { account: id, state, failure });
                    if state == RegistrationState::Registered {
                        self.watch_mailbox(id, now);
                    }
                }
            }
        }
    }
}

/// What answers challenges for an account.
pub(super) fn credentials(account: &SipAccount) -> Credentials {
    Credentials::new(&account.authentication_name, account.password.reveal())
}
