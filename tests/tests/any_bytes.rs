//! Whatever bytes arrive, the relay answers the next who asks properly, and keeps nothing.

#![expect(clippy::indexing_slicing, reason = "a test says what went wrong by panicking")]

use std::sync::LazyLock;

use offhook_tests::Bench;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};

/// Messages as a phone would send them, to be damaged. Nobody of that name is connected.
const MESSAGES: &[&str] = &[
    "INVITE sip:nobody@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKa;rport\r\n\
     From: \"Ann\" <sip:ann@127.0.0.1>;tag=1\r\nTo: <sip:nobody@127.0.0.1>\r\nCall-ID: a\r\nCSeq: 1 INVITE\r\n\
     Contact: <sip:ann@127.0.0.1:9>\r\nMax-Forwards: 70\r\nContent-Type: application/sdp\r\nContent-Length: 94\r\n\r\n\
     v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8 101\r\n",
    "REGISTER sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKb\r\nFrom: <sip:ann@127.0.0.1>;tag=1\r\n\
     To: <sip:ann@127.0.0.1>\r\nCall-ID: b\r\nCSeq: 1 REGISTER\r\nContact: <sip:ann@127.0.0.1:9>;expires=60\r\n\
     Authorization: Digest username=\"ann\", realm=\"r\", nonce=\"n\", uri=\"sip:127.0.0.1\", response=\"0\"\r\n\r\n",
    "BYE sip:nobody@127.0.0.1 SIP/2.0\r\nv: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKc\r\nf: <sip:ann@127.0.0.1>;tag=1\r\n\
     t: <sip:nobody@127.0.0.1>;tag=2\r\ni: c\r\nCSeq: 2 BYE\r\nRoute: <sip:127.0.0.1:9;lr>, <sip:[::1]:9;lr>\r\nl: 0\r\n\r\n",
    "CANCEL sip:nobody@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKa\r\n\
     From: <sip:ann@127.0.0.1>;tag=1\r\nTo: <sip:nobody@127.0.0.1>\r\nCall-ID: a\r\nCSeq: 1 CANCEL\r\n\r\n",
    "SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKd\r\nFrom: <sip:ann@127.0.0.1>;tag=1\r\n\
     To: <sip:ann@127.0.0.1>;tag=2\r\nCall-ID: d\r\nCSeq: 1 REGISTER\r\n\
     WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth,auth-int\", algorithm=SHA-256\r\n\r\n",
];

/// One piece of damage.
#[derive(Debug, Clone)]
enum Damage {
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    Cut(Index),
}

impl Damage {
    fn strategy() -> impl Strategy<Value = Self> {
        let words: Vec<Vec<u8>> = [
            "\r\n",
            "\r\n ",
            "\r\n\r\n",
            "<",
            ">",
            "\"",
            ";",
            ",",
            "@",
            "%00",
            ":99999",
            "SIP/2.0",
            "4294967296",
            "\u{e9}",
        ]
        .map(|word| word.as_bytes().to_vec())
        .to_vec();
        prop_oneof![
            (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Self::Replace(at, byte)),
            (any::<Index>(), select(words)).prop_map(|(at, word)| Self::Insert(at, word)),
            (any::<Index>(), 1..60_usize).prop_map(|(at, length)| Self::Remove(at, length)),
            (any::<Index>(), 1..200_usize).prop_map(|(at, length)| Self::Repeat(at, length)),
            any::<Index>().prop_map(Self::Cut),
        ]
    }

    fn done_to(&self, message: &mut Vec<u8>) {
        let whole = message.len();
        if whole == 0 {
            return;
        }
        let range = |at: &Index, length: usize| {
            let start = at.index(whole);
            start..(start + length).min(whole)
        };
        match self {
            Self::Replace(at, byte) => message[at.index(whole)] = *byte,
            Self::Insert(at, word) => drop(message.splice(range(at, 0), word.iter().copied())),
            Self::Remove(at, length) => drop(message.drain(range(at, *length))),
            Self::Repeat(at, length) => {
                let part = message[range(at, *length)].to_vec();
                message.splice(range(at, 0), part.into_iter().cycle().take(length * 20));
            }
            Self::Cut(at) => message.truncate(at.index(whole)),
        }
    }
}

