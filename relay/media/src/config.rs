//! How the media side of a relay is set up.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::error::MediaError;

/// No deadline of a call is longer than this, and instants can be reckoned with.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// RTCP more often than this is a flood.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(500);

/// Addresses, ports and deadlines of the media workers. The default listens on loopback only.
#[derive(Debug, Clone)]
pub struct MediaConfig {
    /// Worker threads; one per core is right. At least 1.
    pub workers: usize,
    /// Where browsers send their media. Worker *n* binds this port + *n*; port 0 lets the system
    /// choose for each. An unspecified address binds every advertised one that is this machine's.
    pub webrtc_bind: SocketAddr,
    /// Addresses browsers are told to reach the relay at, most preferred first; 16 at most. Empty:
    /// the bound address, which then must not be the unspecified one.
    pub webrtc_advertised: Vec<IpAddr>,
    /// Where RTP port pairs are bound.
    pub rtp_bind: IpAddr,
    /// The address SIP peers are told to send RTP to.
    pub rtp_advertised: IpAddr,
    /// Ports for RTP (even) and RTCP (the odd one above).
    pub rtp_ports: RangeInclusive<u16>,
    /// Without RTP for this long a leg that is not held is reported inactive.
    pub rtp_inactivity: Duration,
    /// Without a STUN check for this long a browser is reported inactive. Browsers check every
    /// 2.5 s or so.
    pub consent_timeout: Duration,
    /// A browser that has not completed ICE and DTLS this long after its description is reported
    /// failed.
    pub connect_timeout: Duration,
    /// How long a closed RTP port rests before it is used again, so that stale packets of the last
    /// call never reach the next.
    pub quarantine: Duration,
    /// After the first acceptable packet, how long the exact address of the description may still
    /// displace another source that came first. Afterwards the source is fixed.
    pub learning_window: Duration,
    /// The mean time between RTCP reports on a leg.
    pub rtcp_interval: Duration,
}

impl Default for MediaConfig {
    fn default() -> Self {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self {
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            webrtc_bind: SocketAddr::new(loopback, 0),
            webrtc_advertised: Vec::new(),
            rtp_bind: loopback,
            rtp_advertised: loopback,
            rtp_ports: 30_000..=39_999,
            rtp_inactivity: Duration::from_secs(30),
            consent_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(15),
            quarantine: Duration::from_secs(10),
            learning_window: Duration::from_secs(2),
            rtcp_interval: Duration::from_secs(5),
        }
    }
}

impl MediaConfig {
    /// Addresses that can be advertised to browsers.
    pub const MAX_ADVERTISED: usize = 16;

    /// Whether it makes sense.
    ///
    /// # Errors
    /// [`MediaError::Config`] with what does not.
    pub(crate) fn check(&self) -> Result<(), MediaError> {
        let wrong = |sentence| Err(MediaError::Config(sentence));
        if self.workers == 0 {
            return wrong("workers: at least one is needed");
        }
        if self.webrtc_advertised.is_empty() && self.webrtc_bind.ip().is_unspecified() {
            return wrong("webrtc_advertised: name the address browsers reach, webrtc_bind has none");
        }
        if self.webrtc_advertised.len() > Self::MAX_ADVERTISED {
            return wrong("webrtc_advertised: sixteen addresses are the most");
        }
        let unspecified = |ip: &IpAddr| ip.is_unspecified();
        if self.webrtc_advertised.iter().any(unspecified) {
            return wrong("webrtc_advertised: an unspecified address cannot be reached");
        }
        if self.rtp_advertised.is_unspecified() {
            return wrong("rtp_advertised: an unspecified address cannot be reached");
        }
        if self.rtp_advertised.is_ipv4() != self.rtp_bind.is_ipv4() && !self.rtp_bind.is_unspecified() {
            return wrong("rtp_advertised: must be of the same family as rtp_bind");
        }
        let (first, last) = (*self.rtp_ports.start(), *self.rtp_ports.end());
        if first == 0 || first.saturating_add(first & 1) >= last {
            return wrong("rtp_ports: the range must hold at least one even port and the one above it");
        }
        self.check_durations()
    }

    fn check_durations(&self) -> Result<(), MediaError> {
        let durations = [
            (self.rtp_inactivity, "rtp_inactivity: a day is the longest"),
            (self.consent_timeout, "consent_timeout: a day is the longest"),
            (self.connect_timeout, "connect_timeout: a day is the longest"),
            (self.quarantine, "quarantine: a day is the longest"),
            (self.learning_window, "learning_window: a day is the longest"),
            (self.rtcp_interval, "rtcp_interval: a day is the longest"),
        ];
        if let Some((_, sentence)) = durations.into_iter().find(|(duration, _)| *duration > LONGEST) {
            return Err(MediaError::Config(sentence));
        }
        if self.rtcp_interval < SHORTEST_INTERVAL {
            return Err(MediaError::Config("rtcp_interval: half a second is the shortest"));
        }
        Ok(())
    }
}
