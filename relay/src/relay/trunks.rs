//! Calls that routes send to trunks, and calls that come from there.

use std::time::Instant;

use offhook_media::LegId;
use offhook_protocol::Failure;

use super::calls::{Driver, End};
use super::{MediaPlane, Relay};
use crate::call::failure_for_status;
use crate::config::TrunkId;
use crate::route::{self, Dialler, Target};
use crate::session::SessionId;
use crate::ua::{MediaKind, Source};

/// How a call is known before its other end is opened.
#[derive(Clone, Copy, Default)]
pub(super) struct Asking {
    /// The session that calls, where one does.
    pub(super) session: Option<SessionId>,
    /// Hops the call has left, where it came over SIP.
    pub(super) hops: Option<u8>,
    /// Its session description may pass to another SIP leg as it is.
    pub(super) may_pass: bool,
}

impl<M: MediaPlane> Relay<M> {
    /// Opens the leg of whatever a number leads to for its dialler.
    pub(super) fn routed_callee(
        &mut self,
        dialler: Dialler,
        dialled: &str,
        asking: Asking,
        worker: M::Worker,
        now: Instant,
    ) -> Result<End, Failure> {
        match route::find(dialler, dialled, &self.config)? {
            Target::Trunks(trunks, number) => self.trunk_callee(&trunks, &number, asking, worker, now),
            target => self.local_callee(asking.session, target, worker, now),
        }
    }

    /// Opens the leg of a local user: that of the newest session with a socket, else of the phone registered last.
    pub(super) fn user_callee(
        &mut self,
        caller: Option<SessionId>,
        name: &str,
        worker: M::Worker,
        now: Instant,
    ) -> Result<End, Failure> {
        let attached = |id: SessionId| self.sessions.get(&id).is_some_and(|session| session.connection().is_some());
        let phone = self.ua.user_media(name, now);
        match phone.filter(|_| !self.local_session(name).is_some_and(attached)) {
            Some(kind) => self.phone_callee(name, kind, worker, now),
            None => {
                let session = self.session_of(caller, name)?;
                self.browser_callee(session, worker, now)
            }
        }
    }

    fn phone_callee(&mut self, name: &str, kind: MediaKind, worker: M::Worker, now: Instant) -> Result<End, Failure> {
        let leg = LegId(self.next_id());
        let local = self.sip_media(worker, leg, kind).map_err(|error| self.no_media(&error, now))?;
        let end = End { leg, driver: Driver::Sip };
        match self.ua.open_user_leg(leg, name, local, now) {
            Ok(()) => Ok(end),
            Err(failure) => {
                self.discard(worker, end);
                Err(failure)
            }
        }
    }

    /// Opens a leg over the first trunk that can be reached.
    pub(super) fn trunk_callee(
        &mut self,
        trunks: &[TrunkId],
        number: &str,
        asking: Asking,
        worker: M::Worker,
        now: Instant,
    ) -> Result<End, Failure> {
        // RFC 7332: calls that go round in circles end, as each relay on their way counts.
        if asking.hops == Some(0) {
            return Err(failure_for_status(483, "Too Many Hops"));
        }
        let unavailable = || failure_for_status(503, "Service Unavailable");
        let trunk = *trunks.first().ok_or_else(unavailable)?;
        let is_direct = asking.may_pass && self.config.trunk(trunk).is_some_and(|trunk| trunk.direct_media);
        let leg = LegId(self.next_id());
        let (local, driver) = match is_direct {
            true => (None, Driver::DirectSip),
            false => {
                let local = self.media.rtp_leg(worker, leg).map_err(|error| self.no_media(&error, now))?;
                (Some(local), Driver::Sip)
            }
        };
        let end = End { leg, driver };
        match self.ua.open_trunk_leg(leg, trunk, local, number) {
            Ok(()) => Ok(end),
            Err(failure) => {
                self.discard(worker, end);
                Err(failure)
            }
        }
    }
}

/// Who dials, of a call that came over SIP.
pub(super) fn dialler(source: &Source) -> Dialler {
    match source {
        Source::Trunk(trunk) => Dialler::Trunk(*trunk),
        Source::User(_) => Dialler::User,
        Source::Account(_) | Source::Stranger => Dialler::Stranger,
    }
}
