use std::collections::VecDeque;
use std::time::{Duration, Instant};

use offhook_media::{Codec, Digit, Direction};
use offhook_protocol::request::DtmfMethod;
use offhook_protocol::{ErrorCode, Failure};

use super::cause::failure_for_status;
use super::leg::{Cause, Description, Extras, Identity, LegCommand, LegEvent};
use super::side::{LegKind, Life, Party, Side, both, mirrored};

/// How long a call may stay in each state that waits for somebody.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// From the invitation to the answer; then the call fails with `noAnswer`.
    pub unanswered: Duration,
    /// From a re-INVITE passed on to its result; then it is refused and the call goes on as it was.
    pub reoffer: Duration,
    /// From telling a leg to end to its end; then it is taken for ended. Longer than a SIP transaction (32 s), which
    /// ends by itself.
    pub hangup: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { unanswered: Duration::from_secs(180), reoffer: Duration::from_secs(35), hangup: Duration::from_secs(40) }
    }
}

/// What a call wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallOutput {
    /// Tell the leg at this end.
    Command(Party, LegCommand),
    /// Both legs are gone; forget the call. Always the last output.
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The callee has been invited.
    Inviting,
    Established,
    /// The far end of `by` considers a change; of nobody, when the relay itself narrowed the codecs.
    Reoffering {
        by: Option<Party>,
    },
    /// One leg is gone or told to go.
    Ending,
    Over,
}

