//! The sound a service leg makes: a script that yields one frame of µ-law every 20 ms.

mod sound;

#[cfg(test)]
pub(crate) use sound::spoken;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use audio_codec_algorithms::convert_ulaw_to_alaw;

use crate::dtmf::Digit;
use crate::format::Codec;
use crate::params::Service;

/// Time a frame lasts.
pub(crate) const FRAME: Duration = Duration::from_millis(20);
/// Samples, and bytes, of a frame.
pub(crate) const FRAME_LEN: usize = sound::RATE / 50;
/// A late loop catches up to here and gives up on what is older: a burst helps nobody.
const MAX_LATE: Duration = Duration::from_millis(100);

const TONE_LEN: usize = 3 * sound::RATE;
const PAUSE_LEN: usize = sound::RATE / 2;
/// Between two spoken keys.
const KEY_GAP: usize = sound::RATE / 8;
/// Nothing keyed for this long: the readback begins.
const READBACK_PAUSE: Duration = Duration::from_millis(1500);
/// Keys remembered for reading back.
const MAX_KEYS: usize = 32;

/// One frame of sound, numbered as a stream of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The samples, µ-law.
    pub samples: [u8; FRAME_LEN],
    /// The frame's number.
    pub sequence: u16,
    /// The number of its first sample.
    pub timestamp: u32,
}

impl Frame {
    /// The samples in the G.711 of either law.
    #[must_use]
    pub(crate) fn coded(&self, codec: Codec) -> [u8; FRAME_LEN] {
        match codec {
            Codec::Pcma => self.samples.map(convert_ulaw_to_alaw),
            _ => self.samples,
        }
    }
}

/// Plays a service's sound. It begins with the first frame asked for.
#[derive(Debug)]
pub(crate) struct Player {
    script: Script,
    due: Option<Instant>,
    frames: u32,
}

#[derive(Debug)]
enum Script {
    Echo,
    Tone { period: Box<[u8]>, position: usize },
    Readback(Readback),
}

impl Player {
    /// The player of a service.
    #[must_use]
    pub(crate) fn new(service: Service) -> Self {
        let script = match service {
            Service::Echo => Script::Echo,
            Service::Tone => Script::Tone { period: Box::new(sound::tone()), position: 0 },
            Service::DtmfReadback => Script::Readback(Readback::default()),
        };
        Self { script, due: None, frames: 0 }
    }

    /// Whether what the other leg sends is to go back to it.
    #[must_use]
    pub(crate) const fn echoes(&self) -> bool {
        matches!(self.script, Script::Echo)
    }

    /// Begins to play, if there is anything to play and it has not begun.
    pub(crate) fn start(&mut self, now: Instant) {
        if !self.echoes() {
            self.due.get_or_insert(now);
        }
    }

    /// Stops playing.
    pub(crate) fn stop(&mut self) {
        self.due = None;
    }

    /// When the next frame is due.
    #[must_use]
    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// Lets the time of a frame pass without playing one.
    pub(crate) fn wait(&mut self, now: Instant) {
        if self.due.is_some_and(|due| due <= now) {
            self.due = Some(now + FRAME);
        }
    }

    /// The next frame, when it is due.
    pub(crate) fn frame(&mut self, now: Instant) -> Option<Frame> {
        let due = self.due.filter(|&due| due <= now)?;
        let next = due + FRAME;
        let late = now.saturating_duration_since(next) > MAX_LATE;
        self.due = Some(if late { now + FRAME } else { next });
        let samples = match &mut self.script {
            Script::Echo => return None,
            Script::Tone { period, position } => std::array::from_fn(|_| next_of_tone(period, position)),
            Script::Readback(readback) => readback.frame(now),
        };
        let number = self.frames;
        self.frames = number.wrapping_add(1);
        Some(Frame { samples, sequence: number as u16, timestamp: number.wrapping_mul(FRAME_LEN as u32) })
    }

    /// A key was pressed at the other leg.
    pub(crate) fn press(&mut self, now: Instant, digit: Digit) {
        if let Script::Readback(readback) = &mut self.script {
            readback.press(now, digit);
        }
    }
}

/// Tone, pause, sentence, pause, and again.
fn next_of_tone(period: &[u8], position: &mut usize) -> u8 {
    let at = *position;
    *position = (at + 1) % (TONE_LEN + PAUSE_LEN + sound::SENTENCE.len() + PAUSE_LEN);
    let sample = if at < TONE_LEN {
        period.get(at % period.len().max(1))
    } else {
        at.checked_sub(TONE_LEN + PAUSE_LEN).and_then(|at| sound::SENTENCE.get(at))
    };
    sample.copied().unwrap_or(sound::SILENCE)
}

