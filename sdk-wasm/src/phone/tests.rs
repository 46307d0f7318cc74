//! The whole machine against a world that does anything in any order.

mod scenes;

use super::*;
use crate::account::{Identity, Link};
use crate::call::{MediaAction, Target};
use crate::dial::{Answer, Media};
use crate::failure::Code;
use crate::session::Input;
use offhook_protocol::compact::Message;
use offhook_protocol::error::Failure as RelayFailure;
use offhook_protocol::event::{
    CallSdp, CallStatusChanged, DtmfReceived, EventBody, IncomingCall, Registration, SdpKind, SessionClosed,
};
use offhook_protocol::reply::{Done, Outcome, Reply, ReplyBody, SessionOpened};
use offhook_protocol::request::{OpenLocal, Ping};
use offhook_protocol::{CallStatus, ErrorCode, RegistrationState, Request, Secret};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One thing that may happen. Numbers choose among what is there, so that every sequence means something.
#[derive(Clone, Debug)]
enum Step {
    OpenSession,
    TakeSessionBack,
    SocketOpens(u8),
    SocketCloses(u8),
    CloseSession(u8),
    CreateCall(u8),
    Command(u8, Command),
    Incoming(u8),
    Reply(u8, bool),
    Status(u8, CallStatus),
    Sdp(u8, SdpKind),
    Dtmf(u8),
    Registration(u8, RegistrationState),
    SessionClosed(u8),
    MediaDone(u8, bool),
    Media(u8, MediaEvent),
    Network,
    Data(u8),
    Time(u16),
}

/// What ends everything is rare, so that there is something to end.
fn step() -> impl Strategy<Value = Step> {
    let who = any::<u8>;
    prop_oneof![
        1 => Just(Step::OpenSession),
        1 => Just(Step::TakeSessionBack),
        15 => who().prop_map(Step::SocketOpens),
        1 => who().prop_map(Step::SocketCloses),
        1 => who().prop_map(Step::CloseSession),
        15 => who().prop_map(Step::CreateCall),
        40 => (who(), command()).prop_map(|(who, command)| Step::Command(who, command)),
        15 => who().prop_map(Step::Incoming),
        60 => (who(), prop::bool::weighted(0.9)).prop_map(|(who, accepted)| Step::Reply(who, accepted)),
        60 => (who(), status()).prop_map(|(who, status)| Step::Status(who, status)),
        20 => (who(), prop_oneof![Just(SdpKind::Offer), Just(SdpKind::Answer)]).prop_map(|(who, kind)| Step::Sdp(who, kind)),
        5 => who().prop_map(Step::Dtmf),
        10 => (who(), prop::sample::select(RegistrationState::ALL)).prop_map(|(who, state)| Step::Registration(who, state)),
        1 => who().prop_map(Step::SessionClosed),
        50 => (who(), prop::bool::weighted(0.9)).prop_map(|(who, works)| Step::MediaDone(who, works)),
        30 => (who(), media_news()).prop_map(|(who, news)| Step::Media(who, news)),
        1 => Just(Step::Network),
        5 => who().prop_map(Step::Data),
        15 => any::<u16>().prop_map(Step::Time),
    ]
}

fn media_news() -> impl Strategy<Value = MediaEvent> {
    prop_oneof![
        8 => Just(MediaEvent::Connected),
        3 => Just(MediaEvent::Disconnected),
        1 => Just(MediaEvent::Broken),
        2 => Just(MediaEvent::Silent),
        2 => Just(MediaEvent::Flowing),
        2 => Just(MediaEvent::Changed),
    ]
}

/// Ends are rare, so that calls live long enough to see the rest.
fn status() -> impl Strategy<Value = CallStatus> {
    prop_oneof![9 => prop::sample::select(&CallStatus::ALL[..6]), 1 => prop::sample::select(CallStatus::ALL)]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        4 => Just(Command::Call),
        3 => Just(Command::Answer(Answer::default())),
        2 => Just(Command::Hangup),
        1 => Just(Command::Hold { for_transfer: false }),
        1 => Just(Command::Unhold),
        2 => Just(Command::Attach(Media::default())),
        1 => Just(Command::Transfer(Target::User("carol".into()))),
        1 => Just(Command::Dtmf(crate::dial::digits("1", "INFO").unwrap())),
    ]
}

