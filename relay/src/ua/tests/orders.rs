//! Whatever the peer, the core and the network do, and in whatever order: a leg ends once, says nothing afterwards, and
//! is forgotten.

use offhook_media::{Codec, Digit, Direction, LegId};
use offhook_protocol::request::DtmfMethod;
use offhook_sip::message::{HeaderName, Message, Method, Request};
use proptest::prelude::*;

use super::peer::{Peer, foreign_sdp, sdp};
use super::scene::{LEG, Scene, audio, everything, seconds};
use crate::call::{Cause, Description, Extras, LegCommand, LegEvent, failure_for_status};

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    Core(Box<LegCommand>),
    /// The peer answers our latest request, with the tag of one phone or another.
    Respond(u16, bool, &'static str),
    /// The peer sends a request of the dialog.
    Ask(Method, bool),
    /// The peer acknowledges our answer.
    Ack(bool),
    Cancel,
    Unsendable,
    Wait(u64),
}

fn change() -> impl Strategy<Value = Description> {
    let direction = prop_oneof![Just(Direction::SendRecv), Just(Direction::SendOnly), Just(Direction::Inactive)];
    (direction, any::<bool>()).prop_map(|(direction, all)| match all {
        true => Description { direction, ..everything() },
        false => audio(&[Codec::Pcma], direction),
    })
}

fn command() -> impl Strategy<Value = LegCommand> {
    let refused = || Cause::Failure(failure_for_status(488, ""));
    prop_oneof![
        proptest::option::of(change()).prop_map(|it| LegCommand::Ringing(it, Extras::default())),
        proptest::option::of(change()).prop_map(|it| LegCommand::Progress(it, Extras::default())),
        change().prop_map(|it| LegCommand::Answer(it, Extras::default())),
        change().prop_map(|it| LegCommand::Answer(it, Extras::default())),
        change().prop_map(LegCommand::Reoffer),
        change().prop_map(|audio| LegCommand::ReofferAnswer(Ok(audio))),
        Just(LegCommand::ReofferAnswer(Err(refused()))),
        prop_oneof![Just(DtmfMethod::Info), Just(DtmfMethod::InfoRelay)].prop_map(key),
        Just(LegCommand::End(Cause::Normal, Extras::default())),
    ]
}

fn key(method: DtmfMethod) -> LegCommand {
    LegCommand::Dtmf { digit: Digit::from_event(5).unwrap(), duration: seconds(0), method }
}

fn step() -> impl Strategy<Value = Step> {
    let status = prop_oneof![
        Just(100_u16),
        Just(180),
        Just(183),
        Just(200),
        Just(200),
        Just(200),
        Just(302),
        Just(401),
        Just(481),
        Just(491)
    ];
    let method = prop_oneof![Just(Method::Invite), Just(Method::Bye), Just(Method::Options), Just(Method::Info)];
    let tag = prop_oneof![Just("bob"), Just("bob"), Just("carol")];
    prop_oneof![
        command().prop_map(|command| Step::Core(Box::new(command))),
        (status, any::<bool>(), tag).prop_map(|(status, described, tag)| Step::Respond(status, described, tag)),
        (method, any::<bool>()).prop_map(|(method, described)| Step::Ask(method, described)),
        any::<bool>().prop_map(Step::Ack),
        any::<bool>().prop_map(Step::Ack),
        Just(Step::Cancel),
        Just(Step::Unsendable),
        (0_u64..40).prop_map(Step::Wait),
    ]
}

/// A call and what the peer knows of it.
struct Line {
    scene: Scene,
    leg: LegId,
    peer: Option<Peer>,
    /// Our requests, the latest last.
    requests: Vec<Request>,
    cseq: u32,
    ends: usize,
}

impl Line {
    fn calling() -> Self {
        let mut scene = Scene::new();
        let invite = scene.call();
        Self { scene, leg: LEG, peer: None, requests: vec![invite], cseq: 0, ends: 0 }
    }

    fn called(offer: &str) -> Self {
        let (scene, peer, leg) = Scene::ringing(offer);
        Self { scene, leg, peer: Some(peer), requests: Vec::new(), cseq: 1, ends: 0 }
    }

