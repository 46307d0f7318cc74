//! A call whose relay is out of reach.

use super::*;

fn lost() -> Failure {
    Failure::new(Code::RelayLost, "gone")
}

#[test]
fn a_lost_relay_changes_nothing_for_the_sound() {
    let mut bench = Bench::connected();
    bench.handle(Input::Session(Notice::RelayLost));
    assert!(bench.out.is_empty() && bench.call.deadline().is_none());
    assert!(bench.call.status().is_connected());
}

#[test]
fn hanging_up_ends_the_call_at_once_and_tells_the_relay_later() {
    let mut bench = Bench::connected();
    bench.handle(Input::Session(Notice::RelayLost));
    bench.command(Command::Hangup);
    assert_eq!(bench.end(), &StatusReport::cleared(CallStatus::Finish));
    assert_eq!((bench.sent("hangup"), bench.did("Release")), (1, 1));
}

#[test]
fn a_call_the_relay_has_surely_given_up_ends_and_is_hung_up_all_the_same() {
    let mut bench = Bench::connected();
    bench.handle(Input::Session(Notice::Abandoned(lost())));
    assert_eq!((bench.end().status, bench.end().error.clone()), (CallStatus::Failed, Some(lost())));
    assert_eq!(bench.sent("hangup"), 1);
}

#[test]
fn a_call_the_relay_has_forgotten_ends_without_a_word_to_it() {
    let mut bench = Bench::connected();
    bench.handle(Input::Session(Notice::Forgotten(lost())));
    assert_eq!((bench.end().status, bench.sent("hangup")), (CallStatus::Failed, 0));
}

#[test]
fn a_call_the_relay_never_heard_of_outlives_its_forgetting() {
    for input in [Input::Session(Notice::Abandoned(lost())), Input::Session(Notice::Forgotten(lost()))] {
        let mut bench = Bench::outgoing();
        bench.handle(input.clone());
        bench.command(Command::Call);
        bench.handle(input);
        assert!(bench.reported().is_empty());
        bench.media(MediaEvent::Opened);
        bench.media(MediaEvent::Described { sdp: OFFER.into() });
        assert_eq!(bench.sent("call"), 1);
    }
}

#[test]
fn a_call_made_meanwhile_does_not_wait_for_ever() {
    let mut bench = Bench::outgoing();
    bench.handle(Input::Session(Notice::RelayLost));
    bench.command(Command::Call);
    bench.media(MediaEvent::Opened);
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    bench.wait();
    assert_eq!(bench.end().error.as_ref().unwrap().code, Code::Timeout);
}
