//! One session at a time, on a clock that the test moves.

mod fresh;
mod order;
mod reconnecting;
mod watching;

use super::*;
use crate::account::{self, Identity};
use offhook_protocol::error::Failure as RelayFailure;
use offhook_protocol::event::{EventBody, Registration, SessionClosed};
use offhook_protocol::reply::{Done, SessionOpened, Welcome};
use offhook_protocol::request::{CallRef, OpenSip};
use offhook_protocol::{Event, RegistrationState, Request};

/// How the socket of a relay that is gone closes.
const ABNORMAL: u16 = 1006;

struct Bench {
    session: Session,
    now: Millis,
    out: Vec<Output>,
    last_id: u32,
    seq: u64,
}

impl Bench {
    fn new(register: bool) -> Self {
        Self::with(account(register))
    }

    fn with(account: Account) -> Self {
        let session = Session::open("s".into(), account, 1, 1_000);
        let mut bench = Self { session, now: 1_000, out: Vec::new(), last_id: 0, seq: 0 };
        bench.drain();
        bench
    }

    /// Open, with the registration still to come if there is one.
    fn established(register: bool) -> Self {
        let mut bench = Self::new(register);
        bench.handle(Input::SocketOpened);
        bench.reply(welcome());
        bench.reply(opened(register));
        bench
    }

    fn registered() -> Self {
        let mut bench = Self::established(true);
        bench.register(RegistrationState::Registered);
        bench.out.clear();
        bench
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll() {
            if let Output::Send(request) = &output {
                self.last_id = request.id;
            }
            self.out.push(output);
        }
    }

    fn handle(&mut self, input: Input) {
        self.session.handle(input, self.now);
        self.drain();
    }

    fn reply(&mut self, outcome: Outcome) {
        self.handle(Input::Frame(Message::Reply(Reply { id: Some(self.last_id), outcome })));
    }

    fn event(&mut self, body: EventBody) {
        self.seq += 1;
        self.handle(Input::Frame(Message::Event(Event { seq: self.seq, body })));
    }

    fn register(&mut self, state: RegistrationState) {
        let error = (state == RegistrationState::Failed).then(unauthorized);
        self.event(EventBody::Registration(Registration { state, error }));
    }

    fn request(&mut self, body: RequestBody) {
        self.session.request(body, self.now);
        self.drain();
    }

    fn send_data(&mut self, ticket: u32) {
        let data = offhook_protocol::request::SendData { payload: Secret::new("{}"), to: None };
        self.session.hand_over(ticket, RequestBody::SendData(data), self.now);
        self.drain();
    }

    fn close(&mut self) {
        self.session.close(false, self.now);
        self.drain();
    }

    fn lose(&mut self) {
        self.handle(Input::SocketClosed(ABNORMAL));
    }

    /// Lets time pass with a relay that gives a sign of life whenever it is asked.
    fn pass(&mut self, time: Millis) {
        let end = self.now + time;
        while let Some(deadline) = self.session.deadline().filter(|deadline| *deadline <= end) {
            self.now = deadline.max(self.now);
            self.handle(Input::Tick);
            if let Some(RequestBody::Ping(_)) = self.out.last().and_then(sent) {
                self.out.pop();
                self.reply(done());
            }
        }
        self.now = end;
    }

    /// The names of the requests sent, without those of life signs.
    fn sent(&self) -> Vec<&'static str> {
        self.out.iter().filter_map(sent).map(name).collect()
    }

    fn has(&self, output: &Output) -> bool {
        self.out.contains(output)
    }

    fn wait(&mut self) {
        self.now = self.session.deadline().expect("a session that waits has a deadline");
        self.handle(Input::Tick);
    }

    fn statuses(&self) -> Vec<&str> {
        self.out
            .iter()
            .filter_map(|output| match output {
                Output::Emit(Report::Status { status, .. }) => Some(status.name()),
                _ => None,
            })
            .collect()
    }

    fn error(&self) -> Option<Code> {
        match self.out.last() {
            Some(Output::Emit(Report::Status { error, .. })) => error.as_ref().map(|error| error.code),
            other => panic!("the end comes last, not {other:?}"),
        }
    }
}

