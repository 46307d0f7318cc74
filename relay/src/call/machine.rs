use std::collections::VecDeque;
use std::time::{Duration, Instant};

use offhook_media::{Digit, Direction};
use offhook_protocol::request::DtmfMethod;
use offhook_protocol::{ErrorCode, Failure};

use super::cause::failure_for_status;
use super::leg::{Cause, Description, Extras, Identity, LegCommand, LegEvent};
use super::referral::{ReferralEnd, Referring};
use super::side::{LegKind, Life, Party, Side, across};
use super::transcoding::{Apart, Capacity, Permit};
use super::transfer::Transferring;

/// How long a call may stay in each state that waits for somebody.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// From the invitation to the answer; then the call fails with `noAnswer`.
    pub unanswered: Duration,
    /// From a re-INVITE passed on to its result; then it is refused and the call goes on as it was.
    pub reoffer: Duration,
    /// From the invitation of a transfer's target to its answer; then the transfer has failed.
    pub transfer: Duration,
    /// From telling a leg to end to its end; then it is taken for ended. Longer than a SIP transaction (32 s), which
    /// ends by itself.
    pub hangup: Duration,
    /// How long a call lasts that no browser is part of, as after a transfer. Nobody here can end it: two machines, or a
    /// call that has been joined with itself somewhere, would talk for ever.
    pub unattended: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            unanswered: Duration::from_secs(180),
            reoffer: Duration::from_secs(35),
            transfer: Duration::from_secs(60),
            hangup: Duration::from_secs(40),
            unattended: Duration::from_secs(4 * 60 * 60),
        }
    }
}

/// What a call wants done.
#[expect(clippy::large_enum_variant, reason = "nearly every output is a command")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallOutput {
    /// Tell the leg at this end.
    Command(Party, LegCommand),
    /// The leg at this end and the third party's change places, and the media of caller and callee is joined.
    Swapped(Party),
    /// What became of [`Call::refer`].
    Referral(ReferralEnd),
    /// The third party's leg has not confirmed its end in time; forget it.
    Forget,
    /// All legs are gone; forget the call. Always the last output.
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The callee has been invited.
    Inviting,
    Established,
    /// The far end of `by` considers a change; of nobody, when the relay itself narrowed the codecs.
    Reoffering {
        by: Option<Party>,
    },
    /// Two ends that have never met are brought to speak alike.
    Aligning,
    /// One leg is gone or told to go.
    Ending,
    Over,
}

/// What held before a change.
#[derive(Clone, Debug)]
pub(super) struct Before {
    /// What the end that asks for it wanted.
    pub(super) wants: Direction,
    pub(super) agreed: Option<(Party, Description)>,
    pub(super) apart: Option<Apart>,
}

/// A call between two legs, and for the time of a transfer three.
#[derive(Debug)]
pub struct Call {
    pub(super) caller: Side,
    pub(super) callee: Side,
    pub(super) third: Side,
    pub(super) transferring: Option<Transferring>,
    /// The far end has been asked to make a transfer by itself.
    pub(super) referring: Option<Referring>,
    /// When the third party's answer or end is no longer waited for.
    pub(super) third_deadline: Option<Instant>,
    pub(super) phase: Phase,
    /// What the ends agreed on, most preferred first, as one of them said it.
    pub(super) agreed: Option<(Party, Description)>,
    /// What each end speaks, where they do not speak alike: the codecs agreed are of no account then.
    pub(super) apart: Option<Apart>,
    /// The right to be transcoded, once the call has been.
    pub(super) permit: Option<Permit>,
    pub(super) capacity: Capacity,
    /// What the callee lets be heard before its answer, as the caller is told it but for the codecs.
    pub(super) early: Option<Description>,
    /// What a caller over SIP takes for the answer to its offer before there is one.
    pub(super) caller_has: Option<Description>,
    /// The caller has changed what it offered since.
    pub(super) is_changed_early: bool,
    /// What held before the change under way: should it be refused, it holds again.
    pub(super) before: Option<Before>,
    pub(super) deadlines: Deadlines,
    pub(super) deadline: Option<Instant>,
    /// When a call without a browser ends.
    unattended_until: Option<Instant>,
    pub(super) outputs: VecDeque<CallOutput>,
}

impl Call {
    /// Invites the callee. `offer` is what the caller can do; `None` when it offered nothing and expects an offer.
    #[must_use]
    pub fn new(
        caller: LegKind,
        callee: LegKind,
        (from, to): (Identity, Identity),
        offer: Option<Description>,
        extras: Extras,
        deadlines: Deadlines,
        now: Instant,
    ) -> Self {
        let mut caller = Side::new(caller, from.clone());
        if let Some(offer) = &offer {
            caller.named(offer);
        }
        let callee = Side::new(callee, to.clone());
        let invite = LegCommand::Invite { from, to, offer: offer.map(across), extras };
        let mut call = Self {
            caller,
            callee,
            third: Side::absent(),
            transferring: None,
            referring: None,
            third_deadline: None,
            phase: Phase::Inviting,
            agreed: None,
            apart: None,
            permit: None,
            capacity: Capacity::default(),
            early: None,
            caller_has: None,
            is_changed_early: false,
            before: None,
            deadlines,
            deadline: Some(now + deadlines.unanswered),
            unattended_until: None,
            outputs: VecDeque::from([CallOutput::Command(Party::Callee, invite)]),
        };
        call.attend(now);
        call
    }

