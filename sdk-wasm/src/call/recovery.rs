//! Finding the media a new way: when ICE is restarted (RFC 8445 section 9), how often, and when that is given up.
//!
//! A connection that was never there is none of its business.

use super::port::Repair;
use crate::Millis;
use crate::clock::Earliest;

/// How long a disconnected connection may come back by itself.
const SHAKY: Millis = 1_000;
/// The pause after the first restart; it doubles up to the longest.
const FIRST_PAUSE: Millis = 2_000;
const LONGEST_PAUSE: Millis = 8_000;
/// How many silences of a connection that seems to work are taken for a fault of it. A far end that has nothing to say
/// may send nothing.
const SILENCES: u32 = 3;
/// How long to try, with the relay in reach.
const GIVE_UP: Millis = 30_000;

/// How far a restart is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// It is to be tried.
    Due,
    /// An offer is on its way.
    Offered,
    /// Its answer is applied: the browser looks for a way.
    Answered,
}

/// A repair under way.
#[derive(Clone, Copy, Debug)]
struct Restart {
    began: Millis,
    next: Millis,
    pause: Millis,
    progress: Progress,
    /// Needed even if the connection seems to work.
    forced: bool,
}

/// What the passing of time asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Begin a repair.
    Begin,
    /// Make an offer with new ICE credentials.
    Restart,
    /// Give up.
    GiveUp,
}

/// What is known of the connection.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    connected: bool,
    shaky_until: Option<Millis>,
    /// How many silences there were since the connection was last known to be at fault.
    silences: u32,
    restart: Option<Restart>,
}

impl Recovery {
    /// The connection works at the moment, as far as the browser knows.
    pub(super) fn is_connected(&self) -> bool {
        self.connected
    }

    /// The connection is up, perhaps again.
    pub(super) fn connected(&mut self) -> Option<Repair> {
        self.connected = true;
        self.shaky_until = None;
        self.restart.take_if(|restart| match restart.progress {
            Progress::Due => !restart.forced,
            Progress::Offered => false,
            Progress::Answered => true,
        })?;
        Some(Repair::Restored)
    }

    /// The connection is interrupted, and it is too early to do anything about it.
    pub(super) fn interrupted(&mut self) {
        self.connected = false;
        self.silences = 0;
    }

    /// The connection is interrupted.
    pub(super) fn disconnected(&mut self, now: Millis) {
        self.interrupted();
        if self.restart.is_none() {
            self.shaky_until.get_or_insert(now.saturating_add(SHAKY));
        }
    }

    /// The connection will not come back by itself.
    pub(super) fn broken(&mut self, now: Millis) -> Option<Repair> {
        self.interrupted();
        self.begin(false, now)
    }

    /// The connection seems to carry nothing.
    pub(super) fn silent(&mut self, now: Millis) -> Option<Repair> {
        self.silences = self.silences.saturating_add(1);
        if self.silences > SILENCES { None } else { self.begin(false, now) }
    }

    /// The way to the relay may be another one now.
    pub(super) fn network_changed(&mut self, now: Millis) -> Option<Repair> {
        self.silences = 0;
        self.begin(true, now)
    }

    /// Media comes again, before anything was done about it.
    pub(super) fn flowing(&mut self) -> Option<Repair> {
        if self.connected { self.connected() } else { None }
    }

    /// The answer to an offer with new credentials is applied.
    pub(super) fn answered(&mut self) -> Option<Repair> {
        let restart = self.restart.as_mut()?;
        // The network has changed since that offer was made: it takes another.
        restart.progress = if restart.forced { Progress::Due } else { Progress::Answered };
        if self.connected { self.connected() } else { None }
    }

    /// An offer with new credentials came to nothing.
    pub(super) fn refused(&mut self) {
        if let Some(restart) = &mut self.restart {
            restart.progress = Progress::Due;
        }
    }

    /// The relay is in reach again: what could not be tried is tried now.
    pub(super) fn relay_back(&mut self, now: Millis) {
        if let Some(restart) = &mut self.restart {
            *restart = Restart { began: now, next: now, pause: FIRST_PAUSE, ..*restart };
        }
    }

    /// When something is due, and what. Without the relay in reach nothing can be tried, and nothing is given up.
    pub(super) fn due(&self, relay: bool) -> Option<(Millis, Due)> {
        let mut earliest = Earliest::none();
        if let Some(restart) = self.restart.filter(|_| relay) {
            earliest.consider(Some(restart.began.saturating_add(GIVE_UP)), Due::GiveUp);
            earliest.consider((restart.progress != Progress::Offered).then_some(restart.next), Due::Restart);
        }
        earliest.consider(self.shaky_until, Due::Begin);
        earliest.get()
    }

    /// Begins a repair that is due, or hastens the one that is under way.
    pub(super) fn begin(&mut self, forced: bool, now: Millis) -> Option<Repair> {
        self.shaky_until = None;
        if let Some(restart) = &mut self.restart {
            restart.forced |= forced;
            restart.next = if forced { now } else { restart.next };
            return None;
        }
        self.restart = Some(Restart { began: now, next: now, pause: FIRST_PAUSE, progress: Progress::Due, forced });
        Some(Repair::Restarting)
    }

    /// An offer with new credentials is on its way.
    pub(super) fn tried(&mut self, now: Millis) {
        if let Some(restart) = &mut self.restart {
            restart.progress = Progress::Offered;
            restart.forced = false;
            restart.next = now.saturating_add(restart.pause);
            restart.pause = restart.pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    /// Nothing more is tried. `Some` where the connection works all the same.
    pub(super) fn give_up(&mut self) -> Option<Repair> {
        self.restart = None;
        self.connected.then_some(Repair::Restored)
    }
}
