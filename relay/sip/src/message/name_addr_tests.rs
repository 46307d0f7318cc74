//! Addresses as they are found in the wild, and as we write them.

use super::*;
use crate::message::{Host, HostPort, SipUri};

fn addr(text: &str) -> NameAddr {
    NameAddr::parse(text.as_bytes()).unwrap()
}

#[test]
fn without_brackets_parameters_belong_to_the_header() {
    let from = addr("sip:a@h;tag=1");
    assert_eq!(from.tag(), Some("1"));
    assert_eq!(from.uri.to_string(), "sip:a@h");
}

#[test]
fn inside_brackets_parameters_belong_to_the_uri() {
    let to = addr("<sip:a@h;tag=1>");
    assert_eq!(to.tag(), None);
    assert_eq!(to.uri.to_string(), "sip:a@h;tag=1");
}

#[test]
fn folds_spaces_and_escapes_are_read() {
    let from = addr("\"J Rosenberg \\\\\\\"\"   <sip:j@h>\r\n  ;\r\n  tag = 98asjd8");
    assert_eq!(from.display_name.as_deref(), Some("J Rosenberg \\\""));
    assert_eq!(from.tag(), Some("98asjd8"));
    let to = addr("\"Watson, Thomas\" < sip:t@h >");
    assert_eq!(to.display_name.as_deref(), Some("Watson, Thomas"));
}

#[test]
fn words_need_no_quotes_and_no_space_before_the_bracket() {
    assert_eq!(addr("caller<sip:a@h>").display_name.as_deref(), Some("caller"));
    assert_eq!(addr("A. Bell <sip:a@h>").display_name.as_deref(), Some("A. Bell"));
    assert_eq!(addr("J\u{fc}rg <sip:a@h>").display_name.as_deref(), Some("J\u{fc}rg"));
}

#[test]
fn bytes_that_are_not_utf_8_spoil_only_the_name() {
    let addr = NameAddr::parse(b"\"J\xfcrg\" <sip:a@h>").unwrap();
    assert_eq!(addr.display_name.as_deref(), Some("J\u{fffd}rg"));
}

#[test]
fn guesses_are_refused() {
    for text in [
        "Bell, Alexander <sip:a@h>",
        "\"Mr. J. User <sip:a@h>",
        "<sip:a@h",
        "<sip:a@h> x",
        "\"a\" b <sip:a@h>",
        "sip:a@h?Route=%3Csip:b%3E",
        "<sip:a@h>;;;;",
        "",
    ] {
        assert!(NameAddr::parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn a_star_is_a_contact_of_its_own() {
    assert_eq!(Contact::parse(b" * "), Ok(Contact::Star));
    assert_eq!(Contact::Star.addr(), None);
    assert_eq!(Contact::Star.to_string(), "*");
}

#[test]
fn a_display_name_is_quoted_and_escaped() {
    let uri = SipUri::new(HostPort::new(Host::Name("h".to_owned()), None)).with_user("a");
    let addr = NameAddr::new(uri).with_display_name("\"Eve\" <sip:x>\r\nVia: y").with_tag("t").unwrap();
    let written = addr.to_string();
    assert_eq!(written, "\"\\\"Eve\\\" <sip:x>  Via: y\" <sip:a@h>;tag=t");
    assert_eq!(NameAddr::parse(written.as_bytes()), Ok(addr));
}

#[test]
fn a_tag_is_a_token() {
    assert!(addr("<sip:a@h>").with_tag("a;b").is_err());
    assert!(addr("<sip:a@h>").with_tag("").is_err());
}
