//! The same messages without serde, for the browser.
//!
//! A page loads the SDK before it can do anything, so its size counts: deriving a JSON reader for every message costs
//! more than the rest of the SDK. There the browser's own `JSON.parse` reads the frame, and this module takes the
//! fields out of whatever object it is given ([`Fields`]). The few requests are written by
//! [`crate::Request::encode`]. Tests hold both against serde for every message.

use crate::diversion::Diversion;
use crate::error::{ErrorCode, Failure};
use crate::event::{
    AppData, CallQuality, CallSdp, CallStatusChanged, DebugChanged, DtmfReceived, Event, EventBody, IncomingCall,
    MessageReceived, MessageStatus, MessageWaiting, PartyChanged, Registration, SdpKind, SessionClosed, Transfer,
};
use crate::header::Header;
use crate::quality::Json;
use crate::reply::{CallStats, Done, LiveCall, Outcome, Reply, ReplyBody, SessionOpened, Welcome};
use crate::secret::Secret;
use crate::status::{CallStatus, RegistrationState, TransferStatus};

/// An object with named fields, however it is held: a JavaScript object in the browser, a
/// `serde_json::Value` elsewhere.
pub trait Fields: Sized {
    /// The field of that name, if it is a text.
    fn text(&self, name: &str) -> Option<String>;
    /// The field of that name, if it is a finite number.
    fn number(&self, name: &str) -> Option<f64>;
    /// The field of that name, if it is true or false.
    fn flag(&self, name: &str) -> Option<bool>;
    /// The field of that name, if it is an object.
    fn object(&self, name: &str) -> Option<Self>;
    /// The elements of the field of that name; none if it is no list. A list's own fields are named `0`, `1`, ….
    fn items(&self, name: &str) -> Vec<Self>;
    /// The value itself, if it is a text.
    fn itself(&self) -> Option<String>;
    /// The names of its fields.
    fn names(&self) -> Vec<String>;
    /// The field of that name as JSON text, if there is one that JSON can hold.
    fn json(&self, name: &str) -> Option<String>;

    /// The field of that name, if it is a whole number of 32 bits.
    fn whole(&self, name: &str) -> Option<u32> {
        let number = self.number(name)?;
        // `as` saturates, so comparing back finds fractions and everything out of range.
        let whole = number as u32;
        (f64::from(whole) == number).then_some(whole)
    }
}

impl Fields for serde_json::Value {
    fn text(&self, name: &str) -> Option<String> {
        let numbered = || self.get(name.parse::<usize>().ok()?);
        self.get(name).or_else(numbered)?.itself()
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.as_f64()
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)?.as_bool()
    }

    fn object(&self, name: &str) -> Option<Self> {
        self.get(name).filter(|value| value.is_object()).cloned()
    }

    fn items(&self, name: &str) -> Vec<Self> {
        self.get(name).and_then(Self::as_array).cloned().unwrap_or_default()
    }

    fn itself(&self) -> Option<String> {
        self.as_str().map(str::to_owned)
    }

    fn names(&self) -> Vec<String> {
        self.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default()
    }

    fn json(&self, name: &str) -> Option<String> {
        self.get(name).map(Self::to_string)
    }
}

/// A frame from the relay.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// The answer to a request.
    Reply(Reply),
    /// Something happened.
    Event(Event),
    /// An event of a later version. Nothing is known of it but its number, which counts.
    Later(u64),
    /// A message this version does not know, or one it cannot read. To be ignored.
    Unknown,
}

impl Message {
    /// Reads a frame that has been parsed already.
    pub fn read(frame: &impl Fields) -> Self {
        let message = match frame.text("type").as_deref() {
            Some("reply") => reply(frame).map(Self::Reply),
            Some(kind) => {
                let later = || sequence(frame, "seq").map(Self::Later);
                event(kind, frame).map(Self::Event).or_else(later)
            }
            None => None,
        };
        message.unwrap_or(Self::Unknown)
    }
}

fn reply(frame: &impl Fields) -> Option<Reply> {
    let outcome = match (frame.object("result"), frame.object("error")) {
        (Some(result), _) => Outcome::Result(reply_body(&result)),
        (None, Some(error)) => Outcome::Error(failure(&error)),
        (None, None) => return None,
    };
    Some(Reply { id: frame.whole("id"), outcome })
}

fn reply_body(result: &impl Fields) -> ReplyBody {
    session_opened(result)
        .map(ReplyBody::Session)
        .or_else(|| welcome(result).map(ReplyBody::Welcome))
        .or_else(|| Some(ReplyBody::Stats(CallStats { stats: Json(result.json("stats")?) })))
        .unwrap_or(ReplyBody::Done(Done {}))
}

