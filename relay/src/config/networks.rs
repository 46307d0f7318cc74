//! Addresses that peers send from.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// An address, a network in CIDR notation, or an address with a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many of its leading bits count.
    bits: u8,
    port: Option<u16>,
}

impl Network {
    /// This address, from whatever port.
    #[must_use]
    pub fn of_address(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self { address, bits: width(address), port: None }
    }

    /// Whether a peer at this address is of the network. An IPv4 address may be written as IPv6.
    #[must_use]
    pub fn contains(&self, peer: SocketAddr) -> bool {
        self.port.is_none_or(|port| port == peer.port())
            && match (self.address, peer.ip().to_canonical()) {
                (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                    let unlike = ours.to_bits() ^ theirs.to_bits();
                    unlike.leading_zeros() >= u32::from(self.bits)
                }
                (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                    let unlike = ours.to_bits() ^ theirs.to_bits();
                    unlike.leading_zeros() >= u32::from(self.bits)
                }
                _ => false,
            }
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Some((address, bits)) = text.split_once('/') {
            let address: IpAddr = address.parse().map_err(drop)?;
            let bits: u8 = bits.parse().map_err(drop)?;
            return if bits <= width(address) { Ok(Self { address, bits, port: None }) } else { Err(()) };
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::of_address(address));
        }
        let socket: SocketAddr = text.parse().map_err(drop)?;
        Ok(Self { port: Some(socket.port()), ..Self::of_address(socket.ip()) })
    }
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(network: &str, peer: &str) -> bool {
        network.parse::<Network>().unwrap().contains(peer.parse().unwrap())
    }

    #[test]
    fn an_address_holds_itself_from_any_port() {
        assert!(holds("192.0.2.7", "192.0.2.7:40000"));
        assert!(holds("192.0.2.7", "[::ffff:192.0.2.7]:5060"));
        assert!(!holds("192.0.2.7", "192.0.2.8:5060"));
        assert!(!holds("192.0.2.7", "[2001:db8::7]:5060"));
    }

    #[test]
    fn a_network_holds_whoever_shares_its_first_bits() {
        assert!(holds("192.0.2.0/24", "192.0.2.255:1"));
        assert!(!holds("192.0.2.0/24", "192.0.3.0:1"));
        assert!(holds("2001:db8::/32", "[2001:db8:ffff::1]:1"));
        assert!(holds("0.0.0.0/0", "203.0.113.1:1"));
    }

    #[test]
    fn a_port_counts_where_it_is_named() {
        assert!(holds("192.0.2.7:5080", "192.0.2.7:5080"));
        assert!(!holds("192.0.2.7:5080", "192.0.2.7:5060"));
        assert!(holds("[2001:db8::1]:5080", "[2001:db8::1]:5080"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "carrier.example", "192.0.2.0/33", "192.0.2.0/", "/8", "192.0.2.1/8/8", "2001:db8::/129"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
