//! Linear prediction of the speech that comes in: window, autocorrelation, Levinson and Durbin (§3.2.1, §3.2.2).

use crate::ORDER;
use crate::filter::{Predictor, dot};
use std::f32::consts::PI;

/// Samples that are looked at: 15 ms of the past, the frame, 5 ms of what comes next.
pub(crate) const WINDOW: usize = 240;
/// Correlations that are computed; Annex B has use for twelve.
pub(crate) const LAGS: usize = 12;

/// How alike the windowed speech is to itself, so many samples later.
pub(crate) type Correlations = [f32; LAGS + 1];

/// The windows, computed once.
#[derive(Debug, Clone)]
pub(crate) struct Analyser {
    window: [f32; WINDOW],
    lag_window: Correlations,
}

impl Analyser {
    /// Half a Hamming window and a quarter of a cosine, equation (3); 60 Hz more bandwidth and a white noise 40 dB
    /// down, equations (6) and (7).
    pub(crate) fn new() -> Self {
        let window = std::array::from_fn(|n| {
            if n < 200 {
                0.54 - 0.46 * (2.0 * PI * n as f32 / 399.0).cos()
            } else {
                (2.0 * PI * (n - 200) as f32 / 159.0).cos()
            }
        });
        let lag_window = std::array::from_fn(|lag| {
            if lag == 0 { 1.0001 } else { (-0.5 * (2.0 * PI * 60.0 * lag as f32 / 8000.0).powi(2)).exp() }
        });
        Self { window, lag_window }
    }

    /// The energy that noise with a variance of one has under the window.
    pub(crate) fn energy(&self) -> f32 {
        dot(&self.window, &self.window)
    }

    /// The correlations of a window of speech.
    pub(crate) fn correlate(&self, speech: &[f32; WINDOW]) -> Correlations {
        let windowed: [f32; WINDOW] = std::array::from_fn(|n| speech[n] * self.window[n]);
        std::array::from_fn(|lag| {
            let sum = dot(&windowed[lag..], &windowed[..WINDOW - lag]);
            // Silence has a little energy, equation (5).
            let sum = if lag == 0 { sum.max(1.0) } else { sum };
            sum * self.lag_window[lag]
        })
    }
}

/// What predicts best.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prediction {
    pub(crate) a: Predictor,
    /// The second reflection coefficient.
    pub(crate) second_reflection: f32,
    /// The energy of what is left.
    pub(crate) left: f32,
}

/// The predictor for these correlations, §3.2.2.
pub(crate) fn levinson(correlations: &Correlations) -> Prediction {
    let mut a = [0.0; ORDER];
    let mut left = correlations[0].max(f32::MIN_POSITIVE);
    let mut second_reflection = 0.0;
    for order in 0..ORDER {
        let predicted: f32 = (0..order).map(|i| a[i] * correlations[order - i]).sum();
        let reflection = -(correlations[order + 1] + predicted) / left;
        // Rounding is the only way to get there.
        if reflection.abs() >= 1.0 {
            break;
        }
        let before = a;
        for i in 0..order {
            a[i] += reflection * before[order - 1 - i];
        }
        a[order] = reflection;
        left *= 1.0 - reflection * reflection;
        if order == 1 {
            second_reflection = reflection;
        }
    }
    Prediction { a, second_reflection, left }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_filter_that_made_the_correlations() {
        // A process of first order with a pole at 0.8.
        let correlations = std::array::from_fn(|lag| 0.8f32.powi(lag as i32));
        let found = levinson(&correlations);
        assert!((found.a[0] + 0.8).abs() < 1e-5);
        assert!(found.a[1..].iter().all(|a| a.abs() < 1e-5));
        assert!((found.left - 0.36).abs() < 1e-5);
    }

    #[test]
    fn silence_has_a_filter_too() {
        let found = levinson(&Analyser::new().correlate(&[0.0; WINDOW]));
        assert!(found.a.iter().all(|a| a.abs() < 1e-3));
    }
}
