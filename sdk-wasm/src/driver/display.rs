//! The elements that show and play a call's media.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Element, HtmlMediaElement, MediaStream};

/// One `<video>` in an element of the page, or nowhere: sound plays all the same. It leaves the page when dropped.
pub struct Display(HtmlMediaElement);

impl Display {
    /// Plays the stream inside `place`. What is ours is muted: nobody wants to hear themselves.
    pub fn show(place: &JsValue, id: &str, stream: &MediaStream, muted: bool) -> Option<Self> {
        let video = web_sys::window()?.document()?.create_element("video").ok()?;
        video.set_id(id);
        // Without it iOS plays every video full screen.
        let _inline = video.set_attribute("playsinline", "");
        let video: HtmlMediaElement = video.unchecked_into();
        video.set_autoplay(true);
        video.set_muted(muted);
        video.set_src_object(Some(stream));
        if let Some(place) = place.dyn_ref::<Element>() {
            let _shown = place.append_child(&video);
        }
        play(&video);
        Some(Self(video))
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.0.set_src_object(None);
        self.0.remove();
    }
}

/// Elements outside the page do not start by themselves. Browsers that block sound before the first click do not block
/// it in a page that has the microphone, which a call has by now; a refusal means that the element was taken out again.
fn play(video: &HtmlMediaElement) {
    if let Ok(started) = video.play() {
        spawn_local(async move {
            let _refused = JsFuture::from(started).await;
        });
    }
}
