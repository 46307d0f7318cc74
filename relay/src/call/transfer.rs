//! Transfers that the relay makes itself (RFC 5589 without its messages: it has both legs, so it needs no help of either
//! phone).
//!
//! A blind transfer invites the target as the call's third party, for the end that stays. When the target answers, it
//! changes places with the transferor, which then is the third party and is told to end. An attended transfer takes the
//! far end out of a second call and puts it where the transferor was, in the same way.

use std::time::Instant;

use offhook_protocol::{ErrorCode, Failure};

use super::leg::{Cause, Description, Extras, Identity, LegCommand, LegEvent, Transfer, TransferProgress};
use super::machine::{Call, CallOutput, Phase};
use super::side::{LegKind, Life, Party, Side, mirrored, video_across};
use super::transcoding::{Transcoding, shared};

/// A blind transfer whose target has not answered.
#[derive(Debug)]
pub(super) struct Transferring {
    by: Party,
    /// The target as the transferor named it.
    target: String,
    rings: bool,
}

impl Call {
    /// Whether this end may transfer the other.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidCallState`] when the call is not established, or is being transferred already.
    pub fn may_transfer(&self) -> Result<(), Failure> {
        let refused = |sentence: &str| Err(Failure::new(ErrorCode::InvalidCallState, sentence));
        if !self.is_established() || self.caller.life != Life::Live || self.callee.life != Life::Live {
            return refused("Only an established call can be transferred.");
        }
        if self.third.life != Life::Ended || self.referring.is_some() {
            return refused("The call is being transferred already.");
        }
        if self.agreed.as_ref().is_some_and(|(_, agreed)| agreed.untouched.is_some()) {
            return refused("The ends of this call send their sound to each other, not through the relay.");
        }
        Ok(())
    }

    /// Transfers the far end of `by` to whoever is behind the third party's leg, which is invited for it. What
    /// [`Call::may_transfer`] refuses must not come here.
    pub fn transfer(&mut self, by: Party, (kind, target): (LegKind, Identity), now: Instant) {
        let far = by.other();
        let named = target.user.clone();
        let invite = LegCommand::Invite {
            from: self.side(far).who.clone(),
            to: target.clone(),
            offer: self.offer_of(far),
            extras: Extras::default(),
        };
        self.third = Side::new(kind, target);
        self.third_deadline = Some(now + self.deadlines.transfer);
        self.transferring = Some(Transferring { by, target: named, rings: false });
        self.tell_transferor(TransferProgress::Trying);
        self.command(Party::Third, invite);
    }

    /// Joins the far end of `by` with the far end of `other_by` in another call, whose leg has become this call's third
    /// party. What [`Call::may_transfer`] refuses of either call must not come here.
    pub fn merge(&mut self, by: Party, other: &mut Self, other_by: Party, now: Instant) {
        let far = by.other();
        self.third = other.release(other_by, now);
        let named = self.third.who.user.clone();
        self.transferring = Some(Transferring { by, target: named, rings: false });
        let newcomer = self.side(far).who.clone();
        let common = common(self.side(far), &self.third);
        self.swap(by, common, now);
        self.command(by, LegCommand::Party(newcomer));
    }

    /// Gives the far end of `by` away, with whatever it has asked for and awaits. The rest of the call ends.
    fn release(&mut self, by: Party, now: Instant) -> Side {
        let far = by.other();
        let released = std::mem::replace(self.side_mut(far), Side::absent());
        self.end_leg(by, Cause::Normal, Extras::default(), now);
        released
    }

    /// Takes what happened at the third party's leg.
    pub(super) fn third_event(&mut self, event: LegEvent, now: Instant) {
        if self.transferring.is_none() {
            return;
        }
        match event {
            LegEvent::Ringing(..) | LegEvent::Progress(..) => self.target_rings(),
            LegEvent::Answered(audio, _) => self.target_answered(audio, now),
            LegEvent::Party(who) => self.third.who = who,
            LegEvent::MediaFailed(failure) => {
                self.end_leg(Party::Third, Cause::MediaFailed(failure), Extras::default(), now);
                self.transfer_failed(Cause::MediaFailed(failure), now);
            }
            _ => {}
        }
    }

    /// The third party's leg is over.
    pub(super) fn third_ended(&mut self, cause: Cause, now: Instant) {
        self.third_deadline = None;
        if self.transferring.is_some() {
            self.transfer_failed(cause, now);
        }
    }

    /// The target has not answered in time, or who has left has not confirmed it.
    pub(super) fn third_timeout(&mut self, now: Instant) {
        if self.transferring.is_some() {
            self.end_leg(Party::Third, Cause::Cancelled, Extras::default(), now);
            let failure =
                Failure { sip_status: Some(408), ..Failure::new(ErrorCode::NoAnswer, "Nobody answered in time.") };
            return self.transfer_failed(Cause::Failure(failure), now);
        }
        self.third.life = Life::Ended;
        self.outputs.push_back(CallOutput::Forget);
        self.finish_if_empty();
    }

    /// Whether this end has transferred the other, which waits for the target.
    pub fn is_transferred_by(&self, party: Party) -> bool {
        self.transferring.as_ref().is_some_and(|transferring| transferring.by == party)
            && self.side(party.other()).life == Life::Live
    }

    /// The transferor has hung up; the transfer goes on without it.
    pub(super) fn transferor_left(&mut self, party: Party) {
        let far = party.other();
        self.side_mut(party).is_asked = false;
        if let Phase::Reoffering { .. } = self.phase
            && self.side(far).asks
        {
            self.phase = Phase::Established;
            self.deadline = None;
            self.before = None;
            self.grant(far, None);
        }
    }

