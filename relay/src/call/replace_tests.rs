//! A caller takes somebody's place, one behaviour a test.

use std::time::Instant;

use offhook_media::{Codec, Direction};

use super::*;

#[expect(clippy::disallowed_methods, reason = "an instant can be had from the clock only; time is simulated from it")]
fn start() -> Instant {
    Instant::now()
}

fn audio(codecs: &[Codec]) -> Description {
    let direction = Direction::SendRecv;
    Description::new(codecs.to_vec(), true, direction)
}

fn both() -> Description {
    audio(&[Codec::Opus, Codec::Pcma])
}

fn identity(user: &str) -> Identity {
    Identity { user: user.into(), display_name: None }
}

/// Alice's browser calls bob's phone.
struct Talk {
    call: Call,
    now: Instant,
}

impl Talk {
    fn ringing() -> Self {
        let now = start();
        let who = (identity("alice"), identity("bob"));
        let (kinds, extras) = ((LegKind::Browser, LegKind::Sip), Extras::default());
        let call = Call::new(kinds.0, kinds.1, who, Some(both()), extras, Deadlines::default(), now);
        let mut talk = Self { call, now };
        talk.outputs();
        talk
    }

    fn answered(spoken: Description) -> Self {
        let mut talk = Self::ringing();
        talk.says(Party::Callee, LegEvent::Answered(spoken, Extras::default()));
        talk
    }

    /// Carol wants to take somebody's place.
    fn replace(&mut self, party: Party, offer: Option<Description>) -> Result<Vec<CallOutput>, Cause> {
        self.call.replace(party, (LegKind::Sip, identity("carol")), offer.as_ref(), self.now)?;
        Ok(self.outputs())
    }

    fn says(&mut self, party: Party, event: LegEvent) -> Vec<CallOutput> {
        self.call.leg_event(party, event, self.now);
        self.outputs()
    }

    fn outputs(&mut self) -> Vec<CallOutput> {
        std::iter::from_fn(|| self.call.poll_output()).collect()
    }
}

fn to(party: Party, command: LegCommand) -> CallOutput {
    CallOutput::Command(party, command)
}

fn answer(party: Party, audio: Description) -> CallOutput {
    to(party, LegCommand::Answer(audio, Extras::default()))
}

fn end(party: Party, cause: Cause) -> CallOutput {
    to(party, LegCommand::End(cause, Extras::default()))
}

#[test]
fn whoever_takes_a_place_is_answered_and_the_old_leg_ends() {
    let mut talk = Talk::answered(both());
    let outputs = talk.replace(Party::Callee, Some(both())).unwrap();
    assert_eq!(
        outputs,
        [
            answer(Party::Third, both()),
            CallOutput::Swapped(Party::Callee),
            end(Party::Third, Cause::Normal),
            to(Party::Caller, LegCommand::Party(identity("carol"))),
        ]
    );
    assert_eq!(talk.says(Party::Third, LegEvent::Ended(Cause::Normal, Extras::default())), []);
    assert!(talk.call.is_established());
}

#[test]
fn the_other_end_is_brought_into_line() {
    let mut talk = Talk::answered(audio(&[Codec::Opus]));
    let outputs = talk.replace(Party::Callee, Some(audio(&[Codec::Pcma]))).unwrap();
    assert_eq!(outputs.first(), Some(&answer(Party::Third, audio(&[Codec::Pcma]))));
    assert_eq!(outputs.last(), Some(&to(Party::Caller, LegCommand::Reoffer(audio(&[Codec::Pcma])))));
}

#[test]
fn nothing_in_common_leaves_the_call_as_it_was() {
    let mut talk = Talk::answered(both());
    let refused = talk.replace(Party::Callee, Some(audio(&[Codec::G722]))).unwrap_err();
    assert_eq!(refused.refusal(), 488);
    assert!(talk.call.may_transfer().is_ok());
}

#[test]
fn a_caller_that_offers_nothing_is_offered_what_the_other_end_can() {
    let mut talk = Talk::answered(both());
    let outputs = talk.replace(Party::Callee, None).unwrap();
    assert_eq!(outputs.first(), Some(&answer(Party::Third, both())));
    // Its ACK takes one codec of two; the browser speaks it already, as its first.
    let outputs = talk.says(Party::Callee, LegEvent::Answered(audio(&[Codec::Opus]), Extras::default()));
    assert_eq!(outputs, []);
    let mut talk = Talk::answered(both());
    talk.replace(Party::Callee, None).unwrap();
    let outputs = talk.says(Party::Callee, LegEvent::Answered(audio(&[Codec::Pcma]), Extras::default()));
    assert_eq!(outputs, [to(Party::Caller, LegCommand::Reoffer(audio(&[Codec::Pcma])))]);
}

#[test]
fn a_call_that_rings_is_picked_up() {
    let mut talk = Talk::ringing();
    let outputs = talk.replace(Party::Callee, Some(audio(&[Codec::Pcma]))).unwrap();
    assert_eq!(
        outputs,
        [
            answer(Party::Third, audio(&[Codec::Pcma])),
            CallOutput::Swapped(Party::Callee),
            to(Party::Third, LegCommand::End(Cause::Cancelled, Extras::completed_elsewhere())),
            answer(Party::Caller, audio(&[Codec::Pcma])),
            to(Party::Caller, LegCommand::Party(identity("carol"))),
        ]
    );
    // An answer that crossed the CANCEL is the leg's own business.
    assert_eq!(talk.says(Party::Third, LegEvent::Answered(both(), Extras::default())), []);
    assert_eq!(talk.says(Party::Third, LegEvent::Ended(Cause::Cancelled, Extras::default())), []);
    assert!(talk.call.is_established());
}

#[test]
fn nobody_takes_the_place_of_a_caller_that_waits_or_of_one_that_is_transferred() {
    assert_eq!(Talk::ringing().replace(Party::Caller, Some(both())).unwrap_err().refusal(), 491);
    let mut talk = Talk::answered(both());
    talk.call.transfer(Party::Caller, (LegKind::Sip, identity("dave")), talk.now);
    assert_eq!(talk.replace(Party::Callee, Some(both())).unwrap_err().refusal(), 491);
}

#[test]
fn an_end_that_says_who_is_there_is_shown_to_the_other() {
    let mut talk = Talk::answered(both());
    let boss = Identity { user: "boss".into(), display_name: Some("The Boss".into()) };
    let outputs = talk.says(Party::Callee, LegEvent::Party(boss.clone()));
    assert_eq!(outputs, [to(Party::Caller, LegCommand::Party(boss.clone()))]);
    assert_eq!(talk.says(Party::Callee, LegEvent::Party(boss)), [], "once is enough");
}
