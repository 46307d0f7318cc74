//! Each sequence number goes out once.
//!
//! SRTP's keystream and, with GCM, its authentication hang on a sequence number being used for one
//! packet only (RFC 3711 §9.1, RFC 7714 §8.4). Who speaks plain RTP is bound to nothing of that
//! kind, and may send the same number twice with something else in it.

/// Sequence numbers behind the newest that are told apart; older ones count as used.
const WINDOW: u16 = 1024;
const WORD: u16 = u64::BITS as u16;

/// Which sequence numbers have been used.
#[derive(Debug)]
pub(crate) struct Once {
    newest: u16,
    used: [u64; (WINDOW / WORD) as usize],
}

impl Once {
    /// None has been, and the first will be after this one.
    #[must_use]
    pub(crate) const fn after(sequence: u16) -> Self {
        Self { newest: sequence, used: [0; (WINDOW / WORD) as usize] }
    }

    /// Uses a sequence number; `false` when it has been used.
    pub(crate) fn take(&mut self, sequence: u16) -> bool {
        let ahead = sequence.wrapping_sub(self.newest);
        let behind = ahead.wrapping_neg();
        if ahead != 0 && ahead < 0x8000 {
            // What lies between has not been used, whatever stood in its places.
            for step in 1..=ahead.min(WINDOW) {
                self.set(self.newest.wrapping_add(step), false);
            }
            self.newest = sequence;
        } else if behind >= WINDOW {
            return false;
        }
        !self.set(sequence, true)
    }

    /// Marks a sequence number as used or not. What it was before.
    fn set(&mut self, sequence: u16, used: bool) -> bool {
        let index = sequence % WINDOW;
        let Some(word) = self.used.get_mut(usize::from(index / WORD)) else {
            return true;
        };
        let bit = 1 << (index % WORD);
        let before = *word & bit != 0;
        *word = if used { *word | bit } else { *word & !bit };
        before
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_used_once() {
        let mut once = Once::after(65_533);
        assert!(once.take(65_534) && once.take(1) && once.take(65_535) && once.take(0));
        assert!(!once.take(65_534) && !once.take(1) && !once.take(65_535));
        assert!(once.take(2));
    }

    #[test]
    fn numbers_come_round_again() {
        let mut once = Once::after(0);
        assert!((1..200_000u32).all(|number| once.take(number as u16)));
    }

    #[test]
    fn what_is_too_old_to_be_told_counts_as_used() {
        let mut once = Once::after(0);
        once.take(5000);
        assert!(once.take(5000 - WINDOW + 1));
        assert!(!once.take(5000 - WINDOW));
    }

    proptest! {
        #[test]
        fn in_any_order_no_number_is_used_twice(steps in proptest::collection::vec(-1500i32..1500, 1..300)) {
            let mut once = Once::after(100);
            let mut used = HashSet::new();
            let mut at = 101i32;
            for step in steps {
                at = (at + step).clamp(101, 20_000);
                if once.take(at as u16) {
                    prop_assert!(used.insert(at), "{at} twice");
                }
            }
        }
    }
}
