//! What becomes of a transfer that the far end makes by itself, one behaviour a test.

use std::time::Instant;

use offhook_media::{Codec, Direction};

use super::*;

#[expect(clippy::disallowed_methods, reason = "an instant can be had from the clock only; time is simulated from it")]
fn start() -> Instant {
    Instant::now()
}

fn audio() -> Description {
    let (codecs, direction) = (vec![Codec::Opus, Codec::Pcma], Direction::SendRecv);
    Description::new(codecs, true, direction)
}

fn identity(user: &str) -> Identity {
    Identity { user: user.into(), display_name: None }
}

fn failed(status: u16) -> Cause {
    Cause::Failure(failure_for_status(status, ""))
}

fn referral() -> Referral {
    Referral { to: "carol".into(), replaces: None }
}

/// Alice's browser has called bob's phone, and bob is asked to call carol.
struct Talk {
    call: Call,
    now: Instant,
}

impl Talk {
    fn new() -> Self {
        let now = start();
        let who = (identity("alice"), identity("bob"));
        let (kinds, extras) = ((LegKind::Browser, LegKind::Sip), Extras::default());
        let mut call = Call::new(kinds.0, kinds.1, who, Some(audio()), extras, Deadlines::default(), now);
        call.leg_event(Party::Callee, LegEvent::Answered(audio(), Extras::default()), now);
        while call.poll_output().is_some() {}
        let mut talk = Self { call, now };
        talk.call.refer(Party::Caller, "carol".into(), referral());
        assert_eq!(talk.outputs(), [CallOutput::Command(Party::Callee, LegCommand::Refer(referral()))]);
        talk
    }

    fn accepted() -> Self {
        let mut talk = Self::new();
        assert_eq!(talk.says(ReferralProgress::Accepted), [news(TransferProgress::Trying)]);
        talk
    }

    fn says(&mut self, progress: ReferralProgress) -> Vec<CallOutput> {
        self.happens(Party::Callee, LegEvent::Referral(progress))
    }

    fn ends(&mut self, party: Party, cause: Cause) -> Vec<CallOutput> {
        self.happens(party, LegEvent::Ended(cause, Extras::default()))
    }

    fn happens(&mut self, party: Party, event: LegEvent) -> Vec<CallOutput> {
        self.call.leg_event(party, event, self.now);
        self.outputs()
    }

    fn outputs(&mut self) -> Vec<CallOutput> {
        std::iter::from_fn(|| self.call.poll_output()).collect()
    }
}

fn news(progress: TransferProgress) -> CallOutput {
    CallOutput::Command(Party::Caller, LegCommand::Transfer(Transfer { target: "carol".into(), progress }))
}

fn end(party: Party) -> CallOutput {
    CallOutput::Command(party, LegCommand::End(Cause::Normal, Extras::default()))
}

fn over(how: ReferralEnd) -> CallOutput {
    CallOutput::Referral(how)
}

#[test]
fn the_transferor_hears_how_it_goes_and_both_legs_end() {
    let mut talk = Talk::accepted();
    assert_eq!(talk.says(ReferralProgress::Accepted), [], "it is said once");
    assert_eq!(talk.says(ReferralProgress::Ringing), [news(TransferProgress::Ringing)]);
    assert_eq!(talk.says(ReferralProgress::Ringing), []);
    assert_eq!(
        talk.says(ReferralProgress::Completed),
        [news(TransferProgress::Completed), over(ReferralEnd::Completed), end(Party::Caller), end(Party::Callee)]
    );
    assert_eq!(talk.ends(Party::Callee, Cause::Normal), []);
    assert_eq!(talk.ends(Party::Caller, Cause::Normal), [CallOutput::Over]);
}

#[test]
fn one_that_fails_leaves_the_call_as_it_was() {
    for accepted in [false, true] {
        let mut talk = if accepted { Talk::accepted() } else { Talk::new() };
        let outputs = talk.says(ReferralProgress::Failed(failed(486)));
        assert_eq!(outputs, [news(TransferProgress::Failed(failed(486))), over(ReferralEnd::Failed)]);
        assert!(talk.call.is_established());
        assert_eq!(talk.call.may_transfer(), Ok(()));
        assert_eq!(talk.says(ReferralProgress::Completed), [], "what comes too late counts for nothing");
    }
}

#[test]
fn a_far_end_that_does_no_such_thing_is_no_failure() {
    let mut talk = Talk::new();
    assert_eq!(talk.says(ReferralProgress::Unsupported), [over(ReferralEnd::Unsupported)]);
    assert_eq!(talk.call.may_transfer(), Ok(()));
}

#[test]
fn a_far_end_that_hangs_up_after_it_accepted_has_done_it() {
    let mut talk = Talk::accepted();
    let outputs = talk.ends(Party::Callee, Cause::Normal);
    assert_eq!(outputs, [news(TransferProgress::Completed), over(ReferralEnd::Completed), end(Party::Caller)]);
}

#[test]
fn a_far_end_that_hangs_up_before_has_not() {
    let mut talk = Talk::new();
    let outputs = talk.ends(Party::Callee, Cause::Normal);
    let [CallOutput::Command(Party::Caller, LegCommand::Transfer(told)), over, ended] = outputs.as_slice() else {
        panic!("{outputs:?}")
    };
    assert!(matches!(told.progress, TransferProgress::Failed(_)));
    assert_eq!((over, ended), (&CallOutput::Referral(ReferralEnd::Failed), &end(Party::Caller)));
}

#[test]
fn a_transferor_that_hangs_up_ends_its_call_and_the_far_end_goes_on_alone() {
    let mut talk = Talk::accepted();
    assert_eq!(talk.ends(Party::Caller, Cause::Normal), [over(ReferralEnd::Failed), end(Party::Callee)]);
    assert_eq!(talk.says(ReferralProgress::Completed), []);
}

#[test]
fn nobody_transfers_a_call_that_is_being_transferred() {
    assert!(Talk::new().call.may_transfer().is_err());
}
