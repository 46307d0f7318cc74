//! Several calls, and sessions that come and go, told one after the other.

use super::*;

/// One page with one session at a relay that answers every request at once.
struct Scene {
    phone: Phone,
    now: Millis,
    seq: u64,
    /// The connection to the relay is there.
    up: bool,
    /// The relay's word on claims: it has the session, or has lost it.
    knows: bool,
    sent: Vec<RequestBody>,
    told: Vec<(String, &'static str)>,
    delivered: Vec<(u32, bool)>,
}

impl Scene {
    fn new() -> Self {
        let mut scene = Self {
            phone: Phone::new(1),
            now: 1_000,
            seq: 0,
            up: true,
            knows: true,
            sent: Vec::new(),
            told: Vec::new(),
            delivered: Vec::new(),
        };
        let identity = Some(Identity::Local(OpenLocal { login: "alice".into(), ..OpenLocal::default() }));
        let account = Account { url: "ws://relay/".into(), identity, auth_token: None, link: Link::default() };
        scene.phone.open_session("s".into(), account, scene.now);
        scene.act();
        scene
    }

    fn act(&mut self) {
        while let Some(action) = self.phone.poll() {
            match action {
                Action::OpenSocket { session_id, .. } => {
                    self.phone.on_session(&session_id, Input::SocketOpened, self.now);
                }
                Action::Send { session_id, request } => self.reply(&session_id, &request),
                Action::Media { call_id, action } => self.media(&call_id, &action),
                Action::Emit(event) => self.emit(event),
                Action::Delivered { ticket, outcome } => self.delivered.push((ticket, outcome.is_ok())),
                Action::CloseSocket { .. } | Action::AskBalancer { .. } | Action::Forget { .. } => {}
            }
        }
    }

    fn reply(&mut self, session: &str, request: &Request) {
        self.sent.push(request.body.clone());
        let outcome = match &request.body {
            RequestBody::OpenLocal(_) => {
                self.seq = 0;
                Outcome::Result(ReplyBody::Session(opened()))
            }
            RequestBody::Resume(_) if !self.knows => {
                Outcome::Error(RelayFailure::new(ErrorCode::ResumeRejected, "gone"))
            }
            RequestBody::Resume(_) => Outcome::Result(ReplyBody::Session(opened())),
            _ => Outcome::Result(ReplyBody::Done(Done {})),
        };
        let reply = Message::Reply(Reply { id: Some(request.id), outcome });
        self.phone.on_session(session, Input::Frame(reply), self.now);
    }

    fn media(&mut self, call_id: &str, action: &MediaAction) {
        let event = match action {
            MediaAction::Open(_) => MediaEvent::Opened,
            MediaAction::Apply { .. } => MediaEvent::Applied,
            MediaAction::Release => return,
            _ => MediaEvent::Described { sdp: "v=0".into() },
        };
        self.phone.on_media(call_id, event, self.now);
    }

    fn emit(&mut self, event: Event) {
        let told = match event {
            Event::Call { call_id, report: call::Report::Status(report), .. } => (call_id, report.status.name()),
            Event::Session { session_id, report } => match report {
                session::Report::Status { status, .. } => (session_id, status.name()),
                session::Report::ConnectionLost(_) => (session_id, "lost"),
                session::Report::ConnectionRestored => (session_id, "restored"),
                _ => return,
            },
            _ => return,
        };
        self.told.push(told);
    }

    fn event(&mut self, body: EventBody) {
        self.seq += 1;
        let event = Message::Event(offhook_protocol::Event { seq: self.seq, body });
        self.phone.on_session("s", Input::Frame(event), self.now);
        self.act();
    }

    fn status(&mut self, call_id: &str, status: CallStatus) {
        self.event(EventBody::CallStatus(CallStatusChanged::new(call_id, status)));
    }

    fn command(&mut self, call_id: &str, command: Command) {
        self.phone.command(call_id, command, self.now).unwrap();
        self.act();
    }

    /// A call of ours, answered if the relay can be reached.
    fn call(&mut self, call_id: &str) {
        let dial = Dial { callee: "echo".into(), ..Dial::default() };
        self.phone.create_call("s", call_id.into(), dial).unwrap();
        self.command(call_id, Command::Call);
        if self.up {
            self.status(call_id, CallStatus::Established);
        }
    }

    /// Somebody calls.
    fn rings(&mut self, call_id: &str) {
        let sdp = "v=0".to_owned();
        self.event(EventBody::IncomingCall(IncomingCall { call_id: call_id.into(), sdp, ..IncomingCall::default() }));
    }

    fn lose(&mut self) {
        self.up = false;
        self.phone.on_session("s", Input::SocketClosed(1006), self.now);
        self.act();
    }

    fn come_back(&mut self) {
        self.phone.network_changed(self.now);
        self.act();
        self.up = true;
    }

    fn named(&self, call_id: &str) -> Option<&'static str> {
        self.phone.call_status(call_id).map(call::Status::name)
    }

    fn told_of(&self, id: &str) -> Vec<&str> {
        self.told.iter().filter(|(whose, _)| whose == id).map(|(_, what)| *what).collect()
    }

    fn hangups(&self) -> Vec<&str> {
        self.sent
            .iter()
            .filter_map(|body| match body {
                RequestBody::Hangup(call) => Some(call.call_id.as_str()),
                _ => None,
            })
            .collect()
    }
}

#[test]
fn a_second_call_rings_while_the_first_goes_on() {
    let mut scene = Scene::new();
    scene.call("a");
    scene.rings("b");
    assert_eq!((scene.named("a"), scene.named("b")), (Some("ESTABLISHED"), Some("RING")));
}

