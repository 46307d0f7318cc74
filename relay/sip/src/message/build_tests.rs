//! Messages built, and what cannot be smuggled into them.

use super::*;
use crate::message::{Host, HostPort, Limits, Message, SipUri, Transport};

fn addr(text: &str) -> NameAddr {
    text.parse().unwrap()
}

fn builder() -> RequestBuilder {
    let sent_by = "192.0.2.1:5060".parse().unwrap();
    let via = Via::new(Transport::Udp, sent_by, "z9hG4bK1").unwrap();
    Request::builder(Method::Invite, "sip:bob@example.com".parse().unwrap())
        .via(&via)
        .from(&addr("\"Alice\" <sip:alice@example.com>;tag=1"))
        .to(&addr("<sip:bob@example.com>"))
        .call_id(&CallId::new("c1").unwrap())
        .cseq(7)
}

#[test]
fn a_request_is_written_in_full() {
    let request = builder()
        .contact(&addr("<sip:alice@192.0.2.1>"))
        .route(&addr("<sip:proxy;lr>"))
        .body("application/sdp", "v=0\r\n")
        .build()
        .unwrap();
    let expected = "INVITE sip:bob@example.com SIP/2.0\r\n\
        Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n\
        From: \"Alice\" <sip:alice@example.com>;tag=1\r\n\
        To: <sip:bob@example.com>\r\n\
        Call-ID: c1\r\n\
        CSeq: 7 INVITE\r\n\
        Contact: <sip:alice@192.0.2.1>\r\n\
        Route: <sip:proxy;lr>\r\n\
        Content-Type: application/sdp\r\n\
        Max-Forwards: 70\r\n\
        Content-Length: 5\r\n\r\nv=0\r\n";
    assert_eq!(request.to_bytes(), expected);
    let read = Message::parse_datagram(request.to_bytes(), &Limits::default());
    assert_eq!(read, Ok(Message::Request(request)));
}

#[test]
fn a_mandatory_header_is_missed() {
    let uri: Uri = "sip:h".parse().unwrap();
    let built = Request::builder(Method::Options, uri).build();
    assert_eq!(built, Err(BuildError::Missing(HeaderName::Via)));
}

#[test]
fn no_value_can_begin_a_header() {
    for value in ["a\r\nVia: x", "a\nb", "a\rb", "a\0b"] {
        let built = builder().header(HeaderName::Subject, value).build();
        assert_eq!(built, Err(BuildError::HeaderValue(HeaderName::Subject)));
        assert!(builder().body(value, "x").build().is_err());
    }
    let name = HeaderName::from("X: y\r\nVia");
    assert_eq!(builder().header(name, "x").build(), Err(BuildError::HeaderName));
    let method = Method::Other("A B\r\n".into());
    assert!(Request::builder(method, "sip:h".parse().unwrap()).build().is_err());
}

#[test]
fn a_host_made_by_hand_cannot_hold_a_separator() {
    for host in ["evil>;tag=x", "a b", "h;lr", ""] {
        let uri = SipUri::new(HostPort::new(Host::Name(host.to_owned()), None));
        let built = builder().contact(&NameAddr::new(uri.clone())).build();
        assert_eq!(built, Err(BuildError::Unreadable(HeaderName::Contact)), "{host}");
        assert!(Request::builder(Method::Bye, uri.into()).build().is_err(), "{host}");
    }
}

fn request(headers: &str) -> Request {
    let text = format!("INVITE sip:b@h SIP/2.0\r\n{headers}\r\n");
    match Message::parse_datagram(Bytes::from(text), &Limits::default()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_response_copies_what_rfc_3261_section_8_2_6_names() {
    let request = request(
        "Via: SIP/2.0/UDP a;branch=z1, SIP/2.0/UDP b\r\nv: SIP/2.0/TCP c\r\nRecord-Route: <sip:p;lr>\r\n\
         f: <sip:a@h>;tag=1\r\nt: B <sip:b@h>\r\ni: c1\r\nCSeq: 3 INVITE\r\nSubject: no\r\n",
    );
    let response = Response::reply(&request, StatusCode::RINGING).to_tag("9").build().unwrap();
    let expected = "SIP/2.0 180 Ringing\r\n\
        Via: SIP/2.0/UDP a;branch=z1, SIP/2.0/UDP b\r\nVia: SIP/2.0/TCP c\r\n\
        Record-Route: <sip:p;lr>\r\nFrom: <sip:a@h>;tag=1\r\nTo: B <sip:b@h>;tag=9\r\n\
        Call-ID: c1\r\nCSeq: 3 INVITE\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(response.to_bytes(), expected);
    let refusal = Response::reply(&request, StatusCode::BUSY_HERE).build().unwrap();
    assert!(!refusal.headers().contains(&HeaderName::RecordRoute));
}

#[test]
fn a_tag_that_is_there_stays() {
    let request = request("To: <sip:b@h>;tag=old\r\n");
    let response = Response::reply(&request, StatusCode::OK).to_tag("new").build();
    assert_eq!(response.unwrap().headers().to().unwrap().tag(), Some("old"));
}

#[test]
fn a_copied_header_cannot_split_the_response() {
    let request = request("To: <sip:b@h>\r\n ;x=y\rVia: evil\r\n");
    let response = Response::reply(&request, StatusCode::OK).build().unwrap();
    let text = String::from_utf8(response.to_bytes().to_vec()).unwrap();
    assert!(text.contains("To: <sip:b@h> ;x=y Via: evil\r\n"), "{text}");
}

#[test]
fn a_reason_is_one_line() {
    let request = request("");
    let reply = |reason| Response::reply(&request, StatusCode::OK).reason(reason).build();
    assert!(reply("Fine\r\nVia: x").is_err());
    assert_eq!(reply("Very well").unwrap().reason(), "Very well");
}
