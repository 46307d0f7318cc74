//! Sound in the place of lost packets, for codecs that have no way of their own: the last period of the voice goes on, and
//! fades, much as in Appendix I of ITU-T G.711. Unlike there nothing is delayed for it.

use super::samples;

/// Sound that is remembered, in milliseconds: the longest period and what it is compared with.
const MEMORY: u32 = 36;
/// What is compared.
const TEMPLATE: u32 = 20;
/// The shortest period of a voice, of 200 Hz: of a higher one several are taken for one.
const SHORTEST: u32 = 5;
/// The longest, of 66 Hz.
const LONGEST: u32 = 15;
/// The sound goes on at full level for so long,
const LOUD: u32 = 10;
/// and is gone after so long.
const GONE: u32 = 60;
/// The seam between what is made up and what comes next.
const SEAM: u32 = 5;

/// Remembers sound, and makes more of it.
pub(super) struct Concealment {
    rate: u32,
    /// The last of what was heard.
    memory: Vec<i16>,
    /// What goes on; empty while nothing is lost.
    period: Vec<i16>,
    /// Samples made up since the last packet.
    made: usize,
    /// By how much the first of them is off from the last that was heard.
    step: f32,
}

impl Concealment {
    /// Nothing has been heard.
    pub(super) fn new(rate: u32) -> Self {
        Self { rate, memory: vec![0; samples(rate, MEMORY)], period: Vec::new(), made: 0, step: 0.0 }
    }

    /// Sound that came. Its beginning is mixed with the end of what was made up before it.
    pub(super) fn heard(&mut self, sound: &mut [i16]) {
        if !self.period.is_empty() {
            let seam = samples(self.rate, SEAM).min(sound.len());
            for (at, sample) in sound.iter_mut().take(seam).enumerate() {
                let weight = (at as f32 + 0.5) / seam as f32;
                *sample = (f32::from(*sample) * weight + self.next() * (1.0 - weight)) as i16;
            }
            self.period.clear();
        }
        self.remember(sound);
    }

    /// Appends that many samples in the place of what did not come.
    pub(super) fn conceal(&mut self, count: usize, out: &mut Vec<i16>) {
        if self.period.is_empty() {
            self.begin();
        }
        let begin = out.len();
        for _ in 0..count {
            let sample = self.next();
            out.push(sample as i16);
        }
        self.remember(out.get(begin..).unwrap_or_default());
    }

    fn begin(&mut self) {
        let period = self.find_period();
        let memory = &self.memory;
        let last = memory.get(memory.len().saturating_sub(period)..).unwrap_or_default();
        let before = memory.get(memory.len().saturating_sub(2 * period)..).unwrap_or_default();
        // Where it begins again it shall have no edge: its end becomes that of the period before.
        let blend = period / 4;
        self.period.clear();
        self.period.extend(last.iter().zip(before).enumerate().map(|(at, (&last, &before))| {
            let into = (at + blend).saturating_sub(period) as f32 / blend.max(1) as f32;
            (f32::from(last) * (1.0 - into) + f32::from(before) * into) as i16
        }));
        self.made = 0;
        let off = memory.last().copied().unwrap_or_default();
        let expected = before.get(period.saturating_sub(1)).copied().unwrap_or_default();
        self.step = f32::from(off) - f32::from(expected);
    }

    /// The distance at which what was heard last is most like what was before it.
    fn find_period(&self) -> usize {
        let (shortest, longest) = (samples(self.rate, SHORTEST), samples(self.rate, LONGEST));
        let template = samples(self.rate, TEMPLATE);
        let begin = self.memory.len().saturating_sub(template);
        let recent = self.memory.get(begin..).unwrap_or_default();
        let likeness = |lag: usize| {
            let earlier = self.memory.get(begin.saturating_sub(lag)..).unwrap_or_default();
            let (mut product, mut energy) = (0.0f32, 1.0f32);
            for (&now, &then) in recent.iter().zip(earlier) {
                product += f32::from(now) * f32::from(then);
                energy += f32::from(then) * f32::from(then);
            }
            product / energy.sqrt()
        };
        let best = (shortest..=longest).map(|lag| (lag, likeness(lag))).max_by(|one, other| one.1.total_cmp(&other.1));
        best.map_or(longest, |(lag, _)| lag)
    }

    fn next(&mut self) -> f32 {
        let at = self.made.checked_rem(self.period.len()).unwrap_or_default();
        let sample = self.period.get(at).copied().map(f32::from).unwrap_or_default();
        let edge = samples(self.rate, SEAM) / 2;
        let step = self.step * edge.saturating_sub(self.made) as f32 / edge as f32;
        let (loud, gone) = (samples(self.rate, LOUD), samples(self.rate, GONE));
        let level = 1.0 - self.made.saturating_sub(loud) as f32 / (gone - loud) as f32;
        self.made = self.made.saturating_add(1);
        // The period was heard, and so fits; with the step it may not.
        ((sample + step) * level.max(0.0)).clamp(f32::from(i16::MIN), f32::from(i16::MAX))
    }

    fn remember(&mut self, sound: &[i16]) {
        let length = self.memory.len();
        let sound = sound.get(sound.len().saturating_sub(length)..).unwrap_or_default();
        let kept = length - sound.len();
        self.memory.copy_within(sound.len().., 0);
        if let Some(end) = self.memory.get_mut(kept..) {
            end.copy_from_slice(sound);
        }
    }
}