    fn act(&mut self, step: Step) {
        match step {
            Step::Core(command) => self.scene.command(self.leg, *command),
            Step::Respond(status, described, tag) => self.respond(status, described, tag),
            Step::Ask(method, described) => self.ask(method, described),
            Step::Ack(described) => self.acknowledge(described),
            Step::Cancel => {
                if let Some(peer) = &self.peer {
                    self.scene.give(peer.cancel(self.cseq));
                }
            }
            Step::Unsendable => {
                if self.scene.transaction.is_some() {
                    self.scene.fail_to_send();
                }
            }
            Step::Wait(time) => self.scene.wait(seconds(time)),
        }
        self.listen();
    }

    fn respond(&mut self, status: u16, described: bool, tag: &str) {
        let Some(request) = self.requests.last() else { return };
        let mut reply = Scene::reply(request, status, tag);
        if described {
            reply = reply.body("application/sdp", if status == 183 { foreign_sdp() } else { sdp("") });
        }
        if status == 401 {
            let challenge = format!(r#"Digest realm="pbx", nonce="n{}", qop="auth""#, self.requests.len());
            reply = reply.header(HeaderName::WwwAuthenticate, challenge);
        }
        let reply = reply.build().unwrap();
        if self.peer.is_none() && status == 200 && *request.method() == Method::Invite {
            self.peer = Some(Peer::callee(request, &reply));
        }
        self.scene.give(reply);
    }

    fn ask(&mut self, method: Method, described: bool) {
        let Some(peer) = self.peer.as_ref().filter(|peer| peer.is_answered()) else { return };
        self.cseq += 1;
        let offer = if described { sdp("sendonly") } else { String::new() };
        self.scene.give(match method {
            Method::Invite => peer.reinvite(self.cseq, &offer),
            Method::Info if described => {
                peer.request(method, self.cseq).body("application/dtmf", "5".to_owned()).build().unwrap()
            }
            method => peer.request(method, self.cseq).build().unwrap(),
        });
    }

    fn acknowledge(&mut self, described: bool) {
        let Some(peer) = &self.peer else { return };
        let ack = peer.ack(self.cseq);
        let ack = if described { ack.body("application/sdp", sdp("")) } else { ack };
        self.scene.give(ack.build().unwrap());
    }

    /// Reads what was said and sent.
    fn listen(&mut self) {
        while let Some((leg, event)) = self.scene.events.pop_front() {
            assert_eq!((leg, self.ends), (self.leg, 0), "{event:?} after the end");
            if matches!(event, LegEvent::Ended(_, _)) {
                self.ends += 1;
                self.scene.media.clear();
            }
        }
        if self.ends > 0 {
            assert!(self.scene.media.is_empty(), "the media leg is closed: {:?}", self.scene.media);
        }
        self.scene.media.clear();
        while let Some((_, message)) = self.scene.sent.pop_front() {
            match message {
                Message::Request(request) if *request.method() == Method::Ack => {}
                Message::Request(request) => self.requests.push(request),
                Message::Response(response) => {
                    if let Some(peer) = self.peer.take() {
                        let answered = response.headers().contains(&HeaderName::Contact);
                        self.peer = Some(if answered { peer.answered(&response) } else { peer });
                    }
                }
            }
        }
    }

    /// The call is over; nothing of it stays.
    fn finish(mut self) {
        self.scene.command(self.leg, LegCommand::End(Cause::Normal, Extras::default()));
        self.listen();
        assert_eq!(self.ends, 1);
        self.scene.wait(seconds(300));
        self.listen();
        let counts = self.scene.ua.counts();
        assert_eq!((counts.legs, counts.transactions), (0, 0));
    }
}

proptest! {
    #[test]
    fn a_call_of_ours_ends_once_and_is_forgotten(steps in proptest::collection::vec(step(), 0..24)) {
        let mut line = Line::calling();
        steps.into_iter().for_each(|step| line.act(step));
        line.finish();
    }

    #[test]
    fn a_call_of_the_peers_ends_once_and_is_forgotten(
        offered in any::<bool>(),
        steps in proptest::collection::vec(step(), 0..24),
    ) {
        let mut line = Line::called(&if offered { sdp("") } else { String::new() });
        steps.into_iter().for_each(|step| line.act(step));
        line.finish();
    }
}
