//! Events on their way to the app.

use super::fields::set;
use crate::call;
use crate::failure::Failure;
use crate::phone::Event;
use crate::session;
use js_sys::{Function, Object};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

/// A queue that a microtask empties into the app's function, in order.
pub struct Outbox {
    sink: Function,
    queue: RefCell<VecDeque<Event>>,
    scheduled: Cell<bool>,
}

impl Outbox {
    /// An empty queue.
    pub fn new(sink: Function) -> Rc<Self> {
        Rc::new(Self { sink, queue: RefCell::default(), scheduled: Cell::new(false) })
    }

    /// Queues an event.
    pub fn put(self: &Rc<Self>, event: Event) {
        self.queue.borrow_mut().push_back(event);
        if !self.scheduled.replace(true) {
            let outbox = self.clone();
            spawn_local(async move { outbox.deliver() });
        }
    }

    fn deliver(&self) {
        while let Some(event) = self.next() {
            // What the app throws is the app's: it goes to the console, and the next event is delivered all the same.
            if let Err(thrown) = self.sink.call1(&JsValue::UNDEFINED, &object(event)) {
                web_sys::console::error_1(&thrown);
            }
        }
        self.scheduled.set(false);
    }

    /// A function of its own, so that the borrow ends before the app runs.
    fn next(&self) -> Option<Event> {
        self.queue.borrow_mut().pop_front()
    }
}

/// The event as the object the app's function gets.
fn object(event: Event) -> JsValue {
    let object: JsValue = Object::new().into();
    match event {
        Event::Session { session_id, report } => session_event(&object, session_id, report),
        Event::Call { session_id, call_id, report } => call_event(&object, session_id, call_id, report),
        Event::Incoming { session_id, call_id, caller, callee, visible_name, has_video } => {
            set(&object, "kind", "incoming");
            set(&object, "sessionId", session_id);
            set(&object, "callId", call_id);
            set(&object, "caller", caller);
            set(&object, "callee", callee);
            set_text(&object, "visibleName", visible_name);
            set(&object, "hasVideo", has_video);
        }
    }
    object
}

fn session_event(object: &JsValue, session_id: String, report: session::Report) {
    set(object, "sessionId", session_id);
    match report {
        session::Report::Status { status, opened, error } => {
            set(object, "kind", "session");
            set(object, "status", status.name());
            if let Some(opened) = opened {
                set(object, "login", opened.login);
                set(object, "token", opened.token.reveal());
            }
            set_failure(object, error);
        }
        session::Report::Warning(error) => warning(object, error),
    }
}

fn call_event(object: &JsValue, session_id: String, call_id: String, report: call::Report) {
    set(object, "callId", call_id);
    match report {
        call::Report::Status(report) => {
            set(object, "kind", "call");
            set(object, "status", report.status.name());
            set_status(object, report.sip_status);
            set_text(object, "info", report.info);
            set_failure(object, report.error);
        }
        call::Report::Dtmf(dtmf) => {
            set(object, "kind", "dtmf");
            set(object, "digit", dtmf.digit);
            set(object, "durationMs", dtmf.duration_ms);
        }
        call::Report::Warning(error) => {
            set(object, "sessionId", session_id);
            warning(object, error);
        }
    }
}

fn warning(object: &JsValue, error: Failure) {
    set(object, "kind", "warn");
    set_failure(object, Some(error));
}

/// A failure's properties on an object or an `Error`.
pub fn describe(object: &JsValue, failure: Failure) {
    set(object, "code", failure.code.name());
    set(object, "message", failure.message);
    set_status(object, failure.sip_status);
    set_text(object, "sipReason", failure.sip_reason);
    set_text(object, "field", failure.field);
}

fn set_failure(object: &JsValue, failure: Option<Failure>) {
    if let Some(failure) = failure {
        let error: JsValue = Object::new().into();
        describe(&error, failure);
        set(object, "error", error);
    }
}

fn set_status(object: &JsValue, sip_status: Option<u16>) {
    if let Some(status) = sip_status {
        set(object, "sipStatus", status);
    }
}

fn set_text(object: &JsValue, name: &str, text: Option<String>) {
    if let Some(text) = text {
        set(object, name, text);
    }
}
