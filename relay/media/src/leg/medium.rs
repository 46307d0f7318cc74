//! One medium of a leg: the stream it is sent, the one that comes from it, and reports about both.

use std::time::Duration;

use super::Seed;
use crate::event::StreamStats;
use crate::format::Codec;
use crate::history::History;
use crate::quality::Playout;
use crate::rewrite::Rewriter;
use crate::rtcp::{self, Reception};

/// Sound, or pictures.
#[derive(Debug)]
pub(crate) struct Medium {
    /// The stream the leg is sent.
    pub stream: Rewriter,
    /// The stream that comes from it.
    pub reception: Reception,
    /// Reports about both.
    pub rtcp: rtcp::Session,
    /// What it was sent lately, where it can ask for that again.
    pub history: History,
    /// Packets that came, and bytes of their payload.
    pub received: (u64, u64),
    /// The codec of the sound that came last.
    pub codec: Option<Codec>,
    /// What became of it, where it is decoded here.
    pub playout: Playout,
}

impl Medium {
    /// A medium of which nothing has been sent or heard, reported about every `interval`.
    #[must_use]
    pub(crate) fn new(seed: Seed, cname: String, interval: Duration) -> Self {
        Self {
            stream: Rewriter::new(seed.ssrc, seed.sequence, seed.timestamp),
            reception: Reception::default(),
            rtcp: rtcp::Session::new(cname, interval, seed.ssrc),
            history: History::default(),
            received: (0, 0),
            codec: None,
            playout: Playout::default(),
        }
    }

    /// Counters.
    #[must_use]
    pub(crate) fn stats(&self) -> StreamStats {
        let (received_packets, received_bytes) = self.received;
        StreamStats {
            received_packets,
            received_bytes,
            sent_packets: self.stream.packets(),
            sent_bytes: self.stream.octets(),
            lost: self.reception.lost(),
        }
    }
}
