//! The class that the TypeScript facade drives.

use crate::account::Account;
use crate::call::Command;
use crate::dial::{self, Dial, Media};
use crate::driver::Runtime;
use crate::driver::fields::{JsFields, property};
use crate::driver::outbox::describe;
use crate::failure::Failure;
use js_sys::{Error, Function};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// The phone of one page. Sessions and calls are named by ids that the facade makes, and the relay for incoming calls.
///
/// Errors thrown are `Error`s with a `code`, a `message` and sometimes a `field`.
#[wasm_bindgen]
pub struct Sdk {
    runtime: Rc<Runtime>,
}

#[wasm_bindgen]
impl Sdk {
    /// Events go to `sink`, from a microtask, in order.
    #[wasm_bindgen(constructor)]
    pub fn new(sink: Function) -> Self {
        Self { runtime: Runtime::new(sink) }
    }

    /// Begins to open a session with the options of `createSession`.
    ///
    /// # Errors
    /// An option that cannot be used, before anything is sent.
    #[wasm_bindgen(js_name = openSession)]
    pub fn open_session(&self, session_id: String, options: JsValue) -> Result<(), JsValue> {
        let media_options = property(&options, "mediaOptions");
        let account = Account::read(&JsFields(options)).map_err(thrown)?;
        self.runtime.configure(&session_id, media_options);
        self.runtime.step(|phone, now| phone.open_session(session_id, account, now));
        Ok(())
    }

    /// Ends a session and its calls.
    #[wasm_bindgen(js_name = closeSession)]
    pub fn close_session(&self, session_id: &str) {
        self.runtime.step(|phone, now| phone.close_session(session_id, now));
    }

    /// Makes a call in NEW with the options of `createCall`.
    ///
    /// # Errors
    /// An option that cannot be used, or a session that is not open.
    #[wasm_bindgen(js_name = createCall)]
    pub fn create_call(&self, session_id: &str, call_id: &str, options: JsValue) -> Result<(), JsValue> {
        let dial = Dial::read(&JsFields(options.clone())).map_err(thrown)?;
        self.runtime.step(|phone, _| phone.create_call(session_id, call_id.to_owned(), dial)).map_err(thrown)?;
        self.runtime.add_peer(session_id, call_id, options);
        Ok(())
    }

    /// Places the call.
    ///
    /// # Errors
    /// The call is not in NEW, or came in.
    pub fn call(&self, call_id: &str) -> Result<(), JsValue> {
        self.command(call_id, Command::Call)
    }

    /// Answers a call that came in, with the options of `answer`.
    ///
    /// # Errors
    /// The call is not in NEW or RING, or went out.
    pub fn answer(&self, call_id: &str, options: JsValue) -> Result<(), JsValue> {
        let media = Media::read(&JsFields(options.clone()));
        self.command(call_id, Command::Answer(media))?;
        // The microphone is opened from a microtask: these options are in place by then.
        if let Some(peer) = self.runtime.peer(call_id) {
            peer.set_options(options);
        }
        Ok(())
    }

    /// Ends the call, whatever its status.
    ///
    /// # Errors
    /// None; ending an ended call does nothing.
    pub fn hangup(&self, call_id: &str) -> Result<(), JsValue> {
        self.command(call_id, Command::Hangup)
    }

    /// Puts the far end on hold. The status follows when the far end has accepted.
    ///
    /// # Errors
    /// The call is not connected.
    pub fn hold(&self, call_id: &str) -> Result<(), JsValue> {
        self.command(call_id, Command::Hold)
    }

    /// Ends the hold. The status follows when the far end has accepted.
    ///
    /// # Errors
    /// The call is not connected.
    pub fn unhold(&self, call_id: &str) -> Result<(), JsValue> {
        self.command(call_id, Command::Unhold)
    }

    /// Sends DTMF digits as telephone events (RFC 4733).
    ///
    /// # Errors
    /// Digits or a type that cannot be sent, or a call that is not connected.
    #[wasm_bindgen(js_name = sendDtmf)]
    pub fn send_dtmf(&self, call_id: &str, digits: &str, kind: Option<String>) -> Result<(), JsValue> {
        let digits = dial::digits(digits, kind.as_deref().unwrap_or_default()).map_err(thrown)?;
        self.command(call_id, Command::Dtmf(digits))
    }

    /// Stops sending sound, or begins again; before the call too.
    #[wasm_bindgen(js_name = setAudioMuted)]
    pub fn set_audio_muted(&self, call_id: &str, muted: bool) {
        if let Some(peer) = self.runtime.peer(call_id) {
            peer.mute_audio(muted);
        }
    }

    /// Whether no sound is sent; so too when there is no such call.
    #[wasm_bindgen(js_name = audioMuted)]
    pub fn audio_muted(&self, call_id: &str) -> bool {
        self.runtime.peer(call_id).is_none_or(|peer| peer.audio_muted())
    }

    /// Stops sending the picture, or begins again; before the call too.
    #[wasm_bindgen(js_name = setVideoMuted)]
    pub fn set_video_muted(&self, call_id: &str, muted: bool) {
        if let Some(peer) = self.runtime.peer(call_id) {
            peer.mute_video(muted);
        }
    }

    /// Whether no picture is sent; so too when there is no such call.
    #[wasm_bindgen(js_name = videoMuted)]
    pub fn video_muted(&self, call_id: &str) -> bool {
        self.runtime.peer(call_id).is_none_or(|peer| peer.video_muted())
    }

    /// The session's status; empty when it has ended or never was.
    #[wasm_bindgen(js_name = sessionStatus)]
    pub fn session_status(&self, session_id: &str) -> String {
        self.runtime.read(|phone| phone.session_status(session_id).map_or("", |status| status.name())).to_owned()
    }

    /// The call's status; empty when it has ended or never was.
    #[wasm_bindgen(js_name = callStatus)]
    pub fn call_status(&self, call_id: &str) -> String {
        self.runtime.read(|phone| phone.call_status(call_id).map_or("", |status| status.name())).to_owned()
    }

    fn command(&self, call_id: &str, command: Command) -> Result<(), JsValue> {
        self.runtime.step(|phone, now| phone.command(call_id, command, now)).map_err(thrown)
    }
}

/// The failure as an `Error` to throw.
fn thrown(failure: Failure) -> JsValue {
    let error: JsValue = Error::new("").into();
    describe(&error, failure);
    error
}
