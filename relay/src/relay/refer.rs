//! Transfers that SIP peers make (REFER): a far end that is asked to call somebody by itself, and a peer that asks the
//! relay to do so.

use std::time::Instant;

use offhook_media::LegId;
use offhook_protocol::{ErrorCode, Failure};

use super::calls::{CallId, End};
use super::transfer::OwnEnd;
use super::trunks::Asking;
use super::{MediaPlane, Relay};
use crate::call::{Cause, Referral, ReferralEnd, failure_for_status, not_joinable, transfer_refused};
use crate::config::TransferBy;
use crate::route::{self, Dialler, Target};
use crate::session::{Account, SessionId};
use crate::ua::{AccountId, Asked, ReferredTo};

/// What a call's far end has been asked to do, for when it turns out that it does no such thing.
#[derive(Clone, Debug)]
pub(super) enum Referring {
    /// To call this target of a session's.
    Call {
        /// The session's end of the call.
        leg: LegId,
        session: SessionId,
        target: String,
    },
    /// To take the place of another call of the same session's.
    Join {
        /// The session's end of the call.
        leg: LegId,
        /// Its end of the other.
        other: LegId,
    },
}

impl<M: MediaPlane> Relay<M> {
    /// Asks the far end of a session's call to call the target by itself, where it can and the target is its server's.
    pub(super) fn refer_to(&mut self, session: SessionId, own: OwnEnd, target: &str) -> bool {
        let Some(far) = self.far_leg(own) else { return false };
        if !self.lets_refer() || !self.ua.may_refer(far) {
            return false;
        }
        let Some(to) = self.dialled_at(far, session, target) else { return false };
        let referral = Referral { to, replaces: None };
        let referring = Referring::Call { leg: own.leg, session, target: target.to_owned() };
        self.refer(own, (referral, target.to_owned()), referring);
        true
    }

    /// What a session's target is called at the server of its call's far end, where it is to be found there.
    fn dialled_at(&self, far: LegId, session: SessionId, target: &str) -> Option<String> {
        match self.sessions.get(&session)?.account() {
            Account::Sip { .. } => self.ua.is_callable(far, AccountId(session.0), target).then(|| target.to_owned()),
            Account::Local { .. } => match route::find(Dialler::User, target, &self.config).ok()? {
                Target::Trunks(trunks, number) => (trunks.first().copied() == self.ua.trunk_of(far)).then_some(number),
                Target::Service(_) | Target::User(_) => None,
            },
        }
    }

    /// Joins the far ends of two calls: the one takes the other's call by itself where both can do that.
    pub(super) fn transfer_with(&mut self, own: OwnEnd, other: OwnEnd, now: Instant) -> Result<(), Failure> {
        let legs = self.far_leg(own).zip(self.far_leg(other)).filter(|_| self.lets_refer() && own.call != other.call);
        let referral = legs.and_then(|(one, two)| self.ua.referral_between(one, two));
        let Some(referral) = referral else { return self.join_calls(own, other, now) };
        self.may_transfer(other.call)?;
        let named = self.calls.get(&other.call).map(|call| call.machine.identity(other.party.other()).user.clone());
        let referring = Referring::Join { leg: own.leg, other: other.leg };
        self.refer(own, (referral, named.unwrap_or_default()), referring);
        Ok(())
    }

    /// What a far end that was asked to make a transfer has made of it.
    pub(super) fn referral_over(&mut self, id: CallId, end: ReferralEnd, now: Instant) {
        let Some(referring) = self.calls.get_mut(&id).and_then(|call| call.referral.take()) else { return };
        tracing::info!(call = id.0, ?end, "the far end's own transfer is over");
        match (end, referring) {
            (ReferralEnd::Completed, Referring::Join { other, .. }) => {
                let other = self.own_end_of(other).map(|other| other.call);
                if let Some((id, call)) = other.and_then(|id| Some((id, self.calls.get_mut(&id)?))) {
                    call.machine.end(&Cause::Normal, now);
                    self.unsettled.push_back(id);
                }
            }
            (ReferralEnd::Unsupported, Referring::Call { leg, session, target }) => {
                if let Some(own) = self.own_end_of(leg) {
                    self.transfer_to(session, own, &target, now);
                }
            }
            (ReferralEnd::Unsupported, Referring::Join { leg, other }) => self.join_after_all(leg, other, now),
            (ReferralEnd::Completed, Referring::Call { .. }) | (ReferralEnd::Failed, _) => {}
        }
    }