impl Default for Phone {
    fn default() -> Self {
        Self::new(7)
    }
}

/// The page and the relay, and the promises that are checked at every turn.
#[derive(Default)]
struct World {
    phone: Phone,
    now: Millis,
    names: u32,
    /// Sessions whose WebSocket is open or opening.
    sockets: Vec<String>,
    /// Requests without a reply.
    requests: Vec<(String, Request)>,
    /// Steps of the browser's media that are not finished.
    media: Vec<(String, MediaAction)>,
    /// Calls with a microphone.
    microphones: Vec<String>,
    /// The last status each call reported.
    calls: BTreeMap<String, Option<CallStatus>>,
    /// Whose each call is.
    owners: BTreeMap<String, String>,
    /// Sessions and whether they have ended.
    sessions: BTreeMap<String, bool>,
    /// How many events each session had.
    events: BTreeMap<String, u64>,
    /// Data that nobody has said anything about yet.
    data: Vec<u32>,
}

impl World {
    fn name(&mut self, kind: &str) -> String {
        self.names += 1;
        format!("{kind}{}", self.names)
    }

    fn take(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::OpenSession => self.open_session(None),
            Step::TakeSessionBack => self.open_session(Some(Secret::new("t"))),
            Step::SocketOpens(who) => self.session_input(who, Input::SocketOpened),
            Step::SocketCloses(who) => self.session_input(who, Input::SocketClosed(1006)),
            Step::CloseSession(who) => {
                if let Some(id) = chosen(&keys(&self.sessions), who) {
                    self.phone.close_session(&id, false, now);
                }
            }
            Step::CreateCall(who) => self.create_call(who),
            Step::Command(who, command) => {
                if let Some(id) = self.call(who) {
                    let _allowed = self.phone.command(&id, command, now);
                }
            }
            Step::Incoming(who) => self.incoming(who),
            Step::Reply(who, accepted) => self.reply(who, accepted),
            Step::Time(ms) => {
                self.now += Millis::from(ms);
                self.phone.tick(self.now);
            }
            Step::MediaDone(who, works) => self.media_done(who, works),
            Step::Media(who, news) => self.media_news(who, news),
            Step::Network => self.phone.network_changed(now),
            Step::Data(who) => {
                if let Some(id) = chosen(&keys(&self.sessions), who) {
                    self.names += 1;
                    self.data.push(self.names);
                    let data = offhook_protocol::request::SendData { payload: Secret::new("{}"), to: None };
                    self.phone.hand_over(&id, self.names, RequestBody::SendData(data), now);
                }
            }
            Step::Registration(who, state) => {
                self.event(who, EventBody::Registration(Registration { state, error: None }));
            }
            Step::SessionClosed(who) => {
                let error = RelayFailure::new(ErrorCode::ShuttingDown, "x");
                self.event(who, EventBody::SessionClosed(SessionClosed { error }));
            }
            Step::Status(who, status) => {
                self.call_event(who, |call_id| EventBody::CallStatus(CallStatusChanged::new(call_id, status)))
            }
            Step::Sdp(who, kind) => {
                self.call_event(who, |call_id| EventBody::CallSdp(CallSdp { call_id, kind, sdp: "v=0".into() }));
            }
            Step::Dtmf(who) => self.call_event(who, |call_id| {
                EventBody::Dtmf(DtmfReceived { call_id, digit: "1".into(), duration_ms: 100 })
            }),
        }
        self.act();
    }

    /// Mostly one of the calls that live, sometimes one that is over.
    fn call(&self, who: u8) -> Option<String> {
        let live = self.calls.iter().filter(|(_, status)| !is_over(**status)).map(|(id, _)| id.clone());
        let live: Vec<_> = live.take(2).collect();
        if who < 240 && !live.is_empty() { chosen(&live, who) } else { chosen(&keys(&self.calls), who) }
    }

    fn open_session(&mut self, auth_token: Option<Secret>) {
        let id = self.name("session");
        let local = OpenLocal { login: "alice".into(), ..OpenLocal::default() };
        let account = Account {
            url: "ws://relay/".into(),
            identity: Some(Identity::Local(local)),
            auth_token,
            link: Link::default(),
        };
        self.sessions.insert(id.clone(), false);
        self.phone.open_session(id, account, self.now);
    }

    fn session_input(&mut self, who: u8, input: Input) {
        if let Some(id) = chosen(&self.sockets, who) {
            self.phone.on_session(&id, input, self.now);
        }
    }

    fn create_call(&mut self, who: u8) {
        let Some(session) = chosen(&keys(&self.sessions), who) else { return };
        let id = self.name("call");
        let dial = Dial { callee: "echo".into(), ..Dial::default() };
        if self.phone.create_call(&session, id.clone(), dial).is_ok() {
            self.calls.insert(id.clone(), None);
            self.owners.insert(id, session);
        }
    }

    fn incoming(&mut self, who: u8) {
        let call_id = self.name("call");
        self.event(
            who,
            EventBody::IncomingCall(IncomingCall {
                call_id,
                caller: "bob".into(),
                callee: "alice".into(),
                sdp: "v=0".into(),
                ..IncomingCall::default()
            }),
        );
    }

    fn reply(&mut self, who: u8, accepted: bool) {
        if self.requests.is_empty() {
            return;
        }
        let index = usize::from(who) % self.requests.len();
        let (session, request) = self.requests.remove(index);
        if !self.sockets.contains(&session) {
            return;
        }
        let outcome = match &request.body {
            _ if !accepted => Outcome::Error(RelayFailure::new(ErrorCode::Rejected, "x")),
            RequestBody::Resume(resume) if resume.fresh => Outcome::Result(ReplyBody::Session(self.taken_back())),
            RequestBody::Resume(_) => Outcome::Result(ReplyBody::Session(SessionOpened {
                last_seq: self.events.get(&session).copied().unwrap_or(0),
                last_request: Some(u32::from(who)),
                ..opened()
            })),
            RequestBody::OpenLocal(_) => Outcome::Result(ReplyBody::Session(opened())),
            _ => Outcome::Result(ReplyBody::Done(Done {})),
        };
        if matches!(&outcome, Outcome::Result(ReplyBody::Session(opened)) if opened.last_seq == 0) {
            self.events.insert(session.clone(), 0);
        }
        let reply = Message::Reply(Reply { id: Some(request.id), outcome });
        self.phone.on_session(&session, Input::Frame(reply), self.now);
    }

    fn event(&mut self, who: u8, body: EventBody) {
        if let Some(id) = chosen(&self.sockets, who) {
            self.event_of(&id, body);
        }
    }

    fn call_event(&mut self, who: u8, body: impl Fn(String) -> EventBody) {
        let Some(id) = self.call(who) else { return };
        let Some(owner) = self.owners.get(&id).cloned() else { return };
        if self.sockets.contains(&owner) {
            self.event_of(&owner, body(id));
        }
    }

    fn event_of(&mut self, session: &str, body: EventBody) {
        let seq = self.events.entry(session.to_owned()).or_default();
        *seq += 1;
        let event = offhook_protocol::Event { seq: *seq, body };
        self.phone.on_session(session, Input::Frame(Message::Event(event)), self.now);
    }

    /// A session with one call that goes on.
    fn taken_back(&mut self) -> SessionOpened {
        let call = LiveCall {
            call_id: self.name("call"),
            incoming: true,
            caller: "bob".into(),
            callee: "alice".into(),
            visible_name: None,
            status: CallStatus::Established,
            has_video: false,
            diversions: vec![],
            headers: vec![],
        };
        SessionOpened { calls: vec![call], ..opened() }
    }

    fn media_done(&mut self, who: u8, works: bool) {
        if self.media.is_empty() {
            return;
        }
        let index = usize::from(who) % self.media.len();
        let (call_id, action) = self.media.remove(index);
        let event = match action {
            _ if !works => MediaEvent::Failed(Failure::new(Code::MediaFailed, "x")),
            MediaAction::Open(_) => MediaEvent::Opened,
            MediaAction::Offer(_) | MediaAction::OfferAgain { .. } | MediaAction::Answer { .. } => {
                MediaEvent::Described { sdp: "v=0".into() }
            }
            MediaAction::Apply { .. } | MediaAction::Release => MediaEvent::Applied,
        };
        self.phone.on_media(&call_id, event, self.now);
    }

    fn media_news(&mut self, who: u8, event: MediaEvent) {
        if let Some(id) = chosen(&self.microphones, who) {
            self.phone.on_media(&id, event, self.now);
        }
    }

    /// Does what the phone wants done, and holds it to its promises.
    fn act(&mut self) {
        while let Some(action) = self.phone.poll() {
            match action {
                Action::OpenSocket { session_id, .. } => {
                    assert!(!self.sockets.contains(&session_id), "{session_id} opens a second socket");
                    self.sockets.push(session_id);
                }
                Action::CloseSocket { session_id, .. } => {
                    self.sockets.retain(|id| *id != session_id);
                    self.requests.retain(|(id, _)| *id != session_id);
                }
                Action::Send { session_id, request } => self.send(session_id, (*request).clone()),
                Action::Media { call_id, action: MediaAction::Release } => {
                    assert!(self.microphones.contains(&call_id), "{call_id} releases what it does not hold");
                    self.microphones.retain(|id| *id != call_id);
                    self.media.retain(|(id, _)| *id != call_id);
                }
                Action::Media { call_id, action } => {
                    if matches!(action, MediaAction::Open(_)) {
                        self.microphones.push(call_id.clone());
                    }
                    assert!(self.microphones.contains(&call_id), "{call_id} uses media it has not opened");
                    assert!(self.media.iter().all(|(id, _)| *id != call_id), "{call_id}: one step at a time");
                    self.media.push((call_id, action));
                }
                Action::Emit(event) => self.emit(event),
                Action::AskBalancer { .. } => {}
                Action::Delivered { ticket, .. } => {
                    let waiting = self.data.iter().position(|waiting| *waiting == ticket);
                    self.data.remove(waiting.expect("data is spoken of twice"));
                }
                Action::Forget { call_id } => {
                    assert!(self.calls[&call_id].is_some_and(CallStatus::is_terminal), "{call_id} forgotten alive");
                    assert!(!self.microphones.contains(&call_id), "{call_id} forgotten with a microphone");
                }
            }
        }
    }

    fn send(&mut self, session_id: String, request: Request) {
        assert!(self.sockets.contains(&session_id), "a request without a socket");
        if request.body == RequestBody::Ping(Ping {}) {
            let reply = Reply { id: Some(request.id), outcome: Outcome::Result(ReplyBody::Done(Done {})) };
            return self.phone.on_session(&session_id, Input::Frame(Message::Reply(reply)), self.now);
        }
        self.requests.push((session_id, request));
    }

    fn emit(&mut self, event: Event) {
        match event {
            Event::Incoming { call_id, session_id, .. } => {
                assert!(!self.sessions[&session_id], "a call for a session that has ended");
                self.calls.insert(call_id.clone(), None);
                self.owners.insert(call_id, session_id);
            }
            Event::Call { call_id, report: call::Report::Status(report), .. } => {
                let before = self.calls.insert(call_id.clone(), Some(report.status)).expect("news of an unknown call");
                assert!(is_legal(before, report.status), "{call_id}: {before:?} then {:?}", report.status);
            }
            Event::Session { session_id, report: session::Report::Status { status, .. } } => {
                let ended = self.sessions.insert(session_id.clone(), status.is_terminal());
                assert_eq!(ended, Some(false), "{session_id} is heard of after its end");
                let live = |id: &&String| self.owners[*id] == session_id && !is_over(self.calls[*id]);
                assert!(!status.is_terminal() || self.calls.keys().find(live).is_none(), "calls outlive {session_id}");
            }
            Event::Resumed { session_id, call } => {
                assert_eq!(self.phone.session_status(&session_id).map(session::Status::is_open), Some(true));
                self.calls.insert(call.call_id.clone(), Some(call.status));
                self.owners.insert(call.call_id, session_id);
            }
            Event::Call { .. } | Event::Session { .. } => {}
        }
    }

    /// Lets time pass until nothing waits any more but for signs of life.
    fn run_out(&mut self) {
        let end = self.now + 600_000;
        for _ in 0..10_000 {
            let Some(deadline) = self.phone.deadline().filter(|deadline| *deadline <= end) else { return };
            self.now = self.now.max(deadline);
            self.phone.tick(self.now);
            self.act();
        }
        panic!("the clock runs and something still waits: {:?}", self.phone);
    }
}