/// Takes the fields that have to be there. What is missing is noted and found out at the end: to leave at each field
/// would take the code to drop what has been read so far, once for every field.
struct Required<'a, F> {
    fields: &'a F,
    complete: bool,
}

impl<'a, F: Fields> Required<'a, F> {
    fn new(fields: &'a F) -> Self {
        Self { fields, complete: true }
    }

    fn text(&mut self, name: &str) -> String {
        let text = self.fields.text(name);
        self.there(text)
    }

    fn whole(&mut self, name: &str) -> u32 {
        let number = self.fields.whole(name);
        self.there(number)
    }

    fn flag(&mut self, name: &str) -> bool {
        let flag = self.fields.flag(name);
        self.there(flag)
    }

    fn status(&mut self) -> CallStatus {
        let status = CallStatus::from_name(&self.text("status"));
        self.complete &= status.is_some();
        status.unwrap_or(CallStatus::Failed)
    }

    fn there<T: Default>(&mut self, field: Option<T>) -> T {
        self.complete &= field.is_some();
        field.unwrap_or_default()
    }

    fn all<T>(&self, message: T) -> Option<T> {
        self.complete.then_some(message)
    }
}

fn session_opened<F: Fields>(result: &F) -> Option<SessionOpened> {
    let mut required = Required::new(result);
    let opened = SessionOpened {
        session_id: required.text("sessionId"),
        token: Secret::new(required.text("token")),
        login: required.text("login"),
        registers: required.flag("registers"),
        grace_ms: required.whole("graceMs"),
        last_seq: sequence(result, "lastSeq").unwrap_or(0),
        last_request: result.whole("lastRequest"),
        registered: flag(result, "registered"),
        keep_alive_ms: result.whole("keepAliveMs"),
        calls: result.items("calls").iter().filter_map(live_call).collect(),
    };
    required.all(opened)
}

fn live_call<F: Fields>(call: &F) -> Option<LiveCall> {
    let mut required = Required::new(call);
    let live = LiveCall {
        call_id: required.text("callId"),
        incoming: flag(call, "incoming"),
        caller: required.text("caller"),
        callee: required.text("callee"),
        visible_name: call.text("visibleName"),
        status: required.status(),
        has_video: flag(call, "hasVideo"),
        diversions: diversions(call),
        headers: headers(call),
    };
    required.all(live)
}

fn headers<F: Fields>(fields: &F) -> Vec<Header> {
    let header = |item: &F| {
        let mut required = Required::new(item);
        let header = Header { name: required.text("name"), value: required.text("value") };
        required.all(header)
    };
    fields.items("headers").iter().filter_map(header).collect()
}

fn diversions<F: Fields>(fields: &F) -> Vec<Diversion> {
    let diversion = |item: &F| {
        let mut required = Required::new(item);
        let diversion = Diversion {
            user: required.text("user"),
            display_name: item.text("displayName"),
            reason: item.text("reason"),
            counter: item.whole("counter"),
        };
        required.all(diversion)
    };
    fields.items("diversions").iter().filter_map(diversion).collect()
}

/// One that is absent means no.
fn flag(fields: &impl Fields, name: &str) -> bool {
    fields.flag(name) == Some(true)
}

/// Sequence numbers stay far below 2^53, where a JavaScript number still counts in ones.
fn sequence(fields: &impl Fields, name: &str) -> Option<u64> {
    fields.number(name).map(|number| number as u64)
}

fn welcome<F: Fields>(result: &F) -> Option<Welcome> {
    let mut required = Required::new(result);
    let welcome = Welcome { version: required.whole("version"), server: required.text("server") };
    required.all(welcome)
}

/// A code this version does not know becomes [`ErrorCode::Internal`]; the sentence beside it still tells.
fn failure(error: &impl Fields) -> Failure {
    Failure {
        code: error.text("code").and_then(|name| ErrorCode::from_name(&name)).unwrap_or(ErrorCode::Internal),
        message: error.text("message").unwrap_or_default(),
        sip_status: sip_status(error),
        sip_reason: error.text("sipReason"),
        field: error.text("field"),
    }
}

fn cause(frame: &impl Fields) -> Option<Failure> {
    frame.object("error").map(|error| failure(&error))
}

fn sip_status(fields: &impl Fields) -> Option<u16> {
    fields.whole("sipStatus").and_then(|status| u16::try_from(status).ok())
}

