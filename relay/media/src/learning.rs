//! Symmetric RTP: where a peer really sends from (RFC 4961), learned once and then kept.
//!
//! Behind NAT, or on a host with several addresses, media comes from elsewhere than the session
//! description says. Following every source would let anyone take a call over, so in the clear only
//! the named address or its network may be learned, and the named address displaces a neighbour
//! whenever it speaks. A packet that its tag proves the peer's may come from anywhere.
//!
//! Who is known may turn up at another port, or with a proof at another address, once it has been
//! silent at the old one: its NAT has forgotten the way, or its network has changed.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Silence at the known source before the peer may have moved: no packet of a talking peer is so
/// late, and a replayed copy of one that is not cannot pass for its move.
const SILENCE: Duration = Duration::from_secs(1);

/// What a packet says of who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// Nothing: it is not such as was agreed with the peer.
    None,
    /// It is such as was agreed, with this source (SSRC); anybody can write one.
    Plausible(u32),
    /// It is the peer's: its tag was made with the peer's key, and it is not sent a second time.
    Authentic,
}

/// Which source is accepted, and where to send to.
#[derive(Debug)]
pub(crate) struct Learning {
    /// How long packets from where the peer was may still come after it has moved.
    window: Duration,
    named: Option<SocketAddr>,
    learned: Option<Learned>,
    /// The source from before the peer's description moved it, and until when its last packets shall not be taken for the
    /// new one.
    former: Option<(SocketAddr, Instant)>,
}

/// A source, and what was last heard from it.
#[derive(Debug, Clone, Copy)]
struct Learned {
    source: SocketAddr,
    ssrc: Option<u32>,
    heard: Instant,
}

impl Learning {
    /// Knows nobody; `window` is how long packets may be under way.
    #[must_use]
    pub(crate) const fn new(window: Duration) -> Self {
        Self { window, named: None, learned: None, former: None }
    }

    /// The peer's description names this address. Another one than before starts over.
    pub(crate) fn name(&mut self, now: Instant, address: SocketAddr) {
        if self.named == Some(address) {
            return;
        }
        self.named = Some(address);
        self.former = self.learned.take().map(|learned| (learned.source, now + self.window));
    }

    /// Whether a packet from `source` is the peer's. Only what bears a sign makes a new source known.
    pub(crate) fn accepts(&mut self, now: Instant, source: SocketAddr, sign: Sign) -> bool {
        let is_known = self.learned.is_some_and(|learned| learned.source == source);
        let ssrc = match sign {
            Sign::None => return is_known,
            Sign::Plausible(ssrc) => Some(ssrc),
            Sign::Authentic => None,
        };
        if is_known || self.may_learn(now, source, sign) {
            self.learned = Some(Learned { source, ssrc, heard: now });
            return true;
        }
        false
    }

    /// Where to send: the learned source, before that the named address. `None` when nothing is
    /// named or the address is the unspecified one.
    #[must_use]
    pub(crate) fn destination(&self) -> Option<SocketAddr> {
        self.learned
            .map(|learned| learned.source)
            .or(self.named)
            .filter(|address| !address.ip().is_unspecified() && address.port() != 0)
    }

    fn may_learn(&self, now: Instant, source: SocketAddr, sign: Sign) -> bool {
        let Some(named) = self.named else {
            return false;
        };
        if source == named {
            return true;
        }
        match (self.learned, sign) {
            (None, Sign::Authentic) => !self.is_former(now, source),
            (None, _) => same_network(source.ip(), named.ip()) && !self.is_former(now, source),
            (Some(learned), _) if now.saturating_duration_since(learned.heard) < SILENCE => false,
            (Some(_), Sign::Authentic) => true,
            (Some(learned), Sign::Plausible(ssrc)) => learned.source.ip() == source.ip() && learned.ssrc == Some(ssrc),
            (Some(_), Sign::None) => false,
        }
    }

