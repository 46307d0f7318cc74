//! What a transfer does, one behaviour a test, on simulated time.

use std::time::{Duration, Instant};

use offhook_media::{Codec, Direction};
use offhook_protocol::ErrorCode;

use super::*;

#[expect(clippy::disallowed_methods, reason = "an instant can be had from the clock only; time is simulated from it")]
fn start() -> Instant {
    Instant::now()
}

fn audio(codecs: &[Codec], direction: Direction) -> Description {
    Description::new(codecs.to_vec(), true, direction)
}

fn both_ways() -> Description {
    audio(&[Codec::Opus, Codec::Pcma], Direction::SendRecv)
}

fn identity(user: &str) -> Identity {
    Identity { user: user.into(), display_name: None }
}

fn answered(audio: Description) -> LegEvent {
    LegEvent::Answered(audio, Extras::default())
}

fn ended(cause: Cause) -> LegEvent {
    LegEvent::Ended(cause, Extras::default())
}

fn failed(status: u16) -> Cause {
    Cause::Failure(failure_for_status(status, ""))
}

/// Alice's browser has called bob's phone; she is the caller.
struct Talk {
    call: Call,
    now: Instant,
}

impl Talk {
    fn new() -> Self {
        Self::between("alice", "bob")
    }

    fn between(caller: &str, callee: &str) -> Self {
        let now = start();
        let who = (identity(caller), identity(callee));
        let (offer, deadlines) = (Some(both_ways()), Deadlines::default());
        let call = Call::new(LegKind::Browser, LegKind::Sip, who, offer, Extras::default(), deadlines, now);
        let mut talk = Self { call, now };
        talk.says(Party::Callee, answered(both_ways()));
        talk
    }

    /// Alice transfers bob to carol.
    fn transferring() -> Self {
        let mut talk = Self::new();
        talk.call.transfer(Party::Caller, (LegKind::Sip, identity("carol")), talk.now);
        talk.outputs();
        talk
    }

    fn says(&mut self, party: Party, event: LegEvent) -> Vec<CallOutput> {
        self.call.leg_event(party, event, self.now);
        self.outputs()
    }

    fn later(&mut self, seconds: u64) -> Vec<CallOutput> {
        self.now += Duration::from_secs(seconds);
        self.call.handle_timeout(self.now);
        self.outputs()
    }

    fn outputs(&mut self) -> Vec<CallOutput> {
        std::iter::from_fn(|| self.call.poll_output()).collect()
    }
}

fn to(party: Party, command: LegCommand) -> CallOutput {
    CallOutput::Command(party, command)
}

fn end(party: Party, cause: Cause) -> CallOutput {
    to(party, LegCommand::End(cause, Extras::default()))
}

fn news(party: Party, progress: TransferProgress) -> CallOutput {
    to(party, LegCommand::Transfer(Transfer { target: "carol".into(), progress }))
}

#[test]
fn the_target_is_invited_with_who_and_what_the_far_end_is() {
    let mut talk = Talk::new();
    talk.call.transfer(Party::Caller, (LegKind::Sip, identity("carol")), talk.now);
    let invite = LegCommand::Invite {
        from: identity("bob"),
        to: identity("carol"),
        offer: Some(both_ways()),
        extras: Extras::default(),
    };
    assert_eq!(talk.outputs(), [news(Party::Caller, TransferProgress::Trying), to(Party::Third, invite)]);
}

#[test]
fn the_transferor_hears_once_that_the_target_rings() {
    let mut talk = Talk::transferring();
    let rings = || LegEvent::Ringing(None, Extras::default());
    assert_eq!(talk.says(Party::Third, rings()), [news(Party::Caller, TransferProgress::Ringing)]);
    assert_eq!(talk.says(Party::Third, rings()), []);
}

#[test]
fn an_answer_puts_the_target_in_the_transferors_place() {
    let mut talk = Talk::transferring();
    assert_eq!(
        talk.says(Party::Third, answered(both_ways())),
        [
            news(Party::Caller, TransferProgress::Completed),
            CallOutput::Swapped(Party::Caller),
            end(Party::Third, Cause::Normal),
            to(Party::Callee, LegCommand::Party(identity("carol"))),
        ]
    );
    assert!(talk.call.is_established());
    assert_eq!(talk.says(Party::Third, ended(Cause::Normal)), []);
    assert_eq!(talk.says(Party::Caller, ended(Cause::Normal)), [end(Party::Callee, Cause::Normal)]);
    assert_eq!(talk.says(Party::Callee, ended(Cause::Normal)), [CallOutput::Over]);
}

