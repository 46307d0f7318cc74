//! Reading an INVITE of 1 kB: ours, and beside it `rsip` and `rsipstack`.
//!
//! The target is below 10 µs. `typed` reads besides what every transaction needs: the top Via,
//! From, To, Call-ID, CSeq and Contact.

#![allow(missing_docs, reason = "criterion_group! makes a public function")]
#![allow(clippy::print_stdout, reason = "the ratios are for people to read")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use offhook_sip::message::{Limits, Message};

const HEAD: &str = "INVITE sip:bob@biloxi.example.com;transport=udp SIP/2.0\r\n\
Via: SIP/2.0/UDP bigbox3.site3.atlanta.example.com:5060;branch=z9hG4bK77ef4c2312983.1;rport\r\n\
Via: SIP/2.0/UDP pc33.atlanta.example.com;branch=z9hG4bKnashds8;received=192.0.2.1\r\n\
Record-Route: <sip:p1.example.com;lr>\r\n\
Max-Forwards: 70\r\n\
From: \"Alice Example\" <sip:alice@atlanta.example.com>;tag=1928301774\r\n\
To: \"Bob\" <sip:bob@biloxi.example.com>\r\n\
Call-ID: a84b4c76e66710@pc33.atlanta.example.com\r\n\
CSeq: 314159 INVITE\r\n\
Contact: <sip:alice@192.0.2.1:5060;ob>\r\n\
Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE, INFO, REFER, NOTIFY\r\n\
Supported: replaces, timer, 100rel\r\n\
Session-Expires: 1800;refresher=uac\r\n\
Min-SE: 90\r\n\
User-Agent: Desk Phone 1.2.3\r\n\
Content-Type: application/sdp\r\n";

const SDP: &str = "v=0\r\no=alice 2890844526 2890844526 IN IP4 192.0.2.1\r\ns=-\r\n\
c=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 49170 RTP/AVP 0 8 9 101\r\na=rtpmap:0 PCMU/8000\r\n\
a=rtpmap:8 PCMA/8000\r\na=rtpmap:9 G722/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
a=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";

fn invite() -> Vec<u8> {
    format!("{HEAD}Content-Length: {}\r\n\r\n{SDP}", SDP.len()).into_bytes()
}

fn ours(datagram: &Bytes) -> Option<Message> {
    Message::parse_datagram(datagram.clone(), &Limits::default()).ok()
}

fn ours_typed(datagram: &Bytes) -> Option<Message> {
    let message = ours(datagram)?;
    let headers = message.headers();
    black_box(headers.top_via().ok()?);
    black_box(headers.from().ok()?);
    black_box(headers.to().ok()?);
    black_box(headers.call_id().ok()?);
    black_box(headers.cseq().ok()?);
    black_box(headers.contact().ok()?);
    Some(message)
}

fn parse(criterion: &mut Criterion) {
    let bytes = invite();
    let datagram = Bytes::from(bytes.clone());
    let mut group = criterion.benchmark_group(format!("INVITE of {} bytes", bytes.len()));
    group.bench_function("offhook-sip", |b| b.iter(|| ours(black_box(&datagram))));
    group.bench_function("offhook-sip, typed", |b| {
        b.iter(|| ours_typed(black_box(&datagram)));
    });
    group.bench_function("rsip", |b| {
        b.iter(|| rsip::SipMessage::try_from(black_box(bytes.as_slice())));
    });
    group.bench_function("rsipstack", |b| {
        b.iter(|| rsipstack::sip::SipMessage::try_from(black_box(bytes.as_slice())));
    });
    group.finish();
    print_ratios(&bytes, &datagram);
}

/// One line a parser, with its time as a multiple of ours.
fn print_ratios(bytes: &[u8], datagram: &Bytes) {
    let own = shortest(|| drop(black_box(ours(datagram))));
    let rows = [
        ("offhook-sip", own),
        ("offhook-sip, typed", shortest(|| drop(black_box(ours_typed(datagram))))),
        ("rsip", shortest(|| drop(black_box(rsip::SipMessage::try_from(bytes))))),
        ("rsipstack", shortest(|| drop(black_box(rsipstack::sip::SipMessage::try_from(bytes))))),
    ];
    println!("INVITE of {} bytes, shortest time per message:", bytes.len());
    for (name, time) in rows {
        let ratio = time.as_secs_f64() / own.as_secs_f64();
        println!("  {name:<20} {:>7.2} us  x{ratio:.1}", time.as_secs_f64() * 1e6);
    }
}

/// The time of the least disturbed of many short rounds: other work on the machine only adds.
#[expect(clippy::disallowed_methods, reason = "a benchmark is about the clock")]
fn shortest(mut work: impl FnMut()) -> Duration {
    const ROUND: u32 = 100;
    (0..500)
        .map(|_| {
            let begin = Instant::now();
            (0..ROUND).for_each(|_| work());
            begin.elapsed() / ROUND
        })
        .min()
        .unwrap_or_default()
}

criterion_group!(benches, parse);
criterion_main!(benches);