    /// A SIP peer asks for a transfer of whoever it talks to: the same third leg as for a browser, or two calls joined.
    pub(super) fn referred(&mut self, leg: LegId, to: ReferredTo, asked: Asked, now: Instant) {
        // What the legs have said already comes first.
        self.settle(now);
        let Some(own) = self.own_end_of(leg) else { return self.ua.answer_refer(leg, Err(500), now) };
        if let Err(failure) = self.may_transfer(own.call).and_then(|()| self.may_lead_to(&to)) {
            let status = failure.sip_status.unwrap_or(491);
            tracing::info!(call = own.call.0, status, "a transfer of a SIP peer's was refused");
            return self.ua.answer_refer(leg, Err(status), now);
        }
        tracing::info!(call = own.call.0, "a SIP peer transfers its call");
        self.ua.answer_refer(leg, Ok(()), now);
        match to {
            ReferredTo::Call(other) => {
                let joined =
                    self.own_end_of(other).ok_or_else(not_joinable).and_then(|other| self.join_calls(own, other, now));
                if let Err(failure) = joined {
                    self.command(leg, transfer_refused(String::new(), failure), now);
                }
            }
            ReferredTo::Account(account) => {
                let user = String::new();
                self.referred_onto(own, &user, now, |relay, worker| {
                    relay.browser_callee(SessionId(account.0), worker, now)
                });
            }
            ReferredTo::Here(user) => {
                let dialler = match self.ua.trunk_of(leg) {
                    Some(trunk) => Dialler::Trunk(trunk),
                    None if self.ua.is_users_leg(leg) => Dialler::User,
                    None => Dialler::Stranger,
                };
                self.referred_onto(own, &user, now, |relay, worker| {
                    let callees = relay.routed_callee(dialler, &user, Asking::default(), worker, now)?;
                    Ok(relay.only_first(worker, callees))
                });
            }
            ReferredTo::There { account, uri, user, .. } => {
                self.referred_onto(own, &user, now, |relay, worker| {
                    let end = relay.sip_callee(SessionId(account.0), &uri, worker, now)?;
                    relay.ua.carry(end.leg, asked);
                    Ok(end)
                });
            }
            ReferredTo::Trunk { trunk, user } => {
                self.referred_onto(own, &user, now, |relay, worker| {
                    let end = relay.trunk_callee(&[trunk], &user, Asking::default(), worker, now)?.first;
                    relay.ua.carry(end.leg, asked);
                    Ok(end)
                });
            }
            ReferredTo::Nobody => {}
        }
    }

    fn referred_onto(
        &mut self,
        own: OwnEnd,
        user: &str,
        now: Instant,
        open: impl FnOnce(&mut Self, M::Worker) -> Result<End, Failure>,
    ) {
        let Some(worker) = self.legs.get(&own.leg).map(|entry| entry.worker) else { return };
        let opened = open(self, worker);
        self.transfer_onto(own, (worker, opened), user, now);
    }

    /// Whether a peer may have the relay call this on its word: its own account's server, whatever the relay may reach
    /// anyway, and numbers of the relay's own.
    fn may_lead_to(&self, to: &ReferredTo) -> Result<(), Failure> {
        match to {
            ReferredTo::There { host, is_home, .. } if !is_home && !self.config.sip.destinations.allow(host) => {
                Err(failure_for_status(403, "Forbidden"))
            }
            ReferredTo::Here(user) | ReferredTo::Trunk { user, .. } => {
                route::check_callee(user).map_err(|_| failure_for_status(404, "Not Found"))
            }
            ReferredTo::Nobody => Err(failure_for_status(403, "Forbidden")),
            ReferredTo::There { .. } | ReferredTo::Call(_) | ReferredTo::Account(_) => Ok(()),
        }
    }

    /// Joins two calls whose far ends could not be asked to do that themselves.
    fn join_after_all(&mut self, leg: LegId, other: LegId, now: Instant) {
        let Some(own) = self.own_end_of(leg) else { return };
        let joined =
            self.own_end_of(other).ok_or_else(|| Failure::new(ErrorCode::UnknownCall, "The other call has ended."));
        if let Err(failure) = joined.and_then(|other| self.join_calls(own, other, now)) {
            self.command(leg, transfer_refused(String::new(), failure), now);
            self.unsettled.push_back(own.call);
        }
    }

    fn refer(&mut self, own: OwnEnd, (referral, named): (Referral, String), referring: Referring) {
        if let Some(call) = self.calls.get_mut(&own.call) {
            call.referral = Some(referring);
            call.machine.refer(own.party, named, referral);
        }
        tracing::info!(call = own.call.0, "the far end is asked to make a transfer");
        self.unsettled.push_back(own.call);
    }

    fn lets_refer(&self) -> bool {
        self.config.sip.transfer == TransferBy::Refer
    }

    fn far_leg(&self, own: OwnEnd) -> Option<LegId> {
        self.calls.get(&own.call).and_then(|call| call.leg(own.party.other()))
    }
}
