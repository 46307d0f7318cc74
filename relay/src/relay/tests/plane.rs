use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use offhook_media::{
    Command, Counts, Fingerprint, IceCredentials, IcePassword, LegId, MediaError, RtpLocal, Service, Totals,
    VideoLocal, WebRtcLocal,
};

use crate::relay::MediaPlane;

/// A media side that writes down what it is told.
#[derive(Clone, Default)]
pub(super) struct RecordingPlane(Rc<RefCell<Record>>);

#[derive(Default)]
struct Record {
    open: BTreeSet<LegId>,
    commands: Vec<String>,
    /// Legs that may still be opened; none set means any number.
    room: Option<usize>,
}

impl RecordingPlane {
    pub(super) fn open_legs(&self) -> Vec<LegId> {
        self.0.borrow().open.iter().copied().collect()
    }

    /// How often an order of this name was given.
    pub(super) fn count(&self, name: &str) -> usize {
        self.0.borrow().commands.iter().filter(|command| command.starts_with(name)).count()
    }

    pub(super) fn last(&self, name: &str) -> String {
        self.0.borrow().commands.iter().rev().find(|command| command.starts_with(name)).cloned().unwrap_or_default()
    }

    /// From now on only so many legs can be opened.
    pub(super) fn room_for(&self, legs: usize) {
        self.0.borrow_mut().room = Some(legs);
    }

    fn open(&self, leg: LegId) -> Result<(), MediaError> {
        let mut record = self.0.borrow_mut();
        if let Some(room) = record.room.as_mut() {
            *room = room.checked_sub(1).ok_or(MediaError::NoPorts)?;
        }
        assert!(record.open.insert(leg), "a leg is opened once");
        Ok(())
    }

    fn renew(&self, how: &str, leg: LegId) -> Result<WebRtcLocal, MediaError> {
        let mut record = self.0.borrow_mut();
        assert!(record.open.contains(&leg), "only a leg that is open can change its connection");
        record.commands.push(format!("{how} {leg:?}"));
        let renewed = record.commands.iter().filter(|command| command.starts_with("Re")).count();
        Ok(local(&format!("relay{renewed}")))
    }
}

/// The relay's side of a leg, under these ICE credentials.
fn local(ufrag: &str) -> WebRtcLocal {
    WebRtcLocal {
        ice: IceCredentials { ufrag: ufrag.into(), password: IcePassword::new("x".repeat(24)) },
        fingerprint: Fingerprint::from_bytes([7; 32]),
        candidates: vec![SocketAddr::from(([127, 0, 0, 1], 40_000))],
        tcp_candidates: Vec::new(),
        generation: 0,
        ssrc: 11,
        video_ssrc: 13,
        cname: "relay".into(),
    }
}

impl MediaPlane for RecordingPlane {
    type Worker = ();

    fn open_call(&self) {}

    fn webrtc_leg(&self, (): (), leg: LegId) -> Result<WebRtcLocal, MediaError> {
        self.open(leg)?;
        Ok(local("relay"))
    }

    fn webrtc_restart(&self, (): (), leg: LegId) -> Result<WebRtcLocal, MediaError> {
        self.renew("Restart", leg)
    }

    fn webrtc_replace(&self, (): (), leg: LegId) -> Result<WebRtcLocal, MediaError> {
        self.renew("Replace", leg)
    }

    fn rtp_leg(&self, (): (), leg: LegId, _: Option<IpAddr>) -> Result<RtpLocal, MediaError> {
        self.open(leg)?;
        let addr = SocketAddr::from(([127, 0, 0, 1], 30_000));
        Ok(RtpLocal { addr, rtcp: addr, ssrc: 12, cname: "relay".into() })
    }

    fn rtp_video(&self, (): (), leg: LegId, _: Option<IpAddr>) -> Result<VideoLocal, MediaError> {
        let mut record = self.0.borrow_mut();
        assert!(record.open.contains(&leg), "only a leg that is open can have pictures");
        record.commands.push(format!("OpenVideo {leg:?}"));
        let addr = SocketAddr::from(([127, 0, 0, 1], 30_002));
        Ok(VideoLocal { addr, rtcp: addr })
    }

    fn service_leg(&self, (): (), leg: LegId, _: Service) -> Result<(), MediaError> {
        self.open(leg)
    }

    fn command(&self, (): (), command: Command) -> Result<(), MediaError> {
        let mut record = self.0.borrow_mut();
        if let Command::Close { leg } = &command {
            assert!(record.open.remove(leg), "a leg is closed once");
        }
        record.commands.push(format!("{command:?}"));
        Ok(())
    }

    fn counts(&self) -> Counts {
        Counts { legs: self.0.borrow().open.len(), ..Counts::default() }
    }

    fn totals(&self) -> Totals {
        Totals::default()
    }
}
