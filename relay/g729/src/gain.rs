//! The gains of both codebooks, §3.9 and §4.1.5. That of the fixed one is told as a factor to what the last four
//! subframes foretell.

use crate::SUBFRAME;
use crate::bits::Innovation;
use crate::tables::gain::{FIRST, SECOND};

/// The gains of a subframe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Gains {
    /// Of the adaptive codebook.
    pub(crate) pitch: f32,
    /// Of the fixed codebook.
    pub(crate) code: f32,
}

/// What the indices stand for: the pitch gain, and the factor to the foretold gain of the code.
pub(crate) fn quantised(first: &[i16; 2], second: &[i16; 2]) -> (f32, f32) {
    let pitch = f32::from(first[0]) + f32::from(second[0]);
    let factor = f32::from(first[1]) + f32::from(second[1]);
    (pitch / 16384.0, factor / 8192.0)
}

/// Foretells the energy of the fixed codebook's part: equation (69).
#[derive(Debug, Clone)]
pub(crate) struct Forecast {
    /// How far the last four were off, in dB, newest first.
    errors: [f32; 4],
}

impl Forecast {
    /// As both ends begin.
    pub(crate) const fn new() -> Self {
        Self { errors: [-14.0; 4] }
    }

    /// The gain to be expected for a codeword: equations (66) to (71).
    pub(crate) fn gain(&self, code: &[f32; SUBFRAME]) -> f32 {
        let weighted = |(error, weight): (&f32, f32)| error * weight;
        let expected = 30.0 + self.errors.iter().zip([0.68, 0.58, 0.34, 0.19]).map(weighted).sum::<f32>();
        let energy = code.iter().map(|sample| sample * sample).sum::<f32>() / SUBFRAME as f32;
        10f32.powf(expected / 20.0) / energy.max(1e-3).sqrt()
    }

    /// Learns by which factor the gain was another: equation (72).
    pub(crate) fn learn(&mut self, factor: f32) {
        self.push(20.0 * factor.max(1e-4).log10());
    }

    /// What it thinks after a subframe that did not arrive: equation (95).
    pub(crate) fn lose(&mut self) {
        self.push((self.errors.iter().sum::<f32>() / 4.0 - 4.0).max(-14.0));
    }

    fn push(&mut self, error: f32) {
        self.errors.rotate_right(1);
        self.errors[0] = error;
    }
}

/// Both gains of a subframe, from GA and GB.
pub(crate) fn decode(innovation: &Innovation, code: &[f32; SUBFRAME], forecast: &mut Forecast) -> Gains {
    let (pitch, factor) = quantised(innovation.gain_first.of(&FIRST), innovation.gain_second.of(&SECOND));
    let code = factor * forecast.gain(code);
    forecast.learn(factor);
    Gains { pitch, code }
}
