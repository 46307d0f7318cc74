//! A socket that says when the kernel took each datagram.

use std::io::IoSliceMut;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsRawFd;

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use nix::cmsg_space;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;

use crate::error::Error;

/// One end's.
pub(crate) struct Socket {
    socket: UdpSocket,
}

/// Room for the datagrams of all of them.
pub(crate) struct Room {
    data: [u8; 2048],
    control: Vec<u8>,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self { data: [0; 2048], control: cmsg_space!(TimeSpec) }
    }
}

impl Socket {
    /// Binds a free port at this address.
    pub(crate) fn bind(ip: IpAddr) -> Result<Self, Error> {
        let socket = UdpSocket::bind(SocketAddr::new(ip, 0))?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        Ok(Self { socket })
    }

    /// Has it polled under this number.
    pub(crate) fn register(&mut self, registry: &Registry, number: usize) -> Result<(), Error> {
        Ok(registry.register(&mut self.socket, Token(number), Interest::READABLE)?)
    }

    pub(crate) fn deregister(&mut self, registry: &Registry) {
        // Closing it does the same.
        let _ = registry.deregister(&mut self.socket);
    }

    pub(crate) fn port(&self) -> Result<u16, Error> {
        Ok(self.socket.local_addr()?.port())
    }

    /// Nobody else is heard from now on.
    pub(crate) fn connect(&self, to: SocketAddr) -> Result<(), Error> {
        Ok(self.socket.connect(to)?)
    }

    /// Whether it went out.
    pub(crate) fn send(&self, datagram: &[u8]) -> bool {
        self.socket.send(datagram).is_ok()
    }

    /// A datagram, and when the kernel had it (ns since 1970).
    pub(crate) fn receive<'a>(&self, room: &'a mut Room) -> Option<(&'a [u8], u64)> {
        let Room { data, control } = room;
        let (length, at) = {
            let mut parts = [IoSliceMut::new(data)];
            let fd = self.socket.as_raw_fd();
            let message = loop {
                match recvmsg::<()>(fd, &mut parts, Some(control), MsgFlags::MSG_DONTWAIT) {
                    Ok(message) => break message,
                    // Of an earlier datagram that found nobody.
                    Err(nix::Error::ECONNREFUSED | nix::Error::EINTR) => {}
                    Err(_) => return None,
                }
            };
            let at = message.cmsgs().ok()?.find_map(|control| match control {
                ControlMessageOwned::ScmTimestampns(at) => {
                    Some((at.tv_sec() as u64).wrapping_mul(1_000_000_000).wrapping_add(at.tv_nsec() as u64))
                }
                _ => None,
            });
            (message.bytes, at)
        };
        Some((data.get(..length)?, at?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_comes_with_the_time_the_kernel_had_it() {
        let ip = "127.0.0.1".parse().unwrap();
        let (one, other) = (Socket::bind(ip).unwrap(), Socket::bind(ip).unwrap());
        one.connect(SocketAddr::new(ip, other.port().unwrap())).unwrap();
        let before = crate::clock::stamp();
        assert!(one.send(b"hello"));
        let mut room = Room::new();
        let (datagram, at) = other.receive(&mut room).unwrap();
        assert_eq!(datagram, b"hello");
        assert!((before..=crate::clock::stamp()).contains(&at));
        assert!(other.receive(&mut room).is_none());
    }
}
