use std::time::Instant;

use offhook_media::{Command, LegId, MediaError};
use offhook_protocol::request::StartCall;
use offhook_protocol::{ErrorCode, Failure};

use super::branches::{Branches, Callees};
use super::refer::Referring;
use super::trunks::Asking;
use super::{MediaPlane, Relay};
use crate::browser::{self, BrowserLeg};
use crate::call::{Call, Cause, Description, Extras, Identity, LegKind, Party, failure_for_status};
use crate::limits::{CHANGE_INTERVAL, CHANGES_AT_ONCE, KEYS_PER_SECOND, RateLimit};
use crate::route::{self, Dialler, Target};
use crate::service::{ServiceLeg, ServiceNumber};
use crate::session::{Account, Session, SessionId, display_name};
use crate::webrtc::BrowserDescription;

/// Numbers a call for as long as the relay runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct CallId(pub(super) u64);

/// A call and its legs.
pub(super) struct LiveCall {
    pub(super) machine: Call,
    caller: Option<LegId>,
    callee: Option<LegId>,
    third: Option<LegId>,
    /// What the callee has besides its leg until it has answered.
    pub(super) branches: Branches,
    /// What its far end has been asked to do by itself.
    pub(super) referral: Option<Referring>,
    /// The deadline that the schedule knows of.
    pub(super) scheduled: Option<Instant>,
}

impl LiveCall {
    pub(super) fn leg(&self, party: Party) -> Option<LegId> {
        match party {
            Party::Caller => self.caller,
            Party::Callee => self.callee,
            Party::Third => self.third,
        }
    }

    pub(super) fn set_leg(&mut self, party: Party, leg: Option<LegId>) {
        *self.leg_mut(party) = leg;
    }

    /// The leg at this end and the third party's change places.
    pub(super) fn swap(&mut self, party: Party) {
        let third = self.third;
        self.third = std::mem::replace(self.leg_mut(party), third);
    }

    pub(super) fn legs(&self) -> impl Iterator<Item = LegId> + use<> {
        let parties = [self.caller, self.callee, self.third].into_iter().flatten();
        parties.chain(self.branches.legs()).collect::<Vec<_>>().into_iter()
    }

    fn leg_mut(&mut self, party: Party) -> &mut Option<LegId> {
        match party {
            Party::Caller => &mut self.caller,
            Party::Callee => &mut self.callee,
            Party::Third => &mut self.third,
        }
    }
}

/// A leg, which call's end it is, and what drives it.
pub(super) struct LegEntry<W> {
    pub(super) call: CallId,
    pub(super) party: Party,
    pub(super) worker: W,
    pub(super) driver: Driver,
    /// Of the keys that are pressed there.
    pub(super) keys: RateLimit,
    /// Of the changes it asks for.
    pub(super) changes: RateLimit,
    /// The deadline that the schedule knows of.
    pub(super) scheduled: Option<Instant>,
}

impl<W> LegEntry<W> {
    pub(super) fn new(call: CallId, party: Party, worker: W, driver: Driver, now: Instant) -> Self {
        let keys = RateLimit::new(KEYS_PER_SECOND, now);
        let changes = RateLimit::every(CHANGE_INTERVAL, CHANGES_AT_ONCE, now);
        Self { call, party, worker, driver, keys, changes, scheduled: None }
    }
}

pub(super) enum Driver {
    Browser(SessionId, Box<BrowserLeg>),
    Service(ServiceLeg),
    /// The user agent drives it.
    Sip,
    /// The same, with its media at the far end's: the media workers know nothing of it.
    DirectSip,
}

impl Driver {
    pub(super) fn kind(&self) -> LegKind {
        match self {
            Self::Browser(..) => LegKind::Browser,
            Self::Service(_) => LegKind::Service,
            Self::Sip | Self::DirectSip => LegKind::Sip,
        }
    }

    /// Whether the media workers have a leg of this name.
    pub(super) fn has_media(&self) -> bool {
        match self {
            Self::Browser(..) | Self::Sip => true,
            Self::DirectSip => false,
            Self::Service(service) => service.number().sound().is_some(),
        }
    }
}

/// One end of a call about to be made.
pub(super) struct End {
    pub(super) leg: LegId,
    pub(super) driver: Driver,
}

