//! What a call does, one behaviour a test, on simulated time.

use std::time::{Duration, Instant};

use offhook_media::{Codec, Digit, Direction, MediaFailure};
use offhook_protocol::request::DtmfMethod;
use offhook_protocol::{CallStatus, ErrorCode};

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

/// A call, its time and what it said.
struct Talk {
    call: Call,
    now: Instant,
}

impl Talk {
    fn between(caller: LegKind, callee: LegKind) -> Self {
        let now = start();
        let who = (
            Identity { user: "a".into(), ..Identity::default() },
            Identity { user: "b".into(), ..Identity::default() },
        );
        let mut talk = Self {
            call: Call::new(caller, callee, who, Some(both_ways()), Extras::default(), Deadlines::default(), now),
            now,
        };
        let outputs = talk.outputs();
        assert!(matches!(outputs.as_slice(), [CallOutput::Command(Party::Callee, LegCommand::Invite { .. })]));
        talk
    }

    fn established(caller: LegKind, callee: LegKind) -> Self {
        let mut talk = Self::between(caller, callee);
        talk.callee(LegEvent::Answered(both_ways(), Extras::default()));
        talk
    }

    fn caller(&mut self, event: LegEvent) -> Vec<CallOutput> {
        self.call.leg_event(Party::Caller, event, self.now);
        self.outputs()
    }

