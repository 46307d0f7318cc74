//! Keys as sound: two sines of equal level and a pause, in frames of 20 ms.

use std::f32::consts::TAU;
use std::time::{Duration, Instant};

use super::{FREQUENCIES, RATE, REFERENCE, ROWS, place_of};
use crate::codec::{Coded, Encoder};
use crate::dtmf::{Digit, Digits};
use crate::format::{Codec, SoundWishes};
use crate::orders::{Next, Orders};

/// Time a frame lasts.
pub(crate) const FRAME: Duration = Duration::from_millis(20);
const FRAMES_PER_SECOND: u32 = 50;
/// Samples of a frame at the lowest rate of all.
pub(crate) const FRAME_LEN: usize = (RATE / FRAMES_PER_SECOND) as usize;
/// The level of each of the two tones, in dBm0.
const LEVEL: f32 = -9.0;
/// Q.24 has a receiver take 40 ms; whatever it is that listens there may want more.
const SHORTEST: Duration = Duration::from_millis(70);
const LONGEST: Duration = Duration::from_secs(8);
/// A late loop catches up to here and gives up on what is older.
const MAX_LATE: Duration = Duration::from_millis(100);

/// Plays orders of keys one after the other.
pub(crate) struct Sender {
    encoder: Option<(Codec, Encoder)>,
    orders: Orders,
    playing: Option<Playing>,
    due: Instant,
    frames: u32,
}

#[derive(Debug, Clone, Copy)]
struct Playing {
    digit: Digit,
    /// The next frame, counted from the beginning of the tone.
    frame: u32,
    tone: u32,
    /// Tone and pause.
    whole: u32,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Send this frame.
    Send(Frame),
    /// An announced order has been played to its end.
    Done,
    /// Nothing is left to play.
    Idle,
}

/// A frame, numbered as in a stream of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The frame's number.
    pub sequence: u16,
    /// The same, counted on.
    number: u32,
    /// The key that sounds in it, and the how many-th frame of it this is. A pause has none.
    sound: Option<(Digit, u32)>,
}

impl Frame {
    /// Its samples, so many to the frame.
    #[must_use]
    pub(crate) fn samples<const N: usize>(&self) -> [i16; N] {
        self.sound.map_or([0; N], |(digit, frame)| tone(digit, frame))
    }

    /// Its timestamp on a clock of so many Hz.
    #[must_use]
    pub(crate) const fn timestamp(&self, clock: u32) -> u32 {
        self.number.wrapping_mul(clock / FRAMES_PER_SECOND)
    }
}

impl Sender {
    /// A sender that begins at `due`.
    #[must_use]
    pub(crate) fn new(due: Instant) -> Self {
        Self { encoder: None, orders: Orders::default(), playing: None, due, frames: 0 }
    }

    /// Queues an order, whose end is reported as [`Step::Done`] if `announced`. `false` when too many keys are waiting.
    pub(crate) fn order(&mut self, digits: &Digits, tone: Duration, gap: Duration, announced: bool) -> bool {
        self.orders.push(digits, tone.clamp(SHORTEST, LONGEST), gap.clamp(SHORTEST, LONGEST), announced)
    }

    /// When [`Sender::step`] is due.
    #[must_use]
    pub(crate) const fn deadline(&self) -> Instant {
        self.due
    }

    /// How many announced orders have not come to their end.
    #[must_use]
    pub(crate) fn announced(&self) -> usize {
        self.orders.announced()
    }

    /// Appends a frame as a payload. `false` where the codec cannot be had.
    pub(crate) fn encode(&mut self, codec: Codec, frame: &Frame, payload: &mut Vec<u8>) -> bool {
        if self.encoder.as_ref().is_none_or(|(known, _)| *known != codec) {
            // Keys are tones below 2 kHz.
            self.encoder = Encoder::new(codec, RATE, &SoundWishes::default()).map(|encoder| (codec, encoder));
        }
        let Some((_, encoder)) = &mut self.encoder else { return false };
        let coded = match encoder.rate() {
            RATE => encoder.encode(&frame.samples::<FRAME_LEN>(), payload),
            _ => encoder.encode(&frame.samples::<{ 2 * FRAME_LEN }>(), payload),
        };
        coded == Coded::Speech
    }

    /// The next step, if it is due. Call until `None`, or [`Step::Idle`].
    pub(crate) fn step(&mut self, now: Instant) -> Option<Step> {
        if self.due > now {
            return None;
        }
        let playing = match self.playing {
            Some(playing) => playing,
            None => match self.orders.take() {
                Some(Next::Key(digit, tone, gap)) => {
                    let tone = frames(tone);
                    Playing { digit, frame: 0, tone, whole: tone + frames(gap) }
                }
                Some(Next::Done) => return Some(Step::Done),
                None => return Some(Step::Idle),
            },
        };
        let frame = Frame {
            sequence: self.frames as u16,
            number: self.frames,
            sound: (playing.frame < playing.tone).then_some((playing.digit, playing.frame)),
        };
        let played = Playing { frame: playing.frame + 1, ..playing };
        self.playing = (played.frame < played.whole).then_some(played);
        self.frames = self.frames.wrapping_add(1);
        let next = self.due + FRAME;
        self.due = if now.saturating_duration_since(next) > MAX_LATE { now + FRAME } else { next };
        Some(Step::Send(frame))
    }
}

