//! Reading a request at the relay's door.
//!
//! A frame that cannot be read still deserves the one reply its id asks for, so the error keeps the id where there is
//! one. Nothing of the frame's content is quoted in the error: it may hold a password.

use crate::error::{ErrorCode, Failure};
use crate::request::{Request, RequestBody};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A frame that is not a request this version understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestError {
    /// The request's id, where it could be read: the reply carries it.
    pub id: Option<u32>,
    /// What to answer: [`ErrorCode::BadRequest`], [`ErrorCode::UnknownRequest`] or [`ErrorCode::TooLarge`].
    pub failure: Failure,
}

impl Request {
    /// Reads one text frame.
    ///
    /// # Errors
    /// [`ErrorCode::TooLarge`] over [`crate::MAX_FRAME`]; [`ErrorCode::UnknownRequest`] for a `type` that names no
    /// request; [`ErrorCode::BadRequest`] for everything else, with the `field` at fault where it is one field.
    pub fn parse(frame: &str) -> Result<Self, RequestError> {
        if frame.len() > crate::MAX_FRAME {
            return Err(refuse(None, ErrorCode::TooLarge, "The frame is larger than 64 kB.", None));
        }
        let Ok(Value::Object(object)) = serde_json::from_str(frame) else {
            return Err(refuse(None, ErrorCode::BadRequest, "The frame is not a JSON object.", None));
        };
        let id = object.get("id").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
        let Some(id) = id else {
            let sentence = "A request needs an id: a whole number from 0 to 4294967295.";
            return Err(refuse(None, ErrorCode::BadRequest, sentence, Some("id")));
        };
        let kind = object.get("type").and_then(Value::as_str).map(str::to_owned);
        let Some(kind) = kind else {
            return Err(refuse(Some(id), ErrorCode::BadRequest, "A request needs a type: a text.", Some("type")));
        };
        Ok(Self { id, body: body(&kind, id, object)? })
    }
}

fn body(kind: &str, id: u32, object: Map<String, Value>) -> Result<RequestBody, RequestError> {
    Ok(match kind {
        "hello" => RequestBody::Hello(fields(id, object)?),
        "openSip" => RequestBody::OpenSip(fields(id, object)?),
        "openLocal" => RequestBody::OpenLocal(fields(id, object)?),
        "resume" => RequestBody::Resume(fields(id, object)?),
        "close" => RequestBody::Close(fields(id, object)?),
        "call" => RequestBody::Call(fields(id, object)?),
        "ring" => RequestBody::Ring(fields(id, object)?),
        "answer" => RequestBody::Answer(fields(id, object)?),
        "hangup" => RequestBody::Hangup(fields(id, object)?),
        "hold" => RequestBody::Hold(fields(id, object)?),
        "unhold" => RequestBody::Unhold(fields(id, object)?),
        "dtmf" => RequestBody::Dtmf(fields(id, object)?),
        "sdp" => RequestBody::Sdp(fields(id, object)?),
        "offer" => RequestBody::Offer(fields(id, object)?),
        "transfer" => RequestBody::Transfer(fields(id, object)?),
        "sendData" => RequestBody::SendData(fields(id, object)?),
        "message" => RequestBody::Message(fields(id, object)?),
        "report" => RequestBody::Report(fields(id, object)?),
        "debug" => RequestBody::Debug(fields(id, object)?),
        "stats" => RequestBody::Stats(fields(id, object)?),
        "ping" => RequestBody::Ping(fields(id, object)?),
        _ => {
            let sentence = "The type names no request this version knows.";
            return Err(refuse(Some(id), ErrorCode::UnknownRequest, sentence, Some("type")));
        }
    })
}

