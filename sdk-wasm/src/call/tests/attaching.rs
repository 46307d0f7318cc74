//! Calls that a fresh page takes back, and gives media of its own.

use super::*;

fn live(status: CallStatus, incoming: bool) -> LiveCall {
    LiveCall {
        call_id: "c".into(),
        incoming,
        caller: "bob".into(),
        callee: "alice".into(),
        visible_name: None,
        status,
        has_video: false,
        diversions: vec![],
        headers: vec![],
    }
}

fn resumed(status: CallStatus) -> Bench {
    Bench::with(Call::resumed(&live(status, true), 1_000))
}

fn attached() -> Bench {
    let mut bench = resumed(CallStatus::Hold);
    bench.command(Command::Attach(Media::default()));
    bench.media(MediaEvent::Opened);
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    bench
}

#[test]
fn a_call_taken_back_has_its_status_and_waits_for_its_media() {
    let bench = resumed(CallStatus::Hold);
    assert_eq!((bench.call.status().name(), bench.call.deadline()), ("HOLD", None));
    assert!(bench.out.is_empty());
}

#[test]
fn attaching_opens_the_microphone_and_offers_a_new_connection() {
    let mut bench = attached();
    assert_eq!((bench.did("Open"), bench.did("Offer"), bench.sent("offer")), (1, 1, 1));
    bench.handle(Input::Replied(Ask::Offer, Ok(())));
    bench.answer_sdp();
    assert_eq!(bench.did("Apply"), 1);
    bench.media(MediaEvent::Applied);
    bench.media(MediaEvent::Connected);
    assert_eq!(bench.call.deadline(), None);
    assert!(bench.reported().is_empty(), "the status stays as it was");
}

#[test]
fn attaching_twice_is_refused() {
    let mut bench = attached();
    assert_eq!(bench.call.command(Command::Attach(Media::default()), 0), Err(Failure::call_state()));
}

#[test]
fn a_call_of_this_page_cannot_be_attached() {
    let mut bench = Bench::connected();
    assert!(bench.call.command(Command::Attach(Media::default()), 0).is_err());
    let mut bench = Bench::incoming();
    assert!(bench.call.command(Command::Attach(Media::default()), 0).is_err());
}

#[test]
fn a_call_that_is_not_answered_yet_can_be_attached_too() {
    let mut bench = Bench::with(Call::resumed(&live(CallStatus::Ring, false), 1_000));
    bench.command(Command::Attach(Media::default()));
    bench.media(MediaEvent::Opened);
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    assert_eq!(bench.sent("offer"), 1);
    bench.status(CallStatus::Established);
    assert_eq!(bench.reported(), [CallStatus::Established]);
}

#[test]
fn sound_that_does_not_come_after_attaching_ends_the_call() {
    let mut bench = attached();
    bench.wait();
    assert_eq!((bench.now, bench.end().error.as_ref().unwrap().code), (16_000, Code::MediaFailed));
}

#[test]
fn a_refused_microphone_ends_the_call_on_both_sides() {
    let mut bench = resumed(CallStatus::Established);
    bench.command(Command::Attach(Media::default()));
    bench.media(media_failure());
    assert_eq!(bench.end().error.as_ref().unwrap().code, Code::MicrophoneDenied);
    assert_eq!(bench.sent("hangup"), 1);
}

#[test]
fn nobody_has_to_allow_the_microphone_for_ever() {
    let mut bench = resumed(CallStatus::Established);
    bench.command(Command::Attach(Media::default()));
    bench.wait();
    assert_eq!((bench.now, bench.end().status), (61_000, CallStatus::Failed));
}

#[test]
fn an_offer_meant_for_the_page_before_is_not_answered() {
    let mut bench = resumed(CallStatus::Established);
    bench.sdp(SdpKind::Offer);
    assert!(bench.out.is_empty());
    bench.command(Command::Attach(Media::default()));
    bench.media(MediaEvent::Opened);
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    bench.answer_sdp();
    bench.media(MediaEvent::Applied);
    assert_eq!(bench.did("Answer"), 0);
}

#[test]
fn an_offer_of_the_relay_that_came_first_is_answered_and_ours_made_again() {
    let mut bench = attached();
    bench.sdp(SdpKind::Offer);
    bench.handle(Input::Replied(Ask::Offer, Err(refused(ErrorCode::InvalidCallState))));
    assert_eq!(bench.did("Answer"), 1);
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    bench.wait();
    assert_eq!(bench.did("OfferAgain"), 1);
}

#[test]
fn a_call_taken_back_can_be_hung_up_without_media() {
    let mut bench = resumed(CallStatus::Established);
    bench.command(Command::Hangup);
    assert_eq!((bench.sent("hangup"), bench.did("Release")), (1, 0));
    bench.status(CallStatus::Finish);
    assert_eq!(bench.end().status, CallStatus::Finish);
}
