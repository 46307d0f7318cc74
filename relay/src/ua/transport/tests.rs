use super::*;
use bytes::Bytes;
use offhook_sip::message::Method;
use offhook_sip::transaction::{Timing, TransactionLayer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::timeout;

const OPTIONS: &str = "OPTIONS sip:relay.example SIP/2.0\r\n\
    Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKabc\r\n\
    From: <sip:probe@relay.example>;tag=1\r\n\
    To: <sip:relay.example>\r\n\
    Call-ID: probe\r\n\
    CSeq: 1 OPTIONS\r\n\
    Content-Length: 0\r\n\r\n";

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn bound(config: TransportConfig) -> (Transports, mpsc::Receiver<TransportEvent>) {
    let (sender, receiver) = mpsc::channel(16);
    let config = TransportConfig { udp: vec![loopback()], listen: vec![(Protocol::Tcp, loopback())], ..config };
    (Transports::bind(&config, sender, &Handle::current()).unwrap(), receiver)
}

fn at(transports: &Transports, protocol: Protocol) -> SocketAddr {
    transports.locals().iter().find(|local| local.protocol == protocol).unwrap().addr
}

fn transmit(destination: Destination, bytes: &'static [u8], transaction: Option<TransactionId>) -> Transmit {
    Transmit { destination, bytes: Bytes::from_static(bytes), transaction }
}

/// A transaction's name, which only a transaction layer gives out.
#[expect(clippy::disallowed_methods, reason = "the layer wants an instant to begin at")]
fn some_transaction() -> TransactionId {
    let mut layer = TransactionLayer::new(Timing::default(), || 1);
    let Ok(Message::Request(options)) =
        Message::parse_datagram(Bytes::from_static(OPTIONS.as_bytes()), &Limits::default())
    else {
        panic!("OPTIONS is a request")
    };
    let to = Destination::udp(SocketAddr::from(([127, 0, 0, 1], 9)));
    TransactionId::Client(layer.send_request(options, to, std::time::Instant::now()).unwrap())
}

async fn next(events: &mut mpsc::Receiver<TransportEvent>) -> TransportEvent {
    timeout(Duration::from_secs(10), events.recv()).await.unwrap().unwrap()
}

async fn next_method(events: &mut mpsc::Receiver<TransportEvent>) -> (Destination, Method) {
    match next(events).await {
        TransportEvent::Message { from, message } => match *message {
            Message::Request(request) => (from, request.method().clone()),
            Message::Response(response) => panic!("a response: {response:?}"),
        },
        other => panic!("not a message: {other:?}"),
    }
}

#[tokio::test]
async fn a_datagram_becomes_a_message_and_garbage_is_dropped() {
    let (transports, mut events) = bound(TransportConfig::default());
    let phone = UdpSocket::bind(loopback()).await.unwrap();
    let relay = at(&transports, Protocol::Udp);
    phone.send_to(b"\x00\xffnot sip at all", relay).await.unwrap();
    phone.send_to(OPTIONS.as_bytes(), relay).await.unwrap();
    let (from, method) = next_method(&mut events).await;
    assert_eq!(from, Destination::udp(phone.local_addr().unwrap()));
    assert_eq!(method, Method::Options);
    transports.send(transmit(from, b"SIP/2.0 200 OK\r\n\r\n", None));
    let mut buffer = [0; 64];
    let length = timeout(Duration::from_secs(10), phone.recv(&mut buffer)).await.unwrap().unwrap();
    assert!(buffer[..length].starts_with(b"SIP/2.0 200"));
}

#[tokio::test]
async fn messages_split_and_joined_on_a_stream_arrive_whole_and_answers_use_the_same_connection() {
    let (transports, mut events) = bound(TransportConfig::default());
    let mut phone = TcpStream::connect(at(&transports, Protocol::Tcp)).await.unwrap();
    let two = format!("{OPTIONS}{OPTIONS}");
    let (first, second) = two.as_bytes().split_at(OPTIONS.len() + 40);
    phone.write_all(first).await.unwrap();
    let (from, _) = next_method(&mut events).await;
    phone.write_all(second).await.unwrap();
    next_method(&mut events).await;
    assert_eq!(transports.connections(), 1);
    transports.send(transmit(from, b"answer", None));
    let mut buffer = [0; 6];
    timeout(Duration::from_secs(10), phone.read_exact(&mut buffer)).await.unwrap().unwrap();
    assert_eq!(&buffer, b"answer");
}

#[tokio::test]
async fn a_double_crlf_is_answered_with_a_single_one() {
    let (transports, _events) = bound(TransportConfig::default());
    let mut phone = TcpStream::connect(at(&transports, Protocol::Tcp)).await.unwrap();
    phone.write_all(b"\r\n\r\n").await.unwrap();
    let mut buffer = [0; 2];
    timeout(Duration::from_secs(10), phone.read_exact(&mut buffer)).await.unwrap().unwrap();
    assert_eq!(&buffer, b"\r\n");
}

#[tokio::test]
async fn sending_opens_a_connection_and_uses_it_again() {
    let (transports, _events) = bound(TransportConfig::default());
    let server = TcpListener::bind(loopback()).await.unwrap();
    let to = Destination::tcp(server.local_addr().unwrap(), None);
    transports.send(transmit(to.clone(), b"one", None));
    transports.send(transmit(to, b"two", None));
    let (mut stream, _) = timeout(Duration::from_secs(10), server.accept()).await.unwrap().unwrap();
    let mut buffer = [0; 6];
    timeout(Duration::from_secs(10), stream.read_exact(&mut buffer)).await.unwrap().unwrap();
    assert_eq!(&buffer, b"onetwo");
}

#[tokio::test]
async fn a_refused_connection_is_reported() {
    let (transports, mut events) = bound(TransportConfig::default());
    let gone = {
        let listener = TcpListener::bind(loopback()).await.unwrap();
        listener.local_addr().unwrap()
    };
    let transaction = some_transaction();
    transports.send(transmit(Destination::tcp(gone, None), b"hello", Some(transaction)));
    match next(&mut events).await {
        TransportEvent::Failed { transaction: failed, fault } => {
            assert_eq!((failed, fault), (transaction, SendFault::Refused));
        }
        other => panic!("not a failure: {other:?}"),
    }
    assert_eq!(transports.connections(), 0);
}

#[tokio::test]
async fn a_connection_over_the_bound_is_closed_at_once() {
    let (transports, mut events) = bound(TransportConfig { max_connections: 1, ..TransportConfig::default() });
    let mut first = TcpStream::connect(at(&transports, Protocol::Tcp)).await.unwrap();
    first.write_all(OPTIONS.as_bytes()).await.unwrap();
    let (from, _) = next_method(&mut events).await;
    transports.send(transmit(from, b"answer", None));
    let mut second = TcpStream::connect(at(&transports, Protocol::Tcp)).await.unwrap();
    assert!(is_closed(&mut second).await);
    first.read_exact(&mut [0; 6]).await.unwrap();
    first.write_all(OPTIONS.as_bytes()).await.unwrap();
    next_method(&mut events).await;
}

#[tokio::test]
async fn whoever_nobody_has_answered_makes_room_the_oldest_first() {
    let (transports, mut events) = bound(TransportConfig { max_connections: 2, ..TransportConfig::default() });
    let mut open = Vec::new();
    for _ in 0..4 {
        let mut peer = TcpStream::connect(at(&transports, Protocol::Tcp)).await.unwrap();
        peer.write_all(OPTIONS.as_bytes()).await.unwrap();
        next_method(&mut events).await;
        open.push(peer);
    }
    assert!(is_closed(&mut open[0]).await && is_closed(&mut open[1]).await);
    assert_eq!(transports.connections(), 2);
    for peer in &mut open[2..] {
        peer.write_all(OPTIONS.as_bytes()).await.unwrap();
        next_method(&mut events).await;
    }
}

async fn is_closed(peer: &mut TcpStream) -> bool {
    let read = timeout(Duration::from_secs(10), peer.read(&mut [0; 1])).await.unwrap();
    matches!(read, Ok(0) | Err(_))
}

/// A request without an end, which would be answered 400.
const ENDLESS: &str = "OPTIONS sip:relay.example SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKabc\r\n\
    From: <sip:probe@relay.example>;tag=1\r\nTo: <sip:relay.example>\r\nCall-ID: probe\r\nCSeq: 1 OPTIONS\r\n\
    Content-Length: many\r\n\r\n";

#[tokio::test]
async fn a_stranger_hears_nothing_of_its_keep_alives_and_mistakes_where_policy_says_silence() {
    for silent in [false, true] {
        let (transports, _events) = bound(TransportConfig { silent, ..TransportConfig::default() });
        let mut stranger = TcpStream::connect(at(&transports, Protocol::Tcp)).await.unwrap();
        stranger.write_all(format!("\r\n\r\n{ENDLESS}").as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        timeout(Duration::from_secs(10), stranger.read_to_end(&mut heard)).await.unwrap().unwrap();
        let heard = String::from_utf8(heard).unwrap();
        assert!(if silent { heard.is_empty() } else { heard.starts_with("\r\nSIP/2.0 400 ") }, "{heard}");
    }
}

#[tokio::test]
async fn whoever_was_answered_once_is_told_of_keep_alives_and_mistakes() {
    let (transports, mut events) = bound(TransportConfig { silent: true, ..TransportConfig::default() });
    let mut phone = TcpStream::connect(at(&transports, Protocol::Tcp)).await.unwrap();
    phone.write_all(OPTIONS.as_bytes()).await.unwrap();
    let (from, _) = next_method(&mut events).await;
    transports.send(transmit(from, b"answer", None));
    phone.read_exact(&mut [0; 6]).await.unwrap();
    phone.write_all(format!("\r\n\r\n{ENDLESS}").as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    timeout(Duration::from_secs(10), phone.read_to_end(&mut heard)).await.unwrap().unwrap();
    assert!(heard.starts_with(b"\r\nSIP/2.0 400 "));
}

#[tokio::test]
async fn a_flow_has_a_name_and_its_end_is_told_once_after_its_messages() {
    let (transports, mut events) = bound(TransportConfig::default());
    let mut phone = TcpStream::connect(at(&transports, Protocol::Tcp)).await.unwrap();
    phone.write_all(OPTIONS.as_bytes()).await.unwrap();
    let (from, _) = next_method(&mut events).await;
    assert_eq!(from.address, phone.local_addr().unwrap());
    drop(phone);
    match next(&mut events).await {
        TransportEvent::Closed { connection, from: flow } => {
            assert_eq!((Some(connection), flow), (from.connection, from))
        }
        other => panic!("not the end: {other:?}"),
    }
    assert_eq!(transports.connections(), 0);
    assert!(events.try_recv().is_err());
}

#[tokio::test]
async fn a_request_for_a_flow_that_ended_goes_nowhere_else() {
    let (transports, mut events) = bound(TransportConfig::default());
    let server = TcpListener::bind(loopback()).await.unwrap();
    let gone = Destination::tcp(server.local_addr().unwrap(), Some(ConnectionId(77)));
    let transaction = some_transaction();
    transports.send(transmit(gone, OPTIONS.as_bytes(), Some(transaction)));
    match next(&mut events).await {
        TransportEvent::Failed { fault, .. } => assert_eq!(fault, SendFault::Closed),
        other => panic!("not a failure: {other:?}"),
    }
    assert_eq!(transports.connections(), 0);
}

/// RFC 3261 section 18.2.2.
#[tokio::test]
async fn a_response_whose_connection_ended_goes_to_where_the_request_says_its_sender_listens() {
    let (transports, _events) = bound(TransportConfig::default());
    let server = TcpListener::bind(loopback()).await.unwrap();
    let port = server.local_addr().unwrap().port();
    let response = format!("SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP 192.0.2.1:{port};branch=z9hG4bKa\r\n\r\n");
    let destination = Destination::tcp(SocketAddr::from(([127, 0, 0, 1], 1)), Some(ConnectionId(77)));
    transports.send(Transmit { destination, bytes: Bytes::from(response.clone()), transaction: None });
    let (mut stream, _) = timeout(Duration::from_secs(10), server.accept()).await.unwrap().unwrap();
    let mut buffer = vec![0; response.len()];
    timeout(Duration::from_secs(10), stream.read_exact(&mut buffer)).await.unwrap().unwrap();
    assert_eq!(buffer, response.as_bytes());
}

#[tokio::test]
async fn both_families_have_sockets_on_the_same_port() {
    let (sender, mut events) = mpsc::channel(16);
    let port = std::net::UdpSocket::bind(loopback()).unwrap().local_addr().unwrap().port();
    let all = |ip: &str| SocketAddr::new(ip.parse().unwrap(), port);
    let config = TransportConfig { udp: vec![all("0.0.0.0"), all("::")], ..TransportConfig::default() };
    let transports = Transports::bind(&config, sender, &Handle::current()).unwrap();
    for target in [all("127.0.0.1"), all("::1")] {
        let phone = UdpSocket::bind(SocketAddr::new(target.ip(), 0)).await.unwrap();
        phone.send_to(OPTIONS.as_bytes(), target).await.unwrap();
        let (from, _) = next_method(&mut events).await;
        assert_eq!(from, Destination::udp(phone.local_addr().unwrap()));
        transports.send(transmit(from, b"SIP/2.0 200 OK\r\n\r\n", None));
        let mut buffer = [0; 64];
        timeout(Duration::from_secs(10), phone.recv(&mut buffer)).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn one_address_cannot_take_all_connections() {
    let (transports, mut events) = bound(TransportConfig { max_per_source: 1, ..TransportConfig::default() });
    let mut first = TcpStream::connect(at(&transports, Protocol::Tcp)).await.unwrap();
    first.write_all(OPTIONS.as_bytes()).await.unwrap();
    next_method(&mut events).await;
    let mut second = TcpStream::connect(at(&transports, Protocol::Tcp)).await.unwrap();
    let read = timeout(Duration::from_secs(10), second.read(&mut [0; 1])).await.unwrap();
    assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    drop(first);
    assert!(matches!(next(&mut events).await, TransportEvent::Closed { .. }));
    let mut third = TcpStream::connect(at(&transports, Protocol::Tcp)).await.unwrap();
    third.write_all(OPTIONS.as_bytes()).await.unwrap();
    next_method(&mut events).await;
}

#[tokio::test]
async fn a_connection_that_says_nothing_whole_is_closed() {
    let (transports, mut events) =
        bound(TransportConfig { message_timeout: Duration::from_millis(50), ..TransportConfig::default() });
    for said in [&b""[..], b"OPTIONS sip:relay.example SIP/2.0\r\nVia: SIP"] {
        let mut phone = TcpStream::connect(at(&transports, Protocol::Tcp)).await.unwrap();
        phone.write_all(said).await.unwrap();
        let read = timeout(Duration::from_secs(10), phone.read(&mut [0; 1])).await.unwrap();
        assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
        assert!(matches!(next(&mut events).await, TransportEvent::Closed { .. }));
    }
    assert_eq!(transports.connections(), 0);
}

/// RFC 5626 section 4.4.1: the side that opened the connection keeps it alive.
#[tokio::test]
async fn a_connection_of_ours_is_kept_alive() {
    let (sender, _events) = mpsc::channel(16);
    let config = TransportConfig { keep_alive: Duration::from_millis(20), ..TransportConfig::default() };
    let transports = Transports::bind(&config, sender, &Handle::current()).unwrap();
    let server = TcpListener::bind(loopback()).await.unwrap();
    transports.send(transmit(Destination::tcp(server.local_addr().unwrap(), None), b"x", None));
    let (mut stream, _) = timeout(Duration::from_secs(10), server.accept()).await.unwrap().unwrap();
    for expected in ["x\r\n\r\n", "\r\n\r\n"] {
        let mut buffer = vec![0; expected.len()];
        timeout(Duration::from_secs(10), stream.read_exact(&mut buffer)).await.unwrap().unwrap();
        assert_eq!(buffer, expected.as_bytes());
        stream.write_all(b"\r\n").await.unwrap();
    }
}

mod tls;
mod websocket;
