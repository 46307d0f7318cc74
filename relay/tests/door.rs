//! The relay's doors over real sockets: what a WebSocket and an HTTP client meet.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what went wrong by panicking"
)]

mod client;

use std::net::SocketAddr;
use std::time::Duration;

use client::{Client, OFFER, http, idle, in_time, relay};
use futures_util::SinkExt;
use offhook_relay::config::Config;
use offhook_relay::run::{self, Running};
use offhook_relay::ua::Protocol;
use serde_json::{Value, json};
use tokio::net::UdpSocket;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

#[tokio::test(flavor = "multi_thread")]
async fn a_call_to_echo_is_established_and_leaves_nothing() {
    let relay = relay(|_| {}).await;
    let (mut alice, opened) = Client::user(&relay, "alice").await;
    assert_eq!(opened["login"], "alice");
    let reply = alice.ask("call", json!({"callId": "c1", "callee": "echo", "sdp": OFFER})).await;
    assert_eq!(reply["result"], json!({}));
    let answer = alice.next_where(|frame| frame["type"] == "callSdp").await;
    assert!(answer["sdp"].as_str().unwrap().contains("a=ice-lite"));
    alice.status("ESTABLISHED").await;
    alice.ask("hangup", json!({"callId": "c1"})).await;
    alice.ask("close", json!({})).await;
    assert_eq!(alice.closed().await, Some(CloseCode::Normal));
    idle(&relay).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_frames_get_an_error_and_the_connection_lives_on() {
    let relay = relay(|_| {}).await;
    let mut client = Client::connect(&relay).await;
    let too_deep = "[".repeat(20_000);
    let frames =
        ["", "{", "[]", "null", "{\"id\":1}", "{\"type\":\"ping\"}", "{\"id\":-1,\"type\":\"ping\"}", &too_deep];
    for frame in frames {
        client.send(Message::text(frame.to_owned())).await;
        assert_eq!(client.next().await["error"]["code"], "badRequest", "{frame:.30}");
    }
    client.send(Message::binary(vec![0, 1, 2, 255])).await;
    assert_eq!(client.next().await["error"]["code"], "badRequest");
    assert_eq!(client.ask("dance", json!({})).await["error"]["code"], "unknownRequest");
    assert_eq!(client.ask("ping", json!({})).await["error"]["code"], "helloRequired");
    assert_eq!(client.ask("hello", json!({"version": 1, "client": "x"})).await["result"]["version"], 1);
    drop(client);
    idle(&relay).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_over_the_limit_ends_its_connection_only() {
    let relay = relay(|_| {}).await;
    let (mut other, _) = Client::user(&relay, "bob").await;
    for message in [Message::text("x".repeat(1_000_000)), Message::binary(vec![0; 1_000_000])] {
        let mut client = Client::connect(&relay).await;
        // The relay may close while the frame is still on its way.
        let _ = client.socket.send(message).await;
        assert!(matches!(client.closed().await, None | Some(CloseCode::Size | CloseCode::Protocol)));
    }
    assert_eq!(other.ask("ping", json!({})).await["result"], json!({}));
    drop(other);
    idle(&relay).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_cut_off_and_others_are_served() {
    let relay = relay(|config| config.limits.requests_per_second = 5).await;
    let mut flood = Client::connect(&relay).await;
    for id in 0..200 {
        let _ = flood.socket.send(Message::text(json!({"id": id, "type": "ping"}).to_string())).await;
    }
    assert!(matches!(flood.closed().await, None | Some(CloseCode::Policy)));
    let (mut other, _) = Client::user(&relay, "bob").await;
    assert_eq!(other.ask("ping", json!({})).await["result"], json!({}));
    drop(other);
    idle(&relay).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_tab_ends_its_calls_within_the_grace() {
    let relay = relay(|_| {}).await;
    let (mut alice, _) = Client::user(&relay, "alice").await;
    let (mut bob, _) = Client::user(&relay, "bob").await;
    alice.ask("call", json!({"callId": "a1", "callee": "bob", "sdp": OFFER})).await;
    bob.next_where(|frame| frame["type"] == "incomingCall").await;
    // The connection breaks without a word, as when a process is killed.
    drop(alice);
    bob.status("FINISH").await;
    drop(bob);
    idle(&relay).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_socket_is_resumed_with_the_missed_events() {
    let relay = relay(|config| config.limits.session_grace = Duration::from_secs(30)).await;
    let (alice, opened) = Client::user(&relay, "alice").await;
    drop(alice);
    let (mut bob, _) = Client::user(&relay, "bob").await;
    bob.ask("call", json!({"callId": "b1", "callee": "alice", "sdp": OFFER})).await;
    let mut back = Client::connect(&relay).await;
    back.ask("hello", json!({"version": 1, "client": "test"})).await;
    let resumed = back.ask("resume", json!({"token": opened["token"], "lastSeq": 0})).await;
    assert_eq!(resumed["result"]["sessionId"], opened["sessionId"]);
    assert_eq!(back.next().await["type"], "incomingCall");
    back.ask("close", json!({})).await;
    bob.ask("close", json!({})).await;
    idle(&relay).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_cut_in_every_state_leave_nothing() {
    let relay = relay(|_| {}).await;
    for stage in 0..12 {
        let mut client = Client::connect(&relay).await;
        if stage % 4 > 0 {
            client.ask("hello", json!({"version": 1, "client": "test"})).await;
        }
        if stage % 4 > 1 {
            client.ask("openLocal", json!({"login": format!("user{stage}")})).await;
        }
        if stage % 4 > 2 {
            client.ask("call", json!({"callId": "c1", "callee": "tone", "sdp": OFFER})).await;
        }
    }
    idle(&relay).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_from_elsewhere_and_other_protocols_are_turned_away() {
    let relay = relay(|config| config.http.allowed_origins = vec!["https://shop.example".into()]).await;
    let status = |result: Result<Client, Error>| match result {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("{other}"),
        Ok(_) => 101,
    };
    let protocol = ("Sec-WebSocket-Protocol", "offhook.v1");
    let own = format!("http://{}", relay.http);
    for (origin, expected) in [("https://evil.example", 403), ("https://shop.example", 101), (own.as_str(), 101)] {
        let result = Client::connect_with(&relay, &[protocol, ("Origin", origin)]).await;
        assert_eq!(status(result), expected, "{origin}");
    }
    assert_eq!(status(Client::connect_with(&relay, &[("Sec-WebSocket-Protocol", "mqtt")]).await), 400);
    idle(&relay).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_a_path_takes_websockets() {
    let relay = relay(|_| {}).await;
    let mut request = format!("ws://{}", relay.http).into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", "offhook.v1".parse().unwrap());
    let (_, response) = connect_async(request).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "offhook.v1");
    let bare = format!("ws://{}", relay.http).into_client_request().unwrap();
    assert!(matches!(connect_async(bare).await, Err(Error::Http(response)) if response.status() == 400));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_served_with_their_type_and_the_headers_that_protect_them() {
    let directory = std::env::temp_dir().join(format!("offhook-door-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("index.html"), "<!doctype html>phone").unwrap();
    std::fs::write(directory.join("core.wasm"), [0, 97, 115, 109]).unwrap();
    let relay = relay(|config| config.http.static_files = Some(directory.clone())).await;
    let (head, body) = http(&relay, "/").await;
    assert!(head.starts_with("http/1.1 200") && body.contains("phone"), "{head}");
    assert!(head.contains("script-src 'self' 'wasm-unsafe-eval'"), "{head}");
    assert!(head.contains("x-content-type-options: nosniff"), "{head}");
    let (head, _) = http(&relay, "/core.wasm").await;
    assert!(head.contains("content-type: application/wasm"), "{head}");
    for path in ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/none"] {
        let (head, body) = http(&relay, path).await;
        assert!(head.starts_with("http/1.1 4") && !body.contains("root:"), "{path}: {head}");
    }
    // The address of the page takes WebSockets too.
    let mut request = format!("ws://{}/", relay.http).into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", "offhook.v1".parse().unwrap());
    drop(connect_async(request).await.unwrap());
    relay.stop().await;
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn health_reports_what_is_held() {
    let relay = relay(|_| {}).await;
    let (mut alice, _) = Client::user(&relay, "alice").await;
    alice.ask("call", json!({"callId": "c1", "callee": "noanswer", "sdp": OFFER})).await;
    let expected = [("connections", 1), ("sessions", 1), ("calls", 1), ("legs", 2), ("mediaLegs", 1)];
    let mut health = Value::Null;
    // A media worker opens the leg in its own time.
    let reported = async {
        while !expected.iter().all(|(count, expected)| health[count] == *expected) {
            let (head, body) = http(&relay, "/health").await;
            assert!(head.contains("application/json"), "{head}");
            health = serde_json::from_str(&body).unwrap();
        }
    };
    if tokio::time::timeout(client::DEADLINE, reported).await.is_err() {
        panic!("{expected:?} are not in {health}");
    }
    drop(alice);
    idle(&relay).await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_relay_says_goodbye() {
    let relay = relay(|_| {}).await;
    let (mut alice, _) = Client::user(&relay, "alice").await;
    alice.ask("call", json!({"callId": "c1", "callee": "echo", "sdp": OFFER})).await;
    let stopped = tokio::spawn(relay.stop());
    alice.status("FAILED").await;
    let farewell = alice.next_where(|frame| frame["type"] == "sessionClosed").await;
    assert_eq!(farewell["error"]["code"], "shuttingDown");
    in_time("the stop", stopped).await.unwrap();
}

/// A SIP peer's request in a call to `echo`.
fn sip_request(method: &str, relay: &Running, peer: SocketAddr, to_tag: &str, sdp: &str) -> String {
    let at = relay.sip_over(Protocol::Udp).unwrap();
    format!(
        "{method} sip:echo@{at} SIP/2.0\r\nVia: SIP/2.0/UDP {peer};branch=z9hG4bK{method}\r\nMax-Forwards: 70\r\n\
         From: <sip:bob@{peer}>;tag=bob\r\nTo: <sip:echo@{at}>{to_tag}\r\nCall-ID: stop@bob\r\n\
         CSeq: 1 {method}\r\nContact: <sip:bob@{peer}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    )
}

/// The next SIP message that begins so.
async fn sip_message(peer: &UdpSocket, start: &str) -> String {
    in_time(start, async {
        loop {
            let mut bytes = [0; 4096];
            let read = peer.recv(&mut bytes).await.unwrap();
            let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
            if text.starts_with(start) {
                return text;
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_relay_hangs_up_calls_that_no_session_has() {
    let relay = relay(|_| {}).await;
    let peer = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let at = peer.local_addr().unwrap();
    peer.connect(relay.sip_over(Protocol::Udp).unwrap()).await.unwrap();
    let sdp = "v=0\r\no=bob 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 5000 RTP/AVP 8\r\n";
    peer.send(sip_request("INVITE", &relay, at, "", sdp).as_bytes()).await.unwrap();
    let ok = sip_message(&peer, "SIP/2.0 200").await;
    let tag = ok.lines().find(|line| line.starts_with("To:")).and_then(|to| to.split_once(";tag=")).unwrap().1;
    peer.send(sip_request("ACK", &relay, at, &format!(";tag={tag}"), "").as_bytes()).await.unwrap();
    let stopped = tokio::spawn(relay.stop());
    let bye = sip_message(&peer, "BYE").await;
    let copied = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
    let copied: Vec<_> = bye.lines().filter(|line| copied.iter().any(|name| line.starts_with(name))).collect();
    let ok = format!("SIP/2.0 200 OK\r\n{}\r\nContent-Length: 0\r\n\r\n", copied.join("\r\n"));
    peer.send(ok.as_bytes()).await.unwrap();
    in_time("the stop", stopped).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named() {
    let relay = relay(|_| {}).await;
    let mut config = Config::demo();
    config.http.listen = relay.http;
    let error = run::start(config).await.unwrap_err();
    assert!(error.to_string().contains(&relay.http.to_string()), "{error}");
    relay.stop().await;
}
