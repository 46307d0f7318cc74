//! The microphone and the camera.

use super::fields::{property, set};
use crate::dial::Media;
use crate::failure::{Code, Failure};
use js_sys::Object;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MediaDevices, MediaStream, MediaStreamConstraints, MediaStreamTrack};

/// What is sent to the far end. Dropping it stops the tracks: the browser's recording mark goes out.
pub struct Capture {
    stream: MediaStream,
    /// The app's own stream is not ours to stop.
    borrowed: bool,
}

impl Capture {
    /// Opens what the app's constraints ask for; sound alone without constraints. A `customStream` among them is taken
    /// as it is. `None` when they ask for nothing to be sent.
    ///
    /// # Errors
    /// One of the microphone's codes, with a sentence that says what the person can do.
    pub async fn open(constraints: &JsValue, media: &Media) -> Result<Option<Self>, Failure> {
        if let Ok(stream) = property(constraints, "customStream").dyn_into::<MediaStream>() {
            return Ok(Some(Self { stream, borrowed: true }));
        }
        let audio = match property(constraints, "audio") {
            given if given.is_undefined() => JsValue::TRUE,
            given => given,
        };
        let video = if media.send_video { property(constraints, "video") } else { JsValue::FALSE };
        if audio.is_falsy() && video.is_falsy() {
            return Ok(None);
        }
        let wanted: JsValue = Object::new().into();
        set(&wanted, "audio", audio);
        set(&wanted, "video", video);
        let promise = devices()?.get_user_media_with_constraints(&wanted.unchecked_into::<MediaStreamConstraints>());
        let stream =
            JsFuture::from(promise.map_err(|error| refused(&error))?).await.map_err(|error| refused(&error))?;
        Ok(Some(Self { stream: stream.unchecked_into(), borrowed: false }))
    }

    /// The browser's object.
    pub fn stream(&self) -> &MediaStream {
        &self.stream
    }

    /// Stops the tracks. Dropping the last hold on them does so too.
    pub fn stop(&self) {
        if !self.borrowed {
            self.tracks("audio").chain(self.tracks("video")).for_each(|track| track.stop());
        }
    }

    /// The tracks of a kind, `audio` or `video`.
    pub fn tracks(&self, kind: &str) -> impl Iterator<Item = MediaStreamTrack> {
        let tracks = if kind == "audio" { self.stream.get_audio_tracks() } else { self.stream.get_video_tracks() };
        (0..tracks.length()).map(move |index| tracks.get(index).unchecked_into())
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Browsers hide the devices from pages that did not come over HTTPS or from localhost.
fn devices() -> Result<MediaDevices, Failure> {
    let devices = web_sys::window().and_then(|window| window.navigator().media_devices().ok());
    devices.filter(|devices| !AsRef::<JsValue>::as_ref(devices).is_undefined()).ok_or_else(|| {
        let sentence = "The browser gives the microphone only to pages served over HTTPS or from localhost.";
        Failure::new(Code::InsecureContext, sentence)
    })
}

/// The errors of getUserMedia (W3C Media Capture and Streams, section 10.2).
fn refused(error: &JsValue) -> Failure {
    let name = property(error, "name").as_string().unwrap_or_default();
    let (code, sentence) = match name.as_str() {
        "NotAllowedError" | "SecurityError" => {
            (Code::MicrophoneDenied, "The microphone was refused. Allow it in the browser's address bar and try again.")
        }
        "NotFoundError" | "OverconstrainedError" => {
            (Code::MicrophoneMissing, "No microphone was found, or none that meets the constraints.")
        }
        "NotReadableError" | "AbortError" => {
            (Code::MicrophoneBusy, "The microphone could not be opened. Another program may be using it.")
        }
        _ => (Code::MediaFailed, "The browser could not open the microphone with these constraints."),
    };
    Failure::new(code, sentence)
}