fn account(register: bool) -> Account {
    let identity = Some(Identity::Sip(OpenSip {
        login: "alice".into(),
        password: Secret::new("s3cret"),
        domain: "example.com".into(),
        register,
        ..OpenSip::default()
    }));
    Account { url: "ws://localhost/".into(), identity, auth_token: None, link: account::Link::default() }
}

fn sent(output: &Output) -> Option<&RequestBody> {
    match output {
        Output::Send(request) => Some(&request.body),
        _ => None,
    }
}

fn name(body: &RequestBody) -> &'static str {
    match body {
        RequestBody::Hello(_) => "hello",
        RequestBody::OpenSip(_) => "openSip",
        RequestBody::Resume(resume) if resume.fresh => "fresh resume",
        RequestBody::Resume(_) => "resume",
        RequestBody::Close(_) => "close",
        RequestBody::Ring(_) => "ring",
        RequestBody::Hangup(_) => "hangup",
        RequestBody::SendData(_) => "sendData",
        RequestBody::Ping(_) => "ping",
        _ => "other",
    }
}

fn welcome() -> Outcome {
    Outcome::Result(ReplyBody::Welcome(Welcome { version: 1, server: "relay".into() }))
}

fn opened(registers: bool) -> Outcome {
    Outcome::Result(ReplyBody::Session(SessionOpened {
        session_id: "r".into(),
        token: Secret::new("t0ken"),
        login: "alice".into(),
        registers,
        grace_ms: 30_000,
        ..SessionOpened::default()
    }))
}

fn done() -> Outcome {
    Outcome::Result(ReplyBody::Done(Done {}))
}

fn unauthorized() -> RelayFailure {
    RelayFailure { sip_status: Some(403), ..RelayFailure::new(ErrorCode::Unauthorized, "Wrong password.") }
}

fn ring() -> RequestBody {
    RequestBody::Ring(CallRef { call_id: "c".into() })
}

#[test]
fn a_session_says_hello_opens_and_registers() {
    let mut bench = Bench::established(true);
    bench.register(RegistrationState::Registered);
    assert_eq!(bench.statuses(), ["CONNECTED", "ESTABLISHED", "REGISTERED"]);
}

#[test]
fn the_account_is_sent_only_after_the_relay_has_answered_hello() {
    let mut bench = Bench::new(true);
    bench.handle(Input::SocketOpened);
    assert!(bench.out.iter().all(|out| !matches!(sent(out), Some(RequestBody::OpenSip(_)))));
    bench.reply(welcome());
    assert!(matches!(bench.out.last().and_then(sent), Some(RequestBody::OpenSip(_))));
}

#[test]
fn the_app_learns_login_and_token_when_the_session_is_open() {
    let bench = Bench::established(false);
    let opened = bench.out.iter().find_map(|output| match output {
        Output::Emit(Report::Status { opened, .. }) => opened.clone(),
        _ => None,
    });
    assert_eq!(opened, Some(Opened { login: "alice".into(), token: Secret::new("t0ken"), keep_alive_ms: None }));
}

#[test]
fn a_socket_that_never_opens_is_an_unreachable_relay() {
    let mut bench = Bench::new(true);
    bench.handle(Input::SocketClosed(ABNORMAL));
    assert_eq!((bench.statuses(), bench.error()), (vec!["FAILED"], Some(Code::RelayUnreachable)));
}

#[test]
fn a_socket_that_hangs_is_an_unreachable_relay_after_ten_seconds() {
    let mut bench = Bench::new(true);
    bench.wait();
    assert_eq!((bench.now, bench.error()), (11_000, Some(Code::RelayUnreachable)));
    assert!(bench.out.contains(&Output::CloseSocket { resume: false }));
}

#[test]
fn a_silent_relay_fails_the_session_after_ten_seconds() {
    let mut bench = Bench::new(true);
    bench.handle(Input::SocketOpened);
    bench.wait();
    assert_eq!((bench.now, bench.error()), (11_000, Some(Code::Timeout)));
}

#[test]
fn a_refused_hello_fails_the_session_with_the_relays_reason() {
    let mut bench = Bench::new(true);
    bench.handle(Input::SocketOpened);
    bench.reply(Outcome::Error(RelayFailure::new(ErrorCode::VersionUnsupported, "no")));
    assert_eq!(bench.error(), Some(Code::Relay(ErrorCode::VersionUnsupported)));
}

