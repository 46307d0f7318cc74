//! Comfort noise, RFC 3389: what it is like where nobody speaks, so that a listener does not think the line is dead.

/// Reflection coefficients that are taken; RFC 3389 leaves their number to the sender, and nobody hears the difference.
const MAX_ORDER: usize = 12;
/// Those that are told.
const ORDER: usize = 6;
/// The softest level there is, in −dBov.
const SOFTEST: u8 = 127;
/// A sine of the highest level is about this much softer than 0 dBov; nothing that is called noise is as loud as half of it.
const LOUDEST: u8 = 20;
/// From one code of a reflection coefficient to the next (RFC 3389 section 3.2).
const STEP: f32 = 258.0 / 32_768.0;
/// The amplitude of 0 dBov.
const OVERLOAD: f32 = 32_768.0;

/// Makes noise as it was described.
pub(crate) struct Noise {
    /// Of the noise that excites the filter.
    amplitude: f32,
    reflections: [f32; MAX_ORDER],
    /// The filter's memory.
    lattice: [f32; MAX_ORDER + 1],
    random: u32,
}

impl Noise {
    /// Noise that was not described: none.
    #[must_use]
    pub(crate) const fn new() -> Self {
        Self { amplitude: 0.0, reflections: [0.0; MAX_ORDER], lattice: [0.0; MAX_ORDER + 1], random: 0x9e37_79b9 }
    }

    /// The payload of a packet of comfort noise: level, then colour (RFC 3389 section 3).
    pub(crate) fn set(&mut self, payload: &[u8]) {
        let (level, colour) =
            payload.split_first().map_or((SOFTEST, payload), |(level, colour)| (level & 0x7f, colour));
        let root_mean_square = OVERLOAD * 10f32.powf(-f32::from(level.max(LOUDEST)) / 20.0);
        self.reflections = [0.0; MAX_ORDER];
        let mut gain = 1.0f32;
        for (reflection, &code) in self.reflections.iter_mut().zip(colour) {
            *reflection = STEP * (f32::from(code.min(254)) - 127.0);
            gain *= 1.0 - *reflection * *reflection;
        }
        // What is added by the filter is taken from what excites it, which is spread evenly.
        self.amplitude = root_mean_square * gain.max(0.0).sqrt() * 3f32.sqrt();
    }

    /// Appends so many samples.
    pub(crate) fn make(&mut self, count: usize, out: &mut Vec<i16>) {
        for _ in 0..count {
            let excitation = self.excite();
            out.push(self.filter(excitation).clamp(-OVERLOAD, OVERLOAD - 1.0) as i16);
        }
    }

    /// Evenly spread noise: the numbers of Marsaglia's shifts.
    fn excite(&mut self) -> f32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.amplitude * (self.random as f32 / u32::MAX as f32 * 2.0 - 1.0)
    }

    /// The all-pole lattice of the reflection coefficients.
    fn filter(&mut self, excitation: f32) -> f32 {
        let mut forward = excitation;
        for stage in (0..MAX_ORDER).rev() {
            let reflection = self.reflections.get(stage).copied().unwrap_or_default();
            let backward = self.lattice.get(stage).copied().unwrap_or_default();
            forward -= reflection * backward;
            if let Some(next) = self.lattice.get_mut(stage + 1) {
                *next = backward + reflection * forward;
            }
        }
        if let Some(first) = self.lattice.first_mut() {
            *first = forward;
        }
        forward
    }
}

/// Appends the payload that describes `sound` as comfort noise.
pub(crate) fn describe(sound: &[i16], out: &mut Vec<u8>) {
    let mut correlation = [0.0f32; ORDER + 1];
    for (lag, sum) in correlation.iter_mut().enumerate() {
        let later = sound.iter().skip(lag);
        *sum = sound.iter().zip(later).map(|(&one, &other)| f32::from(one) * f32::from(other)).sum();
    }
    let power = correlation.first().copied().unwrap_or_default() / sound.len().max(1) as f32;
    let level = -10.0 * (power / (OVERLOAD * OVERLOAD)).max(1e-13).log10();
    out.push((level.round() as u8).min(SOFTEST));
    // A little white noise beneath: what is nearly a tone would ring.
    if let Some(first) = correlation.first_mut() {
        *first = *first * 1.001 + 1.0;
    }
    out.extend(reflections(&correlation).map(|reflection| (reflection / STEP + 127.0).round().clamp(0.0, 254.0) as u8));
}

