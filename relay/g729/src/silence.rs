//! Silence descriptors: the spectrum and the level of the background noise, §B.4.2.

use crate::ORDER;
use crate::bits::{Index, Silence};
use crate::lsf::{Frequencies, GAPS, History, Weights, radians, spread, weights};
use crate::tables::lsf::{FIRST as SPEECH, PREDICTORS, SECOND};
use crate::tables::silence;

/// The predictor of a descriptor with that number: speech's first, or a mixture of both.
pub(crate) fn predictor(number: Index<1>) -> Weights {
    let [first, second] = [weights(&PREDICTORS[0]), weights(&PREDICTORS[1])];
    if number.get() == 0 {
        return first;
    }
    let [one, other] = silence::MIXED;
    std::array::from_fn(|k| std::array::from_fn(|i| one * first[k][i] + other * second[k][i]))
}

/// The vector that the indices of a descriptor tell.
pub(crate) fn told(first: Index<5>, second: Index<4>) -> Frequencies {
    let first = radians(&SPEECH[usize::from(first.of(&silence::FIRST) & 127)]);
    let [low, high] = second.of(&silence::SECOND).map(|row| radians(&SECOND[usize::from(row & 31)]));
    let mut told = std::array::from_fn(|i| first[i] + if i < ORDER / 2 { low[i] } else { high[i] });
    spread(&mut told, GAPS[0]);
    told
}

/// The spectrum that a descriptor tells.
pub(crate) fn frequencies(descriptor: &Silence, history: &mut History) -> Frequencies {
    let told = told(descriptor.first, descriptor.second);
    history.compose(told, &predictor(descriptor.predictor))
}

/// The level that a descriptor tells: the root mean square of the excitation. Steps of 4 dB from −12 to 12 dB, but
/// for −8, then of 2 dB up to 66.
pub(crate) fn level(gain: Index<5>) -> f32 {
    let decibels = match gain.get() {
        0 => -12.0,
        index @ 1..=5 => 4.0 * index as f32 - 8.0,
        index => 2.0 * index as f32 + 4.0,
    };
    10f32.powf(decibels / 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_rise_from_12_db_below_to_66_db_above_one() {
        let levels: Vec<_> = (0..32).map(|index| level(Index::new(index))).collect();
        assert!(levels.windows(2).all(|pair| pair[1] > pair[0]));
        assert!((levels[0] - 0.251).abs() < 0.001);
        assert!((levels[31] - 1995.3).abs() < 0.1);
    }
}