#[test]
fn the_far_end_is_asked_for_the_targets_codec() {
    let mut talk = Talk::transferring();
    let spoken = audio(&[Codec::Pcma], Direction::SendRecv);
    let outputs = talk.says(Party::Third, answered(spoken.clone()));
    assert_eq!(outputs.last(), Some(&to(Party::Callee, LegCommand::Reoffer(spoken.clone()))));
    assert_eq!(talk.says(Party::Callee, LegEvent::ReofferResult(Ok(spoken))), []);
    assert_eq!(talk.later(35), [], "nothing is waited for any more");
}

#[test]
fn a_far_end_on_hold_is_resumed_for_the_target() {
    let mut talk = Talk::new();
    talk.says(Party::Caller, LegEvent::Reoffer(audio(&[Codec::Opus, Codec::Pcma], Direction::RecvOnly)));
    let held = audio(&[Codec::Opus, Codec::Pcma], Direction::SendOnly);
    talk.says(Party::Callee, LegEvent::ReofferResult(Ok(held)));
    talk.call.transfer(Party::Caller, (LegKind::Sip, identity("carol")), talk.now);
    talk.outputs();
    let outputs = talk.says(Party::Third, answered(both_ways()));
    assert_eq!(outputs.last(), Some(&to(Party::Callee, LegCommand::Reoffer(both_ways()))));
}

#[test]
fn a_target_that_refuses_leaves_the_call_as_it_was() {
    for status in [403, 404, 486, 603] {
        let mut talk = Talk::transferring();
        assert_eq!(
            talk.says(Party::Third, ended(failed(status))),
            [news(Party::Caller, TransferProgress::Failed(failed(status)))]
        );
        assert!(talk.call.is_established());
        assert_eq!(talk.call.may_transfer(), Ok(()), "it may be tried again");
        assert_eq!(talk.says(Party::Callee, ended(Cause::Normal)), [end(Party::Caller, Cause::Normal)]);
    }
}

#[test]
fn a_target_that_does_not_answer_is_given_up_after_a_minute() {
    let mut talk = Talk::transferring();
    assert_eq!(talk.later(59), []);
    let outputs = talk.later(1);
    let [cancel, CallOutput::Command(Party::Caller, LegCommand::Transfer(news))] = outputs.as_slice() else {
        panic!("{outputs:?}")
    };
    assert_eq!(*cancel, end(Party::Third, Cause::Cancelled));
    let TransferProgress::Failed(cause) = &news.progress else { panic!("{news:?}") };
    assert_eq!(cause.failure().map(|failure| failure.code), Some(ErrorCode::NoAnswer));
    // An answer that crossed the CANCEL is the leg's own business.
    assert_eq!(talk.says(Party::Third, answered(both_ways())), []);
    assert_eq!(talk.says(Party::Third, ended(Cause::Cancelled)), []);
    assert!(talk.call.is_established());
}

#[test]
fn a_target_that_never_confirms_its_end_is_forgotten() {
    let mut talk = Talk::transferring();
    talk.later(60);
    assert_eq!(talk.later(40), [CallOutput::Forget]);
    assert_eq!(talk.call.may_transfer(), Ok(()));
}

#[test]
fn a_transferor_that_hangs_up_does_not_end_the_transfer() {
    let mut talk = Talk::transferring();
    assert_eq!(talk.says(Party::Caller, ended(Cause::Normal)), []);
    let outputs = talk.says(Party::Third, answered(both_ways()));
    let party = to(Party::Callee, LegCommand::Party(identity("carol")));
    assert_eq!(outputs, [CallOutput::Swapped(Party::Caller), party]);
    talk.says(Party::Callee, ended(Cause::Normal));
    assert_eq!(talk.says(Party::Caller, ended(Cause::Normal)), [CallOutput::Over]);
}

#[test]
fn a_far_end_nobody_can_be_found_for_is_told_why() {
    let mut talk = Talk::transferring();
    talk.says(Party::Caller, ended(Cause::Normal));
    assert_eq!(talk.says(Party::Third, ended(failed(486))), [end(Party::Callee, failed(486))]);
    assert_eq!(talk.says(Party::Callee, ended(Cause::Normal)), [CallOutput::Over]);
}

