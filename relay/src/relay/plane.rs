use std::net::IpAddr;

use offhook_media::{
    Command, Counts, LegId, Media, MediaError, RtpLocal, Service, Totals, VideoLocal, WebRtcLocal, WorkerId,
};

/// The media side as signalling sees it. [`Media`] is the real one; tests record.
pub trait MediaPlane {
    /// Names one of the workers; all legs of a call live on the same.
    type Worker: Copy + PartialEq;

    /// Picks a worker for a new call.
    fn open_call(&self) -> Self::Worker;

    /// Opens a leg to a browser.
    ///
    /// # Errors
    /// [`MediaError`] when there is no room.
    fn webrtc_leg(&self, worker: Self::Worker, leg: LegId) -> Result<WebRtcLocal, MediaError>;

    /// Restarts ICE on a leg to a browser; see [`Media::webrtc_restart`].
    ///
    /// # Errors
    /// [`MediaError`] when there is no such leg or no room.
    fn webrtc_restart(&self, worker: Self::Worker, leg: LegId) -> Result<WebRtcLocal, MediaError>;

    /// Gives a leg to a browser another connection; see [`Media::webrtc_replace`].
    ///
    /// # Errors
    /// [`MediaError`] when there is no such leg or no room.
    fn webrtc_replace(&self, worker: Self::Worker, leg: LegId) -> Result<WebRtcLocal, MediaError>;

    /// Opens a leg to an RTP endpoint; see [`Media::rtp_leg`].
    ///
    /// # Errors
    /// [`MediaError`] when there is no room.
    fn rtp_leg(&self, worker: Self::Worker, leg: LegId, peer: Option<IpAddr>) -> Result<RtpLocal, MediaError>;

    /// Opens ports for the pictures of such a leg; see [`Media::rtp_video`].
    ///
    /// # Errors
    /// [`MediaError`] when there is no room.
    fn rtp_video(&self, worker: Self::Worker, leg: LegId, peer: Option<IpAddr>) -> Result<VideoLocal, MediaError>;

    /// Opens a leg that makes its own sound.
    ///
    /// # Errors
    /// [`MediaError`] when there is no room.
    fn service_leg(&self, worker: Self::Worker, leg: LegId, service: Service) -> Result<(), MediaError>;

    /// Gives an order.
    ///
    /// # Errors
    /// [`MediaError`] when the worker cannot take it.
    fn command(&self, worker: Self::Worker, command: Command) -> Result<(), MediaError>;

    /// What is held at the moment.
    fn counts(&self) -> Counts;

    /// What has been counted since the start.
    fn totals(&self) -> Totals;
}

impl MediaPlane for Media {
    type Worker = WorkerId;

    fn open_call(&self) -> WorkerId {
        Self::open_call(self)
    }

    fn webrtc_leg(&self, worker: WorkerId, leg: LegId) -> Result<WebRtcLocal, MediaError> {
        Self::webrtc_leg(self, worker, leg)
    }

    fn webrtc_restart(&self, worker: WorkerId, leg: LegId) -> Result<WebRtcLocal, MediaError> {
        Self::webrtc_restart(self, worker, leg)
    }

    fn webrtc_replace(&self, worker: WorkerId, leg: LegId) -> Result<WebRtcLocal, MediaError> {
        Self::webrtc_replace(self, worker, leg)
    }

    fn rtp_leg(&self, worker: WorkerId, leg: LegId, peer: Option<IpAddr>) -> Result<RtpLocal, MediaError> {
        Self::rtp_leg(self, worker, leg, peer)
    }

    fn rtp_video(&self, worker: WorkerId, leg: LegId, peer: Option<IpAddr>) -> Result<VideoLocal, MediaError> {
        Self::rtp_video(self, worker, leg, peer)
    }

    fn service_leg(&self, worker: WorkerId, leg: LegId, service: Service) -> Result<(), MediaError> {
        Self::service_leg(self, worker, leg, service)
    }

    fn command(&self, worker: WorkerId, command: Command) -> Result<(), MediaError> {
        Self::command(self, worker, command)
    }

    fn counts(&self) -> Counts {
        Self::counts(self)
    }

    fn totals(&self) -> Totals {
        Self::totals(self)
    }
}
