//! The same messages without serde, for the browser.
//!
//! A page loads the SDK before it can do anything, so its size counts: deriving a JSON reader for every message costs
//! more than the rest of the SDK. There the browser's own `JSON.parse` reads the frame, and this module takes the
//! fields out of whatever object it is given ([`Fields`]); the few requests are written by [`Request::encode`]. Tests
//! hold both halves against serde's for every message.

use crate::error::{ErrorCode, Failure};
use crate::event::{
    CallSdp, CallStatusChanged, DtmfReceived, Event, EventBody, IncomingCall, Registration, SdpKind, SessionClosed,
};
use crate::reply::{Done, Outcome, Reply, ReplyBody, SessionOpened, Welcome};
use crate::request::{OpenLocal, OpenSip, Request, RequestBody, StartCall};
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

impl Request {
    /// The request as one text frame.
    pub fn encode(&self) -> String {
        let mut object = Object::new(self.id);
        match &self.body {
            RequestBody::Hello(hello) => {
                object.kind("hello").number("version", hello.version).text("client", &hello.client)
            }
            RequestBody::OpenSip(open) => open_sip(object.kind("openSip"), open),
            RequestBody::OpenLocal(open) => open_local(object.kind("openLocal"), open),
            RequestBody::Resume(resume) => {
                object.kind("resume").text("token", resume.token.reveal()).number64("lastSeq", resume.last_seq)
            }
            RequestBody::Close(_) => object.kind("close"),
            RequestBody::Call(call) => start_call(object.kind("call"), call),
            RequestBody::Ring(call) => object.kind("ring").text("callId", &call.call_id),
            RequestBody::Answer(answer) => {
                object.kind("answer").text("callId", &answer.call_id).text("sdp", &answer.sdp)
            }
            RequestBody::Hangup(call) => object.kind("hangup").text("callId", &call.call_id),
            RequestBody::Hold(call) => object.kind("hold").text("callId", &call.call_id),
            RequestBody::Unhold(call) => object.kind("unhold").text("callId", &call.call_id),
            RequestBody::Dtmf(dtmf) => object.kind("dtmf").text("callId", &dtmf.call_id).text("digits", &dtmf.digits),
            RequestBody::Sdp(answer) => object.kind("sdp").text("callId", &answer.call_id).text("sdp", &answer.sdp),
            RequestBody::Ping(_) => object.kind("ping"),
        };
        object.close()
    }
}

fn open_sip<'a>(object: &'a mut Object, open: &OpenSip) -> &'a mut Object {
    object
        .text("login", &open.login)
        .text_if("authenticationName", open.authentication_name.as_deref())
        .text("password", open.password.reveal())
        .text("domain", &open.domain)
        .text_if("outboundProxy", open.outbound_proxy.as_deref());
    if let Some(port) = open.port {
        object.number("port", u32::from(port));
    }
    object
        .text_if("transport", open.transport.as_deref())
        .flag("register", open.register)
        .text_if("visibleName", open.visible_name.as_deref())
}

fn open_local<'a>(object: &'a mut Object, open: &OpenLocal) -> &'a mut Object {
    object
        .text("login", &open.login)
        .text_if("password", open.password.as_ref().map(Secret::reveal))
        .text_if("visibleName", open.visible_name.as_deref())
}

fn start_call<'a>(object: &'a mut Object, call: &StartCall) -> &'a mut Object {
    object
        .text("callId", &call.call_id)
        .text("callee", &call.callee)
        .text("sdp", &call.sdp)
        .text_if("visibleName", call.visible_name.as_deref())
        .flag("hasVideo", call.has_video)
}

/// A JSON object (RFC 8259) being written, its first member the request's id.
struct Object(String);

impl Object {
    fn new(id: u32) -> Self {
        let mut text = String::from("{\"id\":");
        text.push_str(&id.to_string());
        Self(text)
    }

    fn kind(&mut self, kind: &str) -> &mut Self {
        self.text("type", kind)
    }

    fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.name(name);
        self.quoted(value);
        self
    }

    fn text_if(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.text(name, value);
        }
        self
    }

    fn number(&mut self, name: &str, value: u32) -> &mut Self {
        self.number64(name, u64::from(value))
    }

    fn number64(&mut self, name: &str, value: u64) -> &mut Self {
        self.name(name);
        self.0.push_str(&value.to_string());
        self
    }

    fn flag(&mut self, name: &str, value: bool) -> &mut Self {
        self.name(name);
        self.0.push_str(if value { "true" } else { "false" });
        self
    }

    fn close(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn name(&mut self, name: &str) {
        self.0.push(',');
        self.quoted(name);
        self.0.push(':');
    }

    fn quoted(&mut self, text: &str) {
        self.0.push('"');
        for character in text.chars() {
            match character {
                '"' => self.0.push_str("\\\""),
                '\\' => self.0.push_str("\\\\"),
                '\n' => self.0.push_str("\\n"),
                '\r' => self.0.push_str("\\r"),
                control @ '\0'..='\x1f' => self.escaped(control),
                other => self.0.push(other),
            }
        }
        self.0.push('"');
    }

    fn escaped(&mut self, control: char) {
        let code = u32::from(control);
        self.0.push_str("\\u00");
        for nibble in [code >> 4, code & 15] {
            self.0.push(char::from_digit(nibble, 16).unwrap_or('0'));
        }
    }
}
