//! A phone in the page, with a relay that lives there too.

use super::{Relay, Sink, object, place, session_options, watch};
use offhook_sdk::driver::fields::set;
use offhook_sdk::sdk::Sdk;
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// A phone with the open session `s`.
pub struct Page {
    pub relay: Relay,
    pub sink: Sink,
    pub sdk: Rc<Sdk>,
}

impl Page {
    pub async fn new() -> Self {
        Self::with(session_options("ws://relay.test/")).await
    }

    pub async fn with(options: JsValue) -> Self {
        watch();
        let page = Self::unopened();
        page.sdk.open_session("s".into(), options).unwrap();
        page.sink.reaches("s", "ESTABLISHED").await;
        page
    }

    pub fn unopened() -> Self {
        let sink = Sink::new();
        let sdk = Rc::new(Sdk::new(sink.sink()));
        Self { relay: Relay::new(), sink, sdk }
    }

    pub fn create(&self, call_id: &str) {
        let options = object([
            ("callee", "echo".into()),
            ("localVideoDisplay", place().into()),
            ("remoteVideoDisplay", place().into()),
        ]);
        self.create_with(call_id, options);
    }

    /// The callee is added.
    pub fn create_with(&self, call_id: &str, options: JsValue) {
        set(&options, "callee", "echo");
        self.sdk.create_call("s", call_id, options).unwrap();
    }

    pub async fn call(&self, call_id: &str) {
        self.create(call_id);
        self.connect(call_id).await;
    }

    /// A connected call with these options.
    pub async fn call_with(&self, call_id: &str, options: JsValue) {
        self.create_with(call_id, options);
        self.connect(call_id).await;
    }

    async fn connect(&self, call_id: &str) {
        self.sdk.call(call_id).unwrap();
        self.sink.reaches(call_id, "ESTABLISHED").await;
    }

    /// Runs inside the delivery of each event.
    pub fn react(&self, mut reaction: impl FnMut(&Sdk, JsValue) + 'static) {
        let sdk = self.sdk.clone();
        let reaction = Closure::<dyn FnMut(JsValue)>::new(move |event| reaction(&sdk, event));
        self.sink.react(reaction.as_ref().unchecked_ref());
        reaction.forget();
    }
}
