//! How a call ends: hung up, refused, failed, or given up after a wait.

use super::*;

#[test]
fn hanging_up_in_new_fails_an_outgoing_call_and_sends_nothing() {
    let mut bench = Bench::outgoing();
    bench.command(Command::Hangup);
    assert_eq!(bench.end(), &StatusReport::cleared(CallStatus::Failed));
    assert_eq!(bench.sent("hangup"), 0);
}

#[test]
fn hanging_up_in_new_declines_an_incoming_call() {
    let mut bench = Bench::incoming();
    bench.command(Command::Hangup);
    assert_eq!(bench.end().status, CallStatus::Failed);
    assert_eq!(bench.sent("hangup"), 1);
}

#[test]
fn hanging_up_while_pending_cancels_on_the_wire_too() {
    let mut bench = Bench::asked();
    bench.command(Command::Hangup);
    assert_eq!(bench.end().status, CallStatus::Failed);
    assert_eq!((bench.sent("hangup"), bench.did("Release")), (1, 1));
}

#[test]
fn declining_a_ringing_call_ends_it_when_the_relay_says_so() {
    let mut bench = Bench::incoming();
    bench.status(CallStatus::Ring);
    bench.command(Command::Hangup);
    assert_eq!(bench.call.status().name(), "RING");
    bench.status(CallStatus::Finish);
    assert_eq!(bench.end().status, CallStatus::Finish);
}

#[test]
fn hanging_up_closes_the_media_at_once_and_finishes_when_the_relay_confirms() {
    let mut bench = Bench::connected();
    bench.command(Command::Hangup);
    assert_eq!((bench.sent("hangup"), bench.did("Release")), (1, 1));
    assert_eq!(bench.call.status().name(), "ESTABLISHED");
    bench.status(CallStatus::Finish);
    assert_eq!(bench.end().status, CallStatus::Finish);
    assert_eq!(bench.did("Release"), 1);
}

#[test]
fn a_hangup_nobody_confirms_finishes_after_five_seconds() {
    let mut bench = Bench::connected();
    bench.command(Command::Hangup);
    bench.wait();
    assert_eq!(bench.now, 6_000);
    assert_eq!(bench.end(), &StatusReport::cleared(CallStatus::Finish));
}

#[test]
fn hanging_up_twice_asks_once() {
    let mut bench = Bench::connected();
    bench.command(Command::Hangup);
    bench.command(Command::Hangup);
    assert_eq!(bench.sent("hangup"), 1);
}

#[test]
fn a_call_the_relay_no_longer_knows_is_finished_by_hanging_up() {
    let mut bench = Bench::connected();
    bench.command(Command::Hangup);
    bench.handle(Input::Replied(Ask::Hangup, Err(refused(ErrorCode::UnknownCall))));
    assert_eq!(bench.end().status, CallStatus::Finish);
}

#[test]
fn a_call_the_relay_refuses_fails_with_its_reason_and_is_not_hung_up() {
    let mut bench = Bench::asked();
    bench.handle(Input::Replied(Ask::Call, Err(refused(ErrorCode::DestinationForbidden))));
    assert_eq!(bench.end().error, Some(refused(ErrorCode::DestinationForbidden)));
    assert_eq!(bench.sent("hangup"), 0);
}

#[test]
fn the_relays_reason_for_the_end_reaches_the_app() {
    let mut bench = Bench::asked();
    let error = RelayFailure { sip_status: Some(404), ..RelayFailure::new(ErrorCode::NotFound, "No such number.") };
    let (status, info) = (CallStatus::Failed, Some("Failed by error".to_owned()));
    let ended =
        CallStatusChanged { sip_status: Some(404), info, error: Some(error), ..CallStatusChanged::new("c", status) };
    bench.handle(Input::Status(ended));
    let end = bench.end();
    assert_eq!((end.sip_status, end.error.as_ref().and_then(|error| error.sip_status)), (Some(404), Some(404)));
}

#[test]
fn a_sip_failure_is_told_as_sip_has_it_unless_a_text_explains_it() {
    for (sip, reason, info, told) in [
        (Some(486), Some("Busy Here"), None, Some("486 Busy Here")),
        (Some(503), Some("Service Unavailable"), Some("Failed by error"), Some("503 Service Unavailable")),
        (Some(503), None, Some("Failed by error"), Some("503")),
        (Some(488), Some("Not Acceptable Here"), Some("No common codecs"), Some("No common codecs")),
        (None, None, Some("Failed by error"), Some("Failed by error")),
        (Some(200), Some("OK"), Some("Normal call clearing"), Some("Normal call clearing")),
        (None, None, None, None),
    ] {
        let mut bench = Bench::asked();
        bench.handle(Input::Status(CallStatusChanged {
            sip_status: sip,
            sip_reason: reason.map(str::to_owned),
            info: info.map(str::to_owned),
            ..CallStatusChanged::new("c", CallStatus::Failed)
        }));
        let end = bench.end();
        assert_eq!((end.info.as_deref(), end.sip_status, end.sip_reason.as_deref()), (told, sip, reason));
    }
}

#[test]
fn busy_ends_the_call() {
    let mut bench = Bench::asked();
    bench.status(CallStatus::Busy);
    assert_eq!(bench.end().status, CallStatus::Busy);
    assert_eq!(bench.did("Release"), 1);
}

#[test]
fn every_wait_ends() {
    type Reach = fn() -> Bench;
    let waits: [(&str, Reach, Millis, Code); 6] = [
        (
            "microphone",
            || {
                let mut b = Bench::outgoing();
                b.command(Command::Call);
                b
            },
            60_000,
            Code::Timeout,
        ),
        (
            "description",
            || {
                let mut b = Bench::outgoing();
                b.command(Command::Call);
                b.media(MediaEvent::Opened);
                b
            },
            10_000,
            Code::Timeout,
        ),
        ("first status", Bench::asked, 40_000, Code::Timeout),
        (
            "ringing",
            || {
                let mut b = Bench::asked();
                b.status(CallStatus::Ring);
                b
            },
            200_000,
            Code::Timeout,
        ),
        ("being answered", Bench::incoming, 200_000, Code::Timeout),
        (
            "sound",
            || {
                let mut b = Bench::asked();
                b.status(CallStatus::Established);
                b
            },
            15_000,
            Code::MediaFailed,
        ),
    ];
    for (name, reach, wait, code) in waits {
        let mut bench = reach();
        bench.wait();
        assert_eq!((bench.now, bench.end().error.as_ref().unwrap().code), (1_000 + wait, code), "{name}");
    }
}

#[test]
fn a_lost_relay_fails_the_call() {
    let mut bench = Bench::connected();
    bench.handle(Input::Session(Notice::Ended(Some(Failure::relay_lost()))));
    assert_eq!(bench.end().error.as_ref().unwrap().code, Code::RelayLost);
    assert_eq!((bench.sent("hangup"), bench.did("Release")), (0, 1));
}

#[test]
fn closing_the_session_finishes_its_calls() {
    let mut bench = Bench::connected();
    bench.handle(Input::Session(Notice::Ended(None)));
    assert_eq!(bench.end(), &StatusReport::cleared(CallStatus::Finish));
}

#[test]
fn nothing_happens_after_the_end() {
    let mut bench = Bench::connected();
    bench.status(CallStatus::Finish);
    bench.out.clear();
    bench.status(CallStatus::Established);
    bench.media(MediaEvent::Connected);
    bench.sdp(SdpKind::Offer);
    bench.handle(Input::Tick);
    bench.command(Command::Hangup);
    assert!(bench.out.is_empty());
    assert_eq!(bench.call.deadline(), None);
}
