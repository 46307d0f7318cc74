//! A call's media in the browser: what is sent, the connection, and the elements that show it.

use super::connection::{Connection, News, Wanted};
use super::display::{Display, Side, cached_stream};
use super::fields::{property, set};
use super::flow::Flow;
use super::media::Capture;
use super::remote::Remote;
use crate::call::{MediaAction, MediaEvent};
use crate::dial::Media;
use crate::failure::{Code, Failure};
use js_sys::{Function, Object, Promise};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::{JsCast, JsValue};

/// The browser's side of one call. [`Peer::release`] lets go of everything in it.
pub struct Peer {
    call_id: String,
    configuration: JsValue,
    options: RefCell<JsValue>,
    audio_muted: Cell<bool>,
    video_muted: Cell<bool>,
    released: Cell<bool>,
    capture: RefCell<Option<Rc<Capture>>>,
    connection: RefCell<Option<Rc<Connection>>>,
    local: RefCell<Option<Rc<Display>>>,
    remote: Remote,
    flow: Flow,
    /// Settles when the last change of devices is done.
    pub(super) turn: RefCell<Option<Promise>>,
    news: Box<dyn Fn(MediaEvent)>,
    me: Weak<Peer>,
}

impl Peer {
    /// Nothing is opened yet. `configuration` is the session's `mediaOptions` (an `RTCConfiguration`), `options` those
    /// of `createCall`; `news` hears of the connection's fate.
    pub fn new(
        call_id: &str,
        configuration: JsValue,
        options: JsValue,
        news: impl Fn(MediaEvent) + 'static,
    ) -> Rc<Self> {
        Rc::new_cyclic(|me| Self {
            call_id: call_id.to_owned(),
            configuration,
            options: RefCell::new(options),
            audio_muted: Cell::new(false),
            video_muted: Cell::new(false),
            released: Cell::new(false),
            capture: RefCell::default(),
            connection: RefCell::default(),
            local: RefCell::default(),
            remote: Remote::default(),
            flow: Flow::new(me.clone()),
            turn: RefCell::default(),
            news: Box::new(news),
            me: me.clone(),
        })
    }

    /// Takes the options of `answer` in place of those the call had.
    pub fn set_options(&self, options: JsValue) {
        self.options.replace(options);
    }

    /// Does one step.
    ///
    /// # Errors
    /// Why it could not be done. After [`Self::release`] every step fails.
    pub async fn act(&self, action: MediaAction) -> Result<MediaEvent, Failure> {
        match action {
            MediaAction::Open(media) => {
                self.open(&media).await?;
                Ok(MediaEvent::Opened)
            }
            MediaAction::Offer(media) => self.describe(None, media, false).await,
            MediaAction::OfferAgain { media, restart_ice } => self.describe(None, media, restart_ice).await,
            MediaAction::Answer { offer, media } => self.describe(Some(self.hooked(offer)), media, false).await,
            MediaAction::Apply { answer } => {
                let answer = self.hooked(answer);
                self.connection()?.apply(&answer).await?;
                Ok(MediaEvent::Applied)
            }
            MediaAction::Release => {
                self.release();
                Err(released())
            }
        }
    }

    /// Stops sending sound, or begins again. Remembered until there is a microphone.
    pub fn mute_audio(&self, muted: bool) {
        self.audio_muted.set(muted);
        self.enable_tracks();
    }

    /// The same for the picture.
    pub fn mute_video(&self, muted: bool) {
        self.video_muted.set(muted);
        self.enable_tracks();
    }

    /// Whether no sound is sent; so too as long as there is no microphone.
    pub fn audio_muted(&self) -> bool {
        self.audio_muted.get() || !self.captures("audio")
    }

    /// Whether no picture is sent; so too without a camera.
    pub fn video_muted(&self) -> bool {
        self.video_muted.get() || !self.captures("video")
    }

    /// The far end's sound and picture.
    pub fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Whether the far end's sound should be coming in: then its absence is news.
    pub fn expect_sound(&self, expected: bool) {
        self.flow.watch(expected);
    }

    pub(super) async fn look_for_sound(&self) {
        let packets = match self.connection() {
            Ok(connection) => connection.packets_received().await,
            Err(_) => None,
        };
        if let Some(news) = self.flow.seen(packets) {
            self.tell(news);
        }
    }

    fn tell(&self, event: MediaEvent) {
        (self.news)(event);
    }

    /// The browser's statistics; `None` without a connection.
    pub fn stats(&self) -> Option<Promise> {
        Some(self.connection().ok()?.stats())
    }

