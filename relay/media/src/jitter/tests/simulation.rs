//! A sender, a network and a player on simulated time.

use std::time::{Duration, Instant};

use crate::jitter::{JitterBuffer, Pace, Playout};
use crate::rtp::Header;

pub(super) const MAX: Duration = Duration::from_millis(200);
/// How often the player needs sound.
const TICK: Duration = Duration::from_millis(20);
/// What a change of pace takes away or adds: a period of a voice.
const PERIOD: Duration = Duration::from_millis(8);

/// A generator of numbers that only look random (xorshift64).
pub(super) struct Dice(pub u64);

impl Dice {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit.max(1)
    }

    /// Between 0 and 1.
    pub(super) fn part(&mut self) -> f64 {
        self.below(1 << 32) as f64 / (1u64 << 32) as f64
    }

    /// Normally distributed around 0, with a deviation of 1 (Box and Muller).
    pub(super) fn normal(&mut self) -> f64 {
        (-2.0 * self.part().max(1e-12).ln()).sqrt() * (std::f64::consts::TAU * self.part()).cos()
    }
}

/// A packet on its way.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub arrives: Duration,
    pub header: Header,
    pub clock: u32,
    pub length: Duration,
    /// What a decoder would say of it: that it describes silence.
    pub silence: bool,
}

/// Packets of `length`, `count` of them, each held up by as many milliseconds as `network` says; `None` is a loss.
pub(super) fn stream(length: u64, count: u32, mut network: impl FnMut(u32) -> Option<f64>) -> Vec<Sent> {
    let length = Duration::from_millis(length);
    let packet = |index: u32| {
        let held = network(index)?;
        let header = Header {
            marker: index == 0,
            payload_type: 8,
            sequence: (index as u16).wrapping_add(65_000),
            timestamp: (length.as_millis() as u32 * 8).wrapping_mul(index).wrapping_sub(160_000),
            ssrc: 1,
        };
        let arrives = length * index + Duration::from_secs_f64(held.max(0.0) / 1000.0);
        Some(Sent { arrives, header, clock: 8000, length, silence: false })
    };
    (0..count).filter_map(packet).collect()
}

/// How a stream was played.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// The numbers of the packets played, in their order.
    pub played: Vec<(Duration, Header)>,
    /// Delays at which they were, one each.
    pub delays: Vec<Duration>,
    pub concealed: Duration,
    /// Times the next packet was there to make up a lost one from.
    pub redundant: usize,
    /// Silence before, between and after.
    pub nothing: Duration,
    /// The longest stretch of it after the first packet.
    pub longest_nothing: Duration,
    /// Bytes held for payloads at the end.
    pub bytes: usize,
}

/// Plays `packets` until a second after the last.
pub(super) fn play(buffer: &mut JitterBuffer, mut packets: Vec<Sent>) -> Heard {
    packets.sort_by_key(|packet| packet.arrives);
    let start = crate::simulated::origin();
    let mut heard = Heard::default();
    let end = packets.last().map_or(Duration::ZERO, |packet| packet.arrives) + Duration::from_secs(1);
    let mut coming = packets.iter().peekable();
    let (mut now, mut stock, mut silent) = (Duration::from_millis(7), Duration::ZERO, Duration::ZERO);
    while now < end {
        while let Some(packet) = coming.next_if(|packet| packet.arrives <= now) {
            let length = packet.length.as_millis() as u16;
            let payload = [&length.to_be_bytes()[..], &[u8::from(packet.silence); 158]].concat();
            buffer.insert(start + packet.arrives, packet.clock, &packet.header, &payload);
        }
        while stock < TICK {
            let sound = once(buffer, start + now, now, &mut heard);
            if sound.is_zero() {
                let rest = TICK - stock;
                heard.nothing += rest;
                silent += rest;
                stock = TICK;
            } else {
                if heard.delays.len() > 1 {
                    heard.longest_nothing = heard.longest_nothing.max(silent);
                }
                silent = Duration::ZERO;
                stock += sound;
            }
        }
        stock -= TICK;
        now += TICK;
    }
    heard.bytes = buffer.slots.held();
    heard
}

/// Asks once. Returns how much sound came of it.
fn once(buffer: &mut JitterBuffer, now: Instant, at: Duration, heard: &mut Heard) -> Duration {
    match buffer.next(now) {
        Playout::Nothing => Duration::ZERO,
        Playout::Lost { ticks, next } => {
            heard.redundant += usize::from(next.is_some());
            let sound = Duration::from_micros(u64::from(ticks) * 125);
            heard.concealed += sound;
            sound
        }
        Playout::Packet { payload, payload_type, timestamp, pace } => {
            let length = Duration::from_millis(u64::from(u16::from_be_bytes([payload[0], payload[1]])));
            let silence = payload[2] == 1;
            let header = Header { marker: false, payload_type, sequence: 0, timestamp, ssrc: 0 };
            heard.played.push((at, header));
            let clock = if payload_type == 111 { 48 } else { 8 };
            buffer.decoded(length.as_millis() as u32 * clock);
            if silence {
                buffer.pause();
            }
            heard.delays.push(buffer.delay());
            match pace {
                Pace::Even => length,
                Pace::Shorter => length - PERIOD.min(length / 2),
                Pace::Longer => length + PERIOD.min(length / 2),
            }
        }
    }
}

impl Heard {
    /// The mean delay of the packets from `part` of all on.
    pub(super) fn mean_delay(&self, part: f64) -> Duration {
        let from = (self.delays.len() as f64 * part) as usize;
        let rest = &self.delays[from..];
        rest.iter().sum::<Duration>() / (rest.len().max(1) as u32)
    }

    /// Whether timestamps only ever grow.
    pub(super) fn is_in_order(&self) -> bool {
        self.played.windows(2).all(|pair| (pair[1].1.timestamp.wrapping_sub(pair[0].1.timestamp) as i32) > 0)
    }
}
