//! The transport of a leg that speaks RTP on a port pair of its own, in the clear or encrypted with keys that the session
//! descriptions name (RFC 4568).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::learning::{Learning, Sign};
use crate::params::{RtpRemote, SrtpKeys, SrtpSuite};
use crate::rtp::Datagram;
use crate::srtp::{Keys, Rekeyed, Session};

/// Where the peer is, for RTP and for RTCP, and how its packets are protected.
pub(crate) struct RtpTransport {
    learning: Learning,
    protection: Protection,
    /// What protected packets before another suite did, or none: one of each suite. Should the peer come back to it, its
    /// counters go on, since under a key no packet may be sealed like one before (RFC 3711 section 9.1).
    parked: Vec<(SrtpKeys, Box<Session>)>,
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
            parked: Vec::new(),
            muxed: false,
            named_rtcp: None,
            learned_rtcp: None,
        }
    }

    /// The peer's description says where it is, or that it moved, and what its packets are sealed with.
    pub(crate) fn set_remote(&mut self, now: Instant, remote: &RtpRemote) {
        // A hold of the old kind names nobody (RFC 3264 section 8.4): its music comes from who is known already.
        if !remote.rtp.ip().is_unspecified() {
            self.learning.name(now, remote.rtp);
            self.named_rtcp = remote.rtcp;
            self.learned_rtcp = None;
        }
        self.muxed = remote.rtcp_mux;
        let former = self.park_unless(remote.srtp.as_ref().map(|keys| keys.suite));
        self.protection = protection(former, remote.srtp.as_ref());
    }

    /// What protects packets with this suite, or has done so before. Anything else is parked.
    fn park_unless(&mut self, suite: Option<SrtpSuite>) -> Protection {
        match std::mem::replace(&mut self.protection, Protection::Clear) {
            Protection::Srtp(keys, session) if Some(keys.suite) == suite => return Protection::Srtp(keys, session),
            Protection::Srtp(keys, session) => self.parked.push((keys, session)),
            Protection::Clear | Protection::Broken => {}
        }
        match self.parked.iter().position(|(keys, _)| Some(keys.suite) == suite) {
            Some(at) => {
                let (keys, session) = self.parked.swap_remove(at);
                Protection::Srtp(keys, session)
            }
            None => Protection::Clear,
        }
    }

    /// Whether its packets are encrypted, so that only their tags tell whose they are.
    #[must_use]
    pub(crate) const fn is_encrypted(&self) -> bool {
        !matches!(self.protection, Protection::Clear)
    }

    /// Opens an RTP packet that is encrypted where it lies. `None` for forgeries, replays, and what should be encrypted
    /// and is not.
    pub(crate) fn open<'a>(&mut self, packet: &'a mut [u8]) -> Option<&'a mut [u8]> {
        match &mut self.protection {
            Protection::Srtp(_, session) => session.open(packet),
            Protection::Clear | Protection::Broken => None,
        }
    }

    /// Opens an RTCP packet likewise.
    pub(crate) fn open_rtcp<'a>(&mut self, packet: &'a mut [u8]) -> Option<&'a mut [u8]> {
        match &mut self.protection {
            Protection::Srtp(_, session) => session.open_rtcp(packet),
            Protection::Clear | Protection::Broken => None,
        }
    }

    /// The packet as it is to be sent. `None` when it must not be.
    pub(crate) fn seal<'a>(&'a mut self, packet: &'a [u8]) -> Option<&'a [u8]> {
        match &mut self.protection {
            Protection::Clear => Some(packet),
            Protection::Srtp(_, session) => session.seal(packet),
            Protection::Broken => None,
        }
    }

    /// The same of a compound RTCP packet.
    pub(crate) fn seal_rtcp<'a>(&'a mut self, compound: &'a [u8]) -> Option<&'a [u8]> {
        match &mut self.protection {
            Protection::Clear => Some(compound),
            Protection::Srtp(_, session) => session.seal_rtcp(compound),
            Protection::Broken => None,
        }
    }

    /// Whether RTCP shares the ports of RTP.
    #[must_use]
    pub(crate) const fn is_muxed(&self) -> bool {
        self.muxed
    }

    /// Whether a packet from there that bears this sign is the peer's.
    pub(crate) fn accepts(&mut self, now: Instant, source: SocketAddr, sign: Sign) -> bool {
        self.learning.accepts(now, source, sign)
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
fn protection(former: Protection, keys: Option<&SrtpKeys>) -> Protection {
    let Some(keys) = keys else { return Protection::Clear };
    let made = match former {
        Protection::Srtp(known, session) if known == *keys => return Protection::Srtp(known, session),
        Protection::Srtp(known, mut session) if known.suite == keys.suite => {
            let which = Rekeyed { send: known.send != keys.send, receive: known.receive != keys.receive };
            Keys::described(keys).and_then(|new| session.rekey(&new, which)).map(|()| session)
        }
        _ => Keys::described(keys).and_then(|keys| Session::new(&keys)).map(Box::new),
    };
    made.map_or(Protection::Broken, |session| Protection::Srtp(keys.clone(), session))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::SoundWishes;

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    fn transport(rtcp: Option<&str>) -> RtpTransport {
        let mut transport = RtpTransport::new(Duration::from_secs(2));
        let remote = RtpRemote {
            rtp: at("192.0.2.1:4000"),
            rtcp: rtcp.map(at),
            rtcp_mux: false,
            srtp: None,
            formats: vec![],
            sound: SoundWishes::default(),
        };
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

    fn remote(rtp: &str, rtcp: &str, srtp: Option<SrtpKeys>) -> RtpRemote {
        RtpRemote {
            rtp: at(rtp),
            rtcp: Some(at(rtcp)),
            rtcp_mux: false,
            srtp,
            formats: vec![],
            sound: SoundWishes::default(),
        }
    }

    #[test]
    fn a_hold_of_the_old_kind_leaves_known_who_plays_its_music() {
        let mut transport = transport(None);
        let now = crate::simulated::origin();
        assert!(transport.accepts(now, at("192.0.2.77:5000"), Sign::Plausible(7)));
        transport.set_remote(now, &remote("0.0.0.0:4000", "0.0.0.0:4001", None));
        assert!(transport.accepts(now, at("192.0.2.77:5000"), Sign::Plausible(7)));
        assert!(!transport.accepts(now, at("192.0.2.78:5000"), Sign::Plausible(7)));
        assert_eq!(transport.rtcp_destination(), Some(at("192.0.2.77:5001")));
    }

    #[test]
    fn who_begins_with_a_hold_of_the_old_kind_is_sent_nothing() {
        let mut transport = RtpTransport::new(Duration::ZERO);
        transport.set_remote(crate::simulated::origin(), &remote("0.0.0.0:4000", "0.0.0.0:4001", None));
        assert_eq!((transport.destination(), transport.rtcp_destination()), (None, None));
    }

    #[test]
    fn a_suite_that_comes_back_goes_on_where_it_was() {
        let keys = |(suite, length): (SrtpSuite, usize)| {
            let key = |byte| crate::params::SrtpKey::new(vec![byte; length]);
            SrtpKeys { suite, send: key(1), receive: key(2) }
        };
        let (one, other) = ((SrtpSuite::AeadAes128Gcm, 28), (SrtpSuite::AesCm128HmacSha1_80, 30));
        let mut transport = RtpTransport::new(Duration::ZERO);
        let agree = |transport: &mut RtpTransport, suite: Option<(SrtpSuite, usize)>| {
            let remote = remote("192.0.2.1:4000", "192.0.2.1:4001", suite.map(keys));
            transport.set_remote(crate::simulated::origin(), &remote);
        };
        let compound = [0x80, 201, 0, 1, 0, 0, 0, 7];
        let seal = |transport: &mut RtpTransport| transport.seal_rtcp(&compound).unwrap().to_vec();
        agree(&mut transport, Some(one));
        let first = seal(&mut transport);
        for between in [Some(other), None] {
            agree(&mut transport, between);
            agree(&mut transport, Some(one));
            assert_ne!(seal(&mut transport), first, "the same index under the same key");
        }
        assert_eq!(transport.parked.len(), 1);
    }

    #[test]
    fn without_a_description_there_is_nowhere_to_send() {
        let transport = RtpTransport::new(Duration::ZERO);
        assert_eq!(transport.destination(), None);
        assert_eq!(transport.rtcp_destination(), None);
    }
}
