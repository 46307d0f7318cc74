//! Session timers (RFC 4028).

use std::time::{Duration, Instant};

use super::fixture::*;
use crate::dialog::{RefreshedBy, SessionPolicy, SessionTimeout, SessionTimer};
use crate::message::{HeaderName, Headers};

const POLICY: SessionPolicy = SessionPolicy { expires: Some(1800), min_se: 90 };
const SUPPORTED: &str = "Supported: timer\n";

#[expect(clippy::disallowed_methods, reason = "any instant will do as the beginning of simulated time")]
fn start() -> Instant {
    Instant::now()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn request(more: &str) -> Headers {
    in_dialog("INVITE", 11, more).headers().clone()
}

fn answer(more: &str) -> Headers {
    reply(200, BOB_TAG, more).headers().clone()
}

fn value(headers: &[(HeaderName, String)], name: &HeaderName) -> Option<String> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// What a fresh timer answers a request with: Session-Expires, and whether the timer is required.
fn answered(policy: SessionPolicy, more: &str) -> (Option<String>, bool) {
    let headers = SessionTimer::new(policy).answer(&request(more), start());
    let required = value(&headers, &HeaderName::Require).as_deref() == Some("timer");
    (value(&headers, &HeaderName::SessionExpires), required)
}

/// A timer agreed upon in an answer to ours.
fn agreed(told: &str, now: Instant) -> SessionTimer {
    let mut timer = SessionTimer::new(POLICY);
    timer.accepted(&answer(&format!("Session-Expires: {told}\n")), now);
    timer
}

#[test]
fn an_invite_asks_for_the_interval_and_leaves_open_who_refreshes() {
    let headers = SessionTimer::new(POLICY).request_headers();
    assert_eq!(headers, [(HeaderName::SessionExpires, "1800".to_owned())]);
    let long = SessionTimer::new(SessionPolicy { expires: Some(1800), min_se: 3600 }).request_headers();
    assert_eq!(value(&long, &HeaderName::SessionExpires).as_deref(), Some("3600"));
    assert_eq!(value(&long, &HeaderName::MinSe).as_deref(), Some("3600"));
    assert_eq!(SessionTimer::new(SessionPolicy { expires: None, min_se: 90 }).request_headers(), []);
}

#[test]
fn a_request_in_the_session_keeps_the_roles() {
    for (told, asked) in [("600;refresher=uac", "600;refresher=uac"), ("600;refresher=uas", "600;refresher=uas")] {
        let headers = agreed(told, start()).request_headers();
        assert_eq!(value(&headers, &HeaderName::SessionExpires).as_deref(), Some(asked));
    }
}

#[test]
fn a_422_is_followed_by_a_longer_interval() {
    let mut timer = SessionTimer::new(POLICY);
    assert!(timer.too_small(&answer("Min-SE: 3600\n")));
    let headers = timer.request_headers();
    assert_eq!(value(&headers, &HeaderName::SessionExpires).as_deref(), Some("3600"));
    assert_eq!(value(&headers, &HeaderName::MinSe).as_deref(), Some("3600"));
}

#[test]
fn a_422_that_asks_for_nothing_longer_is_not_followed() {
    for refused in ["", "Min-SE: 90\n", "Min-SE: 1800\n", "Min-SE: 4294967295\n"] {
        assert!(!SessionTimer::new(POLICY).too_small(&answer(refused)), "{refused}");
    }
    assert!(!SessionTimer::new(SessionPolicy { expires: None, min_se: 90 }).too_small(&answer("Min-SE: 3600\n")));
}

#[test]
fn the_answer_says_how_long_and_who_refreshes() {
    let now = start();
    assert_eq!(agreed("600;refresher=uac", now).running(), Some((600, RefreshedBy::Us)));
    assert_eq!(agreed("600;refresher=uas", now).running(), Some((600, RefreshedBy::Peer)));
    assert_eq!(agreed("600", now).running(), Some((600, RefreshedBy::Us)));
    assert_eq!(agreed("1;refresher=uac", now).running(), Some((90, RefreshedBy::Us)));
}

#[test]
fn an_answer_without_an_interval_ends_the_timer() {
    let mut timer = agreed("600;refresher=uac", start());
    timer.accepted(&answer(""), start());
    assert_eq!((timer.running(), timer.poll_timeout()), (None, None));
}

/// RFC 4028 table 2.
#[test]
fn who_refreshes_is_what_both_can_do_and_the_caller_wants() {
    let cases = [
        ("Session-Expires: 600\n", "600;refresher=uas", false),
        ("Session-Expires: 600;refresher=uac\n", "600;refresher=uas", false),
        ("Supported: timer\nSession-Expires: 600\n", "600;refresher=uac", true),
        ("Supported: timer\nSession-Expires: 600;refresher=uac\n", "600;refresher=uac", true),
        ("Supported: timer\nSession-Expires: 600;refresher=uas\n", "600;refresher=uas", false),
        ("Require: timer\nSession-Expires: 600;refresher=uas\n", "600;refresher=uas", false),
    ];
    for (asked, told, required) in cases {
        assert_eq!(answered(POLICY, asked), (Some(told.to_owned()), required), "{asked}");
    }
}

#[test]
fn the_interval_is_ours_where_the_peer_lets_us_choose() {
    let told = |more: &str| answered(POLICY, &format!("{SUPPORTED}{more}")).0.unwrap();
    assert_eq!(told(""), "1800;refresher=uas");
    assert_eq!(told("Min-SE: 3600\n"), "3600;refresher=uas");
    assert_eq!(told("Session-Expires: 7200\n"), "1800;refresher=uac");
    assert_eq!(told("Session-Expires: 7200\nMin-SE: 3600\n"), "3600;refresher=uac");
    assert_eq!(told("Session-Expires: 100\nMin-SE: 3600\n"), "100;refresher=uac");
}

#[test]
fn nobody_can_make_us_refresh_without_end() {
    assert_eq!(answered(POLICY, "Session-Expires: 0\n").0.as_deref(), Some("90;refresher=uas"));
    assert_eq!(answered(POLICY, "Session-Expires: 1;refresher=uas\n").0.as_deref(), Some("90;refresher=uas"));
}

#[test]
fn who_does_not_know_of_timers_and_asks_for_none_gets_none() {
    assert_eq!(answered(POLICY, ""), (None, false));
}

#[test]
fn one_that_asks_for_none_itself_grants_what_is_asked() {
    let policy = SessionPolicy { expires: None, min_se: 90 };
    assert_eq!(answered(policy, SUPPORTED), (None, false));
    let told = answered(policy, "Supported: timer\nSession-Expires: 7200;refresher=uac\n");
    assert_eq!(told, (Some("7200;refresher=uac".to_owned()), true));
}

#[test]
fn an_interval_too_short_is_refused_to_those_who_understand() {
    let timer = SessionTimer::new(SessionPolicy { expires: Some(1800), min_se: 300 });
    assert_eq!(timer.check(&request("Supported: timer\nSession-Expires: 299\n")), Err(300));
    assert_eq!(timer.check(&request("Supported: timer\nSession-Expires: 300\n")), Ok(()));
    assert_eq!(timer.check(&request("Session-Expires: 120\n")), Ok(()));
    assert_eq!(timer.check(&request(SUPPORTED)), Ok(()));
}

#[test]
fn a_later_request_that_says_nothing_keeps_timer_and_roles() {
    let now = start();
    for (told, again) in [("600;refresher=uas", "600;refresher=uac"), ("600;refresher=uac", "600;refresher=uas")] {
        let mut timer = agreed(told, now);
        let headers = timer.answer(&request(SUPPORTED), now + seconds(100));
        assert_eq!(value(&headers, &HeaderName::SessionExpires).as_deref(), Some(again));
    }
}

#[test]
fn our_refresh_is_due_at_half_the_interval_and_asked_for_once() {
    let now = start();
    let mut timer = agreed("600;refresher=uac", now);
    assert_eq!(timer.poll_timeout(), Some(now + seconds(300)));
    assert_eq!(timer.handle_timeout(now + seconds(299)), SessionTimeout::Wait);
    assert_eq!(timer.handle_timeout(now + seconds(300)), SessionTimeout::Refresh);
    assert_eq!(timer.handle_timeout(now + seconds(301)), SessionTimeout::Wait);
    timer.accepted(&answer("Session-Expires: 600;refresher=uac\n"), now + seconds(301));
    assert_eq!(timer.poll_timeout(), Some(now + seconds(601)));
}

#[test]
fn a_refresh_that_fails_is_tried_again_until_the_end() {
    let now = start();
    let mut timer = agreed("600;refresher=uac", now);
    assert_eq!(timer.handle_timeout(now + seconds(300)), SessionTimeout::Refresh);
    timer.try_again(now + seconds(300));
    assert_eq!(timer.handle_timeout(now + seconds(305)), SessionTimeout::Refresh);
    assert_eq!(timer.handle_timeout(now + seconds(568)), SessionTimeout::Expired);
    assert_eq!(timer.poll_timeout(), None);
}

/// Section 10: the BYE goes 32 seconds before the end, or a third of the interval where that is less.
#[test]
fn a_session_that_the_peer_does_not_refresh_expires() {
    for (told, end) in [("600;refresher=uas", 568), ("90;refresher=uas", 60)] {
        let now = start();
        let mut timer = agreed(told, now);
        assert_eq!(timer.handle_timeout(now + seconds(end - 1)), SessionTimeout::Wait);
        assert_eq!(timer.handle_timeout(now + seconds(end)), SessionTimeout::Expired);
    }
}

#[test]
fn each_refresh_of_the_peer_begins_the_interval_anew() {
    let now = start();
    let mut timer = agreed("600;refresher=uas", now);
    timer.answer(&request("Supported: timer\nSession-Expires: 600;refresher=uac\n"), now + seconds(500));
    assert_eq!(timer.running(), Some((600, RefreshedBy::Peer)));
    assert_eq!(timer.poll_timeout(), Some(now + seconds(1068)));
}
