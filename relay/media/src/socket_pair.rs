//! The two sockets of an RTP leg, and the lease on their ports.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::error::MediaError;
use crate::ports::{PortPair, Ports};

/// The pool is reached from signalling, which takes pairs, and from workers, which give them back:
/// once each per leg, never per packet.
pub(crate) type SharedPorts = Arc<Mutex<Ports>>;

/// RTP and RTCP, bound.
#[derive(Debug)]
pub(crate) struct SocketPair {
    /// On the even port.
    pub(crate) rtp: UdpSocket,
    /// On the odd one above.
    pub(crate) rtcp: UdpSocket,
    /// To be dropped after both.
    pub(crate) lease: Lease,
}

/// A port pair taken from the pool. It goes back, to rest, when this is dropped, wherever that
/// happens.
#[derive(Debug)]
pub(crate) struct Lease {
    ports: PortPair,
    pool: SharedPorts,
}

impl SocketPair {
    /// Binds the next free pair. A pair somebody else holds is passed over.
    ///
    /// # Errors
    /// [`MediaError::NoPorts`] when no pair can be bound, [`MediaError::Bind`] when the reason is
    /// another than that it is taken.
    pub(crate) fn bind(ip: IpAddr, pool: &SharedPorts, now: Instant) -> Result<Self, MediaError> {
        loop {
            let lease = Lease::take(pool, now).ok_or(MediaError::NoPorts)?;
            let address = SocketAddr::new(ip, lease.ports.rtp());
            let above = SocketAddr::new(ip, lease.ports.rtcp());
            match bind(address).and_then(|rtp| Ok((rtp, bind(above)?))) {
                Ok((rtp, rtcp)) => return Ok(Self { rtp, rtcp, lease }),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(source) => return Err(MediaError::Bind { address, source }),
            }
        }
    }

    /// The pair's ports.
    #[must_use]
    pub(crate) const fn ports(&self) -> PortPair {
        self.lease.ports
    }
}

impl Lease {
    fn take(pool: &SharedPorts, now: Instant) -> Option<Self> {
        let ports = lock(pool).take(now)?;
        Some(Self { ports, pool: pool.clone() })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        lock(&self.pool).give_back(clock(), self.ports);
    }
}

/// The pool. Its invariants hold between any two of its calls, so a thread that died with the lock
/// has left nothing half done.
pub(crate) fn lock(pool: &SharedPorts) -> MutexGuard<'_, Ports> {
    pool.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Binds a socket that does not block.
pub(crate) fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[expect(clippy::disallowed_methods, reason = "the edge: ports rest in real time")]
fn clock() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;
    use crate::simulated::origin;

    const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn a_pair_that_somebody_else_holds_is_passed_over() {
        let (squatter, taken) = loop {
            let socket = UdpSocket::bind((LOCALHOST, 0)).unwrap();
            let port = socket.local_addr().unwrap().port();
            if port % 2 == 1 && port < 65_000 {
                break (socket, port);
            }
        };
        let ports = Ports::new(&(taken - 1..=taken + 40), Duration::ZERO, 0);
        let pool = Arc::new(Mutex::new(ports));
        let pair = SocketPair::bind(LOCALHOST, &pool, origin()).unwrap();
        assert_ne!(pair.ports().rtcp(), taken);
        drop(squatter);
    }

    #[test]
    fn a_pair_that_is_dropped_anywhere_goes_back_to_rest() {
        let ports = Ports::new(&(1..=u16::MAX), Duration::from_secs(9), 20_000);
        let pool = Arc::new(Mutex::new(ports));
        let pair = SocketPair::bind(LOCALHOST, &pool, origin()).unwrap();
        assert_eq!(lock(&pool).used(), 1);
        drop(pair);
        assert_eq!(lock(&pool).used(), 0);
        assert!(lock(&pool).resting(origin()) >= 1);
    }
}
