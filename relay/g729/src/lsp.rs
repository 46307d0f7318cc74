//! From line spectral pairs to the filter, §3.2.5 and §3.2.6.

use crate::ORDER;
use crate::filter::Predictor;

/// Cosines of line spectral frequencies, falling.
pub(crate) type Pairs = [f32; ORDER];

/// The pairs of the first subframe, half way between the last frame's and this one's: §3.2.5.
pub(crate) fn between(last: &Pairs, this: &Pairs) -> Pairs {
    std::array::from_fn(|i| 0.5 * last[i] + 0.5 * this[i])
}

/// The filter with these pairs: §3.2.6.
pub(crate) fn predictor(pairs: &Pairs) -> Predictor {
    let sum = polynomial([pairs[0], pairs[2], pairs[4], pairs[6], pairs[8]]);
    let difference = polynomial([pairs[1], pairs[3], pairs[5], pairs[7], pairs[9]]);
    let mut a = [0.0; ORDER];
    for i in 0..ORDER / 2 {
        // Times 1 + z^-1 and 1 − z^-1.
        let (even, odd) = (sum[i + 1] + sum[i], difference[i + 1] - difference[i]);
        a[i] = 0.5 * (even + odd);
        a[ORDER - 1 - i] = 0.5 * (even - odd);
    }
    a
}

/// The first half of the product of 1 − 2q z^-1 + z^-2 over five q; the other half mirrors it.
fn polynomial(roots: [f32; 5]) -> [f32; 6] {
    let mut product = [0.0; 6];
    product[0] = 1.0;
    for (done, q) in roots.into_iter().enumerate() {
        // From the top, so that each power still finds the lower ones as they were. The power just above the
        // known half mirrors one below it.
        let mirrored = if done == 0 { 0.0 } else { product[done - 1] };
        let top = mirrored - 2.0 * q * product[done] + mirrored;
        product[done + 1] = top;
        for power in (1..=done).rev() {
            let lower = if power < 2 { 0.0 } else { product[power - 2] };
            product[power] += lower - 2.0 * q * product[power - 1];
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lsf::{cosines, flat};

    #[test]
    fn evenly_spread_pairs_are_no_filter_at_all() {
        for a in predictor(&cosines(&flat())) {
            assert!(a.abs() < 1e-5);
        }
    }

    #[test]
    fn the_sum_and_the_difference_have_their_zeros_at_the_pairs() {
        let pairs = [0.95, 0.9, 0.6, 0.5, 0.1, 0.0, -0.3, -0.5, -0.8, -0.9];
        let a = predictor(&pairs);
        let at = |i: usize| {
            if i == 0 {
                1.0
            } else if i > ORDER {
                0.0
            } else {
                f64::from(a[i - 1])
            }
        };
        for (number, q) in pairs.into_iter().enumerate() {
            let (sign, angle) = (if number % 2 == 0 { 1.0 } else { -1.0 }, f64::from(q).acos());
            let part = |of: fn(f64) -> f64| -> f64 {
                (0..=11).map(|i| (at(i) + sign * at(11 - i)) * of(angle * i as f64)).sum()
            };
            assert!(part(f64::cos).abs() + part(f64::sin).abs() < 1e-4, "{number}");
        }
    }
}
