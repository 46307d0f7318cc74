//! Every message as it stands on the wire, both ways.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects by failing"
)]

mod samples;

use offhook_protocol::{Event, Reply, Request};
use serde::Serialize;
use serde_json::{Value, json};

fn frames<T: Serialize>(messages: &[T]) -> Vec<Value> {
    messages.iter().map(|message| serde_json::to_value(message).unwrap()).collect()
}

fn requests() -> Vec<Request> {
    (1..).zip(samples::requests()).map(|(id, body)| Request { id, body }).collect()
}

#[test]
fn requests_look_like_this() {
    insta::assert_json_snapshot!(frames(&requests()));
}

#[test]
fn replies_look_like_this() {
    insta::assert_json_snapshot!(frames(&samples::replies()));
}

#[test]
fn events_look_like_this() {
    insta::assert_json_snapshot!(frames(&samples::events()));
}

#[test]
fn every_message_is_read_as_it_was_written() {
    for request in requests() {
        let frame = serde_json::to_string(&request).unwrap();
        assert_eq!(Request::parse(&frame).unwrap(), request);
        assert_eq!(serde_json::from_str::<Request>(&frame).unwrap(), request);
    }
    for reply in samples::replies() {
        assert_eq!(serde_json::from_value::<Reply>(json!(reply)).unwrap(), reply);
    }
    for event in samples::events() {
        assert_eq!(serde_json::from_value::<Event>(json!(event)).unwrap(), event);
    }
}

#[test]
fn unknown_fields_are_ignored_in_every_message() {
    for mut frame in frames(&requests()) {
        frame["later"] = json!({ "nested": [1] });
        Request::parse(&frame.to_string()).unwrap();
    }
    for mut frame in frames(&samples::events()) {
        frame["later"] = json!({ "nested": [1] });
        serde_json::from_value::<Event>(frame).unwrap();
    }
}

#[test]
fn absent_and_null_options_are_the_same() {
    for mut frame in frames(&requests()) {
        for name in [
            "authenticationName",
            "outboundProxy",
            "port",
            "transport",
            "visibleName",
            "appKey",
            "custom",
            "target",
            "to",
        ] {
            if frame.get(name).is_none() {
                frame[name] = Value::Null;
            }
        }
        Request::parse(&frame.to_string()).unwrap();
    }
}

#[test]
fn a_missing_field_of_any_request_is_named() {
    for frame in frames(&requests()) {
        for name in [
            "version", "login", "password", "domain", "token", "lastSeq", "callId", "sdp", "digits", "payload", "text",
            "enabled",
        ] {
            let mut frame = frame.clone();
            let optional = name == "password" && frame["type"] == "openLocal";
            if frame.as_object_mut().unwrap().remove(name).is_none() || optional {
                continue;
            }
            let error = Request::parse(&frame.to_string()).unwrap_err();
            assert_eq!(error.failure.field.as_deref(), Some(name));
            assert_eq!(error.id.map(u64::from), frame["id"].as_u64());
        }
    }
}

#[test]
fn neither_secrets_nor_digits_nor_session_descriptions_are_shown_for_debugging() {
    let shown = format!("{:?} {:?} {:?}", requests(), samples::replies(), samples::events());
    for hidden in ["hunter2", "t0ken", "192.0.2.1", "12#", "\"#\"", "9876", "5551234", "carol"] {
        assert!(!shown.contains(hidden), "{hidden}");
    }
}
