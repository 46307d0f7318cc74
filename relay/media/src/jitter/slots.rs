//! Where packets wait: a ring of places, each found by the packet's number.

use crate::rtp::Header;

/// Packets that wait at most, a power of two. At ten milliseconds a packet these are 0.6 s.
pub(super) const SLOTS: u64 = 64;
/// Bytes of a payload at most; none is longer than what Ethernet carries.
pub(super) const MAX_PAYLOAD: usize = 1500;

/// The ring. A place keeps its bytes' memory when its packet has gone, so that a stream in motion
/// allocates nothing.
#[derive(Debug, Default)]
pub(super) struct Slots {
    /// Empty until the first packet.
    ring: Vec<Slot>,
}

/// A place in the ring.
#[derive(Debug, Default)]
struct Slot {
    content: Content,
    payload: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy)]
enum Content {
    #[default]
    Empty,
    /// A number that something other than sound used up.
    Other(u64),
    Sound(Waiting),
}

/// A packet of sound that waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    /// Its sequence number, counted on beyond sixteen bits.
    pub number: u64,
    pub timestamp: u32,
    /// Of its timestamp, in Hz.
    pub clock: u32,
    pub payload_type: u8,
    /// Which run of timestamps it belongs to: those of two runs cannot be compared.
    pub run: u32,
}

impl Slots {
    /// Keeps a packet. Refuses one that is there already.
    pub(super) fn put(&mut self, number: u64, header: &Header, clock: u32, run: u32, payload: &[u8]) -> bool {
        if self.is_taken(number) {
            return false;
        }
        let Some(slot) = self.slot_mut(number) else { return false };
        let Header { timestamp, payload_type, .. } = *header;
        slot.content = Content::Sound(Waiting { number, timestamp, clock, payload_type, run });
        slot.payload.clear();
        slot.payload.extend_from_slice(payload);
        true
    }

    /// Remembers that a number was used up by something other than sound.
    pub(super) fn put_other(&mut self, number: u64) {
        if !self.is_taken(number)
            && let Some(slot) = self.slot_mut(number)
        {
            slot.content = Content::Other(number);
        }
    }

    /// The packet of that number, if it waits.
    pub(super) fn get(&self, number: u64) -> Option<Waiting> {
        match self.slot(number)?.content {
            Content::Sound(waiting) if waiting.number == number => Some(waiting),
            _ => None,
        }
    }

    /// Whether that number was used up by something other than sound.
    pub(super) fn is_other(&self, number: u64) -> bool {
        self.slot(number).is_some_and(|slot| matches!(slot.content, Content::Other(other) if other == number))
    }

    /// Gives up the packet of that number. Its payload can be had until the place is taken again.
    pub(super) fn remove(&mut self, number: u64) {
        if let Some(slot) = self.slot_mut(number) {
            slot.content = Content::Empty;
        }
    }

    /// The bytes in that number's place.
    pub(super) fn payload(&self, number: u64) -> &[u8] {
        self.slot(number).map_or(&[], |slot| &slot.payload)
    }

    /// Forgets all packets.
    pub(super) fn clear(&mut self) {
        for slot in &mut self.ring {
            slot.content = Content::Empty;
        }
    }

    fn is_taken(&self, number: u64) -> bool {
        self.get(number).is_some() || self.is_other(number)
    }

    fn slot(&self, number: u64) -> Option<&Slot> {
        self.ring.get((number % SLOTS) as usize)
    }

    fn slot_mut(&mut self, number: u64) -> Option<&mut Slot> {
        if self.ring.is_empty() {
            self.ring.resize_with(SLOTS as usize, Slot::default);
        }
        self.ring.get_mut((number % SLOTS) as usize)
    }

    /// Bytes held for payloads, whether in use or not.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.ring.iter().map(|slot| slot.payload.capacity()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header { marker: false, payload_type: 8, sequence: 0, timestamp: 160, ssrc: 1 };

    #[test]
    fn a_packet_is_found_by_its_number_only() {
        let mut slots = Slots::default();
        assert!(slots.put(70, &HEADER, 8000, 0, b"sound"));
        assert_eq!(slots.get(70).map(|waiting| waiting.payload_type), Some(8));
        assert!(slots.get(70 - SLOTS).is_none() && slots.get(70 + SLOTS).is_none());
        assert_eq!(slots.payload(70), b"sound");
    }

    #[test]
    fn the_same_number_is_taken_once() {
        let mut slots = Slots::default();
        assert!(slots.put(7, &HEADER, 8000, 0, b"first"));
        assert!(!slots.put(7, &HEADER, 8000, 0, b"second"));
        slots.put_other(8);
        assert!(!slots.put(8, &HEADER, 8000, 0, b"second"));
        assert_eq!((slots.payload(7), slots.is_other(8)), (&b"first"[..], true));
    }

    #[test]
    fn a_place_keeps_its_memory() {
        let mut slots = Slots::default();
        for number in 0..SLOTS {
            slots.put(number, &HEADER, 8000, 0, &[0; 160]);
            slots.remove(number);
        }
        let held = slots.held();
        for number in SLOTS..1000 {
            slots.put(number, &HEADER, 8000, 0, &[0; 160]);
        }
        assert_eq!(slots.held(), held);
    }
}
