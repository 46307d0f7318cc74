//! A session whose socket is lost.

use super::*;

fn lost() -> Bench {
    let mut bench = Bench::registered();
    bench.lose();
    bench
}

impl Bench {
    /// Another socket opens, up to the claim on the session.
    fn reach_relay(&mut self) {
        while !matches!(self.out.last(), Some(Output::OpenSocket(_))) {
            self.wait();
        }
        self.handle(Input::SocketOpened);
        self.reply(welcome());
    }

    fn resume(&mut self, done: Option<u32>) {
        self.reach_relay();
        self.reply(Outcome::Result(ReplyBody::Session(SessionOpened {
            session_id: "r".into(),
            token: Secret::new("t0ken"),
            login: "alice".into(),
            registers: true,
            grace_ms: 30_000,
            last_seq: self.seq,
            last_request: done,
            ..SessionOpened::default()
        })));
    }

    fn reject(&mut self) {
        self.reach_relay();
        self.reply(Outcome::Error(RelayFailure::new(ErrorCode::ResumeRejected, "gone")));
    }

    fn requests(&self) -> Vec<&Request> {
        self.out
            .iter()
            .filter_map(|output| match output {
                Output::Send(request) => Some(&**request),
                _ => None,
            })
            .collect()
    }
}

#[test]
fn the_session_keeps_its_status_and_the_app_hears_of_the_loss() {
    let bench = lost();
    assert!(bench.statuses().is_empty() && bench.session.is_usable());
    assert!(bench.has(&Output::Emit(Report::ConnectionLost(Failure::relay_lost()))));
    assert!(bench.has(&Output::Calls(call::Notice::RelayLost)));
    assert!(bench.has(&Output::CloseSocket { resume: true }), "the relay must not take the session for ended");
}

#[test]
fn the_session_is_taken_back_from_the_last_event_that_was_seen() {
    let mut bench = lost();
    bench.out.clear();
    bench.resume(None);
    let resume = &bench.requests()[1].body;
    let RequestBody::Resume(resume) = resume else { panic!("{resume:?}") };
    assert_eq!((resume.token.reveal(), resume.last_seq, resume.fresh), ("t0ken", 1, false));
    assert!(bench.has(&Output::Emit(Report::ConnectionRestored)) && bench.has(&Output::Calls(call::Notice::RelayBack)));
    assert!(bench.statuses().is_empty());
}

#[test]
fn attempts_come_ever_more_rarely_but_at_least_every_fifteen_seconds() {
    let mut bench = lost();
    let mut pauses = Vec::new();
    for _ in 0..40 {
        let before = bench.now;
        while !matches!(bench.out.last(), Some(Output::OpenSocket(_))) {
            bench.wait();
        }
        pauses.push(bench.now - before);
        bench.lose();
        if bench.now > 240_000 {
            break;
        }
    }
    let longest = |retry: u32| (250_u64 << retry.min(6)).min(15_000);
    assert!((0..).zip(&pauses).all(|(retry, pause)| *pause <= longest(retry)), "{pauses:?}");
    assert!(pauses.iter().any(|pause| *pause > 5_000), "{pauses:?}");
}

#[test]
fn pages_that_lose_the_same_relay_come_back_at_different_times() {
    let first_try = |seed| {
        let mut session = Session::open("s".into(), account(false), seed, 0);
        for input in [Input::SocketOpened, Input::Frame(Message::Reply(Reply { id: Some(1), outcome: welcome() }))] {
            session.handle(input, 0);
        }
        session.handle(Input::Frame(Message::Reply(Reply { id: Some(2), outcome: opened(false) })), 0);
        session.handle(Input::SocketClosed(ABNORMAL), 0);
        session.deadline().unwrap()
    };
    let tries: std::collections::BTreeSet<_> = (0..20).map(first_try).collect();
    assert!(tries.len() > 10, "{tries:?}");
}

#[test]
fn the_network_coming_back_is_not_waited_out() {
    let mut bench = lost();
    bench.out.clear();
    bench.handle(Input::NetworkChanged);
    assert_eq!(bench.out, [Output::OpenSocket("ws://localhost/".into())]);
    bench.handle(Input::NetworkChanged);
    assert_eq!(bench.out.last(), Some(&Output::OpenSocket("ws://localhost/".into())), "an attempt on the old network");
}

#[test]
fn a_session_that_does_not_come_back_is_given_up_after_five_minutes() {
    let mut bench = lost();
    while !bench.session.status().is_terminal() {
        bench.wait();
        bench.lose();
    }
    assert_eq!((bench.now, bench.statuses(), bench.error()), (301_000, vec!["DISCONNECTED"], Some(Code::RelayLost)));
    assert!(bench.has(&Output::Calls(call::Notice::Ended(Some(Failure::relay_lost())))));
}

