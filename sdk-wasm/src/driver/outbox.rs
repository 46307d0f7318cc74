//! Events on their way to the app.

use super::fields::{describe, set};
use crate::call;
use crate::failure::Failure;
use crate::phone::Event;
use crate::session;
use js_sys::{Array, Function, Object};
use offhook_protocol::Header;
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
        Event::Incoming { session_id, call_id, caller, callee, visible_name, has_video, headers, custom } => {
            set(&object, "kind", "incoming");
            set(&object, "sessionId", session_id);
            set(&object, "callId", call_id);
            set(&object, "caller", caller);
            set(&object, "callee", callee);
            set_text(&object, "visibleName", visible_name);
            set(&object, "hasVideo", has_video);
            set_headers(&object, headers);
            set_text(&object, "custom", custom.map(|custom| custom.reveal().to_owned()));
        }
        Event::Resumed { session_id, call } => {
            set(&object, "kind", "resumed");
            set(&object, "sessionId", session_id);
            set(&object, "callId", call.call_id);
            set(&object, "incoming", call.incoming);
            set(&object, "caller", call.caller);
            set(&object, "callee", call.callee);
            set_text(&object, "visibleName", call.visible_name);
            set(&object, "hasVideo", call.has_video);
            set(&object, "status", call.status.name());
            set_headers(&object, call.headers);
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
                if let Some(keep_alive) = opened.keep_alive_ms {
                    set(object, "keepAliveMs", keep_alive);
                }
            }
            set_failure(object, error);
        }
        session::Report::ConnectionLost(error) => {
            set(object, "kind", "connection");
            set(object, "state", "lost");
            set_failure(object, Some(error));
        }
        session::Report::ConnectionRestored => {
            set(object, "kind", "connection");
            set(object, "state", "restored");
        }
        session::Report::AppData(data) => {
            set(object, "kind", "appData");
            set(object, "payload", data.payload.reveal());
            set_text(object, "from", data.from);
            set_text(object, "callId", data.call_id);
        }
        session::Report::Debug(enabled) => {
            set(object, "kind", "debug");
            set(object, "enabled", enabled);
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
            set_text(object, "sipReason", report.sip_reason);
            set_text(object, "info", report.info);
            set_failure(object, report.error);
            set_headers(object, report.headers);
        }
        call::Report::Transfer(transfer) => {
            set(object, "kind", "transfer");
            set(object, "status", transfer.status.name());
            set(object, "target", transfer.target);
            set_status(object, transfer.sip_status);
            set_text(object, "sipReason", transfer.sip_reason);
            set_failure(object, transfer.error.map(Failure::from));
        }
        call::Report::Party(party) => {
            set(object, "kind", "party");
            set(object, "user", party.user);
            set_text(object, "displayName", party.display_name);
        }
        call::Report::Media(repair) => {
            set(object, "kind", "media");
            set(object, "state", repair.name());
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

fn set_failure(object: &JsValue, failure: Option<Failure>) {
    if let Some(failure) = failure {
        let error: JsValue = Object::new().into();
        describe(&error, failure);
        set(object, "error", error);
    }
}

fn set_headers(object: &JsValue, headers: Vec<Header>) {
    if headers.is_empty() {
        return;
    }
    let list = Array::new();
    for header in headers {
        let item: JsValue = Object::new().into();
        set(&item, "name", header.name);
        set(&item, "value", header.value);
        list.push(&item);
    }
    set(object, "headers", list);
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
