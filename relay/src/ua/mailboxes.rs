//! What waits in the mailboxes of accounts (RFC 3842): subscribed to where an app wants that, and taken unasked from servers
//! that tell it so.

use std::collections::HashMap;
use std::time::Instant;

use offhook_sip::digest::Client;
use offhook_sip::message::{Capabilities, HeaderName, Method, Request, Response, StatusCode};
use offhook_sip::transaction::ServerId;

use super::account::SipAccount;
use super::accounts::credentials;
use super::alarms::Alarms;
use super::dispatch::dialled;
use super::hop::Hop;
use super::message_summary::{self, MAX_BODY, MESSAGE_SUMMARY, PACKAGE};
use super::outbox::{Owner, RequestId, Unanswered};
use super::subscription::{Means, Subscribe, Subscription};
use super::{AccountId, UaOutput, UserAgent};

const CAPABILITIES: Capabilities<'static> = Capabilities {
    methods: &[Method::Notify],
    extensions: &[],
    schemes: &["sip"],
    content_types: &[MESSAGE_SUMMARY],
    max_body: MAX_BODY,
};

/// The mailboxes of accounts.
#[derive(Debug, Default)]
pub(super) struct Mailboxes {
    entries: HashMap<AccountId, Mailbox>,
    /// By the tag that NOTIFYs are sent to.
    tags: HashMap<String, AccountId>,
    due: Alarms<AccountId>,
}

/// One of them.
#[derive(Debug)]
struct Mailbox {
    subscription: Subscription,
    digest: Client,
    /// The SUBSCRIBE sent last; answers to others come too late.
    request: Option<RequestId>,
}

impl Mailboxes {
    /// Whether an account's mailbox is watched.
    pub(super) fn contains(&self, id: AccountId) -> bool {
        self.entries.contains_key(&id)
    }

    /// When the first subscription is to be refreshed.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.due.next()
    }

    /// The subscription that a NOTIFY belongs to.
    fn meant(&self, notify: &Request) -> Option<AccountId> {
        let to = notify.headers().to().ok()?;
        let id = *self.tags.get(to.tag()?)?;
        self.entries.get(&id).is_some_and(|mailbox| mailbox.subscription.is_meant(notify)).then_some(id)
    }

    fn insert(&mut self, id: AccountId, mailbox: Mailbox) {
        self.tags.insert(mailbox.subscription.tag().to_owned(), id);
        self.entries.insert(id, mailbox);
    }

    fn remove(&mut self, id: AccountId) {
        if let Some(mailbox) = self.entries.remove(&id) {
            self.tags.remove(mailbox.subscription.tag());
        }
        self.due.set(id, None);
    }

    fn drive<R>(
        &mut self,
        id: AccountId,
        (account, hop): (&SipAccount, &mut Hop),
        act: impl FnOnce(&mut Subscription, &mut Means<'_>) -> R,
    ) -> Option<R> {
        let mailbox = self.entries.get_mut(&id)?;
        let mut means = Means { account, digest: &mut mailbox.digest, hop };
        let former = mailbox.subscription.tag().to_owned();
        let result = act(&mut mailbox.subscription, &mut means);
        // One that was begun anew is another.
        if former != mailbox.subscription.tag() {
            self.tags.remove(&former);
            self.tags.insert(mailbox.subscription.tag().to_owned(), id);
        }
        self.due.set(id, mailbox.subscription.poll_timeout());
        Some(result)
    }
}

impl UserAgent {
    /// Begins to watch the mailbox of an account, once it is registered.
    pub(super) fn watch_mailbox(&mut self, id: AccountId, now: Instant) {
        let Some(account) = self.accounts.find(id).filter(|account| account.message_waiting) else { return };
        if self.mailboxes.entries.contains_key(&id) {
            return;
        }
        let digest = Client::new(credentials(account));
        let Some(contact) = self.accounts.address(id, &self.hop) else { return };
        match Subscription::new(contact, &self.config.user_agent, &mut self.hop) {
            Ok(subscription) => {
                self.mailboxes.insert(id, Mailbox { subscription, digest, request: None });
                self.drive_mailbox(id, now, Subscription::ask);
            }
            Err(error) => tracing::error!(%error, "a subscription could not be made"),
        }
    }