#[test]
fn a_computer_that_wakes_after_hours_gets_one_more_attempt() {
    let mut bench = lost();
    bench.now += 10_000_000;
    bench.handle(Input::Tick);
    assert!(bench.session.is_usable() && bench.has(&Output::OpenSocket("ws://localhost/".into())));
    bench.lose();
    bench.wait();
    assert_eq!(bench.statuses(), ["DISCONNECTED"]);
}

#[test]
fn an_app_that_wants_no_reconnecting_gets_none() {
    let link = account::Link { reconnect: 0, ..account::Link::default() };
    let mut bench = Bench::with(Account { link, ..account(false) });
    bench.handle(Input::SocketOpened);
    bench.reply(welcome());
    bench.reply(opened(false));
    bench.lose();
    assert_eq!((bench.statuses().last(), bench.error()), (Some(&"DISCONNECTED"), Some(Code::RelayLost)));
    assert!(bench.has(&Output::Calls(call::Notice::Ended(Some(Failure::relay_lost())))));
}

#[test]
fn calls_are_given_up_when_the_relay_surely_has() {
    let mut bench = lost();
    while bench.now < 1_000 + 30_000 + 40_000 {
        assert!(!bench.out.iter().any(|out| matches!(out, Output::Calls(call::Notice::Abandoned(_)))), "{}", bench.now);
        bench.wait();
        bench.lose();
    }
    let abandoned = |out: &&Output| matches!(out, Output::Calls(call::Notice::Abandoned(_)));
    assert_eq!(bench.out.iter().filter(abandoned).count(), 1);
    assert!(bench.session.is_usable(), "the session itself is still tried for");
}

#[test]
fn requests_made_meanwhile_are_sent_in_their_order_once_the_session_is_back() {
    let mut bench = lost();
    bench.out.clear();
    bench.request(ring());
    bench.request(RequestBody::Hangup(CallRef { call_id: "c".into() }));
    assert!(bench.requests().is_empty());
    bench.resume(None);
    assert_eq!(bench.sent(), ["hello", "resume", "ring", "hangup"]);
}

#[test]
fn a_request_the_relay_had_carried_out_is_not_repeated() {
    let mut bench = Bench::registered();
    bench.request(ring());
    let done = bench.last_id;
    bench.request(RequestBody::Hangup(CallRef { call_id: "c".into() }));
    bench.lose();
    bench.out.clear();
    bench.resume(Some(done));
    assert_eq!(bench.sent(), ["hello", "resume", "hangup"]);
    let accepted = call::Input::Replied(call::Ask::Ring, Ok(()));
    assert!(bench.has(&Output::Call("c".into(), accepted)));
}

#[test]
fn requests_keep_their_ids_apart_across_sockets() {
    let mut bench = lost();
    bench.request(ring());
    bench.resume(None);
    let ids: Vec<_> = bench.requests().iter().map(|request| request.id).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
}

#[test]
fn a_request_is_repeated_as_it_was() {
    let mut bench = Bench::registered();
    bench.request(ring());
    let first = bench.requests().last().map(|request| (*request).clone());
    bench.lose();
    bench.resume(first.as_ref().map(|request| request.id - 1));
    assert_eq!(bench.requests().last().copied(), first.as_ref());
}

#[test]
fn a_request_survives_any_number_of_losses() {
    let mut bench = lost();
    bench.request(ring());
    for _ in 0..3 {
        bench.resume(None);
        bench.lose();
    }
    bench.out.clear();
    bench.resume(None);
    assert_eq!(bench.sent(), ["hello", "resume", "ring"]);
}

#[test]
fn more_requests_than_can_be_kept_are_refused() {
    let mut bench = lost();
    for _ in 0..70 {
        bench.request(ring());
    }
    let refused = |out: &&Output| matches!(out, Output::Call(_, call::Input::Replied(call::Ask::Ring, Err(_))));
    assert_eq!(bench.out.iter().filter(refused).count(), 6);
}

#[test]
fn data_sent_meanwhile_is_delivered_later() {
    let mut bench = lost();
    bench.send_data(7);
    bench.resume(None);
    assert_eq!(bench.sent().last(), Some(&"sendData"));
    bench.reply(done());
    assert_eq!(bench.out.last(), Some(&Output::Delivered { ticket: 7, outcome: Ok(None) }));
}

