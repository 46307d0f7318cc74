//! The media side under test, and what it tells.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use offhook_media::{
    Command, Counts, Event, LegId, LegStats, Media, MediaConfig, PayloadFormat, RtpRemote, Service, SoundWishes,
    WebRtcLocal, WorkerId,
};

use super::{Phone, until};

/// One worker on loopback, with a small range of ports that nobody else on this machine has now.
pub(crate) fn config() -> MediaConfig {
    // Held until the next test has chosen, so that tests do not choose the same.
    static CHOSEN: Mutex<Vec<UdpSocket>> = Mutex::new(Vec::new());
    let mut chosen = CHOSEN.lock().unwrap_or_else(PoisonError::into_inner);
    let start = loop {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        chosen.push(socket);
        let free = |port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        if port % 2 == 1 && port < 65_000 && (port + 1..port + 5).all(free) {
            break port + 1;
        }
    };
    MediaConfig { workers: 1, rtp_ports: start..=start + 199, ..MediaConfig::default() }
}

pub(crate) struct Relay {
    pub(crate) media: Media,
    pub(crate) worker: WorkerId,
    events: Receiver<Event>,
    seen: Vec<Event>,
    next: AtomicU64,
}

impl Relay {
    pub(crate) fn start(config: MediaConfig) -> Self {
        let (sender, events) = channel();
        let media = Media::start(config, move |event| drop(sender.send(event))).unwrap();
        let worker = media.open_call();
        Self { media, worker, events, seen: Vec::new(), next: AtomicU64::new(1) }
    }

    fn next_leg(&self) -> LegId {
        LegId(self.next.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn webrtc_leg(&self) -> (LegId, WebRtcLocal) {
        let leg = self.next_leg();
        (leg, self.media.webrtc_leg(self.worker, leg).unwrap())
    }

    /// A leg to a telephone, which has agreed these formats and knows where the leg is.
    pub(crate) fn phone(&self, formats: Vec<PayloadFormat>) -> (LegId, Phone) {
        let leg = self.next_leg();
        let local = self.media.rtp_leg(self.worker, leg, None).unwrap();
        let phone = Phone::new(&local);
        self.phone_remote(leg, &phone, formats);
        (leg, phone)
    }

    pub(crate) fn phone_remote(&self, leg: LegId, phone: &Phone, formats: Vec<PayloadFormat>) {
        let remote = RtpRemote {
            rtp: phone.address(),
            rtcp: None,
            rtcp_mux: false,
            srtp: None,
            formats,
            sound: SoundWishes::default(),
        };
        self.command(Command::RtpRemote { leg, remote });
    }

    pub(crate) fn service(&self, service: Service) -> LegId {
        let leg = self.next_leg();
        self.media.service_leg(self.worker, leg, service).unwrap();
        leg
    }

    pub(crate) fn command(&self, command: Command) {
        self.media.command(self.worker, command).unwrap();
    }

    pub(crate) fn join(&self, a: LegId, b: LegId) {
        self.command(Command::Join { a, b });
    }

    /// Takes the first event that has come and fits.
    pub(crate) fn take<T>(&mut self, fits: impl Fn(&Event) -> Option<T>) -> Option<T> {
        self.seen.extend(self.events.try_iter());
        let (at, result) = self.seen.iter().enumerate().find_map(|(at, event)| Some((at, fits(event)?)))?;
        self.seen.remove(at);
        Some(result)
    }

    /// Waits for an event.
    pub(crate) fn expect(&mut self, expected: &Event) {
        until(&format!("{expected:?}"), || {
            self.pause();
            self.take(|event| (event == expected).then_some(()))
        });
    }

    /// Every event so far that nobody took.
    pub(crate) fn untaken(&mut self) -> &[Event] {
        self.seen.extend(self.events.try_iter());
        &self.seen
    }

    pub(crate) fn stats(&mut self, of: LegId) -> LegStats {
        self.command(Command::Snapshot { leg: of });
        until("statistics", || {
            self.pause();
            self.take(|event| match event {
                Event::Stats { leg, stats } if *leg == of => Some(**stats),
                _ => None,
            })
        })
    }

    pub(crate) fn wait_for_counts(&self, fits: impl Fn(&Counts) -> bool) -> Counts {
        until("the counts", || {
            std::thread::yield_now();
            Some(self.media.counts()).filter(&fits)
        })
    }

    /// Waits a moment for an event, and not longer.
    fn pause(&mut self) {
        if let Ok(event) = self.events.recv_timeout(Duration::from_millis(2)) {
            self.seen.push(event);
        }
    }
}
