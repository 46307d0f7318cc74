//! The page's network, and its end.

use super::fields::{property, text};
use std::cell::RefCell;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::EventTarget;

/// A function of ours that the browser calls with an event. One type for all: each costs code in the wasm and its glue.
pub type Ear = Closure<dyn FnMut(JsValue)>;

/// What can happen to a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its network is another one, or is there again.
    Network,
    /// It is closed, reloaded or left.
    Gone,
}

/// Ears for all that. Dropping it takes them off.
pub struct Page {
    ears: Vec<(EventTarget, &'static str)>,
    heard: Ear,
}

impl Page {
    /// Begins to listen. `None` where there is no window.
    pub fn watch(news: impl Fn(Change) + 'static) -> Option<Self> {
        let window = web_sys::window()?;
        // The Network Information API, where a browser has it. It speaks up whenever its guess of the speed changes: only
        // another kind of network counts.
        let network = property(&window.navigator(), "connection");
        let network = network.is_object().then(|| network.unchecked_into::<EventTarget>());
        let kind = RefCell::new(network.as_ref().map(|network| text(network, "type")));
        let watched = network.clone();
        let heard = Ear::new(move |event: JsValue| match text(&event, "type").as_str() {
            "online" => news(Change::Network),
            // A page that the browser keeps comes back, and finds its session.
            "pagehide" if property(&event, "persisted").is_falsy() => news(Change::Gone),
            "change" => {
                let now = watched.as_ref().map(|network| text(network, "type"));
                let before = kind.replace(now.clone());
                if before != now && now.is_some_and(|now| now != "none") {
                    news(Change::Network);
                }
            }
            _ => {}
        });
        let window: EventTarget = window.into();
        let mut ears = vec![(window.clone(), "online"), (window, "pagehide")];
        ears.extend(network.map(|network| (network, "change")));
        for (target, event) in &ears {
            listen(target, event, &heard, true);
        }
        Some(Self { ears, heard })
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        for (target, event) in &self.ears {
            listen(target, event, &self.heard, false);
        }
    }
}

/// Begins to listen, before anything in the page can stop the event, or no longer does.
pub fn listen(target: &EventTarget, event: &str, heard: &Ear, begin: bool) {
    let heard = heard.as_ref().unchecked_ref();
    let _done = if begin {
        target.add_event_listener_with_callback_and_bool(event, heard, true)
    } else {
        target.remove_event_listener_with_callback_and_bool(event, heard, true)
    };
}
