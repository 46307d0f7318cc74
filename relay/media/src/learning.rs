//! Symmetric RTP: where a peer really sends from (RFC 4961), learned once and then kept.
//!
//! Behind NAT, or on a host with several addresses, media comes from elsewhere than the session
//! description says. Following every source would let anyone take a call over, so only the named
//! address or its network may be learned, and only for a short while.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Which source is accepted, and where to send to.
#[derive(Debug)]
pub(crate) struct Learning {
    /// How long the named address may displace another one.
    window: Duration,
    named: Option<SocketAddr>,
    learned: Option<Learned>,
    /// The source from before the peer moved. Its last packets shall not be taken for the new one.
    former: Option<Learned>,
}

/// A source, and the end of a window.
#[derive(Debug, Clone, Copy)]
struct Learned {
    source: SocketAddr,
    until: Instant,
}

impl Learning {
    /// Knows nobody; `window` is how long after the first packet the source may still change to
    /// the exact address named.
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
        self.former = self.learned.take().map(|learned| Learned { until: now + self.window, ..learned });
    }

    /// Whether a packet from `source` is the peer's. Only what is `plausible`, a packet such as was
    /// agreed with the peer, makes a new source known.
    pub(crate) fn accepts(&mut self, now: Instant, source: SocketAddr, plausible: bool) -> bool {
        if self.learned.is_some_and(|learned| learned.source == source) {
            return true;
        }
        if !plausible || !self.may_learn(now, source) {
            return false;
        }
        // The window is that of the first source, whoever displaces it.
        let until = self.learned.map_or(now + self.window, |learned| learned.until);
        self.learned = Some(Learned { source, until });
        true
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

    fn may_learn(&self, now: Instant, source: SocketAddr) -> bool {
        let Some(named) = self.named else {
            return false;
        };
        match self.learned {
            Some(learned) => source == named && now < learned.until,
            None => source == named || (same_network(source.ip(), named.ip()) && !self.is_former(now, source)),
        }
    }

    fn is_former(&self, now: Instant, source: SocketAddr) -> bool {
        self.former.is_some_and(|former| former.source == source && now < former.until)
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
        assert!(!learning.accepts(crate::simulated::origin(), at("192.0.2.1:4000"), true));
        assert_eq!(learning.destination(), None);
    }

    #[test]
    fn a_source_of_the_named_network_is_learned_and_sent_to() {
        let (mut learning, now) = named("192.0.2.1:4000");
        assert_eq!(learning.destination(), Some(at("192.0.2.1:4000")));
        assert!(learning.accepts(now, at("192.0.2.77:5000"), true));
        assert_eq!(learning.destination(), Some(at("192.0.2.77:5000")));
    }

    #[test]
    fn loopback_is_one_network() {
        let (mut learning, now) = named("127.0.20.1:4000");
        assert!(learning.accepts(now, at("127.0.0.1:4000"), true));
    }

    #[test]
    fn another_network_is_a_stranger() {
        let (mut learning, now) = named("192.0.2.1:4000");
        assert!(!learning.accepts(now, at("198.51.100.1:4000"), true));
        assert!(!learning.accepts(now, at("[2001:db8::1]:4000"), true));
        assert_eq!(learning.destination(), Some(at("192.0.2.1:4000")));
    }

    #[test]
    fn once_learned_even_neighbours_are_strangers() {
        let (mut learning, now) = named("192.0.2.1:4000");
        assert!(learning.accepts(now, at("192.0.2.77:5000"), true));
        assert!(!learning.accepts(now, at("192.0.2.78:5000"), true));
    }

    #[test]
    fn the_named_address_itself_displaces_a_neighbour_within_the_window_only() {
        let (mut learning, now) = named("192.0.2.1:4000");
        assert!(learning.accepts(now, at("192.0.2.77:5000"), true));
        assert!(learning.accepts(now + WINDOW / 2, at("192.0.2.1:4000"), true));
        assert!(!learning.accepts(now + WINDOW / 2, at("192.0.2.77:5000"), true));

        let (mut learning, now) = named("192.0.2.1:4000");
        assert!(learning.accepts(now, at("192.0.2.77:5000"), true));
        assert!(!learning.accepts(now + WINDOW, at("192.0.2.1:4000"), true));
    }

    #[test]
    fn the_same_description_again_keeps_what_was_learned_and_another_starts_over() {
        let (mut learning, now) = named("192.0.2.1:4000");
        assert!(learning.accepts(now, at("192.0.2.77:5000"), true));
        learning.name(now, at("192.0.2.1:4000"));
        assert_eq!(learning.destination(), Some(at("192.0.2.77:5000")));
        learning.name(now, at("198.51.100.9:4000"));
        assert_eq!(learning.destination(), Some(at("198.51.100.9:4000")));
        assert!(learning.accepts(now, at("198.51.100.9:4000"), true));
    }

    #[test]
    fn the_last_packets_from_where_the_peer_was_do_not_make_it_stay() {
        let (mut learning, now) = named("192.0.2.1:4000");
        assert!(learning.accepts(now, at("192.0.2.1:4000"), true));
        learning.name(now, at("192.0.2.1:6000"));
        assert!(!learning.accepts(now, at("192.0.2.1:4000"), true));
        assert!(learning.accepts(now + WINDOW * 2, at("192.0.2.1:6000"), true));
    }

    #[test]
    fn a_peer_that_says_it_moved_and_does_not_is_heard_after_a_while() {
        let (mut learning, now) = named("192.0.2.1:4000");
        assert!(learning.accepts(now, at("192.0.2.1:4000"), true));
        learning.name(now, at("192.0.2.1:6000"));
        assert!(learning.accepts(now + WINDOW, at("192.0.2.1:4000"), true));
    }

    #[test]
    fn what_the_peer_would_not_send_makes_nobody_known() {
        let (mut learning, now) = named("192.0.2.1:4000");
        assert!(!learning.accepts(now, at("192.0.2.1:4000"), false));
        assert!(learning.accepts(now, at("192.0.2.1:4000"), true));
        assert!(learning.accepts(now, at("192.0.2.1:4000"), false));
    }

    #[test]
    fn an_unspecified_address_is_never_sent_to() {
        let (learning, _) = named("0.0.0.0:4000");
        assert_eq!(learning.destination(), None);
    }

    #[test]
    fn ipv6_networks_are_64_bits() {
        let (mut learning, now) = named("[2001:db8::1]:4000");
        assert!(learning.accepts(now, at("[2001:db8::2]:4000"), true));
        let (mut learning, now) = named("[2001:db8::1]:4000");
        assert!(!learning.accepts(now, at("[2001:db8:0:1::2]:4000"), true));
    }
}
