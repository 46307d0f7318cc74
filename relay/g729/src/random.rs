//! Chance that is the same at both ends, equation (96).

/// A sequence of numbers that look random.
#[derive(Debug, Clone)]
pub(crate) struct Random(u16);

impl Random {
    /// Starts where the Recommendation says, for concealment.
    pub(crate) const fn concealing() -> Self {
        Self(21845)
    }

    /// Starts where Annex B says, for comfort noise.
    pub(crate) const fn noise() -> Self {
        Self(11111)
    }

    /// The next sixteen bits.
    pub(crate) fn next(&mut self) -> u16 {
        self.0 = self.0.wrapping_mul(31821).wrapping_add(13849);
        self.0
    }

    /// Evenly spread between −1 and 1.
    pub(crate) fn even(&mut self) -> f32 {
        f32::from(self.next().cast_signed()) / 32768.0
    }

    /// Normally distributed, with a variance of one: twelve even numbers together come close.
    pub(crate) fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.even()).sum::<f32>() / 2.0
    }
}
