//! What we can send over, as finding a server wants to know it.

use std::sync::Arc;

use offhook_sip::locate::{Family, Reach};

use crate::ua::account::Protocol;
use crate::ua::locals::Locals;

/// What the relay can send over by itself; WebSockets are opened by those at their other end.
const PROTOCOLS: [Protocol; 3] = [Protocol::Udp, Protocol::Tcp, Protocol::Tls];

/// Ways to reach others, for each transport that may be preferred.
#[derive(Debug)]
pub(super) struct Reaches([Arc<[Reach]>; PROTOCOLS.len()]);

impl Reaches {
    pub(super) fn new(locals: &Locals) -> Self {
        Self(PROTOCOLS.map(|first| {
            let rest = PROTOCOLS.into_iter().filter(|protocol| *protocol != first);
            std::iter::once(first).chain(rest).map(|protocol| reach(protocol, locals)).collect()
        }))
    }

    /// All of them, this one first.
    pub(super) fn preferring(&self, protocol: Protocol) -> Arc<[Reach]> {
        let [udp, tcp, tls] = &self.0;
        Arc::clone(match protocol {
            Protocol::Udp => udp,
            Protocol::Tcp => tcp,
            _ => tls,
        })
    }
}

/// Datagrams leave by a socket of ours only; a connection can be opened from anywhere. What nobody could reach us back by
/// is not for the DNS to choose.
fn reach(protocol: Protocol, locals: &Locals) -> Reach {
    let mut families: Vec<Family> = Vec::new();
    let listened = locals.of(protocol).map(|addr| Family::of(addr.ip()));
    let any = [Family::V4, Family::V6].into_iter().filter(|_| protocol != Protocol::Udp);
    for family in listened.chain(any) {
        if !families.contains(&family) {
            families.push(family);
        }
    }
    let offered = locals.of(protocol).next().is_some();
    Reach { transport: protocol.transport(), families, offered }
}
