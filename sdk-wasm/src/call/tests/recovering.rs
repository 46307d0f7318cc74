//! Media that is interrupted, and ICE that is restarted.

use super::*;

impl Bench {
    /// The offer with new credentials is described and answered.
    fn restart(&mut self) {
        self.media(MediaEvent::Described { sdp: OFFER.into() });
        self.handle(Input::Replied(Ask::Offer, Ok(())));
        self.answer_sdp();
        self.media(MediaEvent::Applied);
    }

    fn repairs(&self) -> Vec<Repair> {
        let repair = |output| match output {
            &Output::Emit(Report::Media(repair)) => Some(repair),
            _ => None,
        };
        self.out.iter().filter_map(repair).collect()
    }

    /// Lets the clock run up to a time.
    fn until(&mut self, time: Millis) {
        while self.call.deadline().is_some_and(|deadline| deadline <= time) {
            self.wait();
        }
        self.now = time;
    }
}

fn broken() -> Bench {
    let mut bench = Bench::connected();
    bench.media(MediaEvent::Broken);
    bench
}

#[test]
fn a_connection_that_comes_back_within_a_second_is_left_alone() {
    let mut bench = Bench::connected();
    bench.media(MediaEvent::Disconnected);
    bench.now += 999;
    bench.media(MediaEvent::Connected);
    bench.until(60_000);
    assert!(bench.out.is_empty());
}

#[test]
fn a_connection_that_stays_away_for_a_second_restarts_ice() {
    let mut bench = Bench::connected();
    bench.media(MediaEvent::Disconnected);
    bench.wait();
    assert_eq!((bench.now, bench.did("RestartIce"), bench.repairs()), (2_000, 1, vec![Repair::Restarting]));
}

#[test]
fn a_failed_connection_restarts_ice_at_once() {
    let bench = broken();
    assert_eq!((bench.did("RestartIce"), bench.repairs()), (1, vec![Repair::Restarting]));
}

#[test]
fn a_connection_that_is_back_after_the_restart_is_reported() {
    let mut bench = broken();
    bench.restart();
    bench.media(MediaEvent::Connected);
    assert_eq!(bench.repairs(), [Repair::Restarting, Repair::Restored]);
    assert_eq!(bench.call.deadline(), None);
}

#[test]
fn a_connection_that_is_back_before_the_answer_is_reported_with_it() {
    let mut bench = broken();
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    bench.media(MediaEvent::Connected);
    assert_eq!(bench.repairs(), [Repair::Restarting]);
    bench.answer_sdp();
    bench.media(MediaEvent::Applied);
    assert_eq!(bench.repairs(), [Repair::Restarting, Repair::Restored]);
}

#[test]
fn a_restart_that_does_not_help_is_tried_again_after_two_four_and_eight_seconds() {
    let mut bench = broken();
    let mut tries = vec![bench.now];
    while !bench.call.status().is_terminal() {
        bench.restart();
        bench.wait();
        tries.push(bench.now);
    }
    assert_eq!(tries, [1_000, 3_000, 7_000, 15_000, 23_000, 31_000]);
    assert_eq!(bench.end().error.as_ref().unwrap().code, Code::MediaFailed);
    assert_eq!((bench.sent("hangup"), bench.did("Release")), (1, 1));
}

#[test]
fn a_relay_that_does_not_answer_restarts_has_thirty_seconds() {
    let mut bench = broken();
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    bench.wait();
    assert_eq!((bench.now, bench.end().error.as_ref().unwrap().code), (31_000, Code::MediaFailed));
}

#[test]
fn a_refused_restart_is_no_warning_and_is_tried_again() {
    let mut bench = broken();
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    bench.handle(Input::Replied(Ask::Offer, Err(refused(ErrorCode::LimitReached))));
    bench.wait();
    assert_eq!((bench.now, bench.did("RestartIce")), (3_000, 2));
    assert!(!bench.out.iter().any(|output| matches!(output, Output::Emit(Report::Warning(_)))));
}

#[test]
fn a_restart_that_crosses_the_relays_offer_stays_a_restart() {
    let mut bench = broken();
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    bench.sdp(SdpKind::Offer);
    bench.handle(Input::Replied(Ask::Offer, Err(refused(ErrorCode::InvalidCallState))));
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    bench.wait();
    assert_eq!((bench.now, bench.did("RestartIce")), (1_300, 2));
}

#[test]
fn silence_in_an_established_call_restarts_ice_once() {
    let mut bench = Bench::connected();
    bench.media(MediaEvent::Silent);
    assert_eq!(bench.did("RestartIce"), 1);
    bench.restart();
    assert_eq!(bench.repairs(), [Repair::Restarting, Repair::Restored]);
    bench.until(120_000);
    assert_eq!(bench.did("RestartIce"), 1, "a far end that says nothing is not restarted for ever");
    assert!(bench.call.status().is_connected());
}

#[test]
fn a_far_end_that_falls_silent_again_and_again_is_believed() {
    let mut bench = Bench::connected();
    for _ in 0..5 {
        bench.media(MediaEvent::Silent);
        if bench.sent("offer") < bench.did("RestartIce") {
            bench.restart();
        }
        bench.media(MediaEvent::Flowing);
        bench.now += 10_000;
    }
    assert_eq!(bench.did("RestartIce"), 3);
    bench.media(MediaEvent::Disconnected);
    bench.media(MediaEvent::Connected);
    bench.media(MediaEvent::Silent);
    assert_eq!(bench.did("RestartIce"), 4, "a connection that was at fault since is not");
}