fn damaged() -> impl Strategy<Value = Vec<u8>> {
    (select(MESSAGES), prop::collection::vec(Damage::strategy(), 0..6)).prop_map(|(message, damages)| {
        let mut bytes = message.as_bytes().to_vec();
        damages.iter().for_each(|damage| damage.done_to(&mut bytes));
        bytes
    })
}

fn datagram() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![6 => damaged(), 1 => prop::collection::vec(any::<u8>(), 0..2000)]
}

/// Values of every kind, among them those that a field would hold.
fn value() -> impl Strategy<Value = Value> {
    let words = ["alice", "echo", "call-1", "v=0\r\n", "1*#", "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n", ""];
    prop_oneof![
        select(words.to_vec()).prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        Just(json!([[], {}])),
    ]
}

/// A request under this type with some of the fields that requests have.
fn request() -> impl Strategy<Value = Map<String, Value>> {
    // Not `close` and not `resume`: after them the session, and with it the sign of life, is another.
    let kinds = [
        "hello",
        "openSip",
        "openLocal",
        "call",
        "ring",
        "answer",
        "hangup",
        "hold",
        "unhold",
        "dtmf",
        "sdp",
        "ping",
        "x",
    ];
    let fields = [
        "callId", "callee", "sdp", "digits", "login", "password", "domain", "version", "client", "register", "hasVideo",
    ];
    let fields = prop::collection::hash_map(select(fields.to_vec()), value(), 0..5);
    (select(kinds.to_vec()), fields).prop_map(|(kind, fields)| {
        let mut object: Map<String, Value> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        object.insert("type".to_owned(), kind.into());
        object
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_datagrams_leave_the_sip_port_answering(datagrams in prop::collection::vec(datagram(), 1..20)) {
        static BENCH: LazyLock<Bench> = LazyLock::new(Bench::new);
        BENCH.send_datagrams(&datagrams);
        BENCH.expect_nothing_left();
    }

    #[test]
    fn any_requests_get_one_reply_each(requests in prop::collection::vec(request(), 1..20)) {
        static BENCH: LazyLock<Bench> = LazyLock::new(Bench::new);
        BENCH.converse(async |client| {
            client.open("alice").await;
            let first = 3;
            for (id, mut request) in (first..).zip(requests.clone()) {
                request.insert("id".to_owned(), id.into());
                client.send_text(Value::Object(request).to_string()).await;
            }
            // Replies come in the order of the requests: none is missing, none comes twice.
            for id in (first..).take(requests.len()) {
                let reply = client.next_reply().await;
                assert_eq!(reply["id"], id, "{reply}");
                assert!(reply.get("result").is_some() != reply.get("error").is_some(), "{reply}");
            }
        });
        BENCH.expect_nothing_left();
    }

    #[test]
    fn any_frames_leave_the_connection_answering(
        frames in prop::collection::vec(prop_oneof![".{0,200}".prop_map(Ok), prop::collection::vec(any::<u8>(), 0..200).prop_map(Err)], 1..20),
    ) {
        static BENCH: LazyLock<Bench> = LazyLock::new(Bench::new);
        BENCH.converse(async |client| {
            client.open("bob").await;
            for frame in frames.clone() {
                match frame {
                    Ok(text) => client.send_text(text).await,
                    Err(bytes) => client.send_binary(bytes).await,
                }
            }
            client.send_text(json!({"id": 77, "type": "ping"}).to_string()).await;
            assert_eq!(client.reply(77).await["result"], json!({}));
        });
        BENCH.expect_nothing_left();
    }
}
