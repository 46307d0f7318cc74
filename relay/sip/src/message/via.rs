//! Via headers: the path a request took (RFC 3261 section 20.42).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::{Fault, Host, HostPort, Params, grammar};

/// What a branch of RFC 3261 begins with (section 8.1.1.7).
pub const BRANCH_COOKIE: &str = "z9hG4bK";

/// One hop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// How the request was sent.
    pub transport: Transport,
    /// Where the sender wants responses, port 5060 (5061 with TLS) when none is given.
    pub sent_by: HostPort,
    /// `branch`, `received`, `rport`, `maddr` and others.
    pub params: Params,
    version: String,
}

/// The transport of a Via header or a `transport` parameter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// UDP: unreliable, one message a datagram.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// SCTP (RFC 4168).
    Sctp,
    /// WebSocket (RFC 7118).
    Ws,
    /// Secure WebSocket (RFC 7118).
    Wss,
    /// A transport this crate has no name for, as it was written.
    Other(String),
}

impl Via {
    /// A new hop with its branch.
    ///
    /// # Errors
    /// A branch that is no token.
    pub fn new(transport: Transport, sent_by: HostPort, branch: &str) -> Result<Self, Fault> {
        if !grammar::is_token(branch.as_bytes()) {
            return Err(Fault("a branch must be a token"));
        }
        let mut params = Params::new();
        params.set_plain("branch", branch);
        Ok(Self { transport, sent_by, params, version: "SIP/2.0".to_owned() })
    }

    /// The `branch` parameter, which names the transaction.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.params.value("branch")
    }

    /// Whether the branch is one of RFC 3261: the cookie and something after it. Without, the
    /// transaction is matched as in RFC 2543 (RFC 3261 section 17.2.3).
    #[must_use]
    pub fn has_rfc3261_branch(&self) -> bool {
        self.branch()
            .and_then(|branch| branch.split_at_checked(BRANCH_COOKIE.len()))
            .is_some_and(|(cookie, rest)| cookie.eq_ignore_ascii_case(BRANCH_COOKIE) && !rest.is_empty())
    }

    /// The `received` parameter. IPv6 is read with and without brackets: RFC 5118 section 4.5.
    #[must_use]
    pub fn received(&self) -> Option<IpAddr> {
        let value = self.params.value("received")?;
        value.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(value).parse().ok()
    }

    /// The value of `rport` (RFC 3581), once a server has filled it in.
    #[must_use]
    pub fn rport(&self) -> Option<u16> {
        self.params.value("rport")?.parse().ok()
    }

    /// Whether the client asked for `rport`, filled in or not.
    #[must_use]
    pub fn wants_rport(&self) -> bool {
        self.params.contains("rport")
    }

    /// Notes where the request really came from: `received` when it differs from the sent-by host
    /// or `rport` is wanted, and `rport` when it is wanted (RFC 3261 section 18.2.1, RFC 3581
    /// section 4).
    pub fn note_source(&mut self, source: std::net::SocketAddr) {
        let wants_rport = self.wants_rport();
        let ip = source.ip().to_canonical();
        if wants_rport || self.sent_by.host != Host::Ip(ip) {
            self.params.set_plain("received", ip);
        }
        if wants_rport {
            self.params.set_plain("rport", source.port());
        }
    }

    /// Reads one value of a Via header.
    ///
    /// # Errors
    /// No protocol, version, transport or host, or parameters that cannot be read.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let bytes = grammar::trim(bytes);
        let (hop, params) = match grammar::split_once(bytes, b';') {
            Some((hop, params)) => (hop, Params::parse(params)?),
            None => (bytes, Params::new()),
        };
        let (protocol, rest) = grammar::split_once(hop, b'/').ok_or(Fault("the protocol is missing"))?;
        let (version, rest) = grammar::split_once(rest, b'/').ok_or(Fault("the protocol version is missing"))?;
        let rest = grammar::trim(rest);
        let end = rest.iter().position(|byte| grammar::is_white(*byte)).ok_or(Fault("the sent-by host is missing"))?;
        let (transport, sent_by) = rest.split_at_checked(end).unwrap_or_default();
        let (protocol, version) = (grammar::trim(protocol), grammar::trim(version));
        if ![protocol, version, transport].into_iter().all(grammar::is_token) {
            return Err(Fault("protocol, version or transport is no token"));
        }
        Ok(Self {
            transport: Transport::from(grammar::lossy(transport).as_str()),
            sent_by: parse_sent_by(sent_by)?,
            params,
            version: format!("{}/{}", grammar::lossy(protocol), grammar::lossy(version)),
        })
    }
}

/// Host and port, with white space allowed around the colon.
fn parse_sent_by(bytes: &[u8]) -> Result<HostPort, Fault> {
    let text = grammar::lossy(grammar::trim(bytes));
    if !text.contains(char::is_whitespace) {
        return text.parse();
    }
    let (host, port) = text.rsplit_once(':').ok_or(Fault("the sent-by host holds white space"))?;
    format!("{}:{}", host.trim(), port.trim()).parse()
}

impl Transport {
    /// Whether the transport delivers in order and without loss, so that transactions need not
    /// retransmit (RFC 3261 section 17).
    #[must_use]
    pub const fn is_reliable(&self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// The name as it stands in a Via header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Sctp => "SCTP",
            Self::Ws => "WS",
            Self::Wss => "WSS",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for Transport {
    fn from(name: &str) -> Self {
        [Self::Udp, Self::Tcp, Self::Tls, Self::Sctp, Self::Ws, Self::Wss]
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(name))
            .unwrap_or_else(|| Self::Other(name.to_owned()))
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Via {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        Self::parse(text.as_bytes())
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}{}", self.version, self.transport, self.sent_by, self.params)
    }
}

#[cfg(test)]
#[path = "via_tests.rs"]
mod tests;
