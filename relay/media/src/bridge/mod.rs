//! All legs of one worker, and what joins them. Sans-I/O: datagrams, commands and instants in;
//! datagrams and events out through an [`Outlet`].
//!
//! After every call [`Bridge::deadline`] says when [`Bridge::timeout`] is due next.

mod arrive;
mod due;
mod forward;
mod keys;
mod play;
mod report;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use slab::Slab;

use crate::command::Command;
use crate::config::MediaConfig;
use crate::event::Event;
use crate::format::Direction;
use crate::format::MediumKind;
use crate::identity::Identity;
use crate::leg::{Change, Leg, Medium, RtpTransport, Seed, Transport, WebRtcTransport};
use crate::outlet::{LegKey, Outlet, Path};
use crate::params::{IceCredentials, LegId, RtpRemote, Service, WebRtcRemote};
use crate::rtcp::NtpClock;
use crate::schedule::Schedule;
use crate::service::Player;

/// How long things may take, out of the configuration.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Silence of RTP before it is reported.
    pub rtp_inactivity: Duration,
    /// Silence of STUN before it is reported.
    pub consent: Duration,
    /// For ICE and DTLS together.
    pub connect: Duration,
    /// See [`MediaConfig::learning_window`].
    pub learning_window: Duration,
    /// Between RTCP reports.
    pub rtcp_interval: Duration,
}

impl From<&MediaConfig> for Timing {
    fn from(config: &MediaConfig) -> Self {
        Self {
            rtp_inactivity: config.rtp_inactivity,
            consent: config.consent_timeout,
            connect: config.connect_timeout,
            learning_window: config.learning_window,
            rtcp_interval: config.rtcp_interval,
        }
    }
}

/// The legs of a worker.
pub struct Bridge {
    legs: Slab<Leg>,
    keys: HashMap<LegId, LegKey>,
    /// Which browser a check is for, by the relay's user name fragment.
    ufrags: HashMap<String, LegKey>,
    /// Which browser a datagram is from, by the path an authentic check came along.
    paths: HashMap<Path, LegKey>,
    schedule: Schedule,
    identity: Identity,
    clock: NtpClock,
    timing: Timing,
    unclaimed: u64,
    /// Where reports are written before they are sent.
    report: Vec<u8>,
    /// Legs whose deadline has come; kept so that it need not be allocated each time.
    due: Vec<LegKey>,
}

/// What a new leg is made of, beside its transport.
#[derive(Debug, Clone)]
pub struct NewLeg {
    /// What signalling calls it.
    pub id: LegId,
    /// The random numbers its audio begins with.
    pub seed: Seed,
    /// Those of its video, should it have any.
    pub video: Seed,
    /// Its canonical name in RTCP.
    pub cname: String,
}

impl Bridge {
    /// A bridge without legs.
    #[must_use]
    pub fn new(identity: Identity, clock: NtpClock, timing: Timing) -> Self {
        Self {
            legs: Slab::new(),
            keys: HashMap::new(),
            ufrags: HashMap::new(),
            paths: HashMap::new(),
            schedule: Schedule::default(),
            identity,
            clock,
            timing,
            unclaimed: 0,
            report: Vec::new(),
            due: Vec::new(),
        }
    }

    /// Opens a leg to a browser. `None`, here and below, when the id belongs to an open leg.
    pub fn open_webrtc(&mut self, new: NewLeg, ice: IceCredentials) -> Option<LegKey> {
        let ufrag = ice.ufrag.clone();
        let transport = WebRtcTransport::new(ice, &self.identity);
        let key = self.open(new, Transport::WebRtc(Box::new(transport)))?;
        self.ufrags.insert(ufrag, key);
        Some(key)
    }

    /// Gives a browser's leg new ICE credentials. The old ones hold until the browser's first check
    /// with these (RFC 8445 §9); keys and streams go on.
    pub fn restart_webrtc(&mut self, id: LegId, ice: IceCredentials) {
        let ufrag = ice.ufrag.clone();
        let Some((key, browser)) = self.browser(id) else {
            return;
        };
        if let Some(unused) = browser.agent.restart(ice) {
            self.ufrags.remove(&unused);
        }
        self.ufrags.insert(ufrag, key);
    }

    /// Gives a browser's leg a connection of its own making anew, for a page that was loaded again:
    /// other ICE credentials, another DTLS association. What the leg is joined with stays, and so
    /// does every number of its streams.
    pub fn replace_webrtc(&mut self, now: Instant, id: LegId, ice: IceCredentials, outlet: &mut impl Outlet) {
        let ufrag = ice.ufrag.clone();
        let fresh = WebRtcTransport::new(ice, &self.identity);
        let Some((key, browser)) = self.browser(id) else {
            return;
        };
        let mut former = std::mem::replace(browser, fresh);
        former.close(now, outlet);
        self.forget(key, &former);
        self.ufrags.insert(ufrag, key);
        let joined = self.with(id, |leg| {
            leg.supervision.resume(now);
            leg.media_mut().for_each(|medium| medium.reception.end());
            leg.joined
        });
        if let Some(ear) = joined.flatten().and_then(|joined| self.legs.get_mut(joined)) {
            ear.media_mut().for_each(|medium| medium.stream.interrupt());
        }
    }

