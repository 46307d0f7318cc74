//! All legs of one worker, and what joins them. Sans-I/O: datagrams, commands and instants in;
//! datagrams and events out through an [`Outlet`].
//!
//! After every call [`Bridge::deadline`] says when [`Bridge::timeout`] is due next.

mod arrive;
mod browser;
mod due;
mod forward;
mod join;
mod keys;
mod pictures;
mod play;
mod repair;
mod report;
mod tones;
mod transcode;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use slab::Slab;

use crate::command::Command;
use crate::config::MediaConfig;
use crate::event::Event;
use crate::format::MediumKind;
use crate::identity::Identity;
use crate::leg::{Leg, Medium, RtpTransport, Seed, Transport};
use crate::outlet::{LegKey, Outlet, Path};
use crate::params::{LegId, RtpRemote, Service};
use crate::quality::Thresholds;
use crate::rtcp::NtpClock;
use crate::schedule::Schedule;
use crate::service::Player;
use crate::totals::Totals;

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
    /// When sound is called bad.
    pub quality: Thresholds,
}

impl From<&MediaConfig> for Timing {
    fn from(config: &MediaConfig) -> Self {
        Self {
            rtp_inactivity: config.rtp_inactivity,
            consent: config.consent_timeout,
            connect: config.connect_timeout,
            learning_window: config.learning_window,
            rtcp_interval: config.rtcp_interval,
            quality: config.quality,
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
    /// What legs that are closed had counted.
    gone: Totals,
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
            gone: Totals::default(),
            report: Vec::new(),
            due: Vec::new(),
        }
    }

    /// Opens a leg to an RTP endpoint. `None` when the id belongs to an open leg.
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
            Command::VideoRemote { leg, remote } => self.video_remote(now, leg, remote, outlet),
            Command::Refresh { leg } => self.refresh_for(now, leg, outlet),
            Command::Join { a, b } => self.join(now, a, b, outlet),
            Command::Unjoin { leg } => {
                if let Some(&key) = self.keys.get(&leg) {
                    self.unjoin(key);
                }
            }
            Command::Direction { leg, direction } => self.direct(now, leg, direction, outlet),
            Command::Supervise { leg } => {
                let thresholds = self.timing.quality;
                self.with(leg, |leg| leg.supervise(now, &thresholds));
            }
            Command::ListenForKeys { leg, listen } => self.listen_for_keys(now, leg, listen, outlet),
            Command::SendDtmf { leg, digits, tone, gap } => self.send_dtmf(now, leg, &digits, tone, gap, outlet),
            Command::Snapshot { leg } => {
                if let Some(stats) = self.with(leg, |leg| leg.stats()) {
                    outlet.event(Event::Stats { leg, stats: Box::new(stats) });
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

    /// What all legs have counted so far. It looks at each of them: not for every packet.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = self.gone;
        for (_, leg) in &self.legs {
            totals.add(&leg.stats());
            totals.transcoded += u64::from(leg.transcoding.is_some());
        }
        Totals { unclaimed: self.unclaimed, ..totals }
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
        self.say_goodbye(now, key, &MediumKind::ALL, outlet);
        let Some(mut leg) = self.legs.try_remove(key) else {
            return;
        };
        let stats = leg.stats();
        self.gone.add(&stats);
        outlet.event(Event::Stats { leg: id, stats: Box::new(stats) });
        self.schedule.replace(key, leg.scheduled, None);
        if let Transport::WebRtc(browser) = &mut leg.transport {
            browser.close(now, outlet);
            self.forget(key, browser);
        }
        outlet.closed(key);
    }

    fn say_goodbye(&mut self, now: Instant, key: LegKey, kinds: &[MediumKind], outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        for &kind in kinds {
            let medium = leg.medium_mut(kind).filter(|medium| medium.stream.packets() > 0);
            if let Some(Medium { stream, reception, rtcp, .. }) = medium {
                rtcp.goodbye(now, &self.clock, stream, reception, &mut self.report);
                leg.send_rtcp(key, kind, &self.report, outlet);
            }
        }
    }

    fn rtp_remote(&mut self, now: Instant, id: LegId, remote: RtpRemote) {
        self.with(id, |leg| {
            let Transport::Rtp(peer) = &mut leg.transport else {
                return;
            };
            peer.set_remote(now, &remote);
            leg.sound = remote.sound;
            leg.set_formats_of(MediumKind::Audio, &remote.formats);
            leg.start_reports(now);
        });
        self.wake_service_of(now, id);
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
