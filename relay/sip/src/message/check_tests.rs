//! Each refusal with the status it is answered with.

use bytes::Bytes;

use super::*;
use crate::message::{Limits, Message};

const OURS: Capabilities<'static> = Capabilities {
    methods: &[Method::Invite, Method::Options, Method::Register, Method::Bye],
    extensions: &["timer"],
    schemes: &["sip", "sips"],
    content_types: &["application/sdp"],
    max_body: 100,
};

/// A good OPTIONS with one line changed or added, and a body.
fn request(method: &str, uri: &str, extra: &str, body: &str) -> Request {
    let text = format!(
        "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n\
         To: <sip:b@h>\r\nCall-ID: c\r\nCSeq: 1 {method}\r\n{extra}\r\n{body}"
    );
    parse(text)
}

fn parse(text: String) -> Request {
    match Message::parse_datagram(Bytes::from(text), &Limits::default()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn status(request: &Request) -> u16 {
    match request.check(&OURS) {
        Ok(()) => 0,
        Err(rejection) => rejection.status.code(),
    }
}

#[test]
fn a_good_request_passes() {
    assert_eq!(status(&request("OPTIONS", "sip:b@h", "", "")), 0);
    let sdp = "Content-Type: application/sdp\r\n";
    assert_eq!(status(&request("INVITE", "sip:b@h", sdp, "v=0")), 0);
}

#[test]
fn malformed_is_400() {
    for extra in [
        "CSeq: 2 OPTIONS\r\n",
        "To: <sip:c@h>\r\n",
        "Via: SIP/2.0/UDP\r\n",
        "Max-Forwards: 256\r\n",
        "Contact: *\r\n",
        "Route: nonsense\r\n",
        "no colon here\r\n",
        "Content-Length: 7\r\n",
        "Content-Type: sdp\r\n",
    ] {
        assert_eq!(status(&request("OPTIONS", "sip:b@h", extra, "")), 400, "{extra}");
    }
}

#[test]
fn each_mandatory_header_is_missed() {
    let whole = String::from_utf8(request("OPTIONS", "sip:b@h", "", "").to_bytes().to_vec()).unwrap();
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        let without: Vec<&str> = whole.split("\r\n").filter(|line| !line.starts_with(&format!("{name}:"))).collect();
        assert_eq!(status(&parse(without.join("\r\n"))), 400, "{name}");
    }
}

#[test]
fn a_request_uri_with_headers_is_400_and_of_another_scheme_416() {
    assert_eq!(status(&request("OPTIONS", "sip:b@h?Route=x", "", "")), 400);
    assert_eq!(status(&request("OPTIONS", "nobody:knows", "", "")), 416);
}

#[test]
fn a_known_method_not_served_is_405_and_an_unknown_501() {
    let rejection = request("REFER", "sip:b@h", "", "").check(&OURS).unwrap_err();
    assert_eq!(rejection.status, StatusCode::METHOD_NOT_ALLOWED);
    let allow = "INVITE, OPTIONS, REGISTER, BYE, ACK, CANCEL".to_owned();
    assert_eq!(rejection.header, Some((HeaderName::Allow, allow)));
    assert_eq!(status(&request("FETCH", "sip:b@h", "", "")), 501);
}

#[test]
fn required_extensions_we_lack_are_420_and_named() {
    let extra = "Require: timer, 100rel\r\nRequire: x\r\n";
    let rejection = request("INVITE", "sip:b@h", extra, "").check(&OURS).unwrap_err();
    assert_eq!(rejection.status, StatusCode::BAD_EXTENSION);
    let unsupported = (HeaderName::Unsupported, "100rel, x".to_owned());
    assert_eq!(rejection.header, Some(unsupported));
    assert_eq!(status(&request("CANCEL", "sip:b@h", extra, "")), 0);
}

#[test]
fn bodies_are_bounded_and_of_known_types() {
    let kind = "Content-Type: application/sdp\r\n";
    assert_eq!(status(&request("INVITE", "sip:b@h", kind, &"x".repeat(101))), 413);
    let unknown = "Content-Type: text/plain\r\n";
    assert_eq!(status(&request("INVITE", "sip:b@h", unknown, "x")), 415);
    let encoded = format!("{kind}Content-Encoding: gzip\r\n");
    assert_eq!(status(&request("INVITE", "sip:b@h", &encoded, "x")), 415);
    let optional = format!("{unknown}Content-Disposition: render;handling=optional\r\n");
    assert_eq!(status(&request("INVITE", "sip:b@h", &optional, "x")), 0);
    assert_eq!(status(&request("INVITE", "sip:b@h", "", "x")), 400);
}

#[test]
fn an_invite_that_accepts_no_session_description_is_406() {
    assert_eq!(status(&request("INVITE", "sip:b@h", "Accept: text/x\r\n", "")), 406);
    assert_eq!(status(&request("INVITE", "sip:b@h", "Accept: application/*\r\n", "")), 0);
}

#[test]
fn a_refusal_becomes_a_response_but_never_to_an_ack() {
    let bad = request("OPTIONS", "sip:b@h", "Max-Forwards: x\r\n", "");
    let rejection = bad.check(&OURS).unwrap_err();
    let response = rejection.reply(&bad, "t").unwrap().unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(response.headers().to().unwrap().tag(), Some("t"));
    let ack = request("ACK", "sip:b@h", "Max-Forwards: x\r\n", "");
    let rejection = ack.check(&OURS).unwrap_err();
    assert_eq!(rejection.reply(&ack, "t"), Ok(None));
}

fn response(extra: &str) -> Result<(), Discard> {
    let text = format!(
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n\
         To: <sip:b@h>;tag=2\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n{extra}\r\n"
    );
    match Message::parse_datagram(Bytes::from(text), &Limits::default()) {
        Ok(Message::Response(response)) => response.check(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_response_for_another_hop_or_with_a_short_body_is_dropped() {
    assert_eq!(response(""), Ok(()));
    assert_eq!(response("Via: SIP/2.0/UDP other\r\n"), Err(Discard::NotForUs));
    assert_eq!(response("Content-Length: 5\r\n"), Err(Discard::Body));
    assert_eq!(response("nonsense\r\n"), Err(Discard::Line));
    assert!(matches!(response("CSeq: 2 BYE\r\n"), Err(Discard::Header(_))));
}
