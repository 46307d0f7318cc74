//! What is due: each leg has one deadline, the earliest of all its timers.

use std::time::Instant;

use super::Bridge;
use crate::event::{Event, Inactivity};
use crate::leg::{Leg, Transport};
use crate::outlet::{LegKey, Outlet};

impl Bridge {
    /// Does everything that is due at `now`.
    pub fn timeout(&mut self, now: Instant, outlet: &mut impl Outlet) {
        // Each leg has one turn: whatever is due again at once waits for the next call, so that
        // this one always ends.
        let mut due = std::mem::take(&mut self.due);
        due.extend(std::iter::from_fn(|| self.schedule.pop(now)));
        for key in due.drain(..) {
            if let Some(leg) = self.legs.get_mut(key) {
                leg.scheduled = None;
            }
            self.leg_timeout(now, key, outlet);
            self.reschedule(key);
        }
        self.due = due;
    }

    /// Brings the schedule up to date after a leg changed.
    pub(super) fn reschedule(&mut self, key: LegKey) {
        let Some(leg) = self.legs.get(key) else {
            return;
        };
        let deadline = self.leg_deadline(leg);
        let scheduled = leg.scheduled;
        self.schedule.replace(key, scheduled, deadline);
        if let Some(leg) = self.legs.get_mut(key) {
            leg.scheduled = deadline;
        }
    }

    fn leg_deadline(&self, leg: &Leg) -> Option<Instant> {
        let transport = match &leg.transport {
            Transport::WebRtc(browser) => browser.deadline(self.timing.consent),
            Transport::Service(player) => player.deadline(),
            Transport::Rtp(_) => None,
        };
        let silence = leg.supervision.deadline(self.timing.rtp_inactivity).filter(|_| !leg.direction.is_held());
        [transport, silence, leg.rtcp.deadline(), leg.keys_in.deadline(), leg.keys_out.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    fn leg_timeout(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        self.transport_timeout(now, key, outlet);
        self.notice_silence(now, key, outlet);
        self.report(now, key, outlet);
        self.expire_key(now, key, outlet);
        self.press_keys(now, key, outlet);
    }

    fn transport_timeout(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        match &mut leg.transport {
            Transport::WebRtc(browser) => {
                let change = browser.timeout(now, self.timing.consent, outlet);
                self.note(now, key, change, outlet);
            }
            Transport::Service(_) => self.play(now, key, outlet),
            Transport::Rtp(_) => {}
        }
    }

    fn notice_silence(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        if !leg.direction.is_held() && leg.supervision.expire(now, self.timing.rtp_inactivity) {
            outlet.event(Event::Inactive { leg: leg.id, cause: Inactivity::Rtp });
        }
    }

    fn report(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        let due = leg.rtcp.report(now, &self.clock, &leg.stream, &mut leg.reception, &mut self.report);
        if due {
            leg.send_rtcp(key, &self.report, outlet);
        }
    }
}
