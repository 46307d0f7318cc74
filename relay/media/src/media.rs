//! The door: starts the workers, opens legs, hands commands over.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime};

use mio::{Poll, Waker};

use crate::bridge::{Bridge, NewLeg, Timing};
use crate::command::Command;
use crate::config::MediaConfig;
use crate::error::MediaError;
use crate::event::Event;
use crate::identity::Identity;
use crate::leg::{FIRST_NUMBERS, Seed};
use crate::params::{IceCredentials, LegId, RtpLocal, Service, VideoLocal, WebRtcLocal};
use crate::ports::Ports;
use crate::rtcp::NtpClock;
use crate::shared::Shared;
use crate::socket_pair::{SharedPorts, SocketPair, lock};
use crate::sockets::Sockets;
use crate::totals::{Published, Totals};
use crate::worker::{Order, WAKE, Worker};

/// Orders that may wait for a worker. It empties the queue every turn, so a full one means that it
/// has not turned for seconds.
const QUEUE: usize = 16_384;

/// One of the worker threads. All legs of a call live on the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WorkerId(usize);

/// What is held at the moment. All zero but `sockets` (one per worker and
/// address) when no call is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Legs open.
    pub legs: usize,
    /// UDP sockets open, the workers' shared ones included.
    pub sockets: usize,
    /// RTP ports in use, counted in pairs with that of their RTCP.
    pub rtp_ports: usize,
    /// RTP ports resting before they may be used again, in pairs likewise.
    pub quarantined_ports: usize,
}

/// All media of a process. Dropping it closes every leg and ends the workers.
pub struct Media {
    config: MediaConfig,
    identity: Identity,
    ports: SharedPorts,
    sockets: Arc<AtomicUsize>,
    workers: Vec<Handle>,
    /// What browsers' legs were said to send as; descriptions say it again when their connection
    /// changes. Touched once in a while per leg, never per packet.
    faces: Mutex<HashMap<LegId, Face>>,
}

/// What stays the same of a browser's leg in all its descriptions, and how many there have been.
#[derive(Debug, Clone)]
struct Face {
    generation: u16,
    ssrc: u32,
    video_ssrc: u32,
    cname: String,
}

/// A worker, seen from outside.
struct Handle {
    orders: Option<SyncSender<Order>>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
    candidates: Vec<SocketAddr>,
    tcp_candidates: Vec<SocketAddr>,
    legs: Arc<AtomicUsize>,
    unclaimed: Arc<AtomicU64>,
    totals: Arc<Published>,
    /// Calls opened, to spread those whose legs the worker has not seen yet.
    calls: AtomicUsize,
}

impl Media {
    /// Starts the workers. `on_event` is called on their threads and must not block.
    ///
    /// # Errors
    /// [`MediaError`] when the configuration makes no sense or an address cannot be bound.
    pub fn start(config: MediaConfig, on_event: impl Fn(Event) + Send + Sync + 'static) -> Result<Self, MediaError> {
        config.check()?;
        let start = random::<8>()?
            .into_iter()
            .fold(0, |sum, byte| usize::wrapping_mul(sum, 256).wrapping_add(usize::from(byte)));
        let ports = Ports::new(&config.rtp_ports, config.quarantine, start);
        let mut media = Self {
            identity: Identity::generate()?,
            ports: Arc::new(Mutex::new(ports)),
            sockets: Arc::new(AtomicUsize::new(0)),
            workers: Vec::with_capacity(config.workers),
            faces: Mutex::default(),
            config,
        };
        let on_event: Arc<dyn Fn(Event) + Send + Sync> = Arc::new(on_event);
        for number in 0..media.config.workers {
            let handle = media.start_worker(number, on_event.clone())?;
            media.workers.push(handle);
        }
        Ok(media)
    }

    /// Picks the worker with the fewest legs for a new call.
    #[must_use]
    pub fn open_call(&self) -> WorkerId {
        let load = |handle: &Handle| {
            let legs = handle.legs.load(Ordering::Relaxed);
            (legs, handle.calls.load(Ordering::Relaxed))
        };
        let least = self.workers.iter().enumerate().min_by_key(|(_, handle)| load(handle));
        least.map_or(WorkerId(0), |(number, handle)| {
            handle.calls.fetch_add(1, Ordering::Relaxed);
            WorkerId(number)
        })
    }

    /// Opens a leg to a browser.
    ///
    /// # Errors
    /// [`MediaError::Stopped`], [`MediaError::Overloaded`], [`MediaError::System`].
    pub fn webrtc_leg(&self, worker: WorkerId, leg: LegId) -> Result<WebRtcLocal, MediaError> {
        let handle = self.handle(worker)?;
        let new = new_leg(leg)?;
        let ice = IceCredentials::from_random(random()?);
        let face = Face { generation: 0, ssrc: new.seed.ssrc, video_ssrc: new.video.ssrc, cname: new.cname.clone() };
        handle.order(Order::OpenWebRtc(new, ice.clone()))?;
        self.faces().insert(leg, face.clone());
        Ok(self.local(handle, ice, face))
    }