#[test]
fn a_far_end_that_waits_alone_gets_its_changes_granted() {
    let mut talk = Talk::transferring();
    talk.says(Party::Caller, ended(Cause::Normal));
    let outputs = talk.says(Party::Callee, LegEvent::Reoffer(audio(&[Codec::Pcmu], Direction::RecvOnly)));
    assert!(matches!(outputs.as_slice(), [CallOutput::Command(Party::Callee, LegCommand::ReofferAnswer(Ok(_)))]));
}

#[test]
fn a_far_end_that_hangs_up_ends_everything() {
    let mut talk = Talk::transferring();
    let outputs = talk.says(Party::Callee, ended(Cause::Normal));
    let [told, cancelled, over] = outputs.as_slice() else { panic!("{outputs:?}") };
    assert!(matches!(told, CallOutput::Command(Party::Caller, LegCommand::Transfer(_))));
    assert_eq!([cancelled, over], [&end(Party::Third, Cause::Cancelled), &end(Party::Caller, Cause::Normal)]);
    // The target answered just as the far end hung up.
    assert_eq!(talk.says(Party::Third, answered(both_ways())), []);
    talk.says(Party::Third, ended(Cause::Cancelled));
    assert_eq!(talk.says(Party::Caller, ended(Cause::Normal)), [CallOutput::Over]);
}

#[test]
fn a_call_is_transferred_once_at_a_time_and_only_when_it_is_established() {
    assert_eq!(Talk::transferring().call.may_transfer().unwrap_err().code, ErrorCode::InvalidCallState);
    let who = (identity("a"), identity("b"));
    let (kind, now) = (LegKind::Browser, start());
    let ringing = Call::new(kind, kind, who, Some(both_ways()), Extras::default(), Deadlines::default(), now);
    assert_eq!(ringing.may_transfer().unwrap_err().code, ErrorCode::InvalidCallState);
}

#[test]
fn a_change_that_waited_for_the_transferor_is_granted_when_it_leaves() {
    let mut talk = Talk::transferring();
    let asked = talk.says(Party::Callee, LegEvent::Reoffer(audio(&[Codec::Pcma], Direction::RecvOnly)));
    assert!(matches!(asked.as_slice(), [CallOutput::Command(Party::Caller, LegCommand::Reoffer(_))]));
    let outputs = talk.says(Party::Third, answered(both_ways()));
    let answers = outputs
        .iter()
        .filter(|output| matches!(output, CallOutput::Command(Party::Callee, LegCommand::ReofferAnswer(Ok(_)))));
    assert_eq!(answers.count(), 1, "{outputs:?}");
}

#[test]
fn a_change_the_transferor_began_is_overtaken() {
    let mut talk = Talk::transferring();
    // The hold is on its way to bob when carol answers.
    talk.says(Party::Caller, LegEvent::Reoffer(audio(&[Codec::Opus, Codec::Pcma], Direction::RecvOnly)));
    talk.says(Party::Third, answered(both_ways()));
    let held = audio(&[Codec::Opus, Codec::Pcma], Direction::SendOnly);
    let outputs = talk.says(Party::Callee, LegEvent::ReofferResult(Ok(held)));
    assert_eq!(outputs, [to(Party::Callee, LegCommand::Reoffer(both_ways()))], "bob is not left on hold");
}

#[test]
fn two_far_ends_are_joined_and_both_legs_of_the_transferor_end() {
    let mut first = Talk::between("alice", "bob");
    let mut second = Talk::between("alice", "carol");
    first.call.merge(Party::Caller, &mut second.call, Party::Caller, first.now);
    assert_eq!(
        first.outputs(),
        [
            news(Party::Caller, TransferProgress::Completed),
            CallOutput::Swapped(Party::Caller),
            end(Party::Third, Cause::Normal),
            to(Party::Callee, LegCommand::Party(identity("carol"))),
            to(Party::Caller, LegCommand::Party(identity("bob"))),
        ]
    );
    assert_eq!(second.outputs(), [end(Party::Caller, Cause::Normal)]);
    assert_eq!(second.says(Party::Caller, ended(Cause::Normal)), [CallOutput::Over]);
    assert_eq!(first.says(Party::Third, ended(Cause::Normal)), []);
    assert_eq!(first.says(Party::Caller, ended(Cause::Normal)), [end(Party::Callee, Cause::Normal)]);
}

