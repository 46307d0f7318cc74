//! The accounts of sessions and their registrations, as the user agent keeps them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use offhook_protocol::RegistrationState;
use offhook_sip::digest::{Client, Credentials};
use offhook_sip::message::Response;

use super::account::SipAccount;
use super::alarms::Alarms;
use super::outbox::{NextHop, Owner, RequestId, Unanswered};
use super::registration::{Registration, RegistrationOutput};
use super::{AccountId, UaOutput, UserAgent};

/// The accounts, found by name and by their Contact, and when their bindings are due.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    entries: HashMap<AccountId, AccountEntry>,
    /// Which account a Contact's user part stands for.
    contacts: HashMap<String, AccountId>,
    refreshes: Alarms<AccountId>,
}

/// A session's account.
#[derive(Debug)]
struct AccountEntry {
    account: Arc<SipAccount>,
    /// The user part of its Contact.
    contact: String,
    digest: Client,
    registration: Option<Registration>,
    /// The REGISTER sent last; answers to others come too late.
    request: Option<RequestId>,
    /// The session is gone; only the removal of the binding is waited for.
    leaving: bool,
}

impl Accounts {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// An account whose session is there, and the user part of its Contact.
    pub(super) fn find(&self, id: AccountId) -> Option<(&Arc<SipAccount>, &str)> {
        let entry = self.entries.get(&id).filter(|entry| !entry.leaving)?;
        Some((&entry.account, &entry.contact))
    }

    /// The account that a Contact's user part stands for.
    pub(super) fn of_contact(&self, user: &str) -> Option<AccountId> {
        self.contacts.get(user).copied()
    }

    /// When the first binding is to be refreshed.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.refreshes.next()
    }

    fn remove(&mut self, id: AccountId) {
        if let Some(entry) = self.entries.remove(&id) {
            self.contacts.remove(&entry.contact);
        }
        self.refreshes.set(id, None);
    }
}

impl UserAgent {
    /// Takes a session's account, and registers it where it asks for that.
    pub fn register(&mut self, id: AccountId, account: SipAccount, now: Instant) {
        self.accounts.remove(id);
        let contact = self.hop.token();
        let digest = Client::new(credentials(&account));
        let registration = if account.register { self.new_registration(&contact, &account) } else { None };
        self.accounts.contacts.insert(contact.clone(), id);
        let account = Arc::new(account);
        let entry = AccountEntry { account, contact, digest, registration, request: None, leaving: false };
        self.accounts.entries.insert(id, entry);
        self.refresh(id, now);
        self.settle(now);
    }

    /// Forgets a session's account; its binding is removed first, where it has one.
    pub fn unregister(&mut self, id: AccountId, now: Instant) {
        let Some(entry) = self.accounts.entries.get_mut(&id) else { return };
        entry.leaving = true;
        self.accounts.contacts.remove(&entry.contact);
        let Some(registration) = entry.registration.as_mut() else { return self.accounts.remove(id) };
        let outputs = registration.remove(&entry.account, &mut entry.digest, &mut self.hop);
        if !registration.may_be_bound() {
            self.accounts.remove(id);
        }
        self.registration_outputs(id, outputs, now);
        self.settle(now);
    }

    /// Refreshes the bindings that are due.
    pub(super) fn refresh_due(&mut self, now: Instant) {
        for id in self.accounts.refreshes.due(now) {
            self.refresh(id, now);
        }
    }

    /// Takes a response to a REGISTER.
    pub(super) fn registered(&mut self, id: AccountId, request: RequestId, response: &Response, now: Instant) {
        let Some(entry) = self.accounts.entries.get_mut(&id) else { return };
        let Some(registration) = entry.registration.as_mut().filter(|_| entry.request == Some(request)) else { return };
        let outputs = registration.receive(response, &entry.account, &mut entry.digest, &mut self.hop, now);
        self.registration_outputs(id, outputs, now);
    }

    /// A REGISTER got no response.
    pub(super) fn register_unanswered(&mut self, id: AccountId, request: RequestId, why: Unanswered, now: Instant) {
        let Some(entry) = self.accounts.entries.get_mut(&id) else { return };
        let Some(registration) = entry.registration.as_mut().filter(|_| entry.request == Some(request)) else { return };
        let outputs = registration.unanswered(why, &mut self.hop, now);
        self.registration_outputs(id, outputs, now);
    }

    fn new_registration(&mut self, contact: &str, account: &SipAccount) -> Option<Registration> {
        let contact = self.hop.contact(contact, account.protocol);
        let made = Registration::new(contact, self.config.expires, &self.config.user_agent, &mut self.hop);
        made.inspect_err(|error| tracing::error!(%error, "a registration could not be made")).ok()
    }

    fn refresh(&mut self, id: AccountId, now: Instant) {
        let Some(entry) = self.accounts.entries.get_mut(&id) else { return };
        let Some(registration) = entry.registration.as_mut() else { return };
        let outputs = registration.refresh(&entry.account, &mut entry.digest, &mut self.hop);
        self.registration_outputs(id, outputs, now);
    }

    fn registration_outputs(&mut self, id: AccountId, outputs: Vec<RegistrationOutput>, now: Instant) {
        if let Some(entry) = self.accounts.entries.get(&id) {
            let refresh = entry.registration.as_ref().and_then(Registration::poll_timeout);
            self.accounts.refreshes.set(id, refresh);
        }
        for output in outputs {
            match output {
                RegistrationOutput::Send(request) => {
                    let Some(entry) = self.accounts.entries.get_mut(&id) else { return };
                    let hop = NextHop::of_account(&entry.account);
                    entry.request = Some(self.outbox.send(*request, &hop, Owner::Registration(id), now));
                }
                RegistrationOutput::Changed(state, failure) => {
                    let leaving = self.accounts.entries.get(&id).is_some_and(|entry| entry.leaving);
                    if leaving && state != RegistrationState::Registered {
                        self.accounts.remove(id);
                    }
                    self.outputs.push_back(UaOutput::Registration { account: id, state, failure });
                }
            }
        }
    }
}

/// What answers challenges for an account.
pub(super) fn credentials(account: &SipAccount) -> Credentials {
    Credentials::new(&account.authentication_name, account.password.reveal())
}
