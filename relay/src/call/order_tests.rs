//! Whatever the order of events: calls end, and tell each end once, also those that a transfer brings or takes away.

use std::time::{Duration, Instant};

use offhook_media::{Codec, Digit, Direction, MediaFailure};
use offhook_protocol::request::DtmfMethod;
use proptest::prelude::*;

use super::*;

/// Something that can happen to two calls.
#[derive(Clone, Debug)]
enum Happening {
    /// At an end of one of the calls.
    At(usize, Party, Box<LegEvent>),
    /// An end transfers the other to somebody new.
    Transfer(usize, Party),
    /// The far ends of these ends of the first and the second call are joined.
    Merge(Party, Party),
    /// An end has the other transferred by itself.
    Refer(usize, Party),
    /// Somebody who offers this takes an end's place.
    Replace(usize, Party, Option<Description>),
    Passes(u64),
    EndFromOutside(usize),
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
    (proptest::sample::subsequence(Codec::BROWSER.to_vec(), 1..=4), direction())
        .prop_map(|(codecs, direction)| Description::new(codecs, true, direction))
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
        2 => referral_progress().prop_map(LegEvent::Referral),
        1 => Just(LegEvent::Party(Identity { user: "somebody".into(), display_name: None })),
        1 => Just(LegEvent::MediaConnected),
        1 => Just(LegEvent::MediaFailed(MediaFailure::Dtls)),
        1 => Just(LegEvent::MediaInactive),
        1 => cause().prop_map(|it| LegEvent::Ended(it, Extras::default())),
    ]
}

fn referral_progress() -> impl Strategy<Value = ReferralProgress> {
    prop_oneof![
        Just(ReferralProgress::Accepted),
        Just(ReferralProgress::Ringing),
        Just(ReferralProgress::Completed),
        cause().prop_map(ReferralProgress::Failed),
        Just(ReferralProgress::Unsupported),
    ]
}

fn end() -> impl Strategy<Value = Party> {
    prop_oneof![Just(Party::Caller), Just(Party::Callee)]
}

fn happening() -> impl Strategy<Value = Happening> {
    let party = prop_oneof![3 => Just(Party::Caller), 3 => Just(Party::Callee), 2 => Just(Party::Third)];
    prop_oneof![
        16 => (0usize..2, party, event()).prop_map(|(call, party, event)| Happening::At(call, party, Box::new(event))),
        3 => (0usize..2, end()).prop_map(|(call, by)| Happening::Transfer(call, by)),
        2 => (end(), end()).prop_map(|(one, other)| Happening::Merge(one, other)),
        2 => (0usize..2, end()).prop_map(|(call, by)| Happening::Refer(call, by)),
        2 => (0usize..2, end(), proptest::option::of(audio())).prop_map(|(call, at, it)| Happening::Replace(call, at, it)),
        2 => (0u64..70).prop_map(Happening::Passes),
        1 => (0usize..2).prop_map(Happening::EndFromOutside),
    ]
}

fn kind() -> impl Strategy<Value = LegKind> {
    prop_oneof![Just(LegKind::Browser), Just(LegKind::Sip), Just(LegKind::Service)]
}

/// What a leg has seen.
#[derive(Default)]
struct Leg {
    told_to_end: usize,
    ended: bool,
    open_reoffers: i32,
}

/// Two calls, and the legs at their ends.
struct World {
    calls: [Call; 2],
    /// Which leg is at which end.
    ends: [[Option<usize>; 3]; 2],
    legs: Vec<Leg>,
    over: [usize; 2],
    now: Instant,
}

fn index(party: Party) -> usize {
    match party {
        Party::Caller => 0,
        Party::Callee => 1,
        Party::Third => 2,
    }
}

