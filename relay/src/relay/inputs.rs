use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use offhook_media::Event;
use offhook_protocol::{Failure, Request};
use offhook_sip::locate::{Answer, Query};
use offhook_sip::transaction::Transmit;
use serde::Serialize;

use super::connections::CloseReason;
use crate::record::CallRecord;
use crate::session::ConnectionId;
use crate::ua::LookupId;
use crate::ua::transport::TransportEvent;

/// What happened outside.
#[derive(Debug)]
pub enum Input {
    /// A browser opened a WebSocket, from this address.
    Opened(ConnectionId, IpAddr),
    /// A frame came.
    Received(ConnectionId, Received),
    /// A WebSocket is gone.
    Closed(ConnectionId, CloseReason),
    /// A media worker reports.
    Media(Event),
    /// The SIP sockets report.
    Sip(TransportEvent),
    /// What the DNS said, and how long that holds.
    Resolved(LookupId, Answer, Duration),
}

/// A frame, read at the door.
#[derive(Debug)]
pub enum Received {
    /// A request.
    Request(Box<Request>),
    /// No request: the failure to reply with, and the id where there was one.
    Unreadable(Option<u32>, Failure),
}

/// What is to be done outside.
pub enum Output {
    /// Send a text frame.
    Frame(ConnectionId, String),
    /// Close a WebSocket with this status code (RFC 6455 section 7.4) and reason, after what was sent before.
    Close(ConnectionId, u16, &'static str),
    /// Send a SIP message.
    Transmit(Transmit),
    /// Keep the record of a call that is over.
    Record(Box<CallRecord>),
    /// Ask the DNS and say the result with [`Input::Resolved`].
    Lookup {
        /// Names the lookup.
        id: LookupId,
        /// The question.
        query: Query,
    },
}

/// Frames hold session descriptions and tokens: a log shows how long they are.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(id, frame) => f.debug_tuple("Frame").field(id).field(&frame.len()).finish(),
            Self::Close(id, code, reason) => f.debug_tuple("Close").field(id).field(code).field(reason).finish(),
            Self::Transmit(transmit) => f.debug_tuple("Transmit").field(transmit).finish(),
            Self::Record(record) => f.debug_tuple("Record").field(record).finish(),
            Self::Lookup { id, .. } => f.debug_struct("Lookup").field("id", id).finish_non_exhaustive(),
        }
    }
}

/// What a relay holds at the moment. All of it returns to zero when nobody is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// WebSocket connections.
    pub connections: usize,
    /// Sessions, those that wait for their browser included.
    pub sessions: usize,
    /// Sessions that wait for their browser.
    pub sessions_away: usize,
    /// Calls.
    pub calls: usize,
    /// Legs of calls.
    pub legs: usize,
    /// SIP accounts that sessions act for.
    pub accounts: usize,
    /// Phones of the relay's own users, registered over SIP.
    pub bindings: usize,
    /// Requests of strangers over SIP that were met with silence, since the start.
    pub strangers_ignored: u64,
    /// SIP dialogs and those about to be.
    pub dialogs: usize,
    /// Legs the media workers hold.
    pub media_legs: usize,
    /// RTP ports bound.
    pub rtp_ports: usize,
    /// SIP transactions. Finished ones wait up to 32 s for stragglers (RFC 3261 section 17), then end by themselves.
    pub transactions: usize,
    /// Closed RTP ports that rest for `media.quarantine` before they may be used again.
    pub quarantined_ports: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_does_not_show_in_debug_output() {
        let output = Output::Frame(ConnectionId(1), "{\"token\":\"7.secret\"}".to_owned());
        assert_eq!(format!("{output:?}"), "Frame(ConnectionId(1), 20)");
    }
}
