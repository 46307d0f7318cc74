//! Ends without a common codec: each is told its own.

use std::time::Instant;

use offhook_media::{Codec, Direction};
use proptest::prelude::*;

use super::*;

#[expect(clippy::disallowed_methods, reason = "an instant can be had from the clock only; time is simulated from it")]
fn start() -> Instant {
    Instant::now()
}

/// What an end says that may be translated for, to which the relay says the same without more ado.
fn says(codecs: &[Codec]) -> Description {
    of(codecs, Direction::SendRecv, Transcoding::Needed)
}

fn told(codecs: &[Codec]) -> Description {
    of(codecs, Direction::SendRecv, Transcoding::Never)
}

fn of(codecs: &[Codec], direction: Direction, transcoding: Transcoding) -> Description {
    Description { transcoding, ..Description::new(codecs.to_vec(), true, direction) }
}

/// The same where the relay makes the sound: it takes comfort noise, too.
fn own(codecs: &[Codec]) -> Description {
    Description { comfort_noise: true, ..told(codecs) }
}

fn refused() -> Cause {
    Cause::Failure(failure_for_status(488, "Not Acceptable Here"))
}

fn to_caller(command: LegCommand) -> CallOutput {
    CallOutput::Command(Party::Caller, command)
}

fn to_callee(command: LegCommand) -> CallOutput {
    CallOutput::Command(Party::Callee, command)
}

fn answer(description: Description) -> CallOutput {
    to_caller(LegCommand::Answer(description, Extras::default()))
}

struct Talk {
    call: Call,
    now: Instant,
}

impl Talk {
    fn offering(offer: Option<Description>, capacity: &Capacity) -> Self {
        let now = start();
        let who = (Identity::default(), Identity::default());
        let deadlines = Deadlines::default();
        let call = Call::new(LegKind::Sip, LegKind::Sip, who, offer, Extras::default(), deadlines, now);
        Self { call: call.within(capacity.clone()), now }
    }

    /// A call of an end that speaks the ones to an end that has answered with the others.
    fn between(caller: &[Codec], callee: &[Codec]) -> Self {
        let mut talk = Self::offering(Some(says(caller)), &Capacity::default());
        talk.callee(LegEvent::Answered(says(callee), Extras::default()));
        talk
    }

    fn caller(&mut self, event: LegEvent) -> Vec<CallOutput> {
        self.at(Party::Caller, event)
    }

    fn callee(&mut self, event: LegEvent) -> Vec<CallOutput> {
        self.at(Party::Callee, event)
    }

    fn at(&mut self, party: Party, event: LegEvent) -> Vec<CallOutput> {
        self.call.leg_event(party, event, self.now);
        self.outputs()
    }

    fn outputs(&mut self) -> Vec<CallOutput> {
        std::iter::from_fn(|| self.call.poll_output()).collect()
    }
}

fn reoffer(party: Party, codecs: &[Codec], transcoding: Transcoding) -> CallOutput {
    CallOutput::Command(party, LegCommand::Reoffer(of(codecs, Direction::SendRecv, transcoding)))
}

const NEEDED: Transcoding = Transcoding::Needed;

#[test]
fn a_caller_without_the_callees_codec_is_answered_with_its_own_best() {
    let mut talk = Talk::offering(Some(says(&[Codec::G722, Codec::Opus])), &Capacity::default());
    let invited = talk.outputs();
    let [CallOutput::Command(Party::Callee, LegCommand::Invite { offer: Some(offer), .. })] = invited.as_slice() else {
        panic!("{invited:?}")
    };
    assert_eq!((offer.transcoding, offer.codecs.as_slice()), (NEEDED, [Codec::G722, Codec::Opus].as_slice()));
    let outputs = talk.callee(LegEvent::Answered(says(&[Codec::Pcmu]), Extras::default()));
    assert_eq!(outputs, [answer(own(&[Codec::G722]))]);
    assert!(talk.call.is_transcoded());
}

