//! The timer in a browser.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

mod page;

use offhook_sdk::driver::timer::{Timer, now};
use page::until;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

type Wakes = Rc<RefCell<Vec<u64>>>;

fn timer() -> (Timer, Wakes) {
    let wakes = Wakes::default();
    let woken = wakes.clone();
    (Timer::new(move || woken.borrow_mut().push(now())), wakes)
}

async fn wakes(wakes: &Wakes, times: usize) {
    let wakes = wakes.clone();
    until("the timer", move || wakes.borrow().len() == times).await;
}

#[wasm_bindgen_test]
async fn it_wakes_no_earlier_than_it_was_set_to() {
    let (timer, woken) = timer();
    let at = now() + 20;
    timer.set(Some(at));
    wakes(&woken, 1).await;
    assert!(woken.borrow()[0] >= at);
}

#[wasm_bindgen_test]
async fn an_earlier_time_takes_the_place_of_a_later_one() {
    let (timer, woken) = timer();
    timer.set(Some(now() + 1_000_000));
    timer.set(Some(now() + 5));
    wakes(&woken, 1).await;
}

#[wasm_bindgen_test]
async fn it_can_be_set_to_the_same_time_again_after_it_has_woken() {
    let (timer, woken) = timer();
    let at = now();
    timer.set(Some(at));
    wakes(&woken, 1).await;
    timer.set(Some(at));
    wakes(&woken, 2).await;
}

#[wasm_bindgen_test]
async fn neither_an_unset_nor_a_dropped_timer_wakes() {
    let ((unset, unset_woken), (dropped, dropped_woken), (last, last_woken)) = (timer(), timer(), timer());
    unset.set(Some(now() + 5));
    dropped.set(Some(now() + 5));
    unset.set(None);
    drop(dropped);
    last.set(Some(now() + 10));
    wakes(&last_woken, 1).await;
    assert!(unset_woken.borrow().is_empty() && dropped_woken.borrow().is_empty());
}
