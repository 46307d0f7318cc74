//! Provisional responses that arrive for certain (RFC 3262).

use std::time::{Duration, Instant};

use super::fixture::*;
use crate::dialog::{Acknowledged, Place, ReliableResponses, ReliableTimeout, ResponseOrder};
use crate::message::{CSeq, HeaderName, Method, RAck, Response};
use crate::transaction::Timing;

const RANDOM: u64 = 41;

fn provisional(code: u16) -> Response {
    reply(code, BOB_TAG, BOBS_CONTACT)
}

#[expect(clippy::disallowed_methods, reason = "any instant will do as the beginning of simulated time")]
fn begun() -> (ReliableResponses, Instant) {
    (ReliableResponses::new(CSeq::new(10, Method::Invite), RANDOM, &Timing::default()), Instant::now())
}

/// The first response on its way, with the number it got.
fn sent() -> (ReliableResponses, Instant, u32) {
    let (mut responses, now) = begun();
    let sent = responses.send(provisional(183), now).unwrap().unwrap();
    let number = sent.headers().rseq().unwrap();
    (responses, now, number)
}

fn rack(rseq: u32) -> RAck {
    RAck { rseq, cseq: CSeq::new(10, Method::Invite) }
}

#[test]
fn each_says_that_it_wants_a_prack_and_its_number() {
    let (_, _, number) = sent();
    assert_eq!(number, 42);
    let (mut responses, now) = begun();
    let sent = responses.send(provisional(180), now).unwrap().unwrap();
    assert!(sent.headers().has_option(&HeaderName::Require, "100rel"));
}

#[test]
fn the_first_number_is_from_1_to_below_2_to_the_31() {
    let now = begun().1;
    for random in [0, u64::MAX, (1 << 31) - 2, (1 << 31) - 1, 1 << 31] {
        let mut responses = ReliableResponses::new(CSeq::new(1, Method::Invite), random, &Timing::default());
        let number = responses.send(provisional(180), now).unwrap().unwrap().headers().rseq().unwrap();
        assert!((1..=(1 << 31) - 1).contains(&number), "{number}");
    }
}

#[test]
fn it_is_repeated_from_t1_on_doubling_without_limit_and_given_up_after_64_t1() {
    let (mut responses, start, _) = sent();
    let mut times = Vec::new();
    while let Some(now) = responses.poll_timeout() {
        match responses.handle_timeout(now) {
            ReliableTimeout::Resend(response) => assert_eq!(response.status().code(), 183),
            ReliableTimeout::GiveUp => {
                assert_eq!(now - start, Duration::from_secs(32));
                break;
            }
            ReliableTimeout::Wait => panic!("it was due"),
        }
        times.push((now - start).as_millis());
    }
    assert_eq!(times, [500, 1500, 3500, 7500, 15_500, 31_500]);
}

#[test]
fn its_prack_ends_the_repetition() {
    let (mut responses, now, number) = sent();
    assert!(responses.is_waiting());
    assert!(matches!(responses.acknowledge(&rack(number), now), Acknowledged::Here(None)));
    assert_eq!((responses.poll_timeout(), responses.is_waiting()), (None, false));
    assert!(matches!(responses.acknowledge(&rack(number), now), Acknowledged::Unknown));
}

#[test]
fn a_prack_of_another_number_or_request_is_unknown() {
    let (mut responses, now, number) = sent();
    let other_request = RAck { rseq: number, cseq: CSeq::new(11, Method::Invite) };
    let other_method = RAck { rseq: number, cseq: CSeq::new(10, Method::Update) };
    for stranger in [rack(number + 1), rack(number - 1), other_request, other_method] {
        assert!(matches!(responses.acknowledge(&stranger, now), Acknowledged::Unknown), "{stranger}");
    }
    assert!(responses.is_waiting());
}

#[test]
fn the_next_waits_for_the_prack_of_the_one_before() {
    let (mut responses, now, number) = sent();
    assert!(responses.send(provisional(180), now).unwrap().is_none());
    let Acknowledged::Here(Some(next)) = responses.acknowledge(&rack(number), now) else { panic!("a next one") };
    assert_eq!((next.status().code(), next.headers().rseq()), (180, Some(number + 1)));
    assert!(matches!(responses.acknowledge(&rack(number + 1), now), Acknowledged::Here(None)));
}

#[test]
fn only_so_many_wait() {
    let (mut responses, now, number) = sent();
    for _ in 0..1000 {
        responses.send(provisional(180), now).unwrap();
    }
    let mut count = 0;
    let mut last = number;
    while let Acknowledged::Here(Some(next)) = responses.acknowledge(&rack(last), now) {
        last = next.headers().rseq().unwrap();
        count += 1;
    }
    assert_eq!(count, 16);
}

#[test]
fn a_description_is_held_until_its_prack() {
    let (mut responses, now, number) = sent();
    assert!(!responses.holds_answer());
    let described = Response::reply(&invite(""), crate::message::StatusCode::SESSION_PROGRESS)
        .to_tag(BOB_TAG)
        .body("application/sdp", "v=0\r\n")
        .build()
        .unwrap();
    responses.send(described, now).unwrap();
    assert!(responses.holds_answer());
    responses.acknowledge(&rack(number), now);
    assert!(responses.holds_answer());
    responses.acknowledge(&rack(number + 1), now);
    assert!(!responses.holds_answer());
}

#[test]
fn a_peers_responses_are_taken_in_their_order() {
    let mut order = ResponseOrder::default();
    assert_eq!(order.receive(100), Place::Next);
    assert_eq!(order.receive(100), Place::Repeated);
    assert_eq!(order.receive(102), Place::TooEarly);
    assert_eq!(order.receive(101), Place::Next);
    assert_eq!(order.receive(100), Place::Repeated);
    assert_eq!(order.receive(102), Place::Next);
}

#[test]
fn nothing_comes_after_the_last_number() {
    let mut order = ResponseOrder::default();
    assert_eq!(order.receive(u32::MAX), Place::Next);
    assert_eq!(order.receive(u32::MAX), Place::Repeated);
    assert_eq!(order.receive(1), Place::Repeated);
}
