//! Whether the far end's sound comes in.

use super::peer::Peer;
use super::timer::{self, Timer};
use crate::Millis;
use crate::call::MediaEvent;
use crate::flow::Progress;
use std::cell::{Cell, RefCell};
use std::rc::Weak;
use wasm_bindgen_futures::spawn_local;

/// How often to look. Browsers wake hidden pages once a second.
const EVERY: Millis = 500;

/// Looks at the browser's count of RTP packets while a call is connected.
pub struct Flow {
    timer: Timer,
    watching: Cell<bool>,
    progress: RefCell<Progress>,
}

impl Flow {
    /// Not looking yet.
    pub fn new(peer: Weak<Peer>) -> Self {
        let look = move || {
            let peer = peer.clone();
            spawn_local(async move {
                if let Some(peer) = peer.upgrade() {
                    peer.look_for_sound().await;
                }
            });
        };
        Self { timer: Timer::new(look), watching: Cell::new(false), progress: RefCell::default() }
    }

    /// Begins to look, or stops.
    pub fn watch(&self, watch: bool) {
        if self.watching.replace(watch) != watch {
            self.progress.take();
            self.timer.set(watch.then(|| timer::now().saturating_add(EVERY)));
        }
    }

    /// Takes in the count, and looks again later.
    pub fn seen(&self, packets: Option<f64>) -> Option<MediaEvent> {
        if !self.watching.get() {
            return None;
        }
        let now = timer::now();
        self.timer.set(Some(now.saturating_add(EVERY)));
        self.progress.borrow_mut().seen(packets?, now)
    }
}
