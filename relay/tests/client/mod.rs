//! A relay on ports of its own, and a client that speaks to it over real sockets.
#![allow(dead_code, reason = "not every test binary needs everything")]

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use offhook_relay::config::Config;
use offhook_relay::run::{self, Health, Running};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub(crate) const DEADLINE: Duration = Duration::from_secs(10);
/// A browser's offer.
pub(crate) const OFFER: &str = include_str!("../../src/relay/tests/offer.sdp");

pub(crate) async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.unwrap_or_else(|_| panic!("{what} did not happen in time"))
}

/// A demo relay on ports of its own.
pub(crate) async fn relay(change: impl FnOnce(&mut Config)) -> Running {
    let mut config = Config::demo();
    config.http.listen.set_port(0);
    config.sip.sockets_mut().for_each(|socket| socket.set_port(0));
    config.media.workers = 1;
    config.media.quarantine = Duration::ZERO;
    config.limits.session_grace = Duration::from_millis(300);
    change(&mut config);
    run::start(config).await.unwrap()
}

/// Waits until nothing is held any more.
pub(crate) async fn idle(relay: &Running) {
    let mut last: Option<Health> = None;
    let nothing = async {
        loop {
            last = relay.health().await;
            let counts = last.as_ref().unwrap().counts;
            if [counts.connections, counts.sessions, counts.calls, counts.legs, counts.media_legs] == [0; 5] {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(DEADLINE, nothing).await.is_err() {
        panic!("something is left: {last:?}");
    }
}

/// A WebSocket client.
pub(crate) struct Client {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_id: u32,
}

impl Client {
    pub(crate) async fn connect(relay: &Running) -> Self {
        Self::connect_with(relay, &[("Sec-WebSocket-Protocol", "offhook.v1")]).await.unwrap()
    }

    pub(crate) async fn connect_with(relay: &Running, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        Self::connect_to(relay.http, headers).await
    }

    pub(crate) async fn connect_to(http: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let mut request = format!("ws://{http}/ws").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (socket, _) = connect_async(request).await?;
        Ok(Self { socket, last_id: 0 })
    }

    /// A local user's session; the result of opening it.
    pub(crate) async fn user(relay: &Running, login: &str) -> (Self, Value) {
        let mut client = Self::connect(relay).await;
        client.ask("hello", json!({"version": 1, "client": "test"})).await;
        let opened = client.ask("openLocal", json!({"login": login})).await;
        (client, opened["result"].clone())
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    pub(crate) async fn next(&mut self) -> Value {
        self.next_where(|_| true).await
    }

    pub(crate) async fn next_where(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        in_time("a frame", async {
            loop {
                if let Message::Text(text) = self.socket.next().await.unwrap().unwrap() {
                    let frame = serde_json::from_str(text.as_str()).unwrap();
                    if wanted(&frame) {
                        return frame;
                    }
                }
            }
        })
        .await
    }

    pub(crate) async fn ask(&mut self, kind: &str, fields: Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let mut request = json!({"id": id, "type": kind});
        request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.send(Message::text(request.to_string())).await;
        self.next_where(|frame| frame["type"] == "reply" && frame["id"] == id).await
    }

    pub(crate) async fn status(&mut self, status: &str) -> Value {
        self.next_where(|frame| frame["type"] == "callStatus" && frame["status"] == status).await
    }

    /// The close code, once the relay closes; nothing when the connection just broke.
    pub(crate) async fn closed(mut self) -> Option<CloseCode> {
        in_time("the close", async {
            while let Some(message) = self.socket.next().await {
                match message {
                    Ok(Message::Close(frame)) => return frame.map(|frame| frame.code),
                    Ok(_) => {}
                    Err(_) => return None,
                }
            }
            None
        })
        .await
    }
}

/// What an HTTP request is answered with: the head and the body.
pub(crate) async fn http(relay: &Running, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(relay.http).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", relay.http);
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    in_time("an answer", stream.read_to_end(&mut answer)).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}
