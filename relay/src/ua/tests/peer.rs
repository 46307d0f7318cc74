//! The scripted peer: its side of a dialog, and what it writes.

use offhook_sip::message::{CallId, Method, NameAddr, Request, RequestBuilder, Response, Uri, Via};

/// A peer's side of a dialog.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    call_id: CallId,
    us: NameAddr,
    them: NameAddr,
    target: Uri,
}

/// A description with PCMA and keys at 192.0.2.9:5000, and these lines at its end.
pub(super) fn sdp(lines: &str) -> String {
    sdp_at("192.0.2.9", 5000, lines)
}

pub(super) fn sdp_at(address: &str, port: u16, lines: &str) -> String {
    let mut text = format!(
        "v=0\r\no=bob 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8 97\r\na=rtpmap:97 telephone-event/8000\r\n"
    );
    for line in lines.split_whitespace() {
        text.push_str(&format!("a={line}\r\n"));
    }
    text
}

/// A description of which the relay speaks nothing.
pub(super) fn foreign_sdp() -> String {
    "v=0\r\no=bob 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 5000 RTP/AVP 4\r\n".to_owned()
}

impl Peer {
    /// Bob, who calls somebody at the relay.
    pub(super) fn caller(dialled: &str) -> Self {
        Self {
            call_id: CallId::new("call@bob").unwrap(),
            us: addr("\"Bob B.\" <sip:bob@192.0.2.9>;tag=bob"),
            them: addr(&format!("<sip:{dialled}@192.0.2.1>")),
            target: Uri::parse(format!("sip:{dialled}@192.0.2.1:5060").as_bytes()).unwrap(),
        }
    }

    /// The side that answered our INVITE.
    pub(super) fn callee(invite: &Request, ok: &Response) -> Self {
        Self {
            call_id: invite.headers().call_id().unwrap(),
            us: ok.headers().to().unwrap(),
            them: invite.headers().from().unwrap(),
            target: invite.headers().contact().unwrap().unwrap().uri,
        }
    }

    /// The same side once our response has made a dialog.
    pub(super) fn answered(self, response: &Response) -> Self {
        let target = response.headers().contact().unwrap().unwrap().uri;
        Self { them: response.headers().to().unwrap(), target, ..self }
    }

    /// The user part of the address its requests go to.
    pub(super) fn contact_user(&self) -> String {
        self.target.sip().unwrap().user().unwrap().to_owned()
    }

    /// Whether a response of ours has made it a dialog.
    pub(super) fn is_answered(&self) -> bool {
        self.them.tag().is_some()
    }

    /// Another peer's tag, so that the dialog is none of ours.
    pub(super) fn stranger(self) -> Self {
        Self { us: addr("<sip:eve@192.0.2.9>;tag=eve"), ..self }
    }

    /// Begins a request; its CSeq number is part of its branch.
    pub(super) fn request(&self, method: Method, cseq: u32) -> RequestBuilder {
        let branch = format!("z9hG4bK{method}{cseq}");
        let via: Via = format!("SIP/2.0/UDP 192.0.2.9:5060;rport;branch={branch}").parse().unwrap();
        Request::builder(method, self.target.clone())
            .via(&via)
            .from(&self.us)
            .to(&self.them)
            .call_id(&self.call_id)
            .cseq(cseq)
    }

    /// The INVITE that begins a call, or a re-INVITE; an empty offer is none.
    pub(super) fn invite(&self, offer: &str) -> Request {
        self.reinvite(1, offer)
    }

    pub(super) fn reinvite(&self, cseq: u32, offer: &str) -> Request {
        let request = self.request(Method::Invite, cseq).contact(&addr("<sip:bob@192.0.2.9:5060>"));
        match offer {
            "" => request.build().unwrap(),
            offer => request.body("application/sdp", offer.to_owned()).build().unwrap(),
        }
    }

    /// An UPDATE; an empty offer is none.
    pub(super) fn update(&self, cseq: u32, offer: &str) -> Request {
        let request = self.request(Method::Update, cseq).contact(&addr("<sip:bob@192.0.2.9:5060>"));
        match offer {
            "" => request.build().unwrap(),
            offer => request.body("application/sdp", offer.to_owned()).build().unwrap(),
        }
    }

    pub(super) fn bye(&self, cseq: u32) -> Request {
        self.request(Method::Bye, cseq).build().unwrap()
    }

    pub(super) fn ack(&self, cseq: u32) -> RequestBuilder {
        self.request(Method::Ack, cseq)
    }

    /// Gives an INVITE up: it has the INVITE's branch.
    pub(super) fn cancel(&self, cseq: u32) -> Request {
        let via: Via = format!("SIP/2.0/UDP 192.0.2.9:5060;rport;branch=z9hG4bKINVITE{cseq}").parse().unwrap();
        Request::builder(Method::Cancel, self.target.clone())
            .via(&via)
            .from(&self.us)
            .to(&self.them)
            .call_id(&self.call_id)
            .cseq(cseq)
            .build()
            .unwrap()
    }
}

pub(super) fn addr(text: &str) -> NameAddr {
    NameAddr::parse(text.as_bytes()).unwrap()
}
