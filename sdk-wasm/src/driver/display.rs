//! The elements that show and play a call's media.

use super::fields::{property, set, text};
use super::media;
use super::page::{Ear, listen};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Element, HtmlMediaElement, MediaStream};

/// What of an element's `dataset` says for which constraints its media was opened.
const CONSTRAINTS: &str = "constraints";
/// Elements that wait for a call, by their ids.
const WAITING: &str = ":scope > [id$='-LOCAL_CACHED_VIDEO'], :scope > [id$='-REMOTE_CACHED_VIDEO']";
/// What a browser takes for the person's consent to sound.
const GESTURES: [&str; 3] = ["pointerup", "click", "keydown"];

/// Whose media it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Ours: always muted, nobody wants to hear themselves.
    Local,
    /// The far end's.
    Remote,
}

impl Side {
    /// The element that the call's options name for it.
    pub fn place(self, options: &JsValue) -> JsValue {
        property(options, if self == Self::Local { "localVideoDisplay" } else { "remoteVideoDisplay" })
    }

    fn suffix(self) -> &'static str {
        if self == Self::Local { "-local" } else { "-remote" }
    }

    fn cached_suffix(self) -> &'static str {
        if self == Self::Local { "-LOCAL_CACHED_VIDEO" } else { "-REMOTE_CACHED_VIDEO" }
    }
}

/// One `<video>` in an element of the page, or nowhere: sound plays all the same. The end comes when it is dropped.
pub struct Display {
    video: HtmlMediaElement,
    side: Side,
    after: After,
    ended: Cell<bool>,
    listening: Cell<bool>,
    gesture: RefCell<Option<Ear>>,
}

/// What becomes of the element in the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    /// It leaves the page.
    Remove,
    /// It waits in its place for another call.
    Cache,
    /// It is the app's.
    Leave,
}

impl Display {
    /// Plays the stream where the call's options say: in the `<video>` given, in one that waits inside the element
    /// given, or in a new one.
    pub fn show(options: &JsValue, side: Side, call_id: &str, stream: &MediaStream) -> Option<Rc<Self>> {
        let (video, after) = found(options, side)?;
        if after != After::Leave {
            set(&video, "id", [call_id, side.suffix()].concat());
            set(&video, "autoplay", true);
        }
        // Without it iOS plays every video full screen.
        set(&video, "playsInline", true);
        if property(options, "useControls").is_truthy() {
            set(&video, "controls", true);
        }
        set(&video, "muted", true);
        video.set_src_object(Some(stream));
        let display = Self {
            video,
            side,
            after,
            ended: Cell::new(false),
            listening: Cell::new(false),
            gesture: RefCell::default(),
        };
        let display = Rc::new(display);
        display.play();
        Some(display)
    }

    /// The browser's object.
    pub fn video(&self) -> &HtmlMediaElement {
        &self.video
    }

    /// Chooses the loudspeaker. The promise is the browser's; undefined where a browser cannot choose.
    pub fn set_sink(&self, device: &str) -> JsValue {
        let choose = property(&self.video, "setSinkId").dyn_into::<js_sys::Function>();
        choose.and_then(|choose| choose.call1(&self.video, &device.into())).unwrap_or_default()
    }

    /// Whether the element can wait with its media open.
    pub fn can_keep(&self) -> bool {
        self.after == After::Cache
    }

    /// Leaves the media open in the element, for another call with the same constraints.
    pub fn keep(&self, constraints: &str) {
        set(&property(&self.video, "dataset"), CONSTRAINTS, constraints);
        self.end(true);
    }

    fn end(&self, with_media: bool) {
        if self.ended.replace(true) {
            return;
        }
        self.deafen();
        if !with_media {
            self.video.set_src_object(None);
        }
        match self.after {
            After::Remove => self.video.remove(),
            After::Cache => set(&self.video, "id", [&text(&self.video, "id"), self.side.cached_suffix()].concat()),
            After::Leave => {}
        }
    }

    /// Muted media may always play. Browsers that allow no sound before the first click pause what is unmuted too early:
    /// it goes on in silence until there is one.
    fn play(self: &Rc<Self>) {
        self.attempt();
        if self.side == Side::Local {
            return;
        }
        self.mute(false);
        if property(&self.video, "paused").is_truthy() {
            self.mute(true);
            self.attempt();
            self.wait();
        }
    }

    fn mute(&self, muted: bool) {
        set(&self.video, "muted", muted);
    }

    fn attempt(self: &Rc<Self>) {
        let Ok(started) = self.video.play() else { return };
        let me = Rc::downgrade(self);
        spawn_local(async move {
            let Err(refusal) = JsFuture::from(started).await else { return };
            if let Some(display) = me.upgrade().filter(|_| text(&refusal, "name") == "NotAllowedError") {
                display.wait();
            }
        });
    }

    /// Waits for the person to touch the page.
    fn wait(self: &Rc<Self>) {
        if self.ended.get() || self.listening.replace(true) {
            return;
        }
        let me = Rc::downgrade(self);
        let touched = move |_| {
            if let Some(display) = me.upgrade() {
                display.deafen();
                display.play();
            }
        };
        self.gesture.borrow_mut().get_or_insert_with(|| Ear::new(touched));
        self.listen(true);
    }

    fn deafen(&self) {
        if self.listening.replace(false) {
            self.listen(false);
        }
    }

    fn listen(&self, begin: bool) {
        if let (Some(window), Some(gesture)) = (web_sys::window(), self.gesture.borrow().as_ref()) {
            GESTURES.iter().for_each(|event| listen(&window, event, gesture, begin));
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.end(false);
    }
}

/// The media that is open in the element given, if it was opened for these constraints. Any other is closed.
pub fn cached_stream(place: &JsValue, constraints: &str) -> Option<MediaStream> {
    let video = waiting(place)?;
    let stream = video.src_object()?;
    let fits = text(&property(&video, "dataset"), CONSTRAINTS) == constraints;
    if fits && media::all(&stream).all(|track| media::is_live(&track)) {
        return Some(stream);
    }
    media::all(&stream).for_each(|track| track.stop());
    video.set_src_object(None);
    None
}

fn found(options: &JsValue, side: Side) -> Option<(HtmlMediaElement, After)> {
    let place = match side.place(options).dyn_into::<HtmlMediaElement>() {
        Ok(own) => return Some((own, After::Leave)),
        Err(place) => place,
    };
    // Open media of ours is not the far end's to replace.
    let free = |video: &HtmlMediaElement| side == Side::Local || video.src_object().is_none();
    if let Some(video) = waiting(&place).filter(free) {
        return Some((video, After::Cache));
    }
    let video = web_sys::window()?.document()?.create_element("video").ok()?.unchecked_into();
    let Some(place) = place.dyn_ref::<Element>() else { return Some((video, After::Remove)) };
    let _shown = place.append_child(&video);
    let stays = ["cacheLocalResources", "keepElements"].iter().any(|option| property(options, option).is_truthy());
    Some((video, if stays { After::Cache } else { After::Remove }))
}

/// The element inside `place` that waits for a call.
fn waiting(place: &JsValue) -> Option<HtmlMediaElement> {
    let place = place.dyn_ref::<Element>()?;
    place.query_selector(WAITING).ok()??.dyn_into().ok()
}
