//! Several phones answering one INVITE (§13.2.2).

use super::fixture::*;
use crate::dialog::{DialogId, DialogState, Fork, Forks, MAX_FORKS};

fn id(tag: &str) -> DialogId {
    DialogId::of_response(&reply(200, tag, "")).unwrap()
}

fn receive(forks: &mut Forks, code: u16, tag: &str) -> Fork {
    forks.receive(&invite(""), &reply(code, tag, BOBS_CONTACT)).unwrap()
}

#[test]
fn each_phone_rings_in_a_dialog_of_its_own() {
    let mut forks = Forks::new();
    assert_eq!(receive(&mut forks, 180, "one"), Fork::Early(id("one"), true));
    assert_eq!(receive(&mut forks, 180, "two"), Fork::Early(id("two"), true));
    assert_eq!(receive(&mut forks, 183, "one"), Fork::Early(id("one"), false));
}

#[test]
fn responses_without_a_dialog_are_none() {
    let mut forks = Forks::new();
    assert_eq!(receive(&mut forks, 100, "one"), Fork::None);
    assert_eq!(receive(&mut forks, 180, ""), Fork::None);
    assert_eq!(receive(&mut forks, 486, "one"), Fork::None);
}

#[test]
fn the_first_2xx_wins_and_the_others_have_to_be_ended() {
    let mut forks = Forks::new();
    receive(&mut forks, 180, "one");
    receive(&mut forks, 180, "two");
    assert_eq!(receive(&mut forks, 200, "two"), Fork::Won(id("two")));
    assert_eq!(receive(&mut forks, 200, "one"), Fork::Lost(id("one")));
    assert_eq!(receive(&mut forks, 200, "never-rang"), Fork::Lost(id("never-rang")));
}

#[test]
fn repeated_2xx_are_told_apart_even_when_the_dialog_was_taken() {
    let mut forks = Forks::new();
    receive(&mut forks, 200, "one");
    receive(&mut forks, 200, "two");
    let dialog = forks.take(&id("one")).unwrap();
    assert_eq!(dialog.state(), DialogState::Confirmed);
    assert_eq!(receive(&mut forks, 200, "one"), Fork::Repeated(id("one")));
    assert_eq!(receive(&mut forks, 200, "two"), Fork::Repeated(id("two")));
    assert!(forks.take(&id("one")).is_none());
}

#[test]
fn a_late_ringing_of_an_answered_phone_is_ignored() {
    let mut forks = Forks::new();
    receive(&mut forks, 200, "one");
    assert_eq!(receive(&mut forks, 180, "one"), Fork::None);
}

#[test]
fn endless_forks_are_not_followed_but_an_answer_always_is() {
    let mut forks = Forks::new();
    for number in 0..MAX_FORKS {
        receive(&mut forks, 180, &format!("t{number}"));
    }
    assert_eq!(receive(&mut forks, 180, "more"), Fork::None);
    assert_eq!(receive(&mut forks, 200, "more"), Fork::Won(id("more")));
}

#[test]
fn endless_answers_end_somewhere() {
    let mut forks = Forks::new();
    let outcomes: Vec<_> = (0..100).map(|number| receive(&mut forks, 200, &format!("t{number}"))).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome != Fork::None).count(), 64);
}
