//! From the filter to its line spectral pairs: the zeros of two polynomials on the unit circle, §3.2.3.

use crate::ORDER;
use crate::filter::Predictor;
use crate::lsp::Pairs;
use std::f32::consts::PI;

/// Steps in which zeros are looked for.
const STEPS: usize = 60;
/// Times that a step with a zero in it is halved.
const HALVINGS: usize = 4;

/// Half a symmetric polynomial, the highest power first, as a sum of Chebyshev polynomials.
type Half = [f32; 6];

/// The pairs of a filter; `None` where not all of them are found, because two are too close together.
pub(crate) fn pairs(a: &Predictor) -> Option<Pairs> {
    let (mut sum, mut difference) = ([1.0; 6], [1.0; 6]);
    for i in 0..5 {
        sum[i + 1] = a[i] + a[ORDER - 1 - i] - sum[i];
        difference[i + 1] = a[i] - a[ORDER - 1 - i] + difference[i];
    }
    let polynomials = [sum, difference];
    let mut found = [0.0; ORDER];
    let mut count = 0;
    let (mut high, mut high_value) = (1.0, value(&sum, 1.0));
    for step in 1..=STEPS {
        let grid = (PI * step as f32 / STEPS as f32).cos();
        // A step may have a zero of each polynomial in turn: they alternate.
        loop {
            let polynomial = &polynomials[count % 2];
            let low_value = value(polynomial, grid);
            if high_value * low_value > 0.0 {
                (high, high_value) = (grid, low_value);
                break;
            }
            let zero = zero(polynomial, (high, high_value), (grid, low_value));
            found[count] = zero;
            count += 1;
            if count == ORDER {
                return Some(found);
            }
            (high, high_value) = (zero, value(&polynomials[count % 2], zero));
        }
    }
    None
}

/// The zero between two points where the signs differ.
fn zero(polynomial: &Half, mut high: (f32, f32), mut low: (f32, f32)) -> f32 {
    for _ in 0..HALVINGS {
        let middle = 0.5 * (high.0 + low.0);
        let at_middle = value(polynomial, middle);
        if high.1 * at_middle <= 0.0 {
            low = (middle, at_middle);
        } else {
            high = (middle, at_middle);
        }
    }
    let slope = low.1 - high.1;
    if slope == 0.0 { low.0 } else { high.0 - high.1 * (low.0 - high.0) / slope }
}

/// The polynomial at a cosine, by Clenshaw's recursion: equation (17).
fn value(half: &Half, x: f32) -> f32 {
    let (mut one, mut two) = (half[0], 0.0);
    for &coefficient in &half[1..5] {
        (one, two) = (2.0 * x * one - two + coefficient, one);
    }
    x * one - two + 0.5 * half[5]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lsf::{cosines, flat};
    use crate::lsp::predictor;

    #[test]
    fn finds_the_pairs_a_filter_was_made_of() {
        let made: Pairs = [0.96, 0.93, 0.7, 0.5, 0.2, 0.15, -0.3, -0.5, -0.8, -0.93];
        for made in [made, cosines(&flat())] {
            let found = pairs(&predictor(&made)).unwrap();
            for (found, made) in found.iter().zip(made) {
                assert!((found - made).abs() < 2e-3, "{found} {made}");
            }
        }
    }
}
