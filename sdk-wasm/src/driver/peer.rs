//! A call's media in the browser: what is sent, the connection, and the elements that show it.

use super::connection::{Connection, News};
use super::display::Display;
use super::fields::property;
use super::media::Capture;
use crate::call::{MediaAction, MediaEvent};
use crate::dial::Media;
use crate::failure::{Code, Failure};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::JsValue;
use web_sys::{MediaStream, MediaStreamTrack};

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
    local: RefCell<Option<Display>>,
    remote: RefCell<Option<(MediaStream, Display)>>,
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
            remote: RefCell::default(),
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
            MediaAction::Offer(media) => {
                let sdp = self.connection()?.offer(self.capture().as_deref(), &media).await?;
                Ok(MediaEvent::Described { sdp })
            }
            MediaAction::Answer { offer, media } => {
                let sdp = self.connection()?.answer(&offer, self.capture().as_deref(), &media).await?;
                Ok(MediaEvent::Described { sdp })
            }
            MediaAction::Apply { answer } => {
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

    /// Whether no sound is sent.
    pub fn audio_muted(&self) -> bool {
        self.audio_muted.get()
    }

    /// Whether no picture is sent.
    pub fn video_muted(&self) -> bool {
        self.video_muted.get()
    }

    /// Stops the tracks, closes the connection, takes the elements out of the page. Nothing can be opened afterwards.
    pub fn release(&self) {
        self.released.set(true);
        if let Some(connection) = self.connection.take() {
            connection.close();
        }
        if let Some(capture) = self.capture.take() {
            capture.stop();
        }
        drop((self.local.take(), self.remote.take()));
    }

    async fn open(&self, wanted: &Media) -> Result<(), Failure> {
        let options = self.options.borrow().clone();
        let capture = Capture::open(&property(&options, "constraints"), wanted).await?.map(Rc::new);
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
        if let Some(capture) = &capture {
            let id = [&self.call_id, "-local"].concat();
            self.local.replace(Display::show(&property(&options, "localVideoDisplay"), &id, capture.stream(), true));
        }
        self.capture.replace(capture);
        self.enable_tracks();
        // The page may hang up while its elements change: then this has come too late to be released.
        if self.released.get() {
            self.release();
            return Err(released());
        }
        Ok(())
    }

    fn on_news(&self, news: News) {
        match news {
            News::Track(track) => self.show(&track),
            News::Connected => (self.news)(MediaEvent::Connected),
            News::Broken => {
                let sentence =
                    "The sound connection to the relay broke or could not be made. A firewall may block UDP.";
                (self.news)(MediaEvent::Failed(Failure::new(Code::MediaFailed, sentence)));
            }
        }
    }

    /// All the far end sends is one stream in one element.
    fn show(&self, track: &MediaStreamTrack) {
        let shown = self.remote.borrow().as_ref().map(|(stream, _)| stream.clone());
        if let Some(stream) = shown {
            return stream.add_track(track);
        }
        let Ok(stream) = MediaStream::new() else { return };
        stream.add_track(track);
        let id = [&self.call_id, "-remote"].concat();
        let options = self.options.borrow().clone();
        let shown = Display::show(&property(&options, "remoteVideoDisplay"), &id, &stream, false);
        if !self.released.get() {
            self.remote.replace(shown.map(|display| (stream, display)));
        }
    }

    fn enable_tracks(&self) {
        let Some(capture) = self.capture() else { return };
        capture.tracks("audio").for_each(|track| track.set_enabled(!self.audio_muted.get()));
        capture.tracks("video").for_each(|track| track.set_enabled(!self.video_muted.get()));
    }

    fn capture(&self) -> Option<Rc<Capture>> {
        self.capture.borrow().clone()
    }

    fn connection(&self) -> Result<Rc<Connection>, Failure> {
        self.connection.borrow().clone().ok_or_else(released)
    }
}

fn released() -> Failure {
    Failure::new(Code::MediaFailed, "The call is over.")
}