    /// Whether both ends have been connected and neither is going.
    #[must_use]
    pub fn is_established(&self) -> bool {
        matches!(self.phase, Phase::Established | Phase::Reoffering { .. } | Phase::Aligning)
    }

    /// Whether the call has come to its end and awaits nothing any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    /// Who is at an end, as others are shown.
    #[must_use]
    pub fn identity(&self, party: Party) -> &Identity {
        &self.side(party).who
    }

    /// Takes what happened at a leg. Whatever a leg says after its end, or after it was told to end, is ignored.
    pub fn leg_event(&mut self, party: Party, event: LegEvent, now: Instant) {
        let life = self.side(party).life;
        if life == Life::Ended {
            return;
        }
        if let LegEvent::Ended(cause, extras) = event {
            return self.leg_ended(party, cause, extras, now);
        }
        if life == Life::Ending {
            return;
        }
        if party == Party::Third {
            return self.third_event(event, now);
        }
        match event {
            LegEvent::Trying => self.progressed(party, None, |_| LegCommand::Trying),
            LegEvent::Ringing(media, extras) => {
                self.progressed(party, media, |media| LegCommand::Ringing(media, extras))
            }
            LegEvent::Progress(media, extras) => {
                self.progressed(party, media, |media| LegCommand::Progress(media, extras))
            }
            LegEvent::Answered(audio, extras) => self.answered(party, audio, extras, now),
            LegEvent::Reoffer(audio) => self.reoffer(party, audio, now),
            LegEvent::ReofferResult(result) => self.reoffer_result(party, result, now),
            LegEvent::Dtmf { digit, duration, method } => self.dtmf(party, digit, duration, method),
            LegEvent::Heard { digit, duration } if self.side(party.other()).kind == LegKind::Browser => {
                self.dtmf(party, digit, duration, DtmfMethod::Rfc2833);
            }
            LegEvent::Heard { .. } => {}
            LegEvent::Warning(failure) => self.command(party.other(), LegCommand::Warning(failure)),
            LegEvent::Referral(progress) => self.referral_news(party, progress, now),
            LegEvent::Party(who) => self.party_changed(party, who),
            LegEvent::MediaConnected => {}
            LegEvent::MediaFailed(failure) => self.end_all(&Cause::MediaFailed(failure), now),
            LegEvent::MediaInactive => self.media_inactive(now),
            LegEvent::Ended(..) => {}
        }
    }

    /// Ends the call from outside, as when the relay stops.
    pub fn end(&mut self, cause: &Cause, now: Instant) {
        if self.phase != Phase::Over {
            self.end_all(cause, now);
        }
    }

    /// The next thing to be done; ask until there is none.
    pub fn poll_output(&mut self) -> Option<CallOutput> {
        self.outputs.pop_front()
    }