#[test]
fn far_ends_that_speak_differently_are_asked_for_what_both_can() {
    let mut first = Talk::between("alice", "bob");
    let mut second = Talk::between("alice", "carol");
    let opus = audio(&[Codec::Opus], Direction::SendRecv);
    second.says(Party::Callee, LegEvent::Reoffer(opus.clone()));
    first.call.merge(Party::Caller, &mut second.call, Party::Caller, first.now);
    assert!(first.outputs().contains(&to(Party::Callee, LegCommand::Reoffer(opus.clone()))));
    assert_eq!(first.says(Party::Callee, LegEvent::ReofferResult(Ok(opus))), []);
}

#[test]
fn a_far_end_that_cannot_speak_the_others_codec_ends_the_call() {
    let mut talk = Talk::transferring();
    talk.says(Party::Third, answered(audio(&[Codec::Pcmu], Direction::SendRecv)));
    let outputs = talk.says(Party::Callee, LegEvent::ReofferResult(Err(failed(488))));
    assert_eq!(outputs, [end(Party::Callee, failed_with_words(488)), end(Party::Caller, failed_with_words(488))]);
}

fn failed_with_words(status: u16) -> Cause {
    Cause::Failure(failure_for_status(status, "Not Acceptable Here"))
}

#[test]
fn a_far_end_that_was_holding_goes_on_holding_its_new_partner() {
    let mut talk = Talk::new();
    talk.says(Party::Callee, LegEvent::Reoffer(audio(&[Codec::Opus, Codec::Pcma], Direction::RecvOnly)));
    talk.says(Party::Caller, LegEvent::ReofferResult(Ok(audio(&[Codec::Opus, Codec::Pcma], Direction::SendOnly))));
    talk.call.transfer(Party::Caller, (LegKind::Sip, identity("carol")), talk.now);
    let outputs = talk.outputs();
    let Some(CallOutput::Command(Party::Third, LegCommand::Invite { offer: Some(offer), .. })) = outputs.last() else {
        panic!("{outputs:?}")
    };
    assert_eq!(offer.direction, Direction::SendOnly);
}

#[test]
fn a_change_that_a_far_end_awaits_is_answered_in_its_new_call() {
    let mut first = Talk::between("alice", "bob");
    let mut second = Talk::between("alice", "carol");
    second.says(Party::Callee, LegEvent::Reoffer(audio(&[Codec::Pcma], Direction::RecvOnly)));
    first.call.merge(Party::Caller, &mut second.call, Party::Caller, first.now);
    let outputs = first.outputs();
    let answers = outputs
        .iter()
        .filter(|output| matches!(output, CallOutput::Command(Party::Caller, LegCommand::ReofferAnswer(Ok(_)))));
    assert_eq!(answers.count(), 1, "{outputs:?}");
}

#[test]
fn a_call_that_no_browser_is_part_of_any_more_has_an_end() {
    let mut talk = Talk::transferring();
    talk.says(Party::Third, answered(both_ways()));
    talk.says(Party::Third, ended(Cause::Normal));
    assert_eq!(talk.later(4 * 60 * 60 - 1), []);
    let outputs = talk.later(1);
    for party in [Party::Caller, Party::Callee] {
        assert!(
            outputs.iter().any(|output| matches!(output, CallOutput::Command(at, LegCommand::End(Cause::Failure(failure), _)) if *at == party && failure.code == ErrorCode::Timeout)),
            "{outputs:?}"
        );
    }
    assert_eq!(talk.later(40), [CallOutput::Over]);
    assert_eq!(talk.call.poll_timeout(), None);
}

#[test]
fn a_call_that_a_browser_is_part_of_lasts() {
    let mut talk = Talk::new();
    assert_eq!(talk.call.poll_timeout(), None);
    talk.call.transfer(Party::Caller, (LegKind::Browser, identity("carol")), talk.now);
    talk.says(Party::Third, answered(both_ways()));
    talk.says(Party::Third, ended(Cause::Normal));
    assert_eq!(talk.call.poll_timeout(), None);
}
