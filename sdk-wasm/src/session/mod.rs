//! One session with the relay, from PENDING to its end, without a browser.
//!
//! It opens the WebSocket, says hello, opens the account, follows its registration, and gives each call the replies and
//! events that are its own. A socket that is lost later is replaced: the session is taken back, requests made meanwhile
//! are sent, and every event is passed on once and in order. Every wait has a deadline. The end comes once: first the
//! calls hear of it, then the app.

mod claim;
mod events;
mod link;
mod port;
mod requests;
mod status;
#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;
mod watch;

pub use port::{Input, Opened, Output, Report};
pub use status::Status;

use crate::Millis;
use crate::account::Account;
use crate::call;
use crate::clock::earlier;
use crate::failure::{Code, Failure};
use crate::queue::Queue;
use link::{Link, Stage};
use offhook_protocol::compact::Message;
use offhook_protocol::reply::{Outcome, Reply, ReplyBody};
use offhook_protocol::request::{Close, Hello};
use offhook_protocol::{ErrorCode, RequestBody, Secret};
use requests::{Asked, Requests};

/// How long the relay may take to confirm the end.
const CLOSE: Millis = 5_000;
/// The close code of a socket whose session was resumed on another one (docs/protocol.md).
const TAKEN_OVER: u16 = 4001;

/// A session's state machine.
#[derive(Debug)]
pub struct Session {
    id: String,
    account: Account,
    /// Where the relay is: the account's URL, or what the balancer made of it.
    url: String,
    status: Status,
    /// The app has closed the session.
    closing: bool,
    /// Until when the relay has to confirm that.
    closed_by: Option<Millis>,
    /// Until when the registration has to be there.
    registered_by: Option<Millis>,
    /// It was open before and is opened anew: a registration that does not come at once does not end it.
    reopened: bool,
    /// Takes the session back, once it is open.
    token: Option<Secret>,
    /// How long the relay keeps the session without a socket.
    grace: Millis,
    /// The sequence number of the last event that was passed on.
    seen: u64,
    link: Link,
    requests: Requests,
    outputs: Queue<Output>,
}

impl Session {
    /// A session that begins to open. `seed` is any number, another one for each session of each page.
    pub fn open(id: String, account: Account, seed: u64, now: Millis) -> Self {
        let mut session = Self {
            id,
            url: account.url.clone(),
            link: Link::new(account.link.clone(), seed, now),
            account,
            status: Status::Pending,
            closing: false,
            closed_by: None,
            registered_by: None,
            reopened: false,
            token: None,
            grace: 0,
            seen: 0,
            requests: Requests::default(),
            outputs: Queue::default(),
        };
        session.connect(now);
        session
    }

    /// The session's id in the app.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The status the app sees.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Whether calls can be made.
    pub fn is_usable(&self) -> bool {
        self.status.is_open() && !self.closing
    }

    /// Whether the relay can be reached at the moment.
    pub fn is_up(&self) -> bool {
        self.link.is_up()
    }

    /// When [`Input::Tick`] is due.
    pub fn deadline(&self) -> Option<Millis> {
        if self.status.is_terminal() {
            return None;
        }
        let link = self.link.due(self.grace).map(|(at, _)| at);
        earlier(earlier(link, self.requests.deadline()), earlier(self.closed_by, self.registered_by))
    }

