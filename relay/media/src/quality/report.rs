//! What is told of a leg's sound.

use std::time::Duration;

use crate::format::Codec;

/// A direction of a leg's sound, seen from the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// What comes from the leg: whoever it is joined with hears it.
    Received,
    /// What is sent to the leg, which hears it.
    Sent,
}

/// One direction of a leg's sound.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct Sound {
    /// The codec.
    pub codec: Option<Codec>,
    /// Packets lost on this way since the leg was opened; of what is sent, by the peer's last report.
    pub lost: u64,
    /// Interarrival jitter (RFC 3550 A.8); of what is sent, once the peer has reported.
    pub jitter: Option<Duration>,
    /// How much longer rows of losses were than they are by chance, 1.0 for as long; received packets only.
    pub burst_ratio: Option<f32>,
    /// How much sound was made up in the place of lost packets; only where sound is decoded here.
    pub concealed: Duration,
    /// Packets that came too late to be played; only where sound is decoded here.
    pub late: u64,
    /// The mean opinion score the E-model gives the last few seconds, 1.0 to 4.5.
    pub mos: Option<f32>,
    /// The mean of these.
    pub mos_mean: Option<f32>,
    /// The worst of these.
    pub mos_lowest: Option<f32>,
}

/// Sound that has turned bad, or is good again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QualityReport {
    /// Which direction.
    pub way: Way,
    /// Whether it is bad now.
    pub bad: bool,
    /// Why it is bad; none when it is good again.
    pub causes: Causes,
    /// The mean opinion score of the last few seconds; none where nothing came.
    pub mos: Option<f32>,
    /// The share of packets lost in them, 0.0 to 1.0.
    pub loss: f32,
    /// Interarrival jitter.
    pub jitter: Duration,
    /// Round-trip time between relay and leg, once known.
    pub round_trip: Option<Duration>,
}

/// What makes sound bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Causes {
    /// Packets are lost, or come too late to be played.
    pub loss: bool,
    /// Packets come so unevenly that whoever plays them has to wait for them.
    pub jitter: bool,
    /// Sound is on its way for too long to talk.
    pub delay: bool,
    /// Nothing comes at all.
    pub silence: bool,
}
