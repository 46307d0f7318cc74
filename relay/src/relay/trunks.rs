//! Calls that routes send to trunks, and calls that come from there.

use std::collections::BTreeMap;
use std::time::Instant;

use offhook_media::LegId;
use offhook_protocol::{ErrorCode, Failure};

use super::branches::{Callees, Onward};
use super::calls::{Driver, End};
use super::{MediaPlane, Relay};
use crate::call::failure_for_status;
use crate::config::TrunkId;
use crate::route::{self, Dialler, Target};
use crate::session::SessionId;
use crate::ua::{Phone, Source, TrunkState};

/// Phones of one user that ring at the same time, the newest: each has media of its own.
const PHONES_AT_ONCE: usize = 8;

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

impl Asking {
    /// Whether the call may go on over SIP: those that go round in circles end, as each relay on their way counts
    /// (RFC 7332).
    fn may_go_on(&self) -> Result<(), Failure> {
        if self.hops == Some(0) { Err(failure_for_status(483, "Too Many Hops")) } else { Ok(()) }
    }
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
    ) -> Result<Callees, Failure> {
        match route::find(dialler, dialled, &self.config)? {
            Target::Trunks(trunks, number) => self.trunk_callee(&trunks, &number, asking, worker, now),
            target => self.local_callee(asking, target, worker, now),
        }
    }

    /// Opens the legs of a local user: that of the newest session with a socket, else of all phones.
    pub(super) fn user_callee(
        &mut self,
        asking: Asking,
        name: &str,
        worker: M::Worker,
        now: Instant,
    ) -> Result<Callees, Failure> {
        let attached = |id: SessionId| self.sessions.get(&id).is_some_and(|session| session.connection().is_some());
        let phones = self.ua.user_phones(name, now);
        if phones.is_empty() || self.local_session(name).is_some_and(attached) {
            let session = self.session_of(asking.session, name)?;
            return self.browser_callee(session, worker, now).map(Callees::from);
        }
        asking.may_go_on()?;
        let mut ends = Vec::new();
        let mut failure = None;
        for phone in phones.into_iter().take(PHONES_AT_ONCE) {
            match self.phone_callee(phone, worker, now) {
                Ok(end) => ends.push(end),
                Err(why) => failure = Some(why),
            }
        }
        // One that rings is enough.
        let mut ends = ends.into_iter();
        let Some(first) = ends.next() else {
            return Err(failure.unwrap_or_else(|| failure_for_status(480, "Temporarily Unavailable")));
        };
        Ok(Callees { first, beside: ends.collect(), onward: None })
    }

    fn phone_callee(&mut self, phone: Phone, worker: M::Worker, now: Instant) -> Result<End, Failure> {
        let leg = LegId(self.next_id());
        let local = self
            .sip_media(worker, leg, phone.media(), Some(phone.address()))
            .map_err(|error| self.no_media(&error, now))?;
        let end = End { leg, driver: Driver::Sip };
        match self.ua.open_phone_leg(leg, phone, local) {
            Ok(()) => Ok(end),
            Err(failure) => {
                self.discard(worker, end);
                Err(failure)
            }
        }
    }

    /// How each trunk is that is asked, by name.
    #[must_use]
    pub fn trunk_states(&self) -> BTreeMap<String, TrunkState> {
        let asked = self.config.trunks.iter().enumerate().filter(|(_, trunk)| trunk.qualify.is_some());
        asked.map(|(at, trunk)| (trunk.name.clone(), self.ua.trunk_state(TrunkId(at)))).collect()
    }

    fn is_direct(&self, trunk: TrunkId) -> bool {
        self.config.trunk(trunk).is_some_and(|trunk| trunk.direct_media)
    }

    /// Opens a leg over the first of these trunks; the others are for when it cannot take the call.
    pub(super) fn trunk_callee(
        &mut self,
        trunks: &[TrunkId],
        number: &str,
        asking: Asking,
        worker: M::Worker,
        now: Instant,
    ) -> Result<Callees, Failure> {
        asking.may_go_on()?;
        // The next such call would fare no better: the caller is told 503 as by the relay itself.
        let unavailable = || Failure::new(ErrorCode::Unreachable, "No trunk can take the call at the moment.");
        let takes_calls = |trunk: &TrunkId| self.ua.trunk_state(*trunk) != TrunkState::Down;
        let mut trunks = trunks.iter().copied().filter(takes_calls).collect::<Vec<_>>().into_iter();
        let trunk = trunks.next().ok_or_else(unavailable)?;
        let is_direct = asking.may_pass && self.is_direct(trunk);
        let leg = LegId(self.next_id());
        let peer = self.config.trunk(trunk).and_then(|trunk| trunk.host.host.ip());
        let (local, driver) = match is_direct {
            true => (None, Driver::DirectSip),
            false => {
                let local = self.media.rtp_leg(worker, leg, peer).map_err(|error| self.no_media(&error, now))?;
                (Some(local), Driver::Sip)
            }
        };
        let end = End { leg, driver };
        match self.ua.open_trunk_leg(leg, trunk, local, number) {
            Ok(()) => {
                // Where the media of a call goes is settled with its first trunk.
                let asking = Asking { may_pass: is_direct, ..asking };
                let trunks: Vec<TrunkId> = trunks.filter(|trunk| !is_direct || self.is_direct(*trunk)).collect();
                let onward = (!trunks.is_empty()).then(|| Onward { trunks, number: number.to_owned(), asking });
                Ok(Callees { onward, ..Callees::from(end) })
            }
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