#[test]
fn packets_pass_wherever_they_can() {
    let mut talk = Talk::offering(Some(says(&[Codec::Pcmu, Codec::Pcma])), &Capacity::default());
    talk.outputs();
    // The callee would rather speak what the caller does not know: it is asked for what both do.
    let outputs = talk.callee(LegEvent::Answered(says(&[Codec::G722, Codec::Pcma]), Extras::default()));
    assert_eq!(outputs, [answer(told(&[Codec::Pcma])), reoffer(Party::Callee, &[Codec::Pcma], Transcoding::Never)]);
    assert_eq!(talk.callee(LegEvent::ReofferResult(Ok(says(&[Codec::Pcma])))), []);
    assert!(!talk.call.is_transcoded());
}

#[test]
fn early_media_is_translated_too() {
    let mut talk = Talk::offering(Some(says(&[Codec::G722])), &Capacity::default());
    talk.outputs();
    let early = || Some(says(&[Codec::Pcmu]));
    let outputs = talk.callee(LegEvent::Progress(early(), Extras::default()));
    assert_eq!(outputs, [to_caller(LegCommand::Progress(Some(own(&[Codec::G722])), Extras::default()))]);
    // The caller changes over to something else that the callee does not speak.
    let outputs = talk.caller(LegEvent::Reoffer(says(&[Codec::Opus])));
    assert_eq!(outputs, [to_caller(LegCommand::ReofferAnswer(Ok(told(&[Codec::Opus]))))]);
    let outputs = talk.callee(LegEvent::Answered(says(&[Codec::Pcmu]), Extras::default()));
    assert_eq!(outputs, [answer(own(&[Codec::Opus]))]);
}

#[test]
fn a_caller_that_will_not_be_brought_over_to_the_phone_that_answered_is_translated_for() {
    let mut talk = Talk::offering(Some(says(&[Codec::Opus, Codec::Pcma])), &Capacity::default());
    talk.outputs();
    talk.callee(LegEvent::Progress(Some(says(&[Codec::Opus])), Extras::default()));
    let outputs = talk.callee(LegEvent::Answered(says(&[Codec::Pcma]), Extras::default()));
    assert_eq!(outputs, [answer(told(&[Codec::Pcma])), reoffer(Party::Caller, &[Codec::Pcma], Transcoding::Never)]);
    assert_eq!(talk.caller(LegEvent::ReofferResult(Err(refused()))), []);
    assert!(talk.call.is_established() && talk.call.is_transcoded());
}

#[test]
fn a_hold_leaves_each_end_its_codec() {
    let mut talk = Talk::between(&[Codec::G722], &[Codec::Pcmu]);
    let hold = |codec, direction, transcoding| of(&[codec], direction, transcoding);
    let outputs = talk.caller(LegEvent::Reoffer(hold(Codec::G722, Direction::RecvOnly, NEEDED)));
    let asked = hold(Codec::Pcmu, Direction::SendOnly, Transcoding::Never);
    let asked = Description { comfort_noise: true, ..asked };
    assert_eq!(outputs, [to_callee(LegCommand::Reoffer(asked))]);
    let held = hold(Codec::Pcmu, Direction::SendOnly, NEEDED);
    let outputs = talk.callee(LegEvent::ReofferResult(Ok(held)));
    let granted = hold(Codec::G722, Direction::RecvOnly, Transcoding::Never);
    let granted = Description { comfort_noise: true, ..granted };
    assert_eq!(outputs, [to_caller(LegCommand::ReofferAnswer(Ok(granted)))]);
    assert!(talk.call.is_transcoded());
}

