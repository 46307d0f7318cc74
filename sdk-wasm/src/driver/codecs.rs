//! The `stripCodecs` option, whose names are regular expressions.

use super::fields::property;
use crate::failure::{Code, Failure};
use crate::sdp;
use crate::text::head;
use js_sys::{Array, Function, Reflect, RegExp};
use offhook_protocol::ErrorCode;
use wasm_bindgen::{JsCast, JsValue};

/// Takes codecs out of a session description. A name is searched for as a regular expression without regard to case; one
/// that is no regular expression is compared.
///
/// # Errors
/// Nothing would be left of a media section.
pub fn strip(sdp: String, names: &[String]) -> Result<String, Failure> {
    if names.is_empty() {
        return Ok(sdp);
    }
    let patterns: Vec<_> = names.iter().map(|name| (name, pattern(name))).collect();
    let unwanted = |codec: &str| {
        patterns.iter().any(|(name, pattern)| match pattern {
            Some(pattern) => pattern.test(codec),
            None => head(codec, b'/').eq_ignore_ascii_case(name),
        })
    };
    sdp::strip_codecs(&sdp, unwanted).ok_or_else(|| {
        let sentence = "stripCodecs leaves no codec that both ends could use.";
        Failure::new(Code::Relay(ErrorCode::NoCommonCodecs), sentence).at("stripCodecs")
    })
}

/// Not `RegExp::new`, which lets the exception of a bad pattern through.
fn pattern(name: &str) -> Option<RegExp> {
    let constructor = property(web_sys::window()?.as_ref(), "RegExp").dyn_into::<Function>().ok()?;
    let arguments = Array::of2(&JsValue::from_str(name), &JsValue::from_str("i"));
    Reflect::construct(&constructor, &arguments).ok().map(JsCast::unchecked_into)
}
