//! Asking which relay to use.

use super::fields::JsFields;
use crate::account::Balanced;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit, Response};

/// How long the answer may take, in milliseconds.
const PATIENCE: u32 = 5_000;

/// What the balancer at that URL says; nothing when it does not, or not in time.
pub async fn ask(url: &str) -> Option<Balanced> {
    answer(url).await.ok().and_then(|answer| Balanced::read(&JsFields(answer)))
}

async fn answer(url: &str) -> Result<JsValue, JsValue> {
    let window = web_sys::window().ok_or(JsValue::UNDEFINED)?;
    let options = RequestInit::new();
    options.set_signal(Some(&AbortSignal::timeout_with_u32(PATIENCE)));
    let response = JsFuture::from(window.fetch_with_str_and_init(url, &options)).await?;
    JsFuture::from(response.unchecked_into::<Response>().json()?).await
}