/// The order of the specification, written down a second time: early statuses, then a connection with its holds, then
/// one end.
fn is_legal(before: Option<CallStatus>, next: CallStatus) -> bool {
    use CallStatus::{Established, Hold, Ring, RingMedia, SessionProgress, Trying};
    match (before, next) {
        (Some(before), _) if before.is_terminal() || before == next => false,
        (_, next) if next.is_terminal() => true,
        (None, Trying) => true,
        (None | Some(Trying | Ring | RingMedia | SessionProgress), Ring | RingMedia | SessionProgress) => true,
        (_, Established) => true,
        (Some(Established), Hold) => true,
        _ => false,
    }
}

fn opened() -> SessionOpened {
    SessionOpened { session_id: "r".into(), token: Secret::new("t"), login: "alice".into(), ..SessionOpened::default() }
}

fn is_over(status: Option<CallStatus>) -> bool {
    status.is_some_and(CallStatus::is_terminal)
}

fn keys<T>(map: &BTreeMap<String, T>) -> Vec<String> {
    map.keys().cloned().collect()
}

fn chosen(names: &[String], who: u8) -> Option<String> {
    (!names.is_empty()).then(|| names[usize::from(who) % names.len()].clone())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_call_gets_somewhere_and_nothing_is_left_behind(steps in prop::collection::vec(step(), 0..150)) {
        let mut world = World::default();
        for step in [Step::OpenSession, Step::SocketOpens(0), Step::Reply(0, true), Step::Reply(0, true)] {
            world.take(step);
        }
        for step in steps {
            world.take(step);
        }
        world.run_out();
        for id in keys(&world.calls) {
            let status = world.phone.call_status(&id);
            let rests = status.is_none_or(|status| status == call::Status::New || status.is_connected());
            prop_assert!(rests, "{} rests in {:?}", id, status);
            prop_assert_eq!(status.is_none(), is_over(world.calls[&id]));
        }
        for id in keys(&world.sessions) {
            world.phone.close_session(&id, false, world.now);
            world.act();
        }
        world.run_out();
        prop_assert!(world.calls.values().all(|status| is_over(*status)), "calls outlive their sessions");
        prop_assert!(world.sessions.values().all(|ended| *ended), "sessions outlive their end");
        prop_assert!(world.microphones.is_empty() && world.sockets.is_empty());
        prop_assert!(world.data.is_empty(), "data nobody has spoken of");
    }
}

