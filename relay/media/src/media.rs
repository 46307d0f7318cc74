//! The door: starts the workers, opens legs, hands commands over.

use crate::command::Command;
use crate::config::MediaConfig;
use crate::error::MediaError;
use crate::event::Event;
use crate::params::{LegId, RtpLocal, Service, WebRtcLocal};

/// One of the worker threads. All legs of a call live on the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WorkerId(usize);

/// What is held at the moment. All zero but `sockets` (one per worker) when no call is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Legs open.
    pub legs: usize,
    /// UDP sockets open, the workers' shared ones included.
    pub sockets: usize,
    /// RTP ports bound.
    pub rtp_ports: usize,
    /// RTP ports resting before they may be used again.
    pub quarantined_ports: usize,
}

/// All media of a process. Dropping it stops and joins the workers.
#[derive(Debug)]
pub struct Media {}

impl Media {
    /// Starts the workers. `on_event` is called on their threads and must not block.
    ///
    /// # Errors
    /// [`MediaError`] when the configuration makes no sense or an address cannot be bound.
    pub fn start(config: MediaConfig, on_event: impl Fn(Event) + Send + Sync + 'static) -> Result<Self, MediaError> {
        drop((config, on_event));
        Ok(Self {})
    }

    /// Picks the worker with the fewest legs for a new call.
    #[must_use]
    pub fn open_call(&self) -> WorkerId {
        WorkerId(0)
    }

    /// Opens a leg to a browser.
    ///
    /// # Errors
    /// [`MediaError::Stopped`] or [`MediaError::Overloaded`].
    pub fn webrtc_leg(&self, worker: WorkerId, leg: LegId) -> Result<WebRtcLocal, MediaError> {
        let _ = (worker, leg);
        Err(MediaError::Stopped)
    }

    /// Opens a leg to an RTP endpoint, on a port pair of its own.
    ///
    /// # Errors
    /// [`MediaError::NoPorts`] when the range is used up; [`MediaError::Stopped`],
    /// [`MediaError::Overloaded`].
    pub fn rtp_leg(&self, worker: WorkerId, leg: LegId) -> Result<RtpLocal, MediaError> {
        let _ = (worker, leg);
        Err(MediaError::Stopped)
    }

    /// Opens a leg that makes its own sound. It needs no description; join it with another.
    ///
    /// # Errors
    /// [`MediaError::Stopped`] or [`MediaError::Overloaded`].
    pub fn service_leg(&self, worker: WorkerId, leg: LegId, service: Service) -> Result<(), MediaError> {
        let _ = (worker, leg, service);
        Err(MediaError::Stopped)
    }

    /// Gives a worker an order. Returns at once; what comes of it arrives as events.
    ///
    /// # Errors
    /// [`MediaError::Stopped`] or [`MediaError::Overloaded`].
    pub fn command(&self, worker: WorkerId, command: Command) -> Result<(), MediaError> {
        drop((worker, command));
        Err(MediaError::Stopped)
    }

    /// What is held at the moment.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::default()
    }
}
