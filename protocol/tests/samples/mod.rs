//! One of every message, with all its fields and with as few as it can have.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its own part of it")]

use offhook_protocol::event::*;
use offhook_protocol::quality::*;
use offhook_protocol::reply::*;
use offhook_protocol::request::*;
use offhook_protocol::*;

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n";

fn call() -> CallRef {
    CallRef { call_id: "3f2c".into() }
}

fn diversions() -> Vec<Diversion> {
    let reason = |reason: &str| Some(reason.to_owned());
    vec![
        Diversion {
            user: "desk".into(),
            display_name: Some("Desk".into()),
            reason: reason("user-busy"),
            counter: Some(2),
        },
        Diversion { user: "anonymous".into(), ..Diversion::default() },
    ]
}

fn headers() -> Vec<Header> {
    let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
    vec![header("X-Account", "9876"), header("Subject", "hello, \"world\"")]
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
        message_waiting: true,
        visible_name: Some("Alice \"A\" Smith".into()),
        keep_alive: true,
        app_key: Some("defaultApp".into()),
        custom: Some(Secret::new(r#"{"pin":"9876"}"#)),
    };
    let bare = OpenSip {
        authentication_name: None,
        outbound_proxy: None,
        port: None,
        transport: None,
        register: false,
        message_waiting: false,
        visible_name: None,
        keep_alive: false,
        app_key: None,
        custom: None,
        ..sip.clone()
    };
    let local = OpenLocal {
        login: "bob".into(),
        password: Some(Secret::new("hunter2")),
        visible_name: Some("Bob".into()),
        keep_alive: true,
        app_key: Some("defaultApp".into()),
        custom: Some(Secret::new(r#"{"pin":"9876"}"#)),
    };
    let open = OpenLocal { login: "bob".into(), ..OpenLocal::default() };
    let start = StartCall {
        call_id: "3f2c".into(),
        callee: "echo".into(),
        sdp: SDP.into(),
        visible_name: Some("Zoë".into()),
        anonymous: true,
        has_video: true,
        headers: headers(),
        sip_sdp: vec!["a=label:1".into(), "b=AS:64".into()],
        custom: Some(Secret::new(r#"{"pin":"9876"}"#)),
    };
    let sound = StartCall { call_id: "3f2c".into(), callee: "echo".into(), sdp: SDP.into(), ..StartCall::default() };
    let answer = AnswerCall {
        call_id: "3f2c".into(),
        sdp: SDP.into(),
        has_video: true,
        headers: headers(),
        sip_sdp: vec!["a=label:1".into()],
    };
    let keys = |method| RequestBody::Dtmf(SendDtmf { call_id: "3f2c".into(), digits: "12#".into(), method });
    let hold = |for_transfer| RequestBody::Hold(HoldCall { call_id: "3f2c".into(), for_transfer });
    let transfer = |target: Option<&str>, with_call: Option<&str>| {
        RequestBody::Transfer(TransferCall {
            call_id: "3f2c".into(),
            target: target.map(str::to_owned),
            with_call: with_call.map(str::to_owned),
        })
    };
    let data = |to: Option<&str>| {
        RequestBody::SendData(SendData { payload: Secret::new(r#"{"pin":"9876"}"#), to: to.map(str::to_owned) })
    };
    vec![
        RequestBody::Hello(Hello { version: VERSION, client: "offhook/0.1".into() }),
        RequestBody::OpenSip(sip),
        RequestBody::OpenSip(bare),
        RequestBody::OpenLocal(local),
        RequestBody::OpenLocal(open),
        RequestBody::Resume(Resume { token: Secret::new("t0ken"), last_seq: 41, fresh: false }),
        RequestBody::Resume(Resume { token: Secret::new("t0ken"), last_seq: 0, fresh: true }),
        RequestBody::Close(Close { keep: false }),
        RequestBody::Close(Close { keep: true }),
        RequestBody::Call(start),
        RequestBody::Call(sound),
        RequestBody::Ring(call()),
        RequestBody::Answer(answer),
        RequestBody::Answer(AnswerCall { call_id: "3f2c".into(), sdp: SDP.into(), ..AnswerCall::default() }),
        RequestBody::Hangup(call()),
        hold(false),
        hold(true),
        RequestBody::Unhold(call()),
        keys(DtmfMethod::Rfc2833),
        keys(DtmfMethod::Info),
        keys(DtmfMethod::InfoRelay),
        RequestBody::Sdp(CallAnswerSdp { call_id: "3f2c".into(), sdp: SDP.into() }),
        RequestBody::Offer(CallOfferSdp { call_id: "3f2c".into(), sdp: SDP.into() }),
        transfer(Some("5551234"), None),
        transfer(None, Some("9a1d")),
        data(None),
        data(Some("bob")),
        RequestBody::Message(SendMessage {
            message_id: "m1".into(),
            to: "bob".into(),
            text: Secret::new("my PIN is 9876"),
        }),
        RequestBody::Report(BugReport { text: "No sound at pin 9876.".into() }),
        RequestBody::Debug(DebugSession { enabled: true }),
        RequestBody::Debug(DebugSession { enabled: false }),
        RequestBody::Stats(call()),
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
        ..SessionOpened::default()
    };
    let outgoing = LiveCall {
        call_id: "3f2c".into(),
        incoming: false,
        caller: "alice".into(),
        callee: "echo".into(),
        visible_name: None,
        status: CallStatus::Hold,
        has_video: false,
        diversions: vec![],
        headers: vec![],
    };
    let incoming = LiveCall {
        call_id: "9a1d".into(),
        incoming: true,
        visible_name: Some("Bob".into()),
        status: CallStatus::Established,
        has_video: true,
        diversions: diversions(),
        headers: headers(),
        ..outgoing.clone()
    };
    let kept = SessionOpened {
        last_seq: 41,
        last_request: Some(12),
        registered: true,
        keep_alive_ms: Some(3_600_000),
        calls: vec![outgoing, incoming],
        ..opened.clone()
    };
    vec![
        reply(Outcome::Result(ReplyBody::Welcome(Welcome { version: VERSION, server: "offhook-relay/0.1".into() }))),
        reply(Outcome::Result(ReplyBody::Session(opened))),
        reply(Outcome::Result(ReplyBody::Session(kept))),
        reply(Outcome::Result(ReplyBody::Stats(CallStats { stats: sorted(&figures()) }))),
        reply(Outcome::Result(ReplyBody::Done(Done {}))),
        reply(Outcome::Error(failure())),
        Reply { id: None, outcome: Outcome::Error(Failure::new(ErrorCode::BadRequest, "The frame is not JSON.")) },
    ]
}

/// JSON as it is after it was read once: in the order of its names.
fn sorted(value: &impl serde::Serialize) -> Json {
    Json(serde_json::to_value(value).unwrap_or_default().to_string())
}

fn figures() -> Figures {
    let sound = StreamFigures {
        codec: Some("opus".into()),
        packets: 250,
        bytes: 20_000,
        lost: 5,
        jitter_ms: Some(2.5),
        burst_ratio: Some(1.0),
        concealed_ms: Some(100),
        late: Some(1),
        mos: Some(4.25),
        mos_mean: Some(4.25),
        mos_lowest: Some(4.0),
    };
    let way = WayFigures { audio: sound, video: Some(StreamFigures::default()) };
    let own = LegFigures { received: way.clone(), sent: way, round_trip_ms: Some(20.0) };
    Figures { own, far: Some(LegFigures::default()) }
}

pub fn events() -> Vec<Event> {
    let incoming = IncomingCall {
        call_id: "3f2c".into(),
        caller: "alice".into(),
        callee: "bob".into(),
        visible_name: Some("Alice".into()),
        sdp: SDP.into(),
        has_video: true,
        diversions: diversions(),
        headers: headers(),
        custom: Some(Secret::new(r#"{"pin":"9876"}"#)),
    };
    let anonymous = IncomingCall {
        call_id: "3f2c".into(),
        caller: "anonymous".into(),
        callee: "bob".into(),
        sdp: SDP.into(),
        ..IncomingCall::default()
    };
    let status = |status| EventBody::CallStatus(CallStatusChanged::new("3f2c", status));
    let refused = EventBody::CallStatus(CallStatusChanged {
        sip_status: Some(404),
        sip_reason: Some("Not Found".into()),
        info: Some("Failed by error".into()),
        error: Some(failure()),
        headers: headers(),
        ..CallStatusChanged::new("3f2c", CallStatus::Failed)
    });
    let transfer = |status, sip: Option<(u16, &str)>, error| {
        EventBody::Transfer(Transfer {
            call_id: "3f2c".into(),
            status,
            target: "5551234".into(),
            sip_status: sip.map(|(status, _)| status),
            sip_reason: sip.map(|(_, reason)| reason.to_owned()),
            error,
        })
    };
    let party = |display_name: Option<&str>| {
        EventBody::Party(PartyChanged {
            call_id: "3f2c".into(),
            user: "carol".into(),
            display_name: display_name.map(str::to_owned),
        })
    };
    let data = |from: Option<&str>, call_id: Option<&str>| {
        EventBody::AppData(AppData {
            payload: Secret::new(r#"{"pin":"9876"}"#),
            from: from.map(str::to_owned),
            call_id: call_id.map(str::to_owned),
        })
    };
    let bodies = vec![
        EventBody::Registration(Registration { state: RegistrationState::Registered, error: None }),
        EventBody::Registration(Registration { state: RegistrationState::Failed, error: Some(failure()) }),
        EventBody::IncomingCall(incoming),
        EventBody::IncomingCall(anonymous),
        status(CallStatus::Ring),
        refused,
        EventBody::CallSdp(CallSdp { call_id: "3f2c".into(), kind: SdpKind::Answer, sdp: SDP.into() }),
        EventBody::CallSdp(CallSdp { call_id: "3f2c".into(), kind: SdpKind::Offer, sdp: SDP.into() }),
        EventBody::Dtmf(DtmfReceived { call_id: "3f2c".into(), digit: "#".into(), duration_ms: 120 }),
        transfer(TransferStatus::Trying, None, None),
        transfer(TransferStatus::Failed, Some((404, "Not Found")), Some(failure())),
        party(None),
        party(Some("Carol")),
        EventBody::Quality(CallQuality {
            call_id: "3f2c".into(),
            quality: sorted(&Quality {
                bad: true,
                hearer: End::Own,
                side: End::Far,
                causes: vec![QualityCause::Loss, QualityCause::Jitter],
                mos: Some(2.5),
                loss: 0.25,
                jitter_ms: 30.0,
                round_trip_ms: Some(20.0),
            }),
        }),
        data(None, None),
        data(Some("bob"), Some("3f2c")),
        EventBody::Message(MessageReceived {
            from: "bob".into(),
            visible_name: Some("Bob".into()),
            text: Secret::new("my PIN is 9876"),
        }),
        EventBody::Message(MessageReceived { from: "bob".into(), visible_name: None, text: Secret::new("9876") }),
        EventBody::MessageStatus(MessageStatus { message_id: "m1".into(), error: None }),
        EventBody::MessageStatus(MessageStatus { message_id: "m2".into(), error: Some(failure()) }),
        EventBody::MessageWaiting(MessageWaiting { waiting: true, new: Some(2), old: Some(8) }),
        EventBody::MessageWaiting(MessageWaiting { waiting: false, new: None, old: None }),
        EventBody::Debug(DebugChanged { enabled: true }),
        EventBody::SessionClosed(SessionClosed {
            error: Failure::new(ErrorCode::ShuttingDown, "The relay is stopping."),
        }),
    ];
    (1..).zip(bodies).map(|(seq, body)| Event { seq, body }).collect()
}
