//! Datagrams taken from a socket, many with one system call.

use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;

use mio::net::UdpSocket;
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg};

/// Datagrams taken at once from a socket that many speak to.
const MANY: usize = 64;
/// Datagrams taken at once from a socket that one speaks to: a second place says that there was no second one, and a
/// second call need not.
const FEW: usize = 2;
/// Longer datagrams than this are no media.
pub(crate) const BUFFER: usize = 2048;

/// Room for datagrams, and what was put into it last.
pub(crate) struct Inbox {
    buffers: Vec<[u8; BUFFER]>,
    taken: [Taken; MANY],
    /// One for each family: how long an address may be is written where it says how long the last one was.
    headers: [MultiHeaders<SockaddrStorage>; 2],
}

/// A datagram.
#[derive(Debug, Clone, Copy)]
struct Taken {
    length: usize,
    source: SocketAddr,
}

/// How many datagrams are taken at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    /// As from a socket that one speaks to.
    Few,
    /// As from one that many speak to.
    Many,
}

impl Inbox {
    /// An empty one. It belongs to the thread it is made on.
    pub(crate) fn new() -> Self {
        let nobody = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0);
        Self {
            buffers: vec![[0; BUFFER]; MANY],
            taken: [Taken { length: 0, source: nobody }; MANY],
            headers: [MultiHeaders::preallocate(MANY, None), MultiHeaders::preallocate(MANY, None)],
        }
    }

    /// Takes what a socket has, up to a limit: how many datagrams, and whether there may be more.
    pub(crate) fn take(&mut self, socket: &UdpSocket, is_ipv4: bool, share: Share) -> (usize, bool) {
        let [ipv4, ipv6] = &mut self.headers;
        let headers = if is_ipv4 { ipv4 } else { ipv6 };
        let places = (&mut self.buffers[..], &mut self.taken[..]);
        let (taken, limit) = match share {
            Share::Few => (receive::<FEW>(socket, headers, places), FEW),
            Share::Many => (receive::<MANY>(socket, headers, places), MANY),
        };
        match taken {
            Ok(count) => (count, count >= limit),
            // An ICMP error of an earlier send says nothing about what has been received.
            Err(error) => (0, matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::Interrupted)),
        }
    }

    /// Takes datagrams that come one at a time, likewise.
    pub(crate) fn fill(&mut self, mut next: impl FnMut(&mut [u8]) -> Option<(usize, SocketAddr)>) -> (usize, bool) {
        let places = self.buffers.iter_mut().zip(&mut self.taken);
        let count = places
            .map_while(|(buffer, taken)| {
                let (length, source) = next(buffer)?;
                *taken = Taken { length, source };
                Some(())
            })
            .count();
        (count, count >= MANY)
    }

    /// One of the datagrams taken last, and where it came from. `None` for one that was cut off.
    pub(crate) fn get(&mut self, number: usize) -> Option<(SocketAddr, &mut [u8])> {
        let &Taken { length, source } = self.taken.get(number)?;
        let datagram = self.buffers.get_mut(number)?.get_mut(..length).filter(|datagram| datagram.len() < BUFFER)?;
        Some((source, datagram))
    }
}

fn receive<const N: usize>(
    socket: &UdpSocket,
    headers: &mut MultiHeaders<SockaddrStorage>,
    (buffers, taken): (&mut [[u8; BUFFER]], &mut [Taken]),
) -> io::Result<usize> {
    let mut buffers = buffers.iter_mut();
    let mut places: [[IoSliceMut<'_>; 1]; N] = std::array::from_fn(|_| {
        let room = buffers.next().map(|buffer| buffer.as_mut_slice());
        [IoSliceMut::new(room.unwrap_or_default())]
    });
    let received = recvmmsg(socket.as_raw_fd(), headers, places.iter_mut(), MsgFlags::MSG_DONTWAIT, None);
    let mut count = 0;
    for (message, taken) in received.map_err(io::Error::from)?.zip(taken) {
        // Where no address is given there is nobody to be answered, and no leg is found.
        let source = message.address.as_ref().and_then(address);
        *taken = Taken { length: source.map_or(BUFFER, |_| message.bytes), source: source.unwrap_or(taken.source) };
        count += 1;
    }
    Ok(count)
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    let ipv4 = || storage.as_sockaddr_in().map(|&address| SocketAddr::V4(SocketAddrV4::from(address)));
    let ipv6 = || storage.as_sockaddr_in6().map(|&address| SocketAddr::V6(SocketAddrV6::from(address)));
    ipv4().or_else(ipv6)
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket as Plain;

    use super::*;

    /// Somebody, and a socket with so many datagrams of theirs that number themselves.
    fn spoken_to(at: &str, count: u8) -> (Plain, UdpSocket) {
        let (speaker, listener) = (Plain::bind(at).unwrap(), Plain::bind(at).unwrap());
        listener.set_nonblocking(true).unwrap();
        for number in 0..count {
            speaker.send_to(&[number, 7, 7], listener.local_addr().unwrap()).unwrap();
        }
        (speaker, UdpSocket::from_std(listener))
    }

    #[test]
    fn many_datagrams_are_taken_at_once_each_with_its_source() {
        let mut inbox = Inbox::new();
        for at in ["127.0.0.1:0", "[::1]:0", "127.0.0.1:0"] {
            let (speaker, listener) = spoken_to(at, 100);
            let is_ipv4 = listener.local_addr().unwrap().is_ipv4();
            for (numbers, more) in [(0..64u8, true), (64..100, false), (0..0, false)] {
                assert_eq!(inbox.take(&listener, is_ipv4, Share::Many), (numbers.len(), more));
                for (place, number) in numbers.enumerate() {
                    let (source, datagram) = inbox.get(place).unwrap();
                    assert_eq!((source, &*datagram), (speaker.local_addr().unwrap(), &[number, 7, 7][..]));
                }
            }
        }
    }

    #[test]
    fn a_socket_that_one_speaks_to_is_known_to_be_empty_after_one_call() {
        let (_speaker, listener) = spoken_to("127.0.0.1:0", 3);
        let mut inbox = Inbox::new();
        assert_eq!(inbox.take(&listener, true, Share::Few), (2, true));
        assert_eq!(inbox.take(&listener, true, Share::Few), (1, false));
    }

    #[test]
    fn what_is_too_long_is_no_media() {
        let (speaker, listener) = spoken_to("127.0.0.1:0", 0);
        speaker.send_to(&[1; 3000], listener.local_addr().unwrap()).unwrap();
        let mut inbox = Inbox::new();
        assert_eq!(inbox.take(&listener, true, Share::Few), (1, false));
        assert!(inbox.get(0).is_none());
    }

    #[test]
    fn nothing_is_allocated_for_what_is_taken() {
        let (_speaker, listener) = spoken_to("127.0.0.1:0", 100);
        let mut inbox = Inbox::new();
        let allocations = allocation_counter::measure(|| {
            inbox.take(&listener, true, Share::Many);
            inbox.take(&listener, true, Share::Few);
        });
        assert_eq!(allocations.count_total, 0);
    }
}
