//! Calls between SIP legs whose descriptions pass through: nothing of them is the core's.

use std::time::Instant;

use bytes::Bytes;

use super::*;

fn says(text: &'static str) -> Description {
    Description::of_untouched(Untouched::new(Bytes::from_static(text.as_bytes())))
}

/// A call between two SIP legs and its time.
struct Talk(Call, Instant);

impl Talk {
    #[expect(clippy::disallowed_methods, reason = "an instant to begin simulated time at")]
    fn new() -> Self {
        let now = Instant::now();
        let who = (Identity::default(), Identity::default());
        let deadlines = Deadlines::default();
        let mut call =
            Call::new(LegKind::Sip, LegKind::Sip, who, Some(says("offer")), Extras::default(), deadlines, now);
        let Some(CallOutput::Command(Party::Callee, LegCommand::Invite { offer: Some(offer), .. })) =
            call.poll_output()
        else {
            panic!("no INVITE")
        };
        assert_eq!(body(&offer), "offer");
        Self(call, now)
    }

    fn established() -> Self {
        let mut talk = Self::new();
        let told = talk.at(Party::Callee, LegEvent::Answered(says("answer"), Extras::default()));
        let [CallOutput::Command(Party::Caller, LegCommand::Answer(answer, _))] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert_eq!(body(answer), "answer");
        talk
    }

    fn at(&mut self, party: Party, event: LegEvent) -> Vec<CallOutput> {
        self.0.leg_event(party, event, self.1);
        std::iter::from_fn(|| self.0.poll_output()).collect()
    }
}

fn body(description: &Description) -> &str {
    std::str::from_utf8(description.untouched.as_ref().unwrap().body()).unwrap()
}

#[test]
fn early_media_passes_as_it_is() {
    let mut talk = Talk::new();
    let told = talk.at(Party::Callee, LegEvent::Progress(Some(says("early")), Extras::default()));
    let [CallOutput::Command(Party::Caller, LegCommand::Progress(Some(early), _))] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(body(early), "early");
}

#[test]
fn another_phones_answer_is_offered_to_the_caller_that_had_the_first() {
    let mut talk = Talk::new();
    talk.at(Party::Callee, LegEvent::Progress(Some(says("o=1\r\nfirst\r\n")), Extras::default()));
    let told = talk.at(Party::Callee, LegEvent::Answered(says("o=2\r\nsecond\r\n"), Extras::default()));
    let [
        CallOutput::Command(Party::Caller, LegCommand::Answer(..)),
        CallOutput::Command(Party::Caller, LegCommand::Reoffer(offer)),
    ] = told.as_slice()
    else {
        panic!("{told:?}")
    };
    assert_eq!(body(offer), "o=2\r\nsecond\r\n");
    assert_eq!(talk.at(Party::Caller, LegEvent::ReofferResult(Ok(says("taken")))), []);
}

#[test]
fn the_same_answer_again_is_no_other() {
    let mut talk = Talk::new();
    talk.at(Party::Callee, LegEvent::Progress(Some(says("o=1\r\nfirst\r\n")), Extras::default()));
    let told = talk.at(Party::Callee, LegEvent::Answered(says("o=2\r\nfirst\r\n"), Extras::default()));
    assert_eq!(told.len(), 1, "{told:?}");
}

#[test]
fn every_change_is_passed_on_and_its_answer_comes_back() {
    let mut talk = Talk::established();
    for (by, other) in [(Party::Callee, Party::Caller), (Party::Caller, Party::Callee)] {
        let told = talk.at(by, LegEvent::Reoffer(says("again")));
        let [CallOutput::Command(to, LegCommand::Reoffer(offer))] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((*to, body(offer)), (other, "again"));
        let told = talk.at(other, LegEvent::ReofferResult(Ok(says("taken"))));
        let [CallOutput::Command(to, LegCommand::ReofferAnswer(Ok(answer)))] = told.as_slice() else {
            panic!("{told:?}")
        };
        assert_eq!((*to, body(answer)), (by, "taken"));
    }
}

#[test]
fn a_refused_change_is_refused_with_the_same_status() {
    let mut talk = Talk::established();
    talk.at(Party::Callee, LegEvent::Reoffer(says("again")));
    let cause = Cause::Failure(failure_for_status(488, "Not Acceptable Here"));
    let told = talk.at(Party::Caller, LegEvent::ReofferResult(Err(cause.clone())));
    assert_eq!(told, [CallOutput::Command(Party::Callee, LegCommand::ReofferAnswer(Err(cause)))]);
}

#[test]
fn nobody_else_can_be_given_such_a_call() {
    assert!(Talk::established().0.may_transfer().is_err());
}

#[test]
fn a_description_does_not_show_in_debug_output() {
    assert!(!format!("{:?}", says("v=0 secret")).contains("secret"));
}
