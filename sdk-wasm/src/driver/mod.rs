//! Runs the phone's actions in a page, and tells the phone what became of them.
//!
//! No borrow is held while JavaScript runs. Whatever comes back from the page in the middle of an action only queues
//! more actions: the loop that is running already does them, in order.

pub mod balancer;
pub mod codecs;
pub mod connection;
pub mod constraints;
pub mod devices;
pub mod display;
pub mod fields;
pub mod flow;
pub mod media;
pub mod outbox;
pub mod page;
pub mod parcels;
pub mod peer;
pub mod remote;
pub mod socket;
pub mod switch;
pub mod timer;

use crate::Millis;
use crate::call::{self, MediaAction, MediaEvent};
use crate::phone::{Action, Event, Phone};
use crate::session;
use fields::property;
use js_sys::{Function, Promise};
use offhook_protocol::{CallStatus, RequestBody};
use outbox::Outbox;
use page::{Change, Page};
use parcels::Parcels;
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
    configurations: RefCell<Vec<(String, Configuration)>>,
    peers: RefCell<Vec<(String, Rc<Peer>)>>,
    outbox: Rc<Outbox>,
    parcels: Parcels,
    timer: Timer,
    _page: Option<Page>,
    running: Cell<bool>,
    me: Weak<Runtime>,
}

/// What is kept of a session's options.
struct Configuration {
    /// The `RTCConfiguration` of its calls.
    rtc: JsValue,
    /// The relay keeps the session when the page goes.
    keep_alive: bool,
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
            let news = me.clone();
            let page = Page::watch(move |change| {
                let Some(runtime) = news.upgrade() else { return };
                match change {
                    Change::Network => runtime.step(|phone, now| phone.network_changed(now)),
                    Change::Gone => runtime.leave(),
                }
            });
            Self {
                phone: RefCell::new(Phone::new((js_sys::Math::random() * 4_294_967_296.0) as u64)),
                sockets: RefCell::default(),
                configurations: RefCell::default(),
                peers: RefCell::default(),
                outbox: Outbox::new(sink),
                parcels: Parcels::default(),
                timer: Timer::new(tick),
                _page: page,
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

    /// Keeps of a session's options what its calls to come and its end need.
    pub fn configure(&self, session_id: &str, options: &JsValue) {
        let configuration = Configuration {
            rtc: property(options, "mediaOptions"),
            keep_alive: property(options, "keepAlive") == JsValue::TRUE,
        };
        self.configurations.borrow_mut().push((session_id.to_owned(), configuration));
    }

    /// Sends data or a text; the promise is settled with what the relay says to it.
    pub fn hand_over(&self, session_id: &str, body: RequestBody) -> Promise {
        let (ticket, promise) = self.parcels.expect();
        self.step(|phone, now| phone.hand_over(session_id, ticket, body, now));
        promise
    }

    /// Asks for the relay's figures of a call.
    pub fn ask_stats(&self, call_id: &str) -> Promise {
        let (ticket, promise) = self.parcels.expect();
        self.step(|phone, now| phone.ask_stats(call_id, ticket, now));
        promise
    }

    /// The page goes for good: the relay is told, by the close code, to end what nobody will come back for.
    fn leave(&self) {
        for (session_id, configuration) in self.configurations.take() {
            if !configuration.keep_alive {
                drop(take(&self.sockets, &session_id));
            }
        }
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
        let configuration = configurations.iter().find(|(id, _)| id == session_id).map(|(_, kept)| kept.rtc.clone());
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
            Action::AskBalancer { session_id, url } => self.ask_balancer(session_id, url),
            Action::Delivered { ticket, outcome } => self.parcels.delivered(ticket, outcome),
            Action::CloseSocket { session_id, resume: true } => {
                if let Some(socket) = take(&self.sockets, &session_id) {
                    socket.make_way();
                }
            }
            Action::CloseSocket { session_id, .. } => {
                drop(take(&self.configurations, &session_id));
                drop(take(&self.sockets, &session_id));
            }
            Action::Media { call_id, action } => self.act_on_media(call_id, action),
            Action::Emit(event) => {
                self.prepare(&event);
                self.outbox.put(event);
            }
            Action::Forget { call_id } => {
                if let Some(peer) = take(&self.peers, &call_id) {
                    peer.release();
                }
            }
        }
    }

    /// What the app is about to hear of needs a peer, or something of the one it has.
    fn prepare(&self, event: &Event) {
        match event {
            Event::Incoming { session_id, call_id, .. } => self.add_peer(session_id, call_id, JsValue::UNDEFINED),
            Event::Resumed { session_id, call } => self.add_peer(session_id, &call.call_id, JsValue::UNDEFINED),
            Event::Call { call_id, report: call::Report::Status(report), .. } => {
                if let Some(peer) = self.peer(call_id) {
                    peer.expect_sound(report.status == CallStatus::Established);
                }
            }
            _ => {}
        }
    }

    fn ask_balancer(&self, session_id: String, url: String) {
        let runtime = self.me.clone();
        spawn_local(async move {
            let answer = session::Input::Balanced(balancer::ask(&url).await);
            if let Some(runtime) = runtime.upgrade() {
                runtime.step(|phone, now| phone.on_session(&session_id, answer, now));
            }
        });
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
            None => self.step(|phone, now| phone.on_session(&session_id, session::Input::SocketClosed(1006), now)),
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