/// A world with one open session.
fn open() -> World {
    let mut world = World::default();
    for step in [Step::OpenSession, Step::SocketOpens(0), Step::Reply(0, true), Step::Reply(0, true)] {
        world.take(step);
    }
    world
}

#[test]
fn a_call_needs_an_open_session() {
    let mut world = World::default();
    world.take(Step::OpenSession);
    let dial = Dial { callee: "echo".into(), ..Dial::default() };
    let failure = world.phone.create_call("session1", "c".into(), dial).unwrap_err();
    assert_eq!(failure.message, "Invalid session state PENDING");
}

#[test]
fn hanging_up_a_call_that_is_over_is_no_error() {
    assert_eq!(open().phone.command("gone", Command::Hangup, 0), Ok(()));
    assert!(open().phone.command("gone", Command::Call, 0).is_err());
}

#[test]
fn the_app_hears_of_a_call_before_it_rings() {
    let mut world = open();
    world.take(Step::Incoming(0));
    assert_eq!(world.phone.call_status("call2").map(call::Status::name), Some("NEW"));
    world.take(Step::Reply(0, true));
    assert_eq!(world.calls["call2"], Some(CallStatus::Ring));
}

#[test]
fn calls_beyond_the_limit_are_declined() {
    let mut world = open();
    for _ in 0..=MAX_CALLS {
        world.take(Step::Incoming(0));
    }
    assert_eq!(world.calls.len(), MAX_CALLS);
    let (_, last) = world.requests.last().unwrap();
    assert!(matches!(last.body, RequestBody::Hangup(_)));
}

#[test]
fn a_session_cannot_speak_of_anothers_call() {
    let mut world = open();
    world.take(Step::CreateCall(0));
    world.take(Step::OpenSession);
    let call_id = keys(&world.calls)[0].clone();
    let body = EventBody::CallStatus(CallStatusChanged::new(&call_id, CallStatus::Failed));
    let event = Message::Event(offhook_protocol::Event { seq: 1, body });
    world.phone.on_session("session3", Input::Frame(event), 0);
    assert!(world.phone.call_status(&call_id).is_some());
}