    /// Restarts ICE on a leg to a browser whose network changed (RFC 8445 §9). Its new description
    /// follows as [`Command::WebRtcRemote`]. The former credentials hold until the browser's first
    /// authentic check with these; DTLS and the media go on.
    ///
    /// # Errors
    /// [`MediaError::NoLeg`], [`MediaError::Stopped`], [`MediaError::Overloaded`],
    /// [`MediaError::System`].
    pub fn webrtc_restart(&self, worker: WorkerId, leg: LegId) -> Result<WebRtcLocal, MediaError> {
        self.renew(worker, leg, Order::RestartWebRtc)
    }

    /// Gives a leg another connection for a browser whose page was loaded again: ICE and DTLS begin
    /// anew, and [`Command::WebRtcRemote`] follows as for a new leg. [`Event::Connected`] comes once
    /// more. What the leg is joined with stays, and the far end hears one unbroken stream.
    ///
    /// # Errors
    /// As [`Media::webrtc_restart`].
    pub fn webrtc_replace(&self, worker: WorkerId, leg: LegId) -> Result<WebRtcLocal, MediaError> {
        self.renew(worker, leg, Order::ReplaceWebRtc)
    }

    /// Opens a leg to an RTP endpoint, on a port pair of its own: in the family of this address of the
    /// peer's, where one is known and the relay has both.
    ///
    /// # Errors
    /// [`MediaError::NoPorts`] when the range is used up; [`MediaError::Bind`],
    /// [`MediaError::Stopped`], [`MediaError::Overloaded`], [`MediaError::System`].
    pub fn rtp_leg(&self, worker: WorkerId, leg: LegId, peer: Option<IpAddr>) -> Result<RtpLocal, MediaError> {
        let handle = self.handle(worker)?;
        let new = new_leg(leg)?;
        let (bind, advertised) = self.config.rtp_for(peer);
        let pair = SocketPair::bind(bind, &self.ports, now())?;
        let ports = pair.ports();
        let local = RtpLocal {
            addr: SocketAddr::new(advertised, ports.rtp()),
            rtcp: SocketAddr::new(advertised, ports.rtcp()),
            ssrc: new.seed.ssrc,
            cname: new.cname.clone(),
        };
        handle.order(Order::OpenRtp(new, pair))?;
        Ok(local)
    }

    /// Gives an RTP leg a port pair for pictures, in the family of this address of the peer's as for its sound. It is
    /// freed with the leg, or when [`Command::VideoRemote`] says that there are none.
    ///
    /// # Errors
    /// As [`Media::rtp_leg`].
    pub fn rtp_video(&self, worker: WorkerId, leg: LegId, peer: Option<IpAddr>) -> Result<VideoLocal, MediaError> {
        let handle = self.handle(worker)?;
        let (bind, advertised) = self.config.rtp_for(peer);
        let pair = SocketPair::bind(bind, &self.ports, now())?;
        let ports = pair.ports();
        handle.order(Order::OpenVideo(leg, new_seed()?, pair))?;
        Ok(VideoLocal {
            addr: SocketAddr::new(advertised, ports.rtp()),
            rtcp: SocketAddr::new(advertised, ports.rtcp()),
        })
    }

    /// Opens a leg that makes its own sound. It needs no description; join it with another, which
    /// hears it from the beginning as soon as it can hear anything.
    ///
    /// # Errors
    /// [`MediaError::Stopped`], [`MediaError::Overloaded`], [`MediaError::System`].
    pub fn service_leg(&self, worker: WorkerId, leg: LegId, service: Service) -> Result<(), MediaError> {
        self.handle(worker)?.order(Order::OpenService(new_leg(leg)?, service))
    }

    /// Gives a worker an order. Returns at once; what comes of it arrives as events.
    ///
    /// # Errors
    /// [`MediaError::Stopped`] or [`MediaError::Overloaded`].
    pub fn command(&self, worker: WorkerId, command: Command) -> Result<(), MediaError> {
        if let Command::Close { leg } = &command {
            self.faces().remove(leg);
        }
        self.handle(worker)?.order(Order::Command(command))
    }

