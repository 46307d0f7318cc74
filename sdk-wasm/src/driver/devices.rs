//! Microphones, cameras and screens.

use super::fields::{property, set, text};
use crate::devices::{Device, distinct};
use crate::failure::{Code, Failure};
use js_sys::{Array, Object, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MediaDevices, MediaStream, MediaStreamTrack};

/// Opens what the constraints ask for; `false` asks for nothing of that kind.
///
/// # Errors
/// One of the microphone's codes, with a sentence that says what the person can do.
pub fn open(audio: JsValue, video: JsValue) -> impl Future<Output = Result<MediaStream, Failure>> {
    let wanted: JsValue = Object::new().into();
    set(&wanted, "audio", audio);
    set(&wanted, "video", video);
    granted(devices().map(|devices| devices.get_user_media_with_constraints(wanted.unchecked_ref())))
}

/// Has the person choose a screen, a window or a tab. `source` is what the browser's question begins with.
///
/// # Errors
/// As those of [`open`]; the person may have chosen none.
pub fn share(video: JsValue, source: Option<&str>) -> impl Future<Output = Result<MediaStream, Failure>> + use<> {
    let surface = if source == Some("screen") { Some("monitor") } else { source };
    if let Some(surface @ ("monitor" | "window" | "browser")) = surface {
        set(&video, "displaySurface", surface);
    }
    let wanted: JsValue = Object::new().into();
    set(&wanted, "video", video);
    granted(devices().map(|devices| devices.get_display_media_with_constraints(wanted.unchecked_ref())))
}

/// The microphones (`audioinput`) or cameras (`videoinput`) there are to choose from.
pub async fn list(kind: &str) -> Vec<Device> {
    let Some(listing) = devices().ok().and_then(|devices| devices.enumerate_devices().ok()) else { return Vec::new() };
    let listed = JsFuture::from(listing).await.unwrap_or_default();
    let listed = listed.dyn_ref::<Array>().map(Array::to_vec).unwrap_or_default();
    distinct(listed.iter().filter(|device| property(device, "kind") == kind).map(named).collect())
}

/// The device a track comes from.
pub fn source(track: &MediaStreamTrack) -> Device {
    named(track.get_settings().as_ref())
}

fn named(of: &JsValue) -> Device {
    Device { id: text(of, "deviceId"), group: text(of, "groupId") }
}

async fn granted(asked: Result<Result<Promise, JsValue>, Failure>) -> Result<MediaStream, Failure> {
    let stream = match asked? {
        Ok(promise) => JsFuture::from(promise).await,
        Err(error) => Err(error),
    };
    stream.map(JsCast::unchecked_into).map_err(|error| refused(&error))
}

/// Browsers hide the devices from pages that did not come over HTTPS or from localhost.
fn devices() -> Result<MediaDevices, Failure> {
    let devices = web_sys::window().and_then(|window| window.navigator().media_devices().ok());
    devices.filter(|devices| !AsRef::<JsValue>::as_ref(devices).is_undefined()).ok_or_else(|| {
        let sentence = "The browser gives microphone and camera only to pages served over HTTPS or from localhost.";
        Failure::new(Code::InsecureContext, sentence)
    })
}

/// The errors of getUserMedia (W3C Media Capture and Streams, section 10.2).
fn refused(error: &JsValue) -> Failure {
    let (code, sentence) = match text(error, "name").as_str() {
        "NotAllowedError" | "SecurityError" => (
            Code::MicrophoneDenied,
            "The microphone or camera was refused. Allow it in the browser's address bar and try again.",
        ),
        "NotFoundError" | "OverconstrainedError" => {
            (Code::MicrophoneMissing, "No microphone or camera was found, or none that meets the constraints.")
        }
        "NotReadableError" | "AbortError" => {
            (Code::MicrophoneBusy, "The microphone or camera could not be opened. Another program may be using it.")
        }
        _ => (Code::MediaFailed, "The browser could not open microphone or camera with these constraints."),
    };
    Failure::new(code, sentence)
}
