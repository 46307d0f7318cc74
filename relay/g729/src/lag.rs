//! The lag of the adaptive codebook: how it is told, §3.7.2 and §4.1.3.

use crate::bits::Index;

/// The longest whole lag that is told for the first subframe, and that concealment goes to.
pub(crate) const LONGEST: usize = 143;
/// The shortest that is searched.
pub(crate) const SHORTEST: usize = 20;

/// A lag in thirds of a sample: `whole` + `thirds`/3, from 19⅓ to 143⅔.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lag {
    whole: usize,
    thirds: isize,
}

impl Lag {
    /// A lag of whole samples, kept within what the codebook has.
    pub(crate) fn whole_samples(whole: usize) -> Self {
        Self { whole: whole.clamp(SHORTEST, LONGEST), thirds: 0 }
    }

    /// A lag that is no whole number of samples.
    pub(crate) fn fractional(whole: usize, thirds: isize) -> Self {
        Self { whole: whole.clamp(SHORTEST, LONGEST), thirds: thirds.clamp(-1, 1) }
    }

    /// The lag of the first subframe, from P1.
    pub(crate) fn first(index: Index<8>) -> Self {
        let index = index.get();
        if index >= 197 {
            return Self { whole: index - 112, thirds: 0 };
        }
        let whole = index.div_ceil(3) + 19;
        Self { whole, thirds: index.cast_signed() + 58 - 3 * whole.cast_signed() }
    }

    /// The lag of the second subframe, from P2 and the first's.
    pub(crate) fn second(index: Index<5>, first: Self) -> Self {
        let index = index.get();
        let above = index.div_ceil(3);
        Self { whole: first.around() + above - 1, thirds: index.cast_signed() - 3 * above.cast_signed() + 1 }
    }

    /// P1: this lag as that of a first subframe, equation (77).
    pub(crate) fn told_first(self) -> Index<8> {
        if self.whole > 84 {
            return Index::new((self.whole + 112).min(255));
        }
        Index::new((3 * self.whole).saturating_add_signed(self.thirds - 58))
    }

    /// P2: this lag as that of a second subframe, equation (78).
    pub(crate) fn told_second(self, first: Self) -> Index<5> {
        Index::new((3 * self.whole.saturating_sub(first.around()) + 2).saturating_add_signed(self.thirds))
    }

    /// The shortest lag that can be told for a second subframe after this first one.
    pub(crate) fn around(self) -> usize {
        self.whole.saturating_sub(5).clamp(SHORTEST, LONGEST - 9)
    }

    /// Its nearest whole number of samples.
    pub(crate) const fn whole(self) -> usize {
        self.whole
    }

    /// What is to be added to that, in thirds: −1, 0 or 1.
    pub(crate) const fn thirds(self) -> isize {
        self.thirds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lag_is_fine_where_short_and_whole_where_long() {
        let told = |index| Lag::first(Index::new(index));
        assert_eq!(told(0), Lag { whole: 19, thirds: 1 });
        assert_eq!(told(1), Lag { whole: 20, thirds: -1 });
        assert_eq!(told(196), Lag { whole: 85, thirds: -1 });
        assert_eq!(told(197), Lag { whole: 85, thirds: 0 });
        assert_eq!(told(255), Lag { whole: 143, thirds: 0 });
    }

    #[test]
    fn the_second_lag_lies_around_the_first() {
        let after = |first, index| Lag::second(Index::new(index), Lag { whole: first, thirds: 0 });
        assert_eq!(after(60, 0), Lag { whole: 54, thirds: 1 });
        assert_eq!(after(60, 2), Lag { whole: 55, thirds: 0 });
        assert_eq!(after(60, 31), Lag { whole: 65, thirds: -1 });
        assert_eq!(after(19, 0), Lag { whole: 19, thirds: 1 });
        assert_eq!(after(143, 31), Lag { whole: 144, thirds: -1 });
    }

    #[test]
    fn lags_are_told_as_they_were_understood() {
        for index in (0..256).map(Index::new) {
            let first = Lag::first(index);
            if first.thirds == 0 || first.whole < 85 {
                assert_eq!(first.told_first(), index);
            }
            for index in (2..32).map(Index::new) {
                assert_eq!(Lag::second(index, first).told_second(first), index);
            }
        }
    }

    #[test]
    fn every_index_is_a_lag_of_the_codebook() {
        for first in (0..256).map(|index| Lag::first(Index::new(index))) {
            for lag in (0..32).map(|index| Lag::second(Index::new(index), first)).chain([first]) {
                let thirds = 3 * lag.whole.cast_signed() + lag.thirds;
                assert!((58..=431).contains(&thirds), "{lag:?}");
                assert!((-1..=1).contains(&lag.thirds), "{lag:?}");
            }
        }
    }
}
