//! An `RTCPeerConnection` and the offer/answer steps on it (JSEP, RFC 9429).
//!
//! Nothing trickles: a description is sent as soon as it is set, without candidates. The relay has its own candidates in
//! its description and learns the browser's address from the first STUN check.

use super::codecs;
use super::fields::{property, set, text};
use super::media::{self, Capture};
use super::page::Ear;
use crate::dial::Media;
use crate::failure::{Code, Failure};
use js_sys::{Array, Function, Object, Promise};
use std::cell::Cell;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MediaStreamTrack, RtcPeerConnection, RtcRtpSender, RtcRtpTransceiver};

/// The handlers of a connection that are set.
const HEARD: [&str; 2] = ["ontrack", "onconnectionstatechange"];

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
    _heard: Ear,
}

impl Connection {
    /// A new connection with the app's `RTCConfiguration`, or the browser's defaults.
    ///
    /// # Errors
    /// The browser refuses the configuration.
    pub fn new(configuration: &JsValue, news: impl Fn(News) + 'static) -> Result<Self, Failure> {
        let configuration = if configuration.is_object() { configuration.clone() } else { Object::new().into() };
        let connection = RtcPeerConnection::new_with_configuration(configuration.unchecked_ref())
            .map_err(|_| Failure::field("mediaOptions", "The browser refuses mediaOptions as an RTCConfiguration."))?;
        let watched = connection.clone();
        let heard = Ear::new(move |event: JsValue| match text(&event, "type").as_str() {
            "track" => news(News::Track(property(&event, "track").unchecked_into())),
            _ => match text(&watched, "connectionState").as_str() {
                "connected" => news(News::Connected),
                "disconnected" => news(News::Disconnected),
                "failed" => news(News::Broken),
                _ => {}
            },
        });
        for event in HEARD {
            set(&connection, event, heard.as_ref());
        }
        // Not `Function::default()`: it evaluates a string, which a content security policy forbids.
        let mut settle_closed = None;
        let closed = Promise::new(&mut |resolve, _| settle_closed = Some(resolve));
        Ok(Self { connection, sends: Cell::new(false), closed, settle_closed, _heard: heard })
    }

    /// Describes our side and sets that: as an answer to the far end's `offer`, or without one as an offer of ours.
    /// `restart` has ICE begin anew (RFC 8445 section 9).
    ///
    /// # Errors
    /// The browser cannot, or `stripCodecs` leaves nothing to talk with.
    pub async fn describe(
        &self,
        offer: Option<String>,
        capture: Option<&Capture>,
        wanted: &Wanted,
        restart: bool,
    ) -> Result<String, Failure> {
        let kind = if offer.is_some() { "answer" } else { "offer" };
        if let Some(offer) = offer {
            if text(&self.connection, "signalingState") == "have-local-offer" {
                self.set_description(true, "rollback", "").await?;
            }
            self.set_description(false, "offer", &codecs::strip(offer, &wanted.media.strip_codecs)?).await?;
        }
        self.add_tracks(capture);
        for (media, receive) in wanted.kinds() {
            self.direct(media, receive, kind == "offer");
        }
        let described = if kind == "offer" {
            let options: JsValue = Object::new().into();
            set(&options, "iceRestart", restart);
            self.connection.create_offer_with_rtc_offer_options(options.unchecked_ref())
        } else {
            self.connection.create_answer()
        };
        let described = self.settled(described, "The browser could not describe its media.").await?;
        let mut sdp = text(&described, "sdp");
        if kind == "offer" {
            sdp = codecs::strip(sdp, &wanted.media.strip_codecs)?;
        }
        self.set_description(true, kind, &sdp).await?;
        Ok(sdp)
    }

    /// Sets the far end's answer to our offer.
    ///
    /// # Errors
    /// The browser cannot use it.
    pub async fn apply(&self, answer: &str) -> Result<(), Failure> {
        self.set_description(false, "answer", answer).await
    }

    /// Ends it.
    pub fn close(&self) {
        for event in HEARD {
            set(&self.connection, event, JsValue::NULL);
        }
        self.connection.close();
        if let Some(settle) = &self.settle_closed {
            let _settled = settle.call0(&JsValue::UNDEFINED);
        }
    }

    /// What sends our sound or picture.
    pub fn sender(&self, kind: &str) -> Option<RtcRtpSender> {
        self.transceivers(kind).iter().map(RtcRtpTransceiver::sender).find(|sender| sender.track().is_some())
    }

    /// How many RTP packets of sound have come. Nothing before there is a receiver.
    pub async fn packets_received(&self) -> Option<f64> {
        let receiver = self.transceivers("audio").first()?.receiver();
        let report = JsFuture::from(receiver.get_stats()).await.ok()?;
        let values = property(&report, "values").dyn_into::<Function>().ok()?.call0(&report).ok()?;
        let sound = Array::from(&values).to_vec().into_iter().find(|entry| text(entry, "type") == "inbound-rtp")?;
        property(&sound, "packetsReceived").as_f64()
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

    /// Asks for a kind of media that we do not send, in an offer, or refuses to receive it.
    fn direct(&self, kind: &str, receive: Option<bool>, offering: bool) {
        let transceivers = self.transceivers(kind);
        if offering && receive == Some(true) && transceivers.is_empty() {
            self.connection.add_transceiver_with_str_and_init(kind, &direction("recvonly").unchecked_into());
        }
        for transceiver in transceivers.iter().filter(|_| receive == Some(false)) {
            let sends = transceiver.sender().track().is_some();
            set(transceiver, "direction", if sends { "sendonly" } else { "inactive" });
        }
    }

    fn transceivers(&self, kind: &str) -> Vec<RtcRtpTransceiver> {
        let mut transceivers: Vec<RtcRtpTransceiver> =
            self.connection.get_transceivers().to_vec().into_iter().map(JsCast::unchecked_into).collect();
        transceivers.retain(|transceiver| transceiver.receiver().track().kind() == kind);
        transceivers
    }

    async fn set_description(&self, local: bool, kind: &str, sdp: &str) -> Result<(), Failure> {
        let description: JsValue = Object::new().into();
        set(&description, "type", kind);
        set(&description, "sdp", sdp);
        let (promise, sentence) = if local {
            let promise = self.connection.set_local_description(description.unchecked_ref());
            (promise, "The browser could not use its own media description.")
        } else {
            let promise = self.connection.set_remote_description(description.unchecked_ref());
            (promise, "The browser cannot use the relay's media description.")
        };
        self.settled(promise, sentence).await.map(drop)
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

fn direction(direction: &str) -> JsValue {
    let init: JsValue = Object::new().into();
    set(&init, "direction", direction);
    init
}
