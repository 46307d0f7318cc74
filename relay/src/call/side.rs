use offhook_media::{Codec, Direction};

use super::leg::{Description, Identity, Sound, Video};
use super::transcoding::Transcoding;

/// Which end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// The end that called.
    Caller,
    /// The end that is called.
    Callee,
    /// Whom a transfer calls; then the end that has left the call by it.
    Third,
}

impl Party {
    /// The opposite end. The third party has none: it is not in the call yet, or not any more.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
            Self::Third => Self::Third,
        }
    }
}

/// What a leg is made of. The core treats all alike but for one thing: keys heard in RTP have already reached a SIP leg as
/// RTP when the core learns of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegKind {
    /// A browser.
    Browser,
    /// A SIP dialog.
    Sip,
    /// A service number of the relay.
    Service,
}

/// How far a leg is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Live,
    /// Told to end; its `Ended` is awaited.
    Ending,
    Ended,
}

#[derive(Debug)]
pub(super) struct Side {
    pub(super) kind: LegKind,
    pub(super) life: Life,
    /// Who is there, as others are shown.
    pub(super) who: Identity,
    /// The direction the leg last asked for, as the relay sees it.
    pub(super) wants: Direction,
    /// What it last answered to a change of the other end's; `None` once it has asked for one itself.
    pub(super) answered: Option<Direction>,
    /// The codecs it has named as its own, most preferred first.
    pub(super) codecs: Vec<Codec>,
    /// The picture it has named as its own.
    pub(super) video: Option<Video>,
    /// What it has said of the sound it takes.
    pub(super) sound: Sound,
    /// Whether it takes comfort noise.
    pub(super) comfort_noise: bool,
    /// Whether it may speak another codec than the other end.
    pub(super) transcoding: Transcoding,
    /// What was last agreed with it, as it was told.
    pub(super) settled: Option<Description>,
    /// A change was offered to it, and its result is awaited.
    pub(super) is_asked: bool,
    /// What it was asked has been overtaken; whatever it says, it is asked again.
    pub(super) is_stale: bool,
    /// It asked for a change and awaits the answer.
    pub(super) asks: bool,
}

impl Side {
    pub(super) fn new(kind: LegKind, who: Identity) -> Self {
        Self {
            kind,
            life: Life::Live,
            who,
            wants: Direction::SendRecv,
            answered: None,
            codecs: Vec::new(),
            video: None,
            sound: Sound::default(),
            comfort_noise: false,
            // One that has said nothing objects to nothing.
            transcoding: Transcoding::Needed,
            settled: None,
            is_asked: false,
            is_stale: false,
            asks: false,
        }
    }

    /// Nobody.
    pub(super) fn absent() -> Self {
        Self { life: Life::Ended, ..Self::new(LegKind::Service, Identity::default()) }
    }

    /// Takes note of what the leg says of itself.
    pub(super) fn named(&mut self, audio: &Description) {
        self.wants = audio.direction;
        self.codecs.clone_from(&audio.codecs);
        self.video.clone_from(&audio.video);
        self.sound = audio.sound;
        self.comfort_noise = audio.comfort_noise;
        self.transcoding = audio.transcoding;
    }

    /// Takes note of codecs it has answered with: it may be asked for them again.
    pub(super) fn has_spoken(&mut self, codecs: &[Codec]) {
        let unknown = codecs.iter().filter(|codec| !self.codecs.contains(codec)).copied().collect::<Vec<_>>();
        self.codecs.extend(unknown);
    }
}

/// The same description as the other end is told it.
pub(super) fn across(description: Description) -> Description {
    let direction = mirrored(description.direction);
    Description { direction, video: description.video.map(video_across), ..description }
}

/// The same picture as the other end is told of it.
pub(super) fn video_across(video: Video) -> Video {
    Video { direction: mirrored(video.direction), ..video }
}

/// What holds at one end when `towards_other` holds at the other: sending here is receiving there.
pub(super) fn mirrored(towards_other: Direction) -> Direction {
    direction(towards_other.receives(), towards_other.sends())
}

/// What both allow.
pub(super) fn both(a: Direction, b: Direction) -> Direction {
    direction(a.sends() && b.sends(), a.receives() && b.receives())
}

pub(super) fn direction(sends: bool, receives: bool) -> Direction {
    match (sends, receives) {
        (true, true) => Direction::SendRecv,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::RecvOnly,
        (false, false) => Direction::Inactive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Direction; 4] = [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];

    #[test]
    fn mirroring_twice_changes_nothing() {
        for direction in ALL {
            assert_eq!(mirrored(mirrored(direction)), direction);
        }
    }

    #[test]
    fn what_both_allow_is_never_more_than_either() {
        for a in ALL {
            for b in ALL {
                let common = both(a, b);
                assert!(!common.sends() || (a.sends() && b.sends()));
                assert!(!common.receives() || (a.receives() && b.receives()));
            }
        }
    }
}
