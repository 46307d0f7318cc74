//! What is sent to the far end.

use super::constraints::Constraints;
use super::devices;
use super::fields::{property, set, text};
use super::page::Ear;
use crate::dial::Media;
use crate::failure::Failure;
use std::cell::{Cell, RefCell};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MediaStream, MediaStreamTrack};

/// Sound and picture of ours, in one stream. Dropping it stops the tracks: the browser's recording mark goes out.
pub struct Capture {
    stream: MediaStream,
    constraints: Constraints,
    /// What encoders are told of the picture (W3C MediaStreamTrack Content Hints).
    hint: JsValue,
    /// The camera, while a screen is shown in its place. It stays open, so that coming back cannot fail.
    parked: RefCell<Option<Parked>>,
    /// The tracks are left open at the end.
    kept: Cell<bool>,
}

struct Parked {
    camera: MediaStreamTrack,
    screen: MediaStreamTrack,
    _screen_ended: Ear,
}

impl Capture {
    /// Opens what the call's options ask for, or takes what is open already for the same constraints. `None` when they
    /// ask for nothing to be sent.
    ///
    /// # Errors
    /// As those of [`devices::open`].
    pub async fn open(
        options: &JsValue,
        media: &Media,
        cached: impl FnOnce(&str) -> Option<MediaStream>,
    ) -> Result<Option<Self>, Failure> {
        let constraints = Constraints::read(options, media);
        let cached = constraints.key().as_deref().and_then(cached);
        let stream = match cached {
            Some(stream) => Some(stream),
            None => opened(&constraints).await?,
        };
        let hint = property(options, "videoContentHint");
        let parked = RefCell::default();
        let capture = stream.map(|stream| Self { stream, constraints, hint, parked, kept: Cell::new(false) });
        if let Some(capture) = &capture {
            capture.tracks("video").for_each(|track| capture.hint(&track, "motion"));
        }
        Ok(capture)
    }

    /// The browser's object.
    pub fn stream(&self) -> &MediaStream {
        &self.stream
    }

    /// What was asked for.
    pub fn constraints(&self) -> &Constraints {
        &self.constraints
    }

    /// The tracks of a kind, `audio` or `video`.
    pub fn tracks(&self, kind: &str) -> impl Iterator<Item = MediaStreamTrack> {
        tracks(&self.stream, kind)
    }

    /// Tells the encoder what the picture is; the app's word goes before `usual`.
    fn hint(&self, track: &MediaStreamTrack, usual: &str) {
        let hint = if self.hint.is_string() { self.hint.clone() } else { usual.into() };
        set(track.as_ref(), "contentHint", hint);
    }

    /// Whether a screen is shown in place of the camera.
    pub fn shares_screen(&self) -> bool {
        self.parked.borrow().is_some()
    }

    /// Puts a track in place of another, which stops.
    pub fn replace(&self, old: &MediaStreamTrack, new: &MediaStreamTrack) {
        if new.kind() == "video" {
            self.hint(new, "motion");
        }
        self.exchange(old, new);
        self.stop_track(old);
    }

    /// Puts a screen in place of the camera. `ended` runs when the person ends the sharing in the browser.
    pub fn share(&self, camera: MediaStreamTrack, screen: MediaStreamTrack, ended: impl FnMut(JsValue) + 'static) {
        self.exchange(&camera, &screen);
        let ended = Ear::new(ended);
        set(&screen, "onended", ended.as_ref());
        self.parked.replace(Some(Parked { camera, screen, _screen_ended: ended }));
    }

    /// The camera that comes back when the screen goes.
    pub fn camera(&self) -> Option<MediaStreamTrack> {
        // Not the method, which is the browser's and makes another track.
        self.parked.borrow().as_ref().map(|parked| Clone::clone(&parked.camera))
    }

    /// Puts the camera back in place of the screen, which stops.
    pub fn unshare(&self) {
        if let Some(Parked { camera, screen, .. }) = self.parked.take() {
            set(&screen, "onended", JsValue::NULL);
            self.exchange(&screen, &camera);
            screen.stop();
        }
    }

    /// A screen about to be shared.
    pub fn hint_screen(&self, screen: &MediaStreamTrack) {
        self.hint(screen, "detail");
    }

    /// Leaves the tracks open for another call.
    pub fn keep(&self) {
        self.unshare();
        self.kept.set(true);
        all(&self.stream).for_each(|track| set(&track, "enabled", true));
    }

    /// Stops the tracks, unless they are kept. Dropping the last hold on them does so too.
    pub fn stop(&self) {
        self.unshare();
        if !self.kept.get() {
            all(&self.stream).for_each(|track| self.stop_track(&track));
        }
    }

    fn exchange(&self, old: &MediaStreamTrack, new: &MediaStreamTrack) {
        self.stream.remove_track(old);
        self.stream.add_track(new);
    }

    /// Stops a track, unless it is the app's own.
    pub fn stop_track(&self, track: &MediaStreamTrack) {
        let custom = self.constraints.custom.as_ref();
        if custom.is_none_or(|custom| custom.get_track_by_id(&track.id()).is_none()) {
            track.stop();
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The tracks of a kind, `audio` or `video`.
pub fn tracks(stream: &MediaStream, kind: &str) -> impl Iterator<Item = MediaStreamTrack> {
    let tracks = if kind == "audio" { stream.get_audio_tracks() } else { stream.get_video_tracks() };
    (0..tracks.length()).map(move |index| tracks.get(index).unchecked_into())
}

/// All its tracks.
pub fn all(stream: &MediaStream) -> impl Iterator<Item = MediaStreamTrack> {
    tracks(stream, "audio").chain(tracks(stream, "video"))
}

/// Whether a track's source still gives something.
pub fn is_live(track: &MediaStreamTrack) -> bool {
    text(track, "readyState") == "live"
}

/// The app's own stream, completed by what the constraints ask for beside it; or the devices.
async fn opened(constraints: &Constraints) -> Result<Option<MediaStream>, Failure> {
    let custom = constraints.custom.as_ref();
    let lacks = |kind| custom.is_none_or(|custom| tracks(custom, kind).next().is_none());
    let audio = if lacks("audio") { constraints.audio(None) } else { JsValue::FALSE };
    let mut video = if lacks("video") { constraints.video(None) } else { JsValue::FALSE };
    let mut found = None;
    if let Some(screen) = constraints.screen().filter(|_| video.is_truthy()) {
        found = Some(devices::share(screen, None).await?);
        video = JsValue::FALSE;
    }
    if audio.is_truthy() || video.is_truthy() {
        let devices = devices::open(audio, video).await.inspect_err(|_| {
            found.iter().flat_map(all).for_each(|track| track.stop());
        })?;
        match &found {
            Some(screen) => all(&devices).for_each(|track| screen.add_track(&track)),
            None => found = Some(devices),
        }
    }
    let Some(custom) = custom else { return Ok(found) };
    // Of our own, because tracks come and go in it, and the app's stays as the app made it.
    let Ok(stream) = MediaStream::new_with_stream(custom) else { return Ok(found) };
    found.iter().flat_map(all).for_each(|track| stream.add_track(&track));
    Ok(Some(stream))
}
