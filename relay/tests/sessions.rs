//! Sessions that outlive their sockets and pages, over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what went wrong by panicking"
)]

mod client;

use std::time::Duration;

use client::{Client, OFFER, idle, relay};
use offhook_protocol::Secret;
use offhook_relay::config::Users;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

const PRINT: &str = "7b:8b:f0:65:5f:78:e2:51:3b:ac:6f:f3:3f:46:1b:35:dc:b8:5f:64:1a:24:c2:43:f0:a1:58:d0:a1:2c:19:08";

async fn greeted(relay: &offhook_relay::run::Running) -> Client {
    let mut client = Client::connect(relay).await;
    client.ask("hello", json!({"version": 1, "client": "test"})).await;
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_loaded_again_takes_its_call_back() {
    let relay = relay(|_| {}).await;
    let mut page = greeted(&relay).await;
    let opened = page.ask("openLocal", json!({"login": "alice", "keepAlive": true})).await["result"].clone();
    page.ask("call", json!({"callId": "c1", "callee": "echo", "sdp": OFFER})).await;
    let first = page.next_where(|frame| frame["type"] == "callSdp").await;
    page.status("ESTABLISHED").await;
    page.socket.close(Some(CloseFrame { code: CloseCode::Away, reason: "".into() })).await.unwrap();
    let mut page = greeted(&relay).await;
    let fields = json!({"token": opened["token"], "lastSeq": 0, "fresh": true});
    let resumed = page.ask("resume", fields).await["result"].clone();
    assert_eq!(resumed["calls"][0]["status"], "ESTABLISHED");
    let offer = OFFER.replace(PRINT, &PRINT.replace("7b", "7c")).replace("Kx3f", "Kx4f");
    assert_eq!(page.ask("offer", json!({"callId": "c1", "sdp": offer})).await["result"], json!({}));
    let second = page.next_where(|frame| frame["type"] == "callSdp").await;
    let ufrag = |event: &Value| {
        let sdp = event["sdp"].as_str().unwrap().to_owned();
        sdp.lines().find(|line| line.starts_with("a=ice-ufrag")).unwrap().to_owned()
    };
    assert_ne!(ufrag(&first), ufrag(&second));
    page.ask("close", json!({})).await;
    idle(&relay).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_kept_for_nobody_ends_in_time() {
    let relay = relay(|config| config.limits.keep_alive = Duration::from_millis(500)).await;
    let mut page = greeted(&relay).await;
    page.ask("openLocal", json!({"login": "alice", "keepAlive": true})).await;
    page.ask("close", json!({"keep": true})).await;
    assert_eq!(page.closed().await, Some(CloseCode::Normal));
    let counts = relay.health().await.unwrap().counts;
    assert_eq!((counts.sessions, counts.sessions_away), (1, 1));
    idle(&relay).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_count_for_who_sends_them_through_a_proxy() {
    let users = [("alice".to_owned(), Some(Secret::new("right")))].into();
    let relay = relay(|config| {
        config.users = Users::Named(users);
        config.http.trusted_proxies = vec![[127, 0, 0, 1].into()];
    })
    .await;
    let protocol = ("Sec-WebSocket-Protocol", "offhook.v1");
    let mut codes = Vec::new();
    for from in ["192.0.2.1"; 5].into_iter().chain(["192.0.2.2"]) {
        let mut client = Client::connect_with(&relay, &[protocol, ("X-Forwarded-For", from)]).await.unwrap();
        client.ask("hello", json!({"version": 1, "client": "test"})).await;
        for _ in 0..4 {
            let reply = client.ask("openLocal", json!({"login": "alice", "password": "wrong"})).await;
            codes.push(reply["error"]["code"].as_str().unwrap().to_owned());
        }
        let reply = client.ask("openLocal", json!({"login": "alice", "password": "right"})).await;
        codes.push(reply["error"]["code"].as_str().unwrap_or("opened").to_owned());
    }
    assert_eq!(codes[24], "limitReached", "{codes:?}");
    assert_eq!(codes[29], "opened", "{codes:?}");
    relay.stop().await;
}
