//! Which leg hears which, and whether it may at the moment.

use std::time::Instant;

use super::Bridge;
use crate::format::Direction;
use crate::leg::Transport;
use crate::outlet::{LegKey, Outlet};
use crate::params::LegId;

impl Bridge {
    /// Joins two legs.
    pub(super) fn join(&mut self, now: Instant, a: LegId, b: LegId, outlet: &mut impl Outlet) {
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
    pub(super) fn unjoin(&mut self, key: LegKey) {
        let other = self.legs.get_mut(key).and_then(|leg| leg.joined.take());
        if let Some(leg) = other.and_then(|other| self.legs.get_mut(other)) {
            leg.joined = None;
        }
        for key in [Some(key), other].into_iter().flatten() {
            if let Some(leg) = self.legs.get_mut(key) {
                leg.stop_transcoding();
                if let Transport::Service(player) = &mut leg.transport {
                    player.stop();
                }
            }
            self.reschedule(key);
        }
    }

    /// Holds or resumes a leg.
    pub(super) fn direct(&mut self, now: Instant, id: LegId, direction: Direction, outlet: &mut impl Outlet) {
        let Some((key, before)) = self.leg(id).map(|(key, leg)| (key, leg.direction)) else {
            return;
        };
        let joined = self.with(id, |leg| {
            leg.direction = direction;
            if before.is_held() && !direction.is_held() {
                leg.supervision.resume(now);
            }
            leg.joined
        });
        // What was not let through is not lost: nobody shall ask for it again.
        let heard_again = (direction.sends() && !before.sends()).then_some(key);
        let speaks_again = joined.flatten().filter(|_| direction.receives() && !before.receives());
        for ear in [heard_again, speaks_again].into_iter().flatten() {
            if let Some(leg) = self.legs.get_mut(ear) {
                leg.media_mut().for_each(|medium| medium.stream.interrupt());
            }
        }
        if heard_again.or(speaks_again).is_some() {
            self.refresh(now, key, outlet);
        }
    }

    /// Starts the service a leg is joined with, once the leg can hear it: nobody shall miss the
    /// beginning.
    pub(super) fn wake_service_of(&mut self, now: Instant, id: LegId) {
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
}
