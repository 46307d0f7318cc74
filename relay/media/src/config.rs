//! How the media side of a relay is set up.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::error::MediaError;
use crate::quality::Thresholds;

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
    /// Whether browsers may connect over TCP at the same addresses and ports, where nothing else gets through (RFC 6544).
    pub webrtc_tcp: bool,
    /// Where RTP port pairs are bound.
    pub rtp_bind: IpAddr,
    /// The address SIP peers are told to send RTP to.
    pub rtp_advertised: IpAddr,
    /// The same two in the other family of addresses, for peers of that family.
    pub rtp_other: Option<(IpAddr, IpAddr)>,
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
    /// After a description has moved a peer, how long packets from where it was may still be under
    /// way: they are not taken for its new source.
    pub learning_window: Duration,
    /// The mean time between RTCP reports on a leg.
    pub rtcp_interval: Duration,
    /// When the sound of a call is called bad, and how often it is looked at.
    pub quality: Thresholds,
}

impl Default for MediaConfig {
    fn default() -> Self {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self {
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            webrtc_bind: SocketAddr::new(loopback, 0),
            webrtc_advertised: Vec::new(),
            webrtc_tcp: true,
            rtp_bind: loopback,
            rtp_advertised: loopback,
            rtp_other: None,
            rtp_ports: 30_000..=39_999,
            rtp_inactivity: Duration::from_secs(30),
            consent_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(15),
            quarantine: Duration::from_secs(10),
            learning_window: Duration::from_secs(2),
            rtcp_interval: Duration::from_secs(5),
            quality: Thresholds::DEFAULT,
        }
    }
}

impl MediaConfig {
    /// Addresses that can be advertised to browsers.
    pub const MAX_ADVERTISED: usize = 16;

    /// Where RTP is bound for a peer at this address, where one is known, and what that peer is told.
    #[must_use]
    pub fn rtp_for(&self, peer: Option<IpAddr>) -> (IpAddr, IpAddr) {
        let preferred = (self.rtp_bind, self.rtp_advertised);
        match peer {
            Some(peer) if !is_same_family(peer, self.rtp_advertised) => self.rtp_other.unwrap_or(preferred),
            _ => preferred,
        }
    }

    /// Whether RTP can be sent to this address.
    #[must_use]
    pub fn rtp_reaches(&self, peer: IpAddr) -> bool {
        is_same_family(peer, self.rtp_advertised) || self.rtp_other.is_some()
    }

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
        if let Some((bind, advertised)) = self.rtp_other {
            if advertised.is_unspecified() || bind.is_ipv4() != advertised.is_ipv4() {
                return wrong("rtp_other: needs an address that can be reached, of the family that is bound");
            }
            if advertised.is_ipv4() == self.rtp_advertised.is_ipv4() {
                return wrong("rtp_other: must be of the other family than rtp_bind");
            }
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
            (self.quality.interval, "quality.interval: a day is the longest"),
        ];
        if let Some((_, sentence)) = durations.into_iter().find(|(duration, _)| *duration > LONGEST) {
            return Err(MediaError::Config(sentence));
        }
        if self.rtcp_interval < SHORTEST_INTERVAL {
            return Err(MediaError::Config("rtcp_interval: half a second is the shortest"));
        }
        if self.quality.interval < SHORTEST_INTERVAL {
            return Err(MediaError::Config("quality.interval: half a second is the shortest"));
        }
        Ok(())
    }
}

fn is_same_family(one: IpAddr, other: IpAddr) -> bool {
    one.to_canonical().is_ipv4() == other.to_canonical().is_ipv4()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_told_an_address_of_its_own_family_where_there_is_one() {
        let told = |config: &MediaConfig, peer: &str| config.rtp_for(peer.parse().ok()).1.to_string();
        let one = MediaConfig::default();
        assert_eq!([told(&one, "192.0.2.1"), told(&one, "2001:db8::1")], ["127.0.0.1", "127.0.0.1"]);
        assert!(one.rtp_reaches("192.0.2.1".parse().unwrap()) && !one.rtp_reaches("2001:db8::1".parse().unwrap()));
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let both = MediaConfig { rtp_other: Some((ip("::"), ip("2001:db8::5"))), ..MediaConfig::default() };
        assert_eq!(
            [told(&both, "::ffff:192.0.2.1"), told(&both, "2001:db8::1"), told(&both, "")],
            ["127.0.0.1", "2001:db8::5", "127.0.0.1"]
        );
        assert!(both.check().is_ok() && both.rtp_reaches(ip("2001:db8::1")));
        let wrong = MediaConfig { rtp_other: Some((ip("127.0.0.2"), ip("127.0.0.2"))), ..MediaConfig::default() };
        assert!(wrong.check().is_err());
    }
}
