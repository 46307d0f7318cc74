//! Nonces that cost no memory until they are used with the right password (RFC 7616 section 5.10).

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// How long a nonce may be used.
const LIFE: Duration = Duration::from_secs(300);

/// Nonces in use at once. Only who knows a password can have one kept.
const MAX_USED: usize = 20_000;

/// Characters of the time, and of its seal, in a nonce.
const TIME: usize = 16;

/// The nonces of a server: the time of their making under a seal that only the server can make.
pub(super) struct Nonces {
    secret: [u64; 4],
    /// What time is counted from.
    epoch: Option<Instant>,
    /// The highest count each has been used with, and until when that matters.
    used: HashMap<String, (u32, Instant)>,
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
    pub(super) fn new(mut random: impl FnMut() -> u64) -> Self {
        Self { secret: std::array::from_fn(|_| random()), epoch: None, used: HashMap::new() }
    }

    /// A new one.
    pub(super) fn issue(&mut self, salt: u64, now: Instant) -> String {
        let time = u64::try_from(self.since_epoch(now).as_millis()).unwrap_or(u64::MAX);
        let head = format!("{time:016x}{salt:016x}");
        let seal = self.seal(&head);
        format!("{head}{seal}")
    }

    /// Takes the use of one, whose password was right, with this count.
    pub(super) fn take(&mut self, nonce: &str, count: u32, now: Instant) -> Age {
        let Some(until) = self.end_of(nonce, now).filter(|until| *until > now) else { return Age::Stale };
        if self.used.len() >= MAX_USED {
            self.used.retain(|_, (_, until)| *until > now);
        }
        let is_full = self.used.len() >= MAX_USED;
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
    fn end_of(&mut self, nonce: &str, now: Instant) -> Option<Instant> {
        let (head, seal) = nonce.split_at_checked(2 * TIME)?;
        if seal != self.seal(head) {
            return None;
        }
        let made = Duration::from_millis(u64::from_str_radix(head.get(..TIME)?, 16).ok()?);
        let epoch = *self.epoch.get_or_insert(now);
        epoch.checked_add(made)?.checked_add(LIFE)
    }

    /// A text of fixed length is hashed behind the secret, so that no longer one can be made of it.
    fn seal(&self, head: &str) -> String {
        let mut hash = Sha256::new();
        for part in self.secret {
            hash.update(part.to_be_bytes());
        }
        hash.update(head.as_bytes());
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

    #[expect(clippy::disallowed_methods, reason = "an instant to begin simulated time at")]
    fn nonces() -> (Nonces, Instant) {
        let mut last = 0;
        let random = move || {
            last += 1;
            last
        };
        (Nonces::new(random), Instant::now())
    }

    #[test]
    fn one_is_fresh_for_counts_that_grow() {
        let (mut nonces, now) = nonces();
        let nonce = nonces.issue(7, now);
        let uses = [1, 1, 2, 5, 3].map(|count| nonces.take(&nonce, count, now));
        assert_eq!(uses, [Age::Fresh, Age::Stale, Age::Fresh, Age::Fresh, Age::Stale]);
    }

    #[test]
    fn one_grows_old() {
        let (mut nonces, now) = nonces();
        let nonce = nonces.issue(7, now);
        assert_eq!(nonces.take(&nonce, 1, now + LIFE - Duration::from_millis(1)), Age::Fresh);
        assert_eq!(nonces.take(&nonce, 2, now + LIFE), Age::Stale);
    }

    #[test]
    fn nobody_else_can_make_one() {
        let (mut nonces, now) = nonces();
        let nonce = nonces.issue(7, now);
        let forged = format!("{}{}", "f".repeat(2 * TIME), &nonce[2 * TIME..]);
        for nonce in ["", "x", &forged, &nonce[1..], &format!("{nonce}0")] {
            assert_eq!(nonces.take(nonce, 1, now), Age::Stale, "{nonce}");
        }
    }

    #[test]
    fn asking_for_nonces_takes_no_memory() {
        let (mut nonces, now) = nonces();
        for salt in 0..10_000 {
            nonces.issue(salt, now);
        }
        assert!(nonces.used.is_empty());
    }
}
