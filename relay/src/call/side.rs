use offhook_media::Direction;

/// Which end of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// The end that called.
    Caller,
    /// The end that is called.
    Callee,
}

impl Party {
    /// The opposite end.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
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
    /// The direction the leg last asked for, as the relay sees it.
    pub(super) wants: Direction,
}

impl Side {
    pub(super) fn new(kind: LegKind) -> Self {
        Self { kind, life: Life::Live, wants: Direction::SendRecv }
    }
}

/// What holds at one end when `towards_other` holds at the other: sending here is receiving there.
pub(super) fn mirrored(towards_other: Direction) -> Direction {
    direction(towards_other.receives(), towards_other.sends())
}

/// What both allow.
pub(super) fn both(a: Direction, b: Direction) -> Direction {
    direction(a.sends() && b.sends(), a.receives() && b.receives())
}

fn direction(sends: bool, receives: bool) -> Direction {
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