/// The reflection coefficients of an autocorrelation, by the recursion of Levinson and Durbin.
fn reflections(correlation: &[f32; ORDER + 1]) -> [f32; ORDER] {
    let at = |lag: usize| correlation.get(lag).copied().unwrap_or_default();
    let mut predictor = [0.0f32; ORDER + 1];
    let mut error = at(0);
    let mut found = [0.0; ORDER];
    for (stage, slot) in found.iter_mut().enumerate() {
        let before = predictor;
        let known = before.iter().take(stage + 1).skip(1).enumerate();
        let sum = at(stage + 1) + known.map(|(index, weight)| weight * at(stage - index)).sum::<f32>();
        let reflection = if error > 0.0 { -sum / error } else { 0.0 };
        for (index, weight) in predictor.iter_mut().enumerate().take(stage + 1).skip(1) {
            *weight += reflection * before.get(stage + 1 - index).copied().unwrap_or_default();
        }
        if let Some(last) = predictor.get_mut(stage + 1) {
            *last = reflection;
        }
        error *= 1.0 - reflection * reflection;
        *slot = reflection;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(sound: &[i16]) -> f32 {
        let power = sound.iter().map(|&sample| f32::from(sample).powi(2)).sum::<f32>() / sound.len() as f32;
        10.0 * (power / (OVERLOAD * OVERLOAD)).max(1e-13).log10()
    }

    /// How alike neighbouring samples are: 1 where there are only low frequencies, −1 where only high ones.
    fn colour(sound: &[i16]) -> f32 {
        let product = sound.windows(2).map(|pair| f32::from(pair[0]) * f32::from(pair[1])).sum::<f32>();
        product / sound.iter().map(|&sample| f32::from(sample).powi(2)).sum::<f32>()
    }

    fn made(payload: &[u8]) -> Vec<i16> {
        let mut noise = Noise::new();
        noise.set(payload);
        let mut sound = Vec::new();
        noise.make(8000, &mut sound);
        sound
    }

    #[test]
    fn noise_has_the_level_it_is_said_to_have() {
        for (said, colours) in [(40, &[][..]), (60, &[127][..]), (50, &[200, 90][..]), (45, &[40, 200, 120, 127][..])] {
            let level = level(&made(&[&[said], colours].concat()));
            assert!((level + f32::from(said)).abs() < 1.5, "{level} dBov for -{said}");
        }
    }

    #[test]
    fn noise_that_is_described_sounds_the_same_again() {
        for payload in
            [[45, 20, 160, 127, 127, 127, 127], [50, 220, 127, 127, 127, 127, 127], [55, 127, 127, 127, 127, 127, 127]]
        {
            let sound = made(&payload);
            let mut again = Vec::new();
            describe(&sound, &mut again);
            assert_eq!(again.len(), ORDER + 1);
            let copy = made(&again);
            assert!((level(&copy) - level(&sound)).abs() < 1.5, "{payload:?} {again:?}");
            assert!((colour(&copy) - colour(&sound)).abs() < 0.1, "{payload:?} {again:?}");
        }
    }

    #[test]
    fn silence_is_described_as_the_softest_there_is() {
        let mut payload = Vec::new();
        describe(&[0; 160], &mut payload);
        assert_eq!(payload[0], SOFTEST);
        assert!(made(&payload).iter().all(|&sample| sample == 0));
        assert!(made(&[]).iter().all(|&sample| sample == 0));
    }

    #[test]
    fn nobody_is_deafened() {
        assert!(level(&made(&[0])) < -19.0);
    }

    proptest::proptest! {
        #[test]
        fn any_description_is_some_noise(payload in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..64)) {
            made(&payload);
        }
    }
}
