//! Offers of ours within a call, and the relay's that cross them.

use super::*;

fn changed() -> Bench {
    let mut bench = Bench::connected();
    bench.media(MediaEvent::Changed);
    bench
}

fn offered() -> Bench {
    let mut bench = changed();
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    bench
}

fn glare() -> Input {
    Input::Replied(Ask::Offer, Err(refused(ErrorCode::InvalidCallState)))
}

#[test]
fn changed_tracks_are_offered() {
    let mut bench = offered();
    assert_eq!((bench.did("OfferAgain"), bench.sent("offer")), (1, 1));
    bench.handle(Input::Replied(Ask::Offer, Ok(())));
    bench.answer_sdp();
    bench.media(MediaEvent::Applied);
    assert_eq!((bench.did("Apply"), bench.call.deadline()), (1, None));
}

#[test]
fn changes_made_while_an_offer_is_out_are_offered_after_it() {
    let mut bench = offered();
    bench.media(MediaEvent::Changed);
    bench.media(MediaEvent::Changed);
    assert_eq!(bench.did("OfferAgain"), 1);
    bench.answer_sdp();
    bench.media(MediaEvent::Applied);
    assert_eq!(bench.did("OfferAgain"), 2);
}

#[test]
fn an_offer_of_the_relay_waits_for_the_answer_to_ours() {
    let mut bench = offered();
    bench.sdp(SdpKind::Offer);
    assert_eq!(bench.did("Answer"), 0);
    bench.answer_sdp();
    bench.media(MediaEvent::Applied);
    assert_eq!(bench.did("Answer"), 1);
}

#[test]
fn an_offer_that_crosses_the_relays_gives_way_and_comes_again() {
    let mut bench = offered();
    bench.sdp(SdpKind::Offer);
    bench.handle(glare());
    assert_eq!(bench.did("Answer"), 1);
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    assert_eq!((bench.sent("sdp"), bench.did("OfferAgain")), (1, 1));
    bench.wait();
    assert_eq!((bench.now, bench.did("OfferAgain")), (1_300, 2));
    assert!(bench.call.status().is_connected());
}

#[test]
fn a_relay_that_never_gives_way_is_not_asked_for_ever() {
    let mut bench = offered();
    while bench.call.deadline().is_some() {
        bench.handle(glare());
        if bench.call.deadline().is_some() {
            bench.wait();
            bench.media(MediaEvent::Described { sdp: OFFER.into() });
        }
    }
    assert_eq!(bench.did("OfferAgain"), 21);
    assert!(bench.out.contains(&Output::Emit(Report::Warning(refused(ErrorCode::InvalidCallState)))));
    assert!(bench.call.status().is_connected());
}

#[test]
fn a_refused_offer_is_a_warning_and_the_call_goes_on() {
    let mut bench = offered();
    bench.handle(Input::Replied(Ask::Offer, Err(refused(ErrorCode::NoCommonCodecs))));
    assert!(bench.out.contains(&Output::Emit(Report::Warning(refused(ErrorCode::NoCommonCodecs)))));
    bench.sdp(SdpKind::Offer);
    assert_eq!(bench.did("Answer"), 1, "nothing is waited for any more");
}

#[test]
fn an_offer_nobody_answers_is_a_warning_after_forty_seconds() {
    let mut bench = offered();
    bench.wait();
    assert_eq!(bench.now, 41_000);
    let Some(Output::Emit(Report::Warning(failure))) = bench.out.last() else { panic!("{:?}", bench.out) };
    assert_eq!(failure.code, Code::Timeout);
    assert!(bench.call.status().is_connected());
}

#[test]
fn nothing_is_offered_before_the_call_is_answered() {
    let mut bench = Bench::asked();
    bench.answer_sdp();
    bench.media(MediaEvent::Applied);
    bench.status(CallStatus::RingMedia);
    bench.media(MediaEvent::Changed);
    assert_eq!(bench.did("OfferAgain"), 0);
    bench.status(CallStatus::Established);
    assert_eq!(bench.did("OfferAgain"), 1);
}

#[test]
fn the_app_chooses_what_the_sip_side_gets_to_see() {
    let headers = vec![offhook_protocol::Header { name: "X-Account".into(), value: "42".into() }];
    let lines = vec!["a=label:1".to_owned()];
    let dial = Dial { callee: "echo".into(), headers: headers.clone(), sip_sdp: lines.clone(), ..Dial::default() };
    let mut bench = Bench::with(Call::outgoing("c".into(), dial));
    bench.command(Command::Call);
    bench.media(MediaEvent::Opened);
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    let Some(Output::Send(RequestBody::Call(call))) = bench.out.last() else { panic!("{:?}", bench.out) };
    assert_eq!((&call.headers, &call.sip_sdp, call.has_video), (&headers, &lines, false));

    let mut bench = Bench::incoming();
    bench.command(Command::Answer(Answer { headers: headers.clone(), sip_sdp: lines.clone(), ..Answer::default() }));
    bench.media(MediaEvent::Opened);
    bench.media(MediaEvent::Described { sdp: "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n".into() });
    let Some(Output::Send(RequestBody::Answer(answer))) = bench.out.last() else { panic!("{:?}", bench.out) };
    assert_eq!((&answer.headers, &answer.sip_sdp, answer.has_video), (&headers, &lines, true));
}
