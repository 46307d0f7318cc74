//! The ways to a callee: several that ring at once until one answers, and others for when the first leads nowhere.

use std::time::{Duration, Instant};

use offhook_media::{Command, LegId};
use offhook_protocol::ErrorCode;
use offhook_sip::message::StatusCode;

use super::calls::{CallId, End, LegEntry};
use super::trunks::Asking;
use super::{MediaPlane, Relay, Timer};
use crate::call::{Cause, Extras, LegCommand, LegEvent, Party, failure_for_status};
use crate::config::TrunkId;

/// How long a trunk may say nothing at all while there is another (as [RFC 3263 section 4.3] has it between servers).
///
/// [RFC 3263 section 4.3]: https://www.rfc-editor.org/rfc/rfc3263#section-4.3
const PATIENCE: Duration = Duration::from_secs(4);

/// The legs of a callee about to be called.
pub(super) struct Callees {
    pub(super) first: End,
    /// Called at the same time.
    pub(super) beside: Vec<End>,
    /// Called when the first cannot be had.
    pub(super) onward: Option<Onward>,
}

impl From<End> for Callees {
    fn from(first: End) -> Self {
        Self { first, beside: Vec::new(), onward: None }
    }
}

/// Trunks that a call goes on to, and what is dialled there.
pub(super) struct Onward {
    pub(super) trunks: Vec<TrunkId>,
    pub(super) number: String,
    pub(super) asking: Asking,
}

/// What a call has besides the callee's leg until it is answered.
#[derive(Default)]
pub(super) struct Branches {
    /// Legs that are called beside the callee's.
    ringing: Vec<LegId>,
    /// Legs that were told to end, because another answered or the call goes another way.
    leaving: Vec<LegId>,
    onward: Option<Onward>,
    /// What the next leg is told.
    invite: Option<LegCommand>,
    /// The best refusal so far (RFC 3261 section 16.7).
    refusal: Option<(Cause, Extras)>,
    /// The caller has been told that it rings.
    is_heard: bool,
    /// When the trunk that was asked last has been silent for too long.
    patience: Option<Instant>,
}

impl Branches {
    pub(super) fn new(beside: &[End], onward: Option<Onward>) -> Self {
        Self { ringing: beside.iter().map(|end| end.leg).collect(), onward, ..Self::default() }
    }

    /// The legs besides the callee's.
    pub(super) fn legs(&self) -> impl Iterator<Item = LegId> + '_ {
        self.ringing.iter().chain(&self.leaving).copied()
    }

    /// Whether the callee is whoever the call machine thinks it is, for good.
    fn is_settled(&self) -> bool {
        self.ringing.is_empty() && self.onward.is_none() && self.refusal.is_none()
    }

    /// What is left of several is one.
    fn settle(&mut self) -> Vec<LegId> {
        (self.onward, self.patience, self.invite) = (None, None, None);
        let left = std::mem::take(&mut self.ringing);
        self.leaving.extend(&left);
        left
    }

    /// Somebody has taken the call who is none of them.
    pub(super) fn taken(&mut self) -> Vec<LegId> {
        self.refusal = None;
        self.settle()
    }

    /// Keeps a refusal where it is better than those before.
    fn refused(&mut self, cause: Cause, extras: Extras) {
        let is_better = |(best, _): &(Cause, Extras)| preference(&cause) < preference(best);
        if self.refusal.as_ref().is_none_or(is_better) {
            self.refusal = Some((cause, extras));
        }
    }
}

impl<M: MediaPlane> Relay<M> {
    /// Gives up what was opened for a call which is not to be.
    pub(super) fn discard_all(&mut self, worker: M::Worker, callees: Callees) {
        for end in std::iter::once(callees.first).chain(callees.beside) {
            self.discard(worker, end);
        }
    }

    /// The one that somebody is called at who is called at one only.
    pub(super) fn only_first(&mut self, worker: M::Worker, callees: Callees) -> End {
        for end in callees.beside {
            self.discard(worker, end);
        }
        callees.first
    }

