//! An `RTCPeerConnection` and the offer/answer steps on it (JSEP, RFC 9429).
//!
//! Nothing trickles: a description is sent as soon as it is set, without candidates. The relay has its own candidates in
//! its description and learns the browser's address from the first STUN check.

use super::fields::property;
use super::media::Capture;
use crate::dial::Media;
use crate::failure::{Code, Failure};
use crate::sdp;
use js_sys::{Array, Function, Object, Promise};
use offhook_protocol::ErrorCode;
use std::cell::Cell;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    MediaStreamTrack, RtcConfiguration, RtcPeerConnection, RtcPeerConnectionState, RtcRtpTransceiver,
    RtcRtpTransceiverDirection, RtcRtpTransceiverInit, RtcSdpType, RtcSessionDescriptionInit, RtcTrackEvent,
};

/// News of a connection.
pub enum News {
    /// The far end sends this track.
    Track(MediaStreamTrack),
    /// ICE and DTLS are up.
    Connected,
    /// They failed for good.
    Broken,
}

/// A peer connection. [`Connection::close`] ends it; nothing is heard of it afterwards.
pub struct Connection {
    connection: RtcPeerConnection,
    /// Our tracks are in it.
    sends: Cell<bool>,
    /// Settles when the connection is closed, which the promises of a closed connection never do (W3C WebRTC, 4.4.1.3).
    closed: Promise,
    settle_closed: Option<Function>,
    _track: Closure<dyn FnMut(RtcTrackEvent)>,
    _state: Closure<dyn FnMut()>,
}

impl Connection {
    /// A new connection with the app's `RTCConfiguration`, or the browser's defaults.
    ///
    /// # Errors
    /// The browser refuses the configuration.
    pub fn new(configuration: &JsValue, news: impl Fn(News) + Clone + 'static) -> Result<Self, Failure> {
        let configuration = if configuration.is_object() { configuration.clone() } else { Object::new().into() };
        let configuration = configuration.unchecked_into::<RtcConfiguration>();
        let connection = RtcPeerConnection::new_with_configuration(&configuration)
            .map_err(|_| Failure::field("mediaOptions", "The browser refuses mediaOptions as an RTCConfiguration."))?;
        let track = {
            let news = news.clone();
            Closure::<dyn FnMut(RtcTrackEvent)>::new(move |event: RtcTrackEvent| news(News::Track(event.track())))
        };
        let watched = connection.clone();
        let state = Closure::<dyn FnMut()>::new(move || match watched.connection_state() {
            RtcPeerConnectionState::Connected => news(News::Connected),
            RtcPeerConnectionState::Failed => news(News::Broken),
            _ => {}
        });
        connection.set_ontrack(Some(track.as_ref().unchecked_ref()));
        connection.set_onconnectionstatechange(Some(state.as_ref().unchecked_ref()));
        // Not `Function::default()`: it evaluates a string, which a content security policy forbids.
        let mut settle_closed = None;
        let closed = Promise::new(&mut |resolve, _| settle_closed = Some(resolve));
        Ok(Self { connection, sends: Cell::new(false), closed, settle_closed, _track: track, _state: state })
    }

    /// Makes an offer with our tracks and sets it.
    ///
    /// # Errors
    /// The browser cannot, or `stripCodecs` leaves nothing to offer.
    pub async fn offer(&self, capture: Option<&Capture>, media: &Media) -> Result<String, Failure> {
        self.add_tracks(capture);
        if media.audio_unwanted {
            self.only_send("audio");
        } else {
            self.receive("audio", capture);
        }
        if media.receive_video {
            self.receive("video", capture);
        }
        let step = "The browser could not describe its media.";
        let offer = sdp_of(self.settled(self.connection.create_offer(), step).await?);
        let offer = sdp::strip_codecs(&offer, &media.strip_codecs).ok_or_else(nothing_left)?;
        self.set_local(RtcSdpType::Offer, &offer, step).await?;
        Ok(offer)
    }

