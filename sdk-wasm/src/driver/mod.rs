//! Runs the phone's actions in a page, and tells the phone what became of them.
//!
//! No borrow is held while JavaScript runs. Whatever comes back from the page in the middle of an action only queues
//! more actions: the loop that is running already does them, in order.

pub mod connection;
pub mod display;
pub mod fields;
pub mod media;
pub mod outbox;
pub mod peer;
pub mod socket;
pub mod timer;

use crate::Millis;
use crate::call::{MediaAction, MediaEvent};
use crate::phone::{Action, Event, Phone};
use crate::session;
use js_sys::Function;
use outbox::Outbox;
use peer::Peer;
use socket::Socket;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use timer::Timer;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

/// The phone and everything of the page that it has in use.
pub struct Runtime {
    phone: RefCell<Phone>,
    sockets: RefCell<Vec<(String, Socket)>>,
    /// Each session's `mediaOptions`.
    configurations: RefCell<Vec<(String, JsValue)>>,
    peers: RefCell<Vec<(String, Rc<Peer>)>>,
    outbox: Rc<Outbox>,
    timer: Timer,
    running: Cell<bool>,
    me: Weak<Runtime>,
}

impl Runtime {
    /// A phone without sessions, whose events go to `sink`.
    pub fn new(sink: Function) -> Rc<Self> {
        Rc::new_cyclic(|me: &Weak<Self>| {
            let wake = me.clone();
            let tick = move || {
                if let Some(runtime) = wake.upgrade() {
                    runtime.step(|phone, now| phone.tick(now));
                }
            };
            Self {
                phone: RefCell::default(),
                sockets: RefCell::default(),
                configurations: RefCell::default(),
                peers: RefCell::default(),
                outbox: Outbox::new(sink),
                timer: Timer::new(tick),
                running: Cell::new(false),
                me: me.clone(),
            }
        })
    }

    /// Changes the phone, then does what it wants done.
    pub fn step<T>(&self, change: impl FnOnce(&mut Phone, Millis) -> T) -> T {
        let now = timer::now();
        let result = change(&mut self.phone.borrow_mut(), now);
        self.run();
        result
    }

    /// Reads the phone.
    pub fn read<T>(&self, read: impl FnOnce(&Phone) -> T) -> T {
        read(&self.phone.borrow())
    }

    /// The browser's side of a call.
    pub fn peer(&self, call_id: &str) -> Option<Rc<Peer>> {
        self.peers.borrow().iter().find(|(id, _)| id == call_id).map(|(_, peer)| peer.clone())
    }

    /// Keeps the `RTCConfiguration` for the calls of a session to come.
    pub fn configure(&self, session_id: &str, configuration: JsValue) {
        self.configurations.borrow_mut().push((session_id.to_owned(), configuration));
    }

    /// Makes ready for a call's media. The app's options say where to show it and what to ask of the browser.
    pub fn add_peer(&self, session_id: &str, call_id: &str, options: JsValue) {
        let runtime = self.me.clone();
        let id = call_id.to_owned();
        let news = move |event| {
            if let Some(runtime) = runtime.upgrade() {
                runtime.step(|phone, now| phone.on_media(&id, event, now));
            }
        };
        let configurations = self.configurations.borrow();
        let configuration = configurations.iter().find(|(id, _)| id == session_id).map(|(_, options)| options.clone());
        let peer = Peer::new(call_id, configuration.unwrap_or_default(), options, news);
        self.peers.borrow_mut().push((call_id.to_owned(), peer));
    }

    fn run(&self) {
        if self.running.replace(true) {
            return;
        }
        while let Some(action) = self.next() {
            self.act(action);
        }
        self.running.set(false);
        self.timer.set(self.phone.borrow().deadline());
    }

    /// A function of its own, so that the borrow ends before the action begins.
    fn next(&self) -> Option<Action> {
        self.phone.borrow_mut().poll()
    }

    fn act(&self, action: Action) {
        match action {
            Action::OpenSocket { session_id, url } => self.open_socket(session_id, &url),
            Action::Send { session_id, request } => {
                let socket = self.sockets.borrow().iter().find(|(id, _)| *id == session_id).map(|(_, s)| s.handle());
                if let Some(socket) = socket {
                    socket::send(&socket, &request.encode());
                }
            }
            Action::CloseSocket { session_id } => {
                drop(take(&self.configurations, &session_id));
                drop(take(&self.sockets, &session_id));
            }
            Action::Media { call_id, action } => self.act_on_media(call_id, action),
            Action::Emit(event) => {
                if let Event::Incoming { session_id, call_id, .. } = &event {
                    self.add_peer(session_id, call_id, JsValue::UNDEFINED);
                }
                self.outbox.put(event);
            }
            Action::Forget { call_id } => {
                if let Some(peer) = take(&self.peers, &call_id) {
                    peer.release();
                }
            }
        }
    }

    fn open_socket(&self, session_id: String, url: &str) {
        let runtime = self.me.clone();
        let id = session_id.clone();
        let news = move |input: session::Input| {
            if let Some(runtime) = runtime.upgrade() {
                runtime.step(|phone, now| phone.on_session(&id, input, now));
            }
        };
        match Socket::open(url, news) {
            Some(socket) => self.sockets.borrow_mut().push((session_id, socket)),
            None => self.step(|phone, now| phone.on_session(&session_id, session::Input::SocketClosed, now)),
        }
    }

    fn act_on_media(&self, call_id: String, action: MediaAction) {
        let Some(peer) = self.peer(&call_id) else { return };
        if action == MediaAction::Release {
            return peer.release();
        }
        let runtime = self.me.clone();
        spawn_local(async move {
            let event = peer.act(action).await.unwrap_or_else(MediaEvent::Failed);
            if let Some(runtime) = runtime.upgrade() {
                runtime.step(|phone, now| phone.on_media(&call_id, event, now));
            }
        });
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        for (_, peer) in self.peers.take() {
            peer.release();
        }
    }
}

/// Takes an entry out, so that its end runs without a borrow.
fn take<T>(entries: &RefCell<Vec<(String, T)>>, id: &str) -> Option<T> {
    let mut entries = entries.borrow_mut();
    let index = entries.iter().position(|(key, _)| key == id)?;
    Some(entries.swap_remove(index).1)
}
