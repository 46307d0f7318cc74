//! Transfers: the third leg of a blind one, and two calls becoming one in an attended one.

use std::time::Instant;

use offhook_media::{Command, LegId};
use offhook_protocol::request::TransferCall;
use offhook_protocol::{ErrorCode, Failure};

use super::calls::{CallId, End, LegEntry};
use super::{MediaPlane, Relay};
use crate::call::{Extras, Identity, LegKind, Party, not_joinable, transfer_refused};
use crate::route;
use crate::session::SessionId;

/// A session's end of a call.
#[derive(Clone, Copy)]
pub(super) struct OwnEnd {
    pub(super) call: CallId,
    pub(super) party: Party,
    pub(super) leg: LegId,
}

impl<M: MediaPlane> Relay<M> {
    /// Connects the far end of a session's call with somebody else. What comes of it is told as events.
    pub(super) fn transfer(&mut self, session: SessionId, request: &TransferCall, now: Instant) -> Result<(), Failure> {
        // What the legs have said already comes first.
        self.settle(now);
        let own = self.own_end(session, &request.call_id)?;
        self.may_transfer(own.call)?;
        match (&request.target, &request.with_call) {
            (Some(target), None) => {
                route::check_callee(target).map_err(|failure| of_target(&failure))?;
                match self.call_with(session, own.call, target) {
                    Some(other) => self.transfer_with(own, other, now),
                    None => {
                        if !self.refer_to(session, own, target) {
                            self.transfer_to(session, own, target, now);
                        }
                        Ok(())
                    }
                }
            }
            (None, Some(with)) => {
                let other = self.own_end(session, with)?;
                self.transfer_with(own, other, now)
            }
            _ => Err(of_target(&Failure::new(
                ErrorCode::InvalidField,
                "A transfer takes either a target or the call to be joined with.",
            ))),
        }
    }