    /// Sets the far end's offer, makes an answer with our tracks and sets it.
    ///
    /// # Errors
    /// The browser cannot use the offer, or `stripCodecs` leaves nothing of it.
    pub async fn answer(&self, offer: &str, capture: Option<&Capture>, media: &Media) -> Result<String, Failure> {
        let offer = sdp::strip_codecs(offer, &media.strip_codecs).ok_or_else(nothing_left)?;
        self.set_remote(RtcSdpType::Offer, &offer).await?;
        self.add_tracks(capture);
        if media.audio_unwanted {
            self.only_send("audio");
        }
        let step = "The browser could not answer the relay's media description.";
        let answer = sdp_of(self.settled(self.connection.create_answer(), step).await?);
        self.set_local(RtcSdpType::Answer, &answer, step).await?;
        Ok(answer)
    }

    /// Sets the far end's answer to our offer.
    ///
    /// # Errors
    /// The browser cannot use it.
    pub async fn apply(&self, answer: &str) -> Result<(), Failure> {
        self.set_remote(RtcSdpType::Answer, answer).await
    }

    /// Ends it.
    pub fn close(&self) {
        self.connection.set_ontrack(None);
        self.connection.set_onconnectionstatechange(None);
        self.connection.close();
        if let Some(settle) = &self.settle_closed {
            let _settled = settle.call0(&JsValue::UNDEFINED);
        }
    }

    /// Once: a later negotiation finds the tracks in place.
    fn add_tracks(&self, capture: Option<&Capture>) {
        let Some(capture) = capture.filter(|_| !self.sends.replace(true)) else { return };
        for track in capture.tracks("audio").chain(capture.tracks("video")) {
            self.connection.add_track_0(&track, capture.stream());
        }
    }

    /// Refuses to receive a kind of media that we send.
    fn only_send(&self, kind: &str) {
        let transceivers = self.connection.get_transceivers();
        for transceiver in
            transceivers.iter().filter_map(|transceiver| transceiver.dyn_into::<RtcRtpTransceiver>().ok())
        {
            if transceiver.sender().track().is_some_and(|track| track.kind() == kind) {
                transceiver.set_direction(RtcRtpTransceiverDirection::Sendonly);
            }
        }
    }

    /// Asks for a kind of media that we do not send.
    fn receive(&self, kind: &str, capture: Option<&Capture>) {
        if capture.is_none_or(|capture| capture.tracks(kind).next().is_none()) {
            let init = RtcRtpTransceiverInit::new();
            init.set_direction(RtcRtpTransceiverDirection::Recvonly);
            self.connection.add_transceiver_with_str_and_init(kind, &init);
        }
    }

    async fn set_local(&self, kind: RtcSdpType, sdp: &str, step: &str) -> Result<(), Failure> {
        let promise = self.connection.set_local_description(&session_description(kind, sdp));
        self.settled(promise, step).await.map(drop)
    }

    async fn set_remote(&self, kind: RtcSdpType, sdp: &str) -> Result<(), Failure> {
        let promise = self.connection.set_remote_description(&session_description(kind, sdp));
        self.settled(promise, "The browser cannot use the relay's media description.").await.map(drop)
    }

    /// Waits for one step. The browser's reason may quote the session description: it is not passed on.
    async fn settled(&self, step: Promise, sentence: &str) -> Result<JsValue, Failure> {
        let first = Promise::race(&Array::of2(&step, &self.closed));
        JsFuture::from(first).await.map_err(|_| Failure::new(Code::MediaFailed, sentence))
    }
}

fn session_description(kind: RtcSdpType, sdp: &str) -> RtcSessionDescriptionInit {
    let description = RtcSessionDescriptionInit::new(kind);
    description.set_sdp(sdp);
    description
}

fn sdp_of(description: JsValue) -> String {
    property(&description, "sdp").as_string().unwrap_or_default()
}

fn nothing_left() -> Failure {
    let sentence = "stripCodecs leaves no codec that both ends could use.";
    Failure { field: Some("stripCodecs".into()), ..Failure::new(Code::Relay(ErrorCode::NoCommonCodecs), sentence) }
}
