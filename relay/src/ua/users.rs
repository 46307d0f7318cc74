//! Users of the relay's own who come over SIP: they register, prove who they are, and are called at their phones.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use offhook_media::LegId;
use offhook_protocol::{Failure, Secret};
use offhook_sip::message::{Host, HostPort, NameAddr, Request, StatusCode, Uri};
use offhook_sip::transaction::{Destination, ServerId};

use super::account::{Protocol, SipAccount};
use super::attachment::{MediaKind, MediaLocal};
use super::leg::{Caller, SipLeg};
use super::outbox::NextHop;
use super::registrar::{Asker, Identified, Reach, Registrar};
use super::strangers::Strangers;
use super::{Source, UserAgent};
use crate::call::failure_for_status;
use crate::config::{Config, StrangerPolicy};

/// A phone that a user is registered at.
#[derive(Debug)]
pub struct Phone {
    reach: Reach,
    protocol: Protocol,
}

impl Phone {
    /// What carries its media.
    #[must_use]
    pub fn media(&self) -> MediaKind {
        MediaKind::of_protocol(self.protocol)
    }

    /// Where it registered from.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.reach.flow.address.ip()
    }
}

impl UserAgent {
    /// The same user agent for the trunks and users of this configuration.
    #[must_use]
    pub fn serving(mut self, config: &Config) -> Self {
        let hop = &mut self.hop;
        self.registrar = Some(Registrar::new(config.registrar.clone(), &config.users, || hop.number()));
        self.strangers =
            Strangers::new(config.sip.strangers, config.sip.stranger_rate).sharing(config.limits.transactions);
        self.with_trunks(&config.trunks)
    }

    /// The phones that a user is registered at, the one registered last first.
    #[must_use]
    pub fn user_phones(&self, user: &str, now: Instant) -> Vec<Phone> {
        let phone =
            |reach: Reach| Protocol::of_transport(&reach.flow.transport).map(|protocol| Phone { reach, protocol });
        self.registrar.iter().flat_map(|registrar| registrar.reaches(user, now)).filter_map(phone).collect()
    }

    /// Opens an outgoing leg to a user's phone; [`LegCommand::Invite`](crate::call::LegCommand::Invite) comes next.
    ///
    /// # Errors
    /// When its Contact is no SIP address.
    pub fn open_phone_leg(&mut self, leg: LegId, phone: Phone, local: MediaLocal) -> Result<(), Failure> {
        let away = || failure_for_status(480, "Temporarily Unavailable");
        let Phone { reach, protocol } = phone;
        let Uri::Sip(target) = reach.contact.uri else { return Err(away()) };
        let flow = reach.flow.address;
        let next_hop = HostPort { host: Host::Ip(flow.ip()), port: Some(flow.port()) };
        let contact = self.hop.contact_for("calls", protocol, flow.ip());
        let account = SipAccount::of_relay(&contact, next_hop, protocol, reach.path);
        let caller = Caller { account: Arc::new(account), contact, digest: None };
        let opened =
            SipLeg::outgoing(leg, caller, Some(local), target.without_headers(), &self.identity, &mut self.hop);
        self.legs.insert(leg, opened.of_user(&reach.user));
        self.legs.pin(leg, NextHop::over(reach.flow));
        Ok(())
    }

    /// Takes a REGISTER.
    pub(super) fn registers(&mut self, id: ServerId, request: &Request, from: &Destination, tag: &str, now: Instant) {
        let serves = self.registrar.as_ref().is_some_and(|registrar| registrar.serves(request));
        if !serves {
            return self.refuse(id, request, StatusCode::FORBIDDEN, tag, now);
        }
        // RFC 3261 section 10.3: only such an address is ever bound, whoever asks (RFC 4475 section 3.3.4).
        if request.headers().to().is_ok_and(|to| to.uri.sip().is_none()) {
            return self.refuse(id, request, StatusCode::BAD_REQUEST, tag, now);
        }
        let Some(user) = self.identified(id, request, from, Asker::Registrar, tag, now) else { return };
        let Some(registrar) = self.registrar.as_mut() else { return };
        let reply = registrar.register(&user, request, from, now);
        self.answer_built(id, reply.to_tag(tag), now);
    }

    /// Whether an INVITE has to be its sender's own: it comes from where a phone of a user's is, or says that it is one's.
    pub(super) fn is_users(&self, request: &Request, from: &Destination) -> bool {
        let theirs = |registrar: &Registrar| registrar.knows(from.address.ip()) || registrar.is_answered(request);
        self.registrar.as_ref().is_some_and(theirs)
    }

    /// Whoever may send this: a stranger who comes from where a user's phone is, or says that it is one, is that user or
    /// nobody; any other as the policy has it. One who may not, or has to be asked first, is answered here.
    pub(super) fn admitted(
        &mut self,
        id: ServerId,
        request: &Request,
        (sender, from): (Source, &Destination),
        tag: &str,
        now: Instant,
    ) -> Option<Source> {
        match sender {
            Source::Stranger if self.is_users(request, from) => {
                self.identified(id, request, from, Asker::Proxy, tag, now).map(Source::User)
            }
            Source::Stranger if self.strangers.policy() == StrangerPolicy::Refuse => {
                self.refuse(id, request, StatusCode::FORBIDDEN, tag, now);
                None
            }
            sender => Some(sender),
        }
    }

    /// Who sent a request. One whose sender has to be asked first, or is refused, is answered here.
    pub(super) fn identified(
        &mut self,
        id: ServerId,
        request: &Request,
        from: &Destination,
        asker: Asker,
        tag: &str,
        now: Instant,
    ) -> Option<String> {
        let registrar = self.registrar.as_mut()?;
        match registrar.identify(request, from.address.ip(), now) {
            Identified::User(user) => return Some(user),
            Identified::Unknown { stale } => {
                let salt = self.hop.number();
                let reply = self.reply(request, asker.status(), tag);
                let registrar = self.registrar.as_mut()?;
                let reply = registrar.ask(reply, asker, stale, (salt, from.address.ip()), now);
                self.answer_built(id, reply, now);
            }
            Identified::Refused | Identified::Ignored => self.refuse(id, request, StatusCode::FORBIDDEN, tag, now),
        }
        None
    }

    /// The end of a call that a user's phone made: requests to it go where it called from (RFC 5626 section 5.3).
    pub(super) fn pin_to(&mut self, leg: LegId, sender: &Source, from: &Destination) {
        if matches!(sender, Source::User(_)) {
            self.legs.pin(leg, NextHop::over(from.clone()));
        }
    }
}

impl SipAccount {
    /// Whom a user's phone is called by: the relay, in the name of whoever calls.
    fn of_relay(contact: &NameAddr, next_hop: HostPort, protocol: Protocol, path: Vec<NameAddr>) -> Self {
        let domain = contact.uri.sip().map_or_else(|| next_hop.host.clone(), |uri| uri.host().clone());
        Self {
            login: String::new(),
            authentication_name: String::new(),
            password: Secret::new(""),
            domain,
            service_hop: None,
            next_hop,
            protocol,
            has_outbound_proxy: false,
            register: false,
            message_waiting: false,
            names_transport: true,
            display_name: None,
            service_route: path,
            shows_callers: true,
            asserts_callers: false,
        }
    }
}
