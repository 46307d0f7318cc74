//! An `RTCPeerConnection` and the offer/answer steps on it (JSEP, RFC 9429).
//!
//! Nothing trickles: a description is sent as soon as it is set, without candidates. The relay has its own candidates in
//! its description and learns the browser's address from the first STUN check.

use super::codecs;
use super::fields::{property, text};
use super::media::{self, Capture};
use crate::dial::Media;
use crate::failure::{Code, Failure};
use js_sys::{Array, Function, Map, Object, Promise};
use std::cell::Cell;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    MediaStreamTrack, RtcConfiguration, RtcOfferOptions, RtcPeerConnection, RtcPeerConnectionState, RtcRtpSender,
    RtcRtpTransceiver, RtcRtpTransceiverDirection as Direction, RtcRtpTransceiverInit, RtcSdpType,
    RtcSessionDescriptionInit, RtcSignalingState, RtcTrackEvent,
};

/// News of a connection.
pub enum News {
    /// The far end sends this track.
    Track(MediaStreamTrack),
    /// ICE and DTLS are up.
    Connected,
    /// Nothing comes through for the moment.
    Disconnected,
    /// ICE has given up.
    Broken,
}

/// What a session description is to contain.
pub struct Wanted {
    /// What is sent, and which codecs are left out.
    pub media: Media,
    /// The far end's picture: asked for, taken if it comes, or refused.
    pub video: Option<bool>,
}

impl Wanted {
    /// Which kinds of media are to be received. Sound is, unless the app says no.
    fn kinds(&self) -> [(&'static str, Option<bool>); 2] {
        [("audio", Some(!self.media.audio_unwanted)), ("video", self.video)]
    }
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
            RtcPeerConnectionState::Disconnected => news(News::Disconnected),
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

    /// Makes an offer with our tracks and sets it; `restart` has ICE begin anew (RFC 8445 section 9).
    ///
    /// # Errors
    /// The browser cannot, or `stripCodecs` leaves nothing to offer.
    pub async fn offer(&self, capture: Option<&Capture>, wanted: &Wanted, restart: bool) -> Result<String, Failure> {
        self.add_tracks(capture);
        for (kind, receive) in wanted.kinds() {
            if receive == Some(true) && self.transceivers(kind).next().is_none() {
                let init = RtcRtpTransceiverInit::new();
                init.set_direction(Direction::Recvonly);
                self.connection.add_transceiver_with_str_and_init(kind, &init);
            }
            self.direct(kind, receive);
        }
        let options = RtcOfferOptions::new();
        options.set_ice_restart(restart);
        let step = "The browser could not describe its media.";
        let offer = sdp_of(self.settled(self.connection.create_offer_with_rtc_offer_options(&options), step).await?);
        let offer = codecs::strip(offer, &wanted.media.strip_codecs)?;
        self.set_local(RtcSdpType::Offer, &offer, step).await?;
        Ok(offer)
    }

    /// Sets the far end's offer, makes an answer with our tracks and sets it.
    ///
    /// # Errors
    /// The browser cannot use the offer, or `stripCodecs` leaves nothing of it.
    pub async fn answer(&self, offer: String, capture: Option<&Capture>, wanted: &Wanted) -> Result<String, Failure> {
        let offer = codecs::strip(offer, &wanted.media.strip_codecs)?;
        if self.connection.signaling_state() == RtcSignalingState::HaveLocalOffer {
            self.set_local(RtcSdpType::Rollback, "", "The browser could not take its own offer back.").await?;
        }
        self.set_remote(RtcSdpType::Offer, &offer).await?;
        self.add_tracks(capture);
        for (kind, receive) in wanted.kinds() {
            self.direct(kind, receive);
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

    /// What sends our sound or picture.
    pub fn sender(&self, kind: &str) -> Option<RtcRtpSender> {
        self.transceivers(kind).map(|transceiver| transceiver.sender()).find(|sender| sender.track().is_some())
    }

    /// How many RTP packets of sound have come. Nothing before there is a receiver.
    pub async fn packets_received(&self) -> Option<f64> {
        let receiver = self.transceivers("audio").next()?.receiver();
        let report = JsFuture::from(receiver.get_stats()).await.ok()?;
        let mut packets = None;
        report.unchecked_into::<Map>().for_each(&mut |entry: JsValue, _| {
            if text(&entry, "type") == "inbound-rtp" {
                packets = property(&entry, "packetsReceived").as_f64();
            }
        });
        packets
    }

    /// The browser's statistics of everything in the connection.
    pub fn stats(&self) -> Promise {
        self.connection.get_stats()
    }

    /// Once: a later negotiation finds the tracks in place.
    fn add_tracks(&self, capture: Option<&Capture>) {
        let Some(capture) = capture.filter(|_| !self.sends.replace(true)) else { return };
        for track in media::all(capture.stream()) {
            self.connection.add_track_0(&track, capture.stream());
        }
    }

    /// Refuses to receive a kind of media that the app does not want.
    fn direct(&self, kind: &str, receive: Option<bool>) {
        for transceiver in self.transceivers(kind).filter(|_| receive == Some(false)) {
            let sends = transceiver.sender().track().is_some();
            transceiver.set_direction(if sends { Direction::Sendonly } else { Direction::Inactive });
        }
    }

    fn transceivers(&self, kind: &str) -> impl Iterator<Item = RtcRtpTransceiver> {
        let transceivers = self.connection.get_transceivers().to_vec();
        let transceivers = transceivers.into_iter().filter_map(|transceiver| transceiver.dyn_into().ok());
        transceivers.filter(move |transceiver: &RtcRtpTransceiver| transceiver.receiver().track().kind() == kind)
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
    ///
    /// # Errors
    /// The browser could not do it, with that sentence.
    pub async fn settled(&self, step: Promise, sentence: &str) -> Result<JsValue, Failure> {
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
