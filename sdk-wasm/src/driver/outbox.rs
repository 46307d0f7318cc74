//! Events on their way to the app.

use super::fields::{describe, set};
use crate::call;
use crate::failure::Failure;
use crate::phone::Event;
use crate::queue::Queue;
use crate::session;
use js_sys::{Array, Function, Object};
use offhook_protocol::{Diversion, Header, Secret};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

/// A queue that a microtask empties into the app's function, in order.
pub struct Outbox {
    sink: Function,
    queue: RefCell<Queue<JsValue>>,
    scheduled: Cell<bool>,
}

impl Outbox {
    /// An empty queue.
    pub fn new(sink: Function) -> Rc<Self> {
        Rc::new(Self { sink, queue: RefCell::default(), scheduled: Cell::new(false) })
    }

    /// Queues an event.
    pub fn put(self: &Rc<Self>, event: Event) {
        let event = object(&event);
        self.queue.borrow_mut().push(event);
        if !self.scheduled.replace(true) {
            let outbox = self.clone();
            spawn_local(async move { outbox.deliver() });
        }
    }

    fn deliver(&self) {
        while let Some(event) = self.next() {
            // What the app throws is the app's: it goes to the console, and the next event is delivered all the same.
            if let Err(thrown) = self.sink.call1(&JsValue::UNDEFINED, &event) {
                web_sys::console::error_1(&thrown);
            }
        }
        self.scheduled.set(false);
    }

    /// A function of its own, so that the borrow ends before the app runs.
    fn next(&self) -> Option<JsValue> {
        self.queue.borrow_mut().pop()
    }
}

/// The event as the object the app's function gets.
fn object(event: &Event) -> JsValue {
    let told = Told(Object::new().into());
    match event {
        Event::Session { session_id, report } => {
            told.text("sessionId", session_id);
            told.session(report);
        }
        Event::Call { session_id, call_id, report } => {
            told.text("callId", call_id);
            told.call(session_id, report);
        }
        Event::Incoming {
            session_id,
            call_id,
            caller,
            callee,
            visible_name,
            has_video,
            diversions,
            headers,
            custom,
        } => {
            told.text("kind", "incoming");
            told.text("sessionId", session_id);
            told.text("callId", call_id);
            told.parties(caller, callee, visible_name.as_deref(), *has_video);
            told.diversions(diversions);
            told.headers(headers);
            told.optional("custom", custom.as_ref().map(Secret::reveal));
        }
        Event::Resumed { session_id, call } => {
            told.text("kind", "resumed");
            told.text("sessionId", session_id);
            told.text("callId", &call.call_id);
            told.value("incoming", call.incoming.into());
            told.parties(&call.caller, &call.callee, call.visible_name.as_deref(), call.has_video);
            told.text("status", call.status.name());
            told.diversions(&call.diversions);
            told.headers(&call.headers);
        }
    }
    told.0
}

/// An event on its way to becoming an object.
struct Told(JsValue);

impl Told {
    fn session(&self, report: &session::Report) {
        match report {
            session::Report::Status { status, opened, error } => {
                self.text("kind", "session");
                self.text("status", status.name());
                if let Some(opened) = opened {
                    self.text("login", &opened.login);
                    self.text("token", opened.token.reveal());
                    self.whole("keepAliveMs", opened.keep_alive_ms);
                }
                self.error(error.as_ref());
            }
            session::Report::ConnectionLost(error) => {
                self.text("kind", "connection");
                self.text("state", "lost");
                self.error(Some(error));
            }
            session::Report::ConnectionRestored => {
                self.text("kind", "connection");
                self.text("state", "restored");
            }
            session::Report::AppData(data) => {
                self.text("kind", "appData");
                self.text("payload", data.payload.reveal());
                self.optional("from", data.from.as_deref());
                self.optional("callId", data.call_id.as_deref());
            }
            session::Report::Message(message) => {
                self.text("kind", "message");
                self.text("from", &message.from);
                self.optional("visibleName", message.visible_name.as_deref());
                self.text("text", message.text.reveal());
            }
            session::Report::MessageStatus(status) => {
                self.text("kind", "messageStatus");
                self.text("messageId", &status.message_id);
                self.error(status.error.clone().map(Failure::from).as_ref());
            }
            session::Report::MessageWaiting(waiting) => {
                self.text("kind", "messageWaiting");
                self.value("waiting", waiting.waiting.into());
                self.whole("newMessages", waiting.new);
                self.whole("oldMessages", waiting.old);
            }
            session::Report::Debug(enabled) => {
                self.text("kind", "debug");
                self.value("enabled", (*enabled).into());
            }
            session::Report::Warning(error) => self.warning(error),
        }
    }