/// A call between two legs.
#[derive(Debug)]
pub struct Call {
    caller: Side,
    callee: Side,
    phase: Phase,
    /// What both ends agreed on, most preferred first.
    agreed: Option<Description>,
    /// What held before the change under way: should it be refused, it holds again.
    before: Option<(Direction, Option<Description>)>,
    deadlines: Deadlines,
    deadline: Option<Instant>,
    outputs: VecDeque<CallOutput>,
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
        let wants = offer.as_ref().map_or(Direction::SendRecv, |offer| offer.direction);
        let offer = offer.map(|offer| Description { direction: mirrored(offer.direction), ..offer });
        let invite = LegCommand::Invite { from, to, offer, extras };
        Self {
            caller: Side { wants, ..Side::new(caller) },
            callee: Side::new(callee),
            phase: Phase::Inviting,
            agreed: None,
            before: None,
            deadlines,
            deadline: Some(now + deadlines.unanswered),
            outputs: VecDeque::from([CallOutput::Command(Party::Callee, invite)]),
        }
    }

    /// Whether both ends have been connected and neither is going.
    #[must_use]
    pub fn is_established(&self) -> bool {
        matches!(self.phase, Phase::Established | Phase::Reoffering { .. })
    }

    /// Whether the call has come to its end and awaits nothing any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Over
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
        match event {
            LegEvent::Trying => self.progressed(party, LegCommand::Trying),
            LegEvent::Ringing(media, extras) => self.progressed(party, LegCommand::Ringing(media, extras)),
            LegEvent::Progress(media, extras) => self.progressed(party, LegCommand::Progress(media, extras)),
            LegEvent::Answered(audio, extras) => self.answered(party, audio, extras, now),
            LegEvent::Reoffer(audio) => self.reoffer(party, audio, now),
            LegEvent::ReofferResult(result) => self.reoffer_result(party, result),
            LegEvent::Dtmf { digit, duration, method } => self.dtmf(party, digit, duration, method),
            LegEvent::Warning(failure) => self.command(party.other(), LegCommand::Warning(failure)),
            LegEvent::MediaConnected => {}
            LegEvent::MediaFailed(failure) => self.end_both(&Cause::MediaFailed(failure), now),
            LegEvent::MediaInactive => self.media_inactive(now),
            LegEvent::Ended(..) => {}
        }
    }

    /// Ends the call from outside, as when the relay stops.
    pub fn end(&mut self, cause: &Cause, now: Instant) {
        if self.phase != Phase::Over {
            self.end_both(cause, now);
        }
    }

    /// The next thing to be done; ask until there is none.
    pub fn poll_output(&mut self) -> Option<CallOutput> {
        self.outputs.pop_front()
    }

    /// When [`Call::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    /// Takes the passing of time.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return;
        }
        self.deadline = None;
        match self.phase {
            Phase::Inviting => {
                let mut failure = Failure::new(ErrorCode::NoAnswer, "Nobody answered in time.");
                failure.sip_status = Some(480);
                self.end_both(&Cause::Failure(failure), now);
            }
            Phase::Reoffering { .. } => {
                let failure = failure_for_status(408, "Request Timeout");
                self.reoffer_failed(Cause::Failure(failure));
            }
            Phase::Ending => {
                self.caller.life = Life::Ended;
                self.callee.life = Life::Ended;
                self.finish();
            }
            Phase::Established | Phase::Over => {}
        }
    }

    fn progressed(&mut self, party: Party, command: LegCommand) {
        if party == Party::Callee && self.phase == Phase::Inviting {
            self.command(Party::Caller, command);
        }
    }

    fn answered(&mut self, party: Party, audio: Description, extras: Extras, now: Instant) {
        match (party, self.phase) {
            (Party::Callee, Phase::Inviting) => {
                self.callee.wants = audio.direction;
                self.phase = Phase::Established;
                self.deadline = None;
                let direction = self.towards(Party::Caller);
                self.agreed = Some(audio.clone());
                self.command(Party::Caller, LegCommand::Answer(Description { direction, ..audio }, extras));
            }
            // The answer to the offer the caller was given in place of its own (RFC 3261 section 13.2.1).
            (Party::Caller, Phase::Established) => {
                let before = self.towards(Party::Callee);
                let kept = self.keeps(&audio);
                self.caller.wants = audio.direction;
                self.agreed = Some(audio);
                if !kept || self.towards(Party::Callee) != before {
                    self.pass_on(None, now);
                }
            }
            _ => {}
        }
    }

    fn reoffer(&mut self, party: Party, audio: Description, now: Instant) {
        if self.phase != Phase::Established {
            // RFC 3261 section 14.2: another change is under way.
            let failure = failure_for_status(491, "Request Pending");
            return self.command(party, LegCommand::ReofferAnswer(Err(Cause::Failure(failure))));
        }
        let before = (self.side(party).wants, self.agreed.clone());
        let towards_other = self.towards(party.other());
        let kept = self.keeps(&audio);
        self.side_mut(party).wants = audio.direction;
        if kept && self.towards(party.other()) == towards_other {
            return self.grant(party, None);
        }
        if !kept {
            self.agreed = Some(audio);
        }
        self.before = Some(before);
        self.pass_on(Some(party), now);
    }

    /// Offers the other end what has changed.
    fn pass_on(&mut self, by: Option<Party>, now: Instant) {
        let other = by.map_or(Party::Callee, Party::other);
        let Some(agreed) = self.agreed.clone() else { return };
        self.phase = Phase::Reoffering { by };
        self.deadline = Some(now + self.deadlines.reoffer);
        let direction = self.towards(other);
        self.command(other, LegCommand::Reoffer(Description { direction, ..agreed }));
    }

    fn reoffer_result(&mut self, party: Party, result: Result<Description, Cause>) {
        let Phase::Reoffering { by } = self.phase else { return };
        if by.map_or(Party::Callee, Party::other) != party {
            return;
        }
        match result {
            Ok(audio) => {
                self.phase = Phase::Established;
                self.deadline = None;
                self.before = None;
                let allowed = mirrored(audio.direction);
                self.agreed = Some(audio);
                if let Some(by) = by {
                    self.grant(by, Some(allowed));
                }
            }
            Err(cause) => self.reoffer_failed(cause),
        }
    }

    fn reoffer_failed(&mut self, cause: Cause) {
        let Phase::Reoffering { by } = self.phase else { return };
        self.phase = Phase::Established;
        self.deadline = None;
        let before = self.before.take();
        if let Some(by) = by {
            if let Some((wants, agreed)) = before {
                self.side_mut(by).wants = wants;
                self.agreed = agreed;
            }
            self.command(by, LegCommand::ReofferAnswer(Err(cause)));
        }
    }

    /// Answers a leg's change with what now holds.
    fn grant(&mut self, party: Party, allowed: Option<Direction>) {
        let Some(agreed) = self.agreed.clone() else { return };
        let towards = self.towards(party);
        let direction = allowed.map_or(towards, |allowed| both(allowed, towards));
        self.command(party, LegCommand::ReofferAnswer(Ok(Description { direction, ..agreed })));
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
            self.end_both(&Cause::MediaInactive, now);
        }
    }

    fn leg_ended(&mut self, party: Party, cause: Cause, extras: Extras, now: Instant) {
        self.side_mut(party).life = Life::Ended;
        // A callee that ends in good order before it has answered has not taken the call.
        let cause = match (party, self.phase, cause) {
            (Party::Callee, Phase::Inviting, Cause::Normal | Cause::Cancelled) => {
                Cause::Failure(failure_for_status(480, "Temporarily Unavailable"))
            }
            (_, _, cause) => cause,
        };
        if self.side(party.other()).life == Life::Ended {
            return self.finish();
        }
        self.end_leg(party.other(), cause, extras, now);
    }

    fn end_both(&mut self, cause: &Cause, now: Instant) {
        self.end_leg(Party::Callee, cause.clone(), Extras::default(), now);
        self.end_leg(Party::Caller, cause.clone(), Extras::default(), now);
    }

    fn end_leg(&mut self, party: Party, cause: Cause, extras: Extras, now: Instant) {
        if self.side(party).life != Life::Live {
            return;
        }
        self.side_mut(party).life = Life::Ending;
        if self.phase != Phase::Ending {
            self.phase = Phase::Ending;
            self.deadline = Some(now + self.deadlines.hangup);
        }
        self.outputs.push_back(CallOutput::Command(party, LegCommand::End(cause, extras)));
    }

    fn finish(&mut self) {
        self.phase = Phase::Over;
        self.deadline = None;
        self.outputs.push_back(CallOutput::Over);
    }

    fn command(&mut self, party: Party, command: LegCommand) {
        if self.side(party).life == Life::Live {
            self.outputs.push_back(CallOutput::Command(party, command));
        }
    }

    /// What the relay may do towards an end: what that end wants, as far as the other end allows it.
    fn towards(&self, party: Party) -> Direction {
        both(self.side(party).wants, mirrored(self.side(party.other()).wants))
    }

    /// Whether an offer still has the codec that is spoken.
    fn keeps(&self, offer: &Description) -> bool {
        let spoken: Option<Codec> = self.agreed.as_ref().and_then(|agreed| agreed.codecs.first().copied());
        spoken.is_some_and(|codec| offer.codecs.contains(&codec))
    }

    fn side(&self, party: Party) -> &Side {
        match party {
            Party::Caller => &self.caller,
            Party::Callee => &self.callee,
        }
    }

    fn side_mut(&mut self, party: Party) -> &mut Side {
        match party {
            Party::Caller => &mut self.caller,
            Party::Callee => &mut self.callee,
        }
    }
}
