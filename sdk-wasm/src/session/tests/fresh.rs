//! A page that has nothing of its session but the token.

use super::*;
use offhook_protocol::CallStatus;
use offhook_protocol::reply::LiveCall;

fn with_token(identity: bool) -> Bench {
    let mut account = Account { auth_token: Some(Secret::new("kept")), ..account(true) };
    if !identity {
        account.identity = None;
    }
    let mut bench = Bench::with(account);
    bench.handle(Input::SocketOpened);
    bench.reply(welcome());
    bench
}

fn live() -> LiveCall {
    LiveCall {
        call_id: "c".into(),
        incoming: true,
        caller: "bob".into(),
        callee: "alice".into(),
        visible_name: None,
        status: CallStatus::Established,
        has_video: false,
        diversions: vec![],
        headers: vec![],
    }
}

fn taken_back() -> Outcome {
    Outcome::Result(ReplyBody::Session(SessionOpened {
        session_id: "r".into(),
        token: Secret::new("kept"),
        login: "alice".into(),
        registers: true,
        grace_ms: 60_000,
        last_seq: 41,
        registered: true,
        keep_alive_ms: Some(3_600_000),
        calls: vec![live()],
        ..SessionOpened::default()
    }))
}

#[test]
fn the_token_is_tried_first() {
    assert_eq!(with_token(true).sent(), ["hello", "fresh resume"]);
}

#[test]
fn the_calls_come_before_established() {
    let mut bench = with_token(false);
    bench.out.clear();
    bench.reply(taken_back());
    assert_eq!(bench.out[0], Output::Resumed(live()));
    let opened = Opened { login: "alice".into(), token: Secret::new("kept"), keep_alive_ms: Some(3_600_000) };
    let report = Report::Status { status: Status::Established, opened: Some(opened), error: None };
    assert_eq!(bench.out[1], Output::Emit(report));
}

#[test]
fn the_registration_is_reported_anew_and_events_are_counted_on() {
    let mut bench = with_token(false);
    bench.reply(taken_back());
    bench.seq = 41;
    bench.register(RegistrationState::Registered);
    assert_eq!(bench.statuses(), ["CONNECTED", "ESTABLISHED", "REGISTERED"]);
}

#[test]
fn a_rejected_token_with_credentials_opens_the_session_anew() {
    let mut bench = with_token(true);
    bench.reply(Outcome::Error(RelayFailure::new(ErrorCode::ResumeRejected, "gone")));
    assert_eq!(bench.sent(), ["hello", "fresh resume", "openSip"]);
    bench.reply(opened(true));
    assert_eq!(bench.statuses(), ["CONNECTED", "ESTABLISHED"]);
}

#[test]
fn a_rejected_token_without_credentials_fails_the_session() {
    let mut bench = with_token(false);
    bench.reply(Outcome::Error(RelayFailure::new(ErrorCode::ResumeRejected, "gone")));
    assert_eq!(bench.statuses(), ["CONNECTED", "FAILED"]);
    assert_eq!(bench.error(), Some(Code::Relay(ErrorCode::ResumeRejected)));
}

#[test]
fn a_session_taken_back_without_credentials_is_over_when_the_relay_has_lost_it() {
    let mut bench = with_token(false);
    bench.reply(taken_back());
    bench.lose();
    bench.wait();
    bench.handle(Input::SocketOpened);
    bench.reply(welcome());
    bench.reply(Outcome::Error(RelayFailure::new(ErrorCode::ResumeRejected, "gone")));
    assert_eq!(bench.statuses().last(), Some(&"DISCONNECTED"));
    assert_eq!(bench.error(), Some(Code::Relay(ErrorCode::ResumeRejected)));
}

#[test]
fn a_registration_that_fails_later_does_not_end_a_session_taken_back() {
    let mut bench = with_token(false);
    bench.reply(taken_back());
    bench.seq = 41;
    bench.register(RegistrationState::Failed);
    bench.pass(60_000);
    assert!(bench.session.is_usable());
}