#[test]
fn a_call_on_hold_may_be_silent() {
    let mut bench = Bench::connected();
    bench.status(CallStatus::Hold);
    bench.media(MediaEvent::Silent);
    assert_eq!(bench.did("RestartIce"), 0);
}

#[test]
fn hold_outlives_a_restart() {
    let mut bench = Bench::connected();
    bench.status(CallStatus::Hold);
    bench.media(MediaEvent::Broken);
    bench.restart();
    bench.media(MediaEvent::Connected);
    assert_eq!(bench.call.status().name(), "HOLD");
}

#[test]
fn another_network_restarts_ice_although_all_seems_well() {
    let mut bench = Bench::connected();
    bench.handle(Input::Session(Notice::NetworkChanged));
    assert_eq!(bench.did("RestartIce"), 1);
    bench.restart();
    assert_eq!(bench.repairs(), [Repair::Restarting, Repair::Restored]);
}

#[test]
fn a_network_that_changes_during_a_restart_takes_another() {
    let mut bench = broken();
    bench.media(MediaEvent::Described { sdp: OFFER.into() });
    bench.handle(Input::Session(Notice::NetworkChanged));
    bench.answer_sdp();
    bench.media(MediaEvent::Applied);
    assert_eq!(bench.did("RestartIce"), 2);
}

#[test]
fn a_call_that_is_not_connected_yet_has_nothing_to_restart() {
    let mut bench = Bench::asked();
    bench.handle(Input::Session(Notice::NetworkChanged));
    bench.media(MediaEvent::Disconnected);
    bench.media(MediaEvent::Silent);
    assert_eq!(bench.did("RestartIce"), 0);
}

#[test]
fn a_connection_that_never_was_fails_the_call() {
    let mut bench = Bench::asked();
    let broken = bench.now;
    bench.media(MediaEvent::Broken);
    bench.wait();
    assert_eq!((bench.now - broken, bench.end().error.as_ref().unwrap().code), (1000, Code::MediaFailed));
    assert_eq!(bench.sent("hangup"), 1);
}

#[test]
fn a_far_end_that_hangs_up_while_sound_is_being_connected_ends_the_call_in_order() {
    let mut bench = Bench::incoming();
    bench.command(Command::Answer(Answer::default()));
    for event in [MediaEvent::Opened, MediaEvent::Described { sdp: OFFER.into() }, MediaEvent::Broken] {
        bench.media(event);
    }
    for status in [CallStatus::Established, CallStatus::Finish] {
        bench.status(status);
    }
    assert_eq!(bench.reported(), [CallStatus::Established, CallStatus::Finish]);
    assert_eq!(bench.sent("hangup"), 0);
}

#[test]
fn early_media_that_breaks_is_repaired_once_the_call_is_answered() {
    let mut bench = Bench::asked();
    bench.answer_sdp();
    bench.media(MediaEvent::Applied);
    bench.media(MediaEvent::Connected);
    bench.media(MediaEvent::Disconnected);
    bench.now += 5_000;
    bench.handle(Input::Tick);
    assert_eq!(bench.did("RestartIce"), 0);
    bench.status(CallStatus::Established);
    assert_eq!(bench.did("RestartIce"), 1);
}

#[test]
fn without_the_relay_nothing_is_restarted_and_nothing_given_up() {
    let mut bench = Bench::connected();
    bench.handle(Input::Session(Notice::RelayLost));
    bench.media(MediaEvent::Disconnected);
    bench.until(300_000);
    assert_eq!((bench.did("RestartIce"), bench.repairs()), (0, vec![Repair::Restarting]));
    bench.handle(Input::Session(Notice::RelayBack));
    assert_eq!(bench.did("RestartIce"), 1);
    while !bench.call.status().is_terminal() {
        bench.restart();
        bench.wait();
    }
    assert_eq!(bench.now, 330_000, "the time to give up begins with the relay");
}

#[test]
fn media_that_is_back_before_the_relay_needs_no_restart() {
    let mut bench = Bench::connected();
    bench.handle(Input::Session(Notice::RelayLost));
    bench.media(MediaEvent::Broken);
    bench.media(MediaEvent::Connected);
    bench.handle(Input::Session(Notice::RelayBack));
    assert_eq!((bench.did("RestartIce"), bench.repairs()), (0, vec![Repair::Restarting, Repair::Restored]));
}

#[test]
fn silence_that_ends_before_the_relay_is_back_needs_no_restart() {
    let mut bench = Bench::connected();
    bench.handle(Input::Session(Notice::RelayLost));
    bench.media(MediaEvent::Silent);
    bench.media(MediaEvent::Flowing);
    bench.handle(Input::Session(Notice::RelayBack));
    assert_eq!(bench.did("RestartIce"), 0);
}

#[test]
fn hanging_up_ends_every_repair() {
    let mut bench = broken();
    bench.command(Command::Hangup);
    bench.status(CallStatus::Finish);
    assert_eq!((bench.end().status, bench.call.deadline()), (CallStatus::Finish, None));
}
