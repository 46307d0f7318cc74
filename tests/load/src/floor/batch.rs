//! Many packets with one call of the system.

use std::io::{IoSlice, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4};
use std::os::fd::AsRawFd;

use mio::net::UdpSocket;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};

const BATCH: usize = 64;
const ROOM: usize = 2048;

/// Packets that have come.
pub(super) struct Incoming {
    headers: MultiHeaders<SockaddrIn>,
    buffers: Vec<[u8; ROOM]>,
    /// Lengths and sources.
    taken: Vec<(usize, SocketAddr)>,
}

impl Incoming {
    pub(super) fn new() -> Self {
        let headers = MultiHeaders::preallocate(BATCH, None);
        Self { headers, buffers: vec![[0; ROOM]; BATCH], taken: Vec::with_capacity(BATCH) }
    }

    /// Takes as many as there are and there is room for. `false` where there was none.
    pub(super) fn take(&mut self, socket: &UdpSocket) -> bool {
        self.taken.clear();
        let mut slices: Vec<_> = self.buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
        let (fd, flags) = (socket.as_raw_fd(), MsgFlags::MSG_DONTWAIT);
        let Ok(messages) = recvmmsg(fd, &mut self.headers, &mut slices, flags, None) else { return false };
        self.taken.extend(messages.filter_map(|message| {
            let from = message.address?;
            Some((message.bytes, SocketAddr::V4(SocketAddrV4::from(from))))
        }));
        !self.taken.is_empty()
    }

    pub(super) fn packets(&mut self) -> impl Iterator<Item = (&mut [u8], SocketAddr)> {
        let of = |(buffer, &(length, from)): (_, &(usize, SocketAddr))| {
            let buffer: &mut [u8; ROOM] = buffer;
            Some((buffer.get_mut(..length)?, from))
        };
        self.buffers.iter_mut().zip(&self.taken).filter_map(of)
    }
}

/// Packets that are to go.
pub(super) struct Outgoing {
    headers: MultiHeaders<SockaddrIn>,
    buffers: Vec<[u8; ROOM]>,
    lengths: Vec<usize>,
    to: Vec<Option<SockaddrIn>>,
}

impl Outgoing {
    pub(super) fn new() -> Self {
        let headers = MultiHeaders::preallocate(BATCH, None);
        Self { headers, buffers: vec![[0; ROOM]; BATCH], lengths: Vec::new(), to: Vec::new() }
    }

    /// Where the next packet is to be put; those that are there go out if there is no room.
    pub(super) fn room(&mut self, socket: &UdpSocket) -> &mut [u8] {
        if self.lengths.len() == BATCH {
            self.flush(socket);
        }
        self.buffers.get_mut(self.lengths.len()).map_or(&mut [], |buffer| buffer.as_mut_slice())
    }

    /// What is in the room is a packet of this length, once it is sealed.
    pub(super) fn push(&mut self, to: SocketAddr, length: usize, seal: impl FnOnce(&mut [u8], usize) -> Option<usize>) {
        let SocketAddr::V4(to) = to else { return };
        if let Some(buffer) = self.buffers.get_mut(self.lengths.len())
            && let Some(length) = seal(buffer, length)
        {
            self.lengths.push(length);
            self.to.push(Some(SockaddrIn::from(to)));
        }
    }

    /// Sends them all.
    pub(super) fn flush(&mut self, socket: &UdpSocket) {
        if self.lengths.is_empty() {
            return;
        }
        let slice = |(buffer, &length): (_, &usize)| {
            let buffer: &[u8; ROOM] = buffer;
            [IoSlice::new(buffer.get(..length).unwrap_or_default())]
        };
        let slices: Vec<_> = self.buffers.iter().zip(&self.lengths).map(slice).collect();
        // What the socket does not take is lost.
        let _ = sendmmsg(socket.as_raw_fd(), &mut self.headers, &slices, &self.to, [], MsgFlags::MSG_DONTWAIT);
        self.lengths.clear();
        self.to.clear();
    }
}