#[test]
fn a_refused_account_fails_the_session() {
    let mut bench = Bench::new(true);
    bench.handle(Input::SocketOpened);
    bench.reply(welcome());
    bench.reply(Outcome::Error(unauthorized()));
    assert_eq!(bench.error(), Some(Code::Relay(ErrorCode::Unauthorized)));
}

#[test]
fn an_answer_that_is_no_session_fails_the_session() {
    let mut bench = Bench::new(true);
    bench.handle(Input::SocketOpened);
    bench.reply(welcome());
    bench.reply(done());
    assert_eq!(bench.statuses().last(), Some(&"FAILED"));
}

#[test]
fn a_wrong_password_warns_and_fails_the_session() {
    let mut bench = Bench::established(true);
    bench.register(RegistrationState::Failed);
    assert!(bench.out.contains(&Output::Emit(Report::Warning(unauthorized().into()))));
    assert_eq!(bench.error(), Some(Code::Relay(ErrorCode::Unauthorized)));
}

#[test]
fn a_session_given_up_is_closed_at_the_relay_before_the_socket() {
    let mut bench = Bench::established(true);
    bench.register(RegistrationState::Failed);
    let close = |output: &Output| matches!(sent(output), Some(RequestBody::Close(_)));
    let told = bench.out.iter().position(close).unwrap();
    assert!(told < bench.out.iter().position(|output| *output == Output::CloseSocket { resume: false }).unwrap());
}

#[test]
fn a_registration_nobody_answers_fails_after_forty_seconds() {
    let mut bench = Bench::established(true);
    bench.pass(39_999);
    assert_eq!(bench.statuses().last(), Some(&"ESTABLISHED"));
    bench.pass(1);
    assert_eq!(bench.error(), Some(Code::Timeout));
}

#[test]
fn a_binding_lost_later_leaves_the_session_open() {
    let mut bench = Bench::registered();
    bench.register(RegistrationState::Failed);
    bench.register(RegistrationState::Registered);
    assert_eq!(bench.statuses(), ["UNREGISTERED", "REGISTERED"]);
    assert!(bench.session.is_usable());
}

#[test]
fn without_registration_nothing_is_waited_for_but_a_sign_of_life() {
    let mut bench = Bench::established(false);
    bench.out.clear();
    bench.pass(3_600_000);
    assert!(bench.session.is_usable() && bench.out.is_empty());
}

#[test]
fn a_session_the_relay_closes_ends_with_its_reason() {
    let mut bench = Bench::registered();
    let error = RelayFailure::new(ErrorCode::Internal, "The session broke.");
    bench.event(EventBody::SessionClosed(SessionClosed { error }));
    assert_eq!((bench.statuses(), bench.error()), (vec!["DISCONNECTED"], Some(Code::Relay(ErrorCode::Internal))));
}

#[test]
fn closing_ends_the_calls_at_once_and_the_session_when_the_relay_confirms() {
    let mut bench = Bench::registered();
    bench.close();
    assert_eq!(bench.out[0], Output::Calls(call::Notice::Ended(None)));
    assert!(bench.statuses().is_empty() && !bench.session.is_usable());
    bench.reply(done());
    assert_eq!((bench.statuses(), bench.error()), (vec!["DISCONNECTED"], None));
}

#[test]
fn closing_does_not_wait_for_a_relay_that_is_gone() {
    let mut bench = Bench::registered();
    bench.close();
    bench.wait();
    assert_eq!((bench.now, bench.statuses()), (6_000, vec!["DISCONNECTED"]));
}

#[test]
fn closing_before_the_session_is_open_closes_the_socket() {
    let mut bench = Bench::new(true);
    bench.close();
    assert_eq!(bench.statuses(), ["DISCONNECTED"]);
    assert!(bench.out.contains(&Output::CloseSocket { resume: false }));
}

#[test]
fn a_calls_reply_goes_to_the_call() {
    let mut bench = Bench::registered();
    bench.request(ring());
    bench.reply(done());
    let replied = call::Input::Replied(call::Ask::Ring, Ok(()));
    assert_eq!(bench.out.last(), Some(&Output::Call("c".into(), replied)));
}

