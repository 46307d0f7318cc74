//! The program as somebody runs it: its options, what it prints, and how it ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says what went wrong by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_offhook-relay");

/// A configuration file that is gone when the test is over.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("offhook-{}-{name}.toml", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().unwrap()
}

/// A relay on ports of its own, and the words of its ready line.
fn start(file: &File) -> (Child, Vec<String>) {
    let mut command = Command::new(PROGRAM);
    command.arg("--config").arg(&file.0).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    (child, line.split_whitespace().map(str::to_owned).collect())
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap().success());
}

const ANY_PORTS: &str = "[http]\nlisten = \"127.0.0.1:0\"\n[sip]\nudp = \"127.0.0.1:0\"\ntcp = \"127.0.0.1:0\"\n";

#[test]
fn a_good_configuration_passes_the_check() {
    let file = File::new("good", ANY_PORTS);
    let output = run(&["--config", file.0.to_str().unwrap(), "--check"]);
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "the configuration is good\n");
}

#[test]
fn every_error_of_a_configuration_is_explained_with_its_key() {
    let file = File::new("bad", "[http]\nlisten = \"here\"\n[limits]\nsessions = 0\n");
    let output = run(&["--config", file.0.to_str().unwrap(), "--check"]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("http.listen: \"here\" is not an address"), "{said}");
    assert!(said.contains("limits.sessions: 0 is not between 1 and"), "{said}");
}

#[test]
fn a_missing_file_is_named() {
    let output = run(&["--config", "/no/such/offhook.toml"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("/no/such/offhook.toml"));
}

#[test]
fn a_demo_does_not_listen_to_the_network() {
    let output = run(&["--demo", "--http", "0.0.0.0:0"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("loopback"));
    let file = File::new("public", "[sip]\nudp = \"0.0.0.0:0\"\nadvertised = \"192.0.2.1\"\n");
    let output = run(&["--config", file.0.to_str().unwrap(), "--demo", "--check"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("loopback"));
}

#[test]
fn it_says_where_it_listens_and_ends_well_when_told() {
    for name in ["TERM", "INT"] {
        let file = File::new(name, ANY_PORTS);
        let (mut child, ready) = start(&file);
        assert_eq!(ready.get(..2).unwrap(), ["offhook-relay", "ready"]);
        let address = |key: &str| {
            let word = ready.iter().find_map(|word| word.strip_prefix(key)).unwrap_or_else(|| panic!("{ready:?}"));
            word.to_owned()
        };
        let mut http = TcpStream::connect(address("http=")).unwrap();
        http.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        http.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("\"status\":\"ok\""), "{answer}");
        TcpStream::connect(address("sip-tcp=")).unwrap();
        assert!(UdpSocket::bind(address("sip-udp=")).is_err(), "the relay has the port");
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(0), "after SIG{name}");
    }
}

#[test]
fn a_demo_finds_another_sip_port_when_the_usual_one_is_taken() {
    // Whoever has it, a demo or this test, the next one must not fail.
    let _usual = UdpSocket::bind("127.0.0.1:5060");
    let mut command = Command::new(PROGRAM);
    command.args(["--demo", "--http", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("sip-udp=127.0.0.1:") && !line.contains("sip-udp=127.0.0.1:5060"), "{line}");
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
