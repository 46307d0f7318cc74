//! The browser tests' hold on the page. See `page.js`.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses its own part of it")]

pub mod phone;

use js_sys::{Function, Object, Promise};
use offhook_sdk::driver::fields::{property, set};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(module = "/tests/page/page.js")]
extern "C" {
    pub fn watch();
    #[wasm_bindgen(js_name = refuseMicrophone)]
    pub fn refuse_microphone(name: &str);
    #[wasm_bindgen(js_name = holdMicrophone)]
    pub fn hold_microphone();
    #[wasm_bindgen(js_name = grantMicrophone)]
    pub fn grant_microphone();
    fn left() -> JsValue;
    #[wasm_bindgen(js_name = offerScreen)]
    pub fn offer_screen();
    #[wasm_bindgen(js_name = refuseScreen)]
    pub fn refuse_screen();
    #[wasm_bindgen(js_name = endScreen)]
    pub fn end_screen();
    #[wasm_bindgen(js_name = screensShared)]
    pub fn screens_shared() -> u32;
    #[wasm_bindgen(js_name = lastScreen)]
    pub fn last_screen() -> JsValue;
    #[wasm_bindgen(js_name = blockSound)]
    pub fn block_sound(blocked: bool);
    #[wasm_bindgen(js_name = touch)]
    pub fn touch();
    /// How many things of the page the wasm holds, by its table of them.
    pub fn held(table: &JsValue) -> u32;
    /// Has an event happen to the window.
    pub fn happen(event: &str);
    #[wasm_bindgen(js_name = listenerCount)]
    pub fn listener_count() -> i32;
    #[wasm_bindgen(js_name = failSource)]
    pub fn fail_source(name: &str);
    #[wasm_bindgen(js_name = limitDevices)]
    pub fn limit_devices(count: u32);
    #[wasm_bindgen(js_name = openMicrophone)]
    pub fn open_microphone() -> Promise;
    #[wasm_bindgen(js_name = deviceIds)]
    pub fn device_ids(kind: &str) -> Promise;
    #[wasm_bindgen(js_name = reactingPlace)]
    pub fn reacting_place(reaction: &Function) -> web_sys::Element;
    #[wasm_bindgen(js_name = connectionCount)]
    pub fn connection_count() -> u32;
    #[wasm_bindgen(js_name = lastConfiguration)]
    pub fn last_configuration() -> JsValue;
    pub fn introduce(first: u32, second: u32);
    #[wasm_bindgen(js_name = soundArrives)]
    pub fn sound_arrives(index: u32) -> Promise;
    #[wasm_bindgen(js_name = until)]
    fn until_js(condition: &Function, what: &str) -> Promise;

    pub type Sink;
    #[wasm_bindgen(constructor)]
    pub fn new() -> Sink;
    #[wasm_bindgen(method, getter)]
    pub fn sink(this: &Sink) -> Function;
    #[wasm_bindgen(method)]
    pub fn react(this: &Sink, reaction: &Function);
    #[wasm_bindgen(method)]
    pub fn count(this: &Sink) -> u32;
    #[wasm_bindgen(method)]
    pub fn statuses(this: &Sink, id: &str) -> Vec<JsValue>;
    #[wasm_bindgen(method, js_name = status)]
    fn status_js(this: &Sink, id: &str, status: &str) -> Promise;
    #[wasm_bindgen(method, js_name = state)]
    fn state_js(this: &Sink, kind: &str, state: &str) -> Promise;
    #[wasm_bindgen(method, js_name = kind)]
    fn kind_js(this: &Sink, kind: &str) -> Promise;

    #[derive(Clone)]
    pub type Relay;
    #[wasm_bindgen(constructor)]
    pub fn new() -> Relay;
    #[wasm_bindgen(method)]
    pub fn requests(this: &Relay, kind: &str) -> u32;
    #[wasm_bindgen(method, js_name = request)]
    fn request_js(this: &Relay, kind: &str) -> Promise;
    #[wasm_bindgen(method)]
    pub fn status(this: &Relay, call_id: &str, status: &str);
    #[wasm_bindgen(method)]
    pub fn invite(this: &Relay, call_id: &str) -> Promise;
    #[wasm_bindgen(method)]
    pub fn connect(this: &Relay, call_id: &str) -> Promise;
    #[wasm_bindgen(method)]
    pub fn text(this: &Relay, frame: &str);
    #[wasm_bindgen(method)]
    pub fn drop(this: &Relay);
    #[wasm_bindgen(method)]
    pub fn close(this: &Relay);
    /// Calls to it connect.
    #[wasm_bindgen(method, setter)]
    pub fn set_reachable(this: &Relay, reachable: bool);
    #[wasm_bindgen(method, js_name = silence)]
    pub fn silence(this: &Relay);
    #[wasm_bindgen(method, getter, js_name = closeCode)]
    pub fn close_code(this: &Relay) -> Option<u16>;
    #[wasm_bindgen(method, setter)]
    pub fn set_silent(this: &Relay, silent: bool);
    /// The relay's far end sends a picture.
    #[wasm_bindgen(method, setter)]
    pub fn set_video(this: &Relay, video: bool);
    /// No socket opens any more, or again.
    #[wasm_bindgen(method, setter)]
    pub fn set_gone(this: &Relay, gone: bool);
    #[wasm_bindgen(method, getter)]
    pub fn sockets(this: &Relay) -> u32;
    #[wasm_bindgen(method, getter)]
    pub fn url(this: &Relay) -> String;
    /// The reply to `resume`, beside what is always in it.
    #[wasm_bindgen(method, setter)]
    pub fn set_resumed(this: &Relay, resumed: &JsValue);
    #[wasm_bindgen(method)]
    pub fn event(this: &Relay, event: &JsValue);
    /// The relay's own offer in a call, to be answered with `sdp`.
    #[wasm_bindgen(method)]
    pub fn offer(this: &Relay, call_id: &str) -> Promise;
    /// Whether the handlers of all sockets but the last are gone.
    #[wasm_bindgen(method, js_name = oldSocketsAreDeaf)]
    pub fn old_sockets_are_deaf(this: &Relay) -> bool;
}

