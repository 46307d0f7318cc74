//! The page's network, and its end.

use super::fields::{property, text};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventTarget};

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
    heard: Closure<dyn FnMut(Event)>,
}

impl Page {
    /// Begins to listen. `None` where there is no window.
    pub fn watch(news: impl Fn(Change) + 'static) -> Option<Self> {
        let window = web_sys::window()?;
        // The Network Information API, where a browser has it. It speaks up whenever its guess of the speed changes: only
        // another kind of network counts.
        let network = property(&window.navigator(), "connection").dyn_into::<EventTarget>().ok();
        let kind = RefCell::new(network.as_ref().map(|network| text(network, "type")));
        let watched = network.clone();
        let heard = Closure::<dyn FnMut(Event)>::new(move |event: Event| match event.type_().as_str() {
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
        let window: Rc<EventTarget> = Rc::new(window.into());
        let mut ears = vec![(EventTarget::clone(&window), "online"), (EventTarget::clone(&window), "pagehide")];
        ears.extend(network.map(|network| (network, "change")));
        for (target, event) in &ears {
            let _added = target.add_event_listener_with_callback(event, heard.as_ref().unchecked_ref());
        }
        Some(Self { ears, heard })
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        for (target, event) in &self.ears {
            let _removed = target.remove_event_listener_with_callback(event, self.heard.as_ref().unchecked_ref());
        }
    }
}
