//! Header lines found, changed and typed.

use bytes::Bytes;

use super::*;
use crate::message::{Contact, HeaderError};

fn headers(lines: &[&'static str]) -> Headers {
    let line = |line: &&'static str| Header::from_line(Bytes::from_static(line.as_bytes()));
    Headers::from_vec(lines.iter().map(line).collect())
}

fn lines(headers: &Headers) -> Vec<String> {
    let line = |header: &Header| String::from_utf8_lossy(header.line()).into_owned();
    headers.iter().map(line).collect()
}

#[test]
fn lists_run_over_lines_and_commas() {
    let headers = headers(&["Via: SIP/2.0/UDP a, SIP/2.0/TCP b", "To: x", "v: SIP/2.0/TLS c"]);
    let hosts: Vec<String> = headers.vias().map(|via| via.unwrap().sent_by.to_string()).collect();
    assert_eq!(hosts, ["a", "b", "c"]);
}

#[test]
fn the_first_value_is_replaced_alone() {
    let mut headers = headers(&["Via: SIP/2.0/UDP a, SIP/2.0/TCP b", "v: SIP/2.0/TLS c"]);
    headers.replace_first_value(&HeaderName::Via, &"SIP/2.0/UDP z").unwrap();
    assert_eq!(lines(&headers), ["Via: SIP/2.0/UDP z", "Via: SIP/2.0/TCP b", "v: SIP/2.0/TLS c"]);
    assert!(headers.replace_first_value(&HeaderName::Via, &"a\r\nb").is_err());
}

#[test]
fn the_value_that_is_replaced_is_the_first_that_is_read() {
    let mut headers = headers(&["Via:", "Via: , SIP/2.0/UDP a,, SIP/2.0/TCP b"]);
    headers.replace_first_value(&HeaderName::Via, &"SIP/2.0/UDP z").unwrap();
    let hosts: Vec<String> = headers.vias().map(|via| via.unwrap().sent_by.to_string()).collect();
    assert_eq!(hosts, ["z", "b"]);
}

#[test]
fn setting_replaces_every_line_in_the_first_place() {
    let mut headers = headers(&["a: 1", "l: 5", "b: 2", "Content-Length: 6"]);
    headers.set(HeaderName::ContentLength, 7).unwrap();
    assert_eq!(lines(&headers), ["a: 1", "Content-Length: 7", "b: 2"]);
    headers.remove(&HeaderName::from("A"));
    assert_eq!(lines(&headers), ["Content-Length: 7", "b: 2"]);
}

#[test]
fn a_single_header_twice_is_an_error() {
    let headers = headers(&["CSeq: 1 BYE", "CSeq: 1 BYE"]);
    assert_eq!(headers.cseq(), Err(HeaderError::Duplicate(HeaderName::CSeq)));
    assert_eq!(headers.call_id(), Err(HeaderError::Missing(HeaderName::CallId)));
}

#[test]
fn contacts_and_routes_are_typed() {
    let headers = headers(&["m: <sip:a@h>;q=1, \"x,y\" <sip:b@h>", "Route: <sip:p;lr>,<sip:q>"]);
    assert_eq!(headers.contacts().filter_map(Result::ok).count(), 2);
    assert_eq!(headers.contact().unwrap().unwrap().uri.to_string(), "sip:a@h");
    assert_eq!(headers.routes().filter_map(Result::ok).count(), 2);
    let star = self::headers(&["Contact: *"]);
    assert_eq!(star.contacts().next(), Some(Ok(Contact::Star)));
    assert_eq!(star.contact(), Ok(None));
}

#[test]
fn numbers_beyond_their_range_are_the_largest() {
    let headers = headers(&["Expires: 10000000000000000000000000", "Min-Expires: soon"]);
    assert_eq!(headers.expires(), Some(u32::MAX));
    assert_eq!(headers.min_expires(), None);
}

#[test]
fn hops_left_are_bounded() {
    assert_eq!(headers(&["Max-Forwards: 0068"]).max_forwards(), Ok(Some(68)));
    assert_eq!(headers(&[]).max_forwards(), Ok(None));
    assert!(headers(&["Max-Forwards: 300"]).max_forwards().is_err());
}

#[test]
fn credentials_are_not_shown() {
    let headers = headers(&["Proxy-Authorization: Digest response=\"abc\"", "Subject: hi"]);
    let shown = format!("{headers:?}");
    assert!(!shown.contains("abc") && shown.contains("hi"), "{shown}");
}

#[test]
fn a_line_that_is_no_header_is_not_shown_for_it_may_be_a_misspelt_secret() {
    let headers = headers(&["Authorization Digest response=\"abc\""]);
    assert!(!format!("{headers:?}").contains("abc"));
}

#[test]
fn a_line_without_a_name_is_kept_as_malformed() {
    for line in ["no colon", ": no name", "two words: x", ""] {
        let header = Header::from_line(Bytes::from_static(line.as_bytes()));
        assert_eq!(*header.name(), HeaderName::Malformed, "{line}");
        assert_eq!(header.line(), line.as_bytes());
    }
}
