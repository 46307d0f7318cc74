use std::net::IpAddr;
use std::time::{Duration, Instant};

use offhook_media::{LegId, MediaError};
use offhook_protocol::event::Registration;
use offhook_protocol::{ErrorCode, EventBody, Failure};
use offhook_sip::locate::Answer;
use offhook_sip::message::Transport;
use offhook_sip::transaction::Transmit;

use super::branches::Callees;
use super::calls::{Driver, End};
use super::trunks::{self, Asking};
use super::{MediaPlane, Output, Relay};
use crate::call::{Cause, Description, Extras, Identity, LegCommand, failure_for_status};
use crate::route::{self, Target};
use crate::session::SessionId;
use crate::ua::transport::{SendFault, TransportEvent};
use crate::ua::{AccountId, LookupId, MediaKind, MediaLocal, SipAccount, Source, UaOutput};
use crate::webrtc;

/// With one of so many parts of all calls under way, no stranger gets another.
const STRANGERS_SHARE: usize = 4;

impl<M: MediaPlane> Relay<M> {
    /// Refuses an account whose server the configuration does not allow.
    pub(super) fn check_destination(&self, account: &SipAccount) -> Result<(), Failure> {
        if self.config.sip.destinations.allow(&account.next_hop.host.to_string()) {
            return Ok(());
        }
        let sentence = "This relay is not configured to reach that SIP server.";
        Err(Failure::new(ErrorCode::DestinationForbidden, sentence))
    }

    /// Hands a session's account to the user agent.
    pub(super) fn register(&mut self, session: SessionId, account: SipAccount, now: Instant) {
        self.ua.register(AccountId(session.0), account, now);
    }

    pub(super) fn unregister(&mut self, session: SessionId, now: Instant) {
        self.ua.unregister(AccountId(session.0), now);
    }

    /// Opens the SIP leg of a session's call.
    pub(super) fn sip_callee(
        &mut self,
        session: SessionId,
        dialled: &str,
        worker: M::Worker,
        now: Instant,
    ) -> Result<End, Failure> {
        let leg = LegId(self.next_id());
        let server = self.ua.server_address(AccountId(session.0));
        let local = self.media.rtp_leg(worker, leg, server).map_err(|error| self.no_media(&error, now))?;
        let end = End { leg, driver: Driver::Sip };
        match self.ua.open_leg(leg, AccountId(session.0), local.into(), dialled) {
            Ok(()) => Ok(end),
            Err(failure) => {
                self.discard(worker, end);
                Err(failure)
            }
        }
    }

    pub(super) fn ua_output(&mut self, output: UaOutput, now: Instant) {
        match output {
            UaOutput::Leg(leg, event) => self.leg_event(leg, event, now),
            UaOutput::Media(leg, command) => self.media_command(leg, command, now),
            UaOutput::Transmit(transmit) => self.transmit(transmit, now),
            UaOutput::Lookup { id, query } => self.outputs.push_back(Output::Lookup { id, query }),
            UaOutput::Refer { leg, to, asked } => self.referred(leg, to, asked, now),
            UaOutput::Registration { account, state, failure } if account.trunk().is_some() => {
                let trunk = account.trunk().and_then(|trunk| self.config.trunk(trunk));
                let failure = failure.map(|failure| failure.code.name());
                tracing::info!(trunk = trunk.map(|trunk| trunk.name.as_str()), ?state, failure, "trunk registration");
            }
            UaOutput::Registration { account, state, failure } => {
                if failure.as_ref().is_some_and(|failure| failure.code == ErrorCode::Unauthorized) {
                    self.guessed_wrong_at_server(SessionId(account.0), now);
                }
                let event = EventBody::Registration(Registration { state, error: failure });
                self.emit(SessionId(account.0), event);
            }
            UaOutput::Reconnect { leg, transport } => self.reconnect_sip_leg(leg, transport),
            UaOutput::Message { message, source, dialled, from, text } => {
                self.message_received(message, (&source, &dialled), from, text, now);
            }
            UaOutput::MessageSent { message, failure, .. } => self.message_sent(message, failure),
            UaOutput::Waiting { account, waiting } => self.mailbox_changed(account, waiting),
            UaOutput::Incoming { leg, identities: (caller, _), offer, replaces: Some(replaced), .. } => {
                if let Err(failure) = self.replace(leg, replaced, (caller, offer), now) {
                    self.ua.leg_command(leg, LegCommand::End(Cause::Failure(failure), Extras::default()), now);
                }
            }
            UaOutput::Incoming { leg, source, dialled, identities, offer, extras, replaces: None } => {
                let called = (&source, dialled.as_str());
                if let Err(failure) = self.sip_caller(leg, called, identities, offer, extras, now) {
                    self.ua.leg_command(leg, LegCommand::End(Cause::Failure(failure), Extras::default()), now);
                }
            }
        }
    }

    /// What the DNS said. Addresses that may not be reached are as good as none.
    pub(super) fn resolved(&mut self, lookup: LookupId, mut answer: Answer, ttl: Duration, now: Instant) {
        if let Answer::Addresses(addresses) = &mut answer {
            addresses.retain(|address| self.config.sip.destinations.allow_resolved(*address));
        }
        self.ua.resolved(lookup, &answer, ttl, now);
    }

