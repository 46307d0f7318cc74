//! Datagrams that leave by a socket which many are reached through: kept until there are enough of them, or nothing else
//! is to be done, and sent with one system call.

use std::io::IoSlice;
use std::net::SocketAddr;

use mio::net::UdpSocket;
use rustix::io::Errno;
use rustix::net::addr::SocketAddrArg;
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, SocketAddrAny, sendmmsg};

/// Datagrams sent at once.
const MANY: usize = 32;

/// Datagrams of one socket. Their places are used over and over.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    places: Vec<Place>,
    used: usize,
}

#[derive(Debug)]
struct Place {
    to: SocketAddr,
    datagram: Vec<u8>,
}

impl Outbox {
    /// Keeps a datagram. Whether it is time to [`Outbox::flush`].
    #[must_use]
    pub(crate) fn put(&mut self, to: SocketAddr, datagram: &[u8]) -> bool {
        match self.places.get_mut(self.used) {
            Some(place) => {
                place.to = to;
                place.datagram.clear();
                place.datagram.extend_from_slice(datagram);
            }
            None => self.places.push(Place { to, datagram: datagram.to_vec() }),
        }
        self.used += 1;
        self.used >= MANY
    }

    /// Sends what was kept. How many could not be sent: that is the network's affair, as with any datagram.
    pub(crate) fn flush(&mut self, socket: &UdpSocket) -> usize {
        let used = std::mem::take(&mut self.used);
        let mut kept = self.places.get(..used).unwrap_or_default();
        let mut unsent = 0;
        // One is sent without the ceremony.
        if let [Place { to, datagram }] = kept {
            return usize::from(socket.send_to(datagram, *to).is_err());
        }
        while let Some((_, others)) = kept.split_first() {
            kept = match send(socket, kept) {
                Ok(sent) => kept.get(sent.max(1)..).unwrap_or_default(),
                Err(Errno::INTR) => continue,
                // There is no room for any of them.
                Err(Errno::AGAIN) => return unsent + kept.len(),
                Err(_) => {
                    unsent += 1;
                    others
                }
            };
        }
        unsent
    }
}

/// Sends as many as it can; how many.
fn send(socket: &UdpSocket, kept: &[Place]) -> Result<usize, Errno> {
    let Some(first) = kept.first() else {
        return Ok(0);
    };
    let mut parts: [(SocketAddrAny, [IoSlice<'_>; 1], SendAncillaryBuffer<'_, '_, '_>); MANY] =
        std::array::from_fn(|number| {
            // What is more than there is stands for nothing, and is not sent.
            let Place { to, datagram } = kept.get(number).unwrap_or(first);
            (to.as_any(), [IoSlice::new(datagram)], SendAncillaryBuffer::default())
        });
    let mut messages = parts.each_mut().map(|(to, part, beside)| MMsgHdr::new_with_addr(to, part, beside));
    let messages = messages.get_mut(..kept.len().min(MANY)).unwrap_or_default();
    sendmmsg(socket, messages, SendFlags::empty())
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket as Plain;
    use std::time::Duration;

    use super::*;

    fn listener(at: &str) -> Plain {
        let listener = Plain::bind(at).unwrap();
        listener.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        listener
    }

    fn socket(at: &str) -> UdpSocket {
        let socket = Plain::bind(at).unwrap();
        socket.set_nonblocking(true).unwrap();
        UdpSocket::from_std(socket)
    }

    fn next(listener: &Plain) -> (Vec<u8>, SocketAddr) {
        let mut buffer = [0; 100];
        let (length, from) = listener.recv_from(&mut buffer).unwrap();
        (buffer[..length].to_vec(), from)
    }

    #[test]
    fn what_was_kept_is_sent_in_its_order_to_whom_it_is_for() {
        for at in ["127.0.0.1:0", "[::1]:0"] {
            let (socket, listeners) = (socket(at), [listener(at), listener(at)]);
            let mut outbox = Outbox::default();
            for count in [1u8, 2, MANY as u8, 7] {
                let full = (0..count).filter(|&number| {
                    let to = listeners[usize::from(number % 2)].local_addr().unwrap();
                    outbox.put(to, &vec![number; 1 + usize::from(number)])
                });
                assert_eq!(full.count(), usize::from(count == MANY as u8));
                assert_eq!(outbox.flush(&socket), 0);
                for number in 0..count {
                    let (datagram, from) = next(&listeners[usize::from(number % 2)]);
                    assert_eq!(datagram, vec![number; 1 + usize::from(number)]);
                    assert_eq!(from, socket.local_addr().unwrap());
                }
                assert_eq!(outbox.flush(&socket), 0, "nothing is sent twice");
            }
        }
    }

    #[test]
    fn what_cannot_be_sent_keeps_nothing_else_back() {
        let (socket, listener) = (socket("127.0.0.1:0"), listener("127.0.0.1:0"));
        let mut outbox = Outbox::default();
        let nowhere: SocketAddr = "[::1]:9".parse().unwrap();
        for to in [nowhere, listener.local_addr().unwrap(), nowhere, listener.local_addr().unwrap()] {
            assert!(!outbox.put(to, b"sound"));
        }
        assert_eq!(outbox.flush(&socket), 2);
        assert_eq!((next(&listener).0, next(&listener).0), (b"sound".to_vec(), b"sound".to_vec()));
    }

    #[test]
    fn nothing_is_allocated_once_the_places_are_there() {
        let (socket, listener) = (socket("127.0.0.1:0"), listener("127.0.0.1:0"));
        let to = listener.local_addr().unwrap();
        let mut outbox = Outbox::default();
        let mut turn = || {
            for _ in 0..MANY {
                let _ = outbox.put(to, &[7; 200]);
            }
            assert_eq!(outbox.flush(&socket), 0);
        };
        turn();
        assert_eq!(allocation_counter::measure(turn).count_total, 0);
    }
}
