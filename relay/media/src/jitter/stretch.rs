//! Sound made shorter or longer without a change of its pitch: a period of it is taken out or
//! played twice, and the ends are faded into each other.

/// The shortest period looked for: 400 Hz.
const SHORTEST: u32 = 400;
/// The longest: 80 Hz.
const LONGEST: u32 = 80;
/// How alike two periods in a row must be, as the square of their correlation.
const ALIKE: f64 = 0.6;
/// Mean square below which a sound is silence, where every cut does.
const QUIET: f64 = 900.0;

/// Takes a period out of `sound`. Returns the samples it is shorter by: none where it has no two
/// periods alike.
pub(crate) fn shorten(sound: &mut Vec<i16>, rate: u32) -> usize {
    let Some(period) = period(sound, rate) else { return 0 };
    // The first period becomes the second, little by little; what comes after the second follows.
    for index in 0..period {
        let (Some(&first), Some(&second)) = (sound.get(index), sound.get(index + period)) else { return 0 };
        if let Some(sample) = sound.get_mut(index) {
            *sample = fade(first, second, index, period);
        }
    }
    sound.drain(period..2 * period);
    period
}

/// Plays a period of `sound` twice. Returns the samples it is longer by: none where it has no two
/// periods alike.
pub(crate) fn lengthen(sound: &mut Vec<i16>, rate: u32) -> usize {
    let Some(period) = period(sound, rate) else { return 0 };
    let whole = sound.len();
    // Room in the middle: the second period becomes the first again, then follows as it was.
    sound.resize(whole + period, 0);
    sound.copy_within(period..whole, 2 * period);
    for index in 0..period {
        let (Some(&first), Some(&second)) = (sound.get(index), sound.get(index + 2 * period)) else { return 0 };
        if let Some(sample) = sound.get_mut(index + period) {
            *sample = fade(second, first, index, period);
        }
    }
    period
}

/// The length after which the beginning of `sound` repeats itself best.
fn period(sound: &[i16], rate: u32) -> Option<usize> {
    let shortest = (rate / SHORTEST) as usize;
    let longest = ((rate / LONGEST) as usize).min(sound.len() / 2);
    if shortest == 0 || longest < shortest {
        return None;
    }
    let energy: f64 = sound.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    if energy / (sound.len() as f64) < QUIET {
        return Some(longest);
    }
    let likeness = |period: usize| {
        let (mut product, mut first, mut second) = (0.0, 0.0, 0.0);
        let pairs = sound.iter().zip(sound.iter().skip(period)).take(period);
        for (one, other) in pairs.map(|(one, other)| (f64::from(*one), f64::from(*other))) {
            product += one * other;
            first += one * one;
            second += other * other;
        }
        if product <= 0.0 { 0.0 } else { product * product / (first * second) }
    };
    let best = (shortest..=longest).map(|period| (period, likeness(period))).max_by(|a, b| a.1.total_cmp(&b.1))?;
    (best.1 >= ALIKE).then_some(best.0)
}

/// From one sample to the other, `index` of `count` of the way.
fn fade(from: i16, to: i16, index: usize, count: usize) -> i16 {
    let part = index as f64 / count.max(1) as f64;
    (f64::from(from) * (1.0 - part) + f64::from(to) * part).round() as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 16_000;

    fn tone(hertz: f64, milliseconds: u32) -> Vec<i16> {
        let count = RATE / 1000 * milliseconds;
        let angle = |index| std::f64::consts::TAU * hertz * f64::from(index) / f64::from(RATE);
        (0..count).map(|index| (angle(index).sin() * 8000.0) as i16).collect()
    }

    /// The largest step from sample to sample.
    fn roughest(sound: &[i16]) -> u32 {
        sound.windows(2).map(|pair| (i32::from(pair[0]) - i32::from(pair[1])).unsigned_abs()).max().unwrap_or(0)
    }

    #[test]
    fn a_tone_gets_shorter_or_longer_by_whole_periods_and_has_no_click() {
        let before = tone(150.0, 20);
        for change in [shorten as fn(&mut Vec<i16>, u32) -> usize, lengthen] {
            let mut after = before.clone();
            let samples = change(&mut after, RATE);
            assert_eq!(samples, 107, "one period of 150 Hz");
            assert_eq!(after.len().abs_diff(before.len()), samples);
            assert!(roughest(&after) <= roughest(&before) * 5 / 4, "{} {}", roughest(&after), roughest(&before));
            assert_eq!((after.first(), after.last()), (before.first(), before.last()));
        }
    }

    #[test]
    fn silence_is_cut_anywhere() {
        let mut sound = vec![3; 320];
        assert_eq!((shorten(&mut sound, RATE), sound.len()), (160, 160));
        assert_eq!((lengthen(&mut sound, RATE), sound.len()), (80, 240));
    }

    #[test]
    fn noise_without_a_period_is_left_alone() {
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as i16
        };
        let before: Vec<i16> = (0..320).map(|_| noise()).collect();
        let mut after = before.clone();
        assert_eq!((shorten(&mut after, RATE), lengthen(&mut after, RATE)), (0, 0));
        assert_eq!(after, before);
    }

    #[test]
    fn what_is_too_short_is_left_alone() {
        for count in 0..80 {
            assert_eq!(shorten(&mut vec![0; count], RATE), 0, "{count}");
        }
        assert_eq!(shorten(&mut vec![0; 100], 0), 0);
    }
}
