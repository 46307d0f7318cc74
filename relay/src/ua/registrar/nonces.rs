//! Nonces that cost no memory until they are used with the right password (RFC 7616 section 5.10).

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::limits::source_of;

/// How long a nonce may be used.
const LIFE: Duration = Duration::from_secs(300);

/// Nonces in use at once, for each binding that may be held, and at least. Only who knows a password can have one kept.
const USED_PER_BINDING: usize = 8;
const LEAST_USED: usize = 20_000;

/// Characters of the time, and of its seal, in a nonce.
const TIME: usize = 16;

/// The nonces of a server: the time of their making under a seal that only the server can make.
pub(super) struct Nonces {
    secret: [u64; 4],
    /// What time is counted from.
    epoch: Option<Instant>,
    /// The highest count each has been used with, and until when that matters.
    used: HashMap<String, (u32, Instant)>,
    most: usize,
}

/// What a nonce is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// It may be used.
    Fresh,
    /// It is too old, was used with this count before, or is none of ours.
    Stale,
}

impl Nonces {
    /// For so many bindings.
    pub(super) fn new(bindings: usize, mut random: impl FnMut() -> u64) -> Self {
        let most = bindings.saturating_mul(USED_PER_BINDING).max(LEAST_USED);
        Self { secret: std::array::from_fn(|_| random()), epoch: None, used: HashMap::new(), most }
    }

    /// A new one, for somebody at this address.
    pub(super) fn issue(&mut self, salt: u64, source: IpAddr, now: Instant) -> String {
        let time = u64::try_from(self.since_epoch(now).as_millis()).unwrap_or(u64::MAX);
        let head = format!("{time:016x}{salt:016x}");
        let seal = self.seal(&head, source);
        format!("{head}{seal}")
    }

    /// Whether one is ours, was given to somebody at this address, and is not too old: whoever answers it has heard us.
    pub(super) fn is_live(&mut self, nonce: &str, source: IpAddr, now: Instant) -> bool {
        self.end_of(nonce, source, now).is_some_and(|until| until > now)
    }

    /// Takes the use of one, whose password was right, with this count.
    pub(super) fn take(&mut self, nonce: &str, count: u32, source: IpAddr, now: Instant) -> Age {
        let Some(until) = self.end_of(nonce, source, now).filter(|until| *until > now) else { return Age::Stale };
        if self.used.len() >= self.most {
            self.used.retain(|_, (_, until)| *until > now);
        }
        let is_full = self.used.len() >= self.most;
        match self.used.get_mut(nonce) {
            Some((highest, _)) if count <= *highest => Age::Stale,
            Some((highest, _)) => {
                *highest = count;
                Age::Fresh
            }
            None if is_full => Age::Stale,
            None => {
                self.used.insert(nonce.to_owned(), (count, until));
                Age::Fresh
            }
        }
    }

    /// When one of ours ends; `None` for any other.
    fn end_of(&mut self, nonce: &str, source: IpAddr, now: Instant) -> Option<Instant> {
        let (head, seal) = nonce.split_at_checked(2 * TIME)?;
        if seal != self.seal(head, source) {
            return None;
        }
        let made = Duration::from_millis(u64::from_str_radix(head.get(..TIME)?, 16).ok()?);
        let epoch = *self.epoch.get_or_insert(now);
        epoch.checked_add(made)?.checked_add(LIFE)
    }

    /// A text of fixed length is hashed behind the secret, so that no longer one can be made of it.
    fn seal(&self, head: &str, source: IpAddr) -> String {
        let mut hash = Sha256::new();
        for part in self.secret {
            hash.update(part.to_be_bytes());
        }
        hash.update(head.as_bytes());
        hash.update(source_of(source).to_string().as_bytes());
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    fn since_epoch(&mut self, now: Instant) -> Duration {
        now.saturating_duration_since(*self.epoch.get_or_insert(now))
    }
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonces").field("used", &self.used.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    #[expect(clippy::disallowed_methods, reason = "an instant to begin simulated time at")]
    fn nonces() -> (Nonces, Instant) {
        let mut last = 0;
        let random = move || {
            last += 1;
            last
        };
        (Nonces::new(1, random), Instant::now())
    }

    #[test]
    fn one_is_fresh_for_counts_that_grow() {
        let (mut nonces, now) = nonces();
        let nonce = nonces.issue(7, HERE, now);
        let uses = [1, 1, 2, 5, 3].map(|count| nonces.take(&nonce, count, HERE, now));
        assert_eq!(uses, [Age::Fresh, Age::Stale, Age::Fresh, Age::Fresh, Age::Stale]);
    }

    #[test]
    fn one_grows_old() {
        let (mut nonces, now) = nonces();
        let nonce = nonces.issue(7, HERE, now);
        assert_eq!(nonces.take(&nonce, 1, HERE, now + LIFE - Duration::from_millis(1)), Age::Fresh);
        assert_eq!(nonces.take(&nonce, 2, HERE, now + LIFE), Age::Stale);
    }

    #[test]
    fn nobody_else_can_make_one() {
        let (mut nonces, now) = nonces();
        let nonce = nonces.issue(7, HERE, now);
        let forged = format!("{}{}", "f".repeat(2 * TIME), &nonce[2 * TIME..]);
        for nonce in ["", "x", &forged, &nonce[1..], &format!("{nonce}0")] {
            assert_eq!(nonces.take(nonce, 1, HERE, now), Age::Stale, "{nonce}");
        }
    }

    #[test]
    fn one_is_good_where_it_was_sent_and_nowhere_else() {
        let (mut nonces, now) = nonces();
        let nonce = nonces.issue(7, HERE, now);
        let elsewhere = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 8));
        assert!(nonces.is_live(&nonce, HERE, now) && !nonces.is_live(&nonce, elsewhere, now));
        assert_eq!(nonces.take(&nonce, 1, elsewhere, now), Age::Stale);
    }

    #[test]
    fn asking_for_nonces_takes_no_memory() {
        let (mut nonces, now) = nonces();
        for salt in 0..10_000 {
            nonces.issue(salt, HERE, now);
        }
        assert!(nonces.used.is_empty());
    }
}
