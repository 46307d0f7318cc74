//! Keys in the sound itself: played to a leg that knows no other way, and listened for in its sound.

use std::time::{Duration, Instant};

use super::Bridge;
use crate::dtmf::Digits;
use crate::event::Event;
use crate::format::{Codec, MediumKind};
use crate::in_band::{FRAME, FRAME_LEN, Listener, Order, Sender, Step, is_heard_in};
use crate::leg::{Leg, Transport};
use crate::outlet::{LegKey, Outlet};
use crate::params::LegId;
use crate::rewrite::{Part, Source};
use crate::rtp::{HEADER_LEN, Header};

/// How long after a tone its echo may come: what a two-wire line sends back, over a path as long as they get.
const ECHO: Duration = Duration::from_millis(300);

impl Bridge {
    /// Begins or ceases to listen for keys in a leg's sound.
    pub(super) fn listen_for_keys(&mut self, now: Instant, id: LegId, listen: bool, outlet: &mut impl Outlet) {
        let Some((key, leg)) = self.leg(id) else { return };
        if leg.tones_in.is_some() == listen {
            return;
        }
        let former =
            self.with(id, |leg| std::mem::replace(&mut leg.tones_in, listen.then(|| Box::new(Listener::new()))));
        if let Some(press) = former.flatten().and_then(|mut former| former.finish()) {
            self.pressed(now, key, press, outlet);
        }
    }

    /// Listens for keys in sound that came from a leg. Whether it is to go no further: a key in it reaches the other leg
    /// in another way.
    pub(super) fn hear_keys(
        &mut self,
        now: Instant,
        key: LegKey,
        header: &Header,
        codec: Codec,
        mut sound: &[u8],
        outlet: &mut impl Outlet,
    ) -> bool {
        // What is not decoded is not listened to. A key that went down before is not lost.
        if !is_heard_in(codec) {
            if let Some(press) = self.listener(key).and_then(Listener::finish) {
                self.pressed(now, key, press, outlet);
            }
            return false;
        }
        if self.legs.get(key).is_some_and(|leg| leg.may_echo(now)) {
            // A key that went down before is not lost.
            if let Some(press) = self.listener(key).and_then(Listener::finish) {
                self.pressed(now, key, press, outlet);
            }
            return false;
        }
        let was_key = self.listener(key).is_some_and(|listener| listener.hears_a_key());
        match self.listener(key).map(|listener| listener.receive(now, header, sound.len())) {
            Some(Order::Anew(Some(press))) => self.pressed(now, key, press, outlet),
            Some(Order::Next | Order::Anew(None)) => {}
            Some(Order::Late) | None => return false,
        }
        while let Some(press) = self.listener(key).and_then(|listener| listener.hear(codec, &mut sound)) {
            self.pressed(now, key, press, outlet);
        }
        let is_key = self.listener(key).is_some_and(|listener| listener.hears_a_key());
        if is_key || was_key {
            self.reschedule(key);
        }
        is_key && self.keep_from_other(key)
    }

    /// Whether the leg that is joined with this one is told of keys as events, and so is not to hear them as well.
    fn keep_from_other(&mut self, key: LegKey) -> bool {
        let other = self.legs.get(key).and_then(|leg| leg.joined);
        let Some(target) = other.and_then(|other| self.legs.get_mut(other)) else { return false };
        let is_told = matches!(target.transport, Transport::Rtp(_)) && target.telephone_event().is_some();
        if is_told {
            // What is left out is not lost.
            target.audio.stream.interrupt();
        }
        is_told
    }

    /// Ends a key of a leg that fell silent.
    pub(super) fn expire_tone(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        if let Some(press) = self.listener(key).and_then(|listener| listener.timeout(now)) {
            self.pressed(now, key, press, outlet);
        }
    }

    fn listener(&mut self, key: LegKey) -> Option<&mut Listener> {
        self.legs.get_mut(key)?.tones_in.as_deref_mut()
    }

    /// Sends what is due of the keys played towards a leg.
    pub(super) fn play_keys(&mut self, now: Instant, key: LegKey, outlet: &mut impl Outlet) {
        let Some(leg) = self.legs.get_mut(key) else { return };
        let Some(mut sender) = leg.tones_out.take() else { return };
        let format = leg.tone_format().filter(|_| leg.direction.sends() && leg.is_ready());
        let Some((payload_type, codec)) = format else {
            // A new description took the codec away, or the leg was held.
            leg.tones_echo = Some(now + ECHO);
            for _ in 0..sender.announced() {
                outlet.event(Event::DtmfRefused { leg: leg.id });
            }
            return;
        };
        while let Some(step) = sender.step(now) {
            match step {
                Step::Done => outlet.event(Event::DtmfSent { leg: leg.id }),
                Step::Idle => {
                    leg.tones_echo = Some(now + ECHO);
                    return leg.audio.stream.interrupt();
                }
                Step::Send(frame) => {
                    let (sequence, timestamp) = (frame.sequence, frame.timestamp(codec.clock()));
                    let header = Header { marker: false, payload_type, sequence, timestamp, ssrc: 0 };
                    let source = Source { leg: key, ssrc: 0 };
                    let stream = &mut leg.audio.stream;
                    let rewritten = stream.rewrite(now, source, codec.clock(), Part::Audio, header, payload_type);
                    let Some(header) = rewritten else { continue };
                    let mut packet = Vec::with_capacity(HEADER_LEN + FRAME_LEN);
                    packet.extend_from_slice(&header.to_bytes());
                    if sender.encode(codec, &frame, &mut packet) {
                        leg.send(key, MediumKind::Audio, &packet, &header, outlet);
                    }
                }
            }
        }
        leg.tones_out = Some(sender);
    }
}

/// Queues keys to be played to a leg. `false` when none of its codecs can, or too many wait.
pub(super) fn order_tones(
    now: Instant,
    leg: &mut Leg,
    digits: &Digits,
    tone: Duration,
    gap: Duration,
    announced: bool,
) -> bool {
    if leg.tone_format().is_none() {
        return false;
    }
    let stream = &mut leg.audio.stream;
    let sender = leg.tones_out.get_or_insert_with(|| {
        // The sound so far is heard to its end, and what follows is another source's.
        let begin = stream.sent_at().map_or(now, |sent| now.max(sent + FRAME));
        stream.interrupt();
        Box::new(Sender::new(begin))
    });
    sender.order(digits, tone, gap, announced)
}
