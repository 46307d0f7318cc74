use std::net::IpAddr;

use super::connection::Address;

/// An `a=rtpmap` line: what a payload type stands for (RFC 8866 §6.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtpMap {
    /// RTP payload type, 0 to 127.
    pub payload_type: u8,
    /// Encoding name, as written; compare without case.
    pub encoding: String,
    /// RTP clock rate in Hz. G.722 says 8000 here although it samples at 16 kHz (RFC 3551 §4.5.2).
    pub clock_rate: u32,
    /// Audio channels; 1 when the line does not say.
    pub channels: u8,
}

impl RtpMap {
    /// A mono mapping.
    pub fn new(payload_type: u8, encoding: impl Into<String>, clock_rate: u32) -> Self {
        Self { payload_type, encoding: encoding.into(), clock_rate, channels: 1 }
    }

    /// The mapping RFC 3551 gives to a payload type that may go without a line of its own.
    pub fn of_static(payload_type: u8) -> Option<Self> {
        let encoding = match payload_type {
            0 => "PCMU",
            3 => "GSM",
            4 => "G723",
            8 => "PCMA",
            9 => "G722",
            15 => "G728",
            13 => "CN",
            18 => "G729",
            _ => return None,
        };
        Some(Self::new(payload_type, encoding, 8000))
    }

    /// Reads `<payload type> <encoding>/<clock>[/<channels>]`.
    pub fn parse(value: &str) -> Option<Self> {
        let (payload_type, mapping) = value.trim().split_once(' ')?;
        let mut parts = mapping.trim().splitn(3, '/');
        let encoding = parts.next().filter(|encoding| !encoding.is_empty())?;
        let clock_rate = parts.next()?.parse().ok().filter(|rate| *rate > 0)?;
        let channels = match parts.next() {
            Some(channels) => channels.parse().ok().filter(|count| *count > 0)?,
            None => 1,
        };
        Some(Self { payload_type: payload_type_of(payload_type)?, encoding: encoding.to_owned(), clock_rate, channels })
    }

    /// The attribute's value.
    pub fn to_value(&self) -> String {
        let Self { payload_type, encoding, clock_rate, channels } = self;
        match channels {
            1 => format!("{payload_type} {encoding}/{clock_rate}"),
            _ => format!("{payload_type} {encoding}/{clock_rate}/{channels}"),
        }
    }
}

/// One format of an RTP media section with all the section says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// What it is.
    pub rtpmap: RtpMap,
    /// Its parameters, as written after the payload type.
    pub fmtp: Option<String>,
}

/// An `a=rtcp` line: where RTCP goes if not to the port after RTP's (RFC 3605).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rtcp {
    /// UDP port.
    pub port: u16,
    /// Address, if it differs from the connection's.
    pub address: Option<IpAddr>,
}

impl Rtcp {
    /// Reads `<port> [<nettype> <addrtype> <address>]`.
    pub fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        let (port, address) = match value.split_once(' ') {
            Some((port, address)) => (port, Some(Address::parse(address)?)),
            None => (value, None),
        };
        Some(Self { port: port.parse().ok()?, address: address.and_then(|address| address.ip()) })
    }
}

/// Reads an RTP payload type, 0 to 127.
pub(super) fn payload_type_of(text: &str) -> Option<u8> {
    text.parse().ok().filter(|number| *number < 128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_survive_a_round_trip() {
        for value in ["0 PCMU/8000", "111 opus/48000/2", "101 telephone-event/8000"] {
            assert_eq!(RtpMap::parse(value).unwrap().to_value(), value);
        }
    }

    #[test]
    fn mappings_that_make_no_sense_are_refused() {
        for value in ["", "0", "128 X/8000", "0 PCMU", "0 /8000", "0 X/0", "0 X/8000/0", "0 X/8000/x"] {
            assert_eq!(RtpMap::parse(value), None, "{value}");
        }
    }

    #[test]
    fn static_payload_types_of_telephony_are_known() {
        let names: Vec<_> = [0, 8, 9, 18].into_iter().filter_map(RtpMap::of_static).map(|map| map.encoding).collect();
        assert_eq!(names, ["PCMU", "PCMA", "G722", "G729"]);
        assert_eq!(RtpMap::of_static(96), None);
    }

    #[test]
    fn rtcp_is_read_with_and_without_an_address() {
        let plain = Rtcp::parse("53020").unwrap();
        assert_eq!((plain.port, plain.address), (53020, None));
        let full = Rtcp::parse("53020 IN IP6 2001:db8::7").unwrap();
        assert_eq!(full.address, Some("2001:db8::7".parse().unwrap()));
        assert_eq!(Rtcp::parse("70000"), None);
        assert_eq!(Rtcp::parse("5000 IN"), None);
    }
}
