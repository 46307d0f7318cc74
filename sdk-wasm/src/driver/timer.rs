//! The page's clock, and one timer on it.

use crate::Millis;
use std::cell::Cell;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// The longest time a browser's timer can be set to. Waking too early does no harm.
const LONGEST: Millis = 0x7fff_ffff;

/// The page's monotonic clock. It stands still where there is no window.
pub fn now() -> Millis {
    let performance = web_sys::window().and_then(|window| window.performance());
    performance.map_or(0, |performance| performance.now() as Millis)
}

/// Calls back at the time it was last set to.
pub struct Timer {
    wake: Closure<dyn FnMut()>,
    armed: Cell<Option<(Millis, i32)>>,
}

impl Timer {
    /// A timer that is not set.
    pub fn new(wake: impl FnMut() + 'static) -> Self {
        Self { wake: Closure::new(wake), armed: Cell::new(None) }
    }

    /// Sets it to a time, or to none.
    pub fn set(&self, at: Option<Millis>) {
        if at.is_some() && self.armed.get().map(|(armed, _)| armed) == at && at.is_some_and(|at| at > now()) {
            return;
        }
        let Some(window) = web_sys::window() else { return };
        if let Some((_, handle)) = self.armed.take() {
            window.clear_timeout_with_handle(handle);
        }
        let Some(at) = at else { return };
        // One more, since the browser may wake up to a millisecond before the time on its own clock.
        let wait = at.saturating_sub(now()).saturating_add(1).min(LONGEST) as i32;
        let wake = self.wake.as_ref().unchecked_ref();
        if let Ok(handle) = window.set_timeout_with_callback_and_timeout_and_arguments_0(wake, wait) {
            self.armed.set(Some((at, handle)));
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.set(None);
    }
}
