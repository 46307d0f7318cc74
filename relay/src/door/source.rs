use std::net::{IpAddr, SocketAddr};

use axum::extract::connect_info::Connected;
use axum::http::HeaderMap;
use axum::serve::IncomingStream;

use super::listener::BoundedListener;

/// Who opened the TCP connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub(super) IpAddr);

impl Connected<IncomingStream<'_, BoundedListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, BoundedListener>) -> Self {
        Self(stream.remote_addr().ip())
    }
}

/// Where a request comes from: the peer, or what a trusted proxy says of it. Anybody can write `X-Forwarded-For`, so it
/// is read from its end, where the proxies that are trusted have put what they saw.
pub(crate) fn source(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let mut source = peer.to_canonical();
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let mut named = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.rsplit(','));
    while trusted.contains(&source) {
        let Some(before) = named.next().and_then(address) else { break };
        source = before;
    }
    source
}

fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text.parse().ok().or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "127.0.0.1";

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted = [PROXY.parse().unwrap(), "10.0.0.1".parse().unwrap()];
        source(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_is_who_it_is_whatever_it_says() {
        assert_eq!(seen("192.0.2.1", &["198.51.100.1"]), "192.0.2.1");
    }

    #[test]
    fn a_trusted_proxy_says_who_asks() {
        assert_eq!(seen(PROXY, &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("::ffff:127.0.0.1", &["2001:db8::1"]), "2001:db8::1");
        assert_eq!(seen(PROXY, &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(seen(PROXY, &[]), PROXY);
        assert_eq!(seen(PROXY, &["nonsense"]), PROXY);
    }

    #[test]
    fn what_the_asker_wrote_itself_is_not_believed() {
        assert_eq!(seen(PROXY, &["203.0.113.9, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen(PROXY, &["203.0.113.9", "198.51.100.1, 10.0.0.1"]), "198.51.100.1");
    }
}
