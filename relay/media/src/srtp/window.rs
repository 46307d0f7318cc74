//! Which packets of a source have come (RFC 3711 section 3.3.2), and which one a sequence number means (section 3.3.1).

/// Packets so far behind the newest as there are bits count as having come.
#[derive(Debug)]
pub(super) struct Window<const WORDS: usize> {
    newest: u64,
    /// A bit for each index, at its remainder.
    come: [u64; WORDS],
}

impl<const WORDS: usize> Window<WORDS> {
    const LEN: u64 = WORDS as u64 * u64::BITS as u64;

    /// The first packet has come.
    pub(super) fn beginning(index: u64) -> Self {
        let mut window = Self { newest: index, come: [0; WORDS] };
        window.mark(index);
        window
    }

    /// The newest index.
    pub(super) const fn newest(&self) -> u64 {
        self.newest
    }

    /// Whether a packet has not come yet, as far as is known.
    pub(super) fn is_new(&self, index: u64) -> bool {
        match self.newest.checked_sub(index) {
            None => true,
            Some(behind) => behind < Self::LEN && self.word(index).is_some_and(|word| word & bit(index) == 0),
        }
    }

    /// It has come, and was authentic.
    pub(super) fn mark(&mut self, index: u64) {
        if index > self.newest {
            // What lies between has not come, whatever stood in its places.
            let skipped = index.saturating_sub(self.newest).min(Self::LEN);
            for step in 0..skipped {
                let index = index.wrapping_sub(step);
                if let Some(word) = self.word_mut(index) {
                    *word &= !bit(index);
                }
            }
            self.newest = index;
        }
        if let Some(word) = self.word_mut(index) {
            *word |= bit(index);
        }
    }

    fn word(&self, index: u64) -> Option<u64> {
        self.come.get(Self::place(index)).copied()
    }

    fn word_mut(&mut self, index: u64) -> Option<&mut u64> {
        self.come.get_mut(Self::place(index))
    }

    const fn place(index: u64) -> usize {
        (index / u64::BITS as u64 % WORDS as u64) as usize
    }
}

const fn bit(index: u64) -> u64 {
    1 << (index % u64::BITS as u64)
}

/// The index nearest to `newest` that has this sequence number. Before the numbers have begun anew for the first time
/// there is nothing behind zero: a number far ahead is meant as it is.
pub(super) fn nearest(newest: u64, sequence: u16) -> u64 {
    let ahead = sequence.wrapping_sub(newest as u16) as i16;
    newest.checked_add_signed(i64::from(ahead)).unwrap_or(u64::from(sequence))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sequence_numbers_mean_the_nearest_packet() {
        assert_eq!(nearest(65_535, 0), 0x1_0000);
        assert_eq!(nearest(0x1_0000, 65_535), 65_535);
        assert_eq!(nearest(5, 65_535), 65_535);
        assert_eq!(nearest(0x5_8000, 0), 0x5_0000);
        assert_eq!(nearest(0x5_8001, 0), 0x6_0000);
    }

    proptest! {
        /// Against a set that forgets nothing.
        #[test]
        fn what_has_come_is_known_and_what_has_not_is_let_in(
            steps in proptest::collection::vec(-200i64..300, 1..200)
        ) {
            let (mut window, mut set, mut at) = (Window::<2>::beginning(1000), HashSet::from([1000u64]), 1000u64);
            for step in steps {
                at = at.saturating_add_signed(step);
                let newest = *set.iter().max().unwrap();
                let expected = !set.contains(&at) && at + Window::<2>::LEN > newest;
                prop_assert_eq!(window.is_new(at), expected);
                if expected {
                    window.mark(at);
                    set.insert(at);
                }
                prop_assert_eq!(window.newest(), *set.iter().max().unwrap());
            }
        }
    }
}
