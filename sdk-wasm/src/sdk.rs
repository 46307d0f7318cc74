//! The class that the TypeScript facade drives.

use crate::account::Account;
use crate::call::{Command, Status, Target};
use crate::dial::{self, Answer, Dial, Media};
use crate::driver::Runtime;
use crate::driver::fields::{JsFields, thrown};
use crate::driver::peer::Peer;
use crate::driver::switch::Switch;
use crate::failure::{Code, Failure};
use crate::text;
use js_sys::{Function, Promise};
use offhook_protocol::request::{SendData, SendMessage};
use offhook_protocol::{ErrorCode, RequestBody, Secret};
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
        let account = Account::read(&JsFields(options.clone())).map_err(thrown)?;
        self.runtime.configure(&session_id, &options);
        self.runtime.step(|phone, now| phone.open_session(session_id, account, now));
        Ok(())
    }

    /// Ends a session and its calls. `keep` leaves it and its registration to the relay for the keep-alive time.
    #[wasm_bindgen(js_name = closeSession)]
    pub fn close_session(&self, session_id: &str, keep: bool) {
        self.runtime.step(|phone, now| phone.close_session(session_id, keep, now));
    }

    /// Hands JSON text to the apps at the far end of the session's calls, or to a local user. The promise is settled
    /// when somebody has it, or nobody can get it.
    #[wasm_bindgen(js_name = sendData)]
    pub fn send_data(&self, session_id: &str, payload: String, to: Option<String>) -> Promise {
        self.runtime.hand_over(session_id, RequestBody::SendData(SendData { payload: Secret::new(payload), to }))
    }

    /// Sends a text to a SIP phone. The promise is settled when the relay has taken or refused it; what becomes of it
    /// comes as an event with its name.
    #[wasm_bindgen(js_name = sendMessage)]
    pub fn send_message(&self, session_id: &str, message_id: String, to: String, text: String) -> Promise {
        let message = SendMessage { message_id, to, text: Secret::new(text) };
        self.runtime.hand_over(session_id, RequestBody::Message(message))
    }

    /// Puts a text into the relay's log.
    ///
    /// # Errors
    /// The session is not open.
    pub fn report(&self, session_id: &str, text: String) -> Result<(), JsValue> {
        self.runtime.step(|phone, now| phone.report(session_id, text, now)).map_err(thrown)
    }

    /// Has the relay's log follow the session more closely, or no longer.
    ///
    /// # Errors
    /// The session is not open.
    pub fn debug(&self, session_id: &str, enabled: bool) -> Result<(), JsValue> {
        self.runtime.step(|phone, now| phone.debug(session_id, enabled, now)).map_err(thrown)
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
        let answer = Answer::read(&JsFields(options.clone())).map_err(thrown)?;
        self.command_with(call_id, Command::Answer(answer), options)
    }

    /// Gives a call that a fresh page took back its media, with the options of `answer`.
    ///
    /// # Errors
    /// The call was not taken back, or has its media.
    pub fn attach(&self, call_id: &str, options: JsValue) -> Result<(), JsValue> {
        let media = Media::read(&JsFields(options.clone()));
        self.command_with(call_id, Command::Attach(media), options)
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
    pub fn hold(&self, call_id: &str, for_transfer: bool) -> Result<(), JsValue> {
        self.command(call_id, Command::Hold { for_transfer })
    }

    /// Ends the hold. The status follows when the far end has accepted.
    ///
    /// # Errors
    /// The call is not connected.
    pub fn unhold(&self, call_id: &str) -> Result<(), JsValue> {
        self.command(call_id, Command::Unhold)
    }

    /// Connects the far end with a target to be called, or with the far end of another call of the session.
    ///
    /// # Errors
    /// Not exactly one of both is named, or the call is not connected.
    pub fn transfer(&self, call_id: &str, target: Option<String>, with_call_id: Option<String>) -> Result<(), JsValue> {
        let target = match (target, with_call_id) {
            (Some(target), None) => Target::User(text::checked("target", target, text::one_word).map_err(thrown)?),
            (None, Some(call)) => Target::Call(call),
            _ => return Err(thrown(Failure::field("target", "A transfer needs a target or another call."))),
        };
        self.command(call_id, Command::Transfer(target))
    }

    /// Sends DTMF digits, on the SIP side as telephone events (`RFC2833`) or in `INFO` or `INFO_RELAY` requests.
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

    /// How loud the far end is, from 0 to 100; before there is anything to hear too.
    #[wasm_bindgen(js_name = setVolume)]
    pub fn set_volume(&self, call_id: &str, volume: f64) {
        if let Some(peer) = self.runtime.peer(call_id) {
            peer.remote().set_volume(volume);
        }
    }

    /// How loud the far end is; -1 when there is no sound of it.
    pub fn volume(&self, call_id: &str) -> f64 {
        self.runtime.peer(call_id).map_or(-1.0, |peer| peer.remote().volume())
    }

    /// Chooses the loudspeaker. A promise of the browser's, or undefined as long as there is nothing to hear: the choice
    /// is kept until there is.
    #[wasm_bindgen(js_name = setAudioOutput)]
    pub fn set_audio_output(&self, call_id: &str, device_id: String) -> JsValue {
        self.runtime.peer(call_id).map_or(JsValue::UNDEFINED, |peer| peer.remote().set_sink(device_id))
    }

    /// Goes to another microphone: the one of that id, or the next. The promise has the id.
    #[wasm_bindgen(js_name = switchMic)]
    pub fn switch_mic(&self, call_id: &str, device_id: Option<String>) -> Promise {
        self.switch(call_id, Switch::Microphone(device_id))
    }

    /// Goes to another camera in the same way.
    #[wasm_bindgen(js_name = switchCam)]
    pub fn switch_cam(&self, call_id: &str, device_id: Option<String>) -> Promise {
        self.switch(call_id, Switch::Camera(device_id))
    }

    /// Sends a `screen`, `window` or `browser` tab in place of the camera, whichever the person chooses.
    #[wasm_bindgen(js_name = switchToScreen)]
    pub fn switch_to_screen(&self, call_id: &str, source: Option<String>) -> Promise {
        self.switch(call_id, Switch::Screen(source))
    }

    /// Ends the sharing of a screen.
    #[wasm_bindgen(js_name = switchToCam)]
    pub fn switch_to_cam(&self, call_id: &str) -> Promise {
        self.switch(call_id, Switch::BackToCamera)
    }

    /// A promise of the browser's statistics (`RTCStatsReport`).
    pub fn stats(&self, call_id: &str) -> Promise {
        let stats = self.runtime.peer(call_id).and_then(|peer| peer.stats());
        stats.unwrap_or_else(|| {
            let sentence = "Cannot get PeerConnection stats";
            Promise::reject(&thrown(Failure::new(Code::Relay(ErrorCode::InvalidCallState), sentence)))
        })
    }

    /// A promise of the relay's figures of the call as JSON text; of undefined where it cannot be asked.
    #[wasm_bindgen(js_name = relayStats)]
    pub fn relay_stats(&self, call_id: &str) -> Promise {
        self.runtime.ask_stats(call_id)
    }
}