impl<M: MediaPlane> Relay<M> {
    /// Starts a call of a browser's. What cannot be a call is refused; a call that leads nowhere is accepted and fails.
    pub(super) fn start_call(&mut self, session: SessionId, request: StartCall, now: Instant) -> Result<(), Failure> {
        self.check_new_call(session, &request)?;
        let shown = display_name(request.visible_name.clone())?;
        let mut extras = Extras::of_app(request.headers.clone(), request.sip_sdp.clone(), request.custom.clone())?;
        let description = BrowserDescription::parse(&request.sdp)?.within(&self.browsers.spoken)?;
        let Some(caller) = self.sessions.get(&session) else { return Ok(()) };
        let caller = Identity {
            user: caller.account().login().to_owned(),
            display_name: shown.or_else(|| caller.display_name().map(str::to_owned)),
        };
        extras.hidden = request.anonymous.then(|| caller.clone());
        let from = if request.anonymous { Identity::anonymous() } else { caller.clone() };
        let to = Identity { user: request.callee.clone(), display_name: None };
        let worker = self.worker_between(session, &request.callee);
        let leg = LegId(self.next_id());
        let offer = description.audio();
        let names = (caller, to.clone());
        let result = self.callee(session, &request.callee, worker, now).and_then(|callee| {
            match self.browser_caller(session, worker, (leg, &request.call_id), description, names, now) {
                Ok(caller) => Ok((caller, callee)),
                Err(failure) => {
                    self.discard_all(worker, callee);
                    Err(failure)
                }
            }
        });
        match result {
            Ok((caller, callee)) => self.connect(worker, (caller, callee), (from, to), Some(offer), extras, now),
            Err(failure) => {
                self.emit(session, browser::ended(request.call_id, &Cause::Failure(failure), Extras::default()))
            }
        }
        Ok(())
    }

    /// Gives up a leg that was opened for a call which is not to be.
    pub(super) fn discard(&mut self, worker: M::Worker, end: End) {
        if matches!(end.driver, Driver::Sip | Driver::DirectSip) {
            self.ua.discard_leg(end.leg);
        }
        self.close_leg(worker, end.leg, &end.driver);
    }

    /// Frees what a leg holds.
    pub(super) fn close_leg(&mut self, worker: M::Worker, leg: LegId, driver: &Driver) {
        if driver.has_media()
            && let Err(error) = self.media.command(worker, Command::Close { leg })
        {
            tracing::error!(%error, "media leg was not closed");
        }
        if let Driver::Browser(session, browser) = driver
            && let Some(session) = self.sessions.get_mut(session)
        {
            session.calls.remove(browser.call_id());
        }
    }

