//! Where what the protocols produce leaves: the seam between them and the sockets.

use std::net::SocketAddr;

use crate::event::Event;

/// Where a leg is kept in its bridge. A key is used again after the leg is closed.
pub type LegKey = usize;

/// A socket, as the bridge knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The one all browsers share.
    Shared,
    /// The RTP socket of a leg.
    Rtp(LegKey),
    /// The RTCP socket of a leg.
    Rtcp(LegKey),
}

/// Takes what a bridge gives out.
pub trait Outlet {
    /// Sends a datagram. That it cannot be sent is the network's affair, as with any datagram.
    fn send(&mut self, door: Door, to: SocketAddr, datagram: &[u8]);

    /// Tells signalling.
    fn event(&mut self, event: Event);

    /// The leg is gone: free what belongs to it. Its key may be given to another right away.
    fn closed(&mut self, key: LegKey);
}