#[test]
fn a_change_to_a_codec_of_the_other_end_lets_packets_pass_again() {
    let capacity = Capacity::new(1);
    let mut talk = Talk::offering(Some(says(&[Codec::G722])), &capacity);
    talk.callee(LegEvent::Answered(says(&[Codec::Pcmu]), Extras::default()));
    assert_eq!(capacity.used(), 1);
    let outputs = talk.caller(LegEvent::Reoffer(says(&[Codec::Pcmu])));
    assert_eq!(outputs, [reoffer(Party::Callee, &[Codec::Pcmu], Transcoding::Never)]);
    let outputs = talk.callee(LegEvent::ReofferResult(Ok(says(&[Codec::Pcmu]))));
    assert_eq!(outputs, [to_caller(LegCommand::ReofferAnswer(Ok(told(&[Codec::Pcmu]))))]);
    assert!(!talk.call.is_transcoded());
    assert_eq!(capacity.used(), 0);
}

#[test]
fn a_change_that_the_other_end_refuses_is_translated_for() {
    let mut talk = Talk::between(&[Codec::Pcmu, Codec::G722], &[Codec::Pcmu]);
    let outputs = talk.caller(LegEvent::Reoffer(says(&[Codec::G722])));
    assert_eq!(outputs, [reoffer(Party::Callee, &[Codec::G722], NEEDED)]);
    let outputs = talk.callee(LegEvent::ReofferResult(Err(refused())));
    assert_eq!(outputs, [to_caller(LegCommand::ReofferAnswer(Ok(own(&[Codec::G722]))))]);
    assert!(talk.call.is_transcoded());
}

#[test]
fn a_caller_that_was_given_an_offer_may_answer_with_codecs_of_its_own() {
    let mut talk = Talk::offering(None, &Capacity::default());
    talk.outputs();
    let outputs = talk.callee(LegEvent::Answered(says(&[Codec::Pcmu]), Extras::default()));
    let given = of(&[Codec::Pcmu], Direction::SendRecv, NEEDED);
    assert_eq!(outputs, [to_caller(LegCommand::Answer(given, Extras::default()))]);
    assert_eq!(talk.caller(LegEvent::Answered(says(&[Codec::G722]), Extras::default())), []);
    assert!(talk.call.is_transcoded());
}

#[test]
fn an_end_that_prefers_it_speaks_its_own_codec_where_both_know_another() {
    let mut talk = Talk::offering(Some(says(&[Codec::Opus, Codec::Pcma])), &Capacity::default());
    talk.outputs();
    let lan = |codecs: &[Codec]| of(codecs, Direction::SendRecv, Transcoding::Preferred);
    let outputs = talk.callee(LegEvent::Answered(lan(&[Codec::Pcma, Codec::Opus]), Extras::default()));
    // What it has agreed besides would pass.
    let narrowed = CallOutput::Command(Party::Callee, LegCommand::Reoffer(own(&[Codec::Pcma])));
    assert_eq!(outputs, [answer(own(&[Codec::Opus])), narrowed]);
    assert_eq!(talk.callee(LegEvent::ReofferResult(Ok(lan(&[Codec::Pcma])))), []);
    assert!(talk.call.is_transcoded());
}

#[test]
fn beyond_the_limit_ends_have_to_speak_alike() {
    let capacity = Capacity::new(1);
    let mut first = Talk::offering(Some(says(&[Codec::G722])), &capacity);
    first.callee(LegEvent::Answered(says(&[Codec::Pcmu]), Extras::default()));
    let mut second = Talk::offering(Some(says(&[Codec::G722])), &capacity);
    let invited = second.outputs();
    let [CallOutput::Command(_, LegCommand::Invite { offer: Some(offer), .. })] = invited.as_slice() else {
        panic!("{invited:?}")
    };
    assert_eq!(offer.transcoding, Transcoding::Never);
    let outputs = second.callee(LegEvent::Answered(says(&[Codec::Pcmu]), Extras::default()));
    let [.., CallOutput::Command(Party::Caller, LegCommand::End(cause, _))] = outputs.as_slice() else {
        panic!("{outputs:?}")
    };
    assert_eq!(cause.refusal(), 488);
    let sentence = cause.failure().unwrap().message;
    assert!(sentence.contains("transcoded"), "{sentence}");
    // The room is free again when the first is over.
    drop(first);
    assert_eq!(capacity.used(), 0);
}

