//! Streams cut into messages, at every place.

use super::*;
use crate::message::Method;

const OPTIONS: &str = "OPTIONS sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nl: 0\r\n\r\n";
const MESSAGE: &str =
    "MESSAGE sip:b@example.com SIP/2.0\nVia: SIP/2.0/TCP h;branch=z9hG4bK2\nContent-Length: 5\r\n\nhello";

fn frames(reader: &mut StreamReader) -> Vec<Frame> {
    std::iter::from_fn(|| reader.next_frame().unwrap()).collect()
}

fn reader() -> StreamReader {
    StreamReader::new(Limits::default())
}

#[test]
fn a_stream_split_at_any_byte_gives_the_same_frames() {
    let stream = format!("{OPTIONS}\r\n\r\n{MESSAGE}\r\n{OPTIONS}");
    let mut whole = reader();
    whole.push(stream.as_bytes());
    let expected = frames(&mut whole);
    assert_eq!(expected.len(), 6);
    for at in 0..=stream.len() {
        let mut split = reader();
        split.push(&stream.as_bytes()[..at]);
        let mut seen = frames(&mut split);
        split.push(&stream.as_bytes()[at..]);
        seen.extend(frames(&mut split));
        assert_eq!(seen, expected, "split at {at}");
    }
}

#[test]
fn a_stream_fed_byte_by_byte_gives_its_messages() {
    let mut reader = reader();
    let mut seen = Vec::new();
    for byte in format!("{MESSAGE}{OPTIONS}").bytes() {
        reader.push(&[byte]);
        seen.extend(frames(&mut reader));
    }
    let [Frame::Message(first), Frame::Message(_)] = seen.as_slice() else {
        panic!("{seen:?}");
    };
    assert_eq!(first.body().as_ref(), b"hello");
}

#[test]
fn two_line_ends_are_a_ping_and_one_is_a_pong() {
    let mut reader = reader();
    reader.push(b"\r\n");
    assert_eq!(frames(&mut reader), [Frame::Pong]);
    reader.push(b"\r");
    assert_eq!(frames(&mut reader), []);
    reader.push(b"\n");
    assert_eq!(frames(&mut reader), [Frame::Ping]);
}

#[test]
fn without_content_length_there_is_no_body() {
    let mut reader = reader();
    reader.push(b"BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h\r\n\r\n");
    reader.push(OPTIONS.as_bytes());
    let methods: Vec<_> = frames(&mut reader)
        .into_iter()
        .filter_map(|frame| match frame {
            Frame::Message(Message::Request(request)) => Some(request.method().clone()),
            _ => None,
        })
        .collect();
    assert_eq!(methods, [Method::Bye, Method::Options]);
}

#[test]
fn headers_without_end_are_given_up() {
    let limits = Limits { max_head: 100, ..Limits::default() };
    let mut reader = StreamReader::new(limits);
    reader.push(b"OPTIONS sip:a@b SIP/2.0\r\n");
    assert_eq!(reader.next_frame(), Ok(None));
    reader.push(&[b'x'; 100]);
    let error = StreamError::NoMessage(ParseError::HeadTooLarge { limit: 100 });
    assert_eq!(reader.next_frame(), Err(error));
    reader.push(OPTIONS.as_bytes());
    assert_eq!(reader.next_frame(), Ok(None), "a broken stream stays broken");
}

#[test]
fn a_body_too_large_is_told_before_it_is_read() {
    let mut reader = reader();
    reader.push(b"INVITE sip:a@b SIP/2.0\r\nContent-Length: 99999999999999999999\r\n\r\n");
    assert!(matches!(reader.next_frame(), Err(StreamError::Length { .. })));
    let mut reader = self::reader();
    reader.push(b"INVITE sip:a@b SIP/2.0\r\nContent-Length: 9999999\r\n\r\n");
    assert!(matches!(reader.next_frame(), Err(StreamError::BodyTooLarge { length: 9_999_999, .. })));
}

#[test]
fn a_negative_length_leaves_the_message_to_be_answered() {
    let mut reader = reader();
    reader.push(b"INVITE sip:a@b SIP/2.0\r\nContent-Length: -1\r\n\r\n");
    let Err(StreamError::Length { message }) = reader.next_frame() else {
        panic!("a length below zero is no length");
    };
    assert!(matches!(*message, Message::Request(_)));
}

#[test]
fn bytes_that_are_no_message_end_the_stream() {
    let mut reader = reader();
    reader.push(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(reader.next_frame(), Err(StreamError::NoMessage(ParseError::StartLine)));
}

#[test]
fn what_is_held_between_two_rounds_stays_within_the_limits() {
    let limits = Limits { max_head: 100, max_headers: 8, max_body: 50 };
    for endless in ["x", "\n", "\r\n", "a: b\r\n", "OPTIONS sip:a@b SIP/2.0\r\nl: 50\r\n\r\n"] {
        let mut reader = StreamReader::new(limits);
        for _ in 0..1000 {
            reader.push(endless.as_bytes());
            while let Ok(Some(_)) = reader.next_frame() {}
            assert!(reader.buffer.len() <= limits.max_head.max(limits.max_body), "{endless:?}");
        }
    }
}
