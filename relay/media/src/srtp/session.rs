//! The packets of one peer, both ways.

use super::cipher::Ciphers;
use super::keys::Keys;
use super::sources::{Received, Sent};
use crate::rtp::header_len;

/// Opens what the peer sends and seals what it is sent.
pub(crate) struct Session {
    inbound: Ciphers,
    received: Received,
    outbound: Ciphers,
    sent: Sent,
    /// Where packets are sealed. It has grown to the longest one soon.
    sealed: Vec<u8>,
}

/// Whose key is another than before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rekeyed {
    pub(crate) send: bool,
    pub(crate) receive: bool,
}

impl Session {
    /// A session with these keys. `None` when the ciphers do not take them.
    #[must_use]
    pub(crate) fn new(keys: &Keys) -> Option<Self> {
        Some(Self {
            inbound: Ciphers::new(keys.profile, &keys.receive)?,
            received: Received::default(),
            outbound: Ciphers::new(keys.profile, &keys.send)?,
            sent: Sent::default(),
            sealed: Vec::new(),
        })
    }

    /// Takes a changed key of either side; the side whose key stays goes on where it is. Its packets' numbers must not
    /// begin anew under the same key: the same key stream would cover two packets. `None` when the ciphers do not take
    /// the keys.
    pub(crate) fn rekey(&mut self, keys: &Keys, which: Rekeyed) -> Option<()> {
        if which.send {
            (self.outbound, self.sent) = (Ciphers::new(keys.profile, &keys.send)?, Sent::default());
        }
        if which.receive {
            (self.inbound, self.received) = (Ciphers::new(keys.profile, &keys.receive)?, Received::default());
        }
        Some(())
    }

    /// Opens an RTP packet where it lies. `None` for forgeries, replays and anything malformed, which is worth nothing
    /// afterwards.
    pub(crate) fn open<'a>(&mut self, packet: &'a mut [u8]) -> Option<&'a mut [u8]> {
        let header_len = header_len(packet)?;
        let &[_, _, s0, s1, _, _, _, _, i0, i1, i2, i3] = packet.first_chunk()?;
        let place = self.received.rtp(u32::from_be_bytes([i0, i1, i2, i3]), u16::from_be_bytes([s0, s1]))?;
        let length = self.inbound.rtp.open_rtp(place, header_len, packet)?;
        self.received.take_rtp(place);
        packet.get_mut(..length)
    }

    /// Opens an RTCP packet. `None` as above.
    pub(crate) fn open_rtcp<'a>(&mut self, packet: &'a mut [u8]) -> Option<&'a mut [u8]> {
        let &[_, _, _, _, i0, i1, i2, i3] = packet.first_chunk()?;
        let index = self.inbound.rtcp.index(packet)?;
        let place = self.received.rtcp(u32::from_be_bytes([i0, i1, i2, i3]), index)?;
        let length = self.inbound.rtcp.open_rtcp(place, packet)?;
        self.received.take_rtcp(place);
        packet.get_mut(..length)
    }

    /// Seals an RTP packet.
    pub(crate) fn seal(&mut self, packet: &[u8]) -> Option<&[u8]> {
        let header_len = header_len(packet)?;
        let &[_, _, s0, s1, _, _, _, _, i0, i1, i2, i3] = packet.first_chunk()?;
        let place = self.sent.rtp(u32::from_be_bytes([i0, i1, i2, i3]), u16::from_be_bytes([s0, s1]))?;
        self.sealed.clear();
        self.sealed.extend_from_slice(packet);
        self.outbound.rtp.seal_rtp(place, header_len, &mut self.sealed)?;
        Some(&self.sealed)
    }

    /// Seals a compound RTCP packet.
    pub(crate) fn seal_rtcp(&mut self, compound: &[u8]) -> Option<&[u8]> {
        let &[_, _, _, _, i0, i1, i2, i3] = compound.first_chunk()?;
        let place = self.sent.rtcp(u32::from_be_bytes([i0, i1, i2, i3]))?;
        self.sealed.clear();
        self.sealed.extend_from_slice(compound);
        self.outbound.rtcp.seal_rtcp(place, &mut self.sealed)?;
        Some(&self.sealed)
    }

    /// Sources that have sent anything authentic.
    #[cfg(test)]
    pub(super) fn sources(&self) -> usize {
        self.received.len()
    }
}