    fn transmit(&mut self, transmit: Transmit, now: Instant) {
        let to = &transmit.destination;
        // A WebSocket leads to whoever has opened it; a proxy may have named another address than it came from.
        let is_theirs = matches!(to.transport, Transport::Ws | Transport::Wss);
        if is_theirs || self.config.sip.destinations.allow_resolved(to.address.ip()) {
            return self.outputs.push_back(Output::Transmit(transmit));
        }
        tracing::warn!("a SIP message was not sent: its address is not allowed");
        if let Some(transaction) = transmit.transaction {
            let fault = SendFault::Forbidden;
            self.ua.receive(TransportEvent::Failed { transaction, fault }, now);
        }
    }

    /// The session that a number leads to.
    pub(super) fn session_called(&self, source: &Source, dialled: &str) -> Option<SessionId> {
        if let Source::Account(account) = source {
            return Some(SessionId(account.0));
        }
        match route::find(trunks::dialler(source), dialled, &self.config) {
            Ok(Target::User(name)) => self.local_session(&name),
            _ => None,
        }
    }

    /// Opens the media of a SIP leg.
    pub(super) fn sip_media(
        &self,
        worker: M::Worker,
        leg: LegId,
        kind: MediaKind,
        peer: Option<IpAddr>,
    ) -> Result<MediaLocal, MediaError> {
        match kind {
            MediaKind::Rtp => self.media.rtp_leg(worker, leg, peer).map(MediaLocal::Rtp),
            MediaKind::WebRtc => self.media.webrtc_leg(worker, leg).map(MediaLocal::WebRtc),
        }
    }

    /// Opens ports for the pictures that a SIP leg is to be told of, where it has none yet. Without any it is a call of
    /// sound.
    pub(super) fn open_video(&mut self, worker: M::Worker, leg: LegId, description: &Description) {
        let Some(address) = self.ua.wants_video(leg, description) else { return };
        match self.media.rtp_video(worker, leg, Some(address)) {
            Ok(local) => self.ua.attach(leg, MediaLocal::Video(local)),
            Err(error) => tracing::warn!(leg = leg.0, %error, "there are no ports for pictures"),
        }
    }

    /// Gives a SIP leg to a client in a page another connection. Without one the leg goes on as it was, and its silence
    /// says so.
    fn reconnect_sip_leg(&mut self, leg: LegId, transport: webrtc::Transport) {
        let Some(worker) = self.legs.get(&leg).map(|entry| entry.worker) else { return };
        let local = match transport {
            webrtc::Transport::Kept => return,
            webrtc::Transport::Restarted => self.media.webrtc_restart(worker, leg),
            webrtc::Transport::Replaced => self.media.webrtc_replace(worker, leg),
        };
        match local {
            Ok(local) => self.ua.attach(leg, local.into()),
            Err(error) => tracing::warn!(leg = leg.0, %error, "a client's connection was not renewed"),
        }
    }

    /// Routes a call that came over SIP: to the session whose account was called, or to where its number leads.
    fn sip_caller(
        &mut self,
        leg: LegId,
        (source, dialled): (&Source, &str),
        identities: (Identity, Identity),
        offer: Option<Description>,
        extras: Extras,
        now: Instant,
    ) -> Result<(), Failure> {
        if self.stopping {
            return Err(super::sessions::shutting_down());
        }
        // Strangers cannot take the room of those the relay is for.
        let share = if matches!(source, Source::Stranger) { STRANGERS_SHARE } else { 1 };
        if self.calls.len() >= self.config.limits.calls.div_ceil(share) {
            return Err(Failure::new(ErrorCode::LimitReached, "The relay has no room for more calls."));
        }
        let called = self.session_called(source, dialled);
        let worker = called.map_or_else(|| self.media.open_call(), |session| self.worker_for(session));
        let may_pass = offer.as_ref().is_some_and(|offer| offer.untouched.is_some());
        let callees: Callees = match source {
            Source::Account(account) => self.browser_callee(SessionId(account.0), worker, now)?.into(),
            _ => {
                let asking = Asking { session: None, hops: extras.hops, may_pass };
                self.routed_callee(trunks::dialler(source), dialled, asking, worker, now)?
            }
        };
        let passes = matches!(callees.first.driver, Driver::DirectSip);
        let attached = if passes { Ok((Driver::DirectSip, offer)) } else { self.attach(worker, leg, offer, now) };
        match attached {
            Ok((driver, offer)) => {
                let caller = End { leg, driver };
                self.connect(worker, (caller, callees), identities, offer, extras, now);
                Ok(())
            }
            Err(failure) => {
                self.discard_all(worker, callees);
                Err(failure)
            }
        }
    }

    /// Gives a leg that came over SIP its media, and reads its offer where that has not been done.
    fn attach(
        &mut self,
        worker: M::Worker,
        leg: LegId,
        offer: Option<Description>,
        now: Instant,
    ) -> Result<(Driver, Option<Description>), Failure> {
        let offer = match offer {
            Some(Description { untouched: Some(_), .. }) => self.ua.read_offer(leg)?,
            offer => offer,
        };
        let kind = self.ua.media_kind(leg).unwrap_or(MediaKind::Rtp);
        let peer = self.ua.offered_address(leg);
        if kind == MediaKind::Rtp && peer.is_some_and(|peer| !self.config.media.rtp_reaches(peer)) {
            let failure = failure_for_status(488, "Not Acceptable Here");
            return Err(Failure {
                message: "The relay has no media address of the caller's family.".to_owned(),
                ..failure
            });
        }
        let local = self.sip_media(worker, leg, kind, peer).map_err(|error| self.no_media(&error, now))?;
        self.ua.attach(leg, local);
        Ok((Driver::Sip, offer))
    }
}