    fn callee(&mut self, event: LegEvent) -> Vec<CallOutput> {
        self.call.leg_event(Party::Callee, event, self.now);
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

fn to_caller(command: LegCommand) -> CallOutput {
    CallOutput::Command(Party::Caller, command)
}

fn to_callee(command: LegCommand) -> CallOutput {
    CallOutput::Command(Party::Callee, command)
}

#[test]
fn progress_of_the_callee_reaches_the_caller() {
    let mut talk = Talk::between(LegKind::Browser, LegKind::Sip);
    assert_eq!(talk.callee(LegEvent::Trying), [to_caller(LegCommand::Trying)]);
    assert_eq!(
        talk.callee(LegEvent::Ringing(None, Extras::default())),
        [to_caller(LegCommand::Ringing(None, Extras::default()))]
    );
    let early = Some(both_ways());
    assert_eq!(
        talk.callee(LegEvent::Progress(early.clone(), Extras::default())),
        [to_caller(LegCommand::Progress(early, Extras::default()))]
    );
}

#[test]
fn a_sip_caller_is_brought_over_from_the_phone_it_heard_first_to_the_one_that_answers() {
    let one = |codec| audio(&[codec], Direction::SendRecv);
    let mut talk = Talk::between(LegKind::Sip, LegKind::Sip);
    // Two phones are heard; what a caller was given first it takes for the answer.
    talk.callee(LegEvent::Progress(Some(one(Codec::Opus)), Extras::default()));
    talk.callee(LegEvent::Progress(Some(one(Codec::Pcma)), Extras::default()));
    assert_eq!(
        talk.callee(LegEvent::Answered(one(Codec::Pcma), Extras::default())),
        [
            to_caller(LegCommand::Answer(one(Codec::Pcma), Extras::default())),
            to_caller(LegCommand::Reoffer(one(Codec::Pcma)))
        ]
    );
    assert_eq!(talk.caller(LegEvent::ReofferResult(Ok(one(Codec::Pcma)))), []);
    assert!(talk.call.is_established());
}

#[test]
fn a_caller_that_will_not_be_brought_over_has_no_call() {
    let one = |codec| audio(&[codec], Direction::SendRecv);
    let mut talk = Talk::between(LegKind::Sip, LegKind::Sip);
    talk.callee(LegEvent::Progress(Some(one(Codec::Opus)), Extras::default()));
    talk.callee(LegEvent::Answered(one(Codec::Pcma), Extras::default()));
    let refusal = Cause::Failure(failure_for_status(488, "Not Acceptable Here"));
    let told = talk.caller(LegEvent::ReofferResult(Err(refusal.clone())));
    let end = |command: fn(LegCommand) -> CallOutput| command(LegCommand::End(refusal.clone(), Extras::default()));
    assert_eq!(told, [end(to_callee), end(to_caller)]);
}

#[test]
fn a_caller_that_heard_the_phone_that_answers_is_left_as_it_is() {
    let one = |codec| audio(&[codec], Direction::SendRecv);
    for caller in [LegKind::Sip, LegKind::Browser] {
        let mut talk = Talk::between(caller, LegKind::Sip);
        talk.callee(LegEvent::Progress(Some(one(Codec::Opus)), Extras::default()));
        let told = talk.callee(LegEvent::Answered(one(Codec::Opus), Extras::default()));
        assert_eq!(told, [to_caller(LegCommand::Answer(one(Codec::Opus), Extras::default()))]);
    }
}

#[test]
fn an_answer_establishes_the_call() {
    let mut talk = Talk::between(LegKind::Browser, LegKind::Browser);
    assert_eq!(
        talk.callee(LegEvent::Answered(both_ways(), Extras::default())),
        [to_caller(LegCommand::Answer(both_ways(), Extras::default()))]
    );
    assert!(talk.call.is_established());
    assert_eq!(talk.call.poll_timeout(), None);
}

#[test]
fn a_callee_cannot_answer_twice() {
    let mut talk = Talk::established(LegKind::Browser, LegKind::Sip);
    assert_eq!(talk.callee(LegEvent::Answered(both_ways(), Extras::default())), []);
    assert_eq!(talk.callee(LegEvent::Ringing(None, Extras::default())), []);
}

#[test]
fn a_hangup_at_either_end_ends_the_other() {
    for party in [Party::Caller, Party::Callee] {
        let mut talk = Talk::established(LegKind::Browser, LegKind::Sip);
        talk.call.leg_event(party, LegEvent::Ended(Cause::Normal, Extras::default()), talk.now);
        assert_eq!(
            talk.outputs(),
            [CallOutput::Command(party.other(), LegCommand::End(Cause::Normal, Extras::default()))]
        );
        talk.call.leg_event(party.other(), LegEvent::Ended(Cause::Normal, Extras::default()), talk.now);
        assert_eq!(talk.outputs(), [CallOutput::Over]);
        assert!(talk.call.is_over());
    }
}

#[test]
fn a_caller_who_gives_up_cancels_the_callee() {
    let mut talk = Talk::between(LegKind::Browser, LegKind::Sip);
    assert_eq!(
        talk.caller(LegEvent::Ended(Cause::Cancelled, Extras::default())),
        [to_callee(LegCommand::End(Cause::Cancelled, Extras::default()))]
    );
    // The 200 that crossed the CANCEL is the leg's own business.
    assert_eq!(talk.callee(LegEvent::Answered(both_ways(), Extras::default())), []);
    assert_eq!(talk.callee(LegEvent::Ended(Cause::Cancelled, Extras::default())), [CallOutput::Over]);
}

#[test]
fn a_refusal_keeps_its_reason() {
    let mut talk = Talk::between(LegKind::Browser, LegKind::Sip);
    let busy = Cause::Failure(failure_for_status(486, "Busy Here"));
    assert_eq!(
        talk.callee(LegEvent::Ended(busy.clone(), Extras::default())),
        [to_caller(LegCommand::End(busy, Extras::default()))]
    );
}

#[test]
fn a_callee_that_ends_before_it_answered_has_not_taken_the_call() {
    let mut talk = Talk::between(LegKind::Sip, LegKind::Browser);
    let outputs = talk.callee(LegEvent::Ended(Cause::Normal, Extras::default()));
    let [CallOutput::Command(Party::Caller, LegCommand::End(cause, _))] = outputs.as_slice() else {
        panic!("{outputs:?}")
    };
    assert_eq!(cause.status(), CallStatus::Failed);
    assert_eq!(cause.refusal(), 480);
}

#[test]
fn nobody_rings_for_ever() {
    let mut talk = Talk::between(LegKind::Browser, LegKind::Service);
    talk.callee(LegEvent::Ringing(None, Extras::default()));
    assert_eq!(talk.later(179), []);
    let outputs = talk.later(1);
    let [
        CallOutput::Command(Party::Callee, LegCommand::End(_, _)),
        CallOutput::Command(Party::Caller, LegCommand::End(cause, _)),
    ] = outputs.as_slice()
    else {
        panic!("{outputs:?}")
    };
    assert_eq!(cause.failure().map(|failure| failure.code), Some(ErrorCode::NoAnswer));
}

#[test]
fn a_leg_that_never_confirms_its_end_is_given_up() {
    let mut talk = Talk::established(LegKind::Browser, LegKind::Sip);
    talk.caller(LegEvent::Ended(Cause::Normal, Extras::default()));
    assert_eq!(talk.later(39), []);
    assert_eq!(talk.later(1), [CallOutput::Over]);
}

#[test]
fn a_hold_reaches_the_far_end_and_its_answer_the_holder() {
    let mut talk = Talk::established(LegKind::Browser, LegKind::Sip);
    let hold = audio(&[Codec::Opus, Codec::Pcma], Direction::RecvOnly);
    let asked = audio(&[Codec::Opus, Codec::Pcma], Direction::SendOnly);
    assert_eq!(talk.caller(LegEvent::Reoffer(hold.clone())), [to_callee(LegCommand::Reoffer(asked.clone()))]);
    assert_eq!(talk.callee(LegEvent::ReofferResult(Ok(asked))), [to_caller(LegCommand::ReofferAnswer(Ok(hold)))]);
    assert_eq!(talk.caller(LegEvent::Reoffer(both_ways())), [to_callee(LegCommand::Reoffer(both_ways()))]);
}

#[test]
fn a_refused_hold_leaves_the_call_as_it_was() {
    let mut talk = Talk::established(LegKind::Browser, LegKind::Sip);
    talk.caller(LegEvent::Reoffer(audio(&[Codec::Opus], Direction::RecvOnly)));
    let refused = Cause::Failure(failure_for_status(488, "Not Acceptable Here"));
    assert_eq!(
        talk.callee(LegEvent::ReofferResult(Err(refused.clone()))),
        [to_caller(LegCommand::ReofferAnswer(Err(refused)))]
    );
    assert!(talk.call.is_established());
    // Had the hold stayed in force, the far end's refresh would be answered with it.
    assert_eq!(talk.callee(LegEvent::Reoffer(both_ways())), [to_callee(LegCommand::ReofferAnswer(Ok(both_ways())))]);
}

#[test]
fn a_change_nobody_answers_is_refused_in_time() {
    let mut talk = Talk::established(LegKind::Browser, LegKind::Sip);
    talk.caller(LegEvent::Reoffer(audio(&[Codec::Opus], Direction::RecvOnly)));
    let outputs = talk.later(35);
    assert!(matches!(outputs.as_slice(), [CallOutput::Command(Party::Caller, LegCommand::ReofferAnswer(Err(_)))]));
    assert!(talk.call.is_established());
    assert_eq!(talk.callee(LegEvent::ReofferResult(Ok(both_ways()))), []);
}

#[test]
fn a_change_that_crosses_another_is_refused_as_pending() {
    let mut talk = Talk::established(LegKind::Sip, LegKind::Sip);
    talk.caller(LegEvent::Reoffer(audio(&[Codec::Opus], Direction::RecvOnly)));
    let outputs = talk.callee(LegEvent::Reoffer(audio(&[Codec::Opus], Direction::RecvOnly)));
    let [CallOutput::Command(Party::Callee, LegCommand::ReofferAnswer(Err(cause)))] = outputs.as_slice() else {
        panic!("{outputs:?}")
    };
    assert_eq!(cause.refusal(), 491);
}

#[test]
fn a_caller_may_change_its_offer_before_the_answer() {
    let mut talk = Talk::between(LegKind::Sip, LegKind::Browser);
    let changed = audio(&[Codec::Pcma], Direction::RecvOnly);
    let outputs = talk.caller(LegEvent::Reoffer(changed.clone()));
    assert_eq!(outputs, [to_caller(LegCommand::ReofferAnswer(Ok(changed.clone())))]);
    let outputs = talk.callee(LegEvent::Answered(both_ways(), Extras::default()));
    assert_eq!(
        outputs,
        [
            to_caller(LegCommand::Answer(changed, Extras::default())),
            to_callee(LegCommand::Reoffer(audio(&[Codec::Pcma], Direction::SendOnly))),
        ]
    );
}

#[test]
fn a_caller_cannot_leave_what_the_callee_lets_be_heard() {
    let mut talk = Talk::between(LegKind::Sip, LegKind::Sip);
    let early = audio(&[Codec::Opus], Direction::SendRecv);
    talk.callee(LegEvent::Progress(Some(early), Extras::default()));
    let outputs = talk.caller(LegEvent::Reoffer(audio(&[Codec::Pcma], Direction::SendRecv)));
    assert!(matches!(outputs.as_slice(), [CallOutput::Command(Party::Caller, LegCommand::ReofferAnswer(Err(_)))]));
}

#[test]
fn a_call_whose_caller_has_changed_to_what_the_callee_does_not_speak_ends() {
    let mut talk = Talk::between(LegKind::Sip, LegKind::Browser);
    talk.caller(LegEvent::Reoffer(audio(&[Codec::Pcma], Direction::SendRecv)));
    let outputs = talk.callee(LegEvent::Answered(audio(&[Codec::Opus], Direction::SendRecv), Extras::default()));
    assert_eq!(outputs.len(), 2);
    assert!(
        outputs.iter().all(|output| matches!(output, CallOutput::Command(_, LegCommand::End(Cause::Failure(_), _))))
    );
}

#[test]
fn a_callee_that_has_not_answered_cannot_change_anything() {
    let mut talk = Talk::between(LegKind::Sip, LegKind::Browser);
    let outputs = talk.callee(LegEvent::Reoffer(both_ways()));
    assert!(matches!(outputs.as_slice(), [CallOutput::Command(Party::Callee, LegCommand::ReofferAnswer(Err(_)))]));
}

#[test]
fn who_is_held_stays_held_until_the_holder_resumes() {
    let mut talk = Talk::established(LegKind::Browser, LegKind::Sip);
    talk.caller(LegEvent::Reoffer(audio(&[Codec::Opus], Direction::RecvOnly)));
    talk.callee(LegEvent::ReofferResult(Ok(audio(&[Codec::Opus], Direction::SendOnly))));
    // The held end refreshes its session; the hold stays.
    let outputs = talk.callee(LegEvent::Reoffer(audio(&[Codec::Opus], Direction::SendRecv)));
    let [CallOutput::Command(Party::Callee, LegCommand::ReofferAnswer(Ok(answer)))] = outputs.as_slice() else {
        panic!("{outputs:?}")
    };
    assert_eq!(answer.direction, Direction::SendOnly);
}

#[test]
fn who_says_while_held_that_it_only_listens_speaks_again_when_the_hold_is_over() {
    let mut talk = Talk::established(LegKind::Browser, LegKind::Sip);
    talk.caller(LegEvent::Reoffer(audio(&[Codec::Opus], Direction::RecvOnly)));
    talk.callee(LegEvent::ReofferResult(Ok(audio(&[Codec::Opus], Direction::SendOnly))));
    // The held end refreshes its session with what it does at the time.
    talk.callee(LegEvent::Reoffer(audio(&[Codec::Opus], Direction::SendOnly)));
    let outputs = talk.caller(LegEvent::Reoffer(audio(&[Codec::Opus], Direction::SendRecv)));
    assert_eq!(outputs, [to_callee(LegCommand::Reoffer(audio(&[Codec::Opus], Direction::SendRecv)))]);
}

#[test]
fn who_answers_a_hold_with_inactive_and_says_so_again_holds_nobody() {
    for held in [Direction::Inactive, Direction::RecvOnly] {
        let mut talk = Talk::established(LegKind::Sip, LegKind::Sip);
        talk.caller(LegEvent::Reoffer(audio(&[Codec::Opus], held)));
        talk.callee(LegEvent::ReofferResult(Ok(audio(&[Codec::Opus], Direction::Inactive))));
        // The held end refreshes its session with what it has said last.
        talk.callee(LegEvent::Reoffer(audio(&[Codec::Opus], Direction::Inactive)));
        let outputs = talk.caller(LegEvent::Reoffer(audio(&[Codec::Opus], Direction::SendRecv)));
        assert_eq!(outputs, [to_callee(LegCommand::Reoffer(audio(&[Codec::Opus], Direction::SendRecv)))]);
    }
}

#[test]
fn both_ends_holding_hear_nothing_until_both_resume() {
    let mut talk = Talk::established(LegKind::Sip, LegKind::Sip);
    let wants = |direction| audio(&[Codec::Opus], direction);
    talk.caller(LegEvent::Reoffer(wants(Direction::RecvOnly)));
    talk.callee(LegEvent::ReofferResult(Ok(wants(Direction::SendOnly))));
    let outputs = talk.callee(LegEvent::Reoffer(wants(Direction::RecvOnly)));
    assert_eq!(outputs, [to_caller(LegCommand::Reoffer(wants(Direction::Inactive)))]);
    let outputs = talk.caller(LegEvent::ReofferResult(Ok(wants(Direction::Inactive))));
    assert_eq!(outputs, [to_callee(LegCommand::ReofferAnswer(Ok(wants(Direction::Inactive))))]);
    let outputs = talk.caller(LegEvent::Reoffer(wants(Direction::SendRecv)));
    assert_eq!(outputs, [to_callee(LegCommand::Reoffer(wants(Direction::RecvOnly)))]);
}

#[test]
fn a_moved_media_address_is_not_the_other_ends_business() {
    let mut talk = Talk::established(LegKind::Browser, LegKind::Sip);
    assert_eq!(
        talk.callee(LegEvent::Reoffer(audio(&[Codec::Opus], Direction::SendRecv))),
        [to_callee(LegCommand::ReofferAnswer(Ok(both_ways())))]
    );
}

#[test]
fn another_codec_is_offered_to_the_other_end() {
    let mut talk = Talk::established(LegKind::Browser, LegKind::Sip);
    let other = audio(&[Codec::Pcmu], Direction::SendRecv);
    assert_eq!(talk.callee(LegEvent::Reoffer(other.clone())), [to_caller(LegCommand::Reoffer(other.clone()))]);
    assert_eq!(
        talk.caller(LegEvent::ReofferResult(Ok(other.clone()))),
        [to_callee(LegCommand::ReofferAnswer(Ok(other)))]
    );
}

#[test]
fn a_caller_without_an_offer_narrows_the_codecs_with_its_answer() {
    let now = start();
    let who = (Identity::default(), Identity::default());
    let call = Call::new(LegKind::Sip, LegKind::Browser, who, None, Extras::default(), Deadlines::default(), now);
    let mut talk = Talk { call, now };
    talk.outputs();
    talk.callee(LegEvent::Answered(both_ways(), Extras::default()));
    assert_eq!(talk.caller(LegEvent::Answered(both_ways(), Extras::default())), []);
    let narrowed = audio(&[Codec::Pcma], Direction::SendRecv);
    assert_eq!(
        talk.caller(LegEvent::Answered(narrowed.clone(), Extras::default())),
        [to_callee(LegCommand::Reoffer(narrowed.clone()))]
    );
    assert_eq!(talk.callee(LegEvent::ReofferResult(Ok(narrowed))), []);
    assert!(talk.call.is_established());
}

#[test]
fn keys_reach_the_far_end_once() {
    let key = || LegEvent::Dtmf {
        digit: Digit::from_char('5').unwrap(),
        duration: Duration::from_millis(80),
        method: DtmfMethod::Rfc2833,
    };
    let command = || LegCommand::Dtmf {
        digit: Digit::from_char('5').unwrap(),
        duration: Duration::from_millis(80),
        method: DtmfMethod::Rfc2833,
    };
    let mut to_sip = Talk::established(LegKind::Browser, LegKind::Sip);
    assert_eq!(to_sip.caller(key()), [to_callee(command())]);
    assert_eq!(to_sip.callee(key()), [to_caller(command())]);
    let mut between_phones = Talk::established(LegKind::Sip, LegKind::Sip);
    assert_eq!(between_phones.caller(key()), [], "they have passed as RTP");
    let mut ringing = Talk::between(LegKind::Browser, LegKind::Sip);
    assert_eq!(ringing.caller(key()), []);
}

#[test]
fn keys_in_a_browsers_sound_are_told_to_a_page_and_nobody_else() {
    let (digit, duration) = (Digit::from_char('5').unwrap(), Duration::from_millis(80));
    let heard = || LegEvent::Heard { digit, duration };
    let mut pages = Talk::established(LegKind::Browser, LegKind::Browser);
    let told = LegCommand::Dtmf { digit, duration, method: DtmfMethod::Rfc2833 };
    assert_eq!(pages.caller(heard()), [to_callee(told)]);
    for other in [LegKind::Sip, LegKind::Service] {
        assert_eq!(Talk::established(LegKind::Browser, other).caller(heard()), [], "{other:?}");
    }
}

#[test]
fn media_that_cannot_connect_ends_both_ends() {
    let mut talk = Talk::established(LegKind::Browser, LegKind::Sip);
    let cause = Cause::MediaFailed(MediaFailure::ConnectTimeout);
    assert_eq!(
        talk.caller(LegEvent::MediaFailed(MediaFailure::ConnectTimeout)),
        [
            to_callee(LegCommand::End(cause.clone(), Extras::default())),
            to_caller(LegCommand::End(cause, Extras::default()))
        ]
    );
}

#[test]
fn silence_ends_a_call_once_it_is_established() {
    let mut ringing = Talk::between(LegKind::Browser, LegKind::Sip);
    assert_eq!(ringing.callee(LegEvent::MediaInactive), []);
    let mut talk = Talk::established(LegKind::Browser, LegKind::Sip);
    assert_eq!(talk.callee(LegEvent::MediaInactive).len(), 2);
}

#[test]
fn an_end_from_outside_ends_both_and_again_does_nothing() {
    let mut talk = Talk::established(LegKind::Browser, LegKind::Sip);
    talk.call.end(&Cause::Normal, talk.now);
    assert_eq!(talk.outputs().len(), 2);
    talk.call.end(&Cause::Normal, talk.now);
    assert_eq!(talk.outputs(), []);
}

fn picture(direction: Direction) -> Option<leg::Video> {
    let codec = leg::VideoCodec { format: offhook_media::VideoCodec::Vp8, parameters: None };
    Some(leg::Video { codecs: vec![codec], direction, bandwidth: None })
}

fn with_picture(direction: Direction) -> Description {
    Description { video: picture(direction), ..both_ways() }
}

#[test]
fn a_picture_that_one_end_sends_the_other_receives() {
    let now = start();
    let who = (Identity::default(), Identity::default());
    let offer = Some(with_picture(Direction::RecvOnly));
    let kind = LegKind::Browser;
    let call = Call::new(kind, kind, who, offer, Extras::default(), Deadlines::default(), now);
    let mut talk = Talk { call, now };
    let outputs = talk.outputs();
    let [CallOutput::Command(Party::Callee, LegCommand::Invite { offer: Some(offer), .. })] = outputs.as_slice() else {
        panic!("{outputs:?}")
    };
    assert_eq!(offer.video, picture(Direction::SendOnly));
    let answer = LegEvent::Answered(with_picture(Direction::SendOnly), Extras::default());
    let outputs = talk.callee(answer);
    let told = LegCommand::Answer(with_picture(Direction::RecvOnly), Extras::default());
    assert_eq!(outputs, [to_caller(told)]);
}

#[test]
fn a_picture_that_is_added_is_offered_to_the_far_end() {
    let mut talk = Talk::established(LegKind::Browser, LegKind::Browser);
    let outputs = talk.caller(LegEvent::Reoffer(with_picture(Direction::RecvOnly)));
    assert_eq!(outputs, [to_callee(LegCommand::Reoffer(with_picture(Direction::SendOnly)))]);
    let refused = both_ways();
    let outputs = talk.callee(LegEvent::ReofferResult(Ok(refused.clone())));
    assert_eq!(outputs, [to_caller(LegCommand::ReofferAnswer(Ok(refused)))], "the far end has no camera");
}

#[test]
fn what_comes_with_an_answer_or_an_end_reaches_the_far_end() {
    let said = |status| Extras { sip_status: Some(status), ..Extras::default() };
    let mut talk = Talk::between(LegKind::Browser, LegKind::Sip);
    let outputs = talk.callee(LegEvent::Ringing(None, said(180)));
    assert_eq!(outputs, [to_caller(LegCommand::Ringing(None, said(180)))]);
    let outputs = talk.callee(LegEvent::Answered(both_ways(), said(200)));
    assert_eq!(outputs, [to_caller(LegCommand::Answer(both_ways(), said(200)))]);
    let outputs = talk.callee(LegEvent::Ended(Cause::Normal, said(480)));
    assert_eq!(outputs, [to_caller(LegCommand::End(Cause::Normal, said(480)))]);
}

#[test]
fn keys_of_an_info_reach_another_phone() {
    let digit = Digit::from_char('5').unwrap();
    let (duration, method) = (Duration::from_millis(160), DtmfMethod::InfoRelay);
    let mut talk = Talk::established(LegKind::Sip, LegKind::Sip);
    let outputs = talk.caller(LegEvent::Dtmf { digit, duration, method });
    assert_eq!(outputs, [to_callee(LegCommand::Dtmf { digit, duration, method })]);
}

#[test]
fn a_warning_reaches_who_asked() {
    let failure = failure_for_status(415, "Unsupported Media Type");
    let mut talk = Talk::established(LegKind::Browser, LegKind::Sip);
    let outputs = talk.callee(LegEvent::Warning(failure.clone()));
    assert_eq!(outputs, [to_caller(LegCommand::Warning(failure))]);
}