    /// Tells a call's callee something: each of its legs, as long as none of them is the one.
    pub(super) fn callee_command(&mut self, id: CallId, command: LegCommand, now: Instant) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let legs: Vec<LegId> =
            call.leg(Party::Callee).into_iter().chain(call.branches.ringing.iter().copied()).collect();
        match &command {
            LegCommand::Invite { .. } if call.branches.onward.is_some() => {
                call.branches.invite = Some(command.clone());
                self.be_patient(id, now);
            }
            LegCommand::End(..) => drop(call.branches.taken()),
            _ => {}
        }
        for leg in legs {
            self.command(leg, command.clone(), now);
        }
    }

    /// Takes what one of several legs says; what the call is to hear of it comes back.
    pub(super) fn branch_event(&mut self, id: CallId, leg: LegId, event: LegEvent, now: Instant) -> Option<LegEvent> {
        let call = self.calls.get_mut(&id)?;
        let (is_callee, branches) = (call.leg(Party::Callee) == Some(leg), &mut call.branches);
        if let Some(at) = branches.leaving.iter().position(|leaving| *leaving == leg) {
            if matches!(event, LegEvent::Ended(..)) {
                branches.leaving.swap_remove(at);
                self.remove_leg(leg);
            }
            return None;
        }
        if branches.is_settled() {
            return Some(event);
        }
        let is_alone = branches.ringing.is_empty();
        match event {
            LegEvent::Ended(cause, extras) => self.branch_ended(id, leg, (cause, extras), now),
            LegEvent::Answered(..) => {
                branches.refusal = None;
                self.chosen(id, leg, &Extras::completed_elsewhere(), now);
                Some(event)
            }
            LegEvent::Trying => {
                branches.patience = None;
                is_callee.then_some(event)
            }
            // From the first that is heard of it on the call stays on its trunk.
            LegEvent::Ringing(..) | LegEvent::Progress(..) if is_alone => {
                branches.settle();
                Some(event)
            }
            // Who hears several phones ring hears none of them: their sound is let through once one has answered.
            LegEvent::Ringing(..) | LegEvent::Progress(..) if !std::mem::replace(&mut branches.is_heard, true) => {
                Some(LegEvent::Ringing(None, Extras::default()))
            }
            LegEvent::Reoffer(_) if !is_callee => {
                let pending = Cause::Failure(failure_for_status(491, "Request Pending"));
                self.command(leg, LegCommand::ReofferAnswer(Err(pending)), now);
                None
            }
            LegEvent::Ringing(..) | LegEvent::Progress(..) => None,
            // The others may still answer. Its end is told like any other's.
            LegEvent::MediaFailed(failure) if !is_alone => {
                self.command(leg, LegCommand::End(Cause::MediaFailed(failure), Extras::default()), now);
                None
            }
            event => is_callee.then_some(event),
        }
    }

    /// The trunk that was asked last says nothing: the call goes on to the next.
    pub(super) fn onward_due(&mut self, id: CallId, now: Instant) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.branches.patience.take_if(|until| *until <= now).is_none() {
            return;
        }
        let Some(silent) = call.leg(Party::Callee) else { return };
        if self.go_onward(id, now) {
            tracing::info!(call = id.0, "a trunk is silent; the next one is asked");
            if let Some(call) = self.calls.get_mut(&id) {
                call.branches.leaving.push(silent);
            }
            self.ua.abandon_leg(silent, now);
            self.command(silent, LegCommand::End(Cause::Cancelled, Extras::default()), now);
        }
        self.unsettled.push_back(id);
    }

    /// One of several legs is over without an answer.
    fn branch_ended(&mut self, id: CallId, leg: LegId, why: (Cause, Extras), now: Instant) -> Option<LegEvent> {
        let may_go_on = is_nobody_there(&why.0);
        let for_all = refused_for_all(&why.0);
        let call = self.calls.get_mut(&id)?;
        call.branches.refused(why.0, why.1);
        if let Some(said) = for_all {
            // RFC 3261 section 16.7: whoever says 6xx speaks for all.
            self.chosen(id, leg, &said, now);
        } else if call.leg(Party::Callee) != Some(leg) {
            call.branches.ringing.retain(|ringing| *ringing != leg);
            self.remove_leg(leg);
            return None;
        } else if let Some(other) = call.branches.ringing.pop() {
            call.set_leg(Party::Callee, Some(other));
            self.join_callee(id, now);
            self.remove_leg(leg);
            return None;
        } else if may_go_on && self.go_onward(id, now) {
            tracing::info!(call = id.0, "a trunk cannot take a call; the next one is asked");
            self.remove_leg(leg);
            return None;
        }
        let branches = &mut self.calls.get_mut(&id)?.branches;
        branches.settle();
        let (cause, extras) = branches.refusal.take()?;
        Some(LegEvent::Ended(cause, extras))
    }

    /// One leg is the callee's now; the others are let go, and told why.
    fn chosen(&mut self, id: CallId, leg: LegId, why: &Extras, now: Instant) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let former = call.leg(Party::Callee);
        if former != Some(leg) {
            call.branches.ringing.retain(|ringing| *ringing != leg);
            call.branches.ringing.extend(former);
            call.set_leg(Party::Callee, Some(leg));
        }
        let others = call.branches.settle();
        if former != Some(leg) {
            self.join_callee(id, now);
        }
        self.let_go(others, why, now);
    }

    /// Ends legs that rang, which are told why (RFC 3326).
    pub(super) fn let_go(&mut self, legs: Vec<LegId>, why: &Extras, now: Instant) {
        for leg in legs {
            self.command(leg, LegCommand::End(Cause::Cancelled, why.clone()), now);
        }
    }

    /// Calls over the next trunk there is. `false` when there is none.
    fn go_onward(&mut self, id: CallId, now: Instant) -> bool {
        let Some(call) = self.calls.get_mut(&id) else { return false };
        let caller = call.leg(Party::Caller);
        let (Some(Onward { trunks, number, asking }), Some(invite)) =
            (call.branches.onward.take(), call.branches.invite.clone())
        else {
            return false;
        };
        let Some(worker) = caller.and_then(|leg| self.legs.get(&leg)).map(|entry| entry.worker) else { return false };
        let Ok(Callees { first, onward, .. }) = self.trunk_callee(&trunks, &number, asking, worker, now) else {
            return false;
        };
        let leg = first.leg;
        self.legs.insert(leg, LegEntry::new(id, Party::Callee, worker, first.driver, now));
        if let Some(call) = self.calls.get_mut(&id) {
            call.set_leg(Party::Callee, Some(leg));
            call.branches.onward = onward;
        }
        self.join_callee(id, now);
        self.command(leg, invite, now);
        self.be_patient(id, now);
        true
    }

    fn be_patient(&mut self, id: CallId, now: Instant) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        let until = call.branches.onward.as_ref().map(|_| now + PATIENCE);
        call.branches.patience = until;
        if let Some(until) = until {
            self.schedule.put(until, Timer::Onward(id));
        }
    }

    /// Lets caller and callee hear each other.
    fn join_callee(&mut self, id: CallId, now: Instant) {
        let Some(call) = self.calls.get(&id) else { return };
        let with_media =
            |party| call.leg(party).filter(|leg| self.legs.get(leg).is_some_and(|leg| leg.driver.has_media()));
        if let (Some(a), Some(b)) = (with_media(Party::Caller), with_media(Party::Callee)) {
            self.media_command(a, Command::Join { a, b }, now);
        }
    }
}