    fn check_new_call(&self, session: SessionId, request: &StartCall) -> Result<(), Failure> {
        let id = &request.call_id;
        if !(1..=64).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_graphic()) {
            let failure = Failure::new(ErrorCode::InvalidField, "A call's id is 1 to 64 printable characters.");
            return Err(Failure { field: Some("callId".to_owned()), ..failure });
        }
        route::check_callee(&request.callee)?;
        let Some(session) = self.sessions.get(&session) else { return Ok(()) };
        if session.calls.contains_key(id) {
            return Err(Failure::new(ErrorCode::InvalidCallState, "There is a call with this id already."));
        }
        if session.calls.len() >= self.config.limits.calls_per_session {
            return Err(Failure::new(ErrorCode::LimitReached, "This session has as many calls as it may have."));
        }
        if self.calls.len() >= self.config.limits.calls {
            return Err(Failure::new(ErrorCode::LimitReached, "The relay has no room for more calls."));
        }
        Ok(())
    }

    fn browser_caller(
        &mut self,
        session: SessionId,
        worker: M::Worker,
        (leg, call_id): (LegId, &str),
        offer: BrowserDescription,
        names: (Identity, Identity),
        now: Instant,
    ) -> Result<End, Failure> {
        let local = self.media.webrtc_leg(worker, leg).map_err(|error| self.no_media(&error, now))?;
        let driver = BrowserLeg::calling(call_id.to_owned(), leg, local, offer, names).under(&self.browsers);
        Ok(self.browser_end(session, leg, driver, now))
    }

    /// Opens the leg that a session's call leads to.
    pub(super) fn callee(
        &mut self,
        session: SessionId,
        dialled: &str,
        worker: M::Worker,
        now: Instant,
    ) -> Result<Callees, Failure> {
        match self.sessions.get(&session).map(|session| session.account().clone()) {
            Some(Account::Sip { .. }) => self.sip_callee(session, dialled, worker, now).map(Callees::from),
            _ => {
                let asking = Asking { session: Some(session), ..Asking::default() };
                self.routed_callee(Dialler::User, dialled, asking, worker, now)
            }
        }
    }

    /// Opens the leg of a service number or a local user.
    pub(super) fn local_callee(
        &mut self,
        asking: Asking,
        target: Target,
        worker: M::Worker,
        now: Instant,
    ) -> Result<Callees, Failure> {
        match target {
            Target::Service(number) => self.service_callee(number, worker, now).map(Callees::from),
            Target::User(name) => self.user_callee(asking, &name, worker, now),
            Target::Trunks(..) => Err(failure_for_status(404, "Not Found")),
        }
    }

    pub(super) fn session_of(&self, caller: Option<SessionId>, name: &str) -> Result<SessionId, Failure> {
        let newest = self.local_session(name).ok_or_else(|| route::absent(name, &self.config))?;
        // Nobody's phone rings while the same phone calls.
        if Some(newest) == caller { Err(failure_for_status(486, "Busy Here")) } else { Ok(newest) }
    }

    fn service_callee(&mut self, number: ServiceNumber, worker: M::Worker, now: Instant) -> Result<End, Failure> {
        let leg = LegId(self.next_id());
        if let Some(sound) = number.sound() {
            self.media.service_leg(worker, leg, sound).map_err(|error| self.no_media(&error, now))?;
        }
        Ok(End { leg, driver: Driver::Service(ServiceLeg::new(number, leg)) })
    }

    pub(super) fn browser_callee(
        &mut self,
        session: SessionId,
        worker: M::Worker,
        now: Instant,
    ) -> Result<End, Failure> {
        let Some(calls) = self.sessions.get(&session).map(|session| session.calls.len()) else {
            // Its binding at a registrar may outlive a session by as long as it takes to withdraw it.
            return Err(failure_for_status(480, "Temporarily Unavailable"));
        };
        if calls >= self.config.limits.calls_per_session {
            return Err(failure_for_status(486, "Busy Here"));
        }
        let leg = LegId(self.next_id());
        let local = self.media.webrtc_leg(worker, leg).map_err(|error| self.no_media(&error, now))?;
        let call_id: String = self.random::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
        let driver = BrowserLeg::called(call_id, leg, local).under(&self.browsers);
        Ok(self.browser_end(session, leg, driver, now))
    }

    fn browser_end(&mut self, id: SessionId, leg: LegId, mut driver: BrowserLeg, now: Instant) -> End {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.calls.insert(driver.call_id().to_owned(), leg);
            if session.keep_alive().is_some() {
                driver.outlive_page();
            }
            if session.connection().is_none() {
                driver.detached(now);
            }
        }
        End { leg, driver: Driver::Browser(id, Box::new(driver)) }
    }

    /// The worker for a session's next call: all its calls live on one, so that their far ends can be joined.
    pub(super) fn worker_for(&self, session: SessionId) -> M::Worker {
        self.worker_of(session).unwrap_or_else(|| self.media.open_call())
    }

    /// The worker for a call between a session and what it dials, which may be a session with calls of its own.
    fn worker_between(&self, caller: SessionId, dialled: &str) -> M::Worker {
        let local = matches!(self.sessions.get(&caller).map(Session::account), Some(Account::Local { .. }));
        let callee = || match route::local(dialled, &self.config) {
            Ok(Target::User(name)) if local => self.worker_of(self.local_session(&name)?),
            _ => None,
        };
        self.worker_of(caller).or_else(callee).unwrap_or_else(|| self.media.open_call())
    }

    fn worker_of(&self, session: SessionId) -> Option<M::Worker> {
        let mut calls = self.sessions.get(&session)?.calls.values();
        calls.find_map(|leg| self.legs.get(leg)).map(|entry| entry.worker)
    }

    /// Puts two legs together as a call.
    pub(super) fn connect(
        &mut self,
        worker: M::Worker,
        (caller, callees): (End, Callees),
        identities: (Identity, Identity),
        offer: Option<Description>,
        extras: Extras,
        now: Instant,
    ) {
        let id = CallId(self.next_id());
        let Callees { first: callee, beside, onward } = callees;
        let kinds = (caller.driver.kind(), callee.driver.kind());
        self.record_start(id, (&identities.0, &identities.1), kinds, now);
        let machine = Call::new(kinds.0, kinds.1, identities, offer, extras, self.config.limits.call, now)
            .within(self.transcoded.clone());
        tracing::info!(call = id.0, caller = ?kinds.0, callee = ?kinds.1, "call started");
        let call = LiveCall {
            machine,
            caller: Some(caller.leg),
            callee: Some(callee.leg),
            third: None,
            branches: Branches::new(&beside, onward),
            referral: None,
            scheduled: None,
        };
        if caller.driver.has_media() && callee.driver.has_media() {
            let join = Command::Join { a: caller.leg, b: callee.leg };
            if let Err(error) = self.media.command(worker, join) {
                tracing::warn!(call = id.0, %error, "legs were not joined");
            }
        }
        let called = std::iter::once(callee).chain(beside).map(|end| (Party::Callee, end));
        for (party, end) in std::iter::once((Party::Caller, caller)).chain(called) {
            self.legs.insert(end.leg, LegEntry::new(id, party, worker, end.driver, now));
        }
        self.calls.insert(id, call);
        self.unsettled.push_back(id);
    }

    /// Ends every call because the relay stops.
    pub(super) fn end_all_calls(&mut self, now: Instant) {
        for (id, call) in &mut self.calls {
            call.machine.end(&Cause::Failure(super::sessions::shutting_down()), now);
            self.unsettled.push_back(*id);
        }
    }

    pub(super) fn call_due(&mut self, id: CallId, now: Instant) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        // A deadline that was moved comes due too: the one that holds is in the schedule still.
        if call.scheduled.is_some_and(|deadline| deadline <= now) {
            call.scheduled = None;
        }
        call.machine.handle_timeout(now);
        self.unsettled.push_back(id);
    }

    /// The failure of a call that the media workers have no room for.
    pub(super) fn no_media(&mut self, error: &MediaError, now: Instant) -> Failure {
        if let Some(unsaid) = self.crowded.due(now) {
            tracing::warn!(%error, unsaid, "no room for the sound of a call");
        }
        let sentence = "The relay has no room for the sound of another call.";
        let mut failure = Failure::new(ErrorCode::LimitReached, sentence);
        failure.sip_status = Some(503);
        failure
    }
}
