//! One leg: its transport, the stream it is sent, what is known of the one it sends.

mod rtp;
mod webrtc;

use std::time::Instant;

pub(crate) use rtp::RtpTransport;
pub(crate) use webrtc::{Change, WebRtcTransport};

use crate::event::LegStats;
use crate::format::{Direction, Format, PayloadFormat};
use crate::outlet::{Door, LegKey, Outlet};
use crate::params::LegId;
use crate::rewrite::Rewriter;
use crate::rtcp::{self, Reception};
use crate::rtp::Header;
use crate::service::Player;
use crate::supervision::Supervision;
use crate::telephone_event::{Receiver, Sender};

/// Formats agreed on one leg; a description with more is cut off here.
const MAX_FORMATS: usize = 32;

/// How a leg's packets come and go.
pub(crate) enum Transport {
    /// A browser.
    WebRtc(Box<WebRtcTransport>),
    /// Plain RTP.
    Rtp(RtpTransport),
    /// Nobody: a sound is made here.
    Service(Player),
}

/// The random numbers a leg begins with.
#[derive(Debug, Clone, Copy)]
pub struct Seed {
    /// The source it is sent from.
    pub ssrc: u32,
    /// The first sequence number, less one.
    pub sequence: u16,
    /// The first timestamp.
    pub timestamp: u32,
}

/// A leg of a call.
pub(crate) struct Leg {
    /// What signalling calls it.
    pub id: LegId,
    /// How its packets come and go.
    pub transport: Transport,
    /// Which way media flows.
    pub direction: Direction,
    /// The leg it is joined with.
    pub joined: Option<LegKey>,
    /// The stream it is sent.
    pub stream: Rewriter,
    /// The stream that comes from it.
    pub reception: Reception,
    /// Reports about both.
    pub rtcp: rtcp::Session,
    /// Keys pressed at its far end.
    pub keys_in: Receiver,
    /// Keys pressed towards it.
    pub keys_out: Sender,
    /// Notices its silence.
    pub supervision: Supervision,
    /// Counters, as far as they are kept here.
    pub counters: LegStats,
    /// The deadline the schedule holds for it.
    pub scheduled: Option<Instant>,
    formats: Vec<PayloadFormat>,
}

impl Leg {
    /// A leg that is not joined and has agreed nothing.
    #[must_use]
    pub(crate) fn new(id: LegId, transport: Transport, seed: Seed, rtcp: rtcp::Session) -> Self {
        Self {
            id,
            transport,
            direction: Direction::SendRecv,
            joined: None,
            stream: Rewriter::new(seed.ssrc, seed.sequence, seed.timestamp),
            reception: Reception::default(),
            rtcp,
            keys_in: Receiver::default(),
            keys_out: Sender::default(),
            supervision: Supervision::default(),
            counters: LegStats::default(),
            scheduled: None,
            formats: Vec::new(),
        }
    }

    /// What was agreed, most preferred first.
    pub(crate) fn set_formats(&mut self, mut formats: Vec<PayloadFormat>) {
        formats.truncate(MAX_FORMATS);
        self.formats = formats;
    }

    /// What the peer means by a payload type.
    #[must_use]
    pub(crate) fn received_format(&self, payload_type: u8) -> Option<Format> {
        self.formats.iter().find(|agreed| agreed.receive_pt == payload_type).map(|agreed| agreed.format)
    }

    /// What the peer calls a format.
    #[must_use]
    pub(crate) fn payload_type(&self, format: Format) -> Option<u8> {
        self.formats.iter().find(|agreed| agreed.format == format).map(|agreed| agreed.send_pt)
    }

    /// The telephone-event format to press keys with: that on the clock of the stream if there is
    /// one (RFC 4733 §2.1).
    #[must_use]
    pub(crate) fn telephone_event(&self) -> Option<(u8, u32)> {
        let events = || {
            self.formats.iter().filter_map(|agreed| match agreed.format {
                Format::TelephoneEvent { clock } => Some((agreed.send_pt, clock)),
                Format::Audio(_) => None,
            })
        };
        let clock = self.stream.clock();
        events().find(|&(_, event)| Some(event) == clock).or_else(|| events().next())
    }

    /// Media is expected from now on. A service speaks in this process and is never silent.
    pub(crate) fn supervise(&mut self, now: Instant) {
        if !matches!(self.transport, Transport::Service(_)) {
            self.supervision.begin(now);
        }
    }

    /// Whether media can be sent to it at all.
    #[must_use]
    pub(crate) fn is_ready(&self) -> bool {
        match &self.transport {
            Transport::WebRtc(browser) => browser.is_ready(),
            Transport::Rtp(peer) => peer.destination().is_some(),
            Transport::Service(_) => false,
        }
    }

    /// Sends an RTP packet that begins with `header` and counts it. `false` when that cannot be
    /// done yet.
    pub(crate) fn send(&mut self, key: LegKey, packet: &[u8], header: &Header, outlet: &mut impl Outlet) -> bool {
        let sent = match &mut self.transport {
            Transport::WebRtc(browser) => browser.send(packet, header, outlet),
            Transport::Rtp(peer) => {
                let to = peer.destination();
                to.is_some_and(|to| {
                    outlet.send(Door::Rtp(key), to, packet);
                    true
                })
            }
            Transport::Service(_) => false,
        };
        if sent {
            self.stream.count(packet.len().saturating_sub(crate::rtp::HEADER_LEN));
        }
        sent
    }

    /// Sends a compound RTCP packet, if it can be sent.
    pub(crate) fn send_rtcp(&mut self, key: LegKey, compound: &[u8], outlet: &mut impl Outlet) {
        match &mut self.transport {
            Transport::WebRtc(browser) => {
                browser.send_rtcp(compound, outlet);
            }
            Transport::Rtp(peer) => {
                if let Some(to) = peer.rtcp_destination() {
                    outlet.send(Door::Rtcp(key), to, compound);
                }
            }
            Transport::Service(_) => {}
        }
    }

    /// All counters.
    #[must_use]
    pub(crate) fn stats(&self) -> LegStats {
        LegStats {
            sent_packets: self.stream.packets(),
            sent_bytes: self.stream.octets(),
            lost: self.reception.lost(),
            jitter: self.reception.jitter(),
            round_trip: self.rtcp.round_trip(),
            remote_loss: self.rtcp.remote_loss(),
            ..self.counters
        }
    }
}
