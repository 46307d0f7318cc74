//! Which ways media flows, as two sides allow it.

use offhook_media::Direction;

/// The same direction without what we send.
pub(super) fn unsent(direction: Direction) -> Direction {
    if direction.receives() { Direction::RecvOnly } else { Direction::Inactive }
}

/// What both allow.
pub(super) fn both(one: Direction, other: Direction) -> Direction {
    of_halves(one.sends() && other.sends(), one.receives() && other.receives())
}

/// What our side wants, from what it did when the peer allowed only so much.
pub(super) fn widened(did: Direction, allowed: Direction) -> Direction {
    let sends = did.sends() || !allowed.sends();
    let receives = did.receives() || !allowed.receives();
    of_halves(sends, receives)
}

fn of_halves(sends: bool, receives: bool) -> Direction {
    match (sends, receives) {
        (true, true) => Direction::SendRecv,
        (true, false) => Direction::SendOnly,
        (false, true) => Direction::RecvOnly,
        (false, false) => Direction::Inactive,
    }
}
