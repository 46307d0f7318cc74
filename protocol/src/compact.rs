//! The same messages without serde, for the browser.
//!
//! A page loads the SDK before it can do anything, so its size counts: deriving a JSON reader for every message costs
//! more than the rest of the SDK. There the browser's own `JSON.parse` reads the frame, and this module takes the
//! fields out of whatever object it is given ([`Fields`]). The few requests are written by
//! [`crate::Request::encode`]. Tests hold both against serde for every message.

use crate::error::{ErrorCode, Failure};
use crate::event::{
    AppData, CallSdp, CallStatusChanged, DebugChanged, DtmfReceived, Event, EventBody, IncomingCall, PartyChanged,
    Registration, SdpKind, SessionClosed, Transfer,
};
use crate::header::Header;
use crate::reply::{Done, LiveCall, Outcome, Reply, ReplyBody, SessionOpened, Welcome};
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
    /// A message this version does not know, or one it cannot read. To be ignored.
    Unknown,
}

impl Message {
    /// Reads a frame that has been parsed already.
    pub fn read(frame: &impl Fields) -> Self {
        let message = match frame.text("type").as_deref() {
            Some("reply") => reply(frame).map(Self::Reply),
            Some(kind) => event(kind, frame).map(Self::Event),
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
        .unwrap_or(ReplyBody::Done(Done {}))
}

fn session_opened(result: &impl Fields) -> Option<SessionOpened> {
    Some(SessionOpened {
        session_id: result.text("sessionId")?,
        token: Secret::new(result.text("token")?),
        login: result.text("login")?,
        registers: result.flag("registers")?,
        grace_ms: result.whole("graceMs")?,
        last_seq: sequence(result, "lastSeq").unwrap_or(0),
        last_request: result.whole("lastRequest"),
        registered: result.flag("registered").unwrap_or(false),
        keep_alive_ms: result.whole("keepAliveMs"),
        calls: result.items("calls").iter().filter_map(live_call).collect(),
    })
}

fn live_call(call: &impl Fields) -> Option<LiveCall> {
    Some(LiveCall {
        call_id: call.text("callId")?,
        incoming: call.flag("incoming").unwrap_or(false),
        caller: call.text("caller")?,
        callee: call.text("callee")?,
        visible_name: call.text("visibleName"),
        status: CallStatus::from_name(&call.text("status")?)?,
        has_video: call.flag("hasVideo").unwrap_or(false),
        headers: headers(call),
    })
}

fn headers(fields: &impl Fields) -> Vec<Header> {
    let header = |item: &_| Some(Header { name: Fields::text(item, "name")?, value: Fields::text(item, "value")? });
    fields.items("headers").iter().filter_map(header).collect()
}

/// Sequence numbers stay far below 2^53, where a JavaScript number still counts in ones.
fn sequence(fields: &impl Fields, name: &str) -> Option<u64> {
    fields.number(name).map(|number| number as u64)
}

fn welcome(result: &impl Fields) -> Option<Welcome> {
    Some(Welcome { version: result.whole("version")?, server: result.text("server")? })
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
        "sessionClosed" => EventBody::SessionClosed(SessionClosed { error: failure(&frame.object("error")?) }),
        "transfer" => EventBody::Transfer(transfer(frame)?),
        "party" => EventBody::Party(party(frame)?),
        "appData" => EventBody::AppData(app_data(frame)?),
        "debug" => EventBody::Debug(DebugChanged { enabled: frame.flag("enabled")? }),
        _ => return None,
    };
    Some(Event { seq: sequence(frame, "seq")?, body })
}

fn registration(frame: &impl Fields) -> Option<Registration> {
    let state = RegistrationState::from_name(&frame.text("state")?)?;
    Some(Registration { state, error: frame.object("error").map(|error| failure(&error)) })
}

fn incoming_call(frame: &impl Fields) -> Option<IncomingCall> {
    Some(IncomingCall {
        call_id: frame.text("callId")?,
        caller: frame.text("caller")?,
        callee: frame.text("callee")?,
        visible_name: frame.text("visibleName"),
        sdp: frame.text("sdp")?,
        has_video: frame.flag("hasVideo").unwrap_or(false),
        headers: headers(frame),
        custom: frame.text("custom").map(Secret::new),
    })
}

fn call_status(frame: &impl Fields) -> Option<CallStatusChanged> {
    Some(CallStatusChanged {
        call_id: frame.text("callId")?,
        status: CallStatus::from_name(&frame.text("status")?)?,
        sip_status: sip_status(frame),
        sip_reason: frame.text("sipReason"),
        info: frame.text("info"),
        error: frame.object("error").map(|error| failure(&error)),
        headers: headers(frame),
    })
}

fn call_sdp(frame: &impl Fields) -> Option<CallSdp> {
    let kind = match frame.text("kind")?.as_str() {
        "offer" => SdpKind::Offer,
        "answer" => SdpKind::Answer,
        _ => return None,
    };
    Some(CallSdp { call_id: frame.text("callId")?, kind, sdp: frame.text("sdp")? })
}

fn dtmf(frame: &impl Fields) -> Option<DtmfReceived> {
    Some(DtmfReceived {
        call_id: frame.text("callId")?,
        digit: frame.text("digit")?,
        duration_ms: frame.whole("durationMs")?,
    })
}

fn transfer(frame: &impl Fields) -> Option<Transfer> {
    Some(Transfer {
        call_id: frame.text("callId")?,
        status: TransferStatus::from_name(&frame.text("status")?)?,
        target: frame.text("target")?,
        sip_status: sip_status(frame),
        sip_reason: frame.text("sipReason"),
        error: frame.object("error").map(|error| failure(&error)),
    })
}

fn party(frame: &impl Fields) -> Option<PartyChanged> {
    Some(PartyChanged {
        call_id: frame.text("callId")?,
        user: frame.text("user")?,
        display_name: frame.text("displayName"),
    })
}

fn app_data(frame: &impl Fields) -> Option<AppData> {
    let payload = Secret::new(frame.text("payload")?);
    Some(AppData { payload, from: frame.text("from"), call_id: frame.text("callId") })
}