    /// Stops the tracks, closes the connection, takes the elements out of the page. Nothing can be opened afterwards.
    pub fn release(&self) {
        self.released.set(true);
        self.flow.watch(false);
        if let Some(connection) = self.connection.take() {
            connection.close();
        }
        self.remote.end();
        let (local, capture) = (self.local.take(), self.capture.take());
        let Some(capture) = capture else { return };
        let options = self.options.replace(JsValue::UNDEFINED);
        let kept = property(&options, "cacheLocalResources").is_truthy();
        let waits = local.filter(|local| kept && local.can_keep());
        match waits.zip(capture.constraints().key()) {
            Some((local, key)) => {
                capture.keep();
                local.keep(&key);
            }
            None => capture.stop(),
        }
    }

    /// Whether the call is over.
    pub(super) fn is_released(&self) -> bool {
        self.released.get()
    }

    pub(super) fn capture(&self) -> Option<Rc<Capture>> {
        self.capture.borrow().clone()
    }

    pub(super) fn connection(&self) -> Result<Rc<Connection>, Failure> {
        self.connection.borrow().clone().ok_or_else(released)
    }

    /// Gives every track of ours its mute state.
    pub(super) fn enable_tracks(&self) {
        let Some(capture) = self.capture() else { return };
        capture.tracks("audio").for_each(|track| set(&track, "enabled", !self.audio_muted.get()));
        capture.tracks("video").for_each(|track| set(&track, "enabled", !self.video_muted.get()));
    }

    async fn open(&self, media: &Media) -> Result<(), Failure> {
        let options = self.options();
        let place = Side::Local.place(&options);
        let capture = Capture::open(&options, media, |key| cached_stream(&place, key)).await?.map(Rc::new);
        // Whoever hung up while the browser asked has released the peer: dropping the capture stops it.
        if self.released.get() {
            return Err(released());
        }
        let me = self.me.clone();
        let connection = Connection::new(&self.configuration, move |news| {
            if let Some(peer) = me.upgrade() {
                peer.on_news(news);
            }
        })?;
        self.connection.replace(Some(Rc::new(connection)));
        self.capture.replace(capture.clone());
        self.enable_tracks();
        if let Some(capture) = capture {
            self.local.replace(Display::show(&options, Side::Local, &self.call_id, capture.stream()));
        }
        // The page may hang up while its elements change: then this has come too late to be released.
        if self.released.get() {
            self.release();
            return Err(released());
        }
        Ok(())
    }

    async fn describe(&self, offer: Option<String>, media: Media, restart_ice: bool) -> Result<MediaEvent, Failure> {
        let wanted = self.wanted(media);
        let sdp = self.connection()?.describe(offer, self.capture().as_deref(), &wanted, restart_ice).await?;
        Ok(MediaEvent::Described { sdp })
    }

    fn on_news(&self, news: News) {
        match news {
            News::Track(track) => {
                self.remote.show(&track, &self.options(), &self.call_id);
                if self.released.get() {
                    self.remote.end();
                }
            }
            News::Connected => self.tell(MediaEvent::Connected),
            News::Disconnected => self.tell(MediaEvent::Disconnected),
            News::Broken => self.tell(MediaEvent::Broken),
        }
    }

    fn captures(&self, kind: &str) -> bool {
        self.capture().is_some_and(|capture| capture.tracks(kind).next().is_some())
    }

    fn wanted(&self, media: Media) -> Wanted {
        let video = property(&self.options(), "receiveVideo").as_bool();
        Wanted { video: if media.receive_video { Some(true) } else { video.filter(|video| !video) }, media }
    }

    /// Lets the app's `sdpHook` change a session description of the relay's. One that throws changes nothing.
    fn hooked(&self, sdp: String) -> String {
        let Ok(hook) = property(&self.options(), "sdpHook").dyn_into::<Function>() else { return sdp };
        let given: JsValue = Object::new().into();
        set(&given, "sdpString", &sdp);
        match hook.call1(&JsValue::UNDEFINED, &given) {
            Ok(changed) => changed.as_string().filter(|changed| !changed.is_empty()).unwrap_or(sdp),
            Err(thrown) => {
                web_sys::console::error_1(&thrown);
                sdp
            }
        }
    }

    fn options(&self) -> JsValue {
        self.options.borrow().clone()
    }
}

/// The end came first.
pub(super) fn released() -> Failure {
    Failure::new(Code::MediaFailed, "The call is over.")
}
