//! Datagrams, good and bad.

use super::*;
use crate::message::HeaderName;

fn parse(text: impl AsRef<[u8]>) -> Result<Message, ParseError> {
    datagram(Bytes::copy_from_slice(text.as_ref()), &Limits::default())
}

fn request(text: impl AsRef<[u8]>) -> Request {
    match parse(text) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn response(text: &str) -> Response {
    match parse(text) {
        Ok(Message::Response(response)) => response,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_nobody_touched_is_written_byte_by_byte() {
    let bytes: &[u8] = b"INVITE  sip:a@b  SIP/2.0 \r\nvIa :  SIP/2.0/UDP h\r\n  ;branch=z\r\n\
        X-Odd:\t\xff\xfe ;;,\r\nno colon\r\ni: c\r\nl: 4\r\n\r\n\x00\xff\r\n";
    let message = parse(bytes).unwrap();
    assert_eq!(message.to_bytes().as_ref(), bytes);
    assert_eq!(message.headers().len(), 5);
}

#[test]
fn a_value_is_a_slice_of_the_datagram() {
    let datagram = Bytes::from_static(b"BYE sip:a@b SIP/2.0\r\nCall-ID: c\r\n\r\n");
    let message = super::datagram(datagram.clone(), &Limits::default()).unwrap();
    let value = message.headers().first(&HeaderName::CallId).unwrap().value();
    assert!(datagram.as_ptr_range().contains(&value.as_ptr()));
}

#[test]
fn line_ends_before_the_message_are_ignored() {
    assert_eq!(*request("\r\n\r\nBYE sip:a@b SIP/2.0\r\n\r\n").method(), Method::Bye);
}

#[test]
fn line_ends_alone_are_a_keep_alive() {
    for text in ["", "\r\n\r\n", "\0", "\0\0\0\0"] {
        assert_eq!(parse(text), Err(ParseError::Empty));
    }
}

#[test]
fn without_content_length_the_rest_is_the_body() {
    let request = request("MESSAGE sip:a@b SIP/2.0\r\nTo: <sip:a@b>\r\n\r\nhello\r\n");
    assert_eq!(request.body().as_ref(), b"hello\r\n");
    assert_eq!(request.body_fault(), None);
}

#[test]
fn bytes_beyond_content_length_are_dropped() {
    let request = request("MESSAGE sip:a@b SIP/2.0\r\nl: 5\r\n\r\nhelloINVITE sip:x SIP/2.0");
    assert_eq!(request.body().as_ref(), b"hello");
    assert_eq!(request.body_fault(), None);
}

#[test]
fn a_length_that_does_not_fit_is_a_fault_to_be_answered() {
    for length in ["6", "-1", "x", "5\r\nContent-Length: 4", "99999999999999999999999"] {
        let text = format!("MESSAGE sip:a@b SIP/2.0\r\nContent-Length: {length}\r\n\r\nhello");
        assert!(request(&text).body_fault().is_some(), "{length}");
    }
    let twice = "MESSAGE sip:a@b SIP/2.0\r\nl: 5\r\nContent-Length: 5\r\n\r\nhello";
    assert_eq!(request(twice).body_fault(), None);
}

#[test]
fn bare_line_feeds_end_lines_as_well() {
    let request = request("BYE sip:a@b SIP/2.0\nTo: <sip:a@b>\n ;x=y\nl:0\n\nrest");
    assert_eq!(request.headers().len(), 2);
    assert_eq!(request.headers().to().unwrap().params.value("x"), Some("y"));
    assert!(request.body().is_empty());
}

#[test]
fn headers_may_end_with_the_datagram() {
    assert_eq!(request("BYE sip:a@b SIP/2.0\r\nl: 0\r\n").headers().len(), 1);
    assert_eq!(request("BYE sip:a@b SIP/2.0\r\nl: 0").headers().len(), 1);
    assert_eq!(request("BYE sip:a@b SIP/2.0").headers().len(), 0);
}

#[test]
fn a_uri_with_spaces_is_left_for_a_400() {
    let request = request("INVITE sip:a@b; lr SIP/2.0\r\n\r\n");
    assert!(request.uri().is_err());
    assert_eq!(request.raw_uri(), b"sip:a@b; lr");
}

#[test]
fn a_future_version_is_left_for_a_505() {
    assert_eq!(request("OPTIONS sip:a SIP/7.0\r\n\r\n").version(), b"SIP/7.0");
}

#[test]
fn a_status_line_needs_no_reason() {
    assert_eq!(response("SIP/2.0 100 \r\n\r\n").reason(), "");
    assert_eq!(response("SIP/2.0 100\r\n\r\n").status(), StatusCode::TRYING);
    let russian = response("SIP/2.0 200 = 2**3 * 5**2 \u{43d}\u{43e}\r\n\r\n");
    assert_eq!(russian.reason(), "= 2**3 * 5**2 \u{43d}\u{43e}");
}

#[test]
fn what_is_no_start_line_is_no_message() {
    for text in [
        "GET / HTTP/1.1\r\n\r\n",
        "INVITE sip:a@b\r\n\r\n",
        "INVITE SIP/2.0\r\n\r\n",
        "IN(VITE sip:a@b SIP/2.0\r\n\r\n",
        "SIP/3.0 200 OK\r\n\r\n",
        "\u{16}\u{3}\u{1}",
    ] {
        assert_eq!(parse(text), Err(ParseError::StartLine), "{text}");
    }
    for code in ["4294967301", "99", "700", "20x", "-1", ""] {
        let text = format!("SIP/2.0 {code} OK\r\n\r\n");
        assert_eq!(parse(&text), Err(ParseError::StatusCode), "{text}");
    }
}

#[test]
fn headers_are_bounded_in_number_and_length() {
    let limits = Limits { max_headers: 2, max_head: 60, max_body: 10 };
    let parse = |text: &str| datagram(Bytes::copy_from_slice(text.as_bytes()), &limits);
    let start = "BYE sip:a@b SIP/2.0\r\n";
    assert!(parse(&format!("{start}a:\r\nb:\r\n\r\n")).is_ok());
    assert_eq!(parse(&format!("{start}a:\r\nb:\r\nc:\r\n\r\n")), Err(ParseError::TooManyHeaders { limit: 2 }));
    assert_eq!(parse(&format!("{start}a:{}\r\n\r\n", "x".repeat(60))), Err(ParseError::HeadTooLarge { limit: 60 }));
    let long_uri = format!("BYE sip:{}@h SIP/2.0\r\n\r\n", "x".repeat(60));
    assert_eq!(parse(&long_uri), Err(ParseError::HeadTooLarge { limit: 60 }));
}
