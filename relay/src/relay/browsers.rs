//! The browser ends of calls, as their sessions reach them.

use std::time::Instant;

use offhook_media::LegId;
use offhook_protocol::reply::LiveCall;
use offhook_protocol::request::CallOfferSdp;
use offhook_protocol::{ErrorCode, Failure};

use super::calls::Driver;
use super::{MediaPlane, Relay};
use crate::browser::BrowserLeg;
use crate::session::SessionId;
use crate::webrtc::{BrowserDescription, Transport};

impl<M: MediaPlane> Relay<M> {
    /// Does something at the browser leg of a session's call.
    pub(super) fn at_leg(
        &mut self,
        session: SessionId,
        call_id: &str,
        act: impl FnOnce(&mut BrowserLeg) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let leg = self.leg_of(session, call_id)?;
        let mut result = Err(unknown_call());
        self.at_browser(leg, |browser| result = act(browser));
        result
    }

    /// Does something at a browser leg.
    pub(super) fn at_browser(&mut self, leg: LegId, act: impl FnOnce(&mut BrowserLeg)) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        let Driver::Browser(_, browser) = &mut entry.driver else { return };
        act(browser);
        self.unsettled.push_back(entry.call);
    }

    /// Takes a browser's offer within a call. The leg's connection follows before the offer is answered.
    pub(super) fn browser_offer(
        &mut self,
        session: SessionId,
        request: &CallOfferSdp,
        now: Instant,
    ) -> Result<(), Failure> {
        let offer = BrowserDescription::parse(&request.sdp)?.within(&self.browsers.spoken)?;
        let leg = self.leg_of(session, &request.call_id)?;
        let entry = self.legs.get(&leg).ok_or_else(unknown_call)?;
        let Driver::Browser(_, browser) = &entry.driver else { return Err(unknown_call()) };
        let transport = browser.transport_for(&offer)?;
        let local = match transport {
            Transport::Kept => Ok(None),
            Transport::Restarted => self.media.webrtc_restart(entry.worker, leg).map(Some),
            Transport::Replaced => self.media.webrtc_replace(entry.worker, leg).map(Some),
        };
        let local = local.map_err(|error| self.no_media(&error, now))?;
        tracing::info!(session = session.0, leg = leg.0, ?transport, "a browser offers within its call");
        self.at_browser(leg, |browser| browser.offer(offer, transport, local, now));
        Ok(())
    }

    /// The calls of a session that another page can take over.
    pub(super) fn live_calls(&self, session: SessionId) -> Vec<LiveCall> {
        let Some(session) = self.sessions.get(&session) else { return Vec::new() };
        session.calls.values().filter_map(|leg| self.browser(*leg)?.live()).collect()
    }

    pub(super) fn is_on_another_call(&self, session: SessionId, call_id: &str) -> bool {
        let Some(session) = self.sessions.get(&session) else { return false };
        let mut others = session.calls.iter().filter(|(id, _)| *id != call_id);
        others.any(|(_, leg)| self.browser(*leg).is_some_and(BrowserLeg::is_connected))
    }

    pub(super) fn leg_due(&mut self, leg: LegId, now: Instant) {
        let Some(entry) = self.legs.get_mut(&leg) else { return };
        // A deadline that was moved comes due too: the one that holds is in the schedule still.
        if entry.scheduled.is_some_and(|deadline| deadline <= now) {
            entry.scheduled = None;
        }
        self.at_browser(leg, |browser| browser.handle_timeout(now));
    }

    pub(super) fn leg_of(&self, session: SessionId, call_id: &str) -> Result<LegId, Failure> {
        self.sessions.get(&session).and_then(|session| session.calls.get(call_id)).copied().ok_or_else(unknown_call)
    }

    fn browser(&self, leg: LegId) -> Option<&BrowserLeg> {
        match &self.legs.get(&leg)?.driver {
            Driver::Browser(_, browser) => Some(browser),
            _ => None,
        }
    }
}

fn unknown_call() -> Failure {
    Failure::new(ErrorCode::UnknownCall, "There is no such call in this session.")
}
