//! Packets that were sent, for a receiver that did not get them.
//!
//! What was lost on its way to a browser cannot be had from its sender again: SRTP takes a packet
//! that comes twice for a replay. So the relay keeps what it sent: sealed, to send the very same bytes
//! again, or in the clear where it is sealed anew for a stream of retransmissions.

/// Packets kept of a stream: a second and more of good pictures.
const KEPT: usize = 512;
/// How often one is sent again at most. Who does not get it by then never will, or asks for
/// nothing but our bandwidth.
const REPEATS: u8 = 4;

/// The latest packets of a stream.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// By sequence number; empty until the first packet.
    packets: Vec<Sent>,
}

/// How a packet is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Kept {
    /// As it was sent.
    #[default]
    Sealed,
    /// Before it was sealed. It must not be sent like this.
    Clear,
}

/// A packet, or a place for one: then it is empty.
#[derive(Debug, Default)]
struct Sent {
    sequence: u16,
    /// Used over and over, so that a packet costs no allocation once each place has had one of its length.
    packet: Vec<u8>,
    kept: Kept,
    repeats: u8,
}

/// What becomes of a request to send a packet again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Again<'a> {
    /// Send this, as it is or sealed anew.
    Packet(&'a [u8], Kept),
    /// It was sent again often enough.
    Enough,
    /// It was never sent, or too long ago.
    Unknown,
}

impl History {
    /// Keeps a packet, in the place of one long past.
    pub(crate) fn keep(&mut self, sequence: u16, packet: &[u8], kept: Kept) {
        if self.packets.is_empty() {
            self.packets.resize_with(KEPT, Sent::default);
        }
        if let Some(place) = self.packets.get_mut(usize::from(sequence) % KEPT) {
            (place.sequence, place.kept, place.repeats) = (sequence, kept, 0);
            place.packet.clear();
            place.packet.extend_from_slice(packet);
        }
    }

    /// A packet that is asked for again.
    pub(crate) fn again(&mut self, sequence: u16) -> Again<'_> {
        let place = self.packets.get_mut(usize::from(sequence) % KEPT);
        match place.filter(|sent| sent.sequence == sequence && !sent.packet.is_empty()) {
            None => Again::Unknown,
            Some(sent) if sent.repeats >= REPEATS => Again::Enough,
            Some(sent) => {
                sent.repeats += 1;
                Again::Packet(&sent.packet, sent.kept)
            }
        }
    }

    /// Forgets everything: the keys it was sealed with are no more, or nobody asks for it any more.
    pub(crate) fn clear(&mut self) {
        self.packets.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(sequences: impl IntoIterator<Item = u16>) -> History {
        let mut history = History::default();
        for sequence in sequences {
            history.keep(sequence, &sequence.to_be_bytes(), Kept::Sealed);
        }
        history
    }

    #[test]
    fn what_was_sent_can_be_had_again_as_it_was() {
        let mut history = history([65_535, 0, 1]);
        assert_eq!(history.again(65_535), Again::Packet(&[0xff, 0xff], Kept::Sealed));
        assert_eq!(history.again(1), Again::Packet(&[0, 1], Kept::Sealed));
        assert_eq!(history.again(2), Again::Unknown);
    }

    #[test]
    fn what_is_long_past_is_not_mistaken_for_what_is_in_its_place() {
        let mut history = history(0..600);
        assert_eq!(history.again(1), Again::Unknown);
        assert_eq!(history.again(1 + KEPT as u16), Again::Packet(&[2, 1], Kept::Sealed));
        assert_eq!(history.again(1 + 2 * KEPT as u16), Again::Unknown);
    }

    #[test]
    fn nobody_gets_the_same_packet_without_end() {
        let mut history = history([7]);
        let times = (0..100).filter(|_| matches!(history.again(7), Again::Packet(..))).count();
        assert_eq!((times, history.again(7)), (usize::from(REPEATS), Again::Enough));
    }

    #[test]
    fn nothing_is_kept_under_keys_that_are_no_more() {
        let mut history = history([7]);
        history.clear();
        assert_eq!(history.again(7), Again::Unknown);
    }
}
