//! The transport of a leg that speaks RTP on a port pair of its own, in the clear or encrypted with keys that the session
//! descriptions name (RFC 4568).

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rtc_crypto::RTCCryptoProvider;

use crate::learning::Learning;
use crate::params::{RtpRemote, SrtpKeys};
use crate::rtp::{Datagram, Header};
use crate::srtp::{Keys, Rekeyed, Session};

/// Where the peer is, for RTP and for RTCP, and how its packets are protected.
pub(crate) struct RtpTransport {
    learning: Learning,
    protection: Protection,
    /// RTCP shares the ports of RTP.
    muxed: bool,
    /// What `a=rtcp` said, if anything.
    named_rtcp: Option<SocketAddr>,
    /// Where the peer's RTCP really came from.
    learned_rtcp: Option<SocketAddr>,
}

/// How packets are protected.
enum Protection {
    /// Not at all.
    Clear,
    Srtp(SrtpKeys, Box<Session>),
    /// The keys cannot be used, and nothing may go in the clear in their place.
    Broken,
}

impl RtpTransport {
    /// A transport that does not know its peer yet.
    #[must_use]
    pub(crate) const fn new(learning_window: Duration) -> Self {
        Self {
            learning: Learning::new(learning_window),
            protection: Protection::Clear,
            muxed: false,
            named_rtcp: None,
            learned_rtcp: None,
        }
    }

    /// The peer's description says where it is, or that it moved, and what its packets are sealed with.
    pub(crate) fn set_remote(&mut self, now: Instant, remote: &RtpRemote, crypto: &Arc<dyn RTCCryptoProvider>) {
        self.learning.name(now, remote.rtp);
        self.named_rtcp = remote.rtcp;
        self.learned_rtcp = None;
        self.muxed = remote.rtcp_mux;
        let former = std::mem::replace(&mut self.protection, Protection::Clear);
        self.protection = protection(former, remote.srtp.as_ref(), crypto);
    }

    /// Whether its packets are encrypted, so that only their tags tell whose they are.
    #[must_use]
    pub(crate) const fn is_encrypted(&self) -> bool {
        !matches!(self.protection, Protection::Clear)
    }

    /// Opens an RTP packet where it is encrypted. `None` for forgeries, replays, and what should be encrypted and is not.
    pub(crate) fn open(&mut self, packet: &[u8]) -> Option<BytesMut> {
        match &mut self.protection {
            Protection::Srtp(_, session) => session.open(packet),
            Protection::Clear | Protection::Broken => None,
        }
    }

    /// Opens an RTCP packet likewise.
    pub(crate) fn open_rtcp(&mut self, packet: &[u8]) -> Option<BytesMut> {
        match &mut self.protection {
            Protection::Srtp(_, session) => session.open_rtcp(packet),
            Protection::Clear | Protection::Broken => None,
        }
    }

    /// The packet as it is to be sent. `None` when it must not be.
    pub(crate) fn seal<'a>(&mut self, packet: &'a [u8], header: &Header) -> Option<Cow<'a, [u8]>> {
        match &mut self.protection {
            Protection::Clear => Some(Cow::Borrowed(packet)),
            Protection::Srtp(_, session) => Some(Cow::Owned(session.seal(packet, header)?.into())),
            Protection::Broken => None,
        }
    }

    /// The same of a compound RTCP packet.
    pub(crate) fn seal_rtcp<'a>(&mut self, compound: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        match &mut self.protection {
            Protection::Clear => Some(Cow::Borrowed(compound)),
            Protection::Srtp(_, session) => Some(Cow::Owned(session.seal_rtcp(compound)?.into())),
            Protection::Broken => None,
        }
    }

    /// Whether RTCP shares the ports of RTP.
    #[must_use]
    pub(crate) const fn is_muxed(&self) -> bool {
        self.muxed
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

    /// Whether RTCP that came to the port of RTP is the peer's, which may report before it speaks.
    pub(crate) fn accepts_muxed(&mut self, kind: Option<Datagram>, source: SocketAddr) -> bool {
        self.muxed && kind == Some(Datagram::Rtcp) && self.accepts_rtcp(source)
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
        if self.muxed {
            return self.learning.destination();
        }
        self.learned_rtcp.or(self.named_rtcp).or_else(above)
    }
}

/// What protects packets under these keys, after what did so before.
fn protection(former: Protection, keys: Option<&SrtpKeys>, crypto: &Arc<dyn RTCCryptoProvider>) -> Protection {
    let Some(keys) = keys else { return Protection::Clear };
    let made = match former {
        Protection::Srtp(known, session) if known == *keys => return Protection::Srtp(known, session),
        Protection::Srtp(known, mut session) if known.suite == keys.suite => {
            let which = Rekeyed { send: known.send != keys.send, receive: known.receive != keys.receive };
            Keys::described(keys).and_then(|new| session.rekey(new, which)).map(|()| session)
        }
        _ => Keys::described(keys).and_then(|keys| Session::new(keys, crypto)).map(Box::new),
    };
    made.map_or(Protection::Broken, |session| Protection::Srtp(keys.clone(), session))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    fn crypto() -> Arc<dyn RTCCryptoProvider> {
        rtc_crypto::default_provider().unwrap()
    }

    fn transport(rtcp: Option<&str>) -> RtpTransport {
        let mut transport = RtpTransport::new(Duration::from_secs(2));
        let remote =
            RtpRemote { rtp: at("192.0.2.1:4000"), rtcp: rtcp.map(at), rtcp_mux: false, srtp: None, formats: vec![] };
        transport.set_remote(crate::simulated::origin(), &remote, &crypto());
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
