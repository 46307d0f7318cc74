//! Whatever the order of events: a call ends, and tells each end once.

use std::time::{Duration, Instant};

use offhook_media::{Codec, Digit, Direction, MediaFailure};
use offhook_protocol::request::DtmfMethod;
use proptest::prelude::*;

use super::*;

/// Something that can happen to a call.
#[derive(Clone, Debug)]
enum Happening {
    At(Party, LegEvent),
    Passes(u64),
    EndFromOutside,
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![
        Just(Direction::SendRecv),
        Just(Direction::SendOnly),
        Just(Direction::RecvOnly),
        Just(Direction::Inactive)
    ]
}

fn audio() -> impl Strategy<Value = Description> {
    (proptest::sample::subsequence(Codec::ALL.to_vec(), 1..=4), direction())
        .prop_map(|(codecs, direction)| Description { codecs, telephone_event: true, direction, video: None })
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![
        Just(Cause::Normal),
        Just(Cause::Cancelled),
        Just(Cause::MediaInactive),
        (400u16..700).prop_map(|status| Cause::Failure(failure_for_status(status, "")))
    ]
}

fn event() -> impl Strategy<Value = LegEvent> {
    let digit = Digit::from_event(5).unwrap();
    prop_oneof![
        1 => Just(LegEvent::Trying),
        1 => proptest::option::of(audio()).prop_map(|it| LegEvent::Ringing(it, Extras::default())),
        1 => proptest::option::of(audio()).prop_map(|it| LegEvent::Progress(it, Extras::default())),
        3 => audio().prop_map(|it| LegEvent::Answered(it, Extras::default())),
        2 => audio().prop_map(LegEvent::Reoffer),
        2 => audio().prop_map(|audio| LegEvent::ReofferResult(Ok(audio))),
        1 => cause().prop_map(|cause| LegEvent::ReofferResult(Err(cause))),
        1 => Just(LegEvent::Dtmf { digit, duration: Duration::from_millis(100), method: DtmfMethod::Rfc2833 }),
        1 => Just(LegEvent::MediaConnected),
        1 => Just(LegEvent::MediaFailed(MediaFailure::Dtls)),
        1 => Just(LegEvent::MediaInactive),
        1 => cause().prop_map(|it| LegEvent::Ended(it, Extras::default())),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    let party = prop_oneof![Just(Party::Caller), Just(Party::Callee)];
    prop_oneof![
        8 => (party, event()).prop_map(|(party, event)| Happening::At(party, event)),
        1 => (0u64..60).prop_map(Happening::Passes),
        1 => Just(Happening::EndFromOutside),
    ]
}

fn kind() -> impl Strategy<Value = LegKind> {
    prop_oneof![Just(LegKind::Browser), Just(LegKind::Sip), Just(LegKind::Service)]
}

/// What each end has seen.
#[derive(Default)]
struct Seen {
    told_to_end: [usize; 2],
    ended: [bool; 2],
    open_reoffers: [i32; 2],
    over: usize,
}

fn index(party: Party) -> usize {
    match party {
        Party::Caller => 0,
        Party::Callee => 1,
    }
}

impl Seen {
    fn drain(&mut self, call: &mut Call) {
        while let Some(output) = call.poll_output() {
            assert_eq!(self.over, 0, "an output after the last");
            match output {
                CallOutput::Over => self.over += 1,
                CallOutput::Command(party, command) => self.command(party, &command),
            }
        }
    }

    fn command(&mut self, party: Party, command: &LegCommand) {
        let at = index(party);
        assert!(!self.ended[at], "{command:?} to a leg that has ended");
        assert_eq!(self.told_to_end[at], 0, "{command:?} to a leg that was told to end");
        match command {
            LegCommand::End(_, _) => self.told_to_end[at] += 1,
            LegCommand::ReofferAnswer(_) => {
                self.open_reoffers[at] -= 1;
                assert!(self.open_reoffers[at] >= 0, "an answer that nobody asked for");
            }
            LegCommand::Answer(audio, _) | LegCommand::Reoffer(audio) => assert!(!audio.codecs.is_empty()),
            _ => {}
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "an instant can be had from the clock only; time is simulated from it")]
fn start() -> Instant {
    Instant::now()
}

proptest! {
    #[test]
    fn a_call_always_ends_and_tells_each_end_once(
        caller in kind(),
        callee in kind(),
        offer in proptest::option::of(audio()),
        happenings in proptest::collection::vec(happening(), 0..40),
    ) {
        let mut now = start();
        let who = (Identity::default(), Identity::default());
        let mut call = Call::new(caller, callee, who, offer, Extras::default(), Deadlines::default(), now);
        let mut seen = Seen::default();
        seen.drain(&mut call);
        for happening in happenings {
            match happening {
                Happening::At(party, event) => {
                    let at = index(party);
                    if matches!(event, LegEvent::Reoffer(_)) && !seen.ended[at] && seen.told_to_end[at] == 0 {
                        seen.open_reoffers[at] += 1;
                    }
                    seen.ended[at] |= matches!(event, LegEvent::Ended(_, _));
                    call.leg_event(party, event, now);
                }
                Happening::Passes(seconds) => {
                    now += Duration::from_secs(seconds);
                    call.handle_timeout(now);
                }
                Happening::EndFromOutside => call.end(&Cause::Normal, now),
            }
            seen.drain(&mut call);
            prop_assert_eq!(call.is_over(), seen.over == 1);
        }
        // Whoever rings or waits is brought to an end by time alone, once somebody wants the end.
        call.end(&Cause::Normal, now);
        seen.drain(&mut call);
        while let Some(deadline) = call.poll_timeout() {
            prop_assert!(deadline > now, "a deadline that has passed and is not acted on");
            now = deadline;
            call.handle_timeout(now);
            seen.drain(&mut call);
        }
        prop_assert_eq!(seen.over, 1);
    }

    #[test]
    fn a_call_nobody_answers_ends_by_itself(callee in kind(), rings in proptest::bool::ANY) {
        let mut now = start();
        let who = (Identity::default(), Identity::default());
        let mut call = Call::new(LegKind::Browser, callee, who, None, Extras::default(), Deadlines::default(), now);
        let mut seen = Seen::default();
        if rings {
            call.leg_event(Party::Callee, LegEvent::Ringing(None, Extras::default()), now);
        }
        seen.drain(&mut call);
        while let Some(deadline) = call.poll_timeout() {
            now = deadline;
            call.handle_timeout(now);
            seen.drain(&mut call);
        }
        prop_assert_eq!(seen.told_to_end, [1, 1]);
        prop_assert_eq!(seen.over, 1);
    }
}
