//! Requests of peers: refused, answered at once, or handed to the leg they belong to (RFC 3261 section 8.2).

use std::time::Instant;

use offhook_media::LegId;
use offhook_sip::dialog::{DialogId, RELIABLE, SessionTimer, TIMER};
use offhook_sip::info::{DTMF, DTMF_RELAY, MEDIA_CONTROL};
use offhook_sip::message::{
    Capabilities, HeaderName, Method, Request, Response, ResponseBuilder, SIPFRAG, StatusCode, Transport, Uri,
};
use offhook_sip::transaction::{Destination, ServerId};

use super::account::Protocol;
use super::leg::peer::REPLACES;
use super::leg::{Offer, SipLeg};
use super::legs::Origin;
use super::outbox::Owner;
use super::trunks;
use super::{Reliable, Source, UaOutput, UserAgent, extras, identity};

/// What the relay serves. ACK and CANCEL belong to INVITE.
const METHODS: [Method; 10] = [
    Method::Invite,
    Method::Bye,
    Method::Options,
    Method::Info,
    Method::Prack,
    Method::Update,
    Method::Refer,
    Method::Message,
    Method::Notify,
    Method::Register,
];

/// The `Allow` header of every answer that has one.
pub(super) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, PRACK, UPDATE, REFER, NOTIFY, MESSAGE, REGISTER";

const CAPABILITIES: Capabilities<'static> = Capabilities {
    methods: &METHODS,
    extensions: &[RELIABLE, TIMER, REPLACES, NO_REFER_SUB],
    schemes: &["sip"],
    content_types: &["application/sdp"],
    max_body: 64 * 1024,
};

/// The option tag of REFERs that want no news (RFC 4488).
const NO_REFER_SUB: &str = "norefersub";

/// The same for NOTIFY, which tells how a transfer goes.
const OF_NOTIFY: Capabilities<'static> = Capabilities { content_types: &[SIPFRAG], ..CAPABILITIES };

/// The same for INFO, which carries keys and requests for whole pictures.
const OF_INFO: Capabilities<'static> =
    Capabilities { content_types: &[DTMF_RELAY, DTMF, MEDIA_CONTROL], ..CAPABILITIES };

impl UserAgent {
    /// Takes a new request of a peer, from where it came.
    pub(super) fn request(&mut self, id: ServerId, request: Request, source: &Destination, now: Instant) {
        let tag = self.hop.token();
        if *request.method() == Method::Message {
            return self.message(id, request, source, &tag, now);
        }
        if Self::is_about_mailbox(&request) {
            return self.mailbox_notified(id, &request, &tag, now);
        }
        let capabilities = match request.method() {
            Method::Info => &OF_INFO,
            Method::Notify => &OF_NOTIFY,
            _ => &CAPABILITIES,
        };
        // RFC 3261 section 26.2.2: what is asked for safely must have come so.
        let secure = matches!(source.transport, Transport::Tls | Transport::Wss);
        let schemes: &[&str] = if secure { &["sip", "sips"] } else { capabilities.schemes };
        let capabilities = &Capabilities { schemes, ..*capabilities };
        if let Err(rejection) = request.check(capabilities) {
            tracing::debug!(status = rejection.status.code(), reason = %rejection.reason, "a SIP request is refused");
            if let Ok(Some(reply)) = rejection.reply(&request, &tag) {
                self.answer(id, &reply, now);
            }
            return;
        }
        // RFC 3891 section 3: only an INVITE takes somebody's place.
        if *request.method() != Method::Invite && request.headers().contains(&HeaderName::Replaces) {
            return self.refuse(id, &request, StatusCode::BAD_REQUEST, &tag, now);
        }
        let in_dialog = request.headers().to().is_ok_and(|to| to.tag().is_some());
        match request.method() {
            _ if in_dialog => self.request_in_dialog(id, request, &tag, now),
            Method::Invite => self.invite(id, request, source, tag, now),
            Method::Register => self.registers(id, &request, source, &tag, now),
            Method::Options => self.describe(id, &request, &tag, now),
            // Nobody has the relay call somebody on their word alone (RFC 3515 section 5.2).
            Method::Refer => self.refuse(id, &request, StatusCode::FORBIDDEN, &tag, now),
            // A BYE names a dialog; without one there is none.
            _ => self.refuse(id, &request, StatusCode::CALL_DOES_NOT_EXIST, &tag, now),
        }
    }

