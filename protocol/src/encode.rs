//! Writing a request in the browser, without serde for the reason given in [`crate::compact`].

use crate::header::Header;
use crate::request::{AnswerCall, OpenLocal, OpenSip, Request, RequestBody, SendDtmf, StartCall};
use crate::secret::Secret;

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
                let object = object.kind("resume").text("token", resume.token.reveal());
                object.number64("lastSeq", resume.last_seq).flag_if("fresh", resume.fresh)
            }
            RequestBody::Close(close) => object.kind("close").flag_if("keep", close.keep),
            RequestBody::Call(call) => start_call(object.kind("call"), call),
            RequestBody::Ring(call) => object.kind("ring").text("callId", &call.call_id),
            RequestBody::Answer(answer) => answer_call(object.kind("answer"), answer),
            RequestBody::Hangup(call) => object.kind("hangup").text("callId", &call.call_id),
            RequestBody::Hold(hold) => {
                object.kind("hold").text("callId", &hold.call_id).flag_if("forTransfer", hold.for_transfer)
            }
            RequestBody::Unhold(call) => object.kind("unhold").text("callId", &call.call_id),
            RequestBody::Dtmf(dtmf) => send_dtmf(object.kind("dtmf"), dtmf),
            RequestBody::Sdp(answer) => object.kind("sdp").text("callId", &answer.call_id).text("sdp", &answer.sdp),
            RequestBody::Offer(offer) => object.kind("offer").text("callId", &offer.call_id).text("sdp", &offer.sdp),
            RequestBody::Transfer(transfer) => object
                .kind("transfer")
                .text("callId", &transfer.call_id)
                .text_if("target", transfer.target.as_deref())
                .text_if("withCall", transfer.with_call.as_deref()),
            RequestBody::SendData(data) => {
                object.kind("sendData").text("payload", data.payload.reveal()).text_if("to", data.to.as_deref())
            }
            RequestBody::Message(message) => object
                .kind("message")
                .text("messageId", &message.message_id)
                .text("to", &message.to)
                .text("text", message.text.reveal()),
            RequestBody::Report(report) => object.kind("report").text("text", &report.text),
            RequestBody::Debug(debug) => object.kind("debug").flag("enabled", debug.enabled),
            RequestBody::Stats(call) => object.kind("stats").text("callId", &call.call_id),
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
        .flag_if("messageWaiting", open.message_waiting)
        .flag_if("keepAlive", open.keep_alive)
        .text_if("appKey", open.app_key.as_deref())
        .text_if("custom", open.custom.as_ref().map(Secret::reveal))
}

fn open_local<'a>(object: &'a mut Object, open: &OpenLocal) -> &'a mut Object {
    object
        .text("login", &open.login)
        .text_if("password", open.password.as_ref().map(Secret::reveal))
        .text_if("visibleName", open.visible_name.as_deref())
        .flag_if("keepAlive", open.keep_alive)
        .text_if("appKey", open.app_key.as_deref())
        .text_if("custom", open.custom.as_ref().map(Secret::reveal))
}

fn start_call<'a>(object: &'a mut Object, call: &StartCall) -> &'a mut Object {
    object
        .text("callId", &call.call_id)
        .text("callee", &call.callee)
        .text("sdp", &call.sdp)
        .text_if("visibleName", call.visible_name.as_deref())
        .flag_if("anonymous", call.anonymous)
        .flag("hasVideo", call.has_video)
        .headers(&call.headers)
        .texts("sipSdp", &call.sip_sdp)
        .text_if("custom", call.custom.as_ref().map(Secret::reveal))
}

fn answer_call<'a>(object: &'a mut Object, answer: &AnswerCall) -> &'a mut Object {
    object
        .text("callId", &answer.call_id)
        .text("sdp", &answer.sdp)
        .flag_if("hasVideo", answer.has_video)
        .headers(&answer.headers)
        .texts("sipSdp", &answer.sip_sdp)
}

fn send_dtmf<'a>(object: &'a mut Object, dtmf: &SendDtmf) -> &'a mut Object {
    let method = (!dtmf.method.is_default()).then(|| dtmf.method.name());
    object.text("callId", &dtmf.call_id).text("digits", &dtmf.digits).text_if("method", method)
}

/// A whole number in decimal digits. `to_string` would bring the formatting of numbers with it, which is larger than
/// all that is written here.
pub fn decimal(mut number: u64) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(char::from_digit((number % 10) as u32, 10).unwrap_or('0'));
        number /= 10;
        if number == 0 {
            return digits.iter().rev().collect();
        }
    }
}

/// A JSON object (RFC 8259) being written, its first member the request's id.
struct Object(String);

impl Object {
    fn new(id: u32) -> Self {
        let mut text = String::from("{\"id\":");
        text.push_str(&decimal(u64::from(id)));
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
        self.0.push_str(&decimal(value));
        self
    }

    fn flag(&mut self, name: &str, value: bool) -> &mut Self {
        self.name(name);
        self.0.push_str(if value { "true" } else { "false" });
        self
    }

    /// Only if it is set: its absence means no.
    fn flag_if(&mut self, name: &str, value: bool) -> &mut Self {
        if value { self.flag(name, true) } else { self }
    }

    fn headers(&mut self, headers: &[Header]) -> &mut Self {
        self.list("headers", headers, |object, header| {
            object.0.push_str("{\"name\":");
            object.quoted(&header.name);
            object.text("value", &header.value).0.push('}');
        })
    }

    fn texts(&mut self, name: &str, texts: &[String]) -> &mut Self {
        self.list(name, texts, |object, text| object.quoted(text))
    }

    /// Only if there is something in it.
    fn list<T>(&mut self, name: &str, items: &[T], write: fn(&mut Self, &T)) -> &mut Self {
        if items.is_empty() {
            return self;
        }
        self.name(name);
        let mut before = '[';
        for item in items {
            self.0.push(before);
            write(self, item);
            before = ',';
        }
        self.0.push(']');
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
