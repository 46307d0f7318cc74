//! Asking which relay to use.

use super::fields::JsFields;
use crate::account::Balanced;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

/// What the balancer at that URL says; nothing when it says nothing of use. How long to wait is the session's to know.
pub async fn ask(url: &str) -> Option<Balanced> {
    answer(url).await.ok().and_then(|answer| Balanced::read(&JsFields(answer)))
}

async fn answer(url: &str) -> Result<JsValue, JsValue> {
    let window = web_sys::window().ok_or(JsValue::UNDEFINED)?;
    let response = JsFuture::from(window.fetch_with_str(url)).await?;
    JsFuture::from(response.unchecked_into::<Response>().json()?).await
}
