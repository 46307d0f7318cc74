//! Another microphone, another camera, or a screen, in the middle of a call.

use super::connection::Connection;
use super::devices::{self, list, source};
use super::fields::{ignore, thrown};
use super::media::{Capture, is_live, tracks};
use super::peer::Peer;
use crate::devices::next;
use crate::failure::{Code, Failure};
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

    async fn make(self, switch: Switch) -> Result<JsValue, Failure> {
        match switch {
            Switch::Microphone(id) | Switch::Camera(id) => self.device(id).await,
            Switch::Screen(source) => self.screen(source.as_deref()).await,
            Switch::BackToCamera => self.camera().await,
        }
    }

    async fn device(self, wanted: Option<String>) -> Result<JsValue, Failure> {
        if self.kind == "video" && self.capture.shares_screen() {
            return Err(self.impossible());
        }
        let devices = list(&[self.kind, "input"].concat()).await;
        let current = source(&self.old);
        let next = next(&devices, &current).ok_or_else(|| self.impossible())?;
        let chosen = wanted.unwrap_or_else(|| next.id.clone());
        if chosen != current.id || !is_live(&self.old) {
            let new = self.open_beside(&chosen, &current.id).await?;
            self.put(&new).await?;
        }
        Ok(chosen.into())
    }

    async fn screen(self, source: Option<&str>) -> Result<JsValue, Failure> {
        if self.capture.shares_screen() {
            return Ok(JsValue::UNDEFINED);
        }
        let stream = devices::share(Object::new().into(), source).await.map_err(|failure| match failure.code {
            Code::MicrophoneDenied => {
                Failure::new(Code::ScreenDenied, "No screen was chosen, or sharing is forbidden.")
            }
            _ => failure,
        })?;
        let screen = tracks(&stream, "video").next().ok_or_else(|| self.impossible())?;
        self.capture.hint_screen(&screen);
        self.send(&screen).await?;
        let peer = Rc::downgrade(&self.peer);
        self.capture.share(self.old, screen, move || {
            if let Some(peer) = peer.upgrade() {
                ignore(peer.switch(Switch::BackToCamera).into());
            }
        });
        Ok(JsValue::UNDEFINED)
    }

    async fn camera(self) -> Result<JsValue, Failure> {
        if let Some(camera) = self.capture.camera() {
            self.send(&camera).await?;
            self.capture.unshare();
        }
        Ok(JsValue::UNDEFINED)
    }

    /// Telephones open one camera at a time: where the other is refused, this one makes room, and comes back if that was
    /// in vain.
    async fn open_beside(&self, chosen: &str, current: &str) -> Result<MediaStreamTrack, Failure> {
        match self.open(chosen).await {
            Err(failure) if failure.code == Code::MicrophoneBusy => {}
            outcome => return outcome,
        }
        self.capture.stop_track(&self.old);
        if let Ok(new) = self.open(chosen).await {
            return Ok(new);
        }
        if let Ok(back) = self.open(current).await {
            self.put(&back).await?;
        }
        Err(self.impossible())
    }

    async fn open(&self, device: &str) -> Result<MediaStreamTrack, Failure> {
        let constraints = self.capture.constraints();
        let stream = if self.kind == "audio" {
            devices::open(constraints.audio(Some(device)), JsValue::FALSE).await?
        } else {
            devices::open(JsValue::FALSE, constraints.video(Some(device))).await?
        };
        tracks(&stream, self.kind).next().ok_or_else(|| self.impossible())
    }

    /// Sends and shows another device's track; the old one stops.
    async fn put(&self, new: &MediaStreamTrack) -> Result<(), Failure> {
        self.send(new).await?;
        self.capture.replace(&self.old, new);
        Ok(())
    }

    async fn send(&self, new: &MediaStreamTrack) -> Result<(), Failure> {
        new.set_enabled(self.old.enabled());
        let sentence = "The browser could not send the new device.";
        let sent = self.connection.settled(self.sender.replace_track(Some(new)), sentence).await;
        // Muting may have come in between, or the end.
        new.set_enabled(self.old.enabled());
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
