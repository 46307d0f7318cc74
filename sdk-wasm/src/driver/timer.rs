//! The page's clock, and one timer on it.

use super::page::Ear;
use crate::Millis;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::JsCast;

/// The longest time a browser's timer can be set to. Waking too early does no harm.
const LONGEST: Millis = 0x7fff_ffff;

/// The page's monotonic clock. It stands still where there is no window.
pub fn now() -> Millis {
    let performance = web_sys::window().and_then(|window| window.performance());
    performance.map_or(0, |performance| performance.now() as Millis)
}

/// Calls back at the time it was last set to.
pub struct Timer {
    wake: Ear,
    /// The time it is set to, and the browser's handle.
    armed: Rc<Cell<Option<(Millis, i32)>>>,
}

impl Timer {
    /// A timer that is not set.
    pub fn new(mut wake: impl FnMut() + 'static) -> Self {
        let armed = Rc::<Cell<_>>::default();
        let fired = armed.clone();
        let wake = Ear::new(move |_| {
            fired.set(None);
            wake();
        });
        Self { wake, armed }
    }

    /// Sets it to a time, or to none.
    pub fn set(&self, at: Option<Millis>) {
        let armed = self.armed.get();
        if armed.map(|(at, _)| at) == at {
            return;
        }
        let Some(window) = web_sys::window() else { return };
        if let Some((_, handle)) = armed {
            window.clear_timeout_with_handle(handle);
        }
        // One more, since our clock drops what is below a millisecond.
        let wait = |at: Millis| at.saturating_sub(now()).saturating_add(1).min(LONGEST) as i32;
        let wake = self.wake.as_ref().unchecked_ref();
        self.armed.set(at.and_then(|at| {
            let handle = window.set_timeout_with_callback_and_timeout_and_arguments_0(wake, wait(at)).ok()?;
            Some((at, handle))
        }));
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.set(None);
    }
}
