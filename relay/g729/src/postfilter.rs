//! The postfilter of Annex A (§A.4.2): it puts noise where speech hides it.

use crate::filter::{self, Memory, Predictor, awake, residual, synthesis, tail, widened};
use crate::lag::LONGEST;
use crate::{ORDER, SUBFRAME};

/// γn: how broad the numerator's resonances are.
const NUMERATOR: f32 = 0.55;
/// γd: how broad the denominator's are.
const DENOMINATOR: f32 = 0.7;
/// γp: how much the harmonics are raised.
const HARMONICS: f32 = 0.5;
/// γt: how much of the tilt is taken back.
const TILT: f32 = 0.8;
/// How much of its gain it keeps from sample to sample, §A.4.2.4.
const SLOWNESS: f32 = 0.9;
/// How much of the impulse response tells the tilt, §A.4.2.3.
const RESPONSE: usize = 22;

/// What it remembers.
#[derive(Debug, Clone)]
pub(crate) struct Postfilter {
    speech: Memory,
    /// What prediction left of the speech, the subframe last.
    left: [f32; LONGEST + SUBFRAME],
    /// The last sample before the tilt was taken back.
    raised: f32,
    output: Memory,
    gain: f32,
}

impl Postfilter {
    /// As it begins.
    pub(crate) const fn new() -> Self {
        let left = [0.0; LONGEST + SUBFRAME];
        Self { speech: [0.0; ORDER], left, raised: 0.0, output: [0.0; ORDER], gain: 1.0 }
    }

    /// Filters a subframe of speech that `a` made. `lag` is that of the adaptive codebook; comfort noise has none.
    /// Says whether the speech repeated itself.
    pub(crate) fn run(
        &mut self,
        a: &Predictor,
        speech: &[f32; SUBFRAME],
        lag: Option<usize>,
    ) -> ([f32; SUBFRAME], bool) {
        let (numerator, denominator) = (widened(a, NUMERATOR), widened(a, DENOMINATOR));
        self.left.copy_within(SUBFRAME.., 0);
        self.left[LONGEST..].copy_from_slice(&residual(&numerator, &self.speech, speech));
        self.speech = tail(speech);

        let harmonics = lag.and_then(|lag| self.periodicity(lag));
        let raised: [f32; SUBFRAME] = std::array::from_fn(|n| match harmonics {
            Some((lag, gain)) => {
                let share = HARMONICS * gain;
                (self.left[LONGEST + n] + share * self.left[LONGEST + n - lag]) / (1.0 + share)
            }
            None => self.left[LONGEST + n],
        });

        let tilt = tilt(&numerator, &denominator);
        let before = self.raised;
        self.raised = raised[SUBFRAME - 1];
        let level = std::array::from_fn(|n| raised[n] - tilt * if n == 0 { before } else { raised[n - 1] });
        let mut output = synthesis(&denominator, &self.output, &level);
        self.output = tail(&output);
        self.restore_level(speech, &mut output);
        (output, harmonics.is_some())
    }

    /// The lag near `lag` that the residual repeats after, and how strongly; none where it does not (§A.4.2.1).
    fn periodicity(&self, lag: usize) -> Option<(usize, f32)> {
        let last = (lag + 3).min(LONGEST);
        let now = &self.left[LONGEST..];
        let back = |lag: usize| &self.left[LONGEST - lag..LONGEST - lag + SUBFRAME];
        let (best, likeness) = (last - 6..=last)
            .map(|lag| (lag, filter::dot(now, back(lag))))
            .max_by(|one, other| one.1.total_cmp(&other.1))?;
        let (energy, past) = (filter::dot(now, now), filter::dot(back(best), back(best)));
        // Less than 3 dB of prediction gain is no period.
        if likeness <= 0.0 || likeness * likeness < 0.5 * energy * past {
            return None;
        }
        Some((best, (likeness / past).min(1.0)))
    }

    /// Makes the output as loud as the speech was, without haste (§A.4.2.4).
    fn restore_level(&mut self, speech: &[f32; SUBFRAME], output: &mut [f32; SUBFRAME]) {
        let (wanted, got) = (filter::dot(speech, speech), filter::dot(output, output));
        let target = if got > 0.0 { (wanted / got).sqrt() } else { 0.0 };
        for sample in output {
            self.gain = awake(SLOWNESS * self.gain + (1.0 - SLOWNESS) * target);
            *sample *= self.gain;
        }
    }
}

/// How much a sample is to lose of the one before it: what the short-term filter tilts the spectrum by (§A.4.2.3).
fn tilt(numerator: &Predictor, denominator: &Predictor) -> f32 {
    let mut impulse = [0.0; RESPONSE];
    impulse[0] = 1.0;
    impulse[1..=ORDER].copy_from_slice(numerator);
    let response = synthesis(denominator, &[0.0; ORDER], &impulse);
    let neighbours = filter::dot(&response[1..], &response[..RESPONSE - 1]);
    if neighbours <= 0.0 { 0.0 } else { TILT * neighbours / filter::dot(&response, &response) }
}
