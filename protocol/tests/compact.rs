//! The browser's reader and writer against serde's.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

mod samples;

use offhook_protocol::compact::Message;
use offhook_protocol::request::{OpenLocal, StartCall};
use offhook_protocol::{ErrorCode, Event, EventBody, Header, Reply, Request, RequestBody, Secret};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(frame: Value) -> Message {
    Message::read(&frame)
}

fn assert_same(body: RequestBody) {
    let request = Request { id: 7, body };
    let compact: Value = serde_json::from_str(&request.encode()).unwrap();
    assert_eq!(compact, json!(request));
}

#[test]
fn every_request_is_written_as_serde_writes_it() {
    samples::requests().into_iter().for_each(assert_same);
}

#[test]
fn every_reply_is_read_as_serde_reads_it() {
    for reply in samples::replies() {
        assert_eq!(read(json!(reply)), Message::Reply(serde_json::from_value::<Reply>(json!(reply)).unwrap()));
    }
}

#[test]
fn every_event_is_read_as_serde_reads_it() {
    for event in samples::events() {
        assert_eq!(read(json!(event)), Message::Event(serde_json::from_value::<Event>(json!(event)).unwrap()));
    }
}

#[test]
fn a_message_this_version_cannot_read_is_unknown() {
    for frame in [
        json!({}),
        json!([]),
        json!(null),
        json!({ "type": "reply", "id": 1 }),
        json!({ "type": "dance" }),
        json!({ "type": "registration", "state": "registered" }),
    ] {
        assert_eq!(read(frame.clone()), Message::Unknown, "{frame}");
    }
}

#[test]
fn an_event_this_version_cannot_read_keeps_its_number() {
    for frame in [
        json!({ "type": "dance", "seq": 1 }),
        json!({ "type": "dtmf", "seq": 1, "callId": "c", "digit": 1, "durationMs": 1 }),
        json!({ "type": "dtmf", "seq": 1, "callId": "c", "digit": "1", "durationMs": 1.5 }),
        json!({ "type": "callStatus", "seq": 1, "callId": "c", "status": "DANCING" }),
        json!({ "type": "callSdp", "seq": 1, "callId": "c", "kind": "rollback", "sdp": "" }),
    ] {
        assert_eq!(read(frame.clone()), Message::Later(1), "{frame}");
    }
}

#[test]
fn a_code_of_a_later_version_keeps_its_sentence() {
    let error = json!({ "code": "soldOut", "message": "No more calls today." });
    let Message::Event(Event { body: EventBody::SessionClosed(closed), .. }) =
        read(json!({ "type": "sessionClosed", "seq": 1, "error": error }))
    else {
        panic!("not read")
    };
    assert_eq!((closed.error.code, closed.error.message.as_str()), (ErrorCode::Internal, "No more calls today."));
}

proptest! {
    #[test]
    fn any_number_is_written_in_decimal_digits(number: u64) {
        prop_assert_eq!(offhook_protocol::decimal(number), number.to_string());
    }

    #[test]
    fn any_text_is_written_as_serde_writes_it(name in any::<String>(), secret in any::<String>(), video: bool) {
        assert_same(RequestBody::OpenLocal(OpenLocal {
            login: name.clone(),
            password: Some(Secret::new(secret.clone())),
            ..OpenLocal::default()
        }));
        let sdp = "\u{0}\u{1f}\u{7f}\u{2028}\"\\/\r\n\t".to_owned() + &secret;
        assert_same(RequestBody::Call(StartCall {
            call_id: name.clone(),
            callee: name.clone(),
            sdp,
            visible_name: Some(secret.clone()),
            anonymous: video,
            has_video: video,
            headers: vec![Header { name, value: secret.clone() }],
            sip_sdp: vec![secret.clone()],
            custom: Some(Secret::new(secret)),
        }));
    }

    #[test]
    fn any_frame_is_survived(text in "[\\[{\"a-z:,0-9}\\]]{0,60}") {
        if let Ok(frame) = serde_json::from_str(&text) {
            let _message = read(frame);
        }
        let _request = Request::parse(&text);
    }
}