    /// The next thing to be done.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop()
    }

    /// Ends the session: its calls at once, the registration by the relay. `keep` leaves session and registration to
    /// the relay for the keep-alive time.
    pub fn close(&mut self, keep: bool, now: Millis) {
        if self.closing || self.status.is_terminal() {
            return;
        }
        if !self.link.is_up() {
            return self.end(Status::Disconnected, None);
        }
        self.closing = true;
        self.registered_by = None;
        self.outputs.push(Output::Calls(call::Notice::Ended(None)));
        self.request(RequestBody::Close(Close { keep }), now);
        self.closed_by = Some(now.saturating_add(CLOSE));
    }

    /// Asks to hand something to somebody: data or a text. What the relay says to that comes once, as
    /// [`Output::Delivered`].
    pub fn hand_over(&mut self, ticket: u32, body: RequestBody, now: Millis) {
        self.ask(Asked::Data(ticket), body, now);
    }

    /// Sends a request and follows it to its reply. Without a connection it waits for one.
    pub fn request(&mut self, body: RequestBody, now: Millis) {
        self.ask(Asked::of(&body), body, now);
    }

    /// Takes in what happened. After the end nothing changes any more.
    pub fn handle(&mut self, input: Input, now: Millis) {
        if self.status.is_terminal() {
            return;
        }
        match input {
            Input::SocketOpened => self.on_socket_open(now),
            Input::SocketClosed(code) => self.on_socket_close(code, now),
            Input::Balanced(balanced) => {
                if self.link.stage() == Stage::Balancing {
                    self.url = balanced.map_or(self.url.clone(), |balanced| self.account.url_at(&balanced));
                    self.open_socket(now);
                }
            }
            Input::NetworkChanged => self.on_network_change(now),
            Input::Frame(message) => {
                self.link.heard(now);
                match message {
                    Message::Reply(reply) => self.on_reply(reply, now),
                    Message::Event(event) => self.on_event(event.seq, Some(event.body), now),
                    Message::Later(seq) => self.on_event(seq, None, now),
                    Message::Unknown => {}
                }
            }
            Input::Tick => self.on_tick(now),
        }
    }

    fn connect(&mut self, now: Millis) {
        match self.link.balancer().cloned() {
            Some(balancer) => {
                self.link.enter(Stage::Balancing, now);
                self.outputs.push(Output::AskBalancer(balancer));
            }
            None => self.open_socket(now),
        }
    }

    fn open_socket(&mut self, now: Millis) {
        self.link.enter(Stage::Opening, now);
        self.outputs.push(Output::OpenSocket(self.url.clone()));
    }

    fn on_socket_open(&mut self, now: Millis) {
        if self.link.stage() != Stage::Opening {
            return;
        }
        self.link.enter(Stage::Claiming, now);
        if self.status == Status::Pending {
            self.reach(Status::Connected, None);
        }
        let client = concat!("offhook-sdk/", env!("CARGO_PKG_VERSION")).to_owned();
        self.request(RequestBody::Hello(Hello { version: offhook_protocol::VERSION, client }), now);
    }

    fn on_socket_close(&mut self, code: u16, now: Millis) {
        let failure = match self.status {
            _ if code == TAKEN_OVER => {
                let failure = Failure::new(Code::RelayLost, "The session was taken over by another page.");
                return self.end(Status::Disconnected, Some(failure));
            }
            Status::Pending => unreachable_relay(),
            _ => Failure::relay_lost(),
        };
        self.lose(failure, now);
    }

    /// The way to the relay may be another one now: whatever waits is tried at once, and what seems to be there is put
    /// to the test.
    fn on_network_change(&mut self, now: Millis) {
        match self.link.stage() {
            Stage::Up => self.probe(now),
            Stage::Waiting => self.connect(now),
            _ if self.link.is_lost() => {
                self.drop_socket();
                self.connect(now);
            }
            _ => {}
        }
    }

    fn on_reply(&mut self, reply: Reply, now: Millis) {
        let Some(asked) = reply.id.and_then(|id| self.requests.replied(id)) else { return };
        let result = match reply.outcome {
            Outcome::Result(result) => result,
            Outcome::Error(failure) => return self.refused(asked, failure.into(), now),
        };
        match (asked, result) {
            (Asked::Hello, _) => self.claim(now),
            (Asked::Open, ReplyBody::Session(opened)) => self.on_open(opened, now),
            (Asked::Resume, ReplyBody::Session(opened)) if self.token.is_none() => self.on_open(opened, now),
            (Asked::Resume, ReplyBody::Session(opened)) => self.on_resume(opened, now),
            (Asked::Open | Asked::Resume, _) => {
                let sentence = "The relay's answer could not be understood. Its version may be another.";
                let failure = Failure::new(Code::Relay(ErrorCode::VersionUnsupported), sentence);
                self.give_up(failure, now);
            }
            (Asked::Close, _) => self.end(Status::Disconnected, None),
            (Asked::Data(ticket), ReplyBody::Stats(stats)) => {
                self.outputs.push(Output::Delivered { ticket, outcome: Ok(Some(stats.stats.0)) });
            }
            (asked, _) => self.settle(asked, Ok(())),
        }
    }

    fn refused(&mut self, asked: Asked, failure: Failure, now: Millis) {
        match asked {
            Asked::Hello | Asked::Open | Asked::Resume => self.refuse_claim(&asked, failure, now),
            Asked::Close => self.end(Status::Disconnected, None),
            asked => self.settle(asked, Err(failure)),
        }
    }

    /// Tells whoever asked what came of it.
    fn settle(&mut self, asked: Asked, outcome: Result<(), Failure>) {
        match asked {
            Asked::Call { call_id, ask } => self.inform_call(call_id, call::Input::Replied(ask, outcome)),
            Asked::Data(ticket) => {
                self.outputs.push(Output::Delivered { ticket, outcome: outcome.map(|()| None) });
            }
            Asked::Nothing => {
                if let Err(failure) = outcome {
                    self.outputs.push(Output::Emit(Report::Warning(failure)));
                }
            }
            _ => {}
        }
    }

    fn ask(&mut self, asked: Asked, body: RequestBody, now: Millis) {
        if self.status.is_terminal() {
            return self.settle(asked, Err(Failure::relay_lost()));
        }
        let kept = if self.link.is_up() || !asked.outlives_the_socket() {
            self.requests.send(asked, body, now).map(|request| self.outputs.push(Output::Send(request)))
        } else {
            self.requests.queue(asked, body)
        };
        if let Err(asked) = kept {
            let sentence = "Too many requests wait for the relay's reply.";
            self.refused(asked, Failure::new(Code::Relay(ErrorCode::LimitReached), sentence), now);
        }
    }

    fn inform_call(&mut self, call_id: String, input: call::Input) {
        self.outputs.push(Output::Call(call_id, input));
    }

    fn reach(&mut self, status: Status, opened: Option<Opened>) {
        self.status = status;
        self.outputs.push(Output::Emit(Report::Status { status, opened, error: None }));
    }

    /// The connection is gone: a session that is open gets another, if it may.
    fn lose(&mut self, failure: Failure, now: Millis) {
        if self.closing {
            return self.end(Status::Disconnected, None);
        }
        if !self.status.is_open() {
            return self.end(Status::Failed, Some(failure));
        }
        if !self.link.may_retry() {
            return self.end(Status::Disconnected, Some(failure));
        }
        self.drop_socket();
        if self.link.lost(now) {
            self.outputs.push(Output::Emit(Report::ConnectionLost(failure)));
            self.outputs.push(Output::Calls(call::Notice::RelayLost));
        }
    }

    fn drop_socket(&mut self) {
        self.requests.hold();
        self.outputs.push(Output::CloseSocket { resume: true });
    }

    /// Ends a session that the relay has open. It is told, lest it keep what nobody will come back for.
    fn give_up(&mut self, failure: Failure, now: Millis) {
        let close = RequestBody::Close(Close { keep: false });
        if let Ok(close) = self.requests.send(Asked::Close, close, now) {
            self.outputs.push(Output::Send(close));
        }
        let status = if self.link.is_lost() { Status::Disconnected } else { Status::Failed };
        self.end(status, Some(failure));
    }

    fn end(&mut self, status: Status, error: Option<Failure>) {
        if self.status.is_terminal() {
            return;
        }
        self.status = status;
        self.abandon_requests();
        self.outputs.push(Output::Calls(call::Notice::Ended(error.clone())));
        self.outputs.push(Output::CloseSocket { resume: false });
        self.outputs.push(Output::Emit(Report::Status { status, opened: None, error }));
    }

    /// Those of calls end with their calls; those who sent data are told.
    fn abandon_requests(&mut self) {
        while let Some(asked) = self.requests.abandon() {
            if let Asked::Data(ticket) = asked {
                self.outputs.push(Output::Delivered { ticket, outcome: Err(Failure::relay_lost()) });
            }
        }
    }
}

fn unreachable_relay() -> Failure {
    let sentence = "The relay could not be reached. Check its address and that it is running.";
    Failure::new(Code::RelayUnreachable, sentence)
}