    /// When [`Call::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.deadline, self.third_deadline, self.unattended_until].into_iter().flatten().min()
    }

    /// Takes the passing of time.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.third_deadline.take_if(|deadline| *deadline <= now).is_some() {
            self.third_timeout(now);
        }
        if self.unattended_until.take_if(|until| *until <= now).is_some() {
            let sentence = "The call has lasted for as long as one without a browser may.";
            self.end_all(&Cause::Failure(Failure::new(ErrorCode::Timeout, sentence)), now);
        }
        if self.deadline.take_if(|deadline| *deadline <= now).is_none() {
            return;
        }
        match self.phase {
            Phase::Inviting => {
                let mut failure = Failure::new(ErrorCode::NoAnswer, "Nobody answered in time.");
                failure.sip_status = Some(480);
                self.end_all(&Cause::Failure(failure), now);
            }
            Phase::Reoffering { .. } | Phase::Aligning => self.changes_timeout(now),
            Phase::Ending => {
                for party in [Party::Caller, Party::Callee, Party::Third] {
                    self.side_mut(party).life = Life::Ended;
                }
                self.finish();
            }
            Phase::Established | Phase::Over => {}
        }
    }

    fn progressed(
        &mut self,
        party: Party,
        media: Option<Description>,
        command: impl FnOnce(Option<Description>) -> LegCommand,
    ) {
        if party == Party::Callee && self.phase == Phase::Inviting {
            let told = media.map(|media| self.heard_early(across(media)));
            self.command(Party::Caller, command(told));
        }
    }

    fn answered(&mut self, party: Party, audio: Description, extras: Extras, now: Instant) {
        match (party, self.phase) {
            (Party::Callee, Phase::Inviting) => {
                self.callee.named(&audio);
                self.callee.settled = Some(audio.clone());
                self.established(audio, extras, now);
            }
            (Party::Caller, Phase::Inviting) => self.followed_early(audio),
            // The answer to the offer a caller was given in place of its own (RFC 3261 section 13.2.1).
            (_, Phase::Established) => self.narrowed(party, audio, now),
            (_, Phase::Aligning) => self.narrowed_while_aligning(party, audio, now),
            _ => {}
        }
    }

    /// The callee has answered, or somebody for it.
    pub(super) fn established(&mut self, audio: Description, extras: Extras, now: Instant) {
        self.phase = Phase::Established;
        self.deadline = None;
        let named = self.caller.codecs.clone();
        if !self.join(Party::Callee, audio.clone(), &named) {
            return self.not_acceptable(now);
        }
        let answer = match named.is_empty() {
            true => self.offered(Party::Caller),
            false => self.told(Party::Caller),
        };
        let Some(answer) = answer else { return };
        self.caller.settled = Some(answer.clone());
        let is_left = self.is_left_with_another(&answer);
        self.command(Party::Caller, LegCommand::Answer(answer, extras));
        if is_left {
            self.bring_over(now);
        } else {
            self.pass_on_early(&audio, now);
        }
    }

    /// An end says who is there.
    fn party_changed(&mut self, party: Party, who: Identity) {
        if self.side(party).who != who {
            self.side_mut(party).who = who.clone();
            self.command(party.other(), LegCommand::Party(who));
        }
    }

    fn dtmf(&mut self, party: Party, digit: Digit, duration: Duration, method: DtmfMethod) {
        let other = party.other();
        // What a SIP leg keyed in RTP has already passed as RTP; only a browser has yet to be told.
        let passed = method == DtmfMethod::Rfc2833
            && self.side(party).kind == LegKind::Sip
            && self.side(other).kind != LegKind::Browser;
        if self.is_established() && !passed {
            self.command(other, LegCommand::Dtmf { digit, duration, method });
        }
    }

    fn media_inactive(&mut self, now: Instant) {
        if self.is_established() {
            self.end_all(&Cause::MediaInactive, now);
        }
    }

    fn leg_ended(&mut self, party: Party, cause: Cause, extras: Extras, now: Instant) {
        self.side_mut(party).life = Life::Ended;
        // Who ends in good order before it has answered has not taken the call.
        let unanswered = match party {
            Party::Caller => false,
            Party::Callee => self.phase == Phase::Inviting,
            Party::Third => self.transferring.is_some(),
        };
        let cause = match cause {
            Cause::Normal | Cause::Cancelled if unanswered => {
                Cause::Failure(failure_for_status(480, "Temporarily Unavailable"))
            }
            cause => cause,
        };
        self.left_while_referring(party, &cause);
        match party {
            Party::Third => self.third_ended(cause, now),
            _ if self.is_transferred_by(party) => self.transferor_left(party),
            _ => {
                self.far_end_left(now);
                self.end_leg(party.other(), cause, extras, now);
            }
        }
        self.finish_if_empty();
    }

    /// Tells every leg to end that has not been told.
    pub(super) fn end_all(&mut self, cause: &Cause, now: Instant) {
        self.far_end_left(now);
        self.end_leg(Party::Callee, cause.clone(), Extras::default(), now);
        self.end_leg(Party::Caller, cause.clone(), Extras::default(), now);
    }

    pub(super) fn end_leg(&mut self, party: Party, cause: Cause, extras: Extras, now: Instant) {
        if self.side(party).life != Life::Live {
            return;
        }
        self.side_mut(party).life = Life::Ending;
        let deadline = Some(now + self.deadlines.hangup);
        if party == Party::Third {
            self.third_deadline = deadline;
        } else if self.phase != Phase::Ending {
            self.phase = Phase::Ending;
            self.deadline = deadline;
        }
        self.outputs.push_back(CallOutput::Command(party, LegCommand::End(cause, extras)));
    }

    pub(super) fn finish_if_empty(&mut self) {
        let sides = [&self.caller, &self.callee, &self.third];
        if self.phase != Phase::Over && sides.iter().all(|side| side.life == Life::Ended) {
            self.finish();
        }
    }

    fn finish(&mut self) {
        self.phase = Phase::Over;
        self.deadline = None;
        self.third_deadline = None;
        self.unattended_until = None;
        self.outputs.push_back(CallOutput::Over);
    }

    /// Sees whether a browser is part of the call.
    pub(super) fn attend(&mut self, now: Instant) {
        let attended = [&self.caller, &self.callee].iter().any(|side| side.kind == LegKind::Browser);
        let until = self.unattended_until.unwrap_or(now + self.deadlines.unattended);
        self.unattended_until = (!attended).then_some(until);
    }

    pub(super) fn command(&mut self, party: Party, command: LegCommand) {
        if self.side(party).life == Life::Live {
            self.outputs.push_back(CallOutput::Command(party, command));
        }
    }

    pub(super) fn side(&self, party: Party) -> &Side {
        match party {
            Party::Caller => &self.caller,
            Party::Callee => &self.callee,
            Party::Third => &self.third,
        }
    }

    pub(super) fn side_mut(&mut self, party: Party) -> &mut Side {
        match party {
            Party::Caller => &mut self.caller,
            Party::Callee => &mut self.callee,
            Party::Third => &mut self.third,
        }
    }
}