impl World {
    fn new(kinds: (LegKind, LegKind), offer: Option<Description>) -> Self {
        let now = start();
        let who = || (Identity::default(), Identity::default());
        let call = || Call::new(kinds.0, kinds.1, who(), offer.clone(), Extras::default(), Deadlines::default(), now);
        let mut world = Self {
            calls: [call(), call()],
            ends: [[Some(0), Some(1), None], [Some(2), Some(3), None]],
            legs: (0..4).map(|_| Leg::default()).collect(),
            over: [0; 2],
            now,
        };
        world.drain();
        world
    }

    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::At(call, party, event) => self.at(call, party, *event),
            Happening::Transfer(call, by) => self.transfer(call, by),
            Happening::Merge(one, other) => self.merge(one, other),
            Happening::Refer(call, by) => self.refer(call, by),
            Happening::Replace(call, at, offer) => self.replace(call, at, offer),
            Happening::Passes(seconds) => {
                self.now += Duration::from_secs(seconds);
                self.calls.iter_mut().for_each(|call| call.handle_timeout(self.now));
            }
            Happening::EndFromOutside(call) => self.calls[call].end(&Cause::Normal, self.now),
        }
        self.drain();
        for (call, over) in self.calls.iter().zip(self.over) {
            assert_eq!(call.is_over(), over == 1);
        }
    }

    fn at(&mut self, call: usize, party: Party, event: LegEvent) {
        if let Some(leg) = self.ends[call][index(party)].map(|leg| &mut self.legs[leg]) {
            let is_heard = !leg.ended && leg.told_to_end == 0 && party != Party::Third;
            leg.open_reoffers += i32::from(is_heard && matches!(event, LegEvent::Reoffer(_)));
            leg.ended |= matches!(event, LegEvent::Ended(..));
        }
        self.calls[call].leg_event(party, event, self.now);
    }

    fn transfer(&mut self, call: usize, by: Party) {
        if self.calls[call].may_transfer().is_ok() {
            self.ends[call][2] = Some(self.legs.len());
            self.legs.push(Leg::default());
            self.calls[call].transfer(by, (LegKind::Sip, Identity::default()), self.now);
        }
    }

    fn merge(&mut self, one: Party, other: Party) {
        let [first, second] = &mut self.calls;
        if first.may_transfer().is_ok() && second.may_transfer().is_ok() {
            self.ends[0][2] = self.ends[1][index(other.other())].take();
            first.merge(one, second, other, self.now);
        }
    }

    fn refer(&mut self, call: usize, by: Party) {
        if self.calls[call].may_transfer().is_ok() {
            let referral = Referral { to: "somebody".into(), replaces: None };
            self.calls[call].refer(by, "somebody".into(), referral);
        }
    }

    fn replace(&mut self, call: usize, at: Party, offer: Option<Description>) {
        let newcomer = (LegKind::Sip, Identity::default());
        if self.calls[call].replace(at, newcomer, offer.as_ref(), self.now).is_ok() {
            self.ends[call][2] = Some(self.legs.len());
            self.legs.push(Leg::default());
        }
    }

    fn drain(&mut self) {
        for at in 0..2 {
            while let Some(output) = self.calls[at].poll_output() {
                assert_eq!(self.over[at], 0, "an output after the last");
                match output {
                    CallOutput::Over => self.over[at] += 1,
                    CallOutput::Referral(_) => {}
                    CallOutput::Swapped(party) => self.ends[at].swap(index(party), 2),
                    CallOutput::Forget => {
                        let leg = self.ends[at][2].expect("somebody to forget");
                        self.legs[leg].ended = true;
                    }
                    CallOutput::Command(party, command) => self.command(at, party, &command),
                }
            }
        }
    }

    fn command(&mut self, call: usize, party: Party, command: &LegCommand) {
        let leg = self.ends[call][index(party)].expect("a leg to be told");
        let leg = &mut self.legs[leg];
        assert!(!leg.ended, "{command:?} to a leg that has ended");
        assert_eq!(leg.told_to_end, 0, "{command:?} to a leg that was told to end");
        match command {
            LegCommand::End(..) => leg.told_to_end += 1,
            LegCommand::ReofferAnswer(_) => {
                leg.open_reoffers -= 1;
                assert!(leg.open_reoffers >= 0, "an answer that nobody asked for");
            }
            LegCommand::Answer(audio, _) | LegCommand::Reoffer(audio) => assert!(!audio.codecs.is_empty()),
            _ => {}
        }
    }

    /// Lets time pass until nothing is waited for.
    fn wait_out(&mut self) {
        while let Some(deadline) = self.calls.iter().filter_map(Call::poll_timeout).min() {
            assert!(deadline > self.now, "a deadline that has passed and is not acted on");
            self.now = deadline;
            self.happens(Happening::Passes(0));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "an instant can be had from the clock only; time is simulated from it")]