    /// What is held at the moment. A leg counts from when its worker has opened it until it has
    /// closed it.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut ports = lock(&self.ports);
        Counts {
            legs: self.workers.iter().map(|handle| handle.legs.load(Ordering::Relaxed)).sum(),
            sockets: self.sockets.load(Ordering::Relaxed),
            rtp_ports: ports.used(),
            quarantined_ports: ports.resting(now()),
        }
    }

    /// What the workers have counted since the start; each publishes it once a second.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.workers.iter().map(|handle| handle.totals.read()).fold(Totals::default(), Totals::plus)
    }

    /// Datagrams on the browsers' ports that belonged to no leg, since the start: strays, scans,
    /// guessed passwords.
    #[must_use]
    pub fn unclaimed(&self) -> u64 {
        self.workers.iter().map(|handle| handle.unclaimed.load(Ordering::Relaxed)).sum()
    }

    fn renew(
        &self,
        worker: WorkerId,
        leg: LegId,
        order: impl FnOnce(LegId, IceCredentials) -> Order,
    ) -> Result<WebRtcLocal, MediaError> {
        let handle = self.handle(worker)?;
        let ice = IceCredentials::from_random(random()?);
        let mut faces = self.faces();
        let face = faces.get_mut(&leg).ok_or(MediaError::NoLeg)?;
        handle.order(order(leg, ice.clone()))?;
        face.generation = face.generation.saturating_add(1);
        let face = face.clone();
        drop(faces);
        Ok(self.local(handle, ice, face))
    }

    fn local(&self, handle: &Handle, ice: IceCredentials, face: Face) -> WebRtcLocal {
        let Face { generation, ssrc, video_ssrc, cname } = face;
        let (fingerprint, candidates) = (self.identity.fingerprint(), handle.candidates.clone());
        let tcp_candidates = handle.tcp_candidates.clone();
        WebRtcLocal { ice, fingerprint, candidates, tcp_candidates, generation, ssrc, video_ssrc, cname }
    }

    fn faces(&self) -> MutexGuard<'_, HashMap<LegId, Face>> {
        // A panic elsewhere leaves the map as good as it was.
        self.faces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start_worker(&self, number: usize, on_event: Arc<dyn Fn(Event) + Send + Sync>) -> Result<Handle, MediaError> {
        let Shared { sockets: shared, listeners, candidates, tcp_candidates } =
            Shared::bind(&self.config, self.shared_port(number)?)?;
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKE)?;
        let sockets = Sockets::new(shared, listeners, poll.registry().try_clone()?, self.sockets.clone(), on_event)?;
        let clock = NtpClock::new(now(), wall_clock());
        let bridge = Bridge::new(self.identity.clone(), clock, Timing::from(&self.config));
        let (orders, receiver) = sync_channel(QUEUE);
        let legs = Arc::new(AtomicUsize::new(0));
        let unclaimed = Arc::new(AtomicU64::new(0));
        let totals = Arc::new(Published::default());
        let worker = Worker {
            poll,
            sockets,
            bridge,
            orders: receiver,
            legs: legs.clone(),
            unclaimed: unclaimed.clone(),
            totals: totals.clone(),
        };
        let thread = std::thread::Builder::new().name(format!("media-{number}")).spawn(move || worker.run())?;
        Ok(Handle {
            orders: Some(orders),
            waker,
            thread: Some(thread),
            candidates,
            tcp_candidates,
            legs,
            unclaimed,
            totals,
            calls: AtomicUsize::new(0),
        })
    }

    fn shared_port(&self, number: usize) -> Result<u16, MediaError> {
        match self.config.webrtc_bind.port() {
            0 => Ok(0),
            first => u16::try_from(number)
                .ok()
                .and_then(|number| first.checked_add(number))
                .ok_or(MediaError::Config("webrtc_bind: no port is left for every worker")),
        }
    }

    fn handle(&self, WorkerId(number): WorkerId) -> Result<&Handle, MediaError> {
        self.workers.get(number).ok_or(MediaError::Stopped)
    }
}

impl fmt::Debug for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Media").field("config", &self.config).field("counts", &self.counts()).finish_non_exhaustive()
    }
}

impl Handle {
    fn order(&self, order: Order) -> Result<(), MediaError> {
        let orders = self.orders.as_ref().ok_or(MediaError::Stopped)?;
        orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(_) => MediaError::Overloaded,
            TrySendError::Disconnected(_) => MediaError::Stopped,
        })?;
        // A worker that cannot be woken still looks at its queue every second.
        let _ = self.waker.wake();
        Ok(())
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.waker.wake();
        if let Some(thread) = self.thread.take() {
            // Err would be a panic of the worker, which has been printed already.
            let _ = thread.join();
        }
    }
}

fn new_leg(id: LegId) -> Result<NewLeg, MediaError> {
    let name = random::<10>()?;
    let cname = name.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(NewLeg {
        id,
        seed: new_seed()?,
        video: new_seed()?,
        // RFC 7022 §4.2: a short-term persistent name is random and says nothing of its owner.
        cname,
    })
}

fn new_seed() -> Result<Seed, MediaError> {
    let [a, b, c, d, e, f, g, h, i, j] = random()?;
    Ok(Seed {
        ssrc: u32::from_be_bytes([a, b, c, d]),
        sequence: u16::from_be_bytes([e, f]) & FIRST_NUMBERS,
        timestamp: u32::from_be_bytes([g, h, i, j]),
    })
}

fn random<const N: usize>() -> Result<[u8; N], MediaError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| MediaError::System(std::io::Error::other(error)))?;
    Ok(bytes)
}

#[expect(clippy::disallowed_methods, reason = "the edge: ports rest in real time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the edge: RTCP carries the wall clock, read once per worker")]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}
