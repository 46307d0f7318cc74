//! Another microphone, another camera, or a screen, in the middle of a call.

use super::connection::Connection;
use super::devices::{self, list, source};
use super::fields::{ignore, property, set, thrown};
use super::media::{Capture, is_live, tracks};
use super::peer::Peer;
use crate::devices::next;
use crate::failure::{Code, Failure};
use crate::text;
use js_sys::{Object, Promise};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{MediaStreamTrack, RtcRtpSender};

/// What to send from now on.
pub enum Switch {
    /// The microphone of that id, or the next one.
    Microphone(Option<String>),
    /// The camera of that id, or the next one.
    Camera(Option<String>),
    /// A screen, a window or a tab in place of the camera; the browser's question begins with the kind named.
    Screen(Option<String>),
    /// The camera again.
    BackToCamera,
}

impl Peer {
    /// Changes what is sent; one change at a time, in the order they were asked for. The promise has the id of the new
    /// device. What was sent before goes on when a change fails.
    pub fn switch(self: &Rc<Self>, switch: Switch) -> Promise {
        let peer = self.clone();
        let before = self.turn.take();
        let turn = future_to_promise(async move {
            if let Some(before) = before {
                let _done = JsFuture::from(before).await;
            }
            let kind = if matches!(switch, Switch::Microphone(_)) { "audio" } else { "video" };
            Change::begin(peer, kind).map_err(thrown)?.make(switch).await.map_err(thrown)
        });
        self.turn.replace(Some(turn.clone()));
        turn
    }
}

/// The id of the device now in use; undefined for a screen.
type Outcome = Result<JsValue, Failure>;

/// One change under way.
struct Change {
    peer: Rc<Peer>,
    connection: Rc<Connection>,
    capture: Rc<Capture>,
    sender: RtcRtpSender,
    old: MediaStreamTrack,
    kind: &'static str,
}

impl Change {
    fn begin(peer: Rc<Peer>, kind: &'static str) -> Result<Self, Failure> {
        let connection = peer.connection().map_err(|_| Failure::call_state())?;
        let sender = peer.capture().zip(connection.sender(kind)).and_then(|(capture, sender)| {
            let old = sender.track()?;
            Some((capture, sender, old))
        });
        let (capture, sender, old) = sender.ok_or_else(|| {
            let sentence = "The call sends nothing of that kind: make or answer it with constraints that ask for it.";
            Failure::new(Code::CannotSwitch, sentence)
        })?;
        Ok(Self { peer, connection, capture, sender, old, kind })
    }

    /// One way for all: find a track, send it, put it in the other's place.
    async fn make(self, switch: Switch) -> Outcome {
        let shares = self.capture.shares_screen();
        let (found, told) = match &switch {
            Switch::Camera(_) if shares => return Err(self.impossible()),
            Switch::Microphone(id) | Switch::Camera(id) => self.device(id.as_deref()).await?,
            Switch::Screen(source) if !shares => (Some(self.screen(source.as_deref()).await?), Ok(JsValue::UNDEFINED)),
            Switch::Screen(_) => (None, Ok(JsValue::UNDEFINED)),
            Switch::BackToCamera => (self.capture.camera(), Ok(JsValue::UNDEFINED)),
        };
        let Some(new) = found else { return told };
        self.send(&new).await?;
        match switch {
            Switch::Screen(_) => {
                let peer = Rc::downgrade(&self.peer);
                self.capture.share(self.old, new, move |_| {
                    if let Some(peer) = peer.upgrade() {
                        ignore(&peer.switch(Switch::BackToCamera));
                    }
                });
            }
            Switch::BackToCamera => self.capture.unshare(),
            Switch::Microphone(_) | Switch::Camera(_) => self.capture.replace(&self.old, &new),
        }
        told
    }

    /// The track of the device wanted, or of the next one, and what the app is told of it. None if it is in use.
    async fn device(&self, wanted: Option<&str>) -> Result<(Option<MediaStreamTrack>, Outcome), Failure> {
        let devices = list(&text::join(&[self.kind, "input"])).await;
        let current = source(&self.old);
        let next = next(&devices, &current).ok_or_else(|| self.impossible())?;
        let chosen = wanted.unwrap_or(&next.id);
        if chosen == current.id && is_live(&self.old) {
            return Ok((None, Ok(chosen.into())));
        }
        // Telephones open one camera at a time: where the other is refused, this one makes room, and comes back if that
        // was in vain.
        for (attempt, device) in [chosen, chosen, &current.id].into_iter().enumerate() {
            match self.open(device).await {
                Ok(back) if attempt == 2 => return Ok((Some(back), Err(self.impossible()))),
                Ok(new) => return Ok((Some(new), Ok(chosen.into()))),
                Err(failure) if attempt == 0 && failure.code != Code::MicrophoneBusy => return Err(failure),
                Err(_) => self.capture.stop_track(&self.old),
            }
        }
        Err(self.impossible())
    }

    async fn screen(&self, source: Option<&str>) -> Result<MediaStreamTrack, Failure> {
        let stream = devices::share(Object::new().into(), source).await.map_err(|failure| match failure.code {
            Code::MicrophoneDenied => {
                Failure::new(Code::ScreenDenied, "No screen was chosen, or sharing is forbidden.")
            }
            _ => failure,
        })?;
        let screen = tracks(&stream, "video").next().ok_or_else(|| self.impossible())?;
        self.capture.hint_screen(&screen);
        Ok(screen)
    }

    async fn open(&self, device: &str) -> Result<MediaStreamTrack, Failure> {
        let constraints = self.capture.constraints();
        let (audio, video) = match self.kind {
            "audio" => (constraints.audio(Some(device)), JsValue::FALSE),
            _ => (JsValue::FALSE, constraints.video(Some(device))),
        };
        let stream = devices::open(audio, video).await?;
        tracks(&stream, self.kind).next().ok_or_else(|| self.impossible())
    }

    async fn send(&self, new: &MediaStreamTrack) -> Result<(), Failure> {
        set(new, "enabled", property(&self.old, "enabled"));
        let sentence = "The browser could not send the new device.";
        let sent = self.connection.settled(self.sender.replace_track(Some(new)), sentence).await;
        // Muting may have come in between, or the end.
        set(new, "enabled", property(&self.old, "enabled"));
        let over = if self.peer.is_released() { Err(Failure::call_state()) } else { Ok(()) };
        sent.and(over).inspect_err(|_| new.stop())
    }

    fn impossible(&self) -> Failure {
        let sentence = if self.kind == "audio" {
            "Number of mics is less than 2 or microphone is already used by other application"
        } else {
            "Number of cams is less than 2 or camera is already used by other application"
        };
        Failure::new(Code::CannotSwitch, sentence)
    }
}
