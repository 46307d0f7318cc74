//! The callee's 2xx, repeated until its ACK comes (§13.3.1.4).

use std::time::{Duration, Instant};

use super::fixture::*;
use crate::dialog::{AnswerTimeout, UnacknowledgedAnswer};
use crate::transaction::Timing;

#[expect(clippy::disallowed_methods, reason = "any instant will do as the beginning of simulated time")]
fn answered() -> (UnacknowledgedAnswer, Instant) {
    let now = Instant::now();
    let answer = UnacknowledgedAnswer::new(reply(200, BOB_TAG, BOBS_CONTACT), 10, &Timing::default(), now);
    (answer, now)
}

#[test]
fn it_is_repeated_at_growing_intervals_and_given_up() {
    let (mut answer, start) = answered();
    let mut times = Vec::new();
    loop {
        let now = answer.poll_timeout();
        match answer.handle_timeout(now) {
            AnswerTimeout::Resend(response) => assert_eq!(response.status().code(), 200),
            AnswerTimeout::GiveUp => break,
            AnswerTimeout::Wait => panic!("it was due"),
        }
        times.push((now - start).as_millis());
    }
    assert_eq!(times, [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert_eq!(answer.poll_timeout() - start, Duration::from_secs(32));
}

#[test]
fn nothing_is_due_before_its_time() {
    let (mut answer, start) = answered();
    assert!(matches!(answer.handle_timeout(start), AnswerTimeout::Wait));
}

#[test]
fn only_the_ack_of_its_number_counts() {
    let (answer, _) = answered();
    assert!(answer.is_acknowledged_by(&in_dialog("ACK", 10, "")));
    assert!(!answer.is_acknowledged_by(&in_dialog("ACK", 11, "")));
}