/// What JavaScript has no need of.
impl Sdk {
    /// The session's status; empty when it has ended or never was.
    pub fn session_status(&self, session_id: &str) -> String {
        self.runtime.read(|phone| phone.session_status(session_id).map_or("", |status| status.name())).to_owned()
    }

    /// The call's status; empty when it has ended or never was.
    pub fn call_status(&self, call_id: &str) -> String {
        self.runtime.read(|phone| phone.call_status(call_id).map_or("", |status| status.name())).to_owned()
    }

    fn switch(&self, call_id: &str, switch: Switch) -> Promise {
        match self.connected(call_id) {
            Some(peer) => peer.switch(switch),
            None => Promise::reject(&thrown(Failure::call_state())),
        }
    }

    fn connected(&self, call_id: &str) -> Option<Rc<Peer>> {
        let connected = self.runtime.read(|phone| phone.call_status(call_id).is_some_and(Status::is_connected));
        self.runtime.peer(call_id).filter(|_| connected)
    }

    fn command_with(&self, call_id: &str, command: Command, options: JsValue) -> Result<(), JsValue> {
        self.command(call_id, command)?;
        // The microphone is opened from a microtask: these options are in place by then.
        if let Some(peer) = self.runtime.peer(call_id) {
            peer.set_options(options);
        }
        Ok(())
    }

    fn command(&self, call_id: &str, command: Command) -> Result<(), JsValue> {
        self.runtime.step(|phone, now| phone.command(call_id, command, now)).map_err(thrown)
    }
}
