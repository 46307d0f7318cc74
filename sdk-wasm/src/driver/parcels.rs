//! Promises of data on its way to another app.

use super::fields::thrown;
use crate::failure::Failure;
use js_sys::{Function, Promise};
use std::cell::{Cell, RefCell};
use wasm_bindgen::JsValue;

/// What was sent and has no answer yet. The session bounds how many there are: each is answered or refused.
#[derive(Default)]
pub struct Parcels {
    last: Cell<u32>,
    pending: RefCell<Vec<Parcel>>,
}

struct Parcel {
    ticket: u32,
    resolve: Function,
    reject: Function,
}

impl Parcels {
    /// A number for something about to be sent, and the promise of its outcome.
    pub fn expect(&self) -> (u32, Promise) {
        let ticket = self.last.get().wrapping_add(1);
        self.last.set(ticket);
        let mut settle = None;
        let promise = Promise::new(&mut |resolve, reject| settle = Some((resolve, reject)));
        if let Some((resolve, reject)) = settle {
            self.pending.borrow_mut().push(Parcel { ticket, resolve, reject });
        }
        (ticket, promise)
    }

    /// Settles the promise that goes with the number.
    pub fn delivered(&self, ticket: u32, outcome: Result<Option<String>, Failure>) {
        let parcel = {
            let mut pending = self.pending.borrow_mut();
            let index = pending.iter().position(|parcel| parcel.ticket == ticket);
            index.map(|index| pending.swap_remove(index))
        };
        let Some(Parcel { resolve, reject, .. }) = parcel else { return };
        let _settled = match outcome {
            Ok(said) => resolve.call1(&JsValue::UNDEFINED, &said.map_or(JsValue::UNDEFINED, |said| said.into())),
            Err(failure) => reject.call1(&JsValue::UNDEFINED, &thrown(failure)),
        };
    }
}
