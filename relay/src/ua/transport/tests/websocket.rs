//! SIP over WebSocket with an independent client.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message as Frame};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::*;

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

fn listening(config: TransportConfig) -> (Transports, mpsc::Receiver<TransportEvent>) {
    let (sender, receiver) = mpsc::channel(16);
    let config = TransportConfig { listen: vec![(Protocol::Ws, loopback())], ..config };
    (Transports::bind(&config, sender, &Handle::current()).unwrap(), receiver)
}

async fn connect(transports: &Transports, headers: &[(&'static str, &str)]) -> Result<Client, u16> {
    let mut request = format!("ws://{}/", at(transports, Protocol::Ws)).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((client, response)) => {
            assert_eq!(response.headers()["sec-websocket-protocol"], "sip");
            Ok(client)
        }
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

const SIP: (&str, &str) = ("sec-websocket-protocol", "sip");

async fn heard(client: &mut Client) -> Frame {
    timeout(Duration::from_secs(10), client.next()).await.unwrap().unwrap().unwrap()
}

#[tokio::test]
async fn a_frame_is_a_message_and_is_answered_on_its_socket() {
    let (transports, mut events) = listening(TransportConfig::default());
    let mut client = connect(&transports, &[SIP]).await.unwrap();
    for frame in [Frame::text(OPTIONS), Frame::binary(OPTIONS.as_bytes()), Frame::text("no message")] {
        client.send(frame).await.unwrap();
    }
    let (from, method) = next_method(&mut events).await;
    assert_eq!((&from.transport, method), (&Transport::Ws, Method::Options));
    assert_eq!(next_method(&mut events).await.0, from);
    transports.send(transmit(from.clone(), b"SIP/2.0 200 OK\r\n\r\n", None));
    assert_eq!(heard(&mut client).await, Frame::text("SIP/2.0 200 OK\r\n\r\n"));
    client.close(None).await.unwrap();
    match next(&mut events).await {
        TransportEvent::Closed { connection, .. } => assert_eq!(Some(connection), from.connection),
        other => panic!("not the end: {other:?}"),
    }
    // Nobody can be called back over a WebSocket that is gone.
    transports.send(transmit(from, b"SIP/2.0 200 OK\r\n\r\n", Some(some_transaction())));
    assert!(matches!(next(&mut events).await, TransportEvent::Failed { fault: SendFault::Closed, .. }));
}

#[tokio::test]
async fn keep_alives_are_answered() {
    let (transports, _events) = listening(TransportConfig::default());
    let mut client = connect(&transports, &[SIP]).await.unwrap();
    client.send(Frame::text("\r\n\r\n")).await.unwrap();
    assert_eq!(heard(&mut client).await, Frame::text("\r\n"));
    client.send(Frame::Ping("?".into())).await.unwrap();
    assert_eq!(heard(&mut client).await, Frame::Pong("?".into()));
}

#[tokio::test]
async fn an_idle_socket_is_pinged() {
    let (transports, _events) =
        listening(TransportConfig { keep_alive: Duration::from_millis(20), ..TransportConfig::default() });
    let mut client = connect(&transports, &[SIP]).await.unwrap();
    assert!(matches!(heard(&mut client).await, Frame::Ping(_)));
}

#[tokio::test]
async fn foreign_pages_and_other_subprotocols_are_refused() {
    let origins = Origins { allowed: vec!["https://shop.example".into()], ..Origins::default() };
    let (transports, _events) = listening(TransportConfig { origins, ..TransportConfig::default() });
    for (headers, status) in [
        (&[SIP, ("origin", "https://evil.example")][..], Err(403)),
        (&[SIP, ("origin", "https://shop.example")], Ok(())),
        (&[("sec-websocket-protocol", "mqtt, sip")], Ok(())),
        (&[("sec-websocket-protocol", "offhook.v1")], Err(400)),
        (&[], Err(400)),
    ] {
        assert_eq!(connect(&transports, headers).await.map(drop), status, "{headers:?}");
    }
}

#[tokio::test]
async fn a_frame_that_is_too_large_ends_the_socket() {
    let (transports, mut events) = listening(TransportConfig::default());
    let mut client = connect(&transports, &[SIP]).await.unwrap();
    client.send(Frame::text("x".repeat(200 * 1024))).await.unwrap_or_default();
    assert!(matches!(next(&mut events).await, TransportEvent::Closed { .. }));
}

#[tokio::test]
async fn whom_a_trusted_proxy_names_is_who_speaks() {
    for (proxies, seen) in [(vec![loopback().ip()], "198.51.100.7"), (Vec::new(), "127.0.0.1")] {
        let origins = Origins { proxies, ..Origins::default() };
        let (transports, mut events) = listening(TransportConfig { origins, ..TransportConfig::default() });
        let forwarded = ("x-forwarded-for", "203.0.113.9, 198.51.100.7");
        let mut client = connect(&transports, &[SIP, forwarded]).await.unwrap();
        client.send(Frame::text(OPTIONS)).await.unwrap();
        let (from, _) = next_method(&mut events).await;
        assert_eq!(from.address.ip().to_string(), seen);
        // What is said to it goes over its socket.
        transports.send(transmit(from.clone(), b"SIP/2.0 200 OK\r\n\r\n", None));
        assert_eq!(heard(&mut client).await, Frame::text("SIP/2.0 200 OK\r\n\r\n"));
        drop(client);
        assert!(matches!(next(&mut events).await, TransportEvent::Closed { from: closed, .. } if closed == from));
    }
}