#[test]
fn a_reply_that_does_not_come_from_a_relay_that_is_there_is_a_refusal_after_ten_seconds() {
    let mut bench = Bench::registered();
    bench.request(ring());
    bench.now += 1;
    bench.register(RegistrationState::Registered);
    bench.pass(9_999);
    let Some(Output::Call(_, call::Input::Replied(call::Ask::Ring, Err(failure)))) = bench.out.last() else {
        panic!("{:?}", bench.out)
    };
    assert_eq!(failure.code, Code::Timeout);
}

#[test]
fn a_reply_nobody_asked_for_is_ignored() {
    let mut bench = Bench::registered();
    bench.handle(Input::Frame(Message::Reply(Reply { id: Some(999), outcome: done() })));
    bench.handle(Input::Frame(Message::Reply(Reply { id: None, outcome: done() })));
    bench.handle(Input::Frame(Message::Unknown));
    assert!(bench.out.is_empty());
}

#[test]
fn requests_without_replies_do_not_pile_up() {
    let mut bench = Bench::registered();
    for _ in 0..300 {
        bench.request(ring());
    }
    let sent = bench.out.iter().filter(|output| matches!(output, Output::Send(_))).count();
    assert_eq!((sent, bench.out.len()), (256, 300));
}

#[test]
fn a_refused_report_is_a_warning() {
    let mut bench = Bench::registered();
    bench.request(RequestBody::Report(offhook_protocol::request::BugReport { text: "x".into() }));
    bench.reply(Outcome::Error(unauthorized()));
    assert_eq!(bench.out.last(), Some(&Output::Emit(Report::Warning(unauthorized().into()))));
}

#[test]
fn figures_come_with_the_reply_as_the_relay_wrote_them() {
    let mut bench = Bench::registered();
    bench.send_data(7);
    let stats = offhook_protocol::Json("{\"own\":{}}".into());
    bench.reply(Outcome::Result(ReplyBody::Stats(offhook_protocol::reply::CallStats { stats: stats.clone() })));
    assert!(bench.has(&Output::Delivered { ticket: 7, outcome: Ok(Some(stats.0)) }));
}

#[test]
fn an_event_of_a_later_version_is_none_that_is_missing() {
    let mut bench = Bench::registered();
    let out = bench.out.len();
    bench.seq += 1;
    let seq = bench.seq;
    bench.handle(Input::Frame(Message::Later(seq)));
    assert_eq!(bench.out.len(), out);
    bench.event(EventBody::Debug(offhook_protocol::event::DebugChanged { enabled: true }));
    assert!(bench.has(&Output::Emit(Report::Debug(true))), "{:?}", bench.out);
}

#[test]
fn data_is_delivered_or_refused_once() {
    let mut bench = Bench::registered();
    for outcome in [done(), Outcome::Error(unauthorized())] {
        bench.send_data(7);
        bench.reply(outcome);
    }
    let refused = Err(unauthorized().into());
    let delivered = |outcome| Output::Delivered { ticket: 7, outcome };
    assert!(bench.has(&delivered(Ok(None))) && bench.has(&delivered(refused)));
}

#[test]
fn data_on_its_way_is_undelivered_when_the_session_ends() {
    let mut bench = Bench::registered();
    bench.send_data(7);
    bench.close();
    bench.reply(done());
    assert!(bench.has(&Output::Delivered { ticket: 7, outcome: Err(Failure::relay_lost()) }));
}

#[test]
fn leaving_a_session_to_the_relay_is_said_when_it_is_closed() {
    let mut bench = Bench::registered();
    bench.session.close(true, bench.now);
    bench.drain();
    let kept = |output: &Output| matches!(sent(output), Some(RequestBody::Close(Close { keep: true })));
    assert!(bench.out.iter().any(kept));
}

#[test]
fn nothing_happens_after_the_end() {
    let mut bench = Bench::registered();
    bench.close();
    bench.reply(done());
    bench.out.clear();
    bench.handle(Input::SocketOpened);
    bench.handle(Input::NetworkChanged);
    bench.handle(Input::Tick);
    bench.register(RegistrationState::Registered);
    bench.lose();
    bench.close();
    assert!(bench.out.is_empty());
    assert_eq!(bench.session.deadline(), None);
}

#[test]
fn neither_password_nor_token_is_shown_for_debugging() {
    let bench = Bench::established(true);
    let shown = format!("{:?} {:?}", bench.session, bench.out);
    assert!(!shown.contains("s3cret") && !shown.contains("t0ken"));
}
