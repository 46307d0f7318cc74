//! Which four pulses come nearest to what the adaptive codebook leaves: the search of Annex A (§A.3.8), two pulses
//! at a time.

use crate::SUBFRAME;
use crate::bits::Index;
use crate::filter::dot;
use crate::pulses::Pulses;

/// The positions of each track: every fifth sample. The fourth pulse may be on either of the last two.
const STEP: usize = 5;

/// What the search compares pulses with; all signs are those of the target, so that they need no search.
struct Terms {
    /// The target, filtered backwards: how much a pulse has of it.
    target: [f32; SUBFRAME],
    /// How alike pulses are once they are filtered.
    likeness: [[f32; SUBFRAME]; SUBFRAME],
    positive: [bool; SUBFRAME],
}

/// Pulses chosen so far: their positions, how much of the target they have, and their energy.
#[derive(Clone, Copy)]
struct Choice {
    positions: [usize; 4],
    chosen: usize,
    target: f32,
    energy: f32,
}

/// The best pulses for `target`, given the impulse response of the weighted synthesis, sharpened.
pub(crate) fn search(target: &[f32; SUBFRAME], response: &[f32; SUBFRAME]) -> Pulses {
    let terms = Terms::new(target, response);
    let none = Choice { positions: [0; 4], chosen: 0, target: 0.0, energy: 0.0 };
    let mut best = Choice { energy: 1.0, target: -1.0, ..none };
    for last_track in [3, 4] {
        for tracks in [[2, last_track, 0, 1], [last_track, 0, 1, 2]] {
            let start = terms.best_start(&none, tracks[0], tracks[1]);
            let choice = terms.best_pair(&start, tracks[2], tracks[3]);
            if choice.better_than(&best) {
                best = choice;
            }
        }
    }
    let mut positions = best.positions;
    // In the order of their tracks.
    positions.sort_by_key(|position| position % STEP);
    Pulses { positions, positive: positions.map(|position| terms.positive[position]) }
}

impl Choice {
    /// Whether it leaves less of the target: the greater target²/energy.
    fn better_than(&self, other: &Self) -> bool {
        self.target * self.target * other.energy > other.target * other.target * self.energy || other.target < 0.0
    }
}

impl Terms {
    fn new(target: &[f32; SUBFRAME], response: &[f32; SUBFRAME]) -> Self {
        let backward = backward(target, response);
        let positive = backward.map(|sample| sample >= 0.0);
        let mut likeness = [[0.0; SUBFRAME]; SUBFRAME];
        // Along each diagonal the sum grows by one product, equation (52).
        for apart in 0..SUBFRAME {
            let mut sum = 0.0;
            for n in 0..SUBFRAME - apart {
                sum += response[n] * response[n + apart];
                let (one, other) = (SUBFRAME - 1 - n, SUBFRAME - 1 - n - apart);
                let signed = if positive[one] == positive[other] { sum } else { -sum };
                likeness[one][other] = signed;
                likeness[other][one] = signed;
            }
        }
        Self { target: backward.map(f32::abs), likeness, positive }
    }

    fn with(&self, choice: &Choice, position: usize) -> Choice {
        let row = &self.likeness[position];
        let with_others: f32 = choice.positions[..choice.chosen].iter().map(|&other| row[other]).sum();
        let mut positions = choice.positions;
        positions[choice.chosen] = position;
        Choice {
            positions,
            chosen: choice.chosen + 1,
            target: choice.target + self.target[position],
            energy: choice.energy + row[position] + 2.0 * with_others,
        }
    }

    /// The best pair of two tracks; of the first, only the two positions with most of the target are tried.
    fn best_start(&self, choice: &Choice, first: usize, second: usize) -> Choice {
        let mut positions: [usize; 8] = std::array::from_fn(|i| first + STEP * i);
        positions.sort_by(|&one, &other| self.target[other].total_cmp(&self.target[one]));
        self.best_of(choice, positions.into_iter().take(2), second)
    }

    /// The best pair of two tracks.
    fn best_pair(&self, choice: &Choice, first: usize, second: usize) -> Choice {
        self.best_of(choice, (first..SUBFRAME).step_by(STEP), second)
    }

    fn best_of(&self, choice: &Choice, first: impl Iterator<Item = usize>, second: usize) -> Choice {
        let mut best = Choice { energy: 1.0, target: -1.0, ..*choice };
        for one in first {
            let one = self.with(choice, one);
            for other in (second..SUBFRAME).step_by(STEP) {
                let both = self.with(&one, other);
                if both.better_than(&best) {
                    best = both;
                }
            }
        }
        best
    }
}

/// A signal filtered backwards through an impulse response: how alike it is to the response beginning at each sample.
pub(crate) fn backward(signal: &[f32; SUBFRAME], response: &[f32; SUBFRAME]) -> [f32; SUBFRAME] {
    std::array::from_fn(|n| dot(&signal[n..], &response[..SUBFRAME - n]))
}

/// A signal filtered through an impulse response.
pub(crate) fn forward(signal: &[f32; SUBFRAME], response: &[f32; SUBFRAME]) -> [f32; SUBFRAME] {
    let mut out = [0.0; SUBFRAME];
    for (n, &sample) in signal.iter().enumerate() {
        if sample != 0.0 {
            for (out, &response) in out[n..].iter_mut().zip(response) {
                *out += sample * response;
            }
        }
    }
    out
}

impl Pulses {
    /// C and S, equations (61) and (62).
    pub(crate) fn indices(&self) -> (Index<13>, Index<4>) {
        let [zero, one, two, three] = self.positions;
        let three = ((three / STEP) << 1) | (three % STEP - 3);
        let positions = (zero / STEP) | ((one / STEP) << 3) | ((two / STEP) << 6) | (three << 9);
        let signs = self.positive.iter().rev().fold(0, |signs, &positive| (signs << 1) | usize::from(positive));
        (Index::new(positions), Index::new(signs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_and_pulses_are_the_same_thing() {
        for c in 0..8192 {
            let (positions, signs) = (Index::new(c), Index::new(c >> 3));
            assert_eq!(Pulses::new(positions, signs).indices(), (positions, signs));
        }
    }

    #[test]
    fn finds_pulses_that_made_the_target() {
        let response = std::array::from_fn(|n| 0.6f32.powi(n as i32));
        // Pulses next to one another that cancel each other may be told as others; on the whole little is left.
        let left = (0..8192).step_by(37).map(|c| {
            let pulses = Pulses::new(Index::new(c), Index::new(c >> 2));
            let made = forward(&pulses.vector(), &response);
            let found = forward(&search(&made, &response).vector(), &response);
            let error: f32 = made.iter().zip(found).map(|(made, found)| (made - found).powi(2)).sum();
            error / dot(&made, &made)
        });
        let left: Vec<f32> = left.collect();
        let mean = left.iter().sum::<f32>() / left.len() as f32;
        let exact = left.iter().filter(|&&left| left < 1e-6).count();
        assert!(mean < 0.1 && exact * 3 > left.len() * 2, "{mean} left, {exact} of {} exact", left.len());
    }
}
