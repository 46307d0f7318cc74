//! The same messages without serde, for the browser.
//!
//! A page loads the SDK before it can do anything, so its size counts: deriving a JSON reader for every message costs
//! more than the rest of the SDK. There the browser's own `JSON.parse` reads the frame, and this module takes the
//! fields out of whatever object it is given ([`Fields`]). The few requests are written by
//! [`crate::Request::encode`]. Tests hold both against serde for every message.

use crate::error::{ErrorCode, Failure};
use crate::event::{
    CallSdp, CallStatusChanged, DtmfReceived, Event, EventBody, IncomingCall, Registration, SdpKind, SessionClosed,
};
use crate::reply::{Done, Outcome, Reply, ReplyBody, SessionOpened, Welcome};
use crate::secret::Secret;
use crate::status::{CallStatus, RegistrationState};

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
        self.get(name)?.as_str().map(str::to_owned)
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
    })
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
        _ => return None,
    };
    // Sequence numbers stay far below 2^53, where a JavaScript number still counts in ones.
    Some(Event { seq: frame.number("seq")? as u64, body })
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
    })
}

fn call_status(frame: &impl Fields) -> Option<CallStatusChanged> {
    Some(CallStatusChanged {
        call_id: frame.text("callId")?,
        status: CallStatus::from_name(&frame.text("status")?)?,
        sip_status: sip_status(frame),
        info: frame.text("info"),
        error: frame.object("error").map(|error| failure(&error)),
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
