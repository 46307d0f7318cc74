//! The fixed codebook: four pulses, each on a track of its own, §3.8 and §4.1.4.

use crate::SUBFRAME;
use crate::bits::Index;

/// Four pulses of a subframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pulses {
    /// Where they stand: the first three at multiples of five and 0, 1, 2; the last at such a multiple and 3 or 4.
    pub(crate) positions: [usize; 4],
    /// Which way they point.
    pub(crate) positive: [bool; 4],
}

impl Pulses {
    /// From C and S: every pair of numbers is a codeword.
    pub(crate) fn new(positions: Index<13>, signs: Index<4>) -> Self {
        let (c, s) = (positions.get(), signs.get());
        let step = |shift: usize| 5 * ((c >> shift) & 7);
        let positions = [step(0), step(3) + 1, step(6) + 2, step(10) + 3 + ((c >> 9) & 1)];
        Self { positions, positive: std::array::from_fn(|i| (s >> i) & 1 == 1) }
    }

    /// The codeword before it is sharpened, equation (45).
    pub(crate) fn vector(&self) -> [f32; SUBFRAME] {
        let mut vector = [0.0; SUBFRAME];
        for (&position, &positive) in self.positions.iter().zip(&self.positive) {
            vector[position] = if positive { 1.0 } else { -1.0 };
        }
        vector
    }
}

/// Repeats a codeword a pitch lag later, weaker, where it is shorter than the subframe: equation (48). The impulse
/// response is treated alike while searching, equation (49).
pub(crate) fn sharpen(vector: &mut [f32; SUBFRAME], lag: usize, strength: f32) {
    for n in lag..SUBFRAME {
        vector[n] += strength * vector[n - lag];
    }
}

/// How strongly the next subframe is sharpened, after one with this gain of the adaptive codebook: equation (47).
pub(crate) fn sharpening(pitch_gain: f32) -> f32 {
    pitch_gain.clamp(0.2, 0.7945)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_codeword_has_four_pulses_on_their_tracks() {
        for c in 0..8192 {
            let pulses = Pulses::new(Index::new(c), Index::new(c & 15));
            assert_eq!(pulses.vector().iter().filter(|sample| sample.abs() > 0.5).count(), 4);
            let tracks = pulses.positions.map(|position| position % 5);
            assert_eq!(tracks[..3], [0, 1, 2]);
            assert!(tracks[3] >= 3);
        }
    }

    #[test]
    fn a_short_lag_repeats_the_pulses() {
        let mut vector = Pulses::new(Index::new(0), Index::new(1)).vector();
        sharpen(&mut vector, 25, 0.5);
        assert_eq!((vector[0], vector[25], vector[26]), (1.0, 0.5, -0.5));
    }
}
