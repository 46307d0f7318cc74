use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use super::Sources;

/// A wrong password is forgiven after this long.
const FORGIVEN_AFTER: Duration = Duration::from_secs(6);

/// So many may be wrong at once: a family's or an office's browsers can share an address.
pub const WRONG_AT_ONCE: u32 = 20;

/// Addresses that are told apart. Beyond them all others share one count.
const MAX_SOURCES: usize = 10_000;

/// Wrong passwords, counted per address they come from, so that opening more connections does not help to
/// guess more of them.
#[derive(Debug)]
pub struct Guesses {
    sources: Sources,
}

impl Default for Guesses {
    fn default() -> Self {
        Self { sources: Sources::new(FORGIVEN_AFTER, WRONG_AT_ONCE, MAX_SOURCES) }
    }
}

impl Guesses {
    /// Whether an address may try a password.
    #[must_use]
    pub fn may_try(&self, source: IpAddr, now: Instant) -> bool {
        self.sources.find(source).is_none_or(|limit| limit.has_room(now))
    }

    /// Notes that one was wrong.
    pub fn wrong(&mut self, source: IpAddr, now: Instant) {
        self.sources.of(source, now).take(now);
    }
}

/// Whoever has one IPv6 address has the rest of its /64 too (RFC 6177).
pub(crate) fn source_of(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        clippy::disallowed_methods,
        reason = "an instant can be had from the clock only; time is simulated from it"
    )]
    fn start() -> Instant {
        Instant::now()
    }

    fn exhaust(guesses: &mut Guesses, source: &str, now: Instant) {
        for _ in 0..WRONG_AT_ONCE {
            assert!(guesses.may_try(source.parse().unwrap(), now));
            guesses.wrong(source.parse().unwrap(), now);
        }
    }

    #[test]
    fn an_address_that_guessed_too_often_waits_and_others_do_not() {
        let (mut guesses, now) = (Guesses::default(), start());
        exhaust(&mut guesses, "192.0.2.1", now);
        let tries = |guesses: &Guesses, source: &str, now| guesses.may_try(source.parse().unwrap(), now);
        assert!(!tries(&guesses, "192.0.2.1", now));
        assert!(!tries(&guesses, "::ffff:192.0.2.1", now), "the same address, written as IPv6");
        assert!(tries(&guesses, "192.0.2.2", now));
        assert!(tries(&guesses, "192.0.2.1", now + FORGIVEN_AFTER));
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_together() {
        let (mut guesses, now) = (Guesses::default(), start());
        exhaust(&mut guesses, "2001:db8::1", now);
        assert!(!guesses.may_try("2001:db8::2".parse().unwrap(), now));
        assert!(guesses.may_try("2001:db8:0:1::1".parse().unwrap(), now));
    }

    #[test]
    fn a_crowd_of_guessers_takes_no_more_room_than_there_is() {
        let (mut guesses, now) = (Guesses::default(), start());
        for number in 0..u32::try_from(MAX_SOURCES).unwrap() + 100 {
            guesses.wrong(IpAddr::V4(number.into()), now);
        }
        assert_eq!(guesses.sources.len(), MAX_SOURCES);
        assert!(!guesses.may_try("203.0.113.1".parse().unwrap(), now), "what is not told apart counts together");
        let later = now + FORGIVEN_AFTER;
        guesses.wrong("203.0.113.1".parse().unwrap(), later);
        assert_eq!(guesses.sources.len(), 1, "the forgiven are forgotten");
    }
}