/// Whole frames that last so long.
fn frames(time: Duration) -> u32 {
    u32::try_from(time.as_micros().div_ceil(FRAME.as_micros())).unwrap_or(u32::MAX)
}

/// A frame of a key's two tones, of so many samples.
fn tone<const N: usize>(digit: Digit, frame: u32) -> [i16; N] {
    let Some((row, column)) = place_of(digit) else { return [0; N] };
    let amplitude = REFERENCE * 10f32.powf(LEVEL / 20.0);
    let pair = [row, ROWS + column].map(|at| FREQUENCIES.get(at).copied().unwrap_or_default());
    let (begin, rate) = (frame % FRAMES_PER_SECOND, N as u32 * FRAMES_PER_SECOND);
    std::array::from_fn(|at| {
        // The frequencies are whole numbers: whatever second it is, the phase is that of the first.
        let time = (begin * N as u32 + at as u32) as f32 / rate as f32;
        pair.iter().map(|frequency| amplitude * (TAU * frequency * time).sin()).sum::<f32>() as i16
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::in_band::detector::Detector;

    const TONE: Duration = Duration::from_millis(100);

    /// Plays a sender to its end: when each frame was sent, and the frames; how often an order ended.
    fn play(sender: &mut Sender, begin: Instant) -> (Vec<(Duration, Frame)>, usize) {
        let (mut frames, mut done) = (Vec::new(), 0);
        loop {
            let now = sender.deadline();
            match sender.step(now) {
                Some(Step::Send(frame)) => frames.push((now - begin, frame)),
                Some(Step::Done) => done += 1,
                Some(Step::Idle) | None => return (frames, done),
            }
        }
    }

    fn ordered(keys: &str, tone: Duration, gap: Duration) -> (Sender, Instant) {
        let now = crate::simulated::origin();
        let mut sender = Sender::new(now);
        assert!(sender.order(&keys.parse().unwrap(), tone, gap, true));
        (sender, now)
    }

    #[test]
    fn every_key_is_heard_by_the_detector_for_as_long_as_it_was_pressed() {
        let (mut sender, now) = ordered("0123456789*#ABCD", TONE, TONE);
        let (frames, done) = play(&mut sender, now);
        assert_eq!((frames.len(), done), (16 * 10, 1));
        let mut detector = Detector::new();
        let samples = frames.iter().flat_map(|(_, frame)| frame.samples::<FRAME_LEN>());
        let heard: Vec<_> = samples.filter_map(|sample| detector.hear(sample)).collect();
        let keys: String = heard.iter().map(|tone| tone.digit.as_char()).collect();
        assert_eq!(keys, "0123456789*#ABCD");
        assert!(heard.iter().all(|tone| (700..=850).contains(&tone.samples)), "{heard:?}");
    }

    #[test]
    fn frames_are_numbered_and_20_ms_apart() {
        let (mut sender, now) = ordered("12", TONE, TONE);
        let (frames, _) = play(&mut sender, now);
        for (at, (sent, frame)) in frames.iter().enumerate() {
            assert_eq!(*sent, FRAME * at as u32);
            assert_eq!((usize::from(frame.sequence), frame.timestamp(8000) as usize), (at, at * FRAME_LEN));
        }
    }

    #[test]
    fn a_tone_and_a_pause_last_70_ms_at_least() {
        let (mut sender, now) = ordered("1", Duration::ZERO, Duration::ZERO);
        let (frames, _) = play(&mut sender, now);
        let loud =
            frames.iter().filter(|(_, frame)| frame.samples::<FRAME_LEN>().iter().any(|&sample| sample != 0)).count();
        assert_eq!((loud, frames.len() - loud), (4, 4));
    }

    #[test]
    fn both_tones_have_the_same_level_of_minus_9_dbm0() {
        let (mut sender, now) = ordered("5", Duration::from_secs(1), TONE);
        let (frames, _) = play(&mut sender, now);
        let samples: Vec<f32> =
            frames.iter().take(50).flat_map(|(_, frame)| frame.samples::<FRAME_LEN>()).map(f32::from).collect();
        for frequency in [770.0, 1336.0] {
            let sum = |function: fn(f32) -> f32| -> f32 {
                let turn = |at: usize| function(TAU * frequency * at as f32 / RATE as f32);
                samples.iter().enumerate().map(|(at, sample)| sample * turn(at)).sum()
            };
            let amplitude = sum(f32::sin).hypot(sum(f32::cos)) * 2.0 / samples.len() as f32;
            let level = 20.0 * (amplitude / REFERENCE).log10();
            assert!((level - LEVEL).abs() < 0.1, "{level} dBm0 at {frequency} Hz");
        }
        let peak = samples.iter().fold(0f32, |most, sample| most.max(sample.abs()));
        assert!(peak < 16_000.0, "nothing is cut off: {peak}");
    }

    #[test]
    fn a_loop_that_was_late_does_not_burst() {
        let (mut sender, now) = ordered("1", TONE, TONE);
        sender.step(now);
        let late = now + Duration::from_secs(10);
        assert!(matches!(sender.step(late), Some(Step::Send(_))));
        assert_eq!(sender.step(late), None);
    }
}