    /// Tells the server that keeps the mailbox where the account is reached now, where that has changed.
    pub(super) fn mailbox_follows(&mut self, id: AccountId, now: Instant) {
        let Some(mailbox) = self.mailboxes.entries.get_mut(&id) else { return };
        let Some(contact) = self.accounts.address(id, &self.hop) else { return };
        if mailbox.subscription.move_to(&contact) {
            self.drive_mailbox(id, now, Subscription::ask);
        }
    }

    /// The account leaves: its subscription ends.
    pub(super) fn leave_mailbox(&mut self, id: AccountId, now: Instant) {
        self.drive_mailbox(id, now, Subscription::end);
        self.mailboxes.remove(id);
        self.outbox.forget(Owner::Subscription(id));
    }

    /// Refreshes the subscriptions that are due.
    pub(super) fn mailboxes_due(&mut self, now: Instant) {
        for id in self.mailboxes.due.due(now) {
            self.drive_mailbox(id, now, Subscription::ask);
        }
    }

    /// Takes a response to a SUBSCRIBE.
    pub(super) fn subscribed(&mut self, id: AccountId, request: RequestId, response: &Response, now: Instant) {
        if self.awaits_subscription(id, request) {
            self.drive_mailbox(id, now, |subscription, means| subscription.receive(response, means, now));
        }
    }

    /// A SUBSCRIBE got no response.
    pub(super) fn subscribe_unanswered(&mut self, id: AccountId, request: RequestId, _: Unanswered, now: Instant) {
        if self.awaits_subscription(id, request) {
            self.drive_mailbox(id, now, |subscription, means| {
                subscription.unanswered(means.hop, now);
                None
            });
        }
    }

    /// Takes a NOTIFY about waiting messages: of a subscription of ours, or to the Contact of a registration, where only
    /// its registrar can have that from.
    pub(super) fn mailbox_notified(&mut self, id: ServerId, notify: &Request, tag: &str, now: Instant) {
        if let Err(rejection) = notify.check(&CAPABILITIES) {
            if let Ok(Some(reply)) = rejection.reply(notify, tag) {
                self.answer(id, &reply, now);
            }
            return;
        }
        let subscribed = self.mailboxes.meant(notify);
        let registered = || {
            let account = self.accounts.of_contact(&dialled(notify)?)?;
            let asked = notify.headers().to().is_ok_and(|to| to.tag().is_some());
            self.accounts.is_registered(account).then_some(account).filter(|_| !asked)
        };
        let Some(account) = subscribed.or_else(registered) else {
            return self.refuse(id, notify, StatusCode::CALL_DOES_NOT_EXIST, tag, now);
        };
        self.refuse(id, notify, StatusCode::OK, tag, now);
        if subscribed.is_some() {
            self.drive_mailbox(account, now, |subscription, means| {
                subscription.notified(notify, means.hop, now);
                None
            });
        }
        if let Some(waiting) = message_summary::read(notify.body())
            && self.accounts.learn_waiting(account, &waiting)
        {
            self.outputs.push_back(UaOutput::Waiting { account, waiting });
        }
    }

    /// Whether a request is a NOTIFY about waiting messages.
    pub(super) fn is_about_mailbox(request: &Request) -> bool {
        let package = request.headers().first(&HeaderName::Event).map(offhook_sip::message::Header::text);
        let package = package.as_deref().map(|event| event.split(';').next().unwrap_or_default().trim());
        *request.method() == Method::Notify && package.is_some_and(|package| package.eq_ignore_ascii_case(PACKAGE))
    }

    fn awaits_subscription(&self, id: AccountId, request: RequestId) -> bool {
        self.mailboxes.entries.get(&id).is_some_and(|mailbox| mailbox.request == Some(request))
    }

    fn drive_mailbox(
        &mut self,
        id: AccountId,
        now: Instant,
        act: impl FnOnce(&mut Subscription, &mut Means<'_>) -> Subscribe,
    ) {
        let Some(account) = self.accounts.entry_account(id) else { return };
        let Some(Some((request, next_hop))) = self.mailboxes.drive(id, (&account, &mut self.hop), act) else { return };
        let sent = self.outbox.send(*request, &next_hop, Owner::Subscription(id), now);
        if let Some(mailbox) = self.mailboxes.entries.get_mut(&id) {
            mailbox.request = Some(sent);
        }
    }
}
