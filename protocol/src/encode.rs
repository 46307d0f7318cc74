//! Writing a request in the browser, without serde for the reason given in [`crate::compact`].

use crate::request::{OpenLocal, OpenSip, Request, RequestBody, StartCall};
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
