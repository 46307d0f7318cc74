//! Browsers' connections: how they begin, change and end.

use std::time::Instant;

use super::{Bridge, NewLeg};
use crate::event::{Event, Inactivity};
use crate::leg::{Change, Transport, WebRtcTransport};
use crate::outlet::{LegKey, Outlet, Path};
use crate::params::{IceCredentials, LegId, WebRtcRemote};

impl Bridge {
    /// Opens a leg to a browser. `None` when the id belongs to an open leg.
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

    /// Begins a browser's connection afresh, for a page that was loaded again: other ICE
    /// credentials, another DTLS association. What the leg is joined with stays, and so
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
            leg.media_mut().for_each(|medium| {
                medium.reception.end();
                medium.history.clear();
            });
            leg.joined
        });
        if let Some(ear) = joined.flatten().and_then(|joined| self.legs.get_mut(joined)) {
            ear.media_mut().for_each(|medium| medium.stream.interrupt());
        }
    }

    /// A browser's description is known.
    pub(super) fn webrtc_remote(&mut self, now: Instant, id: LegId, remote: WebRtcRemote, outlet: &mut impl Outlet) {
        let patience = self.timing.connect;
        let change = self.with(id, |leg| {
            let Transport::WebRtc(browser) = &mut leg.transport else {
                return (Change::None, false);
            };
            let change = browser.set_remote(now, &remote, patience);
            let had_video = leg.has_video();
            leg.sound = remote.sound;
            leg.set_formats(remote.formats);
            leg.agree_repair(remote.repair);
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

    /// Tells signalling what happened to a browser's connection.
    pub(super) fn note(&mut self, now: Instant, key: LegKey, change: Change, outlet: &mut impl Outlet) {
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
            Change::ConsentLost => outlet.event(Event::Inactive { leg: id, cause: Inactivity::Consent }),
        }
        self.reschedule(key);
    }

    /// Nothing that arrives is for this connection any more.
    pub(super) fn forget(&mut self, key: LegKey, browser: &WebRtcTransport) {
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

    /// Whether a browser has passed a check along this path.
    #[must_use]
    pub fn knows(&self, path: Path) -> bool {
        self.paths.contains_key(&path)
    }

    /// A path has ended, as a connection does: what is sent goes along another of the browser's, if there is one.
    pub fn path_ended(&mut self, now: Instant, path: Path, outlet: &mut impl Outlet) {
        let Some(key) = self.paths.remove(&path) else {
            return;
        };
        if let Some(Transport::WebRtc(browser)) = self.legs.get_mut(key).map(|leg| &mut leg.transport) {
            browser.agent.ended(path);
            self.refresh(now, key, outlet);
        }
    }

    fn browser(&mut self, id: LegId) -> Option<(LegKey, &mut WebRtcTransport)> {
        let key = *self.keys.get(&id)?;
        match &mut self.legs.get_mut(key)?.transport {
            Transport::WebRtc(browser) => Some((key, browser)),
            Transport::Rtp(_) | Transport::Service(_) => None,
        }
    }
}