    fn is_former(&self, now: Instant, source: SocketAddr) -> bool {
        self.former.is_some_and(|(former, until)| former == source && now < until)
    }
}

/// Whether two addresses are of one network: loopback, else /24 for IPv4 and /64 for IPv6.
pub(crate) fn same_network(a: IpAddr, b: IpAddr) -> bool {
    match (a.to_canonical(), b.to_canonical()) {
        (a, b) if a.is_loopback() && b.is_loopback() => true,
        (IpAddr::V4(a), IpAddr::V4(b)) => a.to_bits() >> 8 == b.to_bits() >> 8,
        (IpAddr::V6(a), IpAddr::V6(b)) => a.to_bits() >> 64 == b.to_bits() >> 64,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(2);
    const PLAUSIBLE: Sign = Sign::Plausible(7);

    fn named(address: &str) -> (Learning, Instant) {
        let mut learning = Learning::new(WINDOW);
        let now = crate::simulated::origin();
        learning.name(now, at(address));
        (learning, now)
    }

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    #[test]
    fn nobody_is_accepted_before_a_description_names_an_address() {
        let mut learning = Learning::new(WINDOW);
        assert!(!learning.accepts(crate::simulated::origin(), at("192.0.2.1:4000"), PLAUSIBLE));
        assert_eq!(learning.destination(), None);
    }

    #[test]
    fn a_source_of_the_named_network_is_learned_and_sent_to() {
        let (mut learning, now) = named("192.0.2.1:4000");
        assert_eq!(learning.destination(), Some(at("192.0.2.1:4000")));
        assert!(learning.accepts(now, at("192.0.2.77:5000"), PLAUSIBLE));
        assert_eq!(learning.destination(), Some(at("192.0.2.77:5000")));
    }

    #[test]
    fn loopback_is_one_network() {
        let (mut learning, now) = named("127.0.20.1:4000");
        assert!(learning.accepts(now, at("127.0.0.1:4000"), PLAUSIBLE));
    }

    #[test]
    fn another_network_is_a_stranger() {
        let (mut learning, now) = named("192.0.2.1:4000");
        assert!(!learning.accepts(now, at("198.51.100.1:4000"), PLAUSIBLE));
        assert!(!learning.accepts(now, at("[2001:db8::1]:4000"), PLAUSIBLE));
        assert_eq!(learning.destination(), Some(at("192.0.2.1:4000")));
    }

    #[test]
    fn once_learned_even_neighbours_are_strangers() {
        let (mut learning, now) = named("192.0.2.1:4000");
        assert!(learning.accepts(now, at("192.0.2.77:5000"), PLAUSIBLE));
        assert!(!learning.accepts(now, at("192.0.2.78:5000"), PLAUSIBLE));
    }

    #[test]
    fn the_named_address_itself_displaces_a_neighbour_whenever_it_speaks() {
        for later in [Duration::ZERO, WINDOW / 2, WINDOW * 100] {
            let (mut learning, now) = named("192.0.2.1:4000");
            assert!(learning.accepts(now, at("192.0.2.77:5000"), PLAUSIBLE));
            assert!(learning.accepts(now + later, at("192.0.2.77:5000"), PLAUSIBLE));
            assert!(learning.accepts(now + later, at("192.0.2.1:4000"), PLAUSIBLE));
            assert!(!learning.accepts(now + later, at("192.0.2.77:5000"), PLAUSIBLE));
            assert_eq!(learning.destination(), Some(at("192.0.2.1:4000")));
        }
    }

    #[test]
    fn whose_nat_gives_it_another_port_is_known_by_its_ssrc_after_a_silence() {
        let (mut learning, now) = named("192.0.2.1:4000");
        assert!(learning.accepts(now, at("192.0.2.1:4000"), PLAUSIBLE));
        assert!(!learning.accepts(now + SILENCE / 2, at("192.0.2.1:6000"), PLAUSIBLE));
        let later = now + SILENCE;
        assert!(!learning.accepts(later, at("192.0.2.1:6000"), Sign::Plausible(8)));
        assert!(!learning.accepts(later, at("192.0.2.2:6000"), PLAUSIBLE));
        assert!(!learning.accepts(later, at("192.0.2.1:6000"), Sign::None));
        assert!(learning.accepts(later, at("192.0.2.1:6000"), PLAUSIBLE));
        assert_eq!(learning.destination(), Some(at("192.0.2.1:6000")));
    }

    #[test]
    fn a_peer_that_is_proven_may_be_anywhere_and_may_move_after_a_silence() {
        let (mut learning, now) = named("10.0.0.1:4000");
        assert!(!learning.accepts(now, at("198.51.100.1:4000"), PLAUSIBLE));
        assert!(learning.accepts(now, at("198.51.100.1:4000"), Sign::Authentic));
        // A copy of its packets from elsewhere, however quick, moves nothing while it speaks itself.
        assert!(!learning.accepts(now + SILENCE / 2, at("203.0.113.9:4000"), Sign::Authentic));
        assert!(learning.accepts(now + SILENCE, at("203.0.113.9:4000"), Sign::Authentic));
        assert_eq!(learning.destination(), Some(at("203.0.113.9:4000")));
    }

    #[test]
    fn the_same_description_again_keeps_what_was_learned_and_another_starts_over() {
        let (mut learning, now) = named("192.0.2.1:4000");
        assert!(learning.accepts(now, at("192.0.2.77:5000"), PLAUSIBLE));
        learning.name(now, at("192.0.2.1:4000"));
        assert_eq!(learning.destination(), Some(at("192.0.2.77:5000")));
        learning.name(now, at("198.51.100.9:4000"));
        assert_eq!(learning.destination(), Some(at("198.51.100.9:4000")));
        assert!(learning.accepts(now, at("198.51.100.9:4000"), PLAUSIBLE));
    }

    #[test]
    fn the_last_packets_from_where_the_peer_was_do_not_make_it_stay() {
        let (mut learning, now) = named("192.0.2.1:4000");
        assert!(learning.accepts(now, at("192.0.2.1:4000"), PLAUSIBLE));
        learning.name(now, at("192.0.2.1:6000"));
        assert!(!learning.accepts(now, at("192.0.2.1:4000"), PLAUSIBLE));
        assert!(learning.accepts(now + WINDOW * 2, at("192.0.2.1:6000"), PLAUSIBLE));
    }

    #[test]
    fn a_peer_that_says_it_moved_and_does_not_is_heard_after_a_while() {
        let (mut learning, now) = named("192.0.2.1:4000");
        assert!(learning.accepts(now, at("192.0.2.1:4000"), PLAUSIBLE));
        learning.name(now, at("192.0.2.1:6000"));
        assert!(learning.accepts(now + WINDOW, at("192.0.2.1:4000"), PLAUSIBLE));
    }

    #[test]
    fn what_the_peer_would_not_send_makes_nobody_known() {
        let (mut learning, now) = named("192.0.2.1:4000");
        assert!(!learning.accepts(now, at("192.0.2.1:4000"), Sign::None));
        assert!(learning.accepts(now, at("192.0.2.1:4000"), PLAUSIBLE));
        assert!(learning.accepts(now, at("192.0.2.1:4000"), Sign::None));
    }

    #[test]
    fn an_unspecified_address_is_never_sent_to() {
        let (learning, _) = named("0.0.0.0:4000");
        assert_eq!(learning.destination(), None);
    }

    #[test]
    fn ipv6_networks_are_64_bits() {
        let (mut learning, now) = named("[2001:db8::1]:4000");
        assert!(learning.accepts(now, at("[2001:db8::2]:4000"), PLAUSIBLE));
        let (mut learning, now) = named("[2001:db8::1]:4000");
        assert!(!learning.accepts(now, at("[2001:db8:0:1::2]:4000"), PLAUSIBLE));
    }
}