    fn call(&self, session_id: &str, report: &call::Report) {
        match report {
            call::Report::Status(report) => {
                self.text("kind", "call");
                self.text("status", report.status.name());
                self.sip(report.sip_status, report.sip_reason.as_deref());
                self.optional("info", report.info.as_deref());
                self.error(report.error.as_ref());
                self.headers(&report.headers);
            }
            call::Report::Transfer(transfer) => {
                self.text("kind", "transfer");
                self.text("status", transfer.status.name());
                self.text("target", &transfer.target);
                self.sip(transfer.sip_status, transfer.sip_reason.as_deref());
                self.error(transfer.error.clone().map(Failure::from).as_ref());
            }
            call::Report::Party(party) => {
                self.text("kind", "party");
                self.text("user", &party.user);
                self.optional("displayName", party.display_name.as_deref());
            }
            call::Report::Quality(quality) => {
                self.text("kind", "quality");
                self.text("quality", &quality.0);
            }
            call::Report::Media(repair) => {
                self.text("kind", "media");
                self.text("state", repair.name());
            }
            call::Report::Dtmf(dtmf) => {
                self.text("kind", "dtmf");
                self.text("digit", &dtmf.digit);
                self.value("durationMs", dtmf.duration_ms.into());
            }
            call::Report::Warning(error) => {
                self.text("sessionId", session_id);
                self.warning(error);
            }
        }
    }

    fn parties(&self, caller: &str, callee: &str, visible_name: Option<&str>, has_video: bool) {
        self.text("caller", caller);
        self.text("callee", callee);
        self.optional("visibleName", visible_name);
        self.value("hasVideo", has_video.into());
    }

    fn warning(&self, error: &Failure) {
        self.text("kind", "warn");
        self.error(Some(error));
    }

    fn error(&self, failure: Option<&Failure>) {
        if let Some(failure) = failure {
            let error: JsValue = Object::new().into();
            describe(&error, failure);
            self.value("error", error);
        }
    }

    fn sip(&self, status: Option<u16>, reason: Option<&str>) {
        if let Some(status) = status {
            self.value("sipStatus", status.into());
        }
        self.optional("sipReason", reason);
    }

    fn diversions(&self, diversions: &[Diversion]) {
        if diversions.is_empty() {
            return;
        }
        let list = Array::new();
        for diversion in diversions {
            let item = Self(Object::new().into());
            item.text("user", &diversion.user);
            item.optional("displayName", diversion.display_name.as_deref());
            item.optional("reason", diversion.reason.as_deref());
            item.whole("counter", diversion.counter);
            list.push(&item.0);
        }
        self.value("diversions", list.into());
    }

    fn headers(&self, headers: &[Header]) {
        if headers.is_empty() {
            return;
        }
        let list = Array::new();
        for header in headers {
            let item = Self(Object::new().into());
            item.text("name", &header.name);
            item.text("value", &header.value);
            list.push(&item.0);
        }
        self.value("headers", list.into());
    }

    fn optional(&self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn whole(&self, name: &str, number: Option<u32>) {
        if let Some(number) = number {
            self.value(name, number.into());
        }
    }

    fn text(&self, name: &str, text: &str) {
        self.value(name, text.into());
    }

    fn value(&self, name: &str, value: JsValue) {
        set(&self.0, name, value);
    }
}
