//! What the program writes into its log about a session, and what it never does.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what went wrong by panicking"
)]

mod client;

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use client::{Client, OFFER, in_time};
use serde_json::json;

/// A relay that runs as a program, and where it listens.
fn start() -> (Child, SocketAddr) {
    let path = std::env::temp_dir().join(format!("offhook-log-{}.toml", std::process::id()));
    let ports =
        "[http]\nlisten = \"127.0.0.1:0\"\n[sip]\nudp = \"off\"\ntcp = \"off\"\n[users]\nalice = {}\nbob = {}\n";
    std::fs::write(&path, ports).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_offhook-relay"));
    command.arg("--config").arg(&path).env("RUST_LOG", "info").stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    std::fs::remove_file(&path).unwrap();
    let http = line.split_whitespace().find_map(|word| word.strip_prefix("http=")).unwrap();
    (child, http.parse().unwrap())
}

/// Ends the relay; everything it wrote into its log.
fn stop(mut child: Child) -> String {
    assert!(Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap().success());
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    child.wait().unwrap();
    log
}

async fn user(http: SocketAddr, login: &str, more: &serde_json::Value) -> Client {
    let mut client = Client::connect_to(http, &[("Sec-WebSocket-Protocol", "offhook.v1")]).await.unwrap();
    client.ask("hello", json!({"version": 1, "client": "test"})).await;
    let mut open = json!({"login": login});
    open.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    assert!(client.ask("openLocal", open).await["error"].is_null());
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_follows_a_session_and_keeps_what_apps_say_to_itself() {
    let (child, http) = start();
    let mut bob = user(http, "bob", &json!({})).await;
    let mut alice = user(http, "alice", &json!({"appKey": "shop-phone", "custom": "\"hunter2\""})).await;
    alice.ask("report", json!({"text": "no sound\nERROR forged"})).await;
    alice.ask("debug", json!({"enabled": true})).await;
    let headers = json!([{"name": "X-Secret", "value": "hunter2"}]);
    let call = json!({"callId": "c1", "callee": "bob", "sdp": OFFER, "headers": headers, "custom": "\"hunter2\""});
    assert!(alice.ask("call", call).await["error"].is_null());
    bob.next_where(|frame| frame["type"] == "incomingCall").await;
    let data = json!({"payload": "\"hunter2\"", "to": "bob"});
    assert!(alice.ask("sendData", data).await["error"].is_null());
    alice.ask("dtmf", json!({"callId": "c1", "digits": "4711"})).await;
    alice.ask("debug", json!({"enabled": false})).await;
    alice.ask("ping", json!({})).await;
    let log = in_time("the end", async { tokio::task::spawn_blocking(move || stop(child)).await.unwrap() }).await;
    for expected in ["shop-phone", "no sound\\u{a}ERROR forged", "request=\"sendData\"", "event=\"debug\""] {
        assert!(log.contains(expected), "{expected} in {log}");
    }
    for secret in ["hunter2", "4711", "ice-pwd", "request=\"ping\""] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
