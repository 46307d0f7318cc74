//! Keys as named events, RFC 4733 §2: the payload, the receiver and the sender.

mod receiver;
mod sender;

pub(crate) use receiver::{Press, Receiver};
pub(crate) use sender::{Sender, Step};

/// Bytes of one event.
pub(crate) const PAYLOAD_LEN: usize = 4;

/// The payload of one telephone-event packet (RFC 4733 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Payload {
    /// The event code; 0–15 are keys.
    pub event: u8,
    /// Set in the last packets of an event.
    pub end: bool,
    /// Power in −dBm0, 0 to 63.
    pub volume: u8,
    /// How long the event has lasted, in ticks of the payload's clock.
    pub duration: u16,
}

impl Payload {
    /// Reads the first event of a packet; redundant ones may follow and are not needed.
    #[must_use]
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let [event, flags, high, low] = *payload.first_chunk::<PAYLOAD_LEN>()?;
        Some(Self { event, end: flags & 0x80 != 0, volume: flags & 0x3f, duration: u16::from_be_bytes([high, low]) })
    }

    /// The payload as it goes on the wire.
    #[must_use]
    pub(crate) fn to_bytes(self) -> [u8; PAYLOAD_LEN] {
        let [high, low] = self.duration.to_be_bytes();
        let flags = (u8::from(self.end) << 7) | (self.volume & 0x3f);
        [self.event, flags, high, low]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_payload_survives_being_written_and_read(
            event in any::<u8>(), end in any::<bool>(), volume in 0u8..64, duration in any::<u16>()
        ) {
            let payload = Payload { event, end, volume, duration };
            prop_assert_eq!(Payload::parse(&payload.to_bytes()), Some(payload));
        }
    }

    #[test]
    fn a_cut_off_payload_is_malformed() {
        assert_eq!(Payload::parse(&[1, 0x80, 0]), None);
    }
}
