//! Where what the protocols produce leaves: the seam between them and the sockets.

use std::net::SocketAddr;

use crate::event::Event;
use crate::format::MediumKind;

/// Where a leg is kept in its bridge. A key is used again after the leg is closed.
pub type LegKey = usize;

/// A socket, as the bridge knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Door {
    /// One that all browsers share; there is one for each address they reach the relay at.
    Shared(usize),
    /// The connection of one browser (RFC 6544).
    Stream(usize),
    /// The RTP socket of one of a leg's media.
    Rtp(LegKey, MediumKind),
    /// The RTCP socket of one of a leg's media.
    Rtcp(LegKey, MediumKind),
}

/// A way to a browser: its address, and the socket it reaches the relay at. What is sent
/// along it leaves from there, as NATs and ICE expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Path {
    /// The relay's end of it: a shared socket or a connection.
    pub door: Door,
    /// The browser's address.
    pub remote: SocketAddr,
}

/// Takes what a bridge gives out.
pub trait Outlet {
    /// Sends a datagram. That it cannot be sent is the network's affair, as with any datagram.
    fn send(&mut self, door: Door, to: SocketAddr, datagram: &[u8]);

    /// Tells signalling.
    fn event(&mut self, event: Event);

    /// The leg has pictures no more: free the sockets they had.
    fn video_closed(&mut self, key: LegKey);

    /// The leg is gone: free what belongs to it. Its key may be given to another right away.
    fn closed(&mut self, key: LegKey);
}