#[test]
fn one_call_is_held_and_the_other_answered_and_they_swap() {
    let mut scene = Scene::new();
    scene.call("a");
    scene.rings("b");
    for (held, spoken) in [("a", "b"), ("b", "a")] {
        scene.command(held, Command::Hold { for_transfer: false });
        scene.status(held, CallStatus::Hold);
        match scene.named(spoken) {
            Some("RING") => scene.command(spoken, Command::Answer(Answer::default())),
            _ => scene.command(spoken, Command::Unhold),
        }
        scene.status(spoken, CallStatus::Established);
        assert_eq!((scene.named(held), scene.named(spoken)), (Some("HOLD"), Some("ESTABLISHED")));
    }
}

#[test]
fn hanging_up_one_call_leaves_the_other_as_it_was() {
    for (gone, left) in [("a", "b"), ("b", "a")] {
        let mut scene = Scene::new();
        scene.call("a");
        scene.call("b");
        scene.command(gone, Command::Hangup);
        scene.status(gone, CallStatus::Finish);
        assert_eq!((scene.named(gone), scene.named(left)), (None, Some("ESTABLISHED")));
        assert_eq!(scene.hangups(), [gone]);
    }
}

#[test]
fn declining_a_second_call_does_not_touch_the_first() {
    let mut scene = Scene::new();
    scene.call("a");
    scene.rings("b");
    scene.command("b", Command::Hangup);
    scene.status("b", CallStatus::Finish);
    assert_eq!((scene.named("a"), scene.named("b")), (Some("ESTABLISHED"), None));
}

#[test]
fn calls_go_on_while_their_session_comes_back() {
    let mut scene = Scene::new();
    scene.call("a");
    scene.lose();
    assert_eq!((scene.named("a"), scene.told_of("s").last()), (Some("ESTABLISHED"), Some(&"lost")));
    scene.come_back();
    assert_eq!((scene.named("a"), scene.told_of("s").last()), (Some("ESTABLISHED"), Some(&"restored")));
    scene.status("a", CallStatus::Hold);
    assert_eq!(scene.named("a"), Some("HOLD"));
}

#[test]
fn a_call_hung_up_without_the_relay_is_over_at_once_and_hung_up_there_later() {
    let mut scene = Scene::new();
    scene.call("a");
    scene.lose();
    scene.command("a", Command::Hangup);
    assert_eq!((scene.named("a"), scene.told_of("a").last()), (None, Some(&"FINISH")));
    assert!(scene.hangups().is_empty());
    scene.come_back();
    assert_eq!(scene.hangups(), ["a"]);
}

#[test]
fn a_call_made_without_the_relay_is_placed_when_it_is_back() {
    let mut scene = Scene::new();
    scene.lose();
    scene.call("a");
    assert_eq!(scene.named("a"), Some("PENDING"));
    scene.come_back();
    scene.status("a", CallStatus::Established);
    assert_eq!(scene.named("a"), Some("ESTABLISHED"));
}

#[test]
fn a_relay_that_has_forgotten_the_session_ends_its_calls_and_opens_it_anew() {
    let mut scene = Scene::new();
    scene.call("a");
    scene.lose();
    scene.knows = false;
    scene.come_back();
    assert_eq!(scene.told_of("a"), ["ESTABLISHED", "FAILED"]);
    assert_eq!(scene.told_of("s")[2..], ["lost", "ESTABLISHED", "restored"]);
    scene.call("b");
    assert_eq!(scene.named("b"), Some("ESTABLISHED"));
}

#[test]
fn data_sent_without_the_relay_is_delivered_when_it_is_back() {
    let mut scene = Scene::new();
    scene.lose();
    let data = offhook_protocol::request::SendData { payload: Secret::new("{}"), to: None };
    scene.phone.hand_over("s", 7, RequestBody::SendData(data.clone()), scene.now);
    scene.act();
    assert!(scene.delivered.is_empty());
    scene.come_back();
    scene.phone.hand_over("nobody's", 8, RequestBody::SendData(data), scene.now);
    scene.act();
    assert_eq!(scene.delivered, [(7, true), (8, false)]);
}

#[test]
fn figures_are_asked_of_the_relay_where_it_is_and_not_kept_for_later() {
    let mut scene = Scene::new();
    scene.call("a");
    scene.phone.ask_stats("a", 7, scene.now);
    scene.phone.ask_stats("nobody's", 8, scene.now);
    scene.act();
    assert!(scene.sent.contains(&RequestBody::Stats(CallRef { call_id: "a".into() })));
    assert_eq!(scene.delivered, [(8, true), (7, true)]);
    scene.lose();
    scene.phone.ask_stats("a", 9, scene.now);
    scene.act();
    assert_eq!(scene.delivered.last(), Some(&(9, true)));
}

#[test]
fn media_that_is_interrupted_puts_the_connection_to_the_test() {
    let mut scene = Scene::new();
    scene.call("a");
    for event in [MediaEvent::Connected, MediaEvent::Broken] {
        scene.phone.on_media("a", event, scene.now);
        scene.act();
    }
    assert!(scene.sent.contains(&RequestBody::Ping(Ping {})));
}

#[test]
fn reports_need_an_open_session() {
    let mut scene = Scene::new();
    scene.phone.report("s", "no sound".into(), scene.now).unwrap();
    scene.phone.debug("s", true, scene.now).unwrap();
    scene.act();
    assert!(matches!(scene.sent[2..], [RequestBody::Report(_), RequestBody::Debug(_)]));
    assert!(scene.phone.report("nobody's", "x".into(), scene.now).is_err());
}
