use bytes::Bytes;
use offhook_sip::message::{Limits, Message, Transport};
use proptest::prelude::*;

use super::*;

#[expect(clippy::disallowed_methods, reason = "an instant to begin simulated time at")]
fn start() -> Instant {
    Instant::now()
}

/// A REGISTER of this phone's of a user's, for so many seconds.
fn register(user: u32, phone: u32, cseq: u32, expires: u32) -> Request {
    let text = format!(
        "REGISTER sip:relay.example SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.9;branch=z9hG4bK{cseq}\r\n\
         From: <sip:{user}@relay.example>;tag=1\r\nTo: <sip:{user}@relay.example>\r\nCall-ID: {user}-{phone}\r\n\
         CSeq: {cseq} REGISTER\r\nContact: <sip:{user}-{phone}@192.0.2.9>\r\nExpires: {expires}\r\n\
         Content-Length: 0\r\n\r\n"
    );
    match Message::parse_datagram(Bytes::from(text), &Limits::default()) {
        Ok(Message::Request(request)) => request,
        other => panic!("not a request: {other:?}"),
    }
}

fn from(source: u8, connection: u64) -> Destination {
    let address = std::net::SocketAddr::from(([192, 0, 2, source], 5060));
    Destination::new(Transport::Tcp, address).on(ConnectionId(connection))
}

fn config() -> RegistrarConfig {
    RegistrarConfig { min_expires: 1, ..RegistrarConfig::default() }
}

/// What is known of all bindings is what looking at each of them tells.
fn check(bindings: &Bindings) {
    let all: Vec<_> = bindings.users.iter().flat_map(|(user, of)| of.iter().map(move |it| (user, it))).collect();
    assert_eq!(bindings.count, all.len());
    let sources: HashSet<_> = all.iter().map(|(_, it)| it.flow.address.ip()).collect();
    assert_eq!(bindings.sources.keys().copied().collect::<HashSet<_>>(), sources);
    assert_eq!(bindings.sources.values().sum::<usize>(), all.len());
    let mut flows: HashMap<ConnectionId, HashSet<String>> = HashMap::new();
    for (user, it) in &all {
        flows.entry(it.flow.connection.unwrap()).or_default().insert((*user).clone());
    }
    assert_eq!(bindings.flows, flows);
    assert_eq!(bindings.poll_timeout(), all.iter().map(|(_, it)| it.until).min());
    assert_eq!(bindings.due.len(), bindings.users.len());
}

proptest! {
    #[test]
    fn sources_flows_and_ends_are_known_whatever_happens(
        steps in proptest::collection::vec((0..4_u8, 0..4_u32, 0..3_u32, 0..4_u8, 0..4_u64, 0..90_u32), 1..60),
    ) {
        let (mut bindings, mut now) = (Bindings::default(), start());
        for (cseq, (what, user, phone, source, connection, seconds)) in (1..).zip(steps) {
            match what {
                0 => bindings.flow_closed(ConnectionId(connection)),
                1 => {
                    now += Duration::from_secs(u64::from(seconds));
                    bindings.expire(now);
                    prop_assert!(bindings.poll_timeout().is_none_or(|at| at > now));
                }
                _ => {
                    let request = register(user, phone, cseq, seconds);
                    let _ = bindings.update(&user.to_string(), &request, &from(source, connection), &config(), now);
                }
            }
            check(&bindings);
        }
    }
}

/// With an index made anew for each it would be hundreds of millions of steps.
#[test]
fn a_register_costs_the_same_however_many_users_there_are() {
    const USERS: u32 = 30_000;
    let config = RegistrarConfig { bindings: 100_000, ..config() };
    let (mut bindings, begun) = (Bindings::default(), start());
    for user in 0..USERS {
        let flow = from(1, u64::from(user));
        bindings.update(&user.to_string(), &register(user, 0, 1, 60), &flow, &config, begun).unwrap();
    }
    for user in 0..USERS / 2 {
        bindings.flow_closed(ConnectionId(u64::from(user)));
    }
    assert_eq!(bindings.len(), 15_000);
    bindings.expire(begun + Duration::from_secs(60));
    assert_eq!((bindings.len(), bindings.poll_timeout()), (0, None));
    assert!(begun.elapsed() < Duration::from_secs(20), "it took {:?}", begun.elapsed());
}