/// Whether a trunk could not take the call, rather than the callee: it is busy (503), nobody answers there, or there is
/// no connection to it.
fn is_nobody_there(cause: &Cause) -> bool {
    cause.failure().is_some_and(|failure| {
        matches!(failure.sip_status, Some(503 | 408))
            || matches!(failure.code, ErrorCode::Unreachable | ErrorCode::Timeout | ErrorCode::DestinationForbidden)
    })
}

/// What the others are told of a refusal that is everybody's (6xx).
fn refused_for_all(cause: &Cause) -> Option<Extras> {
    let status = StatusCode::new(cause.failure()?.sip_status?).filter(|status| status.code() >= 600)?;
    let said = Some(status.reason().to_owned());
    Some(Extras { sip_status: Some(status.code()), sip_reason: said, ..Extras::default() })
}

/// The lower, the better a refusal is (RFC 3261 section 16.7): 6xx, then the lowest class; within 4xx what tells the caller
/// what to do otherwise, and that nobody answered last.
fn preference(cause: &Cause) -> (u16, u8) {
    let status = cause.refusal();
    let class = if status >= 600 { 0 } else { status / 100 };
    let within = match status {
        401 | 407 | 415 | 420 | 484 => 0,
        408 | 480 | 487 => 2,
        _ => 1,
    };
    (class, within)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(statuses: &[u16]) -> u16 {
        let mut branches = Branches::default();
        for status in statuses {
            branches.refused(Cause::Failure(failure_for_status(*status, "")), Extras::default());
        }
        branches.refusal.unwrap().0.refusal()
    }

    #[test]
    fn the_best_of_several_refusals_is_the_one_that_says_most() {
        assert_eq!(best(&[503, 404, 500]), 404);
        assert_eq!(best(&[480, 486, 408]), 486);
        assert_eq!(best(&[486, 415, 404]), 415);
        assert_eq!(best(&[404, 603]), 603);
        assert_eq!(best(&[486, 404]), 486, "the first of equals");
    }

    #[test]
    fn only_a_trunk_that_cannot_take_a_call_is_no_answer() {
        let goes_on = |status| is_nobody_there(&Cause::Failure(failure_for_status(status, "")));
        assert_eq!([503, 408, 486, 404, 500, 603].map(goes_on), [true, true, false, false, false, false]);
    }
}
