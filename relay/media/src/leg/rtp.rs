//! The transport of a leg that speaks plain RTP on a port pair of its own.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::learning::Learning;
use crate::params::RtpRemote;

/// Where the peer is, for RTP and for RTCP.
#[derive(Debug)]
pub(crate) struct RtpTransport {
    learning: Learning,
    /// What `a=rtcp` said, if anything.
    named_rtcp: Option<SocketAddr>,
    /// Where the peer's RTCP really came from.
    learned_rtcp: Option<SocketAddr>,
}

impl RtpTransport {
    /// A transport that does not know its peer yet.
    #[must_use]
    pub(crate) const fn new(learning_window: Duration) -> Self {
        Self { learning: Learning::new(learning_window), named_rtcp: None, learned_rtcp: None }
    }

    /// The peer's description says where it is, or that it moved.
    pub(crate) fn set_remote(&mut self, now: Instant, remote: &RtpRemote) {
        self.learning.name(now, remote.rtp);
        self.named_rtcp = remote.rtcp;
        self.learned_rtcp = None;
    }

    /// Whether a packet from there is the peer's; `plausible` is whether the peer would send it.
    pub(crate) fn accepts(&mut self, now: Instant, source: SocketAddr, plausible: bool) -> bool {
        self.learning.accepts(now, source, plausible)
    }

    /// Whether an RTCP packet from there is the peer's: from the host that RTP is sent to, or the
    /// very address named.
    pub(crate) fn accepts_rtcp(&mut self, source: SocketAddr) -> bool {
        let known =
            self.named_rtcp == Some(source) || self.learning.destination().is_some_and(|peer| peer.ip() == source.ip());
        if known {
            self.learned_rtcp = Some(source);
        }
        known
    }

    /// Where RTP goes.
    #[must_use]
    pub(crate) fn destination(&self) -> Option<SocketAddr> {
        self.learning.destination()
    }

    /// Where RTCP goes (RFC 3605; without it the port above RTP's).
    #[must_use]
    pub(crate) fn rtcp_destination(&self) -> Option<SocketAddr> {
        let above = || {
            let rtp = self.learning.destination()?;
            Some(SocketAddr::new(rtp.ip(), rtp.port().checked_add(1)?))
        };
        self.learned_rtcp.or(self.named_rtcp).or_else(above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    fn transport(rtcp: Option<&str>) -> RtpTransport {
        let mut transport = RtpTransport::new(Duration::from_secs(2));
        let remote = RtpRemote { rtp: at("192.0.2.1:4000"), rtcp: rtcp.map(at), formats: vec![] };
        transport.set_remote(crate::simulated::origin(), &remote);
        transport
    }

    #[test]
    fn rtcp_goes_one_port_above_unless_named_otherwise() {
        assert_eq!(transport(None).rtcp_destination(), Some(at("192.0.2.1:4001")));
        let named = transport(Some("192.0.2.2:9"));
        assert_eq!(named.rtcp_destination(), Some(at("192.0.2.2:9")));
    }

    #[test]
    fn rtcp_goes_where_it_comes_from_if_that_is_the_peers_host() {
        let mut transport = transport(None);
        assert!(!transport.accepts_rtcp(at("192.0.2.7:4001")));
        assert!(transport.accepts_rtcp(at("192.0.2.1:5555")));
        assert_eq!(transport.rtcp_destination(), Some(at("192.0.2.1:5555")));
    }

    #[test]
    fn without_a_description_there_is_nowhere_to_send() {
        let transport = RtpTransport::new(Duration::ZERO);
        assert_eq!(transport.destination(), None);
        assert_eq!(transport.rtcp_destination(), None);
    }
}
