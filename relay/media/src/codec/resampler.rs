//! From one rate to another, for the pairs of codecs that have none in common.

use speexdsp_resampler::State;

/// Of 10. It keeps what must not come back as another tone below −60 dB, and costs half of what the next does.
const QUALITY: usize = 4;

/// Changes the rate of one unbroken sound.
pub(crate) struct Resampler {
    state: State,
    from: u32,
    to: u32,
    input: Vec<f32>,
    output: Vec<f32>,
}

impl Resampler {
    /// From that many samples a second to so many. `None` where either is none.
    #[must_use]
    pub(crate) fn new(from: u32, to: u32) -> Option<Self> {
        if from == 0 || to == 0 {
            return None;
        }
        let state = State::new(1, from as usize, to as usize, QUALITY).ok()?;
        Some(Self { state, from, to, input: Vec::new(), output: Vec::new() })
    }

    /// Samples a second that go in, and that come out.
    #[must_use]
    pub(crate) const fn rates(&self) -> (u32, u32) {
        (self.from, self.to)
    }

    /// Appends `sound` at the other rate. Every call continues the sound of the one before.
    pub(crate) fn resample(&mut self, sound: &[i16], out: &mut Vec<i16>) {
        self.input.clear();
        self.input.extend(sound.iter().copied().map(f32::from));
        // One more than there can be.
        let most = (sound.len() as u64 * u64::from(self.to)).div_ceil(u64::from(self.from)) as usize + 1;
        self.output.resize(most, 0.0);
        let mut input = &self.input[..];
        while !input.is_empty() {
            let Ok((taken, given)) = self.state.process_float(0, input, &mut self.output) else { return };
            out.extend(self.output.iter().take(given).map(|&sample| sample.round() as i16));
            if taken == 0 && given == 0 {
                return;
            }
            input = input.get(taken..).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;

    fn tone(rate: u32, frequency: f32) -> Vec<i16> {
        (0..rate).map(|at| ((TAU * frequency * at as f32 / rate as f32).sin() * 16_000.0) as i16).collect()
    }

    /// Frames of 20 ms, one after the other.
    fn resampled(sound: &[i16], from: u32, to: u32) -> Vec<i16> {
        let mut resampler = Resampler::new(from, to).unwrap();
        let mut out = Vec::new();
        sound.chunks(from as usize / 50).for_each(|frame| resampler.resample(frame, &mut out));
        out
    }

    /// The level of a frequency, in dB to that of the tones that go in.
    fn level(sound: &[i16], rate: u32, frequency: f32) -> f32 {
        let sum = |function: fn(f32) -> f32| -> f32 {
            let turn = |at: usize| function(TAU * frequency * at as f32 / rate as f32);
            sound.iter().enumerate().map(|(at, &sample)| f32::from(sample) * turn(at)).sum()
        };
        let amplitude = sum(f32::sin).hypot(sum(f32::cos)) * 2.0 / sound.len() as f32;
        20.0 * (amplitude / 16_000.0).max(1e-6).log10()
    }

    /// What has settled: the middle of the sound.
    fn settled(sound: &[i16]) -> &[i16] {
        &sound[sound.len() / 4..sound.len() / 4 * 3]
    }

    #[test]
    fn a_tone_that_the_lower_rate_cannot_have_does_not_come_back_as_another() {
        for frequency in [4500.0, 5000.0, 6000.0, 7000.0] {
            let sound = resampled(&tone(16_000, frequency), 16_000, 8_000);
            let alias = level(settled(&sound), 8_000, 8_000.0 - frequency);
            assert!(alias < -60.0, "{frequency} Hz: {alias} dB");
        }
    }

    #[test]
    fn a_tone_has_no_image_at_the_higher_rate() {
        for frequency in [300.0, 1000.0, 2000.0, 3400.0] {
            let sound = resampled(&tone(8_000, frequency), 8_000, 16_000);
            let image = level(settled(&sound), 16_000, 8_000.0 - frequency);
            assert!(image < -60.0, "{frequency} Hz: {image} dB");
        }
    }

    #[test]
    fn what_both_rates_can_have_keeps_its_level_and_length() {
        for (from, to) in [(16_000, 8_000), (8_000, 16_000), (48_000, 8_000), (8_000, 48_000), (48_000, 16_000)] {
            for frequency in [300.0, 1000.0, 3400.0] {
                let sound = resampled(&tone(from, frequency), from, to);
                assert_eq!(sound.len(), to as usize, "{from} to {to}");
                let level = level(settled(&sound), to, frequency);
                assert!(level.abs() < 0.5, "{from} to {to}, {frequency} Hz: {level} dB");
            }
        }
    }

    #[test]
    fn nothing_stays_nothing() {
        let mut resampler = Resampler::new(8_000, 16_000).unwrap();
        let mut out = Vec::new();
        resampler.resample(&[], &mut out);
        assert!(out.is_empty() && resampler.rates() == (8_000, 16_000));
        assert!(Resampler::new(0, 8_000).is_none() && Resampler::new(8_000, 0).is_none());
    }
}
