use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A client of the relay's WebSocket that sends whatever it is told to.
#[derive(Debug)]
pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    /// Connects, and says no word.
    pub async fn connect(relay: SocketAddr) -> Self {
        let mut request = format!("ws://{relay}/ws").into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", "offhook.v1".parse().unwrap());
        let (socket, _) = connect_async(request).await.unwrap();
        Self { socket }
    }

    /// Says hello and opens a session under this name; uses the ids 1 and 2.
    pub async fn open(&mut self, login: &str) {
        self.send_text(json!({"id": 1, "type": "hello", "version": 1, "client": "tests"}).to_string()).await;
        self.send_text(json!({"id": 2, "type": "openLocal", "login": login}).to_string()).await;
        for id in [1, 2] {
            let reply = self.reply(id).await;
            assert!(reply.get("result").is_some(), "{reply}");
        }
    }

    /// Sends a text frame.
    pub async fn send_text(&mut self, text: String) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// Sends a binary frame.
    pub async fn send_binary(&mut self, bytes: Vec<u8>) {
        self.socket.send(Message::binary(bytes)).await.unwrap();
    }

    /// The next frame that is a reply with this id.
    pub async fn reply(&mut self, id: u32) -> Value {
        self.next_where(|frame| frame.get("id").and_then(Value::as_u64) == Some(u64::from(id))).await
    }

    /// The next frame that is a reply, whatever its id.
    pub async fn next_reply(&mut self) -> Value {
        self.next_where(|frame| frame.get("type").and_then(Value::as_str) == Some("reply")).await
    }

    async fn next_where(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            if let Message::Text(text) = self.socket.next().await.unwrap().unwrap() {
                let frame = serde_json::from_str(text.as_str()).unwrap();
                if wanted(&frame) {
                    return frame;
                }
            }
        }
    }
}