fn event(kind: &str, frame: &impl Fields) -> Option<Event> {
    let body = match kind {
        "registration" => EventBody::Registration(registration(frame)?),
        "incomingCall" => EventBody::IncomingCall(incoming_call(frame)?),
        "callStatus" => EventBody::CallStatus(call_status(frame)?),
        "callSdp" => EventBody::CallSdp(call_sdp(frame)?),
        "dtmf" => EventBody::Dtmf(dtmf(frame)?),
        "sessionClosed" => EventBody::SessionClosed(SessionClosed { error: cause(frame)? }),
        "transfer" => EventBody::Transfer(transfer(frame)?),
        "party" => EventBody::Party(party(frame)?),
        "quality" => {
            let (call_id, quality) = (frame.text("callId")?, Json(frame.json("quality")?));
            EventBody::Quality(CallQuality { call_id, quality })
        }
        "appData" => EventBody::AppData(app_data(frame)?),
        "message" => EventBody::Message(message(frame)?),
        "messageStatus" => {
            EventBody::MessageStatus(MessageStatus { message_id: frame.text("messageId")?, error: cause(frame) })
        }
        "messageWaiting" => EventBody::MessageWaiting(MessageWaiting {
            waiting: frame.flag("waiting")?,
            new: frame.whole("new"),
            old: frame.whole("old"),
        }),
        "debug" => EventBody::Debug(DebugChanged { enabled: frame.flag("enabled")? }),
        _ => return None,
    };
    Some(Event { seq: sequence(frame, "seq")?, body })
}

fn registration(frame: &impl Fields) -> Option<Registration> {
    let state = RegistrationState::from_name(&frame.text("state")?)?;
    Some(Registration { state, error: cause(frame) })
}

fn incoming_call<F: Fields>(frame: &F) -> Option<IncomingCall> {
    let mut required = Required::new(frame);
    let call = IncomingCall {
        call_id: required.text("callId"),
        caller: required.text("caller"),
        callee: required.text("callee"),
        visible_name: frame.text("visibleName"),
        sdp: required.text("sdp"),
        has_video: flag(frame, "hasVideo"),
        diversions: diversions(frame),
        headers: headers(frame),
        custom: frame.text("custom").map(Secret::new),
    };
    required.all(call)
}

fn call_status<F: Fields>(frame: &F) -> Option<CallStatusChanged> {
    let mut required = Required::new(frame);
    let changed = CallStatusChanged {
        call_id: required.text("callId"),
        status: required.status(),
        sip_status: sip_status(frame),
        sip_reason: frame.text("sipReason"),
        info: frame.text("info"),
        error: cause(frame),
        headers: headers(frame),
    };
    required.all(changed)
}

fn call_sdp<F: Fields>(frame: &F) -> Option<CallSdp> {
    let mut required = Required::new(frame);
    let kind = match required.text("kind").as_str() {
        "offer" => SdpKind::Offer,
        "answer" => SdpKind::Answer,
        _ => return None,
    };
    let sdp = CallSdp { call_id: required.text("callId"), kind, sdp: required.text("sdp") };
    required.all(sdp)
}

fn dtmf<F: Fields>(frame: &F) -> Option<DtmfReceived> {
    let mut required = Required::new(frame);
    let dtmf = DtmfReceived {
        call_id: required.text("callId"),
        digit: required.text("digit"),
        duration_ms: required.whole("durationMs"),
    };
    required.all(dtmf)
}

fn transfer<F: Fields>(frame: &F) -> Option<Transfer> {
    let mut required = Required::new(frame);
    let transfer = Transfer {
        status: TransferStatus::from_name(&required.text("status"))?,
        call_id: required.text("callId"),
        target: required.text("target"),
        sip_status: sip_status(frame),
        sip_reason: frame.text("sipReason"),
        error: cause(frame),
    };
    required.all(transfer)
}

fn party<F: Fields>(frame: &F) -> Option<PartyChanged> {
    let mut required = Required::new(frame);
    let party = PartyChanged {
        call_id: required.text("callId"),
        user: required.text("user"),
        display_name: frame.text("displayName"),
    };
    required.all(party)
}

fn message<F: Fields>(frame: &F) -> Option<MessageReceived> {
    let mut required = Required::new(frame);
    let message = MessageReceived {
        from: required.text("from"),
        visible_name: frame.text("visibleName"),
        text: Secret::new(required.text("text")),
    };
    required.all(message)
}

fn app_data(frame: &impl Fields) -> Option<AppData> {
    let payload = Secret::new(frame.text("payload")?);
    Some(AppData { payload, from: frame.text("from"), call_id: frame.text("callId") })
}