    /// A leg of a call changes places with the third party's.
    pub(super) fn swapped(&mut self, id: CallId, party: Party, now: Instant) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.swap(party);
        let ringing = if party == Party::Callee { call.branches.taken() } else { Vec::new() };
        let (here, gone) = (call.leg(party), call.leg(Party::Third));
        for (leg, party) in [(here, party), (gone, Party::Third)] {
            if let Some(entry) = leg.and_then(|leg| self.legs.get_mut(&leg)) {
                entry.party = party;
            }
        }
        let far = self.calls.get(&id).and_then(|call| call.leg(party.other()));
        let has_media = |leg: &LegId| self.legs.get(leg).is_some_and(|entry| entry.driver.has_media());
        if let (Some(a), Some(b)) = (far.filter(has_media), here.filter(has_media)) {
            self.media_command(a, Command::Join { a, b }, now);
        }
        self.let_go(ringing, &Extras::completed_elsewhere(), now);
        tracing::info!(call = id.0, ?party, "call transferred");
    }

    /// Calls the target for the far end.
    pub(super) fn transfer_to(&mut self, session: SessionId, own: OwnEnd, target: &str, now: Instant) {
        let Some(worker) = self.legs.get(&own.leg).map(|entry| entry.worker) else { return };
        let opened = self.callee(session, target, worker, now);
        let opened = opened.map(|callees| self.only_first(worker, callees));
        self.transfer_onto(own, (worker, opened), target, now);
    }

    /// Calls the target that was opened for the far end, or tells the transferor why it was not.
    pub(super) fn transfer_onto(
        &mut self,
        own: OwnEnd,
        (worker, opened): (M::Worker, Result<End, Failure>),
        target: &str,
        now: Instant,
    ) {
        let opened = opened.and_then(|end| {
            if self.is_service_far_of(own) && end.driver.kind() == LegKind::Service {
                self.discard(worker, end);
                return Err(nobody_there());
            }
            Ok(end)
        });
        let End { leg, driver } = match opened {
            Ok(end) => end,
            Err(failure) => {
                self.command(own.leg, transfer_refused(target.to_owned(), failure), now);
                return self.unsettled.push_back(own.call);
            }
        };
        let kind = driver.kind();
        self.legs.insert(leg, LegEntry::new(own.call, Party::Third, worker, driver, now));
        if let Some(call) = self.calls.get_mut(&own.call) {
            call.set_leg(Party::Third, Some(leg));
            let who = Identity { user: target.to_owned(), display_name: None };
            call.machine.transfer(own.party, (kind, who), now);
        }
        tracing::info!(call = own.call.0, target = ?kind, "transfer started");
        self.unsettled.push_back(own.call);
    }

    /// Makes one call of two of a session's: their far ends talk to each other.
    pub(super) fn join_calls(&mut self, own: OwnEnd, other: OwnEnd, now: Instant) -> Result<(), Failure> {
        if own.call == other.call {
            let sentence = "A call cannot be joined with itself.";
            return Err(Failure::new(ErrorCode::InvalidCallState, sentence));
        }
        self.may_transfer(other.call)?;
        let far_leg = |end: OwnEnd| self.calls.get(&end.call).and_then(|call| call.leg(end.party.other()));
        let (Some(near), Some(far)) = (far_leg(own), far_leg(other)) else { return Err(not_joinable()) };
        let worker = |leg: LegId| self.legs.get(&leg).map(|entry| entry.worker);
        if self.is_service_far_of(own) && self.is_service_far_of(other) {
            return Err(nobody_there());
        }
        if worker(near) != worker(far) {
            tracing::warn!(call = own.call.0, with = other.call.0, "the media of two calls cannot be joined");
            return Err(not_joinable());
        }
        let Some(mut released) = self.calls.remove(&other.call) else { return Err(not_joinable()) };
        released.set_leg(other.party.other(), None);
        if let Some(call) = self.calls.get_mut(&own.call) {
            call.set_leg(Party::Third, Some(far));
            call.machine.merge(own.party, &mut released.machine, other.party, now);
        }
        self.calls.insert(other.call, released);
        if let Some(entry) = self.legs.get_mut(&far) {
            entry.call = own.call;
            entry.party = Party::Third;
        }
        tracing::info!(call = own.call.0, with = other.call.0, "calls joined");
        self.unsettled.extend([own.call, other.call]);
        Ok(())
    }

    /// Whether a service number is at the far end.
    fn is_service_far_of(&self, own: OwnEnd) -> bool {
        let far = self.calls.get(&own.call).and_then(|call| call.leg(own.party.other()));
        far.and_then(|far| self.legs.get(&far)).is_some_and(|entry| entry.driver.kind() == LegKind::Service)
    }

    pub(super) fn may_transfer(&self, call: CallId) -> Result<(), Failure> {
        self.calls.get(&call).map_or_else(|| Err(not_joinable()), |call| call.machine.may_transfer())
    }

    fn own_end(&self, session: SessionId, call_id: &str) -> Result<OwnEnd, Failure> {
        let leg = self.leg_of(session, call_id)?;
        self.own_end_of(leg).ok_or_else(not_joinable)
    }

    pub(super) fn own_end_of(&self, leg: LegId) -> Option<OwnEnd> {
        let entry = self.legs.get(&leg)?;
        Some(OwnEnd { call: entry.call, party: entry.party, leg })
    }

    /// Another call of the session that is established with exactly this party.
    fn call_with(&self, session: SessionId, except: CallId, target: &str) -> Option<OwnEnd> {
        let legs = self.sessions.get(&session)?.calls.values();
        let ends = legs.filter_map(|leg| self.own_end_of(*leg)).filter(|end| end.call != except);
        ends.into_iter().find(|end| {
            self.calls.get(&end.call).is_some_and(|call| {
                let far = call.machine.identity(end.party.other());
                call.machine.may_transfer().is_ok() && route::is_same_party(&far.user, target)
            })
        })
    }
}

/// Two service numbers would talk to each other for ever: neither hangs up.
fn nobody_there() -> Failure {
    Failure::new(ErrorCode::InvalidCallState, "A service number cannot be connected with another one.")
}

/// The same failure about the field that a transfer has.
fn of_target(failure: &Failure) -> Failure {
    let message = failure.message.replace("The callee", "The target");
    Failure { field: Some("target".to_owned()), message, ..failure.clone() }
}
