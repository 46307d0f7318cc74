//! The far end's sound and picture.

use super::display::{Display, Side};
use super::fields::{ignore, property, set, text};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::{MediaStream, MediaStreamTrack};

/// The loudest.
const FULL: f64 = 100.0;

/// All the far end sends, in one stream and one element. What the app wants of it before there is any is remembered.
#[derive(Default)]
pub struct Remote {
    stream: RefCell<Option<MediaStream>>,
    display: RefCell<Option<Rc<Display>>>,
    volume: Cell<Option<f64>>,
    sink: RefCell<Option<String>>,
}

impl Remote {
    /// Shows a track where the call's options say.
    pub fn show(&self, track: &MediaStreamTrack, options: &JsValue, call_id: &str) {
        if let Some(stream) = self.stream() {
            return stream.add_track(track);
        }
        let Ok(stream) = MediaStream::new() else { return };
        stream.add_track(track);
        // Not the method, which is the browser's and makes another stream.
        self.stream.replace(Some(Clone::clone(&stream)));
        let display = Display::show(options, Side::Remote, call_id, &stream);
        self.display.replace(display);
        self.settle(options);
    }

    /// How loud, from 0 to 100.
    pub fn set_volume(&self, volume: f64) {
        let volume = if volume.is_nan() { FULL } else { volume.clamp(0.0, FULL) };
        self.volume.set(Some(volume));
        if let Some(display) = self.display() {
            set(display.video(), "volume", volume / FULL);
        }
    }

    /// How loud it is; -1 as long as the far end sends no sound.
    pub fn volume(&self) -> f64 {
        let sound = self.stream().filter(|stream| stream.get_audio_tracks().length() > 0);
        match sound.and_then(|_| self.display()) {
            Some(display) => (property(display.video(), "volume").as_f64().unwrap_or(1.0) * FULL).round(),
            None => -1.0,
        }
    }

    /// Chooses the loudspeaker. The browser's promise, or undefined as long as there is nothing to hear.
    pub fn set_sink(&self, device: String) -> JsValue {
        let chosen = self.display().map(|display| display.set_sink(&device));
        self.sink.replace(Some(device));
        chosen.unwrap_or_default()
    }

    /// Takes the element out of the page.
    pub fn end(&self) {
        drop((self.stream.take(), self.display.take()));
    }

    /// What was asked for before there was an element.
    fn settle(&self, options: &JsValue) {
        let Some(display) = self.display() else { return };
        if let Some(volume) = self.volume.get() {
            set(display.video(), "volume", volume / FULL);
        }
        let wanted = text(&property(&property(options, "constraints"), "audio"), "outputId");
        let wanted = self.sink.borrow().clone().or_else(|| Some(wanted).filter(|wanted| !wanted.is_empty()));
        if let Some(device) = wanted {
            ignore(&display.set_sink(&device));
        }
    }

    fn stream(&self) -> Option<MediaStream> {
        self.stream.borrow().clone()
    }

    fn display(&self) -> Option<Rc<Display>> {
        self.display.borrow().clone()
    }
}