#[test]
fn an_end_that_may_not_be_translated_for_is_left_alone() {
    let mut talk = Talk::offering(Some(told(&[Codec::G722])), &Capacity::default());
    talk.outputs();
    let outputs = talk.callee(LegEvent::Answered(says(&[Codec::Pcmu]), Extras::default()));
    assert!(outputs.iter().all(|output| matches!(output, CallOutput::Command(_, LegCommand::End(..)))), "{outputs:?}");
}

#[test]
fn a_transfers_target_without_the_far_ends_codec_is_joined_with_it() {
    let mut talk = Talk::between(&[Codec::G722], &[Codec::G722]);
    let target = Identity { user: "target".into(), ..Identity::default() };
    talk.call.transfer(Party::Callee, (LegKind::Sip, target), talk.now);
    talk.outputs();
    let outputs = talk.at(Party::Third, LegEvent::Answered(says(&[Codec::Pcmu]), Extras::default()));
    // The end that stays may yet know what the target speaks.
    assert!(outputs.contains(&reoffer(Party::Caller, &[Codec::Pcmu], NEEDED)), "{outputs:?}");
    assert_eq!(talk.caller(LegEvent::ReofferResult(Ok(says(&[Codec::G722])))), []);
    assert!(talk.call.is_established() && talk.call.is_transcoded());
}

#[test]
fn a_newcomer_that_takes_somebodys_place_is_joined_whatever_it_speaks() {
    let mut talk = Talk::between(&[Codec::G722], &[Codec::G722]);
    let newcomer = (LegKind::Sip, Identity::default());
    talk.call.replace(Party::Callee, newcomer, Some(&says(&[Codec::Pcmu])), talk.now).unwrap();
    let outputs = talk.outputs();
    let answered = CallOutput::Command(Party::Third, LegCommand::Answer(told(&[Codec::Pcmu]), Extras::default()));
    assert!(outputs.contains(&answered), "{outputs:?}");
    assert!(outputs.contains(&reoffer(Party::Caller, &[Codec::Pcmu], NEEDED)), "{outputs:?}");
    assert_eq!(talk.caller(LegEvent::ReofferResult(Err(refused()))), []);
    assert!(talk.call.is_established() && talk.call.is_transcoded());
}

#[test]
fn an_offer_names_first_what_the_other_end_said_and_then_what_can_be_translated() {
    let policy = |codecs: Option<&[Codec]>, transcoding| CodecPolicy { codecs: codecs.map(<[_]>::to_vec), transcoding };
    let offer = says(&[Codec::Pcma]);
    let known = Codec::BROWSER;
    let offerable = |policy: CodecPolicy| policy.offerable(&offer, &known);
    assert_eq!(offerable(policy(None, NEEDED)), [Codec::Pcma, Codec::Opus, Codec::G722, Codec::Pcmu]);
    assert_eq!(offerable(policy(None, Transcoding::Never)), [Codec::Pcma]);
    let two = Some([Codec::Opus, Codec::Pcma].as_slice());
    assert_eq!(offerable(policy(two, NEEDED)), [Codec::Pcma, Codec::Opus]);
    assert_eq!(offerable(policy(two, Transcoding::Preferred)), [Codec::Opus, Codec::Pcma]);
    assert_eq!(offerable(policy(Some(&[Codec::G722]), NEEDED)), [Codec::G722]);
    assert_eq!(policy(None, NEEDED).offerable(&told(&[Codec::Pcma]), &known), [Codec::Pcma]);
}

