//! The filters that speech goes through: linear prediction one way and the other, and second-order sections.

use crate::{ORDER, SUBFRAME};

/// The coefficients a1..a10 of A(z) = 1 + a1 z^-1 + ... + a10 z^-10.
pub(crate) type Predictor = [f32; ORDER];

/// A(z/γ): its resonances made broader.
pub(crate) fn widened(a: &Predictor, gamma: f32) -> Predictor {
    let mut factor = 1.0;
    a.map(|a| {
        factor *= gamma;
        a * factor
    })
}

/// The last ten samples of `A(z)`'s input, oldest first.
pub(crate) type Memory = [f32; ORDER];

/// What prediction leaves of a subframe that `before` came before: A(z).
pub(crate) fn residual(a: &Predictor, before: &Memory, signal: &[f32; SUBFRAME]) -> [f32; SUBFRAME] {
    let mut line = [0.0; ORDER + SUBFRAME];
    line[..ORDER].copy_from_slice(before);
    line[ORDER..].copy_from_slice(signal);
    std::array::from_fn(|n| {
        let past = &line[n..n + ORDER];
        line[n + ORDER] + a.iter().zip(past.iter().rev()).map(|(a, past)| a * past).sum::<f32>()
    })
}

/// The last ten samples of a subframe.
pub(crate) fn tail(signal: &[f32; SUBFRAME]) -> Memory {
    std::array::from_fn(|i| signal[SUBFRAME - ORDER + i])
}

/// Speech out of what prediction left: 1/A(z), beginning with `memory` as its last outputs.
pub(crate) fn synthesis<const N: usize>(a: &Predictor, memory: &Memory, input: &[f32; N]) -> [f32; N] {
    // Newest first, in a ring unrolled by shifting: the compiler keeps it in registers.
    let mut past = *memory;
    past.reverse();
    input.map(|input| {
        let predicted = (0..ORDER).map(|i| a[i] * past[i]).sum::<f32>();
        let output = awake(input - predicted);
        past.copy_within(0..ORDER - 1, 1);
        past[0] = output;
        output
    })
}

/// Nothing instead of almost nothing: numbers near the end of a float's range make processors slow.
pub(crate) fn awake(sample: f32) -> f32 {
    if sample.abs() < 1e-12 { 0.0 } else { sample }
}

/// A high-pass filter of second order, with poles and zeros.
#[derive(Debug, Clone)]
pub(crate) struct HighPass {
    zeros: [f32; 3],
    poles: [f32; 2],
    state: [f32; 2],
}

impl HighPass {
    /// The one that speech passes before it is coded, and is halved by: 140 Hz, §3.1.
    pub(crate) const fn before() -> Self {
        let zeros = [0.463_637_18, -0.927_247_05, 0.463_637_18];
        Self { zeros, poles: [-1.905_946_5, 0.911_402_4], state: [0.0; 2] }
    }

    /// The one that speech passes after it is decoded: 100 Hz, §4.2.5.
    pub(crate) const fn after() -> Self {
        let zeros = [0.939_805_8, -1.879_583_4, 0.939_805_8];
        Self { zeros, poles: [-1.933_073_5, 0.935_892], state: [0.0; 2] }
    }

    /// The next sample.
    pub(crate) fn run(&mut self, input: f32) -> f32 {
        let output = self.zeros[0] * input + self.state[0];
        self.state = [
            awake(self.zeros[1] * input - self.poles[0] * output + self.state[1]),
            awake(self.zeros[2] * input - self.poles[1] * output),
        ];
        output
    }
}

/// The sum of the products of two signals.
pub(crate) fn dot(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}
