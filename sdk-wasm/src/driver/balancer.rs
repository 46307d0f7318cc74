//! Asking which relay to use.

use super::fields::JsFields;
use crate::account::Balanced;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

/// What the balancer at that URL says; nothing when it says nothing of use. How long to wait is the session's to know.
pub async fn ask(url: &str) -> Option<Balanced> {
    let response = JsFuture::from(web_sys::window()?.fetch_with_str(url)).await.ok()?;
    let answer = JsFuture::from(response.unchecked_into::<Response>().json().ok()?).await.ok()?;
    Balanced::read(&JsFields(answer))
}