fn start() -> Instant {
    Instant::now()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn calls_always_end_and_tell_each_end_once(
        kinds in (kind(), kind()),
        offer in proptest::option::of(audio()),
        answer in audio(),
        is_answered in proptest::bool::ANY,
        happenings in proptest::collection::vec(happening(), 0..60),
    ) {
        let mut world = World::new(kinds, offer);
        if is_answered {
            for call in 0..2 {
                let answered = LegEvent::Answered(answer.clone(), Extras::default());
                world.happens(Happening::At(call, Party::Callee, Box::new(answered)));
            }
        }
        for happening in happenings {
            world.happens(happening);
        }
        // Whoever rings or waits is brought to an end by time alone, once somebody wants the end.
        world.happens(Happening::EndFromOutside(0));
        world.happens(Happening::EndFromOutside(1));
        world.wait_out();
        prop_assert_eq!(world.over, [1, 1]);
        for leg in world.legs {
            prop_assert!(leg.told_to_end == 1 || leg.ended, "a leg was left");
        }
    }

    #[test]
    fn a_call_nobody_answers_ends_by_itself(kinds in (kind(), kind()), rings in proptest::bool::ANY) {
        let mut world = World::new(kinds, None);
        if rings {
            world.happens(Happening::At(0, Party::Callee, Box::new(LegEvent::Ringing(None, Extras::default()))));
        }
        world.wait_out();
        prop_assert_eq!(world.over, [1, 1]);
        prop_assert!(world.legs.iter().all(|leg| leg.told_to_end == 1));
    }

    /// Ends that answer what they are offered find a codec, or the call ends; they never ask each other for ever.
    #[test]
    fn ends_that_never_met_come_to_an_understanding(
        speak in proptest::collection::vec(proptest::sample::subsequence(Codec::BROWSER.to_vec(), 1..=4), 4),
        holds in proptest::collection::vec(direction(), 4),
    ) {
        let now = start();
        let heard = |at: usize, offer: &[Codec]| {
            let codecs: Vec<Codec> = speak[at].iter().copied().filter(|codec| offer.contains(codec)).collect();
            Description::new(codecs, true, holds[at])
        };
        let call = |caller: usize, callee: usize| {
            let offer = heard(caller, &Codec::BROWSER);
            let who = (Identity::default(), Identity::default());
            let deadlines = Deadlines::default();
            let mut call =
                Call::new(LegKind::Sip, LegKind::Sip, who, Some(offer), Extras::default(), deadlines, now);
            let answer = heard(callee, &speak[caller]);
            let can = !answer.codecs.is_empty();
            call.leg_event(Party::Callee, LegEvent::Answered(answer, Extras::default()), now);
            while call.poll_output().is_some() {}
            can.then_some(call)
        };
        // The transferor is the callee of the first and the caller of the second.
        let (Some(mut first), Some(mut second)) = (call(0, 1), call(2, 3)) else { return Ok(()) };
        first.merge(Party::Callee, &mut second, Party::Caller, now);
        let mut asked = 0;
        while let Some(output) = first.poll_output() {
            if let CallOutput::Command(party, LegCommand::Reoffer(offer)) = output {
                asked += 1;
                prop_assert!(asked < 20, "they ask each other for ever");
                let answer = heard(if party == Party::Caller { 0 } else { 3 }, &offer.codecs);
                let refused = Cause::Failure(failure_for_status(488, ""));
                let result = if answer.codecs.is_empty() { Err(refused) } else { Ok(answer) };
                first.leg_event(party, LegEvent::ReofferResult(result), now);
            }
        }
        prop_assert!(first.phase == super::machine::Phase::Established || first.phase == super::machine::Phase::Ending);
        let shared = speak[0].iter().any(|codec| speak[3].contains(codec));
        let met = first.phase == super::machine::Phase::Established;
        prop_assert!(shared || !met, "they have no codec in common");
    }
}
