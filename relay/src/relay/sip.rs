use std::net::SocketAddr;
use std::time::Instant;

use offhook_media::{LegId, MediaError};
use offhook_protocol::event::Registration;
use offhook_protocol::{ErrorCode, EventBody, Failure};
use offhook_sip::transaction::Transmit;

use super::calls::{Driver, End};
use super::{MediaPlane, Output, Relay};
use crate::call::{Cause, Description, Extras, Identity, LegCommand};
use crate::route::{self, Target};
use crate::session::SessionId;
use crate::ua::transport::{SendFault, TransportEvent};
use crate::ua::{AccountId, LookupId, MediaKind, MediaLocal, SipAccount, UaOutput};
use crate::webrtc::Transport;

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
        let local = self.media.rtp_leg(worker, leg).map_err(|error| self.no_media(&error, now))?;
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
            UaOutput::Lookup { id, host, port } => self.outputs.push_back(Output::Lookup { id, host, port }),
            UaOutput::Registration { account, state, failure } => {
                if failure.as_ref().is_some_and(|failure| failure.code == ErrorCode::Unauthorized) {
                    self.guessed_wrong_at_server(SessionId(account.0), now);
                }
                let event = EventBody::Registration(Registration { state, error: failure });
                self.emit(SessionId(account.0), event);
            }
            UaOutput::Reconnect { leg, transport } => self.reconnect_sip_leg(leg, transport),
            UaOutput::Incoming { leg, account, dialled, identities, offer, extras } => {
                let called = (account, dialled.as_str());
                if let Err(failure) = self.sip_caller(leg, called, identities, offer, extras, now) {
                    self.ua.leg_command(leg, LegCommand::End(Cause::Failure(failure), Extras::default()), now);
                }
            }
        }
    }

    /// The result of a lookup. Addresses that may not be reached are as good as none.
    pub(super) fn resolved(&mut self, lookup: LookupId, mut addresses: Vec<SocketAddr>, now: Instant) {
        addresses.retain(|address| self.config.sip.destinations.allow_resolved(address.ip()));
        self.ua.resolved(lookup, &addresses, now);
    }

    fn transmit(&mut self, transmit: Transmit, now: Instant) {
        if self.config.sip.destinations.allow_resolved(transmit.destination.address.ip()) {
            return self.outputs.push_back(Output::Transmit(transmit));
        }
        tracing::warn!("a SIP message was not sent: its address is not allowed");
        if let Some(transaction) = transmit.transaction {
            let fault = SendFault::Forbidden;
            self.ua.receive(TransportEvent::Failed { transaction, fault }, now);
        }
    }

    /// The session that a number of the relay's own leads to.
    fn session_called(&self, dialled: &str) -> Option<SessionId> {
        match route::local(dialled, &self.config) {
            Ok(Target::User(name)) => self.local_session(&name),
            _ => None,
        }
    }

    /// Opens the media of a SIP leg.
    fn sip_media(&self, worker: M::Worker, leg: LegId, kind: MediaKind) -> Result<MediaLocal, MediaError> {
        match kind {
            MediaKind::Rtp => self.media.rtp_leg(worker, leg).map(MediaLocal::Rtp),
            MediaKind::WebRtc => self.media.webrtc_leg(worker, leg).map(MediaLocal::WebRtc),
        }
    }

    /// Gives a SIP leg to a client in a page another connection. Without one the leg goes on as it was, and its silence
    /// says so.
    fn reconnect_sip_leg(&mut self, leg: LegId, transport: Transport) {
        let Some(worker) = self.legs.get(&leg).map(|entry| entry.worker) else { return };
        let local = match transport {
            Transport::Kept => return,
            Transport::Restarted => self.media.webrtc_restart(worker, leg),
            Transport::Replaced => self.media.webrtc_replace(worker, leg),
        };
        match local {
            Ok(local) => self.ua.attach(leg, local.into()),
            Err(error) => tracing::warn!(leg = leg.0, %error, "a client's connection was not renewed"),
        }
    }

    /// Routes a call that came over SIP: to the session whose account was called, or to a number of the relay's own.
    fn sip_caller(
        &mut self,
        leg: LegId,
        (account, dialled): (Option<AccountId>, &str),
        identities: (Identity, Identity),
        offer: Option<Description>,
        extras: Extras,
        now: Instant,
    ) -> Result<(), Failure> {
        if self.stopping {
            return Err(super::sessions::shutting_down());
        }
        if self.calls.len() >= self.config.limits.calls {
            return Err(Failure::new(ErrorCode::LimitReached, "The relay has no room for more calls."));
        }
        let called = match account {
            Some(account) => Some(SessionId(account.0)),
            None => self.session_called(dialled),
        };
        let worker = called.map_or_else(|| self.media.open_call(), |session| self.worker_for(session));
        let callee = match account {
            Some(account) => self.browser_callee(SessionId(account.0), worker, now)?,
            None => self.local_callee(None, dialled, worker, now)?,
        };
        let media = self.ua.media_kind(leg).unwrap_or(MediaKind::Rtp);
        match self.sip_media(worker, leg, media) {
            Ok(local) => self.ua.attach(leg, local),
            Err(error) => {
                self.discard(worker, callee);
                return Err(self.no_media(&error, now));
            }
        }
        let caller = End { leg, driver: Driver::Sip };
        self.connect(worker, (caller, callee), identities, offer, extras, now);
        Ok(())
    }
}
