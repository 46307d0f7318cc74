//! What the browser is asked for: the app's constraints, with their gaps filled.

use super::fields::{JsFields, copy, property, set};
use crate::constraints;
use crate::dial::Media;
use js_sys::{JSON, Object};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::MediaStream;

/// The `constraints` of a call's options.
pub struct Constraints {
    audio: JsValue,
    video: JsValue,
    /// The app's own stream, sent as it is.
    pub custom: Option<MediaStream>,
    /// Gaps are left to the browser.
    as_given: bool,
}

impl Constraints {
    /// Reads the options of `createCall` or `answer`. The microphone is wanted unless the app says no or brings a stream
    /// of its own; the camera only if the call is to send it.
    pub fn read(options: &JsValue, media: &Media) -> Self {
        let given = property(options, "constraints");
        let custom = property(&given, "customStream").dyn_into::<MediaStream>().ok();
        let audio = match property(&given, "audio") {
            unsaid if unsaid.is_undefined() => custom.is_none().into(),
            said => said,
        };
        let video = if media.send_video { property(&given, "video") } else { JsValue::FALSE };
        let as_given = property(options, "disableConstraintsNormalization").is_truthy();
        Self { audio, video, custom, as_given }
    }

    /// Names them: equal constraints of one display have equal keys. `None` for a stream of the app's.
    pub fn key(&self) -> Option<String> {
        let wanted: JsValue = Object::new().into();
        set(&wanted, "audio", &self.audio);
        set(&wanted, "video", &self.video);
        JSON::stringify(&wanted).ok().filter(|_| self.custom.is_none())?.as_string()
    }

    /// What to ask the microphone for; a device's name takes the place of the app's choice.
    pub fn audio(&self, device: Option<&str>) -> JsValue {
        let audio = copy(&self.audio);
        if !self.as_given && constraints::stereo(&JsFields(audio.clone())) {
            set(&audio, "echoCancellation", false);
        }
        named(&self.audio, audio, device)
    }

    /// What to ask the camera for, in the same way.
    pub fn video(&self, device: Option<&str>) -> JsValue {
        let video = copy(&self.video);
        if !self.as_given {
            fill_gaps(&video);
        }
        named(&self.video, video, device)
    }

    /// What to ask a screen for, if the picture is to be one's screen: `video.type` is `screen`.
    pub fn screen(&self) -> Option<JsValue> {
        (property(&self.video, "type") == "screen").then(|| copy(&self.video))
    }
}

/// `false` stays false; anything else becomes an object.
fn named(given: &JsValue, wanted: JsValue, device: Option<&str>) -> JsValue {
    match device {
        None if given.is_falsy() => JsValue::FALSE,
        None => wanted,
        Some(device) => {
            // What else names a device would contradict it.
            for name in ["facingMode", "groupId"] {
                set(&wanted, name, JsValue::UNDEFINED);
            }
            let exact: JsValue = Object::new().into();
            set(&exact, "exact", device);
            set(&wanted, "deviceId", exact);
            wanted
        }
    }
}

fn fill_gaps(video: &JsValue) {
    let fields = JsFields(video.clone());
    if constraints::lacks_size(&fields) {
        let (width, height) = constraints::SIZE;
        set(video, "width", width);
        set(video, "height", height);
    }
    if let Some(rate) = constraints::ideal_frame_rate(&fields) {
        let ideal: JsValue = Object::new().into();
        set(&ideal, "ideal", rate);
        set(video, "frameRate", ideal);
    }
}
