//! A WebSocket that speaks `offhook.v1`.

use super::fields::JsFields;
use crate::session::Input;
use offhook_protocol::compact::Message;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{CloseEvent, MessageEvent, WebSocket};

/// "Normal closure" (RFC 6455 section 7.4.1). Without it the relay takes the socket for lost, and keeps the session, and
/// its registration, for a browser that will not come back.
const NORMAL: u16 = 1000;
/// For private use (RFC 6455 section 7.4.2): the session will be taken back on another socket.
const RESUMING: u16 = 4000;

/// An open or opening WebSocket. Dropping it closes it for good, and nothing is heard of it any more.
pub struct Socket {
    socket: WebSocket,
    code: u16,
    _opened: Closure<dyn FnMut()>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _closed: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// Begins to open it. `None` when the browser refuses the URL, such as `ws:` in a page that came over HTTPS.
    pub fn open(url: &str, news: impl Fn(Input) + 'static) -> Option<Self> {
        let socket = WebSocket::new_with_str(url, offhook_protocol::SUBPROTOCOL).ok()?;
        let news = Rc::new(news);
        let opened = {
            let news = news.clone();
            Closure::<dyn FnMut()>::new(move || news(Input::SocketOpened))
        };
        let message = {
            let news = news.clone();
            Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| news(Input::Frame(read(&event))))
        };
        let closed =
            Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| news(Input::SocketClosed(event.code())));
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        // An error event says nothing and is always followed by a close event.
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
        Some(Self { socket, code: NORMAL, _opened: opened, _message: message, _closed: closed })
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
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _closing = self.socket.close_with_code(self.code);
    }
}

/// Sends a text frame. On a socket that is closing the frame is dropped by the browser, and the close event follows.
pub fn send(socket: &WebSocket, frame: &str) {
    let _sent = socket.send_with_str(frame);
}

/// A frame that is not JSON is no message.
fn read(event: &MessageEvent) -> Message {
    let text = event.data().as_string().unwrap_or_default();
    js_sys::JSON::parse(&text).map_or(Message::Unknown, |object| Message::read(&JsFields(object)))
}