    /// The end that was to be transferred is gone, and nobody is left to call the target for.
    pub(super) fn far_end_left(&mut self, now: Instant) {
        self.referral_abandoned();
        if self.transferring.is_some() {
            let failure = Failure::new(ErrorCode::PeerLost, "The call ended before the transfer was done.");
            self.tell_transferor(TransferProgress::Failed(Cause::Failure(failure)));
            self.transferring = None;
        }
        self.end_leg(Party::Third, Cause::Cancelled, Extras::default(), now);
    }

    fn target_rings(&mut self) {
        if let Some(transferring) = &mut self.transferring
            && !std::mem::replace(&mut transferring.rings, true)
        {
            self.tell_transferor(TransferProgress::Ringing);
        }
    }

    fn target_answered(&mut self, audio: Description, now: Instant) {
        let Some(by) = self.transferring.as_ref().map(|transferring| transferring.by) else { return };
        self.third.named(&audio);
        self.third.settled = Some(audio.clone());
        let common = shared(&audio.codecs, &self.side(by.other()).codecs);
        // Where it has taken none of the codecs of the end that stays, that end is asked for those it has taken.
        let codecs = if common.is_empty() { audio.codecs.clone() } else { common };
        self.swap(by, Some(Description { codecs, ..audio }), now);
    }

    /// Puts the third party in the transferor's place, which leaves the call.
    pub(super) fn swap(&mut self, by: Party, agreed: Option<Description>, now: Instant) {
        let far = by.other();
        self.tell_transferor(TransferProgress::Completed);
        self.transferring = None;
        self.third_deadline = None;
        let newcomer = std::mem::replace(&mut self.third, Side::absent());
        let who = newcomer.who.clone();
        self.third = std::mem::replace(self.side_mut(by), newcomer);
        self.outputs.push_back(CallOutput::Swapped(by));
        self.attend(now);
        if let Some(agreed) = agreed {
            self.agreed = Some((by, agreed));
        } else if let (Some(apart), Some((_, agreed))) = (&self.apart, &mut self.agreed) {
            agreed.codecs = apart.of(far).to_vec();
        }
        self.apart = None;
        if self.transcoding() == Transcoding::Preferred
            && let Some(settled) = self.side(far).settled.as_ref().map(|settled| settled.codecs.clone())
        {
            self.join_again(far, &settled);
        }
        self.before = None;
        self.end_leg(Party::Third, Cause::Normal, Extras::default(), now);
        self.command(far, LegCommand::Party(who));
        for party in [far, by] {
            let side = self.side_mut(party);
            side.is_stale = side.is_asked;
            if side.asks {
                self.grant(party, None);
            }
        }
        self.align(now);
    }

    fn transfer_failed(&mut self, cause: Cause, now: Instant) {
        let Some(by) = self.transferring.as_ref().map(|transferring| transferring.by) else { return };
        self.tell_transferor(TransferProgress::Failed(cause.clone()));
        self.transferring = None;
        if self.side(by).life != Life::Live {
            // The transferor trusted that it would do; now nobody is left to talk to.
            self.end_leg(by.other(), cause, Extras::default(), now);
        }
    }

    fn tell_transferor(&mut self, progress: TransferProgress) {
        let Some(Transferring { by, target, .. }) = &self.transferring else { return };
        let (by, target) = (*by, target.clone());
        self.command(by, LegCommand::Transfer(Transfer { target, progress }));
    }

    /// What an end can do, as a newcomer is offered it. Nothing where it never said so.
    pub(super) fn offer_of(&self, party: Party) -> Option<Description> {
        let side = self.side(party);
        let settled = side.settled.as_ref()?;
        let codecs = if side.codecs.is_empty() { settled.codecs.clone() } else { side.codecs.clone() };
        Some(Description {
            codecs,
            telephone_event: settled.telephone_event,
            comfort_noise: side.comfort_noise,
            direction: mirrored(side.wants),
            video: side.video.clone().map(video_across),
            untouched: None,
            sound: side.sound,
            transcoding: self.transcoding_between(side.transcoding, Transcoding::Needed),
        })
    }
}

/// What two ends that have never met can speak with each other, as the second says it: what both speak already, else what
/// both have named, else what the second speaks.
pub(super) fn common(one: &Side, other: &Side) -> Option<Description> {
    let (ones, others) = (one.settled.as_ref()?, other.settled.as_ref()?);
    let choices = [shared(&ones.codecs, &others.codecs), shared(&one.codecs, &other.codecs), others.codecs.clone()];
    let codecs = choices.into_iter().find(|codecs| !codecs.is_empty())?;
    let same_picture = match (&ones.video, &others.video) {
        (Some(ones), Some(others)) => ones.codecs.first() == others.codecs.first(),
        _ => false,
    };
    Some(Description {
        codecs,
        telephone_event: ones.telephone_event && others.telephone_event,
        comfort_noise: false,
        direction: others.direction,
        video: others.video.clone().filter(|_| same_picture),
        untouched: None,
        sound: others.sound,
        transcoding: Transcoding::Never,
    })
}

/// The failure of a transfer that leads nowhere, as the transferor is told it.
#[must_use]
pub fn transfer_refused(target: String, failure: Failure) -> LegCommand {
    LegCommand::Transfer(Transfer { target, progress: TransferProgress::Failed(Cause::Failure(failure)) })
}

/// The failure of a transfer between calls that cannot be joined.
#[must_use]
pub fn not_joinable() -> Failure {
    Failure::new(ErrorCode::InvalidCallState, "The two calls cannot be joined.")
}