    /// Opens a leg to an RTP endpoint.
    pub fn open_rtp(&mut self, new: NewLeg) -> Option<LegKey> {
        let transport = RtpTransport::new(self.timing.learning_window);
        self.open(new, Transport::Rtp(transport))
    }

    /// Opens a leg that makes its own sound.
    pub fn open_service(&mut self, new: NewLeg, service: Service) -> Option<LegKey> {
        self.open(new, Transport::Service(Player::new(service)))
    }

    /// Carries out an order.
    pub fn command(&mut self, now: Instant, command: Command, outlet: &mut impl Outlet) {
        match command {
            Command::WebRtcRemote { leg, remote } => self.webrtc_remote(now, leg, remote, outlet),
            Command::RtpRemote { leg, remote } => self.rtp_remote(now, leg, remote),
            Command::Join { a, b } => self.join(now, a, b, outlet),
            Command::Unjoin { leg } => {
                if let Some(&key) = self.keys.get(&leg) {
                    self.unjoin(key);
                }
            }
            Command::Direction { leg, direction } => self.direct(now, leg, direction, outlet),
            Command::Supervise { leg } => {
                self.with(leg, |leg| leg.supervise(now));
            }
            Command::SendDtmf { leg, digits, tone, gap } => self.send_dtmf(now, leg, &digits, tone, gap, outlet),
            Command::Snapshot { leg } => {
                if let Some(stats) = self.with(leg, |leg| leg.stats()) {
                    outlet.event(Event::Stats { leg, stats });
                }
            }
            Command::Close { leg } => self.close(now, leg, outlet),
        }
    }