/// Reads one request's fields. serde's own error would quote the value at fault, so only the field's name is kept.
fn fields<T: DeserializeOwned>(id: u32, object: Map<String, Value>) -> Result<T, RequestError> {
    serde_path_to_error::deserialize(Value::Object(object)).map_err(|error| {
        let path = error.path().to_string();
        let sentence = error.inner().to_string();
        let missing = sentence.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        match missing {
            Some(name) => refuse(Some(id), ErrorCode::BadRequest, "A field is missing.", Some(name)),
            None => {
                let sentence = "A field has the wrong type or is out of range.";
                refuse(Some(id), ErrorCode::BadRequest, sentence, Some(&path))
            }
        }
    })
}

fn refuse(id: Option<u32>, code: ErrorCode, sentence: &str, field: Option<&str>) -> RequestError {
    let failure = Failure { field: field.map(str::to_owned), ..Failure::new(code, sentence) };
    RequestError { id, failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(frame: &str) -> RequestError {
        Request::parse(frame).unwrap_err()
    }

    #[test]
    fn a_frame_that_is_no_json_object_has_no_id_to_reply_to() {
        for frame in ["", "nonsense", "[]", "7", "null", r#"{"id":1"#] {
            let error = refused(frame);
            assert_eq!((error.id, error.failure.code), (None, ErrorCode::BadRequest), "{frame}");
        }
    }

    #[test]
    fn an_id_that_is_no_u32_is_named() {
        for id in ["-1", "1.5", "4294967296", "\"7\"", "null", "{}"] {
            let error = refused(&format!(r#"{{"type":"ping","id":{id}}}"#));
            assert_eq!((error.id, error.failure.field.as_deref()), (None, Some("id")), "{id}");
        }
    }

    #[test]
    fn an_unknown_type_keeps_the_id() {
        let error = refused(r#"{"type":"dance","id":7}"#);
        assert_eq!((error.id, error.failure.code), (Some(7), ErrorCode::UnknownRequest));
    }

    #[test]
    fn a_type_that_is_no_text_is_a_bad_request() {
        let error = refused(r#"{"type":[],"id":7}"#);
        assert_eq!((error.id, error.failure.code), (Some(7), ErrorCode::BadRequest));
    }

    #[test]
    fn a_missing_field_is_named() {
        let error = refused(r#"{"type":"hangup","id":7}"#);
        assert_eq!(error.id, Some(7));
        assert_eq!(error.failure.field.as_deref(), Some("callId"));
    }

    #[test]
    fn a_mistyped_field_is_named_and_its_value_is_not_quoted() {
        let frame = r#"{"type":"openSip","id":7,"login":"a","password":"s3cret","domain":"d","register":"s3cret"}"#;
        let error = refused(frame);
        assert_eq!(error.failure.field.as_deref(), Some("register"));
        assert!(!format!("{error:?}").contains("s3cret"));
    }

    #[test]
    fn a_number_for_a_password_is_not_quoted_either() {
        let frame = r#"{"type":"openSip","id":7,"login":"a","password":424242,"domain":"d","register":true}"#;
        let error = refused(frame);
        assert_eq!(error.failure.field.as_deref(), Some("password"));
        assert!(!format!("{error:?}").contains("424242"));
    }

    #[test]
    fn a_frame_over_the_limit_is_too_large() {
        let frame = format!(r#"{{"type":"ping","id":1,"pad":"{}"}}"#, "x".repeat(crate::MAX_FRAME));
        assert_eq!(refused(&frame).failure.code, ErrorCode::TooLarge);
    }

    #[test]
    fn unknown_fields_are_ignored() {
        let request = Request::parse(r#"{"type":"hangup","id":7,"callId":"c","colour":"red"}"#).unwrap();
        assert_eq!(request.id, 7);
        assert!(matches!(request.body, RequestBody::Hangup(call) if call.call_id == "c"));
    }

    #[test]
    fn nesting_without_end_is_refused() {
        let frame = format!(r#"{{"type":"ping","id":1,"x":{}"#, "[".repeat(10_000));
        assert_eq!(refused(&frame).failure.code, ErrorCode::BadRequest);
    }
}
