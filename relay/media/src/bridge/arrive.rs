//! Datagrams as they arrive: whose they are, and what they are.

use std::net::SocketAddr;
use std::time::Instant;

use super::Bridge;
use crate::event::Event;
use crate::format::MediumKind;
use crate::ice::Check;
use crate::learning::Sign;
use crate::leg::Transport;
use crate::outlet::{LegKey, Outlet, Path};
use crate::rtp::{Datagram, Header};

impl Bridge {
    /// A datagram along a path: on a socket all browsers share, or on a connection of one. It is decrypted where it lies.
    pub fn receive_shared(&mut self, now: Instant, path: Path, datagram: &mut [u8], outlet: &mut impl Outlet) {
        let kind = Datagram::classify(datagram);
        if kind == Some(Datagram::Stun) {
            return self.receive_check(now, path, datagram, outlet);
        }
        // Nobody but who passed a check may say anything else.
        let Some(&key) = self.paths.get(&path) else {
            self.unclaimed += 1;
            return;
        };
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        let Transport::WebRtc(browser) = &mut leg.transport else {
            return;
        };
        match kind {
            Some(Datagram::Rtp) => match browser.open(datagram) {
                Some(packet) => self.receive_repaired(now, key, packet, outlet),
                None => leg.counters.invalid += 1,
            },
            Some(Datagram::Rtcp) => match browser.open_rtcp(datagram) {
                Some(compound) => self.receive_report(now, key, None, compound, outlet),
                None => leg.counters.invalid += 1,
            },
            Some(Datagram::Dtls) => {
                let change = browser.receive_dtls(now, datagram, outlet);
                self.note(now, key, change, outlet);
            }
            Some(Datagram::Stun) | None => leg.counters.invalid += 1,
        }
    }

    /// A datagram on the RTP socket of one of a leg's media. Some peers send their RTCP here too.
    pub fn receive_rtp(
        &mut self,
        now: Instant,
        (key, medium): (LegKey, MediumKind),
        source: SocketAddr,
        datagram: &mut [u8],
        outlet: &mut impl Outlet,
    ) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        let agreed = Header::parse(datagram)
            .filter(|(header, _)| leg.received_format(Some(medium), header.payload_type).is_some());
        let Some(peer) = leg.rtp_mut(medium) else {
            return;
        };
        let kind = Datagram::classify(datagram);
        let sign = match agreed.filter(|_| kind == Some(Datagram::Rtp)) {
            Some(_) if peer.is_encrypted() => Sign::Authentic,
            Some((header, _)) => Sign::Plausible(header.ssrc),
            None => Sign::None,
        };
        if peer.is_encrypted() {
            return self.receive_encrypted(now, (key, medium), source, (kind, sign), datagram, outlet);
        }
        if !matches!(kind, Some(Datagram::Rtp | Datagram::Rtcp)) {
            leg.counters.invalid += 1;
        } else if !peer.accepts(now, source, sign) && !peer.accepts_muxed(kind, source) {
            leg.counters.strangers += 1;
        } else if kind == Some(Datagram::Rtcp) {
            self.receive_report(now, key, Some(medium), datagram, outlet);
        } else {
            self.receive_packet(now, key, Some(medium), datagram, outlet);
        }
    }

    /// A datagram on the RTP socket of a leg whose packets are encrypted. Nobody becomes known by one that is not
    /// authentic.
    fn receive_encrypted(
        &mut self,
        now: Instant,
        (key, medium): (LegKey, MediumKind),
        source: SocketAddr,
        (kind, sign): (Option<Datagram>, Sign),
        datagram: &mut [u8],
        outlet: &mut impl Outlet,
    ) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        let Some(peer) = leg.rtp_mut(medium) else {
            return;
        };
        let opened = match kind {
            Some(Datagram::Rtp) => peer.open(datagram),
            Some(Datagram::Rtcp) => peer.open_rtcp(datagram),
            _ => None,
        };
        let Some(packet) = opened else {
            leg.counters.invalid += 1;
            return;
        };
        if !peer.accepts(now, source, sign) && !peer.accepts_muxed(kind, source) {
            leg.counters.strangers += 1;
        } else if kind == Some(Datagram::Rtcp) {
            self.receive_report(now, key, Some(medium), packet, outlet);
        } else {
            self.receive_packet(now, key, Some(medium), packet, outlet);
        }
    }

    /// A datagram on the RTCP socket of one of a leg's media.
    pub fn receive_rtcp(
        &mut self,
        now: Instant,
        (key, medium): (LegKey, MediumKind),
        source: SocketAddr,
        datagram: &mut [u8],
        outlet: &mut impl Outlet,
    ) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        let Some(peer) = leg.rtp_mut(medium) else {
            return;
        };
        if Datagram::classify(datagram) != Some(Datagram::Rtcp) {
            leg.counters.invalid += 1;
        } else if peer.is_encrypted() {
            match peer.open_rtcp(datagram) {
                None => leg.counters.invalid += 1,
                Some(compound) if peer.accepts_rtcp(source) => {
                    self.receive_report(now, key, Some(medium), compound, outlet);
                }
                Some(_) => leg.counters.strangers += 1,
            }
        } else if peer.accepts_rtcp(source) {
            self.receive_report(now, key, Some(medium), datagram, outlet);
        } else {
            leg.counters.strangers += 1;
        }
    }

    /// A connectivity check: finds the browser it is for and, if it is authentic, remembers where
    /// that browser is.
    fn receive_check(&mut self, now: Instant, path: Path, datagram: &[u8], outlet: &mut impl Outlet) {
        let asked = Check::parse(datagram).and_then(|check| {
            let key = self.ufrags.get(check.local_ufrag())?;
            Some((check, *key))
        });
        let Some((check, key)) = asked else {
            self.unclaimed += 1;
            return;
        };
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        let Transport::WebRtc(browser) = &mut leg.transport else {
            return;
        };
        let crypto = self.identity.crypto().crypto();
        let selected = browser.agent.selected();
        let Some(answer) = browser.agent.answer(now, path, check, crypto) else {
            leg.counters.invalid += 1;
            return;
        };
        outlet.send(path.door, path.remote, &answer.response);
        if browser.agent.knows(path) {
            self.paths.insert(path, key);
            let regained = browser.consent() || answer.retired.is_some();
            if regained && browser.is_ready() {
                outlet.event(Event::Connected { leg: leg.id });
            }
            if regained || browser.agent.selected() != selected {
                // Pictures were lost on the way that ended.
                self.refresh(now, key, outlet);
            }
        }
        if let Some(ufrag) = &answer.retired {
            self.ufrags.remove(ufrag);
        }
        if let Some(forgotten) = answer.forgotten
            && self.paths.get(&forgotten) == Some(&key)
        {
            self.paths.remove(&forgotten);
        }
        self.reschedule(key);
    }
}
