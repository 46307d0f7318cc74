//! One of every message, with all its fields and with as few as it can have.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part of it")]

use offhook_protocol::event::*;
use offhook_protocol::reply::*;
use offhook_protocol::request::*;
use offhook_protocol::*;

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n";

fn call() -> CallRef {
    CallRef { call_id: "3f2c".into() }
}

pub fn failure() -> Failure {
    Failure {
        code: ErrorCode::NotFound,
        message: "The number does not exist.".into(),
        sip_status: Some(404),
        sip_reason: Some("Not Found".into()),
        field: Some("callee".into()),
    }
}

pub fn requests() -> Vec<RequestBody> {
    let sip = OpenSip {
        login: "alice".into(),
        authentication_name: Some("alice-auth".into()),
        password: Secret::new("hunter2"),
        domain: "example.com".into(),
        outbound_proxy: Some("proxy.example.com:5080".into()),
        port: Some(5070),
        transport: Some("tcp".into()),
        register: true,
        visible_name: Some("Alice \"A\" Smith".into()),
    };
    let bare = OpenSip {
        authentication_name: None,
        outbound_proxy: None,
        port: None,
        transport: None,
        register: false,
        visible_name: None,
        ..sip.clone()
    };
    let local =
        OpenLocal { login: "bob".into(), password: Some(Secret::new("hunter2")), visible_name: Some("Bob".into()) };
    let open = OpenLocal { login: "bob".into(), password: None, visible_name: None };
    let start = StartCall {
        call_id: "3f2c".into(),
        callee: "echo".into(),
        sdp: SDP.into(),
        visible_name: Some("Zoë".into()),
        has_video: true,
    };
    let sound = StartCall { visible_name: None, has_video: false, ..start.clone() };
    vec![
        RequestBody::Hello(Hello { version: VERSION, client: "offhook/0.1".into() }),
        RequestBody::OpenSip(sip),
        RequestBody::OpenSip(bare),
        RequestBody::OpenLocal(local),
        RequestBody::OpenLocal(open),
        RequestBody::Resume(Resume { token: Secret::new("t0ken"), last_seq: 41 }),
        RequestBody::Close(Close {}),
        RequestBody::Call(start),
        RequestBody::Call(sound),
        RequestBody::Ring(call()),
        RequestBody::Answer(AnswerCall { call_id: "3f2c".into(), sdp: SDP.into() }),
        RequestBody::Hangup(call()),
        RequestBody::Hold(call()),
        RequestBody::Unhold(call()),
        RequestBody::Dtmf(SendDtmf { call_id: "3f2c".into(), digits: "12#".into() }),
        RequestBody::Sdp(CallAnswerSdp { call_id: "3f2c".into(), sdp: SDP.into() }),
        RequestBody::Ping(Ping {}),
    ]
}

pub fn replies() -> Vec<Reply> {
    let reply = |outcome| Reply { id: Some(7), outcome };
    let opened = SessionOpened {
        session_id: "s-1".into(),
        token: Secret::new("t0ken"),
        login: "alice".into(),
        registers: true,
        grace_ms: 30_000,
    };
    vec![
        reply(Outcome::Result(ReplyBody::Welcome(Welcome { version: VERSION, server: "offhook-relay/0.1".into() }))),
        reply(Outcome::Result(ReplyBody::Session(opened))),
        reply(Outcome::Result(ReplyBody::Done(Done {}))),
        reply(Outcome::Error(failure())),
        Reply { id: None, outcome: Outcome::Error(Failure::new(ErrorCode::BadRequest, "The frame is not JSON.")) },
    ]
}

pub fn events() -> Vec<Event> {
    let incoming = IncomingCall {
        call_id: "3f2c".into(),
        caller: "alice".into(),
        callee: "bob".into(),
        visible_name: Some("Alice".into()),
        sdp: SDP.into(),
        has_video: true,
    };
    let anonymous = IncomingCall { visible_name: None, has_video: false, ..incoming.clone() };
    let status = |status, sip_status, info: Option<&str>, error| {
        EventBody::CallStatus(CallStatusChanged {
            call_id: "3f2c".into(),
            status,
            sip_status,
            info: info.map(str::to_owned),
            error,
        })
    };
    let bodies = vec![
        EventBody::Registration(Registration { state: RegistrationState::Registered, error: None }),
        EventBody::Registration(Registration { state: RegistrationState::Failed, error: Some(failure()) }),
        EventBody::IncomingCall(incoming),
        EventBody::IncomingCall(anonymous),
        status(CallStatus::Ring, Some(180), None, None),
        status(CallStatus::Failed, Some(404), Some("Failed by error"), Some(failure())),
        EventBody::CallSdp(CallSdp { call_id: "3f2c".into(), kind: SdpKind::Answer, sdp: SDP.into() }),
        EventBody::CallSdp(CallSdp { call_id: "3f2c".into(), kind: SdpKind::Offer, sdp: SDP.into() }),
        EventBody::Dtmf(DtmfReceived { call_id: "3f2c".into(), digit: "#".into(), duration_ms: 120 }),
        EventBody::SessionClosed(SessionClosed {
            error: Failure::new(ErrorCode::ShuttingDown, "The relay is stopping."),
        }),
    ];
    (1..).zip(bodies).map(|(seq, body)| Event { seq, body }).collect()
}