    /// When [`Bridge::timeout`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.schedule.next()
    }

    /// Legs open.
    #[must_use]
    pub fn legs(&self) -> usize {
        self.legs.len()
    }

    /// Datagrams so far on the shared socket that belonged to no leg.
    #[must_use]
    pub fn unclaimed(&self) -> u64 {
        self.unclaimed
    }

    /// Closes every leg, as at the end of the process.
    pub fn close_all(&mut self, now: Instant, outlet: &mut impl Outlet) {
        let legs: Vec<_> = self.keys.keys().copied().collect();
        for leg in legs {
            self.close(now, leg, outlet);
        }
    }

    fn open(&mut self, new: NewLeg, transport: Transport) -> Option<LegKey> {
        let NewLeg { id, seed, video, cname } = new;
        if self.keys.contains_key(&id) {
            return None;
        }
        let interval = self.timing.rtcp_interval;
        let video = matches!(transport, Transport::WebRtc(_)).then(|| Medium::new(video, cname.clone(), interval));
        let key = self.legs.insert(Leg::new(id, transport, Medium::new(seed, cname, interval), video));
        self.keys.insert(id, key);
        Some(key)
    }

    fn close(&mut self, now: Instant, id: LegId, outlet: &mut impl Outlet) {
        let Some(key) = self.keys.remove(&id) else {
            return;
        };
        self.unjoin(key);
        self.say_goodbye(now, key, outlet);
        let Some(mut leg) = self.legs.try_remove(key) else {
            return;
        };
        self.schedule.replace(key, leg.scheduled, None);
        if let Transport::WebRtc(browser) = &mut leg.transport {
            browser.close(now, outlet);
            self.forget(key, browser);
        }
        outlet.closed(key);
    }

    /// Nothing that arrives is for this connection any more.
    fn forget(&mut self, key: LegKey, browser: &WebRtcTransport) {
        for ufrag in browser.agent.local_ufrags() {
            self.ufrags.remove(ufrag);
        }
        for path in browser.agent.paths() {
            // Another browser may have the address by now, behind the same NAT.
            if self.paths.get(&path) == Some(&key) {
                self.paths.remove(&path);
            }
        }
    }

    fn say_goodbye(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        for kind in MediumKind::ALL {
            let medium = leg.medium_mut(kind).filter(|medium| medium.stream.packets() > 0);
            if let Some(Medium { stream, reception, rtcp, .. }) = medium {
                rtcp.goodbye(now, &self.clock, stream, reception, &mut self.report);
                leg.send_rtcp(key, &self.report, outlet);
            }
        }
    }

    fn webrtc_remote(&mut self, now: Instant, id: LegId, remote: WebRtcRemote, outlet: &mut impl Outlet) {
        let patience = self.timing.connect;
        let change = self.with(id, |leg| {
            let Transport::WebRtc(browser) = &mut leg.transport else {
                return (Change::None, false);
            };
            let change = browser.set_remote(now, &remote, patience);
            let had_video = leg.has_video();
            leg.set_formats(remote.formats);
            if leg.is_ready() {
                leg.start_reports(now);
            }
            (change, leg.has_video() && !had_video)
        });
        if let (Some((change, video_begins)), Some(&key)) = (change, self.keys.get(&id)) {
            self.note(now, key, change, outlet);
            if video_begins {
                self.refresh(now, key, outlet);
            }
        }
    }

    fn rtp_remote(&mut self, now: Instant, id: LegId, remote: RtpRemote) {
        self.with(id, |leg| {
            let Transport::Rtp(peer) = &mut leg.transport else {
                return;
            };
            peer.set_remote(now, &remote);
            leg.set_formats(remote.formats);
            leg.start_reports(now);
        });
        self.wake_service_of(now, id);
    }

    fn join(&mut self, now: Instant, a: LegId, b: LegId, outlet: &mut impl Outlet) {
        let (Some(&first), Some(&second)) = (self.keys.get(&a), self.keys.get(&b)) else {
            return;
        };
        if first == second {
            return;
        }
        self.unjoin(first);
        self.unjoin(second);
        for (key, other) in [(first, second), (second, first)] {
            if let Some(leg) = self.legs.get_mut(key) {
                leg.joined = Some(other);
            }
        }
        self.wake_service_of(now, a);
        self.wake_service_of(now, b);
        self.refresh(now, first, outlet);
    }

    /// Separates a leg from the one it is joined with. A service falls silent.
    fn unjoin(&mut self, key: LegKey) {
        let other = self.legs.get_mut(key).and_then(|leg| leg.joined.take());
        if let Some(leg) = other.and_then(|other| self.legs.get_mut(other)) {
            leg.joined = None;
        }
        for key in [Some(key), other].into_iter().flatten() {
            if let Some(leg) = self.legs.get_mut(key)
                && let Transport::Service(player) = &mut leg.transport
            {
                player.stop();
            }
            self.reschedule(key);
        }
    }

    fn direct(&mut self, now: Instant, id: LegId, direction: Direction, outlet: &mut impl Outlet) {
        let resumed = self.with(id, |leg| {
            let resumed = leg.direction.is_held() && !direction.is_held();
            leg.direction = direction;
            if resumed {
                leg.supervision.resume(now);
            }
            resumed
        });
        if let (Some(true), Some(&key)) = (resumed, self.keys.get(&id)) {
            self.refresh(now, key, outlet);
        }
    }

    /// Starts the service a leg is joined with, once the leg can hear it: nobody shall miss the
    /// beginning.
    fn wake_service_of(&mut self, now: Instant, id: LegId) {
        let Some((_, leg)) = self.leg(id).filter(|(_, leg)| leg.is_ready()) else {
            return;
        };
        let Some(other) = leg.joined else {
            return;
        };
        if let Some(leg) = self.legs.get_mut(other)
            && let Transport::Service(player) = &mut leg.transport
        {
            player.start(now);
        }
        self.reschedule(other);
    }

    /// Tells signalling what happened to a browser's connection.
    fn note(&mut self, now: Instant, key: LegKey, change: Change, outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        let id = leg.id;
        match change {
            Change::None => {}
            Change::Invalid => leg.counters.invalid += 1,
            Change::Connected => {
                leg.start_reports(now);
                outlet.event(Event::Connected { leg: id });
                self.wake_service_of(now, id);
                self.refresh(now, key, outlet);
            }
            Change::Failed(cause) => outlet.event(Event::Failed { leg: id, cause }),
            Change::Closed => outlet.event(Event::PeerClosed { leg: id }),
            Change::ConsentLost => outlet.event(Event::Inactive { leg: id, cause: crate::event::Inactivity::Consent }),
        }
        self.reschedule(key);
    }

    fn browser(&mut self, id: LegId) -> Option<(LegKey, &mut WebRtcTransport)> {
        let key = *self.keys.get(&id)?;
        match &mut self.legs.get_mut(key)?.transport {
            Transport::WebRtc(browser) => Some((key, browser)),
            Transport::Rtp(_) | Transport::Service(_) => None,
        }
    }

    fn leg(&self, id: LegId) -> Option<(LegKey, &Leg)> {
        let key = *self.keys.get(&id)?;
        self.legs.get(key).map(|leg| (key, leg))
    }

    /// Changes a leg and schedules it anew. `None` when there is no such leg.
    fn with<T>(&mut self, id: LegId, change: impl FnOnce(&mut Leg) -> T) -> Option<T> {
        let key = *self.keys.get(&id)?;
        let result = self.legs.get_mut(key).map(change);
        self.reschedule(key);
        result
    }
}

#[cfg(test)]
mod tests;