impl Sink {
    /// Waits for a status of a session or call, and gives its event.
    pub async fn reaches(&self, id: &str, status: &str) -> JsValue {
        JsFuture::from(self.status_js(id, status)).await.unwrap()
    }

    /// Waits for an event of that kind.
    pub async fn gets(&self, kind: &str) -> JsValue {
        JsFuture::from(self.kind_js(kind)).await.unwrap()
    }

    /// Waits for an event of that kind that tells of a state.
    pub async fn event(&self, kind: &str, state: &str) -> JsValue {
        JsFuture::from(self.state_js(kind, state)).await.unwrap()
    }

    /// The statuses told so far.
    pub fn told(&self, id: &str) -> Vec<String> {
        self.statuses(id).iter().filter_map(JsValue::as_string).collect()
    }
}

impl Relay {
    /// Waits for a request of that type.
    pub async fn gets(&self, kind: &str) -> JsValue {
        JsFuture::from(self.request_js(kind)).await.unwrap()
    }
}

/// Waits until the condition holds.
pub async fn until(what: &str, condition: impl FnMut() -> bool + 'static) {
    let condition = wasm_bindgen::closure::Closure::<dyn FnMut() -> bool>::new(condition);
    JsFuture::from(until_js(condition.as_ref().unchecked_ref(), what)).await.unwrap();
}

/// What is still open in the page: microphones, connections, sockets, elements.
pub fn still_open() -> [u32; 4] {
    let left = left();
    ["microphones", "connections", "sockets", "elements"].map(|name| property(&left, name).as_f64().unwrap() as u32)
}

/// An object with these properties.
pub fn object<const N: usize>(properties: [(&str, JsValue); N]) -> JsValue {
    let object: JsValue = Object::new().into();
    for (name, value) in properties {
        set(&object, name, value);
    }
    object
}

/// An object from its JSON text.
pub fn json(text: &str) -> JsValue {
    js_sys::JSON::parse(text).unwrap()
}

/// The options of a session of `alice` at the relay.
pub fn session_options(url: &str) -> JsValue {
    let sip = object([("login", "alice".into())]);
    object([("urlServer", url.into()), ("sipOptions", sip)])
}

/// Waits for a promise that is to be rejected, and gives the error's code and message.
pub async fn rejection(promise: Promise) -> (String, String) {
    let error = JsFuture::from(promise).await.unwrap_err();
    let text = |name| property(&error, name).as_string().unwrap_or_default();
    (text("code"), text("message"))
}

/// Waits for a promise that is to be kept.
pub async fn kept(promise: Promise) -> JsValue {
    JsFuture::from(promise).await.unwrap()
}

/// The code of an event's error.
pub fn code(event: &JsValue) -> String {
    property(&property(event, "error"), "code").as_string().unwrap_or_default()
}

/// A new `<div>` in the page.
pub fn place() -> web_sys::Element {
    let document = web_sys::window().unwrap().document().unwrap();
    let place = document.create_element("div").unwrap();
    document.document_element().unwrap().append_child(&place).unwrap();
    place
}

/// The element of that id in the page.
pub fn element(id: &str) -> Option<web_sys::Element> {
    web_sys::window().unwrap().document().unwrap().get_element_by_id(id)
}
