//! Points in time, and which of them comes first.

use crate::Millis;

/// The earlier of two that may be there or not. A chain of iterators says the same in ten times the code.
pub(crate) fn earlier(one: Option<Millis>, other: Option<Millis>) -> Option<Millis> {
    match (one, other) {
        (Some(one), Some(other)) if other < one => Some(other),
        (None, other) => other,
        (one, _) => one,
    }
}

/// The earliest of things that are due, each at its time.
#[derive(Debug)]
pub(crate) struct Earliest<T>(Option<(Millis, T)>);

impl<T: Copy> Earliest<T> {
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Takes another one into account. Of two that are due at the same time the former goes first.
    pub(crate) fn consider(&mut self, at: Option<Millis>, what: T) {
        if let Some(at) = at
            && self.0.is_none_or(|(earliest, _)| at < earliest)
        {
            self.0 = Some((at, what));
        }
    }

    pub(crate) fn get(&self) -> Option<(Millis, T)> {
        self.0
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::{Earliest, earlier};

    #[test]
    fn what_is_not_there_is_never_earlier() {
        assert_eq!(earlier(None, None), None);
        assert_eq!((earlier(Some(2), None), earlier(None, Some(2))), (Some(2), Some(2)));
        assert_eq!((earlier(Some(2), Some(1)), earlier(Some(1), Some(2))), (Some(1), Some(1)));
    }

    #[test]
    fn the_earliest_is_found_and_the_former_of_equals() {
        let mut earliest = Earliest::none();
        for (at, what) in [(None, 'a'), (Some(3), 'b'), (Some(2), 'c'), (Some(2), 'd')] {
            earliest.consider(at, what);
        }
        assert_eq!(earliest.get(), Some((2, 'c')));
    }
}
