//! Keys pressed: heard on one leg, pressed towards another.

use std::time::{Duration, Instant};

use super::Bridge;
use super::tones::order_tones;
use crate::dtmf::Digits;
use crate::event::Event;
use crate::format::{Format, MediumKind};
use crate::leg::Transport;
use crate::outlet::{LegKey, Outlet};
use crate::params::LegId;
use crate::rtp::{HEADER_LEN, Header};
use crate::telephone_event::{PAYLOAD_LEN, Payload, Press, Step};

/// The pause after a key that is pressed again on another clock.
const REPEATED_GAP: Duration = Duration::from_millis(60);

impl Bridge {
    /// Presses keys towards a leg.
    pub(super) fn send_dtmf(
        &mut self,
        now: Instant,
        id: LegId,
        digits: &Digits,
        tone: Duration,
        gap: Duration,
        outlet: &mut impl Outlet,
    ) {
        let taken = self.with(id, |leg| {
            if let Transport::Service(player) = &mut leg.transport {
                // A service hears keys as they are; there is no way they would have to be sent.
                digits.iter().for_each(|digit| player.press(now, digit));
                outlet.event(Event::DtmfSent { leg: id });
                return true;
            }
            let may_be_sent = leg.is_ready() && leg.direction.sends();
            if leg.telephone_event().is_some() {
                return may_be_sent && leg.keys_out.order(now, digits, tone, gap, true);
            }
            may_be_sent && order_tones(now, leg, digits, tone, gap, true)
        });
        if taken == Some(false) {
            outlet.event(Event::DtmfRefused { leg: id });
        }
    }

    /// A telephone-event packet came from a leg.
    pub(super) fn receive_key(
        &mut self,
        now: Instant,
        key: LegKey,
        header: &Header,
        clock: u32,
        event: &[u8],
        outlet: &mut impl Outlet,
    ) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        let Some(event) = Payload::parse(event) else {
            leg.counters.invalid += 1;
            return;
        };
        let press = leg.keys_in.receive(now, header.ssrc, header.timestamp, clock, event);
        if let Some(press) = press {
            self.pressed(now, key, press, outlet);
        }
        self.reschedule(key);
    }

    /// Ends an event whose packets stopped coming.
    pub(super) fn expire_key(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        if let Some(press) = leg.keys_in.timeout(now) {
            self.pressed(now, key, press, outlet);
        }
    }

    /// Sends what is due of the keys pressed towards a leg.
    pub(super) fn press_keys(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else {
            return;
        };
        if leg.keys_out.deadline().is_none_or(|due| due > now) {
            return;
        }
        let Some((payload_type, clock)) = leg.telephone_event().filter(|_| leg.direction.sends()) else {
            // A new description took the format away, or the leg was held.
            for _ in 0..leg.keys_out.clear() {
                outlet.event(Event::DtmfRefused { leg: leg.id });
            }
            return;
        };
        // Where keys are on another clock than the sound, the stream's time is still that of the sound.
        let at = leg.audio.stream.timestamp_at(now, leg.audio.stream.clock().unwrap_or(clock));
        while let Some(step) = leg.keys_out.step(now, clock, at) {
            match step {
                Step::Done => outlet.event(Event::DtmfSent { leg: leg.id }),
                Step::Send { payload, timestamp, marker } => {
                    let header = leg.audio.stream.inject(now, clock, timestamp, marker, payload_type);
                    let mut packet = [0; HEADER_LEN + PAYLOAD_LEN];
                    let (head, body) = packet.split_at_mut(HEADER_LEN);
                    head.copy_from_slice(&header.to_bytes());
                    body.copy_from_slice(&payload.to_bytes());
                    leg.send(key, MediumKind::Audio, &packet, &header, outlet);
                }
            }
        }
    }

    /// A key was pressed and released at a leg's far end: signalling is told, a service hears it,
    /// and a leg that does not know it as it came gets it pressed again, as an event or as a sound.
    pub(super) fn pressed(&mut self, now: Instant, key: LegKey, press: Press, outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get(key) else {
            return;
        };
        outlet.event(Event::Dtmf { leg: leg.id, digit: press.digit, duration: press.duration });
        let decoded = leg.transcoding.is_some();
        let Some(other) = leg.joined else {
            return;
        };
        let Some(target) = self.legs.get_mut(other) else {
            return;
        };
        let is_unheard = match press.clock {
            Some(clock) => decoded || target.payload_type(Format::TelephoneEvent { clock }).is_none(),
            // A browser's user has heard it.
            None => matches!(target.transport, Transport::Rtp(_)),
        };
        if let Transport::Service(player) = &mut target.transport {
            player.press(now, press.digit);
        } else if !is_unheard || !target.is_ready() || !target.direction.sends() {
            return;
        } else if target.telephone_event().is_some() {
            let digits = Digits::from(press.digit);
            target.keys_out.order(now, &digits, press.duration, REPEATED_GAP, false);
        } else if press.clock.is_some() && matches!(target.transport, Transport::Rtp(_)) {
            order_tones(now, target, &Digits::from(press.digit), press.duration, REPEATED_GAP, false);
        }
        self.reschedule(other);
    }
}
