//! What the browser is asked for where the app's constraints leave something open.

use offhook_protocol::compact::Fields;

/// Width and height of a picture nobody gave a size to, in pixels.
pub const SIZE: (u32, u32) = (320, 240);
/// Frames per second wanted where the app does not say.
const FRAME_RATE: f64 = 30.0;

/// Whether a size has to be put in. Half a size is none: the browser would guess the picture's shape.
pub fn lacks_size(video: &impl Fields) -> bool {
    !has_length(video, "width") || !has_length(video, "height")
}

/// The frame rate to ask for as an ideal. `None` when the app's own (`{ideal, min, max, exact}`) stands.
pub fn ideal_frame_rate(video: &impl Fields) -> Option<f64> {
    match video.object("frameRate") {
        Some(_) => None,
        None => Some(video.number("frameRate").filter(|rate| *rate > 0.0).unwrap_or(FRAME_RATE)),
    }
}

/// Whether echo cancellation has to be off: browsers cancel in mono and would mix the channels.
pub fn stereo(audio: &impl Fields) -> bool {
    audio.flag("stereo") == Some(true) || audio.number("stereo").is_some_and(|channels| channels > 0.0)
}

/// A number other than 0, also one written as text, or an object such as `{ideal: 640}`.
fn has_length(video: &impl Fields, side: &str) -> bool {
    let written = |text: String| text.parse::<u32>().is_ok_and(|pixels| pixels > 0);
    video.object(side).is_some()
        || video.number(side).is_some_and(|pixels| pixels > 0.0)
        || video.text(side).is_some_and(written)
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_size_needs_both_sides() {
        for video in
            [json!({}), json!({ "width": 640 }), json!({ "width": 640, "height": 0 }), json!({ "height": 480 })]
        {
            assert!(lacks_size(&video), "{video}");
        }
    }

    #[test]
    fn sides_may_be_numbers_text_or_objects() {
        for side in [json!(640), json!("640"), json!({ "ideal": 640 })] {
            assert!(!lacks_size(&json!({ "width": side, "height": side })), "{side}");
        }
        for side in [json!(0), json!(""), json!("wide"), json!(null), json!(-1)] {
            assert!(lacks_size(&json!({ "width": side, "height": 480 })), "{side}");
        }
    }

    #[test]
    fn a_frame_rate_is_an_ideal_of_30_unless_the_app_says_otherwise() {
        assert_eq!(ideal_frame_rate(&json!({})), Some(30.0));
        assert_eq!(ideal_frame_rate(&json!({ "frameRate": 0 })), Some(30.0));
        assert_eq!(ideal_frame_rate(&json!({ "frameRate": 15 })), Some(15.0));
        assert_eq!(ideal_frame_rate(&json!({ "frameRate": { "max": 10 } })), None);
    }

    #[test]
    fn stereo_sound_is_what_the_app_asks_for() {
        assert!(stereo(&json!({ "stereo": true })) && stereo(&json!({ "stereo": 1 })));
        assert!(!stereo(&json!({ "stereo": false })) && !stereo(&json!({})));
    }
}
