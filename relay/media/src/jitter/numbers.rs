//! Sequence numbers counted on beyond sixteen bits, and which of them fit the stream.

use super::slots::SLOTS;
use crate::rtp::Header;

/// Beyond this a jump forward is a restart (RFC 3550 A.1).
const MAX_DROPOUT: u16 = 3000;
/// Beyond this it is believed when a second packet says so.
const MAX_AHEAD: u16 = SLOTS as u16;
/// Within this a packet from behind is late, not a restart (RFC 3550 A.1).
const MAX_MISORDER: u16 = 100;
/// Two strays so close make a stream.
const MAX_STEP: u16 = 8;

/// The numbers of one source.
#[derive(Debug)]
pub(super) struct Numbers {
    ssrc: u32,
    highest: u64,
    /// The lowest whose turn is not over.
    next: u64,
    /// Bit `n`: whether `next - 1 - n` was given out.
    given_out: u128,
    /// Whether any turn is over.
    started: bool,
}

/// Where a packet belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Its number, whose turn is to come.
    At(u64),
    /// Its turn is over.
    Past {
        /// Whether it was given out, rather than missed.
        played: bool,
    },
    /// It does not belong to this stream.
    Nowhere,
}

impl Numbers {
    /// Those of a stream that begins with this packet.
    pub(super) fn new(first: &Header) -> Self {
        // One cycle up, so that packets from before the first have numbers, too.
        let first_number = (1 << 16) + u64::from(first.sequence);
        Self { ssrc: first.ssrc, highest: first_number, next: first_number, given_out: 0, started: false }
    }

    pub(super) fn highest(&self) -> u64 {
        self.highest
    }

    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Where a packet belongs.
    pub(super) fn place(&mut self, header: &Header) -> Place {
        let ahead = header.sequence.wrapping_sub((self.highest & 0xffff) as u16);
        let number = match ahead {
            _ if header.ssrc != self.ssrc => return Place::Nowhere,
            0..MAX_AHEAD => self.highest + u64::from(ahead),
            _ if ahead.wrapping_neg() <= MAX_MISORDER => self.highest.saturating_sub(u64::from(ahead.wrapping_neg())),
            _ => return Place::Nowhere,
        };
        if number >= self.next {
            return Place::At(number);
        }
        if !self.started {
            self.next = number;
            return Place::At(number);
        }
        let age = u32::try_from(self.next - 1 - number).unwrap_or(u32::MAX);
        Place::Past { played: self.given_out.checked_shr(age).unwrap_or(0) & 1 == 1 }
    }

    /// How many are missing of this stream before a packet far ahead. `None` where that is no
    /// packet of this stream.
    pub(super) fn missing_before(&self, header: &Header) -> Option<u64> {
        let ahead = header.sequence.wrapping_sub((self.highest & 0xffff) as u16);
        (header.ssrc == self.ssrc && ahead < MAX_DROPOUT)
            .then(|| (self.highest + u64::from(ahead)).saturating_sub(self.next))
    }

    /// A packet of that number came.
    pub(super) fn reach(&mut self, number: u64) {
        self.highest = self.highest.max(number);
    }

    /// The turn of [`Numbers::next`] is over.
    pub(super) fn pass(&mut self, given_out: bool) {
        self.started = true;
        self.next += 1;
        self.given_out = (self.given_out << 1) | u128::from(given_out);
    }

    /// The turn of all before `number` is over. Returns how many these are.
    pub(super) fn pass_all_before(&mut self, number: u64) -> u64 {
        let count = number.saturating_sub(self.next);
        if count > 0 {
            self.started = true;
            self.next = number;
            let shift = u32::try_from(count).unwrap_or(u32::MAX);
            self.given_out = self.given_out.checked_shl(shift).unwrap_or(0);
        }
        count
    }
}

/// Whether `next` may be from the same stream as `stray`, and soon after it.
pub(super) fn follows(stray: &Header, next: &Header) -> bool {
    stray.ssrc == next.ssrc && (1..=MAX_STEP).contains(&next.sequence.wrapping_sub(stray.sequence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(sequence: u16) -> Header {
        Header { marker: false, payload_type: 0, sequence, timestamp: 0, ssrc: 1 }
    }

    #[test]
    fn numbers_go_on_when_sequence_numbers_wrap() {
        let mut numbers = Numbers::new(&header(65_535));
        let first = numbers.next();
        numbers.pass(true);
        assert_eq!(numbers.place(&header(0)), Place::At(first + 1));
        numbers.reach(first + 1);
        assert_eq!(numbers.place(&header(2)), Place::At(first + 3));
        assert_eq!(numbers.place(&header(65_535)), Place::Past { played: true });
    }

    #[test]
    fn what_came_before_the_first_belongs_before_it_while_nothing_was_played() {
        let mut numbers = Numbers::new(&header(10));
        let first = numbers.next();
        assert_eq!(numbers.place(&header(9)), Place::At(first - 1));
        numbers.pass(true);
        numbers.pass(false);
        assert_eq!(numbers.place(&header(8)), Place::Past { played: false });
        assert_eq!(numbers.place(&header(9)), Place::Past { played: true });
        assert_eq!(numbers.place(&header(10)), Place::Past { played: false });
    }

    #[test]
    fn far_off_is_nowhere() {
        let mut numbers = Numbers::new(&header(1000));
        assert_eq!(numbers.place(&header(1000 + MAX_AHEAD)), Place::Nowhere);
        assert_eq!(numbers.missing_before(&header(1100)), Some(100));
        assert_eq!(numbers.missing_before(&header(1000 + MAX_DROPOUT)), None);
        assert_eq!(numbers.place(&header(1000 - MAX_MISORDER - 1)), Place::Nowhere);
        assert_eq!(numbers.place(&Header { ssrc: 2, ..header(1001) }), Place::Nowhere);
        assert!(follows(&header(65_535), &header(0)) && !follows(&header(0), &header(0)));
    }
}
