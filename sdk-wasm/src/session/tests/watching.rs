//! Whether the relay is still there.

use super::*;

fn watched(link: account::Link) -> Bench {
    let mut bench = Bench::with(Account { link, ..account(false) });
    bench.handle(Input::SocketOpened);
    bench.reply(welcome());
    bench.reply(opened(false));
    bench.out.clear();
    bench
}

fn lost(bench: &Bench) -> bool {
    bench.out.iter().any(|output| matches!(output, Output::Emit(Report::ConnectionLost(_))))
}

#[test]
fn a_silent_relay_is_asked_for_a_sign_of_life_after_fifteen_seconds() {
    let mut bench = watched(account::Link::default());
    bench.wait();
    assert_eq!((bench.now, bench.sent()), (16_000, vec!["ping"]));
}

#[test]
fn a_relay_that_says_something_is_not_asked() {
    let mut bench = watched(account::Link::default());
    bench.now += 14_000;
    bench.register(RegistrationState::Registered);
    bench.wait();
    assert_eq!((bench.now, bench.sent()), (30_000, vec!["ping"]));
}

#[test]
fn a_relay_that_gives_no_sign_of_life_within_ten_seconds_is_lost() {
    let mut bench = watched(account::Link::default());
    bench.wait();
    assert!(!lost(&bench));
    bench.wait();
    assert_eq!((bench.now, lost(&bench)), (26_000, true));
}

#[test]
fn a_request_unanswered_by_a_relay_that_says_nothing_at_all_loses_it() {
    let mut bench = watched(account::Link::default());
    bench.request(ring());
    bench.wait();
    assert_eq!((bench.now, lost(&bench)), (11_000, true));
    assert!(bench.out.iter().all(|output| !matches!(output, Output::Call(..))), "the request is not lost with it");
}

#[test]
fn pings_come_at_the_interval_the_app_chose() {
    let mut bench = watched(account::Link { ping_every: Some(2_000), ..account::Link::default() });
    for at in [3_000, 5_000, 7_000] {
        bench.wait();
        assert_eq!((bench.now, bench.sent()), (at, vec!["ping"]));
        bench.reply(done());
        bench.out.clear();
    }
}

#[test]
fn silence_longer_than_the_app_allows_loses_the_relay() {
    let mut bench = watched(account::Link { silence: Some(3_000), ..account::Link::default() });
    while !lost(&bench) {
        bench.wait();
    }
    assert_eq!(bench.now, 4_000);
}

#[test]
fn a_relay_that_answers_is_never_silent() {
    let mut bench = watched(account::Link { silence: Some(3_000), ..account::Link::default() });
    bench.pass(60_000);
    assert!(!lost(&bench));
}

#[test]
fn a_doubtful_connection_is_lost_after_a_second_without_a_sign_of_life() {
    let mut bench = watched(account::Link::default());
    bench.handle(Input::NetworkChanged);
    assert_eq!(bench.sent(), ["ping"]);
    bench.wait();
    assert_eq!((bench.now, lost(&bench)), (2_000, true));
}

#[test]
fn a_doubtful_connection_that_answers_is_kept() {
    let mut bench = watched(account::Link::default());
    bench.handle(Input::NetworkChanged);
    bench.reply(done());
    bench.pass(10_000);
    assert!(!lost(&bench));
}

#[test]
fn doubting_twice_asks_once() {
    let mut bench = watched(account::Link::default());
    bench.session.probe(bench.now);
    bench.session.probe(bench.now);
    bench.drain();
    assert_eq!(bench.sent(), ["ping"]);
}

#[test]
fn the_first_connection_has_the_time_the_app_gives_it() {
    let link = account::Link { timeout: Some(3_000), ..account::Link::default() };
    let mut bench = Bench::with(Account { link: link.clone(), ..account(false) });
    bench.wait();
    assert_eq!((bench.now, bench.error()), (4_000, Some(Code::RelayUnreachable)));
    let mut bench = Bench::with(Account { link: link.clone(), ..account(false) });
    bench.handle(Input::SocketOpened);
    bench.wait();
    assert_eq!((bench.now, bench.error()), (4_000, Some(Code::RelayUnreachable)));
    let mut bench = watched(link);
    bench.pass(60_000);
    assert!(bench.session.is_usable());
}

fn balanced() -> Account {
    let link = account::Link { balancer: Some("https://lb/".into()), ..account::Link::default() };
    Account { link, ..account(false) }
}

fn urls(bench: &Bench) -> Vec<&str> {
    bench
        .out
        .iter()
        .filter_map(|output| match output {
            Output::OpenSocket(url) => Some(url.as_str()),
            _ => None,
        })
        .collect()
}

fn balancer_says(server: &str) -> Input {
    Input::Balanced(account::Balanced::read(&serde_json::json!({ "server": server, "ws": 8080 })))
}

#[test]
fn the_balancer_is_asked_first_and_obeyed() {
    let mut bench = Bench::with(balanced());
    assert_eq!(bench.out, [Output::AskBalancer("https://lb/".into())]);
    bench.handle(balancer_says("r1"));
    assert_eq!(urls(&bench), ["ws://r1:8080/"]);
}

#[test]
fn a_balancer_that_fails_or_is_slow_is_done_without() {
    let mut bench = Bench::with(balanced());
    bench.handle(Input::Balanced(None));
    assert_eq!(urls(&bench), ["ws://localhost/"]);
    let mut bench = Bench::with(balanced());
    bench.wait();
    bench.handle(balancer_says("r1"));
    assert_eq!((bench.now, urls(&bench)), (6_000, vec!["ws://localhost/"]));
}

#[test]
fn a_lost_session_is_looked_for_at_its_own_relay_first() {
    let mut bench = Bench::with(balanced());
    bench.handle(balancer_says("r1"));
    bench.handle(Input::SocketOpened);
    bench.reply(welcome());
    bench.reply(opened(false));
    bench.out.clear();
    for _ in 0..2 {
        bench.lose();
        bench.wait();
    }
    assert_eq!(urls(&bench), ["ws://r1:8080/", "ws://r1:8080/"]);
    bench.lose();
    bench.wait();
    assert_eq!(bench.out.last(), Some(&Output::AskBalancer("https://lb/".into())));
    bench.handle(balancer_says("r2"));
    assert_eq!(urls(&bench).last(), Some(&"ws://r2:8080/"));
}
