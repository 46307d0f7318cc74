//! How the media side of a relay is set up.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

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