#[test]
fn a_relay_that_has_lost_the_session_gets_it_anew_and_the_calls_end() {
    let mut bench = lost();
    bench.request(ring());
    bench.reject();
    let lost = Failure::new(Code::Relay(ErrorCode::PeerLost), "The relay lost the call.");
    assert!(bench.has(&Output::Calls(call::Notice::Forgotten(lost))));
    assert_eq!(bench.sent().last(), Some(&"openSip"), "what was asked of the old session is not asked of the new one");
    bench.reply(opened(true));
    bench.seq = 0;
    bench.register(RegistrationState::Registered);
    assert_eq!(bench.statuses(), ["ESTABLISHED", "REGISTERED"]);
    assert!(bench.has(&Output::Emit(Report::ConnectionRestored)));
}

/// A session that its restarted relay does not know, opened anew.
fn reopened() -> Bench {
    let mut bench = lost();
    bench.reject();
    bench.reply(opened(true));
    bench.seq = 0;
    assert_eq!(bench.statuses(), ["ESTABLISHED"]);
    bench
}

#[test]
fn a_session_opened_anew_waits_for_a_sip_server_that_is_not_back_yet() {
    let mut bench = reopened();
    let error = Some(RelayFailure::new(ErrorCode::Unreachable, "Not there."));
    bench.event(EventBody::Registration(Registration { state: RegistrationState::Failed, error }));
    bench.register(RegistrationState::Registered);
    assert_eq!(bench.statuses(), ["ESTABLISHED", "UNREGISTERED", "REGISTERED"]);
    let mut bench = reopened();
    bench.pass(40_000);
    assert_eq!(bench.statuses(), ["ESTABLISHED", "UNREGISTERED"]);
}

#[test]
fn a_session_opened_anew_whose_password_is_wrong_by_now_ends() {
    let mut bench = reopened();
    bench.register(RegistrationState::Failed);
    assert_eq!(bench.statuses().last(), Some(&"FAILED"));
}

#[test]
fn data_for_a_session_that_was_lost_is_undelivered() {
    let mut bench = lost();
    bench.send_data(7);
    bench.reject();
    assert!(bench.has(&Output::Delivered { ticket: 7, outcome: Err(Failure::relay_lost()) }));
}

#[test]
fn a_refusal_that_may_pass_is_tried_again_and_any_other_is_final() {
    for (code, over) in
        [(ErrorCode::LimitReached, false), (ErrorCode::ShuttingDown, false), (ErrorCode::Unauthorized, true)]
    {
        let mut bench = lost();
        bench.reject();
        bench.reply(Outcome::Error(RelayFailure::new(code, "no")));
        assert_eq!(bench.session.status().is_terminal(), over, "{code:?}");
    }
}

#[test]
fn a_relay_that_greets_and_says_no_more_is_tried_again() {
    let mut bench = lost();
    bench.reach_relay();
    bench.wait();
    assert!(bench.session.is_usable());
    bench.out.clear();
    bench.resume(None);
    assert!(bench.has(&Output::Emit(Report::ConnectionRestored)));
}

#[test]
fn a_session_taken_over_by_another_page_is_not_fought_for() {
    let mut bench = Bench::registered();
    bench.handle(Input::SocketClosed(4001));
    assert_eq!((bench.statuses(), bench.error()), (vec!["DISCONNECTED"], Some(Code::RelayLost)));
}

#[test]
fn a_relay_that_stops_ends_the_calls_and_gets_the_session_anew_when_it_is_back() {
    let mut bench = Bench::registered();
    let error = RelayFailure::new(ErrorCode::ShuttingDown, "The relay stops.");
    bench.event(EventBody::SessionClosed(SessionClosed { error: error.clone() }));
    assert_eq!(bench.out[0], Output::Calls(call::Notice::Ended(Some(error.into()))));
    bench.reject();
    bench.reply(opened(false));
    assert_eq!(bench.statuses(), ["ESTABLISHED"]);
}

#[test]
fn closing_a_session_without_its_relay_ends_it_at_once() {
    let mut bench = lost();
    bench.close();
    assert_eq!((bench.statuses(), bench.error()), (vec!["DISCONNECTED"], None));
}

#[test]
fn the_registration_has_its_time_again_after_a_loss() {
    let mut bench = Bench::established(true);
    bench.pass(39_000);
    bench.lose();
    bench.resume(None);
    bench.pass(39_000);
    assert!(bench.session.is_usable());
    bench.pass(1_000);
    assert_eq!(bench.error(), Some(Code::Timeout));
}

#[test]
fn a_registration_that_still_stands_is_not_reported_again() {
    let mut bench = lost();
    bench.resume(None);
    bench.register(RegistrationState::Registered);
    assert!(bench.statuses().is_empty());
}
