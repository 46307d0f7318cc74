//! A WebSocket that speaks `offhook.v1`.

use super::fields::{JsFields, property, set, text};
use super::page::Ear;
use crate::session::Input;
use offhook_protocol::compact::Message;
use wasm_bindgen::JsValue;
use web_sys::WebSocket;

/// "Normal closure" (RFC 6455 section 7.4.1). Without it the relay takes the socket for lost, and keeps the session, and
/// its registration, for a browser that will not come back.
const NORMAL: u16 = 1000;
/// For private use (RFC 6455 section 7.4.2): the session will be taken back on another socket.
const RESUMING: u16 = 4000;

/// The handlers that are set. An error event says nothing and is always followed by a close event.
const HEARD: [&str; 3] = ["onopen", "onmessage", "onclose"];

/// An open or opening WebSocket. Dropping it closes it for good, and nothing is heard of it any more.
pub struct Socket {
    socket: WebSocket,
    code: u16,
    _heard: Ear,
}

impl Socket {
    /// Begins to open it. `None` when the browser refuses the URL, such as `ws:` in a page that came over HTTPS.
    pub fn open(url: &str, news: impl Fn(Input) + 'static) -> Option<Self> {
        let socket = WebSocket::new_with_str(url, offhook_protocol::SUBPROTOCOL).ok()?;
        let heard = Ear::new(move |event: JsValue| {
            news(match text(&event, "type").as_str() {
                "open" => Input::SocketOpened,
                "message" => Input::Frame(read(&event)),
                _ => Input::SocketClosed(property(&event, "code").as_f64().unwrap_or_default() as u16),
            });
        });
        for event in HEARD {
            set(&socket, event, heard.as_ref());
        }
        Some(Self { socket, code: NORMAL, _heard: heard })
    }

    /// Closes it in favour of another one.
    pub fn make_way(mut self) {
        self.code = RESUMING;
    }

    /// The browser's object, to be used without holding this one.
    pub fn handle(&self) -> WebSocket {
        self.socket.clone()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        for event in HEARD {
            set(&self.socket, event, JsValue::NULL);
        }
        let _closing = self.socket.close_with_code(self.code);
    }
}

/// Sends a text frame. On a socket that is closing the frame is dropped by the browser, and the close event follows.
pub fn send(socket: &WebSocket, frame: &str) {
    let _sent = socket.send_with_str(frame);
}

/// A frame that is not JSON is no message.
fn read(event: &JsValue) -> Message {
    js_sys::JSON::parse(&text(event, "data")).map_or(Message::Unknown, |object| Message::read(&JsFields(object)))
}