/// Collects keys, and when no more come speaks them.
#[derive(Debug, Default)]
struct Readback {
    keyed: VecDeque<Digit>,
    last: Option<Instant>,
    speaking: VecDeque<Digit>,
    position: usize,
}

impl Readback {
    fn press(&mut self, now: Instant, digit: Digit) {
        if self.keyed.len() < MAX_KEYS {
            self.keyed.push_back(digit);
        }
        self.last = Some(now);
    }

    fn frame(&mut self, now: Instant) -> [u8; FRAME_LEN] {
        let rested = self.last.is_some_and(|last| now >= last + READBACK_PAUSE);
        if self.speaking.is_empty() && rested {
            std::mem::swap(&mut self.speaking, &mut self.keyed);
            self.last = None;
        }
        std::array::from_fn(|_| self.next())
    }

    fn next(&mut self) -> u8 {
        let Some(&digit) = self.speaking.front() else {
            return sound::SILENCE;
        };
        let sound = sound::key(digit);
        let sample = sound.get(self.position).copied();
        self.position += 1;
        if self.position >= sound.len() + KEY_GAP {
            self.position = 0;
            self.speaking.pop_front();
        }
        sample.unwrap_or(sound::SILENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything a player says in that time.
    fn play(player: &mut Player, from: Instant, time: Duration) -> Vec<u8> {
        let mut played = Vec::new();
        let mut now = from;
        while now < from + time {
            if let Some(frame) = player.frame(now) {
                played.extend(frame.samples);
            }
            now += FRAME;
        }
        played
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn what_nobody_hears_yet_is_not_used_up() {
        let now = crate::simulated::origin();
        let mut player = Player::new(Service::Tone);
        player.start(now);
        player.wait(now);
        assert_eq!(player.frame(now), None);
        let first = player.frame(now + FRAME).unwrap();
        assert_eq!((first.sequence, first.timestamp), (0, 0));
    }

    #[test]
    fn the_tone_service_plays_tone_and_sentence_and_begins_again() {
        let mut player = Player::new(Service::Tone);
        let now = crate::simulated::origin();
        player.start(now);
        let played = play(&mut player, now, seconds(20));
        assert_eq!(played.len(), 20 * sound::RATE);
        let tone = sound::tone();
        assert_eq!(played[..200], tone);
        assert_eq!(played[TONE_LEN - 200..TONE_LEN], tone);
        assert!(played[TONE_LEN..TONE_LEN + PAUSE_LEN].iter().all(|&code| code == sound::SILENCE));
        let sentence = TONE_LEN + PAUSE_LEN;
        assert!(played[sentence..].starts_with(sound::SENTENCE));
        let again = sentence + sound::SENTENCE.len() + PAUSE_LEN;
        assert_eq!(played[again..again + 200], tone);
    }

    #[test]
    fn nothing_is_played_before_the_start_nor_after_the_stop() {
        let mut player = Player::new(Service::Tone);
        let now = crate::simulated::origin();
        assert_eq!(player.frame(now), None);
        player.start(now);
        assert!(player.frame(now).is_some());
        player.stop();
        assert_eq!(player.frame(now + FRAME), None);
    }

    #[test]
    fn an_echo_has_no_sound_of_its_own() {
        let mut player = Player::new(Service::Echo);
        player.start(crate::simulated::origin());
        assert!(player.echoes() && player.deadline().is_none());
    }

    #[test]
    fn keys_are_read_back_in_order_after_a_pause() {
        let mut player = Player::new(Service::DtmfReadback);
        let now = crate::simulated::origin();
        player.start(now);
        let keys = ['4', '2', '#'].map(|key| Digit::from_char(key).unwrap());
        for key in keys {
            player.press(now, key);
        }
        let quiet = play(&mut player, now, READBACK_PAUSE);
        assert!(quiet.iter().all(|&code| code == sound::SILENCE));
        let mut spoken = &play(&mut player, now + READBACK_PAUSE, seconds(5))[..];
        for key in keys {
            assert!(spoken.starts_with(sound::key(key)));
            spoken = &spoken[sound::key(key).len() + KEY_GAP..];
        }
        assert!(spoken.iter().all(|&code| code == sound::SILENCE));
    }

    #[test]
    fn no_more_keys_are_remembered_than_a_person_would_listen_to() {
        let mut readback = Readback::default();
        for _ in 0..1000 {
            readback.press(crate::simulated::origin(), Digit::from_event(1).unwrap());
        }
        assert_eq!(readback.keyed.len(), MAX_KEYS);
    }

    #[test]
    fn a_loop_that_was_late_does_not_burst() {
        let mut player = Player::new(Service::Tone);
        let now = crate::simulated::origin();
        player.start(now);
        player.frame(now);
        let late = now + seconds(10);
        let frames = std::iter::from_fn(|| player.frame(late)).count();
        assert_eq!(frames, 1);
    }
}