    /// Takes the ACK for a 2xx.
    pub(super) fn ack(&mut self, ack: &Request, now: Instant) {
        let Some(leg) = self.leg_of(ack) else { return };
        let hop = &mut self.hop;
        let outputs = self.legs.drive(leg, |driver| driver.acknowledged(ack, hop, now));
        self.leg_outputs(leg, outputs, now);
    }

    /// A peer gave its INVITE up.
    pub(super) fn cancelled(&mut self, id: ServerId, cancel: Option<&Request>, now: Instant) {
        let Some(leg) = self.legs.of_invite(id) else { return };
        let hop = &mut self.hop;
        let outputs = self.legs.drive(leg, |driver| driver.cancelled(id, cancel, hop, now));
        self.leg_outputs(leg, outputs, now);
    }

    fn request_in_dialog(&mut self, id: ServerId, request: Request, tag: &str, now: Instant) {
        let leg = self.leg_of(&request);
        match (leg, request.method()) {
            (
                Some(leg),
                Method::Invite
                | Method::Bye
                | Method::Info
                | Method::Prack
                | Method::Update
                | Method::Refer
                | Method::Notify,
            ) => {
                let outputs = self.legs.drive(leg, |driver| driver.request(id, &request, now));
                self.leg_outputs(leg, outputs, now);
            }
            (Some(_), Method::Options) => self.describe(id, &request, tag, now),
            _ => self.refuse(id, &request, StatusCode::CALL_DOES_NOT_EXIST, tag, now),
        }
    }

    /// Says what is served here (RFC 3261 section 11.2).
    fn describe(&mut self, id: ServerId, request: &Request, tag: &str, now: Instant) {
        let reply = self
            .reply(request, StatusCode::OK, tag)
            .header(HeaderName::Accept, "application/sdp")
            .header(HeaderName::Supported, self.config.calls.supported());
        self.answer_built(id, reply, now);
    }

    /// An INVITE that begins a call.
    fn invite(&mut self, id: ServerId, request: Request, source: &Destination, tag: String, now: Instant) {
        let Some(dialled) = dialled(&request) else {
            return self.refuse(id, &request, StatusCode::NOT_FOUND, &tag, now);
        };
        let origin = Origin::of(&request);
        // A proxy that forked it to us twice, or a loop.
        if origin.as_ref().is_some_and(|origin| self.legs.has_come(origin)) {
            return self.refuse(id, &request, StatusCode::LOOP_DETECTED, &tag, now);
        }
        if let Some(reply) = self.refuse_terms(&request, &tag) {
            return self.answer_built(id, reply, now);
        }
        let (sender, dialled) = self.sender(dialled, &request, source);
        let Some(sender) = self.admitted(id, &request, (sender, source), &tag, now) else { return };
        let replaces = match self.replaced(&request) {
            Ok(replaces) => replaces,
            Err(status) => return self.refuse(id, &request, status, &tag, now),
        };
        let may_pass = replaces.is_none() && matches!(sender, Source::Trunk(trunk) if self.trunks.is_direct(trunk));
        let is_trusted = self.is_trusted(&sender, source);
        let from = identity::of_caller(request.headers(), sender.user(), is_trusted);
        let to = request.headers().to().map(|to| identity::of_address(&to)).unwrap_or_default();
        let leg = self.next_leg();
        let protocol = Protocol::of_transport(&source.transport).unwrap_or(Protocol::Udp);
        let known = match sender {
            Source::Account(account) => self.accounts.address(account, &self.hop),
            Source::Trunk(_) | Source::User(_) | Source::Stranger => None,
        };
        let here = || self.hop.contact_for(&dialled, protocol, source.address.ip());
        let reached = (known.unwrap_or_else(here), protocol);
        let invite = (id, request.clone());
        let identity = match sender {
            Source::Trunk(trunk) => self.identity_at(trunk),
            Source::Account(_) | Source::User(_) | Source::Stranger => self.identity.clone(),
        };
        let opened = SipLeg::incoming(leg, invite, reached, tag.clone(), may_pass, &identity, &mut self.hop);
        let (driver, offer) = match opened {
            Ok(opened) => opened,
            Err(status) => return self.refuse(id, &request, status, &tag, now),
        };
        let driver = match self.account_behind(&sender) {
            Some((id, account)) => driver.of_account(id, account),
            None => driver,
        };
        let mut driver = match sender.user() {
            Some(user) => driver.of_user(user),
            None => driver,
        };
        // Who forges a trunk's address could else have sound sent to somebody who wants none.
        let is_there = source.transport.is_reliable() || driver.offered_address() == Some(source.address.ip());
        if sender.user().is_some() || (is_trusted && is_there) {
            driver.be_heard_early();
        }
        self.legs.insert_incoming(leg, driver, origin);
        self.pin_to(leg, &sender, source);
        self.outbox.heard(Owner::Leg(leg), source.address.ip());
        let offer = match offer {
            Offer::None => None,
            Offer::Audio(audio) => Some(audio),
        };
        let mut extras = extras::of_invite(&request);
        identity::hide(request.headers(), &mut extras.headers);
        if is_trusted {
            extras.diversions = identity::diversions(request.headers());
        }
        extras.hidden = identity::hidden(request.headers(), sender.user(), is_trusted);
        let identities = (from, to);
        self.outputs.push_back(UaOutput::Incoming {
            leg,
            source: sender,
            dialled,
            identities,
            offer,
            extras,
            replaces,
        });
    }

