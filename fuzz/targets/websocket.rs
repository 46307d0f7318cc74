//! The WebSocket protocol: every frame is a request or refused with a sentence, and both ends read and write alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use offhook_protocol::compact::Message;
use offhook_protocol::{ErrorCode, Request};
use serde_json::{Value, json};

fuzz_target!(|data: &[u8]| {
    let Ok(frame) = std::str::from_utf8(data) else { return };
    match Request::parse(frame) {
        Ok(request) => {
            drop(format!("{request:?}"));
            // As the browser's half would have written it.
            assert_eq!(Request::parse(&request.encode()), Ok(request));
        }
        Err(error) => {
            let codes = [ErrorCode::BadRequest, ErrorCode::UnknownRequest, ErrorCode::TooLarge];
            assert!(codes.contains(&error.failure.code));
            assert!(!error.failure.message.is_empty() && error.failure.message.len() < 200);
            assert!(error.id.is_some() || error.failure.code != ErrorCode::UnknownRequest, "an unknown type has an id");
        }
    }
    // The same text as the browser's half reads what a relay says, and would read it again.
    let Ok(value) = serde_json::from_str::<Value>(frame) else { return };
    let read = Message::read(&value);
    let again = match &read {
        Message::Reply(reply) => json!(reply),
        Message::Event(event) => json!(event),
        // Of these only a number is known, or nothing.
        Message::Later(_) | Message::Unknown => return,
    };
    assert_eq!(Message::read(&again), read);
});
