//! Comfort noise: an excitation of the told level, part pulses and past, part white noise, §B.4.4.

use crate::SUBFRAME;
use crate::bits::Index;
use crate::excitation::Excitation;
use crate::filter::dot;
use crate::lag::Lag;
use crate::pulses::Pulses;
use crate::random::Random;

/// The share of what resembles speech; the rest is white.
const SPEECH_LIKE: f32 = 0.6;

/// The noise of one pause after another.
#[derive(Debug, Clone)]
pub(crate) struct ComfortNoise {
    /// The level that was told last.
    told: f32,
    /// The level it has by now.
    level: f32,
    random: Random,
}

impl ComfortNoise {
    /// None so far.
    pub(crate) const fn new() -> Self {
        Self { told: 0.0, level: 0.0, random: Random::noise() }
    }

    /// A descriptor told a level.
    pub(crate) fn tell(&mut self, level: f32) {
        self.told = level;
    }

    /// A frame of the pause begins; the first after speech has the level at once, others come near to it.
    pub(crate) fn begin_frame(&mut self, after_speech: bool) {
        self.level = if after_speech { self.told } else { 0.875 * self.level + 0.125 * self.told };
    }

    /// Starts the noise as it does after each speech frame.
    pub(crate) fn restart(&mut self) {
        self.random = Random::noise();
    }

    /// The excitation of a subframe.
    pub(crate) fn excitation(&mut self, past: &mut Excitation) -> [f32; SUBFRAME] {
        if self.level <= 0.0 {
            return [0.0; SUBFRAME];
        }
        let draw = self.random.next();
        let thirds = [-1, 0, 1][usize::from(draw >> 14) % 3];
        let lag = Lag::fractional(40 + usize::from(self.random.next() & 63), thirds);
        let pulses = Pulses::new(Index::new(usize::from(self.random.next())), Index::new(usize::from(draw)));
        let pitch = f32::from(self.random.next() & 0x3fff) / 32768.0;
        let like_speech = self.like_speech(&past.adaptive(lag), &pulses.vector(), pitch);
        let white = std::array::from_fn(|_| self.level * self.random.normal());
        mix(&like_speech, &white)
    }

    /// The past and the pulses, together as loud as told.
    fn like_speech(&self, past: &[f32; SUBFRAME], pulses: &[f32; SUBFRAME], pitch: f32) -> [f32; SUBFRAME] {
        let wanted = SUBFRAME as f32 * self.level * self.level;
        let (energy, common) = (dot(past, past), dot(past, pulses));
        // The four pulses have an energy of 4: 4 g² + 2 g·pitch·common + pitch²·energy = wanted. The pitch gain is
        // small enough for that to have a solution.
        let limit = wanted / (energy - common * common / 4.0).max(1e-6);
        let pitch = pitch.min(limit.sqrt());
        let half = pitch * common / 4.0;
        let root = (half * half + (wanted - pitch * pitch * energy) / 4.0).max(0.0).sqrt();
        let code = if half > 0.0 { root - half } else { -root - half };
        std::array::from_fn(|n| pitch * past[n] + code * pulses[n])
    }
}

/// Adds as much white noise that the whole keeps the energy of the first part.
fn mix(like_speech: &[f32; SUBFRAME], white: &[f32; SUBFRAME]) -> [f32; SUBFRAME] {
    let (energy, of_white) = (dot(like_speech, like_speech), dot(white, white));
    if of_white <= 0.0 {
        return *like_speech;
    }
    let cross = SPEECH_LIKE * dot(like_speech, white);
    let rest = (1.0 - SPEECH_LIKE * SPEECH_LIKE) * energy;
    let share = ((cross * cross + of_white * rest).sqrt() - cross) / of_white;
    std::array::from_fn(|n| SPEECH_LIKE * like_speech[n] + share * white[n])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_is_as_loud_as_told() {
        for level in [0.3, 10.0, 500.0] {
            let (mut noise, mut past) = (ComfortNoise::new(), Excitation::silent());
            noise.tell(level);
            noise.begin_frame(true);
            for _ in 0..50 {
                let subframe = noise.excitation(&mut past);
                past.push(&subframe);
                let loudness = (dot(&subframe, &subframe) / SUBFRAME as f32).sqrt();
                assert!((loudness / level - 1.0).abs() < 0.01, "{loudness} for {level}");
            }
        }
    }

    #[test]
    fn the_level_changes_slowly_within_a_pause() {
        let mut noise = ComfortNoise::new();
        noise.tell(100.0);
        noise.begin_frame(true);
        noise.tell(200.0);
        noise.begin_frame(false);
        assert!((noise.level - 112.5).abs() < 1e-3);
    }
}
