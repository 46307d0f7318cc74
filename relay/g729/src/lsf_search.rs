//! Which told vector is nearest to the frequencies of a frame, §3.2.4.

use crate::ORDER;
use crate::bits::{Index, LsfIndices};
use crate::lsf::{Frequencies, GAPS, History, radians, share, spread, weights};
use crate::tables::lsf::{FIRST, PREDICTORS, SECOND};
use std::f32::consts::PI;

/// How much an error of each frequency is heard: more where neighbours are close, equation (22).
pub(crate) fn importance(frequencies: &Frequencies) -> Frequencies {
    let last = ORDER - 1;
    std::array::from_fn(|i| {
        let room = match i {
            0 => frequencies[1] - 0.04 * PI,
            i if i == last => 0.92 * PI - frequencies[last - 1],
            i => frequencies[i + 1] - frequencies[i - 1],
        } - 1.0;
        let weight = if room > 0.0 { 1.0 } else { 10.0 * room * room + 1.0 };
        if i == 4 || i == 5 { 1.2 * weight } else { weight }
    })
}

/// The indices for the frequencies of a frame.
pub(crate) fn search(frequencies: &Frequencies, history: &History) -> LsfIndices {
    let importance = importance(frequencies);
    let [(one, one_error), (other, other_error)] =
        [0, 1].map(|predictor| search_with(Index::new(predictor), frequencies, &importance, history));
    if other_error < one_error { other } else { one }
}

/// The best with a given predictor, and its error.
fn search_with(
    predictor: Index<1>,
    frequencies: &Frequencies,
    importance: &Frequencies,
    history: &History,
) -> (LsfIndices, f32) {
    let weights = weights(predictor.of(&PREDICTORS));
    let (past, share) = (history.predicted(&weights), share(&weights));
    let target: Frequencies = std::array::from_fn(|i| (frequencies[i] - past[i]) / share[i]);

    let first = nearest(&FIRST, |vector| (0..ORDER).map(|i| square(target[i] - vector[i])).sum());
    let coarse = radians(&FIRST[first]);
    let error = |vector: &Frequencies, i: usize| importance[i] * square(share[i] * (target[i] - coarse[i] - vector[i]));
    let low = nearest(&SECOND, |vector| (0..ORDER / 2).map(|i| error(vector, i)).sum());
    let high = nearest(&SECOND, |vector| (ORDER / 2..ORDER).map(|i| error(vector, i)).sum());

    let (fine_low, fine_high) = (radians(&SECOND[low]), radians(&SECOND[high]));
    let mut told = std::array::from_fn(|i| coarse[i] + if i < ORDER / 2 { fine_low[i] } else { fine_high[i] });
    for gap in GAPS {
        spread(&mut told, gap);
    }
    let error = (0..ORDER).map(|i| importance[i] * square(share[i] * (target[i] - told[i]))).sum();
    let indices = LsfIndices { predictor, first: Index::new(first), low: Index::new(low), high: Index::new(high) };
    (indices, error)
}

/// The number of the vector with the least error.
fn nearest(codebook: &[[i16; ORDER]], error: impl Fn(&Frequencies) -> f32) -> usize {
    let errors = codebook.iter().map(|vector| error(&radians(vector))).enumerate();
    errors.min_by(|one, other| one.1.total_cmp(&other.1)).map_or(0, |(index, _)| index)
}

pub(crate) fn square(x: f32) -> f32 {
    x * x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lsf;

    #[test]
    fn what_can_be_told_exactly_is_found() {
        let mut history = History::new();
        for n in [3usize, 777, 12_345, 99_999, 4_242_424] {
            let indices = LsfIndices {
                predictor: Index::new(n),
                first: Index::new(n >> 1),
                low: Index::new(n >> 3),
                high: Index::new(n >> 5),
            };
            let frequencies = lsf::decode(&indices, &mut history.clone());
            let found = lsf::decode(&search(&frequencies, &history), &mut history);
            for (found, wanted) in found.iter().zip(frequencies) {
                assert!((found - wanted).abs() < 0.12, "{found} {wanted}");
            }
        }
    }
}