/// An end that knows these codecs and answers what it is offered.
fn heard(speaks: &[Codec], offer: &Description) -> Result<Description, Cause> {
    let policy = CodecPolicy { codecs: None, transcoding: NEEDED };
    let offered = policy.offerable(offer, &Codec::BROWSER);
    let codecs: Vec<Codec> = offered.into_iter().filter(|codec| speaks.contains(codec)).collect();
    if codecs.is_empty() { Err(refused()) } else { Ok(of(&codecs, Direction::SendRecv, NEEDED)) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Whatever two ends speak, and two that never met: they are joined, each with a codec it knows, and what both know is
    /// not translated.
    #[test]
    fn everybody_can_talk_to_everybody(
        speak in proptest::collection::vec(
            proptest::sample::subsequence(Codec::BROWSER.to_vec(), 1..=4).prop_shuffle(), 4),
    ) {
        let call = |caller: usize, callee: usize| {
            let mut talk = Talk::offering(Some(says(&speak[caller])), &Capacity::default());
            let mut last = [Vec::new(), Vec::new()];
            let mut asked = 0;
            loop {
                let Some(output) = talk.call.poll_output() else { break };
                asked += 1;
                assert!(asked < 20, "they ask each other for ever");
                let CallOutput::Command(party, command) = output else { panic!("{output:?}") };
                let at = usize::from(party == Party::Callee);
                let speaks = &speak[if party == Party::Caller { caller } else { callee }];
                match command {
                    LegCommand::Invite { offer, .. } => {
                        let answer = heard(speaks, &offer.unwrap()).unwrap();
                        last[at].clone_from(&answer.codecs);
                        talk.call.leg_event(Party::Callee, LegEvent::Answered(answer, Extras::default()), talk.now);
                    }
                    LegCommand::Answer(answer, _) => last[at] = answer.codecs,
                    LegCommand::Reoffer(offer) => {
                        let result = heard(speaks, &offer);
                        if let Ok(answer) = &result {
                            last[at].clone_from(&answer.codecs);
                        }
                        talk.call.leg_event(party, LegEvent::ReofferResult(result), talk.now);
                    }
                    other => panic!("{other:?}"),
                }
            }
            for (codecs, end) in last.iter().zip([caller, callee]) {
                assert!(!codecs.is_empty() && codecs.iter().all(|codec| speak[end].contains(codec)));
            }
            let share = speak[caller].iter().any(|codec| speak[callee].contains(codec));
            assert_eq!(talk.call.is_transcoded(), !share);
            talk.call
        };
        // The transferor is the callee of the first and the caller of the second.
        let (mut first, mut second) = (call(0, 1), call(2, 3));
        let now = start();
        first.merge(Party::Callee, &mut second, Party::Caller, now);
        let mut asked = 0;
        while let Some(output) = first.poll_output() {
            match output {
                CallOutput::Command(party @ (Party::Caller | Party::Callee), LegCommand::Reoffer(offer)) => {
                    asked += 1;
                    prop_assert!(asked < 20, "they ask each other for ever");
                    let speaks = &speak[if party == Party::Caller { 0 } else { 3 }];
                    first.leg_event(party, LegEvent::ReofferResult(heard(speaks, &offer)), now);
                }
                CallOutput::Command(Party::Caller | Party::Callee, LegCommand::End(cause, _)) => {
                    prop_assert!(false, "the call was ended: {cause:?}");
                }
                _ => {}
            }
        }
        prop_assert_eq!(first.phase, super::machine::Phase::Established);
        let spoken = [first.spoken(Party::Caller), first.spoken(Party::Callee)];
        for (codecs, end) in spoken.iter().zip([0, 3]) {
            prop_assert!(codecs.first().is_some_and(|codec| speak[end].contains(codec)), "{spoken:?} {speak:?}");
        }
        let share = speak[0].iter().any(|codec| speak[3].contains(codec));
        prop_assert!(share || first.is_transcoded());
    }
}