    /// Whether what a message asserts is to be believed: it comes from the server of the account it is for, or over a
    /// trunk.
    pub(super) fn is_trusted(&self, sender: &Source, from: &Destination) -> bool {
        match sender {
            Source::Account(account) => self.accounts.is_server(*account, from.address.ip()),
            Source::Trunk(_) => true,
            Source::User(_) | Source::Stranger => false,
        }
    }

    /// Who sent an INVITE, and the number it is for.
    pub(super) fn sender(&self, dialled: String, request: &Request, from: &Destination) -> (Source, String) {
        match self.accounts.of_contact(&dialled) {
            Some(account) => match account.trunk() {
                Some(trunk) => {
                    // A Contact goes to everybody the trunk passes calls on to: who knows it need not be the trunk.
                    let is_trunk =
                        self.trunks.at(from) == Some(trunk) || self.accounts.is_server(account, from.address.ip());
                    let source = if is_trunk { Source::Trunk(trunk) } else { Source::Stranger };
                    (source, trunks::number_called(request).unwrap_or(dialled))
                }
                None => (Source::Account(account), dialled),
            },
            None => (self.trunks.at(from).map_or(Source::Stranger, Source::Trunk), dialled),
        }
    }

    /// What an INVITE is refused with whose terms are none for us: too short a session (RFC 4028 section 9), or no
    /// provisional responses that arrive for certain where we require them (RFC 3261 section 21.4.16).
    fn refuse_terms(&self, request: &Request, tag: &str) -> Option<ResponseBuilder> {
        if let Err(min_se) = SessionTimer::new(self.config.calls.session).check(request.headers()) {
            let reply = self.reply(request, StatusCode::SESSION_INTERVAL_TOO_SMALL, tag);
            return Some(reply.header(HeaderName::MinSe, min_se));
        }
        let can = [HeaderName::Supported, HeaderName::Require]
            .iter()
            .any(|name| request.headers().has_option(name, RELIABLE));
        if self.config.calls.reliable == Reliable::Required && !can {
            let reply = self.reply(request, StatusCode::EXTENSION_REQUIRED, tag);
            return Some(reply.header(HeaderName::Require, RELIABLE));
        }
        None
    }

    /// The leg whose dialog a request belongs to.
    pub(super) fn leg_of(&self, request: &Request) -> Option<LegId> {
        self.legs.of_dialog(&DialogId::of_request(request).ok()?)
    }

    pub(super) fn refuse(&mut self, id: ServerId, request: &Request, status: StatusCode, tag: &str, now: Instant) {
        let reply = self.reply(request, status, tag);
        self.answer_built(id, reply, now);
    }

    pub(super) fn reply(&self, request: &Request, status: StatusCode, tag: &str) -> ResponseBuilder {
        let reply = Response::reply(request, status).to_tag(tag).header(HeaderName::Server, &self.config.user_agent);
        reply.header(HeaderName::Allow, ALLOW)
    }

    pub(super) fn answer_built(&mut self, id: ServerId, reply: ResponseBuilder, now: Instant) {
        match reply.build() {
            Ok(reply) => self.answer(id, &reply, now),
            Err(error) => tracing::debug!(%error, "a SIP request has headers that cannot be answered"),
        }
    }

    pub(super) fn answer(&mut self, id: ServerId, reply: &Response, now: Instant) {
        if let Err(error) = self.outbox.respond(id, reply, now) {
            tracing::debug!(%error, "a SIP response was not sent");
        }
    }
}

/// The user part of the Request-URI, decoded.
pub(super) fn dialled(request: &Request) -> Option<String> {
    match request.uri().ok()? {
        Uri::Sip(uri) => {
            let user = uri.user_decoded()?;
            String::from_utf8(user.into_owned()).ok().filter(|user| !user.is_empty())
        }
        Uri::Other(_) | _ => None,
    }
}
